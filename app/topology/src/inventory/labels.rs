//! Labels, and what selects by them.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::Name;

/// `metadata.labels`, sorted. Pods of one template share one copy.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Labels(Arc<[(Name, Name)]>);

impl Labels {
    /// From names and values in any order.
    pub fn new(labels: impl IntoIterator<Item = (Name, Name)>) -> Self {
        let mut labels: Vec<(Name, Name)> = labels.into_iter().collect();
        labels.sort();
        Self(labels.into())
    }

    /// From a shared list, which is kept as it is when it is sorted.
    pub fn sorted(labels: Arc<[(Name, Name)]>) -> Self {
        if labels.is_sorted() { Self(labels) } else { Self::new(labels.iter().cloned()) }
    }

    /// The value of a label.
    pub fn get(&self, name: &str) -> Option<&Name> {
        let at = self.0.binary_search_by(|(known, _)| (**known).cmp(name)).ok()?;
        self.0.get(at).map(|(_, value)| value)
    }

    /// Names and values, sorted by name.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&Name, &Name)> {
        self.0.iter().map(|(name, value)| (name, value))
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// A label selector: all of its requirements must hold, so that one without any selects everything.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Selector(pub Vec<Requirement>);

/// One entry of `matchExpressions`; one of `matchLabels` is an [`Operator::In`] with one value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Requirement {
    /// `key`.
    pub label: Name,
    /// `operator`.
    pub operator: Operator,
    /// `values`; empty for the two operators that take none.
    pub values: Vec<Name>,
}

/// `operator` of a requirement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Operator {
    /// The label is there with one of the values.
    In,
    /// It is not there, or with another value.
    NotIn,
    /// It is there.
    Exists,
    /// It is not.
    DoesNotExist,
}

impl Selector {
    /// Whether it selects what carries these labels.
    pub fn matches(&self, labels: &Labels) -> bool {
        self.0.iter().all(|requirement| requirement.holds(labels))
    }
}

impl Requirement {
    fn holds(&self, labels: &Labels) -> bool {
        let value = labels.get(&self.label);
        match self.operator {
            Operator::In => value.is_some_and(|value| self.values.contains(value)),
            Operator::NotIn => value.is_none_or(|value| !self.values.contains(value)),
            Operator::Exists => value.is_some(),
            Operator::DoesNotExist => value.is_none(),
        }
    }
}

impl std::fmt::Display for Requirement {
    /// As kubectl writes it.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let label = &self.label;
        let values = self.values.iter().map(|value| &**value).collect::<Vec<_>>().join(",");
        match self.operator {
            Operator::In if self.values.len() == 1 => write!(f, "{label}={values}"),
            Operator::In => write!(f, "{label} in ({values})"),
            Operator::NotIn if self.values.len() == 1 => write!(f, "{label}!={values}"),
            Operator::NotIn => write!(f, "{label} notin ({values})"),
            Operator::Exists => write!(f, "{label}"),
            Operator::DoesNotExist => write!(f, "!{label}"),
        }
    }
}

impl std::fmt::Display for Selector {
    /// As kubectl writes it; empty for one that selects everything.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let terms: Vec<String> = self.0.iter().map(ToString::to_string).collect();
        f.write_str(&terms.join(","))
    }
}
