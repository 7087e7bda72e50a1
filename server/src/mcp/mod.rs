//! The Model Context Protocol, for assistants: over HTTP on the server, and over stdio beside a cluster or a server.
//!
//! ```text
//! POST /mcp ─▶ guard (access) ─▶ origin ─▶ rmcp ─┐
//! stdin, stdout ─▶ rmcp ─────────────────────────┴▶ handler ─▶ tools (GET of which path) ─▶ api ─▶ rest ─▶ …
//!                                                                └─ answer (bounded text, errors) ◀─┘
//! ```
//! Invariants: a tool only gets what the REST API answers to whoever asks, by the same guard and from the same room; no
//! tool acts; every answer is bounded, and says what is cut; to standard output goes the protocol and nothing else.

mod answer;
mod api;
mod handler;
mod stdio;
mod tools;

use std::sync::Arc;

use axum::{
    Router,
    extract::Request,
    middleware::{Next, from_fn},
    response::Response,
    routing::post_service,
};
use rmcp::transport::streamable_http_server::{
    StreamableHttpServerConfig, StreamableHttpService, session::never::NeverSessionManager,
};

pub use api::{Server, ServerError};
pub use stdio::{StdioError, serve};
pub use tools::Reach;

use crate::access::{Acts, Needs, Refusal, Role, Row, asks_from_elsewhere};
use api::Api;
use handler::Handler;

/// What each of these routes needs.
pub const ROUTES: &[Row] = &[Row::post("/mcp", Needs::Role(Role::Viewer), Acts::No)];

/// A message is no larger than this: arguments are names and moments.
const MESSAGE: usize = 256 << 10;

/// Whom an assistant asks that was started with the protocol on its standard streams.
pub enum Source {
    /// The API of this process, with what it can tell.
    Here(Router, Reach),
    /// A server's.
    Server(Server),
}

/// The protocol over HTTP; `api` is the API behind its guard. Every message stands alone: no session is kept, so a client
/// that disappears leaves nothing, and any replica answers.
pub fn router(api: Router) -> Router {
    let handler = Handler::new(Api::Within(api), Reach::Server);
    // The guard has compared hosts, and `elsewhere` compares origins, by what this server is known as.
    let config = StreamableHttpServerConfig::default()
        .disable_allowed_hosts()
        .with_legacy_session_mode(false)
        .with_json_response(true)
        .with_max_request_body_bytes(MESSAGE);
    let sessions = Arc::new(NeverSessionManager::default());
    let service = StreamableHttpService::new(move || Ok(handler.clone()), sessions, config);
    Router::new().route("/mcp", post_service(service)).layer(from_fn(elsewhere))
}

/// Refuses a page of another site, also one with a token: the protocol asks for that.
async fn elsewhere(request: Request, next: Next) -> Response {
    if asks_from_elsewhere(&request) {
        return Refusal::Site.answer(request.uri().path());
    }
    next.run(request).await
}
