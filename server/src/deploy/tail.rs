//! The end of a log in lines, as pages are told of it: worked out once for all that look.

use std::sync::Arc;

use app::source::{RunNews, RunText};
use memchr::{memchr, memchr_iter, memrchr, memrchr_iter};

use super::lines;

/// Lines of one message; of more that are new only the last are sent.
const MOST: usize = 200;
/// As much of a line without an end as may be shown, in bytes.
const LONGEST: usize = transcript::SHOWN * 2;

/// Up to where a log was told.
#[derive(Clone, Debug, Default)]
pub(super) struct Tail {
    /// In bytes.
    pub at: u64,
    /// Lines that have ended up to there.
    pub ended: u64,
    /// The beginning of the line that has not, as much of it as is shown.
    pub held: Vec<u8>,
}

/// What is told of a further piece: from where to where it goes, and the news of it for a page that has the rest.
#[derive(Clone, Debug)]
pub struct Grown {
    /// Where it begins, in bytes.
    pub at: u64,
    pub(super) tail: Arc<Tail>,
    /// As one text; none where no line has ended, or nobody looked.
    pub(super) news: Option<axum::extract::ws::Utf8Bytes>,
}

impl Tail {
    /// Goes over a piece of the log; the last lines that end in it.
    pub(super) fn take(&mut self, bytes: &[u8]) -> Option<RunNews> {
        // What comes before them is not put into words.
        let from = memrchr_iter(b'\n', bytes).nth(MOST).map_or(0, |end| end + 1);
        self.pass(&bytes[..from]);
        let mut last: Vec<RunText> = Vec::new();
        let mut rest = &bytes[from..];
        while let Some(end) = memchr(b'\n', rest) {
            self.held.extend_from_slice(&rest[..=end]);
            self.ended += 1;
            last.push(lines::text(self.ended, &self.held));
            self.held.clear();
            rest = &rest[end + 1..];
        }
        self.hold(rest);
        self.at += (bytes.len() - from) as u64;
        (!last.is_empty()).then_some(RunNews::Lines { total: self.ended, last })
    }

    /// Goes over a piece of the log of which nobody is to be told.
    pub(super) fn pass(&mut self, bytes: &[u8]) {
        self.ended += memchr_iter(b'\n', bytes).count() as u64;
        match memrchr(b'\n', bytes) {
            Some(end) => {
                self.held.clear();
                self.hold(&bytes[end + 1..]);
            }
            None => self.hold(bytes),
        }
        self.at += bytes.len() as u64;
    }

    /// Keeps the beginning of a line that has not ended, as far as it is shown.
    fn hold(&mut self, part: &[u8]) {
        let room = LONGEST.saturating_sub(self.held.len());
        self.held.extend_from_slice(&part[..part.len().min(room)]);
    }

    /// Goes over a piece of the log and tells of it; in words only when somebody looks.
    pub(super) fn grow(&mut self, bytes: &[u8], looked: bool) -> Grown {
        let at = self.at;
        let news = if looked {
            self.take(bytes).and_then(|news| serde_json::to_string(&news).ok()).map(Into::into)
        } else {
            self.pass(bytes);
            None
        };
        Grown { at, tail: Arc::new(self.clone()), news }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn however_a_log_is_cut_the_same_lines_are_told() {
        let log = b"one\ntwo\nthree\nand a line without an end";
        for size in 1..log.len() {
            let (mut tail, mut told) = (Tail::default(), Vec::new());
            for piece in log.chunks(size) {
                if let Some(RunNews::Lines { last, .. }) = tail.take(piece) {
                    told.extend(last.into_iter().map(|line| (line.number, line.text)));
                }
            }
            assert_eq!(told, [(1, "one".into()), (2, "two".into()), (3, "three".into())], "{size}");
            assert_eq!((tail.at, tail.ended, tail.held.as_slice()), (39, 3, &b"and a line without an end"[..]));
        }
    }
}
