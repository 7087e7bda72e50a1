//! Deployments: started, listed, followed, cancelled.

mod parts;

use std::collections::BTreeMap;

use app::source::{PlanText, Source as _};
use axum::{
    Extension, Json,
    body::Body,
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

pub use parts::{
    DeploymentFailure, DeploymentHost, DeploymentPhase, DeploymentProgress, DeploymentRedaction, DeploymentTrouble,
    Evidence, Says,
};

use super::{
    ApiError, Here,
    asked::{Asked, Named, Sent},
    page::Limit,
    words::moment,
};
use crate::{
    access::Who,
    deploy::{self, Office, Order, OrderError, State as RunState},
    store::{RunRow, Runs},
};

/// What is done to a cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A cluster from nothing.
    Deploy,
    /// More workers. Compass's exit status tells nothing of it.
    Expand,
    /// The same hosts again. Compass's exit status tells nothing of it.
    Redeploy,
}

/// A deployment that is wanted: both files of its plan, each as its text or as a name of the list of plans.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = WantedDeployment)]
#[serde(deny_unknown_fields)]
pub struct NewDeployment {
    /// What is done.
    kind: Kind,
    /// The text of the DHA file.
    dha: Option<String>,
    /// The text of network.yml.
    network: Option<String>,
    /// The DHA file's name in the list of plans; the text beats it.
    dha_file: Option<String>,
    /// The name of network.yml in the list of plans; the text beats it.
    network_file: Option<String>,
    /// The cluster's name once more: hosts of the plan are destroyed or reset.
    confirm: String,
    /// Whether the jump host is reinstalled: packages, containers, networks. Usually so.
    first_time: Option<bool>,
    /// The tarball of Compass: `file:///…`, `http://…` or `https://…`.
    tarball: Option<String>,
    /// The jump host's NIC on the installation network.
    install_nic: Option<String>,
    /// Processors of each virtual machine.
    #[schema(minimum = 1, maximum = 128)]
    cpus: Option<u16>,
    /// Memory of each virtual machine, in MB.
    #[schema(minimum = 2048, maximum = 1_048_576)]
    memory: Option<u32>,
    /// Disk of each virtual machine, in GB.
    #[schema(minimum = 20, maximum = 10_000)]
    disk: Option<u32>,
}

/// How far a deployment is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum DeploymentState {
    /// It waits for its jump host.
    Queued,
    /// It goes on.
    Running,
    /// Every witness says that it went well.
    Succeeded,
    /// It did not go well.
    Failed,
    /// deploy.sh ended, and Ansible goes on.
    FailedButRunning,
    /// Somebody ended it.
    Cancelled,
    /// deploy.sh is gone, and Ansible goes on.
    Lost,
    /// Nobody knows.
    Unknown,
}

/// A deployment.
#[derive(Debug, Serialize, ToSchema)]
pub struct Deployment {
    /// Names it.
    pub id: String,
    /// The cluster.
    pub cluster: String,
    /// What is done.
    pub kind: Kind,
    /// How far it is.
    pub state: DeploymentState,
    /// Whether something still goes on.
    pub live: bool,
    /// How it went, in a sentence; null as long as that is not known.
    pub headline: Option<String>,
    /// What that rests on.
    pub evidence: Vec<Evidence>,
    /// What is being waited for; null for nothing.
    pub trouble: Option<String>,
    /// The jump host.
    pub host: String,
    /// Who started it.
    pub who: String,
    /// Who cancelled it.
    pub cancelled_by: Option<String>,
    /// When it was ordered, RFC 3339.
    #[schema(format = DateTime)]
    pub created: String,
    /// When it began, RFC 3339.
    #[schema(format = DateTime)]
    pub started: Option<String>,
    /// When it ended, RFC 3339.
    #[schema(format = DateTime)]
    pub ended: Option<String>,
    /// How much of the log there is, in bytes.
    pub log_size: i64,
    /// The state of its hosts while their systems install, in the plan's order; empty before.
    pub hosts: Vec<DeploymentHost>,
    /// Since when compass-deck does not answer, RFC 3339; null when it does, or is not asked.
    #[schema(format = DateTime)]
    pub deck_silent_since: Option<String>,
    /// What was deployed and with what (`kubernetes`, `etcd`, `ansible`, `kubespray`, `os`, `kernel`, `runtime`; more may
    /// come), each by the versions that were found; empty before its end.
    pub versions: BTreeMap<String, Vec<String>>,
    /// How much of its log was hidden, and by which rules.
    pub redaction: DeploymentRedaction,
}

