//! TLS with an API server as kubectl speaks it: what is trusted, and which certificate we show.

use std::sync::{Arc, LazyLock};

use p521::{
    ecdsa::{
        Signature, SigningKey as Secp521r1, VerifyingKey,
        signature::{Signer as _, hazmat::PrehashVerifier as _},
    },
    pkcs8::DecodePrivateKey as _,
};
use rustls::{
    CertificateError, ClientConfig, ConfigBuilder, DigitallySignedStruct, Error, InconsistentKeys, RootCertStore,
    SignatureAlgorithm, SignatureScheme, WantsVerifier,
    client::{
        ResolvesClientCert, WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
        verify_server_name,
    },
    crypto::{CryptoProvider, WebPkiSupportedAlgorithms, ring, verify_tls12_signature, verify_tls13_signature},
    pki_types::{
        AlgorithmIdentifier, CertificateDer, InvalidSignature, PrivateKeyDer, ServerName,
        SignatureVerificationAlgorithm, UnixTime, alg_id, pem::PemObject,
    },
    server::ParsedCertificate,
    sign::{CertifiedKey, Signer, SigningKey},
};
use sha2::{Digest, Sha256, Sha384, Sha512};
use x509_parser::{parse_x509_certificate, time::ASN1Time};

use crate::certificate::{Noting, Presented};

/// Why TLS cannot be spoken as a context wants it. None of them holds a part of a key.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unfit {
    #[error("its client certificate is not PEM: it begins with -----BEGIN CERTIFICATE-----")]
    NoCertificate,
    #[error("its client key is not PEM: it begins with -----BEGIN PRIVATE KEY----- or the like")]
    NoKey,
    #[error("its client key is encrypted with a passphrase: store it without, for example by openssl pkey")]
    Encrypted,
    #[error(
        "its client key is of a kind that TLS cannot use: RSA, Ed25519 and the curves secp256r1, secp384r1 and secp521r1 are known"
    )]
    Key,
    #[error("its client key belongs to another certificate than its client certificate")]
    Mismatch,
    #[error("its certificate authority holds no certificate that can be read")]
    NoAuthority,
    #[error("it names no certificate authority, and this machine trusts none either")]
    NoneTrusted,
    #[error("its tls-server-name is no name of a server")]
    ServerName,
    #[error("TLS cannot be spoken")]
    Tls,
}

/// A certificate that we show, with its key.
#[derive(Clone)]
pub(super) struct Identity(Arc<CertifiedKey>);

impl Identity {
    /// From PEM. Certificates of X.509 version 1 are taken, for the server alone judges them.
    pub(super) fn from_pem(certificate: &[u8], key: &[u8]) -> Result<Self, Unfit> {
        let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(certificate).collect();
        let chain = chain.ok().filter(|chain| !chain.is_empty()).ok_or(Unfit::NoCertificate)?;
        if String::from_utf8_lossy(key).contains("ENCRYPTED") {
            return Err(Unfit::Encrypted);
        }
        let key = PrivateKeyDer::from_pem_slice(key).map_err(|_| Unfit::NoKey)?;
        let known = PROVIDER.key_provider.load_private_key(key.clone_key()).ok();
        let key = known.or_else(|| secp521r1(&key)).ok_or(Unfit::Key)?;
        let pair = CertifiedKey::new(chain, key);
        match pair.keys_match() {
            Err(Error::InconsistentKeys(InconsistentKeys::KeyMismatch)) => Err(Unfit::Mismatch),
            _ => Ok(Self(Arc::new(pair))),
        }
    }
}

/// What is trusted.
pub(super) enum Trust<'a> {
    /// Whoever answers.
    Anybody,
    /// These, as authorities or as the server's own certificate.
    These(&'a [Vec<u8>]),
    /// The authorities of this machine.
    Machine,
    /// Nobody: TLS is not spoken.
    Nobody,
}

/// The client's side of TLS.
pub(super) fn configuration(trust: &Trust<'_>, identity: Option<Identity>) -> Result<ClientConfig, Unfit> {
    let trusting = match verifier(trust)? {
        Some(verifier) => builder()?.dangerous().with_custom_certificate_verifier(verifier),
        None => builder()?.with_root_certificates(RootCertStore::empty()),
    };
    Ok(match identity {
        Some(identity) => trusting.with_client_cert_resolver(Arc::new(Shown(identity.0))),
        None => trusting.with_no_client_auth(),
    })
}

