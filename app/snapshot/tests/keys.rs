//! Records by key, for whoever compares two snapshots.

mod built;

use std::{collections::BTreeMap, hash::RandomState};

use built::{revision, sealed, typical};
use snapshot::{Record, Unsound, records};

/// Keys with the numbers of their contents, and the records' debug texts.
type Told = (Vec<(String, Option<u64>)>, String);

fn told(file: &[u8]) -> Result<Told, Unsound> {
    let (mut found, mut debug) = (Vec::new(), String::new());
    records(file, &RandomState::new(), &mut |_| {}, &mut |record: Record<'_>| {
        debug += &format!("{record:?}");
        found.push((String::from_utf8(record.key.to_vec()).expect("text"), record.content));
    })?;
    Ok((found, debug))
}

#[test]
fn the_last_record_of_a_key_tells_what_became_of_it_and_none_has_a_value() {
    let (found, debug) = told(&typical().snapshot()).expect("sound");
    let last: BTreeMap<&str, Option<u64>> = found.iter().map(|(key, content)| (key.as_str(), *content)).collect();
    assert_eq!((found.len(), last.len()), (42, 39));
    assert_eq!(last.values().flatten().count(), 37);
    assert_eq!((last["/registry/minions/host2"], last["/registry/pods/default/web-6"]), (None, None));
    assert_eq!(last["/registry/pods/default/web-7"], last["/registry/pods/default/web-8"], "they hold the same");
    assert_ne!(last["/registry/pods/default/web-5"], last["/registry/pods/default/web-8"]);
    assert!(!debug.contains("secret"), "{debug}");
}

#[test]
fn a_number_says_nothing_of_a_value_to_whoever_does_not_know_the_secret_of_this_run() {
    let file = typical().snapshot();
    let first = told(&file).expect("sound").0;
    assert_ne!(first, told(&file).expect("sound").0);
}

#[test]
fn what_is_broken_is_told_and_ends_it() {
    let odd = typical().record(revision(43, 0), b"no record".to_vec());
    assert!(matches!(told(&odd.snapshot()), Err(Unsound::Store { .. })));
    let mut none = typical();
    none.buckets.remove("key");
    assert!(matches!(told(&none.snapshot()), Err(Unsound::Store { .. })));
    let mut database = typical().database();
    let middle = database.len() / 2;
    database[middle..].fill(0xFF);
    assert!(told(&sealed(database)).is_err());
    assert!(told(&typical().snapshot()[..100]).is_err());
}
