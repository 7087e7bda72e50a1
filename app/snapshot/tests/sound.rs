//! Sound snapshots, and what is known of them.

mod built;

use std::collections::BTreeMap;

use built::{Built, deleted, deletion, put, revision, typical};
use proptest::prelude::*;
use snapshot::{Examined, Step, digest, examine};

fn known(built: &Built) -> Examined {
    let file = built.snapshot();
    digest(file.as_slice(), &mut |_| {}).expect("its digest");
    examine(file.as_slice(), &mut |_| {}).expect("sound")
}

#[test]
fn a_snapshot_tells_its_revision_keys_members_versions_and_objects() {
    let found = known(&typical());
    assert_eq!((found.revision, found.current()), (42, 42));
    assert_eq!((found.records, found.live, found.keys), (42, Some(37), Some(37)));
    assert_eq!((found.consistent_index, found.term, found.compacted), (Some(7), Some(3), 4));
    assert_eq!(found.storage_version.as_deref(), Some("3.6.0"));
    assert_eq!(found.cluster_version.as_deref(), Some("3.6.0"));
    assert_eq!((found.leases, found.page_size, found.free_pages), (1, 512, 1));
    let [member] = found.members.as_slice() else { panic!("{:?}", found.members) };
    assert_eq!((member.id, member.name.as_str(), member.learner), (255, "etcd1", false));
    assert_eq!(member.client_urls, ["http://10.1.0.50:2379"]);
    let objects = [("example.org/widgets", 1), ("minions", 1), ("pods", 34)];
    assert_eq!(found.namespaces, objects.map(|(name, count)| (name.to_owned(), count)).into());
    assert_eq!(found.nodes, ["host1"]);
}

#[test]
fn written_free_pages_leaves_of_any_size_and_pages_of_any_size_change_nothing_of_what_is_known() {
    let first = known(&typical());
    for (free_list, in_leaf, page) in [(true, 4, 512), (false, 2, 512), (true, 40, 4_096), (false, 3, 65_536)] {
        let found = known(&Built { free_list, in_leaf, page, ..typical() });
        let same = Examined { size: first.size, page_size: 512, ..found.clone() };
        assert_eq!(same, first, "{in_leaf} entries in leaves of {page} bytes");
        assert_eq!(found.page_size as usize, page);
    }
}

#[test]
fn an_etcd_that_nothing_was_written_to_is_sound() {
    let found = known(&Built::empty());
    assert_eq!((found.revision, found.current(), found.live, found.records), (0, 1, Some(0), 0));
}

#[test]
fn values_stand_in_no_result() {
    let text = format!("{:?}", known(&typical()));
    assert!(text.contains("pods") && !text.contains("secret"), "{text}");
}

#[test]
fn the_record_without_a_key_that_a_bumped_restore_leaves_is_no_key() {
    let bumped = typical().record(revision(1_000_000_042, 0), vec![]);
    let found = known(&bumped);
    assert_eq!((found.revision, found.live, found.keys), (1_000_000_042, Some(37), Some(38)));
}

#[test]
fn the_hash_over_records_leaves_out_what_versions_of_etcd_keep_or_do_not_at_the_compacted_revision() {
    let with = |record: bool| {
        let mut built = Built::empty().meta("finishedCompactRev", &revision(5, 0));
        if record {
            built = built.record(deletion(5, 0), deleted("a"));
        }
        known(&built.record(revision(6, 0), put("b", 6, 6, 1, "")))
    };
    assert!(with(true).hash != with(false).hash);
    assert_eq!((with(true).hash_kv, with(true).live), (with(false).hash_kv, Some(1)));
    let mut half_done = typical();
    half_done.bucket("meta").retain(|(name, _)| name != b"finishedCompactRev");
    assert_eq!(known(&half_done).hash_kv, None);
}

#[test]
fn progress_rises_to_what_is_read() {
    let file = typical().snapshot();
    let (mut last, size) = (0, file.len() as u64 - 32);
    digest(file.as_slice(), &mut |read| last = read).expect("its digest");
    assert_eq!(last, size);
    let mut steps = Vec::new();
    examine(file.as_slice(), &mut |read| steps.push(read)).expect("sound");
    assert!(steps.is_sorted() && steps.last().is_some_and(|read| *read <= size && *read > size / 2), "{steps:?}");
}

