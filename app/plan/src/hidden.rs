//! Keeping secrets out of what is shown.

use std::collections::HashMap;

use super::{Finding, Plan, Unknown};

/// What stands in for a secret.
pub(crate) const MASK: &str = "•••";

/// Shortest secret that is sought in other texts: shorter ones are words like any other.
const SOUGHT: usize = 4;

/// Longest value that a finding quotes, in characters.
const QUOTED: usize = 60;

/// Parts of keys whose values are taken for secrets.
const TELLING: [&str; 6] = ["pass", "secret", "token", "credential", "key", "auth"];

/// Whether a key's name says that its value is a secret.
pub(crate) fn is_secret(key: &str) -> bool {
    let key = key.to_lowercase();
    TELLING.iter().any(|part| key.contains(part))
}

/// A value as a finding quotes it: in quotes, without control characters, and not long.
pub(crate) fn shown(text: &str) -> String {
    let mut short: String = text.chars().take(QUOTED).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    format!("{short:?}")
}

/// Takes secrets out of texts, wherever they stand.
#[derive(Default)]
pub(crate) struct Hidden {
    /// Each also as it looks in quotes, by its first bytes, the longest first.
    values: HashMap<[u8; SOUGHT], Vec<String>>,
}

impl Hidden {
    /// For these secrets.
    pub fn new<'s>(secrets: impl IntoIterator<Item = &'s str>) -> Self {
        let mut values: HashMap<_, Vec<String>> = HashMap::new();
        let mut add = |value: String| {
            if let Some(first) = value.as_bytes().first_chunk() {
                values.entry(*first).or_default().push(value);
            }
        };
        for secret in secrets {
            if secret.chars().count() >= SOUGHT {
                let quoted = format!("{secret:?}");
                add(quoted[1..quoted.len() - 1].to_owned());
                add(secret.to_owned());
            }
        }
        for alike in values.values_mut() {
            alike.sort_by(|one, other| other.len().cmp(&one.len()).then_with(|| one.cmp(other)));
            alike.dedup();
        }
        Self { values }
    }

    /// For the secrets of a plan.
    pub fn of(plan: &Plan) -> Self {
        Self::new(plan.secrets())
    }

    /// A text without secrets.
    pub fn text(&self, text: &mut String) {
        let (mut clean, mut from, mut at) = (String::new(), 0, 0);
        while let Some(first) = text.as_bytes()[at..].first_chunk() {
            let alike = self.values.get(first).map(Vec::as_slice).unwrap_or_default();
            let Some(value) = alike.iter().find(|value| text[at..].starts_with(value.as_str())) else {
                at += 1;
                continue;
            };
            clean.push_str(&text[from..at]);
            clean.push_str(MASK);
            at += value.len();
            from = at;
        }
        if from > 0 {
            clean.push_str(&text[from..]);
            *text = clean;
        }
    }

    /// A value as a finding quotes it, without secrets.
    pub fn shown(&self, text: &str) -> String {
        let mut text = text.to_owned();
        self.text(&mut text);
        shown(&text)
    }

    /// Findings without secrets.
    pub fn findings(&self, findings: &mut [Finding]) {
        if self.values.is_empty() {
            return;
        }
        for finding in findings {
            for text in [&mut finding.what, &mut finding.why, &mut finding.todo] {
                self.text(text);
            }
        }
    }

    /// Values that are only shown, without secrets.
    pub fn rest(&self, rest: &mut [Unknown]) {
        for unknown in rest {
            self.text(&mut unknown.value);
            self.text(&mut unknown.key.value);
        }
    }
}
