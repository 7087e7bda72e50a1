//! The page that breaks the demonstration, and mends it. It is there for the built-in cluster alone.

use std::{sync::Arc, time::Duration};

use app::{
    pages::{self, Breaking, BrokenLine, Tab},
    source::{Source, Trouble, View},
    texts::demo as words,
};
use axum::{
    Extension, Router,
    extract::{Form, Path, RawQuery, Request, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use serde::Deserialize;
use simulator::Damage;

use super::{Demonstration, tour};
use crate::{
    access::{Acts, Needs, Role, Row, Who},
    pages::{Asked, Bodyless, Query, Site, opened, render, troubled},
};

/// What these pages need.
pub const ROUTES: &[Row] = &[
    Row::get("/tour", Needs::Role(Role::Viewer)),
    Row::get("/c/{cluster}/break", Needs::Role(Role::Viewer)),
    Row::post("/c/{cluster}/break", Needs::Role(Role::Operator), Acts::As("demo.break")),
];

/// A page without script is drawn when the cluster has heard of the fault, or after this time.
const PATIENCE: Duration = Duration::from_millis(800);

#[derive(Clone)]
pub(super) struct Here {
    asked: Asked,
    pub(super) demonstration: Option<Demonstration>,
}

/// The pages; without a demonstration there are none.
pub fn router(site: Arc<Site>, demonstration: Option<Demonstration>) -> Router {
    Router::new()
        .route("/tour", get(tour::lead))
        .route("/c/{cluster}/break", get(page).post(act))
        .with_state(Here { asked: Asked::of(site), demonstration })
}

impl Here {
    fn of(&self, cluster: &str) -> Option<&Demonstration> {
        self.demonstration.as_ref().filter(|it| it.name == cluster)
    }

    async fn nowhere(&self, request: Request) -> Response {
        let frame = crate::pages::bare("Not found", &self.asked);
        render(StatusCode::NOT_FOUND, frame, request, pages::not_found).await
    }
}

async fn page(
    State(here): State<Here>,
    Path(cluster): Path<String>,
    raw: RawQuery,
    Extension(who): Extension<Who>,
    request: Request,
) -> Response {
    let Some(demonstration) = here.of(&cluster) else { return here.nowhere(request).await };
    let mut query = Query::of(raw);
    query.view = View::default();
    let page = match here.asked.figure(&cluster, &query.view).await {
        Ok(page) => page,
        Err(trouble) => return troubled(&here.asked, trouble, request).await,
    };
    let selected = match &query.selection {
        Some(selection) => Some((selection.clone(), here.asked.facts(&cluster, selection).await)),
        None => None,
    };
    let breaking = breaking(demonstration, who.may(Role::Operator)).await;
    let mut frame = opened(&here.asked, &cluster, Tab::Architecture, &query);
    frame.title = format!("{} · {cluster}", words::BREAK);
    let live = frame.assets.script.is_some();
    let content = move || pages::breaking(&cluster, query.theme, &page, selected.clone(), &breaking, live);
    render(StatusCode::OK, frame, request, content).await
}

async fn breaking(demonstration: &Demonstration, acts: bool) -> Breaking {
    let simulator = &demonstration.simulator;
    let whole = |(namespace, name): (String, String)| format!("{namespace}/{name}");
    let mut broken: Vec<BrokenLine> = simulator.damages().into_iter().map(line).collect();
    let (members, killed) = demonstration.etcd.as_ref().map(|etcd| (etcd.members(), etcd.killed())).unwrap_or_default();
    broken.extend(killed.into_iter().map(|of| BrokenLine { fault: words::ETCD, of }));
    Breaking {
        hosts: simulator.hosts(),
        workloads: simulator.workloads().into_iter().map(whole).collect(),
        deployments: simulator.deployments().into_iter().map(whole).collect(),
        members,
        broken,
        acts,
    }
}

fn line(damage: Damage) -> BrokenLine {
    match damage {
        Damage::KubeletStopped { host } => BrokenLine { fault: words::KUBELET, of: host },
        Damage::NetworkCut { host } => BrokenLine { fault: words::NETWORK, of: host },
        Damage::HostFull { host } => BrokenLine { fault: words::FULL, of: host },
        Damage::Crashing { namespace, name } => BrokenLine { fault: words::CRASH, of: format!("{namespace}/{name}") },
    }
}

/// The damage that a form means.
fn damage(fault: &str, of: &str) -> Option<Damage> {
    const KUBELET: &str = words::KUBELET.word;
    const NETWORK: &str = words::NETWORK.word;
    const FULL: &str = words::FULL.word;
    const CRASH: &str = words::CRASH.word;
    let host = of.to_owned();
    match fault {
        KUBELET => Some(Damage::KubeletStopped { host }),
        NETWORK => Some(Damage::NetworkCut { host }),
        FULL => Some(Damage::HostFull { host }),
        CRASH => {
            let (namespace, name) = of.split_once('/')?;
            Some(Damage::Crashing { namespace: namespace.into(), name: name.into() })
        }
        _ => None,
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Act {
    act: String,
    fault: String,
    of: String,
}

async fn act(
    State(here): State<Here>,
    Path(cluster): Path<String>,
    Bodyless(request): Bodyless,
    Form(act): Form<Act>,
) -> Response {
    let Some(demonstration) = here.of(&cluster) else { return here.nowhere(request).await };
    let before = demonstration.simulator.version();
    let done = match act.act.as_str() {
        "break" => demonstration.break_it(&act.fault, &act.of),
        "mend" => demonstration.mend(&act.fault, &act.of),
        "mend-all" => {
            demonstration.mend_all();
            true
        }
        _ => false,
    };
    if !done {
        let trouble = Trouble::Unusable { what: words::NO_SUCH.into(), todo: words::NO_SUCH_TODO.into() };
        return troubled(&here.asked, trouble, request).await;
    }
    // The page that follows shows what came of it, also where no script renews it.
    let seen = async {
        while demonstration.simulator.version() == before {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        tokio::time::sleep(PATIENCE / 4).await;
    };
    let _ = tokio::time::timeout(PATIENCE, seen).await;
    Redirect::to(&format!("/c/{}/break", scene::segment(&cluster))).into_response()
}

impl Demonstration {
    /// Brings a fault about; false when there is no such fault, host, workload or member.
    fn break_it(&self, fault: &str, of: &str) -> bool {
        if fault == words::ROLL_OUT.word {
            return of.split_once('/').is_some_and(|(namespace, name)| self.simulator.roll_out(namespace, name));
        }
        if fault == words::ETCD.word {
            return self.etcd.as_ref().is_some_and(|etcd| etcd.kill(of));
        }
        let Some(damage) = damage(fault, of) else { return false };
        if !self.simulator.damage(damage.clone()) {
            return false;
        }
        if let (Damage::NetworkCut { host }, Some(etcd)) = (damage, &self.etcd) {
            etcd.cut(&host);
        }
        true
    }

    fn mend(&self, fault: &str, of: &str) -> bool {
        if fault == words::ETCD.word {
            return self.etcd.as_ref().is_some_and(|etcd| etcd.restart(of));
        }
        let Some(damage) = damage(fault, of) else { return false };
        self.simulator.mend(&damage);
        if let (Damage::NetworkCut { host }, Some(etcd)) = (damage, &self.etcd) {
            etcd.join(&host);
        }
        true
    }

    /// Mends everything. The member of a host that a deployment tore down comes back with its host alone.
    pub(super) fn mend_all(&self) {
        let damages = self.simulator.damages();
        self.simulator.mend_all();
        let Some(etcd) = &self.etcd else { return };
        for member in etcd.killed() {
            etcd.restart(&member);
        }
        for damage in damages {
            if let Damage::NetworkCut { host } = damage {
                etcd.join(&host);
            }
        }
    }
}
