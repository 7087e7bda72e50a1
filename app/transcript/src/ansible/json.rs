//! What the callback `json` prints when a run has ended: one object, indented by four, read line by line.

use serde::{Deserialize, Serialize};

use super::said::{Recap, State};

/// Longest text of one host's result that is kept, in bytes.
const RAW: usize = 16_384;

/// How far into the object the lines are, and what is gathered there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Place {
    /// The process that prints it.
    pub pid: u32,
    /// The keys that lead there, by their depth.
    path: Vec<String>,
    raw: String,
    recap: Option<Recap>,
}

/// What a line tells.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Told {
    /// It is a playbook's: the object begins with its plays.
    Plays,
    Play(String),
    /// Results of a further task follow; its name comes behind them.
    Task,
    Name(String),
    Result {
        state: State,
        host: String,
        detail: String,
    },
    Recap(Recap),
    /// The object ends.
    End,
    Nothing,
}

impl Place {
    pub fn of(pid: u32) -> Self {
        Self { pid, ..Self::default() }
    }

    /// Takes a line that stands behind the record `{`.
    pub fn line(&mut self, line: &str) -> Told {
        let text = line.trim_start();
        let depth = (line.len() - text.len()) / 4;
        if depth == 0 {
            return Told::End;
        }
        if text.starts_with(['}', ']']) {
            return self.closes(depth, line);
        }
        self.path.resize(depth.min(16), String::new());
        let (key, value) = entry(text).unwrap_or_default();
        if let Some(last) = self.path.last_mut() {
            key.clone_into(last);
        }
        let path: Vec<&str> = self.path.iter().map(String::as_str).collect();
        match (path.as_slice(), value) {
            (["plays"], _) => Told::Plays,
            (["plays", _, "play", "name"], value) => Told::Play(string(value)),
            (["plays", _, "tasks", _, "hosts"], "{") => Told::Task,
            (["plays", _, "tasks", _, "task", "name"], value) => Told::Name(string(value)),
            (["plays", _, "tasks", _, "hosts", _], "{") => {
                self.raw = "{\n".to_owned();
                Told::Nothing
            }
            (["plays", _, "tasks", _, "hosts", _, ..], _) => {
                self.keep(line);
                Told::Nothing
            }
            (["stats", host], "{") => {
                let host = (*host).to_owned();
                self.recap = Some(Recap { host, tells_rescued: true, ..Recap::default() });
                Told::Nothing
            }
            (["stats", _, count], value) => {
                let number = value.trim_end_matches(',').parse().unwrap_or(0);
                let Some(recap) = &mut self.recap else { return Told::Nothing };
                match *count {
                    "ok" => recap.ok = number,
                    "changed" => recap.changed = number,
                    "failures" => recap.failed = number,
                    "unreachable" => recap.unreachable = number,
                    "skipped" => recap.skipped = number,
                    "rescued" => recap.rescued = number,
                    "ignored" => recap.ignored = number,
                    _ => {}
                }
                Told::Nothing
            }
            _ => Told::Nothing,
        }
    }

    fn closes(&mut self, depth: usize, line: &str) -> Told {
        self.path.truncate(depth);
        let path: Vec<&str> = self.path.iter().map(String::as_str).collect();
        match path.as_slice() {
            ["plays", _, "tasks", _, "hosts", host] => {
                let (host, mut detail) = ((*host).to_owned(), std::mem::take(&mut self.raw));
                detail.push('}');
                Told::Result { state: state(&detail), host, detail }
            }
            ["plays", _, "tasks", _, "hosts", ..] => {
                self.keep(line);
                Told::Nothing
            }
            ["stats", _] => self.recap.take().map_or(Told::Nothing, Told::Recap),
            _ => Told::Nothing,
        }
    }

    fn keep(&mut self, line: &str) {
        if self.raw.len() + line.len() < RAW {
            self.raw.push_str(line.strip_prefix("                        ").unwrap_or(line));
            self.raw.push('\n');
        }
    }
}

/// `"key": value`, the value as it stands.
fn entry(text: &str) -> Option<(&str, &str)> {
    let (key, value) = text.strip_prefix('"')?.split_once("\": ")?;
    Some((key, value))
}

/// A text without its quotes.
fn string(value: &str) -> String {
    let value = value.trim_end_matches(',');
    serde_json::from_str(value).unwrap_or_else(|_| value.trim_matches('"').to_owned())
}

/// How a result went, by its own fields: those of its first level.
fn state(detail: &str) -> State {
    let has = |field: &str| detail.lines().any(|line| line.trim_end_matches(',') == format!("    \"{field}\": true"));
    match () {
        () if has("unreachable") => State::Unreachable,
        () if has("failed") => State::Failed,
        () if has("skipped") => State::Skipped,
        () if has("changed") => State::Changed,
        () => State::Ok,
    }
}
