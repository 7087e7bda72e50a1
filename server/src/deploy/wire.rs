//! A run's news to one page, over a WebSocket, as figures have theirs.

use std::{sync::Arc, time::Duration};

use app::source::{RunNews, RunText};
use axum::{
    extract::ws::{self, WebSocket, WebSocketUpgrade},
    response::Response,
};
use futures::{SinkExt, StreamExt, stream::SplitSink};
use tokio::sync::broadcast::{Receiver, error::RecvError};

use super::{Office, Told, lines};
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
/// Lines of one message; of more that are new only the last are sent.
const MOST: usize = 200;
/// Largest part of a log that is read from the database at once, in bytes.
const READ: usize = 256 << 10;
/// What a page may say: nothing but pings.
const SAID: usize = 4 << 10;

/// One page that follows a run.
struct Reader {
    office: Arc<Office>,
    id: String,
    /// Up to where the log was told, in bytes.
    at: u64,
    /// Lines that have ended up to there.
    ended: u64,
    /// The beginning of the line that has not.
    held: Vec<u8>,
    /// What was known of the run, to see a change of it.
    known: (String, String),
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
    let known = (row.state.clone(), row.trouble.clone());
    let mut reader = Reader { office, id: row.id, at, ended: number - 1, held: Vec::new(), known };
    reader.skip(has).await?;
    let mut quiet = tokio::time::Instant::now();
    loop {
        let news = reader.caught_up().await?;
        for one in news {
            send(&mut sink, &one).await?;
            quiet = tokio::time::Instant::now();
        }
        tokio::select! {
            ended = wait(&mut told, &mut reader, &mut sink) => {
                if ended? { quiet = tokio::time::Instant::now(); }
            }
            said = source.next() => match said {
                Some(Ok(ws::Message::Close(_)) | Err(_)) | None => return Err(Left::Gone),
                Some(Ok(_)) => continue,
            },
            () = stopping.asked() => return Ok(()),
        }
        if told.is_none() {
            told = reader.office.listen(&reader.id);
        }
        if quiet.elapsed() > QUIET {
            if !stays.still().await {
                return Ok(());
            }
            send(&mut sink, &RunNews::Alive).await?;
            quiet = tokio::time::Instant::now();
        }
        if reader.office.run(&reader.id).await?.is_none_or(|row| row.ended.is_some()) && told.is_none() {
            send(&mut sink, &RunNews::Changed).await?;
            return Ok(());
        }
    }
}

/// Waits for the next thing to be told, and tells it; true when something was.
async fn wait(
    told: &mut Option<Receiver<Told>>,
    reader: &mut Reader,
    sink: &mut SplitSink<WebSocket, ws::Message>,
) -> Result<bool, Left> {
    let Some(receiver) = told else {
        tokio::time::sleep(ELSEWHERE).await;
        return Ok(false);
    };
    match tokio::time::timeout(QUIET, receiver.recv()).await {
        Ok(Ok(Told::Log { at, bytes })) if at == reader.at => {
            if let Some(news) = reader.take(&bytes) {
                send(sink, &news).await?;
            }
            Ok(true)
        }
        Ok(Ok(Told::Changed)) => {
            send(sink, &RunNews::Changed).await?;
            Ok(true)
        }
        // What was missed is read from the database.
        Ok(Ok(Told::Log { .. }) | Err(RecvError::Lagged(_))) => Ok(false),
        Ok(Err(RecvError::Closed)) => {
            *told = None;
            Ok(false)
        }
        Err(_) => Ok(false),
    }
}

impl Reader {
    /// Passes over lines that the page has.
    async fn skip(&mut self, has: u64) -> Result<(), Left> {
        while self.ended < has {
            let bytes = self.office.log(&self.id, self.at, READ).await?;
            if bytes.is_empty() {
                return Ok(());
            }
            let mut taken = 0;
            for part in bytes.split_inclusive(|byte| *byte == b'\n') {
                if self.ended == has {
                    break;
                }
                taken += part.len();
                self.ended += u64::from(part.ends_with(b"\n"));
            }
            self.at += taken as u64;
        }
        Ok(())
    }

    /// What the database has more than the page.
    async fn caught_up(&mut self) -> Result<Vec<RunNews>, Left> {
        let mut news = Vec::new();
        let Some(row) = self.office.run(&self.id).await? else { return Ok(news) };
        let size = u64::try_from(row.size).unwrap_or(0);
        let mut last = None;
        while self.at < size {
            let bytes = self.office.log(&self.id, self.at, READ).await?;
            if bytes.is_empty() {
                break;
            }
            last = self.take(&bytes).or(last);
        }
        news.extend(last);
        let known = (row.state, row.trouble);
        if known != self.known {
            self.known = known;
            news.push(RunNews::Changed);
        }
        Ok(news)
    }

    fn take(&mut self, bytes: &[u8]) -> Option<RunNews> {
        let mut last = std::collections::VecDeque::new();
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            if self.held.len() < transcript::SHOWN * 2 || part.ends_with(b"\n") {
                self.held.extend_from_slice(part);
            }
            if part.ends_with(b"\n") {
                self.ended += 1;
                if last.len() == MOST {
                    last.pop_front();
                }
                last.push_back(lines::text(self.ended, &self.held));
                self.held.clear();
            }
        }
        self.at += bytes.len() as u64;
        let last: Vec<RunText> = last.into();
        (!last.is_empty()).then_some(RunNews::Lines { total: self.ended, last })
    }
}

async fn send(sink: &mut SplitSink<WebSocket, ws::Message>, news: &RunNews) -> Result<(), Left> {
    let text = serde_json::to_string(news).unwrap_or_default();
    match tokio::time::timeout(PATIENCE, sink.send(ws::Message::Text(text.into()))).await {
        Ok(Ok(())) => Ok(()),
        _ => Err(Left::Gone),
    }
}
