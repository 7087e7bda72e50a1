//! How hosts fare while their systems install: Compass says nothing for up to an hour then. compass-deck is asked, and
//! it is looked which hosts answer; both on the jump host, by one line that tells what has changed.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    time::{Duration, timeout},
};

use super::{JumpHost, Made, Told, follow::now};
use crate::store::Store;

/// SSH's port: what answers first of a host that has its system.
const SSH: u16 = 22;
/// Who says nothing for so long is asked anew: a word comes every half minute, and the deck may take ten seconds.
const PATIENCE: Duration = Duration::from_secs(90);
/// How long is waited before what failed is tried again.
const AGAIN: Duration = Duration::from_secs(5);
/// A jump host looks at so many hosts a second.
const PACE: usize = 10;

/// How hosts fare.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Seen {
    /// Since when compass-deck does not answer, in milliseconds; none when it does, or is not asked.
    pub silent: Option<i64>,
    /// The plan's hosts, in its order.
    pub hosts: Vec<Host>,
}

/// A host.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Host {
    /// Its name.
    pub name: String,
    /// Its management address, as far as it is known.
    pub address: Option<String>,
    /// What compass-deck last said of its system.
    pub system: Option<System>,
    /// Whether it answers on SSH's port; none when nobody could look.
    pub answers: Option<bool>,
    /// Since when it answers, or has stopped to, in milliseconds; none before it ever did.
    pub since: Option<i64>,
}

/// What compass-deck says of a host's system.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct System {
    /// INSTALLING, SUCCESSFUL and the like.
    pub state: Option<String>,
    /// How far it is, from 0 to 100.
    pub percent: Option<u8>,
    /// What it is at.
    #[serde(default)]
    pub message: String,
}

/// One look, as the jump host tells it.
#[derive(Deserialize)]
struct Look {
    deck: Option<bool>,
    hosts: Vec<(String, Option<Says>, Option<bool>)>,
}

#[derive(Deserialize)]
struct Says {
    state: Option<String>,
    percentage: Option<f64>,
    message: Option<String>,
}

/// Keeps and tells how a run's hosts fare; ends never.
pub(super) async fn watch(
    store: Store,
    host: Arc<JumpHost>,
    tell: Tell,
    run: (String, String),
    made: Made,
    seen: Seen,
) {
    let mut seen = seen;
    loop {
        if let Err(why) = once(&store, &host, &tell, &run, &made, &mut seen).await {
            tracing::debug!("the hosts of the deployment {} are not looked at: {why}", run.0);
        }
        tokio::time::sleep(AGAIN).await;
    }
}

/// Who is told that something has changed.
pub(super) type Tell = tokio::sync::broadcast::Sender<Told>;

async fn once(
    store: &Store,
    host: &JumpHost,
    tell: &Tell,
    (id, dir): &(String, String),
    made: &Made,
    seen: &mut Seen,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let addresses = made.addresses.iter().map(|one| one.as_ref().map(|address| (address, SSH)));
    let hosts: Vec<_> = made.hosts.iter().zip(addresses.chain(std::iter::repeat(None))).collect();
    let request = json!({
        "dir": dir, "deck": made.deck, "reach": host.reach, "hosts": hosts, "every": (hosts.len() / PACE).max(1),
    });
    let lines = host.tell("watch", request).await?;
    let mut lines = BufReader::new(lines.bytes).lines();
    while let Some(line) = timeout(PATIENCE, lines.next_line()).await?? {
        let fresh = seen.after(&serde_json::from_str(&line)?, made, now());
        if fresh != *seen {
            store.seen_run(id, &serde_json::to_string(&fresh)?).await?;
            *seen = fresh;
            let _ = tell.send(Told::Changed);
        }
    }
    Ok(())
}

impl Seen {
    /// As it was kept; nothing, when that is another version's.
    pub(crate) fn of(kept: &str) -> Self {
        serde_json::from_str(kept).unwrap_or_default()
    }

    /// What is known after another look. What the deck said stays while it is silent.
    fn after(&self, look: &Look, made: &Made, now: i64) -> Self {
        let silent = (look.deck == Some(false)).then(|| self.silent.unwrap_or(now));
        let hosts = look.hosts.iter().enumerate().map(|(n, (name, says, answers))| {
            let before = self.hosts.iter().find(|host| host.name == *name);
            let was = before.and_then(|host| host.answers).unwrap_or(false);
            let turned = answers.is_some_and(|answers| answers != was);
            Host {
                name: name.clone(),
                address: made.addresses.get(n).cloned().flatten(),
                system: says.as_ref().map(System::of).or_else(|| before?.system.clone()),
                answers: *answers,
                since: if turned { Some(now) } else { before.and_then(|host| host.since) },
            }
        });
        Self { silent, hosts: hosts.collect() }
    }
}

impl System {
    /// Whether it is installed.
    pub(crate) fn is_there(&self) -> bool {
        self.state.as_deref() == Some("SUCCESSFUL")
    }

    fn of(says: &Says) -> Self {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 100")]
        let percent = says.percentage.map(|share| (share.clamp(0.0, 1.0) * 100.0) as u8);
        Self {
            state: says.state.clone(),
            percent,
            message: transcript::redacted(says.message.as_deref().unwrap_or_default()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;
    use crate::deploy::Way;

    fn look(text: &str) -> Look {
        serde_json::from_str(text).expect("a look")
    }

    #[test]
    fn what_the_deck_said_stays_while_it_is_silent_and_a_host_has_answered_since_it_first_did() {
        let made: Made = serde_json::from_value(json!({
            "kind": "deploy", "options": {}, "hosts": ["a"], "addresses": ["10.0.0.1"], "etcd": 1, "is_virtual": true,
            "folder": "", "deck": null, "command": { "argv": [], "env": [] },
        }))
        .expect("what a run was made from");
        let installs =
            look(r#"{"deck":true,"hosts":[["a",{"state":"INSTALLING","percentage":0.42,"message":"m"},false]]}"#);
        let first = Seen::default().after(&installs, &made, 1);
        assert_eq!((first.silent, first.hosts[0].since), (None, None));
        assert_eq!(first.hosts[0].system.as_ref().and_then(|system| system.percent), Some(42));
        let hangs = look(r#"{"deck":false,"hosts":[["a",null,true]]}"#);
        let second = first.after(&hangs, &made, 2).after(&hangs, &made, 3);
        assert_eq!((second.silent, second.hosts[0].since, second.hosts[0].answers), (Some(2), Some(2), Some(true)));
        assert_eq!(second.hosts[0].system, first.hosts[0].system);
    }

    #[tokio::test]
    async fn a_host_answers_when_something_listens_there() {
        let open = TcpListener::bind("127.0.0.1:0").expect("a port");
        let shut = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address").port();
        let port = open.local_addr().expect("an address").port();
        let host = JumpHost {
            way: Way::Here,
            compass: String::new(),
            runs: String::new(),
            work: None,
            deck: None,
            reach: None,
            variables: Vec::new(),
            release: ::plan::Release::default(),
        };
        let hosts = json!([["a", ["127.0.0.1", port]], ["b", ["127.0.0.1", shut]], ["c", null]]);
        let lines = host.tell("watch", json!({ "dir": "/nowhere", "hosts": hosts, "every": 1 })).await.expect("a line");
        let line = BufReader::new(lines.bytes).lines().next_line().await.expect("a line").expect("a line");
        let look = look(&line);
        let answers: Vec<_> = look.hosts.iter().map(|(_, _, answers)| *answers).collect();
        assert_eq!((look.deck, answers), (None, vec![Some(true), Some(false), None]));
    }
}
