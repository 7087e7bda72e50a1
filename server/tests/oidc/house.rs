//! A server that trusts a provider, and a browser that goes between both.

use std::{collections::BTreeMap, net::SocketAddr, sync::Arc, time::Duration};

use axum::{
    Router,
    body::Body,
    extract::ConnectInfo,
    http::{Method, Request, StatusCode, header},
};
use binnacle::{
    access::{Door, Hosts, Lasting, Oidc, OidcSettings, Proxies, Role, Tls, Ways},
    cluster::Clusters,
    demo,
    embed::{Embed, Origins},
    front::{self, Front},
    listen::Stopping,
    pages::Site,
    running::Running,
    store::{Place, Session, Store},
};
use http_body_util::BodyExt;
use tower::ServiceExt;

use super::provider::{Provider, SECRET};

const HOUR: Duration = Duration::from_secs(3_600);
pub const HOST: &str = "127.0.0.1:8080";

pub struct House {
    router: Router,
    pub store: Store,
    pub provider: Arc<Provider>,
    folder: std::path::PathBuf,
}

impl Drop for House {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// Operators are `ops`, viewers `staff`, admins `root`.
pub fn settings(issuer: &str) -> OidcSettings {
    OidcSettings {
        issuer: issuer.into(),
        client: "binnacle".into(),
        secret: Some(SECRET.into()),
        scopes: Vec::new(),
        ca: None,
        claims: vec!["groups".into()],
        groups: vec![
            (Role::Admin, vec!["root".into()]),
            (Role::Operator, vec!["ops".into()]),
            (Role::Viewer, vec!["staff".into()]),
        ],
        recheck: HOUR,
        sign_out_there: true,
    }
}

impl House {
    pub async fn new(provider: Arc<Provider>) -> Self {
        let settings = settings(&provider.issuer);
        Self::with(provider, settings).await
    }

    pub async fn with(provider: Arc<Provider>, settings: OidcSettings) -> Self {
        let folder = std::env::temp_dir().join(format!("binnacle-oidc-{}-{:x}", std::process::id(), fastrand::u64(..)));
        std::fs::create_dir_all(&folder).expect("a folder");
        let store = Store::open(&Place::beside(&folder)).await.expect("a database");
        let listen: SocketAddr = HOST.parse().expect("an address");
        let lasting = Lasting { idle: 24 * HOUR, whole: 24 * HOUR };
        let (hosts, proxies) = (Hosts::new(listen, ""), Proxies::parse("").expect("none"));
        let door = Door::new(store.clone(), Ways::default(), hosts, proxies, lasting, None);
        let door = Arc::new(door.with_oidc(Oidc::new(settings).expect("a client")));
        let site = Site::new(Clusters::new(vec![demo::context().0], HOUR), None);
        let embed = Embed::new(site.clone(), store.clone(), Origins::default(), None).await.expect("a key");
        let running = Running {
            site: site.clone(),
            store: store.clone(),
            backups: binnacle::backup::Backups::none(store.clone()),
            tls: None,
            stopping: Stopping::default(),
            duty: tokio::sync::watch::channel(None).1,
        };
        let a_minute = binnacle::rest::RATE;
        let router = front::router(&Front { site, door, embed, running, office: None, demonstration: None, a_minute });
        Self { router, store, provider, folder }
    }

    pub fn browser(&self) -> Browser<'_> {
        Browser { house: self, cookies: BTreeMap::new(), tls: false, from: "127.0.0.1:5555" }
    }

    /// The one session there is.
    pub async fn session(&self) -> Session {
        let sessions = self.store.sessions(10).await.expect("an answer");
        assert_eq!(sessions.len(), 1, "one session");
        sessions.into_iter().next().expect("one")
    }

    /// Moves the last word on a session's role into the past.
    pub async fn aged(&self, minutes: i64) {
        let session = self.session().await;
        let checked = jiff::Timestamp::now().as_millisecond() - minutes * 60_000;
        assert!(self.store.checked_session(&Session { checked, ..session }).await.expect("an answer"));
    }

