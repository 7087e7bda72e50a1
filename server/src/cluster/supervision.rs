//! What runs for a cluster: every watch, the checks, the pulse and the clock; started again when
//! the cluster turns out to speak another dialect, as after an upgrade.

use std::{pin::pin, sync::Arc, time::Duration};

use kube::{Client, runtime::watcher::DefaultBackoff};
use tokio::task::JoinSet;
use topology::{Change, inventory::Scope};

use super::{
    Trouble,
    discovery::{self, Found},
    feeds,
    live::Shared,
    pulse, readyz, scope,
};

/// How often leases are looked at that may have run out.
const TICK: Duration = Duration::from_secs(1);
/// A server that takes longer to answer is said not to.
const SILENCE: Duration = Duration::from_millis(1_400);
/// It is waited for so long all the same.
const PATIENCE: Duration = Duration::from_secs(15);
/// From one discovery to the next when nothing gives rise to one.
const EVERY: Duration = Duration::from_secs(600);

/// Finds out what is served, then keeps every watch running.
pub(super) async fn supervise(client: Client, shared: Arc<Shared>, mut scope: Scope) {
    let mut found = discover(&client, &shared).await;
    // The first facts are judged by the API server's clock already.
    let _ = tokio::time::timeout(SILENCE, pulse::clock(&client, &shared)).await;
    shared.apply(vec![Change::Entrance(shared.address().into())]);
    loop {
        say_version(&found, &shared);
        shared.apply(vec![Change::Scope(scope.clone())]);
        let mut tasks = JoinSet::new();
        feeds::spawn(&mut tasks, &client, &shared, &found.dialect, &scope);
        tasks.spawn(readyz::follow(client.clone(), shared.clone()));
        tasks.spawn(pulse::follow(client.clone(), shared.clone()));
        tasks.spawn(tick(shared.clone()));
        // Facts stay while the watches start anew.
        tokio::select! {
            other = another_dialect(&client, &shared, &found, &mut tasks) => {
                found = other;
                tracing::info!(cluster = shared.name(), "the cluster serves other kinds than before: its watches start anew");
            }
            other = scope::another(&client, &shared, &scope) => {
                scope = other;
                let seen = scope.words().unwrap_or_else(|| "all namespaces".into());
                tracing::info!(cluster = shared.name(), "the role may read {seen}: the watches start anew");
            }
        }
    }
}

fn say_version(found: &Found, shared: &Shared) {
    if let Some(version) = &found.version {
        shared.apply(vec![Change::Version(version.as_str().into())]);
    }
}

/// Asks until there is an answer.
async fn discover(client: &Client, shared: &Shared) -> Found {
    let mut backoff = DefaultBackoff::default();
    loop {
        let late = || Trouble::late(shared.name(), shared.address());
        let mut asked = pin!(discovery::ask(client));
        let answer = match tokio::time::timeout(SILENCE, &mut asked).await {
            Ok(answer) => Some(answer),
            Err(_) => {
                shared.fail(&late());
                tokio::time::timeout(PATIENCE, asked).await.ok()
            }
        };
        match answer {
            Some(Ok(found)) => {
                shared.recover();
                return found;
            }
            Some(Err(error)) => shared.fail(&Trouble::of(&error, shared.name(), shared.address())),
            None => {}
        }
        tokio::time::sleep(backoff.next().unwrap_or(TICK)).await;
    }
}

/// Asks again whenever a kind is missing or the cluster was out of reach, until it speaks another
/// dialect.
async fn another_dialect(client: &Client, shared: &Shared, before: &Found, tasks: &mut JoinSet<()>) -> Found {
    let (mut missed, mut revived) = (shared.missed(), shared.revived());
    loop {
        tokio::select! {
            () = tokio::time::sleep(EVERY) => {}
            _ = missed.changed() => {}
            _ = revived.changed() => {}
            Some(Err(error)) = tasks.join_next() => tracing::error!("a watch ended: {error}"),
        }
        if let Ok(Ok(found)) = tokio::time::timeout(PATIENCE, discovery::ask(client)).await {
            if found.dialect != before.dialect {
                return found;
            }
            say_version(&found, shared);
        }
    }
}

async fn tick(shared: Arc<Shared>) {
    let mut before = shared.now();
    loop {
        tokio::time::sleep(TICK).await;
        let now = shared.now();
        let touched = shared.read(|inventory| inventory.elapsed(before, now));
        shared.tell(&touched);
        before = now;
    }
}
