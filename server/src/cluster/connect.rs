//! A client for one cluster: by which proxy, trusting whom, as whom.

use std::time::Duration;

use futures::{FutureExt as _, future::BoxFuture};
use http::{HeaderValue, Request, Uri};
use hyper_rustls::{FixedServerNameResolver, HttpsConnector, HttpsConnectorBuilder};
use hyper_timeout::TimeoutConnector;
use hyper_util::{
    client::legacy::{
        self,
        connect::{
            Connection, HttpConnector,
            proxy::{SocksV5, Tunnel},
        },
    },
    rt::TokioExecutor,
};
use kube::{
    Client, Config,
    client::{Body, ConfigExt as _, retry::RetryPolicy},
};
use rustls::{ClientConfig, pki_types::ServerName};
use topology::Stamp;
use tower::{BoxError, Service, ServiceBuilder, ServiceExt as _, retry::RetryLayer};

use super::{
    credential::{Authorization, Credential},
    proxy::{Proxy, Speaks},
    tls::{self, Trust, Unfit},
};

/// Connection and TLS together, when only the certificate is looked at.
const GREETED: Duration = Duration::from_secs(20);

/// Why no client can be made.
#[derive(Debug, thiserror::Error)]
pub(super) enum ConnectError {
    #[error(transparent)]
    Unfit(#[from] Unfit),
    #[error("a name or a group that it acts as cannot be sent in a header")]
    Header,
    #[error("the password of its proxy cannot be sent in a header")]
    ProxyHeader,
}

/// Makes the client. Of `config`, neither the credentials nor the proxy are used.
pub(super) fn client(config: &Config, credential: Credential, proxy: Option<Proxy>) -> Result<Client, ConnectError> {
    let tls = tls::configuration(&trust(config), credential.identity)?;
    let to_proxy = tls.clone();
    by_way(Made { config, tls, authorization: credential.authorization }, to_proxy, proxy)
}

/// Agrees on TLS with the API server and hangs up: no request is sent, and nothing shows who we are. Answers from when
/// until when the certificate holds that was presented; none where none was, or one that is not trusted.
pub(super) async fn presented(config: &Config, proxy: Option<Proxy>) -> Result<Option<(Stamp, Stamp)>, ConnectError> {
    let (tls, presented) = tls::noting(&trust(config))?;
    let to_proxy = tls::configuration(&trust(config), None)?;
    let greeted = by_way(Greeting { config, tls }, to_proxy, proxy)?;
    // Whether it was agreed is of no matter: one that has run out is presented and refused.
    let _ = tokio::time::timeout(GREETED, greeted).await;
    Ok(presented.get().copied())
}

fn trust(config: &Config) -> Trust<'_> {
    match &config.root_cert {
        _ if config.accept_invalid_certs => Trust::Anybody,
        Some(certificates) => Trust::These(certificates),
        None if config.cluster_url.scheme_str() != Some("http") => Trust::Machine,
        None => Trust::Nobody,
    }
}

/// Something that is made on top of the way to a server.
trait Over {
    type Made;

    fn over<H>(self, connector: H) -> Result<Self::Made, ConnectError>
    where
        H: Service<Uri> + Clone + Send + Sync + 'static,
        H::Response: Connection + hyper::rt::Read + hyper::rt::Write + Send + Unpin + 'static,
        H::Future: Send + 'static,
        H::Error: Into<BoxError>;
}

/// Directly, or by a proxy.
fn by_way<O: Over>(made: O, to_proxy: ClientConfig, proxy: Option<Proxy>) -> Result<O::Made, ConnectError> {
    let mut plain = HttpConnector::new();
    plain.enforce_http(false);
    plain.set_nodelay(true);
    let Some(proxy) = proxy else { return made.over(plain) };
    match proxy.speaks {
        Speaks::Socks5 => {
            let socks = SocksV5::new(proxy.address, plain);
            match proxy.user {
                Some((name, password)) => made.over(socks.with_auth(name, password)),
                None => made.over(socks),
            }
        }
        Speaks::Http => {
            let tunnel = Tunnel::new(proxy.address, plain);
            match proxy.user {
                Some(user) => made.over(tunnel.with_auth(basic(&user)?)),
                None => made.over(tunnel),
            }
        }
        Speaks::Https => {
            let to_proxy = https(plain, to_proxy, None)?;
            let tunnel = Tunnel::new(proxy.address, to_proxy);
            match proxy.user {
                Some(user) => made.over(tunnel.with_auth(basic(&user)?)),
                None => made.over(tunnel),
            }
        }
    }
}

fn basic((name, password): &(String, String)) -> Result<HeaderValue, ConnectError> {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    let text = format!("Basic {}", STANDARD.encode(format!("{name}:{password}")));
    let mut value = HeaderValue::from_str(&text).map_err(|_| ConnectError::ProxyHeader)?;
    value.set_sensitive(true);
    Ok(value)
}

fn https<H>(over: H, tls: ClientConfig, name: Option<&str>) -> Result<HttpsConnector<H>, Unfit> {
    let mut builder = HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http();
    if let Some(name) = name {
        let name = ServerName::try_from(name.to_owned()).map_err(|_| Unfit::ServerName)?;
        builder = builder.with_server_name_resolver(FixedServerNameResolver::new(name));
    }
    Ok(builder.enable_http1().wrap_connector(over))
}

struct Made<'a> {
    config: &'a Config,
    tls: ClientConfig,
    authorization: Authorization,
}

