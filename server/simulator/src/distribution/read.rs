//! The text of a distribution, as data.

/// Where the pods of a line are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Where {
    All,
    Masters,
    Nodes,
    On(String),
}

/// A machine.
#[derive(Clone, Debug)]
pub(crate) struct Machine {
    pub(crate) name: String,
    pub(crate) address: String,
    pub(crate) master: bool,
    pub(crate) words: Line,
}

/// A condition of nodes beside the kubelet's own.
#[derive(Clone, Debug)]
pub(crate) struct Condition {
    pub(crate) node: String,
    pub(crate) kind: String,
    pub(crate) status: String,
    pub(crate) reason: String,
    pub(crate) message: String,
}

/// The words of a line behind its first ones.
#[derive(Clone, Debug, Default)]
pub(crate) struct Line(Vec<String>);

impl Line {
    fn new(words: &[&str]) -> Self {
        Self(words.iter().map(|word| (*word).to_owned()).collect())
    }

    /// Whether a word stands alone.
    pub(crate) fn has(&self, word: &str) -> bool {
        self.0.iter().any(|said| said == word)
    }

    /// The values of `NAME=…`, in their order.
    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter_map(move |word| word.strip_prefix(name)?.strip_prefix('='))
    }

    /// The first value of `NAME=…`.
    pub(crate) fn value(&self, name: &str) -> Option<&str> {
        self.0.iter().find_map(|word| word.strip_prefix(name)?.strip_prefix('='))
    }

    /// `label=NAME=VALUE` as pairs.
    pub(crate) fn labels(&self) -> impl Iterator<Item = (&str, &str)> {
        self.all("label").map(|label| label.split_once('=').unwrap_or((label, "")))
    }
}

/// A workload, by namespace and name.
#[derive(Clone, Debug)]
pub(crate) struct Work {
    pub(crate) namespace: String,
    pub(crate) name: String,
    pub(crate) words: Line,
}

/// A distribution's cluster.
#[derive(Clone, Debug, Default)]
pub(crate) struct Plan {
    pub(crate) version: String,
    pub(crate) runtime: String,
    pub(crate) os: String,
    pub(crate) entrance: String,
    pub(crate) machines: Vec<Machine>,
    pub(crate) conditions: Vec<Condition>,
    pub(crate) statics: Vec<(String, Where, Line)>,
    pub(crate) daemons: Vec<(Work, Where)>,
    pub(crate) deployments: Vec<(Work, usize)>,
    pub(crate) done: Vec<(Work, String)>,
    /// Name and holder; no holder for one that was let go.
    pub(crate) leases: Vec<(String, Option<String>, Line)>,
    pub(crate) identities: Vec<String>,
    pub(crate) endpoints: Vec<(String, u16)>,
    /// Lines that say nothing that is known here: a test wants none.
    pub(crate) unread: Vec<String>,
}

impl Plan {
    pub(crate) fn read(text: &str) -> Self {
        let mut plan = Self::default();
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
            if plan.line(line).is_none() {
                plan.unread.push(line.to_owned());
            }
        }
        plan
    }

    /// The machines that a line is about.
    pub(crate) fn places(&self, place: &Where) -> Vec<usize> {
        let is_there = |machine: &Machine| match place {
            Where::All => true,
            Where::Masters => machine.master,
            Where::Nodes => !machine.master,
            Where::On(name) => machine.name == *name,
        };
        (0..self.machines.len()).filter(|n| is_there(&self.machines[*n])).collect()
    }

    fn line(&mut self, line: &str) -> Option<()> {
        let words: Vec<&str> = line.split_whitespace().collect();
        let rest = |from: usize| words.get(from..).unwrap_or_default().join(" ");
        match words.as_slice() {
            ["version", version] => self.version = (*version).to_owned(),
            ["runtime", runtime] => self.runtime = (*runtime).to_owned(),
            ["entrance", entrance] => self.entrance = (*entrance).to_owned(),
            ["os", ..] => self.os = rest(1),
            [kind @ ("master" | "node"), name, address, more @ ..] => self.machines.push(Machine {
                name: (*name).to_owned(),
                address: (*address).to_owned(),
                master: *kind == "master",
                words: Line::new(more),
            }),
            ["condition", node, kind, status, reason, ..] => self.conditions.push(Condition {
                node: (*node).to_owned(),
                kind: (*kind).to_owned(),
                status: (*status).to_owned(),
                reason: (*reason).to_owned(),
                message: rest(5),
            }),
            ["static", program, place, more @ ..] => {
                self.statics.push(((*program).to_owned(), place_of(place), Line::new(more)));
            }
            ["daemon", name, place, more @ ..] => self.daemons.push((work(name, more)?, place_of(place))),
            ["deployment", name, count, more @ ..] => self.deployments.push((work(name, more)?, count.parse().ok()?)),
            ["done", name, node, more @ ..] => self.done.push((work(name, more)?, (*node).to_owned())),
            ["lease", name, holder, more @ ..] => {
                let holder = Some((*holder).to_owned()).filter(|holder| holder != "-");
                self.leases.push(((*name).to_owned(), holder, Line::new(more)));
            }
            ["identity", hosts @ ..] => self.identities.extend(hosts.iter().map(|host| (*host).to_owned())),
            ["endpoints", addresses @ ..] => {
                for address in addresses {
                    let (address, port) = address.rsplit_once(':')?;
                    self.endpoints.push((address.to_owned(), port.parse().ok()?));
                }
            }
            _ => return None,
        }
        Some(())
    }
}

fn place_of(word: &str) -> Where {
    match word {
        "all" => Where::All,
        "masters" => Where::Masters,
        "nodes" => Where::Nodes,
        name => Where::On(name.to_owned()),
    }
}

fn work(name: &str, more: &[&str]) -> Option<Work> {
    let (namespace, name) = name.split_once('/')?;
    Some(Work { namespace: namespace.to_owned(), name: name.to_owned(), words: Line::new(more) })
}
