//! What a cluster has: nodes, components, pods, services, endpoints, in pages.

pub(super) mod endpoints;
pub(super) mod nodes;
pub(super) mod pods;
pub(super) mod services;

use serde::Deserialize;
use topology::{
    Inventory,
    figure::{self, Filter},
    health::moment,
    inventory::{Heard, Name, OwnerKind, Source, namespaces},
};
use utoipa::IntoParams;

use super::{
    ApiError,
    page::{Limit, Page},
    words::Health,
};

/// Which items are wanted; what is not said lets everything through.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Wanted {
    /// Only this namespace.
    namespace: Option<String>,
    /// Only on this node.
    node: Option<String>,
    /// Only what belongs to this owner, as `Deployment/web`.
    owner: Option<String>,
    /// Filter by state.
    #[param(inline)]
    state: Option<Health>,
    /// Only what has this text in its name, whatever its case.
    search: Option<String>,
    /// Items on a page.
    #[param(value_type = Option<u16>, minimum = 1, maximum = 1000, default = 100)]
    limit: Option<Limit>,
    /// Where to go on: the `next` of the page before.
    next: Option<String>,
}

impl Wanted {
    fn filter(&self) -> Filter {
        let owner = self.owner.as_ref().map(|owner| {
            let (kind, name) = owner.split_once('/').unwrap_or(("", owner));
            (OwnerKind::from_word(kind), name.into())
        });
        figure::Filter {
            namespace: self.namespace.as_deref().map(Into::into),
            owner,
            health: self.state.map(Into::into),
            text: self.search.as_deref().map(Into::into),
        }
    }

    fn has_node(&self, node: Option<&str>) -> bool {
        self.node.is_none() || self.node.as_deref() == node
    }

    fn has_text(&self, name: &str) -> bool {
        self.search.as_ref().is_none_or(|text| name.to_lowercase().contains(&text.to_lowercase()))
    }

    fn has_health(&self, health: Health) -> bool {
        self.state.is_none_or(|wanted| wanted == health)
    }
}

/// A page of what `of` tells, judged by what `beside` tells: a source that may not be read is no
/// empty list, and what else could not be read is named beside the items.
fn known<T>(
    inventory: &Inventory,
    of: Source,
    beside: &[Source],
    page: impl FnOnce() -> Page<T>,
) -> Result<Page<T>, ApiError> {
    match inventory.heard(of) {
        Heard::Forbidden { permission } => return Err(ApiError::Unpermitted(of.word(), permission.to_string())),
        Heard::Unread { reason } => {
            let what = format!("{} are unknown: {reason}", of.word());
            return Err(ApiError::Unreachable { what, todo: "Ask again: Binnacle keeps trying.".into() });
        }
        _ => {}
    }
    let mut page = page();
    let missing = |source: &Source| match inventory.heard(*source) {
        Heard::Forbidden { permission } => {
            Some(format!("{} are unknown: the permission to {permission} is missing.", source.word()))
        }
        Heard::Unread { reason } => Some(format!("{} are unknown: {reason}.", source.word())),
        Heard::NotYet => Some(format!("{} are still being read.", source.word())),
        Heard::Stale { since, .. } => {
            Some(format!("{} were last heard of at {}: they may have changed since.", source.word(), moment(*since)))
        }
        _ => None,
    };
    // Nobody is to take the part for the whole.
    let limits = (of.is_namespaced() || of == Source::Nodes).then(|| inventory.scope());
    let limits = limits.and_then(|scope| Some(format!("Only {} can be seen.", scope.words()?)));
    // A source tells while one namespace does.
    let silent = |source: &Source| {
        let parts = inventory.standings().filter(|(of, _, heard)| of == source && !heard.knows());
        let parts: Vec<&Name> = parts.filter_map(|(_, namespace, _)| namespace).collect();
        let is_part = inventory.heard(*source).knows() && !parts.is_empty();
        is_part.then(|| format!("{} of {} are unknown.", source.word(), namespaces(parts)))
    };
    let of_all = std::iter::once(&of).chain(beside);
    page.missing = of_all.clone().filter_map(missing).chain(limits).chain(of_all.filter_map(silent)).collect();
    Ok(page)
}
