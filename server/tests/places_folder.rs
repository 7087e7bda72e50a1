//! What a place for backups promises, in a folder.

mod faulty;
mod places;

use std::os::unix::fs::PermissionsExt;

use binnacle::backup::{
    manifest::Manifest,
    places::{Place, PlaceError},
};
use faulty::{Disk, Says};
use places::{Folder, Fresh, KEY, backup, listed};

fn fresh() -> Fresh {
    let folder = Folder::new();
    let files = folder.0.join("place");
    Fresh { text: files.display().to_string(), options: String::new(), files, _kept: Some(folder) }
}

macro_rules! here {
    ($($promise:ident),+ $(,)?) => {
        $(
            #[tokio::test]
            async fn $promise() {
                places::$promise(fresh()).await;
            }
        )+
    };
}

places::every_promise!(here);

#[tokio::test]
async fn nobody_else_on_the_machine_reads_what_lies_there() {
    let (here, fresh) = (Folder::new(), fresh());
    for (id, size) in [("small", 100), ("large", 6 << 20)] {
        let (file, manifest) = backup(&here.0, id, "harbour", size);
        fresh.open().put(&file, &manifest, KEY).await.expect("it is put");
    }
    let mode = |path: &std::path::Path| std::fs::metadata(path).expect("a file").permissions().mode() & 0o777;
    let folder = fresh.files.join("harbour");
    assert_eq!((mode(&fresh.files), mode(&folder)), (0o700, 0o700));
    let files: Vec<_> = std::fs::read_dir(&folder).expect("a folder").flatten().map(|entry| entry.path()).collect();
    assert_eq!(files.len(), 4);
    for file in files {
        assert_eq!(mode(&file), 0o600, "{}", file.display());
    }
}

#[tokio::test]
async fn a_full_disk_leaves_nothing_behind_and_what_was_there_stays() {
    let (here, fresh) = (Folder::new(), fresh());
    let (file, manifest) = backup(&here.0, "good", "harbour", 1_000);
    fresh.open().put(&file, &manifest, KEY).await.expect("it is put");
    // Files of this process may not grow beyond this: the write fails as on a full disk.
    let status = std::process::Command::new("prlimit")
        .arg("--fsize=3000000")
        .arg(std::env::current_exe().expect("this program"))
        .args(["--exact", "a_process_with_little_room", "--nocapture"])
        .env("BINNACLE_TEST_PLACE", &fresh.text)
        .status();
    assert!(status.expect("prlimit").success());
    assert_eq!(listed(&fresh.open()).await, ["good"]);
    let left = std::fs::read_dir(fresh.files.join("harbour")).expect("a folder").count();
    assert_eq!(left, 2, "only the good one and its manifest lie there");
}

/// Begun as a process of its own by the test about full disks.
#[tokio::test]
async fn a_process_with_little_room() {
    let Ok(text) = std::env::var("BINNACLE_TEST_PLACE") else { return };
    let here = Folder::new();
    let (file, mut manifest) = backup(&here.0, "large", "harbour", 2_000_000);
    // Longer than what may be written: the file is made by parts.
    let chunk = std::fs::read(&file).expect("a file");
    let parts = [here.0.join("one"), here.0.join("two")];
    for part in &parts {
        std::fs::write(part, &chunk).expect("a file");
    }
    manifest.stored.size = 6_000_000;
    let big = std::path::Path::new(&text).with_file_name("big");
    let _ = std::fs::remove_file(&big);
    std::fs::File::create(&big).and_then(|file| file.set_len(2_900_000)).expect("a file");
    let place = Place::open(&text).expect("a place");
    let error = place.put(&big, &manifest, KEY).await.expect_err("it does not fit");
    assert!(matches!(error, PlaceError::Away { .. } | PlaceError::Differs { .. }), "{error}");
}

/// Begun as a process of its own, with a disk that refuses something.
#[tokio::test]
async fn a_process_with_a_faulty_disk() {
    let (Ok(text), Ok(file)) = (std::env::var("BINNACLE_TEST_FAULTY"), std::env::var("BINNACLE_TEST_FILE")) else {
        return;
    };
    let manifest = Manifest::read(&std::fs::read(format!("{file}.manifest")).expect("a file")).expect("a manifest");
    let put = match Place::open(&text) {
        Ok(place) => place.put(file.as_ref(), &manifest, KEY).await.map(drop),
        Err(error) => Err(error),
    };
    std::process::exit(i32::from(put.is_err()));
}

