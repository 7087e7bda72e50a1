//! What an ID token must say before anybody is believed, and nothing more: claims that are not needed never refuse.

use serde_json::Value;

use super::jws::Algorithm;

/// So much may the clocks of both machines differ, in seconds.
pub(super) const LEEWAY: f64 = 60.0;
/// As the standard has it.
const LONGEST_SUBJECT: usize = 255;

/// Why a token's claims are not believed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum ClaimError {
    #[error("its token is another provider's: it names {0}")]
    Issuer(String),
    #[error("its token is for somebody else: its audience is {0}")]
    Audience(String),
    #[error("its token has several audiences and does not say by azp for whom it was made")]
    NoParty,
    #[error("its token was made for another client: its azp is {0}")]
    Party(String),
    #[error("its token has expired {0} seconds ago. Compare the clocks of both machines")]
    Expired(i64),
    #[error("its token holds from {0} seconds ahead on. Compare the clocks of both machines")]
    Ahead(i64),
    #[error("its token has no {0} that is a number")]
    NoTime(&'static str),
    #[error("its token is of another sign-in")]
    Nonce,
    #[error("its token has no subject")]
    NoSubject,
    #[error("its token's subject is a number; the standard wants a text")]
    NumberSubject,
    #[error("its token's subject is longer than 255 characters")]
    LongSubject,
    #[error("its token's subject is another person's than before")]
    OtherSubject,
    #[error("the access token is another's")]
    AccessToken,
}

impl ClaimError {
    /// Whether the clocks are the likely cause.
    pub(super) const fn is_time(&self) -> bool {
        matches!(self, Self::Expired(_) | Self::Ahead(_))
    }
}

/// What a token is held against.
pub(super) struct Expected<'a> {
    pub(super) issuer: &'a str,
    pub(super) client: &'a str,
    /// The sign-in's own; a renewed token may come without one.
    pub(super) nonce: Option<&'a str>,
    /// Seconds since the epoch.
    pub(super) now: f64,
}

/// A short form of somebody else's value for a page.
pub(super) fn brief(value: &Value) -> String {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    super::error::plain(&text, 120)
}

/// Whether issuer and audience are as they must be.
pub(super) fn meant_for_us(claims: &Value, expected: &Expected<'_>) -> Result<(), ClaimError> {
    let issuer = &claims["iss"];
    if issuer.as_str() != Some(expected.issuer) {
        return Err(ClaimError::Issuer(brief(issuer)));
    }
    let audience = &claims["aud"];
    let (ours, several) = match audience {
        Value::String(one) => (one == expected.client, false),
        Value::Array(all) => (all.iter().any(|one| one.as_str() == Some(expected.client)), all.len() > 1),
        _ => (false, false),
    };
    if !ours {
        return Err(ClaimError::Audience(brief(audience)));
    }
    match claims.get("azp") {
        None | Some(Value::Null) if several => Err(ClaimError::NoParty),
        None | Some(Value::Null) => Ok(()),
        Some(party) if party.as_str() == Some(expected.client) => Ok(()),
        Some(party) => Err(ClaimError::Party(brief(party))),
    }
}

#[expect(clippy::cast_possible_truncation, reason = "for a sentence")]
pub(super) fn in_time(claims: &Value, now: f64) -> Result<(), ClaimError> {
    let ends = claims["exp"].as_f64().ok_or(ClaimError::NoTime("exp"))?;
    if ends + LEEWAY <= now {
        return Err(ClaimError::Expired((now - ends) as i64));
    }
    let made = claims["iat"].as_f64().ok_or(ClaimError::NoTime("iat"))?;
    let begins = claims["nbf"].as_f64().unwrap_or(made).max(made);
    // A second more: times are whole seconds, and ours is not.
    if begins > now + LEEWAY + 1.0 {
        return Err(ClaimError::Ahead((begins - now) as i64));
    }
    Ok(())
}

pub(super) fn subject(claims: &Value) -> Result<&str, ClaimError> {
    match &claims["sub"] {
        Value::String(subject) if subject.is_empty() => Err(ClaimError::NoSubject),
        Value::String(subject) if subject.len() > LONGEST_SUBJECT => Err(ClaimError::LongSubject),
        Value::String(subject) => Ok(subject),
        Value::Number(_) => Err(ClaimError::NumberSubject),
        _ => Err(ClaimError::NoSubject),
    }
}

/// Everything that an ID token must fulfil; answers its subject.
pub(super) fn believed<'a>(claims: &'a Value, expected: &Expected<'_>) -> Result<&'a str, ClaimError> {
    meant_for_us(claims, expected)?;
    in_time(claims, expected.now)?;
    if let Some(nonce) = expected.nonce
        && claims["nonce"].as_str() != Some(nonce)
    {
        return Err(ClaimError::Nonce);
    }
    subject(claims)
}

