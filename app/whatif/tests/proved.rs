//! Nothing is called certain that is not proved: what a cluster lacks, or what nobody tells, counts.

mod fixture;

use fixture::{NOW, ask, inventory, is, part, with_masters};
use topology::{
    Change, Inventory, Stamp,
    inventory::{Fact, Key, OwnerKind},
};
use whatif::{Verdict, answer::Outcome};

/// Changes one pod of a cluster.
fn with_pod(mut facts: Inventory, name: &str, change: impl Fn(&mut topology::inventory::Pod)) -> Inventory {
    let mut pod = facts.pod(&Key::new("default", name)).expect("such a pod").clone();
    change(&mut pod);
    facts.apply(Change::Put(Fact::Pod(Box::new(pod))));
    facts
}

const TWO: &str = "
    host a1 cpu=4
    host a2 cpu=4
    pod web-1 on a1 of ReplicaSet/web app=web
    pod web-2 on a2 of ReplicaSet/web app=web
";

#[test]
fn a_pod_that_crashes_elsewhere_keeps_nothing_running() {
    let facts = with_masters(TWO);
    // As pods of one template are read.
    let shape = facts.pod(&Key::new("default", "web-1")).expect("such a pod").shape.clone();
    let well = with_pod(facts, "web-2", |pod| pod.shape = shape.clone());
    assert_eq!(ask(&well, "lose=a1").outcome, Outcome::Unnoticed);
    let crashing = with_pod(well, "web-2", |pod| pod.ready = false);
    assert_ne!(ask(&crashing, "lose=a1").outcome, Outcome::Unnoticed);
}

#[test]
fn pods_of_a_foreign_controller_compete_for_the_same_room() {
    let cluster = |owner: &str| {
        with_masters(&format!(
            "host a1 cpu=4
             host a2 cpu=4
             pod web-1 on a1 of ReplicaSet/web app=web cpu=3000
             pod db-1 on a1 of {owner} app=db cpu=3000"
        ))
    };
    is(&ask(&cluster("DaemonSet/db"), "lose=a1"), "ReplicaSet default/web", &Verdict::Certain);
    let foreign = ask(&cluster("CloneSet/db"), "lose=a1");
    assert_ne!(part(&foreign, "ReplicaSet default/web").verdict, Verdict::Certain);
}

#[test]
fn an_unready_pod_below_its_budget_blocks_the_drain() {
    let facts = with_masters(
        "host a1
         host a2
         pod web-1 on a1 of ReplicaSet/web app=web
         budget web app=web allowed=0 healthy=0 desired=1",
    );
    let answer = ask(&with_pod(facts, "web-1", |pod| pod.ready = false), "drain=a1");
    is(&answer, "default/web", &Verdict::Impossible);
    assert_eq!(part(&answer, "default/web").short, "blocks the drain");
}

#[test]
fn without_word_of_etcd_the_loss_of_masters_is_not_known() {
    let facts = inventory(
        "host m1 master cpu=4
         host m2 master cpu=4
         host m3 master cpu=4
         host a1 cpu=4
         part m1 kube-apiserver
         part m2 kube-apiserver
         part m3 kube-apiserver
         pod web-1 on m1 of ReplicaSet/web app=web",
    );
    let answer = ask(&facts, "lose=m1&lose=m2");
    is(&answer, "Kubernetes API", &Verdict::Unknown);
    is(&answer, "ReplicaSet default/web", &Verdict::Unknown);
}

#[test]
fn quotas_and_limits_that_nobody_tells_leave_no_certainty() {
    let quotas = with_masters(&format!("{TWO}\ndeny resourcequotas"));
    is(&ask(&quotas, "lose=a1"), "ReplicaSet default/web", &Verdict::Unknown);
    // A drain deletes each pod before another is asked for.
    is(&ask(&quotas, "drain=a1"), "ReplicaSet default/web", &Verdict::Certain);
}

#[test]
fn a_job_may_have_no_further_try() {
    let facts = with_pod(with_masters(TWO), "web-1", |pod| {
        pod.owner = Some((OwnerKind::Job, "web".into()));
    });
    let answer = ask(&facts, "lose=a1");
    assert_ne!(part(&answer, "Job default/web").verdict, Verdict::Certain);
}

#[test]
fn without_a_leader_no_pod_is_sure_to_be_placed() {
    let facts = with_masters(TWO);
    is(&ask(&facts, "lose=a1"), "ReplicaSet default/web", &Verdict::Certain);
    let mut silent = facts;
    let mut lease = silent.lease("kube-system", "kube-scheduler").expect("the lease").clone();
    lease.renewed = Some(Stamp(NOW.0 - 600_000));
    silent.apply(Change::Put(Fact::Lease(lease)));
    let answer = ask(&silent, "lose=a1");
    is(&answer, "kube-scheduler", &Verdict::Unknown);
    is(&answer, "ReplicaSet default/web", &Verdict::Unknown);
}

#[test]
fn a_vip_moves_only_to_a_master_that_can_hold_it() {
    let text = fixture::MASTERS.replace("part m2 keepalived\n", "");
    let facts = inventory(&format!("{text}\nhost a1 cpu=4"));
    is(&ask(&facts, "lose=m1"), "10.1.0.222:6443", &Verdict::Unknown);
    is(&ask(&facts, "lose=m2"), "10.1.0.222:6443", &Verdict::Certain);
}

#[test]
fn a_removed_host_takes_none_of_its_own_pods() {
    let facts = with_masters(
        "host a1 cpu=8
         host a2 cpu=2
         pod web-1 on a1 of ReplicaSet/web app=web cpu=3000",
    );
    is(&ask(&facts, "remove=a1"), "ReplicaSet default/web", &Verdict::Impossible);
    is(&ask(&facts, "remove=a2"), "Kubernetes API", &Verdict::Certain);
}
