//! What pages ask of the server, in the pages' own words.

use std::{future::Future, pin::Pin, sync::Arc};

use scene::{Health, Scene};
use serde::{Deserialize, Serialize};

/// An answer that takes its time.
pub type Answer<T> = Pin<Box<dyn Future<Output = Result<T, Trouble>> + Send>>;

/// What pages ask. One object serves all pages; it is put into Leptos' context as
/// [`SharedSource`].
pub trait Source: Send + Sync + 'static {
    /// The clusters that can be chosen, in the order of the configuration.
    fn clusters(&self) -> Vec<ClusterLine>;
    /// A figure of a cluster, as it is at this moment.
    fn figure(&self, cluster: &str, view: &View) -> Answer<FigurePage>;
    /// The same facts as a table, complete whatever the figure folds.
    fn table(&self, cluster: &str, view: &View) -> Answer<Table>;
    /// Where the cluster has left its plan.
    fn drift(&self, cluster: &str) -> Answer<DriftPage>;
    /// The plans that can be looked at: names of files in the configured folder.
    fn plans(&self) -> Vec<String>;
    /// A plan with what is to be said of it.
    fn plan(&self, asked: &PlanAsked) -> Answer<PlanPage>;
    /// All that is known of one thing: what a click on a mark asks for.
    fn facts(&self, cluster: &str, selection: &str) -> Answer<Facts>;
}

/// The Source as pages get it from the context.
pub type SharedSource = Arc<dyn Source>;

/// A cluster that can be chosen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClusterLine {
    /// Its name in addresses: a kubeconfig context, `in-cluster` or `demo`.
    pub name: String,
    /// Where it comes from, for people, as in `context of ~/.kube/config`.
    pub origin: String,
    /// Whether it is the built-in demonstration; every page about it says so.
    pub demo: bool,
}

/// What of a cluster is looked at: everything of a figure's address after the `?`, so that the
/// address alone brings the same picture to somebody else. Each field names its parameter.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct View {
    /// `fig`: Which figure: empty for the architecture, `networking`.
    pub figure: String,
    /// `at`: What fills the figure: empty for the cluster, `node/NAME`, or `group/KEY`.
    pub at: String,
    /// `ns`: Only pods and services of this namespace are drawn in full; others fade.
    pub namespace: String,
    /// `owner`: Only pods of this owner, as `Deployment/NAME`.
    pub owner: String,
    /// `state`: Only pods in this state: a [`Health`] word.
    pub state: String,
    /// `q`: Only what has this text in its name.
    pub search: String,
    /// `t`: As it was at this moment, in RFC 3339; empty for now.
    #[serde(default)]
    pub moment: String,
}

/// A figure with what stands around it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FigurePage {
    /// The figure.
    pub scene: Scene,
    /// Names this state of the view: where a stream of patches goes on from.
    pub version: Version,
    /// The state of the cluster in one sentence, in pieces so that each can be marked.
    pub sentence: Vec<Phrase>,
    /// What is wrong with what is shown, if anything: nothing heard yet, forbidden, stale.
    pub notices: Vec<Notice>,
    /// Choices for the filters: namespaces, owners.
    pub choices: Choices,
}

/// A view's state: an epoch (a new one after a restart of the server or of the view) and a number
/// that grows by one with each patch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Version {
    /// Which numbering.
    pub epoch: u64,
    /// Which patch was the last.
    pub number: u64,
}

/// A piece of a sentence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Phrase {
    /// With its own spaces and commas.
    pub text: String,
    /// How it fares, when that is to be marked.
    pub health: Option<Health>,
    /// What it leads to, as in [`scene::Mark::opens`].
    pub opens: Option<String>,
}

/// Something that the reader must know to judge the picture.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// [`Health::Unknown`], [`Health::Stale`], [`Health::Warn`] or [`Health::Bad`].
    pub health: Health,
    /// What is so, in a sentence.
    pub what: String,
    /// What to do about it, in a sentence; may be empty.
    pub todo: String,
}

/// What can be chosen in the filters.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choices {
    /// Namespaces with pods, by name.
    pub namespaces: Vec<String>,
    /// Owners as `Deployment/NAME`, by name, at most a few dozen: a page does not grow with them.
    pub owners: Vec<String>,
    /// Whether there are more owners than these.
    #[serde(default)]
    pub more_owners: bool,
}

