//! Connections to a provider: whom they trust, and what went wrong in words.
//!
//! Trusted are the authorities of this system (`SSL_CERT_FILE` and `SSL_CERT_DIR` name others, as for OpenSSL) and those
//! of `oidc_ca`. Proxies are taken from `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY`, as curl does.

use std::{error::Error, path::Path, sync::Arc, time::Duration};

use reqwest::{Client, RequestBuilder, StatusCode, header};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme,
    client::{
        WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
        verify_server_name,
    },
    pki_types::{CertificateDer, ServerName, UnixTime, pem::PemObject},
    server::ParsedCertificate,
};

use super::error::plain;

/// A provider that takes longer is said not to answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// No answer of a provider is larger: metadata, keys, tokens.
const LARGEST: usize = 2 << 20;

/// How many authorities are trusted, for the dry run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Trusted {
    pub(super) system: usize,
    pub(super) named: usize,
}

/// A client that trusts these authorities now; files are read anew each time.
pub(super) fn client(ca: Option<&Path>) -> Result<(Client, Trusted), String> {
    let mut roots = RootCertStore::empty();
    let found = rustls_native_certs::load_native_certs();
    let (system, _) = roots.add_parsable_certificates(found.certs);
    for error in found.errors.iter().take(3) {
        tracing::warn!("an authority of this system cannot be read: {error}");
    }
    let named = ca.map(authorities).transpose()?.unwrap_or_default();
    let trusted = Trusted { system, named: named.len() };
    for certificate in &named {
        // One that is no authority, but the provider's own certificate, is trusted by itself below.
        let _ = roots.add(certificate.clone());
    }
    if roots.is_empty() && named.is_empty() {
        let what = "this system has no certificates of authorities (the package ca-certificates), \
                    SSL_CERT_FILE and SSL_CERT_DIR name none, and oidc_ca is not set";
        // Without TLS a provider on loopback can still be used.
        tracing::warn!("{what}");
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let chain = if roots.is_empty() {
        None
    } else {
        let built = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider.clone()).build();
        Some(built.map_err(|error| format!("the authorities cannot be used: {error}"))?)
    };
    let config = ClientConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Verifier { chain, named, provider }))
        .with_no_client_auth();
    let client = Client::builder()
        .tls_backend_preconfigured(config)
        // A provider that sends us elsewhere could make us ask for anything.
        .redirect(reqwest::redirect::Policy::none())
        .user_agent(concat!("binnacle/", env!("CARGO_PKG_VERSION")))
        .timeout(PATIENCE)
        .build()
        .map_err(|error| format!("no TLS client for the sign-in provider: {}", causes(&error)))?;
    Ok((client, trusted))
}

/// The certificates of a PEM file (or of one certificate in DER form).
fn authorities(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let shown = path.display();
    let bytes = std::fs::read(path).map_err(|error| format!("oidc_ca: {shown} cannot be read: {error}"))?;
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&bytes).collect();
    let found = found.map_err(|error| format!("oidc_ca: {shown} is not PEM that can be read: {error}"))?;
    if found.is_empty() && bytes.first() == Some(&0x30) {
        return Ok(vec![CertificateDer::from(bytes)]);
    }
    if found.is_empty() {
        return Err(format!("oidc_ca: {shown} has no certificate in it (BEGIN CERTIFICATE)"));
    }
    Ok(found)
}

/// Trusts what an authority signed, and a certificate that is named itself.
#[derive(Debug)]
struct Verifier {
    chain: Option<Arc<WebPkiServerVerifier>>,
    named: Vec<CertificateDer<'static>>,
    provider: Arc<rustls::crypto::CryptoProvider>,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end: &CertificateDer<'_>,
        between: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let unknown = Err(rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer));
        let judged = match &self.chain {
            Some(chain) => chain.verify_server_cert(end, between, name, ocsp, now),
            None => unknown,
        };
        if judged.is_err() && self.named.iter().any(|named| named.as_ref() == end.as_ref()) {
            verify_server_name(&ParsedCertificate::try_from(end)?, name)?;
            return Ok(ServerCertVerified::assertion());
        }
        judged
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, certificate, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// An answer, whatever its status.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) json: bool,
    pub(super) body: Vec<u8>,
}

impl Answer {
    pub(super) fn value(&self) -> Option<serde_json::Value> {
        serde_json::from_slice(&self.body).ok()
    }
}

/// Sends a request; `what` names the endpoint in the sentence of a failure.
pub(super) async fn sent(request: RequestBuilder, what: &str) -> Result<Answer, String> {
    let mut response =
        request.header(header::ACCEPT, "application/json").send().await.map_err(|error| why(error, what))?;
    let status = response.status();
    if status.is_redirection() {
        let to = response.headers().get(header::LOCATION).and_then(|to| to.to_str().ok()).unwrap_or("nowhere");
        let to = plain(to.split(['?', '#']).next().unwrap_or_default(), 200);
        return Err(format!("{what} sends elsewhere, to {to}; set oidc_issuer to the provider's own address"));
    }
    let kind = response.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let json = kind.contains("json");
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| why(error, what))? {
        body.extend_from_slice(&chunk);
        if body.len() > LARGEST {
            return Err(format!("{what} answers with more than 2 MB"));
        }
    }
    Ok(Answer { status, json, body })
}

/// A failed connection in words, with what to do about it.
fn why(error: reqwest::Error, what: &str) -> String {
    // The address may have a code in its query.
    let error = error.without_url();
    let all = causes(&error);
    let tls = certificate(&error);
    if let Some(tls) = tls {
        return format!("{what} has a certificate that {tls}");
    }
    if error.is_timeout() {
        return format!("{what} does not answer within {} seconds", PATIENCE.as_secs());
    }
    let has = |text: &str| all.contains(text);
    if has("dns error") || has("failed to lookup") {
        return format!("the name of the host of {what} cannot be resolved");
    }
    if has("Connection refused") {
        return format!("nothing listens where {what} should be (connection refused)");
    }
    if has("InvalidContentType") || has("corrupt message") {
        return format!("{what} does not speak TLS; is it meant to be http:// rather than https://?");
    }
    if has("proxy") || has("tunnel") {
        return format!(
            "{what} cannot be reached through the proxy of HTTPS_PROXY or HTTP_PROXY: {}",
            plain(&all, 200)
        );
    }
    format!("{what} cannot be reached: {}", plain(&all, 200))
}

/// What is wrong with a certificate, where that is the cause.
fn certificate(error: &reqwest::Error) -> Option<String> {
    let mut cause: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(one) = cause {
        if let Some(rustls::Error::InvalidCertificate(wrong)) = one.downcast_ref::<rustls::Error>() {
            return Some(match wrong {
                // An authority that was made anew has the name of the one before, and signs otherwise.
                CertificateError::UnknownIssuer | CertificateError::BadSignature => {
                    "is signed by an authority that is not trusted here; name that authority's certificate in oidc_ca, \
                     or add it to this system's"
                        .into()
                }
                CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
                    "has expired, or this machine's clock is wrong".into()
                }
                CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                    "does not hold yet, or this machine's clock is wrong".into()
                }
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                    "is for another name than the one in the address".into()
                }
                other => format!("cannot be trusted: {}", plain(&other.to_string(), 150)),
            });
        }
        // The source of an I/O error is that of the error inside, and leaves the error inside out.
        let inside = one.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        cause = inside.map(|inside| inside as &(dyn Error + 'static)).or_else(|| one.source());
    }
    None
}

/// An error with its causes, without repeating any.
pub(super) fn causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(one) = cause {
        let more = one.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        cause = one.source();
    }
    text
}