impl Over for Made<'_> {
    type Made = Client;

    fn over<H>(self, connector: H) -> Result<Client, ConnectError>
    where
        H: Service<Uri> + Clone + Send + Sync + 'static,
        H::Response: Connection + hyper::rt::Read + hyper::rt::Write + Send + Unpin + 'static,
        H::Future: Send + 'static,
        H::Error: Into<BoxError>,
    {
        let Self { config, tls, authorization } = self;
        let mut connector = TimeoutConnector::new(https(connector, tls, named(config))?);
        connector.set_connect_timeout(config.connect_timeout);
        connector.set_read_timeout(config.read_timeout);
        connector.set_write_timeout(config.write_timeout);
        let http: legacy::Client<_, Body> = legacy::Client::builder(TokioExecutor::new()).build(connector);
        let service = ServiceBuilder::new()
            .layer(config.base_uri_layer())
            .layer(RetryLayer::new(RetryPolicy::server_retry()))
            .map_request(move |mut request: Request<Body>| {
                authorization.put(&mut request);
                request
            })
            .layer(config.extra_headers_layer().map_err(|_| ConnectError::Header)?)
            .map_err(BoxError::from)
            .service(http);
        Ok(Client::new(service, config.default_namespace.clone()))
    }
}

fn named(config: &Config) -> Option<&str> {
    config.tls_server_name.as_deref().filter(|name| !name.is_empty())
}

/// A connection that is opened and dropped.
struct Greeting<'a> {
    config: &'a Config,
    tls: ClientConfig,
}

impl Over for Greeting<'_> {
    type Made = BoxFuture<'static, ()>;

    fn over<H>(self, connector: H) -> Result<Self::Made, ConnectError>
    where
        H: Service<Uri> + Clone + Send + Sync + 'static,
        H::Response: Connection + hyper::rt::Read + hyper::rt::Write + Send + Unpin + 'static,
        H::Future: Send + 'static,
        H::Error: Into<BoxError>,
    {
        let connector = https(connector, self.tls, named(self.config))?;
        let opened = connector.oneshot(self.config.cluster_url.clone());
        Ok(Box::pin(opened.map(drop)))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use kube::config::{KubeConfigOptions, Kubeconfig};
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        net::{TcpListener, TcpStream},
    };

    use super::*;
    use crate::cluster::credential;

    const NAMED: &str = "
current-context: a
clusters: [{name: c, cluster: {server: 'http://api.lab.invalid:6443'}}]
users: [{name: u, user: {token: t1}}]
contexts: [{name: a, context: {cluster: c, user: u}}]
";

    /// The head of a request, as it comes.
    async fn head(line: &mut TcpStream) -> String {
        let mut said = Vec::new();
        while !said.ends_with(b"\r\n\r\n") {
            let Ok(byte) = line.read_u8().await else { break };
            said.push(byte);
        }
        String::from_utf8(said).unwrap()
    }

    async fn answer(line: &mut TcpStream) -> String {
        let asked = head(line).await;
        line.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").await.unwrap();
        asked
    }

    /// Asks for a version through a proxy that `serves` one line; what the proxy and the server behind it were asked.
    async fn asked<F>(address: &str, serves: impl FnOnce(TcpStream) -> F) -> Vec<String>
    where
        F: Future<Output = Vec<String>>,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = address.replace("HERE", &listener.local_addr().unwrap().to_string());
        let file = Kubeconfig::from_yaml(NAMED).unwrap();
        let config = Config::from_custom_kubeconfig(file, &KubeConfigOptions::default()).await.unwrap();
        let credential = credential::of(&config.auth_info).await.unwrap();
        let client = client(&config, credential, Some(Proxy::parse(&url).unwrap())).unwrap();
        let request = client.request_text(Request::get("/version").body(Vec::new()).unwrap());
        let served = async { serves(listener.accept().await.unwrap().0).await };
        let (text, said) = tokio::join!(request, served);
        assert_eq!(text.unwrap(), "ok");
        said
    }

    #[tokio::test]
    async fn requests_pass_an_http_proxy_that_is_told_its_password_alone() {
        let said = asked("http://me:p%40ss@HERE", async |mut line: TcpStream| {
            let tunnel = head(&mut line).await;
            line.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await.unwrap();
            vec![tunnel, answer(&mut line).await]
        });
        let said = said.await;
        let tunnel = said[0].to_lowercase();
        assert!(tunnel.starts_with("connect api.lab.invalid:6443 http/1.1\r\n"), "{tunnel}");
        assert!(tunnel.contains("proxy-authorization: basic bwu6cebzcw==") && !tunnel.contains("bearer"), "{tunnel}");
        let request = said[1].to_lowercase();
        assert!(request.starts_with("get /version") && request.contains("authorization: bearer t1"), "{request}");
        assert!(!request.contains("proxy-authorization"), "{request}");
    }

    #[tokio::test]
    async fn requests_pass_a_socks5_proxy_that_resolves_the_name() {
        let heard = Arc::new(Mutex::new(String::new()));
        let name = heard.clone();
        let said = asked("socks5://HERE", async move |mut line: TcpStream| {
            let mut greeting = [0; 2];
            line.read_exact(&mut greeting).await.unwrap();
            let mut methods = vec![0; usize::from(greeting[1])];
            line.read_exact(&mut methods).await.unwrap();
            line.write_all(&[5, 0]).await.unwrap();
            let mut wanted = [0; 5];
            line.read_exact(&mut wanted).await.unwrap();
            assert_eq!(wanted[..4], [5, 1, 0, 3]);
            let mut host = vec![0; usize::from(wanted[4]) + 2];
            line.read_exact(&mut host).await.unwrap();
            host.truncate(host.len() - 2);
            *name.lock().unwrap() = String::from_utf8(host).unwrap();
            line.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]).await.unwrap();
            vec![answer(&mut line).await]
        });
        assert!(said.await[0].to_lowercase().contains("authorization: bearer t1"));
        assert_eq!(*heard.lock().unwrap(), "api.lab.invalid");
    }
}