/// A deployment with what its log tells.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeploymentDetails {
    /// It.
    #[serde(flatten)]
    pub deployment: Deployment,
    /// How far it is, learnt from earlier ones of its kind; null when there were none, or it has ended.
    pub progress: Option<DeploymentProgress>,
    /// Its phases, in the order in which they began.
    pub phases: Vec<DeploymentPhase>,
    /// The first thing that went wrong in Ansible and was not overcome.
    pub first_failure: Option<DeploymentFailure>,
    /// What deploy.sh and Compass's own programs said went wrong, such as `RuntimeError: installation timeout`, in the
    /// order of the log.
    pub troubles: Vec<DeploymentTrouble>,
    /// Lines of the log.
    pub log_lines: u64,
}

/// A part of a list of deployments.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeploymentList {
    /// Newest first.
    pub items: Vec<Deployment>,
    /// Ask for `next` with this for older ones; null at the end.
    pub next: Option<String>,
}

/// What came of an order.
#[derive(Debug, Serialize, ToSchema)]
pub struct Started {
    /// The deployment.
    pub id: String,
    /// Whether the same was ordered before and goes on: then it is that one.
    pub before: bool,
}

/// Which deployments are listed.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Listed {
    /// Only in this state.
    #[param(inline)]
    state: Option<DeploymentState>,
    /// Only of this kind.
    #[param(inline)]
    kind: Option<Kind>,
    /// Only ordered by this one.
    who: Option<String>,
    /// How many, 100 when nothing is said.
    #[param(value_type = Option<u16>, minimum = 1, maximum = 1000)]
    limit: Option<Limit>,
    /// Those behind: what `next` of the page before says.
    #[param(pattern = r"^[0-9]{1,18}\.[0-9A-Za-z-]{1,60}$")]
    next: Option<String>,
}

/// Which part of a log is told.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Part {
    /// From this byte on.
    #[param(minimum = 0)]
    from: Option<u64>,
    /// At most so many bytes; without it all of them.
    #[param(minimum = 0)]
    bytes: Option<u64>,
    /// Whether to wait for what is written later, until the deployment ends.
    follow: Option<bool>,
}

impl Here {
    fn office(&self) -> Result<&std::sync::Arc<Office>, ApiError> {
        self.office.as_ref().ok_or(ApiError::Unset("compass", "deployments need a jump host"))
    }

    fn known_cluster(&self, name: &str) -> Result<(), ApiError> {
        let known = self.asked.clusters().iter().any(|line| line.name == name);
        if known { Ok(()) } else { Err(ApiError::Missing(format!("the cluster {name}"))) }
    }

    async fn row(&self, cluster: &str, id: &str) -> Result<RunRow, ApiError> {
        self.known_cluster(cluster)?;
        let row = self.office()?.run(id).await?.filter(|row| row.cluster == cluster);
        row.ok_or_else(|| ApiError::Missing("a deployment of this id".into()))
    }
}

/// Starts a deployment. It begins when its jump host is free.
#[utoipa::path(post, path = "/api/v1/clusters/{cluster}/deployments", tag = "deployments", request_body = NewDeployment,
    params(("cluster" = String, Path, description = "The cluster's name")),
    responses((status = 202, description = "It is ordered", body = Started)))]
