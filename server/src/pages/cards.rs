//! What the cards of all clusters show: worked out now and then, for all who look.

use std::{
    collections::HashMap,
    sync::{Arc, LazyLock, Mutex, PoisonError},
    time::Instant,
};

use app::{
    pages::{Card, CardHost, CardPage, CardTold},
    source::{ClusterLine, Phrase, Source as _},
};
use axum::http::Extensions;
use futures::future::join_all;
use tokio::sync::Semaphore;
use topology::{
    attention::{Concern, attention},
    figure::{Small, SmallHost, small},
    inventory::Source,
};

use super::{
    everywhere::heard,
    sentence,
    site::{Asked, MOMENT, PATIENCE, SHARE},
};
use crate::{
    backup::{self, Backups},
    cluster::Cluster,
    deploy::Office,
    placed::placed,
};

/// So many clusters are looked at at once: each look goes through all pods of one.
static TURNS: LazyLock<Arc<Semaphore>> = LazyLock::new(|| Arc::new(Semaphore::new(1)));

/// The cards of a page rest for so many times as long as they took.
const REST: u32 = 4;

/// A cluster in small, as it was a moment ago.
#[derive(Clone)]
pub(super) struct Lately {
    small: Arc<Small>,
    pub(super) until: Instant,
}

/// The cards of a page, as they were a moment ago.
pub(super) struct Shown {
    cards: Arc<Vec<Card>>,
    until: Instant,
}

/// Pages of cards by number. Whoever works one out holds it, and all others who want it wait for that.
pub(super) type Pages = Mutex<HashMap<usize, Arc<tokio::sync::Mutex<Option<Shown>>>>>;

/// The cards of the clusters of a page, or of the nearest that there is; `said` are a request's extensions. They are
/// worked out once for all who look. No cluster is waited for: one that was not read yet says so, and begins to be
/// watched when it is its turn.
pub(super) async fn cards(asked: &Asked, number: usize, said: &Extensions) -> (CardPage, Arc<Vec<Card>>) {
    let mut lines = asked.clusters();
    let page = CardPage::of(number, lines.len());
    let slot = asked.0.cards.lock().unwrap_or_else(PoisonError::into_inner).entry(page.number).or_default().clone();
    let mut last = slot.lock().await;
    if let Some(shown) = last.as_ref().filter(|shown| shown.until > Instant::now()) {
        return (page, shown.cards.clone());
    }
    let began = Instant::now();
    let lines = lines.drain(page.range()).collect();
    let cards = Arc::new(of(asked, lines, said).await);
    *last = Some(Shown { cards: cards.clone(), until: Instant::now() + MOMENT.max(began.elapsed() * REST) });
    (page, cards)
}

async fn of(asked: &Asked, lines: Vec<ClusterLine>, said: &Extensions) -> Vec<Card> {
    let office = said.get::<Option<Arc<Office>>>().cloned().flatten();
    let backups = said.get::<Backups>();
    let known: HashMap<_, _> = heard(asked, &lines).0.into_iter().collect();
    let watched: HashMap<_, _> = asked.0.watched_now().into_iter().collect();
    let each = lines.into_iter().map(|line| {
        let known = known.get(&line.name).cloned();
        one(asked.clone(), line, known, office.clone())
    });
    let mut cards = join_all(each).await;
    for card in &mut cards {
        let trouble = watched.get(&card.line.name).and_then(|cluster| cluster.trouble());
        card.trouble = trouble.map(|trouble| sentence(&trouble)).unwrap_or_default();
        // A card has no button, so it is the same for everybody.
        card.kept = backups.map(|backups| backup::kept(backups, &card.line.name, false));
    }
    cards
}

/// A card without its trouble and its backups.
async fn one(asked: Asked, line: ClusterLine, known: Option<Arc<Cluster>>, office: Option<Arc<Office>>) -> Card {
    let told = async {
        match &known {
            Some(cluster) => told(&asked, &line.name, cluster).await,
            None => None,
        }
    };
    let run = async {
        let latest = tokio::time::timeout(PATIENCE, office.as_ref()?.latest(&line.name)).await;
        latest.ok()?.ok()?.into_iter().next()
    };
    let (told, run) = tokio::join!(told, run);
    Card { line, told, trouble: String::new(), run, kept: None }
}

async fn told(asked: &Asked, name: &str, cluster: &Arc<Cluster>) -> Option<CardTold> {
    // It stays watched while its card is looked at.
    drop(asked.0.clusters().get(name).await);
    let small = in_small(asked, name, cluster).await?;
    let concerns = asked.0.attention_in(name, cluster).await;
    let phrase = |phrase: &topology::figure::Phrase| Phrase {
        text: phrase.text.clone(),
        health: phrase.health,
        opens: phrase.opens.clone(),
    };
    let host = |host: &SmallHost| CardHost { name: host.name.to_string(), master: host.master, health: host.health };
    Some(CardTold {
        sentence: small.sentence.iter().map(phrase).collect(),
        hosts: small.hosts.iter().map(host).collect(),
        concerns: concerns.found.len(),
        incidents: concerns.incidents.map(|open| open.len()),
    })
}

/// How a cluster fares, in short.
pub(crate) struct State {
    /// In a sentence.
    pub(crate) sentence: String,
    /// What needs attention, worst first.
    pub(crate) concerns: Arc<Vec<Concern>>,
    /// Whether the cluster tells enough for an empty list to mean that nothing does.
    pub(crate) known: bool,
}

/// How a cluster fares that was asked for by this name, now or at its moment. What many ask about the present is worked
/// out once for all of them.
pub(crate) async fn state(asked: &Asked, name: &str, cluster: &Arc<Cluster>) -> Option<State> {
    let said = |small: &Small| small.sentence.iter().map(|phrase| phrase.text.as_str()).collect();
    if cluster.is_past() {
        let cluster = cluster.clone();
        let work = move || {
            let now = cluster.now();
            cluster.read(|inventory| {
                let told = |source: &Source| inventory.tells_all(*source) && inventory.heard(*source).is_fresh();
                let known = [Source::Nodes, Source::Pods].iter().all(told);
                State { sentence: said(&small(inventory, now)), concerns: Arc::new(attention(inventory, now)), known }
            })
        };
        return placed(&TURNS, work).await;
    }
    let small = in_small(asked, name, cluster).await?;
    let concerns = asked.0.attention_in(name, cluster).await;
    Some(State { sentence: said(&small), concerns: concerns.found, known: concerns.known })
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
