//! Sign-in through an OpenID Connect provider: code flow with PKCE.
//!
//! What must be remembered between leaving for the provider and coming back is in a cookie of the
//! browser that left, so that any replica can receive it and nobody else can finish it.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use openidconnect::{
    AdditionalClaims, AuthorizationCode, ClaimsVerificationError, Client, ClientId, ClientSecret, CsrfToken,
    EmptyExtraTokenFields, EndpointNotSet, IdTokenFields, IssuerUrl, Nonce, OAuth2TokenResponse, PkceCodeChallenge,
    PkceCodeVerifier, RedirectUrl, Scope, StandardErrorResponse, StandardTokenResponse, TokenResponse,
    core::{
        CoreAuthDisplay, CoreAuthPrompt, CoreAuthenticationFlow, CoreErrorResponseType, CoreGenderClaim,
        CoreJsonWebKey, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm, CoreProviderMetadata,
        CoreRevocableToken, CoreRevocationErrorResponse, CoreTokenIntrospectionResponse, CoreTokenType,
    },
    reqwest,
};
use serde::{Deserialize, Serialize};

use super::Role;

/// A provider that takes longer is said not to answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// What a provider says of itself, its keys among it, is asked again after this.
const FRESH: Duration = Duration::from_secs(600);
/// A signature by a key that is not known has it asked at once, but no more often than this.
const AGAIN: Duration = Duration::from_secs(60);
/// As the standard has it.
const LONGEST_SUBJECT: usize = 255;

/// How to sign in through a provider.
#[derive(Clone)]
pub struct OidcSettings {
    /// Its address, as it names itself.
    pub issuer: String,
    /// Our name there.
    pub client: String,
    /// Our secret there; public clients have none.
    pub secret: Option<String>,
    /// The claim that names a person's groups.
    pub claim: String,
    /// Groups of each role, the highest first; `*` stands for everybody who signs in.
    pub groups: Vec<(Role, Vec<String>)>,
}

impl std::fmt::Debug for OidcSettings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "OidcSettings({} as {}, {:?} in {})", self.issuer, self.client, self.groups, self.claim)
    }
}

/// Why signing in through the provider did not come to a good end.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OidcError {
    /// The provider.
    #[error("The sign-in provider {issuer} does not answer as it should: {what}. Try again, or ask an admin.")]
    Away {
        /// Which.
        issuer: String,
        /// What went wrong, without what it sent.
        what: &'static str,
    },
    /// It is not the browser that left, it took too long, or it was used before.
    #[error("This sign-in was not begun in this browser, took too long, or was finished before. Begin anew.")]
    Stranger,
    /// The provider said no.
    #[error("The sign-in provider refused: {0}. Begin anew.")]
    Refused(String),
    /// What the provider says of the person cannot be believed.
    #[error(
        "What the sign-in provider says cannot be believed: {0}. Compare the clocks of both machines, and ask an admin."
    )]
    Forged(&'static str),
    /// They have no role here.
    #[error("You are known, but none of your groups has a role here. Ask an admin for one.")]
    NoRole,
}

/// What the browser keeps while its person is at the provider.
#[derive(Serialize, Deserialize)]
pub(super) struct Left {
    state: String,
    nonce: String,
    verifier: String,
    /// Where to go afterwards.
    pub(super) next: String,
}

/// Somebody whom the provider vouches for.
pub(super) struct Vouched {
    /// The provider and who they are there. What they are called may change, and change hands.
    pub(super) subject: String,
    pub(super) name: String,
    pub(super) role: Role,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Further {
    #[serde(flatten)]
    all: HashMap<String, serde_json::Value>,
}

impl AdditionalClaims for Further {}

type Fields = IdTokenFields<
    Further,
    EmptyExtraTokenFields,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJwsSigningAlgorithm,
>;

type OurClient = Client<
    Further,
    CoreAuthDisplay,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJsonWebKey,
    CoreAuthPrompt,
    StandardErrorResponse<CoreErrorResponseType>,
    StandardTokenResponse<Fields, CoreTokenType>,
    CoreTokenIntrospectionResponse,
    CoreRevocableToken,
    CoreRevocationErrorResponse,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
>;

/// A provider that people sign in through.
pub struct Oidc {
    settings: OidcSettings,
    http: reqwest::Client,
    known: Mutex<Option<(Instant, Arc<CoreProviderMetadata>)>>,
    /// When it was last asked because of a signature; held while it is, so that many who come at once ask once.
    again: tokio::sync::Mutex<Option<Instant>>,
}

impl Oidc {
    /// Asks nothing yet.
    ///
    /// # Errors
    /// When the machine cannot make TLS connections at all.
    pub fn new(settings: OidcSettings) -> Result<Self, String> {
        // A provider that sends us elsewhere could make us ask for anything.
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).timeout(PATIENCE).build();
        let http = http.map_err(|error| format!("no TLS client for the sign-in provider: {error}"))?;
        Ok(Self { settings, http, known: Mutex::default(), again: tokio::sync::Mutex::default() })
    }

