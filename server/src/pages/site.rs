//! What pages ask, answered from the clusters that are watched.

use std::{
    collections::HashMap,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
    time::{Duration, Instant},
};

use app::source::{
    Answer, ClusterLine, DriftLine, DriftPage, Facts, FigurePage, Found, HitLine, PageLink, PlanAsked, PlanPage,
    PlanText, Source, Table, Trouble, View,
};

use plan::{Plan, Release};
use topology::{
    attention::{Concern, attention},
    figure::is_master,
    graph::Question,
    inventory::{AddressKind, Source as Told},
    load::{Load, loads},
    planned::Planned,
};

use super::{
    cards::{Lately, Pages},
    conversions, facts, plans, sentence, table,
};
use crate::{
    backup::restoring::Node,
    cluster::{self, Cluster, Clusters},
    journal::{History, Moment, PastError},
    losses::Losses,
    store::IncidentRow,
    view::{self, Views, Watched},
};

/// The first page of a cluster waits this long for its facts, so that its picture is not empty.
const FIRST: Duration = Duration::from_millis(1_600);
/// A cluster that has been watched for longer than this has told what it has to tell.
const YOUNG: Duration = Duration::from_secs(10);

/// The clusters and the views of one server.
pub struct Site {
    clusters: Arc<Clusters>,
    history: OnceLock<History>,
    views: Views,
    plans: Option<PathBuf>,
    release: Release,
    concerns: Mutex<HashMap<String, Concerns>>,
    losses: Losses,
    lately: Mutex<HashMap<String, Lately>>,
    pub(super) cards: Pages,
    begun: Mutex<(Option<Instant>, usize)>,
}

/// What needs attention in a cluster and how full its hosts are, for all who look at it within a moment.
#[derive(Clone)]
pub(super) struct Concerns {
    /// Worst first.
    pub(super) found: Arc<Vec<Concern>>,
    /// Whether the cluster tells enough to say so.
    pub(super) known: bool,
    /// The fullest first; none while that is unknown.
    pub(super) loads: Option<Arc<Vec<Load>>>,
    /// Incidents that have not ended, the latest first; none while the database does not tell them.
    pub(super) incidents: Option<Arc<Vec<IncidentRow>>>,
    until: Instant,
}

/// So many hits of a search are listed.
const HITS: usize = 12;

/// What needs attention is found out once in this time, however many look.
pub(super) const MOMENT: Duration = Duration::from_millis(1_500);
/// And takes no more than one part in so many of the time.
pub(super) const SHARE: u32 = 30;
/// The database is waited for no longer than this by what many look at.
pub(super) const PATIENCE: Duration = Duration::from_secs(2);

impl Site {
    /// Of these clusters, and with this folder of plans.
    pub fn new(clusters: Clusters, plans: Option<PathBuf>) -> Arc<Self> {
        Self::of(clusters, plans, Release::default())
    }

    /// The same, with plans for this release of Compass.
    pub fn of(clusters: Clusters, plans: Option<PathBuf>, release: Release) -> Arc<Self> {
        Arc::new(Self {
            clusters: Arc::new(clusters),
            history: OnceLock::new(),
            views: Views::default(),
            plans,
            release,
            concerns: Mutex::default(),
            losses: Losses::default(),
            lately: Mutex::default(),
            cards: Pages::default(),
            begun: Mutex::default(),
        })
    }

    /// From now on also shows what was recorded.
    pub fn remembers(&self, history: History) {
        let _ = self.history.set(history);
    }

    /// What was recorded, where anything is.
    pub(crate) fn history(&self) -> Option<&History> {
        self.history.get()
    }

    /// The clusters themselves.
    pub fn clusters(&self) -> Arc<Clusters> {
        self.clusters.clone()
    }

    /// Ends what nobody looks at; called now and then.
    pub fn forget_idle(&self) {
        self.views.forget();
        let now = Instant::now();
        self.concerns().retain(|_, concerns| concerns.until > now);
        self.lately.lock().unwrap_or_else(PoisonError::into_inner).retain(|_, lately| lately.until > now);
        self.clusters.forget_idle();
    }

