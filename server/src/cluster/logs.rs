//! Logs of a pod's containers: the end of one, a search in it, all of it.

use std::{collections::VecDeque, time::Duration};

use bytes::Bytes;
use futures::{Stream, StreamExt};
use http_body_util::BodyExt;
use kube::Client;
use topology::inventory::Key;

use super::{
    bounded::{PATIENCE, Refused, in_time, json, open, part},
    object::Object,
    pod,
};

/// Bytes of a line that are kept; the rest of it is counted.
pub const LONGEST: usize = 8 << 10;
/// A search reads so far, in bytes and in time.
const SOUGHT: u64 = 256 << 20;
const SEARCH: Duration = Duration::from_secs(10);
/// A download ends after so many bytes, and after this time.
const MOST: u64 = 2 << 30;
const DOWNLOAD: Duration = Duration::from_secs(900);
const PERMISSION: &str = "get pods/log";

/// Which log.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Which {
    /// Namespace and name of the pod.
    pub pod: Key,
    /// The container; empty for the one that the server takes.
    pub container: String,
    /// Whether that of the container before the last restart.
    pub previous: bool,
}

/// A container of a pod.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Container {
    /// Its name.
    pub name: String,
    /// Whether it runs before the others.
    pub init: bool,
    /// In a word, as in `running` or `CrashLoopBackOff`; empty where it is not told.
    pub state: String,
    /// How often it was started again: only then there is a log before the present one.
    pub restarts: u32,
}

/// The containers of a pod.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Containers {
    /// In the order of the pod, those that run first at the front.
    pub all: Vec<Container>,
    /// The one to look at first: what holds the pod up, else what its annotation names, else the first.
    pub first: String,
    /// Why that one.
    pub why: &'static str,
}

/// A line of a log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Line {
    /// When it was written, as the container runtime tells it; empty where it tells nothing.
    pub at: String,
    /// What was written, without the stamp.
    pub text: String,
    /// Bytes of it that are not in the text.
    pub left_out: u64,
}

/// The end of a log, or what a search found in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct End {
    /// The last lines, or the last of those with the text that is sought.
    pub lines: Vec<Line>,
    /// How many lines were read.
    pub read: u64,
    /// How many of these have the text that is sought; all where none is.
    pub found: u64,
    /// Whether reading came to its bound before it came to the end.
    pub cut: bool,
}

/// The containers of a pod.
///
/// # Errors
/// [`Refused`] with the reason.
pub async fn containers(client: &Client, key: &Key) -> Result<Containers, Refused> {
    let path = path(key);
    let asked = json::<Object<pod::Spec, pod::Status>>(client, &path, &[]);
    Ok(pod::state::containers(&in_time(PATIENCE, "get pods", asked).await?))
}

/// The last lines; where a text is sought, the last lines with it. `since` is in seconds.
///
/// # Errors
/// [`Refused`] with the reason.
pub async fn end(client: &Client, which: &Which, since: Option<u64>, text: &str, lines: usize) -> Result<End, Refused> {
    let many = lines.to_string();
    let mut more = vec![("timestamps", "true".to_owned())];
    more.extend(since.map(|seconds| ("sinceSeconds", seconds.to_string())));
    if text.is_empty() {
        more.push(("tailLines", many));
    }
    let body = in_time(PATIENCE, PERMISSION, opened(client, which, &more)).await?;
    let mut stream = body.into_data_stream();
    let sought = text.to_lowercase();
    let (mut end, mut kept, mut cutter) = (End::default(), VecDeque::new(), Cutter::default());
    let mut taken = 0_u64;
    let mut take = |end: &mut End, line: Line| {
        end.read += 1;
        if sought.is_empty() || line.text.to_lowercase().contains(&sought) {
            end.found += 1;
            kept.push_back(line);
            if kept.len() > lines {
                kept.pop_front();
            }
        }
    };
    let reading = async {
        while let Some(Ok(bytes)) = stream.next().await {
            taken += bytes.len() as u64;
            cutter.cut(&bytes, |line| take(&mut end, line));
            if taken > SOUGHT {
                end.cut = true;
                break;
            }
        }
    };
    let whole = tokio::time::timeout(SEARCH, reading).await.is_ok();
    cutter.rest(|line| take(&mut end, line));
    end.cut = end.cut || !whole;
    end.lines = kept.into();
    Ok(end)
}

/// All of a log as it comes, within bounds.
///
/// # Errors
/// [`Refused`] with the reason.
pub async fn all(
    client: &Client,
    which: &Which,
    since: Option<u64>,
    timestamps: bool,
) -> Result<impl Stream<Item = Result<Bytes, axum::Error>> + use<>, Refused> {
    let mut more = vec![("limitBytes", MOST.to_string()), ("timestamps", timestamps.to_string())];
    more.extend(since.map(|seconds| ("sinceSeconds", seconds.to_string())));
    let body = in_time(PATIENCE, PERMISSION, opened(client, which, &more)).await?;
    let until = tokio::time::Instant::now() + DOWNLOAD;
    let bytes = body.into_data_stream().map(|piece| piece.map_err(axum::Error::new));
    Ok(bytes.take_until(tokio::time::sleep_until(until)))
}

