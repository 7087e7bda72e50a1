//! Questions that are asked when somebody opens a panel, and not watched.

use std::{collections::BTreeSet, pin::pin, sync::OnceLock, time::Duration};

use futures::{StreamExt, stream};
use kube::Client;
use serde::Deserialize;
use topology::inventory::{Key, Name};
use transcript::redacted;

pub use super::bounded::Refused;
use super::{
    bounded::{PATIENCE, get, in_time, json, part},
    lenient::{each, lenient, maybe},
    object::Object,
    pod,
};

/// Lines of a log's end, and bytes at most.
const LINES: &str = "60";
const BYTES: &str = "65536";
/// Events a page: the server gives them in no order of time, so that all pages are read.
const EVENTS: &str = "500";
/// Pages that are read at most.
const PAGES: usize = 60;
/// All of a cluster's events come within this.
const ALL: Duration = Duration::from_secs(10);
/// Namespaces that are asked at once.
const AT_ONCE: usize = 8;
/// After so many events of some namespaces no further one is asked.
const MOST: usize = 30_000;

/// One event about an object.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Event {
    /// `Normal` or `Warning`.
    #[serde(deserialize_with = "lenient")]
    pub r#type: String,
    /// Why it was reported, in a word as in `BackOff`.
    #[serde(deserialize_with = "lenient")]
    pub reason: String,
    /// A sentence, which may repeat a command with its secrets.
    #[serde(deserialize_with = "lenient")]
    message: String,
    /// The same without them, once it was asked for: most events are never shown.
    #[serde(skip)]
    shown: OnceLock<String>,
    /// The object that it is about.
    #[serde(deserialize_with = "lenient")]
    pub involved_object: Involved,
    #[serde(deserialize_with = "lenient")]
    count: u32,
    #[serde(deserialize_with = "lenient")]
    series: Series,
    #[serde(deserialize_with = "maybe")]
    first_timestamp: Option<String>,
    #[serde(deserialize_with = "maybe")]
    last_timestamp: Option<String>,
    #[serde(deserialize_with = "maybe")]
    event_time: Option<String>,
}

/// What an event is about.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Involved {
    /// As in `Pod`.
    #[serde(deserialize_with = "lenient")]
    pub kind: String,
    /// As in `apps/v1`.
    #[serde(deserialize_with = "lenient")]
    pub api_version: String,
    /// Empty for what lies in none.
    #[serde(deserialize_with = "lenient")]
    pub namespace: String,
    /// Its name.
    #[serde(deserialize_with = "lenient")]
    pub name: String,
}

/// How newer reporters count.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Series {
    #[serde(deserialize_with = "lenient")]
    count: u32,
    #[serde(deserialize_with = "maybe")]
    last_observed_time: Option<String>,
}

impl Event {
    /// A sentence, without what looks secret.
    pub fn message(&self) -> &str {
        self.shown.get_or_init(|| redacted(&self.message))
    }

    /// Whether its message has a text in small letters. What is hidden cannot be found out by a search.
    pub fn says(&self, text: &str) -> bool {
        let has = |message: &str| message.to_lowercase().contains(text);
        has(&self.message) && has(self.message())
    }

    /// When it was last seen, RFC 3339.
    pub fn at(&self) -> &str {
        [&self.series.last_observed_time, &self.last_timestamp, &self.event_time, &self.first_timestamp]
            .into_iter()
            .flatten()
            .next()
            .map_or("", String::as_str)
    }

