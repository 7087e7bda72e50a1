//! The API server's own checks, asked every few seconds.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use kube::Client;
use topology::{
    Change,
    inventory::{Heard, Name, Source},
};

use super::live::Shared;

/// An answer that takes longer is none. Each check of a dead etcd takes the API server 2 s.
const PATIENCE: Duration = Duration::from_secs(15);

/// Why its checks are not known.
const UNTOLD: &str = "the API server does not say in time how it fares";

/// Asks for ever.
pub(crate) async fn follow(client: Client, shared: Arc<Shared>) {
    loop {
        shared.apply(said(&client, &shared).await);
        tokio::time::sleep(spread(shared.pace().checks)).await;
    }
}

/// How it fares by its own word.
pub(super) async fn said(client: &Client, shared: &Shared) -> Vec<Change> {
    match ask(client).await {
        Ok(Answer::Checks(checks)) => {
            vec![Change::Heard(Source::Readyz, Heard::Live), Change::Checks(checks)]
        }
        Ok(Answer::Forbidden(permission)) => {
            vec![Change::Heard(Source::Readyz, Heard::Forbidden { permission: permission.into() })]
        }
        Ok(Answer::NotServed) => vec![Change::Heard(Source::Readyz, Heard::NotServed)],
        // What it said last is no news of now, although the server may answer other questions.
        Err(NoAnswer) => match shared.read(|facts| facts.heard(Source::Readyz).clone()) {
            Heard::Live => {
                let stale = Heard::Stale { since: shared.now(), reason: UNTOLD.into() };
                vec![Change::Heard(Source::Readyz, stale)]
            }
            Heard::NotYet => vec![Change::Heard(Source::Readyz, Heard::Unread { reason: UNTOLD.into() })],
            _ => Vec::new(),
        },
    }
}

/// About so long, so that many servers do not ask in step.
fn spread(about: Duration) -> Duration {
    let part = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default().subsec_nanos();
    about.mul_f64(0.9 + 0.2 * f64::from(part % 1_000) / 1_000.0)
}

enum Answer {
    Checks(BTreeMap<Name, bool>),
    Forbidden(&'static str),
    NotServed,
}

async fn ask(client: &Client) -> Result<Answer, NoAnswer> {
    match get(client, "/readyz?verbose").await? {
        // A gateway in between may answer for a server that does not.
        Reply { code: 200..=299 | 500..=599, body } => match parse(&body) {
            checks if checks.is_empty() => Err(NoAnswer),
            checks => Ok(Answer::Checks(checks)),
        },
        // Before 1.16 there is no readyz, but each check has a path of its own; who may not read
        // paths is refused there whether they exist or not.
        Reply { code: refused, .. } => match get(client, "/healthz/etcd").await?.code {
            200 => Ok(Answer::Checks(BTreeMap::from([("etcd".into(), true)]))),
            500..=599 => Ok(Answer::Checks(BTreeMap::from([("etcd".into(), false)]))),
            403 if refused == 403 => Ok(Answer::Forbidden("get /readyz")),
            403 => Ok(Answer::Forbidden("get /healthz/etcd")),
            _ => Ok(Answer::NotServed),
        },
    }
}

/// The line is cut or slow: the pulse says so.
struct NoAnswer;

struct Reply {
    code: u16,
    body: String,
}

async fn get(client: &Client, path: &str) -> Result<Reply, NoAnswer> {
    use http_body_util::BodyExt;
    let request = http::Request::get(path).body(kube::client::Body::empty()).map_err(|_| NoAnswer)?;
    let asked = async {
        let response = client.send(request).await?;
        let code = response.status().as_u16();
        let body = http_body_util::Limited::new(response.into_body(), 64 * 1024).collect().await;
        let body = body.map(|body| String::from_utf8_lossy(&body.to_bytes()).into_owned()).unwrap_or_default();
        Ok::<_, kube::Error>(Reply { code, body })
    };
    tokio::time::timeout(PATIENCE, asked).await.map_err(|_| NoAnswer)?.map_err(|_| NoAnswer)
}

/// Lines like `[+]etcd ok` and `[-]etcd failed: reason withheld`.
fn parse(body: &str) -> BTreeMap<Name, bool> {
    body.lines()
        .filter_map(|line| {
            let (passed, rest) = match line.get(..3)? {
                "[+]" => (true, &line[3..]),
                "[-]" => (false, &line[3..]),
                _ => return None,
            };
            Some((rest.split_whitespace().next()?.into(), passed))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checks_are_read_line_by_line() {
        let checks = parse("[+]ping ok\n[-]etcd failed: reason withheld\nreadyz check failed\n");
        assert_eq!(checks, BTreeMap::from([("ping".into(), true), ("etcd".into(), false)]));
    }

    #[test]
    fn an_answer_that_is_no_list_of_checks_tells_nothing() {
        assert!(parse("<html>…é</html>\nok\n[").is_empty());
    }
}
