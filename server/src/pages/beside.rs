//! What stands beside a cluster's figure, for one visitor: asked for with the page, and again while it is open.

use std::sync::Arc;

use app::{
    pages::{self, Attention, ConcernLine, Done, LoadLine, Loads, Overview},
    source::View,
};
use axum::http::Extensions;
use leptos::prelude::RenderHtml;
use topology::{attention::Concern, inventory::Source, layout::natural, load::Load};

use super::{Site, incidents, site::Concerns};
use crate::{
    access::{Role, Who},
    backup::{self, Backups},
    deploy::Office,
};

/// So many concerns have room beside a figure.
const ROOM: usize = 8;

/// Who asks, and where it is looked up.
#[derive(Clone)]
pub(super) struct Beside {
    site: Arc<Site>,
    cluster: String,
    office: Option<Arc<Office>>,
    backups: Option<Backups>,
    acts: bool,
}

/// For whoever sent a request with these extensions.
pub(super) fn beside(site: &Arc<Site>, cluster: &str, said: &Extensions) -> Beside {
    Beside {
        site: site.clone(),
        cluster: cluster.to_owned(),
        office: said.get::<Option<Arc<Office>>>().cloned().flatten(),
        backups: said.get::<Backups>().cloned(),
        acts: said.get::<Who>().is_some_and(|who| who.may(Role::Operator)),
    }
}

impl Beside {
    /// What the page shows.
    pub(super) async fn overview(&self, view: &View) -> Overview {
        if !view.moment.is_empty() {
            let attention = self.attention_at(&view.moment).await.unwrap_or_default();
            return Overview { attention, ..Overview::default() };
        }
        let done = match &self.office {
            Some(office) => Some(Done { runs: office.latest(&self.cluster).await.ok(), acts: self.acts }),
            None => None,
        };
        let kept = self.backups.as_ref().map(|backups| backup::kept(backups, &self.cluster, self.acts));
        let concerns = self.site.attention(&self.cluster).await;
        let loads = concerns.as_ref().and_then(|concerns| concerns.loads.as_deref()).map(|loads| self::loads(loads));
        let attention = concerns.as_ref().map(attention).unwrap_or_default();
        let losses = self.losses().await;
        let open = concerns.as_ref().map_or_else(|| Some(Arc::default()), |concerns| concerns.incidents.clone());
        let incidents = open.map(|rows| rows.iter().take(ROOM).map(incidents::line).collect());
        Overview { found: None, incidents, attention, loads, done, kept, losses }
    }

    /// The part of it that a page renews, as HTML.
    pub(super) async fn html(&self, prefix: &str) -> String {
        let overview = self.overview(&View::default()).await;
        leptos::prelude::Owner::new().with(|| pages::overview(&self.cluster, prefix, &overview).to_html())
    }

    async fn losses(&self) -> Option<pages::Losses> {
        let cluster = self.site.cluster(&self.cluster).await.ok()?;
        Some(super::what_if::lines(&*self.site.losses().glance(&self.cluster, &cluster)?))
    }

    /// The same of a past moment, when that can be looked at.
    async fn attention_at(&self, moment: &str) -> Option<Attention> {
        let cluster = self.site.cluster_at(&self.cluster, moment).await.ok()?;
        let now = cluster.now();
        Some(cluster.read(|inventory| {
            let told = |source: &Source| inventory.tells_all(*source) && inventory.heard(*source).is_fresh();
            let known = [Source::Nodes, Source::Pods].iter().all(told);
            let concerns = topology::attention::attention(inventory, now);
            Attention { lines: concerns.iter().take(ROOM).map(line).collect(), total: concerns.len(), known }
        }))
    }
}

fn attention(concerns: &Concerns) -> Attention {
    let lines = concerns.found.iter().take(ROOM).map(line).collect();
    Attention { lines, total: concerns.found.len(), known: concerns.known }
}

/// Hosts by name while all of them have room, so that none moves; else the fullest.
fn loads(loads: &[Load]) -> Loads {
    // Where no host tells what it has, rows of "unknown" would tell nothing.
    if loads.iter().all(|load| load.cpu().or(load.memory()).is_none()) {
        return Loads { lines: Vec::new(), total: loads.len() };
    }
    let line = |load: &Load| LoadLine { node: load.node.to_string(), cpu: load.cpu(), memory: load.memory() };
    let mut lines: Vec<LoadLine> = loads.iter().take(ROOM).map(line).collect();
    if loads.len() <= ROOM {
        lines.sort_by(|a, b| natural(&a.node, &b.node));
    }
    Loads { lines, total: loads.len() }
}

fn line(concern: &Concern) -> ConcernLine {
    ConcernLine {
        health: concern.health,
        what: concern.what.clone(),
        why: concern.why.clone(),
        since: concern.since.map(topology::health::moment).unwrap_or_default(),
        opens: concern.opens.clone(),
    }
}
