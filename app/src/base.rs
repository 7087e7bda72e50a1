//! Below which path Binnacle is served: whatever it links to on itself goes through [`at`].
//!
//! Inside of the server paths are without the base: the server takes it off each request before it
//! looks at it, and puts it before its redirects.

use std::sync::OnceLock;

static BASE: OnceLock<String> = OnceLock::new();

/// Has everything be served below a path such as `/binnacle`; empty for the root. A process is told
/// once, before it answers anything; whether it was the first time.
pub fn serve_below(base: &str) -> bool {
    BASE.set(base.to_owned()).is_ok()
}

/// The base path, without a `/` at its end; empty for the root.
pub fn base() -> &'static str {
    BASE.get().map_or("", String::as_str)
}

/// A path of ours, which begins with `/`, as a browser asks for it.
pub fn at(path: &str) -> String {
    format!("{}{path}", base())
}
