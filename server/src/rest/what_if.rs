//! The loss of hosts, worked out and not done.

use axum::{
    Json,
    extract::{RawQuery, State},
};
use serde::Serialize;
use utoipa::ToSchema;
use whatif::{
    Loss, Verdict,
    answer::{self, Part},
};

use super::{ApiError, Here, asked::Named};
use crate::losses;

/// What becomes of a cluster when hosts are lost, removed, drained, cordoned or added.
#[derive(Debug, Serialize, ToSchema)]
pub struct WhatIf {
    /// The question in words, as in `host5 is lost`.
    pub asked: String,
    /// `unnoticed`, `interrupted`, `unknown`, `at-risk` or `damaged`.
    pub outcome: String,
    /// Whether nothing is noticed.
    pub survives: bool,
    /// The answer in one sentence.
    pub sentence: String,
    /// Parts of the cluster, worst first.
    pub parts: Vec<PartOf>,
    /// What happens when.
    pub course: Vec<LossMoment>,
    /// Hosts that may take pods, by one placement that every rule allows.
    pub returns: Vec<Taken>,
    /// Steps that would help.
    pub helps: Vec<String>,
}

/// A part and what becomes of it.
#[derive(Debug, Serialize, ToSchema)]
pub struct PartOf {
    /// What it is, as in `service`. More kinds may come.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// `certain`, `impossible`, `depends` or `unknown`.
    pub verdict: String,
    /// At least so many of it come back, where the order decides.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<u32>,
    /// At most so many.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<u32>,
    /// How many pods, members or endpoints it is about.
    pub count: u32,
    /// In a few words.
    pub short: String,
    /// Why.
    pub why: String,
    /// Seconds until it is as before; none where it stays down or cannot be told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<u32>,
    /// Why hosts do not take it.
    pub refusals: Vec<Refused>,
}

/// Hosts that do not take a pod for one reason.
#[derive(Debug, Serialize, ToSchema)]
pub struct Refused {
    /// The reason.
    pub why: String,
    /// The hosts.
    pub hosts: Vec<String>,
}

/// Something that happens.
#[derive(Debug, Serialize, ToSchema)]
pub struct LossMoment {
    /// Seconds after the loss; none for what never happens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<u32>,
    /// In a phrase.
    pub what: String,
}

/// Pods that a host may take.
#[derive(Debug, Serialize, ToSchema)]
pub struct Taken {
    /// The host.
    pub host: String,
    /// How many.
    pub pods: u32,
}

/// The loss of every single host, and of every pair of masters, worst first.
#[derive(Debug, Serialize, ToSchema)]
pub struct Losses {
    /// Whether they were worked out; when not, ask again in a moment.
    pub known: bool,
    /// Each host.
    pub items: Vec<OneLoss>,
    /// Each pair of masters.
    pub pairs: Vec<OneLoss>,
}

/// A loss in short.
#[derive(Debug, Serialize, ToSchema)]
pub struct OneLoss {
    /// The hosts.
    pub hosts: Vec<String>,
    /// `unnoticed`, `interrupted`, `unknown`, `at-risk` or `damaged`.
    pub outcome: String,
    /// In one sentence.
    pub sentence: String,
}

/// The answer to a question about hosts, from the cluster as it is now. Nothing is changed.
#[utoipa::path(get, path = "/api/v1/clusters/{cluster}/what-if", tag = "clusters",
    params(
        ("cluster" = String, Path, description = "The cluster's name"),
        ("lose" = Option<Vec<String>>, Query, description = "Hosts whose machine is off"),
        ("remove" = Option<Vec<String>>, Query, description = "Hosts whose machine is off and whose Node object is deleted"),
        ("drain" = Option<Vec<String>>, Query, description = "Hosts that are drained"),
        ("cordon" = Option<Vec<String>>, Query, description = "Hosts that take no new pods"),
        ("add" = Option<Vec<String>>, Query, description = "Hosts of which there is one more")),
    responses((status = 200, description = "The answer", body = WhatIf)))]
pub(super) async fn one(
    State(here): State<Here>,
    Named(cluster): Named<String>,
    RawQuery(raw): RawQuery,
) -> Result<Json<WhatIf>, ApiError> {
    let found = here.site.cluster(&cluster).await?;
    let raw = raw.unwrap_or_default();
    let pairs: Vec<(String, String)> = form_urlencoded::parse(raw.as_bytes()).into_owned().collect();
    let answer = losses::ask(&found, &pairs).await;
    let answer = answer.map_err(|mistake| ApiError::Unclear(scene::readable(&mistake.to_string())))?;
    Ok(Json(WhatIf {
        outcome: answer.outcome.word().into(),
        survives: answer.outcome == answer::Outcome::Unnoticed,
        parts: answer.parts.into_iter().map(part).collect(),
        course: answer.course.into_iter().map(|event| LossMoment { after: event.after, what: event.what }).collect(),
        returns: answer.returns.into_iter().map(|seat| Taken { host: seat.host, pods: seat.pods }).collect(),
        asked: answer.asked,
        sentence: answer.sentence,
        helps: answer.helps,
    }))
}

/// The standing answers: the loss of each host and of each pair of masters.
#[utoipa::path(get, path = "/api/v1/clusters/{cluster}/losses", tag = "clusters",
    params(("cluster" = String, Path, description = "The cluster's name")),
    responses((status = 200, description = "The losses, worst first", body = Losses)))]
pub(super) async fn all(State(here): State<Here>, Named(cluster): Named<String>) -> Result<Json<Losses>, ApiError> {
    let found = here.site.cluster(&cluster).await?;
    let standing = here.site.losses().of(&cluster, &found).await;
    let lines = |losses: &[Loss]| {
        let one = |loss: &Loss| OneLoss {
            hosts: loss.hosts.iter().map(ToString::to_string).collect(),
            outcome: loss.outcome.word().into(),
            sentence: loss.sentence.clone(),
        };
        losses.iter().map(one).collect()
    };
    Ok(Json(match standing {
        Some(standing) => Losses { known: true, items: lines(&standing.single), pairs: lines(&standing.pairs) },
        None => Losses { known: false, items: Vec::new(), pairs: Vec::new() },
    }))
}

fn part(part: Part) -> PartOf {
    let (from, to) = match part.verdict {
        Verdict::Depends { from, to, .. } => (Some(from), Some(to)),
        _ => (None, None),
    };
    PartOf {
        kind: part.about.word().into(),
        name: part.name,
        verdict: part.verdict.word().into(),
        from,
        to,
        count: part.count,
        short: part.short,
        why: part.why,
        after: part.after,
        refusals: part.refusals.into_iter().map(|one| Refused { why: one.why, hosts: one.hosts }).collect(),
    }
}
