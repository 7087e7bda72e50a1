//! A server that presents a certificate and says nothing more.

use std::{
    path::Path,
    sync::{Arc, Mutex},
};

use binnacle::{
    cluster::contexts::{self, Context},
    etcd::{Access, Endpoint, Tls},
};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd};
use rustls::{
    ServerConfig,
    pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use tokio_rustls::TlsAcceptor;

/// An authority, and servers that present what it issued.
pub struct Authority(CertifiedIssuer<'static, KeyPair>);

/// Where a server listens, and what it presents from now on.
pub struct Presenting {
    pub address: String,
    config: Arc<Mutex<Arc<ServerConfig>>>,
}

impl Authority {
    pub fn new(folder: &Path) -> Self {
        let mut params = CertificateParams::new(Vec::new()).expect("parameters");
        params.distinguished_name.push(DnType::CommonName, "lab-ca");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key")).expect("an authority");
        std::fs::write(folder.join("ca.pem"), issuer.pem()).expect("written");
        Self(issuer)
    }

    /// From 2020 until the end of that many days from now, or before.
    fn issue(&self, days: i64) -> Arc<ServerConfig> {
        let until = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(24 * days);
        let date = until.to_zoned(jiff::tz::TimeZone::UTC).date();
        let mut params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).expect("parameters");
        params.not_before = date_time_ymd(2020, 1, 1);
        let day = |number: i8| u8::try_from(number).expect("a number");
        params.not_after = date_time_ymd(date.year().into(), day(date.month()), day(date.day()));
        let key = KeyPair::generate().expect("a key");
        let signed = params.signed_by(&key, &self.0).expect("a certificate");
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let config = config.expect("versions").with_no_client_auth();
        Arc::new(config.with_single_cert(vec![signed.der().clone()], key).expect("a configuration"))
    }

    pub async fn present(&self, days: i64) -> Presenting {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address").to_string();
        let config = Arc::new(Mutex::new(self.issue(days)));
        let presented = config.clone();
        tokio::spawn(async move {
            while let Ok((line, _)) = listener.accept().await {
                let config = presented.lock().expect("a configuration").clone();
                tokio::spawn(async move {
                    let Ok(mut line) = TlsAcceptor::from(config).accept(line).await else { return };
                    let mut said = Vec::new();
                    let _ = line.read_to_end(&mut said).await;
                    assert!(said.is_empty(), "whoever only looks asks nothing");
                });
            }
        });
        Presenting { address, config }
    }

    pub fn renew(&self, server: &Presenting, days: i64) {
        *server.config.lock().expect("a configuration") = self.issue(days);
    }
}

/// A cluster of that name behind these servers, and behind a proxy where one is named. Its plugin must not run.
pub fn context(folder: &Path, name: &str, api: &str, etcd: &[&Presenting], proxy: &str) -> Context {
    let proxy = if proxy.is_empty() { String::new() } else { format!(", proxy-url: 'http://{proxy}'") };
    let file = folder.join(format!("{name}.yaml"));
    let plugin = "exec: {apiVersion: client.authentication.k8s.io/v1, command: /nonexistent, interactiveMode: Never}";
    let text = format!(
        "current-context: {name}\nclusters: [{{name: c, cluster: {{server: 'https://{api}', \
         certificate-authority: '{}'{proxy}}}}}]\nusers: [{{name: u, user: {{{plugin}}}}}]\n\
         contexts: [{{name: {name}, context: {{cluster: c, user: u}}}}]\n",
        folder.join("ca.pem").display()
    );
    std::fs::write(&file, text).expect("written");
    let context = contexts::find(Some(&file)).expect("a kubeconfig").remove(0);
    if etcd.is_empty() {
        return context;
    }
    let endpoint = |one: &&Presenting| Endpoint::parse(&format!("https://{}", one.address)).expect("an endpoint");
    let tls = Tls { cacert: Some(folder.join("ca.pem")), ..Tls::default() };
    context.with_etcd(Access { endpoints: etcd.iter().map(endpoint).collect(), tls })
}

/// A proxy that opens tunnels; answers where it listens, and counts them.
pub async fn proxy() -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let (address, heard) =
        (listener.local_addr().expect("an address").to_string(), Arc::<Mutex<Vec<String>>>::default());
    let heads = heard.clone();
    tokio::spawn(async move {
        while let Ok((mut line, _)) = listener.accept().await {
            let heads = heads.clone();
            tokio::spawn(async move {
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") {
                    let Ok(byte) = line.read_u8().await else { return };
                    head.push(byte);
                }
                let head = String::from_utf8_lossy(&head).into_owned();
                let to = head.split(' ').nth(1).unwrap_or_default().to_owned();
                heads.lock().expect("heads").push(head);
                let Ok(mut there) = TcpStream::connect(to).await else { return };
                let _ = line.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await;
                let _ = tokio::io::copy_bidirectional(&mut line, &mut there).await;
            });
        }
    });
    (address, heard)
}