/// As exFAT, SMB and s3fs: a backup is put there all the same, once, and never over another.
#[tokio::test]
async fn a_file_system_without_hard_links_keeps_every_promise() {
    let (here, fresh) = (Folder::new(), fresh());
    let disk = Disk::new(&here.0);
    let put = |file: &std::path::Path, manifest: &Manifest| {
        std::fs::write(format!("{}.manifest", file.display()), manifest.text()).expect("written");
        let mut command = std::process::Command::new(std::env::current_exe().expect("this program"));
        command.args(["--exact", "a_process_with_a_faulty_disk", "--nocapture"]);
        command.env("BINNACLE_TEST_FAULTY", &fresh.text).env("BINNACLE_TEST_FILE", file);
        // Below this folder the program finds no hard links.
        command.env("LD_PRELOAD", &disk.object).env("FAULTY_LINKLESS", &fresh.files);
        command.stdout(std::process::Stdio::null()).status().expect("it runs").code()
    };
    for (id, size) in [("small", 1_000), ("large", 6 << 20)] {
        let (file, manifest) = backup(&here.0, id, "harbour", size);
        assert_eq!(put(&file, &manifest), Some(0), "{id}");
        assert_eq!(put(&file, &manifest), Some(0), "{id} is there already, byte by byte");
    }
    let (other, manifest) = backup(&here.0, "small", "harbour", 2_000);
    assert_eq!(put(&other, &manifest), Some(1), "another backup of that name");
    // Processes that are gone left empty files, which claimed the names.
    let (file, manifest) = backup(&here.0, "claimed", "harbour", 1_000);
    for name in [manifest.stored.name.clone(), format!("{}.json", manifest.id)] {
        let claim = std::fs::File::create(fresh.files.join("harbour").join(name)).expect("a claim");
        claim.set_modified(std::time::SystemTime::now() - std::time::Duration::from_secs(600)).expect("its time");
    }
    assert_eq!(put(&file, &manifest), Some(0), "an old claim gives way");
    let place = fresh.open();
    let mut names = listed(&place).await;
    names.sort();
    assert_eq!(names, ["claimed", "large", "small"]);
    assert_eq!(places::strays(&place).await, Vec::<String>::new());
    assert_eq!(std::fs::read_dir(fresh.files.join("harbour")).expect("a folder").count(), 6);
}

/// Each write, sync, name and file that an upload needs, one after the other; whole and by parts.
#[tokio::test]
async fn whatever_the_disk_refuses_nothing_half_is_listed_and_trying_again_does() {
    let here = Folder::new();
    let disk = Disk::new(&here.0);
    let (good, good_manifest) = backup(&here.0, "good", "harbour", 1_000);
    for (id, size) in [("small", 1_000), ("large", 6 << 20)] {
        let (file, manifest) = backup(&here.0, id, "harbour", size);
        std::fs::write(format!("{}.manifest", file.display()), manifest.text()).expect("written");
        let bytes = std::fs::read(&file).expect("a file");
        for says in [Says::Full, Says::Broken] {
            let mut at = 1;
            loop {
                let fresh = fresh();
                let place = fresh.open();
                place.put(&good, &good_manifest, KEY).await.expect("it is put");
                let mut command = std::process::Command::new(std::env::current_exe().expect("this program"));
                command.args(["--exact", "a_process_with_a_faulty_disk", "--nocapture"]);
                command.env("BINNACLE_TEST_FAULTY", &fresh.text).env("BINNACLE_TEST_FILE", &file);
                disk.fail(&mut command, &fresh.files, at, says);
                let status = command.stdout(std::process::Stdio::null()).status().expect("it runs");
                let ids = listed(&place).await;
                let there = std::fs::read(fresh.files.join("harbour").join(&manifest.stored.name));
                let is_listed = ids.iter().any(|listed| listed == id);
                assert!(
                    !is_listed || there.is_ok_and(|there| there == bytes),
                    "half of it is listed: {says:?} at {at}"
                );
                if !disk.failed() {
                    assert!(status.success() && is_listed);
                    break;
                }
                assert_eq!(status.code(), Some(1), "{id}, {says:?} at {at}");
                assert!(ids.iter().any(|id| id == "good"), "{id}, {says:?} at {at}");
                let again = place.put(&file, &manifest, KEY).await;
                again.unwrap_or_else(|error| panic!("{id}, {says:?} at {at}: {error}"));
                assert_eq!(listed(&place).await.len(), 2, "{id}, {says:?} at {at}");
                at += 1;
            }
            assert!(at > 6, "only {at} requests of the disk");
        }
    }
}