/// What the fuzzer begins with, as it lies in the repository.
#[test]
fn the_seeds_of_the_fuzzer_are_sound_and_hold_what_there_is_to_hold() {
    let seeds = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/seeds/snapshots");
    let mut found = Vec::new();
    for seed in std::fs::read_dir(seeds).expect("seeds") {
        let file = std::fs::read(seed.expect("a seed").path()).expect("read");
        assert!(file.len() <= 4_096, "the fuzzer takes no more");
        found.push(examine(file.as_slice(), &mut |_| {}).expect("sound"));
    }
    assert!(found.iter().any(|found| found.leases > 0 && !found.members.is_empty() && !found.nodes.is_empty()));
    assert!(
        found.iter().any(|found| found.compacting > found.compacted) && found.iter().any(|found| found.live == Some(0))
    );
}

#[test]
fn the_ladder_rises_and_each_step_has_words() {
    assert!(Step::ALL.is_sorted());
    for (number, step) in Step::ALL.into_iter().enumerate() {
        assert_eq!((usize::from(step.number()), Step::of(step.number())), (number, Some(step)));
        assert!(!step.word().is_empty() && step.sentence().ends_with('.'), "{step:?}");
    }
    assert_eq!(Step::of(7), None);
}

/// What may happen to one of few keys.
#[derive(Clone, Debug)]
enum Deed {
    Put(u8),
    Delete(u8),
}

fn deed() -> impl Strategy<Value = Deed> {
    prop_oneof![3 => (0_u8..12).prop_map(Deed::Put), 1 => (0_u8..12).prop_map(Deed::Delete)]
}

struct Record {
    main: i64,
    key: String,
    deleted: bool,
    created: i64,
    version: i64,
}

fn history(deeds: &[Deed]) -> Vec<Record> {
    let (mut records, mut living) = (Vec::new(), BTreeMap::new());
    for deed in deeds {
        let main = records.len() as i64 + 2;
        let name = |key: &u8| format!("/registry/{}/{key}", if key.is_multiple_of(2) { "pods" } else { "secrets" });
        match deed {
            Deed::Put(key) => {
                let (created, version) =
                    living.get(key).map_or((main, 1), |(created, version)| (*created, version + 1));
                living.insert(*key, (created, version));
                records.push(Record { main, key: name(key), deleted: false, created, version });
            }
            Deed::Delete(key) if living.remove(key).is_some() => {
                records.push(Record { main, key: name(key), deleted: true, created: 0, version: 0 });
            }
            Deed::Delete(_) => {}
        }
    }
    records
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// As etcd compacts: up to a revision all but the newest of each living key goes, in batches from the oldest on.
    #[test]
    fn keys_and_objects_are_those_that_live_however_far_a_compaction_came(
        deeds in prop::collection::vec(deed(), 0..120),
        compact in 0.0..1.0_f64,
        done in prop::option::of(0.0..1.0_f64),
    ) {
        let records = history(&deeds);
        let mut living = BTreeMap::new();
        for record in &records {
            living.insert(record.key.clone(), record);
        }
        living.retain(|_, record| !record.deleted);
        let to = (compact * (records.len() + 2) as f64) as i64;
        let until = done.map_or(to, |done| (done * to as f64) as i64);
        let mut newest = BTreeMap::new();
        for record in records.iter().filter(|record| record.main <= to) {
            newest.insert(record.key.clone(), record.main);
        }
        let mut built = Built::empty().meta("scheduledCompactRev", &revision(to, 0));
        if done.is_none() {
            built = built.meta("finishedCompactRev", &revision(to, 0));
        }
        for Record { main, key, deleted: gone, created, version } in &records {
            let kept = newest.get(key) == Some(main) && (!gone || *main == to);
            if *main <= until && !kept {
                continue;
            }
            built = match gone {
                true => built.record(deletion(*main, 0), deleted(key)),
                false => built.record(revision(*main, 0), put(key, *created, *main, *version, "secret")),
            };
        }
        let found = known(&built);
        prop_assert_eq!(found.live, Some(living.len() as u64));
        for (resource, root) in [("pods", "/registry/pods/"), ("secrets", "/registry/secrets/")] {
            let count = living.keys().filter(|key| key.starts_with(root)).count() as u64;
            prop_assert_eq!(found.namespaces.get(resource).copied().unwrap_or_default(), count);
        }
    }
}
