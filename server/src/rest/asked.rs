//! What a request says, taken apart; what cannot be is a problem as any other.

use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Request},
    http::{HeaderMap, StatusCode, header, request::Parts},
};
use serde::de::DeserializeOwned;
use serde_json::{Value, error::Category};

use super::{ApiError, reading};

/// Parts of the path.
#[derive(FromRequestParts)]
#[from_request(via(axum::extract::Path), rejection(ApiError))]
pub(super) struct Named<T>(pub(super) T);

/// The query; unknown parameters are refused.
pub(super) struct Asked<T>(pub(super) T);

/// A JSON body.
pub(super) struct Sent<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Asked<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let query = parts.uri.query().unwrap_or_default();
        let pairs: Vec<(String, String)> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        let read = reading::query(&pairs).map_err(|misfit| ApiError::Unclear(format!("of the query, {misfit}")))?;
        Ok(Self(read))
    }
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Sent<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        if !is_json(request.headers()) {
            return Err(ApiError::Media);
        }
        let bytes = Bytes::from_request(request, state).await.map_err(|rejection| match rejection.status() {
            StatusCode::PAYLOAD_TOO_LARGE => ApiError::Large,
            _ => ApiError::Unclear("the body did not arrive whole".into()),
        })?;
        let value: Value = serde_json::from_slice(&bytes).map_err(|error| match error.classify() {
            Category::Eof => ApiError::Unclear("the body is no JSON: it ends too early".into()),
            _ => {
                let (line, column) = (error.line(), error.column());
                ApiError::Unclear(format!("the body is no JSON from line {line}, column {column} on"))
            }
        })?;
        let read = reading::body(&value).map_err(|misfit| {
            let todo = "The page /api and the document at /api/v1/openapi.json tell what the body holds.".to_owned();
            ApiError::Unusable { what: format!("of the body, {misfit}"), todo }
        })?;
        Ok(Self(read))
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    kind == "application/json" || (kind.starts_with("application/") && kind.ends_with("+json"))
}
