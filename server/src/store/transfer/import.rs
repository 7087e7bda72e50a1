//! From a file into an empty database, in one transaction. The file was checked before: what is wrong with it is said
//! before anything is made.

use std::io::{Read, Seek, SeekFrom};

use sqlx::{Any, AnyConnection, Connection, any::AnyArguments, migrate::Migrate, query::Query};

use super::{
    Checked, Section, TABLES, TransferError, check,
    form::{Next, Reader, Value},
    tables::{Holds, columns, count, quoted},
};
use crate::store::{Entry, Kind, Place, Store, StoreError, audit, leases};

/// Rows of one statement.
const ROWS: usize = 64;
/// And their bytes: a statement is sent once there are as many.
const BYTES: usize = 1 << 20;

/// What was imported.
#[derive(Clone, Debug)]
pub struct Imported {
    /// The file.
    pub checked: Checked,
    /// How many texts had the character NUL, which PostgreSQL does not take: U+FFFD stands in its place.
    pub replaced: u64,
}

/// Puts a checked file into an empty database, which is made where there is none, and brings that to this program's
/// version. `entry` is remembered with it, after what the file's own audit tells. All or nothing.
///
/// # Errors
/// [`TransferError`]; then the database holds what it held before.
pub async fn import<R: Read + Seek>(place: &Place, file: &mut R, entry: &Entry) -> Result<Imported, TransferError> {
    let checked = check(&mut *file)?;
    let schema = checked.header.schema;
    if let Some(version) = Store::found(place).await? {
        let newest = Store::versions().max().unwrap_or_default();
        if version > newest {
            return Err(StoreError::Newer { place: place.to_string(), version }.into());
        }
        // As it is: a database that is refused is not upgraded.
        let store = Store::open_at(place, Some(version)).await?;
        let mut connection = store.pool.acquire().await?;
        vacant(&store, &mut connection).await?;
        drop(connection);
        store.close().await;
        if version > schema {
            return Err(TransferError::Ahead { database: version, file: schema });
        }
    }
    let store = Store::open_at(place, Some(schema)).await?;
    let mut connection = store.pool.acquire().await?.detach();
    // A server that is started now waits with its migrations, and finds everything there.
    let lock = match place {
        Place::Sqlite(path) => Some(crate::store::lock(path).await?),
        Place::Postgres(_) => {
            connection.lock().await.map_err(|error| StoreError::Refused(error.to_string()))?;
            None
        }
    };
    let imported = import_by(&store, &mut connection, file, &checked, entry).await;
    // An open transaction ends with its connection, and so does PostgreSQL's lock.
    let _ = connection.close().await;
    drop(lock);
    store.close().await;
    let replaced = imported?;
    Store::open(place).await?.close().await;
    Ok(Imported { checked, replaced })
}

async fn import_by<R: Read + Seek>(
    store: &Store,
    connection: &mut AnyConnection,
    file: &mut R,
    checked: &Checked,
    entry: &Entry,
) -> Result<u64, TransferError> {
    let kind = store.kind;
    let begin = match kind {
        Kind::Sqlite => "BEGIN IMMEDIATE",
        Kind::Postgres => "BEGIN; SET LOCAL lock_timeout = '5s'",
    };
    sqlx::raw_sql(begin).execute(&mut *connection).await?;
    if kind == Kind::Postgres {
        lock_tables(connection).await?;
    }
    vacant(store, connection).await?;
    file.seek(SeekFrom::Start(0)).map_err(|error| TransferError::Read(error.to_string()))?;
    let changed = || TransferError::Damaged("it was changed while it was imported".into());
    let (header, mut reader) = Reader::begin(file)?;
    if header != checked.header {
        return Err(changed());
    }
    let (mut target, mut replaced) = (None, 0);
    let (mut rows, mut bytes) = (Vec::with_capacity(ROWS), 0);
    loop {
        match reader.next()? {
            Next::Section(section) => target = Some(Target::of(connection, kind, &section).await?),
            Next::Row(row) => {
                bytes += row.iter().map(Value::size).sum::<usize>();
                rows.push(row);
                if rows.len() == ROWS || bytes >= BYTES {
                    let target = target.as_ref().ok_or_else(changed)?;
                    replaced += target.put(connection, &mut rows).await?;
                    bytes = 0;
                }
            }
            Next::EndOfSection(_) => {
                let target = target.take().ok_or_else(changed)?;
                replaced += target.put(connection, &mut rows).await?;
                bytes = 0;
            }
            Next::End(sum) if sum == checked.sum => break,
            Next::End(_) => return Err(changed()),
        }
    }
    go_on_counting(connection, kind).await?;
    audit::put(connection, entry).await?;
    sqlx::raw_sql("COMMIT").execute(&mut *connection).await?;
    Ok(replaced)
}

/// Nobody else writes until the transaction ends. SQLite has one writer anyway.
async fn lock_tables(connection: &mut AnyConnection) -> Result<(), TransferError> {
    let mut names = Vec::new();
    for table in TABLES {
        if !columns(connection, Kind::Postgres, table.name).await?.is_empty() {
            names.push(quoted(table.name));
        }
    }
    let sql = format!("LOCK TABLE {} IN EXCLUSIVE MODE", names.join(", "));
    sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(connection).await?;
    Ok(())
}

