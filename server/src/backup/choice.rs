//! Which member a backup is taken from.

use crate::etcd::{AlarmKind, Endpoint, Member, Members};

/// A member that a backup may be taken from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Its name.
    pub name: String,
    /// Its id.
    pub id: u64,
    /// Where it answers.
    pub endpoint: Endpoint,
    /// The version of its etcd.
    pub version: String,
    /// The revision that it told of before; the backup may not be behind it.
    pub revision: i64,
    /// How far it had come in Raft's log.
    pub raft_index: u64,
    /// Whether it follows a leader; without one it may be behind what was promised to clients.
    pub follows: bool,
}

/// Entries of the log that a follower may be behind and still count as in sync.
const IN_SYNC: u64 = 1_000;

/// Who may be asked, the best first: followers in sync, then the leader, then those behind, then those without a
/// leader. With why each of the others may not.
pub fn candidates(members: &Members) -> (Vec<Candidate>, Vec<String>) {
    let leader = members.leader().map(|leader| leader.id);
    let mut able = Vec::new();
    let mut unable = Vec::new();
    for member in &members.members {
        match candidate(members, member) {
            Ok(candidate) => {
                let lag = members.lag(member).unwrap_or(u64::MAX);
                let rank = match () {
                    () if !candidate.follows => 3,
                    () if lag > IN_SYNC => 2,
                    () if leader == Some(member.id) => 1,
                    () => 0,
                };
                able.push(((rank, lag), candidate));
            }
            Err(why) => unable.push(why),
        }
    }
    able.sort_by_key(|(order, _)| *order);
    (able.into_iter().map(|(_, candidate)| candidate).collect(), unable)
}

fn candidate(members: &Members, member: &Member) -> Result<Candidate, String> {
    let name = member.called();
    let standing = member.standing.as_ref().map_err(|error| {
        // A member without an address is told by its name alone.
        if error.endpoint == name { error.to_string() } else { format!("{name}: {error}") }
    })?;
    if member.learner {
        return Err(format!("{name} is a learner, and may be far behind"));
    }
    if members.alarmed(member, AlarmKind::Corrupt) {
        return Err(format!("{name} has raised the alarm that its data is corrupt"));
    }
    let endpoint = member.endpoint.clone().ok_or_else(|| format!("{name} answers nowhere"))?;
    Ok(Candidate {
        name,
        id: member.id,
        endpoint,
        version: standing.version.clone(),
        revision: standing.revision,
        raft_index: standing.done(),
        follows: standing.leader != 0,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::etcd::{Agreement, Alarm, Standing, Why};

    fn member(id: u64, leader: u64, applied: u64) -> Member {
        Member {
            id,
            name: format!("etcd{id}"),
            peer_urls: Vec::new(),
            client_urls: Vec::new(),
            learner: false,
            endpoint: Some(Endpoint::parse(&format!("http://10.1.0.5{id}:2379")).unwrap()),
            standing: Ok(Standing {
                version: "3.6.4".into(),
                size: 1,
                in_use: None,
                revision: 7,
                raft_index: applied,
                applied: Some(applied),
                term: 2,
                leader,
                errors: Vec::new(),
            }),
        }
    }

    fn members(members: Vec<Member>) -> Members {
        Members { cluster: 1, members, alarms: Ok(Vec::new()), agreement: Agreement::NotAsked, strangers: Vec::new() }
    }

    fn order(members: &Members) -> Vec<u64> {
        candidates(members).0.iter().map(|candidate| candidate.id).collect()
    }

    #[test]
    fn a_follower_in_sync_comes_before_the_leader_and_that_before_one_far_behind() {
        assert_eq!(order(&members(vec![member(1, 1, 9_000), member(2, 1, 8_990), member(3, 1, 8_999)])), [3, 2, 1]);
        assert_eq!(order(&members(vec![member(1, 1, 9_000), member(2, 1, 7_000), member(3, 1, 8_999)])), [3, 1, 2]);
    }

    #[test]
    fn without_a_quorum_those_that_are_left_are_asked_last_and_yet_asked() {
        let cluster = members(vec![member(1, 1, 9_000), member(2, 0, 9_000)]);
        assert_eq!(order(&cluster), [1, 2]);
        assert!(!candidates(&members(vec![member(2, 0, 9_000)])).0[0].follows);
    }

    #[test]
    fn learners_silent_ones_and_those_with_the_alarm_of_corruption_are_never_asked() {
        let mut cluster = members(vec![member(1, 4, 5), member(2, 4, 5), member(3, 4, 5), member(4, 4, 5)]);
        cluster.members[0].learner = true;
        cluster.alarms =
            Ok(vec![Alarm { member: 2, kind: AlarmKind::Corrupt }, Alarm { member: 4, kind: AlarmKind::NoSpace }]);
        cluster.members[2].standing = Err(Why::Refused.at("http://10.1.0.53:2379"));
        let (able, unable) = candidates(&cluster);
        assert_eq!(able.iter().map(|one| one.id).collect::<Vec<_>>(), [4]);
        assert_eq!(unable.len(), 3);
        assert!(
            unable[0].contains("learner") && unable[1].contains("corrupt") && unable[2].contains("nothing listens")
        );
    }

    #[test]
    fn a_members_own_complaint_of_corruption_counts_although_the_alarms_are_unknown() {
        let mut cluster = members(vec![member(1, 2, 5), member(2, 2, 5)]);
        cluster.alarms = Err(Why::Permission.at("x"));
        if let Ok(standing) = &mut cluster.members[0].standing {
            standing.errors.push("memberID:1 alarm:CORRUPT ".into());
        }
        assert_eq!(order(&cluster), [2]);
    }
}
