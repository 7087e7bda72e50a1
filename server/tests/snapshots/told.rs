//! What is told of a snapshot is what etcd's own tools tell.

use std::path::Path;

use binnacle::backup::proof::{OnDisk, Proof, prove};
use snapshot::{Examined, Step, examine};

use super::started::{Etcd, Folder, NEW, OLD, OLDEST, program, status};

pub fn proof(file: &Path) -> Proof {
    prove(&OnDisk::open(file).expect("it opens"), &mut |_, _| {})
}

/// Sound, and as etcdutl says.
fn agreed(file: &Path) -> Examined {
    let proof = proof(file);
    assert_eq!(proof.reached(), Step::Mvcc);
    let found = proof.sound.expect("sound");
    let told = status(file);
    assert_eq!(told["hash"].as_u64(), Some(found.hash.into()), "{told}");
    assert_eq!(told["revision"].as_i64(), Some(found.revision), "{told}");
    assert_eq!(told["totalKey"].as_u64(), found.keys, "{told}");
    assert_eq!(told["totalSize"].as_u64(), Some(found.size), "{told}");
    assert_eq!(told["version"].as_str().unwrap_or_default(), found.storage_version.as_deref().unwrap_or_default());
    found
}

/// As etcd itself counts and hashes at this moment.
fn alive(etcd: &Etcd, found: &Examined) {
    assert_eq!(etcd.count(), found.live);
    if etcd.which == OLDEST {
        // It hashes nothing.
        return;
    }
    let revision = found.current().to_string();
    if found.current() == found.compacted {
        // Then it remembers the hash from before the compaction, or none.
        return;
    }
    let hashed = etcd.json(&["endpoint", "hashkv", "--rev", &revision]);
    assert_eq!(hashed[0]["HashKV"]["compact_revision"].as_i64().map(|at| at.max(0)), Some(found.compacted), "{hashed}");
    assert_eq!(hashed[0]["HashKV"]["hash"].as_u64(), found.hash_kv.map(u64::from), "{hashed}");
}

/// A life: large values, objects of Kubernetes, leases, deletions, compactions, and what comes after.
pub fn live(etcd: &Etcd) {
    etcd.fill("/registry/pods/default/web-", 300, 500);
    etcd.fill("/registry/minions/host", 5, 100);
    etcd.fill("/registry/secrets/default/token-", 20, 2_000);
    etcd.fill("/registry/example.org/widgets/default/one-", 3, 100);
    // As large as a command line can be.
    etcd.fill("large-", 5, 200_000);
    etcd.fill("/registry/pods/default/web-", 150, 700);
    let lease = etcd.json(&["lease", "grant", "3600"])["ID"].as_i64().expect("a lease");
    etcd.ctl(&["put", "--lease", &format!("{lease:x}"), "/registry/masterleases/10.1.0.50", "here"], "");
    etcd.ctl(&["del", "/registry/minions/host3"], "");
    etcd.ctl(&["del", "--prefix", "/registry/pods/default/web-29"], "");
    etcd.compact();
    etcd.fill("/registry/pods/default/web-", 40, 300);
    etcd.ctl(&["del", "/registry/pods/default/web-7"], "");
    etcd.ctl(&["put", "/registry/pods/default/web-291", "again"], "");
}

fn a_life_is_told(which: &'static str) {
    let etcd = Etcd::start(which);
    live(&etcd);
    let found = agreed(&etcd.save("grown.db"));
    alive(&etcd, &found);
    assert_eq!(found.nodes, ["host1", "host2", "host4", "host5"]);
    // 300, less 29 and 290 to 299, 29 again, less 7, 291 again.
    assert_eq!(found.namespaces["pods"], 290);
    assert_eq!((found.namespaces["secrets"], found.namespaces["example.org/widgets"]), (20, 3));
    assert_eq!((found.leases, found.compacted, found.members.len()), (1, found.compacting, 1));
    assert!(found.compacted > 2 && found.consistent_index > Some(10) && found.free_pages > 0, "{found:?}");
    assert_eq!(found.members[0].name, "rehearsal");
    etcd.ctl(&["defrag"], "");
    let smaller = agreed(&etcd.save("defragmented.db"));
    alive(&etcd, &smaller);
    assert!(smaller.size < found.size && smaller.free_pages <= found.free_pages, "{smaller:?}");
    assert_eq!((smaller.hash_kv, smaller.live), (found.hash_kv, found.live));
    // The last revision is a deletion, and compacted away: new versions keep it, old ones do not.
    etcd.ctl(&["del", "large-5"], "");
    let last = etcd.compact();
    let found = agreed(&etcd.save("deleted.db"));
    alive(&etcd, &found);
    assert_eq!(found.current(), last);
}

