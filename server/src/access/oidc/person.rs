//! Who somebody is and what they may, from all that a provider says of them; or why they have no role, in words.

use serde_json::Value;

use super::{
    OidcSettings, claims,
    error::plain,
    groups::{self, Groups},
};
use crate::access::Role;

/// So many names are listed in a sentence.
const LISTED: usize = 12;

/// What a provider says of somebody, source by source.
pub(super) struct Sources<'a> {
    settings: &'a OidcSettings,
    subject: &'a str,
    told: Vec<(&'static str, Value)>,
    groups: Option<Groups>,
    failures: Vec<String>,
}

/// Somebody, judged.
pub(super) struct Person {
    pub(super) subject: String,
    pub(super) name: String,
    pub(super) role: Option<(Role, String)>,
    pub(super) sid: String,
    /// `None` when no claim that is looked for is there.
    pub(super) groups: Option<Groups>,
    /// The source and the names of its claims.
    claims: Vec<(&'static str, Vec<String>)>,
    failures: Vec<String>,
    /// Groups are elsewhere, as Entra writes it for people of many groups.
    overage: bool,
}

impl<'a> Sources<'a> {
    pub(super) const fn new(settings: &'a OidcSettings, subject: &'a str) -> Self {
        Self { settings, subject, told: Vec::new(), groups: None, failures: Vec::new() }
    }

    /// Adds a source, if it is of the same person.
    pub(super) fn add(&mut self, name: &'static str, claims: Value) {
        if claims["sub"].as_str() != Some(self.subject) {
            self.failed(format!("its {name} is of another person"));
            return;
        }
        for path in &self.settings.claims {
            for value in groups::claim(&claims, path) {
                self.groups.get_or_insert_default().extend(groups::names(value));
            }
        }
        self.told.push((name, claims));
    }

    pub(super) fn failed(&mut self, what: String) {
        tracing::warn!(provider = self.settings.issuer, "the sign-in provider: {what}");
        self.failures.push(what);
    }

    /// Whether no further source is needed: groups were told, or no setting asks for any.
    pub(super) fn has_groups(&self) -> bool {
        let mut named = self.settings.groups.iter().flat_map(|(_, names)| names);
        self.groups.is_some() || named.all(|name| name == "*")
    }

    pub(super) fn judged(self) -> Person {
        let groups = self.groups.unwrap_or_default();
        let text = |name: &str| self.told.iter().find_map(|(_, claims)| claims[name].as_str().map(str::to_owned));
        let name = self.told.iter().find_map(|(_, told)| claims::name(told));
        let found = self
            .told
            .iter()
            .any(|(_, told)| self.settings.claims.iter().any(|path| !groups::claim(told, path).is_empty()));
        Person {
            name: name.unwrap_or_else(|| claims::shown(self.subject)),
            role: groups::role(&self.settings.groups, &groups),
            sid: text("sid").filter(|sid| sid.len() <= 255).unwrap_or_default(),
            overage: self.told.iter().any(|(_, told)| away(told, &self.settings.claims)),
            claims: self.told.iter().map(|(name, told)| (*name, outline(told))).collect(),
            subject: self.subject.to_owned(),
            groups: found.then_some(groups),
            failures: self.failures,
        }
    }
}

/// Whether a provider says that the groups must be fetched elsewhere.
fn away(told: &Value, paths: &[String]) -> bool {
    let distributed =
        told["_claim_names"].as_object().is_some_and(|names| paths.iter().any(|path| names.contains_key(path)));
    let marked = told["hasgroups"].as_bool() == Some(true) || told["hasgroups"].as_str() == Some("true");
    distributed || (marked && paths.iter().any(|path| path == "groups"))
}

/// The names of claims, with what leads further into objects.
fn outline(told: &Value) -> Vec<String> {
    const OF_THE_PROTOCOL: [&str; 16] = [
        "iss",
        "aud",
        "exp",
        "iat",
        "nbf",
        "nonce",
        "at_hash",
        "c_hash",
        "azp",
        "auth_time",
        "jti",
        "sid",
        "acr",
        "amr",
        "typ",
        "session_state",
    ];
    let Some(fields) = told.as_object() else { return Vec::new() };
    let names = fields.iter().filter(|(name, _)| !OF_THE_PROTOCOL.contains(&name.as_str()));
    let mut all: Vec<String> = Vec::new();
    for (name, value) in names {
        let inside =
            value.as_object().map(|inside| inside.keys().map(|key| format!("{name}.{key}")).collect::<Vec<_>>());
        match inside {
            Some(inside) if !inside.is_empty() => all.extend(inside),
            _ => all.push(name.clone()),
        }
    }
    all
}

/// Names in a sentence: some of them, and how many more there are.
pub(super) fn listed<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<&str> = names.collect();
    let mut shown: Vec<String> = names.iter().take(LISTED).map(|name| plain(name, 80)).collect();
    if names.len() > LISTED {
        shown.push(format!("and {} more", names.len() - LISTED));
    }
    shown.join(", ")
}

impl Person {
    /// Where was looked, in words.
    pub(super) fn looked(&self) -> String {
        if self.claims.is_empty() {
            return "the provider told nothing".into();
        }
        self.claims.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
    }

