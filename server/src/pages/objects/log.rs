//! The log of a pod's container: its end on a page, all of it as a file.

use std::time::Duration;

use app::{
    pages::{
        Tab,
        objects::{self as pages, ContainerLine, LogPage, LogSought},
    },
    source::LogText,
    texts::objects as words,
};
use axum::{
    Extension,
    body::Body,
    extract::{Path, Query, Request, State, WebSocketUpgrade},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use tokio::sync::Semaphore;
use topology::inventory::Key;

use super::{Asked, drawn, notice, saved_as, tail};
use crate::{
    access::Stays,
    cluster::{
        Cluster,
        ask::Refused,
        logs::{self, Container, Containers, Line, Which},
    },
    listen::Stopping,
    pages::{assets, status, troubled},
};

/// Lines on a page.
const LINES: usize = 500;
/// Logs that are read for pages at the same time, and how long a page waits for its turn.
static READING: Semaphore = Semaphore::const_new(12);
const TURN: Duration = Duration::from_secs(10);
/// Said when there is no turn.
const BUSY: &str = "This server reads as many logs as it may. Try again in a minute.";
/// Logs that are sent as files at the same time: a slow reader of these keeps no page waiting.
static SENDING: Semaphore = Semaphore::const_new(6);
/// How often it is asked whether somebody may still read a file.
const ASKED_AGAIN: Duration = Duration::from_secs(5);

/// What an address asks for.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Sought {
    container: String,
    previous: String,
    since: String,
    timestamps: String,
    q: String,
    after: String,
}

impl Sought {
    fn which(&self, namespace: &str, pod: &str) -> Which {
        Which { pod: Key::new(namespace, pod), container: self.container.clone(), previous: set(&self.previous) }
    }

    /// In seconds; what is no number asks for all.
    fn since(&self) -> Option<u64> {
        self.since.parse().ok().filter(|seconds| *seconds > 0)
    }

    fn text(&self) -> String {
        self.q.chars().take(200).collect()
    }
}

/// Browsers send `on` for a box that is ticked, where it has no value of its own.
fn set(flag: &str) -> bool {
    matches!(flag, "true" | "on" | "1")
}

/// The page.
pub(super) async fn page(
    State(asked): State<Asked>,
    Path((cluster, namespace, pod)): Path<(String, String, String)>,
    Query(sought): Query<Sought>,
    request: Request,
) -> Response {
    let watched = match asked.0.cluster(&cluster).await {
        Ok(watched) => watched,
        Err(trouble) => return troubled(&asked, trouble, request).await,
    };
    let page = read(&watched, &namespace, &pod, sought).await;
    let live = assets().script.is_some();
    let (of, one) = (cluster.clone(), pod.clone());
    let base = pages::log_of(&cluster, &namespace, &pod);
    drawn(&asked, &cluster, Tab::Objects, &one, request, move || pages::log(&of, &base, &page, live)).await
}

async fn read(cluster: &Cluster, namespace: &str, pod: &str, sought: Sought) -> LogPage {
    let client = cluster.client();
    // Whoever may read logs and not the pod gets what the server chooses.
    let containers = logs::containers(client, &Key::new(namespace, pod)).await;
    let known = containers.clone().unwrap_or_default();
    let chosen = !sought.container.is_empty();
    let container = if chosen { sought.container.clone() } else { known.first.clone() };
    let sought = Sought { container: container.clone(), ..sought };
    let text = sought.text();
    let end = match containers {
        Err(why) if !matches!(why, Refused::Forbidden(_)) => Err(why),
        _ => match tokio::time::timeout(TURN, READING.acquire()).await {
            Ok(_turn) => logs::end(client, &sought.which(namespace, pod), sought.since(), &text, LINES).await,
            Err(_) => Err(Refused::Nothing(BUSY.into())),
        },
    };
    let (lines, end) = match end {
        Ok(mut end) => (Ok(std::mem::take(&mut end.lines).into_iter().map(line).collect()), end),
        Err(why) => (Err(notice(&why)), logs::End::default()),
    };
    LogPage {
        namespace: namespace.to_owned(),
        pod: pod.to_owned(),
        why: if chosen { String::new() } else { why(&known) },
        containers: known.all.iter().map(beside).collect(),
        sought: LogSought {
            container,
            previous: set(&sought.previous),
            since: sought.since().map(|seconds| seconds.to_string()).unwrap_or_default(),
            text,
            timestamps: set(&sought.timestamps),
        },
        lines,
        read: end.read,
        found: end.found,
        cut: end.cut,
    }
}

