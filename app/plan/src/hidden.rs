//! Keeping secrets out of what is shown.

use std::collections::HashMap;

use super::{Finding, Place, Plan, Rule, Severity, Unknown};

/// What stands in for a secret.
pub(crate) const MASK: &str = "•••";

/// Shortest secret that is sought in other texts: shorter ones are words like any other.
const SOUGHT: usize = 4;

/// Longest value that a finding quotes, in characters.
const QUOTED: usize = 60;

/// Longest text of a finding, in bytes.
const LONGEST: usize = 400;

/// Most findings of one reading or check; a text with more is no plan.
const MOST: usize = 500;

/// Parts of keys whose values are taken for secrets.
const TELLING: [&str; 6] = ["pass", "secret", "token", "credential", "key", "auth"];

/// Whether a key's name says that its value is a secret.
pub(crate) fn is_secret(key: &str) -> bool {
    let key = key.to_lowercase();
    TELLING.iter().any(|part| key.contains(part))
}

/// A value as a finding quotes it. It is cut later, when no secret can be cut in two.
pub(crate) fn shown(text: &str) -> String {
    format!("{text:?}")
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
            // A block has line ends that other places lack.
            for part in [secret, secret.trim()].into_iter().chain(secret.lines().map(str::trim)) {
                if part.chars().count() >= SOUGHT {
                    let quoted = format!("{part:?}");
                    add(quoted[1..quoted.len() - 1].to_owned());
                    add(part.to_owned());
                }
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
        if let Some((end, _)) = text.char_indices().nth(QUOTED) {
            text.truncate(end);
            text.push('…');
        }
        shown(&text)
    }

    /// Values that are only shown, without secrets.
    pub fn rest(&self, rest: &mut [Unknown]) {
        for unknown in rest {
            self.text(&mut unknown.value);
            self.text(&mut unknown.key.value);
        }
    }
}

/// Findings in order, not more than one can read, without secrets and fit for a line of text.
pub(crate) fn bounded(mut findings: Vec<Finding>, hidden: &Hidden) -> Vec<Finding> {
    let all = findings.len();
    if all > MOST {
        // The worst are kept.
        findings.sort_by_key(|one| (one.rule != Rule::Shell, std::cmp::Reverse(one.severity)));
        findings.truncate(MOST);
        findings.push(Finding {
            file: findings[0].file,
            place: Place { line: 1, column: 1 },
            severity: Severity::Error,
            rule: Rule::Yaml,
            what: format!("{} more findings are left out", all - MOST),
            why: "so much is wrong in no plan".into(),
            todo: "fix the findings that are listed, and check again".into(),
        });
    }
    for finding in &mut findings {
        for text in [&mut finding.what, &mut finding.why, &mut finding.todo] {
            hidden.text(text);
            if text.len() > LONGEST {
                text.truncate(text.floor_char_boundary(LONGEST));
                text.push('…');
            }
            if text.contains(unprintable) {
                *text = text.replace(unprintable, "\u{FFFD}");
            }
        }
    }
    findings.sort();
    findings
}

/// Whether a character moves the cursor, turns the direction of writing or is not seen.
pub(crate) fn unprintable(one: char) -> bool {
    one.is_control()
        || matches!(one, '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}')
}
