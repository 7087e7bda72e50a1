//! The files of TLS for etcd, read anew for every connection, so that a renewed certificate is taken.

use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use rustls::{
    AlertDescription, CertificateError, ClientConfig, RootCertStore,
    client::WebPkiServerVerifier,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};

use super::{Endpoint, EtcdError, Why};
use crate::certificate::{Noting, Presented};

/// Where authority, certificate and key lie.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tls {
    /// Certificates of who signs etcd's.
    pub cacert: Option<PathBuf>,
    /// Our own certificate, then those that signed it.
    pub cert: Option<PathBuf>,
    /// Its key.
    pub key: Option<PathBuf>,
}

impl Tls {
    /// What a connection begins with now.
    pub(super) async fn config(&self, endpoint: &Endpoint) -> Result<Arc<ClientConfig>, EtcdError> {
        let made = self.make().await;
        made.map(Arc::new).map_err(|(file, what)| Why::File { file, what }.at(endpoint))
    }

    /// The same, and a place for what the endpoint presents.
    pub(super) async fn noting(&self, endpoint: &Endpoint) -> Result<(Arc<ClientConfig>, Presented), EtcdError> {
        let made = async {
            let mut config = self.make().await?;
            let trusts = WebPkiServerVerifier::builder_with_provider(
                Arc::new(self.roots().await?),
                Arc::new(ring::default_provider()),
            );
            let trusts = trusts.build().map_err(|error| ("cacert".to_owned(), format!("cannot be used: {error}")))?;
            let (noting, presented) = Noting::over(trusts);
            config.dangerous().set_certificate_verifier(Arc::new(noting));
            Ok((Arc::new(config), presented))
        };
        made.await.map_err(|(file, what)| Why::File { file, what }.at(endpoint))
    }

    async fn roots(&self) -> Result<RootCertStore, (String, String)> {
        let Some(cacert) = &self.cacert else {
            return Err((
                "cacert".into(),
                "is not given, and who signs etcd's certificates is no public authority".into(),
            ));
        };
        let mut roots = RootCertStore::empty();
        for one in certificates(cacert).await? {
            roots.add(one).map_err(|_| wrong(cacert, "holds a certificate that cannot sign others"))?;
        }
        Ok(roots)
    }

    async fn make(&self) -> Result<ClientConfig, (String, String)> {
        let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| ("cacert".to_owned(), format!("cannot be used: {error}")))?
            .with_root_certificates(self.roots().await?);
        let mut config = match (&self.cert, &self.key) {
            (Some(cert), Some(key)) => {
                let pem = read(key).await?;
                let secret = PrivateKeyDer::from_pem_slice(&pem)
                    .map_err(|_| wrong(key, "holds no private key in PEM form without a passphrase"))?;
                builder
                    .with_client_auth_cert(certificates(cert).await?, secret)
                    .map_err(|_| wrong(key, &format!("does not go with the certificate in {}", cert.display())))?
            }
            (None, None) => builder.with_no_client_auth(),
            (Some(cert), None) => return Err(wrong(cert, "is given without its key")),
            (None, Some(key)) => return Err(wrong(key, "is given without its certificate")),
        };
        config.alpn_protocols = vec![b"h2".to_vec()];
        Ok(config)
    }

    /// What a failure of a connection means.
    pub(super) fn why(&self, endpoint: &Endpoint, error: &io::Error) -> Why {
        use io::ErrorKind::{ConnectionRefused, ConnectionReset, UnexpectedEof};
        if let Some(inner) = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
            return self.of_tls(endpoint, inner);
        }
        if let Some(why) = error.get_ref().and_then(|inner| inner.downcast_ref::<Why>()) {
            return why.clone();
        }
        match error.kind() {
            ConnectionRefused => Why::Refused,
            ConnectionReset | UnexpectedEof => Why::Cut,
            _ => Why::Unreachable(error.to_string()),
        }
    }

    fn of_tls(&self, endpoint: &Endpoint, error: &rustls::Error) -> Why {
        use CertificateError::{
            Expired, ExpiredContext, NotValidForName, NotValidForNameContext, NotValidYet, NotValidYetContext,
            UnknownIssuer,
        };
        match error {
            rustls::Error::InvalidCertificate(what) => match what {
                Expired | ExpiredContext { .. } => Why::Expired("has run out"),
                NotValidYet | NotValidYetContext { .. } => Why::Expired("does not hold yet"),
                // Another authority of the same name: its signature is what does not fit.
                UnknownIssuer | CertificateError::BadSignature => Why::UnknownAuthority(
                    self.cacert.as_ref().map(|path| path.display().to_string()).unwrap_or_default(),
                ),
                NotValidForName | NotValidForNameContext { .. } => Why::OtherName(endpoint.host().to_owned()),
                other => Why::Certificate(other.to_string()),
            },
            rustls::Error::AlertReceived(alert) => match alert {
                AlertDescription::CertificateExpired => Why::OurCertificate("it has run out"),
                AlertDescription::UnknownCA => Why::OurCertificate("another authority signed it"),
                AlertDescription::CertificateRequired => Why::OurCertificate("it wants one, and none was given"),
                AlertDescription::BadCertificate if self.cert.is_none() => {
                    Why::OurCertificate("it wants one, and none was given")
                }
                AlertDescription::BadCertificate
                | AlertDescription::UnsupportedCertificate
                | AlertDescription::CertificateRevoked
                | AlertDescription::CertificateUnknown
                | AlertDescription::AccessDenied => Why::OurCertificate("it cannot be used for this"),
                other => Why::Said(format!("TLS alert {other:?}")),
            },
            rustls::Error::InvalidMessage(_) => Why::NotTls,
            other => Why::Said(other.to_string()),
        }
    }
}

fn wrong(path: &Path, what: &str) -> (String, String) {
    (path.display().to_string(), what.to_owned())
}

async fn read(path: &Path) -> Result<Vec<u8>, (String, String)> {
    let what = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => "is not there".to_owned(),
        io::ErrorKind::PermissionDenied => "may not be read by this user".to_owned(),
        _ => format!("cannot be read: {error}"),
    };
    tokio::fs::read(path).await.map_err(|error| (path.display().to_string(), what(error)))
}

async fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, (String, String)> {
    let pem = read(path).await?;
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    chain
        .ok()
        .filter(|chain| !chain.is_empty())
        .ok_or_else(|| (path.display().to_string(), "holds no certificate in PEM form".to_owned()))
}