/// The same for one that shows nothing of itself, and notes what certificate it is presented.
pub(super) fn noting(trust: &Trust<'_>) -> Result<(ClientConfig, Presented), Unfit> {
    let trusts = verifier(trust)?.ok_or(Unfit::Tls)?;
    let (noting, presented) = Noting::over(trusts);
    let builder = builder()?.dangerous().with_custom_certificate_verifier(Arc::new(noting));
    Ok((builder.with_no_client_auth(), presented))
}

fn builder() -> Result<ConfigBuilder<ClientConfig, WantsVerifier>, Unfit> {
    let builder = ClientConfig::builder_with_provider(PROVIDER.clone());
    builder.with_safe_default_protocol_versions().map_err(|_| Unfit::Tls)
}

fn verifier(trust: &Trust<'_>) -> Result<Option<Arc<dyn ServerCertVerifier>>, Unfit> {
    Ok(match trust {
        Trust::Anybody => Some(Arc::new(Anybody)),
        Trust::These(certificates) => Some(Arc::new(Named::new(certificates)?)),
        Trust::Machine => {
            let machine = rustls_platform_verifier::Verifier::new(PROVIDER.clone());
            Some(Arc::new(machine.map_err(|_| Unfit::NoneTrusted)?))
        }
        Trust::Nobody => None,
    })
}

/// Shows one certificate to whoever asks for any, as kubectl does.
#[derive(Debug)]
struct Shown(Arc<CertifiedKey>);

impl ResolvesClientCert for Shown {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        Some(self.0.clone())
    }

    fn has_certs(&self) -> bool {
        true
    }
}

/// Trusts what named authorities have signed and, as Go does, a certificate that is itself named.
#[derive(Debug)]
struct Named {
    signed: Arc<WebPkiServerVerifier>,
    named: Vec<CertificateDer<'static>>,
}

impl Named {
    fn new(certificates: &[Vec<u8>]) -> Result<Self, Unfit> {
        let named: Vec<_> = certificates.iter().cloned().map(CertificateDer::from).collect();
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(named.iter().cloned());
        let signed = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), PROVIDER.clone());
        Ok(Self { signed: signed.build().map_err(|_| Unfit::NoAuthority)?, named })
    }
}

impl ServerCertVerifier for Named {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        chain: &[CertificateDer<'_>],
        server: &ServerName<'_>,
        stapled: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let signed = self.signed.verify_server_cert(certificate, chain, server, stapled, now);
        if signed.is_ok() || !self.named.iter().any(|named| named.as_ref() == certificate.as_ref()) {
            return signed;
        }
        serves_now(certificate, now)?;
        verify_server_name(&ParsedCertificate::try_from(certificate)?, server)?;
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signed, &ALGORITHMS)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signed, &ALGORITHMS)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        ALGORITHMS.supported_schemes()
    }
}

/// Whether a certificate is valid now, and made for servers.
fn serves_now(certificate: &CertificateDer<'_>, now: UnixTime) -> Result<(), Error> {
    let (_, parsed) = parse_x509_certificate(certificate).map_err(|_| CertificateError::BadEncoding)?;
    let now = i64::try_from(now.as_secs()).ok().and_then(|now| ASN1Time::from_timestamp(now).ok());
    let now = now.ok_or(Error::FailedToGetCurrentTime)?;
    if now < parsed.validity().not_before {
        return Err(CertificateError::NotValidYet.into());
    }
    if now > parsed.validity().not_after {
        return Err(CertificateError::Expired.into());
    }
    match parsed.extended_key_usage() {
        Ok(None) => Ok(()),
        Ok(Some(usage)) if usage.value.server_auth || usage.value.any => Ok(()),
        Ok(Some(_)) => Err(CertificateError::InvalidPurpose.into()),
        Err(_) => Err(CertificateError::BadEncoding.into()),
    }
}

/// Trusts whoever answers: `insecure-skip-tls-verify`.
#[derive(Debug)]
struct Anybody;

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        ALGORITHMS.supported_schemes()
    }
}

