//! What a place promises, a folder and a real S3 store alike.

use std::path::{Path, PathBuf};

use binnacle::backup::{
    manifest::{Compression, FORMAT, Manifest, Proved, Stored},
    places::{Known, Place, PlaceError, put_all},
};
use sha2::{Digest, Sha256};

/// What manifests are signed with.
pub const KEY: &[u8] = b"the key of these tests";

/// A folder that goes with the test.
pub struct Folder(pub PathBuf);

impl Folder {
    pub fn new() -> Self {
        let path = std::env::temp_dir().join(format!("binnacle-places-{}-{:x}", std::process::id(), fastrand::u64(..)));
        std::fs::create_dir_all(&path).expect("a folder");
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A place of a test's own, empty at first.
pub struct Fresh {
    /// Its text, without a slash at its end and without options.
    pub text: String,
    /// What stands after it.
    pub options: String,
    /// Where its objects lie as files.
    pub files: PathBuf,
    /// Kept until the test ends.
    pub _kept: Option<Folder>,
}

impl Fresh {
    pub fn open(&self) -> Place {
        self.under("")
    }

    /// The place that has this behind its name.
    pub fn under(&self, more: &str) -> Place {
        Place::open(&format!("{}{more}{}", self.text, self.options)).expect("a place")
    }
}

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A file of random bytes with the manifest of what it would be.
pub fn backup(folder: &Path, id: &str, cluster: &str, size: usize) -> (PathBuf, Manifest) {
    let mut random = fastrand::Rng::with_seed(id.bytes().map(u64::from).sum());
    let bytes: Vec<u8> = std::iter::repeat_with(|| random.u8(..)).take(size).collect();
    let name = format!("{id}.db.zst");
    let file = folder.join(&name);
    std::fs::write(&file, &bytes).expect("a file");
    let digest = hex(&Sha256::digest(&bytes));
    let mut manifest = Manifest {
        format: FORMAT,
        id: id.into(),
        cluster: cluster.into(),
        cluster_id: "1".into(),
        member: "etcd1".into(),
        member_id: "2".into(),
        etcd_version: "3.6.4".into(),
        revision: 7,
        raft_index: 9,
        keys: 3,
        size: size as u64,
        hash: 1,
        sha256: digest.clone(),
        stored: Stored {
            name,
            size: size as u64,
            sha256: digest,
            compression: Some(Compression::Zstd),
            recipients: Vec::new(),
        },
        began: 1_700_000_000_000 + i64::try_from(id.len()).unwrap_or_default(),
        ended: 1_700_000_001_000,
        by: "ann".into(),
        steps: Vec::new(),
        rehearsal: None,
        notes: None,
        companion: None,
        signature: String::new(),
    };
    for step in [1, 2] {
        manifest.prove(Proved { step, at: 1_700_000_001_000, tool: "a test".into(), millis: 5 });
    }
    (file, manifest)
}

pub async fn listed(place: &Place) -> Vec<String> {
    let stock = place.stock(None, KEY, &Known::new()).await.expect("a list");
    stock.backups.into_iter().map(|found| found.manifest.id).collect()
}

pub async fn strays(place: &Place) -> Vec<String> {
    let stock = place.stock(None, KEY, &Known::new()).await.expect("a list");
    stock
        .strays
        .into_iter()
        .map(|stray| format!("{}: {}", stray.name.rsplit('/').next().unwrap_or_default(), stray.why))
        .collect()
}

/// The one file below a folder whose name ends so.
fn file_in(folder: &Path, ending: &str) -> PathBuf {
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder").flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.to_string_lossy().ends_with(ending) {
                return path;
            }
        }
    }
    panic!("no file that ends with {ending} below {}", folder.display())
}

pub async fn what_is_put_is_listed_with_the_step_of_reading_back_and_comes_back_as_it_was(fresh: Fresh) {
    let (here, place) = (Folder::new(), fresh.open());
    // Nothing, less than a part, more than one, more than two and a bit.
    for (at, size) in [0, 10_000, 7 << 20, (15 << 20) + 17].into_iter().enumerate() {
        let (file, manifest) = backup(&here.0, &format!("b{at}"), "harbour", size);
        let put = place.put(&file, &manifest, KEY).await.expect("it is put");
        assert!(put.proved(5) && put.verify(KEY).is_ok());
        place.check(&put).await.expect("it is there");
        let back = here.0.join("back");
        place.fetch(&put, &back).await.expect("it comes back");
        assert!(std::fs::read(&back).expect("a file") == std::fs::read(&file).expect("a file"), "{size} bytes");
        assert!(listed(&place).await.contains(&put.id));
    }
    assert_eq!(strays(&place).await, Vec::<String>::new());
    let stock = place.stock(Some("harbour"), KEY, &Known::new()).await.expect("a list");
    assert_eq!(stock.backups.len(), 4);
    assert_eq!(place.stock(Some("elsewhere"), KEY, &Known::new()).await.expect("a list").backups, []);
}