/// Refuses a database that a server uses, or that holds anything that would be carried.
async fn vacant(store: &Store, connection: &mut AnyConnection) -> Result<(), TransferError> {
    // Every server stands for this duty, and while any runs, one has it.
    if leases::is_held(connection, store.kind, "acts").await? {
        return Err(TransferError::Used);
    }
    let mut found = Vec::new();
    for table in TABLES {
        if columns(connection, store.kind, table.name).await?.is_empty() {
            continue;
        }
        match count(connection, table).await? {
            0 => {}
            1 => found.push(format!("1 row of {}", table.name)),
            rows => found.push(format!("{rows} rows of {}", table.name)),
        }
    }
    if found.is_empty() { Ok(()) } else { Err(TransferError::Occupied(found.join(", "))) }
}

/// Numbers of the audit grow from the last that was ever given, also where every entry has gone to an anchor.
async fn go_on_counting(connection: &mut AnyConnection, kind: Kind) -> Result<(), TransferError> {
    let sql = "SELECT COALESCE(max(id), 0) FROM audit";
    let mut last: i64 = sqlx::query_scalar(sql).fetch_one(&mut *connection).await?;
    // A database of an earlier version has no anchors.
    if !columns(connection, kind, "audit_anchors").await?.is_empty() {
        let sql = "SELECT COALESCE(max(upto), 0) FROM audit_anchors";
        last = last.max(sqlx::query_scalar(sql).fetch_one(&mut *connection).await?);
    }
    if last < 1 {
        return Ok(());
    }
    match kind {
        Kind::Sqlite => {
            sqlx::query("DELETE FROM sqlite_sequence WHERE name = 'audit'").execute(&mut *connection).await?;
            let sql = "INSERT INTO sqlite_sequence (name, seq) VALUES ('audit', $1)";
            sqlx::query(sql).bind(last).execute(connection).await?;
        }
        Kind::Postgres => {
            let sql = "SELECT setval(pg_get_serial_sequence('audit', 'id'), $1)";
            sqlx::query(sql).bind(last).fetch_one(connection).await?;
        }
    }
    Ok(())
}

/// A table that rows are put into.
struct Target {
    table: String,
    columns: Vec<(String, Holds)>,
    kind: Kind,
}

impl Target {
    /// The columns must be those of the database at the file's version: what a statement names is never the file's own.
    async fn of(connection: &mut AnyConnection, kind: Kind, section: &Section) -> Result<Self, TransferError> {
        let columns = columns(connection, kind, &section.table).await?;
        if !columns.iter().map(|(name, _)| name).eq(&section.columns) {
            let what = format!("its section {} has not the columns of that version", section.table);
            return Err(TransferError::Damaged(what));
        }
        Ok(Self { table: section.table.clone(), columns, kind })
    }

    /// Puts rows, and leaves none of them. Answers how many texts were changed for PostgreSQL.
    async fn put(&self, connection: &mut AnyConnection, rows: &mut Vec<Vec<Value>>) -> Result<u64, TransferError> {
        if rows.is_empty() {
            return Ok(0);
        }
        let names: Vec<String> = self.columns.iter().map(|(name, _)| quoted(name)).collect();
        let width = names.len();
        let one = |row: usize| {
            let places: Vec<String> = (1..=width).map(|place| format!("${}", row * width + place)).collect();
            format!("({})", places.join(", "))
        };
        let places: Vec<String> = (0..rows.len()).map(one).collect();
        let (table, names, places) = (quoted(&self.table), names.join(", "), places.join(", "));
        // The numbers of the audit are the file's.
        let given = if self.kind == Kind::Postgres { " OVERRIDING SYSTEM VALUE" } else { "" };
        let sql = format!("INSERT INTO {table} ({names}){given} VALUES {places}");
        let mut replaced = 0;
        let mut query = sqlx::query(sqlx::AssertSqlSafe(sql)).persistent(rows.len() == ROWS);
        for (value, (name, holds)) in rows.drain(..).flatten().zip(self.columns.iter().cycle()) {
            let value = self.taken(value, &mut replaced);
            query = bind(query, value, *holds).ok_or_else(|| {
                TransferError::Damaged(format!("the column {name} of {} holds something else", self.table))
            })?;
        }
        query.execute(connection).await?;
        Ok(replaced)
    }

    fn taken(&self, value: Value, replaced: &mut u64) -> Value {
        match value {
            Value::Text(text) if self.kind == Kind::Postgres && text.contains('\0') => {
                *replaced += 1;
                Value::Text(text.replace('\0', "\u{fffd}"))
            }
            other => other,
        }
    }
}

type Statement = Query<'static, Any, AnyArguments>;

/// Binds a value; `None` where its kind is not the column's.
fn bind(query: Statement, value: Value, holds: Holds) -> Option<Statement> {
    Some(match (value, holds) {
        (Value::Number(number), Holds::Number) => query.bind(number),
        (Value::Text(text), Holds::Text) => query.bind(text),
        (Value::Bytes(bytes), Holds::Bytes) => query.bind(bytes),
        // A NULL has a type as well.
        (Value::Null, Holds::Number) => query.bind(None::<i64>),
        (Value::Null, Holds::Text) => query.bind(None::<String>),
        (Value::Null, Holds::Bytes) => query.bind(None::<Vec<u8>>),
        _ => return None,
    })
}
