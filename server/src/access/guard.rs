//! The one place that every request passes.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use app::base::base;
use axum::{
    extract::{ConnectInfo, MatchedPath, Request, State},
    http::{Method, header},
    middleware::Next,
    response::{IntoResponse, Redirect, Response},
};

use super::{
    Acts, Caller, Door, Limits, Needs, Refusal, Stays, Way, Who, hosts,
    proxies::Origin,
    table::{Found, find},
};
use crate::store::Entry;

/// Whether the client spoke TLS, to us or to a trusted proxy; in the extensions of each request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Secure(pub(crate) bool);

/// The host that was asked for; in the extensions of each request that is meant for us.
#[derive(Clone, Debug)]
pub(super) struct Host(pub(super) String);

/// Our address as whoever asks knows it, the base path included and without a `/` at its end; in the extensions of
/// each request that is meant for us.
#[derive(Clone, Debug)]
pub(crate) struct Ours(pub(crate) String);

/// Our address as whoever asks knows it, the base path included and without a `/` at its end.
pub(crate) fn address(request: &Request) -> String {
    let secure = request.extensions().get::<Secure>().is_some_and(|secure| secure.0);
    let host = request.extensions().get::<Host>().map_or("", |host| host.0.as_str());
    format!("{}://{host}{}", if secure { "https" } else { "http" }, base())
}

/// The peer spoke TLS to us; put into the extensions by whoever accepts connections.
#[derive(Clone, Copy, Debug)]
pub struct Tls;

/// Whoever once came by TLS comes by nothing else for a year.
const STRICT: header::HeaderValue = header::HeaderValue::from_static("max-age=31536000");

/// Characters of a path that the audit keeps.
const LONGEST_TARGET: usize = 300;

/// Each kind of refusal is logged at most so often.
const LOGGED: Duration = Duration::from_secs(1);

/// Bytes of a foreign Host or Origin that the log keeps.
const LONGEST_SHOWN: usize = 200;

/// What the guard goes by.
#[derive(Clone)]
pub struct Gate {
    /// Who may what.
    pub door: Arc<Door>,
    /// How often whoever is refused may ask.
    pub limits: Arc<Limits>,
}

/// Room that an API's request took when it came; in its extensions, so that it takes none again.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Taken(pub(crate) u32);

/// What came of a request.
struct Judged {
    passes: Result<(), Refusal>,
    /// What the audit is to hold of it before it acts.
    entry: Option<Entry>,
}

/// Lets pass what may pass, with a [`Who`] in its extensions. Refused requests count toward the rate limit, and so does
/// what acts; nothing beyond the limit is written into the audit.
pub async fn guard(State(gate): State<Gate>, mut request: Request, next: Next) -> Response {
    let Gate { door, limits } = gate;
    let path = request.uri().path().to_owned();
    let origin = origin(&door, &request);
    let secure = origin.secure();
    request.extensions_mut().insert(Secure(secure));
    let judged = judge(&door, &mut request, origin).await;
    let judged = judged.unwrap_or_else(|refusal| Judged { passes: Err(refusal), entry: None });
    let posts = judged.passes.is_ok() && !tells(request.method());
    let taken = (posts || judged.passes.as_ref().is_err_and(Refusal::is_counted)).then(|| {
        let who = request.extensions().get::<Who>();
        limits.take(&who.map_or_else(|| Caller::at(origin.address), Caller::of))
    });
    if let Some(Ok(left)) = taken {
        request.extensions_mut().insert(Taken(left));
    }
    let passes = match judged.entry {
        Some(entry) if !matches!(taken, Some(Err(_))) => remembered(&door, &entry, judged.passes).await,
        _ => judged.passes,
    };
    let mut response = match passes {
        _ if let Some(Err(wait)) = taken => Refusal::Often(wait).answer(&path),
        Ok(()) => next.run(request).await,
        Err(Refusal::Again) => to_sign_in(&request, "/sign-in/oidc?silent=true&next="),
        Err(Refusal::Unknown) if wants_page(&request) && door.signs_in() => to_sign_in(&request, "/sign-in?next="),
        Err(refusal) => refusal.answer(&path),
    };
    if let Some(taken) = taken {
        limits.tell(response.headers_mut(), taken);
    }
    if secure {
        response.headers_mut().insert(header::STRICT_TRANSPORT_SECURITY, STRICT);
    }
    response
}

/// Writes an entry before its request acts. What cannot be written is not done; what is refused is refused anyway.
async fn remembered(door: &Door, entry: &Entry, passes: Result<(), Refusal>) -> Result<(), Refusal> {
    let written = door.remember(entry).await;
    passes.and(written)
}

