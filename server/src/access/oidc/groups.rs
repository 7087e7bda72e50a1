//! Where a provider says which groups somebody is in, and which role that is here.
//!
//! Providers write groups in many shapes: a list or one text, below nested claims, as objects, as distinguished names.
//! All become names; a name is compared as it stands, a distinguished name as directories compare it.

use serde_json::{Map, Value};

use crate::access::Role;

/// Somebody's groups, as one claim names them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Groups {
    /// The names.
    pub(super) names: Vec<String>,
    /// What a single text holds besides, when it is taken for several: looked at only when no name fits.
    parts: Vec<String>,
}

impl Groups {
    /// What another claim names, too.
    pub(super) fn extend(&mut self, other: Self) {
        self.names.extend(other.names);
        self.parts.extend(other.parts);
    }

    /// All names that were found, for a sentence.
    pub(super) fn all(&self) -> impl Iterator<Item = &str> {
        self.names.iter().chain(&self.parts).map(String::as_str)
    }
}

/// The value of a claim. A name that is there as it stands comes first, whatever dots are in it; else the dots lead
/// into objects, as in `realm_access.roles`.
pub(super) fn claim<'a>(claims: &'a Value, path: &str) -> Vec<&'a Value> {
    match claims {
        Value::Object(fields) => below(fields, path),
        // A list of objects: what each of them has.
        Value::Array(all) => all.iter().flat_map(|one| claim(one, path)).collect(),
        _ => Vec::new(),
    }
}

fn below<'a>(fields: &'a Map<String, Value>, path: &str) -> Vec<&'a Value> {
    if let Some(value) = fields.get(path) {
        return vec![value];
    }
    // The longest name first: `https://lab.example/authorization.roles` has a dot before the one that leads on.
    let dots = path.rmatch_indices('.').map(|(at, _)| at);
    let mut found = dots.filter_map(|at| {
        let inside = claim(fields.get(&path[..at])?, &path[at + 1..]);
        (!inside.is_empty()).then_some(inside)
    });
    found.next().unwrap_or_default()
}

/// The names in a claim's value.
pub(super) fn names(value: &Value) -> Groups {
    match value {
        Value::String(text) => of_text(text),
        Value::Array(all) => Groups { names: all.iter().flat_map(of_item).collect(), parts: Vec::new() },
        // Zitadel names roles by keys: {"operator": {"organization": "its domain"}}.
        Value::Object(fields) => {
            let keys = fields.iter().filter(|(_, value)| value.is_object()).map(|(key, _)| key.clone());
            Groups { names: keys.collect(), parts: Vec::new() }
        }
        _ => Groups::default(),
    }
}

fn of_text(text: &str) -> Groups {
    let text = text.trim();
    if text.is_empty() {
        return Groups::default();
    }
    // A list that was made a text, as in ["a","b"] or [a, b].
    if let Some(inside) = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')) {
        if let Ok(list @ Value::Array(_)) = serde_json::from_str::<Value>(text) {
            return names(&list);
        }
        let names = inside.split(',').map(|name| name.trim().trim_matches(['"', '\'']).to_owned());
        return Groups { names: names.filter(|name| !name.is_empty()).collect(), parts: Vec::new() };
    }
    let parts = match text {
        dn if is_distinguished(dn) => Vec::new(),
        _ => text.split([',', ';', ' ', '\t', '\n']).map(str::trim).filter(|part| !part.is_empty()).collect(),
    };
    let parts = if parts.len() > 1 { parts.into_iter().map(str::to_owned).collect() } else { Vec::new() };
    Groups { names: vec![text.to_owned()], parts }
}

fn of_item(item: &Value) -> Vec<String> {
    match item {
        Value::String(text) => vec![text.clone()],
        Value::Number(number) => vec![number.to_string()],
        Value::Object(fields) => {
            const NAMES: [&str; 11] = [
                "name",
                "id",
                "value",
                "displayName",
                "display_name",
                "display",
                "path",
                "full_path",
                "role",
                "slug",
                "key",
            ];
            let texts = NAMES.into_iter().filter_map(|name| fields.get(name));
            texts.flat_map(|value| if value.is_object() { Vec::new() } else { of_item(value) }).collect()
        }
        _ => Vec::new(),
    }
}

/// The attribute types by which parts of distinguished names begin.
const TYPES: [&str; 11] = ["cn", "ou", "dc", "o", "c", "uid", "l", "st", "street", "sn", "userid"];
/// Those by which one ends.
const LAST: [&str; 3] = ["dc", "o", "c"];

