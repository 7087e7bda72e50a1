//! What a provider says of itself: its discovery document and its keys.

use std::time::Instant;

use reqwest::{Client, Url};
use serde_json::Value;

use super::{
    OidcSettings,
    error::plain,
    jws::{Algorithm, Keys},
    transport::{Trusted, client, sent},
};

/// How our secret is told to the token endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Method {
    /// In the head, as `client_secret_basic`.
    Basic,
    /// In the body, as `client_secret_post`.
    Post,
    /// Not at all: a public client.
    Public,
}

impl Method {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Basic => "client_secret_basic",
            Self::Post => "client_secret_post",
            Self::Public => "none (a public client)",
        }
    }
}

/// A provider as it describes itself.
pub(super) struct Provider {
    pub(super) issuer: String,
    pub(super) authorization: Url,
    pub(super) token: Url,
    pub(super) userinfo: Option<Url>,
    pub(super) end_session: Option<Url>,
    pub(super) keys: Keys,
    /// What it may sign ID tokens by, as far as we can check it.
    pub(super) algorithms: Vec<Algorithm>,
    /// What it names that we do not accept.
    pub(super) refused_algorithms: Vec<String>,
    /// `None` when it does not say.
    pub(super) scopes: Option<Vec<String>>,
    /// Ways to tell it our secret, the one to try first in front.
    pub(super) methods: Vec<Method>,
    /// Whether a person can be looked at anew without a question.
    pub(super) silent: bool,
    /// Whether its answers name it (RFC 9207).
    pub(super) names_itself: bool,
    pub(super) tells_of_sign_outs: bool,
    pub(super) http: Client,
    pub(super) trusted: Trusted,
    pub(super) asked: Instant,
}

fn texts(document: &Value, name: &str) -> Option<Vec<String>> {
    let list = document.get(name)?.as_array()?;
    Some(list.iter().filter_map(|one| one.as_str().map(str::to_owned)).collect())
}

/// Where a provider of this address describes itself.
fn discovery(issuer: &str) -> Result<Url, String> {
    let base = issuer.trim_end_matches('/').trim_end_matches("/.well-known/openid-configuration");
    let url = Url::parse(&format!("{base}/.well-known/openid-configuration"));
    let url = url.map_err(|error| format!("oidc_issuer is not an address ({error})"))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err("oidc_issuer must begin with https:// (or http://)".into());
    }
    Ok(url)
}

/// Asks a provider for its description and its keys.
pub(super) async fn discovered(settings: &OidcSettings) -> Result<Provider, String> {
    let url = discovery(&settings.issuer)?;
    let (http, trusted) = client(settings.ca.as_deref())?;
    let document = json(&http, &url, "its discovery document").await?;
    let issuer = issuer(&document, &settings.issuer)?;
    let address = |name: &str| -> Result<Option<Url>, String> {
        let Some(text) = document.get(name).and_then(Value::as_str).filter(|text| !text.is_empty()) else {
            return Ok(None);
        };
        let parsed = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
        parsed.map(Some).ok_or_else(|| format!("its {name} is not an address: {}", plain(text, 120)))
    };
    let needed = |name: &str| address(name)?.ok_or_else(|| format!("its discovery document has no {name}"));
    let keys_at = needed("jwks_uri")?;
    let keys = json(&http, &keys_at, "its list of keys (jwks_uri)").await?;
    let keys = Keys::of(&keys).ok_or("its list of keys (jwks_uri) has no keys")?;
    // The standard's default.
    let named = texts(&document, "id_token_signing_alg_values_supported").unwrap_or_else(|| vec!["RS256".into()]);
    let algorithms: Vec<Algorithm> = named.iter().filter_map(|name| Algorithm::parse(name)).collect();
    if algorithms.is_empty() {
        let named = plain(&named.join(", "), 120);
        return Err(format!("it signs ID tokens by {named} alone, none of which Binnacle accepts"));
    }
    let prompts = texts(&document, "prompt_values_supported");
    let yes = |name: &str| document.get(name).and_then(Value::as_bool) == Some(true);
    let token = needed("token_endpoint")?;
    if keys_at.scheme() == "http" && url.scheme() == "https" || token.scheme() == "http" && url.scheme() == "https" {
        tracing::warn!("the sign-in provider names endpoints without TLS although its own address has it");
    }
    Ok(Provider {
        authorization: needed("authorization_endpoint")?,
        token,
        userinfo: address("userinfo_endpoint")?,
        end_session: address("end_session_endpoint").ok().flatten(),
        refused_algorithms: named.into_iter().filter(|name| Algorithm::parse(name).is_none()).collect(),
        algorithms,
        scopes: texts(&document, "scopes_supported").filter(|scopes| !scopes.is_empty()),
        methods: methods(texts(&document, "token_endpoint_auth_methods_supported"), settings.secret.is_some())?,
        silent: prompts.is_none_or(|prompts| prompts.iter().any(|prompt| prompt == "none")),
        names_itself: yes("authorization_response_iss_parameter_supported"),
        tells_of_sign_outs: yes("backchannel_logout_supported"),
        issuer,
        keys,
        http,
        trusted,
        asked: Instant::now(),
    })
}

