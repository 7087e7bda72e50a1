//! Whatever the order in which pods come and whichever feasible host each gets, the proved interval holds.

#[path = "oracle/cluster.rs"]
#[expect(dead_code, reason = "reports are the oracle's")]
mod cluster;

use cluster::{Dice, made};
use topology::Stamp;
use whatif::{
    Verdict,
    filter::Gate,
    place::{Group, place},
    supposed::Supposed,
    world::World,
};

#[test]
fn every_order_of_placement_lies_within_the_proved_interval() {
    let (mut certain, mut open, mut none) = (0, 0, 0);
    for seed in 1..=150 {
        let mut made = made(seed);
        made.wanted.truncate(3);
        let facts = made.inventory();
        let world = World::new(&facts, Stamp(0));
        let mut dice = Dice(seed);
        let groups: Vec<Group<'_>> = world
            .waiting()
            .iter()
            .map(|(pod, form)| Group {
                form: *form,
                claims: &pod.claims,
                pin: None,
                pods: if pod.claims.is_empty() { 1 + dice.throw(3) as u32 } else { 1 },
            })
            .collect();
        let same = Supposed::same(&world);
        let placed = place(&same, &groups, &[]);
        for placed in &placed {
            match placed.verdict {
                Verdict::Certain => certain += 1,
                Verdict::Depends { .. } => open += 1,
                Verdict::Impossible => none += 1,
                Verdict::Unknown => {}
            }
        }
        for _ in 0..12 {
            let found = at_random(&same, &groups, &mut dice);
            for ((group, placed), found) in groups.iter().zip(&placed).zip(found) {
                let (from, to) = match placed.verdict {
                    Verdict::Certain => (group.pods, group.pods),
                    Verdict::Impossible => (0, 0),
                    Verdict::Depends { from, to, .. } => (from, to),
                    Verdict::Unknown => (0, group.pods),
                };
                assert!(from <= found && found <= to, "seed {seed}: {found} placed, {placed:?} said, of {group:?}");
            }
        }
    }
    println!("{certain} certain, {open} open, {none} impossible");
    assert!(certain > 20 && open > 100 && none > 50, "{certain} certain, {open} open, {none} impossible");
}

/// Places every pod in some order on some feasible host, and counts by group.
fn at_random(same: &Supposed<'_, '_>, groups: &[Group<'_>], dice: &mut Dice) -> Vec<u32> {
    let mut after = same.clone();
    let mut found = vec![0; groups.len()];
    let mut order: Vec<usize> = groups.iter().enumerate().flat_map(|(n, group)| vec![n; group.pods as usize]).collect();
    for last in (1..order.len()).rev() {
        order.swap(last, dice.throw(last as u64 + 1) as usize);
    }
    for number in order {
        let group = &groups[number];
        let feasible: Vec<usize> = match Gate::new(&after, group.wanted()) {
            Ok(gate) => (0..after.world.hosts.len()).filter(|host| gate.admits(*host).is_ok()).collect(),
            Err(_) => Vec::new(),
        };
        if feasible.is_empty() {
            continue;
        }
        let host = feasible[dice.throw(feasible.len() as u64) as usize];
        after.place(group.form, host);
        found[number] += 1;
    }
    found
}
