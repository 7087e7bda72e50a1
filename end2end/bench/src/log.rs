//! How quick a deployment's log is freed of secrets and read.

use serde_json::{Value, json};
use transcript::{Redactor, Transcript};

/// A log of some 30 MB as Ansible writes it: tasks of 25 results, some long, some with colours.
fn sample() -> Vec<u8> {
    let mut log = String::new();
    for task in 0..5_000 {
        log.push_str(&format!("2026-11-23 16:16:11,413 p=100 u=root |  TASK [kubernetes/node : step {task}] ****\n"));
        for host in 1..=25 {
            let detail =
                "\"stdout\": \"some words of a program that was run\", ".repeat(if host % 7 == 0 { 10 } else { 1 });
            log.push_str(&format!(
                "2026-11-23 16:16:11,413 p=100 u=root |  \u{1b}[33mchanged: [host{host}] => {{{detail}\"rc\": 0}}\u{1b}[0m\n"
            ));
            log.push_str("+ echo 'a line of set -x' /opt/compass4nfv/deploy/launch.sh\n");
        }
    }
    "2026-11-23 16:16:11,413 p=100 u=root |  PLAY [all] ****\n"
        .to_owned()
        .into_bytes()
        .into_iter()
        .chain(log.into_bytes())
        .collect()
}

/// Megabytes a second, redacted with twenty secrets and then read.
pub(crate) fn measure() -> Value {
    let log = sample();
    let secrets: Vec<String> = (0..20).map(|n| format!("S3cret-{n}'of/the+plan")).collect();
    let megabytes = log.len() as f64 / 1e6;
    let redacted = super::median(|| {
        let (mut redactor, mut out) =
            (Redactor::new(secrets.iter().map(String::as_str)), Vec::with_capacity(log.len()));
        log.chunks(64 << 10).for_each(|chunk| redactor.push(chunk, &mut out));
        out
    });
    let read = super::median(|| {
        let mut transcript = Transcript::default();
        log.chunks(64 << 10).for_each(|chunk| drop(transcript.feed(chunk, 0)));
        transcript
    });
    json!({ "redacted": megabytes / redacted * 1e3, "read": megabytes / read * 1e3, "megabytes": megabytes })
}
