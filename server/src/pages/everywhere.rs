//! A search over all clusters: bounded, and without a wait for any of them.
//!
//! A cluster that was never heard is not searched, and named. One that is out of reach is searched as it was last seen.

use std::{
    sync::{Arc, LazyLock},
    time::{Duration, Instant},
};

use app::{
    source::{ClusterLine, Found, HitLine, Source as _},
    texts,
};
use axum::http::Extensions;
use tokio::sync::Semaphore;
use topology::find::{Fit, Hit, find_as};

use super::{
    elsewhere::{SHORTEST, beside_all},
    site::{Asked, where_found},
};
use crate::{cluster::Cluster, placed::placed};

/// So many hits are listed. With so many, no further cluster is looked through.
const MOST: usize = 40;
/// A search takes so long on one processor at most, whatever it has found.
const LONGEST: Duration = Duration::from_millis(700);
/// So many searches work at once.
static TURNS: LazyLock<Arc<Semaphore>> = LazyLock::new(|| Arc::new(Semaphore::new(2)));
/// So many clusters are named that were not searched, and so many begin to be watched at once.
const NAMED: usize = 5;

/// What a text finds in all clusters; `said` are the request's extensions.
pub(super) async fn everywhere(asked: &Asked, text: &str, said: &Extensions) -> Found {
    let text = text.trim();
    let mut found = Found { text: text.to_owned(), ..Found::default() };
    if text.chars().count() < SHORTEST {
        found.notes.extend((!text.is_empty()).then(|| texts::TOO_SHORT.to_owned()));
        return found;
    }
    let (known, silent) = heard(asked, &asked.clusters());
    let (clusters, others) = beside_all(asked, text, said).await;
    let of = known.len();
    let (sought, letters) = (text.to_owned(), clusters.is_empty() && others.is_empty());
    let looked =
        placed(&TURNS, move || look(&known, &sought, letters, Instant::now() + LONGEST)).await.unwrap_or_default();
    found.others = clusters.len() + others.len();
    (found.nodes, found.services, found.pods) = (looked.nodes, looked.services, looked.pods);
    found.stopped = looked.clusters < of;
    if found.stopped {
        found.notes.push(texts::looked_through(looked.clusters, of));
    }
    if !silent.is_empty() {
        let some: Vec<&str> = silent.iter().take(NAMED).map(String::as_str).collect();
        found.notes.push(texts::not_searched(&some, silent.len() - some.len()));
    }
    found.lines = clusters.into_iter().chain(looked.lines).chain(others).collect();
    found
}

/// Those of some clusters of which something is known, and the names of the others, a few of which begin to be watched.
pub(super) fn heard(asked: &Asked, some: &[ClusterLine]) -> (Vec<(String, Arc<Cluster>)>, Vec<String>) {
    let watched: std::collections::BTreeMap<String, Arc<Cluster>> = asked.0.watched_now().into_iter().collect();
    let (mut known, mut silent) = (Vec::new(), Vec::new());
    for name in some.iter().map(|line| line.name.clone()).filter(|name| scene::is_addressable(name)) {
        match watched.get(&name) {
            Some(cluster) if cluster.read(|inventory| inventory.version().is_some()) => {
                known.push((name, cluster.clone()));
            }
            _ => silent.push(name),
        }
    }
    // Each has its turn: some may be out of reach for good.
    let unwatched: Vec<&String> = silent.iter().filter(|name| !watched.contains_key(*name)).collect();
    if let Some(from) = asked.0.may_begin(NAMED) {
        let from = from.checked_rem(unwatched.len()).unwrap_or_default();
        for name in unwatched.iter().cycle().skip(from).take(NAMED.min(unwatched.len())) {
            let (clusters, name) = (asked.0.clusters(), (*name).clone());
            tokio::spawn(async move { drop(clusters.get(&name).await) });
        }
    }
    (known, silent)
}

/// What was found in clusters.
#[derive(Debug, Default)]
struct Looked {
    lines: Vec<HitLine>,
    nodes: usize,
    services: usize,
    pods: usize,
    /// How many clusters were looked through, by each way to fit that was tried.
    clusters: usize,
}

impl Looked {
    const fn total(&self) -> usize {
        self.nodes + self.services + self.pods
    }
}