    /// How often it was seen.
    pub fn count(&self) -> u32 {
        self.count.max(self.series.count).max(1)
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Events {
    #[serde(deserialize_with = "lenient")]
    metadata: ListMeta,
    #[serde(deserialize_with = "each")]
    items: Vec<Event>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ListMeta {
    #[serde(rename = "continue", deserialize_with = "lenient")]
    next: String,
}

/// Recent events about an object, newest first.
///
/// # Errors
/// [`Refused`] with the reason.
pub async fn events(client: &Client, kind: &str, key: &Key) -> Result<Vec<Event>, Refused> {
    let fields = format!("involvedObject.kind={kind},involvedObject.name={}", key.name);
    let query = [("limit", EVENTS), ("fieldSelector", fields.as_str())];
    let path = events_path(&key.namespace);
    let asked = every_page(client, &path, &query);
    Ok(newest_first(in_time(PATIENCE, "list events", asked).await?.0))
}

/// Events of a namespace, or of all where it is empty, newest first; and whether these are all of them.
///
/// # Errors
/// [`Refused`] with the reason.
pub async fn all_events(client: &Client, namespace: &str) -> Result<(Vec<Event>, bool), Refused> {
    let query = [("limit", EVENTS)];
    let path = events_path(namespace);
    let asked = every_page(client, &path, &query);
    let (events, whole) = in_time(ALL, "list events", asked).await?;
    Ok((newest_first(events), whole))
}

/// Events of some namespaces, newest first, and whether these are all. One that refuses costs no other.
///
/// # Errors
/// [`Refused`] with the reason, where none tells.
pub async fn events_of(client: &Client, namespaces: &BTreeSet<Name>) -> Result<(Vec<Event>, bool), Refused> {
    let asked = stream::iter(namespaces.clone()).map(|namespace| {
        let client = client.clone();
        async move { all_events(&client, &namespace).await }
    });
    let mut asked = pin!(asked.buffer_unordered(AT_ONCE).take_until(tokio::time::sleep(ALL)));
    let (mut events, mut whole, mut told, mut refused) = (Vec::new(), true, 0, None);
    while events.len() < MOST
        && let Some(answer) = asked.next().await
    {
        match answer {
            Ok((some, all)) => {
                (whole, told) = (whole && all, told + 1);
                events.extend(some);
            }
            Err(why) => refused = refused.or(Some(why)),
        }
    }
    match told {
        0 => Err(refused.unwrap_or(Refused::Late(ALL))),
        _ => Ok((newest_first(events), whole && told == namespaces.len())),
    }
}

fn events_path(namespace: &str) -> String {
    if namespace.is_empty() {
        "/api/v1/events".into()
    } else {
        format!("/api/v1/namespaces/{}/events", part(namespace))
    }
}

fn newest_first(mut events: Vec<Event>) -> Vec<Event> {
    events.sort_by(|a, b| b.at().cmp(a.at()));
    events
}

/// All pages: the newest may stand on the last. A list that goes on for longer is cut off, which the answer tells.
async fn every_page(client: &Client, path: &str, query: &[(&str, &str)]) -> kube::Result<(Vec<Event>, bool)> {
    let (mut events, mut next, mut restarted) = (Vec::new(), String::new(), false);
    for _ in 0..PAGES {
        let more: &[(&str, &str)] = if next.is_empty() { &[] } else { &[("continue", &next)] };
        let page = match json::<Events>(client, path, &[query, more].concat()).await {
            // The list from which a page was cut is forgotten: a new one is begun, once.
            Err(kube::Error::Api(status)) if status.code == 410 && !restarted => {
                (restarted, next) = (true, String::new());
                events.clear();
                continue;
            }
            page => page?,
        };
        events.extend(page.items);
        next = page.metadata.next;
        if next.is_empty() {
            return Ok((events, true));
        }
    }
    Ok((events, false))
}

/// The end of a pod's log; where it has several containers, of the one that is in the way, else of
/// the one that its annotation names, else of the first, which a line above says.
///
/// # Errors
/// [`Refused`] with the reason.
pub async fn log_end(client: &Client, pod: &Key) -> Result<String, Refused> {
    let path = format!("/api/v1/namespaces/{}/pods/{}", part(&pod.namespace), part(&pod.name));
    let log = format!("{path}/log");
    let wanted = [("tailLines", LINES), ("limitBytes", BYTES)];
    let asked = async {
        let choice = match json::<Object<pod::Spec, pod::Status>>(client, &path, &[]).await {
            Ok(pod) => pod::state::log_of(&pod),
            // Whoever may read logs and not the pod gets what the server chooses.
            Err(kube::Error::Api(status)) if status.code == 403 => None,
            Err(error) => return Err(error),
        };
        let Some((name, why, count)) = choice else { return get(client, &log, &wanted).await };
        let text = get(client, &log, &[wanted.as_slice(), &[("container", &name)]].concat()).await?;
        Ok(format!("[{name}, {why}; containers: {count}]\n{text}"))
    };
    in_time(PATIENCE, "get pods/log", asked).await
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::cluster::bounded::tests::{refusal, server};

    fn pod() -> Key {
        Key::new("shop", "web-1")
    }

    #[tokio::test]
    async fn a_pod_of_several_containers_gives_the_log_of_the_first_and_says_so() {
        let client = server(|path, query| match path {
            "/api/v1/namespaces/shop/pods/web-1" => {
                (200, json!({ "spec": { "containers": [{ "name": "web" }, { "name": "proxy" }] } }).to_string().into())
            }
            _ if query.contains("container=web") => (200, "hello\n".into()),
            _ => refusal(400, "a container name must be specified"),
        });
        assert_eq!(log_end(&client, &pod()).await.unwrap(), "[web, the first; containers: 2]\nhello\n");
    }

    #[tokio::test]
    async fn a_log_that_ends_within_a_letter_is_a_log() {
        let client = server(|path, query| {
            if !path.ends_with("/log") {
                return refusal(403, "no");
            }
            assert!(query.contains("tailLines=60") && query.contains("limitBytes=65536"), "{query}");
            (200, [b"caf".as_slice(), &[0xc3]].concat())
        });
        assert_eq!(log_end(&client, &pod()).await.unwrap(), "caf\u{fffd}");
    }

    #[tokio::test]
    async fn a_refusal_names_the_permission_or_repeats_the_reason() {
        let forbidden = server(|_, _| refusal(403, "no"));
        assert_eq!(log_end(&forbidden, &pod()).await, Err(Refused::Forbidden("get pods/log".into())));
        assert_eq!(events(&forbidden, "Pod", &pod()).await, Err(Refused::Forbidden("list events".into())));
        let waiting = server(|path, _| match path {
            "/api/v1/namespaces/shop/pods/web-1" => {
                (200, json!({ "spec": { "containers": [{ "name": "c" }] } }).to_string().into())
            }
            _ => refusal(400, "container \"c\" is waiting to start\nand more"),
        });
        assert_eq!(
            log_end(&waiting, &pod()).await,
            Err(Refused::Nothing("container \"c\" is waiting to start".into()))
        );
        let gateway = server(|_, _| (502, "<html>".into()));
        assert_eq!(events(&gateway, "Pod", &pod()).await, Err(Refused::Nothing("Bad Gateway".into())));
    }

    #[tokio::test]
    async fn odd_events_are_passed_over_and_the_newest_comes_first() {
        let client = server(|path, query| {
            assert_eq!(path, "/api/v1/namespaces/shop/events");
            assert!(query.contains("fieldSelector=involvedObject.kind%3DPod%2CinvolvedObject.name%3Dweb-1"), "{query}");
            let items = json!([5, { "reason": "Old", "count": null, "lastTimestamp": "2026-01-01T00:00:00Z" },
                { "reason": "New", "eventTime": "2026-01-02T00:00:00.000000Z", "series": { "count": 7, "lastObservedTime": "2026-01-03T00:00:00.000000Z" } }]);
            (200, json!({ "items": items }).to_string().into())
        });
        let found = events(&client, "Pod", &pod()).await.unwrap();
        let told: Vec<_> = found.iter().map(|event| (event.reason.as_str(), event.count())).collect();
        assert_eq!(told, [("New", 7), ("Old", 1)]);
    }

    #[test]
    fn a_search_does_not_find_what_a_message_hides() {
        let message = "exec failed: curl --token=abc123def";
        let event = Event { message: message.into(), ..Event::default() };
        assert!(!event.message().contains("abc123def"), "{}", event.message());
        assert!(event.says("curl") && !event.says("abc123def"));
    }

    #[tokio::test]
    async fn the_newest_event_is_found_on_the_last_of_many_pages() {
        // Ten pages of five hundred, the newest at the very end; one page is forgotten once.
        static FORGOTTEN: std::sync::atomic::AtomicBool = std::sync::atomic::AtomicBool::new(false);
        let client = server(|_, query| {
            let page: usize = form_urlencoded::parse(query.as_bytes())
                .find_map(|(name, value)| (name == "continue").then(|| value.parse().ok()).flatten())
                .unwrap_or(0);
            if page == 3 && !FORGOTTEN.swap(true, std::sync::atomic::Ordering::SeqCst) {
                return refusal(410, "The provided continue parameter is too old");
            }
            let event = |n: usize| json!({ "reason": format!("E{n}"), "lastTimestamp": format!("2026-01-01T{:02}:{:02}:{:02}Z", n / 3600, n / 60 % 60, n % 60) });
            let items: Vec<_> = (page * 500..(page + 1) * 500).map(event).collect();
            let next = if page < 9 { (page + 1).to_string() } else { String::new() };
            (200, json!({ "metadata": { "continue": next }, "items": items }).to_string().into())
        });
        let found = events(&client, "Pod", &pod()).await.unwrap();
        assert_eq!((found.len(), found[0].reason.as_str()), (5_000, "E4999"));
    }
}
