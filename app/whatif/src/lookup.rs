//! Which selectors may match labels, and which forms a selector may match, found without a look at all of them.
//!
//! A selector that asks for one of some values of a label is kept by these values. Any other is among the rest.

use std::collections::HashMap;

use topology::inventory::{Budget, Labels, Name, Operator, Requirement, Selector};

use crate::world::{FormId, World};

/// Everything that selects, and everything that is selected, of one cluster.
#[derive(Debug, Default)]
pub(crate) struct Lookup<'a> {
    /// Forms with a term that keeps others away, and the term's number.
    apart: Chosen<'a, (FormId, usize)>,
    budgets: HashMap<&'a Name, Chosen<'a, &'a Budget>>,
    /// Forms by each of their labels, in their order.
    forms: HashMap<(&'a Name, &'a Name), Vec<FormId>>,
    all: Vec<FormId>,
}

/// Things with a selector each.
#[derive(Debug)]
struct Chosen<'a, T> {
    by_value: HashMap<(&'a Name, &'a Name), Vec<T>>,
    rest: Vec<T>,
}

impl<T> Default for Chosen<'_, T> {
    fn default() -> Self {
        Self { by_value: HashMap::new(), rest: Vec::new() }
    }
}

/// The requirement of a selector that asks for one of some values.
fn values(selector: &Selector) -> Option<&Requirement> {
    selector.0.iter().find(|one| one.operator == Operator::In && !one.values.is_empty())
}

impl<'a, T: Copy> Chosen<'a, T> {
    fn add(&mut self, selector: &'a Selector, one: T) {
        let Some(requirement) = values(selector) else { return self.rest.push(one) };
        for value in &requirement.values {
            let kept = self.by_value.entry((&requirement.label, value)).or_default();
            kept.push(one);
        }
    }

    /// Those whose selector may match these labels. One may come twice where it names a value twice.
    fn of(&self, labels: &'a Labels) -> impl Iterator<Item = T> {
        let by_value = labels.iter().filter_map(|(name, value)| self.by_value.get(&(name, value))).flatten();
        by_value.chain(&self.rest).copied()
    }
}

impl<'a> Lookup<'a> {
    /// Of all forms and budgets.
    pub(crate) fn new(world: &World<'a>) -> Self {
        let mut lookup = Self { all: (0..world.forms.len()).collect(), ..Self::default() };
        for (number, form) in world.forms.iter().enumerate() {
            for label in form.labels.iter() {
                lookup.forms.entry(label).or_default().push(number);
            }
        }
        for &number in &world.apart {
            for (at, term) in world.forms[number].shape.apart.iter().enumerate() {
                if let Some(selector) = &term.selector {
                    lookup.apart.add(selector, (number, at));
                }
            }
        }
        for budget in world.inventory.catalog().budgets() {
            if let Some(selector) = &budget.selects {
                lookup.budgets.entry(&budget.key.namespace).or_default().add(selector, budget);
            }
        }
        lookup
    }

    /// Forms, each with the number of a term that may keep a pod with these labels away.
    pub(crate) fn apart(&self, labels: &'a Labels) -> impl Iterator<Item = (FormId, usize)> {
        self.apart.of(labels)
    }

    /// Budgets of a namespace that select these labels, by their keys.
    pub(crate) fn budgets(&self, namespace: &Name, labels: &'a Labels) -> impl Iterator<Item = &'a Budget> {
        let all = self.budgets.get(namespace).into_iter().flat_map(|chosen| chosen.of(labels));
        let selects = |budget: &&Budget| budget.selects.as_ref().is_some_and(|selector| selector.matches(labels));
        let mut found: Vec<&'a Budget> = all.filter(selects).collect();
        found.sort_unstable_by(|a, b| a.key.cmp(&b.key));
        found.dedup_by(|a, b| a.key == b.key);
        found.into_iter()
    }

    /// Forms that a selector may match, in their order.
    pub(crate) fn forms(&self, selector: Option<&Selector>) -> impl Iterator<Item = FormId> {
        let requirement = selector.and_then(values);
        let by_value = requirement
            .into_iter()
            .flat_map(|one| one.values.iter().filter_map(|value| self.forms.get(&(&one.label, value))).flatten());
        let all = if selector.is_some() && requirement.is_none() { self.all.as_slice() } else { &[] };
        let mut found: Vec<FormId> = by_value.chain(all).copied().collect();
        found.sort_unstable();
        found.dedup();
        found.into_iter()
    }
}
