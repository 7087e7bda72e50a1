//! That the server ends, told to whatever lasts.

use tokio_util::{
    sync::{CancellationToken, WaitForCancellationFuture},
    task::{TaskTracker, task_tracker::TaskTrackerToken},
};

/// In the extensions of each request: streams end when it says so, and it waits for them.
#[derive(Clone, Debug, Default)]
pub struct Stopping {
    asked: CancellationToken,
    lasting: TaskTracker,
}

impl Stopping {
    /// Asks everything that lasts to end.
    pub fn ask(&self) {
        self.asked.cancel();
        self.lasting.close();
    }

    /// Whether it was asked to.
    pub fn is_asked(&self) -> bool {
        self.asked.is_cancelled()
    }

    /// Ends when it was asked to.
    pub fn asked(&self) -> WaitForCancellationFuture<'_> {
        self.asked.cancelled()
    }

    /// Held by a stream for as long as it lasts.
    pub fn lasts(&self) -> TaskTrackerToken {
        self.lasting.token()
    }

    /// Ends when nothing lasts any more, after [`Self::ask`].
    pub(super) async fn ended(&self) {
        self.lasting.wait().await;
    }
}