pub(super) async fn start(
    State(here): State<Here>,
    Extension(who): Extension<Who>,
    Named(cluster): Named<String>,
    Sent(new): Sent<NewDeployment>,
) -> Result<Response, ApiError> {
    here.known_cluster(&cluster)?;
    let office = here.office()?.clone();
    let order = order(&here, cluster, new).await?;
    let taken = office.order(&order, &who.name).await.map_err(|error| match error {
        OrderError::Store(error) => error.into(),
        OrderError::Host(error) => {
            ApiError::Unreachable { what: error.to_string(), todo: "Look at the jump host, then order again.".into() }
        }
    })?;
    Ok((StatusCode::ACCEPTED, Json(Started { id: taken.id, before: taken.before })).into_response())
}

async fn order(here: &Here, cluster: String, new: NewDeployment) -> Result<Order, ApiError> {
    if new.confirm != cluster {
        return Err(ApiError::Unusable {
            what: "confirm is not the cluster's name: nothing was started".into(),
            todo: "Hosts of the plan are destroyed or reset. Say the cluster's name once more to confirm that.".into(),
        });
    }
    let usual = deploy::Options::default();
    let options = deploy::Options {
        first_time: new.first_time.unwrap_or(usual.first_time),
        tarball: new.tarball.unwrap_or_default(),
        install_nic: new.install_nic.unwrap_or_default(),
        cpus: new.cpus.unwrap_or(usual.cpus),
        memory: new.memory.unwrap_or(usual.memory),
        disk: new.disk.unwrap_or(usual.disk),
    };
    options.check().map_err(|wrong| ApiError::Unusable { what: wrong.to_string(), todo: String::new() })?;
    let text = |text: Option<String>, file: Option<String>| {
        text.map(PlanText::Pasted).or_else(|| file.map(PlanText::File)).unwrap_or(PlanText::Pasted(String::new()))
    };
    let named =
        |text: &Option<String>, file: &Option<String>| file.clone().filter(|_| text.is_none()).unwrap_or_default();
    let files = [named(&new.dha, &new.dha_file), named(&new.network, &new.network_file)];
    let dha = here.site.plan_bytes(text(new.dha, new.dha_file)).await?;
    let network = here.site.plan_bytes(text(new.network, new.network_file)).await?;
    let plan = deploy::startable_apart(here.office()?.host().release, dha, network).await.map_err(|wrong| {
        let todo = wrong.get(1..).unwrap_or_default().join(" ");
        ApiError::Unusable { what: wrong.first().cloned().unwrap_or_default(), todo }
    })?;
    if new.kind == Kind::Expand {
        let misfits = deploy::misfits(&here.site, here.office()?, &cluster, &plan).await?;
        if !misfits.is_empty() {
            let what = "the plan does not fit the cluster that it expands".to_owned();
            return Err(ApiError::Unusable { what, todo: misfits.join("; ") });
        }
    }
    let kind = match new.kind {
        Kind::Deploy => transcript::Kind::Deploy,
        Kind::Expand => transcript::Kind::Expand,
        Kind::Redeploy => transcript::Kind::Redeploy,
    };
    Ok(Order { cluster, kind, plan, options, files })
}

/// A cluster's deployments, newest first.
#[utoipa::path(get, path = "/api/v1/clusters/{cluster}/deployments", tag = "deployments",
    params(("cluster" = String, Path, description = "The cluster's name"), Listed),
    responses((status = 200, description = "A page of them", body = DeploymentList)))]
pub(super) async fn list(
    State(here): State<Here>,
    Named(cluster): Named<String>,
    Asked(listed): Asked<Listed>,
) -> Result<Json<DeploymentList>, ApiError> {
    here.known_cluster(&cluster)?;
    let before = match listed.next.as_deref() {
        None => None,
        Some(next) => {
            let parts = next.split_once('.').and_then(|(at, id)| Some((at.parse().ok()?, id.to_owned())));
            Some(parts.ok_or_else(|| ApiError::Unclear("next is what an earlier page said".into()))?)
        }
    };
    let limit = listed.limit.unwrap_or(Limit::USUAL).get();
    let sought = Runs {
        cluster,
        state: listed.state.map(word).unwrap_or_default(),
        kind: listed.kind.map(word).unwrap_or_default(),
        who: listed.who.unwrap_or_default(),
        before,
    };
    let Some(office) = &here.office else { return Ok(Json(DeploymentList { items: Vec::new(), next: None })) };
    let rows = office.runs(&sought, u32::from(limit)).await?;
    let next = (rows.len() == usize::from(limit)).then(|| rows.last().map(|row| format!("{}.{}", row.created, row.id)));
    Ok(Json(DeploymentList { items: rows.iter().map(line).collect(), next: next.flatten() }))
}

