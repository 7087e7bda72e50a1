//! Where a member is asked: scheme, host and port.

use std::{fmt, sync::Arc};

use super::{EtcdError, Through, Why};

/// An address of a member for clients, as in `https://10.1.0.50:2379`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Endpoint {
    tls: bool,
    host: String,
    port: u16,
    through: Option<Arc<Through>>,
}

impl Endpoint {
    /// From its text.
    ///
    /// # Errors
    /// [`Why::Address`] when it is none, or holds more than scheme, host and port.
    pub fn parse(text: &str) -> Result<Self, EtcdError> {
        // A user in it would bring a password along, so it is not repeated.
        let shown = if text.contains('@') { "…" } else { text };
        let wrong = |what: &str| Why::Address(what.to_owned()).at(shown);
        let scheme = text.trim().split(':').next().unwrap_or_default().to_ascii_lowercase();
        if matches!(scheme.as_str(), "unix" | "unixs") {
            return Err(Why::Socket.at(shown));
        }
        let uri: http::Uri = text.trim().parse().map_err(|_| wrong("it is no address"))?;
        let tls = match uri.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            _ => return Err(wrong("it begins neither with https:// nor with http://")),
        };
        let authority = uri.authority().ok_or_else(|| wrong("it has no host"))?;
        if authority.as_str().contains('@') {
            return Err(wrong("users and passwords are not taken, only certificates"));
        }
        if !matches!(uri.path(), "" | "/") || uri.query().is_some() {
            return Err(wrong("there is something behind the port"));
        }
        let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_owned();
        if host.is_empty() {
            return Err(wrong("it has no host"));
        }
        // Behind a host stands nothing or a port.
        let port = match authority.as_str().strip_prefix(authority.host()) {
            Some("" | ":") | None => 2379,
            Some(_) => authority.port_u16().filter(|port| *port > 0).ok_or_else(|| wrong("its port is none"))?,
        };
        Ok(Self { tls, host, port, through: None })
    }

    /// Several with commas between, each once.
    ///
    /// # Errors
    /// As [`Self::parse`] for the first that is none, or when there is not one.
    pub fn list(text: &str) -> Result<Vec<Self>, EtcdError> {
        let mut list: Vec<Self> = Vec::new();
        for one in text.split(',').filter(|one| !one.trim().is_empty()) {
            let endpoint = Self::parse(one)?;
            if !list.contains(&endpoint) {
                list.push(endpoint);
            }
        }
        if list.is_empty() { Err(Why::Address("there is none".into()).at(&format!("{text:?}"))) } else { Ok(list) }
    }

    /// The same one, reached through another machine, or directly.
    #[must_use]
    pub fn reached(self, through: Option<Arc<Through>>) -> Self {
        Self { through, ..self }
    }

    /// The machine that it is reached through.
    pub fn through(&self) -> Option<&Arc<Through>> {
        self.through.as_ref()
    }

    /// Whether it speaks TLS.
    pub fn is_tls(&self) -> bool {
        self.tls
    }

    /// A name or an address, without brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Host and port, as addresses have them.
    pub(super) fn authority(&self) -> String {
        if self.host.contains(':') {
            format!("[{}]:{}", self.host, self.port)
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", if self.tls { "https" } else { "http" }, self.authority())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_scheme_host_and_port() {
        for (text, shown) in [
            ("https://10.1.0.50:2379", "https://10.1.0.50:2379"),
            ("http://host1", "http://host1:2379"),
            ("https://[::1]:12379/", "https://[::1]:12379"),
        ] {
            assert_eq!(Endpoint::parse(text).unwrap().to_string(), shown);
        }
        assert_eq!(Endpoint::parse("https://[::1]:1").unwrap().host(), "::1");
        assert_eq!(Endpoint::list("http://a, http://b:2,http://a:2379").unwrap().len(), 2);
    }

    #[test]
    fn what_is_none_is_said_without_its_password() {
        for text in ["10.1.0.50:2379", "https://", "https://a:1/health", "https://a:99999", ""] {
            assert!(matches!(Endpoint::parse(text).unwrap_err().why, Why::Address(_)), "{text}");
        }
        for text in ["unix:///run/etcd", "unixs://etcd:0", "unix:etcd.sock", " UNIX:///run/etcd.sock"] {
            assert_eq!(Endpoint::parse(text).unwrap_err().why, Why::Socket, "{text}");
        }
        let said = Endpoint::list("https://root:hidden@10.1.0.50:2379").unwrap_err().to_string();
        assert!(!said.contains("hidden") && said.contains("only certificates"), "{said}");
        assert!(Endpoint::list(" , ").is_err());
    }
}
