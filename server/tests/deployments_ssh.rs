//! Deployments from a jump host behind a real sshd.

mod deploy;

use std::time::Duration;

use binnacle::deploy::{State, Way};
use deploy::{Yard, order, sshd::Sshd, state};
use transcript::Kind;

fn behind(sshd: &Sshd, host: &str, scenario: &str) -> Yard {
    let mut yard = Yard::new(scenario, &[("REHEARSAL_PACE", "2")]);
    yard.host.way = Way::parse(host, Some(sshd.config.clone())).expect("a destination");
    yard
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deployment_over_ssh_and_a_proxy_jump_goes_as_one_from_here() {
    let folder = Yard::new("success", &[]);
    let sshd = Sshd::start(&folder.dir);
    for host in ["jump", "far"] {
        let yard = behind(&sshd, host, "secrets");
        let open = yard.open().await;
        let id = open.office.order(&order(Kind::Deploy), "ann").await.expect("taken").id;
        let (row, judgement) = open.ended(&id).await;
        assert_eq!((state(&row), row.host.as_str()), (State::Succeeded, host), "{judgement:#?}");
        let log = open.log(&id).await;
        assert!(log.trim_end().ends_with("compass deploy success") && !log.contains("pr0be-Secret"), "{log}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_is_cut_again_and_again_costs_no_line() {
    let folder = Yard::new("success", &[]);
    let sshd = Sshd::start(&folder.dir);
    let yard = behind(&sshd, "jump", "success");
    let open = yard.open().await;
    let id = open.office.order(&order(Kind::Deploy), "ann").await.expect("taken").id;
    for _ in 0..6 {
        tokio::time::sleep(Duration::from_millis(fastrand::u64(300..1_800))).await;
        sshd.cut();
    }
    let (row, judgement) = open.ended(&id).await;
    assert_eq!(state(&row), State::Succeeded, "{judgement:#?}");
    let log = open.log(&id).await;
    assert_eq!(i64::try_from(log.len()).expect("a size"), row.size);
    assert_eq!(log.matches("\ncompass deploy success\n").count(), 1, "{log}");
    assert_eq!(log.matches("\n########## get host mac begin").count(), 1, "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_jump_host_with_another_key_than_the_known_one_gets_no_plan() {
    let folder = Yard::new("success", &[]);
    let sshd = Sshd::start(&folder.dir);
    let yard = behind(&sshd, "stranger", "success");
    let open = yard.open().await;
    let refused =
        open.office.order(&order(Kind::Deploy), "ann").await.expect_err("nobody is trusted for a name").to_string();
    assert!(refused.starts_with("the jump host stranger cannot be reached: "), "{refused}");
    assert!(refused.contains("Host key verification failed"), "{refused}");
    assert!(!yard.dir.join("runs").exists(), "a plan was left there");
}