    /// What a program with this token is answered: whether it may see clusters, or order a backup.
    pub async fn bearer(&self, method: Method, token: &str) -> StatusCode {
        let path = if method == Method::GET { "/api/v1/clusters" } else { "/api/v1/clusters/demo/backups" };
        let from: SocketAddr = "127.0.0.1:5555".parse().expect("an address");
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, HOST)
            .header(header::AUTHORIZATION, format!("Bearer {token}"))
            .header(header::CONTENT_TYPE, "application/json")
            .extension(ConnectInfo(from))
            .body(Body::from("{}"))
            .expect("a request");
        self.router.clone().oneshot(request).await.expect("an answer").status()
    }

    pub async fn audit(&self) -> String {
        let all = self.store.remembered(&binnacle::store::Sought::default(), 100).await.expect("an answer");
        all.into_iter()
            .map(|kept| format!("{} {} {}\n", kept.entry.action, kept.entry.target, kept.entry.detail))
            .collect()
    }
}

pub struct Browser<'a> {
    pub house: &'a House,
    pub cookies: BTreeMap<String, String>,
    pub tls: bool,
    pub from: &'static str,
}

pub struct Page {
    pub status: StatusCode,
    pub headers: axum::http::HeaderMap,
    pub text: String,
}

impl Page {
    pub fn location(&self) -> &str {
        self.headers.get(header::LOCATION).map_or("", |to| to.to_str().expect("text"))
    }

    /// The sentence that says what went wrong.
    pub fn wrong(&self) -> String {
        let after = self.text.split_once("role=\"alert\"").and_then(|(_, rest)| rest.split_once('>'));
        let text = after.and_then(|(_, rest)| rest.split_once("</p>")).map_or("", |(text, _)| text);
        let text = text.replace("<!>", "");
        text.replace("&#x27;", "'")
            .replace("&quot;", "\"")
            .replace("&amp;", "&")
            .replace("&lt;", "<")
            .replace("&gt;", ">")
    }
}

impl Browser<'_> {
    async fn send(&mut self, mut request: Request<Body>) -> Page {
        let headers = request.headers_mut();
        headers.insert(header::HOST, HOST.parse().expect("a host"));
        headers.insert(header::ACCEPT, "text/html".parse().expect("text"));
        let all: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        headers.insert(header::COOKIE, all.join("; ").parse().expect("text"));
        if self.tls {
            request.extensions_mut().insert(Tls);
        }
        request.extensions_mut().insert(ConnectInfo(self.from.parse::<SocketAddr>().expect("an address")));
        let answer = self.house.router.clone().oneshot(request).await.expect("an answer");
        let (parts, body) = answer.into_parts();
        for cookie in parts.headers.get_all(header::SET_COOKIE) {
            let cookie = cookie.to_str().expect("text");
            let (name, value) = cookie.split(';').next().and_then(|pair| pair.split_once('=')).expect("a pair");
            assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"), "{cookie}");
            if value.is_empty() {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        let bytes = body.collect().await.expect("a body").to_bytes();
        Page { status: parts.status, headers: parts.headers, text: String::from_utf8_lossy(&bytes).into_owned() }
    }

    pub async fn get(&mut self, path: &str) -> Page {
        let request = Request::builder().uri(path).body(Body::empty()).expect("a request");
        self.send(request).await
    }

    pub async fn post(&mut self, path: &str, form: &str) -> Page {
        let scheme = if self.tls { "https" } else { "http" };
        let request = Request::builder()
            .method(Method::POST)
            .uri(path)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::ORIGIN, format!("{scheme}://{HOST}"))
            .body(Body::from(form.to_owned()))
            .expect("a request");
        self.send(request).await
    }

    /// Follows redirects, by way of the provider where they lead there.
    pub async fn follow(&mut self, mut page: Page) -> Page {
        for _ in 0..8 {
            if !page.status.is_redirection() {
                break;
            }
            let to = page.location().to_owned();
            let to = if to.starts_with(&self.house.provider.issuer) { self.house.provider.answers(&to) } else { to };
            page = self.get(&to).await;
        }
        page
    }

    pub async fn sign_in(&mut self) -> Page {
        let left = self.get("/sign-in/oidc?next=/plans").await;
        self.follow(left).await
    }

    /// The role that the server sees, by a page of every signed-in person.
    pub async fn role(&mut self) -> String {
        let page = self.get("/plans").await;
        if page.status != StatusCode::OK {
            return format!("{} {}", page.status.as_u16(), page.location().split('?').next().unwrap_or_default());
        }
        let roles =
            ["viewer", "operator", "admin"].into_iter().filter(|role| page.text.contains(&format!(" · {role}")));
        roles.collect()
    }
}
