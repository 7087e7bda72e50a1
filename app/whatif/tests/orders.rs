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
        for number in 0..12 {
            // Every second order puts as many pods as it can on few hosts.
            let found = at_random(&same, &groups, &mut dice, number % 2 == 0);
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

/// Places every pod in some order on some feasible host, or on the first of its group's own order of hosts, and counts by
/// group. A pod that found none tries again after the others, as the scheduler has it.
fn at_random(same: &Supposed<'_, '_>, groups: &[Group<'_>], dice: &mut Dice, packs: bool) -> Vec<u32> {
    let mut after = same.clone();
    let mut found = vec![0; groups.len()];
    let mut left: Vec<usize> = groups.iter().enumerate().flat_map(|(n, group)| vec![n; group.pods as usize]).collect();
    shuffle(&mut left, dice);
    let mut hosts: Vec<Vec<usize>> = groups.iter().map(|_| (0..after.world.hosts.len()).collect()).collect();
    hosts.iter_mut().for_each(|hosts| shuffle(hosts, dice));
    loop {
        let before = left.len();
        left.retain(|&number| {
            let group = &groups[number];
            let Ok(gate) = Gate::new(&after, group.wanted()) else { return true };
            let mut feasible = hosts[number].iter().copied().filter(|host| gate.admits(*host).is_ok());
            let host = match packs {
                true => feasible.next(),
                false => {
                    let feasible: Vec<usize> = feasible.collect();
                    (!feasible.is_empty()).then(|| feasible[dice.throw(feasible.len() as u64) as usize])
                }
            };
            let Some(host) = host else { return true };
            after.place(group.form, host);
            found[number] += 1;
            false
        });
        if left.len() == before {
            return found;
        }
    }
}

fn shuffle<T>(all: &mut [T], dice: &mut Dice) {
    for last in (1..all.len()).rev() {
        all.swap(last, dice.throw(last as u64 + 1) as usize);
    }
}
