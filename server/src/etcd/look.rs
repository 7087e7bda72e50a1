//! All members at once: each at an endpoint that was named, or where it says that clients reach it.

use std::{collections::BTreeMap, sync::Arc};

use futures::future::join_all;

use super::{
    Agreement, Alarm, AlarmKind, Endpoint, EtcdError, Member, Members, Standing, Through, Tls, Why,
    client::{Client, Hashed},
    wire,
};

/// Not one endpoint gave an answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", said(.0))]
pub struct NoneAnswers(pub Vec<EtcdError>);

fn said(errors: &[EtcdError]) -> String {
    let errors: Vec<String> = errors.iter().map(ToString::to_string).collect();
    if errors.is_empty() { "there is no endpoint to ask".into() } else { errors.join("\n") }
}

/// Whether members are to hash all their keys, which costs each a reading of its database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hashes {
    /// Leave them in peace.
    Leave,
    /// Compare.
    Compare,
}

struct Answered {
    endpoint: Endpoint,
    client: Client,
    status: wire::Status,
}

impl Answered {
    fn header(&self) -> wire::Header {
        self.status.header.clone().unwrap_or_default()
    }
}

/// Asks every member how it fares. Endpoints that do not answer are told of beside those that do.
///
/// # Errors
/// [`NoneAnswers`] with what is wrong at each endpoint, when nobody can say who the members are.
pub async fn look(endpoints: &[Endpoint], tls: &Tls, hashes: Hashes) -> Result<Members, NoneAnswers> {
    let asked = join_all(endpoints.iter().map(|endpoint| ask(endpoint, tls))).await;
    let (mut answered, mut strangers) = (Vec::new(), Vec::new());
    for one in asked {
        match one {
            Ok(one) => answered.push(one),
            Err(error) => strangers.push(error),
        }
    }
    let list = match list(&answered).await {
        Ok(list) => list,
        Err(error) => {
            strangers.extend(error);
            return Err(NoneAnswers(strangers));
        }
    };
    let cluster = list.header.as_ref().map(|header| header.cluster_id).unwrap_or_default();
    let mut by_id: BTreeMap<u64, Answered> = BTreeMap::new();
    for one in answered {
        let header = one.header();
        if header.cluster_id != cluster {
            let (found, expected) =
                (format!("of the cluster {:x}", header.cluster_id), format!("of the cluster {cluster:x}"));
            strangers.push(Why::NotAMember { found, expected }.at(&one.endpoint));
        } else {
            by_id.entry(header.member_id).or_insert(one);
        }
    }
    let way = Like {
        plain: endpoints.iter().any(|endpoint| !endpoint.is_tls()),
        through: endpoints.iter().find_map(Endpoint::through).cloned(),
    };
    let rest = list.members.iter().filter(|member| !by_id.contains_key(&member.id));
    let rest = join_all(rest.map(async |member| (member.id, where_it_says(member, cluster, &way, tls).await))).await;
    let mut unknown: BTreeMap<u64, EtcdError> = BTreeMap::new();
    for (id, found) in rest {
        match found {
            Ok(found) => drop(by_id.insert(id, found)),
            Err(error) => drop(unknown.insert(id, error)),
        }
    }
    let alarms = alarms(&by_id).await;
    let agreement = match hashes {
        Hashes::Leave => Agreement::NotAsked,
        Hashes::Compare => compare(&by_id).await,
    };
    let mut members: Vec<Member> = list.members.into_iter().map(|member| told(member, &by_id, &mut unknown)).collect();
    members.sort_by(|a, b| (&a.name, a.id).cmp(&(&b.name, b.id)));
    // What could not be asked where it was named, and was reached elsewhere, is said all the same.
    Ok(Members { cluster, members, alarms, agreement, strangers })
}

async fn ask(endpoint: &Endpoint, tls: &Tls) -> Result<Answered, EtcdError> {
    let client = Client::connect(endpoint, tls).await?;
    let status = client.status().await?;
    Ok(Answered { endpoint: endpoint.clone(), client, status })
}

/// The members by the word of the one that is farthest.
async fn list(answered: &[Answered]) -> Result<wire::MemberList, Vec<EtcdError>> {
    let mut order: Vec<&Answered> = answered.iter().collect();
    order.sort_by_key(|one| std::cmp::Reverse((one.status.raft_term, one.status.raft_index)));
    let mut errors = Vec::new();
    for one in order {
        match one.client.members().await {
            Ok(list) => return Ok(list),
            Err(error) => errors.push(error),
        }
    }
    Err(errors)
}

/// How those are reached that were named: so are the others.
struct Like {
    plain: bool,
    through: Option<Arc<Through>>,
}

