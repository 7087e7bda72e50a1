//! The way back: what is known of a backup, of etcd and of its hosts, brought together for a guide.
//!
//! ```text
//! manifest, etcd (asked now), plan, nodes ─▶ facts ─▶ restore::guide ─▶ page, Markdown, command
//! ```

mod differences;
mod pages;

pub(crate) use pages::{NoPage, Wanted, as_markdown, chosen};
pub use pages::{ROUTES, Ways, router};

use restore::{Backup, Facts, Host, Life, Member};
use snapshot::Note;
use topology::planned::{MGMT, Planned};

use super::manifest::Manifest;
use crate::etcd::{self, Members, proposed};

/// A node of the cluster, as Kubernetes tells it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Node {
    /// Its name.
    pub name: String,
    /// Its addresses, the internal one first.
    pub addresses: Vec<String>,
    /// Whether it is a master.
    pub master: bool,
}

/// What is known beside the backup.
#[derive(Clone, Copy, Debug, Default)]
pub struct Known<'a> {
    /// Where the backup lies, for people.
    pub places: &'a [String],
    /// What etcd tells now.
    pub life: Option<&'a Members>,
    /// What Compass was told to build.
    pub planned: Option<&'a Planned>,
    /// The nodes that Kubernetes told of last.
    pub nodes: &'a [Node],
}

/// All that a guide needs, at this moment, in milliseconds since the epoch.
pub fn facts(manifest: &Manifest, known: &Known<'_>, now: i64) -> Facts {
    let hosts = hosts(known);
    let named = |master: bool| hosts.iter().filter(|one| !master || one.master).map(Place::host).collect();
    Facts {
        cluster: manifest.cluster.clone(),
        now,
        backup: backup(manifest, known.places),
        members: match known.life {
            Some(life) => told(life, &hosts),
            None => known.planned.map(|planned| expected(planned, &hosts)).unwrap_or_default(),
        },
        learners: known
            .life
            .into_iter()
            .flat_map(|life| &life.members)
            .filter(|one| one.learner)
            .map(etcd::Member::called)
            .collect(),
        life: known.life.map(|life| Life {
            revision: life.revision(),
            cluster_id: Some(format!("{:x}", life.cluster)),
            quorum: life.quorum().spare().is_some(),
        }),
        masters: named(true),
        nodes: named(false),
    }
}

fn backup(manifest: &Manifest, places: &[String]) -> Backup {
    Backup {
        id: manifest.id.clone(),
        file: manifest.stored.name.clone(),
        file_sha256: manifest.stored.sha256.clone(),
        places: places.to_vec(),
        compressed: manifest.stored.compression.is_some(),
        recipients: manifest.stored.recipients.clone(),
        companion: manifest.companion.as_ref().map(|with| restore::Companion {
            file: with.stored.name.clone(),
            sha256: with.stored.sha256.clone(),
            paths: with.files.iter().map(|file| file.path.clone()).collect(),
        }),
        size: manifest.size,
        sha256: manifest.sha256.clone(),
        cluster_id: manifest.cluster_id.clone(),
        version: manifest.etcd_version.clone(),
        revision: manifest.revision,
        keys: manifest.keys,
        began: manifest.began,
        reached: [6, 4, 3, 2, 1].into_iter().find(|step| manifest.proved(*step)).unwrap_or_default(),
        trusted: manifest.trusted(),
        no_space: manifest.has(Note::NoSpace),
        corrupt: manifest.has(Note::Corrupt),
        auth: manifest.has(Note::Auth),
        empty: manifest.has(Note::Empty),
    }
}

/// A host with all addresses that are known of it.
struct Place {
    name: String,
    /// Where SSH reaches it.
    address: Option<String>,
    addresses: Vec<String>,
    master: bool,
}

impl Place {
    fn host(&self) -> Host {
        Host { name: Some(self.name.clone()), address: self.address.clone() }
    }
}

/// Nodes as they live, with the addresses that the plan gives them; then those that were planned and are none.
fn hosts(known: &Known<'_>) -> Vec<Place> {
    let planned: Vec<Place> = known
        .planned
        .iter()
        .flat_map(|planned| &planned.hosts)
        .map(|host| {
            let address = host.address(MGMT).map(|address| address.to_string());
            let addresses = host.addresses.iter().map(|(_, address)| address.to_string()).collect();
            Place { name: host.name.to_string(), address, addresses, master: host.master }
        })
        .collect();
    let living = known.nodes.iter().map(|node| {
        let plan = planned.iter().find(|host| host.name == node.name);
        let mut addresses = node.addresses.clone();
        addresses.extend(plan.iter().flat_map(|host| host.addresses.clone()));
        let address = plan.and_then(|host| host.address.clone()).or_else(|| node.addresses.first().cloned());
        Place {
            name: node.name.clone(),
            address,
            addresses,
            master: node.master || plan.is_some_and(|host| host.master),
        }
    });
    let mut hosts: Vec<Place> = living.collect();
    hosts.extend(planned.into_iter().filter(|host| known.nodes.iter().all(|node| node.name != host.name)));
    hosts
}

