//! Proxies before the API server: one below a path, as Rancher's, and one that ends watches.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use axum::{
    Router,
    body::Body,
    extract::Request,
    http::{HeaderMap, Response, StatusCode, header},
};
use binnacle::cluster::Cluster;
use futures::StreamExt as _;
use http_body_util::BodyExt as _;
use k8s_openapi::api::core::v1::Namespace;
use kube::{Api, Config};
use serde_json::json;
use topology::inventory::{Heard, Source};

use crate::{
    conformance::{client, create, unique, until},
    target,
};

/// A plain HTTP proxy below a path. It ends every answer that takes longer than `most`.
pub(super) struct Between {
    pub(super) url: String,
    ended: Arc<AtomicU32>,
}

impl Between {
    pub(super) async fn new(prefix: &'static str, most: Duration) -> Self {
        let (further, ended) = (target().await.admin(), Arc::new(AtomicU32::new(0)));
        let counted = ended.clone();
        let app = Router::new().fallback(move |request: Request| {
            let (further, counted) = (further.clone(), counted.clone());
            async move {
                let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
                let Some(path) = path.strip_prefix(prefix) else { return Err(StatusCode::NOT_FOUND) };
                let mut inner = http::Request::builder().method(request.method()).uri(path);
                if let Some(accept) = request.headers().get(header::ACCEPT) {
                    inner = inner.header(header::ACCEPT, accept);
                }
                let inner = inner.body(kube::client::Body::empty()).expect("a request");
                let answer = further.send(inner).await.map_err(|_| StatusCode::BAD_GATEWAY)?;
                let (head, body) = answer.into_parts();
                let end = async move {
                    tokio::time::sleep(most).await;
                    counted.fetch_add(1, Ordering::Relaxed);
                };
                let mut answer = Response::new(Body::from_stream(body.into_data_stream().take_until(Box::pin(end))));
                *answer.status_mut() = head.status;
                *answer.headers_mut() = kept(&head.headers);
                Ok(answer)
            }
        });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}{prefix}", listener.local_addr().expect("an address"));
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { url, ended }
    }

    fn watch(&self) -> Cluster {
        let config = Config::new(self.url.parse().expect("an address"));
        Cluster::start("test", client(&config), "the test's proxy")
    }
}

/// The headers that are passed on.
fn kept(head: &HeaderMap) -> HeaderMap {
    let names = [header::CONTENT_TYPE, header::DATE];
    names.into_iter().filter_map(|name| Some((name.clone(), head.get(&name)?.clone()))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_api_server_below_a_path_is_read() {
    let between = Between::new("/k8s/clusters/c-m-1", Duration::from_secs(600)).await;
    let cluster = between.watch();
    cluster.heard_everything().await.expect("everything");
    assert!(cluster.read(|facts| facts.namespaces().any(|name| &**name == "kube-system")));
    for source in Source::ALL {
        assert_eq!(cluster.read(|facts| facts.heard(source).clone()), Heard::Live, "{}", source.word());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn watches_that_a_proxy_ends_go_on_without_a_gap() {
    let between = Between::new("", Duration::from_millis(700)).await;
    let cluster = between.watch();
    cluster.heard_everything().await.expect("everything");
    let namespaces: Api<Namespace> = Api::all(target().await.admin());
    for round in 0..10 {
        let (name, before) = (unique("ended"), between.ended.load(Ordering::Relaxed));
        create(&namespaces, json!({ "metadata": { "name": name } })).await;
        until(&cluster, "a namespace", |facts| facts.namespaces().any(|known| **known == *name)).await;
        let live = cluster.read(|facts| *facts.heard(Source::Namespaces) == Heard::Live);
        assert!(live && cluster.trouble().is_none(), "round {round}: {:?}", cluster.trouble());
        // The next one comes after another end of a watch.
        let ended = async {
            while between.ended.load(Ordering::Relaxed) == before {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(60), ended).await.expect("a watch that ends");
    }
}
