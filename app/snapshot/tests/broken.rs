//! Broken, cut and hostile files: each is refused at its step, and none does harm.

mod built;

use built::{Built, deleted, deletion, put, revision, sealed, summed, typical};
use proptest::prelude::*;
use snapshot::{Examined, Flaw, Odd, Step, Unsound, complete, digest, examine};

const PAGE: usize = 512;

fn known(file: &[u8]) -> Result<Examined, Unsound> {
    examine(file, &mut |_| {})
}

/// Where the page with this number begins in the typical database.
fn at(page: usize) -> usize {
    page * PAGE
}

/// The flaw of the typical database after a change to it, and the page where it is.
fn flaw(change: impl FnOnce(&mut Vec<u8>)) -> (u64, Flaw) {
    flaw_of(&typical(), change)
}

fn flaw_of(built: &Built, change: impl FnOnce(&mut Vec<u8>)) -> (u64, Flaw) {
    let mut database = built.database();
    change(&mut database);
    summed(&mut database, PAGE);
    match known(&sealed(database)) {
        Err(Unsound::Page { page, at, flaw }) => {
            assert_eq!(at, page * PAGE as u64);
            (page, flaw)
        }
        other => panic!("{other:?}"),
    }
}

fn odd(built: &Built) -> (String, Odd) {
    match known(&built.snapshot()) {
        Err(Unsound::Store { bucket, odd, .. }) => (bucket, odd),
        other => panic!("{other:?}"),
    }
}

fn last_page(database: &[u8]) -> usize {
    database.len() / PAGE - 1
}

#[test]
fn a_cut_at_any_byte_is_found() {
    let file = typical().snapshot();
    for length in 0..file.len() {
        let cut = &file[..length];
        let found = digest(cut, &mut |_| {}).expect_err("a cut");
        let step = if length % PAGE == 32 && length > 2_000 { Step::Digest } else { Step::Complete };
        assert_eq!(found.step(), step, "{length}: {found}");
        assert_eq!(complete(cut).is_ok(), step == Step::Digest);
        assert!(known(cut).is_err(), "{length}");
    }
}

#[test]
fn what_was_added_and_what_has_no_digest_is_said_so() {
    let file = typical().snapshot();
    let trailer = complete(&file[..file.len() - 32]).expect_err("no digest");
    assert!(trailer.to_string().contains("copied from a member's folder"), "{trailer}");
    let longer = [file.as_slice(), b"\n"].concat();
    assert!(matches!(complete(longer.as_slice()), Err(Unsound::Length(_))));
    assert!(matches!(complete([].as_slice()), Err(Unsound::Short(0))));
    let more = sealed([&file[..file.len() - 32], &[0; PAGE]].concat());
    let found = known(&more).expect_err("a page more");
    assert!(matches!(found, Unsound::Page { page: 0, flaw: Flaw::Pages { .. }, .. }), "{found}");
}

#[test]
fn any_flipped_byte_is_found_by_the_digest() {
    let mut file = Built::empty().record(revision(3, 0), put("a", 3, 3, 1, "b")).snapshot();
    for index in 0..file.len() {
        file[index] ^= 1 << (index % 8);
        let found = digest(file.as_slice(), &mut |_| {}).expect_err("a flipped bit");
        assert_eq!(found.step(), Step::Digest, "byte {index}");
        file[index] ^= 1 << (index % 8);
    }
}

#[test]
fn a_flipped_byte_below_a_fitting_digest_is_found_or_lies_where_nothing_depends_on_it() {
    for built in [typical(), Built { free_list: true, ..typical() }] {
        let database = built.database();
        let sound = known(&built.snapshot()).expect("sound");
        let mut unnoticed = 0;
        for index in 0..database.len() {
            let mut changed = database.clone();
            changed[index] ^= 0xFF;
            summed(&mut changed, PAGE);
            // A value may be anything; then the hash tells. What is not noticed is what fills pages up.
            changed.extend([0; 32]);
            unnoticed += usize::from(known(&changed).is_ok_and(|found| found.hash == sound.hash));
        }
        println!("{unnoticed} of {} bytes", database.len());
        let filling = database.split(|byte| *byte != 0 && *byte != 0xAA).map(<[u8]>::len).filter(|run| *run > 16);
        assert!(unnoticed <= filling.sum::<usize>(), "{unnoticed} of {} bytes", database.len());
    }
}

#[test]
fn broken_first_pages_are_named() {
    assert_eq!(flaw(|bytes| bytes[16] ^= 1), (0, Flaw::Magic));
    assert_eq!(flaw(|bytes| bytes[20] = 3), (0, Flaw::Version(3)));
    assert_eq!(flaw(|bytes| bytes[25] = 3), (0, Flaw::PageSize(768)));
    assert_eq!(flaw(|bytes| bytes[8] = 2), (0, Flaw::Kind(2)));
    assert_eq!(flaw(|bytes| bytes[at(1)] = 9), (1, Flaw::Id(9)));
    assert_eq!(flaw(|bytes| bytes[at(1) + 16 + 48] = 77), (1, Flaw::Metas));
    let mut database = typical().database();
    database[60] ^= 1;
    let found = known(&sealed(database)).expect_err("a sum");
    assert!(matches!(found, Unsound::Page { page: 0, flaw: Flaw::Checksum, .. }), "{found}");
}