    /// The clusters that are watched now.
    pub fn watched_now(&self) -> Vec<(String, Arc<Cluster>)> {
        self.clusters.watched()
    }

    /// A cluster that has been heard of, or why not.
    pub(crate) async fn cluster(&self, name: &str) -> Result<Arc<Cluster>, Trouble> {
        let contexts = self.clusters.contexts();
        let origin = contexts.iter().find(|context| context.name == name).map_or("", |context| &context.origin);
        let said = |trouble| conversions::trouble(&trouble, origin);
        let cluster = self.clusters.get(name).await.map_err(said)?;
        // Later, what has not been heard yet may never be: the page says so and does not wait.
        let patience = if cluster.age() < YOUNG { FIRST } else { Duration::ZERO };
        let heard = tokio::time::timeout(patience, cluster.heard_everything()).await;
        // Old facts are better than none: only a cluster that never spoke is a trouble.
        let spoke = cluster.read(|inventory| inventory.version().is_some());
        match (heard, spoke) {
            (Ok(Err(trouble)), false) => Err(said(trouble)),
            (Err(_), false) => Err(said(cluster.trouble().unwrap_or_else(|| silent(name)))),
            _ => Ok(cluster),
        }
    }

    /// The cluster as it is, or as it was at a moment in RFC 3339.
    pub(crate) async fn cluster_at(&self, name: &str, moment: &str) -> Result<Arc<Cluster>, Trouble> {
        if moment.is_empty() {
            return self.cluster(name).await;
        }
        let moment = self.moment(name, moment).await?;
        Ok(moment.cluster)
    }

    /// A cluster as it was.
    pub(crate) async fn moment(&self, name: &str, text: &str) -> Result<Moment, Past> {
        if !self.clusters.contexts().iter().any(|context| context.name == name) {
            return Err(Past::Trouble(Trouble::NoSuchCluster(name.to_owned())));
        }
        let unusable = |what: String, todo: &str| Past::Trouble(Trouble::Unusable { what, todo: todo.into() });
        let at: jiff::Timestamp = text
            .trim()
            .parse()
            .map_err(|_| unusable(format!("{text:?} is no moment."), "Write it as in 2026-11-29T03:02:00Z."))?;
        let history = self.history().ok_or_else(|| {
            unusable(
                "Nothing of the past is kept here.".into(),
                "Start Binnacle with history = \"on\" to keep it from then on.",
            )
        })?;
        Ok(history.moment(name, topology::Stamp(at.as_millisecond())).await?)
    }

    /// A plan's file as it is, secrets included: for whoever runs it.
    pub(crate) async fn plan_bytes(&self, text: PlanText) -> Result<Vec<u8>, Trouble> {
        let folder = self.plans.clone();
        let read = crate::plan::placed(text.bytes(), move || plans::source(folder.as_deref(), &text)).await;
        read.unwrap_or_else(|| Err(Trouble::NoSuchThing("the plan".into()))).map(|(_, bytes)| bytes)
    }

    /// The masters of a cluster that is watched, with their addresses; none while it tells nothing.
    pub(crate) async fn masters(&self, name: &str) -> Vec<(String, String)> {
        let Ok(cluster) = self.cluster(name).await else { return Vec::new() };
        cluster.read(|inventory| {
            let masters = inventory.nodes().filter(|node| node.labelled_master());
            let line = |node: &topology::inventory::Node| {
                let addresses: Vec<&str> = node.addresses.iter().map(|one| &*one.value).collect();
                (node.name.to_string(), addresses.join(", "))
            };
            masters.map(line).collect()
        })
    }

    /// The plan that a cluster was said to be made from.
    pub(crate) fn plan_of(&self, name: &str) -> Option<Arc<Plan>> {
        self.clusters.contexts().iter().find(|context| context.name == name)?.plan.clone()
    }

    /// What Compass was told to build, when that is known.
    pub(crate) fn planned(&self, name: &str) -> Option<Arc<Planned>> {
        self.clusters.contexts().iter().find(|context| context.name == name)?.planned.clone()
    }

