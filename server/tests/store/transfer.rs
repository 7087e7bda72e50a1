//! All of a database in a file, and from there in another of either kind.

use std::{
    io::{Cursor, Read, Seek, SeekFrom, Write},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use binnacle::store::{
    Checked, Entry, Kind, LEFT_OUT, Sought, Store, StoreError, TABLES, TransferError, User, check, import,
};
use sqlx::{AnyConnection, Connection, Row};

use super::{Fresh, by_hand, in_a_folder, killed::told, open};

const AT: jiff::Timestamp = jiff::Timestamp::UNIX_EPOCH;

fn entry() -> Entry {
    Entry {
        at: 7,
        who: "the command line".into(),
        subject: String::new(),
        way: "loopback".into(),
        address: "127.0.0.1".into(),
        action: "database.import".into(),
        target: "a file".into(),
        cluster: String::new(),
        allowed: true,
        detail: String::new(),
    }
}

fn user(name: &str) -> User {
    User { name: name.into(), password: "$argon2id$…".into(), role: "viewer".into(), created: 1, disabled: false }
}

async fn exported(store: &Store) -> Vec<u8> {
    let mut file = Vec::new();
    store.export(AT, &mut file).await.expect("exported");
    file
}

/// Everything of a file but what it says of where it comes from.
fn contents(file: &[u8]) -> Vec<(String, u64, [u8; 32])> {
    let Checked { sections, .. } = check(file).expect("a whole file");
    sections.into_iter().map(|section| (section.table, section.rows, section.digest)).collect()
}

async fn connected(fresh: &Fresh) -> AnyConnection {
    sqlx::any::install_default_drivers();
    AnyConnection::connect(&told(&fresh.place)).await.expect("a connection")
}

const NUMBERS: [i64; 5] = [0, -1, i64::MAX, i64::MIN, 1_700_000_000_000];

/// What may be long. PostgreSQL has no index for a text of more than 2,704 bytes.
const LONG: [&str; 6] = ["detail", "dha", "manifest", "reason", "touched", "value"];

fn texts(name: &str) -> [String; 5] {
    let odd = "änn 🚢 \u{202e}\u{feff} \u{1}\u{7f} 'x'; -- \\ \r\n\t".to_owned();
    let long = if LONG.contains(&name) { 100_000 } else { 500 };
    [String::new(), odd, "NULL".into(), "B".into(), "ü".repeat(long)]
}

fn bytes() -> [Vec<u8>; 5] {
    let many = (0..5 << 18).map(|n: u32| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    [Vec::new(), (0..=255).collect(), many, vec![0; 70_000], b"text".to_vec()]
}

/// Puts five odd rows into every table: each column of a row has another value, and is NULL where it may be.
async fn fill(fresh: &Fresh, kind: Kind) {
    let mut connection = connected(fresh).await;
    let bytes = bytes();
    for table in TABLES {
        let sql = match kind {
            Kind::Sqlite => {
                "SELECT name, type AS holds, CAST(\"notnull\" AS BIGINT) AS needed FROM pragma_table_info($1)"
            }
            Kind::Postgres => {
                "SELECT column_name::text AS name, data_type::text AS holds, \
                 CASE WHEN is_nullable = 'NO' THEN 1 ELSE 0 END::bigint AS needed \
                 FROM information_schema.columns WHERE table_schema = current_schema() AND table_name = $1"
            }
        };
        let columns = sqlx::query(sql).bind(table.name).fetch_all(&mut connection).await.expect("columns");
        assert!(!columns.is_empty(), "{}", table.name);
        for row in 0..5 {
            let names: Vec<String> =
                columns.iter().map(|column| format!("\"{}\"", column.get::<String, _>(0))).collect();
            let places: Vec<String> = (1..=names.len()).map(|place| format!("${place}")).collect();
            let given = if kind == Kind::Postgres { "OVERRIDING SYSTEM VALUE" } else { "" };
            let (names, places) = (names.join(", "), places.join(", "));
            let sql = format!("INSERT INTO {} ({names}) {given} VALUES ({places})", table.name);
            let mut query = sqlx::query(sqlx::AssertSqlSafe(sql));
            for (at, column) in columns.iter().enumerate() {
                let (name, holds) = (column.get::<String, _>("name"), column.get::<String, _>("holds").to_lowercase());
                let is_null = column.get::<i64, _>("needed") == 0 && (row + at) % 2 == 0;
                // Numbers that are given out, and grow.
                let number = if ["id", "upto"].contains(&name.as_str()) { row as i64 * 10 + 1 } else { NUMBERS[row] };
                query = match holds.as_str() {
                    "integer" | "bigint" => query.bind((!is_null).then_some(number)),
                    "text" => query.bind((!is_null).then(|| texts(&name)[row].clone())),
                    _ => query.bind((!is_null).then(|| bytes[row].clone())),
                };
            }
            query.execute(&mut connection).await.unwrap_or_else(|error| panic!("{}: {error}", table.name));
        }
    }
    if kind == Kind::Postgres {
        // It does not count what was given by hand.
        let sql = "SELECT setval(pg_get_serial_sequence('audit', 'id'), 41)";
        sqlx::query(sql).fetch_one(&mut connection).await.expect("it counts on");
    }
    connection.close().await.expect("closed");
}

pub async fn every_table_is_carried_or_left_out_with_a_reason(fresh: Fresh) {
    let kind = open(&fresh).await.kind();
    let sql = match kind {
        Kind::Sqlite => {
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name"
        }
        Kind::Postgres => {
            "SELECT table_name::text AS name FROM information_schema.tables WHERE table_schema = current_schema() \
             AND table_type = 'BASE TABLE' ORDER BY table_name COLLATE \"C\""
        }
    };
    let rows = sqlx::query(sql).fetch_all(&mut connected(&fresh).await).await.expect("tables");
    let there: Vec<String> = rows.iter().map(|row| row.get("name")).collect();
    let mut known: Vec<&str> = TABLES.iter().map(|table| table.name).collect();
    known.extend(LEFT_OUT.map(|(name, _)| name));
    known.sort_unstable();
    assert_eq!(there, known, "a new table is named in TABLES, or in LEFT_OUT with the reason");
}

pub async fn an_export_that_was_imported_is_exported_the_same_by_either_kind(fresh: Fresh) {
    let source = open(&fresh).await;
    fill(&fresh, source.kind()).await;
    for sql in [
        "INSERT INTO keys (name, value) VALUES ('embed-links', 'signs'), ('runs', 'ours')",
        "INSERT INTO sessions (id, who, role, way, address, created, seen, expires) \
         VALUES ('1', 'ann', 'viewer', 'local', '::1', 1, 1, 9)",
        "INSERT INTO leases (name, holder, until, term) VALUES ('acts', 'gone', 1, 7)",
    ] {
        by_hand(&fresh, sql).await.expect("kept");
    }
    let file = exported(&source).await;
    assert_eq!(file, exported(&source).await, "nothing depends on when it is exported");
    assert!(contents(&file).iter().all(|(_, rows, _)| *rows == 5), "{:?}", contents(&file));
    assert_eq!(contents(&file).len(), TABLES.len());
    // The entry that an import leaves, so that the two have the same in them.
    let number = source.remember(&entry()).await.expect("kept");
    let expected = exported(&source).await;
    for target in [crate::fresh(), in_a_folder()] {
        let imported = import(&target.place, &mut Cursor::new(&file), &entry()).await.expect("imported");
        assert_eq!(imported.replaced, 0);
        let store = open(&target).await;
        let again = exported(&store).await;
        assert_eq!(contents(&again), contents(&expected));
        if store.kind() == source.kind() {
            assert_eq!(again, expected);
        }
        assert_eq!(store.sessions(9).await.expect("an answer"), [], "a session is not carried");
        assert_eq!(store.key("runs", "another").await.expect("an answer"), "another");
        assert_eq!(store.remember(&entry()).await.expect("kept"), number + 1, "its number is new");
        let refused = by_hand(&target, "UPDATE audit SET who = 'x'").await.expect_err("the audit stays as it is");
        assert!(refused.to_string().contains("append-only"), "{refused}");
    }
}

pub async fn numbers_go_on_where_every_entry_has_gone_to_an_anchor(fresh: Fresh) {
    let source = in_a_folder();
    let store = open(&source).await;
    let sql = "INSERT INTO audit_anchors (upto, at, entries, oldest, newest, digest) VALUES (50, 1, 50, 1, 1, '')";
    by_hand(&source, sql).await.expect("kept");
    let file = exported(&store).await;
    import(&fresh.place, &mut Cursor::new(&file), &entry()).await.expect("imported");
    let kept = open(&fresh).await.remembered(&Sought::default(), 9).await.expect("an answer");
    assert_eq!(kept.iter().map(|kept| kept.id).collect::<Vec<_>>(), [51]);
}

pub async fn an_import_is_refused_where_anything_is_or_a_server_runs(fresh: Fresh) {
    let source = in_a_folder();
    let store = open(&source).await;
    store.add_user(&user("bob")).await.expect("kept");
    let file = exported(&store).await;
    let target = open(&fresh).await;
    target.hold("acts", "a server", Duration::from_secs(60)).await.expect("an answer");
    let refused = import(&fresh.place, &mut Cursor::new(&file), &entry()).await.expect_err("refused");
    assert!(matches!(refused, TransferError::Used), "{refused}");
    target.let_go("acts", "a server").await.expect("an answer");
    target.add_user(&user("ann")).await.expect("kept");
    let refused = import(&fresh.place, &mut Cursor::new(&file), &entry()).await.expect_err("refused");
    assert!(matches!(&refused, TransferError::Occupied(what) if what == "1 row of users"), "{refused}");
    assert_eq!(target.users().await.expect("an answer"), [user("ann")]);
    assert_eq!(target.remembered(&Sought::default(), 9).await.expect("an answer"), []);
}

/// A file of which the first reading is whole, and the second is not.
struct Altered {
    file: Cursor<Vec<u8>>,
    altered: Vec<u8>,
}

impl Read for Altered {
    fn read(&mut self, bytes: &mut [u8]) -> std::io::Result<usize> {
        self.file.read(bytes)
    }
}

impl Seek for Altered {
    fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
        *self.file.get_mut() = self.altered.clone();
        self.file.seek(to)
    }
}

pub async fn a_file_that_changes_while_it_is_imported_leaves_nothing(fresh: Fresh) {
    let source = in_a_folder();
    let store = open(&source).await;
    for number in 0..300 {
        store.add_user(&user(&format!("user{number}"))).await.expect("kept");
    }
    let file = exported(&store).await;
    store.add_user(&user("another")).await.expect("kept");
    let other = exported(&store).await;
    let cut = file[..file.len() - 9].to_vec();
    for altered in [cut, other] {
        let mut odd = Altered { file: Cursor::new(file.clone()), altered };
        let refused = import(&fresh.place, &mut odd, &entry()).await.expect_err("refused");
        assert!(matches!(refused, TransferError::Cut | TransferError::Damaged(_)), "{refused}");
        let target = open(&fresh).await;
        assert_eq!(target.users().await.expect("an answer"), []);
        assert_eq!(target.remembered(&Sought::default(), 9).await.expect("an answer"), []);
    }
    import(&fresh.place, &mut Cursor::new(&file), &entry()).await.expect("imported at last");
    assert_eq!(open(&fresh).await.users().await.expect("an answer").len(), 300);
}

/// A file that goes on only when others have written a little more.
struct Slow {
    file: Vec<u8>,
    written: Arc<AtomicU64>,
}

impl Write for Slow {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let until = self.written.load(Ordering::SeqCst) + 20;
        // The header is written once the transaction has begun.
        while self.file.is_empty() && self.written.load(Ordering::SeqCst) < until {
            std::thread::sleep(Duration::from_millis(5));
        }
        self.file.extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

pub async fn an_export_is_of_one_moment_while_others_write(fresh: Fresh) {
    let store = open(&fresh).await;
    let written = Arc::new(AtomicU64::new(0));
    let (writer, count) = (store.clone(), written.clone());
    let writing = tokio::spawn(async move {
        for number in 0.. {
            writer.add_user(&user(&format!("user{number}"))).await.expect("kept");
            writer.remember(&entry()).await.expect("kept");
            count.fetch_add(1, Ordering::SeqCst);
        }
    });
    let mut file = Slow { file: Vec::new(), written: written.clone() };
    store.export(AT, &mut file).await.expect("exported");
    writing.abort();
    let rows = |name: &str| contents(&file.file).into_iter().find(|(table, ..)| table == name).map(|(_, rows, _)| rows);
    let (users, entries) = (rows("users").expect("users"), rows("audit").expect("the audit"));
    assert!(users == entries || users == entries + 1, "{users} users and {entries} entries");
    assert!(users + 15 < written.load(Ordering::SeqCst), "nobody wrote meanwhile");
}

pub async fn a_file_of_an_earlier_version_is_brought_to_this_one(fresh: Fresh) {
    let newest = Store::versions().max().expect("a version");
    for version in [5, 20, 27] {
        let source = in_a_folder();
        let store = Store::open_at(&source.place, Some(version)).await.expect("an earlier version");
        store.add_user(&user("ann")).await.expect("kept");
        let file = exported(&store).await;
        assert_eq!(check(&file[..]).expect("a file").header.schema, version);
        let target = crate::fresh();
        import(&target.place, &mut Cursor::new(&file), &entry()).await.expect("imported");
        assert_eq!(Store::found(&target.place).await.expect("an answer"), Some(newest));
        assert_eq!(open(&target).await.users().await.expect("an answer"), [user("ann")]);
        open(&fresh).await.close().await;
        let refused = import(&fresh.place, &mut Cursor::new(&file), &entry()).await.expect_err("refused");
        assert!(matches!(refused, TransferError::Ahead { file, .. } if file == version), "{refused}");
    }
    let sql = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
               VALUES (99990101, 'of the future', true, '', 0)";
    by_hand(&fresh, sql).await.expect("kept");
    let source = in_a_folder();
    let file = exported(&open(&source).await).await;
    let refused = import(&fresh.place, &mut Cursor::new(&file), &entry()).await.expect_err("refused");
    assert!(matches!(refused, TransferError::Store(StoreError::Newer { .. })), "{refused}");
}

pub async fn a_file_that_is_not_whole_is_said_so_and_makes_no_database(fresh: Fresh) {
    let source = in_a_folder();
    let store = open(&source).await;
    for name in ["ann", "bob"] {
        store.add_user(&user(name)).await.expect("kept");
    }
    let file = exported(&store).await;
    let whole = check(&file[..]).expect("it is whole");
    for length in 0..file.len() {
        let error = check(&file[..length]).expect_err("it was cut");
        let told = matches!(error, TransferError::Cut | TransferError::Foreign | TransferError::Damaged(_));
        assert!(told, "{length}: {error}");
    }
    assert!(matches!(check(&file[..file.len() - 1]), Err(TransferError::Cut)));
    for at in 0..file.len() {
        for bits in [1, 0x10, 0x80, 0xff] {
            let mut flipped = file.clone();
            flipped[at] ^= bits;
            // zstd has a bit that means nothing.
            assert!(check(&flipped[..]).ok().is_none_or(|same| same == whole), "byte {at}, bits {bits:x}");
        }
    }
    let text = String::from_utf8_lossy(&file).into_owned();
    let line = text.lines().next().expect("a header");
    let newer = line.replace(&format!("\"schema\":{}", whole.header.schema), "\"schema\":99990101") + "\n";
    let never = line.replace(&format!("\"schema\":{}", whole.header.schema), "\"schema\":4") + "\n";
    let longer = [&file[..], b"x"].concat();
    let twice = [&file[..], &file[line.len() + 1..]].concat();
    let cases: [(&[u8], &str); 8] = [
        (b"", "no export of Binnacle"),
        (b"BNH\x01\x00\x00\x00", "no export of Binnacle"),
        (b"binnacle-export 2 {}\n", "of form 2"),
        (b"binnacle-export one {}\n", "its first line"),
        (newer.as_bytes(), "at version 99990101"),
        (never.as_bytes(), "no database was ever at version 4"),
        (&longer, "damaged"),
        (&twice, "after its end"),
    ];
    for (file, said) in cases {
        let error = import(&fresh.place, &mut Cursor::new(file), &entry()).await.expect_err("refused").to_string();
        assert!(error.contains(said), "{said}: {error}");
    }
    assert_eq!(Store::found(&fresh.place).await.expect("an answer"), None, "no database was made");
}
