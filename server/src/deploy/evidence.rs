//! What is known of a run now, asked on its jump host, and what it comes to.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};
use transcript::{Cluster, Deck, Etcd, Evidence, Judgement, Outline, Process, judge};

use super::{HostError, JumpHost, Made};

/// What the keeper sees of a run.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Look {
    process: Value,
    /// Whether all is written that ever will be.
    pub done: bool,
    /// Whether Ansible runs in the container; none when nobody could look.
    #[serde(default)]
    pub ansible: Option<bool>,
    /// Whether a cancel found Ansible, and ended it.
    #[serde(default)]
    ansible_ended: bool,
    #[serde(default)]
    deck: Option<DeckSays>,
    #[serde(default)]
    cluster: Option<ClusterSays>,
}

#[derive(Clone, Debug, Deserialize)]
struct DeckSays {
    state: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
struct ClusterSays {
    nodes: Vec<(String, bool)>,
    etcd: Option<(usize, usize)>,
}

impl Look {
    /// What became of deploy.sh.
    pub(super) fn process(&self) -> Process {
        let number = |name: &str| self.process[name].as_i64().and_then(|number| i32::try_from(number).ok());
        match self.process.as_str() {
            Some("running") => Process::Running,
            Some(_) => Process::Gone,
            None => {
                number("status").map(Process::Exited).or(number("signal").map(Process::Killed)).unwrap_or(Process::Gone)
            }
        }
    }

    /// Whether deploy.sh was never started.
    pub(super) fn is_waiting(&self) -> bool {
        self.process == "waiting"
    }
}

/// Looks at a run's processes, and when `deep`, also into the container, at the deck and at the cluster.
pub(super) async fn look(host: &JumpHost, dir: &str, made: &Made, deep: bool) -> Result<Look, HostError> {
    let request = json!({
        "dir": dir, "deep": deep, "deck": made.deck, "reach": host.reach, "work": host.work(dir),
    });
    host.ask("look", request).await
}

#[derive(Deserialize)]
struct Versions {
    versions: BTreeMap<String, Vec<String>>,
}

/// What was deployed, and with what, each by its versions; what nobody tells is left out.
pub(super) async fn versions(
    host: &JumpHost,
    dir: &str,
    made: &Made,
) -> Result<BTreeMap<String, Vec<String>>, HostError> {
    let request = json!({ "dir": dir, "deck": made.deck, "reach": host.reach });
    Ok(host.ask::<Versions>("versions", request).await?.versions)
}

/// The verdict over what was seen.
pub(super) fn judged(look: &Look, made: &Made, outline: &Outline, cancelled: bool) -> Judgement {
    let deck = match look.deck.as_ref().map(|deck| deck.state.as_deref()) {
        None => Deck::Unasked,
        Some(None) => Deck::Silent,
        Some(Some("INSTALLING")) => Deck::Installing,
        Some(Some("SUCCESSFUL")) => Deck::Successful,
        Some(Some("ERROR")) => Deck::Error,
        Some(Some(_)) => Deck::Waiting,
    };
    let cluster = match &look.cluster {
        Some(says) => Cluster::Nodes(says.nodes.clone()),
        None => Cluster::Silent,
    };
    let etcd = look.cluster.as_ref().and_then(|says| says.etcd);
    judge(&Evidence {
        cancelled,
        ansible_alive: look.ansible,
        ansible_ended: look.ansible_ended,
        deck,
        cluster,
        etcd: etcd.map_or(Etcd::Unasked, |(healthy, of)| Etcd::Members { healthy, of: of.max(made.etcd) }),
        ..Evidence::of_log(made.kind, look.process(), outline, made.hosts.clone())
    })
}