    /// The nodes that Kubernetes tells of, or told of last; none while it tells nothing.
    pub(crate) async fn hosts(&self, name: &str) -> Vec<Node> {
        let Ok(cluster) = self.cluster(name).await else { return Vec::new() };
        cluster.read(|inventory| {
            let nodes = inventory.nodes().map(|node| {
                let internal = |address: &&topology::inventory::Address| address.kind == AddressKind::Internal;
                let others = node.addresses.iter().filter(|address| !internal(address));
                let addresses = node.addresses.iter().filter(internal).chain(others);
                Node {
                    name: node.name.to_string(),
                    addresses: addresses.map(|address| address.value.to_string()).collect(),
                    master: is_master(inventory, node),
                }
            });
            nodes.collect()
        })
    }

    /// The standing answers to the loss of each host.
    pub(crate) const fn losses(&self) -> &Losses {
        &self.losses
    }

    fn concerns(&self) -> MutexGuard<'_, HashMap<String, Concerns>> {
        self.concerns.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A cluster in small, as it was last looked at.
    pub(super) fn lately(&self, name: &str) -> Option<Lately> {
        self.lately.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }

    /// Keeps that for all who look within a moment.
    pub(super) fn keep_lately(&self, name: String, lately: Lately) {
        self.lately.lock().unwrap_or_else(PoisonError::into_inner).insert(name, lately);
    }

    /// The number of the cluster from which on `count` more may begin to be watched; none when some began a moment
    /// ago. It goes on by as many each time, and beyond the last one.
    pub(super) fn may_begin(&self, count: usize) -> Option<usize> {
        let mut begun = self.begun.lock().unwrap_or_else(PoisonError::into_inner);
        let (last, from) = *begun;
        if last.is_some_and(|last| last.elapsed() < MOMENT) {
            return None;
        }
        *begun = (Some(Instant::now()), from.wrapping_add(count));
        Some(from)
    }

    fn last_concerns(&self, name: &str) -> Option<Concerns> {
        let now = Instant::now();
        self.concerns().get(name).filter(|last| last.until > now).cloned()
    }

    /// What needs attention in a cluster, and how full its hosts are; none while it tells nothing.
    pub(super) async fn attention(&self, name: &str) -> Option<Concerns> {
        if let Some(last) = self.last_concerns(name) {
            return Some(last);
        }
        let cluster = self.cluster(name).await.ok()?;
        Some(self.attention_in(name, &cluster).await)
    }

    /// The same of a cluster at hand, without a wait for what it has not told yet.
    pub(super) async fn attention_in(&self, name: &str, cluster: &Cluster) -> Concerns {
        if let Some(last) = self.last_concerns(name) {
            return last;
        }
        let began = Instant::now();
        let now = cluster.now();
        let (found, known, loads) = cluster.read(|inventory| {
            let told = |source: &Told| inventory.tells_all(*source) && inventory.heard(*source).is_fresh();
            let known = [Told::Nodes, Told::Pods].iter().all(told);
            (Arc::new(attention(inventory, now)), known, loads(inventory).map(Arc::new))
        });
        let until = Instant::now() + MOMENT.max(began.elapsed() * SHARE);
        let incidents = match self.history() {
            Some(history) => {
                let asked = tokio::time::timeout(PATIENCE, history.store().open_incidents(name)).await;
                asked.ok().and_then(Result::ok)
            }
            None => Some(Vec::new()),
        };
        let concerns = Concerns { found, known, loads, incidents: incidents.map(Arc::new), until };
        self.concerns().insert(name.to_owned(), concerns.clone());
        concerns
    }

    /// What a text finds in a cluster.
    pub(super) async fn find(&self, name: &str, view: &View, text: &str) -> Result<Found, Trouble> {
        let cluster = self.cluster_at(name, &view.moment).await?;
        let found = cluster.read(|inventory| topology::find::find(inventory, text, HITS));
        let line = |hit: &topology::find::Hit| HitLine {
            kind: hit.kind.word().into(),
            name: hit.key.name.to_string(),
            beside: where_found(hit),
            opens: hit.opens(),
            to: None,
        };
        let lines = found.hits.iter().map(line).collect();
        let (nodes, services, pods) = (found.nodes, found.services, found.pods);
        Ok(Found { text: text.trim().to_owned(), lines, nodes, services, pods, ..Found::default() })
    }

