//! Proxies whose word on where a request came from is taken.

use std::net::IpAddr;

use axum::http::{HeaderMap, Uri};
use ipnet::IpNet;

use super::{forwarded::Forwarded, hosts};

/// Addresses of trusted proxies; none by default.
#[derive(Clone, Debug, Default)]
pub struct Proxies(Vec<IpNet>);

/// Where a request came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The client's address.
    pub address: IpAddr,
    /// Whether the client spoke TLS; `None` when nobody tells, as of a proxy that is not trusted.
    pub tls: Option<bool>,
    /// Whether a proxy stands between.
    pub proxied: bool,
    /// Whether a proxy that is not trusted says that it passed the request on.
    pub unnamed: bool,
}

/// Headers that proxies add, and that no browser sends by itself.
const PASSED_ON: [&str; 6] =
    ["forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip"];

impl Origin {
    /// Whether the client is known to have spoken TLS.
    pub fn secure(&self) -> bool {
        self.tls == Some(true)
    }
}

impl Proxies {
    /// From a setting: addresses and networks with commas between; `None` when one is neither.
    pub fn parse(text: &str) -> Option<Self> {
        let one = |text: &str| text.parse().or_else(|_| text.parse::<IpAddr>().map(IpNet::from)).ok();
        let nets = text.split(',').map(str::trim).filter(|text| !text.is_empty()).map(one);
        nets.collect::<Option<Vec<IpNet>>>().map(Self)
    }

    /// Whether it is the address of one.
    pub(crate) fn trusts(&self, address: IpAddr) -> bool {
        self.0.iter().any(|net| net.contains(&address))
    }

    /// The hosts that were asked for: what trusted proxies say of them, the nearest proxy's word first, else the
    /// request's own. None when nothing tells.
    pub(super) fn hosts(&self, peer: IpAddr, uri: &Uri, headers: &HeaderMap) -> Vec<String> {
        if !self.trusts(peer.to_canonical()) {
            return hosts::asked(uri, headers).into_iter().collect();
        }
        let told = Forwarded::of(headers);
        let tls = told.tls(self.client(peer, &told).1);
        let asked = told.hosts.unwrap_or_else(|| hosts::asked(uri, headers).into_iter().collect());
        // nginx' $host has no port. A port that the other scheme has is the proxy's own, behind whoever ended TLS.
        let port = told.port.filter(|port| !matches!((port, tls), (80, Some(true)) | (443, Some(false))));
        let whole = |host: String| match port {
            Some(port) if !hosts::has_port(&host) && !host.is_empty() => format!("{host}:{port}"),
            _ => host,
        };
        asked.into_iter().rev().map(whole).collect()
    }

    /// The client's address and how many places before the nearest proxy's word it stands: the last address that is
    /// no trusted proxy's.
    fn client(&self, peer: IpAddr, told: &Forwarded) -> (IpAddr, usize) {
        let mut client = (peer.to_canonical(), 0);
        for (place, hop) in told.addresses.iter().rev().enumerate() {
            let Some(hop) = *hop else { break };
            client = (hop, place);
            if !self.trusts(hop) {
                break;
            }
        }
        client
    }

    /// Where a request came from: what trusted proxies say, if the peer is one; else the peer.
    pub fn origin(&self, peer: IpAddr, secure: bool, headers: &HeaderMap) -> Origin {
        let peer = peer.to_canonical();
        if !self.trusts(peer) {
            // Before us may stand a proxy that spoke TLS and that nobody named.
            let unnamed = PASSED_ON.iter().any(|name| headers.contains_key(*name));
            return Origin { address: peer, tls: secure.then_some(true), proxied: false, unnamed };
        }
        let told = Forwarded::of(headers);
        let (address, hops) = self.client(peer, &told);
        Origin { address, tls: told.tls(hops), proxied: true, unnamed: false }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(peer: &str, forwarded: &[&'static str]) -> String {
        let mut headers = HeaderMap::new();
        for line in forwarded {
            headers.append("x-forwarded-for", line.parse().unwrap());
        }
        let proxies = Proxies::parse("10.0.0.0/8, 127.0.0.1").unwrap();
        proxies.origin(peer.parse().unwrap(), false, &headers).address.to_string()
    }

    #[test]
    fn only_a_trusted_proxy_is_believed() {
        assert_eq!(origin("192.0.2.9", &["198.51.100.1"]), "192.0.2.9");
        assert_eq!(origin("10.1.1.1", &["198.51.100.1"]), "198.51.100.1");
        assert_eq!(origin("::ffff:10.1.1.1", &["198.51.100.1"]), "198.51.100.1");
    }

    #[test]
    fn what_the_client_claims_before_the_proxies_is_not_believed() {
        assert_eq!(origin("10.1.1.1", &["127.0.0.1, 198.51.100.1, 10.2.2.2"]), "198.51.100.1");
        assert_eq!(origin("10.1.1.1", &["127.0.0.1", "198.51.100.1"]), "198.51.100.1");
        assert_eq!(origin("10.1.1.1", &["198.51.100.1, nonsense"]), "10.1.1.1");
    }

    #[test]
    fn only_a_trusted_proxy_says_which_host_was_asked_for() {
        let proxies = Proxies::parse("10.0.0.0/8").unwrap();
        let host = |peer: &str, forwarded: &[&'static str]| {
            let mut headers = HeaderMap::new();
            headers.insert("host", "inner:8080".parse().unwrap());
            for line in forwarded {
                headers.append("x-forwarded-host", line.parse().unwrap());
            }
            proxies.hosts(peer.parse().unwrap(), &Uri::from_static("/"), &headers).into_iter().next()
        };
        assert_eq!(host("192.0.2.9", &["portal.example"]).as_deref(), Some("inner:8080"));
        assert_eq!(host("10.1.1.1", &["portal.example"]).as_deref(), Some("portal.example"));
        assert_eq!(host("10.1.1.1", &["evil.example, portal.example"]).as_deref(), Some("portal.example"));
        assert_eq!(host("10.1.1.1", &["evil.example", "portal.example"]).as_deref(), Some("portal.example"));
        assert_eq!(host("10.1.1.1", &[]).as_deref(), Some("inner:8080"));
        assert_eq!(host("10.1.1.1", &[""]), None);
    }

    #[test]
    fn a_forwarded_port_belongs_to_a_host_that_says_none() {
        let proxies = Proxies::parse("10.0.0.0/8").unwrap();
        for (host, proto, port, wanted) in [
            ("lab.example", "https", "8443", "lab.example:8443"),
            ("lab.example", "https", "443", "lab.example:443"),
            ("lab.example:8443", "https", "443", "lab.example:8443"),
            ("[2001:db8::1]", "https", "8443", "[2001:db8::1]:8443"),
            ("lab.example", "https", "80", "lab.example"),
            ("lab.example", "http", "443", "lab.example"),
            ("lab.example", "https", "nonsense", "lab.example"),
        ] {
            let named = [("x-forwarded-host", host), ("x-forwarded-proto", proto), ("x-forwarded-port", port)];
            let headers = named.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
            let hosts = proxies.hosts("10.1.1.1".parse().unwrap(), &Uri::from_static("/"), &headers);
            assert_eq!(hosts, [wanted], "{host} {proto} {port}");
        }
    }

    #[test]
    fn what_is_no_address_is_refused() {
        assert!(Proxies::parse("10.0.0.0/8,proxy.example").is_none());
        assert!(Proxies::parse("").is_some());
    }
}
