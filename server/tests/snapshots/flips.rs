//! A byte that was flipped, lost or added in a stored backup is found, however it is stored; or, where a format has bits
//! that mean nothing, it changes nothing of what comes out. (A place finds these too: it has the SHA-256 of every byte.)

use std::path::Path;

use binnacle::backup::{
    manifest::Compression,
    proof::{OnDisk, prove},
    seal::{Recipients, Sealing},
    unseal::opened,
};
use snapshot::Step;

use super::started::{Etcd, Folder, NEW};

/// What comes out of it, when that proves to be sound.
fn held(file: &Path, identity: &Path, scratch: &Path) -> Option<Vec<u8>> {
    let opened = opened(file, Some(identity), scratch).ok()?;
    let proof = prove(&OnDisk::open(opened.path()).ok()?, &mut |_, _| {});
    // A stored backup has its digest beside it: what lacks one was cut.
    (!proof.bare && proof.reached() == Step::Mvcc).then(|| std::fs::read(opened.path()).expect("read"))
}

#[test]
fn any_byte_that_was_flipped_lost_or_added_in_a_stored_backup_is_found() {
    let etcd = Etcd::start(NEW);
    etcd.fill("/registry/secrets/default/token-", 30, 60);
    let plain = etcd.save("small.db");
    let (key, here) = (age::x25519::Identity::generate(), Folder::new());
    let identity = here.0.join("identity");
    std::fs::write(&identity, age::secrecy::ExposeSecret::expose_secret(&key.to_string())).expect("written");
    let recipients = Recipients::parse(&key.to_public().to_string()).expect("a key");
    let whole = std::fs::read(&plain).expect("read");
    let (sealed, damaged) = (here.0.join("sealed"), here.0.join("damaged"));
    let scratch = Folder::new();
    let mut random = fastrand::Rng::with_seed(3);
    for compression in [None, Some(Compression::Zstd)] {
        for recipients in [Recipients::default(), recipients.clone()] {
            let what = format!("compressed {}, encrypted {}", compression.is_some(), !recipients.is_empty());
            let _ = std::fs::remove_file(&sealed);
            Sealing { compression, recipients }.seal(&plain, &sealed).expect("sealed");
            assert!(held(&sealed, &identity, &scratch.0).as_ref() == Some(&whole), "{what}");
            let good = std::fs::read(&sealed).expect("read");
            let mut unnoticed = 0;
            // The ends, where formats keep what they are, and anywhere between.
            let ends = (0..good.len().min(60)).chain(good.len().saturating_sub(40)..good.len());
            let between: Vec<usize> = (0..60).map(|_| random.usize(..good.len())).collect();
            for at in ends.chain(between) {
                let bit = 1 << random.u8(..8);
                let mut flipped = good.clone();
                flipped[at] ^= bit;
                let mut lost = good.clone();
                lost.remove(at);
                let mut added = good.clone();
                added.insert(at, random.u8(..));
                for (how, bytes) in
                    [("flipped", flipped), ("lost", lost), ("added", added), ("cut", good[..at].to_vec())]
                {
                    std::fs::write(&damaged, bytes).expect("written");
                    let held = held(&damaged, &identity, &scratch.0);
                    let harmless = how == "flipped" && compression.is_some() && held.as_ref() == Some(&whole);
                    unnoticed += usize::from(harmless);
                    assert!(harmless || held.is_none(), "{what}: byte {at} {how} ({bit:02x})");
                }
            }
            let longer = [&good[..], b"x"].concat();
            std::fs::write(&damaged, longer).expect("written");
            assert!(held(&damaged, &identity, &scratch.0).is_none(), "{what}: a byte behind the end");
            assert!(unnoticed < 5, "{what}: {unnoticed} bits mean nothing");
        }
    }
    assert_eq!(std::fs::read_dir(&scratch.0).expect("a folder").count(), 0);
}
