//! Questions that are asked when somebody opens a panel, and not watched.

use std::time::Duration;

use kube::{Client, api::LogParams};
use serde::Deserialize;
use topology::inventory::Key;

use super::object::nullable;

/// An answer that takes longer is none.
const PATIENCE: Duration = Duration::from_secs(3);
/// Lines of a log's end, and bytes at most.
const LINES: i64 = 60;
const BYTES: i64 = 64 * 1024;

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The role lacks a permission.
    #[error("the permission to {0} is missing")]
    Forbidden(&'static str),
    /// There is none, or not yet.
    #[error("{0}")]
    Nothing(String),
    /// The API server did not answer in time.
    #[error("the API server did not answer within {} s", PATIENCE.as_secs())]
    Late,
}

/// One event about an object.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Event {
    /// `Normal` or `Warning`.
    pub r#type: String,
    /// A word.
    pub reason: String,
    /// A sentence.
    pub message: String,
    #[serde(deserialize_with = "nullable")]
    count: u32,
    first_timestamp: Option<String>,
    last_timestamp: Option<String>,
    event_time: Option<String>,
}

impl Event {
    /// When it was last seen, RFC 3339.
    pub fn at(&self) -> &str {
        [&self.last_timestamp, &self.event_time, &self.first_timestamp]
            .into_iter()
            .flatten()
            .next()
            .map_or("", String::as_str)
    }

    /// How often it was seen.
    pub fn count(&self) -> u32 {
        self.count.max(1)
    }
}

#[derive(Deserialize)]
struct Events {
    #[serde(default, deserialize_with = "nullable")]
    items: Vec<Event>,
}

/// Recent events about an object, newest first.
///
/// # Errors
/// [`Refused`] with the reason.
pub async fn events(client: &Client, kind: &str, key: &Key) -> Result<Vec<Event>, Refused> {
    let fields = format!("involvedObject.kind={kind},involvedObject.name={}", key.name);
    let namespace = if key.namespace.is_empty() { String::new() } else { format!("namespaces/{}/", key.namespace) };
    let path =
        format!("/api/v1/{namespace}events?limit=50&fieldSelector={}", fields.replace('=', "%3D").replace(',', "%2C"));
    let request = http::Request::get(path).body(Vec::new()).map_err(|error| Refused::Nothing(error.to_string()))?;
    let mut events = in_time("list events", client.request::<Events>(request)).await?.items;
    events.sort_by(|a, b| b.at().cmp(a.at()));
    Ok(events)
}

/// The end of a pod's log.
///
/// # Errors
/// [`Refused`] with the reason.
pub async fn log_end(client: &Client, pod: &Key) -> Result<String, Refused> {
    let pods: kube::Api<k8s_openapi::api::core::v1::Pod> = kube::Api::namespaced(client.clone(), &pod.namespace);
    let wanted = LogParams { tail_lines: Some(LINES), limit_bytes: Some(BYTES), ..LogParams::default() };
    in_time("get pods/log", pods.logs(&pod.name, &wanted)).await
}

async fn in_time<T>(permission: &'static str, asked: impl Future<Output = kube::Result<T>>) -> Result<T, Refused> {
    match tokio::time::timeout(PATIENCE, asked).await {
        Err(_) => Err(Refused::Late),
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(kube::Error::Api(status))) if status.code == 403 => Err(Refused::Forbidden(permission)),
        Ok(Err(kube::Error::Api(status))) => Err(Refused::Nothing(super::trouble::first_line(&status.message))),
        Ok(Err(_)) => Err(Refused::Nothing("the API server cannot be reached just now".into())),
    }
}
