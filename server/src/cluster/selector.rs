//! A LabelSelector of the API → a selector.

use std::collections::BTreeMap;

use serde::Deserialize;
use topology::inventory::{Operator, Requirement, Selector};

use super::{
    intern::Intern,
    lenient::{each, lenient, texts},
};

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct LabelSelector {
    #[serde(deserialize_with = "texts")]
    match_labels: BTreeMap<String, String>,
    #[serde(deserialize_with = "each")]
    match_expressions: Vec<Expression>,
}

/// One entry of `matchExpressions`, of labels or of nodes.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Expression {
    #[serde(deserialize_with = "lenient")]
    pub(crate) key: String,
    #[serde(deserialize_with = "lenient")]
    pub(crate) operator: String,
    #[serde(deserialize_with = "each")]
    pub(crate) values: Vec<String>,
}

impl LabelSelector {
    /// The selector. An operator that is none of the API's selects nothing.
    pub(crate) fn selector(&self, intern: &mut Intern) -> Selector {
        let labels = self.match_labels.iter().map(|(name, value)| Requirement {
            label: intern.name(name),
            operator: Operator::In,
            values: vec![intern.name(value)],
        });
        let mut requirements: Vec<Requirement> = labels.collect();
        requirements.extend(self.match_expressions.iter().map(|expression| expression.requirement(intern)));
        Selector(requirements)
    }

    /// Whether all of its operators are the API's.
    pub(crate) fn is_known(&self) -> bool {
        self.match_expressions.iter().all(|expression| operator(&expression.operator).is_some())
    }
}

impl Expression {
    fn requirement(&self, intern: &mut Intern) -> Requirement {
        let Some(operator) = operator(&self.operator) else { return nothing(intern, &self.key) };
        let values = self.values.iter().map(|value| intern.name(value)).collect();
        Requirement { label: intern.name(&self.key), operator, values }
    }
}

fn operator(word: &str) -> Option<Operator> {
    Some(match word {
        "In" => Operator::In,
        "NotIn" => Operator::NotIn,
        "Exists" => Operator::Exists,
        "DoesNotExist" => Operator::DoesNotExist,
        _ => return None,
    })
}

/// No label has one of no values.
pub(crate) fn nothing(intern: &mut Intern, label: &str) -> Requirement {
    Requirement { label: intern.name(label), operator: Operator::In, values: Vec::new() }
}