pub async fn without_its_manifest_or_its_object_it_is_told_of_and_not_listed(fresh: Fresh) {
    let (here, place) = (Folder::new(), fresh.open());
    for id in ["no-manifest", "no-object", "whole"] {
        let (file, manifest) = backup(&here.0, id, "harbour", 1_000);
        place.put(&file, &manifest, KEY).await.expect("it is put");
    }
    std::fs::remove_file(file_in(&fresh.files, "no-manifest.json")).expect("a file");
    std::fs::remove_file(file_in(&fresh.files, "no-object.db.zst")).expect("a file");
    let whole = file_in(&fresh.files, "whole.db.zst");
    std::fs::write(whole.with_added_extension("part"), "half").expect("a file");
    assert_eq!(listed(&place).await, ["whole"]);
    let strays = strays(&place).await;
    assert!(strays.iter().any(|stray| stray.starts_with("no-manifest.db.zst: it has no manifest")), "{strays:?}");
    assert!(strays.iter().any(|stray| stray == "no-object.json: no-object.db.zst is not there"), "{strays:?}");
    assert_eq!(strays.len(), 2, "{strays:?}");
}

pub async fn a_byte_that_was_changed_in_the_store_is_found_when_it_is_read_back(fresh: Fresh) {
    let (here, place) = (Folder::new(), fresh.open());
    let (file, manifest) = backup(&here.0, "b", "harbour", 50_000);
    let put = place.put(&file, &manifest, KEY).await.expect("it is put");
    let there = file_in(&fresh.files, "b.db.zst");
    let good = std::fs::read(&there).expect("a file");
    for _ in 0..10 {
        let mut bad = good.clone();
        bad[fastrand::usize(..good.len())] ^= 1 << fastrand::u8(..8);
        std::fs::write(&there, &bad).expect("written");
        let error = place.check(&put).await.expect_err("it differs");
        assert!(matches!(error, PlaceError::Differs { .. }), "{error}");
        let back = here.0.join("back");
        assert!(place.fetch(&put, &back).await.is_err() && !back.exists());
    }
    std::fs::write(&there, &good[..good.len() - 1]).expect("written");
    assert_eq!(listed(&place).await, Vec::<String>::new(), "a file that lost a byte is no backup");
    std::fs::write(&there, &good).expect("written");
    assert_eq!(listed(&place).await, ["b"]);
}

pub async fn a_manifest_that_others_wrote_or_changed_is_not_believed(fresh: Fresh) {
    let (here, place) = (Folder::new(), fresh.open());
    let (file, manifest) = backup(&here.0, "b", "harbour", 1_000);
    place.put(&file, &manifest, KEY).await.expect("it is put");
    let there = file_in(&fresh.files, "b.json");
    let text = std::fs::read_to_string(&there).expect("a file");
    for (from, to, why) in [
        ("\"revision\": 7", "\"revision\": 8", "not signed with this server's key"),
        ("\"format\": 1", "\"format\": 2", "only 1 is known here"),
        ("{", "[", "no manifest of a backup"),
    ] {
        std::fs::write(&there, text.replacen(from, to, 1)).expect("written");
        assert_eq!(listed(&place).await, Vec::<String>::new(), "{to}");
        let strays = strays(&place).await;
        assert!(strays.iter().any(|stray| stray.contains(why)), "{strays:?}");
    }
    // A manifest of ours that lies where another belongs.
    std::fs::write(&there, &text).expect("written");
    std::fs::write(there.with_file_name("c.json"), &text).expect("written");
    assert_eq!(listed(&place).await, ["b"]);
    assert!(strays(&place).await.iter().any(|stray| stray == "c.json: it belongs to harbour/b.json"));
}

pub async fn putting_again_is_in_order_and_nothing_is_ever_overwritten(fresh: Fresh) {
    let (here, place) = (Folder::new(), fresh.open());
    let (file, manifest) = backup(&here.0, "b", "harbour", 20_000);
    let first = place.put(&file, &manifest, KEY).await.expect("it is put");
    place.put(&file, &manifest, KEY).await.expect("it is put again");
    let (other, mut claims) = backup(&here.0, "c", "harbour", 20_000);
    claims.id = "b".into();
    claims.stored.name = "b.db.zst".into();
    let refused = place.put(&other, &claims, KEY).await.expect_err("it is taken");
    assert!(matches!(refused, PlaceError::Taken { .. }), "{refused}");
    place.check(&first).await.expect("the first is still there");
    assert_eq!(listed(&place).await, ["b"]);
    let mut restored = first.clone();
    restored.prove(Proved { step: 6, at: 1, tool: "etcd 3.6.4".into(), millis: 1 });
    place.renew(&restored, KEY).await.expect("a step more");
    let stock = place.stock(None, KEY, &Known::new()).await.expect("a list");
    assert_eq!(stock.backups[0].manifest.reached(), 6);
}