/// Names that hold the text; where no cluster has one, and `letters` may do, names with its letters.
fn look(clusters: &[(String, Arc<Cluster>)], text: &str, letters: bool, until: Instant) -> Looked {
    let whole = look_as(clusters, text, until, Fit::Part);
    if !letters || whole.total() > 0 || whole.clusters < clusters.len() {
        return whole;
    }
    look_as(clusters, text, until, Fit::Letters)
}

fn look_as(clusters: &[(String, Arc<Cluster>)], text: &str, until: Instant, fit: Fit) -> Looked {
    let mut looked = Looked::default();
    let mut hits: Vec<(&str, bool, Hit)> = Vec::new();
    for (name, cluster) in clusters {
        if hits.len() >= MOST || Instant::now() >= until {
            break;
        }
        let away = cluster.trouble().is_some();
        let found = cluster.read(|inventory| find_as(inventory, text, MOST, fit));
        looked.nodes += found.nodes;
        looked.services += found.services;
        looked.pods += found.pods;
        looked.clusters += 1;
        hits.extend(found.hits.into_iter().map(|hit| (name.as_str(), away, hit)));
    }
    // Clusters stay in their order among equals.
    hits.sort_by_key(|(_, _, hit)| (hit.rank, hit.kind));
    looked.lines = hits.into_iter().take(MOST).map(|(cluster, away, hit)| line(cluster, away, &hit)).collect();
    looked
}

fn line(cluster: &str, away: bool, hit: &Hit) -> HitLine {
    let parts = [where_found(hit), cluster.to_owned(), if away { texts::NO_ANSWER.to_owned() } else { String::new() }];
    let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    HitLine {
        kind: hit.kind.word().into(),
        name: hit.key.name.to_string(),
        beside: parts.join(" · "),
        opens: hit.opens(),
        to: Some(format!("/c/{}?sel={}", scene::segment(cluster), scene::encoded(&hit.opens()))),
    }
}

#[cfg(test)]
mod tests {
    use topology::{
        Change, Inventory, Stamp,
        inventory::{Fact, Key, Labels, Service},
    };

    use super::*;

    fn cluster(name: &str, services: usize, of: &str) -> (String, Arc<Cluster>) {
        let mut inventory = Inventory::default();
        for n in 0..services {
            let key = Key::new("shop", format!("{of}-{n}"));
            inventory.apply(Change::Put(Fact::Service(service(key))));
        }
        (name.to_owned(), Arc::new(Cluster::past(name, inventory, Stamp(0))))
    }

    fn service(key: Key) -> Service {
        Service {
            key,
            kind: "ClusterIP".into(),
            cluster_ips: Vec::new(),
            external_ips: Vec::new(),
            balancer_ips: Vec::new(),
            local: false,
            ports: Vec::new(),
            selects: false,
            selector: Labels::default(),
            external_name: "".into(),
        }
    }

    fn later() -> Instant {
        Instant::now() + Duration::from_secs(600)
    }

    #[tokio::test]
    async fn a_name_is_found_in_every_cluster_and_told_with_it() {
        let clusters = [cluster("north", 1, "cart"), cluster("south", 1, "cart"), cluster("west", 9, "till")];
        let looked = look(&clusters, "cart", true, later());
        let told: Vec<(String, String)> = looked.lines.into_iter().map(|hit| (hit.name, hit.beside)).collect();
        let hit = |cluster: &str| ("cart-0".to_owned(), format!("shop · {cluster}"));
        assert_eq!(told, [hit("north"), hit("south")]);
        assert_eq!((looked.services, looked.clusters), (2, 3));
    }

    #[tokio::test]
    async fn letters_count_only_where_no_cluster_has_the_text() {
        let clusters = [cluster("north", 1, "c-a-r-t"), cluster("south", 1, "cart")];
        assert_eq!(look(&clusters, "cart", true, later()).services, 1, "the text itself");
        assert_eq!(look(&clusters[..1], "cart", true, later()).services, 1, "its letters");
    }

    #[tokio::test]
    async fn it_stops_when_it_has_enough_or_its_time_is_over() {
        let clusters = [cluster("north", 100, "cart"), cluster("south", 100, "cart")];
        let enough = look(&clusters, "cart", true, later());
        assert_eq!((enough.clusters, enough.lines.len(), enough.services), (1, MOST, 100));
        let over = look(&clusters, "nothing", true, Instant::now());
        assert_eq!((over.clusters, over.lines.len()), (0, 0));
    }
}
