//! Two moments of a cluster on one figure: drawn on all that was there at either, so that nothing has to move.
//!
//! ```text
//! before, after ──union──▶ Inventory ──Drawing──▶ Scene ──marked by what differs──▶ Scene
//! ```
//! A thing that is gone stands where it was, one that moved stands at both places with an arrow between them. A source
//! that does not tell at one of the moments makes no difference.

mod facts;
mod union;
pub mod words;

use std::collections::{BTreeMap, HashMap};

use scene::{Anchor, Differs, Health, Id, Kind, Mark, Place, Point, Scene, Style, Text};

use super::{Drawing, View, chips::text};
use crate::{Inventory, Stamp, inventory::Name};
use facts::{Facts, Move, Told};

/// A figure of what differs.
#[derive(Clone, Debug, PartialEq)]
pub struct Compared {
    /// The figure.
    pub scene: Scene,
    /// How many hosts, components, pods and services differ, by how.
    pub counts: Vec<(Differs, usize)>,
}

/// Arrows of single pods; of more, one is drawn from host to host.
const ARROWS: usize = 24;
/// Height of the row that says what the signs mean.
const LEGEND: i32 = 26;

/// What differs between two moments of a cluster, on one figure. `now` is the second moment.
pub fn difference(before: &Inventory, after: &Inventory, view: &View, now: Stamp) -> Compared {
    let facts = Facts::of(before, after);
    let union = union::union(before, after, &facts);
    let drawn = Drawing::draw(&union, view, now).scene();
    let mut marks = drawn.marks;
    for mark in &mut marks {
        let told = told(mark, &facts);
        if let Some(told) = told {
            differ(mark, &told);
        }
    }
    count(&mut marks, &facts);
    let arrows = arrows(&marks, &facts);
    marks.extend(arrows);
    let counts = facts.counts();
    let height = drawn.height + LEGEND;
    marks.extend(legend(drawn.height));
    let words: Vec<String> = counts.iter().map(|(differs, count)| format!("{count} {}", differs.word())).collect();
    let description = match words.is_empty() {
        true => "Nothing that is drawn differs.".to_owned(),
        false => format!("Hosts, components, pods and services: {}.", words.join(", ")),
    };
    let title = format!("{}: difference of two moments", drawn.title);
    Compared { scene: Scene { title, description, height, marks, ..drawn }, counts }
}

/// How a mark differs, by the facts of what it stands for.
fn told(mark: &Mark, facts: &Facts) -> Option<Told> {
    let (kind, rest) = mark.id.as_str().split_once('/')?;
    match kind {
        "node" => facts.node(rest).cloned().or_else(|| {
            // A card or a tile hides its pods; a frame shows them.
            let hides = matches!(mark.kind, Kind::Card | Kind::Tile);
            facts.on(rest).filter(|_| hides)
        }),
        "nodes" => None,
        "chip" => facts.chips.get(rest).cloned(),
        "pod" => facts.pods.get(rest).cloned(),
        "group" | "more" => facts.group(rest),
        "fold" => facts.on(rest),
        "service" => facts.services.get(rest).cloned(),
        _ => None,
    }
}

fn differ(mark: &mut Mark, told: &Told) {
    mark.differs = Some(told.differs);
    mark.title = format!("{}: {} {}", capital(told.differs.word()), told.words, mark.title).trim().to_owned();
    if told.differs == Differs::Gone {
        // It fares in no way now.
        mark.health = mark.health.map(|_| Health::Ghost);
        mark.tally = Vec::new();
    }
}

fn capital(word: &str) -> String {
    word.get(..1).map(|first| first.to_uppercase() + &word[1..]).unwrap_or_default()
}

/// Groups say how many pods they had and have, where that differs: the union has counted both.
fn count(marks: &mut [Mark], facts: &Facts) {
    for mark in marks.iter_mut().filter(|mark| mark.kind == Kind::Group) {
        let Some(slug) = mark.id.as_str().strip_prefix("group/") else { continue };
        let Some((before, after)) = facts.sizes.get(slug).copied() else { continue };
        let Some(text) = mark.texts.iter_mut().find(|text| text.anchor == Anchor::End) else { continue };
        if before != after {
            text.text = format!("{before}→{after}");
        } else if mark.differs.is_some() {
            text.text = after.to_string();
        }
    }
}

