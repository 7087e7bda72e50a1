//! A view that is being drawn.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant, SystemTime},
};

use app::source::{Choices, FigurePage, Message, Notice, Phrase, Version};
use axum::extract::ws::Utf8Bytes;
use tokio::{sync::broadcast, task::JoinHandle};
use topology::{
    Inventory, Touched,
    figure::{Drawing, View},
};

use super::notices::{clocks, notices, trouble};
use crate::{
    cluster::{Cluster, Follower},
    running::NUMBERS,
};

/// The shortest time from one drawing to the next: about sixty a second.
const FRAME: Duration = Duration::from_millis(16);
/// How often ages in words are written anew.
const AGES: Duration = Duration::from_secs(5);
/// Steps that are kept for those who come back.
const KEPT: usize = 256;
/// Steps that a reader may lie behind before it is dropped.
const BEHIND: usize = 128;
/// Owners that the filter offers; others are typed.
const OWNERS: usize = 60;

/// A view of a cluster, drawn for as long as this is held.
pub struct Watched {
    cluster: Arc<Cluster>,
    state: Arc<Mutex<State>>,
    task: JoinHandle<()>,
}

struct State {
    figure: Drawing,
    sentence: Vec<Phrase>,
    notices: Vec<Notice>,
    version: Version,
    steps: VecDeque<(u64, Utf8Bytes)>,
    readers: broadcast::Sender<Utf8Bytes>,
}

/// What a reader gets first, and the line to all that follows.
pub(crate) struct Joined {
    pub(crate) missed: Vec<Utf8Bytes>,
    pub(crate) next: broadcast::Receiver<Utf8Bytes>,
}

impl Watched {
    /// Draws the view and follows the cluster.
    pub fn start(cluster: Arc<Cluster>, view: &View) -> Self {
        let follower = cluster.follow();
        let (trouble, clocks) = (trouble(&cluster), clocks(&cluster));
        let now = cluster.now();
        let (figure, notices) =
            cluster.read(|inventory| (Drawing::draw(inventory, view, now), notices(inventory, trouble, clocks)));
        let state = Arc::new(Mutex::new(State {
            sentence: phrases(&figure),
            figure,
            notices,
            version: Version { epoch: epoch(), number: 0 },
            steps: VecDeque::new(),
            readers: broadcast::Sender::new(BEHIND),
        }));
        let task = tokio::spawn(draw(cluster.clone(), state.clone(), follower));
        Self { cluster, state, task }
    }

    /// The cluster that it shows.
    pub fn cluster(&self) -> &Arc<Cluster> {
        &self.cluster
    }

    /// The figure alone, as it is now.
    pub(crate) fn scene(&self) -> scene::Scene {
        lock(&self.state).figure.scene()
    }

    /// The view as it is now, whole.
    pub fn page(&self) -> FigurePage {
        let choices = self.cluster.read(choices);
        let state = lock(&self.state);
        FigurePage {
            scene: state.figure.scene(),
            version: state.version,
            sentence: state.sentence.clone(),
            notices: state.notices.clone(),
            choices,
        }
    }

    /// How many read its stream.
    pub fn readers(&self) -> usize {
        lock(&self.state).readers.receiver_count()
    }

