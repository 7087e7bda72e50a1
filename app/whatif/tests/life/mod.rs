//! Small clusters with little room and every kind of rule, and changes as they happen to them.

use std::fmt::Write;

use topology::{
    Change, Inventory,
    inventory::{Condition, Effect, Fact, Heard, Key, Name, Node, Pod, Source, Taint, Truth},
};

use crate::{cluster::Dice, fixture};

/// A small cluster with little room and every kind of rule.
pub fn made(seed: u64) -> Inventory {
    let mut dice = Dice(seed * 7919);
    let mut text = fixture::MASTERS.to_owned();
    let hosts = 3 + dice.throw(5);
    for host in 0..hosts {
        let _ = writeln!(text, "host n{host} cpu={} zone=z{} pool:x", 2 + dice.throw(6), host % 3);
    }
    for owner in 0..3 + dice.throw(6) {
        let rule = match dice.throw(8) {
            0 => "apart=host".to_owned(),
            1 => "spread=zone/1 on-label=pool:x".to_owned(),
            2 => "near=zone".to_owned(),
            3 => format!("port={}", 8000 + dice.throw(2)),
            4 => format!("priority={}", dice.throw(3)),
            5 => format!("apart=host~o{}", dice.throw(4)),
            _ => String::new(),
        };
        let kind = ["ReplicaSet", "ReplicaSet", "ReplicaSet", "StatefulSet", "Job", "CloneSet"][dice.throw(6) as usize];
        let cpu = 200 + 300 * dice.throw(6);
        let pods = 1 + dice.throw(4);
        let names: Vec<String> = (0..pods).map(|n| format!("o{owner}-{n}")).collect();
        for name in &names {
            let on = if dice.throw(12) == 0 { String::new() } else { format!("on n{}", dice.throw(hosts)) };
            let _ = writeln!(text, "pod {name} {on} of {kind}/o{owner} app=o{owner} cpu={cpu} {rule}");
        }
        let _ = writeln!(text, "service o{owner} over {}", names.join(","));
        let _ = writeln!(text, "budget o{owner} allowed={} healthy={pods} desired=1", dice.throw(3));
    }
    fixture::inventory(&text)
}

/// A cluster with much room, whose losses are mostly certain, with a pod here and there.
pub fn roomy(seed: u64) -> Inventory {
    let mut dice = Dice(seed * 104_729);
    let mut text = fixture::MASTERS.to_owned();
    let hosts = 8 + dice.throw(6);
    for host in 0..hosts {
        let _ = writeln!(text, "host n{host} cpu={} zone=z{} pool:x", 8 + dice.throw(24), host % 3);
    }
    for owner in 0..10 + dice.throw(10) {
        let rule = match dice.throw(10) {
            0 => "apart=host",
            1 => "spread=zone/2",
            2 => "spread=zone/3 honor",
            3 => "apart=host~o1",
            4 => "near=zone",
            _ => "",
        };
        let names: Vec<String> = (0..1 + dice.throw(4)).map(|n| format!("o{owner}-{n}")).collect();
        let cpu = 50 + 50 * dice.throw(10);
        for name in &names {
            let on = dice.throw(hosts);
            let _ = writeln!(text, "pod {name} on n{on} of ReplicaSet/o{owner} app=o{owner} cpu={cpu} {rule}");
        }
        let _ = writeln!(text, "service o{owner} over {}", names.join(","));
    }
    fixture::inventory(&text)
}

/// One thing that happens, in words for the reader of a failure.
pub fn happens(facts: &mut Inventory, dice: &mut Dice) -> String {
    match dice.throw(24) {
        0..=5 => pod(facts, dice),
        6 | 7 => host(facts, dice),
        8..=11 => endpoint(facts, dice),
        12 => {
            let line = format!("budget o{} allowed={} healthy=3 desired=1", dice.throw(5), dice.throw(3));
            tell(facts, line)
        }
        13 => {
            let line = format!("quota small pods={}/10", dice.throw(11));
            tell(facts, line)
        }
        14 => {
            let (name, host) = (dice.throw(4), dice.throw(4));
            tell(facts, format!("claim data{name} mode=once on=n{host}"))
        }
        15 => {
            let (name, host) = (dice.throw(4), dice.throw(4));
            tell(facts, format!("pod bound{name} on n{host} of ReplicaSet/bound app=bound claim=data{name}"))
        }
        16 => {
            let line = format!("leader kube-scheduler m{}", 1 + dice.throw(3));
            tell(facts, line)
        }
        17 => {
            let sources: Vec<Source> = Source::every().collect();
            let source = sources[dice.throw(sources.len() as u64) as usize];
            let heard = match dice.throw(3) {
                0 => Heard::Forbidden { permission: "list".into() },
                _ => Heard::Live,
            };
            facts.apply(Change::Heard(source, heard.clone()));
            format!("{} is {heard:?}", source.word())
        }
        _ => arrives(facts, dice),
    }
}

