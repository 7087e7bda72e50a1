//! Users, sessions, tokens, links, the audit, keys.

use std::{collections::BTreeSet, time::Duration};

use binnacle::store::{Begun, Claim, Entry, Kind, Link, Replay, Session, Sought, StoreError, Token, User};
use futures::future::join_all;

use super::{Fresh, by_hand, open};

pub async fn a_user_is_kept_as_given_and_a_name_is_taken_once(fresh: Fresh) {
    let store = open(&fresh).await;
    let mut ann = User {
        name: "änn".into(),
        password: "$argon2id$…".into(),
        role: "admin".into(),
        created: 1_700_000_000_000,
        disabled: false,
    };
    store.add_user(&ann).await.expect("an answer");
    assert!(matches!(store.add_user(&ann).await, Err(StoreError::Taken)));
    ann.disabled = true;
    assert!(store.change_user(&ann).await.expect("an answer"));
    assert_eq!(store.user("änn").await.expect("an answer"), Some(ann.clone()));
    assert_eq!(store.users().await.expect("an answer"), [ann.clone()]);
    assert!(!store.change_user(&User { name: "bob".into(), ..ann }).await.expect("an answer"));
    assert_eq!(store.user("bob").await.expect("an answer"), None);
}

fn session(id: &str, expires: i64) -> Session {
    Session {
        id: id.into(),
        subject: "local ann".into(),
        who: "ann".into(),
        role: "viewer".into(),
        way: "local".into(),
        address: "127.0.0.1".into(),
        created: 10,
        seen: 10,
        expires,
        sid: String::new(),
        checked: 0,
        sealed: String::new(),
    }
}

pub async fn a_session_ends_when_it_is_ended_and_when_it_expires(fresh: Fresh) {
    let store = open(&fresh).await;
    for (id, expires) in [("a", 100), ("b", 200), ("c", 300)] {
        store.add_session(&session(id, expires)).await.expect("an answer");
    }
    store.saw_session("a", 50, 0).await.expect("an answer");
    store.saw_session("a", 40, 0).await.expect("an answer");
    assert_eq!(store.session("a").await.expect("an answer").expect("an answer").seen, 50);
    let now = jiff::Timestamp::from_millisecond(100).expect("an answer");
    assert_eq!(store.sweep(now).await.expect("an answer"), 1);
    assert_eq!(store.session("a").await.expect("an answer"), None);
    assert!(store.end_session("b").await.expect("an answer"));
    assert!(!store.end_session("b").await.expect("an answer"));
    store.add_session(&session("d", 300)).await.expect("an answer");
    assert_eq!(store.sessions_of("local ann").await.expect("an answer").len(), 2);
    assert_eq!(store.end_sessions_of("ann").await.expect("an answer"), 0, "what somebody is called ends nothing");
    assert_eq!(store.end_sessions_of("local ann").await.expect("an answer"), 2);
    assert_eq!(store.sessions_of("local ann").await.expect("an answer"), []);
}

pub async fn a_providers_sessions_are_looked_at_by_one_and_ended_there(fresh: Fresh) {
    let store = open(&fresh).await;
    let of = |id: &str, subject: &str, sid: &str| Session {
        subject: subject.into(),
        way: "oidc".into(),
        sid: sid.into(),
        ..session(id, 300)
    };
    let (ann, bob) = ("oidc https://id.example ann", "oidc https://id.example bob");
    for (id, subject, sid) in
        [("a", ann, "s1"), ("b", ann, "s2"), ("c", bob, "s3"), ("d", "oidc https://id.exa x", "s3")]
    {
        store.add_session(&of(id, subject, sid)).await.expect("an answer");
    }
    assert_eq!(store.sessions(3).await.expect("an answer").len(), 3);
    assert!(store.try_session("a", 1_000, 60).await.expect("an answer"));
    assert!(!store.try_session("a", 1_059, 60).await.expect("an answer"), "another looks at it");
    assert!(store.try_session("a", 1_060, 60).await.expect("an answer"));
    assert!(store.try_session("a", 500, 60).await.expect("an answer"), "a clock that was ahead holds nobody up");
    let newer = Session { role: "admin".into(), checked: 7, sealed: "x".into(), ..of("a", ann, "s9") };
    assert!(store.checked_session(&newer).await.expect("an answer"));
    assert_eq!(store.session("a").await.expect("an answer").expect("one"), newer);
    assert!(!store.checked_session(&of("a", bob, "s9")).await.expect("an answer"), "a session stays whose it is");
    let provider = "oidc https://id.example ";
    assert_eq!(store.end_sessions_there(provider, "", "").await.expect("an answer"), 0, "nobody was named");
    assert_eq!(store.end_sessions_there(provider, ann, "s2").await.expect("an answer"), 1);
    assert_eq!(store.end_sessions_there(provider, "", "s3").await.expect("an answer"), 1, "another provider's stays");
    assert_eq!(store.end_sessions_there(provider, ann, "").await.expect("an answer"), 1);
    assert!(
        store.logout_once("t1", 50).await.expect("an answer") && !store.logout_once("t1", 50).await.expect("an answer")
    );
    store.sweep(jiff::Timestamp::from_millisecond(60).expect("a time")).await.expect("an answer");
    assert!(store.logout_once("t1", 90).await.expect("an answer"));
}

