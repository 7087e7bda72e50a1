//! What may be started, and what may only be looked at.

use plan::{Checked, File, Release, Rule, Severity};

const DHA: &str = include_str!("../../../server/src/demo/plan/dha.yml");
const NETWORK: &str = include_str!("../../../server/src/demo/plan/network.yml");

fn checked(dha: &str) -> Checked {
    Checked::new(Some(dha.as_bytes()), Some(NETWORK.as_bytes()))
}

#[test]
fn a_plan_without_errors_is_started_with_the_bytes_that_were_checked() {
    let startable = checked(DHA).start().expect("a plan without errors");
    assert_eq!((startable.dha(), startable.network()), (DHA.as_bytes(), NETWORK.as_bytes()));
    assert_eq!(startable.plan().dha.as_ref().map(|dha| dha.hosts.len()), Some(5));
    assert!(startable.findings().iter().all(|one| one.severity != Severity::Error));
}

#[test]
fn a_plan_with_an_error_is_not_started_until_it_is_mended() {
    let refused = checked(&DHA.replace("TYPE: virtual", "TYPE: cloud")).start().expect_err("an error");
    assert_eq!((refused.errors.len(), refused.never()), (1, false));
    assert!(refused.to_string().contains("TYPE cloud"), "{refused}");
}

#[test]
fn a_plan_that_a_shell_would_run_is_never_started() {
    for (from, to) in [("host1", "$(reboot)"), ("TYPE:", "PATH: /tmp\nTYPE:"), ("FLAVOR: cluster", "FLAVOR: ../x")] {
        let text = DHA.replacen(from, to, 1);
        let checked = checked(&text);
        assert!(checked.never(), "{text}");
        let refused = checked.start().expect_err("never");
        assert!(refused.never() && refused.shell.iter().all(|one| one.rule == Rule::Shell), "{refused:?}");
        assert!(refused.to_string().contains("Compass's shell would run"), "{refused}");
    }
}

#[test]
fn half_a_plan_is_not_started() {
    let refused = Checked::new(Some(DHA.as_bytes()), None).start().expect_err("half a plan");
    assert_eq!(refused.absent, [File::Network]);
    let refused = Checked::new(Some(b"a: 'open"), Some(NETWORK.as_bytes())).start().expect_err("unreadable");
    assert_eq!((refused.absent.as_slice(), refused.errors.len()), ([File::Dha].as_slice(), 1));
}

#[test]
fn an_expansion_that_takes_a_name_of_the_cluster_is_not_started() {
    let new = "TYPE: virtual\nFLAVOR: cluster\nhosts:\n  - {name: NAME, roles: [kube_node]}\n";
    let network = NETWORK.replace(".50", ".60");
    let expansion = |name: &str| {
        let text = new.replace("NAME", name);
        Checked::new(Some(text.as_bytes()), Some(network.as_bytes())).expanding(&checked(DHA).plan).start()
    };
    let refused = expansion("host5").expect_err("a name that the cluster has");
    assert!(refused.errors.iter().any(|one| one.rule == Rule::Expansion), "{refused:?}");
    let fits = expansion("host6");
    assert!(fits.is_ok(), "{fits:?}");
}

#[test]
fn a_plan_for_open_stack_is_refused_before_it_starts() {
    let dha = DHA.replace("kube_master, etcd, ha", "controller, ha").replace("kube_node", "compute");
    assert_ne!(dha, DHA);
    let refused = Checked::new(Some(dha.as_bytes()), Some(NETWORK.as_bytes())).start().expect_err("it is refused");
    assert!(refused.open_stack && !refused.never(), "{refused}");
    assert!(refused.to_string().contains("OpenStack"), "{refused}");
}

#[test]
fn euphrates_knows_no_role_ha_and_later_releases_require_it() {
    let errors = |release: Release, dha: &str| -> Vec<String> {
        let checked = Checked::of(release, Some(dha.as_bytes()), Some(NETWORK.as_bytes()));
        let errors = checked.findings.into_iter().filter(|one| one.severity == Severity::Error);
        errors.map(|one| one.what).collect()
    };
    let without = DHA.replace(", ha]", "]");
    assert_ne!(without, DHA);
    assert_eq!(errors(Release::Euphrates, &without), Vec::<String>::new());
    assert_eq!(errors(Release::Gambia, &without), ["no host has the role ha"]);
    assert_eq!(errors(Release::Fraser, DHA), Vec::<String>::new());
    let refused = errors(Release::Euphrates, DHA);
    assert!(refused.iter().all(|one| one.contains("(not a Kubernetes role in Euphrates)")), "{refused:?}");
    assert!(!refused.is_empty());
}
