//! Deployments from order to verdict, over a rehearsal of deploy.sh with a real Ansible in it.

mod deploy;

use std::time::Duration;

use binnacle::deploy::State;
use deploy::{Yard, order, state};
use transcript::Kind;

#[tokio::test(flavor = "multi_thread")]
async fn a_deployment_is_followed_to_its_verdict_and_leaves_no_secret() {
    let yard = Yard::new("secrets", &[]);
    let open = yard.open().await;
    let taken = open.office.order(&order(Kind::Deploy), "ann").await.expect("taken");
    let (row, judgement) = open.ended(&taken.id).await;
    let log = open.log(&taken.id).await;
    assert_eq!((state(&row), judgement.headline.as_str()), (State::Succeeded, "succeeded"), "{judgement:#?}\n{log}");
    assert!(log.trim_end().ends_with("compass deploy success"), "{log}");
    let outline = open.office.outline(&taken.id).await.expect("an outline");
    assert_eq!(outline.runs.all.len(), 4, "two on the jump host, Compass's and kubespray's");
    let kept = [log, row.dha.clone(), row.network.clone(), row.made.clone()].concat();
    for secret in ["pr0be-Secret", "cHIwYmUtU2VjcmV0", "z0nk", "root=root", "console=console"] {
        assert!(!kept.contains(secret), "{secret} was kept: {kept}");
    }
    open.until(&taken.id, "nothing is left there", |row| row.dir.is_empty()).await;
    assert!(!std::path::Path::new(&row.dir).exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_order_twice_is_one_run_and_another_waits_for_the_jump_host() {
    let yard = Yard::new("hang", &[]);
    let open = yard.open().await;
    let first = open.office.order(&order(Kind::Deploy), "ann").await.expect("taken");
    let second = open.office.order(&order(Kind::Deploy), "bob").await.expect("taken");
    assert_eq!((second.id.as_str(), second.before), (first.id.as_str(), true));
    let other = open.office.order(&order(Kind::Redeploy), "bob").await.expect("taken");
    open.until(&first.id, "a task that hangs", |row| row.size > 5_000).await;
    assert_eq!(state(&open.office.run(&other.id).await.expect("an answer").expect("a run")), State::Queued);
    assert!(open.office.cancel(&other.id, "bob").await.expect("an answer"));
    open.ended(&other.id).await;
    assert!(open.office.cancel(&first.id, "ann").await.expect("an answer"));
    assert!(!open.office.cancel(&first.id, "bob").await.expect("an answer"), "she did before");
    let (row, judgement) = open.ended(&first.id).await;
    assert_eq!((state(&row), row.cancelled_by.as_deref()), (State::Cancelled, Some("ann")), "{judgement:#?}");
    assert!(!ansible_runs(&row.dir), "Ansible goes on after a cancel");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deployment_outlives_the_server_and_no_line_is_lost_or_doubled() {
    let yard = Yard::new("success", &[("REHEARSAL_PACE", "2")]);
    let mut open = yard.open().await;
    let id = open.office.order(&order(Kind::Deploy), "ann").await.expect("taken").id;
    for kills in 0.. {
        tokio::time::sleep(Duration::from_millis(fastrand::u64(50..900))).await;
        if open.office.run(&id).await.expect("an answer").expect("a run").ended.is_some() || kills == 60 {
            break;
        }
        open.killed().await;
        open = yard.open().await;
    }
    let (row, judgement) = open.ended(&id).await;
    assert_eq!(state(&row), State::Succeeded, "{judgement:#?}");
    let log = open.log(&id).await;
    assert_eq!(i64::try_from(log.len()).expect("a size"), row.size);
    assert_eq!(log.matches("compass deploy success\n").count(), 1, "{log}");
    assert_eq!(log.matches("########## get host mac begin").count(), 3, "one marker, two traces of it: {log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expansion_is_read_on_after_deploy_sh_has_ended() {
    let yard = Yard::new("success", &[]);
    let open = yard.open().await;
    let id = open.office.order(&order(Kind::Expand), "ann").await.expect("taken").id;
    let (row, judgement) = open.ended(&id).await;
    let log = open.log(&id).await;
    assert_eq!(state(&row), State::Succeeded, "{judgement:#?}\n{log}");
    assert!(log.contains("TypeError") && log.contains("PLAY RECAP"), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_compass_calls_success_is_not_believed() {
    for (scenario, verdict, headline) in [
        ("no-kubespray", State::Failed, "Compass says success, but kubespray never ran"),
        ("missing-host", State::Failed, "Compass says success, but host5 is missing"),
    ] {
        let yard = Yard::new(scenario, &[]);
        let open = yard.open().await;
        let id = open.office.order(&order(Kind::Deploy), "ann").await.expect("taken").id;
        let (row, judgement) = open.ended(&id).await;
        assert_eq!((state(&row), judgement.headline.as_str()), (verdict, headline), "{judgement:#?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deploy_sh_that_is_not_there_is_said_so() {
    let mut yard = Yard::new("success", &[]);
    yard.host.compass = "/nonexistent".into();
    let open = yard.open().await;
    let id = open.office.order(&order(Kind::Deploy), "ann").await.expect("taken").id;
    let (row, judgement) = open.ended(&id).await;
    assert_eq!(state(&row), State::Failed);
    assert_eq!(judgement.headline, "it did not begin: /nonexistent/deploy.sh is not there, or may not be run");
}

fn ansible_runs(dir: &str) -> bool {
    let tasks = deploy::rehearsal().join("tasks");
    std::process::Command::new(tasks).args(["alive", dir]).status().is_ok_and(|status| status.success())
}
