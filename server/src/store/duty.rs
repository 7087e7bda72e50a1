//! The one replica that runs schedules and actions.

use std::time::Duration;

use tokio::{
    sync::watch,
    task::JoinHandle,
    time::{Instant, MissedTickBehavior},
};

use super::{Store, StoreError};

/// How long a lease is good for after it was last renewed.
const LENGTH: Duration = Duration::from_secs(9);
/// How often it is renewed, and how often others look whether it is free.
const EVERY: Duration = Duration::from_secs(3);

/// The duty that one of several replicas has. Whoever holds it is replaced within 12 s of its death:
/// the length of a lease, and a look at it.
#[derive(Debug)]
pub struct Duty {
    store: Store,
    name: &'static str,
    holder: String,
    held: watch::Receiver<Option<Held>>,
    renewing: JoinHandle<()>,
}

/// That this replica has the duty, as far as it knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    /// Grows by one with each new holder.
    pub term: i64,
    /// When it must be thought lost, unless it is renewed before.
    until: Instant,
}

impl Duty {
    /// Stands for a duty from now on. `holder` names this process and no other.
    pub fn stand(store: Store, name: &'static str, holder: String) -> Self {
        let (tell, held) = watch::channel(None);
        let renewing = tokio::spawn(renew(store.clone(), name, holder.clone(), tell));
        Self { store, name, holder, held, renewing }
    }

    /// Whether this replica has it now, by its own clock.
    pub fn held(&self) -> Option<Held> {
        (*self.held.borrow()).filter(|held| Instant::now() < held.until)
    }

    /// Tells each gain and loss.
    pub fn watch(&self) -> watch::Receiver<Option<Held>> {
        self.held.clone()
    }

    /// Whether the database agrees that this term is in force: asked right before acting.
    ///
    /// # Errors
    /// [`StoreError::Away`]; then nothing may be done.
    pub async fn confirmed(&self, held: Held) -> Result<bool, StoreError> {
        self.store.holds(self.name, &self.holder, held.term).await
    }

    /// Ends standing for it and lets another take it at once.
    pub async fn resign(self) {
        // A renewal that is under way must not come after the giving back.
        self.renewing.abort();
        let _ = self.renewing.await;
        let given = tokio::time::timeout(EVERY, self.store.let_go(self.name, &self.holder)).await;
        if !matches!(given, Ok(Ok(()))) {
            tracing::warn!("the duty {} is given back only when its lease ends", self.name);
        }
    }
}

async fn renew(store: Store, name: &'static str, holder: String, tell: watch::Sender<Option<Held>>) {
    let mut ticks = tokio::time::interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        // Counted from before the question: the database's lease ends later than ours.
        let until = Instant::now() + LENGTH;
        let asked = tokio::time::timeout(EVERY, store.hold(name, &holder, LENGTH)).await;
        let asked = asked.unwrap_or_else(|_| Err(StoreError::Away("no answer within three seconds".into())));
        let now = match asked {
            Ok(term) => term.map(|term| Held { term, until }),
            Err(error) => {
                tracing::warn!("the duty {name} cannot be renewed: {error}");
                (*tell.borrow()).filter(|held| Instant::now() < held.until)
            }
        };
        let before = *tell.borrow();
        crate::running::NUMBERS.duty(name, now.is_some());
        if before.map(|held| held.term) != now.map(|held| held.term) {
            match now {
                Some(held) => tracing::info!("this replica has the duty {name}, term {}", held.term),
                None if before.is_some() => tracing::warn!("this replica has lost the duty {name}"),
                None => {}
            }
        }
        if tell.send(now).is_err() {
            return;
        }
    }
}