#[test]
fn broken_pages_are_named() {
    let last = last_page(&typical().database());
    assert_eq!(flaw(|bytes| bytes[at(last)] ^= 1), (last as u64, Flaw::Id(last as u64 ^ 1)));
    assert_eq!(flaw(|bytes| bytes[at(last) + 8] = 3), (last as u64, Flaw::Kind(3)));
    assert_eq!(flaw(|bytes| bytes[at(last) + 12] = 1), (last as u64, Flaw::Run(1)));
    assert_eq!(flaw(|bytes| bytes[at(last) + 15] = 255), (last as u64, Flaw::Run(255 << 24)));
    assert_eq!(flaw(|bytes| bytes[at(last) + 11] = 255).1, Flaw::Entry(0));
    assert_eq!(flaw(|bytes| bytes[at(last) + 16] = 3), (last as u64, Flaw::Flags(0)));
    assert_eq!(flaw(|bytes| bytes[at(last) + 16 + 4] ^= 1), (last as u64, Flaw::Entry(0)));
    assert_eq!(flaw(|bytes| bytes[at(last) + 16 + 11] = 255), (last as u64, Flaw::Entry(0)));
    // The last entry has nothing behind it.
    assert_eq!(flaw(|bytes| bytes[at(last) + 16 + 5 * 16 + 15] = 127).1, Flaw::Entry(5));
    for root in [200, 1] {
        let both = |bytes: &mut Vec<u8>| (bytes[16 + 16], bytes[at(1) + 16 + 16]) = (root, root);
        assert_eq!(flaw(both), (0, Flaw::Pointer(root.into())));
    }
}

/// The first page of this kind.
fn page_of(database: &[u8], kind: u8) -> usize {
    (3..).find(|page| database[at(*page) + 8] == kind).expect("one")
}

#[test]
fn branches_that_lead_in_a_circle_nowhere_or_astray_are_named() {
    let branch = page_of(&typical().database(), 1);
    let child = at(branch) + 16 + 8;
    let itself = flaw(|bytes| bytes[child..child + 8].copy_from_slice(&(branch as u64).to_le_bytes()));
    assert_eq!(itself, (branch as u64, Flaw::Twice));
    let far = flaw(|bytes| bytes[child + 7] = 1);
    assert!(matches!(far, (page, Flaw::Pointer(_)) if page == branch as u64), "{far:?}");
    assert_eq!(flaw(|bytes| bytes[at(branch) + 10] = 0), (branch as u64, Flaw::Barren));
    // The second child's key comes after the first child's records: made smaller, it is out of order.
    let built = typical();
    let key = at(branch) + 16 * 5 + 17;
    assert_eq!(flaw_of(&built, |bytes| bytes[key..key + 8].fill(0)), (branch as u64, Flaw::Order(1)));
}

#[test]
fn free_pages_that_are_used_lost_or_listed_wrongly_are_named() {
    let built = Built { free_list: true, ..typical() };
    let entry = at(3) + 16;
    assert_eq!(flaw_of(&built, |bytes| bytes[entry] = 5), (2, Flaw::Lost));
    assert_eq!(flaw_of(&built, |bytes| bytes[entry] = 1), (3, Flaw::FreeOrder));
    assert_eq!(flaw_of(&built, |bytes| bytes[entry + 1] = 1), (3, Flaw::Pointer(258)));
    assert_eq!(flaw_of(&built, |bytes| bytes[at(3) + 10] = 200), (3, Flaw::Count));
    // Many free pages have their count before them: here it is 2, and then no page stands there.
    assert_eq!(flaw_of(&built, |bytes| bytes[at(3) + 10..at(3) + 12].fill(255)), (3, Flaw::FreeOrder));
    let counted = flaw_of(&built, |bytes| {
        bytes[at(3) + 10..at(3) + 12].fill(255);
        bytes[entry] = 1;
        bytes[entry + 8] = 4;
    });
    assert_eq!(counted, (2, Flaw::Lost));
    assert_eq!(flaw_of(&built, |bytes| bytes[at(3) + 8] = 2), (3, Flaw::Kind(2)));
    let second = flaw_of(&built, |bytes| {
        bytes[at(3) + 10] = 2;
        bytes[entry + 8] = 4;
    });
    assert_eq!(second, (4, Flaw::Twice));
}