async fn json(http: &Client, url: &Url, what: &str) -> Result<Value, String> {
    let answer = sent(http.get(url.clone()), what).await?;
    // Addresses of discovery hold no secret; a query would be unheard of.
    let at = format!("{}{}", url.origin().ascii_serialization(), url.path());
    if !answer.status.is_success() {
        let hint = if answer.status.as_u16() == 404 { "; is oidc_issuer right, its path included?" } else { "" };
        return Err(format!("{what} is answered with status {} at {at}{hint}", answer.status.as_u16()));
    }
    let value = answer.value().filter(Value::is_object);
    value.ok_or_else(|| format!("{what} at {at} is not a JSON object; is oidc_issuer right?"))
}

/// A provider must name itself as we do, but for a `/` at the end.
fn issuer(document: &Value, wanted: &str) -> Result<String, String> {
    let named = document.get("issuer").and_then(Value::as_str).ok_or("its discovery document has no issuer")?;
    let wanted = wanted.trim_end_matches("/.well-known/openid-configuration");
    if same_but_slash(named, wanted) {
        return Ok(named.to_owned());
    }
    let named = plain(named, 200);
    if named.contains("{tenantid}") {
        return Err("this address is for every tenant of Entra; set oidc_issuer to \
                    https://login.microsoftonline.com/TENANT/v2.0 with your tenant's id"
            .into());
    }
    Err(format!("it names itself {named}; set oidc_issuer to exactly that, if it is the right provider"))
}

pub(super) fn same_but_slash(one: &str, other: &str) -> bool {
    one.trim_end_matches('/') == other.trim_end_matches('/')
}

fn methods(named: Option<Vec<String>>, secret: bool) -> Result<Vec<Method>, String> {
    if !secret {
        return Ok(vec![Method::Public]);
    }
    let Some(named) = named else { return Ok(vec![Method::Basic, Method::Post]) };
    let has = |name: &str| named.iter().any(|one| one == name);
    let both = [("client_secret_basic", Method::Basic), ("client_secret_post", Method::Post)];
    let found: Vec<Method> = both.into_iter().filter(|(name, _)| has(name)).map(|(_, method)| method).collect();
    if found.is_empty() {
        let named = plain(&named.join(", "), 200);
        return Err(format!(
            "its token endpoint takes {named} alone; Binnacle has client_secret_basic and client_secret_post"
        ));
    }
    Ok(found)
}

impl Provider {
    /// The scopes to ask for: those of the settings, else what the provider says that it offers.
    pub(super) fn scopes(&self, settings: &OidcSettings, fewest: bool) -> String {
        let mut scopes = vec!["openid".to_owned()];
        let wanted: Vec<String> = match (&settings.scopes[..], &self.scopes) {
            ([], _) if fewest => Vec::new(),
            ([], None) => vec!["profile".into()],
            ([], Some(offered)) => {
                let has = |scope: &str| offered.iter().any(|one| one == scope);
                let name = ["profile", "email"].into_iter().find(|scope| has(scope));
                name.into_iter().chain(has("groups").then_some("groups")).map(str::to_owned).collect()
            }
            (set, _) => set.to_vec(),
        };
        scopes.extend(wanted.into_iter().filter(|scope| scope != "openid"));
        scopes.join(" ")
    }
}
