//! The credentials of a context, chosen as kubectl chooses them, and how they are sent.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{HeaderValue, Request, header::AUTHORIZATION};
use jiff::Timestamp;
use kube::config::{AuthInfo, AuthProviderConfig};
use secrecy::ExposeSecret as _;

use super::{
    kubeconfig::unreadable,
    plugin::{self, PluginError},
    tls::{Identity, Unfit},
};

/// A token file is read again after this, as kubectl does.
const AGAIN: Duration = Duration::from_secs(60);

/// Why a context has no credentials that can be used. No token and no key is ever in it.
#[derive(Debug, thiserror::Error)]
pub(super) enum CredentialError {
    #[error(transparent)]
    Plugin(#[from] PluginError),
    #[error(transparent)]
    Unfit(#[from] Unfit),
    #[error("its {0} {1} cannot be read: {2}")]
    File(&'static str, String, String),
    #[error("its token file {0} is empty")]
    EmptyFile(String),
    #[error("its {0} holds a line break or a control character: no header can carry it")]
    NoHeader(&'static str),
    #[error("the data of its {0} is not base64")]
    NoBase64(&'static str),
    #[error("its {0} lacks its other half")]
    Half(&'static str),
    #[error("its user has both {0} and {1}: kubectl takes only one")]
    Both(&'static str, &'static str),
    #[error("its auth-provider {0} is no longer part of kubectl: {1}")]
    Provider(String, &'static str),
    #[error("its auth-provider oidc has no id-token: sign in by the tool that wrote it, or use an exec plugin")]
    NoIdToken,
}

/// What is sent with each request.
#[derive(Clone)]
pub(super) enum Authorization {
    Nothing,
    Fixed(HeaderValue),
    File(Arc<TokenFile>),
}

/// A token in a file that others renew.
pub(super) struct TokenFile {
    path: PathBuf,
    held: Mutex<(HeaderValue, Instant)>,
}

/// All that shows who we are.
pub(super) struct Credential {
    pub(super) authorization: Authorization,
    pub(super) identity: Option<Identity>,
    /// When it ends, if that is known.
    pub(super) until: Option<Timestamp>,
}

impl Credential {
    /// Nothing is shown to the server.
    pub(super) const fn none() -> Self {
        Self { authorization: Authorization::Nothing, identity: None, until: None }
    }
}

impl Authorization {
    /// Puts it into a request.
    pub(super) fn put<B>(&self, request: &mut Request<B>) {
        let value = match self {
            Self::Nothing => return,
            Self::Fixed(value) => value.clone(),
            Self::File(file) => file.now(),
        };
        request.headers_mut().entry(AUTHORIZATION).or_insert(value);
    }
}

impl TokenFile {
    /// A token beside the file serves as long as the file cannot be read.
    fn open(path: &Path, beside: Option<&str>) -> Result<Self, CredentialError> {
        let value = match (token_in(path), beside) {
            (Err(_), Some(token)) => header(&format!("Bearer {token}"), "token")?,
            (read, _) => read?,
        };
        Ok(Self { path: path.into(), held: Mutex::new((value, Instant::now())) })
    }

    fn now(&self) -> HeaderValue {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if held.1.elapsed() >= AGAIN {
            // A file that is away for a moment leaves the token that we have.
            let value = token_in(&self.path).unwrap_or_else(|_| held.0.clone());
            *held = (value, Instant::now());
        }
        held.0.clone()
    }
}

/// The credentials of a user. Runs its plugin, when it has one and needs it.
pub(super) async fn of(user: &AuthInfo) -> Result<Credential, CredentialError> {
    let token = user.token.as_ref().map(|token| token.expose_secret().to_owned()).filter(|token| !token.is_empty());
    let file = user.token_file.as_ref().filter(|file| !file.is_empty());
    let name = user.username.as_ref().filter(|name| !name.is_empty());
    let bears = token.is_some() || file.is_some();
    match () {
        () if name.is_some() && bears => return Err(CredentialError::Both("a name with a password", "a token")),
        () if user.exec.is_some() && user.auth_provider.is_some() => {
            return Err(CredentialError::Both("an auth-provider", "a credential plugin"));
        }
        () => {}
    }
    let mut credential = Credential { authorization: Authorization::Nothing, identity: pair(user)?, until: None };
    if let Some(file) = file {
        credential.authorization = Authorization::File(Arc::new(TokenFile::open(Path::new(file), token.as_deref())?));
    } else if let Some(token) = token {
        credential.authorization = bearer(&token, "token")?;
    } else if let Some(name) = name {
        let password = user.password.as_ref().map(secrecy::ExposeSecret::expose_secret).unwrap_or_default();
        let text = format!("Basic {}", STANDARD.encode(format!("{name}:{password}")));
        credential.authorization = Authorization::Fixed(header(&text, "password")?);
    } else if let Some(provider) = &user.auth_provider {
        credential.authorization = bearer(&provided(provider)?, "id-token")?;
    } else if let Some(exec) = &user.exec {
        let given = plugin::run(exec, plugin::PATIENCE).await?;
        if let Some(token) = &given.token {
            credential.authorization = bearer(token, "plugin's token")?;
        }
        if let (Some((certificate, key)), None) = (&given.pair, &credential.identity) {
            credential.identity = Some(Identity::from_pem(certificate.as_bytes(), key.as_bytes())?);
        }
        credential.until = given.until;
    }
    Ok(credential)
}

fn token_in(path: &Path) -> Result<HeaderValue, CredentialError> {
    let shown = || path.display().to_string();
    let text = std::fs::read_to_string(path)
        .map_err(|error| CredentialError::File("token file", shown(), unreadable(&error)))?;
    let token = text.trim();
    if token.is_empty() {
        return Err(CredentialError::EmptyFile(shown()));
    }
    header(&format!("Bearer {token}"), "token")
}

fn bearer(token: &str, what: &'static str) -> Result<Authorization, CredentialError> {
    Ok(Authorization::Fixed(header(&format!("Bearer {token}"), what)?))
}

fn header(text: &str, what: &'static str) -> Result<HeaderValue, CredentialError> {
    let mut value = HeaderValue::from_str(text).map_err(|_| CredentialError::NoHeader(what))?;
    value.set_sensitive(true);
    Ok(value)
}

/// The token of an auth-provider, of which kubectl still has one kind.
fn provided(provider: &AuthProviderConfig) -> Result<String, CredentialError> {
    let todo = match provider.name.as_str() {
        "oidc" => {
            let token = provider.config.get("id-token").filter(|token| !token.is_empty());
            return token.cloned().ok_or(CredentialError::NoIdToken);
        }
        "gcp" => "install gke-gcloud-auth-plugin, then run gcloud container clusters get-credentials",
        "azure" => "install kubelogin, then run kubelogin convert-kubeconfig",
        _ => "use an exec plugin of your provider",
    };
    Err(CredentialError::Provider(super::trouble::first_line(&provider.name), todo))
}

/// The certificate that we show, with its key.
fn pair(user: &AuthInfo) -> Result<Option<Identity>, CredentialError> {
    let (certificate, key) = ("client certificate", "client key");
    let held = user.client_key_data.as_ref().map(secrecy::ExposeSecret::expose_secret);
    let certificate_pem =
        data(user.client_certificate_data.as_deref(), user.client_certificate.as_deref(), certificate)?;
    let key_pem = data(held, user.client_key.as_deref(), key)?;
    match (certificate_pem, key_pem) {
        (None, None) => Ok(None),
        (Some(_), None) => Err(CredentialError::Half(certificate)),
        (None, Some(_)) => Err(CredentialError::Half(key)),
        (Some(certificate), Some(key)) => Ok(Some(Identity::from_pem(&certificate, &key)?)),
    }
}

fn data(inline: Option<&str>, file: Option<&str>, what: &'static str) -> Result<Option<Vec<u8>>, CredentialError> {
    if let Some(inline) = inline.filter(|inline| !inline.is_empty()) {
        return STANDARD.decode(in_one_line(inline)).map(Some).map_err(|_| CredentialError::NoBase64(what));
    }
    let Some(file) = file.filter(|file| !file.is_empty()) else { return Ok(None) };
    let read = std::fs::read(file);
    read.map(Some).map_err(|error| CredentialError::File(what, file.to_owned(), unreadable(&error)))
}

/// Base64 without the ends of its lines, which kubectl passes over.
pub(super) fn in_one_line(base64: &str) -> String {
    base64.chars().filter(|c| !matches!(c, '\r' | '\n')).collect()
}