/// Whether an access token is the one that the ID token was made with, where it says so.
pub(super) fn goes_with(claims: &Value, algorithm: Algorithm, access: Option<&str>) -> Result<(), ClaimError> {
    match (claims["at_hash"].as_str(), access) {
        (Some(hash), Some(access)) if algorithm.half_hash(access) != hash.trim_end_matches('=') => {
            Err(ClaimError::AccessToken)
        }
        _ => Ok(()),
    }
}

/// What somebody is called: their full name, else what they sign in by.
pub(super) fn name(claims: &Value) -> Option<String> {
    let text = |name: &str| claims[name].as_str().map(shown).filter(|name| !name.is_empty());
    let parts = || {
        let parts: Vec<String> = ["given_name", "family_name"].into_iter().filter_map(text).collect();
        Some(parts.join(" ")).filter(|name| !name.is_empty())
    };
    text("name")
        .or_else(|| text("preferred_username"))
        .or_else(|| text("nickname"))
        .or_else(parts)
        .or_else(|| text("email"))
}

/// A name as pages can show it.
pub(super) fn shown(name: &str) -> String {
    // What turns the direction of writing around could make one name look like another.
    let odd = |c: char| {
        c.is_control() || matches!(c, '\u{200e}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    name.chars().filter(|c| !odd(*c)).take(64).collect::<String>().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn good() -> Value {
        json!({"iss": "https://id.example", "aud": "us", "sub": "u1", "exp": 1300, "iat": 1000, "nonce": "n"})
    }

    fn judged(change: &Value) -> Result<String, ClaimError> {
        let mut claims = good();
        for (name, value) in change.as_object().unwrap() {
            claims[name] = value.clone();
        }
        let expected = Expected { issuer: "https://id.example", client: "us", nonce: Some("n"), now: 1000.5 };
        believed(&claims, &expected).map(str::to_owned)
    }

    #[test]
    fn a_minute_of_difference_between_clocks_is_no_matter() {
        assert!(judged(&json!({"exp": 999})).is_ok());
        assert!(judged(&json!({"exp": 941})).is_ok());
        assert_eq!(judged(&json!({"exp": 940})), Err(ClaimError::Expired(60)));
        assert!(judged(&json!({"iat": 1060, "nbf": 1060, "exp": 2000})).is_ok());
        assert!(matches!(judged(&json!({"nbf": 1090})), Err(ClaimError::Ahead(_))));
        assert!(matches!(judged(&json!({"iat": 1090})), Err(ClaimError::Ahead(_))));
        assert_eq!(judged(&json!({"exp": "1300"})), Err(ClaimError::NoTime("exp")));
    }

    #[test]
    fn a_list_of_audiences_needs_the_party_it_was_made_for() {
        assert!(judged(&json!({"aud": ["us"]})).is_ok());
        assert!(judged(&json!({"aud": ["account", "us"], "azp": "us"})).is_ok());
        assert_eq!(judged(&json!({"aud": ["account", "us"]})), Err(ClaimError::NoParty));
        assert_eq!(judged(&json!({"aud": ["account", "us"], "azp": "them"})), Err(ClaimError::Party("them".into())));
        assert_eq!(judged(&json!({"aud": "us", "azp": "them"})), Err(ClaimError::Party("them".into())));
        assert_eq!(judged(&json!({"aud": "them"})), Err(ClaimError::Audience("them".into())));
        assert!(matches!(judged(&json!({"aud": []})), Err(ClaimError::Audience(_))));
    }

    #[test]
    fn claims_that_nobody_needs_may_have_any_shape() {
        let odd = json!({"updated_at": "2026-11-28T10:00:00Z", "email_verified": "true", "address": "Street 1",
            "name": 7, "locale": ["x"], "birthdate": {}, "auth_time": "soon", "phone_number_verified": 1});
        assert_eq!(judged(&odd).as_deref(), Ok("u1"));
    }

    #[test]
    fn a_subject_is_a_text_that_does_not_change() {
        assert_eq!(judged(&json!({"sub": 12345})), Err(ClaimError::NumberSubject));
        assert_eq!(judged(&json!({"sub": ""})), Err(ClaimError::NoSubject));
        assert_eq!(judged(&json!({"sub": "x".repeat(256)})), Err(ClaimError::LongSubject));
        assert_eq!(judged(&json!({"nonce": "other"})), Err(ClaimError::Nonce));
        assert_eq!(
            judged(&json!({"iss": "https://id.example/"})),
            Err(ClaimError::Issuer("https://id.example/".into()))
        );
    }
}
