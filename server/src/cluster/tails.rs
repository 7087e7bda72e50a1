//! Logs that are followed: one reader of the API server for each, however many look.
//!
//! ```text
//! API server ─▶ reader (gathers whole lines) ─▶ pieces, the last few kept ─▶ each who looks: cuts, seeks, skips
//! ```
//!
//! Memory is bounded by pieces, whatever the log's speed: who cannot keep up misses pieces and is told so.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::Duration,
};

use bytes::{Bytes, BytesMut};
use futures::StreamExt;
use http_body_util::BodyExt;
use kube::Client;
use tokio::{
    sync::broadcast::{self, Receiver, Sender},
    task::JoinHandle,
    time::Instant,
};

use super::{
    bounded::Refused,
    logs::{Which, followed},
};

/// Lines before now that a reader begins with.
const BEFORE: usize = 200;
/// A piece is sent when it is this long, or this old.
const PIECE: usize = 128 << 10;
const GATHERED: Duration = Duration::from_millis(80);
/// Pieces that wait for those who are slow.
const WAITING: usize = 16;
/// Bytes of the last pieces, for who comes later.
const KEPT: usize = 512 << 10;
/// Logs of one cluster that are followed at once.
const MOST: usize = 64;

/// What is heard of a log.
#[derive(Clone, Debug)]
pub enum Heard {
    /// Whole lines, each with its stamp.
    Lines(Bytes),
    /// It has come to its end, or the line to it was cut.
    Ended,
}

/// The logs of a cluster that are followed.
#[derive(Default)]
pub(super) struct Tails(Mutex<HashMap<Which, Weak<Tail>>>);

/// A log that is followed for as long as somebody holds it.
pub struct Tail {
    shared: Arc<Shared>,
    reader: JoinHandle<()>,
}

struct Shared {
    sender: Sender<Heard>,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    pieces: VecDeque<Bytes>,
    bytes: usize,
    ended: bool,
}

/// Why a log is not followed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoTail {
    /// It cannot be read.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// As many are followed as may be.
    #[error("this server follows as many logs as it may; close one that is no longer looked at")]
    TooMany,
}

impl Tails {
    /// The one reader of a log.
    pub(super) async fn get(&self, client: &Client, which: &Which) -> Result<Arc<Tail>, NoTail> {
        if let Some(tail) = self.running(which)? {
            return Ok(tail);
        }
        let body = followed(client, which, BEFORE).await?;
        // Somebody else may have been quicker: this one's line is closed then.
        if let Some(tail) = self.running(which)? {
            return Ok(tail);
        }
        let tail = Arc::new(Tail::start(body));
        self.held().insert(which.clone(), Arc::downgrade(&tail));
        Ok(tail)
    }

    fn running(&self, which: &Which) -> Result<Option<Arc<Tail>>, NoTail> {
        let mut held = self.held();
        held.retain(|_, tail| tail.upgrade().is_some_and(|tail| !tail.has_ended()));
        match held.get(which).and_then(Weak::upgrade) {
            Some(tail) => Ok(Some(tail)),
            None if held.len() >= MOST => Err(NoTail::TooMany),
            None => Ok(None),
        }
    }

    fn held(&self) -> MutexGuard<'_, HashMap<Which, Weak<Tail>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Tail {
    fn start(body: kube::client::Body) -> Self {
        let shared = Arc::new(Shared { sender: broadcast::channel(WAITING).0, kept: Mutex::default() });
        let reader = tokio::spawn(read(body, shared.clone()));
        Self { shared, reader }
    }

    /// What was heard last, and what is heard from then on; nothing between the two is lost.
    pub fn listen(&self) -> (Vec<Bytes>, bool, Receiver<Heard>) {
        let kept = self.shared.kept();
        (kept.pieces.iter().cloned().collect(), kept.ended, self.shared.sender.subscribe())
    }

    fn has_ended(&self) -> bool {
        self.shared.kept().ended
    }
}

impl Drop for Tail {
    fn drop(&mut self) {
        self.reader.abort();
    }
}

impl Shared {
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tell(&self, piece: Bytes) {
        let mut kept = self.kept();
        kept.bytes += piece.len();
        kept.pieces.push_back(piece.clone());
        while kept.bytes > KEPT && kept.pieces.len() > 1 {
            kept.bytes -= kept.pieces.pop_front().map_or(0, |piece| piece.len());
        }
        // Nobody listens just now, which is no error; under the lock, so that who comes misses nothing.
        let _ = self.sender.send(Heard::Lines(piece));
    }

