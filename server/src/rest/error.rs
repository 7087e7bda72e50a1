//! What goes wrong, as problem details (RFC 9457). Here alone statuses are chosen.

use std::time::Duration;

use app::source::Trouble;
use axum::{
    extract::rejection::PathRejection,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    access::{Refusal, TokenError},
    store::{StoreError, tell},
};

/// What is wrong with a request, or with us (RFC 9457).
#[derive(Debug, Serialize, ToSchema)]
pub struct Problem {
    /// Always `about:blank`: the status says which kind of problem it is.
    #[serde(rename = "type")]
    pub kind: String,
    /// The status in words.
    pub title: String,
    /// The HTTP status code.
    pub status: u16,
    /// What is wrong, in a sentence.
    pub detail: String,
    /// What to do about it, when that is not plain.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub todo: Option<String>,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// What the path or a parameter names is not there.
    #[error("{0} is not here, or not any more")]
    Missing(String),
    /// A path, a parameter or a header cannot be understood.
    #[error("{0}")]
    Unclear(String),
    /// The body is of another media type.
    #[error("the body must be JSON: send it with Content-Type: application/json")]
    Media,
    /// The body is larger than what the path takes.
    #[error("the body is larger than what this path takes")]
    Large,
    /// What was handed in is understood and cannot be used.
    #[error("{what}")]
    Unusable {
        /// What is wrong.
        what: String,
        /// What to do.
        todo: String,
    },
    /// The cluster cannot be reached.
    #[error("{what}")]
    Unreachable {
        /// What is wrong.
        what: String,
        /// What to do.
        todo: String,
    },
    /// The user of the cluster's context may not read what is asked for: what, and the permission.
    #[error(
        "{0} are unknown: the permission to {1}, in all namespaces of the cluster, is missing to the user of its context"
    )]
    Unpermitted(&'static str, String),
    /// None of the accepted formats is offered.
    #[error("none of the formats in Accept is offered: {0} are")]
    Format(&'static str),
    /// The same request is being worked on.
    #[error("a request with this Idempotency-Key is under way")]
    Underway,
    /// The same request was being worked on when its server died; the path that it was sent to.
    #[error(
        "the server that worked on the request with this Idempotency-Key is gone: whether it was done is not known"
    )]
    Unsure(String),
    /// The key was used for another request.
    #[error("this Idempotency-Key was used for another request: send a fresh key")]
    OtherRequest,
    /// The body is larger than what acts may have.
    #[error("the body is too large: at most {0} bytes")]
    TooLarge(usize),
    /// Too many requests.
    #[error("too many requests; there is room again in {} s", .0.as_secs() + 1)]
    Slow(Duration),
    /// The database does not answer.
    #[error("the database does not answer: nothing was done")]
    Away,
    /// A setting is missing: the setting, and what it is needed for.
    #[error("the setting `{0}` is not set: {1}")]
    Unset(&'static str, &'static str),
    /// The database takes no changes.
    #[error("the database is read-only: nothing was done")]
    ReadOnly,
    /// The database's disk is full.
    #[error("the disk of the database is full: nothing was done")]
    Full,
    /// The database is damaged.
    #[error("the database is damaged: nothing was done")]
    Damaged,
    /// A fault of ours.
    #[error("this is a fault of the server: {0}")]
    Fault(&'static str),
}