fn attribute(part: &str) -> Option<String> {
    let (kind, value) = part.split_once('=')?;
    let kind = kind.trim().to_ascii_lowercase();
    (TYPES.contains(&kind.as_str()) && !value.trim().is_empty()).then_some(kind)
}

/// Splits at commas that no backslash precedes.
fn at_commas(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut from, mut escaped) = (0, false);
    for (at, c) in text.char_indices() {
        match c {
            ',' if !escaped => {
                parts.push(&text[from..at]);
                from = at + 1;
            }
            _ => {}
        }
        escaped = c == '\\' && !escaped;
    }
    parts.push(&text[from..]);
    parts
}

fn is_distinguished(text: &str) -> bool {
    let parts = at_commas(text);
    parts.len() > 1 && parts.iter().all(|part| attribute(part).is_some())
}

/// A distinguished name as directories compare it; anything else as it stands.
fn comparable(name: &str) -> String {
    if !is_distinguished(name) {
        return name.to_owned();
    }
    let part = |part: &str| {
        let (kind, value) = part.split_once('=').unwrap_or((part, ""));
        format!("{}={}", kind.trim().to_lowercase(), value.trim().to_lowercase())
    };
    at_commas(name).into_iter().map(part).collect::<Vec<_>>().join(",")
}

/// A list of a setting: names with commas between. A name with a comma in it stands in quotes; a distinguished name
/// that ends as they do (`dc=`, `o=`, `c=`) need not.
///
/// # Errors
/// What is wrong with its quotes.
pub(crate) fn list(text: &str) -> Result<Vec<String>, &'static str> {
    const OPEN: &str = "a list whose quotes are closed, as in \"cn=ops,dc=lab\",staff";
    let mut items: Vec<(String, bool)> = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        if let Some(quote) = rest.chars().next().filter(|c| matches!(c, '"' | '\'')) {
            let inside = &rest[1..];
            let end = inside.find(quote).ok_or(OPEN)?;
            items.push((inside[..end].to_owned(), true));
            rest = inside[end + 1..].trim_start();
            rest = match rest.strip_prefix(',') {
                Some(after) => after.trim_start(),
                None if rest.is_empty() => "",
                None => return Err(OPEN),
            };
        } else {
            let first = at_commas(rest)[0];
            items.push((first.trim().to_owned(), false));
            rest = rest.get(first.len() + 1..).unwrap_or_default().trim_start();
        }
    }
    Ok(joined(items))
}

/// Puts the parts of distinguished names together that commas have parted.
fn joined(items: Vec<(String, bool)>) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    let mut run: Vec<String> = Vec::new();
    let is_last = |part: &String| attribute(part).is_some_and(|kind| LAST.contains(&kind.as_str()));
    let end = |run: &mut Vec<String>, names: &mut Vec<String>| {
        // Without an end as of a directory's name they are names of their own.
        if run.last().is_some_and(is_last) {
            names.push(run.join(","));
        } else {
            names.append(run);
        }
        run.clear();
    };
    for (item, quoted) in items.into_iter().filter(|(item, _)| !item.is_empty()) {
        if quoted || attribute(&item).is_none() {
            end(&mut run, &mut names);
            names.push(item);
            continue;
        }
        if run.last().is_some_and(is_last) && !is_last(&item) {
            end(&mut run, &mut names);
        }
        run.push(item);
    }
    end(&mut run, &mut names);
    names
}

