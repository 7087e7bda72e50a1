//! Refuses those who ask the API too often, and tells everybody what is left.

use axum::{
    Extension,
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};

use super::{ApiError, Here};
use crate::access::{Caller, Taken, Who};

/// Takes from the room of whoever asks; what acts or was refused has done so at the guard.
pub(super) async fn limited(
    State(here): State<Here>,
    Extension(who): Extension<Who>,
    request: Request,
    next: Next,
) -> Response {
    let before = request.extensions().get::<Taken>().map(|taken| taken.0);
    let taken = before.map_or_else(|| here.limits.take(&Caller::of(&who)), Ok);
    let mut response = match taken {
        Ok(_) => next.run(request).await,
        Err(wait) => ApiError::Slow(wait).into_response(),
    };
    here.limits.tell(response.headers_mut(), taken);
    response
}
