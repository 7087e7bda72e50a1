//! Sign-in through an OpenID Connect provider: code flow with PKCE.
//!
//! ```text
//! leave ─▶ provider (discovery, keys) ─▶ browser at the provider ─▶ back ─▶ tokens ─▶ jws ─▶ claims ─▶ person (groups ─▶ role)
//!                                        later: renew (refresh token, or leave without questions), logout
//! ```
//! What must be remembered between leaving for the provider and coming back is in a cookie of the
//! browser that left, so that any replica can receive it and nobody else can finish it.

mod claims;
mod doctor;
mod error;
mod groups;
mod jws;
mod logout;
mod person;
mod provider;
mod tokens;
mod transport;

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use reqwest::Url;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tokio::sync::{Semaphore, SemaphorePermit};

pub use doctor::{Examined, examine};
pub use error::{OidcError, Refused};
pub(crate) use groups::list;
pub(super) use logout::{Ended, GOOD_FOR};

use super::{Role, secret};
use claims::Expected;
use person::{Person, Sources};
use provider::{Provider, same_but_slash};
use tokens::Tokens;

/// What a provider says of itself, its keys among it, is asked again after this.
const FRESH: Duration = Duration::from_secs(600);
/// A signature by a key that is not known has it asked at once, but no more often than this.
const AGAIN: Duration = Duration::from_secs(60);
/// After a failure the provider is left alone for so long.
const REST: Duration = Duration::from_secs(2);
/// So many sign-ins ask the provider at once.
const AT_ONCE: usize = 32;

/// How to sign in through a provider.
#[derive(Clone)]
pub struct OidcSettings {
    /// Its address, as it names itself.
    pub issuer: String,
    /// Our name there.
    pub client: String,
    /// Our secret there; public clients have none.
    pub secret: Option<String>,
    /// The scopes to ask for; empty for those that the provider offers.
    pub scopes: Vec<String>,
    /// A file with further authorities to trust.
    pub ca: Option<PathBuf>,
    /// The claims that name a person's groups.
    pub claims: Vec<String>,
    /// Groups of each role, the highest first; `*` stands for everybody who signs in.
    pub groups: Vec<(Role, Vec<String>)>,
    /// A person's role is asked of the provider again after at most this.
    pub recheck: Duration,
    /// Whether signing out here also ends the session at the provider.
    pub sign_out_there: bool,
}

impl std::fmt::Debug for OidcSettings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "OidcSettings({} as {}, {:?} in {:?})", self.issuer, self.client, self.groups, self.claims)
    }
}

/// How a browser is sent to the provider.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Manner {
    /// Without any question: the role is looked at anew.
    #[serde(default)]
    pub(super) silent: bool,
    /// With no scope but `openid`, after the provider refused the others.
    #[serde(default)]
    pub(super) fewest: bool,
}

/// What the browser keeps while its person is at the provider.
#[derive(Serialize, Deserialize)]
pub(super) struct Left {
    pub(super) state: String,
    nonce: String,
    verifier: String,
    /// Where to go afterwards.
    pub(super) next: String,
    #[serde(flatten)]
    pub(super) manner: Manner,
}

/// What the provider has the browser bring back.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Answer {
    pub(super) code: String,
    pub(super) state: String,
    pub(super) error: String,
    error_description: String,
    iss: Option<String>,
}

/// What is kept of the provider's tokens, sealed, for as long as the session lasts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Kept {
    /// For signing out there.
    #[serde(default)]
    pub(super) id: Option<String>,
    /// For looking at the role anew.
    #[serde(default)]
    pub(super) refresh: Option<String>,
}

/// Somebody whom the provider vouches for.
pub(super) struct Vouched {
    /// The provider and who they are there. What they are called may change, and change hands.
    pub(super) subject: String,
    pub(super) name: String,
    pub(super) role: Role,
    /// The provider's session; empty when it does not say.
    pub(super) sid: String,
    pub(super) kept: Kept,
}

/// A longer ID token is not kept for signing out: it would not fit into an address.
const LONGEST_HINT: usize = 6_000;
/// A longer refresh token is not kept.
const LONGEST_REFRESH: usize = 12_000;

