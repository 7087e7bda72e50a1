//! What proxies write about the request that they pass on: `X-Forwarded-*`, and `Forwarded` (RFC 7239).

use std::net::{IpAddr, SocketAddr};

use axum::http::HeaderMap;

/// What the proxies between say, the nearest proxy's word last.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Forwarded {
    /// Who asked each proxy; `None` for what is no address.
    pub(super) addresses: Vec<Option<IpAddr>>,
    /// By which scheme each proxy was asked.
    pub(super) schemes: Vec<String>,
    /// For which host each proxy was asked; `None` when no proxy tells.
    pub(super) hosts: Option<Vec<String>>,
    /// At which port the proxy was asked.
    pub(super) port: Option<u16>,
}

const NAMES: [&str; 4] = ["x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "x-forwarded-port"];

impl Forwarded {
    /// From the headers. A proxy that writes `X-Forwarded-*` passes a client's `Forwarded` on as it came, so that
    /// `Forwarded` counts only where it stands alone.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        if NAMES.iter().any(|name| headers.contains_key(*name)) {
            Self::extended(headers)
        } else {
            Self::standard(headers)
        }
    }

    fn extended(headers: &HeaderMap) -> Self {
        let [addresses, schemes, hosts, ports] = NAMES.map(|name| listed(headers, name));
        Self {
            addresses: addresses.iter().map(|hop| address(hop)).collect(),
            schemes,
            hosts: headers.contains_key("x-forwarded-host").then_some(hosts),
            port: ports.last().and_then(|port| port.parse().ok()),
        }
    }

    fn standard(headers: &HeaderMap) -> Self {
        let mut told = Self::default();
        let lines = headers.get_all("forwarded").iter().filter_map(|value| value.to_str().ok());
        for hop in lines.flat_map(|line| split(line, ',')) {
            let pairs: Vec<(String, String)> = split(&hop, ';').iter().filter_map(|pair| pair_of(pair)).collect();
            let one = |wanted: &str| pairs.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.clone());
            told.addresses.push(one("for").and_then(|hop| address(&hop)));
            // One for each hop, so that the places fit.
            told.schemes.push(one("proto").unwrap_or_default());
            if let Some(host) = one("host").filter(|host| !host.is_empty()) {
                told.hosts.get_or_insert_default().push(host);
            }
        }
        told
    }

    /// Whether the client spoke TLS, `hops` places from the nearest proxy.
    pub(super) fn tls(&self, hops: usize) -> Option<bool> {
        let last = self.schemes.len().checked_sub(1)?;
        // Lists of one length tell of the same hops. Most proxies send one scheme, which is the client's.
        let place = if self.schemes.len() == self.addresses.len() { last.saturating_sub(hops) } else { 0 };
        match self.schemes.get(place)?.to_ascii_lowercase().as_str() {
            "https" | "wss" => Some(true),
            "http" | "ws" => Some(false),
            _ => None,
        }
    }
}

fn listed(headers: &HeaderMap, name: &str) -> Vec<String> {
    let lines = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    let parts = lines.flat_map(|line| line.split(',')).map(|part| unquoted(part.trim()));
    parts.filter(|part| !part.is_empty()).collect()
}

/// The parts between separators; within quotes a separator is text.
fn split(text: &str, separator: char) -> Vec<String> {
    let (mut parts, mut quoted, mut escaped) = (vec![String::new()], false, false);
    for letter in text.chars() {
        if letter == separator && !quoted {
            parts.push(String::new());
            continue;
        }
        match letter {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ => {}
        }
        if let Some(part) = parts.last_mut() {
            part.push(letter);
        }
    }
    parts.retain(|part| !part.trim().is_empty());
    parts
}

fn pair_of(text: &str) -> Option<(String, String)> {
    let (name, value) = text.split_once('=')?;
    Some((name.trim().to_ascii_lowercase(), unquoted(value.trim())))
}

fn unquoted(text: &str) -> String {
    let Some(inside) = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else { return text.to_owned() };
    let mut letters = inside.chars();
    let mut out = String::new();
    while let Some(letter) = letters.next() {
        out.extend(if letter == '\\' { letters.next() } else { Some(letter) });
    }
    out
}

/// An address with or without brackets and port. `unknown` and hidden names are none.
fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    let found = bare.parse().ok().or_else(|| text.parse::<SocketAddr>().ok().map(|socket| socket.ip()));
    found.map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(pairs: &[(&'static str, &'static str)]) -> Forwarded {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, value.parse().unwrap());
        }
        Forwarded::of(&headers)
    }

    fn addresses(told: &Forwarded) -> Vec<String> {
        told.addresses.iter().map(|hop| hop.map_or("-".into(), |hop| hop.to_string())).collect()
    }

    #[test]
    fn addresses_come_with_ports_and_brackets_and_in_several_lines() {
        let told = of(&[
            ("x-forwarded-for", "198.51.100.7:52011, [2001:db8::7]:443,[2001:db8::8]"),
            ("x-forwarded-for", "\"2001:db8::9\", unknown, ::ffff:192.0.2.1"),
        ]);
        assert_eq!(addresses(&told), ["198.51.100.7", "2001:db8::7", "2001:db8::8", "2001:db8::9", "-", "192.0.2.1"]);
    }

    #[test]
    fn a_scheme_in_capitals_or_in_a_list_is_the_clients() {
        for (schemes, addresses, hops, tls) in [
            ("HTTPS", "198.51.100.7", 0, Some(true)),
            ("Http", "198.51.100.7", 0, Some(false)),
            ("wss", "198.51.100.7", 0, Some(true)),
            ("https, http", "198.51.100.7, 10.0.0.1", 1, Some(true)),
            ("http, https", "203.0.113.1, 198.51.100.7", 0, Some(true)),
            ("https,http", "198.51.100.7", 0, Some(true)),
            ("gopher", "198.51.100.7", 0, None),
            ("", "198.51.100.7", 0, None),
        ] {
            let told = of(&[("x-forwarded-proto", schemes), ("x-forwarded-for", addresses)]);
            assert_eq!(told.tls(hops), tls, "{schemes}");
        }
    }

    #[test]
    fn the_standard_header_is_read_with_quotes_and_any_case() {
        let told = of(&[
            ("forwarded", "For=\"[2001:db8::7]:4711\";Proto=HTTPS;HOST=\"lab.example:8443\";by=_x"),
            ("forwarded", "for=_hidden , for=192.0.2.1;host=inner.example"),
        ]);
        assert_eq!(addresses(&told), ["2001:db8::7", "-", "192.0.2.1"]);
        assert_eq!((told.tls(2), told.tls(0)), (Some(true), None));
        assert_eq!(told.hosts, Some(vec!["lab.example:8443".into(), "inner.example".into()]));
        let odd = of(&[("forwarded", "for=\"a,b;c\\\"\";proto=http, =, ;;, proto")]);
        assert_eq!((addresses(&odd).first().map(String::as_str), odd.tls(9)), (Some("-"), Some(false)));
    }

    #[test]
    fn the_standard_header_counts_only_where_it_stands_alone() {
        let told = of(&[("forwarded", "for=203.0.113.1;host=evil.example"), ("x-forwarded-for", "198.51.100.7")]);
        assert_eq!((addresses(&told), told.hosts), (vec!["198.51.100.7".into()], None));
    }
}