/// The word that a unit variant is written as.
fn word(variant: impl Serialize) -> String {
    serde_json::to_value(variant).ok().and_then(|word| word.as_str().map(str::to_owned)).unwrap_or_default()
}

/// A deployment, with its verdict and what that rests on, its hosts, phases and versions.
#[utoipa::path(get, path = "/api/v1/clusters/{cluster}/deployments/{id}", tag = "deployments",
    params(("cluster" = String, Path, description = "The cluster's name"), ("id" = String, Path, description = "Names it")),
    responses((status = 200, description = "It", body = DeploymentDetails)))]
pub(super) async fn one(
    State(here): State<Here>,
    Named((cluster, id)): Named<(String, String)>,
) -> Result<Json<DeploymentDetails>, ApiError> {
    let row = here.row(&cluster, &id).await?;
    let office = here.office()?;
    let outline = office.outline(&row.id).await?;
    let learnt = if row.ended.is_none() { office.learnt(&row).await? } else { None };
    let seconds = |milliseconds: i64| (milliseconds / 1_000).max(0);
    Ok(Json(DeploymentDetails {
        deployment: line(&row),
        progress: learnt.map(|learnt| DeploymentProgress {
            percent: learnt.percent,
            least_seconds: seconds(learnt.left.0),
            most_seconds: seconds(learnt.left.1),
            runs: learnt.runs,
        }),
        phases: outline
            .phases
            .iter()
            .map(|mark| DeploymentPhase { phase: word(mark.phase), began: moment(mark.heard), line: mark.line + 1 })
            .collect(),
        first_failure: outline.first_failure().map(|failure| DeploymentFailure {
            task: failure.name,
            host: failure.host,
            message: failure.message,
            line: failure.line + 1,
        }),
        troubles: outline
            .troubles
            .iter()
            .map(|trouble| DeploymentTrouble {
                phase: trouble.phase.map(word),
                message: trouble.text.clone(),
                ends: trouble.ends,
                line: trouble.line + 1,
            })
            .collect(),
        log_lines: outline.lines,
    }))
}

/// A deployment's log, without secrets, or some bytes of it; also while it grows.
#[utoipa::path(get, path = "/api/v1/clusters/{cluster}/deployments/{id}/log", tag = "deployments",
    params(("cluster" = String, Path, description = "The cluster's name"), ("id" = String, Path, description = "Names it"), Part),
    responses((status = 200, description = "The log", content_type = "text/plain; charset=utf-8", body = String)))]
pub(super) async fn log(
    State(here): State<Here>,
    Named((cluster, id)): Named<(String, String)>,
    Asked(part): Asked<Part>,
) -> Result<Response, ApiError> {
    let row = here.row(&cluster, &id).await?;
    let office = here.office()?.clone();
    if office.is_withheld(&row.id).await? {
        return Err(ApiError::Unreachable {
            what: "an earlier version redacted this log by fewer rules; it is withheld until it is redacted anew"
                .into(),
            todo: "Ask again in a moment.".into(),
        });
    }
    let from = part.from.unwrap_or(0);
    let wanted = from..part.bytes.map_or(u64::MAX, |bytes| from.saturating_add(bytes));
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    let body = if part.follow == Some(true) {
        Body::from_stream(deploy::growing(office, row.id, wanted))
    } else {
        Body::from_stream(deploy::whole(office, row.id, wanted))
    };
    Ok((headers, body).into_response())
}

