//! Objects of every kind: the kinds, their rows, one object as YAML; events and logs.

mod events;
mod kinds;
mod log;
mod manifest;
mod rows;

use leptos::prelude::*;

use crate::{base::at, source::Notice};

pub use events::{EventRow, EventsPage, EventsSought, events};
pub use kinds::{KindsPage, kinds};
pub use log::{ContainerLine, LogPage, LogSought, log};
pub use manifest::{ManifestPage, manifest};
pub use rows::{ObjectRow, RowsPage, rows};

/// A kind, as pages name it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KindLine {
    /// Empty for the core's.
    pub group: String,
    /// Its version.
    pub version: String,
    /// As in a path.
    pub plural: String,
    /// As in an object.
    pub kind: String,
    /// Whether its objects lie in namespaces.
    pub namespaced: bool,
    /// Whether the server lists them.
    pub listed: bool,
    /// Whether these are Secrets.
    pub secret: bool,
}

/// The page of a kind's objects.
pub fn path_of(cluster: &str, group: &str, plural: &str) -> String {
    let group = if group.is_empty() { "core" } else { group };
    at(&format!("/c/{}/objects/{}/{}", scene::segment(cluster), scene::segment(group), scene::segment(plural)))
}

/// What names one object in a query, with its `?`.
pub fn query_of(namespace: &str, name: &str) -> String {
    let inside = if namespace.is_empty() { String::new() } else { format!("ns={}&", scene::encoded(namespace)) };
    format!("?{inside}name={}", scene::encoded(name))
}

/// The page of one object as YAML.
pub fn manifest_of(cluster: &str, group: &str, plural: &str, namespace: &str, name: &str) -> String {
    format!("{}/manifest{}", path_of(cluster, group, plural), query_of(namespace, name))
}

/// The page of the events of one object.
pub fn events_of(cluster: &str, kind: &str, namespace: &str, name: &str) -> String {
    let inside = if namespace.is_empty() { String::new() } else { format!("ns={}&", scene::encoded(namespace)) };
    let base = at(&format!("/c/{}/events", scene::segment(cluster)));
    format!("{base}?{inside}kind={}&name={}", scene::encoded(kind), scene::encoded(name))
}

/// The page of a pod's log.
pub fn log_of(cluster: &str, namespace: &str, pod: &str) -> String {
    at(&format!("/c/{}/pods/{}/{}/log", scene::segment(cluster), scene::segment(namespace), scene::segment(pod)))
}

/// Why there is nothing to show.
fn refused(why: &Notice) -> AnyView {
    view! {
        <p class=format!("plain card h-{}", why.health.word()) role="status">
            <strong>{why.what.clone()}</strong>" "{why.todo.clone()}
        </p>
    }
    .into_any()
}

/// A choice among names; one that is chosen and not among them can be chosen still.
fn choice(name: &'static str, label: &'static str, all: &'static str, chosen: &str, names: &[String]) -> AnyView {
    let unknown = (!chosen.is_empty() && !names.iter().any(|known| known == chosen)).then(|| chosen.to_owned());
    let options = names.iter().cloned().chain(unknown).map(|value| {
        let selected = value == chosen;
        let text = value.clone();
        view! { <option value=value selected=selected>{text}</option> }
    });
    view! { <label>{label}" "<select name=name><option value="">{all}</option>{options.collect_view()}</select></label> }
        .into_any()
}
