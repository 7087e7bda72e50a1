//! What a request says, taken apart; what cannot be is a problem as any other.

use axum::extract::{FromRequest, FromRequestParts};

use super::ApiError;

/// Parts of the path.
#[derive(FromRequestParts)]
#[from_request(via(axum::extract::Path), rejection(ApiError))]
pub(super) struct Named<T>(pub(super) T);

/// The query; unknown parameters are refused.
#[derive(FromRequestParts)]
#[from_request(via(axum::extract::Query), rejection(ApiError))]
pub(super) struct Asked<T>(pub(super) T);

/// A JSON body.
#[derive(FromRequest)]
#[from_request(via(axum::Json), rejection(ApiError))]
pub(super) struct Sent<T>(pub(super) T);