impl ApiError {
    fn status(&self) -> StatusCode {
        match self {
            Self::Missing(_) => StatusCode::NOT_FOUND,
            Self::Unclear(_) => StatusCode::BAD_REQUEST,
            Self::Media => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Unusable { .. } | Self::OtherRequest => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Unpermitted(..) => StatusCode::FORBIDDEN,
            Self::Unreachable { .. } => StatusCode::BAD_GATEWAY,
            Self::Format(_) => StatusCode::NOT_ACCEPTABLE,
            Self::Underway | Self::Unsure(_) => StatusCode::CONFLICT,
            Self::Large | Self::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Slow(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::Away | Self::ReadOnly | Self::Full | Self::Damaged | Self::Unset(..) => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            Self::Fault(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

/// The statuses that any route may answer with, beside those of its own.
pub(super) const ANYWHERE: [(&str, &str); 10] = [
    ("400", "The path, a parameter, a header or the body cannot be understood"),
    ("401", "Nobody is known by what was sent: send a token"),
    ("403", "The role does not suffice, a page of another site asked, or the cluster lets its user not read this"),
    ("404", "What the path or a parameter names is not there"),
    ("405", "The path has no such method: Allow tells which it has"),
    ("406", "None of the accepted formats is offered"),
    ("421", "This server does not answer to the host name that was asked for"),
    ("429", "Too many requests: Retry-After tells when to come back"),
    ("502", "The cluster cannot be reached"),
    (
        "503",
        "The database does not answer, is read-only, full or damaged, or a setting is missing, which the detail names",
    ),
];

/// The further statuses of routes that take a body or act.
pub(super) const ACTING: [(&str, &str); 4] = [
    (
        "409",
        "A request with this Idempotency-Key is under way, or its server died and it is not known whether it was done",
    ),
    ("413", "The body is too large"),
    ("415", "The body is not application/json"),
    ("422", "It is understood and cannot be used, or the Idempotency-Key was used for another request"),
];

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let status = self.status();
        let todo = match &self {
            Self::Unusable { todo, .. } | Self::Unreachable { todo, .. } if !todo.is_empty() => Some(todo.clone()),
            Self::Unpermitted(..) => {
                Some("Grant it to that user in the cluster; another token of Binnacle does not help.".into())
            }
            Self::Unsure(path) => Some(format!(
                "GET {path} tells what is there, and to admins GET /api/v1/audit what was begun. \
                 If it was not done, send it with a fresh key."
            )),
            Self::Unset(setting, _) => Some(format!("Set `{setting}` and start the server anew, then send it again.")),
            Self::ReadOnly => Some(
                "Make the database's file writable, or set `database` to the PostgreSQL server that takes changes."
                    .into(),
            ),
            Self::Full => Some("Make room on the disk of the database, then send it again.".into()),
            Self::Damaged => Some("Stop the server and put back a copy of the database; its log says more.".into()),
            _ => None,
        };
        let problem = Problem {
            kind: "about:blank".into(),
            title: status.canonical_reason().unwrap_or_default().into(),
            status: status.as_u16(),
            detail: self.to_string(),
            todo,
        };
        let mut response = (status, axum::Json(problem)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        let again = match &self {
            Self::Slow(wait) => Some(wait.as_secs() + 1),
            Self::Underway => Some(1),
            Self::Away | Self::Unreachable { .. } => Some(5),
            _ => None,
        };
        if let Some(again) = again {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(again));
        }
        response
    }
}

impl From<Trouble> for ApiError {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::NoSuchCluster(name) => Self::Missing(format!("the cluster {name}")),
            Trouble::NoSuchThing(what) => Self::Missing(what),
            Trouble::Unusable { what, todo } => Self::Unusable { what, todo },
            Trouble::Unreachable { what, todo } => Self::Unreachable { what, todo },
        }
    }
}

impl From<PathRejection> for ApiError {
    fn from(_: PathRejection) -> Self {
        Self::Unclear("the path cannot be read: its parts are UTF-8, percent-encoded".into())
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        tell(&error);
        match error {
            StoreError::ReadOnly(_) => Self::ReadOnly,
            StoreError::Full(_) => Self::Full,
            StoreError::Damaged(_) => Self::Damaged,
            _ => Self::Away,
        }
    }
}

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::ReadOnly => Self::ReadOnly,
            Refusal::Full => Self::Full,
            Refusal::Damaged => Self::Damaged,
            _ => Self::Away,
        }
    }
}

impl From<TokenError> for ApiError {
    fn from(error: TokenError) -> Self {
        match error {
            TokenError::Store(error) => error.into(),
            other => Self::Unusable { what: other.to_string(), todo: String::new() },
        }
    }
}