    /// A view that is being drawn.
    pub(crate) async fn watched(&self, name: &str, view: &View) -> Result<Arc<Watched>, Trouble> {
        if !view.moment.is_empty() {
            let what = "What is watched is the present.".to_owned();
            return Err(Trouble::Unusable {
                what,
                todo: "Leave t= out, or ask for a page or a file of that moment.".into(),
            });
        }
        if let Some(Err(unclear)) = view.at.strip_prefix("follow/").map(str::parse::<Question>) {
            let text = &view.at["follow/".len()..];
            let what = format!("Nothing to trace for “{}”.", scene::readable(text));
            // The nearest service helps more than the forms that there are.
            let near = |inventory: &topology::Inventory| {
                let found = topology::find::find(inventory, &format!("service/{text}"), 1);
                found.hits.into_iter().next()
            };
            let near = self.cluster(name).await?.read(near);
            let todo = near.map_or_else(|| format!("You can {unclear}."), |hit| format!("Try {}.", hit.key));
            return Err(Trouble::Unusable { what, todo });
        }
        let cluster = self.cluster(name).await?;
        self.views.get(&cluster, conversions::view(view)).ok_or_else(|| Trouble::Unreachable {
            what: "This server draws as many different views as it may.".into(),
            todo: "Look at the whole cluster, or try again in a minute.".into(),
        })
    }

    /// A view with what stands around it, as it is or as it was.
    pub(crate) async fn page(&self, name: &str, view: &View) -> Result<FigurePage, Trouble> {
        if view.moment.is_empty() {
            return Ok(self.watched(name, view).await?.page());
        }
        let cluster = self.cluster_at(name, &view.moment).await?;
        Ok(view::still(&cluster, &still(&cluster, view)))
    }

    /// All that is known of one thing, or was.
    pub(super) async fn facts_at(&self, name: &str, view: &View, selection: &str) -> Result<Facts, Trouble> {
        let cluster = self.cluster_at(name, &view.moment).await?;
        let mut facts = facts::facts(name, &cluster, selection).await?;
        if let Some(thing) = self.history().and_then(|_| thing(selection)) {
            let to = app::base::at(&format!("/c/{}/history/of?of={}", scene::segment(name), scene::encoded(&thing)));
            facts.pages.push(PageLink { name: app::texts::history::OF_IT.to_owned(), to });
        }
        Ok(facts)
    }

    /// A figure for a file, which says of which cluster it is, and when.
    pub(crate) async fn file(&self, name: &str, view: &View) -> Result<scene::Scene, Trouble> {
        if !view.moment.is_empty() {
            let cluster = self.cluster_at(name, &view.moment).await?;
            return Ok(scene::standing_alone(&still(&cluster, view).scene(), &of(name, cluster.now())));
        }
        let watched = self.watched(name, view).await?;
        Ok(scene::standing_alone(&watched.scene(), &of(name, watched.cluster().now())))
    }
}

/// The namespace and the node of what was found.
pub(super) fn where_found(hit: &topology::find::Hit) -> String {
    let parts = [Some(&hit.key.namespace), hit.node.as_ref()].into_iter().flatten();
    parts.filter(|part| !part.is_empty()).map(|part| &**part).collect::<Vec<_>>().join(" · ")
}

/// What a selection is called where its history is asked for; none for what has none of its own.
fn thing(selection: &str) -> Option<String> {
    let thing = match selection.split('/').collect::<Vec<_>>().as_slice() {
        ["owner", _, namespace, kind, name] => format!("workload/{namespace}/{kind}/{name}"),
        _ => selection.to_owned(),
    };
    thing.parse::<journal::Thing>().is_ok().then_some(thing)
}

/// Why a past moment is not shown.
pub(crate) enum Past {
    /// As with the present.
    Trouble(Trouble),
    /// It is not known.
    Unknown(PastError),
}

impl From<PastError> for Past {
    fn from(error: PastError) -> Self {
        Self::Unknown(error)
    }
}

impl From<Past> for Trouble {
    fn from(past: Past) -> Self {
        let error = match past {
            Past::Trouble(trouble) => return trouble,
            Past::Unknown(error) => error,
        };
        let what = sentence(&error);
        let beside: Vec<String> = error.beside().into_iter().map(rfc).collect();
        let todo = if beside.is_empty() {
            "Choose a moment of the time line.".to_owned()
        } else {
            format!("These moments are known: {}.", beside.join(", "))
        };
        Self::Unusable { what, todo }
    }
}

