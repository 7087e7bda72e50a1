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

    /// From a setting; `None` when it is neither of the two forms, or when an address can be cut in more than one way,
    /// as with `/`, `?` or `#` in a password: a part of the password would then be taken for host, port or name.
    pub fn parse(text: &str) -> Option<Self> {
        if let Some(path) = text.strip_prefix("sqlite:") {
            let path = path.strip_prefix("//").unwrap_or(path);
            return (!path.is_empty()).then(|| Self::Sqlite(PathBuf::from(path)));
        }
        let server = text.strip_prefix("postgres://").or_else(|| text.strip_prefix("postgresql://"))?;
        is_plain(server).then(|| Self::Postgres(Address(format!("postgres://{server}"))))
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

/// Parameters that the driver knows. It logs others with their values, which may be a misspelt password's.
const PARAMETERS: [&str; 17] = [
    "sslmode",
    "ssl-mode",
    "sslrootcert",
    "ssl-root-cert",
    "ssl-ca",
    "sslcert",
    "ssl-cert",
    "sslkey",
    "ssl-key",
    "statement-cache-capacity",
    "host",
    "hostaddr",
    "port",
    "dbname",
    "user",
    "password",
    "application_name",
];

/// Whether an address, without its scheme, is `USER:PASSWORD@HOST:PORT/NAME?PARAMETERS` in one way only.
fn is_plain(server: &str) -> bool {
    let end = server.find(['/', '?', '#']).unwrap_or(server.len());
    let (authority, rest) = server.split_at(end);
    if server.is_empty() || rest.contains(['@', '#']) || server.contains(char::is_whitespace) {
        return false;
    }
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let after = host.rsplit_once(']').map_or(host, |(_, after)| after);
    let port = after.split_once(':').is_none_or(|(_, port)| port.is_empty() || port.parse::<u16>().is_ok());
    let query = rest.split_once('?').map_or("", |(_, query)| query);
    port && form_urlencoded::parse(query.as_bytes())
        .all(|(name, _)| PARAMETERS.contains(&name.as_ref()) || name == "options" || name.starts_with("options["))
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
    fn an_address_that_can_be_cut_in_two_ways_is_refused() {
        for text in [
            "postgres://bin:hunter2?x@127.0.0.1:1/x",
            "postgres://bin:hunter2/x@127.0.0.1/x",
            "postgres://bin:123#x@127.0.0.1/x",
            "postgres://bin:12/34@127.0.0.1/x",
            "postgres://bin:12?34@127.0.0.1/x",
            "postgres://bin:hunter2",
            "postgres://bin:hunter2@127.0.0.1:port/x",
            "postgres://bin@127.0.0.1/x?password=hun@ter2",
            "postgres://bin@127.0.0.1/x?passwd=hunter2",
            "postgres://bin:hun ter2@127.0.0.1/x",
        ] {
            assert_eq!(Place::parse(text), None, "{text}");
        }
        for (text, shown) in [
            ("postgres://bin:hunter2%3Fx@127.0.0.1:1/x", "postgres://127.0.0.1:1/x"),
            ("postgres://bin:a:b@[::1]:5432/x?sslmode=require", "postgres://[::1]:5432/x"),
            ("postgres:///x?host=/run/postgresql&options=-csearch_path%3Dlab", "postgres:///x"),
            ("postgresql://bin@%2Frun%2Fpostgresql/x", "postgres://%2Frun%2Fpostgresql/x"),
        ] {
            assert_eq!(Place::parse(text).map(|place| place.to_string()).as_deref(), Some(shown), "{text}");
        }
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
