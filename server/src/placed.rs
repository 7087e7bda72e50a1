//! Work that takes a processor for a while, on threads of its own and little of it at once.

use std::sync::Arc;

use tokio::sync::Semaphore;

/// Works on a thread of its own once there is a place; `None` when that came to no end. The place belongs to the work
/// and not to the caller: a client that hangs up ends the caller and not the work.
pub(crate) async fn placed<T: Send + 'static>(
    places: &Arc<Semaphore>,
    work: impl FnOnce() -> T + Send + 'static,
) -> Option<T> {
    placed_wide(places, 1, work).await
}

/// The same of work that takes so many places.
pub(crate) async fn placed_wide<T: Send + 'static>(
    places: &Arc<Semaphore>,
    width: u32,
    work: impl FnOnce() -> T + Send + 'static,
) -> Option<T> {
    let place = places.clone().acquire_many_owned(width).await.ok()?;
    let placed = move || {
        let done = work();
        drop(place);
        done
    };
    tokio::task::spawn_blocking(placed).await.ok()
}
