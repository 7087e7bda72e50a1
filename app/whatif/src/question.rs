//! The question: which hosts are lost, removed, drained, cordoned or added.

use topology::{
    Inventory,
    inventory::{Name, Source},
};

use crate::words::untold;

/// One change that is supposed to happen. Nothing of it is done to the cluster.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// The machine is off: its kubelet is silent, its Node object stays.
    Lose(Name),
    /// The Node object is deleted, and the machine is off.
    Remove(Name),
    /// `kubectl drain`: cordoned, and its pods are evicted one by one. The machine runs on.
    Drain(Name),
    /// `kubectl cordon`: no new pods come.
    Cordon(Name),
    /// One more host like this one, empty.
    Add(Name),
}

/// What of a question cannot be answered, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Mistake {
    /// It names nothing.
    #[error("no host is named: name one with {0}, as in {0}=host5")]
    Nothing(&'static str),
    /// A name that no node has.
    #[error("there is no host {name}: {known}")]
    NoSuchHost {
        /// The name as it was given.
        name: String,
        /// The first names of those that there are.
        known: String,
    },
    /// A kind of change that is not known.
    #[error("{0} is not a change that can be asked about: use lose, remove, drain, cordon or add")]
    NoSuchChange(String),
    /// One host twice in different ways.
    #[error("{0} is named twice: a host can be lost, removed, drained or cordoned, not two of these")]
    Twice(Name),
    /// More than a page can ask.
    #[error("{0} changes at once are too many: ask for at most {MOST}")]
    TooMany(usize),
    /// Nodes are not known.
    #[error("the hosts of this cluster are not known: {0}")]
    NoHosts(String),
    /// Working on it came to no end.
    #[error("the question could not be answered: the log of this server says why")]
    Unanswered,
}

/// Changes of one question at most.
pub const MOST: usize = 5_000;

/// A question that can be answered: its hosts exist, each is named once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question(Vec<Step>);

impl Question {
    /// From pairs as an address has them: `lose=host5`, `drain=host4`, `add=host4`. Pairs with an empty value, as unused fields of forms have, count for nothing.
    ///
    /// # Errors
    /// A [`Mistake`], which says what to write instead.
    pub fn of<'a>(inventory: &Inventory, pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, Mistake> {
        let mut steps = Vec::new();
        for (change, value) in pairs.into_iter().filter(|(_, value)| !value.is_empty()) {
            steps.push(step(change, value)?);
        }
        Self::new(inventory, steps)
    }

    /// From its steps.
    ///
    /// # Errors
    /// A [`Mistake`], which says what to write instead.
    pub fn new(inventory: &Inventory, mut steps: Vec<Step>) -> Result<Self, Mistake> {
        if inventory.nodes().len() == 0 {
            return Err(Mistake::NoHosts(untold(inventory.heard(Source::Nodes))));
        }
        if steps.is_empty() {
            return Err(Mistake::Nothing("lose"));
        }
        if steps.len() > MOST {
            return Err(Mistake::TooMany(steps.len()));
        }
        for step in &mut steps {
            resolve(inventory, step)?;
        }
        let additions = |step: &Step| matches!(step, Step::Add(_));
        steps.sort();
        steps.dedup_by(|a, b| a == b && !additions(a));
        let mut hosts: Vec<&Name> = steps.iter().filter(|step| !additions(step)).map(Step::host).collect();
        hosts.sort();
        if let Some(pair) = hosts.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(Mistake::Twice(pair[0].clone()));
        }
        Ok(Self(steps))
    }

    /// One step about a host that exists.
    pub(crate) fn one(step: Step) -> Self {
        Self(vec![step])
    }

    /// Steps about hosts that exist, each about another one.
    pub(crate) fn each(steps: impl Iterator<Item = Step>) -> Self {
        let mut steps: Vec<Step> = steps.collect();
        steps.sort();
        Self(steps)
    }

    /// Its steps, sorted.
    pub fn steps(&self) -> &[Step] {
        &self.0
    }

    /// Hosts whose machine is off.
    pub fn off(&self) -> impl Iterator<Item = &Name> {
        self.0.iter().filter_map(|step| match step {
            Step::Lose(host) | Step::Remove(host) => Some(host),
            _ => None,
        })
    }

    /// As in `host5 is lost and host4 is drained`.
    pub fn words(&self) -> String {
        let mut groups: Vec<(&str, Vec<String>)> = Vec::new();
        for step in &self.0 {
            let (name, word) = step.words();
            match groups.iter_mut().find(|(known, _)| *known == word) {
                Some((_, names)) => names.push(name),
                None => groups.push((word, vec![name])),
            }
        }
        let phrase = |(word, names): &(&str, Vec<String>)| {
            let verb = if names.len() == 1 { "is" } else { "are" };
            let names = match names.len() {
                ..=4 => listed(names),
                count => format!("{count} hosts"),
            };
            format!("{names} {verb} {word}")
        };
        listed(&groups.iter().map(phrase).collect::<Vec<_>>())
    }

    /// The address' query, as in `lose=host5&drain=host4`; names are encoded by the caller's rule.
    pub fn query(&self, encoded: impl Fn(&str) -> String) -> String {
        let pair = |step: &Step| {
            let (change, value) = step.pair();
            format!("{change}={}", encoded(&value))
        };
        self.0.iter().map(pair).collect::<Vec<_>>().join("&")
    }
}

