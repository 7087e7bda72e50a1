//! Who the members are and how they fare.

use binnacle::etcd::{Agreement, AlarmKind, Endpoint, Hashes, Tls, Why, look};

use super::cluster::{Age, Cluster};

async fn three_members_are_told(age: Age, version: &str) {
    let cluster = Cluster::with_tls(age, 3).await;
    cluster.fill(5, 100);
    let members = cluster.until("all have all", |members| {
        members.members.iter().all(|one| one.standing.as_ref().is_ok_and(|standing| standing.revision == 6))
    });
    let mut members = members.await;
    let names: Vec<&str> = members.members.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(names, ["etcd1", "etcd2", "etcd3"]);
    assert!(members.strangers.is_empty(), "{:?}", members.strangers);
    assert_eq!(members.alarms, Ok(Vec::new()));
    let leader = members.leader().expect("a leader").id;
    for (member, one) in members.members.iter().zip(&cluster.members) {
        let standing = member.standing.as_ref().expect("it answers");
        assert!(standing.version.starts_with(version), "{}", standing.version);
        assert_eq!((standing.revision, standing.leader), (6, leader));
        assert!(standing.size > 4_096 && standing.term > 1);
        // 3.2 tells neither.
        let tells = age != Age::Oldest;
        assert_eq!(standing.in_use.is_some_and(|bytes| bytes <= standing.size), tells);
        assert_eq!(standing.applied.is_some_and(|applied| applied > 5), tells);
        assert_eq!(member.client_urls, [one.endpoint.to_string()]);
        assert!(!member.learner && member.peer_urls.len() == 1 && members.lag(member).is_some_and(|lag| lag < 10));
    }
    assert_eq!(members.quorum().spare(), Some(1));
    members = cluster.look(Hashes::Compare).await;
    match age {
        Age::Oldest => assert_eq!(members.agreement, Agreement::NotServed),
        _ => assert!(matches!(members.agreement, Agreement::Same { members: 3, revision: 6.. }), "{members:?}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_members_with_client_certificates_are_told_in_full() {
    three_members_are_told(Age::New, "3.6.").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_members_of_an_old_etcd_are_told_in_full() {
    three_members_are_told(Age::Old, "3.4.").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_members_of_the_etcd_that_compass_installs_are_told_as_far_as_it_tells() {
    three_members_are_told(Age::Oldest, "3.2.").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_endpoint_is_enough_to_find_the_others() {
    let cluster = Cluster::plain(Age::New, 3).await;
    let members = look(&cluster.endpoints()[..1], &cluster.tls, Hashes::Leave).await.expect("members");
    assert!(members.members.iter().all(|member| member.standing.is_ok()), "{members:#?}");
    assert_eq!(members.quorum().spare(), Some(1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_lost_member_leaves_none_to_lose_and_two_leave_no_quorum() {
    let mut cluster = Cluster::plain(Age::New, 3).await;
    cluster.members[1].kill();
    let members = cluster.until("two are left", |members| members.quorum().spare() == Some(0)).await;
    let lost = members.members[1].standing.as_ref().expect_err("it is away");
    assert_eq!((&lost.why, &lost.endpoint), (&Why::Refused, &cluster.members[1].endpoint.to_string()));
    assert_eq!(members.strangers.len(), 1);
    cluster.members[2].kill();
    let members = cluster.until("one is left", |members| members.leader().is_none()).await;
    assert_eq!(members.quorum().spare(), None);
    let why = members.alarms.as_ref().expect_err("nobody can tell of alarms").why.clone();
    assert_eq!(why, Why::NoLeader);
    let left = members.members[0].standing.as_ref().expect("it answers");
    assert!(left.errors.iter().any(|error| error.contains("no leader")), "{:?}", left.errors);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_learner_has_no_vote_and_one_that_has_not_started_is_unknown() {
    let cluster = Cluster::plain(Age::New, 1).await;
    cluster.ctl(&["member", "add", "later", "--learner", "--peer-urls", "http://127.0.0.1:9"], b"");
    let members = cluster.look(Hashes::Leave).await;
    let later = members.members.iter().find(|member| member.learner).expect("a learner");
    let why = later.standing.as_ref().expect_err("it has not started").to_string();
    assert!(why.contains("has not started yet"), "{why}");
    assert_eq!((members.quorum().voters, members.quorum().spare()), (1, Some(0)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_endpoint_of_another_cluster_is_a_stranger() {
    let (ours, other) = (Cluster::plain(Age::New, 1).await, Cluster::plain(Age::Old, 1).await);
    // Both of one member, of the same name and with other addresses: their ids differ.
    let endpoints = [ours.endpoints(), other.endpoints()].concat();
    let members = look(&endpoints, &Tls::default(), Hashes::Leave).await.expect("members");
    assert_eq!((members.members.len(), members.strangers.len()), (1, 1));
    assert!(matches!(members.strangers[0].why, Why::NotAMember { .. }), "{}", members.strangers[0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_alarm_is_told_with_who_raised_it() {
    for age in Age::ALL {
        let cluster = Cluster::plain(age, 1).await;
        let id = cluster.look(Hashes::Leave).await.members[0].id;
        // etcdctl only disarms; the quota is too small to fill in a test, so the gateway raises it.
        let (gateway, word, kind, other) = match age {
            Age::Oldest => ("/v3alpha", "NOSPACE", AlarmKind::NoSpace, AlarmKind::Corrupt),
            _ => ("/v3", "CORRUPT", AlarmKind::Corrupt, AlarmKind::NoSpace),
        };
        let body = format!("{{\"action\":\"ACTIVATE\",\"memberID\":\"{id}\",\"alarm\":\"{word}\"}}");
        post(&cluster.endpoints()[0], &format!("{gateway}/maintenance/alarm"), &body).await;
        let members = cluster.look(Hashes::Leave).await;
        let alarms = members.alarms.as_ref().expect("alarms");
        assert_eq!((alarms.len(), alarms[0].member), (1, id));
        assert!(members.alarmed(&members.members[0], kind));
        assert!(!members.alarmed(&members.members[0], other));
    }
}

async fn post(endpoint: &Endpoint, path: &str, body: &str) {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let mut line = tokio::net::TcpStream::connect((endpoint.host(), endpoint.port())).await.expect("a line");
    let head =
        format!("POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {}\r\n\r\n", body.len());
    line.write_all((head + body).as_bytes()).await.expect("sent");
    let mut answer = String::new();
    line.read_to_string(&mut answer).await.expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn members_that_hold_different_keys_at_one_revision_are_noticed() {
    let mut cluster = Cluster::plain(Age::New, 3).await;
    cluster.fill(3, 10);
    cluster.members[2].stop();
    // What a disk does: one byte of a value in the database of a member that is down.
    let path = cluster.folder.0.join("etcd3/member/snap/db");
    let mut bytes = std::fs::read(&path).expect("a database");
    let mut changed = 0;
    let key = b"/registry/pods/default/pod-1";
    let mut at = 0;
    while let Some(found) = bytes[at..].windows(key.len()).position(|window| window == key) {
        // Behind the key in its record stand revisions and then the value of ten bytes.
        let value = at + found + key.len() + 10;
        bytes[value] ^= 1;
        changed += 1;
        at = value;
    }
    assert!(changed > 0, "the key is not in the database");
    std::fs::write(&path, bytes).expect("written");
    cluster.members[2].start_again();
    cluster.until("all are well", |members| members.quorum().well == 3).await;
    let members = cluster.look(Hashes::Compare).await;
    let Agreement::Differ { hashes, .. } = &members.agreement else { panic!("{:?}", members.agreement) };
    let wrong = members.members.iter().find(|member| member.name == "etcd3").expect("a member").id;
    assert_eq!((hashes.len(), hashes[0].1.len(), &hashes[1].1), (2, 2, &vec![wrong]));
}
