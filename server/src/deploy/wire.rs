//! A run's news to one page, over a WebSocket, as figures have theirs.

use std::{sync::Arc, time::Duration};

use app::source::RunNews;
use axum::{
    extract::ws::{self, Utf8Bytes, WebSocket, WebSocketUpgrade},
    response::Response,
};
use futures::{SinkExt, StreamExt, stream::SplitSink};
use tokio::{
    sync::broadcast::{Receiver, error::RecvError},
    time::Instant,
};

use super::{Grown, Office, Told, lines, tail::Tail};
use crate::{
    access::Stays,
    listen::Stopping,
    store::{RunRow, StoreError},
};

/// A line that is quiet for this long gets a word.
const QUIET: Duration = Duration::from_secs(5);
/// How often the database is looked at for a run that another server follows.
const ELSEWHERE: Duration = Duration::from_millis(700);
/// Who does not take a message in this time is dropped.
const PATIENCE: Duration = Duration::from_secs(10);
/// Largest part of a log that is read from the database at once, in bytes.
const READ: usize = 256 << 10;
/// What a page may say: nothing but pings.
const SAID: usize = 4 << 10;

/// One page that follows a run.
struct Reader {
    office: Arc<Office>,
    id: String,
    /// Up to where the log was told.
    tail: Tail,
    /// The state that the page shows.
    state: String,
}

/// Answers a page that wants to follow a run, of which it has so many lines.
pub(super) fn follow(
    upgrade: WebSocketUpgrade,
    office: Arc<Office>,
    row: RunRow,
    has: u64,
    stopping: Stopping,
    stays: Stays,
) -> Response {
    upgrade
        .read_buffer_size(SAID)
        .write_buffer_size(0)
        .max_message_size(SAID)
        .max_frame_size(SAID)
        .on_upgrade(move |socket| async move { drop(serve(socket, office, row, has, stopping, stays).await) })
}

/// Why a reader was left; nobody is told but the page, which comes again.
enum Left {
    Gone,
    Store,
}

impl From<StoreError> for Left {
    fn from(_: StoreError) -> Self {
        Self::Store
    }
}

async fn serve(
    socket: WebSocket,
    office: Arc<Office>,
    row: RunRow,
    has: u64,
    stopping: Stopping,
    stays: Stays,
) -> Result<(), Left> {
    let _lasts = stopping.lasts();
    let (mut sink, mut source) = socket.split();
    let mut told = office.listen(&row.id);
    let outline = office.outline(&row.id).await?;
    let (number, at) = lines::place(&outline, has + 1);
    let mut reader =
        Reader { office, id: row.id, tail: Tail { at, ended: number - 1, held: Vec::new() }, state: row.state };
    reader.skip(has).await?;
    // What is told here needs no look at the database; what was told before, elsewhere or too quickly does.
    let mut behind = true;
    let mut quiet = Instant::now() + QUIET;
    // A log that never pauses must not keep a reader whose right has ended.
    let mut ask = Instant::now() + QUIET;
    loop {
        if Instant::now() >= ask {
            if !stays.still().await {
                return Ok(());
            }
            ask = Instant::now() + QUIET;
        }
        let mut news = Vec::new();
        if std::mem::take(&mut behind) {
            told = told.or_else(|| reader.office.listen(&reader.id));
            let over = reader.catch_up(&mut news).await? && told.is_none();
            for one in news.drain(..) {
                send(&mut sink, &one).await?;
                quiet = Instant::now() + QUIET;
            }
            if over {
                return send(&mut sink, &RunNews::Changed).await;
            }
        }
        tokio::select! {
            heard = hear(&mut told) => match heard {
                Some(Told::Log(grown)) if reader.follows(&grown) => {
                    reader.tail = Tail::clone(&grown.tail);
                    if let Some(text) = grown.news {
                        pass(&mut sink, text).await?;
                        quiet = Instant::now() + QUIET;
                    }
                }
                Some(Told::Changed) => news.push(RunNews::Changed),
                _ => behind = true,
            },
            () = tokio::time::sleep_until(quiet) => {
                news.push(RunNews::Alive);
                behind = true;
            }
            said = source.next() => match said {
                Some(Ok(ws::Message::Close(_)) | Err(_)) | None => return Err(Left::Gone),
                Some(Ok(_)) => {}
            },
            () = stopping.asked() => return Ok(()),
        }
        for one in news {
            send(&mut sink, &one).await?;
            quiet = Instant::now() + QUIET;
        }
    }
}

/// The next thing that is told here; none when something was missed, nobody tells any more, or nobody ever did.
async fn hear(told: &mut Option<Receiver<Told>>) -> Option<Told> {
    let Some(receiver) = told else {
        tokio::time::sleep(ELSEWHERE).await;
        return None;
    };
    match receiver.recv().await {
        Ok(heard) => Some(heard),
        Err(RecvError::Lagged(_)) => None,
        Err(RecvError::Closed) => {
            *told = None;
            None
        }
    }
}

impl Reader {
    /// Whether a further piece goes on where this one is, and was put into words.
    fn follows(&self, grown: &Grown) -> bool {
        grown.at == self.tail.at && (grown.news.is_some() || grown.tail.ended == self.tail.ended)
    }

    /// Passes over lines that the page has.
    async fn skip(&mut self, has: u64) -> Result<(), Left> {
        while self.tail.ended < has {
            let bytes = self.office.log(&self.id, self.tail.at, READ).await?;
            if bytes.is_empty() {
                return Ok(());
            }
            let mut taken = 0;
            for part in bytes.split_inclusive(|byte| *byte == b'\n') {
                if self.tail.ended == has {
                    break;
                }
                taken += part.len();
                self.tail.ended += u64::from(part.ends_with(b"\n"));
            }
            self.tail.at += taken as u64;
        }
        Ok(())
    }

    /// What the database has more than the page; whether the run has ended.
    async fn catch_up(&mut self, news: &mut Vec<RunNews>) -> Result<bool, Left> {
        let Some(row) = self.office.run(&self.id).await? else { return Ok(true) };
        let size = u64::try_from(row.size).unwrap_or(0);
        let mut last = None;
        while self.tail.at < size {
            let bytes = self.office.log(&self.id, self.tail.at, READ).await?;
            if bytes.is_empty() {
                break;
            }
            last = self.tail.take(&bytes).or(last);
        }
        news.extend(last);
        if row.state != self.state {
            self.state = row.state;
            news.push(RunNews::Changed);
        }
        Ok(row.ended.is_some())
    }
}

async fn send(sink: &mut SplitSink<WebSocket, ws::Message>, news: &RunNews) -> Result<(), Left> {
    pass(sink, serde_json::to_string(news).unwrap_or_default().into()).await
}

async fn pass(sink: &mut SplitSink<WebSocket, ws::Message>, text: Utf8Bytes) -> Result<(), Left> {
    match tokio::time::timeout(PATIENCE, sink.send(ws::Message::Text(text))).await {
        Ok(Ok(())) => Ok(()),
        _ => Err(Left::Gone),
    }
}
