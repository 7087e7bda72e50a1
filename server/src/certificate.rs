//! From when until when the certificate holds that a server presents.

use std::sync::{Arc, OnceLock};

use rustls::{
    CertificateError, DigitallySignedStruct, Error, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    pki_types::{CertificateDer, ServerName, UnixTime},
};
use topology::Stamp;
use x509_parser::parse_x509_certificate;

/// What was presented, once it was.
pub(crate) type Presented = Arc<OnceLock<(Stamp, Stamp)>>;

/// Trusts whom another trusts, and notes how long the certificate holds. One that has run out is noted, too, where it
/// was trusted while it held: what a stranger presents says nothing.
#[derive(Debug)]
pub(crate) struct Noting {
    trusts: Arc<dyn ServerCertVerifier>,
    noted: Presented,
}

impl Noting {
    /// Over another, with the place for what is noted.
    pub(crate) fn over(trusts: Arc<dyn ServerCertVerifier>) -> (Self, Presented) {
        let noted = Presented::default();
        (Self { trusts, noted: noted.clone() }, noted)
    }
}

/// From when until when a certificate holds.
fn holds(certificate: &CertificateDer<'_>) -> Option<(Stamp, Stamp)> {
    let (_, parsed) = parse_x509_certificate(certificate).ok()?;
    let at = |seconds: i64| Stamp(seconds.saturating_mul(1_000));
    let validity = parsed.validity();
    Some((at(validity.not_before.timestamp()), at(validity.not_after.timestamp())))
}

const fn is_expired(error: &Error) -> bool {
    matches!(error, Error::InvalidCertificate(CertificateError::Expired | CertificateError::ExpiredContext { .. }))
}

impl ServerCertVerifier for Noting {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        chain: &[CertificateDer<'_>],
        server: &ServerName<'_>,
        stapled: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let verified = |at| self.trusts.verify_server_cert(certificate, chain, server, stapled, at);
        let found = verified(now);
        let Some((from, until)) = holds(certificate) else { return found };
        let was_trusted = || {
            let last = u64::try_from(until.0 / 1_000 - 1).unwrap_or_default();
            verified(UnixTime::since_unix_epoch(std::time::Duration::from_secs(last))).is_ok()
        };
        if found.is_ok() || found.as_ref().is_err_and(is_expired) && was_trusted() {
            // Whoever is asked twice has presented the same.
            let _ = self.noted.set((from, until));
        }
        found
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.trusts.verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.trusts.verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.trusts.supported_verify_schemes()
    }
}