    /// Why there is no role: what was looked for, what was found, what an admin would set.
    pub(super) fn no_role(&self, settings: &OidcSettings) -> String {
        let claim = settings.claims.join(", ");
        let mut said = format!("You are known as {}, but have no role here. ", self.name);
        match &self.groups {
            Some(groups) if groups.all().next().is_none() => {
                said += &format!("Your groups were looked for in the claim {claim}, which is there and names none. ");
                said += "An admin of the provider adds you to a group, or an admin sets oidc_groups to another claim. ";
                said += &self.others();
            }
            Some(groups) => {
                said += &format!(
                    "The claim {claim} names these groups of yours: {}. None of them is in oidc_viewers, oidc_operators or \
                     oidc_admins; an admin adds one there, as it is written here. ",
                    listed(groups.all())
                );
            }
            None if self.overage => {
                said += &format!(
                    "The provider left the claim {claim} out, because you are in more groups than fit into a token \
                     (_claim_names). Binnacle does not fetch them elsewhere. In Entra, an admin lets the groups claim hold \
                     only groups assigned to the application, or assigns app roles and sets oidc_groups to roles. "
                );
            }
            None => {
                said += &format!(
                    "Your groups were looked for in the claim {claim}, which is not there ({}). ",
                    self.looked()
                );
                said += &self.others();
                said += "An admin sets oidc_groups to the claim that names groups, asks for a scope that brings it by \
                         oidc_scopes, or has the provider add it. ";
            }
        }
        for failure in self.failures.iter().take(2) {
            said += &format!("Besides, {failure}. ");
        }
        said.trim_end().to_owned()
    }

    fn others(&self) -> String {
        let mut names: Vec<&str> = self.claims.iter().flat_map(|(_, names)| names).map(String::as_str).collect();
        names.sort_unstable();
        names.dedup();
        if names.is_empty() {
            String::new()
        } else {
            format!("These claims are there: {}. ", listed(names.into_iter()))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;

    use super::*;

    fn settings(claims: &[&str]) -> OidcSettings {
        OidcSettings {
            issuer: "https://id.example".into(),
            client: "us".into(),
            secret: None,
            scopes: Vec::new(),
            ca: None,
            claims: claims.iter().map(ToString::to_string).collect(),
            groups: vec![(Role::Operator, vec!["ops".into()])],
            recheck: Duration::from_secs(3_600),
            sign_out_there: true,
        }
    }

    fn judged(settings: &OidcSettings, told: &[Value]) -> Person {
        let mut sources = Sources::new(settings, "u1");
        for (claims, name) in told.iter().zip(["ID token", "userinfo"]) {
            sources.add(name, claims.clone());
        }
        sources.judged()
    }

    #[test]
    fn no_role_says_what_was_looked_for_found_and_to_be_set() {
        let groups = settings(&["groups"]);
        let found =
            judged(&groups, &[json!({"sub": "u1", "name": "Ann", "groups": ["/ops", "staff"]})]).no_role(&groups);
        assert!(
            found.contains("Ann")
                && found.contains("groups of yours: /ops, staff.")
                && found.contains("oidc_operators")
        );
        let missing = [json!({"sub": "u1", "iat": 1, "realm_access": {"roles": ["ops"]}})];
        let missing = judged(&groups, &missing).no_role(&groups);
        assert!(missing.contains("claim groups, which is not there (ID token)"), "{missing}");
        assert!(missing.contains("claims are there: realm_access.roles, sub."), "{missing}");
        assert!(missing.contains("oidc_groups") && missing.contains("oidc_scopes"), "{missing}");
        let empty = judged(&groups, &[json!({"sub": "u1", "groups": []})]).no_role(&groups);
        assert!(empty.contains("names none"), "{empty}");
        let many: Vec<String> = (0..900).map(|i| format!("g{i}")).collect();
        let many = judged(&groups, &[json!({"sub": "u1", "groups": many})]).no_role(&groups);
        assert!(many.contains("and 888 more") && many.len() < 500, "{many}");
    }

    #[test]
    fn groups_that_are_too_many_for_a_token_are_explained() {
        let groups = settings(&["groups"]);
        let told = json!({"sub": "u1", "_claim_names": {"groups": "src1"}, "_claim_sources": {"src1": {"endpoint": "https://x"}}});
        let said = judged(&groups, &[told]).no_role(&groups);
        assert!(said.contains("_claim_names") && said.contains("app roles"), "{said}");
        let said = judged(&groups, &[json!({"sub": "u1", "hasgroups": true})]).no_role(&groups);
        assert!(said.contains("app roles"), "{said}");
    }

    #[test]
    fn another_persons_userinfo_does_not_count() {
        let groups = settings(&["groups"]);
        let person = judged(&groups, &[json!({"sub": "u1"}), json!({"sub": "u2", "groups": ["ops"]})]);
        assert_eq!(person.role, None);
        assert!(person.no_role(&groups).contains("userinfo is of another person"));
        let person = judged(&groups, &[json!({"sub": "u1"}), json!({"sub": "u1", "groups": ["ops"], "name": "Ann"})]);
        assert_eq!((person.role, person.name.as_str()), (Some((Role::Operator, "ops".into())), "Ann"));
    }

    #[test]
    fn several_claims_are_looked_at_together() {
        let both = settings(&["groups", "realm_access.roles"]);
        let person = judged(&both, &[json!({"sub": "u1", "groups": ["x"], "realm_access": {"roles": ["ops"]}})]);
        assert_eq!(person.role.map(|(role, _)| role), Some(Role::Operator));
    }
}
