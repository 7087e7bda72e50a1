//! A node, or a hundred nodes, as one mark.

use scene::{Anchor, Health, Id, Kind, Mark, Place, Style, Text, clip, width};

use super::{
    chips::{fitting, text},
    node::{Digest, MISSING},
    tally::Tally,
};
use crate::inventory::Name;

/// The worst of a node: of itself, its components and its pods.
pub fn worst(digest: &Digest) -> Health {
    let pods = digest.pods.worst().filter(|health| *health > Health::Starting);
    [Some(digest.health), digest.worst_part, pods]
        .into_iter()
        .flatten()
        .max_by_key(|health| health.severity())
        .unwrap_or(Health::Unknown)
}

/// A node as a card.
pub fn card(name: &Name, digest: &Digest, at: Place) -> Mark {
    let mut mark = node_mark(name, digest, Kind::Card, at);
    let count = format!("{}/{}", digest.pods.well(), digest.pods.total());
    mark.texts.push(text(10, 18, Style::Body, clip(name, Style::Body, at.w - 20)));
    let (word, room) = (state_word(digest), at.w - 24 - width(&count, Style::Tiny));
    let brief = if word == MISSING { "not in cluster" } else { word };
    mark.texts.push(text(10, 34, Style::Tiny, fitting([word, brief], Style::Tiny, room)));
    mark.texts.push(Text { anchor: Anchor::End, ..text(at.w - 10, 34, Style::Tiny, count) });
    mark.tally = digest.pods.shares();
    mark
}

/// A node as a small square.
pub fn tile(name: &Name, digest: &Digest, at: Place) -> Mark {
    node_mark(name, digest, Kind::Tile, at)
}

fn node_mark(name: &Name, digest: &Digest, kind: Kind, at: Place) -> Mark {
    let mut mark = Mark::new(Id::new(format!("node/{name}")), kind, at);
    mark.health = Some(worst(digest));
    mark.title = format!("Node {name}: {}; pods: {}", state_word(digest), digest.pods.words());
    mark.opens = Some(format!("?at=node/{name}"));
    mark.faded = !digest.matches;
    mark
}

const fn state_word(digest: &Digest) -> &'static str {
    match digest.health {
        Health::Ok | Health::Done if digest.drifted => "Ready, ≠ plan",
        Health::Ok | Health::Done => "Ready",
        Health::Ghost => MISSING,
        Health::Warn => "under pressure",
        Health::Bad => "not ready",
        Health::Stale => "not responding",
        _ if !digest.exists => "not a node",
        _ => "unknown",
    }
}

/// About a hundred nodes as a card.
pub fn group(key: &Name, label: &str, members: &[(&Name, &Digest)], at: Place) -> Mark {
    let nodes: Tally = members.iter().map(|(_, digest)| worst(digest)).collect();
    let mut pods = Tally::default();
    members.iter().for_each(|(_, digest)| pods.merge(&digest.pods));
    let mut mark = Mark::new(Id::new(format!("nodes/{key}")), Kind::Card, at);
    mark.health = nodes.worst();
    let span = match members {
        [(first, _), .., (last, _)] => format!("{first} to {last}"),
        [(only, _)] => only.to_string(),
        [] => String::new(),
    };
    mark.title = format!("{} nodes, {label}, {span}: {}; pods: {}", members.len(), nodes.words(), pods.words());
    mark.texts.push(text(12, 20, Style::Body, clip(label, Style::Body, at.w - 24)));
    mark.texts.push(text(12, 37, Style::Tiny, clip(&span, Style::Tiny, at.w - 24)));
    let left = format!("{} nodes", members.len());
    let right = format!("{} pods", pods.total());
    mark.texts.push(text(12, 56, Style::Note, left));
    mark.texts.push(Text { anchor: Anchor::End, ..text(at.w - 12, 56, Style::Note, right) });
    mark.tally = nodes.shares();
    mark.opens = Some(format!("?at=group/{key}"));
    mark.faded = !members.iter().any(|(_, digest)| digest.matches);
    mark
}
