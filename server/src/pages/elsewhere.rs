//! What a search finds besides what is drawn: clusters, plans, deployments and backups, by name.

use app::{
    source::{HitLine, Source},
    texts,
};
use axum::http::Extensions;
use std::sync::Arc;
use topology::find::{fits, held};

use super::site::Asked;
use crate::{backup::Backups, deploy::Office, store::Runs};

/// So many of each kind are told.
const EACH: usize = 4;
/// So many of the newest deployments and backups are looked through.
const NEWEST: u32 = 100;
/// A shorter text is in nearly every name.
pub(super) const SHORTEST: usize = 2;

/// The hits of a text in no cluster's figure; `said` are the request's extensions.
pub(super) async fn elsewhere(asked: &Asked, cluster: &str, text: &str, said: &Extensions) -> Vec<HitLine> {
    let text = text.trim();
    if text.chars().count() < SHORTEST {
        return Vec::new();
    }
    let here = |cluster: &str, path: &str| format!("/c/{}/{path}", scene::segment(cluster));
    let clusters =
        asked.clusters().into_iter().filter(|line| line.name != cluster && scene::is_addressable(&line.name));
    let clusters = clusters.map(|line| {
        let to = here(&line.name, "").trim_end_matches('/').to_owned();
        (line.name.clone(), line.origin, to)
    });
    let mut found = best(texts::FOUND_CLUSTER, text, fits, clusters);
    let plans = asked.plans().into_iter().map(plan);
    found.extend(best(texts::FOUND_PLAN, text, fits, plans));
    if let Some(office) = said.get::<Option<Arc<Office>>>().cloned().flatten() {
        let sought = Runs { cluster: cluster.to_owned(), ..Runs::default() };
        let runs = office.runs(&sought, NEWEST).await.unwrap_or_default().into_iter().map(|run| {
            let to = here(cluster, &format!("deployments/{}", run.id));
            (format!("{} {}", run.kind, run.id), run.state, to)
        });
        found.extend(best(texts::FOUND_DEPLOYMENT, text, held, runs));
    }
    if let Some(backups) = said.get::<Backups>() {
        let all = backups.store().backups(cluster, None, NEWEST).await.unwrap_or_default().into_iter().map(|backup| {
            let to = here(cluster, &format!("backups/{}", backup.id));
            (backup.id, String::new(), to)
        });
        found.extend(best(texts::FOUND_BACKUP, text, held, all));
    }
    found
}

/// So many of each kind are told where all clusters are searched, of so many of the newest.
const EACH_OF_ALL: usize = 8;
const NEWEST_OF_ALL: u32 = 1_000;

/// The hits of a text in no figure, of all clusters: these themselves, and the rest by name.
pub(super) async fn beside_all(asked: &Asked, text: &str, said: &Extensions) -> (Vec<HitLine>, Vec<HitLine>) {
    let names: Vec<String> =
        asked.clusters().into_iter().map(|line| line.name).filter(|name| scene::is_addressable(name)).collect();
    let here = |cluster: &str, path: &str| format!("/c/{}{path}", scene::segment(cluster));
    let clusters = names.iter().map(|name| (name.clone(), String::new(), here(name, "")));
    let clusters = best_of(texts::FOUND_CLUSTER, text, EACH_OF_ALL, fits, clusters);
    let plans = asked.plans().into_iter().map(plan);
    let mut found = best_of(texts::FOUND_PLAN, text, EACH_OF_ALL, fits, plans);
    let known = |cluster: &String| names.contains(cluster);
    if let Some(office) = said.get::<Option<Arc<Office>>>().cloned().flatten() {
        let runs = office.runs(&Runs::default(), NEWEST_OF_ALL).await.unwrap_or_default().into_iter();
        let runs = runs.filter(|run| known(&run.cluster)).map(|run| {
            let to = here(&run.cluster, &format!("/deployments/{}", run.id));
            (format!("{} {}", run.kind, run.id), format!("{} · {}", run.state, run.cluster), to)
        });
        found.extend(best_of(texts::FOUND_DEPLOYMENT, text, EACH_OF_ALL, held, runs));
    }
    if let Some(backups) = said.get::<Backups>() {
        let all = backups.store().newest_backups(NEWEST_OF_ALL).await.unwrap_or_default().into_iter();
        let all = all.filter(|(cluster, _)| known(cluster)).map(|(cluster, id)| {
            let to = here(&cluster, &format!("/backups/{id}"));
            (id, cluster, to)
        });
        found.extend(best_of(texts::FOUND_BACKUP, text, EACH_OF_ALL, held, all));
    }
    (clusters, found)
}

/// A file of a plan. A plan's half is found by its name, and checked alone.
fn plan(name: String) -> (String, String, String) {
    let half = if name.contains("network") { "network" } else { "dha" };
    let to = format!("/plans?{half}={}", scene::encoded(&name));
    (name, String::new(), to)
}

/// The names that fit best by `rank`; each comes with what stands beside it and its address. Many an id holds the
/// letters of a text by chance, so an id is found by a part of it alone.
fn best(
    kind: &str,
    text: &str,
    rank: impl Fn(&str, &str) -> Option<u8>,
    all: impl Iterator<Item = (String, String, String)>,
) -> Vec<HitLine> {
    best_of(kind, text, EACH, rank, all)
}

/// The same, of any number.
fn best_of(
    kind: &str,
    text: &str,
    most: usize,
    rank: impl Fn(&str, &str) -> Option<u8>,
    all: impl Iterator<Item = (String, String, String)>,
) -> Vec<HitLine> {
    let text = text.to_lowercase();
    let mut ranked: Vec<_> = all.filter_map(|line| Some((rank(&line.0.to_lowercase(), &text)?, line))).collect();
    // The newest stand first already, and stay so among equals.
    ranked.sort_by_key(|(rank, _)| *rank);
    let line = |(_, (name, beside, to)): (_, (String, String, String))| HitLine {
        kind: kind.to_owned(),
        name,
        beside,
        opens: String::new(),
        to: Some(to),
    };
    ranked.into_iter().take(most).map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_found_by_a_part_and_not_by_scattered_letters() {
        let line = |name: &str| (name.to_owned(), String::new(), format!("/{name}"));
        let ids = || ["deploy 20261130-130118-0a1b2c3d", "deploy 20261129-080000-ffffffff"].map(line).into_iter();
        let names = |found: Vec<HitLine>| found.into_iter().map(|hit| hit.name).collect::<Vec<_>>();
        assert_eq!(names(best("deployment", "DEPLOY 20261130", held, ids())), ["deploy 20261130-130118-0a1b2c3d"]);
        assert_eq!(names(best("deployment", "abc", held, ids())), Vec::<String>::new());
        let plans = ["network-b.yml", "dha.yml"].map(line).into_iter();
        assert_eq!(names(best("plan", "netb", fits, plans)), ["network-b.yml"]);
    }
}