/// Arrows from where things were to where they are: between pods, or between hosts where there are many.
fn arrows(marks: &[Mark], facts: &Facts) -> Vec<Mark> {
    let places = absolute(marks);
    let place = |kind: &str, of: &str| places.get(&Id::new(format!("{kind}/{of}"))).copied();
    let mut moves: BTreeMap<(&Name, &Name), Vec<&Move>> = BTreeMap::new();
    for one in &facts.moves {
        moves.entry((&one.from, &one.to)).or_default().push(one);
    }
    let mut arrows = Vec::new();
    for ((from, to), pods) in moves {
        let Some((source, target)) = place("node", from).zip(place("node", to)) else { continue };
        let ends = |one: &Move| place("pod", &one.was).zip(place("pod", &one.is));
        let single = facts.moves.len() <= ARROWS;
        let mut left = 0;
        for one in pods {
            match ends(one).filter(|_| single) {
                Some((a, b)) => {
                    let words = format!("Moved: {} from {from} to {to}.", one.was);
                    let path =
                        between_pods(a, b, if source.x < target.x { target.x - 5 } else { target.x + target.w + 5 });
                    arrows.push(arrow(&format!("moved/{}/{}", one.was, one.is), words, path));
                }
                None => left += 1,
            }
        }
        if left > 0 {
            let middle = |at: Place| Point { x: at.x + at.w / 2, y: at.y + at.h / 2 };
            let pods = if left == 1 { "pod" } else { "pods" };
            let words = format!("Moved: {left} {pods} from {from} to {to}.");
            arrows.push(arrow(&format!("moved/{from}/{to}"), words, vec![middle(source), middle(target)]));
        }
    }
    arrows
}

/// From below one pod to below another: along the rows of slots, and down or up beside the frame that it leads to.
fn between_pods(a: Place, b: Place, gutter: i32) -> Vec<Point> {
    const BELOW: i32 = 8;
    let (from, to) = (a.x + a.w / 2, b.x + b.w / 2);
    let (start, end) = (a.y + a.h, b.y + b.h);
    let corners = [
        (from, start),
        (from, start + BELOW),
        (gutter, start + BELOW),
        (gutter, end + BELOW),
        (to, end + BELOW),
        (to, end),
    ];
    corners.map(|(x, y)| Point { x, y }).into()
}

fn arrow(id: &str, words: String, path: Vec<Point>) -> Mark {
    let start = path.first().copied().unwrap_or(Point { x: 0, y: 0 });
    let mut mark = Mark::new(Id::new(id), Kind::Link, Place::new(start.x, start.y, 0, 0));
    mark.path = path.into_iter().map(|point| Point { x: point.x - start.x, y: point.y - start.y }).collect();
    mark.title = words;
    mark.differs = Some(Differs::Moved);
    mark
}

/// Where marks stand on the canvas.
fn absolute(marks: &[Mark]) -> HashMap<Id, Place> {
    let mut places: HashMap<Id, Place> = HashMap::with_capacity(marks.len());
    for mark in marks {
        let corner = mark.parent.as_ref().and_then(|parent| places.get(parent)).copied().unwrap_or_default();
        let at = Place { x: corner.x + mark.at.x, y: corner.y + mark.at.y, ..mark.at };
        places.insert(mark.id.clone(), at);
    }
    places
}

/// What the signs mean, in words.
fn legend(y: i32) -> impl Iterator<Item = Mark> {
    let words = ["gone: as it was before", "new", "moved here from another host", "changed"];
    let at = [34, 220, 300, 520];
    Differs::ALL.into_iter().zip(words).zip(at).map(move |((differs, words), x)| {
        let mut mark =
            Mark::new(Id::new(format!("legend/{}", differs.word())), Kind::Caption, Place::new(x, y + 14, 0, 0));
        mark.texts.push(Text { anchor: Anchor::Start, ..text(0, 0, Style::Note, words.to_owned()) });
        mark.differs = Some(differs);
        mark
    })
}
