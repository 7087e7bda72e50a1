//! What the cards of all clusters show: worked out now and then, for all who look.

use std::{
    collections::HashMap,
    sync::{Arc, LazyLock},
    time::Instant,
};

use app::{
    pages::{Card, CardHost, CardTold},
    source::{Phrase, Source as _},
};
use axum::http::Extensions;
use tokio::sync::Semaphore;
use topology::figure::{Small, SmallHost, small};

use super::{
    everywhere::heard,
    sentence,
    site::{Asked, MOMENT, SHARE},
};
use crate::{
    access::{Role, Who},
    backup::{self, Backups},
    cluster::Cluster,
    deploy::Office,
    placed::placed,
};

/// So many clusters are looked at at once: each look goes through all pods of one.
static TURNS: LazyLock<Arc<Semaphore>> = LazyLock::new(|| Arc::new(Semaphore::new(1)));

/// A cluster in small, as it was a moment ago.
#[derive(Clone)]
pub(super) struct Lately {
    small: Arc<Small>,
    pub(super) until: Instant,
}

/// The cards of all clusters, for whoever sent a request with these extensions. No cluster is waited for: one that was
/// not heard of yet says so, and begins to be watched.
pub(super) async fn cards(asked: &Asked, said: &Extensions) -> Vec<Card> {
    let office = said.get::<Option<Arc<Office>>>().cloned().flatten();
    let backups = said.get::<Backups>();
    let acts = said.get::<Who>().is_some_and(|who| who.may(Role::Operator));
    let known: HashMap<_, _> = heard(asked).0.into_iter().collect();
    let watched: HashMap<_, _> = asked.0.watched_now().into_iter().collect();
    let mut cards = Vec::new();
    for line in asked.clusters() {
        let trouble = watched.get(&line.name).and_then(|cluster| cluster.trouble());
        let told = match known.get(&line.name) {
            Some(cluster) => told(asked, &line.name, cluster).await,
            None => None,
        };
        let run = match &office {
            Some(office) => office.latest(&line.name).await.unwrap_or_default().into_iter().next(),
            None => None,
        };
        let kept = backups.map(|backups| backup::kept(backups, &line.name, acts));
        let trouble = trouble.map(|trouble| sentence(&trouble)).unwrap_or_default();
        cards.push(Card { line, told, trouble, run, kept });
    }
    cards
}

async fn told(asked: &Asked, name: &str, cluster: &Arc<Cluster>) -> Option<CardTold> {
    let small = in_small(asked, name, cluster).await?;
    let concerns = asked.0.attention(name).await;
    let phrase = |phrase: &topology::figure::Phrase| Phrase {
        text: phrase.text.clone(),
        health: phrase.health,
        opens: phrase.opens.clone(),
    };
    let host = |host: &SmallHost| CardHost { name: host.name.to_string(), master: host.master, health: host.health };
    Some(CardTold {
        sentence: small.sentence.iter().map(phrase).collect(),
        hosts: small.hosts.iter().map(host).collect(),
        concerns: concerns.as_ref().map_or(0, |concerns| concerns.found.len()),
        incidents: concerns.map_or(Some(0), |concerns| concerns.incidents.map(|open| open.len())),
    })
}

/// The same as a moment ago, where that is new enough. A large cluster is looked at more rarely.
async fn in_small(asked: &Asked, name: &str, cluster: &Arc<Cluster>) -> Option<Arc<Small>> {
    let lately = asked.0.lately(name);
    if let Some(lately) = lately.filter(|lately| lately.until > Instant::now()) {
        return Some(lately.small);
    }
    let (looked, cluster) = (name.to_owned(), cluster.clone());
    let work = move || {
        let began = Instant::now();
        let now = cluster.now();
        let small = Arc::new(cluster.read(|inventory| small(inventory, now)));
        Lately { small, until: Instant::now() + MOMENT.max(began.elapsed() * SHARE) }
    };
    let lately = placed(&TURNS, work).await?;
    asked.0.keep_lately(looked, lately.clone());
    Some(lately.small)
}