pub async fn a_token_is_revoked_once_and_stays_revoked(fresh: Fresh) {
    let store = open(&fresh).await;
    let token = Token {
        id: "t1".into(),
        name: "pipeline".into(),
        hash: "ff".into(),
        role: "operator".into(),
        maker: "ann".into(),
        subject: "local ann".into(),
        created: 1,
        expires: 2,
        used: None,
        revoked: None,
    };
    store.add_token(&token).await.expect("an answer");
    assert_eq!(store.token("t1").await.expect("an answer"), Some(token));
    store.used_token("t1", 7).await.expect("an answer");
    store.used_token("t1", 5).await.expect("an answer");
    assert!(store.revoke_token("t1", 8).await.expect("an answer"));
    assert!(!store.revoke_token("t1", 9).await.expect("an answer"));
    let kept = store.tokens().await.expect("an answer").remove(0);
    assert_eq!((kept.used, kept.revoked), (Some(7), Some(8)));
}

pub async fn a_link_is_revoked_once_and_stays_revoked(fresh: Fresh) {
    let store = open(&fresh).await;
    let link = Link {
        id: "l1".into(),
        cluster: "demo".into(),
        figure: "networking".into(),
        maker: "ann".into(),
        subject: "local ann".into(),
        created: 1,
        expires: 2,
        revoked: None,
    };
    store.add_link(&link).await.expect("an answer");
    assert_eq!(store.link("l1").await.expect("an answer"), Some(link));
    assert!(store.revoke_link("l1", 8).await.expect("an answer"));
    assert!(!store.revoke_link("l1", 9).await.expect("an answer"));
    assert_eq!(store.links().await.expect("an answer").remove(0).revoked, Some(8));
}

fn entry(who: &str, action: &str, cluster: &str) -> Entry {
    Entry {
        at: 5,
        who: who.into(),
        subject: format!("local {who}"),
        way: "token".into(),
        address: "::1".into(),
        action: action.into(),
        target: "t1".into(),
        cluster: cluster.into(),
        allowed: who != "nobody",
        detail: "\u{202e}<b>'; DROP TABLE audit".into(),
    }
}

pub async fn the_audit_takes_entries_and_gives_none_up(fresh: Fresh) {
    let store = open(&fresh).await;
    let id = store.remember(&entry("ann", "token.create", "")).await.expect("an answer");
    for sql in ["UPDATE audit SET who = 'bob'", "DELETE FROM audit"] {
        let refused = by_hand(&fresh, sql).await.expect_err("refused").to_string();
        assert!(refused.contains("append-only"), "{sql}: {refused}");
    }
    if store.kind() == Kind::Sqlite {
        let replaced =
            "REPLACE INTO audit SELECT id, 0, 'forged', way, address, action, target, cluster, 1, '', '' FROM audit";
        assert!(by_hand(&fresh, replaced).await.expect_err("refused").to_string().contains("append-only"));
    }
    let kept = store.remembered(&Sought::default(), 10).await.expect("an answer");
    assert_eq!((kept[0].id, &kept[0].entry), (id, &entry("ann", "token.create", "")));
}

pub async fn the_audit_is_read_in_pages_and_by_who_action_and_cluster(fresh: Fresh) {
    let store = open(&fresh).await;
    for number in 0..7 {
        let who = if number % 2 == 0 { "ann" } else { "nobody" };
        store.remember(&entry(who, "sign-in", "demo")).await.expect("an answer");
    }
    store.remember(&entry("ann", "token.create", "lab")).await.expect("an answer");
    let first = store.remembered(&Sought::default(), 5).await.expect("an answer");
    let before = Some(first.last().expect("an answer").id);
    let rest = store.remembered(&Sought { before, ..Sought::default() }, 5).await.expect("an answer");
    assert_eq!((first.len(), rest.len()), (5, 3));
    assert!(first.iter().chain(&rest).is_sorted_by(|a, b| a.id > b.id));
    let count = async |sought: Sought| store.remembered(&sought, 100).await.expect("an answer").len();
    assert_eq!(count(Sought { who: "nobody".into(), ..Sought::default() }).await, 3);
    assert_eq!(count(Sought { who: "local nobody".into(), ..Sought::default() }).await, 3);
    assert_eq!(count(Sought { action: "token.".into(), ..Sought::default() }).await, 1);
    assert_eq!(count(Sought { action: "token%".into(), ..Sought::default() }).await, 0);
    assert_eq!(count(Sought { cluster: "demo".into(), who: "ann".into(), ..Sought::default() }).await, 4);
}

