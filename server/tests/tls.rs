//! TLS by files: spoken, followed when they change, kept when they are bad.

mod served;

use std::{sync::Arc, time::Duration};

use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::{
    ClientConfig, RootCertStore,
    crypto::ring,
    pki_types::{CertificateDer, ServerName},
};
use served::{Folder, Process, command, text, until};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tokio_rustls::TlsConnector;

/// A certificate of our own with its key, written where the server reads them.
fn written(folder: &Folder) -> CertificateDer<'static> {
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
    folder.file("cert.pem", &cert.pem());
    folder.file("key.pem", &signing_key.serialize_pem());
    cert.der().clone()
}

/// What a client that trusts this certificate alone is answered; `None` when it does not trust the server's.
async fn asked(
    server: &Process,
    trusted: &CertificateDer<'static>,
    protocol: &str,
    path: &str,
) -> Option<(Vec<u8>, String)> {
    let mut roots = RootCertStore::empty();
    roots.add(trusted.clone()).expect("a certificate");
    let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![protocol.as_bytes().to_vec()];
    let line = TcpStream::connect(server.address).await.expect("a connection");
    let name = ServerName::try_from("localhost").expect("a name");
    let mut line = TlsConnector::from(Arc::new(config)).connect(name, line).await.ok()?;
    let spoken = line.get_ref().1.alpn_protocol().unwrap_or_default().to_vec();
    let mut said = Vec::new();
    if protocol == "http/1.1" {
        let head = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        line.write_all(head.as_bytes()).await.expect("sent");
        let _ = line.read_to_end(&mut said).await;
    }
    Some((spoken, String::from_utf8_lossy(&said).into_owned()))
}

fn serve(folder: &Folder) -> Process {
    let (cert, key) = (folder.0.join("cert.pem"), folder.0.join("key.pem"));
    Process::demo(folder, &["--tls-cert", text(&cert), "--tls-key", text(&key)])
}

#[tokio::test]
async fn a_renewed_certificate_is_served_without_a_new_start_and_a_bad_one_is_not() {
    let folder = Folder::new();
    let first = written(&folder);
    let server = serve(&folder);
    assert!(server.url.starts_with("https://"), "{}", server.url);
    assert_eq!(asked(&server, &first, "h2", "/").await.expect("trusted").0, b"h2");
    let (spoken, said) = asked(&server, &first, "http/1.1", "/readyz").await.expect("trusted");
    assert_eq!(spoken, b"http/1.1");
    assert!(said.starts_with("HTTP/1.1 200") && said.contains("certificate: ready"), "{said}");

    folder.file("key.pem", "-----BEGIN PRIVATE KEY-----\ns3cr3t\n-----END PRIVATE KEY-----\n");
    until("the bad key is seen", Duration::from_secs(10), || server.log().contains("stays in use"));
    let (_, said) = asked(&server, &first, "http/1.1", "/readyz").await.expect("the old one is served");
    assert!(
        said.starts_with("HTTP/1.1 200") && said.contains("certificate: not ready: ") && said.contains("key.pem"),
        "{said}"
    );
    assert!(!server.log().contains("s3cr3t") && !said.contains("s3cr3t"));

    let second = written(&folder);
    until("the new one is seen", Duration::from_secs(10), || server.log().contains("in use from now on"));
    let (_, said) = asked(&server, &second, "http/1.1", "/readyz").await.expect("the new one is served");
    assert!(said.contains("certificate: ready"), "{said}");
    assert!(asked(&server, &first, "http/1.1", "/").await.is_none(), "the old one is served on");
}

#[test]
fn files_that_cannot_be_used_are_named_at_the_start() {
    let folder = Folder::new();
    written(&folder);
    let other = Folder::new();
    written(&other);
    let empty = folder.file("empty.pem", "");
    let (cert, key) = (folder.0.join("cert.pem"), folder.0.join("key.pem"));
    let (missing, others) = (folder.0.join("missing.pem"), other.0.join("key.pem"));
    let data = folder.0.join("data");
    for (cert, key, said) in [
        (&missing, &key, "missing.pem cannot be read"),
        (&empty, &key, "empty.pem holds no certificate"),
        (&cert, &empty, "empty.pem holds no private key"),
        (&cert, &others, "does not go with the certificate"),
    ] {
        let args = ["serve", "--demo", "--data", text(&data), "--tls-cert", text(cert), "--tls-key", text(key)];
        let output = command(&args).output().expect("it runs");
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.code() == Some(2) && errors.contains(said), "{said}: {errors}");
    }
    let alone =
        command(&["serve", "--demo", "--data", text(&data), "--tls-cert", text(&cert)]).output().expect("it runs");
    assert!(String::from_utf8_lossy(&alone.stderr).contains("tls_key is"), "{alone:?}");
}