/// What ring can, and secp521r1, which it cannot.
static ALGORITHMS: LazyLock<WebPkiSupportedAlgorithms> = LazyLock::new(|| {
    static SECP521R1: [&dyn SignatureVerificationAlgorithm; 3] =
        [&OnSecp521r1(Hash::Sha512), &OnSecp521r1(Hash::Sha384), &OnSecp521r1(Hash::Sha256)];
    let ring = ring::default_provider().signature_verification_algorithms;
    let all = [ring.all, &SECP521R1].concat();
    let mapping = [ring.mapping, &[(SignatureScheme::ECDSA_NISTP521_SHA512, &SECP521R1[..1])]].concat();
    // Both live as long as the program, and are made once.
    WebPkiSupportedAlgorithms { all: all.leak(), mapping: mapping.leak() }
});

static PROVIDER: LazyLock<Arc<CryptoProvider>> = LazyLock::new(|| {
    let ring = ring::default_provider();
    Arc::new(CryptoProvider { signature_verification_algorithms: *ALGORITHMS, ..ring })
});

#[derive(Clone, Copy, Debug)]
enum Hash {
    Sha256,
    Sha384,
    Sha512,
}

/// Signatures on secp521r1 after a hash.
#[derive(Debug)]
struct OnSecp521r1(Hash);

/// The bytes of a number on the curve.
const FIELD: usize = 66;

impl SignatureVerificationAlgorithm for OnSecp521r1 {
    fn verify_signature(&self, key: &[u8], message: &[u8], signature: &[u8]) -> Result<(), InvalidSignature> {
        let key = VerifyingKey::from_sec1_bytes(key).map_err(|_| InvalidSignature)?;
        let signature = Signature::from_der(signature).map_err(|_| InvalidSignature)?;
        let hash = match self.0 {
            Hash::Sha256 => Sha256::digest(message).to_vec(),
            Hash::Sha384 => Sha384::digest(message).to_vec(),
            Hash::Sha512 => Sha512::digest(message).to_vec(),
        };
        // A hash that is shorter than the curve's numbers is a number with zeros before it.
        let mut number = [0; FIELD];
        number[FIELD - hash.len()..].copy_from_slice(&hash);
        key.verify_prehash(&number, &signature).map_err(|_| InvalidSignature)
    }

    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        alg_id::ECDSA_P521
    }

    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        match self.0 {
            Hash::Sha256 => alg_id::ECDSA_SHA256,
            Hash::Sha384 => alg_id::ECDSA_SHA384,
            Hash::Sha512 => alg_id::ECDSA_SHA512,
        }
    }
}

/// A key on secp521r1.
struct Key(Arc<Secp521r1>);

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("secp521r1")
    }
}

fn secp521r1(key: &PrivateKeyDer<'_>) -> Option<Arc<dyn SigningKey>> {
    let secret = match key {
        PrivateKeyDer::Pkcs8(der) => p521::SecretKey::from_pkcs8_der(der.secret_pkcs8_der()).ok(),
        PrivateKeyDer::Sec1(der) => p521::SecretKey::from_sec1_der(der.secret_sec1_der()).ok(),
        _ => None,
    };
    Some(Arc::new(Key(Arc::new(Secp521r1::from(secret?)))))
}

impl SigningKey for Key {
    fn choose_scheme(&self, offered: &[SignatureScheme]) -> Option<Box<dyn Signer>> {
        offered.contains(&SignatureScheme::ECDSA_NISTP521_SHA512).then(|| Box::new(Self(self.0.clone())) as _)
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        SignatureAlgorithm::ECDSA
    }
}

impl Signer for Key {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        let signature: Signature = self.0.try_sign(message).map_err(|error| Error::General(error.to_string()))?;
        Ok(signature.to_der().as_bytes().to_vec())
    }

    fn scheme(&self) -> SignatureScheme {
        SignatureScheme::ECDSA_NISTP521_SHA512
    }
}

#[cfg(test)]
mod tests {
    use rustls::{ServerConfig, server::WebPkiClientVerifier};
    use tokio_rustls::{TlsAcceptor, TlsConnector};

    use super::*;