/// The figure's facts in rows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Table {
    /// Sections: nodes with their components, pods, services.
    pub sections: Vec<Section>,
    /// Choices for the filters.
    pub choices: Choices,
}

/// One part of a [`Table`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Section {
    /// Its heading, as in `Pods`.
    pub title: String,
    /// Names of the columns.
    pub columns: Vec<String>,
    /// Rows, at most [`Section::PAGE`].
    pub rows: Vec<TableRow>,
    /// How many rows there are in all.
    pub total: usize,
}

impl Section {
    /// Rows of a section on one page.
    pub const PAGE: usize = 500;
}

/// A row of a [`Section`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableRow {
    /// How the thing fares.
    pub health: Option<Health>,
    /// A cell a column.
    pub cells: Vec<String>,
    /// What it leads to, as in [`scene::Mark::opens`].
    pub opens: Option<String>,
}

/// What a search found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// What was searched for.
    pub text: String,
    /// The best hits.
    pub lines: Vec<HitLine>,
    /// How many nodes there are in all.
    pub nodes: usize,
    /// How many services.
    pub services: usize,
    /// How many pods.
    pub pods: usize,
    /// How many clusters, plans, deployments and backups, of those that are listed.
    pub others: usize,
    /// Whether it stopped before all was looked through: there may be more.
    pub stopped: bool,
    /// What else is to be said, in a sentence each.
    pub notes: Vec<String>,
}

/// One thing that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HitLine {
    /// What it is, as in `pod`.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Where it is: its namespace and its node.
    pub beside: String,
    /// What it leads to in the figure, as in [`scene::Mark::opens`].
    pub opens: String,
    /// The page that it leads to instead, without the base path.
    pub to: Option<String>,
}

/// Where a cluster has left its plan.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DriftPage {
    /// Whether there is a plan to compare with.
    pub planned: bool,
    /// The differences.
    pub drifts: Vec<DriftLine>,
    /// What no source tells, in sentences.
    pub unknown: Vec<String>,
}

/// One difference.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DriftLine {
    /// Its kind in one word, as in `host-missing`.
    pub kind: String,
    /// Whether it endangers the cluster.
    pub error: bool,
    /// The host, node or network that it is about.
    pub about: String,
    /// What was planned.
    pub planned: String,
    /// What there is.
    pub found: String,
    /// What to do.
    pub todo: String,
}

/// A file of a plan: its name in the configured folder, or its text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PlanText {
    /// A name.
    File(String),
    /// The text itself.
    Pasted(String),
}

impl PlanText {
    /// How many bytes came with the request; a file's are not among them.
    pub const fn bytes(&self) -> usize {
        match self {
            Self::File(_) => 0,
            Self::Pasted(text) => text.len(),
        }
    }
}

/// The plan that is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanAsked {
    /// The DHA file.
    pub dha: Option<PlanText>,
    /// The network.yml.
    pub network: Option<PlanText>,
}

/// A plan with what is to be said of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PlanPage {
    /// What it is and how it fares, in a sentence.
    pub headline: String,
    /// What was found, in the files' order.
    pub findings: Vec<FindingLine>,
    /// The files, with secrets masked.
    pub files: Vec<PlanFile>,
    /// What would be built: the networking figure; `None` when nothing can be told.
    pub scene: Option<Scene>,
}

/// A file of a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanFile {
    /// Its name for people.
    pub name: String,
    /// Its part of an anchor: `dha` or `network`.
    pub word: String,
    /// Its lines, without those that no finding is near when there are very many.
    pub lines: Vec<PlanLine>,
}

/// A line of a plan's file, or lines that are not shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PlanLine {
    /// A line with its number, from 1.
    Shown(u32, String),
    /// So many lines are left out here.
    LeftOut(u32),
}

/// Something that was found in a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FindingLine {
    /// [`PlanFile::word`].
    pub file: String,
    /// From 1.
    pub line: u32,
    /// From 1.
    pub column: u32,
    /// [`Health::Bad`] for errors, [`Health::Warn`] for warnings, [`Health::Unknown`] for notes.
    pub health: Health,
    /// What is wrong.
    pub what: String,
    /// Why it matters.
    pub why: String,
    /// What to do.
    pub todo: String,
}