    fn end(&self) {
        let mut kept = self.kept();
        kept.ended = true;
        let _ = self.sender.send(Heard::Ended);
    }
}

/// Gathers what comes into pieces of whole lines.
async fn read(body: kube::client::Body, shared: Arc<Shared>) {
    let mut stream = body.into_data_stream();
    let mut gathered = BytesMut::new();
    let mut due: Option<Instant> = None;
    loop {
        let heard = match due {
            Some(due) => tokio::time::timeout_at(due, stream.next()).await,
            None => Ok(stream.next().await),
        };
        match heard {
            Ok(Some(Ok(bytes))) => {
                gathered.extend_from_slice(&bytes);
                due = due.or_else(|| Some(Instant::now() + GATHERED));
                if gathered.len() < PIECE {
                    continue;
                }
            }
            Ok(Some(Err(_)) | None) => {
                if !gathered.is_empty() {
                    gathered.extend_from_slice(b"\n");
                    shared.tell(gathered.freeze());
                }
                shared.end();
                return;
            }
            Err(_) => {}
        }
        due = None;
        match memchr::memrchr(b'\n', &gathered) {
            Some(end) => shared.tell(gathered.split_to(end + 1).freeze()),
            // A line that never ends is cut, here alone.
            None if gathered.len() >= PIECE => {
                gathered.extend_from_slice(b"\n");
                shared.tell(gathered.split().freeze());
            }
            None => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use topology::inventory::Key;

    use super::*;

    /// A server whose log has so many bytes, as fast as they are taken, and then waits.
    fn flood(bytes: usize) -> (Client, Arc<AtomicUsize>) {
        let opened = Arc::new(AtomicUsize::new(0));
        let count = opened.clone();
        let service = tower::service_fn(move |_: http::Request<kube::client::Body>| {
            count.fetch_add(1, Ordering::SeqCst);
            std::future::ready(Ok::<_, std::convert::Infallible>(log(bytes)))
        });
        (Client::new(service, "default"), opened)
    }

    fn log(
        bytes: usize,
    ) -> http::Response<impl http_body::Body<Data = Bytes, Error = std::io::Error> + Send + 'static> {
        let line = Bytes::from(format!("2026-01-01T00:00:00Z {}\n", "x".repeat(178)));
        let count = bytes / line.len();
        let lines = futures::stream::iter((0..count).map(move |_| Ok::<_, std::io::Error>(line.clone())));
        let lines = lines.chain(futures::stream::pending());
        http::Response::new(http_body_util::StreamBody::new(lines.map(|line| line.map(http_body::Frame::data))))
    }

    fn which(name: &str) -> Which {
        Which { pod: Key::new("a", name), container: String::new(), previous: false }
    }

    #[tokio::test]
    async fn a_fast_log_is_read_by_one_reader_in_bounded_memory_while_one_who_looks_sleeps() {
        let (tails, (client, opened)) = (Tails::default(), flood(64 << 20));
        let first = tails.get(&client, &which("p")).await.unwrap();
        let (_, _, mut asleep) = first.listen();
        let second = tails.get(&client, &which("p")).await.unwrap();
        assert!(Arc::ptr_eq(&first, &second));
        let (before, _, mut awake) = second.listen();
        let mut heard: usize = before.iter().map(Bytes::len).sum();
        let mut missed = 0;
        while heard + missed < 60 << 20 {
            match awake.recv().await {
                Ok(Heard::Lines(piece)) => {
                    assert!(piece.ends_with(b"\n") && piece.len() <= PIECE + 1_024, "{}", piece.len());
                    heard += piece.len();
                }
                Ok(Heard::Ended) => panic!("it ended"),
                Err(broadcast::error::RecvError::Lagged(pieces)) => missed += usize::try_from(pieces).unwrap() * PIECE,
                Err(broadcast::error::RecvError::Closed) => panic!("it closed"),
            }
        }
        assert_eq!(opened.load(Ordering::SeqCst), 1);
        assert!(first.shared.kept().bytes <= KEPT + PIECE, "{}", first.shared.kept().bytes);
        assert!(matches!(asleep.recv().await, Err(broadcast::error::RecvError::Lagged(_))));
    }

    #[tokio::test]
    async fn a_log_that_nobody_looks_at_is_no_longer_read() {
        let (tails, (client, _)) = (Tails::default(), flood(1_000));
        let tail = tails.get(&client, &which("q")).await.unwrap();
        let shared = Arc::downgrade(&tail.shared);
        drop(tail);
        while shared.upgrade().is_some() {
            tokio::task::yield_now().await;
        }
        assert!(tails.running(&which("q")).unwrap().is_none());
    }
}
