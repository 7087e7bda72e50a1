//! Times in which nobody is told: made and ended by operators, each with its reason in the audit.

use incident::Kind;

use crate::{
    access::{self, Door, Who},
    store::{Silence, Store, StoreError},
};

/// The shortest and the longest, in seconds.
const LASTS: std::ops::RangeInclusive<u64> = 60..=30 * 86_400;
/// Characters of a reason, and of what it is about.
const LONGEST: usize = 200;

/// A silence that is wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wish {
    /// The kind's word; empty for all.
    pub kind: String,
    /// What incidents are about; empty for all.
    pub about: String,
    /// How long.
    pub seconds: u64,
    /// Why.
    pub reason: String,
}

/// Why there is no silence.
#[derive(Debug, thiserror::Error)]
pub enum SilenceError {
    /// No reason was given, or a very long one.
    #[error("a silence needs a reason of at most {LONGEST} characters: the audit keeps it")]
    Reason,
    /// It is too short or too long.
    #[error("a silence lasts between 1 minute and 30 days")]
    Length,
    /// There is no such kind.
    #[error("{0:?} is no kind of incident: write it as in host-lost")]
    Kind(String),
    /// What it is to be about is too long.
    #[error("what a silence is about has at most {LONGEST} characters, as in node/host4")]
    About,
    /// There is none of that name.
    #[error("the silence {0}")]
    Missing(String),
    /// The audit cannot be written.
    #[error("the audit cannot be written: nothing was done")]
    Unheard,
    /// The database does not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Makes one. It is in the audit before it holds.
///
/// # Errors
/// [`SilenceError`].
pub async fn make(door: &Door, store: &Store, who: &Who, cluster: &str, wish: Wish) -> Result<Silence, SilenceError> {
    let reason = wish.reason.trim().to_owned();
    if reason.is_empty() || reason.chars().count() > LONGEST {
        return Err(SilenceError::Reason);
    }
    if !LASTS.contains(&wish.seconds) {
        return Err(SilenceError::Length);
    }
    if !wish.kind.is_empty() && Kind::from_word(&wish.kind).is_none() {
        return Err(SilenceError::Kind(wish.kind));
    }
    if wish.about.chars().count() > LONGEST {
        return Err(SilenceError::About);
    }
    let now = jiff::Timestamp::now().as_millisecond();
    let silence = Silence {
        id: access::random::<8>(),
        cluster: cluster.to_owned(),
        kind: wish.kind,
        about: wish.about,
        began: now,
        ends: now + i64::try_from(wish.seconds * 1_000).unwrap_or_default(),
        reason,
        maker: who.name.clone(),
    };
    let all = |text: &str| if text.is_empty() { "*".to_owned() } else { text.to_owned() };
    let target = format!("{} {}", all(&silence.kind), all(&silence.about));
    let detail = format!("until {}: {}", super::rfc(silence.ends), silence.reason);
    let entry = who.entry("incident.silence", &target, cluster, true, &detail);
    door.remember(&entry).await.map_err(|_| SilenceError::Unheard)?;
    store.keep_silence(&silence).await?;
    Ok(silence)
}

/// Ends one now.
///
/// # Errors
/// [`SilenceError`].
pub async fn end(door: &Door, store: &Store, who: &Who, cluster: &str, id: &str) -> Result<(), SilenceError> {
    let now = jiff::Timestamp::now().as_millisecond();
    let entry = who.entry("incident.silence-end", id, cluster, true, "");
    door.remember(&entry).await.map_err(|_| SilenceError::Unheard)?;
    match store.end_silence(cluster, id, now).await? {
        true => Ok(()),
        false => Err(SilenceError::Missing(id.to_owned())),
    }
}
