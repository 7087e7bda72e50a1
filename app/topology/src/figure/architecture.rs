//! The manual's architecture figure.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use scene::{Health, Mark, Op, Patch, Scene, diff_marks};

use super::{
    Focus, View,
    around::{self, BETWEEN, Frames, MASTERS},
    bands, card, frame,
    node::{Digest, digest, is_master, sight},
    rows,
    summary::{self, Phrase},
};
use crate::{
    Inventory, Stamp, Touched,
    inventory::Name,
    layout::{Detail, Grid, natural},
};

/// The figure of one view as it was last drawn; keeps what it needs to draw only what changed.
#[derive(Clone, Debug)]
pub struct Architecture {
    view: View,
    plan: Plan,
    digests: BTreeMap<Name, Digest>,
    segments: BTreeMap<Segment, Arc<[Mark]>>,
    sentence: Vec<Phrase>,
    height: i32,
}

/// A run of marks that is drawn in one go. Order is painting and reading order.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Segment {
    Clients,
    /// A master or another node or a group, by its place in the order.
    Box(usize),
    /// Lines between the frames.
    Bus,
    Unplaced,
    Services,
}

/// Who is drawn where. It follows from the nodes and the view alone, never from pods.
#[derive(Clone, Debug, Default, PartialEq)]
struct Plan {
    masters: Vec<Name>,
    below: Vec<Below>,
    detail: Option<Detail>,
    focus: Option<Name>,
    of_node: BTreeMap<Name, usize>,
}

/// A box below the masters.
#[derive(Clone, Debug, PartialEq)]
enum Below {
    Node(Name),
    Group { key: Name, label: String, members: Vec<Name> },
}

impl Architecture {
    /// Draws the whole figure. `now` decides what is stale.
    pub fn draw(inventory: &Inventory, view: &View, now: Stamp) -> Self {
        let mut figure = Self {
            view: view.clone(),
            plan: Plan::default(),
            digests: BTreeMap::new(),
            segments: BTreeMap::new(),
            sentence: Vec::new(),
            height: 0,
        };
        figure.draw_all(inventory, now);
        figure
    }

    /// Draws again what was touched; the Patch turns the former Scene into the new one.
    pub fn redraw(&mut self, inventory: &Inventory, touched: &Touched, now: Stamp) -> Patch {
        if touched.all || touched.node_set {
            return self.redraw_all(inventory, now);
        }
        let canvas = self.canvas();
        let mut changed: BTreeMap<Segment, Arc<[Mark]>> = BTreeMap::new();
        let mut boxes: BTreeSet<usize> = BTreeSet::new();
        for name in &touched.nodes {
            let known = digest(inventory, name, &self.view.filter, now);
            if self.digests.insert(name.clone(), known.clone()).is_some_and(|before| before.master != known.master) {
                return self.redraw_all(inventory, now);
            }
            boxes.extend(self.plan.of_node.get(name).copied());
        }
        for n in boxes {
            changed.insert(Segment::Box(n), self.draw_box(inventory, n, now));
        }
        if self.plan.focus.is_none() {
            // A node's rows decide how high its figure is.
            if touched.around {
                changed.extend(self.draw_around(inventory));
                let unplaced = changed.contains_key(&Segment::Unplaced);
                if unplaced != self.segments.contains_key(&Segment::Unplaced) {
                    return self.redraw_all(inventory, now);
                }
            }
        } else if !changed.is_empty() {
            return self.redraw_all(inventory, now);
        }
        let same_roots = |(segment, marks): (&Segment, &Arc<[Mark]>)| {
            self.segments.get(segment).is_some_and(|before| roots(before).eq(roots(marks)))
        };
        if !changed.iter().all(same_roots) {
            return self.redraw_all(inventory, now);
        }
        self.sentence = summary::sentence(inventory, &self.digests, now);
        let mut gone = Vec::new();
        let mut rest = Vec::new();
        for (segment, marks) in changed {
            let before = self.segments.insert(segment, marks.clone()).unwrap_or_default();
            let mut ops = Vec::new();
            diff_marks(&before, &marks, &mut ops);
            // A pod of one name may leave one node and appear on another in the same breath.
            let (going, staying): (Vec<Op>, Vec<Op>) = ops.into_iter().partition(|op| matches!(op, Op::Gone(_)));
            gone.extend(going);
            rest.extend(staying);
        }
        self.height = self.measure();
        gone.extend(rest);
        let after = self.canvas();
        Patch { canvas: (canvas != after).then_some(after), ops: gone }
    }

    /// The figure as it was last drawn.
    pub fn scene(&self) -> Scene {
        let (title, description, width, height) = self.canvas();
        let marks = self.segments.values().flat_map(|marks| marks.iter().cloned()).collect();
        Scene { title, description, width, height, marks }
    }

