//! The API server's own checks, asked every few seconds.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use kube::Client;
use topology::{
    Change,
    inventory::{Heard, Name, Source},
};

use super::live::Shared;

/// From one question to the next.
const EVERY: Duration = Duration::from_secs(5);
/// An answer that takes longer is none. Each check of a dead etcd takes the API server 2 s.
const PATIENCE: Duration = Duration::from_secs(15);

/// Asks for ever.
pub(crate) async fn follow(client: Client, shared: Arc<Shared>) {
    loop {
        if let Ok(answer) = ask(&client).await {
            let heard = match &answer {
                Answer::Checks(_) => Heard::Live,
                Answer::Forbidden(permission) => Heard::Forbidden { permission: (*permission).into() },
                Answer::NotServed => Heard::NotServed,
            };
            let mut changes = vec![Change::Heard(Source::Readyz, heard)];
            if let Answer::Checks(checks) = answer {
                changes.push(Change::Checks(checks));
            }
            shared.apply(changes);
        }
        tokio::time::sleep(EVERY).await;
    }
}

enum Answer {
    Checks(BTreeMap<Name, bool>),
    Forbidden(&'static str),
    NotServed,
}

async fn ask(client: &Client) -> Result<Answer, NoAnswer> {
    match get(client, "/readyz?verbose").await? {
        Reply { code: 200..=299 | 500..=599, body } => Ok(Answer::Checks(parse(&body))),
        Reply { code: 403, .. } => Ok(Answer::Forbidden("get /readyz")),
        // Before 1.16 there is no readyz, but each check has a path of its own.
        _ => match get(client, "/healthz/etcd").await? {
            Reply { code: 200, .. } => Ok(Answer::Checks(BTreeMap::from([("etcd".into(), true)]))),
            Reply { code: 500..=599, .. } => Ok(Answer::Checks(BTreeMap::from([("etcd".into(), false)]))),
            Reply { code: 403, .. } => Ok(Answer::Forbidden("get /healthz/etcd")),
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