/// What is known of the provider, and when it last failed.
#[derive(Default)]
struct Known {
    provider: Option<Arc<Provider>>,
    failed: Option<(Instant, String)>,
}

/// A provider that people sign in through.
pub struct Oidc {
    settings: OidcSettings,
    known: Mutex<Known>,
    /// Held while the provider is asked to describe itself, so that many who come at once ask once.
    asking: tokio::sync::Mutex<()>,
    /// When it was last asked because of a signature.
    again: tokio::sync::Mutex<Option<Instant>>,
    places: Semaphore,
}

impl Oidc {
    /// Asks nothing yet.
    ///
    /// # Errors
    /// When TLS connections cannot be made with these settings, as with a missing file of authorities.
    pub fn new(settings: OidcSettings) -> Result<Self, String> {
        transport::client(settings.ca.as_deref())?;
        let places = Semaphore::new(AT_ONCE);
        Ok(Self {
            settings,
            known: Mutex::default(),
            asking: tokio::sync::Mutex::default(),
            again: tokio::sync::Mutex::default(),
            places,
        })
    }

    /// After how many milliseconds at most a person's role is asked again.
    pub(super) fn recheck(&self) -> i64 {
        i64::try_from(self.settings.recheck.as_millis()).unwrap_or(i64::MAX / 4)
    }

    /// Whether the scopes to ask for are ours to choose, as no setting names them.
    pub(super) const fn chooses_scopes(&self) -> bool {
        self.settings.scopes.is_empty()
    }

    fn away(&self, what: impl Into<String>) -> OidcError {
        OidcError::Away { issuer: self.settings.issuer.clone(), what: what.into() }
    }