    /// The state of the cluster in one sentence, as in "3 of 3 masters up, etcd 3/3, 1 pod not
    /// ready".
    pub fn sentence(&self) -> &[Phrase] {
        &self.sentence
    }

    /// Nodes whose words tell an age, which grows although nothing changes.
    pub fn aging(&self) -> Touched {
        let old = |digest: &Digest| matches!(digest.health, Health::Stale | Health::Bad);
        let nodes = self.digests.iter().filter(|(_, digest)| old(digest)).map(|(name, _)| name.clone()).collect();
        Touched { nodes, ..Touched::default() }
    }

    /// The view that it draws.
    pub fn view(&self) -> &View {
        &self.view
    }

    fn canvas(&self) -> (String, String, i32, i32) {
        let title = match &self.view.focus {
            Focus::Cluster => "Architecture of the cluster".to_owned(),
            Focus::Group(key) => format!("Nodes of {key}"),
            Focus::Node(name) => format!("Node {name}"),
        };
        let description = self.sentence.iter().map(|phrase| phrase.text.as_str()).collect();
        (title, description, Detail::WIDTH, self.height)
    }

    fn redraw_all(&mut self, inventory: &Inventory, now: Stamp) -> Patch {
        let before = self.scene();
        self.draw_all(inventory, now);
        scene::diff(&before, &self.scene())
    }

    fn draw_all(&mut self, inventory: &Inventory, now: Stamp) {
        let names: Vec<&Name> = inventory.nodes().map(|node| &node.name).chain(inventory.missing_nodes()).collect();
        self.digests =
            names.iter().map(|name| ((*name).clone(), digest(inventory, name, &self.view.filter, now))).collect();
        self.plan = Plan::of(inventory, &self.digests, &self.view.focus);
        self.segments.clear();
        for n in 0..self.plan.len() {
            let marks = self.draw_box(inventory, n, now);
            self.segments.insert(Segment::Box(n), marks);
        }
        if self.plan.focus.is_none() {
            let around = self.draw_around(inventory);
            self.segments.extend(around);
        }
        self.sentence = summary::sentence(inventory, &self.digests, now);
        self.height = self.measure();
    }

    fn draw_box(&self, inventory: &Inventory, n: usize, now: Stamp) -> Arc<[Mark]> {
        let filter = &self.view.filter;
        if let Some(name) = &self.plan.focus {
            return rows::draw(&sight(inventory, name, filter, now), (20, 40)).into();
        }
        if let Some(name) = self.plan.masters.get(n) {
            return frame::master(&sight(inventory, name, filter, now), self.plan.master_grid().place(n)).into();
        }
        let n = n - self.plan.masters.len();
        let at = self.plan.below_grid().place(n);
        match (&self.plan.below[n], self.plan.detail) {
            (Below::Group { key, label, members }, _) => {
                let members: Vec<(&Name, &Digest)> =
                    members.iter().filter_map(|name| self.digests.get_key_value(name)).collect();
                [card::group(key, label, &members, at)].into()
            }
            (Below::Node(name), Some(Detail::Close | Detail::Frames) | None) => {
                frame::worker(&sight(inventory, name, filter, now), at).into()
            }
            (Below::Node(name), detail) => match self.digests.get(name) {
                Some(digest) if detail == Some(Detail::Tiles) => [card::tile(name, digest, at)].into(),
                Some(digest) => [card::card(name, digest, at)].into(),
                None => [].into(),
            },
        }
    }

    fn draw_around(&self, inventory: &Inventory) -> BTreeMap<Segment, Arc<[Mark]>> {
        let plan = &self.plan;
        let mut segments: BTreeMap<Segment, Arc<[Mark]>> = BTreeMap::new();
        let (masters, below) = (plan.master_grid(), plan.below_grid());
        if self.view.focus == Focus::Cluster {
            segments.insert(Segment::Clients, [around::clients(inventory)].into());
            let frames = Frames {
                masters: (!plan.masters.is_empty()).then_some((&masters, plan.masters.len())),
                below: (!plan.below.is_empty()).then_some((&below, plan.below.len(), plan.framed())),
                bus: plan.bus(),
            };
            let mut lines = around::client_links(&masters, plan.masters.len());
            lines.extend(around::bus(&frames));
            if plan.len() == 0 {
                lines.push(around::no_nodes(inventory));
            }
            segments.insert(Segment::Bus, lines.into());
            let mut y = plan.bottom() + 24;
            let unplaced = bands::unplaced(inventory, &self.view.filter, y);
            if let Some(band) = unplaced.first() {
                y += band.at.h + 12;
                segments.insert(Segment::Unplaced, unplaced.into());
            }
            segments.insert(Segment::Services, bands::services(inventory, &self.view.filter, y).into());
        }
        segments
    }

