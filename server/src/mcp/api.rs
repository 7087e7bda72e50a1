//! The REST API, asked in this process or on a server.

use std::{path::Path, time::Duration};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::Request,
    http::{StatusCode, header, request::Parts},
};
use reqwest::{Client, Url, redirect::Policy};
use secrecy::{ExposeSecret, SecretString};
use tower::ServiceExt;

use crate::{access::halves, rest::again};

/// An answer is no larger than this before it is shortened.
const MOST: usize = 8 << 20;
/// A server may take this long.
const PATIENCE: Duration = Duration::from_secs(60);
/// A token's file is no larger.
const LONGEST: u64 = 4_096;

/// Whom to ask.
#[derive(Clone)]
pub(super) enum Api {
    /// The API in this process.
    Within(Router),
    /// That of a server.
    Server(Server),
}

/// A server that is asked with a token.
#[derive(Clone)]
pub struct Server {
    client: Client,
    /// Without a `/` at its end.
    address: String,
    token: SecretString,
}

/// Why a server cannot be asked. The token is in none of these.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// The address is none.
    #[error("{0} is no address of a server: write it as in https://binnacle.example:8080")]
    Address(String),
    /// The token would travel unencrypted.
    #[error(
        "the token would travel to {0} unencrypted: use https://, or reach the server through SSH \
         (ssh -L 8080:127.0.0.1:8080 jumphost)"
    )]
    Plain(String),
    /// The file cannot be read.
    #[error("the token's file {file} cannot be read: {what}")]
    File {
        /// Its path.
        file: String,
        /// What is wrong.
        what: String,
    },
    /// It holds no token.
    #[error("{0} holds no token: make one with `binnacle token add NAME` and put what it prints into the file")]
    Token(String),
    /// There is no client.
    #[error("no client can be made: {0}")]
    Client(reqwest::Error),
}

/// What was answered.
pub(super) struct Told {
    pub(super) status: StatusCode,
    /// The media type, empty when none was told.
    pub(super) media: String,
    pub(super) text: String,
}

/// Why nothing was answered.
#[derive(Debug, thiserror::Error)]
pub(super) enum ApiError {
    #[error("the path cannot be asked for: say names of the cluster without control characters")]
    Path,
    #[error("the answer is larger than {} MiB: narrow it down", MOST >> 20)]
    Large,
    #[error("the server {address} does not answer: {what}. Look whether it runs and whether its address is right")]
    Away { address: String, what: String },
}

impl Server {
    /// A server at an address, with the token of a file.
    ///
    /// # Errors
    /// [`ServerError`] with what to change.
    pub fn new(address: &str, token_file: &Path) -> Result<Self, ServerError> {
        let no_address = || ServerError::Address(address.to_owned());
        let url = Url::parse(address).map_err(|_| no_address())?;
        let host = url.host_str().ok_or_else(no_address)?;
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        let here = bare == "localhost" || bare.parse::<std::net::IpAddr>().is_ok_and(|host| host.is_loopback());
        let plain = !url.username().is_empty() || url.password().is_some() || url.query().is_some();
        match url.scheme() {
            _ if plain => return Err(ServerError::Address(format!("{}://{host}", url.scheme()))),
            "https" => {}
            "http" if here => {}
            "http" => return Err(ServerError::Plain(address.to_owned())),
            _ => return Err(no_address()),
        }
        let token = token(token_file)?;
        // The client takes the process's cryptography; whoever comes second finds the first one's.
        let _ = rustls::crypto::ring::default_provider().install_default();
        // A redirection would send the token elsewhere.
        let client = Client::builder().timeout(PATIENCE).redirect(Policy::none()).build();
        let client = client.map_err(ServerError::Client)?;
        Ok(Self { client, address: address.trim_end_matches('/').to_owned(), token })
    }