    fn away(&self, what: &'static str) -> OidcError {
        OidcError::Away { issuer: self.settings.issuer.clone(), what }
    }

    async fn metadata(&self) -> Result<Arc<CoreProviderMetadata>, OidcError> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((at, metadata)) = known
            && at.elapsed() < FRESH
        {
            return Ok(metadata);
        }
        self.asked().await
    }

    /// What it says of itself since it changed its keys; `None` when it was asked for that less than a minute ago.
    async fn renewed(&self, old: &Arc<CoreProviderMetadata>) -> Result<Option<Arc<CoreProviderMetadata>>, OidcError> {
        let mut again = self.again.lock().await;
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((_, newer)) = known.filter(|(_, known)| !Arc::ptr_eq(known, old)) {
            return Ok(Some(newer));
        }
        if again.is_some_and(|at| at.elapsed() < AGAIN) {
            return Ok(None);
        }
        *again = Some(Instant::now());
        tracing::info!("a signature of the sign-in provider is by a key that is not known; its keys are asked again");
        self.asked().await.map(Some)
    }

    async fn asked(&self) -> Result<Arc<CoreProviderMetadata>, OidcError> {
        let issuer = IssuerUrl::new(self.settings.issuer.clone()).map_err(|_| self.away("its address is none"))?;
        let asked = CoreProviderMetadata::discover_async(issuer, &self.http).await;
        let metadata = Arc::new(asked.map_err(|_| self.away("its description cannot be read"))?);
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) = Some((Instant::now(), metadata.clone()));
        Ok(metadata)
    }

    fn client(&self, metadata: &CoreProviderMetadata) -> OurClient {
        let id = ClientId::new(self.settings.client.clone());
        let client = OurClient::new(id, metadata.issuer().clone(), metadata.jwks().clone());
        match &self.settings.secret {
            Some(secret) => client.set_client_secret(ClientSecret::new(secret.clone())),
            None => client,
        }
    }

    /// Where to send the browser, and what it must keep.
    pub(super) async fn leave(&self, back: &str, next: &str) -> Result<(String, Left), OidcError> {
        let metadata = self.metadata().await?;
        let back = RedirectUrl::new(back.to_owned()).map_err(|_| OidcError::Stranger)?;
        let client =
            self.client(&metadata).set_auth_uri(metadata.authorization_endpoint().clone()).set_redirect_uri(back);
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let flow = CoreAuthenticationFlow::AuthorizationCode;
        let asking = client
            .authorize_url(flow, CsrfToken::new_random, Nonce::new_random)
            .add_scope(Scope::new("profile".into()))
            .add_scope(Scope::new("groups".into()))
            .set_pkce_challenge(challenge);
        let (address, state, nonce) = asking.url();
        let left = Left {
            state: state.secret().clone(),
            nonce: nonce.secret().clone(),
            verifier: verifier.secret().clone(),
            next: next.into(),
        };
        Ok((address.to_string(), left))
    }

    /// Who comes back, if the provider vouches for them.
    pub(super) async fn back(&self, back: &str, left: Left, code: &str, state: &str) -> Result<Vouched, OidcError> {
        if left.state != state {
            return Err(OidcError::Stranger);
        }
        let metadata = self.metadata().await?;
        let back = RedirectUrl::new(back.to_owned()).map_err(|_| OidcError::Stranger)?;
        let endpoint = metadata.token_endpoint().cloned().ok_or_else(|| self.away("it has no token endpoint"))?;
        let client = self.client(&metadata).set_token_uri(endpoint).set_redirect_uri(back);
        let exchange = client
            .exchange_code(AuthorizationCode::new(code.to_owned()))
            .set_pkce_verifier(PkceCodeVerifier::new(left.verifier))
            .request_async(&self.http);
        let tokens = exchange.await.map_err(|error| match error {
            openidconnect::RequestTokenError::ServerResponse(said) => OidcError::Refused(said.error().to_string()),
            _ => self.away("the code could not be exchanged"),
        })?;
        let token = tokens.id_token().ok_or(OidcError::Forged("there is no ID token"))?;
        let nonce = Nonce::new(left.nonce);
        // Providers change their keys at any time.
        let unknown = match token.claims(&client.id_token_verifier(), &nonce) {
            Err(ClaimsVerificationError::SignatureVerification(_)) => self.renewed(&metadata).await?,
            _ => None,
        };
        let client = self.client(unknown.as_ref().unwrap_or(&metadata));
        let verifier = client.id_token_verifier();
        let claims = token.claims(&verifier, &nonce).map_err(|error| OidcError::Forged(why(&error)))?;
        if let Some(expected) = claims.access_token_hash() {
            let algorithm = token.signing_alg().map_err(|_| OidcError::Forged("its signature is of no known kind"))?;
            let key = token.signing_key(&verifier).map_err(|_| OidcError::Forged("its key is unknown"))?;
            let actual = openidconnect::AccessTokenHash::from_token(tokens.access_token(), algorithm, key);
            if actual.ok().as_ref() != Some(expected) {
                return Err(OidcError::Forged("the access token is another's"));
            }
        }
        let subject = claims.subject().as_str();
        if subject.len() > LONGEST_SUBJECT {
            return Err(OidcError::Forged("its subject is longer than subjects are"));
        }
        let groups = groups(claims.additional_claims().all.get(&self.settings.claim));
        let role = role(&self.settings.groups, &groups).ok_or(OidcError::NoRole)?;
        let full = claims.name().and_then(|name| name.get(None)).map(|name| name.as_str());
        let short = claims.preferred_username().map(|name| name.as_str());
        let name = [full, short].into_iter().flatten().map(shown).find(|name| !name.is_empty());
        let subject = format!("oidc {} {subject}", claims.issuer().as_str());
        Ok(Vouched { name: name.unwrap_or_else(|| shown(claims.subject().as_str())), subject, role })
    }
}

