//! What is asked for when somebody looks, kept for a moment: many who look cost the API server what one costs.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::sync::Mutex;

use super::{
    Cluster,
    ask::{self, Event},
    bounded::Refused,
    kinds::{self, Kinds},
    logs::Which,
    tails::{NoTail, Tail, Tails},
};

/// Kinds change when somebody installs something.
const KINDS: Duration = Duration::from_secs(30);
/// Events come all the time.
const EVENTS: Duration = Duration::from_secs(3);

/// What was asked for last.
#[derive(Default)]
pub(super) struct Looked {
    kinds: Kept<Kinds>,
    events: Kept<(Vec<Event>, bool)>,
    tails: Tails,
}

/// A refusal is good for those who waited meanwhile.
const REFUSED: Duration = Duration::from_secs(2);

/// An answer and until when it is good.
type Kept<T> = Mutex<Option<(Instant, Result<Arc<T>, Refused>)>>;

impl Cluster {
    /// Every kind that is served.
    ///
    /// # Errors
    /// [`Refused`] with the reason.
    pub async fn kinds(&self) -> Result<Arc<Kinds>, Refused> {
        kept(&self.looked.kinds, KINDS, kinds::kinds(self.client())).await
    }

    /// Events of all namespaces that are looked at, newest first, and whether these are all of them.
    ///
    /// # Errors
    /// [`Refused`] with the reason.
    pub async fn events(&self) -> Result<Arc<(Vec<Event>, bool)>, Refused> {
        let seen = self.read(|inventory| inventory.scope().names().cloned());
        match seen {
            Some(names) => kept(&self.looked.events, EVENTS, ask::events_of(self.client(), &names)).await,
            None => kept(&self.looked.events, EVENTS, ask::all_events(self.client(), "")).await,
        }
    }

    /// A log that is followed, by one reader for all who look.
    ///
    /// # Errors
    /// [`NoTail`] with the reason.
    pub async fn tail(&self, which: &Which) -> Result<Arc<Tail>, NoTail> {
        self.looked.tails.get(self.client(), which).await
    }
}

/// The answer of whoever asked last, or a new one. Those who come meanwhile wait for it.
async fn kept<T>(
    kept: &Kept<T>,
    good: Duration,
    ask: impl Future<Output = Result<T, Refused>>,
) -> Result<Arc<T>, Refused> {
    let mut kept = kept.lock().await;
    if let Some((_, answer)) = kept.as_ref().filter(|(until, _)| *until > Instant::now()) {
        return answer.clone();
    }
    let answer = ask.await.map(Arc::new);
    let good = if answer.is_ok() { good } else { REFUSED };
    *kept = Some((Instant::now() + good, answer.clone()));
    answer
}