    async fn get(&self, path: &str) -> Result<Told, ApiError> {
        let away =
            |error: reqwest::Error| ApiError::Away { address: self.address.clone(), what: said(&error.without_url()) };
        let request = self.client.get(format!("{}{path}", self.address)).bearer_auth(self.token.expose_secret());
        let mut response = request.send().await.map_err(away)?;
        let (status, media) = (response.status(), media(response.headers()));
        let mut bytes = Vec::new();
        while let Some(piece) = response.chunk().await.map_err(away)? {
            bytes.extend_from_slice(&piece);
            if bytes.len() > MOST {
                return Err(ApiError::Large);
            }
        }
        Ok(Told { status, media, text: String::from_utf8_lossy(&bytes).into_owned() })
    }
}

/// An error with its causes, of which the last says most.
fn said(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

fn token(file: &Path) -> Result<SecretString, ServerError> {
    use std::io::Read;
    let unread =
        |error: std::io::Error| ServerError::File { file: file.display().to_string(), what: error.to_string() };
    let mut text = String::new();
    std::fs::File::open(file).map_err(unread)?.take(LONGEST).read_to_string(&mut text).map_err(unread)?;
    let token = text.trim();
    match halves(token) {
        Some(_) => Ok(token.into()),
        None => Err(ServerError::Token(file.display().to_string())),
    }
}

impl Api {
    /// Gets a path with its query, in the name of whoever sent the message.
    pub(super) async fn get(&self, path: &str, visitor: Option<&Parts>) -> Result<Told, ApiError> {
        let router = match self {
            Self::Server(server) => return server.get(path).await,
            Self::Within(router) => router,
        };
        let request = match visitor {
            Some(visitor) => again(&visitor.uri, &visitor.headers, &visitor.extensions, path, "*/*"),
            None => Request::get(path).body(Body::empty()).ok(),
        };
        let Ok(response) = router.clone().oneshot(request.ok_or(ApiError::Path)?).await;
        let (status, media) = (response.status(), media(response.headers()));
        let bytes = to_bytes(response.into_body(), MOST).await.map_err(|_| ApiError::Large)?;
        Ok(Told { status, media, text: String::from_utf8_lossy(&bytes).into_owned() })
    }
}

fn media(headers: &header::HeaderMap) -> String {
    let media = headers.get(header::CONTENT_TYPE).and_then(|media| media.to_str().ok()).unwrap_or_default();
    media.split(';').next().unwrap_or_default().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_never_travels_unencrypted_beyond_this_machine() {
        let folder = std::env::temp_dir().join(format!("binnacle-mcp-{}-{:x}", std::process::id(), fastrand::u64(..)));
        std::fs::create_dir_all(&folder).unwrap();
        let file = folder.join("token");
        let token = format!("bnc_0123456789abcdef_{}", "a".repeat(64));
        std::fs::write(&file, format!("{token}\n")).unwrap();
        for address in ["http://127.0.0.1:8080", "http://[::1]:8080/lab/", "http://localhost", "https://lab.example"] {
            assert!(Server::new(address, &file).is_ok(), "{address}");
        }
        for (address, why) in [
            ("http://lab.example", "unencrypted"),
            ("http://127.0.0.1.example:8080", "unencrypted"),
            ("ftp://127.0.0.1", "no address"),
            ("lab.example", "no address"),
            ("https://ann:secret-word@lab.example", "no address"),
        ] {
            let error = Server::new(address, &file).err().map(|error| error.to_string()).unwrap_or_default();
            assert!(error.contains(why), "{address}: {error}");
            assert!(!error.contains("secret-word") && !error.contains(&token), "{error}");
        }
        std::fs::write(&file, "hunter2\n").unwrap();
        let error = Server::new("https://lab.example", &file).err().map(|error| error.to_string()).unwrap_or_default();
        assert!(error.contains("holds no token") && !error.contains("hunter2"), "{error}");
        std::fs::remove_dir_all(&folder).unwrap();
        assert!(matches!(Server::new("https://lab.example", &file), Err(ServerError::File { .. })));
    }
}