/// A name as pages can show it.
fn shown(name: &str) -> String {
    // What turns the direction of writing around could make one name look like another.
    let odd = |c: char| {
        c.is_control() || matches!(c, '\u{200e}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    name.chars().filter(|c| !odd(*c)).take(64).collect::<String>().trim().to_owned()
}

const fn why(error: &ClaimsVerificationError) -> &'static str {
    use ClaimsVerificationError as Wrong;
    match error {
        Wrong::Expired(_) => "its token has expired",
        Wrong::InvalidAudience(_) => "its token is for somebody else",
        Wrong::InvalidIssuer(_) => "its token is another provider's",
        Wrong::InvalidNonce(_) => "its token is of another sign-in",
        Wrong::SignatureVerification(_) => "its token's signature is wrong",
        _ => "its token is not in order",
    }
}

fn groups(claim: Option<&serde_json::Value>) -> Vec<String> {
    match claim {
        Some(serde_json::Value::String(one)) => vec![one.clone()],
        Some(serde_json::Value::Array(all)) => all.iter().filter_map(|one| one.as_str().map(str::to_owned)).collect(),
        _ => Vec::new(),
    }
}

fn role(roles: &[(Role, Vec<String>)], groups: &[String]) -> Option<Role> {
    let has = |wanted: &String| wanted == "*" || groups.contains(wanted);
    roles.iter().filter(|(_, wanted)| wanted.iter().any(has)).map(|(role, _)| *role).max()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_highest_role_of_any_group_counts_and_no_group_is_no_role() {
        let roles = vec![
            (Role::Admin, vec!["root".to_owned()]),
            (Role::Operator, vec!["ops".to_owned(), "night".to_owned()]),
            (Role::Viewer, vec!["staff".to_owned()]),
        ];
        let of = |claim: serde_json::Value| role(&roles, &groups(Some(&claim)));
        assert_eq!(of(serde_json::json!(["staff", "night"])), Some(Role::Operator));
        assert_eq!(of(serde_json::json!("root")), Some(Role::Admin));
        assert_eq!(of(serde_json::json!(["guests"])), None);
        assert_eq!(of(serde_json::json!({"root": true})), None);
        assert_eq!(role(&[(Role::Viewer, vec!["*".into()])], &[]), Some(Role::Viewer));
    }
}