fn why(containers: &Containers) -> String {
    let Containers { all, first, why } = containers;
    let count = all.len();
    match *why {
        "" => String::new(),
        "it holds the pod up" => format!("Shown: {first}, which holds the pod up, of {count} containers."),
        why => format!("Shown: {first}, {why} of {count} containers."),
    }
}

fn beside(container: &Container) -> ContainerLine {
    let restarts = (container.restarts > 0).then(|| format!("{} restarts", container.restarts));
    let parts = [container.init.then(|| words::INIT.to_owned()), Some(container.state.clone()), restarts];
    let parts: Vec<String> = parts.into_iter().flatten().filter(|part| !part.is_empty()).collect();
    ContainerLine { name: container.name.clone(), beside: parts.join(", ") }
}

/// A line in the pages' words.
pub(super) fn line(line: Line) -> LogText {
    LogText { at: line.at, text: line.text, left_out: line.left_out }
}

/// The file.
pub(super) async fn file(
    State(asked): State<Asked>,
    Path((cluster, namespace, pod)): Path<(String, String, String)>,
    Query(sought): Query<Sought>,
    Extension(stays): Extension<Stays>,
) -> Response {
    let Ok(turn) = SENDING.try_acquire() else {
        return (StatusCode::SERVICE_UNAVAILABLE, BUSY).into_response();
    };
    let watched = match asked.0.cluster(&cluster).await {
        Ok(watched) => watched,
        Err(trouble) => return (status(&trouble), scene::readable(&trouble.to_string())).into_response(),
    };
    let which = sought.which(&namespace, &pod);
    match logs::all(watched.client(), &which, sought.since(), set(&sought.timestamps)).await {
        Ok(bytes) => {
            let headers = saved_as("text/plain; charset=utf-8", &format!("{pod}.{}.log", which.container));
            // Its turn lasts as long as it is sent.
            let held = futures::StreamExt::map(bytes, move |piece| {
                let _turn = &turn;
                piece
            });
            let revoked = async move {
                loop {
                    tokio::time::sleep(ASKED_AGAIN).await;
                    if !stays.still().await {
                        break;
                    }
                }
            };
            (headers, Body::from_stream(futures::StreamExt::take_until(held, Box::pin(revoked)))).into_response()
        }
        Err(why @ Refused::Missing(_)) => (StatusCode::NOT_FOUND, notice(&why).what).into_response(),
        Err(why) => (StatusCode::BAD_GATEWAY, notice(&why).what).into_response(),
    }
}

/// The lines that come from now on.
pub(super) async fn stream(
    State(asked): State<Asked>,
    Path((cluster, namespace, pod)): Path<(String, String, String)>,
    Query(sought): Query<Sought>,
    Extension(stopping): Extension<Stopping>,
    Extension(stays): Extension<Stays>,
    upgrade: WebSocketUpgrade,
) -> Response {
    let watched = match asked.0.cluster(&cluster).await {
        Ok(watched) => watched,
        Err(trouble) => return (status(&trouble), scene::readable(&trouble.to_string())).into_response(),
    };
    let which = Which { previous: false, ..sought.which(&namespace, &pod) };
    let wanted = tail::Wanted { which, text: sought.text().to_lowercase(), after: sought.after.parse().ok() };
    tail::follow(upgrade, watched, wanted, stopping, stays)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn why_a_container_is_shown_is_a_sentence() {
        let one = |name: &str| Container { name: name.into(), init: false, state: String::new(), restarts: 0 };
        let of = |why| Containers { all: vec![one("a"), one("b")], first: "b".into(), why };
        assert_eq!(why(&of("the default")), "Shown: b, the default of 2 containers.");
        assert_eq!(why(&of("it holds the pod up")), "Shown: b, which holds the pod up, of 2 containers.");
        assert_eq!(why(&of("")), "");
    }
}