fn told(life: &Members, hosts: &[Place]) -> Vec<Member> {
    let leader = life.leader().map(|leader| leader.id);
    // Learners have no vote, and a restore makes voters of all that it names.
    let voters = life.members.iter().filter(|member| !member.learner);
    voters
        .map(|member| {
            let urls: Vec<&String> = member.peer_urls.iter().chain(&member.client_urls).collect();
            let standing = member.standing.as_ref().ok();
            let client =
                member.client_urls.first().cloned().or_else(|| member.endpoint.as_ref().map(ToString::to_string));
            Member {
                id: Some(format!("{:x}", member.id)),
                name: Some(member.name.clone()).filter(|name| !name.is_empty()),
                peer: Some(member.peer_urls.join(",")).filter(|urls| !urls.is_empty()),
                client,
                version: standing.map(|standing| standing.version.clone()),
                well: Some(standing.is_some_and(|standing| standing.leader != 0 && Some(standing.leader) == leader)),
                host: on(&urls, hosts),
            }
        })
        .collect()
}

/// The host that has one of these addresses; without one, the address itself.
fn on(urls: &[&String], hosts: &[Place]) -> Host {
    let at: Vec<String> = urls.iter().filter_map(|url| host_of(url)).collect();
    let found = hosts.iter().find(|host| at.iter().any(|at| *at == host.name || host.addresses.contains(at)));
    found.map_or_else(|| Host { name: None, address: at.first().cloned() }, Place::host)
}

fn host_of(url: &str) -> Option<String> {
    let uri: http::Uri = url.parse().ok()?;
    Some(uri.host()?.trim_start_matches('[').trim_end_matches(']').to_owned())
}

/// The members that a plan lets expect; their names stand on the hosts.
fn expected(planned: &Planned, hosts: &[Place]) -> Vec<Member> {
    let members = proposed(planned).into_iter().map(|endpoint| {
        let url = endpoint.to_string();
        Member { client: Some(url.clone()), host: on(&[&url], hosts), ..Member::default() }
    });
    members.collect()
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use topology::planned::{PlannedHost, PlannedNet};

    use super::*;
    use crate::backup::manifest::{FORMAT, Stored};

    fn manifest() -> Manifest {
        Manifest {
            format: FORMAT,
            id: "harbour-1".into(),
            cluster: "harbour".into(),
            cluster_id: "1".into(),
            member: "etcd1".into(),
            member_id: "1".into(),
            etcd_version: "3.2.18".into(),
            revision: 7,
            raft_index: 9,
            keys: 3,
            size: 4_096,
            hash: 1,
            sha256: String::new(),
            stored: Stored {
                name: "harbour-1.db".into(),
                size: 1,
                sha256: String::new(),
                compression: None,
                recipients: Vec::new(),
            },
            began: 0,
            ended: 1,
            by: "schedule".into(),
            steps: Vec::new(),
            signature: String::new(),
            companion: None,
            rehearsal: None,
            notes: None,
        }
    }

    fn planned() -> Planned {
        let net = |name: &str, gateway| PlannedNet {
            name: name.into(),
            card: "eth0".into(),
            vlan: None,
            cidr: None,
            gateway,
            vip: None,
        };
        let host = |n: u8| PlannedHost {
            name: format!("host{n}").into(),
            master: n < 3,
            etcd: n < 3,
            roles: Vec::new(),
            addresses: vec![
                ("mgmt".into(), Ipv4Addr::new(10, 1, 0, 50 + n)),
                ("external".into(), Ipv4Addr::new(192, 16, 1, 210 + n)),
            ],
        };
        let nets = vec![net("mgmt", None), net("external", Some(Ipv4Addr::new(192, 16, 1, 1)))];
        Planned::new((0..5).map(host).collect(), nets)
    }

    #[test]
    fn a_silent_etcd_is_where_the_plan_has_it_and_its_names_are_unknown() {
        let planned = planned();
        let facts = facts(&manifest(), &Known { planned: Some(&planned), ..Known::default() }, 1);
        assert_eq!((facts.members.len(), facts.masters.len(), facts.nodes.len()), (3, 3, 5));
        let second = &facts.members[1];
        assert_eq!(second.client.as_deref(), Some("https://192.16.1.211:2379"));
        assert_eq!(
            (second.name.as_ref(), second.peer.as_ref(), second.version.as_ref(), second.well),
            (None, None, None, None)
        );
        assert_eq!(second.host, Host { name: Some("host1".into()), address: Some("10.1.0.51".into()) });
    }

    #[test]
    fn a_living_member_is_on_the_node_that_has_its_address_and_a_learner_is_none() {
        let member = |id: u64, learner, at: &str| etcd::Member {
            id,
            name: format!("etcd{id}"),
            peer_urls: vec![format!("https://{at}:2380")],
            client_urls: vec![format!("https://{at}:2379")],
            learner,
            endpoint: None,
            standing: Err(etcd::Why::Refused.at(at)),
        };
        let life = Members {
            cluster: 0xab,
            members: vec![member(1, false, "192.16.1.210"), member(2, false, "10.9.9.9"), member(3, true, "10.9.9.8")],
            alarms: Ok(Vec::new()),
            agreement: etcd::Agreement::NotAsked,
            strangers: Vec::new(),
        };
        let nodes = [Node { name: "other".into(), addresses: vec!["192.16.1.210".into()], master: true }];
        let facts = facts(&manifest(), &Known { life: Some(&life), nodes: &nodes, ..Known::default() }, 1);
        assert_eq!(facts.members.len(), 2);
        assert_eq!(facts.learners, ["etcd3"]);
        assert_eq!(facts.members[0].host, Host { name: Some("other".into()), address: Some("192.16.1.210".into()) });
        assert_eq!(facts.members[1].host, Host { name: None, address: Some("10.9.9.9".into()) });
        assert_eq!(facts.members[0].well, Some(false));
        assert_eq!(facts.life.unwrap().cluster_id.as_deref(), Some("ab"));
    }
}
