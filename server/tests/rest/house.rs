//! A server with the built-in cluster, and requests to it in a role.
#![expect(dead_code, reason = "each test needs a part of it")]

use std::{
    net::SocketAddr,
    num::NonZeroU32,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::ConnectInfo,
    http::{Method, Request, StatusCode, header},
    response::Response,
};
use binnacle::{
    access::{Door, Hosts, Lasting, Proxies, Role, Way, Ways, Who, make_token},
    backup::Backups,
    cluster::{Clusters, contexts::Context},
    demo,
    embed::{Embed, Origins},
    front::{self, Front},
    listen::Stopping,
    pages::Site,
    rest::RATE,
    running::Running,
    store::{Place, Store},
};
use http_body_util::BodyExt;
use serde_json::Value;
use sqlx::Connection;
use tower::ServiceExt;

const HOUR: Duration = Duration::from_secs(3_600);
const HOST: &str = "127.0.0.1:8080";

/// The server, with a token for each role.
pub struct House {
    router: Router,
    tokens: [String; 3],
    pub folder: PathBuf,
    pub backups: Backups,
}

impl Drop for House {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

impl House {
    pub async fn new() -> Self {
        Self::with_rate(RATE.get()).await
    }

    pub async fn with_rate(rate: u32) -> Self {
        Self::of(rate, demo::context().0).await
    }

    /// With a cluster in which nothing happens.
    pub async fn still() -> Self {
        let house = Self::of(RATE.get(), demo::still()).await;
        house.ready().await;
        house
    }

    /// Waits until its cluster can be asked.
    pub async fn ready(&self) {
        let began = Instant::now();
        while self.get("/api/v1/clusters/demo/nodes").await.status() != StatusCode::OK {
            assert!(began.elapsed() < Duration::from_secs(60), "the built-in cluster was not heard within a minute");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// With a still cluster whose backups are kept so.
    pub async fn keeping(keep: impl FnOnce(&Path, Store) -> Backups) -> Self {
        Self::whole(RATE.get(), vec![demo::still()], keep).await
    }

    /// With these clusters.
    pub async fn of_all(clusters: Vec<Context>) -> Self {
        Self::whole(RATE.get(), clusters, |_, store| Backups::none(store)).await
    }

    async fn of(rate: u32, cluster: Context) -> Self {
        Self::whole(rate, vec![cluster], |_, store| Backups::none(store)).await
    }

    async fn whole(rate: u32, clusters: Vec<Context>, keep: impl FnOnce(&Path, Store) -> Backups) -> Self {
        let folder = std::env::temp_dir().join(format!("binnacle-rest-{}-{:x}", std::process::id(), fastrand::u64(..)));
        std::fs::create_dir_all(&folder).expect("a folder");
        let store = Store::open(&Place::beside(&folder)).await.expect("a database");
        let listen: SocketAddr = HOST.parse().expect("an address");
        let proxies = Proxies::parse("").expect("none");
        let lasting = Lasting { idle: HOUR, whole: HOUR };
        let door = Door::new(store.clone(), Ways::default(), Hosts::new(listen, ""), proxies, lasting, None);
        let site = Site::new(Clusters::new(clusters, HOUR), None);
        let a_minute = NonZeroU32::new(rate).expect("a rate");
        let embed = Embed::new(site.clone(), store.clone(), Origins::default(), None).await.expect("a key");
        let (stopping, duty) = (Stopping::default(), tokio::sync::watch::channel(None).1);
        let backups = keep(&folder, store.clone());
        let kept = backups.clone();
        let running = Running { site: site.clone(), store: store.clone(), tls: None, stopping, backups, duty };
        let router = front::router(&Front {
            site,
            door: Arc::new(door),
            embed,
            running,
            office: None,
            demonstration: None,
            a_minute,
        });
        let maker =
            Who { name: "test".into(), role: Some(Role::Admin), way: Way::Loopback, from: [127, 0, 0, 1].into() };
        let mut tokens = Vec::new();
        for role in Role::ALL {
            tokens.push(make_token(&store, &maker, role.word(), role, HOUR).await.expect("a token").secret);
        }
        Self { router, tokens: tokens.try_into().expect("three"), folder, backups: kept }
    }

    /// Runs a statement past the server, as an admin of the database could.
    pub async fn by_hand(&self, sql: &'static str) {
        let file = self.folder.join("binnacle.db");
        let mut database =
            sqlx::AnyConnection::connect(&format!("sqlite:{}", file.display())).await.expect("a database");
        sqlx::query(sql).execute(&mut database).await.expect("done");
    }

    pub async fn answer(&self, request: Request<Body>, role: Role) -> Response {
        let token = &self.tokens[role as usize];
        let request = with(request, "authorization", &format!("Bearer {token}"));
        self.raw(request).await
    }

    /// As nobody, unless the request says more.
    pub async fn raw(&self, request: Request<Body>) -> Response {
        self.router.clone().oneshot(request).await.expect("an answer")
    }

    pub async fn get(&self, path: &str) -> Response {
        self.answer(ask(Method::GET, path), Role::Viewer).await
    }

    pub async fn json(&self, path: &str) -> Value {
        json(self.get(path).await).await
    }
}

pub fn ask(method: Method, path: &str) -> Request<Body> {
    let mut request = Request::builder().method(method).uri(path).body(Body::empty()).expect("a request");
    request.headers_mut().insert(header::HOST, HOST.parse().expect("a host"));
    let peer: SocketAddr = "127.0.0.1:5555".parse().expect("an address");
    request.extensions_mut().insert(ConnectInfo(peer));
    request
}

pub fn send(path: &str, body: &str) -> Request<Body> {
    let mut request = ask(Method::POST, path);
    *request.body_mut() = Body::from(body.to_owned());
    request
}

pub fn with(mut request: Request<Body>, name: &'static str, value: &str) -> Request<Body> {
    request.headers_mut().insert(name, value.parse().expect("a value"));
    request
}

pub async fn bytes(answer: Response) -> Bytes {
    answer.into_body().collect().await.expect("a body").to_bytes()
}

pub async fn json(answer: Response) -> Value {
    serde_json::from_slice(&bytes(answer).await).expect("JSON")
}
