//! Which tables an export carries, in which order, and which it leaves out.

use sqlx::{AnyConnection, Row};

use super::super::{Kind, StoreError};

/// A table that is carried.
#[derive(Clone, Copy, Debug)]
pub struct Table {
    /// Its name.
    pub name: &'static str,
    /// The columns that rows are sorted by: no two rows have the same in all of them.
    pub(super) order: &'static [&'static str],
    /// Which rows are carried, as a condition; empty for all.
    pub(super) only: &'static str,
}

const fn table(name: &'static str, order: &'static [&'static str]) -> Table {
    Table { name, order, only: "" }
}

/// The tables that are carried. All their columns are, also those that a later migration adds.
pub const TABLES: [Table; 18] = [
    table("users", &["name"]),
    table("provider_people", &["subject"]),
    table("tokens", &["id"]),
    // Links are left out, and so is the key that signs them. The name of a database on jump hosts is its own: with the
    // same one, two servers would remove each other's folders there.
    Table { only: "name NOT IN ('embed-links', 'runs')", ..table("keys", &["name"]) },
    table("audit_anchors", &["upto"]),
    table("audit", &["id"]),
    table("runs", &["id"]),
    table("run_log", &["run", "at"]),
    table("backups", &["id"]),
    table("backup_copies", &["backup", "place"]),
    table("backup_places", &["place"]),
    table("backup_schedules", &["cluster"]),
    table("backup_warnings", &["cluster", "kind"]),
    table("history_heads", &["cluster"]),
    table("history_blocks", &["cluster", "content", "number", "first"]),
    table("history_marks", &["cluster", "lane", "began", "about"]),
    table("incidents", &["cluster", "id"]),
    table("incident_silences", &["id"]),
];

/// The tables that are left out, each with the reason.
pub const LEFT_OUT: [(&str, &str); 6] = [
    ("sessions", "people sign in again: a session is a short-lived secret"),
    ("logouts", "it is of sessions, which are left out"),
    ("links", "a link lasts a day at most, and is made anew"),
    ("idempotency", "a repeated request is answered from it for a day, by the server that acted"),
    ("leases", "a lease belongs to servers that run on this database"),
    ("_sqlx_migrations", "the other database is made by its own migrations"),
];

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Holds {
    Number,
    Text,
    Bytes,
}

/// The columns of a table by name; none where there is no such table.
pub(super) async fn columns(
    connection: &mut AnyConnection,
    kind: Kind,
    table: &str,
) -> Result<Vec<(String, Holds)>, StoreError> {
    let sql = match kind {
        Kind::Sqlite => "SELECT name, type AS holds FROM pragma_table_info($1)",
        Kind::Postgres => {
            "SELECT column_name::text AS name, data_type::text AS holds FROM information_schema.columns \
             WHERE table_schema = current_schema() AND table_name = $1"
        }
    };
    let rows = sqlx::query(sql).bind(table.to_owned()).fetch_all(connection).await?;
    let mut columns = Vec::with_capacity(rows.len());
    for row in rows {
        let (name, holds): (String, String) = (row.try_get("name")?, row.try_get("holds")?);
        let holds = match holds.to_ascii_lowercase().as_str() {
            "integer" | "bigint" => Holds::Number,
            "text" => Holds::Text,
            "blob" | "bytea" => Holds::Bytes,
            other => return Err(StoreError::Refused(format!("the column {name} of {table} is of the type {other}"))),
        };
        columns.push((name, holds));
    }
    columns.sort_by(|(one, _), (other, _)| one.cmp(other));
    Ok(columns)
}

/// A name as both databases quote it. Ours hold no quote.
pub(super) fn quoted(name: &str) -> String {
    format!("\"{name}\"")
}

/// How many of the rows that would be carried are there.
pub(super) async fn count(connection: &mut AnyConnection, table: Table) -> Result<i64, StoreError> {
    let only = condition(table);
    let sql = format!("SELECT count(*) AS rows FROM {}{only}", quoted(table.name));
    Ok(sqlx::query(sqlx::AssertSqlSafe(sql)).fetch_one(connection).await?.try_get("rows")?)
}

/// Which rows are carried, as the end of a statement.
pub(super) fn condition(table: Table) -> String {
    if table.only.is_empty() { String::new() } else { format!(" WHERE {}", table.only) }
}