#[test]
fn a_life_of_todays_etcd_is_told_as_its_own_tools_tell_it() {
    a_life_is_told(NEW);
}

#[test]
fn a_life_of_an_old_etcd_is_told_as_its_own_tools_tell_it() {
    a_life_is_told(OLD);
}

#[test]
fn a_life_of_the_etcd_that_compass_installs_is_told_as_its_own_tools_tell_it() {
    a_life_is_told(OLDEST);
}

#[test]
fn an_etcd_that_nothing_was_written_to_is_told() {
    for which in [NEW, OLD, OLDEST] {
        let etcd = Etcd::start(which);
        let found = agreed(&etcd.save("empty.db"));
        alive(&etcd, &found);
        assert_eq!((found.revision, found.live, found.records), (0, Some(0), 0));
    }
}

#[test]
fn an_etcd_in_the_midst_of_a_compaction_is_told() {
    let slow = ["--compaction-batch-limit", "20", "--compaction-sleep-interval", "200ms"];
    let etcd = Etcd::with(NEW, &slow);
    for round in 0..6 {
        etcd.fill(&format!("/registry/pods/default/{}-", round % 3), 1_500, 20);
        etcd.ctl(&["del", "--prefix", &format!("/registry/pods/default/{}-9", round % 2)], "");
    }
    let revision = etcd.revision();
    etcd.ctl(&["compact", &revision.to_string()], "");
    let mut half_done = 0;
    for number in 0..6 {
        let found = agreed(&etcd.save(&format!("{number}.db")));
        half_done += usize::from(found.compacting > found.compacted && found.hash_kv.is_none());
        assert_eq!(etcd.count(), found.live);
        assert_eq!(found.namespaces["pods"], found.live.expect("known"));
    }
    assert!(half_done > 1, "the compaction was over too soon");
}

#[test]
fn a_restore_with_a_bumped_revision_is_told_before_and_after_it_is_compacted() {
    let etcd = Etcd::start(NEW);
    live(&etcd);
    let file = etcd.save("first.db");
    let folder = Folder::new();
    let restored = std::process::Command::new(program("BINNACLE_TEST_ETCDUTL"))
        .args(["snapshot", "restore", "--data-dir", "data", "--name", "rehearsal"])
        .args(["--initial-cluster", "rehearsal=unix://peers:1", "--initial-advertise-peer-urls", "unix://peers:1"])
        .args(["--bump-revision", "1000000000", "--mark-compacted"])
        .arg(&file)
        .current_dir(&folder.0)
        .output()
        .expect("etcdutl runs");
    assert!(restored.status.success(), "{}", String::from_utf8_lossy(&restored.stderr));
    let etcd = Etcd::on(NEW, &[], folder);
    let found = agreed(&etcd.save("restored.db"));
    assert!(found.revision > 1_000_000_000 && found.keys != found.live, "{found:?}");
    etcd.ctl(&["put", "a", "b"], "");
    etcd.compact();
    let found = agreed(&etcd.save("later.db"));
    alive(&etcd, &found);
}

#[test]
fn whatever_byte_of_a_real_snapshot_is_changed_it_is_refused_or_told_without_harm() {
    let etcd = Etcd::start(NEW);
    etcd.fill("/registry/secrets/default/token-", 30, 60);
    etcd.ctl(&["defrag"], "");
    let mut file = std::fs::read(etcd.save("small.db")).expect("read");
    let database = file.len() - 32;
    let mut refused = 0;
    for index in 0..database {
        file[index] ^= 0xFF;
        // As if the digest fitted: this reading does not look at it.
        match examine(file.as_slice(), &mut |_| {}) {
            Ok(_) => {}
            Err(unsound) => {
                refused += 1;
                assert!(unsound.step() >= Step::Bolt && !unsound.to_string().contains("vvv"), "{unsound}");
            }
        }
        if index % 499 == 0 {
            let found = snapshot::digest(file.as_slice(), &mut |_| {}).expect_err("a flipped byte");
            assert_eq!(found.step(), Step::Digest);
        }
        file[index] ^= 0xFF;
    }
    assert!(refused > 1_000, "{refused} of {database}");
}

#[test]
fn a_copy_of_a_members_database_is_looked_into_without_its_digest() {
    let etcd = Etcd::start(NEW);
    let copied = proof(&etcd.folder.0.join("data/member/snap/db"));
    assert!(copied.bare && copied.digest.is_none());
    assert!(copied.steps.iter().all(|climbed| climbed.step != Step::Digest));
}
