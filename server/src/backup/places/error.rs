//! Why a place did not do what was asked.

use crate::backup::manifest::ManifestError;

use super::moved::Moved;

/// How much of a foreign text is told.
const TOLD: usize = 300;

/// Why a place did not do what was asked. No credential stands in any of these.
#[derive(Debug, thiserror::Error)]
pub enum PlaceError {
    /// That names no place.
    #[error("{text:?} is no place for backups: {why}")]
    Address {
        /// What was given.
        text: String,
        /// What it must be.
        why: String,
    },
    /// It does not answer, is full, or failed; asking again may help.
    #[error("{place} did not {what}: {why}")]
    Away {
        /// Which.
        place: String,
        /// What it was asked, as in `store ID`.
        what: String,
        /// What it said.
        why: String,
    },
    /// It refuses us.
    #[error("{place} refused to {what}: {why}")]
    Refused {
        /// Which.
        place: String,
        /// What it was asked.
        what: String,
        /// What it said.
        why: String,
    },
    /// Another backup has this name there.
    #[error("{place} holds another backup named {id} already; nothing there was changed")]
    Taken {
        /// Which.
        place: String,
        /// The name.
        id: String,
    },
    /// What lies there is not what the manifest says.
    #[error("{place} does not hold {id} as it was taken: {why}")]
    Differs {
        /// Which.
        place: String,
        /// The backup.
        id: String,
        /// In what.
        why: String,
    },
    /// It is not there.
    #[error("{place} holds no backup {id}, or not any more")]
    Missing {
        /// Which.
        place: String,
        /// The backup.
        id: String,
    },
    /// Its manifest cannot be believed.
    #[error("{place}, backup {id}: {error}")]
    Manifest {
        /// Which.
        place: String,
        /// The backup.
        id: String,
        /// Why.
        error: ManifestError,
    },
    /// A file here could not be read or written.
    #[error("{file}: {error}")]
    File {
        /// Which.
        file: String,
        /// Why.
        error: std::io::Error,
    },
}

impl PlaceError {
    /// Whether asking again later may help, without anybody doing something.
    pub const fn passes(&self) -> bool {
        matches!(self, Self::Away { .. })
    }

    /// Where a web page comes in the place of an object, which never begins as one.
    pub(super) fn of_page(place: &str, what: &str, begins: &[u8]) -> Option<Self> {
        let start = String::from_utf8_lossy(&begins[..begins.len().min(64)]).trim_start().to_ascii_lowercase();
        let is_page = start.starts_with("<html") || start.starts_with("<!doctype html");
        is_page.then(|| Self::no_store(place, what))
    }

    /// What answers is no store.
    pub(super) fn no_store(place: &str, what: &str) -> Self {
        Self::Away { place: place.to_owned(), what: what.to_owned(), why: NOT_A_STORE.into() }
    }

    /// Whether what answers is no store.
    pub(super) fn is_no_store(&self) -> bool {
        matches!(self, Self::Away { why, .. } if why == NOT_A_STORE)
    }

    pub(super) fn asked(place: &str, what: &str, error: &object_store::Error) -> Self {
        let (place, what, why) = (place.to_owned(), what.to_owned(), said(error));
        match error {
            object_store::Error::PermissionDenied { .. } | object_store::Error::Unauthenticated { .. } => {
                Self::Refused { place, what, why }
            }
            _ => Self::Away { place, what, why },
        }
    }
}

/// What is worth telling of it: the store's own code and message, or else what is at the bottom of it.
fn said(error: &object_store::Error) -> String {
    let mut at: &dyn std::error::Error = error;
    let mut bottom = at.to_string();
    while let Some(source) = at.source() {
        if let Some(moved) = source.downcast_ref::<Moved>() {
            return moved.to_string();
        }
        bottom = source.to_string();
        if let Some(code) = within(&bottom, "Code") {
            let message = within(&bottom, "Message").unwrap_or_default();
            return format!("{code}: {message}{}", hint(&code, within(&bottom, "Region").as_deref()));
        }
        at = source;
    }
    let page = bottom.to_ascii_lowercase();
    if NO_STORE.iter().any(|sign| page.contains(sign)) {
        return NOT_A_STORE.into();
    }
    bottom.chars().filter(|character| !character.is_control()).take(TOLD).collect()
}

/// Why such an answer is not read.
pub(super) const NOT_A_STORE: &str =
    "its answer is none of an S3 store, as of a web console or a proxy: see where the endpoint leads";

/// Signs of an answer that no S3 store gives: a web page, or a success that lacks a store's headers or body.
const NO_STORE: [&str; 6] = [
    "<html",
    "<!doctype",
    "etag header missing",
    "last-modified header missing",
    "invalid list response",
    "invalid multipart response",
];

/// What to do about a code.
fn hint(code: &str, region: Option<&str>) -> String {
    match (code, region) {
        ("RequestTimeTooSkewed", _) => ". The clock of this machine or of the store is wrong: set both by NTP".into(),
        (_, Some(region)) => format!(". Say region={region}"),
        ("AuthorizationHeaderMalformed", None) => ". Name the bucket's region with region=NAME".into(),
        _ => String::new(),
    }
}

/// What stands in an element of the store's answer.
pub(super) fn within(text: &str, element: &str) -> Option<String> {
    let (_, rest) = text.split_once(&format!("<{element}>"))?;
    let (inside, _) = rest.split_once("</")?;
    Some(inside.chars().filter(|character| !character.is_control()).take(TOLD).collect())
}