    fn place(&self) -> Result<SemaphorePermit<'_>, OidcError> {
        self.places.try_acquire().map_err(|_| OidcError::Busy)
    }

    fn known(&self) -> (Option<Arc<Provider>>, Option<(Instant, String)>) {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        (known.provider.clone(), known.failed.clone())
    }

    async fn provider(&self) -> Result<Arc<Provider>, OidcError> {
        let fresh = |known: Option<Arc<Provider>>| known.filter(|known| known.asked.elapsed() < FRESH);
        if let Some(provider) = fresh(self.known().0) {
            return Ok(provider);
        }
        let _asking = self.asking.lock().await;
        let (known, failed) = self.known();
        if let Some(provider) = fresh(known) {
            return Ok(provider);
        }
        if let Some((at, what)) = failed
            && at.elapsed() < REST
        {
            return Err(self.away(what));
        }
        self.discovered().await
    }

    /// Its description since it changed its keys; `None` when it was asked for that less than a minute ago.
    async fn renewed(&self, old: &Arc<Provider>) -> Result<Option<Arc<Provider>>, OidcError> {
        let mut again = self.again.lock().await;
        if let Some(newer) = self.known().0.filter(|known| !Arc::ptr_eq(known, old)) {
            return Ok(Some(newer));
        }
        if again.is_some_and(|at| at.elapsed() < AGAIN) {
            return Ok(None);
        }
        *again = Some(Instant::now());
        tracing::info!("a signature of the sign-in provider is by a key that is not known; its keys are asked again");
        self.discovered().await.map(Some)
    }

    async fn discovered(&self) -> Result<Arc<Provider>, OidcError> {
        let found = provider::discovered(&self.settings).await;
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        match found {
            Ok(provider) => {
                let provider = Arc::new(provider);
                *known = Known { provider: Some(provider.clone()), failed: None };
                Ok(provider)
            }
            Err(what) => {
                tracing::warn!(provider = self.settings.issuer, "the sign-in provider cannot be used: {what}");
                known.failed = Some((Instant::now(), what.clone()));
                drop(known);
                Err(self.away(what))
            }
        }
    }

    /// Where to send the browser, and what it must keep.
    pub(super) async fn leave(&self, back: &str, next: &str, manner: Manner) -> Result<(String, Left), OidcError> {
        let _place = self.place()?;
        let provider = self.provider().await?;
        let (state, nonce, verifier) = (secret::random::<16>(), secret::random::<16>(), secret::random::<32>());
        let mut address = provider.authorization.clone();
        address
            .query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &self.settings.client)
            .append_pair("redirect_uri", back)
            .append_pair("scope", &provider.scopes(&self.settings, manner.fewest))
            .append_pair("state", &state)
            .append_pair("nonce", &nonce)
            .append_pair("code_challenge", &BASE64.encode(Sha256::digest(verifier.as_bytes())))
            .append_pair("code_challenge_method", "S256");
        if manner.silent && provider.silent {
            address.query_pairs_mut().append_pair("prompt", "none");
        }
        Ok((address.into(), Left { state, nonce, verifier, next: next.into(), manner }))
    }

    /// Who comes back, if the provider vouches for them.
    pub(super) async fn back(&self, back: &str, left: &Left, answer: &Answer) -> Result<Vouched, OidcError> {
        if left.state != answer.state {
            return Err(OidcError::Stranger);
        }
        if !answer.error.is_empty() {
            let refused = Refused::new(&answer.error, &answer.error_description, &[&answer.code, &left.verifier]);
            tracing::warn!(
                provider = self.settings.issuer,
                error = refused.code,
                description = refused.description,
                "the sign-in provider refused a sign-in"
            );
            return Err(OidcError::Refused(refused));
        }
        let _place = self.place()?;
        let provider = self.provider().await?;
        match &answer.iss {
            Some(issuer) if !same_but_slash(issuer, &provider.issuer) => {
                return Err(self.forged("its answer names another provider"));
            }
            None if provider.names_itself => return Err(self.forged("its answer does not name it, as it promised")),
            _ => {}
        }
        let grant = [
            ("grant_type", "authorization_code"),
            ("code", answer.code.as_str()),
            ("redirect_uri", back),
            ("code_verifier", left.verifier.as_str()),
        ];
        let tokens = tokens::asked(&provider, &self.settings, &grant).await?;
        let id = tokens.id.clone();
        let id = id.ok_or_else(|| self.forged("there is no ID token; is the scope openid allowed for this client?"))?;
        let (provider, signed) = self.signed(provider, &id).await?;
        let expected = Expected { nonce: Some(&left.nonce), ..self.expected(&provider) };
        let subject = claims::believed(&signed.claims, &expected).map_err(|error| self.forged(error.to_string()))?;
        claims::goes_with(&signed.claims, signed.algorithm, tokens.access.as_deref())
            .map_err(|error| self.forged(error.to_string()))?;
        let subject = subject.to_owned();
        let person = self.person(&provider, Some(signed.claims), &tokens, &subject).await;
        self.vouched(&provider, person, tokens)
    }

    /// Looks at somebody anew by a refresh token; who they are must not have changed.
    pub(super) async fn renew(&self, subject: &str, kept: &Kept) -> Result<Vouched, OidcError> {
        let refresh = kept.refresh.as_deref().ok_or(OidcError::Stranger)?;
        let provider = self.provider().await?;
        let before = format!("oidc {} ", provider.issuer);
        let sub = subject.strip_prefix(&before).ok_or(OidcError::Stranger)?;
        let grant = [("grant_type", "refresh_token"), ("refresh_token", refresh)];
        let mut tokens = tokens::asked(&provider, &self.settings, &grant).await?;
        let mut signed = None;
        if let Some(id) = &tokens.id {
            let (provider, found) = self.signed(provider.clone(), id).await?;
            let expected = self.expected(&provider);
            let now = claims::believed(&found.claims, &expected).map_err(|error| self.forged(error.to_string()))?;
            if now != sub {
                return Err(self.forged(claims::ClaimError::OtherSubject.to_string()));
            }
            signed = Some(found.claims);
        }
        // A provider that rotates refresh tokens sends another one; else the one before stays good.
        tokens.refresh = tokens.refresh.or_else(|| kept.refresh.clone());
        tokens.id = tokens.id.or_else(|| kept.id.clone());
        let without_id = signed.is_none();
        let person = self.person(&provider, signed, &tokens, sub).await;
        if without_id && person.role.is_none() && person.groups.is_none() {
            // Nothing was told; that is not the same as no groups.
            return Err(self.away("it sent no ID token for a refresh token, and its userinfo has no groups"));
        }
        self.vouched(&provider, person, tokens)
    }

    fn forged(&self, what: impl Into<String>) -> OidcError {
        let what = what.into();
        tracing::warn!(provider = self.settings.issuer, "the sign-in provider's answer is not believed: {what}");
        OidcError::Forged(what)
    }

    fn expected<'a>(&'a self, provider: &'a Provider) -> Expected<'a> {
        let now = Duration::from_millis(jiff::Timestamp::now().as_millisecond().max(0).cast_unsigned()).as_secs_f64();
        Expected { issuer: &provider.issuer, client: &self.settings.client, nonce: None, now }
    }

    /// A token's claims, if the provider signed them; its keys are asked again when they may have changed.
    async fn signed(&self, provider: Arc<Provider>, token: &str) -> Result<(Arc<Provider>, jws::Signed), OidcError> {
        let wrong = |error: &jws::JwsError| self.forged(format!("the ID token: {error}"));
        match jws::verified(token, &provider.keys, &provider.algorithms) {
            Ok(signed) => Ok((provider, signed)),
            Err(error) if error.may_be_newer_keys() => {
                let newer = self.renewed(&provider).await?.ok_or_else(|| wrong(&error))?;
                let signed = jws::verified(token, &newer.keys, &newer.algorithms).map_err(|error| wrong(&error))?;
                Ok((newer, signed))
            }
            Err(error) => Err(wrong(&error)),
        }
    }

    /// Everything that the provider says of somebody; each further source is asked only while groups are missing.
    async fn person(
        &self,
        provider: &Arc<Provider>,
        id: Option<serde_json::Value>,
        tokens: &Tokens,
        subject: &str,
    ) -> Person {
        let mut sources = Sources::new(&self.settings, subject);
        if let Some(claims) = id {
            sources.add("ID token", claims);
        }
        if !sources.has_groups()
            && let Some(access) = &tokens.access
        {
            match tokens::userinfo(provider, access).await {
                Ok(Some(tokens::Told::Claims(claims))) => sources.add("userinfo", claims),
                Ok(Some(tokens::Told::Signed(text))) => {
                    match jws::verified(&text, &provider.keys, &provider.algorithms) {
                        Ok(signed) => sources.add("userinfo", signed.claims),
                        Err(error) => sources.failed(format!("the userinfo token: {error}")),
                    }
                }
                Ok(None) => {}
                Err(what) => sources.failed(what),
            }
        }
        if !sources.has_groups()
            && let Some(access) = &tokens.access
            && let Ok(signed) = jws::verified(access, &provider.keys, &provider.algorithms)
            && signed.claims["iss"].as_str() == Some(&provider.issuer)
        {
            // Keycloak writes realm roles there and nowhere else, as it is installed.
            sources.add("access token", signed.claims);
        }
        sources.judged()
    }

    fn vouched(&self, provider: &Provider, person: Person, tokens: Tokens) -> Result<Vouched, OidcError> {
        let subject = format!("oidc {} {}", provider.issuer, person.subject);
        let Some((role, _)) = person.role else {
            let why = person.no_role(&self.settings);
            tracing::warn!(provider = self.settings.issuer, "a person of the sign-in provider has no role: {why}");
            return Err(OidcError::NoRole { subject, why });
        };
        let kept = Kept {
            id: tokens.id.filter(|id| provider.end_session.is_some() && id.len() <= LONGEST_HINT),
            refresh: tokens.refresh.filter(|refresh| refresh.len() <= LONGEST_REFRESH),
        };
        Ok(Vouched { subject, name: person.name, role, sid: person.sid, kept })
    }

    /// Where a browser goes to end its session at the provider, where that is wanted and offered.
    pub(super) async fn out(&self, back: &str, kept: &Kept) -> Option<String> {
        if !self.settings.sign_out_there {
            return None;
        }
        let mut address: Url = self.provider().await.ok()?.end_session.clone()?;
        {
            let mut query = address.query_pairs_mut();
            if let Some(id) = &kept.id {
                query.append_pair("id_token_hint", id);
            }
            query.append_pair("client_id", &self.settings.client).append_pair("post_logout_redirect_uri", back);
        }
        Some(address.into())
    }
}