async fn where_it_says(member: &wire::Member, cluster: u64, way: &Like, tls: &Tls) -> Result<Answered, EtcdError> {
    let called = if member.name.is_empty() { format!("{:x}", member.id) } else { member.name.clone() };
    let mut first = None;
    for url in &member.client_urls {
        let tried = match Endpoint::parse(url) {
            // A member cannot talk us out of TLS.
            Ok(endpoint) if !endpoint.is_tls() && !way.plain => {
                Err(Why::Address("it is without TLS, and all that were named are with it".into()).at(url))
            }
            Ok(endpoint) => ask(&endpoint.reached(way.through.clone()), tls).await,
            Err(error) => Err(error),
        };
        match tried {
            Ok(one) if one.header().cluster_id == cluster && one.header().member_id == member.id => return Ok(one),
            Ok(one) => {
                let found =
                    format!("the member {:x} of the cluster {:x}", one.header().member_id, one.header().cluster_id);
                first.get_or_insert(Why::NotAMember { found, expected: called.clone() }.at(url));
            }
            Err(error) => drop(first.get_or_insert(error)),
        }
    }
    Err(first.unwrap_or_else(|| Why::NotStarted.at(&called)))
}

async fn alarms(by_id: &BTreeMap<u64, Answered>) -> Result<Vec<Alarm>, EtcdError> {
    let mut first = None;
    // The question goes through the log of the cluster: who has no leader cannot answer.
    for one in by_id.values().filter(|one| one.status.leader != 0 && !one.status.learner) {
        match one.client.alarms().await {
            Ok(told) => {
                let kind = |kind| match kind {
                    1 => AlarmKind::NoSpace,
                    2 => AlarmKind::Corrupt,
                    other => AlarmKind::Other(other),
                };
                let alarm = |alarm: wire::Alarm| Alarm { member: alarm.member_id, kind: kind(alarm.kind) };
                return Ok(told.alarms.into_iter().map(alarm).collect());
            }
            Err(error) => drop(first.get_or_insert(error)),
        }
    }
    Err(first.unwrap_or_else(|| {
        Why::NoLeader.at(&by_id.values().next().map(|one| one.endpoint.to_string()).unwrap_or_default())
    }))
}

/// Members go on while they are asked: who was compacted in between is asked again.
const ATTEMPTS: usize = 3;

async fn compare(by_id: &BTreeMap<u64, Answered>) -> Agreement {
    let asked: Vec<(&u64, &Answered)> = by_id.iter().filter(|(_, one)| !one.status.learner).collect();
    let mut why = "nobody answered".to_owned();
    for _ in 0..ATTEMPTS {
        let fresh = join_all(asked.iter().map(|(_, one)| one.client.status())).await;
        let revisions = fresh.iter().filter_map(|status| Some(status.as_ref().ok()?.header.as_ref()?.revision));
        let Some(revision) = revisions.min() else { return Agreement::Unknown(why) };
        let answers = join_all(asked.iter().map(async |(id, one)| (**id, one.client.hash(revision).await))).await;
        let mut by_hash: BTreeMap<(u32, i64), Vec<u64>> = BTreeMap::new();
        let mut served = false;
        for (id, answer) in answers {
            match answer {
                Ok(Hashed::At { hash, compacted }) => {
                    served = true;
                    by_hash.entry((hash, compacted)).or_default().push(id);
                }
                Ok(Hashed::NotServed) => {}
                Ok(Hashed::Elsewhere) => why = "they were at different revisions each time".into(),
                Err(error) => why = error.to_string(),
            }
        }
        if !served && why == "nobody answered" {
            return Agreement::NotServed;
        }
        // Only what begins at the same compaction can be the same.
        let mut compactions: Vec<i64> = by_hash.keys().map(|(_, compacted)| *compacted).collect();
        compactions.dedup();
        let members: usize = by_hash.values().map(Vec::len).sum();
        match by_hash.len() {
            1 if members > 1 || asked.len() == 1 => return Agreement::Same { revision, members },
            0 | 1 => {}
            _ if compactions.len() > 1 => why = "they had compacted different revisions each time".into(),
            _ => {
                let mut hashes: Vec<(u32, Vec<u64>)> =
                    by_hash.into_iter().map(|((hash, _), members)| (hash, members)).collect();
                hashes.sort_by_key(|(hash, members)| (std::cmp::Reverse(members.len()), *hash));
                return Agreement::Differ { revision, hashes };
            }
        }
    }
    Agreement::Unknown(why)
}

fn told(member: wire::Member, by_id: &BTreeMap<u64, Answered>, unknown: &mut BTreeMap<u64, EtcdError>) -> Member {
    let found = by_id.get(&member.id);
    let standing = match found {
        Some(one) => Ok(standing(&one.status)),
        None => Err(unknown.remove(&member.id).unwrap_or_else(|| Why::Cut.at(&member.name))),
    };
    Member {
        id: member.id,
        name: member.name,
        peer_urls: member.peer_urls,
        client_urls: member.client_urls,
        learner: member.learner,
        endpoint: found.map(|one| one.endpoint.clone()),
        standing,
    }
}

fn standing(status: &wire::Status) -> Standing {
    let size = |bytes: i64| u64::try_from(bytes).unwrap_or_default();
    Standing {
        version: status.version.clone(),
        size: size(status.db_size),
        in_use: Some(size(status.db_size_in_use)).filter(|bytes| *bytes > 0),
        revision: status.header.as_ref().map(|header| header.revision).unwrap_or_default(),
        raft_index: status.raft_index,
        applied: Some(status.raft_applied_index).filter(|index| *index > 0),
        term: status.raft_term,
        leader: status.leader,
        errors: status.errors.clone(),
    }
}