/// Sends a page's visitor to sign in, and back to that page afterwards.
fn to_sign_in(request: &Request, by: &str) -> Response {
    let to = request.uri().path_and_query().map_or("/", |to| to.as_str());
    let mut response = Redirect::to(&format!("{by}{}", scene::encoded(to))).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, header::HeaderValue::from_static("no-store"));
    response
}

/// Where a request came from.
fn origin(door: &Door, request: &Request) -> Origin {
    let tls = request.extensions().get::<Tls>().is_some();
    door.proxies.origin(peer(request), tls, request.headers())
}

/// Who speaks to us; without one nobody is on this machine: an address of documentation is nobody's.
fn peer(request: &Request) -> IpAddr {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
    peer.unwrap_or(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)))
}

async fn judge(door: &Arc<Door>, request: &mut Request, origin: Origin) -> Result<Judged, Refusal> {
    let asked = door.proxies.hosts(peer(request), request.uri(), request.headers());
    let ours = asked.iter().find(|host| door.hosts.is_ours(host));
    let beside = request.extensions().get::<MatchedPath>().is_some_and(|path| is_beside(path.as_str()));
    if ours.is_none() && !beside {
        tell_host(door, &asked);
        return Err(Refusal::Host);
    }
    if let Some(host) = ours {
        request.extensions_mut().insert(Host(hosts::without_default_port(host, origin.tls).to_owned()));
        let ours = address(request);
        request.extensions_mut().insert(Ours(ours));
    }
    let (mut who, mut again) = door.who(request.headers(), origin).await?;
    // A page under a name that was bound to our address sends no token. Only a token makes somebody known there.
    if ours.is_none() && !matches!(who.way, Way::Token(_)) {
        who = Who::nobody(origin.address);
        again = None;
    }
    let host = ours.cloned().unwrap_or_default();
    request.extensions_mut().insert(who.clone());
    request.extensions_mut().insert(Stays { door: door.clone(), who: who.clone() });
    let matched = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    let Some(matched) = matched else {
        // What no route matches is a file of a page, or nowhere; both are only told.
        let passes = if tells(request.method()) { Ok(()) } else { Err(Refusal::Nowhere) };
        return Ok(Judged { passes, entry: None });
    };
    let row = match find(&door.rows, request.method(), &matched) {
        Found::Row(row) => row,
        Found::OtherMethod(others) => return Err(Refusal::Method(others)),
        Found::Nothing => return Err(Refusal::Nowhere),
    };
    if let Some(again) = again
        && matches!(row.needs, Needs::Role(_))
        && wants_page(request)
        && door.goes_by_provider(&again).await
    {
        return Err(Refusal::Again);
    }
    let passes = allowed(row.needs, &who).and_then(|()| match row.needs {
        // A link is no cookie either: a frame without an origin of its own follows its figure by it.
        Needs::Link if has_link(request) => Ok(()),
        needs => same_site(&host, origin.tls, &who, needs, request),
    });
    let passes = passes.map_err(|refusal| match refusal {
        Refusal::Unknown if origin.unnamed && door.ways.loopback => Refusal::Unnamed,
        other => other,
    });
    let refused = passes.as_ref().err().map(ToString::to_string);
    let known = who.role.is_some();
    // What acts is remembered before it does; of what only tells, a known person's refusal is.
    let action = match row.acts {
        Acts::As(action) => Some(action),
        Acts::No | Acts::Itself if refused.is_some() && known => Some("refused"),
        Acts::No | Acts::Itself => None,
    };
    let entry = action.map(|action| {
        let target: String = request.uri().path().chars().take(LONGEST_TARGET).collect();
        who.entry(action, &target, &cluster(&target), passes.is_ok(), &refused.unwrap_or_default())
    });
    Ok(Judged { passes, entry })
}

fn allowed(needs: Needs, who: &Who) -> Result<(), Refusal> {
    match needs {
        Needs::Nothing | Needs::Link => Ok(()),
        Needs::Role(role) if who.may(role) => Ok(()),
        Needs::Role(role) if who.role.is_some() => Err(Refusal::Role(role.word())),
        Needs::Role(_) => Err(Refusal::Unknown),
    }
}

