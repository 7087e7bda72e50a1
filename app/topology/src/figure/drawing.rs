//! A figure as it was last drawn, and its way to the next.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use scene::{Health, Mark, Op, Patch, Scene, diff_marks};

use super::{
    Figure, Filter, Focus, View, architecture,
    arrangement::Arrangement,
    bands::{self, States},
    networking,
    node::{Digest, Sight, digest, sight},
    rows,
    summary::{self, Phrase},
};
use crate::{
    Inventory, Stamp, Touched,
    inventory::{Heard, Name, Source},
    layout::Detail,
};

/// The figure of one view as it was last drawn; keeps what it needs to draw only what changed.
#[derive(Clone, Debug)]
pub struct Drawing {
    view: View,
    plan: Arrangement,
    digests: BTreeMap<Name, Digest>,
    segments: BTreeMap<Segment, Arc<[Mark]>>,
    states: States,
    sentence: Vec<Phrase>,
    height: i32,
}

/// Room between what stands below one another.
pub const BELOW: i32 = 24;

/// A run of marks that is drawn in one go. Order is painting and reading order.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Segment {
    /// What the way of a service is: the answer to a question.
    Way,
    Clients,
    /// The jump host and the networks beside the nodes.
    Beside,
    /// A master or another node or a group, by its place in the order.
    Box(usize),
    /// Lines between the frames.
    Bus,
    Unplaced,
    Services,
}

/// What every part of a figure is drawn from.
pub struct Board<'a> {
    pub inventory: &'a Inventory,
    pub plan: &'a Arrangement,
    pub digests: &'a BTreeMap<Name, Digest>,
    pub filter: &'a Filter,
    pub now: Stamp,
}

impl<'a> Board<'a> {
    /// A node in full.
    pub fn sight(&self, name: &'a Name) -> Sight<'a> {
        sight(self.inventory, name, self.filter, self.now)
    }
}

impl Drawing {
    /// Draws the whole figure. `now` decides what is stale.
    pub fn draw(inventory: &Inventory, view: &View, now: Stamp) -> Self {
        let mut figure = Self {
            view: view.clone(),
            plan: Arrangement::default(),
            digests: BTreeMap::new(),
            segments: BTreeMap::new(),
            states: States::new(),
            sentence: Vec::new(),
            height: 0,
        };
        figure.draw_all(inventory, now);
        figure
    }

    /// Draws again what was touched; the Patch turns the former Scene into the new one.
    pub fn redraw(&mut self, inventory: &Inventory, touched: &Touched, now: Stamp) -> Patch {
        // What is on a way may lie anywhere; following it again costs less than finding out.
        // Routes, which no other figure shows, are ways in as well.
        let anywhere = matches!(self.view.focus, Focus::Way(_)) && (touched.beside || !touched.is_nothing());
        if touched.all || touched.node_set || anywhere {
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
                self.states = bands::states(inventory);
                changed.extend(self.draw_around(inventory));
                let unplaced = changed.contains_key(&Segment::Unplaced);
                if unplaced != self.segments.contains_key(&Segment::Unplaced) {
                    return self.redraw_all(inventory, now);
                }
            }
            if !touched.around && !touched.services.is_empty() {
                for key in &touched.services {
                    if let Some(service) = inventory.service(key) {
                        self.states.insert(key.clone(), bands::service_state(inventory, service));
                    }
                }
                let unplaced = self.segments.get(&Segment::Unplaced).and_then(|marks| marks.first());
                changed.extend(self.draw_services(inventory, unplaced.map(|band| band.at.h)));
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
        if touched.around || !touched.nodes.is_empty() {
            self.sentence = summary::sentence(inventory, &self.digests, now);
        }
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
            Focus::Cluster => self.view.figure.title().to_owned(),
            Focus::Group(key) => format!("Nodes of {key}"),
            Focus::Node(name) => format!("Node {name}"),
            Focus::Way(question) => format!("The way of {question}"),
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
        let names: Vec<&Name> = inventory
            .nodes()
            .map(|node| &node.name)
            .chain(inventory.missing_nodes())
            .chain(inventory.unmet_hosts())
            .collect();
        self.digests =
            names.iter().map(|name| ((*name).clone(), digest(inventory, name, &self.view.filter, now))).collect();
        self.plan = Arrangement::of(inventory, &self.digests, &self.view.focus);
        self.segments.clear();
        self.states = bands::states(inventory);
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
        let board = self.board(inventory, now);
        if let Some(name) = &self.plan.focus {
            return rows::draw(&board.sight(name), (20, 40)).into();
        }
        match self.view.figure {
            Figure::Architecture => architecture::draw_box(&board, n),
            Figure::Networking => networking::draw_box(&board, n),
        }
        .into()
    }

    fn draw_around(&self, inventory: &Inventory) -> BTreeMap<Segment, Arc<[Mark]>> {
        let board = self.board(inventory, Stamp::default());
        let around = match (&self.view.focus, self.view.figure) {
            (Focus::Way(question), _) => vec![(Segment::Way, networking::draw_way(inventory, question))],
            (Focus::Cluster, Figure::Architecture) => architecture::draw_around(&board),
            (Focus::Cluster, Figure::Networking) => networking::draw_around(&board),
            _ => Vec::new(),
        };
        let mut around: BTreeMap<Segment, Arc<[Mark]>> =
            around.into_iter().map(|(segment, marks)| (segment, marks.into())).collect();
        let unplaced = around.get(&Segment::Unplaced).and_then(|marks| marks.first()).map(|band| band.at.h);
        around.extend(self.draw_services(inventory, unplaced));
        around
    }

    /// The services below everything else; `unplaced` is the height of the band above them.
    fn draw_services(&self, inventory: &Inventory, unplaced: Option<i32>) -> Option<(Segment, Arc<[Mark]>)> {
        // A plan says nothing of services.
        let plan_alone = inventory.planned().is_some() && *inventory.heard(Source::Services) == Heard::NotYet;
        if self.view.focus != Focus::Cluster || plan_alone {
            return None;
        }
        let board = self.board(inventory, Stamp::default());
        let y = self.bottom() + BELOW + unplaced.map_or(0, |height| height + BELOW / 2);
        let marks = match self.view.figure {
            Figure::Architecture => bands::services(&board, &self.states, y),
            Figure::Networking => networking::draw_services(&board, &self.states, y),
        };
        (!marks.is_empty()).then(|| (Segment::Services, marks.into()))
    }

    fn board<'a>(&'a self, inventory: &'a Inventory, now: Stamp) -> Board<'a> {
        Board { inventory, plan: &self.plan, digests: &self.digests, filter: &self.view.filter, now }
    }

    fn bottom(&self) -> i32 {
        if let Focus::Way(_) = self.view.focus {
            return 0;
        }
        match self.view.figure {
            Figure::Architecture => architecture::bottom(&self.plan),
            Figure::Networking => networking::bottom(&self.plan),
        }
    }

    fn measure(&self) -> i32 {
        let root = |marks: &Arc<[Mark]>| marks.first().map_or(0, |root| root.at.y + root.at.h);
        let bottom = |(segment, marks): (&Segment, &Arc<[Mark]>)| match segment {
            Segment::Way => marks.iter().map(|mark| mark.at.y + mark.at.h).max().unwrap_or(0),
            _ => root(marks),
        };
        self.segments.iter().map(bottom).max().unwrap_or(0).max(self.bottom()) + 12
    }
}

fn roots(marks: &[Mark]) -> impl Iterator<Item = &scene::Id> {
    marks.iter().filter(|mark| mark.parent.is_none()).map(|mark| &mark.id)
}
