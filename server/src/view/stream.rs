//! A view's stream to one page, over a WebSocket: browsers allow six HTTP/1.1 connections to a
//! host for all tabs and frames together, and WebSockets do not count among them, so that twelve
//! pages or frames of one portal all stay live.

use std::{sync::Arc, time::Duration};

use app::source::{Message, Version};
use axum::extract::ws::{self, Utf8Bytes, WebSocket};
use futures::{SinkExt, StreamExt, stream::SplitSink};
use tokio::sync::broadcast::error::RecvError;

use super::{
    Watched,
    watched::{Joined, text},
};
use crate::access::Stays;

/// A line that is quiet for this long gets a word.
const QUIET: Duration = Duration::from_secs(5);
/// Who does not take a message in this time is dropped.
const PATIENCE: Duration = Duration::from_secs(10);

/// How often it is asked whether a reader may still read.
const AGAIN: Duration = Duration::from_secs(5);

/// Serves one reader until it leaves, may read no more, falls behind, or the server ends.
pub(crate) async fn serve(socket: WebSocket, watched: Arc<Watched>, has: Version, reader: Option<Stays>) {
    let (mut sink, mut source) = socket.split();
    let Joined { missed, mut next } = watched.join(has);
    for message in missed {
        if send(&mut sink, message).await.is_err() {
            return;
        }
    }
    let mut looks = tokio::time::interval_at(tokio::time::Instant::now() + AGAIN, AGAIN);
    loop {
        let message = tokio::select! {
            _ = looks.tick() => match &reader {
                Some(reader) if !reader.still().await => {
                    let _ = tokio::time::timeout(PATIENCE, sink.close()).await;
                    return;
                }
                _ => continue,
            },
            message = next.recv() => message,
            () = tokio::time::sleep(QUIET) => Ok(text(&Message::Alive)),
            // A page has nothing to say; reading notices when it leaves, and answers its pings.
            said = source.next() => match said {
                Some(Ok(ws::Message::Close(_)) | Err(_)) | None => return,
                Some(Ok(_)) => continue,
            },
        };
        match message {
            Ok(message) => {
                if send(&mut sink, message).await.is_err() {
                    return;
                }
            }
            // Too slow, or the view has ended: the page comes back and starts over.
            Err(RecvError::Lagged(_) | RecvError::Closed) => {
                let _ = tokio::time::timeout(PATIENCE, sink.close()).await;
                return;
            }
        }
    }
}

async fn send(sink: &mut SplitSink<WebSocket, ws::Message>, text: Utf8Bytes) -> Result<(), ()> {
    match tokio::time::timeout(PATIENCE, sink.send(ws::Message::Text(text))).await {
        Ok(Ok(())) => Ok(()),
        _ => Err(()),
    }
}
