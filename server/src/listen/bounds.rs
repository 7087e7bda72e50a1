//! What a client may cost.

use std::time::Duration;

use axum::{extract::Request, middleware::Next, response::Response};

use crate::access::Refusal;

/// What a connection may cost, and all of them together.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Connections at once; more wait until one ends.
    pub connections: usize,
    /// Of these, so many from one address that is no trusted proxy's; 0 for any number.
    pub each: usize,
    /// Until a connection has spoken TLS, where wanted, and asked for something.
    pub first: Duration,
    /// For the head of each request, and so for silence between two.
    pub head: Duration,
    /// Bytes of a head, names and values and the line before them.
    pub head_bytes: usize,
    /// Headers of a request.
    pub headers: usize,
    /// Requests at once on one HTTP/2 connection.
    pub streams: u32,
    /// For a client that does not read its answer.
    pub unread: Duration,
    /// After a signal, streams and answers have this long to end.
    pub drain: Duration,
}

/// Descriptors that are kept for clusters, the database and files.
const RESERVED: u64 = 256;

impl Bounds {
    /// What this machine lets us have: the limit of open files is raised as far as may be.
    pub fn here() -> Self {
        let files = rlimit::increase_nofile_limit(1 << 16).unwrap_or(1_024);
        let connections = files.saturating_sub(RESERVED).clamp(64, 8_192);
        Self { connections: usize::try_from(connections).unwrap_or(64), ..Self::default() }
    }
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            connections: 768,
            each: 256,
            first: Duration::from_secs(10),
            head: Duration::from_secs(10),
            head_bytes: 32 << 10,
            headers: 100,
            streams: 32,
            unread: Duration::from_secs(30),
            drain: Duration::from_secs(5),
        }
    }
}

/// Refuses addresses that mean something else to somebody than to us.
pub async fn within(request: Request, next: Next) -> Response {
    let uri = request.uri();
    let odd = odd(uri.path()).map(Refusal::Odd);
    match odd.or_else(|| unreadable(uri.query().unwrap_or_default()).map(Refusal::Garbled)) {
        Some(refusal) => refusal.answer(uri.path()),
        None => next.run(request).await,
    }
}

/// What is odd about a path.
fn odd(path: &str) -> Option<&'static str> {
    let bytes = unescaped(path.as_bytes());
    if std::str::from_utf8(&bytes).is_err() {
        return Some(app::texts::NOT_UTF8);
    }
    // Clients take a backslash for a slash; one that is encoded is part of a name, as in `CORP\admin@lab`.
    if path.contains('\\') || bytes.iter().any(u8::is_ascii_control) {
        return Some(app::texts::CONTROL_IN_PATH);
    }
    // Taken apart before and after it is decoded: a proxy may do either.
    let climbs = |path: &[u8]| path.split(|byte| matches!(byte, b'/' | b'\\')).any(|part| matches!(part, b"." | b".."));
    let empty = path.as_bytes().windows(2).any(|two| two == b"//");
    (empty || climbs(path.as_bytes()) || climbs(&bytes)).then_some(app::texts::ODD_PATH)
}

fn unreadable(query: &str) -> Option<&'static str> {
    std::str::from_utf8(&unescaped(query.as_bytes())).is_err().then_some(app::texts::NOT_UTF8)
}

/// A segment of a path as what it stands for.
pub(crate) fn decoded(segment: &str) -> String {
    String::from_utf8_lossy(&unescaped(segment.as_bytes())).into_owned()
}

/// `%41` for `A`; what is no such escape stays as it is.
fn unescaped(path: &[u8]) -> Vec<u8> {
    let digit =
        |at: usize| path.get(at).and_then(|byte| char::from(*byte).to_digit(16)).and_then(|d| u8::try_from(d).ok());
    let mut out = Vec::with_capacity(path.len());
    let mut at = 0;
    while at < path.len() {
        match (path[at], digit(at + 1), digit(at + 2)) {
            (b'%', Some(high), Some(low)) => {
                out.push(high * 16 + low);
                at += 3;
            }
            (byte, _, _) => {
                out.push(byte);
                at += 1;
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_that_climb_or_hide_something_are_odd_and_names_with_dots_are_not() {
        for path in [
            "/..",
            "/c/../x",
            "/%2e%2e/x",
            "/c/.%2E",
            "//c",
            "/c//x",
            "/c/%00",
            "/c/%ff",
            "/c/a\\b",
            "/c/%2e%2e%2fx",
            "/c/a%5c..%5cb",
        ] {
            assert!(odd(path).is_some(), "{path}");
        }
        for path in [
            "/",
            "/c/lab.example",
            "/c/a..b",
            "/c/...",
            "/c/%41%C3%A4",
            "/c/100%",
            "/c/a%5cb",
            "/c/arn:aws:eks:x:1:cluster%2Fprod",
            "/c/ns%2Fhost:6443%2Fuser/table",
            "/c/a%2F%2Fb",
            "/c/lab/architecture.svg",
        ] {
            assert_eq!(odd(path), None, "{path}");
        }
    }
}