    // All made by OpenSSL, valid for a hundred years.
    const AUTHORITY_521: &str = "-----BEGIN CERTIFICATE-----
MIICDzCCAXCgAwIBAgIUJ0+yemerCW3lJ/UIQOi6XlVTkz0wCgYIKoZIzj0EAwIw
GDEWMBQGA1UEAwwNbGFiIGF1dGhvcml0eTAgFw0yNjExMjkwNzU3NDdaGA8yMTI2
MTEwNTA3NTc0N1owGDEWMBQGA1UEAwwNbGFiIGF1dGhvcml0eTCBmzAQBgcqhkjO
PQIBBgUrgQQAIwOBhgAEAMk1vQ4T5F5CkV7fXxolDRBtc8e4vYGBvhRCIAobUV0b
9qkOr0Iu9IDC2OFXjPvaTP+zswe7KIzXiSn0thK0OTpSAd5Gtin0ny223yYqnE77
O9BPUrqTCb+8IgOEvDpWGXm5y2+mARigJCgxUz9sEYk2XE/eXUp1MM2MCx5MxDt1
vbhDo1MwUTAdBgNVHQ4EFgQU0MPSdfSESbGAWI6RxdNr73cHDaAwHwYDVR0jBBgw
FoAU0MPSdfSESbGAWI6RxdNr73cHDaAwDwYDVR0TAQH/BAUwAwEB/zAKBggqhkjO
PQQDAgOBjAAwgYgCQgDIlkexQl81HG0DcOtoBrj9r09te/QdYxW+p/2jOuD9dQ+o
6im4RsPhr4Ztg2UZFJcvOgWT/Q83w5564q94rvqh/wJCAYPmAX5wMAaB6U60zjqL
kilIu54PEnjxqbmbhtnXTR7XNqXB5ew2I1vLohYj1BQVst3rLWlZav+AXTFQ3AMO
q5mj
-----END CERTIFICATE-----";
    const ANN_521: &str = "-----BEGIN CERTIFICATE-----
MIIB4DCCAUGgAwIBAgIBAjAKBggqhkjOPQQDAjAYMRYwFAYDVQQDDA1sYWIgYXV0
aG9yaXR5MCAXDTI2MTEyOTA3NTg0MVoYDzIxMjYxMTA1MDc1ODQxWjAOMQwwCgYD
VQQDDANhbm4wgZswEAYHKoZIzj0CAQYFK4EEACMDgYYABADJNb0OE+ReQpFe318a
JQ0QbXPHuL2Bgb4UQiAKG1FdG/apDq9CLvSAwtjhV4z72kz/s7MHuyiM14kp9LYS
tDk6UgHeRrYp9J8ttt8mKpxO+zvQT1K6kwm/vCIDhLw6Vhl5uctvpgEYoCQoMVM/
bBGJNlxP3l1KdTDNjAseTMQ7db24Q6NBMD8wCQYDVR0TBAIwADATBgNVHSUEDDAK
BggrBgEFBQcDAjAdBgNVHQ4EFgQU0MPSdfSESbGAWI6RxdNr73cHDaAwCgYIKoZI
zj0EAwIDgYwAMIGIAkIAoZ71ZBhBn7GLTX6631wF/ZF3bl57mMO1nw5ZjGN3/reG
9FFJEsI0rktKlt4ebD2XnyBPXrFc6Ieq1P2fcqAl4fgCQgET9/1o39D3rNjpCbmi
ALiqQSdkpmbVvcq2m5GLXUgUolCT9hoP2wZWdPDjG0BV96LmrXM6QspJ0dbhoaac
D8WXKw==
-----END CERTIFICATE-----";
    const ANN_V1: &str = "-----BEGIN CERTIFICATE-----
MIIBlzCB+QIBATAKBggqhkjOPQQDAjAYMRYwFAYDVQQDDA1sYWIgYXV0aG9yaXR5
MCAXDTI2MTEyOTA3NTc0N1oYDzIxMjYxMTA1MDc1NzQ3WjAOMQwwCgYDVQQDDANh
bm4wgZswEAYHKoZIzj0CAQYFK4EEACMDgYYABADJNb0OE+ReQpFe318aJQ0QbXPH
uL2Bgb4UQiAKG1FdG/apDq9CLvSAwtjhV4z72kz/s7MHuyiM14kp9LYStDk6UgHe
RrYp9J8ttt8mKpxO+zvQT1K6kwm/vCIDhLw6Vhl5uctvpgEYoCQoMVM/bBGJNlxP
3l1KdTDNjAseTMQ7db24QzAKBggqhkjOPQQDAgOBjAAwgYgCQgCYSt/az5WkZi0I
PL+7NDH6pASQMQJFR+Nhx9IasIsGsjkhla58elauCBo8aJH5tP87ia15nY3kSi9B
9LQpmBxgvgJCAMn9y5U9uDQjyVgwfXauySlg05YC+53eKUb67g9MuvQM2jt+R1qN
iqP/refbpI24nfXfWF3PFmM3DuKwJFj1uiEX
-----END CERTIFICATE-----";
    const KEY_521: &str = "-----BEGIN EC PRIVATE KEY-----
MIHcAgEBBEIAoljx8XsN0NppzD5i6R15H+vMuIVhdd8oCePhwp4ZLZ2o05mR+zL6
N+gorvSF6V531576DmrKisv31g9xIlYDSSSgBwYFK4EEACOhgYkDgYYABADJNb0O
E+ReQpFe318aJQ0QbXPHuL2Bgb4UQiAKG1FdG/apDq9CLvSAwtjhV4z72kz/s7MH
uyiM14kp9LYStDk6UgHeRrYp9J8ttt8mKpxO+zvQT1K6kwm/vCIDhLw6Vhl5uctv
pgEYoCQoMVM/bBGJNlxP3l1KdTDNjAseTMQ7db24Qw==
-----END EC PRIVATE KEY-----";
    const KEY_521_PKCS8: &str = "-----BEGIN PRIVATE KEY-----
MIHuAgEAMBAGByqGSM49AgEGBSuBBAAjBIHWMIHTAgEBBEIAoljx8XsN0NppzD5i
6R15H+vMuIVhdd8oCePhwp4ZLZ2o05mR+zL6N+gorvSF6V531576DmrKisv31g9x
IlYDSSShgYkDgYYABADJNb0OE+ReQpFe318aJQ0QbXPHuL2Bgb4UQiAKG1FdG/ap
Dq9CLvSAwtjhV4z72kz/s7MHuyiM14kp9LYStDk6UgHeRrYp9J8ttt8mKpxO+zvQ
T1K6kwm/vCIDhLw6Vhl5uctvpgEYoCQoMVM/bBGJNlxP3l1KdTDNjAseTMQ7db24
Qw==
-----END PRIVATE KEY-----";
    /// Signed by itself, an authority, for lab.example and 127.0.0.1.
    const SERVER: &str = "-----BEGIN CERTIFICATE-----
MIIBkjCCATegAwIBAgIUApp0U1oravmTv5yfohzxhUKzn3owCgYIKoZIzj0EAwIw
DjEMMAoGA1UEAwwDbGFiMCAXDTI2MTEyOTA3NTc0OFoYDzIxMjYxMTA1MDc1NzQ4
WjAOMQwwCgYDVQQDDANsYWIwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAT7C+em
Vf+uM5HqwbzGsXC+ylX6clge0cc55SCzgjpfHhKk+6cWHYIpMFUSYajsy41yjnDa
XE97Ht9J98Lednapo3EwbzAdBgNVHQ4EFgQUu8ChGLOeT1FFySEkF9byzdwZVegw
HwYDVR0jBBgwFoAUu8ChGLOeT1FFySEkF9byzdwZVegwDwYDVR0TAQH/BAUwAwEB
/zAcBgNVHREEFTATggtsYWIuZXhhbXBsZYcEfwAAATAKBggqhkjOPQQDAgNJADBG
AiEA8NzDtld4E5vMLCxb7h9Yxl3Jei3IUdm6krSYicKxJbkCIQC3FhPTE1nMwpTm
hnAJ1PmoUP8HfYb2GwMoVIS1lsCBaA==
-----END CERTIFICATE-----";
    const SERVER_KEY: &str = "-----BEGIN EC PRIVATE KEY-----
MHcCAQEEIIvuuh5Ol7CPUzOJDuDWZdRUy0jdXd7ZegpodATp/ykeoAoGCCqGSM49
AwEHoUQDQgAE+wvnplX/rjOR6sG8xrFwvspV+nJYHtHHOeUgs4I6Xx4SpPunFh2C
KTBVEmGo7MuNco5w2lxPex7fSffC3nZ2qQ==
-----END EC PRIVATE KEY-----";
    const ENCRYPTED: &str = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----";

