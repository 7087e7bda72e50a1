//! What the database promises, on SQLite.

mod store;

use std::os::unix::fs::PermissionsExt;

use binnacle::store::{Place, Store};
use store::{Folder, Fresh};

fn fresh() -> Fresh {
    store::in_a_folder()
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
