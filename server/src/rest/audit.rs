//! The audit, for admins.

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, header},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{ApiError, Here, accept, asked::Asked, page::Limit, words::moment};
use crate::store::{Kept, Sought};

const LINES: &str = "application/x-ndjson";

/// Which entries are wanted.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Wanted {
    /// Only what this one did, by what they are called or who they are.
    who: Option<String>,
    /// Only actions that begin so, as in `token.`.
    action: Option<String>,
    /// Only on this cluster.
    cluster: Option<String>,
    /// Entries on a page.
    #[param(value_type = Option<u16>, minimum = 1, maximum = 1000, default = 100)]
    limit: Option<Limit>,
    /// Where to go on: the `next` of the page before.
    next: Option<i64>,
}

/// Who did what.
#[derive(Debug, Serialize, ToSchema)]
pub struct Entry {
    /// Its number, which grows.
    pub id: i64,
    /// When, RFC 3339.
    #[schema(format = DateTime)]
    pub at: String,
    /// What they are called; `nobody` when nobody was known.
    pub who: String,
    /// Who they are, whatever they are called, as in `oidc https://id.example 42`.
    pub subject: String,
    /// How they were known, as in `token`.
    pub way: String,
    /// From which address.
    pub address: String,
    /// What they did, as in `token.create`.
    pub action: String,
    /// To what.
    pub target: String,
    /// To which cluster; empty when to none.
    pub cluster: String,
    /// Whether it was let pass.
    pub allowed: bool,
    /// What else is worth knowing.
    pub detail: String,
}

/// A part of the audit.
#[derive(Debug, Serialize, ToSchema)]
pub struct Entries {
    /// Newest first.
    pub items: Vec<Entry>,
    /// Ask for `next` with this for older ones; null at the end.
    pub next: Option<i64>,
}

/// The audit, newest first; with `Accept: application/x-ndjson` a line for each entry.
#[utoipa::path(get, path = "/api/v1/audit", tag = "audit", params(Wanted),
    responses((status = 200, description = "A page", content((Entries = "application/json"), (String = "application/x-ndjson")))))]
pub(super) async fn list(
    State(here): State<Here>,
    Asked(wanted): Asked<Wanted>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let kind = accept::preferred(&headers, &["application/json", LINES])
        .ok_or(ApiError::Format("application/json, application/x-ndjson"))?;
    let limit = u32::from(wanted.limit.unwrap_or(Limit::USUAL).get());
    let sought = Sought {
        who: wanted.who.unwrap_or_default(),
        action: wanted.action.unwrap_or_default(),
        cluster: wanted.cluster.unwrap_or_default(),
        before: wanted.next,
    };
    let kept = here.door.store().remembered(&sought, limit + 1).await?;
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = kept.len() > limit;
    let items: Vec<Entry> = kept.into_iter().take(limit).map(line).collect();
    let next = items.last().map(|entry| entry.id).filter(|_| more);
    if kind != LINES {
        return Ok(([(header::VARY, "accept")], Json(Entries { items, next })).into_response());
    }
    let text = items
        .iter()
        .filter_map(|entry| serde_json::to_string(entry).ok())
        .fold(String::new(), |text, line| text + &line + "\n");
    Ok(([(header::CONTENT_TYPE, LINES), (header::VARY, "accept")], text).into_response())
}

fn line(Kept { id, entry }: Kept) -> Entry {
    Entry {
        id,
        at: moment(entry.at),
        who: entry.who,
        subject: entry.subject,
        way: entry.way,
        address: entry.address,
        action: entry.action,
        target: entry.target,
        cluster: entry.cluster,
        allowed: entry.allowed,
        detail: entry.detail,
    }
}
