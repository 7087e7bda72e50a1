//! A dry run: what a provider offers, what it would be asked, and which role given claims would get.

use serde_json::Value;

use super::{
    OidcSettings, claims,
    error::plain,
    jws,
    person::{Sources, listed},
    provider::{Provider, discovered},
};
use crate::access::Role;

/// What was found, line by line.
#[derive(Debug, Default)]
pub struct Examined {
    /// What each line is about, and what it says.
    pub lines: Vec<(&'static str, String)>,
    /// Whether nobody can sign in like this, or the given claims get no role.
    pub failed: bool,
}

impl Examined {
    fn add(&mut self, about: &'static str, what: impl Into<String>) {
        self.lines.push((about, what.into()));
    }

    fn fail(&mut self, about: &'static str, what: impl Into<String>) {
        self.failed = true;
        self.add(about, what);
    }
}

/// Asks the provider of these settings for its description and its keys, and judges `given`: an ID token or the JSON
/// of claims. Nothing of an ID token but its claims is repeated.
pub async fn examine(settings: &OidcSettings, given: Option<&str>) -> Examined {
    let mut found = Examined::default();
    let provider = match discovered(settings).await {
        Ok(provider) => Some(provider),
        Err(what) => {
            found.fail("provider", format!("{} cannot be used: {what}", settings.issuer));
            None
        }
    };
    if let Some(provider) = &provider {
        describe(&mut found, settings, provider);
    }
    found.add("groups", format!("looked for in {}", settings.claims.join(", ")));
    for (role, names) in &settings.groups {
        let names = if names.is_empty() { "nobody".to_owned() } else { listed(names.iter().map(String::as_str)) };
        found.add(word(*role), names);
    }
    if settings.groups.iter().all(|(_, names)| names.is_empty()) {
        found.fail("groups", "nobody gets a role: set oidc_viewers, oidc_operators or oidc_admins");
    }
    if let Some(given) = given {
        judge(&mut found, settings, provider.as_ref(), given.trim());
    }
    found
}

const fn word(role: Role) -> &'static str {
    match role {
        Role::Viewer => "viewers",
        Role::Operator => "operators",
        Role::Admin => "admins",
    }
}

fn describe(found: &mut Examined, settings: &OidcSettings, provider: &Provider) {
    found.add("provider", format!("{} answers", provider.issuer));
    let trusted = provider.trusted;
    let named = if settings.ca.is_some() { format!(", {} of oidc_ca", trusted.named) } else { String::new() };
    found.add("authorities", format!("{} of the system{named}", trusted.system));
    let offered = |list: &[String]| plain(&list.join(" "), 400);
    let scopes = provider.scopes(settings, false);
    found.add(
        "scopes",
        match &provider.scopes {
            Some(offers) => format!("{scopes} would be asked for; it offers {}", offered(offers)),
            None => format!("{scopes} would be asked for; it does not say what it offers"),
        },
    );
    let unknown = provider
        .scopes
        .as_ref()
        .map(|offers| scopes.split(' ').filter(|scope| !offers.iter().any(|one| one == scope)).collect::<Vec<_>>());
    if let Some(unknown) = unknown.filter(|unknown| !unknown.is_empty() && !settings.scopes.is_empty()) {
        found.add("scopes", format!("{} of oidc_scopes is not among what it offers; it may refuse", unknown.join(" ")));
    }
    let algorithms: Vec<&str> = provider.algorithms.iter().map(|one| one.name()).collect();
    let refused = match provider.refused_algorithms.as_slice() {
        [] => String::new(),
        some => format!("; never {}", offered(some)),
    };
    found.add("algorithms", format!("{}{refused}", algorithms.join(" ")));
    let keys = provider.keys.words();
    if keys.is_empty() {
        found.fail("keys", "none that can check a signature");
    } else {
        found.add("keys", listed(keys.iter().map(String::as_str)));
    }
    if !provider.keys.skipped.is_empty() {
        let skipped = listed(provider.keys.skipped.iter().map(String::as_str));
        found.add("keys", format!("not used: {skipped}"));
    }
    let methods: Vec<&str> = provider.methods.iter().map(|one| one.name()).collect();
    found.add("client", format!("{}, by {}", settings.client, methods.join(", else ")));
    found.add("redirect", "https://THIS-SERVER/sign-in/callback must be among the client's redirect URIs");
    let endpoint = |url: Option<&reqwest::Url>| url.map_or("not offered", |_| "offered");
    found.add("userinfo", endpoint(provider.userinfo.as_ref()));
    let out = match (&provider.end_session, settings.sign_out_there) {
        (Some(_), true) => "ends the session there; the redirect URI must be among the URIs after sign-out as well",
        (Some(_), false) => "ends the session here alone (oidc_sign_out)",
        (None, _) => "ends the session here alone; it has no end_session_endpoint",
    };
    found.add("sign-out", out);
    found.add(
        "back-channel",
        if provider.tells_of_sign_outs {
            "https://THIS-SERVER/sign-in/logged-out can be registered as back-channel logout URI"
        } else {
            "not offered"
        },
    );
}

fn judge(found: &mut Examined, settings: &OidcSettings, provider: Option<&Provider>, given: &str) {
    let told = match serde_json::from_str::<Value>(given) {
        Ok(told) if told.is_object() => told,
        _ => match token(found, settings, provider, given) {
            Some(told) => told,
            None => return,
        },
    };
    let subject = match claims::subject(&told) {
        Ok(subject) => subject.to_owned(),
        Err(error) => return found.fail("claims", error.to_string()),
    };
    let mut sources = Sources::new(settings, &subject);
    sources.add("given claims", told);
    let person = sources.judged();
    found.add("person", format!("{} (subject {})", person.name, plain(&subject, 120)));
    if let Some(groups) = &person.groups {
        found.add("person", format!("in the groups {}", listed(groups.all())));
    }
    match &person.role {
        Some((role, by)) if by == "*" => found.add("role", format!("{}, as everybody who signs in (*)", role.word())),
        Some((role, by)) => found.add("role", format!("{}, by the group {by} in oidc_{}", role.word(), word(*role))),
        None => found.fail("role", person.no_role(settings)),
    }
}

fn token(found: &mut Examined, settings: &OidcSettings, provider: Option<&Provider>, given: &str) -> Option<Value> {
    let Some(provider) = provider else {
        found.fail("token", "cannot be checked without the provider's keys");
        return None;
    };
    let signed = match jws::verified(given, &provider.keys, &provider.algorithms) {
        Ok(signed) => signed,
        Err(error) => {
            found.fail("token", error.to_string());
            return None;
        }
    };
    found.add("token", format!("its signature is right ({})", signed.algorithm.name()));
    let now = jiff::Timestamp::now().as_duration().as_secs_f64();
    let expected = claims::Expected { issuer: &provider.issuer, client: &settings.client, nonce: None, now };
    let judged = claims::meant_for_us(&signed.claims, &expected);
    match judged.and_then(|()| claims::in_time(&signed.claims, now)) {
        Ok(()) => {}
        // A token that was kept for a dry run is old; its claims say as much.
        Err(error) if error.is_time() => found.add("token", format!("would not be taken any more: {error}")),
        Err(error) => found.fail("token", error.to_string()),
    }
    Some(signed.claims)
}
