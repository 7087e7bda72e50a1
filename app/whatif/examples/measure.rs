//! Measures answers on a large made-up cluster: `cargo run --release -p whatif --example measure [HOSTS] [PODS]`.

#[path = "../tests/fixture/mod.rs"]
#[expect(dead_code, reason = "of the fixture only its pods and hosts are used here")]
mod fixture;

use std::{fmt::Write, sync::Arc, time::Instant};

use topology::{
    Change, Inventory,
    inventory::{Fact, Key, Shape},
};
use whatif::{Question, Standing, Step, ask, drain_order, losses};

fn main() {
    let mut numbers = std::env::args().skip(1).map(|word| word.parse().expect("a number"));
    let (hosts, pods): (usize, usize) = (numbers.next().unwrap_or(1_000), numbers.next().unwrap_or(30_000));
    let facts = facts(hosts, pods);
    let before = Instant::now();
    let copies = 5;
    let mut times: Vec<u128> = (0..copies * 20)
        .map(|n| {
            let host = format!("n{:04}", n * 7 % hosts).into();
            let question = Question::new(&facts, vec![Step::Lose(host)]).expect("a question");
            let began = Instant::now();
            let answer = ask(&facts, fixture::NOW, &question);
            assert!(answer.pods > 0, "{}", answer.sentence);
            began.elapsed().as_micros()
        })
        .collect();
    times.sort_unstable();
    println!("{hosts} hosts, {pods} pods; {} answers in {:?}", times.len(), before.elapsed());
    println!(
        "one host lost, counting included: median {} us, p95 {} us",
        times[times.len() / 2],
        times[times.len() * 95 / 100]
    );
    let all = timed("all losses", || losses(&facts, fixture::NOW));
    println!("{} single losses and {} pairs of masters", all.single.len(), all.pairs.len());
    after_changes(&facts);
    let order = timed("drain order", || drain_order(&facts, fixture::NOW));
    println!(
        "{} {} hosts at most at once",
        order.sentence(),
        order.waves.iter().map(|wave| wave.hosts.len()).max().unwrap_or(0)
    );
    let mut outcomes = String::new();
    for loss in all.single.iter().take(2) {
        let _ = writeln!(outcomes, "{}", loss.sentence);
    }
    print!("{outcomes}");
}

/// Standing answers after changes of one thing each, and after one that touches all of them.
fn after_changes(facts: &Inventory) {
    let mut facts = facts.clone();
    let mut standing = Standing::default();
    timed("standing answers from nothing", || standing.renew(&facts, fixture::NOW));
    let pods: Vec<Key> = facts.pods().filter(|pod| !pod.mirror).map(|pod| pod.key.clone()).collect();
    let (mut times, mut work, mut asked) = (Vec::new(), 0.0, Vec::new());
    let rounds = 40;
    for round in 0..rounds {
        let mut pod = facts.pod(&pods[round * 7_919 % pods.len()]).expect("a pod").clone();
        match round % 2 {
            0 => pod.ready = !pod.ready,
            _ => pod.node = Some(format!("n{:04}", round * 31 % 1_000).into()),
        }
        facts.apply(Change::Put(Fact::Pod(Box::new(pod))));
        let (began, before) = (Instant::now(), worked());
        // A copy is a part of it: the server works on one, so that what comes in waits for nothing.
        let copy = facts.clone();
        standing.renew(&copy, fixture::NOW);
        times.push(began.elapsed().as_millis());
        work += worked().zip(before).map_or(0.0, |(after, before)| after - before);
        asked.push(standing.asked());
    }
    times.sort_unstable();
    asked.sort_unstable();
    println!(
        "after a change of one pod: median {} ms, p95 {} ms, {:.0} ms of work; {} answers anew, {} at most",
        times[rounds / 2],
        times[rounds * 95 / 100],
        work * 1_000.0 / rounds as f64,
        asked[rounds / 2],
        asked[rounds - 1]
    );
    let mut node = facts.node("n0007").expect("a host").clone();
    node.cordoned = true;
    facts.apply(Change::Put(Fact::Node(Box::new(node))));
    timed("after a host is cordoned", || standing.renew(&facts.clone(), fixture::NOW));
    println!("{} answers anew", standing.asked());
    let mut node = facts.node("n0008").expect("a host").clone();
    node.conditions.clear();
    facts.apply(Change::Put(Fact::Node(Box::new(node))));
    timed("after a host is lost, which touches every answer", || standing.renew(&facts.clone(), fixture::NOW));
    println!("{} answers anew", standing.asked());
    assert!(standing.renew(&facts, fixture::NOW) == losses(&facts, fixture::NOW));
}

/// Owners of ten pods each, spread over the hosts; every tenth keeps its pods apart, every fifteenth spreads by zone,
/// every third has a budget.
fn facts(hosts: usize, pods: usize) -> Inventory {
    let mut text = fixture::MASTERS.to_owned();
    for n in 0..hosts {
        let _ = writeln!(text, "host n{n:04} cpu=16 mem=64 zone=z{}", n % 3);
    }
    let mut facts = fixture::inventory(&text);
    for owner in 0..pods / 10 {
        let rule = match owner % 30 {
            0 | 10 | 20 => "apart=host",
            7 | 22 => "spread=zone/5",
            _ => "",
        };
        let name = format!("o{owner}");
        let words =
            format!("of ReplicaSet/{name} app={name} cpu={} mem={} {rule}", 50 + owner % 7 * 40, 64 + owner % 5 * 100);
        let words: Vec<&str> = words.split_whitespace().collect();
        let shape: Arc<Shape> = Arc::new(fixture::shape(&words));
        let mut endpoints = Vec::new();
        for n in 0..10 {
            let host = format!("n{:04}", (owner * 13 + n * 101) % hosts);
            let mut pod = fixture::pod(&format!("{name}-{n}"), &words);
            (pod.node, pod.ready, pod.phase) = (Some(host.into()), true, topology::inventory::Phase::Running);
            pod.shape = shape.clone();
            endpoints.push(pod.key.name.to_string());
            facts.apply(Change::Put(Fact::Pod(Box::new(pod))));
        }
        let text = format!("service {name} over {}\nbudget {name} allowed=2 healthy=10 desired=8", endpoints.join(","));
        let beside = fixture::inventory(&text);
        for set in beside.endpoint_sets() {
            facts.apply(Change::Put(Fact::Endpoints(set.clone())));
        }
        if owner % 3 == 0 {
            for budget in beside.catalog().budgets() {
                facts.apply(Change::Put(Fact::Budget(budget.clone())));
            }
        }
    }
    assert!(facts.pod(&Key::new("default", "o0-0")).is_some());
    facts
}

/// Seconds that all threads of this program have worked, which a busy machine does not stretch; none where no one tells.
fn worked() -> Option<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks: f64 = fields.get(11)?.parse::<f64>().ok()? + fields.get(12)?.parse::<f64>().ok()?;
    Some(ticks / 100.0)
}

/// Runs one measurement, and tells its time and its work.
fn timed<T>(what: &str, work: impl FnOnce() -> T) -> T {
    let (began, before) = (Instant::now(), worked());
    let done = work();
    let after =
        worked().zip(before).map_or_else(String::new, |(after, before)| format!(", {:.2} s of work", after - before));
    println!("{what}: {:.2} s{after}", began.elapsed().as_secs_f64());
    done
}