    /// Joins the stream behind what the reader has, without a gap.
    pub(crate) fn join(&self, has: Version) -> Joined {
        let state = lock(&self.state);
        let next = state.readers.subscribe();
        let known = has.epoch == state.version.epoch && has.number <= state.version.number;
        let kept = state.steps.front().is_none_or(|(first, _)| *first <= has.number + 1);
        if known && (kept || has.number == state.version.number) {
            let missed = state.steps.iter().filter(|(number, _)| *number > has.number);
            return Joined { missed: missed.map(|(_, text)| text.clone()).collect(), next };
        }
        let page = FigurePage {
            scene: state.figure.scene(),
            version: state.version,
            sentence: state.sentence.clone(),
            notices: state.notices.clone(),
            choices: Choices::default(),
        };
        drop(state);
        Joined { missed: vec![text(&Message::Whole { page: Box::new(page) })], next }
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn draw(cluster: Arc<Cluster>, state: Arc<Mutex<State>>, mut follower: Follower) {
    let mut ages = tokio::time::interval(AGES);
    ages.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut last = Instant::now();
    loop {
        let touched = tokio::select! {
            touched = follower.next() => touched,
            _ = ages.tick() => lock(&state).figure.aging(),
        };
        let told = Instant::now();
        // At once when it was quiet; else together with what comes until the next frame.
        let mut touched = touched;
        if let Some(rest) = FRAME.checked_sub(last.elapsed()) {
            tokio::time::sleep(rest).await;
            touched.merge(follower.now());
        }
        last = Instant::now();
        if step(&cluster, &state, &touched) {
            NUMBERS.patches.observe(told.elapsed().as_secs_f64());
        }
    }
}

/// Draws what was touched anew; whether that changed anything.
fn step(cluster: &Cluster, state: &Mutex<State>, touched: &Touched) -> bool {
    let (trouble, clocks) = (trouble(cluster), clocks(cluster));
    let now = cluster.now();
    let mut state = lock(state);
    let state = &mut *state;
    let (patch, notices) =
        cluster.read(|inventory| (state.figure.redraw(inventory, touched, now), notices(inventory, trouble, clocks)));
    let sentence = phrases(&state.figure);
    let sentence = (sentence != state.sentence).then_some(sentence);
    let notices = (notices != state.notices).then_some(notices);
    if patch.is_empty() && sentence.is_none() && notices.is_none() {
        return false;
    }
    if let Some(sentence) = &sentence {
        state.sentence.clone_from(sentence);
    }
    if let Some(notices) = &notices {
        state.notices.clone_from(notices);
    }
    state.version.number += 1;
    let number = state.version.number;
    let text = text(&Message::Step { number, patch, sentence, notices });
    if state.steps.len() == KEPT {
        state.steps.pop_front();
    }
    state.steps.push_back((number, text.clone()));
    // Nobody reads: that is no fault.
    let _ = state.readers.send(text);
    true
}

pub(super) fn text(message: &Message) -> Utf8Bytes {
    // Every type in a message is plain data: it cannot fail.
    serde_json::to_string(message).unwrap_or_default().into()
}

fn phrases(figure: &Drawing) -> Vec<Phrase> {
    let phrase = |phrase: &topology::figure::Phrase| Phrase {
        text: phrase.text.clone(),
        health: phrase.health,
        opens: phrase.opens.clone(),
    };
    figure.sentence().iter().map(phrase).collect()
}

/// A figure that stands still, with what stands around it.
pub(crate) fn still(cluster: &Cluster, figure: &Drawing) -> FigurePage {
    FigurePage {
        scene: figure.scene(),
        version: Version::default(),
        sentence: phrases(figure),
        notices: cluster.read(|inventory| notices(inventory, None, Vec::new())),
        choices: cluster.read(choices),
    }
}

/// Another number for every view and every start of the server.
fn epoch() -> u64 {
    use std::hash::{BuildHasher, Hasher, RandomState};
    let mut hasher = RandomState::new().build_hasher();
    hasher.write_u128(SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_nanos());
    hasher.finish() | 1
}

/// What the filters can choose.
pub fn choices(inventory: &Inventory) -> Choices {
    let mut owners: std::collections::BTreeSet<String> = std::collections::BTreeSet::new();
    let mut more_owners = false;
    for owner in inventory.owners().filter(|owner| owner.owner.is_none()) {
        let name = format!("{}/{}", owner.kind.word(), owner.key.name);
        more_owners = owners.len() == OWNERS && !owners.contains(&name);
        if more_owners {
            break;
        }
        owners.insert(name);
    }
    Choices {
        namespaces: match inventory.scope().names() {
            Some(names) => names.iter().map(ToString::to_string).collect(),
            None => inventory.namespaces().map(ToString::to_string).collect(),
        },
        owners: owners.into_iter().collect(),
        more_owners,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use simulator::{Cluster as Simulated, Simulator};
    use tokio::sync::broadcast::error::{RecvError, TryRecvError};
    use topology::Change;

    async fn watched() -> Watched {
        let simulator = Simulator::new(Simulated::compass(5).at(jiff::Timestamp::now()));
        let cluster = Arc::new(Cluster::start("lab", kube::Client::new(simulator, "default"), "here"));
        cluster.heard_everything().await.unwrap();
        Watched::start(cluster, &View::default())
    }

    /// Makes the figure change, and waits until the change is a step.
    async fn change(watched: &Watched, version: &str) -> u64 {
        let before = watched.page().version.number;
        watched.cluster.apply(vec![Change::Entrance(version.into())]);
        loop {
            let number = watched.page().version.number;
            if number > before {
                return number;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    fn numbers(joined: &Joined) -> Vec<Option<u64>> {
        let number = |text: &Utf8Bytes| match serde_json::from_str(text.as_str()).unwrap() {
            Message::Step { number, .. } => Some(number),
            _ => None,
        };
        joined.missed.iter().map(number).collect()
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn who_comes_back_gets_what_they_missed_and_no_more() {
        let watched = watched().await;
        let had = watched.page().version;
        let last = change(&watched, "one").await;
        let last = change(&watched, "two").await.max(last);
        let joined = watched.join(had);
        let missed: Vec<Option<u64>> = (had.number + 1..=last).map(Some).collect();
        assert!(numbers(&joined).starts_with(&missed), "{:?}", numbers(&joined));
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn who_comes_from_another_epoch_gets_the_whole() {
        let watched = watched().await;
        let joined = watched.join(Version { epoch: 0, number: 7 });
        assert_eq!(numbers(&joined), [None]);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_reader_who_does_not_read_is_dropped_and_nobody_waits() {
        let watched = watched().await;
        let mut slow = watched.join(watched.page().version).next;
        for n in 0..BEHIND * 2 + 2 {
            lock(&watched.state).readers.send(n.to_string().into()).unwrap();
        }
        assert!(matches!(slow.recv().await, Err(RecvError::Lagged(_))));
        let mut quick = watched.join(watched.page().version).next;
        assert!(matches!(quick.try_recv(), Err(TryRecvError::Empty)));
    }
}
