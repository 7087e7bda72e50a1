//! The token endpoint: a code or a refresh token goes there, tokens come back.

use base64::{Engine, engine::general_purpose::STANDARD};
use form_urlencoded::Serializer;
use reqwest::header;
use serde_json::Value;

use super::{
    OidcError, OidcSettings,
    error::Refused,
    provider::{Method, Provider},
    transport::{Answer, sent},
};

/// What came of a request for tokens. Members that nobody needs may have any shape.
pub(super) struct Tokens {
    pub(super) id: Option<String>,
    pub(super) access: Option<String>,
    pub(super) refresh: Option<String>,
}

/// Asks for tokens. Where the provider does not take our secret one way, it is told the other way it offers: what
/// discovery says holds for the provider, not for each client.
pub(super) async fn asked(
    provider: &Provider,
    settings: &OidcSettings,
    grant: &[(&str, &str)],
) -> Result<Tokens, OidcError> {
    let away = |what: String| OidcError::Away { issuer: settings.issuer.clone(), what };
    let mut last = None;
    for method in &provider.methods {
        let answer = once(provider, settings, grant, *method).await.map_err(away)?;
        if answer.status.is_success() {
            return tokens(&answer).ok_or_else(|| away("its token endpoint did not answer with JSON".into()));
        }
        let refused = refused(&answer, settings, grant);
        let Some(refused) = refused else {
            return Err(away(format!("its token endpoint answers with status {}", answer.status.as_u16())));
        };
        let other_way = refused.code == "invalid_client";
        last = Some(refused);
        if !other_way {
            break;
        }
    }
    let refused = last.ok_or_else(|| away("it takes our secret in no way".into()))?;
    tracing::warn!(
        provider = settings.issuer,
        error = refused.code,
        description = refused.description,
        "the token endpoint of the sign-in provider refused"
    );
    Err(OidcError::Refused(refused))
}

async fn once(
    provider: &Provider,
    settings: &OidcSettings,
    grant: &[(&str, &str)],
    method: Method,
) -> Result<Answer, String> {
    let mut pairs = grant.to_vec();
    let mut request = provider.http.post(provider.token.clone());
    let secret = settings.secret.as_deref().unwrap_or_default();
    match method {
        Method::Basic => {
            // Both are encoded as a form's values first, as RFC 6749 has it.
            let encoded = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
            let pair = STANDARD.encode(format!("{}:{}", encoded(&settings.client), encoded(secret)));
            request = request.header(header::AUTHORIZATION, format!("Basic {pair}"));
        }
        Method::Post => {
            pairs.extend([("client_id", settings.client.as_str()), ("client_secret", secret)]);
        }
        Method::Public => pairs.push(("client_id", &settings.client)),
    }
    let body = Serializer::new(String::new()).extend_pairs(pairs).finish();
    let request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded").body(body);
    sent(request, "its token endpoint").await
}

fn refused(answer: &Answer, settings: &OidcSettings, grant: &[(&str, &str)]) -> Option<Refused> {
    let value = answer.value()?;
    // Some providers nest it: {"error": {"code": …, "message": …}}.
    let (code, description) = match &value["error"] {
        Value::String(code) => (code.as_str(), value["error_description"].as_str()),
        Value::Object(error) => {
            (error.get("code")?.as_str().unwrap_or("error"), error.get("message").and_then(Value::as_str))
        }
        _ => return None,
    };
    let mut secrets: Vec<&str> = grant
        .iter()
        .filter(|(name, _)| *name != "grant_type" && *name != "redirect_uri")
        .map(|(_, value)| *value)
        .collect();
    secrets.extend(settings.secret.as_deref());
    Some(Refused::new(code, description.unwrap_or_default(), &secrets))
}

fn tokens(answer: &Answer) -> Option<Tokens> {
    let value = answer.value().filter(Value::is_object)?;
    let text = |name: &str| value[name].as_str().filter(|text| !text.is_empty()).map(str::to_owned);
    Some(Tokens { id: text("id_token"), access: text("access_token"), refresh: text("refresh_token") })
}

/// What the provider's userinfo endpoint says of whoever has this access token: JSON, or a signed token's text.
pub(super) async fn userinfo(provider: &Provider, access: &str) -> Result<Option<Told>, String> {
    let Some(url) = &provider.userinfo else { return Ok(None) };
    let request = provider.http.get(url.clone()).bearer_auth(access);
    let answer = sent(request, "its userinfo endpoint").await?;
    if !answer.status.is_success() {
        return Err(format!("its userinfo endpoint answers with status {}", answer.status.as_u16()));
    }
    if let Some(claims) = answer.value().filter(Value::is_object) {
        return Ok(Some(Told::Claims(claims)));
    }
    let text = String::from_utf8(answer.body).ok().filter(|text| !answer.json && text.matches('.').count() == 2);
    let text = text.ok_or("its userinfo endpoint answers with neither JSON nor a token");
    Ok(Some(Told::Signed(text?.trim().to_owned())))
}

/// An answer of the userinfo endpoint.
pub(super) enum Told {
    Claims(Value),
    Signed(String),
}
