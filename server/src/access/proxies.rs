//! Proxies whose word on where a request came from is taken.

use std::net::IpAddr;

use axum::http::{HeaderMap, Uri};
use ipnet::IpNet;

use super::hosts;

/// Addresses of trusted proxies; none by default.
#[derive(Clone, Debug, Default)]
pub struct Proxies(Vec<IpNet>);

/// Where a request came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The client's address.
    pub address: IpAddr,
    /// Whether the client spoke TLS.
    pub secure: bool,
    /// Whether a proxy stands between.
    pub proxied: bool,
}

impl Proxies {
    /// From a setting: addresses and networks with commas between; `None` when one is neither.
    pub fn parse(text: &str) -> Option<Self> {
        let one = |text: &str| text.parse().or_else(|_| text.parse::<IpAddr>().map(IpNet::from)).ok();
        let nets = text.split(',').map(str::trim).filter(|text| !text.is_empty()).map(one);
        nets.collect::<Option<Vec<IpNet>>>().map(Self)
    }

    /// Whether it is the address of one.
    pub(super) fn trusts(&self, address: IpAddr) -> bool {
        self.0.iter().any(|net| net.contains(&address))
    }

    /// The host that was asked for: what the nearest trusted proxy says of it, else the request's own.
    pub(super) fn host(&self, peer: IpAddr, uri: &Uri, headers: &HeaderMap) -> Option<String> {
        if self.trusts(peer.to_canonical())
            && let Some(told) = headers.get_all("x-forwarded-host").iter().next_back()
        {
            let nearest = told.to_str().ok()?.rsplit(',').next().map(str::trim);
            return nearest.filter(|host| !host.is_empty()).map(str::to_owned);
        }
        hosts::asked(uri, headers)
    }

    /// Where a request came from: the last address of `X-Forwarded-For` that is no trusted
    /// proxy's, if the peer is one; else the peer.
    pub fn origin(&self, peer: IpAddr, secure: bool, headers: &HeaderMap) -> Origin {
        let peer = peer.to_canonical();
        if !self.trusts(peer) {
            return Origin { address: peer, secure, proxied: false };
        }
        let mut address = peer;
        let lines = headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok());
        let hops: Vec<&str> = lines.flat_map(|line| line.split(',')).map(str::trim).collect();
        for hop in hops.iter().rev() {
            let Ok(hop) = hop.parse::<IpAddr>() else { break };
            address = hop.to_canonical();
            if !self.trusts(address) {
                break;
            }
        }
        let secure = headers.get("x-forwarded-proto").is_some_and(|proto| proto == "https");
        Origin { address, secure, proxied: true }
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
            proxies.host(peer.parse().unwrap(), &Uri::from_static("/"), &headers)
        };
        assert_eq!(host("192.0.2.9", &["portal.example"]).as_deref(), Some("inner:8080"));
        assert_eq!(host("10.1.1.1", &["portal.example"]).as_deref(), Some("portal.example"));
        assert_eq!(host("10.1.1.1", &["evil.example, portal.example"]).as_deref(), Some("portal.example"));
        assert_eq!(host("10.1.1.1", &["evil.example", "portal.example"]).as_deref(), Some("portal.example"));
        assert_eq!(host("10.1.1.1", &[]).as_deref(), Some("inner:8080"));
        assert_eq!(host("10.1.1.1", &[""]), None);
    }

    #[test]
    fn what_is_no_address_is_refused() {
        assert!(Proxies::parse("10.0.0.0/8,proxy.example").is_none());
        assert!(Proxies::parse("").is_some());
    }
}
