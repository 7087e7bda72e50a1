//! What etcd itself tells of its members, asked again and again and turned into facts.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use topology::{
    Change,
    inventory::{Etcd, EtcdMember, EtcdStanding, EtcdTold, Name, Silence},
};

use super::live::Shared;
use crate::etcd::{Access, Agreement, AlarmKind, Hashes, Member, Members, NoneAnswers, look};

/// From one question to the next.
pub(super) const EVERY: Duration = Duration::from_secs(10);
/// The same for the demonstration, whose members are on this machine and hold little.
pub(super) const OFTEN: Duration = Duration::from_millis(700);
/// Members compare what they hold, which costs each a reading of its keys, once in this time.
const COMPARE: Duration = Duration::from_secs(300);

/// Asks for ever.
pub(super) async fn follow(shared: Arc<Shared>, access: Arc<Access>, every: Duration) {
    let mut last = Etcd::default();
    let mut agreement = Agreement::NotAsked;
    let mut compared: Option<Instant> = None;
    loop {
        let hashes = if compared.is_none_or(|at| at.elapsed() >= COMPARE) { Hashes::Compare } else { Hashes::Leave };
        match look(&access.endpoints, &access.tls, hashes).await {
            Ok(members) => {
                if hashes == Hashes::Compare {
                    compared = Some(Instant::now());
                    agreement = members.agreement.clone();
                }
                let now = facts(&members, &agreement);
                say(shared.name(), &last, &now);
                last = now;
            }
            Err(none) => {
                let silent = Some(silence(&none));
                if last.silent != silent {
                    tracing::warn!(cluster = shared.name(), "etcd does not say how it fares: {none}");
                }
                last.silent = silent;
            }
        }
        shared.apply(vec![Change::Etcd(Arc::new(last.clone()))]);
        tokio::time::sleep(every).await;
    }
}

fn silence(none: &NoneAnswers) -> Silence {
    let first = none.0.first();
    Silence {
        reason: first
            .map_or_else(
                || "there is no endpoint to ask".to_owned(),
                |error| format!("{}: {}", error.endpoint, error.why),
            )
            .into(),
        todo: first.map_or("Set etcd_endpoints", |error| error.why.todo()).into(),
    }
}

/// What somebody should know although nobody looks at the figure.
fn say(cluster: &str, before: &Etcd, now: &Etcd) {
    if before.spare() != now.spare() || before.silent.is_some() {
        let (well, voters) = (now.well(), now.voters().count());
        match now.spare() {
            None => tracing::error!(cluster, "etcd has no quorum: {well} of {voters} members follow a leader"),
            Some(_) if well == voters => tracing::info!(cluster, "all {voters} members of etcd are healthy"),
            Some(spare) => {
                tracing::warn!(cluster, "{well} of {voters} members of etcd are healthy; it may lose {spare} more");
            }
        }
    }
    for alarm in now.alarms.iter().filter(|alarm| !before.alarms.contains(alarm)) {
        tracing::error!(cluster, "etcd: {alarm}");
    }
}

fn facts(members: &Members, agreement: &Agreement) -> Etcd {
    let named = |id: u64| members.member(id).map_or_else(|| format!("{id:x}"), Member::called);
    let odd = odd(agreement);
    let raised = members.alarms.iter().flatten().map(|alarm| format!("{} on {}", alarm.kind, named(alarm.member)));
    let mut alarms: Vec<Name> = raised.map(Name::from).collect();
    if !odd.is_empty() {
        let names: Vec<String> = odd.iter().map(|id| named(*id)).collect();
        alarms.push(format!("members hold different data at one revision ({})", names.join(", ")).into());
    }
    Etcd {
        needed: members.quorum().needed,
        members: members.members.iter().map(|one| member(members, one, &odd)).collect(),
        alarms,
        silent: None,
    }
}

/// Who holds something else than most do; all, when there is no most.
fn odd(agreement: &Agreement) -> Vec<u64> {
    let Agreement::Differ { hashes, .. } = agreement else { return Vec::new() };
    let most = hashes.first().map_or(0, |(_, ids)| ids.len());
    let tie = hashes.get(1).is_some_and(|(_, ids)| ids.len() == most);
    hashes.iter().skip(usize::from(!tie)).flat_map(|(_, ids)| ids.iter().copied()).collect()
}

fn member(members: &Members, one: &Member, odd: &[u64]) -> EtcdMember {
    let urls = one.client_urls.iter().chain(&one.peer_urls);
    let hosts = urls.filter_map(|url| Some(host(url)?.into())).collect();
    let leader = members.leader().map(|leader| leader.id);
    let standing = match &one.standing {
        Err(error) => EtcdStanding::Unknown(format!("{}: {}", error.endpoint, error.why).into()),
        Ok(standing) => EtcdStanding::Told(EtcdTold {
            version: standing.version.as_str().into(),
            leads: leader == Some(one.id),
            follows: standing.leader != 0 && Some(standing.leader) == leader,
            wrong: wrong(members, one, odd).map(Into::into),
            size: standing.size,
            in_use: standing.in_use,
            revision: standing.revision,
            lag: members.lag(one).unwrap_or_default(),
        }),
    };
    EtcdMember { name: one.called().into(), hosts, learner: one.learner, standing }
}

fn wrong(members: &Members, one: &Member, odd: &[u64]) -> Option<&'static str> {
    if members.alarmed(one, AlarmKind::Corrupt) {
        return Some("It has raised the alarm that its data is corrupt");
    }
    if odd.contains(&one.id) {
        return Some("It does not hold what other members hold at the same revision");
    }
    members.alarmed(one, AlarmKind::NoSpace).then_some("It has reached its quota, and the cluster takes no writes")
}

fn host(url: &str) -> Option<String> {
    let uri: http::Uri = url.parse().ok()?;
    Some(uri.host()?.trim_start_matches('[').trim_end_matches(']').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_holds_something_else_than_most_is_odd_and_of_two_both_are() {
        let differ = |hashes: &[(u32, &[u64])]| Agreement::Differ {
            revision: 7,
            hashes: hashes.iter().map(|(hash, ids)| (*hash, ids.to_vec())).collect(),
        };
        assert_eq!(odd(&differ(&[(9, &[1, 2]), (8, &[3])])), [3]);
        assert_eq!(odd(&differ(&[(8, &[1]), (9, &[2])])), [1, 2]);
        assert!(odd(&Agreement::Same { revision: 7, members: 3 }).is_empty());
    }

    #[test]
    fn hosts_are_taken_out_of_addresses() {
        assert_eq!(host("https://192.16.1.210:2380").as_deref(), Some("192.16.1.210"));
        assert_eq!(host("https://[fd00::1]:2379").as_deref(), Some("fd00::1"));
        assert_eq!(host("no address"), None);
    }
}
