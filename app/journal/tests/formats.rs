//! Blocks of earlier formats are read.

#[path = "../../topology/tests/fixture/mod.rs"]
mod fixture;

use fixture::{NOW, THREE_AND_TWO, changes, inventory, line};
use journal::{Content, FORMAT, Record, Replay, open, seal, unpack};
use topology::{Change, Stamp};

const CHANGES: &[u8] = include_bytes!("blocks/format-1.block");
const WHOLE: &[u8] = include_bytes!("blocks/format-1-whole.block");

/// What the blocks were made of.
fn told() -> Vec<Change> {
    let lines = [
        "pod mme-1 on host4 of StatefulSet/vepc-mme crashing",
        "node host5 lost",
        "gone pod pgw-a",
        "leader kube-scheduler host3",
    ];
    changes(THREE_AND_TWO).into_iter().chain(lines.iter().flat_map(|text| line(text))).collect()
}

#[test]
fn a_block_of_the_first_format_has_its_changes() {
    assert_eq!(CHANGES[3], 1);
    let (block, records) = open(CHANGES).unwrap();
    assert_eq!((block.content, block.number), (Content::Changes, 7));
    let expected = told().into_iter().zip(0_i64..).map(|(change, n)| Record { at: Stamp(NOW.0 + n * 250), change });
    assert!(records.iter().cloned().eq(expected));
    let anew = seal(block.content, block.number, &records).unwrap();
    assert_eq!(anew.bytes[3], FORMAT);
    assert!(open(&anew.bytes).unwrap().1 == records);
    for bytes in [CHANGES, &anew.bytes] {
        let times = unpack(bytes).and_then(|block| block.times()).unwrap();
        assert!(times.into_iter().eq(records.iter().map(|record| record.at)));
    }
    assert!(anew.bytes.len() < CHANGES.len(), "{} and {} bytes", anew.bytes.len(), CHANGES.len());
}

#[test]
fn a_whole_of_the_first_format_makes_its_inventory() {
    assert_eq!(WHOLE[3], 1);
    let (block, records) = open(WHOLE).unwrap();
    assert_eq!(block.content, Content::Whole);
    let mut replay = Replay::of(&block, records);
    let told = inventory(THREE_AND_TWO);
    assert_eq!(replay.moment(NOW).pods().len(), told.pods().len());
    assert!(replay.moment(NOW).nodes().eq(told.nodes()));
}
