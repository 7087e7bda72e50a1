//! Whom connections to a provider trust, by which proxy they go, and what `binnacle doctor` says of all that.

use std::{
    fs,
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    path::PathBuf,
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
    service::TowerToHyperService,
};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use serde_json::json;
use tokio_rustls::{TlsAcceptor, rustls};

use super::provider::{Provider, SECRET, Shape, now};

struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        let path = std::env::temp_dir().join(format!("binnacle-trust-{}-{:x}", std::process::id(), fastrand::u64(..)));
        fs::create_dir_all(&path).expect("a folder");
        Self(path)
    }

    fn file(&self, name: &str, text: &str) -> String {
        let path = self.0.join(name);
        fs::write(&path, text).expect("written");
        path.display().to_string()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A provider behind TLS: its address, its authority's certificate and its own.
async fn behind_tls(names: &[&str]) -> (String, String, String) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = format!("https://{}", listener.local_addr().expect("an address"));
    let shape = Shape { discovery: json!({"issuer": address}), ..Shape::default() };
    let provider = Provider::start(shape).await;
    let mut params = CertificateParams::new(Vec::new()).expect("names");
    params.distinguished_name.push(DnType::CommonName, "The lab's authority");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().expect("a key");
    let authority = params.self_signed(&key).expect("a certificate").pem();
    let issuer = Issuer::new(params, key);
    let own = KeyPair::generate().expect("a key");
    let names: Vec<String> = names.iter().map(ToString::to_string).collect();
    let mut leaf = CertificateParams::new(names).expect("names");
    leaf.distinguished_name.push(DnType::CommonName, "The lab's provider");
    let leaf = leaf.signed_by(&own, &issuer).expect("a certificate");
    let config = rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![leaf.der().clone()], rustls::pki_types::PrivateKeyDer::Pkcs8(own.serialize_der().into()))
        .expect("a pair");
    let (acceptor, router) = (TlsAcceptor::from(Arc::new(config)), provider.router());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (acceptor, router) = (acceptor.clone(), router.clone());
            tokio::spawn(async move {
                if let Ok(stream) = acceptor.accept(stream).await {
                    let server = auto::Builder::new(TokioExecutor::new());
                    let _ = server.serve_connection(TokioIo::new(stream), TowerToHyperService::new(router)).await;
                }
            });
        }
    });
    (address, authority, leaf.pem())
}

/// What `binnacle doctor --oidc` says, and whether all is well.
async fn doctor(issuer: &str, more: &[&str], environment: &[(&str, &str)]) -> (bool, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_binnacle"));
    command.args(["doctor", "--oidc", "--oidc-issuer", issuer, "--oidc-client", "binnacle", "--oidc-operators", "ops"]);
    command.args(more).env_clear().envs(environment.iter().copied());
    let output = tokio::task::spawn_blocking(move || command.output().expect("it runs")).await.expect("it ends");
    let text = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    (output.status.success(), text)
}

#[tokio::test]
async fn a_private_authority_is_trusted_by_setting_or_environment_and_no_other_is() {
    let folder = Folder::new();
    let (issuer, authority, own) = behind_tls(&["127.0.0.1"]).await;
    let (authority, own) = (folder.file("ca.pem", &authority), folder.file("own.pem", &own));
    let none = folder.file("none.pem", "nothing\n");
    // An authority that was made anew has the same name and another key.
    let (_, older, _) = behind_tls(&["127.0.0.1"]).await;
    let older = folder.file("older.pem", &older);
    let (well, said) = doctor(&issuer, &["--oidc-ca", &older], &[]).await;
    assert!(!well && said.contains("authority that is not trusted here"), "{said}");
    let (well, said) = doctor(&issuer, &[], &[("SSL_CERT_FILE", &own)]).await;
    assert!(!well && said.contains("authority that is not trusted here") && said.contains("oidc_ca"), "{said}");
    let (well, said) = doctor(&issuer, &[], &[("SSL_CERT_FILE", &authority)]).await;
    assert!(well && said.contains("1 of the system"), "{said}");
    let (well, said) = doctor(&issuer, &["--oidc-ca", &authority], &[]).await;
    assert!(well && said.contains("1 of oidc_ca"), "{said}");
    let (well, said) = doctor(&issuer, &["--oidc-ca", &own], &[]).await;
    assert!(well, "the provider's own certificate: {said}");
    for (file, fragment) in [(none.as_str(), "has no certificate in it"), ("/nowhere/ca.pem", "cannot be read")] {
        let (well, said) = doctor(&issuer, &["--oidc-ca", file], &[]).await;
        assert!(!well && said.contains("oidc_ca: ") && said.contains(fragment), "{said}");
    }
    let (other, authority, own) = behind_tls(&["id.lab.example"]).await;
    for pem in [authority, own] {
        let file = folder.file("other.pem", &pem);
        let (well, said) = doctor(&other, &["--oidc-ca", &file], &[]).await;
        assert!(!well && said.contains("for another name"), "{said}");
    }
}

