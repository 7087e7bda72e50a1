//! What the rules of one form say of the others, and how full the domains of its spread are: found once for all
//! questions about a cluster, since it is the same in each.

use std::collections::{BTreeMap, BTreeSet};

use topology::inventory::{Budget, Labels, Name, PodTerm, Selector, Spread};

use crate::{
    filter::eligible,
    supposed::Supposed,
    world::{Form, FormId, HostId, World},
};

/// What the rules of a form say of the others, whatever a question supposes.
#[derive(Debug, Default)]
pub(crate) struct Relation<'a> {
    /// Forms that it keeps away or that keep it away, each with the key of the domain: sorted, without doubles.
    pub(crate) apart: Vec<(FormId, &'a Name)>,
    /// Forms that every term of its affinity is about.
    pub(crate) near: Vec<FormId>,
    /// Forms that some term of its affinity is about.
    pub(crate) near_some: Vec<FormId>,
    /// Whether every term of its affinity is about itself.
    pub(crate) near_itself: bool,
    /// The constraints of its spread.
    pub(crate) spread: Vec<Counting>,
    /// Forms that a constraint of its spread selects, whether or not they are counted.
    pub(crate) meddles: Vec<FormId>,
    /// Budgets that select it, by their keys.
    pub(crate) budgets: Vec<&'a Budget>,
}

/// Whose pods a constraint counts.
#[derive(Debug)]
pub(crate) struct Counting {
    /// Forms of its namespace that its selector matches.
    pub(crate) forms: Vec<FormId>,
    /// Whether the form counts itself.
    pub(crate) itself: bool,
}

/// A constraint counted in the cluster as it is.
#[derive(Debug)]
pub(crate) struct Base {
    /// Whether a host counts as a part of its domain.
    pub(crate) counts: Vec<bool>,
    /// How many hosts count in each domain, and how many pods.
    pub(crate) domains: BTreeMap<Name, (u32, u32)>,
}

/// Finds what the rules of a form say of the others.
pub(crate) fn relation<'a>(world: &World<'a>, number: FormId) -> Relation<'a> {
    let form = &world.forms[number];
    let shape = form.shape;
    let lookup = world.lookup();
    let mut found = Relation::default();
    for (other, at) in lookup.apart(form.labels) {
        let there = &world.forms[other];
        let term = &there.shape.apart[at];
        if concerns(world, term, there.namespace, form) {
            found.apart.push((other, &term.topology));
        }
    }
    for term in &shape.apart {
        let kept = lookup.forms(term.selector.as_ref());
        let kept = kept.filter(|other| concerns(world, term, form.namespace, &world.forms[*other]));
        found.apart.extend(kept.map(|other| (other, &term.topology)));
    }
    let about = |term: &PodTerm, other: FormId| concerns(world, term, form.namespace, &world.forms[other]);
    let some: BTreeSet<FormId> = shape
        .near
        .iter()
        .flat_map(|term| lookup.forms(term.selector.as_ref()).filter(move |other| about(term, *other)))
        .collect();
    found.near_some = some.into_iter().collect();
    let by_all = |other: &FormId| shape.near.iter().all(|term| about(term, *other));
    found.near = found.near_some.iter().copied().filter(by_all).collect();
    let meddles = |one: &Spread, other: FormId| {
        let there = &world.forms[other];
        form.namespace == there.namespace && selects(one.selector.as_ref(), there.labels)
    };
    let all: BTreeSet<FormId> = shape
        .spread
        .iter()
        .flat_map(|one| lookup.forms(one.selector.as_ref()).filter(move |other| meddles(one, *other)))
        .collect();
    found.meddles = all.into_iter().collect();
    found.apart.sort_unstable();
    found.apart.dedup();
    found.near_itself = found.near.contains(&number);
    found.spread = shape.spread.iter().map(|spread| counting(world, form, spread)).collect();
    found.budgets = lookup.budgets(form.namespace, form.labels).collect();
    found
}

fn counting(world: &World<'_>, form: &Form<'_>, spread: &Spread) -> Counting {
    let keyed: Vec<(&Name, &Name)> =
        spread.match_label_keys.iter().filter_map(|key| Some((key, form.labels.get(key)?))).collect();
    let matches = |labels: &Labels| {
        selects(spread.selector.as_ref(), labels) && keyed.iter().all(|(key, value)| labels.get(key) == Some(value))
    };
    // The scheduler counts no pod at all where the selector says nothing.
    let is_empty = keyed.is_empty() && spread.selector.as_ref().is_some_and(|selector| selector.0.is_empty());
    let counted =
        |other: &FormId| world.forms[*other].namespace == form.namespace && matches(world.forms[*other].labels);
    let forms = match is_empty {
        true => Vec::new(),
        false => world.lookup().forms(spread.selector.as_ref()).filter(counted).collect(),
    };
    Counting { forms, itself: matches(form.labels) }
}

/// Counts the constraints of a form's spread in the cluster as it is.
pub(crate) fn bases(world: &World<'_>, number: FormId) -> Vec<Base> {
    let same = Supposed::same(world);
    let form = &world.forms[number];
    let base = |(spread, counting): (&Spread, &Counting)| {
        let mut base = Base { counts: vec![false; world.hosts.len()], domains: BTreeMap::new() };
        for (host, one) in world.hosts.iter().enumerate() {
            let Some(domain) = one.label(&spread.topology) else { continue };
            if eligible(&same, form, spread, host) {
                base.counts[host] = true;
                base.domains.entry(domain.clone()).or_default().0 += 1;
            }
        }
        for &(host, count, leaving) in counting.forms.iter().flat_map(|other| &world.forms[*other].seats) {
            if let Some(domain) = world.hosts[host].label(&spread.topology).filter(|_| base.counts[host])
                && let Some((_, pods)) = base.domains.get_mut(domain)
            {
                *pods += count - leaving;
            }
        }
        base
    };
    form.shape.spread.iter().zip(&world.relation(number).spread).map(base).collect()
}

/// How many pods of these forms count on a host, as it is.
pub(crate) fn counted_on(world: &World<'_>, forms: &[FormId], host: HostId) -> u32 {
    let seats = forms.iter().flat_map(|other| &world.forms[*other].seats);
    seats.filter(|(at, ..)| *at == host).map(|(_, count, leaving)| count - leaving).sum()
}

fn selects(selector: Option<&Selector>, labels: &Labels) -> bool {
    selector.is_some_and(|selector| selector.matches(labels))
}

/// Whether a term of a pod in `from` is about a pod of this form.
fn concerns(world: &World<'_>, term: &PodTerm, from: &Name, form: &Form<'_>) -> bool {
    let own = term.namespaces.is_empty() && term.namespace_selector.is_none();
    let here = (own && form.namespace == from)
        || term.namespaces.contains(form.namespace)
        || term.namespace_selector.as_ref().is_some_and(|selector| {
            selector.0.is_empty()
                || world.inventory.namespace_labels(form.namespace).is_some_and(|l| selector.matches(l))
        });
    here && selects(term.selector.as_ref(), form.labels)
}