/// The panel's content for one thing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// What kind of thing, as in `Pod`, `kube-scheduler`.
    pub kind: String,
    /// Its whole name.
    pub name: String,
    /// How it fares.
    pub health: Option<Health>,
    /// The state's word, where the health's own would not be true, as in `terminating`.
    #[serde(default)]
    pub word: Option<String>,
    /// What it is for, in a sentence that a newcomer understands; empty when the name says all.
    pub purpose: String,
    /// Names and values, in reading order.
    pub lines: Vec<FactLine>,
    /// Conditions, newest first.
    pub conditions: Vec<ConditionLine>,
    /// Recent events, newest first; `Err` says why there are none to show.
    pub events: Result<Vec<EventLine>, Notice>,
    /// The end of a pod's log; `None` for what has no log.
    pub log: Option<Result<String, Notice>>,
    /// Pages about it: its manifest, its events, its log.
    #[serde(default)]
    pub pages: Vec<PageLink>,
}

/// A page about a thing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageLink {
    /// As in `Manifest`.
    pub name: String,
    /// Its address.
    pub to: String,
}

/// One fact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FactLine {
    /// What it is.
    pub name: String,
    /// Its value; `unknown` and why, when no source tells.
    pub value: String,
    /// What it leads to.
    pub opens: Option<String>,
}

/// One condition of a node or a pod.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConditionLine {
    /// As in `Ready`.
    pub kind: String,
    /// Whether it is as it should be.
    pub health: Health,
    /// Its status, reason and message.
    pub text: String,
    /// Since when, RFC 3339.
    pub since: String,
}

/// One event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventLine {
    /// When last, RFC 3339.
    pub at: String,
    /// `Warning` or `Normal`.
    pub kind: String,
    /// Its reason.
    pub reason: String,
    /// Its message.
    pub message: String,
    /// How often.
    pub count: u32,
}

/// Why there is no answer. The page shows it and keeps trying.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum Trouble {
    /// No cluster has this name.
    #[error("Cluster “{0}” not found")]
    NoSuchCluster(String),
    /// The cluster has nothing of this name, or has it no more.
    #[error("{0} does not exist, or no longer exists")]
    NoSuchThing(String),
    /// What was handed in cannot be used; asking again changes nothing.
    #[error("{what}")]
    Unusable {
        /// What is wrong.
        what: String,
        /// What to do.
        todo: String,
    },
    /// The cluster cannot be reached or read.
    #[error("{what}")]
    Unreachable {
        /// What is wrong: which cluster, which file, which address.
        what: String,
        /// What to do.
        todo: String,
    },
}

/// What the stream of a page carries, as one JSON text a message.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "type")]
pub enum Message {
    /// The whole of it: at the beginning when the page's version is not known here any more.
    Whole {
        /// What the page shows from now on.
        page: Box<FigurePage>,
    },
    /// A step.
    Step {
        /// The number that the view has behind it.
        number: u64,
        /// What changes in the figure.
        patch: scene::Patch,
        /// The sentence, when it changes.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        sentence: Option<Vec<Phrase>>,
        /// The notices, when they change.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        notices: Option<Vec<Notice>>,
    },
    /// What stands beside the figure has changed: what needs attention, the latest deployments and backups.
    Beside {
        /// All of it, as HTML.
        html: String,
    },
    /// Nothing new, but the line is alive: sent when nothing else was for a few seconds.
    Alive,
}

/// What a deployment's page is told while it is open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RunNews {
    /// The log has more lines: so many in all, and the last of them.
    Lines {
        /// Lines in all.
        total: u64,
        /// The last ones, in order; not all that are new when these are many.
        last: Vec<RunText>,
    },
    /// State or structure has changed.
    Changed,
    /// Nothing new.
    Alive,
}

/// A line of a log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunText {
    /// Counts from 1.
    pub number: u64,
    /// It, without secrets.
    pub text: String,
    /// Bytes of it that are not in the text.
    pub left_out: u64,
}

/// A line of a container's log.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogText {
    /// When it was written, RFC 3339; empty where it is not told.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub at: String,
    /// It.
    pub text: String,
    /// Bytes of it that are not in the text.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub left_out: u64,
}

#[cfg_attr(not(target_arch = "wasm32"), expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so"))]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// What the page of a container's log is told while it is open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LogNews {
    /// More lines.
    Lines {
        /// Lines before these that came more quickly than they can be shown; nothing where they were not counted.
        skipped: Option<u64>,
        /// The last of them.
        lines: Vec<LogText>,
    },
    /// The log has come to its end; it may begin again when the container does.
    Ended,
    /// It cannot be followed, and why.
    Refused(String),
    /// Nothing new.
    Alive,
}
