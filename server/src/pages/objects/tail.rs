//! A log to one page, over a WebSocket: as many lines as a page bears, with those counted that it does not.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use app::source::{LogNews, LogText};
use axum::{
    extract::ws::{self, WebSocket, WebSocketUpgrade},
    response::Response,
};
use futures::{SinkExt, StreamExt, stream::SplitSink};
use tokio::{sync::broadcast::error::RecvError, time::Instant};

use super::log::line;
use crate::{
    access::Stays,
    cluster::{
        Cluster,
        logs::{Cutter, Which},
        tails::Heard,
    },
    listen::Stopping,
};

/// A page gets lines at most so often, and of each time no more than these.
const OFTEN: Duration = Duration::from_millis(120);
const LINES: usize = 300;
/// A log that is quiet for this long gets a word; and so often it is asked whether who looks still may.
const QUIET: Duration = Duration::from_secs(5);
/// Who does not take a message in this time is dropped.
const PATIENCE: Duration = Duration::from_secs(10);
/// What a page may say: nothing but pings.
const SAID: usize = 4 << 10;

/// What a page wants of a log.
pub(super) struct Wanted {
    pub(super) which: Which,
    /// Lines with this text alone, in small letters.
    pub(super) text: String,
    /// Only what was written later.
    pub(super) after: Option<jiff::Timestamp>,
}

/// Answers a page that wants to follow a log.
pub(super) fn follow(
    upgrade: WebSocketUpgrade,
    cluster: Arc<Cluster>,
    wanted: Wanted,
    stopping: Stopping,
    stays: Stays,
) -> Response {
    upgrade
        .read_buffer_size(SAID)
        .write_buffer_size(0)
        .max_message_size(SAID)
        .max_frame_size(SAID)
        .on_upgrade(move |socket| async move { drop(serve(socket, &cluster, wanted, stopping, stays).await) })
}

/// The page does not take what it is sent.
struct Gone;

async fn serve(
    socket: WebSocket,
    cluster: &Cluster,
    wanted: Wanted,
    stopping: Stopping,
    stays: Stays,
) -> Result<(), Gone> {
    let _lasts = stopping.lasts();
    let (mut sink, mut source) = socket.split();
    let tail = match cluster.tail(&wanted.which).await {
        Ok(tail) => tail,
        Err(why) => return send(&mut sink, &LogNews::Refused(why.to_string())).await,
    };
    let (before, ended, mut heard) = tail.listen();
    let mut waiting = Waiting { after: wanted.after, sought: wanted.text, ..Waiting::default() };
    before.iter().for_each(|piece| waiting.take(piece));
    let mut over = ended;
    let mut due = Instant::now();
    let mut quiet = Instant::now() + QUIET;
    loop {
        if over || (waiting.has_some() && Instant::now() >= due) {
            if waiting.has_some() {
                send(&mut sink, &waiting.news()).await?;
                due = Instant::now() + OFTEN;
            }
            if over {
                return send(&mut sink, &LogNews::Ended).await;
            }
        }
        let next = if waiting.has_some() { due.min(quiet) } else { quiet };
        tokio::select! {
            heard = heard.recv() => match heard {
                Ok(Heard::Lines(piece)) => waiting.take(&piece),
                Ok(Heard::Ended) | Err(RecvError::Closed) => over = true,
                Err(RecvError::Lagged(_)) => waiting.miss(),
            },
            () = tokio::time::sleep_until(next) => {
                if Instant::now() >= quiet {
                    if !stays.still().await {
                        return Ok(());
                    }
                    send(&mut sink, &LogNews::Alive).await?;
                    quiet = Instant::now() + QUIET;
                }
            }
            said = source.next() => match said {
                Some(Ok(ws::Message::Close(_)) | Err(_)) | None => return Err(Gone),
                Some(Ok(_)) => {}
            },
            () = stopping.asked() => return Ok(()),
        }
    }
}

/// Lines that wait to be sent.
#[derive(Default)]
struct Waiting {
    after: Option<jiff::Timestamp>,
    sought: String,
    lines: VecDeque<LogText>,
    skipped: u64,
    /// Whether pieces were not heard, of which nobody knows how many lines they had.
    missed: bool,
}

impl Waiting {
    fn has_some(&self) -> bool {
        !self.lines.is_empty() || self.skipped > 0 || self.missed
    }

    /// A piece holds whole lines.
    fn take(&mut self, piece: &[u8]) {
        let mut cutter = Cutter::default();
        cutter.cut(piece, |cut| {
            // The page has what is not later than its last line.
            if let (Some(after), Ok(at)) = (self.after, cut.at.parse::<jiff::Timestamp>()) {
                if at <= after {
                    return;
                }
                self.after = None;
            }
            if self.sought.is_empty() || cut.text.to_lowercase().contains(&self.sought) {
                self.lines.push_back(line(cut));
                if self.lines.len() > LINES {
                    self.lines.pop_front();
                    self.skipped += 1;
                }
            }
        });
    }

    /// Pieces were not heard: what came before them is left out as well, so that no gap is hidden.
    fn miss(&mut self) {
        self.missed = true;
        self.lines.clear();
    }

    fn news(&mut self) -> LogNews {
        let skipped = std::mem::take(&mut self.skipped);
        let skipped = (!std::mem::take(&mut self.missed)).then_some(skipped);
        LogNews::Lines { skipped, lines: std::mem::take(&mut self.lines).into() }
    }
}

async fn send(sink: &mut SplitSink<WebSocket, ws::Message>, news: &LogNews) -> Result<(), Gone> {
    let text = serde_json::to_string(news).unwrap_or_default();
    match tokio::time::timeout(PATIENCE, sink.send(ws::Message::Text(text.into()))).await {
        Ok(Ok(())) => Ok(()),
        _ => Err(Gone),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_gets_the_last_lines_and_the_number_of_the_others() {
        let mut waiting = Waiting::default();
        let piece: String = (0..1_000).map(|n| format!("line {n}\n")).collect();
        waiting.take(piece.as_bytes());
        let LogNews::Lines { skipped, lines } = waiting.news() else { panic!("no lines") };
        assert_eq!((skipped, lines.len(), lines[0].text.as_str()), (Some(700), 300, "line 700"));
        assert!(!waiting.has_some());
    }

    #[test]
    fn what_a_page_has_is_not_sent_again_and_a_search_lets_through_what_it_seeks() {
        let after = "2026-01-01T00:00:01.5Z".parse().ok();
        let mut waiting = Waiting { after, sought: "error".into(), ..Waiting::default() };
        waiting.take(b"2026-01-01T00:00:01Z old ERROR\n2026-01-01T00:00:01.500000000Z last Error\n2026-01-01T00:00:02Z fine\n2026-01-01T00:00:03Z new Error\n");
        let LogNews::Lines { lines, .. } = waiting.news() else { panic!("no lines") };
        assert_eq!(lines.iter().map(|line| line.text.as_str()).collect::<Vec<_>>(), ["new Error"]);
    }
}
