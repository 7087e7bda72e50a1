//! Which proxy leads to a cluster: the `proxy-url` of its kubeconfig, else the environment's, by the rules of kubectl.

use std::net::IpAddr;

use http::Uri;
use ipnet::IpNet;

/// How the proxy is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Speaks {
    Http,
    Https,
    Socks5,
}

/// A proxy. Its name and password never show.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Proxy {
    pub(super) speaks: Speaks,
    pub(super) address: Uri,
    pub(super) user: Option<(String, String)>,
}

impl std::fmt::Debug for Proxy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?} proxy {}", self.speaks, self.place())
    }
}

/// Why an address is no proxy's.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unusable {
    #[error("is no address: write for example http://proxy.example:3128")]
    Address,
    #[error("has the scheme {0}, but only http, https and socks5 are known")]
    Scheme(String),
}

impl Proxy {
    /// Host and port.
    pub(super) fn place(&self) -> String {
        self.address.authority().map(ToString::to_string).unwrap_or_default()
    }

    /// From a `proxy-url`.
    pub(super) fn parse(text: &str) -> Result<Self, Unusable> {
        let uri: Uri = text.trim().parse().map_err(|_| Unusable::Address)?;
        let scheme = uri.scheme_str().ok_or(Unusable::Address)?.to_ascii_lowercase();
        let (speaks, port) = match scheme.as_str() {
            "http" => (Speaks::Http, 80),
            "https" => (Speaks::Https, 443),
            "socks5" | "socks5h" => (Speaks::Socks5, 1080),
            _ => return Err(Unusable::Scheme(scheme)),
        };
        let authority = uri.authority().ok_or(Unusable::Address)?;
        let user = authority.as_str().rsplit_once('@').map(|(user, _)| {
            let (name, password) = user.split_once(':').unwrap_or((user, ""));
            (crate::listen::decoded(name), crate::listen::decoded(password))
        });
        let host = Some(authority.host()).filter(|host| !host.is_empty()).ok_or(Unusable::Address)?;
        let port = authority.port_u16().unwrap_or(port);
        let transport = if speaks == Speaks::Https { "https" } else { "http" };
        let address = format!("{transport}://{host}:{port}").parse().map_err(|_| Unusable::Address)?;
        Ok(Self { speaks, address, user })
    }