/// A log from now on, and a few lines before.
pub(super) async fn followed(client: &Client, which: &Which, before: usize) -> Result<kube::client::Body, Refused> {
    let more = [("follow", "true".to_owned()), ("timestamps", "true".to_owned()), ("tailLines", before.to_string())];
    in_time(PATIENCE, PERMISSION, opened(client, which, &more)).await
}

async fn opened(client: &Client, which: &Which, more: &[(&str, String)]) -> kube::Result<kube::client::Body> {
    let mut query: Vec<(&str, &str)> = more.iter().map(|(name, value)| (*name, value.as_str())).collect();
    if !which.container.is_empty() {
        query.push(("container", &which.container));
    }
    if which.previous {
        query.push(("previous", "true"));
    }
    open(client, &format!("{}/log", path(&which.pod)), &query, "*/*").await
}

fn path(pod: &Key) -> String {
    format!("/api/v1/namespaces/{}/pods/{}", part(&pod.namespace), part(&pod.name))
}

/// Cuts bytes into lines; of a line without end no more than its beginning is held.
#[derive(Default)]
pub struct Cutter {
    held: Vec<u8>,
    left_out: u64,
}

impl Cutter {
    /// Gives every line that has its end.
    pub fn cut(&mut self, mut bytes: &[u8], mut give: impl FnMut(Line)) {
        while let Some(end) = memchr::memchr(b'\n', bytes) {
            self.hold(&bytes[..end]);
            give(self.line());
            bytes = &bytes[end + 1..];
        }
        self.hold(bytes);
    }

    /// Gives what has no end, where there is some.
    pub fn rest(&mut self, mut give: impl FnMut(Line)) {
        if !self.held.is_empty() {
            give(self.line());
        }
    }

    fn hold(&mut self, bytes: &[u8]) {
        let room = LONGEST.saturating_sub(self.held.len()).min(bytes.len());
        self.held.extend_from_slice(&bytes[..room]);
        self.left_out += (bytes.len() - room) as u64;
    }

    fn line(&mut self) -> Line {
        let text = String::from_utf8_lossy(&self.held);
        let text = text.strip_suffix('\r').unwrap_or(&text);
        // Of a runtime's stamp nothing is known but that it is a time.
        let (at, text) = match text.split_once(' ') {
            Some((at, rest)) if at.parse::<jiff::Timestamp>().is_ok() => (at, rest),
            _ if text.parse::<jiff::Timestamp>().is_ok() => (text, ""),
            _ => ("", text),
        };
        let line = Line { at: at.to_owned(), text: text.to_owned(), left_out: self.left_out };
        self.held.clear();
        self.left_out = 0;
        line
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::bounded::tests::{refusal, server};

    fn which() -> Which {
        Which { pod: Key::new("ims", "hss-0"), container: "hss".into(), previous: false }
    }

    fn texts(end: &End) -> Vec<&str> {
        end.lines.iter().map(|line| line.text.as_str()).collect()
    }

    #[tokio::test]
    async fn the_end_of_a_log_has_its_stamps_apart() {
        let client = server(|path, query| {
            assert_eq!(path, "/api/v1/namespaces/ims/pods/hss-0/log");
            assert_eq!(query, "timestamps=true&sinceSeconds=300&tailLines=2&container=hss");
            (200, "2026-01-01T00:00:00.5Z one\nno stamp\n2026-01-01T00:00:01Z \n".into())
        });
        let end = end(&client, &which(), Some(300), "", 2).await.unwrap();
        assert_eq!(texts(&end), ["no stamp", ""]);
        assert_eq!((end.lines[1].at.as_str(), end.read, end.cut), ("2026-01-01T00:00:01Z", 3, false));
    }

    #[tokio::test]
    async fn a_search_reads_the_whole_log_and_keeps_the_last_hits() {
        let client = server(|_, query| {
            assert!(!query.contains("tailLines"), "{query}");
            let lines: String =
                (0..1_000).map(|n| format!("line {n} {}\n", if n % 100 == 0 { "ERROR" } else { "" })).collect();
            (200, lines.into())
        });
        let end = end(&client, &which(), None, "error", 3).await.unwrap();
        assert_eq!(texts(&end), ["line 700 ERROR", "line 800 ERROR", "line 900 ERROR"]);
        assert_eq!((end.found, end.read), (10, 1_000));
    }

    #[test]
    fn a_line_without_end_is_held_in_part() {
        let mut cutter = Cutter::default();
        let mut lines = Vec::new();
        for _ in 0..100 {
            cutter.cut(&[b'x'; 1_000], |line| lines.push(line));
        }
        assert!(cutter.held.len() <= LONGEST && lines.is_empty());
        cutter.cut(b"\nnext\n", |line| lines.push(line));
        assert_eq!(lines[0].left_out, 100_000 - LONGEST as u64);
        assert_eq!((lines[1].text.as_str(), lines[1].left_out), ("next", 0));
    }

    #[tokio::test]
    async fn what_may_not_be_read_is_said() {
        let client = server(|_, _| refusal(403, "no"));
        assert_eq!(end(&client, &which(), None, "", 5).await, Err(Refused::Forbidden("get pods/log".into())));
    }
}
