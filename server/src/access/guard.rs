//! The one place that every request passes.

use std::{net::IpAddr, net::Ipv4Addr, net::SocketAddr, sync::Arc};

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

/// Lets pass what may pass, with a [`Who`] in its extensions. Who is refused has asked as often as who is answered.
pub async fn guard(State(gate): State<Gate>, mut request: Request, next: Next) -> Response {
    let Gate { door, limits } = gate;
    let path = request.uri().path().to_owned();
    let origin = origin(&door, &request);
    let secure = origin.secure();
    request.extensions_mut().insert(Secure(secure));
    let judged = judge(&door, &mut request, origin).await;
    // Pages that take something are bounded as the API is, which counts its own requests.
    let posts = judged.is_ok() && !tells(request.method()) && !path.starts_with("/api/");
    let taken = (posts || judged.as_ref().is_err_and(Refusal::is_counted)).then(|| {
        let who = request.extensions().get::<Who>();
        limits.take(&who.map_or_else(|| Caller::at(origin.address), Caller::of))
    });
    let mut response = match judged {
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

async fn judge(door: &Arc<Door>, request: &mut Request, origin: Origin) -> Result<(), Refusal> {
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
        return if tells(request.method()) { Ok(()) } else { Err(Refusal::Nowhere) };
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
    let judged = allowed(row.needs, &who).and_then(|()| match row.needs {
        // A link is no cookie either: a frame without an origin of its own follows its figure by it.
        Needs::Link if has_link(request) => Ok(()),
        _ => same_site(&host, origin.tls, &who, request),
    });
    let refused = judged.as_ref().err().map(ToString::to_string);
    let known = who.role.is_some();
    // What acts is remembered before it does; of what only tells, a known person's refusal is.
    let action = match row.acts {
        Acts::As(action) => Some(action),
        Acts::No | Acts::Itself if refused.is_some() && known => Some("refused"),
        Acts::No | Acts::Itself => None,
    };
    if let Some(action) = action {
        let target: String = request.uri().path().chars().take(LONGEST_TARGET).collect();
        let detail = refused.unwrap_or_default();
        door.remember(&who.entry(action, &target, &cluster(&target), judged.is_ok(), &detail)).await?;
    }
    judged
}

fn allowed(needs: Needs, who: &Who) -> Result<(), Refusal> {
    match needs {
        Needs::Nothing | Needs::Link => Ok(()),
        Needs::Role(role) if who.may(role) => Ok(()),
        Needs::Role(role) if who.role.is_some() => Err(Refusal::Role(role.word())),
        Needs::Role(_) => Err(Refusal::Unknown),
    }
}

/// Cross-site requests can neither act nor listen. A token is no cookie: no browser sends it by itself.
fn same_site(host: &str, tls: Option<bool>, who: &Who, request: &Request) -> Result<(), Refusal> {
    let stream = request.headers().contains_key(header::UPGRADE);
    if (tells(request.method()) && !stream) || matches!(who.way, Way::Token(_)) {
        return Ok(());
    }
    match hosts::site(host, tls, request.headers()) {
        hosts::Site::Ours => Ok(()),
        hosts::Site::Other => {
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
            Err(Refusal::Site)
        }
        // A browser says where a post comes from. Whoever has a cookie and does not say is none of ours.
        hosts::Site::Untold if matches!(who.way, Way::Session { .. }) && !stream => Err(Refusal::Site),
        hosts::Site::Untold => Ok(()),
    }
}

/// Whether balancers and monitors ask for it, by whatever name they know this server.
fn is_beside(path: &str) -> bool {
    crate::running::ROUTES.iter().any(|row| row.path == path)
}

/// Whether a link is sent, by which alone an embedded figure is then judged.
fn has_link(request: &Request) -> bool {
    let query = request.uri().query().unwrap_or_default();
    let link = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "link");
    link.is_some_and(|(_, link)| !link.is_empty())
}

fn tell_host(door: &Door, asked: &[String]) {
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
