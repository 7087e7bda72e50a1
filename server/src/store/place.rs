//! Where the database is.

use std::{
    fmt,
    path::{Path, PathBuf},
};

use super::Kind;

/// Where the database is: `sqlite:PATH` or `postgres://…`. Neither [`fmt::Debug`] nor
/// [`fmt::Display`] shows a password.
#[derive(Clone, PartialEq, Eq)]
pub enum Place {
    /// A file.
    Sqlite(PathBuf),
    /// A server's address.
    Postgres(Address),
}

/// A PostgreSQL address that keeps its password to itself.
#[derive(Clone, PartialEq, Eq)]
pub struct Address(String);

impl Place {
    /// The file that is kept in the data folder when nothing else is said.
    pub fn beside(data: &Path) -> Self {
        Self::Sqlite(data.join("binnacle.db"))
    }

    /// From a setting; `None` when it is neither of the two forms.
    pub fn parse(text: &str) -> Option<Self> {
        if let Some(path) = text.strip_prefix("sqlite:") {
            let path = path.strip_prefix("//").unwrap_or(path);
            return (!path.is_empty()).then(|| Self::Sqlite(PathBuf::from(path)));
        }
        let server = text.strip_prefix("postgres://").or_else(|| text.strip_prefix("postgresql://"))?;
        (!server.is_empty()).then(|| Self::Postgres(Address(format!("postgres://{server}"))))
    }

    pub(super) const fn kind(&self) -> Kind {
        match self {
            Self::Sqlite(_) => Kind::Sqlite,
            Self::Postgres(_) => Kind::Postgres,
        }
    }

    /// For the driver alone: it holds the password.
    pub(super) fn url(&self) -> String {
        match self {
            Self::Sqlite(path) => {
                let path = std::path::absolute(path).unwrap_or_else(|_| path.clone());
                format!("sqlite://{}", encoded(&path.to_string_lossy()))
            }
            Self::Postgres(address) => address.0.clone(),
        }
    }
}

/// Escapes what an address would take for its own, and leaves slashes.
fn encoded(path: &str) -> String {
    path.split('/').map(scene::encoded).collect::<Vec<_>>().join("/")
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
            Self::Postgres(address) => write!(f, "{address}"),
        }
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl fmt::Display for Address {
    /// Host and database, without user, password and parameters.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rest = self.0.trim_start_matches("postgres://");
        let rest = rest.split('?').next().unwrap_or_default();
        let host = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
        write!(f, "postgres://{host}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_never_shown() {
        let place = Place::parse("postgresql://ann:p@ss@db.example:5432/binnacle?password=other").unwrap();
        assert_eq!(
            format!("{place} {place:?}"),
            "postgres://db.example:5432/binnacle postgres://db.example:5432/binnacle"
        );
    }

    #[test]
    fn a_path_with_odd_characters_is_one_path() {
        let place = Place::parse("sqlite:/tmp/a b?c#d.db").unwrap();
        assert_eq!(place.url(), "sqlite:///tmp/a%20b%3Fc%23d.db");
        assert_eq!(place.to_string(), "sqlite:/tmp/a b?c#d.db");
    }

    #[test]
    fn what_is_neither_a_file_nor_a_server_is_no_place() {
        for text in ["", "sqlite:", "mysql://x", "binnacle.db", "postgres://"] {
            assert_eq!(Place::parse(text), None, "{text}");
        }
    }
}