/// A proxy that counts the tunnels it makes.
fn proxy() -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = format!("http://{}", listener.local_addr().expect("an address"));
    let tunnels = Arc::new(AtomicUsize::new(0));
    let counted = tunnels.clone();
    std::thread::spawn(move || {
        for client in listener.incoming().map_while(Result::ok) {
            let counted = counted.clone();
            std::thread::spawn(move || tunnel(client, &counted));
        }
    });
    (address, tunnels)
}

fn tunnel(mut client: TcpStream, counted: &AtomicUsize) -> Option<()> {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") && client.read(&mut byte).ok()? == 1 {
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).ok()?;
    let target = head.strip_prefix("CONNECT ")?.split(' ').next()?;
    let server = TcpStream::connect(target).ok()?;
    counted.fetch_add(1, Ordering::SeqCst);
    client.write_all(b"HTTP/1.1 200 OK\r\n\r\n").ok()?;
    let (mut up, mut down) = (client.try_clone().ok()?, server.try_clone().ok()?);
    std::thread::spawn(move || std::io::copy(&mut up, &mut down));
    let (mut from, mut to) = (server, client);
    std::io::copy(&mut from, &mut to).ok().map(|_| ())
}

#[tokio::test]
async fn proxies_of_the_environment_are_used_but_for_hosts_that_it_leaves_out() {
    let folder = Folder::new();
    let (issuer, authority, _) = behind_tls(&["127.0.0.1"]).await;
    let authority = folder.file("ca.pem", &authority);
    let (address, tunnels) = proxy();
    let (well, said) = doctor(&issuer, &["--oidc-ca", &authority], &[("HTTPS_PROXY", &address)]).await;
    assert!(well && tunnels.load(Ordering::SeqCst) > 0, "{said}");
    let before = tunnels.load(Ordering::SeqCst);
    let direct = [("HTTPS_PROXY", address.as_str()), ("NO_PROXY", "localhost,127.0.0.1")];
    let (well, said) = doctor(&issuer, &["--oidc-ca", &authority], &direct).await;
    assert!(well && tunnels.load(Ordering::SeqCst) == before, "{said}");
    let (well, said) = doctor(&issuer, &["--oidc-ca", &authority], &[("HTTPS_PROXY", "http://127.0.0.1:1")]).await;
    assert!(!well && said.contains("cannot be used"), "{said}");
}

#[tokio::test]
async fn the_doctor_says_which_role_claims_would_get_and_why() {
    let folder = Folder::new();
    let provider = Provider::start(Shape::default()).await;
    let claims = folder
        .file("claims.json", &json!({"sub": "u1", "name": "Ann", "realm_access": {"roles": ["ops"]}}).to_string());
    let secret = folder.file("secret", SECRET);
    let base = ["--oidc-secret-file", &secret, "--claims", &claims];
    let (well, said) = doctor(&provider.issuer, &base, &[]).await;
    assert!(
        !well && said.contains("claim groups, which is not there") && said.contains("realm_access.roles"),
        "{said}"
    );
    let found = [&base[..], &["--oidc-groups", "realm_access.roles"]].concat();
    let (well, said) = doctor(&provider.issuer, &found, &[]).await;
    for fragment in [
        "operator, by the group ops in oidc_operators",
        "openid profile groups would be asked for",
        "RS256 EdDSA; never HS256",
        "k1 (Ed25519)",
        "client_secret_basic, else client_secret_post",
        "/sign-in/callback must be among",
        "/sign-in/logged-out",
    ] {
        assert!(well && said.contains(fragment), "{fragment}: {said}");
    }
    assert!(!said.contains(SECRET));
    let told = json!({"iss": provider.issuer, "aud": "binnacle", "sub": "u1", "groups": ["ops"], "exp": now() - 900, "iat": now() - 999});
    let token = provider.signed(&json!({"alg": "EdDSA", "kid": "k1"}), &told);
    let file = folder.file("token", &token);
    let (well, said) = doctor(&provider.issuer, &["--id-token", &file], &[]).await;
    assert!(well && said.contains("signature is right") && said.contains("would not be taken any more"), "{said}");
    assert!(!said.contains(&token[..40]), "a token is not repeated");
    // Another signature, whatever this one ends with.
    let end = if token.ends_with("AA") { "QQ" } else { "AA" };
    let file = folder.file("forged", &format!("{}{end}", &token[..token.len() - 2]));
    let (well, said) = doctor(&provider.issuer, &["--id-token", &file], &[]).await;
    assert!(!well && said.contains("signature is wrong"), "{said}");
}
