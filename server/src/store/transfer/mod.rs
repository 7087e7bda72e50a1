//! All that a database keeps, in one file, and from there into another database of either kind.
//!
//! ```text
//! Store::export ─▶ one read transaction ─▶ form::Writer ─▶ file
//! file ─▶ check (whole, before anything is written) ─▶ import ─▶ one transaction ─▶ an empty database
//! ```
//! Memory is bounded by the longest rows, whatever the number of rows.

mod export;
mod form;
mod import;
mod tables;

use std::{collections::BTreeSet, io::Read};

use super::{Store, StoreError};
use form::{Next, Reader};

pub use form::{Header, Section, Sum};
pub use import::{Imported, import};
pub use tables::{LEFT_OUT, TABLES, Table};

/// Why nothing was exported or imported.
#[derive(Debug, thiserror::Error)]
pub enum TransferError {
    /// Something else than an export.
    #[error("this is no export of Binnacle. Make one with binnacle export")]
    Foreign,
    /// Of a form that a later version writes.
    #[error("the file is of form {0}, which a newer Binnacle wrote. Import it with that one")]
    NewerForm(u32),
    /// Of a database that a later version made.
    #[error(
        "the file is of a database at version {schema}, which is not known here: Binnacle {version} wrote it. Import it \
         with that one"
    )]
    Newer {
        /// The version of the database.
        schema: i64,
        /// That of Binnacle.
        version: String,
    },
    /// The end is missing.
    #[error("the file was cut: its end is missing. Copy it or export again")]
    Cut,
    /// It is not what was written.
    #[error("the file is damaged: {0}. Copy it or export again")]
    Damaged(String),
    /// It cannot be read.
    #[error("the file cannot be read: {0}")]
    Read(String),
    /// It cannot be written.
    #[error("the file cannot be written: {0}")]
    Write(String),
    /// The database holds something.
    #[error(
        "the database is not empty: it holds {0}. Name a new one: the audit is never replaced, and two databases are \
         never mixed"
    )]
    Occupied(String),
    /// A server uses the database.
    #[error(
        "a server uses this database, or was killed less than ten seconds ago. Stop every server of it, and import again"
    )]
    Used,
    /// The database is at a later version than the file.
    #[error(
        "the database was made at version {database} already, and the file is of version {file}. Name a database in \
         which nothing was made yet; it is brought to this version after the import"
    )]
    Ahead {
        /// The version of the database.
        database: i64,
        /// The version of the file's.
        file: i64,
    },
    /// The database did not do it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<sqlx::Error> for TransferError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

/// What a file holds, once all of it was read and found right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// What it says of itself.
    pub header: Header,
    /// Its tables.
    pub sections: Vec<Section>,
    /// Its digest.
    pub sum: Sum,
}

/// Reads a whole file and checks its form and every digest; nothing is written anywhere.
///
/// # Errors
/// [`TransferError`] says what is wrong with the file.
pub fn check(file: impl Read) -> Result<Checked, TransferError> {
    let (header, mut reader) = Reader::begin(file)?;
    if !Store::versions().any(|version| version == header.schema) {
        let newest = Store::versions().max().unwrap_or_default();
        if header.schema > newest {
            return Err(TransferError::Newer { schema: header.schema, version: header.version });
        }
        return Err(TransferError::Damaged(format!("no database was ever at version {}", header.schema)));
    }
    let (mut sections, mut seen) = (Vec::new(), BTreeSet::new());
    loop {
        match reader.next()? {
            Next::Section(section) => {
                let known = TABLES.iter().any(|table| table.name == section.table);
                if !known || !seen.insert(section.table.clone()) {
                    return Err(TransferError::Damaged(format!("its section {} should not be there", section.table)));
                }
            }
            Next::Row(_) => {}
            Next::EndOfSection(section) => sections.push(section),
            Next::End(sum) => return Ok(Checked { header, sections, sum }),
        }
    }
}