#[test]
fn stores_that_etcd_did_not_write_are_named() {
    let one = |key: Vec<u8>, value: Vec<u8>| Built::empty().record(key, value);
    let key = |odd| ("key".to_owned(), odd);
    assert_eq!(odd(&one(b"short".to_vec(), vec![])), key(Odd::Key));
    assert_eq!(odd(&one([revision(3, 0).as_slice(), b"x"].concat(), vec![])), key(Odd::Key));
    assert_eq!(odd(&one(revision(3, 0), b"\xFF".to_vec())), key(Odd::Record(3)));
    assert_eq!(odd(&one(revision(3, 0), put("", 3, 3, 1, ""))), key(Odd::Record(3)));
    assert_eq!(odd(&one(revision(3, 0), put("a", 2, 2, 1, ""))), key(Odd::Revision(3)));
    assert_eq!(odd(&one(revision(3, 0), put("a", 2, 3, 1, ""))), key(Odd::Versions(3)));
    assert_eq!(odd(&one(revision(3, 0), put("a", 3, 3, 2, ""))), key(Odd::Versions(3)));
    assert_eq!(odd(&one(revision(3, 0), put("a", 4, 3, 2, ""))), key(Odd::Versions(3)));
    assert_eq!(odd(&one(deletion(3, 0), deleted("a"))), key(Odd::Deleted(3)));
    let other = one(revision(3, 0), put("/registry/pods/a", 3, 3, 1, ""));
    assert_eq!(odd(&other.record(deletion(4, 0), deleted("/registry/nodes/a"))), key(Odd::Deleted(4)));
    let both = one(revision(3, 0), put("a", 3, 3, 1, "")).record(deletion(3, 0), deleted("a"));
    assert_eq!(odd(&both), key(Odd::Rising(3)));
    let meta = |name: &str, value: &[u8]| odd(&Built::empty().meta(name, value)).1;
    assert_eq!(meta("term", b"1"), Odd::Fact("the term"));
    assert_eq!(meta("finishedCompactRev", b"1"), Odd::Fact("the compacted revision"));
    assert_eq!(meta("storageVersion", &[0xFF; 70]), Odd::Fact("a version"));
    for (bucket, found) in [("members", Odd::Member), ("lease", Odd::Lease)] {
        let mut built = Built::empty();
        built.bucket(bucket).push((b"eight by".to_vec(), b"{".to_vec()));
        assert_eq!(odd(&built), (bucket.to_owned(), found));
    }
    let mut built = Built::empty();
    built.buckets.remove("key");
    assert_eq!(odd(&built), key(Odd::Missing));
}

#[test]
fn a_broken_page_is_told_before_an_odd_store() {
    let built = typical().record(revision(50, 0), put("a", 2, 2, 1, ""));
    let mut database = built.database();
    let last = last_page(&database);
    // The root names the bucket of members, which comes after the records.
    let root = known(&sealed(database.clone())).expect_err("odd");
    assert_eq!(root.step(), Step::Mvcc);
    let name = database.windows(7).rposition(|part| part == b"members").expect("its name");
    assert!(name > at(last) && database[name + 7..name + 15] == [0; 8]);
    database[name + 7] = 2;
    let found = known(&sealed(database)).expect_err("a used free page");
    assert_eq!(found.step(), Step::Bolt, "{found}");
}

#[test]
fn no_refusal_has_a_value_or_a_key_in_it() {
    let built = Built::empty().record(revision(3, 0), put("/registry/secrets/a/b", 2, 2, 1, "hunter2"));
    let found = known(&built.snapshot()).expect_err("odd");
    let text = format!("{found} {found:?} {}", found.todo());
    assert!(text.contains("revision 3") && !text.contains("hunter2") && !text.contains("registry"), "{text}");
}

#[test]
fn a_database_of_branches_alone_ends() {
    // Each branch has the next one as its only child, deeper than any that etcd writes.
    let mut database = Built::empty().database();
    let first = database.len() / PAGE;
    for page in first..first + 100 {
        let mut bytes = vec![0; PAGE];
        bytes[..8].copy_from_slice(&(page as u64).to_le_bytes());
        (bytes[8], bytes[10]) = (1, 1);
        (bytes[16], bytes[20], bytes[32]) = (16, 1, b'a');
        bytes[24..32].copy_from_slice(&(page as u64 + 1).to_le_bytes());
        database.extend(bytes);
    }
    for meta in [16, PAGE + 16] {
        database[meta + 16..meta + 24].copy_from_slice(&(first as u64).to_le_bytes());
        database[meta + 40..meta + 48].copy_from_slice(&(first as u64 + 100).to_le_bytes());
    }
    summed(&mut database, PAGE);
    let found = known(&sealed(database)).expect_err("too deep");
    assert!(matches!(found, Unsound::Page { flaw: Flaw::Deep, .. }), "{found}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn whatever_is_written_over_a_database_it_ends_without_harm(
        changes in prop::collection::vec((0_usize..14_000, any::<u8>()), 1..8),
        free_list in any::<bool>(),
    ) {
        let mut database = Built { free_list, ..typical() }.database();
        for (place, byte) in changes {
            let place = place % database.len();
            database[place] = byte;
        }
        summed(&mut database, PAGE);
        database.extend([0; 32]);
        let file = database;
        if let Err(found) = known(&file) {
            prop_assert!(found.step() >= Step::Bolt && !found.to_string().contains("secret"), "{}", found);
        }
    }
}
