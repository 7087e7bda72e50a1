//! Nothing is called certain that is not proved: what a cluster lacks, or what nobody tells, counts.

mod fixture;

use std::sync::Arc;

use fixture::{NOW, ask, inventory, is, part, with_masters};
use topology::{
    Change, Inventory, Stamp,
    inventory::{Endpoint, EndpointSet, Fact, Heard, Key, Limit, OwnerKind, PodTerm, Scope, Shape, Source},
};
use whatif::{Verdict, answer::Outcome};

/// Changes one pod of a cluster.
fn with_pod(mut facts: Inventory, name: &str, change: impl Fn(&mut topology::inventory::Pod)) -> Inventory {
    let mut pod = facts.pod(&Key::new("default", name)).expect("such a pod").clone();
    change(&mut pod);
    facts.apply(Change::Put(Fact::Pod(Box::new(pod))));
    facts
}

/// Gives pods one shape, as those of one template have it: that of the first, changed.
fn alike(facts: Inventory, names: &[&str], change: impl Fn(&mut Shape)) -> Inventory {
    let mut shape = (*facts.pod(&Key::new("default", names[0])).expect("such a pod").shape).clone();
    change(&mut shape);
    let shape = Arc::new(shape);
    names.iter().fold(facts, |facts, name| with_pod(facts, name, |pod| pod.shape = shape.clone()))
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
fn an_address_of_two_hosts_is_lost_only_with_both() {
    let mut facts = with_masters(
        "host a1 address=10.1.0.9
         host a2 address=10.1.0.9
         host a3",
    );
    let endpoint = Endpoint {
        address: "10.1.0.9".into(),
        ready: true,
        serves_last: false,
        terminating: false,
        pod: None,
        node: None,
        ports: Arc::from([]),
    };
    let key = Key::new("default", "files-abc");
    facts.apply(Change::Put(Fact::Endpoints(EndpointSet { key, service: "files".into(), endpoints: vec![endpoint] })));
    is(&ask(&facts, "lose=a1"), "default/files", &Verdict::Unknown);
    is(&ask(&facts, "lose=a2"), "default/files", &Verdict::Unknown);
    is(&ask(&facts, "lose=a1&lose=a2"), "default/files", &Verdict::Impossible);
    assert!(ask(&facts, "lose=a3").parts.iter().all(|part| part.name != "default/files"));
}

#[test]
fn an_entrance_that_two_hosts_tell_of_is_no_hosts_own() {
    let facts = with_masters("host a1 address=10.1.0.222\nhost a2 address=10.1.0.222");
    is(&ask(&facts, "lose=a1"), "Kubernetes API", &Verdict::Certain);
    assert!(ask(&facts, "lose=a1").parts.iter().all(|part| part.name != "10.1.0.222:6443"));
    // keepalived moves it from the master that had it.
    is(&ask(&facts, "lose=m1"), "10.1.0.222:6443", &Verdict::Certain);
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

#[test]
fn a_pod_that_follows_another_needs_room_where_that_one_goes() {
    let text = "
        host a1 zone=z1 cpu=1
        host b1 zone=z2
        host b2 zone=z2
        host c1 zone=z3
        pod x-1 on c1 of ReplicaSet/x app=x near=zone cpu=900";
    is(&ask(&with_masters(text), "drain=c1"), "ReplicaSet default/x", &Verdict::Certain);
    // The one that waits may go to z1 first, which has room for one.
    let waits = with_masters(&format!("{text}\npod x-2 of ReplicaSet/x app=x near=zone cpu=900"));
    assert_ne!(part(&ask(&waits, "drain=c1"), "ReplicaSet default/x").verdict, Verdict::Certain);
}

#[test]
fn pods_that_follow_each_other_to_one_host_need_room_on_one_host() {
    let hosts: String = (1..=6).map(|host| format!("host a{host} zone=z1 cpu=1\n")).collect();
    let facts = with_masters(&format!(
        "{hosts}
         host c1 zone=z3
         pod x-1 on c1 of ReplicaSet/x app=x near=zone cpu=600
         pod x-2 on c1 of ReplicaSet/x app=x near=zone cpu=600"
    ));
    let by_zone = alike(facts, &["x-1", "x-2"], |_| {});
    is(&ask(&by_zone, "drain=c1"), "ReplicaSet default/x", &Verdict::Certain);
    let by_host = alike(by_zone, &["x-1", "x-2"], |shape| {
        let term = PodTerm { topology: "kubernetes.io/hostname".into(), ..shape.near[0].clone() };
        shape.near.push(term);
    });
    assert_ne!(part(&ask(&by_host, "drain=c1"), "ReplicaSet default/x").verdict, Verdict::Certain);
}

#[test]
fn pods_that_follow_each_other_are_spread_as_well() {
    let facts = with_masters(
        "host a1 zone=z1
         host a2 zone=z1
         host c1 zone=z3
         pod x-1 on c1 of ReplicaSet/x app=x near=zone spread=host/1
         pod x-2 on c1 of ReplicaSet/x app=x near=zone spread=host/1
         pod x-3 on c1 of ReplicaSet/x app=x near=zone spread=host/1",
    );
    let answer = ask(&alike(facts, &["x-1", "x-2", "x-3"], |_| {}), "drain=c1");
    // The hosts of z1 take one each, for others hold none.
    assert_ne!(part(&answer, "ReplicaSet default/x").verdict, Verdict::Certain);
}

#[test]
fn a_domain_whose_hosts_keep_a_pod_away_takes_none_of_a_spread() {
    let text = "
        host a1 zone=z1
        host a2 zone=z1
        host b1 zone=z2
        host b2 zone=z2
        host c1 zone=z3
        pod web-1 on c1 of ReplicaSet/web app=web spread=zone/1 apart=host~db
        pod web-2 on c1 of ReplicaSet/web app=web spread=zone/1 apart=host~db";
    let of = |text: &str| ask(&alike(with_masters(text), &["web-1", "web-2"], |_| {}), "drain=c1");
    is(&of(text), "ReplicaSet default/web", &Verdict::Certain);
    let kept_away = of(&format!(
        "{text}
         pod db-1 on a1 of ReplicaSet/db app=db
         pod db-2 on a2 of ReplicaSet/db app=db"
    ));
    assert_ne!(part(&kept_away, "ReplicaSet default/web").verdict, Verdict::Certain);
}

#[test]
fn a_daemon_pod_that_a_drain_leaves_keeps_others_away_still() {
    let text = "
        host a1 zone=z1
        host b1 zone=z1
        host a2 zone=z2
        pod web-1 on a2 of ReplicaSet/web app=web apart=zone~agent";
    is(&ask(&with_masters(text), "drain=a1&drain=a2"), "ReplicaSet default/web", &Verdict::Certain);
    let kept_away = with_masters(&format!("{text}\npod agent-1 on a1 of DaemonSet/agent app=agent"));
    is(&ask(&kept_away, "drain=a1&drain=a2"), "ReplicaSet default/web", &Verdict::Impossible);
}

#[test]
fn pods_that_share_a_volume_of_one_host_may_be_sent_to_two() {
    let cluster = |mode: &str| {
        let facts = with_masters(&format!(
            "host a1
             host a2
             host c1
             claim data mode={mode}
             pod web-1 on c1 of ReplicaSet/web app=web claim=data
             pod web-2 on c1 of ReplicaSet/web app=web claim=data"
        ));
        alike(facts, &["web-1", "web-2"], |_| {})
    };
    is(&ask(&cluster("many"), "drain=c1"), "ReplicaSet default/web", &Verdict::Certain);
    let answer = ask(&cluster("once"), "drain=c1");
    is(&answer, "ReplicaSet default/web", &Verdict::Depends { from: 1, to: 2, of: 2 });
    assert!(part(&answer, "ReplicaSet default/web").why.contains("share a volume"), "{answer:#?}");
}

#[test]
fn what_a_foreign_controller_makes_anew_may_bring_the_pod_that_another_must_be_near() {
    let facts = with_masters(
        "host a1 zone=z1
         host c1 zone=z3
         pod db-1 on c1 of CloneSet/db app=db
         pod web-1 on c1 of ReplicaSet/web app=web near=zone~db",
    );
    let answer = ask(&facts, "drain=c1");
    is(&answer, "ReplicaSet default/web", &Verdict::Depends { from: 0, to: 1, of: 1 });
}

#[test]
fn nothing_is_certain_where_some_namespaces_alone_are_seen() {
    let mut facts = with_masters(TWO);
    is(&ask(&facts, "lose=a1"), "ReplicaSet default/web", &Verdict::Certain);
    let names = ["default".into()].into();
    facts.apply(Change::Scope(Scope::Only { names, by: Limit::Role, left: 0 }));
    for source in Source::every().filter(|source| source.is_namespaced()) {
        facts.apply(Change::HeardIn(source, "default".into(), Heard::Live));
    }
    let answer = ask(&facts, "lose=a1");
    let web = part(&answer, "ReplicaSet default/web");
    assert_eq!(web.verdict, Verdict::Unknown);
    assert!(web.why.contains("only the namespace default can be seen"), "{}", web.why);
    assert_eq!(part(&answer, "other namespaces").verdict, Verdict::Unknown);
}

const DECIDES: &str = "the order in which pods come decides: one order ends with the fewest, another with the most";

#[test]
fn small_pods_that_cannot_fill_every_host_leave_a_large_one_certain() {
    // Both hosts have room for the large pod. The small ones fill one of them at most, though together they ask for more
    // than either lacks.
    let text = |small: u32| {
        format!(
            "host a1 cpu=8
             host a2 cpu=2
             host a3 cpu=2
             pod large of ReplicaSet/large on a1 app=large cpu=1500
             pod small-1 of ReplicaSet/small-1 on a1 app=small-1 cpu={small}
             pod small-2 of ReplicaSet/small-2 on a1 app=small-2 cpu=200"
        )
    };
    is(&ask(&with_masters(&text(600)), "remove=a1"), "ReplicaSet default/large", &Verdict::Certain);
    // Two that are large enough close both.
    let text = text(600).replace("cpu=200", "cpu=600");
    let open = ask(&with_masters(&text), "remove=a1");
    is(&open, "ReplicaSet default/large", &Verdict::Depends { from: 0, to: 1, of: 1 });
    assert_eq!(*part(&open, "ReplicaSet default/large").why, *DECIDES);
}

#[test]
fn pods_that_may_not_lie_on_a_host_never_fill_it() {
    let text = |label: &str| {
        format!(
            "host a1 cpu=8 disk:ssd
             host a2 cpu=2 disk:ssd
             host a3 cpu=2 disk:hdd
             pod large of ReplicaSet/large on a1 app=large cpu=1500
             pod small-1 of ReplicaSet/small-1 on a1 app=small-1 cpu=600 {label}
             pod small-2 of ReplicaSet/small-2 on a1 app=small-2 cpu=600 {label}"
        )
    };
    is(&ask(&with_masters(&text("on-label=disk:ssd")), "remove=a1"), "ReplicaSet default/large", &Verdict::Certain);
    let open = ask(&with_masters(&text("")), "remove=a1");
    is(&open, "ReplicaSet default/large", &Verdict::Depends { from: 0, to: 1, of: 1 });
}

#[test]
fn others_that_are_kept_apart_close_one_domain_each() {
    let text = |others: &str| {
        format!(
            "host a1 cpu=8 zone=z
             host b1 zone=a
             host b2 zone=a
             host c1 zone=b
             pod db of ReplicaSet/db on a1 app=db
             pod shy-1 of ReplicaSet/shy on a1 app=shy apart=zone~db
             {others}"
        )
    };
    // One pod of the database closes one zone of two to it.
    is(&ask(&with_masters(&text("")), "remove=a1"), "ReplicaSet default/shy", &Verdict::Certain);
    let two = text("pod db-2 of ReplicaSet/db2 on a1 app=db");
    let open = ask(&with_masters(&two), "remove=a1");
    is(&open, "ReplicaSet default/shy", &Verdict::Depends { from: 0, to: 1, of: 1 });
    assert_eq!(*part(&open, "ReplicaSet default/shy").why, *DECIDES);
}

#[test]
fn a_spread_is_bounded_by_the_domain_that_may_have_no_room() {
    // Pods go to hosts with one each. On a3 another pod may come first, and then a1 and a2 take one more and no third.
    let text = "
        host a1
        host a2
        host a3 cpu=1
        host a4 gone:yes
        pod other of ReplicaSet/other on a4 app=other cpu=850
        pod even-1 of ReplicaSet/even on a1 app=even spread=host/1 honor
        pod even-2 of ReplicaSet/even on a2 app=even spread=host/1 honor
        pod even-3 of ReplicaSet/even on a3 app=even spread=host/1 honor
        pod even-4 of ReplicaSet/even on a4 app=even spread=host/1 honor
        pod even-5 of ReplicaSet/even on a4 app=even spread=host/1 honor";
    let facts = alike(with_masters(text), &["even-1", "even-2", "even-3", "even-4", "even-5"], |_| {});
    is(&ask(&facts, "remove=a4"), "ReplicaSet default/even", &Verdict::Certain);
    let three = format!("{text}\npod even-6 of ReplicaSet/even on a4 app=even spread=host/1 honor");
    let facts = alike(with_masters(&three), &["even-1", "even-2", "even-3", "even-4", "even-5", "even-6"], |_| {});
    is(&ask(&facts, "remove=a4"), "ReplicaSet default/even", &Verdict::Depends { from: 2, to: 3, of: 3 });
}

#[test]
fn where_no_order_matters_one_number_is_told() {
    let text = "
        host a1 cpu=8
        host a2 cpu=2
        pod large-1 of ReplicaSet/large on a1 app=large cpu=1200
        pod large-2 of ReplicaSet/large on a1 app=large cpu=1200";
    let answer = ask(&alike(with_masters(text), &["large-1", "large-2"], |_| {}), "remove=a1");
    is(&answer, "ReplicaSet default/large", &Verdict::Depends { from: 1, to: 1, of: 2 });
    assert_eq!(part(&answer, "ReplicaSet default/large").short, "1 of 2 run again");
    let why = &part(&answer, "ReplicaSet default/large").why;
    assert_eq!(why, "no more than 1 of them find a place, and these do in whatever order they come");
}
