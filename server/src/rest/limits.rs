//! Refuses those who ask the API too often, and tells everybody what is left.

use axum::{
    Extension,
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};

use super::{ApiError, Here};
use crate::access::{Caller, Who};

/// Takes from the room of whoever asks; what the guard refused has done so before.
pub(super) async fn limited(
    State(here): State<Here>,
    Extension(who): Extension<Who>,
    request: Request,
    next: Next,
) -> Response {
    let taken = here.limits.take(&Caller::of(&who));
    let mut response = match taken {
        Ok(_) => next.run(request).await,
        Err(wait) => ApiError::Slow(wait).into_response(),
    };
    here.limits.tell(response.headers_mut(), taken);
    response
}