fn tell(facts: &mut Inventory, line: String) -> String {
    for change in fixture::changes(&line) {
        facts.apply(change);
    }
    line
}

fn any<T>(mut all: Vec<T>, dice: &mut Dice) -> Option<T> {
    (!all.is_empty()).then(|| all.swap_remove(dice.throw(all.len() as u64) as usize))
}

fn workers(facts: &Inventory) -> Vec<Name> {
    facts.nodes().map(|node| node.name.clone()).filter(|name| name.starts_with('n')).collect()
}

fn put(facts: &mut Inventory, pod: Pod) {
    facts.apply(Change::Put(Fact::Pod(Box::new(pod))));
}

/// Another pod of an owner that is there, on some host or on none yet.
fn arrives(facts: &mut Inventory, dice: &mut Dice) -> String {
    let owned = facts.pods().filter(|pod| pod.owner.is_some() && !pod.mirror).cloned().collect();
    let Some(model) = any(owned, dice) else { return "nothing".into() };
    let place = if dice.throw(4) == 0 { None } else { any(workers(facts), dice) };
    let key = Key::new("default", format!("{}-{}", model.key.name, dice.throw(5)));
    let said = format!("{key} comes to {place:?}");
    put(facts, Pod { key, ready: place.is_some(), node: place, leaving: false, ..model });
    said
}

fn pod(facts: &mut Inventory, dice: &mut Dice) -> String {
    let Some(mut one) = any(facts.pods().filter(|pod| !pod.mirror).cloned().collect(), dice) else {
        return "nothing".into();
    };
    let what = match dice.throw(5) {
        0 => {
            facts.apply(Change::Gone(Source::Pods, one.key.clone()));
            return format!("{} is gone", one.key);
        }
        1 => {
            one.node = any(workers(facts), dice);
            "moves"
        }
        2 => {
            one.leaving = !one.leaving;
            "is being deleted or not"
        }
        3 => {
            one.node = None;
            "waits"
        }
        _ => {
            one.ready = !one.ready;
            "is ready or not"
        }
    };
    let said = format!("{} {what} on {:?}", one.key, one.node);
    put(facts, one);
    said
}

fn host(facts: &mut Inventory, dice: &mut Dice) -> String {
    let Some(mut node) = any(facts.nodes().cloned().collect::<Vec<Node>>(), dice) else { return "nothing".into() };
    let said = match dice.throw(6) {
        0 if node.name.starts_with('n') => {
            facts.apply(Change::Gone(Source::Nodes, Key::new("", node.name.clone())));
            return format!("{} is gone", node.name);
        }
        1 => return tell(facts, format!("host n{} cpu=16 zone=z1 pool:x", 20 + dice.throw(3))),
        2 => {
            let taint = Taint { key: "spoilt".into(), value: "".into(), effect: Effect::NoSchedule };
            match node.taints.iter().position(|one| *one == taint) {
                Some(at) => drop(node.taints.remove(at)),
                None => node.taints.push(taint),
            }
            format!("{} has the taints {:?}", node.name, node.taints)
        }
        3 => {
            let flip = |one: &Condition| Condition {
                truth: if one.truth == Truth::True { Truth::Unknown } else { Truth::True },
                ..one.clone()
            };
            node.conditions = node.conditions.iter().map(flip).collect();
            format!("{} is ready or not", node.name)
        }
        _ => {
            node.cordoned = !node.cordoned;
            format!("{} is cordoned: {}", node.name, node.cordoned)
        }
    };
    facts.apply(Change::Put(Fact::Node(Box::new(node))));
    said
}

fn endpoint(facts: &mut Inventory, dice: &mut Dice) -> String {
    let Some(mut set) = any(facts.endpoint_sets().cloned().collect(), dice) else { return "nothing".into() };
    let at = dice.throw(set.endpoints.len() as u64) as usize;
    let one = &mut set.endpoints[at];
    one.ready = !one.ready;
    let said = format!("an endpoint of {} is ready: {}", set.service, one.ready);
    facts.apply(Change::Put(Fact::Endpoints(set)));
    said
}