/// Cancels a deployment: deploy.sh, what it started, and the Ansible in the tasks container are ended. Hosts that
/// install their systems go on.
#[utoipa::path(post, path = "/api/v1/clusters/{cluster}/deployments/{id}/cancel", tag = "deployments",
    params(("cluster" = String, Path, description = "The cluster's name"), ("id" = String, Path, description = "Names it")),
    responses((status = 202, description = "It is being cancelled, or was before", body = Deployment)))]
pub(super) async fn cancel(
    State(here): State<Here>,
    Extension(who): Extension<Who>,
    Named((cluster, id)): Named<(String, String)>,
) -> Result<Response, ApiError> {
    let row = here.row(&cluster, &id).await?;
    if !RunState::from_word(&row.state).is_live() {
        return Err(ApiError::Unusable { what: "it has ended already".into(), todo: String::new() });
    }
    here.office()?.cancel(&row.id, &who.name).await?;
    Ok((StatusCode::ACCEPTED, Json(line(&here.row(&cluster, &id).await?))).into_response())
}

fn line(row: &RunRow) -> Deployment {
    let judgement: Option<transcript::Judgement> =
        row.judgement.as_deref().and_then(|text| serde_json::from_str(text).ok());
    let evidence = judgement.iter().flat_map(|judgement| &judgement.proofs).map(|proof| Evidence {
        witness: word(proof.witness),
        says: match proof.says {
            transcript::Says::Yes => Says::Yes,
            transcript::Says::No => Says::No,
            transcript::Says::Nothing => Says::Nothing,
        },
        text: proof.text.clone(),
    });
    let state = RunState::from_word(&row.state);
    let seen = deploy::Seen::of(&row.seen);
    Deployment {
        id: row.id.clone(),
        cluster: row.cluster.clone(),
        kind: match deploy::kind_from(&row.kind) {
            Some(transcript::Kind::Expand) => Kind::Expand,
            Some(transcript::Kind::Redeploy) => Kind::Redeploy,
            _ => Kind::Deploy,
        },
        state: match state {
            RunState::Queued => DeploymentState::Queued,
            RunState::Running => DeploymentState::Running,
            RunState::Succeeded => DeploymentState::Succeeded,
            RunState::Failed => DeploymentState::Failed,
            RunState::FailedButRunning => DeploymentState::FailedButRunning,
            RunState::Cancelled => DeploymentState::Cancelled,
            RunState::Lost => DeploymentState::Lost,
            RunState::Unknown => DeploymentState::Unknown,
        },
        live: state.is_live(),
        evidence: evidence.collect(),
        headline: judgement.map(|judgement| judgement.headline),
        trouble: Some(row.trouble.clone()).filter(|trouble| !trouble.is_empty()),
        host: row.host.clone(),
        who: row.who.clone(),
        cancelled_by: row.cancelled_by.clone(),
        created: moment(row.created),
        started: row.started.map(moment),
        ended: row.ended.map(moment),
        log_size: row.size,
        hosts: seen.hosts.into_iter().map(host).collect(),
        deck_silent_since: seen.silent.map(moment),
        versions: deploy::versions(row),
        redaction: redaction(row),
    }
}

fn redaction(row: &RunRow) -> DeploymentRedaction {
    let counts = deploy::counts(row);
    DeploymentRedaction {
        places: counts.total(),
        by_rule: counts.each().map(|(rule, count)| (word(rule), count)).collect(),
        rules: row.rules,
        redacted_anew: row.redacted.map(moment),
        withheld: row.rules < i64::from(transcript::RULES),
    }
}

fn host(host: deploy::Host) -> DeploymentHost {
    let system = host.system.unwrap_or_default();
    DeploymentHost {
        name: host.name,
        address: host.address,
        system: system.state,
        percent: system.percent,
        message: Some(system.message).filter(|message| !message.is_empty()),
        answers: host.answers,
        since: host.since.map(moment),
    }
}
