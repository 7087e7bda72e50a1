//! A view's stream to one page, over a WebSocket: browsers allow six HTTP/1.1 connections to a
//! host for all tabs and frames together, and WebSockets do not count among them, so that twelve
//! pages or frames of one portal all stay live.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    sync::Arc,
    time::Duration,
};

use app::source::{Message, Version};
use axum::{
    extract::ws::{self, CloseFrame, Utf8Bytes, WebSocket, WebSocketUpgrade},
    response::Response,
};
use futures::{SinkExt, StreamExt, future::BoxFuture, stream::SplitSink};
use tokio::sync::broadcast::error::RecvError;

use super::{
    Watched,
    watched::{Joined, text},
};
use crate::{listen::Stopping, running::NUMBERS};

/// A line that is quiet for this long gets a word.
const QUIET: Duration = Duration::from_secs(5);
/// Who does not take a message in this time is dropped.
const PATIENCE: Duration = Duration::from_secs(10);

/// How often it is asked whether a reader may still read.
const AGAIN: Duration = Duration::from_secs(5);
/// Whether a reader may still read.
pub(crate) type Still = Arc<dyn Fn() -> BoxFuture<'static, bool> + Send + Sync>;

/// How often it is looked whether what stands beside a figure has changed.
const BESIDE: Duration = Duration::from_secs(2);
/// What stands beside a figure on its page, as HTML; none while that is not known.
pub(crate) type Beside = Arc<dyn Fn() -> BoxFuture<'static, Option<String>> + Send + Sync>;

/// What a page may say: nothing but pings.
const SAID: usize = 4 << 10;

/// Answers a page that wants to follow a view.
pub(crate) fn follow(
    upgrade: WebSocketUpgrade,
    watched: Arc<Watched>,
    has: Version,
    stopping: Stopping,
    still: Still,
    beside: Option<Beside>,
) -> Response {
    // A thousand readers each with the usual buffers would be a quarter of a gigabyte.
    upgrade
        .read_buffer_size(SAID)
        .write_buffer_size(0)
        .max_message_size(SAID)
        .max_frame_size(SAID)
        .on_upgrade(move |socket| serve(socket, watched, has, stopping, still, beside))
}

/// Serves one reader until it leaves, may read no more, falls behind, or the server ends.
async fn serve(
    socket: WebSocket,
    watched: Arc<Watched>,
    has: Version,
    stopping: Stopping,
    still: Still,
    beside: Option<Beside>,
) {
    let _lasts = stopping.lasts();
    let _counted = Counted::new();
    let (mut sink, mut source) = socket.split();
    let Joined { missed, mut next } = watched.join(has);
    for message in missed {
        if send(&mut sink, message).await.is_err() {
            NUMBERS.dropped.inc();
            return;
        }
    }
    let mut looks = tokio::time::interval_at(tokio::time::Instant::now() + AGAIN, AGAIN);
    let mut glances = tokio::time::interval(BESIDE);
    let mut stood = 0;
    loop {
        let message = tokio::select! {
            Some(html) = glance(&mut glances, beside.as_ref()) => {
                let stands = hash(&html);
                if std::mem::replace(&mut stood, stands) == stands {
                    continue;
                }
                Ok(text(&Message::Beside { html }))
            }
            _ = looks.tick() => {
                if !still().await {
                    let _ = tokio::time::timeout(PATIENCE, sink.close()).await;
                    return;
                }
                Ok(text(&Message::Alive))
            }
            message = next.recv() => message,
            () = tokio::time::sleep(QUIET) => Ok(text(&Message::Alive)),
            // A page has nothing to say; reading notices when it leaves, and answers its pings.
            said = source.next() => match said {
                Some(Ok(ws::Message::Close(_)) | Err(_)) | None => return,
                Some(Ok(_)) => continue,
            },
            () = stopping.asked() => {
                // The page tries again by itself, and finds whoever comes next.
                let going = CloseFrame { code: ws::close_code::AWAY, reason: Utf8Bytes::from_static("going away") };
                let _ = tokio::time::timeout(PATIENCE, sink.send(ws::Message::Close(Some(going)))).await;
                return;
            }
        };
        match message {
            Ok(message) => {
                if send(&mut sink, message).await.is_err() {
                    NUMBERS.dropped.inc();
                    return;
                }
            }
            // Too slow, or the view has ended: the page comes back and starts over.
            Err(error) => {
                if matches!(error, RecvError::Lagged(_)) {
                    NUMBERS.dropped.inc();
                }
                let _ = tokio::time::timeout(PATIENCE, sink.close()).await;
                return;
            }
        }
    }
}

/// What stands beside the figure now and then; never, where nothing does.
async fn glance(glances: &mut tokio::time::Interval, beside: Option<&Beside>) -> Option<String> {
    let Some(beside) = beside else { return std::future::pending().await };
    loop {
        glances.tick().await;
        if let Some(html) = beside().await {
            return Some(html);
        }
    }
}

fn hash(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

/// A stream that is open, counted for as long as it is.
struct Counted;

impl Counted {
    fn new() -> Self {
        NUMBERS.streams.inc();
        Self
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        NUMBERS.streams.dec();
    }
}

async fn send(sink: &mut SplitSink<WebSocket, ws::Message>, text: Utf8Bytes) -> Result<(), ()> {
    match tokio::time::timeout(PATIENCE, sink.send(ws::Message::Text(text))).await {
        Ok(Ok(())) => Ok(()),
        _ => Err(()),
    }
}
