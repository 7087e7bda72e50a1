//! A figure's changes as a stream: server-sent events, or a JSON line each.

use std::{convert::Infallible, sync::Arc, time::Duration};

use app::source::{Message, Phrase, Version};
use axum::{
    Extension,
    body::{Body, Bytes},
    extract::State,
    http::{HeaderMap, header},
    response::{IntoResponse, Response},
};
use futures::{Stream, StreamExt, stream};
use serde::{Deserialize, Serialize};
use tokio::{
    sync::broadcast::{Receiver, error::RecvError},
    time::Instant,
};
use utoipa::{
    IntoParams, ToSchema,
    openapi::{
        Object, Required, Type,
        path::{Parameter, ParameterBuilder, ParameterIn},
    },
};

use super::{
    ApiError, Here, accept,
    asked::{Asked, Named},
    diagrams::{Look, present},
    figure::{Scene, Step},
    incidents::IncidentLine,
    words::{Figure, Health},
};
use crate::{access::Stays, journal::History, store::IncidentRow, view::Watched};

/// A line that is quiet for this long gets a word.
const QUIET: Duration = Duration::from_secs(5);

const STREAM: &str = "text/event-stream";
const LINES: &str = "application/x-ndjson";

/// Which figure is followed, and from where on.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Followed {
    /// Which figure.
    #[param(inline)]
    figure: Option<Figure>,
    /// What fills the figure, as a diagram has it.
    at: Option<String>,
    /// Fade all but this namespace.
    ns: Option<String>,
    /// Fade all but this owner's pods.
    owner: Option<String>,
    /// Fade everything in another state.
    #[param(inline)]
    state: Option<Health>,
    /// Fade all that has not this in its name.
    q: Option<String>,
    /// The `id` of the last event that is known: goes on behind it. Last-Event-ID does the same.
    after: Option<String>,
}

/// The header Last-Event-ID. It may be left out, and is never null as an `Option` would tell.
enum LastEvent {}

impl IntoParams for LastEvent {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let header = ParameterBuilder::new().name("last-event-id").parameter_in(ParameterIn::Header);
        let header = header.required(Required::False).description(Some("The last event that is known"));
        vec![header.schema(Some(Object::with_type(Type::String))).build()]
    }
}

/// An event of the stream.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case", tag = "type")]
pub enum Event {
    /// The whole figure: first, and whenever what was missed is not known any more.
    Whole {
        /// Where the stream is.
        id: String,
        /// The figure.
        figure: Box<Scene>,
        /// The state of the cluster, in a sentence.
        sentence: String,
    },
    /// A change.
    Change {
        /// Where the stream is.
        id: String,
        /// What changes in the figure, in this order.
        steps: Vec<Step>,
        /// The canvas, when it changes.
        canvas: Option<Canvas>,
        /// The sentence, when it changes.
        sentence: Option<String>,
    },
    /// An incident of the cluster, as it is now: one that began, or is other than before.
    Incident {
        /// It.
        incident: Box<IncidentLine>,
    },
    /// Nothing new: sent when nothing else was for five seconds.
    Alive,
}

/// A figure's own facts.
#[derive(Debug, Serialize, ToSchema)]
pub struct Canvas {
    /// Its title.
    pub title: String,
    /// Its description.
    pub description: String,
    /// Its width.
    pub width: i32,
    /// Its height.
    pub height: i32,
}

/// Follows a figure: the whole of it, then every change, as server-sent events or, with
/// `Accept: application/x-ndjson`, as JSON lines. Who comes back with Last-Event-ID gets what they missed. Who does
/// not keep up is cut off and comes back.
#[utoipa::path(get, path = "/api/v1/clusters/{cluster}/changes", tag = "diagrams",
    params(
        ("cluster" = String, Path, description = "The cluster's name"),
        Followed,
        LastEvent,
    ),
    responses((status = 200, description = "Events without an end",
        content((Event = "text/event-stream"), (Event = "application/x-ndjson")))))]
pub(super) async fn follow(
    State(here): State<Here>,
    Named(cluster): Named<String>,
    Asked(followed): Asked<Followed>,
    Extension(stays): Extension<Stays>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    // Whoever waits for another format would wait for ever: a stream has no end.
    let kind = accept::preferred(&headers, &[STREAM, LINES])
        .ok_or(ApiError::Format("text/event-stream, application/x-ndjson"))?;
    let figure = followed.figure.unwrap_or_default();
    let view = Look::view(followed.at, followed.ns, followed.owner, followed.state, followed.q, figure);
    present(&here, &cluster, &view).await?;
    let watched = here.site.watched(&cluster, &view).await?;
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let after = text("last-event-id").map(str::to_owned).or(followed.after);
    let has = after.as_deref().and_then(version).unwrap_or_default();
    let lines = kind == LINES;
    let incidents = here.site.history().map(History::incidents);
    let events = events(watched, has, stays, Incidents { cluster, news: incidents })
        .map(move |event| Ok::<_, Infallible>(written(&event, lines)));
    let headers = [(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "no-store"), (header::VARY, "accept")];
    Ok((headers, Body::from_stream(events)).into_response())
}