const LONG: Duration = Duration::from_secs(60);

fn claim(who: &str, request: &str) -> Claim {
    let text = |text: &str| text.to_owned();
    Claim { who: text(who), key: text("k"), request: text(request), holder: text("one"), repeats: false }
}

pub async fn a_key_whose_server_died_is_taken_over_only_by_what_may_be_done_twice(fresh: Fresh) {
    let store = open(&fresh).await;
    let begin = async |claim: &Claim, held| store.begin(claim, held, 0, 100).await.expect("an answer");
    let dead = claim("ann", "r");
    let short = Duration::from_millis(200);
    assert_eq!(begin(&dead, LONG).await, Begun::New);
    assert_eq!(begin(&dead, LONG).await, Begun::Underway);
    // Nothing is heard of the server any more.
    assert!(store.still(&dead, Duration::ZERO).await.expect("an answer"));
    tokio::time::sleep(short).await;
    assert_eq!(begin(&dead, LONG).await, Begun::Unsure);
    assert!(store.still(&dead, LONG).await.expect("an answer"), "it was slow, and not dead");
    assert_eq!(begin(&dead, LONG).await, Begun::Underway);
    assert!(store.still(&dead, Duration::ZERO).await.expect("an answer"));
    tokio::time::sleep(short).await;
    let next = |number: usize| Claim { holder: format!("next {number}"), repeats: true, ..dead.clone() };
    let nexts: Vec<Claim> = (0..8).map(next).collect();
    let begun = join_all(nexts.iter().map(|claim| begin(claim, LONG))).await;
    assert_eq!(begun.iter().filter(|begun| **begun == Begun::New).count(), 1, "{begun:?}");
    // Whoever was thought dead says nothing in the name of who took over.
    let answer = Replay { status: 204, body: String::new() };
    assert!(!store.finish(&dead, &answer).await.expect("an answer"));
    assert!(!store.still(&dead, LONG).await.expect("an answer"));
    let taken = begun.iter().position(|begun| *begun == Begun::New).expect("one");
    assert!(store.finish(&nexts[taken], &answer).await.expect("an answer"));
    assert_eq!(begin(&dead, LONG).await, Begun::Done(answer));
}

pub async fn a_request_with_a_key_acts_once(fresh: Fresh) {
    let store = open(&fresh).await;
    let begin = async |who: &str, request: &str, now: i64| {
        store.begin(&claim(who, request), LONG, now, now + 100).await.expect("an answer")
    };
    assert_eq!(begin("ann", "r", 0).await, Begun::New);
    assert_eq!(begin("ann", "r", 1).await, Begun::Underway);
    assert_eq!(begin("bob", "r", 1).await, Begun::New, "keys are a person's own");
    let answer = Replay { status: 201, body: "{}".into() };
    assert!(store.finish(&claim("ann", "r"), &answer).await.expect("an answer"));
    assert_eq!(begin("ann", "r", 2).await, Begun::Done(answer));
    assert_eq!(begin("ann", "other", 3).await, Begun::Other);
    store.abandon(&claim("ann", "r")).await.expect("an answer");
    assert_ne!(begin("ann", "r", 4).await, Begun::New, "what was answered is not given back");
    assert_eq!(begin("ann", "r", 200).await, Begun::New, "it expired");
    store.abandon(&claim("bob", "r")).await.expect("an answer");
    assert_eq!(begin("bob", "r", 4).await, Begun::New);
}

pub async fn of_many_that_claim_a_key_at_once_one_acts(fresh: Fresh) {
    let store = open(&fresh).await;
    let claim = claim("ann", "r");
    let claims = (0..20).map(|_| store.begin(&claim, LONG, 0, 100));
    let begun = join_all(claims).await;
    assert_eq!(begun.iter().filter(|begun| matches!(begun, Ok(Begun::New))).count(), 1, "{begun:?}");
    assert!(begun.iter().all(Result::is_ok), "{begun:?}");
}

pub async fn servers_that_ask_at_once_get_the_same_key(fresh: Fresh) {
    let (one, other) = (open(&fresh).await, open(&fresh).await);
    let asked = (0..10).flat_map(|number| {
        let fresh = format!("key {number}");
        [(one.clone(), fresh.clone()), (other.clone(), fresh)]
    });
    let keys =
        join_all(asked.map(|(store, fresh)| async move { store.key("links", &fresh).await.expect("an answer") })).await;
    assert_eq!(keys.into_iter().collect::<BTreeSet<_>>().len(), 1);
}
