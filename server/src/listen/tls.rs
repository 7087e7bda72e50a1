//! TLS by files, read again when they change.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use rustls::{
    ServerConfig,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};

/// How often the files are looked at.
const LOOKS: Duration = Duration::from_secs(1);

/// Why certificates cannot be used. No text holds anything of a key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read.
    #[error("{file} cannot be read: {what}. Name the files with tls_cert and tls_key")]
    File {
        /// Which.
        file: String,
        /// Why.
        what: String,
    },
    /// No certificate, or something that is none.
    #[error("{0} holds no certificate in PEM form: it must hold the server's own first, then those that signed it")]
    Certificate(String),
    /// No key, or something that is none.
    #[error("{0} holds no private key in PEM form (PKCS #8, PKCS #1 or SEC 1, without a passphrase)")]
    Key(String),
    /// They do not belong together, or are of a kind that is not known.
    #[error("the key in {key} does not go with the certificate in {certificate}: {what}")]
    Together {
        /// Its file.
        certificate: String,
        /// Its file.
        key: String,
        /// Why.
        what: String,
    },
}

/// A certificate with its key, as its files last were when they were good.
#[derive(Debug)]
pub struct Certificates {
    certificate: PathBuf,
    key: PathBuf,
    state: RwLock<State>,
}

#[derive(Debug)]
struct State {
    config: Arc<ServerConfig>,
    read: Read,
    trouble: Option<TlsError>,
}

type Read = (Result<Vec<u8>, TlsError>, Result<Vec<u8>, TlsError>);

impl Certificates {
    /// Of these files, which must be good at the start.
    ///
    /// # Errors
    /// [`TlsError`] with what is wrong with which.
    pub fn read(certificate: &Path, key: &Path) -> Result<Arc<Self>, TlsError> {
        let read = read(certificate, key);
        let config = config(certificate, key, &read)?;
        let state = RwLock::new(State { config, read, trouble: None });
        Ok(Arc::new(Self { certificate: certificate.into(), key: key.into(), state }))
    }

    /// What connections begin with now.
    pub fn now(&self) -> Arc<ServerConfig> {
        self.state.read().unwrap_or_else(PoisonError::into_inner).config.clone()
    }

    /// What is wrong with the files as they are, if anything; then older ones are in use.
    pub fn trouble(&self) -> Option<TlsError> {
        self.state.read().unwrap_or_else(PoisonError::into_inner).trouble.clone()
    }

    /// Follows the files for ever.
    pub async fn follow(self: Arc<Self>) {
        loop {
            tokio::time::sleep(LOOKS).await;
            self.look();
        }
    }

    fn look(&self) {
        let read = read(&self.certificate, &self.key);
        if read == self.state.read().unwrap_or_else(PoisonError::into_inner).read {
            return;
        }
        let made = config(&self.certificate, &self.key, &read);
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        state.read = read;
        match made {
            Ok(config) => {
                tracing::info!("the certificate in {} is in use from now on", self.certificate.display());
                state.config = config;
                state.trouble = None;
            }
            Err(error) => {
                tracing::error!("the certificate from before stays in use: {error}");
                state.trouble = Some(error);
            }
        }
    }
}

fn read(certificate: &Path, key: &Path) -> Read {
    let read = |path: &Path| {
        std::fs::read(path)
            .map_err(|error| TlsError::File { file: path.display().to_string(), what: error.to_string() })
    };
    (read(certificate), read(key))
}

fn config(certificate: &Path, key: &Path, read: &Read) -> Result<Arc<ServerConfig>, TlsError> {
    let (certificate, key) = (certificate.display().to_string(), key.display().to_string());
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(read.0.as_ref().map_err(Clone::clone)?).collect();
    let chain =
        chain.ok().filter(|chain| !chain.is_empty()).ok_or_else(|| TlsError::Certificate(certificate.clone()))?;
    let private = PrivateKeyDer::from_pem_slice(read.1.as_ref().map_err(Clone::clone)?);
    let private = private.map_err(|_| TlsError::Key(key.clone()))?;
    let together = |error: rustls::Error| TlsError::Together {
        certificate: certificate.clone(),
        key: key.clone(),
        what: error.to_string(),
    };
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(together)?
        .with_no_client_auth()
        .with_single_cert(chain, private)
        .map_err(together)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}