/// The highest role of any group, and the name in the settings that gives it.
pub(super) fn role(roles: &[(Role, Vec<String>)], groups: &Groups) -> Option<(Role, String)> {
    let by = |names: &[String]| {
        let names: Vec<String> = names.iter().map(|name| comparable(name)).collect();
        let fitting = roles.iter().filter_map(|(role, wanted)| {
            Some((*role, wanted.iter().find(|wanted| names.contains(&comparable(wanted)))?.clone()))
        });
        fitting.max_by_key(|(role, _)| *role)
    };
    let everybody =
        roles.iter().filter(|(_, wanted)| wanted.iter().any(|name| name == "*")).map(|(role, _)| *role).max();
    let everybody = everybody.map(|role| (role, "*".to_owned()));
    let named = by(&groups.names).or_else(|| by(&groups.parts));
    named.into_iter().chain(everybody).max_by_key(|(role, _)| *role)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(value: &Value) -> Option<Role> {
        let roles = vec![
            (Role::Admin, vec!["root".to_owned()]),
            (Role::Operator, vec!["ops".to_owned(), "night".to_owned(), "cn=ops,ou=groups,dc=lab".to_owned()]),
            (Role::Viewer, vec!["staff".to_owned(), "site staff".to_owned()]),
        ];
        role(&roles, &names(value)).map(|(role, _)| role)
    }

    #[test]
    fn the_highest_role_of_any_group_counts_and_no_group_is_no_role() {
        assert_eq!(of(&json!(["staff", "night"])), Some(Role::Operator));
        assert_eq!(of(&json!("root")), Some(Role::Admin));
        assert_eq!(of(&json!(["guests"])), None);
        assert_eq!(of(&json!({"root": true})), None);
        let everybody = [(Role::Viewer, vec!["*".into()]), (Role::Admin, vec!["root".into()])];
        assert_eq!(role(&everybody, &Groups::default()), Some((Role::Viewer, "*".into())));
        assert_eq!(role(&everybody, &names(&json!(["root"]))), Some((Role::Admin, "root".into())));
    }

    #[test]
    fn groups_are_found_in_every_shape_that_providers_write() {
        for ops in [
            json!("staff,ops"),
            json!("staff ops"),
            json!("[staff, ops]"),
            json!("[\"staff\",\"ops\"]"),
            json!([{"name": "ops", "id": 1}]),
            json!([{"display": "People", "value": "ops"}]),
            json!({"ops": {"160549": "lab.example"}}),
            json!(["cn=ops,ou=groups,dc=lab"]),
            json!("CN=Ops, OU=Groups, DC=lab"),
        ] {
            assert_eq!(of(&ops), Some(Role::Operator), "{ops}");
        }
        // A name of two words is one name, and no list is split any further.
        assert_eq!(of(&json!("site staff")), Some(Role::Viewer));
        assert_eq!(of(&json!(["staff ops", "a,root"])), None);
        assert_eq!(of(&json!("cn=x,ou=root,dc=ops")), None);
        assert_eq!(of(&json!([7, null, ["ops"], true])), None);
    }

    #[test]
    fn a_path_leads_into_nested_claims_and_a_dotted_name_stands_for_itself() {
        let claims = json!({
            "realm_access": {"roles": ["ops"]},
            "resource_access": {"my.app": {"roles": ["night"]}},
            "https://lab.example/roles": ["staff"],
            "https://lab.example/more": {"roles": ["root"]},
            "realm.roles": "exact", "realm": {"roles": "nested"},
            "teams": [{"slug": "a"}, {"slug": "b"}],
        });
        for (path, value) in [
            ("realm_access.roles", vec![json!(["ops"])]),
            ("resource_access.my.app.roles", vec![json!(["night"])]),
            ("https://lab.example/roles", vec![json!(["staff"])]),
            ("https://lab.example/more.roles", vec![json!(["root"])]),
            ("realm.roles", vec![json!("exact")]),
            ("teams.slug", vec![json!("a"), json!("b")]),
            ("realm_access.groups", vec![]),
            ("", vec![]),
        ] {
            assert_eq!(claim(&claims, path), value.iter().collect::<Vec<_>>(), "{path}");
        }
    }

    #[test]
    fn a_list_in_a_setting_can_hold_names_with_commas() {
        for (text, wanted) in [
            ("ops, night", vec!["ops", "night"]),
            ("", vec![]),
            ("\"cn=ops,ou=groups,dc=lab\",staff", vec!["cn=ops,ou=groups,dc=lab", "staff"]),
            ("'a, b' , c", vec!["a, b", "c"]),
            ("cn=ops,ou=groups,dc=lab", vec!["cn=ops,ou=groups,dc=lab"]),
            ("cn=a,dc=lab,dc=example,cn=b,o=lab,staff", vec!["cn=a,dc=lab,dc=example", "cn=b,o=lab", "staff"]),
            ("CN=Smith\\, Jo,OU=x,DC=y", vec!["CN=Smith\\, Jo,OU=x,DC=y"]),
            ("cn=ops,cn=night", vec!["cn=ops", "cn=night"]),
            ("a,,b,", vec!["a", "b"]),
            ("*", vec!["*"]),
        ] {
            assert_eq!(list(text), Ok(wanted.iter().map(ToString::to_string).collect()), "{text}");
        }
        assert!(list("\"ops").is_err() && list("\"a\"b").is_err());
    }
}
