//! Back-channel logout: the provider tells that somebody's session there has ended.

use serde_json::Value;

use super::{
    Oidc, OidcError,
    claims::{self, ClaimError},
};

/// The event that a logout token must have.
const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";
/// A token is taken for so many seconds after it was made, and remembered for as long.
pub(in crate::access) const GOOD_FOR: i64 = 300;

/// Whose sessions end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::access) struct Ended {
    /// The token's own name, so that it counts once.
    pub(in crate::access) token: String,
    /// As sessions have it; empty when the token names a session alone.
    pub(in crate::access) subject: String,
    /// The provider's name of the session; empty for all sessions of the subject.
    pub(in crate::access) sid: String,
    /// By what the subjects of this provider begin.
    pub(in crate::access) provider: String,
}

/// Why a logout token is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
enum LogoutError {
    #[error("{0}")]
    Claim(#[from] ClaimError),
    #[error("it is made {0} seconds ago")]
    Old(i64),
    #[error("it has no jti")]
    Nameless,
    #[error("its events do not have {EVENT}")]
    NoEvent,
    #[error("it has a nonce, so it is an ID token")]
    Nonce,
    #[error("it names neither a subject nor a session")]
    Nobody,
}

impl Oidc {
    /// Whose sessions a logout token ends.
    pub(in crate::access) async fn logged_out(&self, token: &str) -> Result<Ended, OidcError> {
        let _place = self.place()?;
        let provider = self.provider().await?;
        let (provider, signed) = self.signed(provider, token).await?;
        let expected = self.expected(&provider);
        let judged = claims::meant_for_us(&signed.claims, &expected).map_err(LogoutError::from);
        let judged = judged.and_then(|()| ended(&signed.claims, &provider.issuer, expected.now));
        judged.map_err(|error| self.forged(format!("the logout token: {error}")))
    }
}

#[expect(clippy::cast_possible_truncation, reason = "for a sentence")]
fn ended(told: &Value, issuer: &str, now: f64) -> Result<Ended, LogoutError> {
    let made = told["iat"].as_f64().ok_or(ClaimError::NoTime("iat"))?;
    if made > now + claims::LEEWAY + 1.0 {
        return Err(ClaimError::Ahead((made - now) as i64).into());
    }
    // An exp is required since the specification is final; some providers leave it out.
    let ends = told["exp"].as_f64().unwrap_or(made + 120.0);
    if ends + claims::LEEWAY <= now {
        return Err(ClaimError::Expired((now - ends) as i64).into());
    }
    let age = (now - made) as i64;
    if age >= GOOD_FOR {
        return Err(LogoutError::Old(age));
    }
    if !told["events"].get(EVENT).is_some_and(Value::is_object) {
        return Err(LogoutError::NoEvent);
    }
    if told.get("nonce").is_some() {
        return Err(LogoutError::Nonce);
    }
    let text = |name: &str| told[name].as_str().unwrap_or_default().to_owned();
    let (token, sid) = (text("jti"), text("sid"));
    if token.is_empty() || token.len() > 500 {
        return Err(LogoutError::Nameless);
    }
    let provider = format!("oidc {issuer} ");
    let subject = match claims::subject(told) {
        Ok(subject) => format!("{provider}{subject}"),
        Err(ClaimError::NoSubject) if !sid.is_empty() => String::new(),
        Err(ClaimError::NoSubject) => return Err(LogoutError::Nobody),
        Err(error) => return Err(error.into()),
    };
    Ok(Ended { token, subject, sid, provider })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_logout_token_is_fresh_named_and_no_id_token() {
        let good = json!({"iat": 1000, "exp": 1120, "jti": "t1", "sub": "u1", "sid": "s1", "events": {EVENT: {}}});
        let with = |change: &Value| {
            let mut told = good.clone();
            for (name, value) in change.as_object().unwrap() {
                if value.is_null() {
                    told.as_object_mut().unwrap().remove(name);
                } else {
                    told[name] = value.clone();
                }
            }
            ended(&told, "https://id.example", 1010.0)
        };
        let whole = with(&json!({})).unwrap();
        assert_eq!((whole.subject.as_str(), whole.sid.as_str()), ("oidc https://id.example u1", "s1"));
        assert_eq!(with(&json!({"sub": null})).unwrap().subject, "");
        assert_eq!(with(&json!({"exp": null})).unwrap().token, "t1");
        assert_eq!(with(&json!({"sub": null, "sid": null})), Err(LogoutError::Nobody));
        assert_eq!(with(&json!({"nonce": "n"})), Err(LogoutError::Nonce));
        assert_eq!(with(&json!({"jti": null})), Err(LogoutError::Nameless));
        assert_eq!(with(&json!({"events": {}})), Err(LogoutError::NoEvent));
        assert_eq!(with(&json!({"events": {EVENT: "x"}})), Err(LogoutError::NoEvent));
        assert_eq!(with(&json!({"iat": 600, "exp": 2000})), Err(LogoutError::Old(410)));
        assert!(matches!(with(&json!({"exp": 900})), Err(LogoutError::Claim(ClaimError::Expired(_)))));
        assert!(matches!(with(&json!({"iat": 1200})), Err(LogoutError::Claim(ClaimError::Ahead(_)))));
    }
}
