//! Stored logs are redacted anew when the rules have changed: once each, piece by piece, and as a whole or not at all.
//!
//! Until then nobody sees such a log. A log that is still being written is redacted anew by whoever follows it, with
//! the plan's secrets; all others by the server with the duty, one after another, by places and shapes alone.

use serde_json::Value;
use transcript::{Counts, RULES, Redactor, Transcript, redacted};

use super::{
    follow::{Stopped, now},
    made::{pack_outline, packed, unpack_outline, unpacked},
};
use crate::store::{Anew, RunRow, Store};

/// Pieces that are read at once: a few megabytes at most.
const PIECES: u32 = 16;

/// Whether a run's log was redacted by earlier rules.
pub(super) fn is_stale(row: &RunRow) -> bool {
    row.rules < i64::from(RULES)
}

/// Redacts a run's log anew, and what was told of it. False when the log has grown meanwhile.
pub(super) async fn redact_anew(store: &Store, row: &RunRow, secrets: &[String]) -> Result<bool, Stopped> {
    let unreadable = |error: std::io::Error| Stopped::Unreadable(error.to_string());
    store.begin_anew(&row.id).await?;
    let mut redactor = Redactor::new(secrets.iter().map(String::as_str));
    let mut transcript = Transcript::default();
    let (mut at, mut heard, mut size) = (0_i64, row.created, 0_i64);
    let mut clean = Vec::new();
    loop {
        let pieces = store.log_from(&row.id, at, PIECES).await?;
        let pieces: Vec<_> = pieces.into_iter().filter(|piece| piece.at >= at).collect();
        let over = pieces.is_empty();
        for piece in &pieces {
            redactor.push(&unpacked(piece).map_err(unreadable)?, &mut clean);
            (at, heard) = (piece.at + piece.size, piece.heard);
            size += keep(store, &row.id, size, heard, &mut clean, &mut transcript).await?;
        }
        if over {
            redactor.finish(&mut clean);
            size += keep(store, &row.id, size, heard, &mut clean, &mut transcript).await?;
            break;
        }
    }
    let outline = if at > 0 {
        if row.ended.is_some() {
            transcript.finish(row.ended.unwrap_or(heard));
        }
        Some(pack_outline(transcript.outline()).map_err(unreadable)?)
    } else {
        // The log is not kept any more, but what it told is.
        let packed = store.outline_of(&row.id).await?;
        let outline = packed.as_deref().and_then(unpack_outline).and_then(|outline| {
            let clean = cleaned(serde_json::to_value(&outline).ok()?);
            serde_json::from_value(clean).ok()
        });
        outline.map(|outline| pack_outline(&outline)).transpose().map_err(unreadable)?
    };
    let texts = told(row);
    let new = Anew {
        rules: i64::from(RULES),
        size: if at > 0 { size } else { row.size },
        at: now(),
        hidden: serde_json::to_string(&redactor.state().hidden).unwrap_or_default(),
        outline,
        judgement: texts.judgement,
        trouble: texts.trouble,
        seen: texts.seen,
    };
    Ok(store.end_anew(row, &new).await?)
}

async fn keep(
    store: &Store,
    id: &str,
    at: i64,
    heard: i64,
    clean: &mut Vec<u8>,
    transcript: &mut Transcript,
) -> Result<i64, Stopped> {
    if clean.is_empty() {
        return Ok(0);
    }
    transcript.feed(clean, heard);
    let piece = packed(u64::try_from(at).unwrap_or(0), heard, clean);
    let piece = piece.map_err(|error| Stopped::Unreadable(error.to_string()))?;
    store.keep_anew(id, &piece).await?;
    clean.clear();
    Ok(piece.size)
}

/// A run as it may be shown: what is told of a log that earlier rules redacted goes through those of today.
pub(super) fn told(row: &RunRow) -> RunRow {
    if !is_stale(row) {
        return row.clone();
    }
    let texts = |json: &str| match serde_json::from_str(json) {
        Ok(value) => cleaned(value).to_string(),
        Err(_) => redacted(json),
    };
    RunRow {
        judgement: row.judgement.as_deref().map(texts),
        trouble: redacted(&row.trouble),
        seen: if row.seen.is_empty() { String::new() } else { texts(&row.seen) },
        ..row.clone()
    }
}

/// The texts of a JSON value, redacted.
fn cleaned(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(redacted(&text)),
        Value::Array(all) => Value::Array(all.into_iter().map(cleaned).collect()),
        Value::Object(all) => Value::Object(all.into_iter().map(|(name, value)| (name, cleaned(value))).collect()),
        other => other,
    }
}

/// How much of a run's log was hidden, by rule: as it came, and when it was redacted anew.
pub(crate) fn counts(row: &RunRow) -> Counts {
    let resume: Option<transcript::Resume> = serde_json::from_str(&row.resume).ok();
    let mut counts = resume.map(|resume| resume.hidden).unwrap_or_default();
    counts.join(&serde_json::from_str(&row.hidden).unwrap_or_default());
    counts
}

/// Redacts all stored logs anew that need it; what fails is tried again with the next look.
pub(super) async fn all(store: Store) {
    let stale = match store.stale_logs(i64::from(RULES), 100_000).await {
        Ok(stale) if stale.is_empty() => return,
        Ok(stale) => stale,
        Err(error) => return tracing::warn!("it is not known which logs are to be redacted anew: {error}"),
    };
    tracing::info!("{} stored logs are redacted anew, by version {RULES} of the rules", stale.len());
    let (mut done, mut hidden) = (0_usize, 0);
    for id in stale {
        let row = match store.run(&id).await {
            // Whoever follows a run that has not ended has its secrets.
            Ok(Some(row)) if row.ended.is_some() && is_stale(&row) => row,
            Ok(_) => continue,
            Err(error) => return tracing::warn!("stored logs are not redacted anew yet: {error}"),
        };
        match redact_anew(&store, &row, &[]).await {
            Ok(true) => {
                let new = store.run(&id).await.ok().flatten();
                let found =
                    new.map_or(0, |row| serde_json::from_str::<Counts>(&row.hidden).unwrap_or_default().total());
                tracing::info!("the log of {id} was redacted anew: {found} more places are hidden");
                (done, hidden) = (done + 1, hidden + found);
            }
            Ok(false) => {}
            Err(error) => tracing::warn!("the log of {id} is not redacted anew yet, and not shown: {error}"),
        }
    }
    tracing::info!("{done} stored logs were redacted anew: {hidden} more places are hidden");
}