fn version(id: &str) -> Option<Version> {
    let (epoch, number) = id.split_once('.')?;
    Some(Version { epoch: u64::from_str_radix(epoch, 16).ok()?, number: number.parse().ok()? })
}

fn id(version: Version) -> String {
    format!("{:x}.{}", version.epoch, version.number)
}

fn written(event: &Event, lines: bool) -> Bytes {
    // Every event is plain data: it cannot fail.
    let data = serde_json::to_string(event).unwrap_or_default();
    let (name, id) = match event {
        Event::Whole { id, .. } => ("whole", Some(id)),
        Event::Change { id, .. } => ("change", Some(id)),
        Event::Incident { .. } => ("incident", None),
        Event::Alive => ("alive", None),
    };
    let id = id.map(|id| format!("id: {id}\n")).unwrap_or_default();
    if lines { format!("{data}\n").into() } else { format!("event: {name}\n{id}data: {data}\n\n").into() }
}

/// Where a reader is.
struct Reader {
    /// Holds the view, so that it is drawn for as long as somebody reads.
    _watched: Arc<Watched>,
    missed: std::vec::IntoIter<axum::extract::ws::Utf8Bytes>,
    next: Receiver<axum::extract::ws::Utf8Bytes>,
    epoch: u64,
    incidents: Incidents,
    stays: Stays,
    /// When the reader's right is asked for again, however busy the stream is.
    ask: Instant,
}

/// News of the incidents of one cluster.
struct Incidents {
    cluster: String,
    /// None where nothing is recorded.
    news: Option<Receiver<Arc<IncidentRow>>>,
}

impl Incidents {
    /// The next; never, where none can come.
    async fn next(&mut self) -> Event {
        loop {
            let Some(news) = &mut self.news else { return std::future::pending().await };
            match news.recv().await {
                Ok(row) if row.cluster == self.cluster => {
                    return Event::Incident { incident: Box::new((&*row).into()) };
                }
                Ok(_) | Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => self.news = None,
            }
        }
    }
}

fn events(
    watched: Arc<Watched>,
    has: Version,
    stays: Stays,
    incidents: Incidents,
) -> impl Stream<Item = Event> + Send + 'static {
    let joined = watched.join(has);
    let (missed, next) = (joined.missed.into_iter(), joined.next);
    let ask = Instant::now() + QUIET;
    let reader = Reader { _watched: watched, missed, next, epoch: has.epoch, incidents, stays, ask };
    stream::unfold(reader, |mut reader| async move {
        if Instant::now() >= reader.ask {
            if !reader.stays.still().await {
                return None;
            }
            reader.ask = Instant::now() + QUIET;
        }
        let text = match reader.missed.next() {
            Some(text) => text,
            None => tokio::select! {
                text = reader.next.recv() => match text {
                    Ok(text) => text,
                    Err(RecvError::Lagged(_) | RecvError::Closed) => return None,
                },
                incident = reader.incidents.next() => return Some((incident, reader)),
                () = tokio::time::sleep(QUIET) => return Some((Event::Alive, reader)),
            },
        };
        let event = event(serde_json::from_str(text.as_str()).ok()?, &mut reader.epoch);
        Some((event, reader))
    })
}

fn event(message: Message, epoch: &mut u64) -> Event {
    match message {
        Message::Whole { page } => {
            *epoch = page.version.epoch;
            Event::Whole {
                id: id(page.version),
                figure: Box::new((&page.scene).into()),
                sentence: sentence(&page.sentence),
            }
        }
        Message::Step { number, patch, sentence: said, .. } => Event::Change {
            id: id(Version { epoch: *epoch, number }),
            steps: patch.ops.iter().map(Into::into).collect(),
            canvas: patch.canvas.map(|(title, description, width, height)| Canvas {
                title,
                description,
                width,
                height,
            }),
            sentence: said.as_deref().map(sentence),
        },
        Message::Beside { .. } | Message::Alive => Event::Alive,
    }
}

fn sentence(phrases: &[Phrase]) -> String {
    phrases.iter().map(|phrase| phrase.text.as_str()).collect()
}