pub async fn what_is_removed_is_gone_and_half_a_removal_is_not_listed(fresh: Fresh) {
    let (here, place) = (Folder::new(), fresh.open());
    let mut put = Vec::new();
    for id in ["a", "bb"] {
        let (file, manifest) = backup(&here.0, id, "harbour", 1_000);
        put.push(place.put(&file, &manifest, KEY).await.expect("it is put"));
    }
    place.remove(&put[0]).await.expect("it is removed");
    place.remove(&put[0]).await.expect("it is gone already");
    assert_eq!(listed(&place).await, ["bb"]);
    assert!(matches!(place.check(&put[0]).await, Err(PlaceError::Missing { .. })));
    assert_eq!(strays(&place).await, Vec::<String>::new());
}

pub async fn places_beside_each_other_know_nothing_of_each_other_whatever_they_are_called(fresh: Fresh) {
    let here = Folder::new();
    let names = ["/a", "/ab", "/a b/ü+%25", "/quote\"'&=$;,@", "/back\\slash{}^`[]<>~|"];
    for (at, name) in names.iter().enumerate() {
        let (file, manifest) = backup(&here.0, &format!("b{at}"), "über/hafen #1", 1_000);
        fresh.under(name).put(&file, &manifest, KEY).await.unwrap_or_else(|error| panic!("{name}: {error}"));
    }
    for (at, name) in names.iter().enumerate() {
        assert_eq!(listed(&fresh.under(name)).await, [format!("b{at}")], "{name}");
        assert_eq!(listed(&fresh.under(&format!("{name}/"))).await, [format!("b{at}")], "{name}/");
    }
    assert_eq!(strays(&fresh.under("/a")).await, Vec::<String>::new());
}

pub async fn of_several_places_each_fares_for_itself(fresh: Fresh) {
    let (here, second) = (Folder::new(), Folder::new());
    // A file stands where the folder was.
    let broken = Place::open(&second.0.join("broken").display().to_string()).expect("a place");
    std::fs::remove_dir(second.0.join("broken")).expect("a folder");
    std::fs::write(second.0.join("broken"), "").expect("a file");
    let good = Place::open(&second.0.join("good").display().to_string()).expect("a place");
    let (file, manifest) = backup(&here.0, "b", "harbour", 100_000);
    let places = [broken, fresh.open(), good];
    let put = put_all(&places, &file, &manifest, KEY).await;
    assert!(put[0].1.is_err() && put[1].1.is_ok() && put[2].1.is_ok(), "{put:?}");
    for place in &places[1..] {
        assert_eq!(listed(place).await, ["b"]);
    }
}

pub async fn manifests_that_did_not_change_are_not_fetched_again(fresh: Fresh) {
    let (here, place) = (Folder::new(), fresh.open());
    let (file, manifest) = backup(&here.0, "b", "harbour", 1_000);
    let put = place.put(&file, &manifest, KEY).await.expect("it is put");
    let first = place.stock(None, KEY, &Known::new()).await.expect("a list");
    // What is known is believed as long as the tag is the same: another member's name shows that nothing was fetched.
    let mut told = put.clone();
    told.member = "told".into();
    told.sign(KEY);
    let known = Known::from([(("b".to_owned(), first.backups[0].tag.clone()), told)]);
    assert_eq!(place.stock(None, KEY, &known).await.expect("a list").backups[0].manifest.member, "told");
    let mut changed = put.clone();
    changed.prove(Proved { step: 6, at: 1, tool: "etcd".into(), millis: 1 });
    place.renew(&changed, KEY).await.expect("renewed");
    assert_eq!(place.stock(None, KEY, &known).await.expect("a list").backups[0].manifest.reached(), 6);
}

/// Every promise, for one kind of place.
macro_rules! every_promise {
    ($here:ident) => {
        $here!(
            what_is_put_is_listed_with_the_step_of_reading_back_and_comes_back_as_it_was,
            without_its_manifest_or_its_object_it_is_told_of_and_not_listed,
            a_byte_that_was_changed_in_the_store_is_found_when_it_is_read_back,
            a_manifest_that_others_wrote_or_changed_is_not_believed,
            putting_again_is_in_order_and_nothing_is_ever_overwritten,
            what_is_removed_is_gone_and_half_a_removal_is_not_listed,
            places_beside_each_other_know_nothing_of_each_other_whatever_they_are_called,
            of_several_places_each_fares_for_itself,
            manifests_that_did_not_change_are_not_fetched_again,
        );
    };
}

pub(crate) use every_promise;
