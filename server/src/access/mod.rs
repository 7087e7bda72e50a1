//! Who asks, and what they may.
//!
//! ```text
//! request ─▶ below (base path off) ─▶ hosts (is it meant for us?) ─▶ door (who is it?) ─▶ table (what does the route need?) ─▶ handler
//!                                              ├ sessions, tokens, loopback      └ audit, before anything acts
//! ```
//! Invariants: a route that no row of the table names is refused; what acts is in the audit before it acts, and
//! what was refused is there too; passwords, tokens and cookies are kept as hashes and never logged.

mod below;
mod door;
mod forwarded;
mod guard;
mod headers;
mod hosts;
mod household;
mod limits;
mod oidc;
mod oidc_pages;
mod pages;
mod password;
pub mod people;
mod people_pages;
mod proxies;
mod refusal;
mod renewal;
mod repeats;
pub(crate) mod rights;
mod role;
mod sealed;
mod secret;
mod session_pages;
mod sessions;
mod slow;
mod stays;
mod table;
mod tokens;
mod who;

pub use below::below;
pub(crate) use door::valid_name;
pub use door::{Door, Lines, Ways};
pub use guard::{Gate, Tls, guard};
pub(crate) use guard::{Ours, Secure, Taken, address, asks_from_elsewhere};
pub use headers::{around, policy};
pub use hosts::Hosts;
pub use household::household;
pub use limits::{Caller, Limits};
pub(crate) use oidc::list as name_list;
pub use oidc::{Examined, Oidc, OidcError, OidcSettings, Refused, examine as examine_oidc};
pub(crate) use pages::inside;
pub use pages::{ROUTES, router};
pub use password::{PasswordError, hashed};
pub use proxies::Proxies;
pub use refusal::Refusal;
pub use role::Role;
pub(crate) use secret::random;
pub use sessions::Lasting;
pub(crate) use sessions::{any_cookie, cookie_of};
pub use stays::Stays;
pub use table::{Acts, Needs, Row, table};
pub use tokens::{Made, TokenError, halves, make as make_token};
pub use who::{Way, Who};
