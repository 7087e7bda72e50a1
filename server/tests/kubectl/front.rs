//! TLS servers with any certificate, which authenticate the caller and pass requests on to one simulated cluster.

use std::{net::SocketAddr, sync::Arc};

use rustls::{
    DigitallySignedStruct, DistinguishedName, Error, ServerConfig, SignatureScheme,
    client::danger::HandshakeSignatureValid,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, UnixTime, pem::PemObject},
    server::danger::{ClientCertVerified, ClientCertVerifier},
};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, copy_bidirectional},
    net::{TcpListener, TcpStream},
};
use tokio_rustls::TlsAcceptor;

use crate::pki::Pair;

/// The callers that a server accepts.
#[derive(Clone)]
pub enum Admits {
    /// Callers with one of these values in the header Authorization.
    Sent(Vec<&'static str>),
    /// Callers with this client certificate, in DER.
    Shown(Vec<u8>),
}

/// Starts a server in front of `behind` and returns its port.
pub async fn serve(pair: &Pair, admits: Admits, behind: SocketAddr) -> u16 {
    let chain = CertificateDer::pem_slice_iter(pair.certificate.as_bytes()).map(|one| one.expect("PEM")).collect();
    let key = PrivateKeyDer::from_pem_slice(pair.key.as_bytes()).expect("a key");
    let builder = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("TLS");
    let builder = match &admits {
        Admits::Shown(certificate) => builder.with_client_cert_verifier(Arc::new(Only(certificate.clone()))),
        _ => builder.with_no_client_auth(),
    };
    let tls = TlsAcceptor::from(Arc::new(builder.with_single_cert(chain, key).expect("a pair")));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    tokio::spawn(async move {
        while let Ok((line, _)) = listener.accept().await {
            let (tls, admits) = (tls.clone(), admits.clone());
            tokio::spawn(async move {
                if let Ok(line) = tls.accept(line).await {
                    pass(line, &admits, behind).await;
                }
            });
        }
    });
    port
}

/// Starts the same server without TLS and returns its port.
pub async fn plain(admits: Admits, behind: SocketAddr) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    tokio::spawn(async move {
        while let Ok((line, _)) = listener.accept().await {
            let admits = admits.clone();
            tokio::spawn(async move { pass(line, &admits, behind).await });
        }
    });
    port
}

/// Reads the head of a request.
async fn head(line: &mut (impl AsyncRead + Unpin)) -> String {
    let mut said = Vec::new();
    while !said.ends_with(b"\r\n\r\n") {
        let Ok(byte) = line.read_u8().await else { break };
        said.push(byte);
    }
    String::from_utf8_lossy(&said).into_owned()
}

/// Authenticates the first request of a connection, then copies both ways.
async fn pass(mut line: impl AsyncRead + AsyncWrite + Unpin, admits: &Admits, behind: SocketAddr) {
    let asked = head(&mut line).await;
    let sent = asked.lines().find_map(|line| {
        let (name, value) = line.split_once(": ")?;
        name.eq_ignore_ascii_case("authorization").then(|| value.to_owned())
    });
    if let Admits::Sent(known) = admits
        && !sent.is_some_and(|sent| known.contains(&sent.as_str()))
    {
        let body = r#"{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"Unauthorized","code":401}"#;
        let length = body.len();
        let text = format!(
            "HTTP/1.1 401 Unauthorized\r\nContent-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
        );
        let _ = line.write_all(text.as_bytes()).await;
        let _ = line.shutdown().await;
        return;
    }
    let Ok(mut further) = TcpStream::connect(behind).await else { return };
    if further.write_all(asked.as_bytes()).await.is_ok() {
        let _ = copy_bidirectional(&mut line, &mut further).await;
    }
}

/// Starts an HTTP proxy that connects every name to one local port and returns its own port. Callers must send the
/// password, if there is one.
pub async fn proxy(to: u16, password: Option<&'static str>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    tokio::spawn(async move {
        while let Ok((mut line, _)) = listener.accept().await {
            tokio::spawn(async move {
                let asked = head(&mut line).await.to_lowercase();
                let known = password.is_none_or(|password| asked.contains(&password.to_lowercase()));
                if !known || !asked.starts_with("connect ") {
                    let _ = line
                        .write_all(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
                        .await;
                    return;
                }
                let Ok(mut further) = TcpStream::connect(("127.0.0.1", to)).await else { return };
                if line.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.is_ok() {
                    let _ = copy_bidirectional(&mut line, &mut further).await;
                }
            });
        }
    });
    port
}

/// Accepts one certificate. The signature is not verified here: the test on the real API server does that.
#[derive(Debug)]
struct Only(Vec<u8>);

impl ClientCertVerifier for Only {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        certificate: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        if certificate.as_ref() == self.0 {
            return Ok(ClientCertVerified::assertion());
        }
        Err(Error::General("another certificate".into()))
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
        use SignatureScheme::{
            ECDSA_NISTP256_SHA256, ECDSA_NISTP384_SHA384, ECDSA_NISTP521_SHA512, ED25519, RSA_PSS_SHA256,
            RSA_PSS_SHA384, RSA_PSS_SHA512,
        };
        vec![
            ECDSA_NISTP256_SHA256,
            ECDSA_NISTP384_SHA384,
            ECDSA_NISTP521_SHA512,
            ED25519,
            RSA_PSS_SHA256,
            RSA_PSS_SHA384,
            RSA_PSS_SHA512,
        ]
    }
}
