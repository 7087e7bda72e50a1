//! Why signing in through a provider failed, in sentences for the person who waits in front of the page.

use std::fmt::Write;

/// Why signing in through the provider did not succeed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OidcError {
    /// The provider cannot be used.
    #[error("The sign-in provider {issuer} cannot be used: {what}.")]
    Away {
        /// Its address.
        issuer: String,
        /// The cause and what to do, without anything secret.
        what: String,
    },
    /// Another browser left, it took too long, or the answer was used before.
    #[error("This sign-in was not begun in this browser, took too long, or was finished before. Begin anew.")]
    Stranger,
    /// The provider refused.
    #[error("{0}")]
    Refused(Refused),
    /// The provider's answer cannot be believed.
    #[error("The answer of the sign-in provider cannot be believed: {0}. Ask an admin if this happens again.")]
    Forged(String),
    /// The person has no role here.
    #[error("{why}")]
    NoRole {
        /// The provider and who they are there, as of a session.
        subject: String,
        /// Why.
        why: String,
    },
    /// Too many people sign in at this moment.
    #[error("Too many people are signing in at this moment. Try again in a few seconds.")]
    Busy,
}

/// What a provider answered instead of vouching for somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The error code of OAuth 2.0 or OpenID Connect.
    pub code: String,
    /// The provider's own words, as they may be shown; empty when there are none.
    pub description: String,
}

impl Refused {
    /// From a provider's answer; `secrets` never stay in its words.
    pub(super) fn new(code: &str, description: &str, secrets: &[&str]) -> Self {
        let mut description = description.to_owned();
        for secret in secrets.iter().filter(|secret| secret.len() >= 4) {
            description = description.replace(secret, "…");
        }
        Self { code: plain(code, 60), description: plain(&description, 400) }
    }

    /// Whether the provider only says that the person must be asked, which a sign-in without questions may not.
    pub(in crate::access) fn wants_questions(&self) -> bool {
        const CODES: [&str; 4] =
            ["login_required", "interaction_required", "consent_required", "account_selection_required"];
        CODES.contains(&self.code.as_str())
    }

    /// Whether the provider will not give anything for this any more.
    pub(in crate::access) fn is_final(&self) -> bool {
        self.code == "invalid_grant" || self.wants_questions()
    }

    /// Whether trying again later can help.
    pub(in crate::access) fn is_passing(&self) -> bool {
        matches!(self.code.as_str(), "server_error" | "temporarily_unavailable" | "slow_down")
    }

    fn sentence(&self) -> &'static str {
        match self.code.as_str() {
            "access_denied" => {
                "The sign-in provider did not let you in: you or it declined. Ask an admin of the provider for access to this application."
            }
            "invalid_scope" => {
                "The sign-in provider does not know a scope that was asked for. An admin sets oidc_scopes to scopes that it offers."
            }
            "invalid_client" => {
                "The sign-in provider does not accept the client id or secret of this server. An admin compares oidc_client and oidc_secret_file with the provider."
            }
            "unauthorized_client" => {
                "The sign-in provider does not allow this client to sign people in. An admin turns on the authorization code flow for it there."
            }
            "invalid_grant" => {
                "The sign-in provider does not accept the code that it gave a moment ago. Begin anew; if it happens again, an admin compares the redirect URI there with this server's address."
            }
            "unsupported_response_type" | "unsupported_grant_type" | "unsupported_response_mode" => {
                "The sign-in provider does not offer the authorization code flow to this client. An admin turns it on there."
            }
            "invalid_request" => {
                "The sign-in provider found something wrong in the request. An admin compares the client's settings there, above all its redirect URI."
            }
            "server_error" => "The sign-in provider reports an error of its own. Try again later.",
            "temporarily_unavailable" | "slow_down" => {
                "The sign-in provider is overloaded or under maintenance. Try again later."
            }
            "login_required" => "The sign-in provider wants you to sign in there again. Begin anew.",
            "interaction_required" => "The sign-in provider has a question for you first. Begin anew.",
            "consent_required" => "The sign-in provider wants your consent first. Begin anew.",
            "account_selection_required" => "The sign-in provider wants you to choose an account first. Begin anew.",
            "registration_not_supported" | "request_not_supported" | "request_uri_not_supported" => {
                "The sign-in provider does not support something that this client is registered with. An admin compares the client's settings there."
            }
            "invalid_request_uri" | "invalid_request_object" => {
                "The sign-in provider expects signed or pushed requests from this client, which Binnacle does not send. An admin turns that off there."
            }
            "invalid_target" => {
                "The sign-in provider does not know the resource that the token is for. An admin compares the client's settings there."
            }
            _ => "The sign-in provider refused. Begin anew, or ask an admin.",
        }
    }
}

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} It said: {}", self.sentence(), self.code)?;
        if !self.description.is_empty() {
            write!(f, ", “{}”", self.description)?;
        }
        f.write_char('.')
    }
}

/// Somebody else's words as a page and a log can show them: one line, no control characters, so long at most.
pub(super) fn plain(text: &str, most: usize) -> String {
    let odd = |c: char| {
        c.is_control() || matches!(c, '\u{200e}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    let clean: String = text.chars().map(|c| if c.is_whitespace() { ' ' } else { c }).filter(|c| !odd(*c)).collect();
    let clean = clean.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    if clean.chars().count() <= most {
        return clean.trim_end_matches('.').to_owned();
    }
    clean.chars().take(most).collect::<String>() + "…"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_shows_the_providers_words_and_no_secret() {
        let said = "Invalid scopes: openid groups\r\nfor s3cr&t and \u{202e}code-of-it.";
        let refused = Refused::new("invalid_scope", said, &["s3cr&t", "code-of-it", ""]);
        let shown = refused.to_string();
        assert!(
            shown.contains("oidc_scopes") && shown.contains("“Invalid scopes: openid groups for … and …”."),
            "{shown}"
        );
        assert!(!shown.contains("s3cr"));
    }

    #[test]
    fn each_error_of_a_provider_has_a_sentence_of_its_own() {
        let codes = [
            "access_denied",
            "invalid_scope",
            "invalid_client",
            "unauthorized_client",
            "invalid_grant",
            "unsupported_response_type",
            "invalid_request",
            "server_error",
            "temporarily_unavailable",
            "login_required",
            "interaction_required",
            "consent_required",
            "account_selection_required",
            "request_not_supported",
            "invalid_request_uri",
            "invalid_target",
            "something_else",
        ];
        let mut sentences: Vec<&str> = codes.iter().map(|code| Refused::new(code, "", &[]).sentence()).collect();
        sentences.sort_unstable();
        sentences.dedup();
        assert_eq!(sentences.len(), codes.len());
        assert_eq!(
            Refused::new("x", "", &[]).to_string(),
            format!("{} It said: x.", Refused::new("x", "", &[]).sentence())
        );
    }
}