    fn der(pem: &str) -> Vec<u8> {
        CertificateDer::from_pem_slice(pem.as_bytes()).unwrap().to_vec()
    }

    /// What each side says of a handshake with the server of that certificate, which asks for ours.
    async fn shaken(
        trust: Trust<'_>,
        identity: Option<Identity>,
        name: &str,
    ) -> (Result<(), String>, Result<bool, String>) {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from(der(AUTHORITY_521))).unwrap();
        let clients = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), PROVIDER.clone());
        let key = PrivateKeyDer::from_pem_slice(SERVER_KEY.as_bytes()).unwrap();
        let server = ServerConfig::builder_with_provider(PROVIDER.clone())
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_client_cert_verifier(clients.allow_unauthenticated().build().unwrap())
            .with_single_cert(vec![CertificateDer::from(der(SERVER))], key)
            .unwrap();
        let client = TlsConnector::from(Arc::new(configuration(&trust, identity).unwrap()));
        let (ours, theirs) = tokio::io::duplex(1 << 16);
        let name = ServerName::try_from(name.to_owned()).unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(server));
        let (client, server) = tokio::join!(client.connect(name, ours), acceptor.accept(theirs));
        let shown = server.map(|stream| stream.get_ref().1.peer_certificates().is_some());
        (client.map(drop).map_err(|error| error.to_string()), shown.map_err(|error| error.to_string()))
    }

    #[tokio::test]
    async fn a_certificate_is_trusted_that_is_itself_named_and_under_its_own_name_alone() {
        let named = [der(SERVER)];
        for name in ["lab.example", "127.0.0.1"] {
            assert_eq!(shaken(Trust::These(&named), None, name).await.0, Ok(()), "{name}");
        }
        let other = shaken(Trust::These(&named), None, "other.example").await.0.unwrap_err();
        assert!(other.contains("not valid for name"), "{other}");
        let foreign = shaken(Trust::These(&[der(AUTHORITY_521)]), None, "lab.example").await.0.unwrap_err();
        assert!(foreign.contains("invalid peer certificate"), "{foreign}");
        assert_eq!(shaken(Trust::Anybody, None, "other.example").await.0, Ok(()));
    }

    #[tokio::test]
    async fn a_key_on_secp521r1_shows_who_we_are() {
        for key in [KEY_521, KEY_521_PKCS8] {
            let identity = Identity::from_pem(ANN_521.as_bytes(), key.as_bytes()).unwrap();
            let (client, server) = shaken(Trust::These(&[der(SERVER)]), Some(identity), "lab.example").await;
            assert_eq!((client, server), (Ok(()), Ok(true)));
        }
    }

    #[test]
    fn a_client_certificate_of_version_1_is_taken() {
        let identity = Identity::from_pem(ANN_V1.as_bytes(), KEY_521.as_bytes()).unwrap();
        let shown = Shown(identity.0).resolve(&[], &[]).unwrap();
        assert_eq!(shown.cert.first().map(|certificate| certificate.to_vec()), Some(der(ANN_V1)));
    }

    #[test]
    fn a_pair_that_cannot_be_used_says_why() {
        let why = |certificate: &str, key: &str| Identity::from_pem(certificate.as_bytes(), key.as_bytes()).err();
        assert_eq!(why("none", KEY_521), Some(Unfit::NoCertificate));
        assert_eq!(why(ANN_521, "none"), Some(Unfit::NoKey));
        assert_eq!(why(ANN_521, ENCRYPTED), Some(Unfit::Encrypted));
        assert_eq!(why(ANN_521, SERVER_KEY), Some(Unfit::Mismatch));
        let odd = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----";
        assert_eq!(why(ANN_521, odd), Some(Unfit::Key));
        assert_eq!(Named::new(&[vec![1, 2, 3]]).err(), Some(Unfit::NoAuthority));
    }

    #[test]
    fn a_named_certificate_is_held_against_the_clock() {
        let certificate = CertificateDer::from(der(SERVER));
        let at = |seconds: u64| {
            serves_now(&certificate, UnixTime::since_unix_epoch(std::time::Duration::from_secs(seconds)))
        };
        assert_eq!(at(1_000), Err(CertificateError::NotValidYet.into()));
        assert_eq!(at(9_999_999_999), Err(CertificateError::Expired.into()));
        assert_eq!(at(2_000_000_000), Ok(()));
    }
}