/// Cross-site requests can neither act nor listen, nor see what needs a role but by opening it as a page. A token is no
/// cookie: no browser sends it by itself.
fn same_site(host: &str, tls: Option<bool>, who: &Who, needs: Needs, request: &Request) -> Result<(), Refusal> {
    if matches!(who.way, Way::Token(_)) {
        return Ok(());
    }
    let stream = request.headers().contains_key(header::UPGRADE);
    if tells(request.method()) && !stream {
        // What a link opens is open to a viewer as well; whoever has a link does not come here.
        let loads = needs != Needs::Nothing && hosts::loads_for_another(request.headers());
        return if loads { Err(Refusal::Site) } else { Ok(()) };
    }
    match hosts::site(host, tls, request.headers()) {
        hosts::Site::Ours => Ok(()),
        hosts::Site::Other => {
            tell_site(host, tls, request);
            Err(Refusal::Site)
        }
        // A browser says where a post comes from. Whoever has a cookie and does not say is none of ours.
        hosts::Site::Untold if matches!(who.way, Way::Session { .. }) && !stream => Err(Refusal::Site),
        hosts::Site::Untold => Ok(()),
    }
}

/// Whether a page of another site asks, in whoever's name; of a request that passed the guard.
pub(crate) fn asks_from_elsewhere(request: &Request) -> bool {
    let (Some(stays), Some(host)) = (request.extensions().get::<Stays>(), request.extensions().get::<Host>()) else {
        return request.headers().contains_key(header::ORIGIN);
    };
    let tls = origin(&stays.door, request).tls;
    let elsewhere = hosts::site(&host.0, tls, request.headers()) == hosts::Site::Other;
    if elsewhere {
        tell_site(&host.0, tls, request);
    }
    elsewhere
}

/// Whether a word of this kind may be logged now: a page of another site must not fill the log.
fn may_log(last: &Mutex<Option<Instant>>) -> bool {
    let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
    let may = last.is_none_or(|at| at.elapsed() >= LOGGED);
    if may {
        *last = Some(Instant::now());
    }
    may
}

fn tell_site(host: &str, tls: Option<bool>, request: &Request) {
    static LAST: Mutex<Option<Instant>> = Mutex::new(None);
    if !may_log(&LAST) {
        return;
    }
    let told = |name: &str| shown(request.headers().get(name).map_or(&b"none"[..], |value| value.as_bytes()));
    tracing::warn!(
        "a page of another site is refused: its Origin is {}, its Sec-Fetch-Site is {}, and this server was \
         asked for as {}{}. If a proxy stands between, it must pass on the host, the port and the scheme, and \
         the setting `trusted_proxies` must name it",
        told("origin"),
        told("sec-fetch-site"),
        tls.map_or("", |tls| if tls { "https://" } else { "http://" }),
        shown(host.as_bytes()),
    );
}

/// Whether balancers and monitors ask for it, by whatever name they know this server.
pub(super) fn is_beside(path: &str) -> bool {
    crate::running::ROUTES.iter().any(|row| row.path == path)
}

/// Whether a link is sent, by which alone an embedded figure is then judged.
fn has_link(request: &Request) -> bool {
    let query = request.uri().query().unwrap_or_default();
    let link = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "link");
    link.is_some_and(|(_, link)| !link.is_empty())
}

fn tell_host(door: &Door, asked: &[String]) {
    static LAST: Mutex<Option<Instant>> = Mutex::new(None);
    if !may_log(&LAST) {
        return;
    }
    let asked = if asked.is_empty() { "none".to_owned() } else { shown(asked.join(", ").as_bytes()) };
    tracing::warn!(
        "the host {asked} is refused: this server answers to {}. Add the name to the setting `hosts`; if a proxy \
         changes it, name the proxy in the setting `trusted_proxies`",
        door.hosts
    );
}

/// What somebody sent, for the log: short, and without control characters.
fn shown(sent: &[u8]) -> String {
    sent[..sent.len().min(LONGEST_SHOWN)].escape_ascii().to_string()
}

fn tells(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD)
}

fn wants_page(request: &Request) -> bool {
    let accepts = request.headers().get(header::ACCEPT).and_then(|accept| accept.to_str().ok());
    tells(request.method()) && accepts.is_some_and(|accept| accept.contains("text/html"))
}

/// The cluster of a path such as `/c/CLUSTER/…` or `/api/v1/clusters/CLUSTER/…`.
fn cluster(path: &str) -> String {
    let rest = ["/c/", "/embed/", "/api/v1/clusters/"].into_iter().find_map(|prefix| path.strip_prefix(prefix));
    rest.and_then(|rest| rest.split('/').next()).map(crate::listen::decoded).unwrap_or_default()
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        self.answer("")
    }
}
