//! What every route needs, in one place: each room's rows stand beside its router, and this is
//! their sum. A route without a row is refused.

use axum::http::Method;

use super::Role;

/// What a route needs of whoever asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    /// Nothing: the way in itself, health, files of pages.
    Nothing,
    /// A role.
    Role(Role),
    /// A link to an embedded figure, which the room checks itself, or the role of a viewer.
    Link,
}

/// Whether a route changes something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Acts {
    /// It only tells.
    No,
    /// It does what the word says; the guard writes it into the audit.
    As(&'static str),
    /// It acts and writes the audit itself, because only it knows who and what.
    Itself,
}

/// A route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// `GET` stands for `HEAD` too.
    pub method: Method,
    /// As the router has it.
    pub path: &'static str,
    /// What it needs.
    pub needs: Needs,
    /// Whether it changes something.
    pub acts: Acts,
}

impl Row {
    /// A route that only tells.
    pub const fn get(path: &'static str, needs: Needs) -> Self {
        Self { method: Method::GET, path, needs, acts: Acts::No }
    }

    /// A route that is posted to.
    pub const fn post(path: &'static str, needs: Needs, acts: Acts) -> Self {
        Self { method: Method::POST, path, needs, acts }
    }

    /// A route that takes something away.
    pub const fn delete(path: &'static str, needs: Needs, acts: Acts) -> Self {
        Self { method: Method::DELETE, path, needs, acts }
    }
}

/// Every route there is.
pub fn table() -> Vec<Row> {
    [
        crate::pages::ROUTES,
        crate::pages::objects::ROUTES,
        super::ROUTES,
        crate::deploy::ROUTES,
        crate::demo::ROUTES,
        crate::backup::ROUTES,
        crate::backup::restoring::ROUTES,
        crate::embed::ROUTES,
        crate::rest::ROUTES,
        crate::mcp::ROUTES,
        crate::running::ROUTES,
    ]
    .concat()
}

/// What is known of a method and a path.
pub(super) enum Found<'a> {
    Row(&'a Row),
    /// The path is there, but not for this method.
    /// The path is there for these.
    OtherMethod(String),
    Nothing,
}

pub(super) fn find<'a>(rows: &'a [Row], method: &Method, path: &str) -> Found<'a> {
    let method = if *method == Method::HEAD { &Method::GET } else { method };
    let here = rows.iter().filter(|row| row.path == path);
    if here.clone().next().is_none() {
        return Found::Nothing;
    }
    match here.clone().find(|row| row.method == *method) {
        Some(row) => Found::Row(row),
        None => Found::OtherMethod(methods(here)),
    }
}

/// As `Allow` lists them.
fn methods<'a>(rows: impl Iterator<Item = &'a Row>) -> String {
    let names = rows.map(|row| if row.method == Method::GET { "GET, HEAD" } else { row.method.as_str() });
    names.collect::<Vec<_>>().join(", ")
}