/// A moment as addresses have it.
pub(crate) fn rfc(at: topology::Stamp) -> String {
    jiff::Timestamp::from_millisecond(at.0).map(|at| at.to_string()).unwrap_or_default()
}

/// A figure of a cluster that stands still.
fn still(cluster: &Cluster, view: &View) -> topology::figure::Drawing {
    let now = cluster.now();
    cluster.read(|inventory| topology::figure::Drawing::draw(inventory, &conversions::view(view), now))
}

/// What a figure in a file is of, as in `lab, 2026-11-29 12:03:20 UTC`.
pub(crate) fn of(cluster: &str, now: topology::Stamp) -> String {
    format!("{cluster}, {}", topology::health::moment(now))
}

fn silent(name: &str) -> cluster::Trouble {
    cluster::Trouble::Unreachable { cluster: name.into(), address: "its address".into(), what: "no answer yet".into() }
}

/// What pages hold: the site, shared.
#[derive(Clone)]
pub struct Asked(pub(crate) Arc<Site>);

impl Asked {
    /// Of a site.
    pub const fn of(site: Arc<Site>) -> Self {
        Self(site)
    }
}

impl Source for Asked {
    fn clusters(&self) -> Vec<ClusterLine> {
        let line = |context: &cluster::contexts::Context| ClusterLine {
            name: context.name.clone(),
            origin: context.origin.clone(),
            demo: context.demo,
        };
        self.0.clusters.contexts().iter().map(line).collect()
    }

    fn figure(&self, cluster: &str, view: &View) -> Answer<FigurePage> {
        let (site, cluster, view) = (self.0.clone(), cluster.to_owned(), view.clone());
        Box::pin(async move { site.page(&cluster, &view).await })
    }

    fn table(&self, cluster: &str, view: &View) -> Answer<Table> {
        let (site, cluster, view) = (self.0.clone(), cluster.to_owned(), view.clone());
        Box::pin(async move {
            let cluster = site.cluster_at(&cluster, &view.moment).await?;
            let now = cluster.now();
            Ok(cluster.read(|inventory| table::table(inventory, &conversions::view(&view), now)))
        })
    }

    fn drift(&self, cluster: &str) -> Answer<DriftPage> {
        let (site, cluster) = (self.0.clone(), cluster.to_owned());
        Box::pin(async move {
            let cluster = site.cluster(&cluster).await?;
            let Some(report) = cluster.read(topology::drift::compare) else { return Ok(DriftPage::default()) };
            let line = |drift: topology::drift::Drift| DriftLine {
                kind: drift.kind.word().into(),
                error: drift.kind.is_error(),
                about: drift.about.to_string(),
                planned: drift.planned,
                found: drift.found,
                todo: drift.kind.todo().into(),
            };
            let drifts = report.drifts.into_iter().map(line).collect();
            Ok(DriftPage { planned: true, drifts, unknown: report.unknown })
        })
    }

    fn plans(&self) -> Vec<String> {
        plans::choices(self.0.plans.as_deref())
    }

    fn plan(&self, asked: &PlanAsked) -> Answer<PlanPage> {
        let (folder, asked, release) = (self.0.plans.clone(), asked.clone(), self.0.release);
        Box::pin(async move {
            // Reading files and a large paste take their time: not a worker's.
            let bytes = asked.dha.iter().chain(&asked.network).map(PlanText::bytes).sum();
            let page = crate::plan::placed(bytes, move || plans::page(folder.as_deref(), release, &asked)).await;
            page.unwrap_or_else(|| Err(Trouble::NoSuchThing("the plan".into())))
        })
    }

    fn facts(&self, cluster: &str, selection: &str) -> Answer<Facts> {
        let (site, cluster, selection) = (self.0.clone(), cluster.to_owned(), selection.to_owned());
        Box::pin(async move {
            let watched = site.cluster(&cluster).await?;
            facts::facts(&cluster, &watched, &selection).await
        })
    }
}
