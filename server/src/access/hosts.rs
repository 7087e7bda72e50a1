//! Whether a request is meant for us, and whether it comes from one of our own pages.

use std::{
    fmt,
    net::{IpAddr, SocketAddr},
};

use axum::http::{HeaderMap, HeaderValue, Uri, header};

/// The names that this server answers to.
#[derive(Clone, Debug)]
pub struct Hosts {
    names: Vec<String>,
    loopback_only: bool,
}

impl Hosts {
    /// For an address that is listened on, with further names of the configuration.
    pub fn new(listen: SocketAddr, names: &str) -> Self {
        let names = names.split(',').map(|name| name_of(name.trim())).filter(|name| !name.is_empty());
        Self { names: names.collect(), loopback_only: listen.ip().is_loopback() }
    }

    /// Whether a host, with or without a port, is one of ours. An address is, for no other site's
    /// page can have our address for its name; on loopback only loopback addresses are.
    pub fn is_ours(&self, host: &str) -> bool {
        let name = name_of(host);
        let bare = name.trim_start_matches('[').trim_end_matches(']');
        if let Ok(address) = bare.parse::<IpAddr>() {
            return !self.loopback_only || address.to_canonical().is_loopback() || self.names.iter().any(|n| n == bare);
        }
        name == "localhost" || self.names.contains(&name)
    }
}

/// The host that a request asks for: HTTP/2 says it in the address, HTTP/1.1 in a header.
pub(super) fn asked(uri: &Uri, headers: &HeaderMap) -> Option<String> {
    if let Some(authority) = uri.authority() {
        return Some(authority.as_str().to_owned());
    }
    let mut all = headers.get_all(header::HOST).iter();
    let host = all.next()?.to_str().ok()?;
    all.next().is_none().then(|| host.to_owned())
}

/// A host's name for comparison: without its port and the dot of a full name, in small letters.
fn name_of(host: &str) -> String {
    let (name, _) = parted(host);
    name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase()
}

/// Name and port of a host. An IPv6 address without brackets has no port.
fn parted(host: &str) -> (&str, Option<&str>) {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) && is_whole(name) => (name, Some(port)),
        _ => (host, None),
    }
}

fn is_whole(name: &str) -> bool {
    !name.contains(':') || name.ends_with(']')
}

/// Whether a host says a port itself.
pub(super) fn has_port(host: &str) -> bool {
    parted(host).1.is_some_and(|port| !port.is_empty())
}

/// A host without the port that its scheme has anyway, as browsers write it.
pub(super) fn without_default_port(host: &str, tls: Option<bool>) -> &str {
    match (parted(host), tls) {
        ((name, Some("" | "443")), Some(true)) | ((name, Some("" | "80")), Some(false) | None) => name,
        _ => host,
    }
}

/// Whether an origin's host and the host that was asked for are the same, whoever of them leaves the default port out.
fn is_same(scheme: &str, from: &str, host: &str) -> bool {
    let usual = if scheme.eq_ignore_ascii_case("https") { "443" } else { "80" };
    let port = |host| parted(host).1.filter(|port: &&str| !port.is_empty()).unwrap_or(usual).to_owned();
    name_of(from) == name_of(host) && port(from) == port(host)
}

impl fmt::Display for Hosts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let addresses = if self.loopback_only { "localhost, loopback addresses" } else { "localhost, every address" };
        write!(f, "{addresses}")?;
        self.names.iter().try_for_each(|name| write!(f, ", {name}"))
    }
}

/// What a browser says of the page that asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Site {
    /// One of ours.
    Ours,
    /// Another site's.
    Other,
    /// It is no browser, or an old one.
    Untold,
}

/// Which site's page asks, by Origin and Sec-Fetch-Site. A page that came without TLS is another site than one that
/// came with it, where it is known by which the client came.
pub(super) fn site(host: &str, tls: Option<bool>, headers: &HeaderMap) -> Site {
    let text = |name: &str| headers.get(name).map(|value: &HeaderValue| value.to_str().unwrap_or("?"));
    // No browser sends two.
    if headers.get_all("origin").iter().nth(1).is_some() {
        return Site::Other;
    }
    if let Some(origin) = text("origin") {
        let same = origin.split_once("://").is_some_and(|(scheme, from)| {
            let so = tls.is_none_or(|tls| scheme.eq_ignore_ascii_case(if tls { "https" } else { "http" }));
            so && is_same(scheme, from, host)
        });
        return if same { Site::Ours } else { Site::Other };
    }
    match text("sec-fetch-site") {
        Some("same-origin" | "none") => Site::Ours,
        Some(_) => Site::Other,
        None => Site::Untold,
    }
}