    fn measure(&self) -> i32 {
        let bottom = |marks: &Arc<[Mark]>| marks.first().map_or(0, |root| root.at.y + root.at.h);
        self.segments.values().map(bottom).max().unwrap_or(0).max(self.plan.bottom()) + 12
    }
}

fn roots(marks: &[Mark]) -> impl Iterator<Item = &scene::Id> {
    marks.iter().filter(|mark| mark.parent.is_none()).map(|mark| &mark.id)
}

impl Plan {
    fn of(inventory: &Inventory, digests: &BTreeMap<Name, Digest>, focus: &Focus) -> Self {
        let mut names: Vec<&Name> = digests.keys().collect();
        names.sort_by(|a, b| natural(a, b));
        let mut plan = Self::default();
        match focus {
            Focus::Node(name) => {
                plan.focus = digests.get_key_value(name).map(|(name, _)| name.clone());
                plan.of_node.extend(plan.focus.iter().map(|name| (name.clone(), 0)));
                return plan;
            }
            Focus::Group(key) => {
                let groups = groups(inventory, &others(inventory, &names).1);
                let members =
                    groups.into_iter().find(|(k, ..)| k == key).map(|(.., members)| members).unwrap_or_default();
                plan.detail = Some(Detail::of(members.len().max(19)));
                plan.below = members.into_iter().map(Below::Node).collect();
            }
            Focus::Cluster => {
                let (masters, others) = others(inventory, &names);
                plan.masters = masters;
                let detail = Detail::of(others.len());
                plan.detail = Some(detail);
                plan.below = match detail {
                    Detail::Groups => groups(inventory, &others)
                        .into_iter()
                        .map(|(key, label, members)| Below::Group { key, label, members })
                        .collect(),
                    _ => others.into_iter().map(Below::Node).collect(),
                };
            }
        }
        for (n, name) in plan.masters.iter().enumerate() {
            plan.of_node.insert(name.clone(), n);
        }
        for (n, below) in plan.below.iter().enumerate() {
            let n = n + plan.masters.len();
            match below {
                Below::Node(name) => plan.of_node.extend([(name.clone(), n)]),
                Below::Group { members, .. } => plan.of_node.extend(members.iter().map(|name| (name.clone(), n))),
            }
        }
        plan
    }

    fn len(&self) -> usize {
        self.masters.len() + self.below.len() + usize::from(self.focus.is_some())
    }

    /// Whether what is below the masters is drawn as frames.
    fn framed(&self) -> bool {
        matches!(self.detail, Some(Detail::Close | Detail::Frames))
    }

    fn master_grid(&self) -> Grid {
        Detail::masters(MASTERS)
    }

    fn masters_bottom(&self) -> i32 {
        MASTERS + self.master_grid().height(self.masters.len())
    }

    fn bus(&self) -> i32 {
        if self.masters.is_empty() { MASTERS - 20 } else { self.masters_bottom() + BETWEEN / 2 }
    }

    fn below_grid(&self) -> Grid {
        let y = if self.masters.is_empty() { MASTERS } else { self.masters_bottom() + BETWEEN };
        self.detail.unwrap_or(Detail::Close).grid(y)
    }

    fn bottom(&self) -> i32 {
        let grid = self.below_grid();
        if self.below.is_empty() {
            self.masters_bottom().max(MASTERS + 60)
        } else {
            grid.y + grid.height(self.below.len())
        }
    }
}

/// Masters that get frames, and all other nodes.
fn others(inventory: &Inventory, names: &[&Name]) -> (Vec<Name>, Vec<Name>) {
    let is_master = |name: &Name| inventory.node(name).is_some_and(|node| is_master(inventory, node));
    let (mut masters, mut others): (Vec<Name>, Vec<Name>) =
        names.iter().map(|name| (*name).clone()).partition(is_master);
    if masters.len() > Detail::MASTERS {
        others.extend(masters.split_off(Detail::MASTERS));
        others.sort_by(|a, b| natural(a, b));
    }
    (masters, others)
}

/// Nodes in groups of about a hundred, zone by zone: key, name for people, members.
fn groups(inventory: &Inventory, names: &[Name]) -> Vec<(Name, String, Vec<Name>)> {
    let mut zones: BTreeMap<Name, Vec<Name>> = BTreeMap::new();
    for name in names {
        let zone = inventory.node(name).and_then(|node| node.zone.clone()).unwrap_or_default();
        zones.entry(zone).or_default().push(name.clone());
    }
    let mut groups = Vec::new();
    for (zone, members) in zones {
        for (n, chunk) in members.chunks(Detail::GROUP).enumerate() {
            let label = if zone.is_empty() { format!("Nodes {}", n + 1) } else { format!("{zone} · {}", n + 1) };
            groups.push((format!("{zone}.{}", n + 1).into(), label, chunk.to_vec()));
        }
    }
    groups
}
