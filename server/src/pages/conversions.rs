//! From the pages' words to topology's, and back.

use app::source::{Trouble, View};
use scene::Health;
use topology::{
    figure::{self, Figure, Filter, Focus},
    inventory::{Name, OwnerKind},
};

use crate::cluster;

/// What a view asks for. What it does not understand lets everything through.
pub fn view(view: &View) -> figure::View {
    let some = |text: &str| Some(text.trim()).filter(|text| !text.is_empty()).map(Name::from);
    let focus = match view.at.split_once('/') {
        Some(("node", name)) => Focus::Node(name.into()),
        Some(("group", key)) => Focus::Group(key.into()),
        Some(("follow", text)) => text.parse().map_or(Focus::Cluster, Focus::Way),
        _ => Focus::Cluster,
    };
    // A name alone, as somebody types it, is a Deployment's.
    let owner = some(&view.owner).map(|owner| match owner.split_once('/') {
        Some((kind, name)) => (OwnerKind::from_word(kind), name.into()),
        None => (OwnerKind::Deployment, owner),
    });
    let health = Health::ALL.into_iter().find(|health| health.word() == view.state);
    let figure = if view.figure == View::NETWORKING { Figure::Networking } else { Figure::Architecture };
    figure::View {
        figure,
        focus,
        filter: Filter { namespace: some(&view.namespace), owner, health, text: some(&view.search) },
    }
}

/// A cluster's trouble in the pages' words; `origin` is the file that names the cluster.
pub(super) fn trouble(trouble: &cluster::Trouble, origin: &str) -> Trouble {
    match trouble {
        cluster::Trouble::NoSuchCluster(name) => Trouble::NoSuchCluster(name.clone()),
        other => Trouble::Unreachable {
            what: other.to_string(),
            todo: format!("{} Binnacle keeps trying.", other.todo_in(origin)),
        },
    }
}