/// Whether a page of another site loads something, as an image or a script, and does not lead somebody here.
pub(super) fn loads_for_another(headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    text("sec-fetch-site").is_some_and(|site| site == "cross-site") && text("sec-fetch-mode") != Some("navigate")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn on_loopback_only_loopback_and_configured_names_are_ours() {
        let hosts = Hosts::new("127.0.0.1:8080".parse().unwrap(), "binnacle.example, Other.Example");
        for ours in [
            "127.0.0.1:8080",
            "localhost",
            "localhost:1",
            "[::1]:8080",
            "::1",
            "binnacle.example:443",
            "OTHER.example",
            "other.example.:80",
        ] {
            assert!(hosts.is_ours(ours), "{ours}");
        }
        for not in
            ["evil.example", "127.0.0.1.evil.example", "192.0.2.1", "localhost.evil", "", "localhost@evil", "a:b"]
        {
            assert!(!hosts.is_ours(not), "{not}");
        }
    }

    #[test]
    fn beyond_loopback_addresses_are_ours_and_other_names_are_not() {
        let hosts = Hosts::new("0.0.0.0:8080".parse().unwrap(), "");
        assert!(hosts.is_ours("192.0.2.1:8080") && hosts.is_ours("[2001:db8::1]"));
        assert!(!hosts.is_ours("rebound.example"));
    }

    #[test]
    fn a_page_of_another_site_is_told_by_its_origin_or_by_the_browser() {
        let told = |pairs: &[(&'static str, &'static str)]| {
            let headers = pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
            site("127.0.0.1:8080", None, &headers)
        };
        assert_eq!(told(&[("origin", "http://127.0.0.1:8080")]), Site::Ours);
        for origin in ["http://127.0.0.1:9", "http://evil.example", "null", "127.0.0.1:8080"] {
            let headers = [(header::ORIGIN, origin.parse().unwrap())].into_iter().collect();
            assert_eq!(site("127.0.0.1:8080", None, &headers), Site::Other, "{origin}");
        }
        assert_eq!(told(&[("sec-fetch-site", "cross-site")]), Site::Other);
        assert_eq!(told(&[("sec-fetch-site", "same-site")]), Site::Other);
        assert_eq!(told(&[("sec-fetch-site", "same-origin")]), Site::Ours);
        assert_eq!(told(&[]), Site::Untold);
        let mut two = HeaderMap::new();
        two.append("origin", "http://127.0.0.1:8080".parse().unwrap());
        two.append("origin", "http://evil.example".parse().unwrap());
        assert_eq!(site("127.0.0.1:8080", None, &two), Site::Other, "two origins");
    }

    #[test]
    fn an_origin_without_the_default_port_is_the_same_as_with_it() {
        for (origin, host, ours) in [
            ("https://lab.example", "lab.example:443", true),
            ("https://lab.example:443", "lab.example", true),
            ("http://lab.example", "lab.example:80", true),
            ("https://LAB.example", "lab.example.:443", true),
            ("https://[2001:db8::1]", "[2001:db8::1]:443", true),
            ("https://lab.example:8443", "lab.example:8443", true),
            ("https://lab.example", "lab.example:80", false),
            ("https://lab.example", "lab.example:8443", false),
            ("https://lab.example:8443", "lab.example", false),
            ("https://other.example", "lab.example:443", false),
        ] {
            let headers = [(header::ORIGIN, origin.parse().unwrap())].into_iter().collect();
            let wanted = if ours { Site::Ours } else { Site::Other };
            assert_eq!(site(host, origin.starts_with("https").into(), &headers), wanted, "{origin} {host}");
        }
    }

    #[test]
    fn an_address_is_written_without_the_port_that_its_scheme_has() {
        assert_eq!(without_default_port("lab.example:443", Some(true)), "lab.example");
        assert_eq!(without_default_port("[::1]:80", Some(false)), "[::1]");
        assert_eq!(without_default_port("lab.example:80", Some(true)), "lab.example:80");
        assert_eq!(without_default_port("lab.example:8443", Some(true)), "lab.example:8443");
    }

    #[test]
    fn a_page_without_tls_is_another_site_where_it_is_known() {
        let told = |origin: &str, tls| {
            let headers = [(header::ORIGIN, origin.parse().unwrap())].into_iter().collect();
            site("lab.example", tls, &headers)
        };
        assert_eq!(told("https://lab.example", Some(true)), Site::Ours);
        assert_eq!(told("http://lab.example", Some(true)), Site::Other);
        assert_eq!(told("http://lab.example", Some(false)), Site::Ours);
        assert_eq!(told("https://lab.example", Some(false)), Site::Other);
        assert_eq!([told("http://lab.example", None), told("https://lab.example", None)], [Site::Ours, Site::Ours]);
    }
}
