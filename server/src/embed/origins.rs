//! The portals that may show figures.

use axum::http::Uri;

/// An origin: scheme, host and, where it is not the scheme's own, port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin(String);

/// Those of the configuration; none by default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origins(Vec<Origin>);

impl Origin {
    /// As a browser writes it; `None` for anything else, a path or a wildcard included.
    pub fn parse(text: &str) -> Option<Self> {
        let uri: Uri = text.trim().parse().ok()?;
        let (scheme, authority) = (uri.scheme_str()?, uri.authority()?);
        let own = match scheme {
            "https" => 443,
            "http" => 80,
            _ => return None,
        };
        // What Uri adds itself is no path.
        let bare = uri.path() == "/" && uri.query().is_none() && !text.trim().ends_with('/');
        let host = authority.host().to_ascii_lowercase();
        // The host's end must be that of the authority, or a port.
        let behind = authority.as_str().get(host.len()..)?;
        let whole = behind.is_empty() || behind.strip_prefix(':').is_some_and(|port| port.parse::<u16>().is_ok());
        if !bare || !whole || authority.as_str().contains('@') || !is_host(&host) {
            return None;
        }
        let port = authority.port_u16().filter(|port| *port != own).map(|port| format!(":{port}")).unwrap_or_default();
        Some(Self(format!("{scheme}://{host}{port}")))
    }

    /// As a browser writes it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A name, an IPv4 address, or an IPv6 address in brackets: nothing that a policy could read as more than one word.
fn is_host(host: &str) -> bool {
    match host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
        None => !host.is_empty() && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-.".contains(&byte)),
    }
}

impl Origins {
    /// From a setting: origins with commas between; `None` when one is none.
    pub fn parse(text: &str) -> Option<Self> {
        let texts = text.split(',').map(str::trim).filter(|text| !text.is_empty());
        texts.map(Origin::parse).collect::<Option<_>>().map(Self)
    }

    /// Whether it is one of them.
    pub fn names(&self, origin: &Origin) -> bool {
        self.0.contains(origin)
    }

    /// Who may show a figure, for `frame-ancestors`: all of them, or of a link for one portal that one.
    pub(super) fn frames(&self, only: Option<&Origin>) -> String {
        let may = self.0.iter().filter(|origin| only.is_none_or(|only| only == *origin));
        let may: Vec<&str> = may.map(Origin::as_str).collect();
        if may.is_empty() { "'none'".into() } else { may.join(" ") }
    }

    /// Whom a figure tells its height and what is chosen: the link's portal, else the one that the frame
    /// says it is in, else the only one there is.
    pub(super) fn parent(&self, only: Option<&Origin>, says: Option<&Origin>) -> Option<&Origin> {
        match only.or(says) {
            Some(wanted) => self.0.iter().find(|origin| *origin == wanted),
            None => match self.0.as_slice() {
                [one] => Some(one),
                _ => None,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_scheme_host_and_port_and_nothing_else() {
        let written = |text| Origin::parse(text).map(|origin| origin.as_str().to_owned());
        assert_eq!(written("https://Portal.Example:443").as_deref(), Some("https://portal.example"));
        assert_eq!(written("http://127.0.0.1:9000").as_deref(), Some("http://127.0.0.1:9000"));
        assert_eq!(written("http://[::1]:9000").as_deref(), Some("http://[::1]:9000"));
        for not in [
            "",
            "*",
            "https://*",
            "https://*.example",
            "portal.example",
            "https://portal.example/",
            "https://portal.example/x",
            "https://m[Oe:3]",
            "https://[portal]",
            "https://[::1]x",
            "https://portal.example?x",
            "https://a@portal.example",
            "ftp://portal.example",
            "https://portal.example; script-src *",
            "https://portal.example 'self'",
            "data:text/html,x",
            "null",
        ] {
            assert_eq!(written(not), None, "{not}");
        }
    }

    #[test]
    fn only_named_portals_may_show_figures_and_are_told_of_them() {
        let origins = Origins::parse("https://a.example, https://b.example").unwrap();
        let (a, c) = (Origin::parse("https://a.example").unwrap(), Origin::parse("https://c.example").unwrap());
        assert_eq!(origins.frames(None), "https://a.example https://b.example");
        assert_eq!(origins.frames(Some(&a)), "https://a.example");
        assert_eq!(origins.frames(Some(&c)), "'none'");
        assert_eq!(Origins::default().frames(None), "'none'");
        assert_eq!(origins.parent(Some(&a), Some(&c)), Some(&a));
        assert_eq!(origins.parent(None, Some(&c)), None);
        assert_eq!(origins.parent(None, None), None);
        assert_eq!(Origins::parse("https://a.example").unwrap().parent(None, None), Some(&a));
    }
}
