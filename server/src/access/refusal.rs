//! Saying no, to people and to programs.

use std::time::Duration;

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};

use crate::store::{StoreError, tell};

/// Why a request is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The host that was asked for is not ours.
    #[error(
        "This server does not answer to the host name that was asked for. Add it to the setting `hosts` if it should."
    )]
    Host,
    /// The address itself is out of order: what is odd about it.
    #[error("{0}")]
    Odd(&'static str),
    /// Its query cannot be read: why.
    #[error("{0}")]
    Garbled(&'static str),
    /// It is not below the base path, which begins with `/` and ends with it.
    #[error(
        "Binnacle is served below {0} alone. If a proxy takes this away from paths, name the proxy in the setting `trusted_proxies`."
    )]
    Outside(String),
    /// No route, as far as the table knows.
    #[error("There is nothing at this address.")]
    Nowhere,
    /// The path is there for other methods: these.
    #[error("This address does not take this method, but {0}.")]
    Method(String),
    /// We do not know who asks.
    #[error("Sign in first, or send a token: Authorization: Bearer …")]
    Unknown,
    /// A proxy passed it on that is not named, where whoever is on this machine is let in.
    #[error(
        "A proxy passed this on, so nobody knows who asks, and this server lets in whoever is on its machine. Name \
         the proxy in the setting `trusted_proxies`, and set `sign_in`."
    )]
    Unnamed,
    /// Their role must be looked at anew by the provider first.
    #[error("Your sign-in must be renewed. Open a page of this server in your browser.")]
    Again,
    /// They sent a token that is none, or none any more.
    #[error("This token is not known, has expired or was revoked. Ask an admin for another.")]
    Token,
    /// We know, and they may not.
    #[error("You need the {0} role for this. Ask an admin for it.")]
    Role(&'static str),
    /// Another site's page asks.
    #[error("This was sent by a page of another site. Open this server's own page and do it there.")]
    Site,
    /// Too many failed.
    #[error("Too many sign-ins failed. Try again in {} seconds.", .0.as_secs() + 1)]
    Slow(Duration),
    /// Too many strangers sign in at this moment.
    #[error(
        "Too many people sign in at this moment from where they never did before. Try again in a few seconds, or from \
         where you signed in last."
    )]
    Crowd,
    /// Too many requests were refused.
    #[error("Too many requests. There is room again in {} seconds.", .0.as_secs() + 1)]
    Often(Duration),
    /// Other large plans are before this one; when to come back.
    #[error("Large plans are read one at a time, and others are before this one. Try again in {} seconds.", .0.as_secs() + 1)]
    Turn(Duration),
    /// The database does not answer, so nobody can be known.
    #[error("The database does not answer, so it cannot be told who you are. Try again in a moment.")]
    Away,
    /// The database's disk is full.
    #[error(
        "The disk of the database is full, so nothing can be changed and nobody can sign in; everything can still be \
         read. Ask whoever runs this server to make room on it."
    )]
    Full,
    /// The database is damaged.
    #[error(
        "The database is damaged. Ask whoever runs this server to stop it and to put back a copy from before; the \
         log says what is damaged."
    )]
    Damaged,
    /// The database takes no changes.
    #[error(
        "The database is read-only, so nothing can be changed and nobody can sign in. Ask whoever runs this server \
         to make its file writable, or to set `database` to the PostgreSQL server that takes changes."
    )]
    ReadOnly,
}

impl From<StoreError> for Refusal {
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

impl Refusal {
    const fn status(&self) -> StatusCode {
        match self {
            Self::Host => StatusCode::MISDIRECTED_REQUEST,
            Self::Odd(_) | Self::Garbled(_) => StatusCode::BAD_REQUEST,
            Self::Nowhere | Self::Outside(_) => StatusCode::NOT_FOUND,
            Self::Method(_) => StatusCode::METHOD_NOT_ALLOWED,
            Self::Unknown | Self::Unnamed | Self::Again | Self::Token => StatusCode::UNAUTHORIZED,
            Self::Role(_) | Self::Site => StatusCode::FORBIDDEN,
            Self::Slow(_) | Self::Often(_) | Self::Turn(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::Crowd | Self::Away | Self::ReadOnly | Self::Full | Self::Damaged => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// Whether it counts as a request of whoever is refused: when they may not, or nobody knows who they are.
    pub(super) fn is_counted(&self) -> bool {
        !matches!(self, Self::Again) && matches!(self.status(), StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN)
    }

    /// As an answer: problem details for the API, a page for everybody else.
    pub(crate) fn answer(&self, path: &str) -> Response {
        // To the API an odd name is one that nothing has.
        let nothing = matches!(self, Self::Odd(_)) && path.starts_with("/api/");
        let status = if nothing { StatusCode::NOT_FOUND } else { self.status() };
        let mut response = if path.starts_with("/api/") || path == "/mcp" {
            let title = status.canonical_reason().unwrap_or_default();
            let problem = serde_json::json!({
                "type": "about:blank", "title": title, "status": status.as_u16(), "detail": self.to_string(),
            });
            ([(header::CONTENT_TYPE, "application/problem+json")], problem.to_string()).into_response()
        } else {
            let page = app::pages::refusal(&self.to_string(), crate::pages::assets());
            ([(header::CONTENT_TYPE, "text/html; charset=utf-8")], page).into_response()
        };
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        match self {
            Self::Method(others) => {
                if let Ok(others) = HeaderValue::from_str(others) {
                    headers.insert(header::ALLOW, others);
                }
            }
            Self::Unknown | Self::Unnamed | Self::Token => {
                headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"binnacle\""));
            }
            Self::Slow(wait) | Self::Often(wait) | Self::Turn(wait) => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from(wait.as_secs() + 1));
            }
            Self::Crowd | Self::Away | Self::ReadOnly | Self::Full | Self::Damaged => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from(5));
            }
            _ => {}
        }
        response
    }
}