impl Step {
    /// The host that it is about.
    pub const fn host(&self) -> &Name {
        match self {
            Self::Lose(host) | Self::Remove(host) | Self::Drain(host) | Self::Cordon(host) | Self::Add(host) => host,
        }
    }

    /// Its name in addresses and its value.
    pub fn pair(&self) -> (&'static str, String) {
        match self {
            Self::Lose(host) => ("lose", host.to_string()),
            Self::Remove(host) => ("remove", host.to_string()),
            Self::Drain(host) => ("drain", host.to_string()),
            Self::Cordon(host) => ("cordon", host.to_string()),
            Self::Add(host) => ("add", host.to_string()),
        }
    }

    fn words(&self) -> (String, &'static str) {
        match self {
            Self::Lose(host) => (host.to_string(), "lost"),
            Self::Remove(host) => (host.to_string(), "removed"),
            Self::Drain(host) => (host.to_string(), "drained"),
            Self::Cordon(host) => (host.to_string(), "cordoned"),
            Self::Add(host) => (format!("one more host like {host}"), "added"),
        }
    }
}

/// As in `a, b and c`.
pub(crate) fn listed<T: AsRef<str>>(parts: &[T]) -> String {
    match parts {
        [] => String::new(),
        [only] => only.as_ref().to_owned(),
        [most @ .., last] => {
            let most: Vec<&str> = most.iter().map(AsRef::as_ref).collect();
            format!("{} and {}", most.join(", "), last.as_ref())
        }
    }
}

fn step(change: &str, value: &str) -> Result<Step, Mistake> {
    Ok(match change {
        "lose" => Step::Lose(value.into()),
        "remove" => Step::Remove(value.into()),
        "drain" => Step::Drain(value.into()),
        "cordon" => Step::Cordon(value.into()),
        "add" => Step::Add(value.into()),
        other => return Err(Mistake::NoSuchChange(other.to_owned())),
    })
}

/// Takes the cluster's own name for a host that exists.
fn resolve(inventory: &Inventory, step: &mut Step) -> Result<(), Mistake> {
    let (Step::Lose(host) | Step::Remove(host) | Step::Drain(host) | Step::Cordon(host) | Step::Add(host)) = step;
    match inventory.node(host) {
        Some(node) => *host = node.name.clone(),
        None => return Err(no_such_host(inventory, host)),
    }
    Ok(())
}

fn no_such_host(inventory: &Inventory, name: &str) -> Mistake {
    let mut known: Vec<&str> = inventory.nodes().map(|node| &*node.name).collect();
    let count = known.len();
    known.truncate(8);
    let known = match count {
        ..=8 => format!("there are {}", listed(&known)),
        count => format!("there are {count} hosts, {} among them", listed(&known)),
    };
    Mistake::NoSuchHost { name: name.to_owned(), known }
}
