//! Runs of ansible-playbook: plays, tasks, what each host made of them.

use serde::{Deserialize, Serialize};

use super::{
    callbacks::Style,
    said::{Recap, State},
};

/// One run of ansible-playbook.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// Its process; none for those that deploy.sh starts on the jump host, which log no process.
    pub pid: Option<u32>,
    /// The run within which this one was started, as an index.
    pub within: Option<usize>,
    /// The line it began with; counts from 0.
    pub line: u64,
    /// First and last record, in milliseconds of the writer's clock.
    pub began: Option<i64>,
    /// See `began`.
    pub heard: Option<i64>,
    /// Its plays.
    pub plays: Vec<Play>,
    /// Its tasks, in the order in which they began.
    pub tasks: Vec<Task>,
    /// Its hosts, in the order in which they were first told of.
    pub hosts: Vec<String>,
    /// What it sums up, a host each; empty while there is none.
    pub recap: Vec<Recap>,
    /// Whether a recap began, be it of no host.
    pub recapped: bool,
    /// Errors that belong to no task.
    pub errors: Vec<Mistake>,
    /// How its callback writes.
    #[serde(default)]
    pub style: Style,
}

/// One play.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Play {
    /// Its name, or its hosts when it has none.
    pub name: String,
    /// The line; counts from 0.
    pub line: u64,
}

/// One task, or one handler.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    /// Its name, `role : name` for those of roles.
    pub name: String,
    /// Index of its play.
    pub play: usize,
    /// Whether it is a handler.
    pub handler: bool,
    /// The line; counts from 0.
    pub line: u64,
    /// When it began, in milliseconds of the writer's clock.
    pub began: Option<i64>,
    /// Last word of it.
    pub heard: Option<i64>,
    /// Times that it was tried again, over all hosts.
    pub retries: u32,
    /// What hosts made of it, by index of the host; shorter than the hosts where the last ones have nothing.
    pub cells: Vec<Option<Cell>>,
}

/// What one host made of one task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cell {
    /// How it went; of several items the worst.
    pub state: State,
    /// Items that were told of one by one.
    pub items: u32,
    /// Those of them that failed.
    pub failed_items: u32,
    /// The line of the result that decided the state; counts from 0.
    pub line: u64,
    /// What a failure says, cut at [`super::MESSAGE`] bytes.
    pub message: Option<String>,
}

/// An error that belongs to no task, such as a playbook that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mistake {
    /// The line; counts from 0.
    pub line: u64,
    /// What it says.
    pub text: String,
}

impl Run {
    /// What a host made of a task.
    pub fn cell(&self, task: usize, host: usize) -> Option<&Cell> {
        self.tasks.get(task)?.cells.get(host)?.as_ref()
    }

    /// Hosts that the recap says have failed.
    pub fn failed(&self) -> impl Iterator<Item = &str> {
        self.recap.iter().filter(|host| host.failed > 0).map(|host| host.host.as_str())
    }

    /// Hosts that the recap says did not answer.
    pub fn unreachable(&self) -> impl Iterator<Item = &str> {
        self.recap.iter().filter(|host| host.unreachable > 0).map(|host| host.host.as_str())
    }

    /// Hosts of which a result such as this was not overcome.
    pub(crate) fn hosts_left(&self, wanted: State) -> impl Iterator<Item = &str> {
        let has = move |host: usize| {
            let cells = self.tasks.iter().filter_map(move |task| task.cells.get(host)?.as_ref());
            cells.into_iter().any(|cell| cell.state == wanted)
        };
        self.hosts.iter().enumerate().filter(move |(at, _)| has(*at)).map(|(_, host)| host.as_str())
    }

    /// Whether the last task that is no handler has a result of a host, which is no failure.
    fn came_to_the_end(&self, host: usize) -> bool {
        let last = self.tasks.iter().rev().find(|task| !task.handler && task.cells.iter().any(Option::is_some));
        let cell = last.and_then(|task| task.cells.get(host)).and_then(Option::as_ref);
        cell.is_some_and(|cell| cell.state < State::Failed)
    }

    pub(super) fn host(&mut self, name: &str, most: usize) -> Option<usize> {
        if let Some(at) = self.hosts.iter().position(|host| host == name) {
            return Some(at);
        }
        if self.hosts.len() == most {
            return None;
        }
        self.hosts.push(name.to_owned());
        Some(self.hosts.len() - 1)
    }

    /// A host that goes on in a later task of its play has overcome what failed before.
    pub(super) fn goes_on(&mut self, host: usize) {
        let Some((last, earlier)) = self.tasks.split_last_mut() else { return };
        for task in earlier.iter_mut().rev().take_while(|task| task.play == last.play) {
            let Some(cell) = task.cells.get_mut(host).and_then(Option::as_mut) else { continue };
            match cell.state {
                State::Failed => cell.state = State::Rescued,
                State::Rescued => {}
                _ => return,
            }
            return;
        }
    }

    /// The recap knows better: so many failures, the last ones, were not overcome. Before Ansible 2.8 it counts those
    /// that were rescued as failed: a host that came to the end of the play had overcome them.
    pub(super) fn settle(&mut self, recap: &mut Recap) {
        let Some(host) = self.hosts.iter().position(|host| *host == recap.host) else { return };
        if !recap.tells_rescued && self.came_to_the_end(host) {
            let rescued = self.tasks.iter().filter(|task| {
                let cell = task.cells.get(host).and_then(Option::as_ref);
                cell.is_some_and(|cell| cell.state == State::Rescued)
            });
            let rescued = u32::try_from(rescued.count()).unwrap_or(u32::MAX).min(recap.failed);
            recap.rescued += rescued;
            recap.failed -= rescued;
        }
        let mut left = recap.failed;
        for task in self.tasks.iter_mut().rev() {
            let Some(cell) = task.cells.get_mut(host).and_then(Option::as_mut) else { continue };
            if matches!(cell.state, State::Failed | State::Rescued) {
                cell.state = if left > 0 { State::Failed } else { State::Rescued };
                left = left.saturating_sub(1);
            }
        }
    }
}
