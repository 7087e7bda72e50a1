//! How a backup goes, to one page: it hears that something is other than before, and asks for it.

use std::time::Duration;

use app::source::RunNews;
use axum::{
    extract::ws::{self, WebSocket, WebSocketUpgrade},
    response::Response,
};
use futures::StreamExt;
use tokio::time::Instant;

use super::{house::Backups, story};
use crate::{access::Stays, listen::Stopping};

/// How often it is looked whether something is other.
const LOOK: Duration = Duration::from_millis(400);
/// A line that is quiet for this long gets a word.
const QUIET: Duration = Duration::from_secs(5);
/// Who does not take a message in this time is dropped.
const PATIENCE: Duration = Duration::from_secs(10);
/// What a page may say: nothing but pings.
const SAID: usize = 4 << 10;

/// Answers a page that wants to hear how the backup of a cluster goes.
pub(super) fn follow(
    upgrade: WebSocketUpgrade,
    backups: Backups,
    cluster: String,
    stopping: Stopping,
    stays: Stays,
) -> Response {
    upgrade
        .read_buffer_size(SAID)
        .write_buffer_size(0)
        .max_message_size(SAID)
        .max_frame_size(SAID)
        .on_upgrade(move |socket| async move { drop(serve(socket, backups, cluster, stopping, stays).await) })
}

/// The page is gone; it comes again if it wants to.
struct Gone;

async fn serve(
    mut socket: WebSocket,
    backups: Backups,
    cluster: String,
    stopping: Stopping,
    stays: Stays,
) -> Result<(), Gone> {
    let _lasts = stopping.lasts();
    let mut shown = (None, None);
    let mut quiet = Instant::now() + QUIET;
    let mut ask = Instant::now() + QUIET;
    loop {
        if Instant::now() >= ask {
            if !stays.still().await {
                return Ok(());
            }
            ask = Instant::now() + QUIET;
        }
        let now = (backups.course(&cluster), backups.trial(&cluster));
        let follows = story::follows(&backups, &cluster, jiff::Timestamp::now().as_millisecond());
        let goes_on = follows || backups.taken_elsewhere(&cluster).await.unwrap_or_default();
        if now != shown || !goes_on {
            shown = now;
            send(&mut socket, &RunNews::Changed).await?;
            quiet = Instant::now() + QUIET;
        }
        if !goes_on {
            return Ok(());
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK) => {}
            said = socket.next() => match said {
                Some(Ok(ws::Message::Close(_)) | Err(_)) | None => return Err(Gone),
                Some(Ok(_)) => {}
            },
            () = stopping.asked() => return Ok(()),
        }
        if Instant::now() >= quiet {
            send(&mut socket, &RunNews::Alive).await?;
            quiet = Instant::now() + QUIET;
        }
    }
}

async fn send(socket: &mut WebSocket, news: &RunNews) -> Result<(), Gone> {
    let text = serde_json::to_string(news).unwrap_or_default();
    match tokio::time::timeout(PATIENCE, socket.send(ws::Message::Text(text.into()))).await {
        Ok(Ok(())) => Ok(()),
        _ => Err(Gone),
    }
}
