//! From a database into a file, by one read transaction: a server may go on writing meanwhile.

use std::io::Write;

use futures::TryStreamExt;
use sqlx::{AnyConnection, Connection, Row, ValueRef, any::AnyRow, any::AnyTypeInfoKind};

use super::{
    Header, Section, TABLES, Table, TransferError,
    form::{Value, Writer},
    tables::{Holds, columns, condition, quoted},
};
use crate::store::{Kind, Store};

impl Store {
    /// Writes everything that is carried, as it is at one moment; `at` is that moment for the header. Answers what was
    /// written. The file is of use only when this returns.
    ///
    /// # Errors
    /// [`TransferError::Write`], or [`TransferError::Store`].
    pub async fn export(
        &self,
        at: jiff::Timestamp,
        to: &mut (dyn Write + Send),
    ) -> Result<(Header, Vec<Section>), TransferError> {
        let mut connection = self.pool.acquire().await?.detach();
        // Of a connection that is dropped the transaction ends as well.
        let exported = self.export_by(&mut connection, at, to).await;
        let _ = connection.close().await;
        exported
    }

    async fn export_by(
        &self,
        connection: &mut AnyConnection,
        at: jiff::Timestamp,
        to: &mut (dyn Write + Send),
    ) -> Result<(Header, Vec<Section>), TransferError> {
        let begin = match self.kind {
            Kind::Sqlite => "BEGIN",
            Kind::Postgres => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
        };
        sqlx::raw_sql(begin).execute(&mut *connection).await?;
        let schema =
            sqlx::query_scalar("SELECT max(version) FROM _sqlx_migrations").fetch_one(&mut *connection).await?;
        let header = Header {
            version: env!("CARGO_PKG_VERSION").into(),
            schema,
            at: at.to_string(),
            from: match self.kind {
                Kind::Sqlite => "sqlite".into(),
                Kind::Postgres => "postgres".into(),
            },
        };
        let mut writer = Writer::begin(to, &header)?;
        for table in TABLES {
            section(connection, self.kind, table, &mut writer).await?;
        }
        Ok((header, writer.end()?))
    }
}

async fn section(
    connection: &mut AnyConnection,
    kind: Kind,
    table: Table,
    writer: &mut Writer<'_>,
) -> Result<(), TransferError> {
    let columns = columns(connection, kind, table.name).await?;
    // A database of an earlier version has not every table.
    if columns.is_empty() {
        return Ok(());
    }
    let sorted = |name: &&str| {
        let is_text = columns.iter().any(|(column, holds)| column == name && *holds == Holds::Text);
        // By its bytes, as SQLite does, and not by a language.
        let collation = if kind == Kind::Postgres && is_text { " COLLATE \"C\"" } else { "" };
        quoted(name) + collation
    };
    let order: Vec<String> = table.order.iter().map(sorted).collect();
    let names: Vec<String> = columns.iter().map(|(name, _)| quoted(name)).collect();
    let (names, order, only) = (names.join(", "), order.join(", "), condition(table));
    let sql = format!("SELECT {names} FROM {}{only} ORDER BY {order}", quoted(table.name));
    writer.section(table.name, columns.into_iter().map(|(name, _)| name).collect())?;
    let mut rows = sqlx::query(sqlx::AssertSqlSafe(sql)).fetch(connection);
    while let Some(row) = rows.try_next().await? {
        let values = (0..row.len()).map(|at| value(&row, at)).collect::<Result<Vec<_>, _>>()?;
        writer.row(&values)?;
    }
    drop(rows);
    writer.end_section()
}

fn value(row: &AnyRow, at: usize) -> Result<Value, sqlx::Error> {
    let raw = row.try_get_raw(at)?;
    if raw.is_null() {
        return Ok(Value::Null);
    }
    let kind = raw.type_info().kind();
    Ok(match kind {
        AnyTypeInfoKind::SmallInt | AnyTypeInfoKind::Integer | AnyTypeInfoKind::BigInt => {
            Value::Number(row.try_get(at)?)
        }
        AnyTypeInfoKind::Text => Value::Text(row.try_get(at)?),
        AnyTypeInfoKind::Blob => Value::Bytes(row.try_get(at)?),
        other => {
            let what = format!("a value of the kind {other:?} is in the column {at}");
            return Err(sqlx::Error::Decode(what.into()));
        }
    })
}