    /// What the environment says for a server, by `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` in either case.
    pub(super) fn of_environment(
        server: &Uri,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Option<Self>, (String, Unusable)> {
        let either = |name: &str| {
            let set = |name: String| variable(&name).filter(|value| !value.is_empty()).map(|value| (name, value));
            set(name.to_owned()).or_else(|| set(name.to_ascii_lowercase()))
        };
        let plain = server.scheme_str() == Some("http");
        let Some((name, value)) = either(if plain { "HTTP_PROXY" } else { "HTTPS_PROXY" }) else { return Ok(None) };
        let port = server.port_u16().unwrap_or(if plain { 80 } else { 443 });
        let spared = either("NO_PROXY").map(|(_, value)| value).unwrap_or_default();
        if !is_proxied(server.host().unwrap_or_default(), port, &spared) {
            return Ok(None);
        }
        // `proxy.example:3128` has no scheme, or one that is the host.
        let found = if value.contains("://") { Self::parse(&value) } else { Self::parse(&format!("http://{value}")) };
        found.map(Some).map_err(|why| (name, why))
    }
}

/// Whether `NO_PROXY` lets a host be reached by a proxy. This machine never is.
fn is_proxied(host: &str, port: u16, spared: &str) -> bool {
    let host = host.trim_matches(['[', ']']).to_ascii_lowercase();
    let ip: Option<IpAddr> = host.parse().ok();
    if host == "localhost" || ip.is_some_and(|ip| ip.is_loopback()) {
        return false;
    }
    !spared.split(',').any(|entry| spares(&entry.trim().to_ascii_lowercase(), &host, ip, port))
}

fn spares(entry: &str, host: &str, ip: Option<IpAddr>, port: u16) -> bool {
    if entry == "*" {
        return true;
    }
    if let Ok(net) = entry.parse::<IpNet>() {
        return ip.is_some_and(|ip| net.contains(&ip));
    }
    let whole: Option<IpAddr> = entry.trim_matches(['[', ']']).parse().ok();
    let (name, only) = match entry.rsplit_once(':') {
        Some((name, only)) if whole.is_none() && only.parse::<u16>().is_ok() => (name, only.parse().ok()),
        _ => (entry, None),
    };
    if only.is_some_and(|only: u16| only != port) {
        return false;
    }
    if let Ok(address) = name.trim_matches(['[', ']']).parse::<IpAddr>() {
        return ip == Some(address);
    }
    // `.lab.example` and `*.lab.example` are for what is below; `lab.example` for itself, too.
    let (below, itself) = match name.strip_prefix("*.").or_else(|| name.strip_prefix('.')) {
        Some(below) => (below, false),
        None => (name, true),
    };
    !below.is_empty() && (itself && host == below || host.strip_suffix(below).is_some_and(|rest| rest.ends_with('.')))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(server: &str, set: &[(&str, &str)]) -> Result<Option<String>, String> {
        let variable = |name: &str| set.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        let found = Proxy::of_environment(&server.parse().unwrap(), variable);
        found.map(|proxy| proxy.map(|proxy| proxy.place())).map_err(|(name, why)| format!("{name} {why}"))
    }

    #[test]
    fn the_variable_of_the_scheme_is_taken_in_either_case() {
        let both = [("HTTPS_PROXY", "http://a:1"), ("http_proxy", "b:2")];
        assert_eq!(chosen("https://api.lab:6443", &both), Ok(Some("a:1".into())));
        assert_eq!(chosen("http://api.lab", &both), Ok(Some("b:2".into())));
        assert_eq!(chosen("https://api.lab", &[("https_proxy", "socks5://s")]), Ok(Some("s:1080".into())));
        for here in ["https://localhost:6443", "https://127.0.0.9", "https://[::1]:6443"] {
            assert_eq!(chosen(here, &both), Ok(None), "{here}");
        }
        let odd = chosen("https://api.lab", &[("HTTPS_PROXY", "ftp://a")]);
        assert_eq!(odd, Err("HTTPS_PROXY has the scheme ftp, but only http, https and socks5 are known".into()));
    }

    #[test]
    fn hosts_are_spared_as_kubectl_spares_them() {
        for (host, spared, proxied) in [
            ("api.lab.example", "lab.example", false),
            ("lab.example", "lab.example", false),
            ("lab.example", ".lab.example", true),
            ("lab.example", "*.lab.example", true),
            ("api.lab.example", "*.lab.example", false),
            ("API.LAB.example", " x, .LAB.example ", false),
            ("notlab.example", "lab.example", true),
            ("api.lab", "api.lab:6443", false),
            ("api.lab", "api.lab:443", true),
            ("10.1.0.5", "10.1.0.0/16", false),
            ("10.2.0.5", "10.1.0.0/16", true),
            ("10.1.0.5", "10.1.0.5:6443", false),
            ("[fd00::5]", "fd00::/8", false),
            ("[fd00::5]", "[fd00::5]:6443", false),
            ("[fd00::5]", "fd00::5", false),
            ("api.lab", "*", false),
            ("api.lab", "", true),
            ("api.lab", ",.,", true),
        ] {
            assert_eq!(is_proxied(host, 6443, spared), proxied, "{host} of {spared:?}");
        }
    }

    #[test]
    fn a_proxy_url_is_read_and_its_password_never_shown() {
        let proxy = Proxy::parse("https://me:p%40ss@proxy.example").unwrap();
        assert_eq!((proxy.speaks, proxy.place().as_str()), (Speaks::Https, "proxy.example:443"));
        assert_eq!(proxy.user, Some(("me".into(), "p@ss".into())));
        assert_eq!(format!("{proxy:?}"), "Https proxy proxy.example:443");
        for odd in ["", "http://", "socks4://a", "proxy.example:3128", "://", "http://[oh", "a b"] {
            assert!(Proxy::parse(odd).is_err(), "{odd}");
        }
    }
}
