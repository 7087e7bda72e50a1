//! What the database promises, on SQLite.

mod store;

use std::os::unix::fs::PermissionsExt;

use binnacle::store::{Place, Store};
use store::Fresh;

/// A folder that goes with the test.
struct Folder(std::path::PathBuf);

impl Folder {
    fn new() -> Self {
        let name = format!("binnacle-store-{}-{:x}", std::process::id(), fastrand::u64(..));
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).expect("a folder");
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn fresh() -> Fresh {
    let folder = Folder::new();
    Fresh { place: Place::beside(&folder.0), _kept: Some(Box::new(folder)) }
}

store::every_promise!();

#[tokio::test]
async fn the_file_is_its_owners_alone() {
    let fresh = fresh();
    let store = store::open(&fresh).await;
    store.key("a", "b").await.unwrap();
    let Place::Sqlite(path) = &fresh.place else { unreachable!("a file") };
    for suffix in ["", "-wal", "-shm", "-lock"] {
        let file = format!("{}{suffix}", path.display());
        let mode = std::fs::metadata(&file).unwrap_or_else(|e| panic!("{file}: {e}")).permissions().mode();
        assert_eq!(mode & 0o077, 0, "{file}");
    }
}

#[tokio::test]
async fn what_cannot_be_a_database_is_named_with_what_to_do() {
    let folder = Folder::new();
    let missing = Place::Sqlite(folder.0.join("not there/x.db"));
    let error = Store::open(&missing).await.expect_err("refused").to_string();
    assert!(error.contains("not there/x.db") && error.contains("--data"), "{error}");
    let text = folder.0.join("text.db");
    std::fs::write(
        &text,
        "this is a letter and no database, long enough to have a header of a hundred bytes".repeat(9),
    )
    .unwrap();
    let error = Store::open(&Place::Sqlite(text)).await.expect_err("refused").to_string();
    assert!(error.contains("text.db cannot be opened") && error.contains("not a database"), "{error}");
}
