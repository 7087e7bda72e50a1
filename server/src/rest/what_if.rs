//! The loss of hosts, worked out and not done.

use axum::{
    Json,
    extract::{RawQuery, State},
};
use serde::Serialize;
use topology::graph::{Goal, SinglePoint};
use utoipa::ToSchema;
use whatif::{
    Answer, Loss, Verdict,
    answer::{About, Outcome, Part},
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
    /// Single points of failure among the hosts that go.
    pub single_points: Vec<OnePoint>,
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
    /// Hosts that everything passes on its way to a service, the API or etcd.
    pub single_points: Vec<OnePoint>,
}

/// A host that everything passes on its way to something: a single point of failure.
#[derive(Debug, Serialize, ToSchema)]
pub struct OnePoint {
    /// The host.
    pub host: String,
    /// The kind of goal: `service`, `API` or `etcd`. More kinds may come.
    pub kind: String,
    /// The service, as in `ims/hss`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// In one sentence.
    pub sentence: String,
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

/// The order in which all hosts can be drained for an upgrade.
#[derive(Debug, Serialize, ToSchema)]
pub struct DrainOrder {
    /// In one sentence.
    pub sentence: String,
    /// Whether all hosts can be drained so; none where a missing fact decides.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub whole: Option<bool>,
    /// Hosts that can be drained together, wave after wave.
    pub waves: Vec<DrainWave>,
    /// Hosts that cannot be drained so.
    pub stuck: Vec<StuckHost>,
    /// How much more room one host would need; none where room is not lacking.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub missing: Option<MissingRoom>,
    /// Flags that `kubectl drain` needs.
    pub flags: Vec<String>,
}

/// Hosts that can be drained together.
#[derive(Debug, Serialize, ToSchema)]
pub struct DrainWave {
    /// The hosts.
    pub hosts: Vec<String>,
    /// How many pods are evicted.
    pub pods: u32,
    /// Hosts that take these, by one placement that every rule allows.
    pub takes: Vec<Taken>,
    /// Budgets that let their pods go only one after another.
    pub slow: Vec<String>,
    /// Services whose only endpoint is evicted.
    pub interrupted: Vec<String>,
}

/// A host that cannot be drained without harm.
#[derive(Debug, Serialize, ToSchema)]
pub struct StuckHost {
    /// The host.
    pub host: String,
    /// Whether a missing fact decides.
    pub unknown: bool,
    /// Why.
    pub why: Vec<String>,
}

/// Room that is missing.
#[derive(Debug, Serialize, ToSchema)]
pub struct MissingRoom {
    /// Processors, in thousandths.
    pub cpu_millicores: u64,
    /// Memory.
    pub memory_bytes: u64,
    /// Pods.
    pub pods: u64,
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
    Ok(Json(answer.into()))
}

/// The standing answers: the loss of each host and of each pair of masters.
#[utoipa::path(get, path = "/api/v1/clusters/{cluster}/losses", tag = "clusters",
    params(("cluster" = String, Path, description = "The cluster's name")),
    responses((status = 200, description = "The losses, worst first", body = Losses)))]
pub(super) async fn all(State(here): State<Here>, Named(cluster): Named<String>) -> Result<Json<Losses>, ApiError> {
    let found = here.site.cluster(&cluster).await?;
    let losses = here.site.losses().of(&cluster, &found).await;
    Ok(Json(losses.map_or_else(
        || Losses { known: false, items: Vec::new(), pairs: Vec::new(), single_points: Vec::new() },
        |all| (&*all).into(),
    )))
}

/// The order in which all hosts can be drained for an upgrade: in waves that no budget blocks and no service with two
/// endpoints notices.
#[utoipa::path(get, path = "/api/v1/clusters/{cluster}/drain-order", tag = "clusters",
    params(("cluster" = String, Path, description = "The cluster's name")),
    responses((status = 200, description = "The waves, and hosts that cannot be drained so", body = DrainOrder)))]
pub(super) async fn order(
    State(here): State<Here>,
    Named(cluster): Named<String>,
) -> Result<Json<DrainOrder>, ApiError> {
    let found = here.site.cluster(&cluster).await?;
    let order = here.site.losses().order(&cluster, &found).await;
    let order = order.map_err(|mistake| ApiError::Unclear(scene::readable(&mistake.to_string())))?;
    Ok(Json((&*order).into()))
}

impl From<Answer> for WhatIf {
    fn from(answer: Answer) -> Self {
        Self {
            outcome: answer.outcome.word().into(),
            survives: answer.outcome == Outcome::Unnoticed,
            parts: answer.parts.into_iter().map(part).collect(),
            course: answer
                .course
                .into_iter()
                .map(|event| LossMoment { after: event.after, what: event.what })
                .collect(),
            returns: answer.returns.into_iter().map(|seat| Taken { host: seat.host, pods: seat.pods }).collect(),
            single_points: answer.points.iter().map(OnePoint::from).collect(),
            asked: answer.asked,
            sentence: answer.sentence,
            helps: answer.helps,
        }
    }
}

impl From<&SinglePoint> for OnePoint {
    fn from(point: &SinglePoint) -> Self {
        let (kind, service) = match &point.goal {
            Goal::Api => (About::Api, None),
            Goal::Etcd(_) => (About::Etcd, None),
            Goal::Service(key) => (About::Service, Some(key.to_string())),
        };
        Self { host: point.host.to_string(), kind: kind.word().into(), service, sentence: point.to_string() }
    }
}

impl From<&whatif::Losses> for Losses {
    fn from(losses: &whatif::Losses) -> Self {
        let one = |loss: &Loss| OneLoss {
            hosts: loss.hosts.iter().map(ToString::to_string).collect(),
            outcome: loss.outcome.word().into(),
            sentence: loss.sentence.clone(),
        };
        Self {
            known: true,
            items: losses.single.iter().map(one).collect(),
            pairs: losses.pairs.iter().map(one).collect(),
            single_points: losses.points.iter().map(OnePoint::from).collect(),
        }
    }
}

impl From<&whatif::DrainOrder> for DrainOrder {
    fn from(order: &whatif::DrainOrder) -> Self {
        let keys = |keys: &[topology::inventory::Key]| keys.iter().map(ToString::to_string).collect();
        let wave = |wave: &whatif::Wave| DrainWave {
            hosts: wave.hosts.iter().map(ToString::to_string).collect(),
            pods: wave.pods,
            takes: wave.takes.iter().map(|seat| Taken { host: seat.host.clone(), pods: seat.pods }).collect(),
            slow: keys(&wave.slow),
            interrupted: keys(&wave.interrupted),
        };
        let stuck = |stuck: &whatif::Stuck| StuckHost {
            host: stuck.host.to_string(),
            unknown: stuck.unknown,
            why: stuck.why.clone(),
        };
        Self {
            sentence: order.sentence(),
            whole: order.is_whole(),
            flags: order.flags.iter().map(ToString::to_string).collect(),
            missing: order.missing.as_ref().map(|lacks| MissingRoom {
                cpu_millicores: lacks.cpu,
                memory_bytes: lacks.memory,
                pods: lacks.pods,
            }),
            waves: order.waves.iter().map(wave).collect(),
            stuck: order.stuck.iter().map(stuck).collect(),
        }
    }
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
