//! Who may do what: every route as everybody, the ways in, and what other sites' pages can do.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::{
    Router,
    body::Body,
    extract::ConnectInfo,
    http::{Method, Request, StatusCode, header},
    response::Response,
    routing::get,
};
use binnacle::{
    access::{self, Door, Gate, Hosts, Lasting, Limits, Needs, Proxies, Role, Way, Ways, Who, make_token, table},
    cluster::Clusters,
    demo::{self, Demonstration},
    embed::{Embed, Origins},
    front::{self, Front},
    listen::Stopping,
    pages::Site,
    running::Running,
    store::{Place, Sought, Store, User},
};
use http_body_util::BodyExt;
use tower::ServiceExt;

const HOUR: Duration = Duration::from_secs(3_600);
const HOST: &str = "127.0.0.1:8080";

struct House {
    router: Router,
    store: Store,
    door: Arc<Door>,
    folder: std::path::PathBuf,
}

impl Drop for House {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

async fn house(ways: Ways) -> House {
    house_of(ways, Lasting { idle: HOUR, whole: HOUR }).await
}

async fn house_of(ways: Ways, lasting: Lasting) -> House {
    house_with(ways, lasting, false).await
}

/// The same, which may show the built-in cluster as a demonstration.
async fn house_with(ways: Ways, lasting: Lasting, shown: bool) -> House {
    let folder = std::env::temp_dir().join(format!("binnacle-access-{}-{:x}", std::process::id(), fastrand::u64(..)));
    std::fs::create_dir_all(&folder).expect("a folder");
    let store = Store::open(&Place::beside(&folder)).await.expect("a database");
    let listen: SocketAddr = HOST.parse().expect("an address");
    let proxies = Proxies::parse("192.0.2.7").expect("an address");
    let door = Arc::new(Door::new(store.clone(), ways, Hosts::new(listen, ""), proxies, lasting, None));
    let (context, simulator) = demo::context();
    let demonstration = shown.then(|| Demonstration::new(&context.name, simulator));
    let site = Site::new(Clusters::new(vec![context], HOUR), None);
    let embed = Embed::new(site.clone(), store.clone(), Origins::default(), None).await.expect("a key");
    let running = Running {
        site: site.clone(),
        store: store.clone(),
        backups: binnacle::backup::Backups::none(store.clone()),
        tls: None,
        stopping: Stopping::default(),
        duty: tokio::sync::watch::channel(None).1,
    };
    let router = front::router(&Front {
        site,
        door: door.clone(),
        embed,
        running,
        office: None,
        demonstration,
        a_minute: binnacle::rest::RATE,
    });
    House { router, store, door, folder }
}

fn ask(method: Method, path: &str) -> Request<Body> {
    let mut request = Request::builder().method(method).uri(path).body(Body::empty()).expect("a request");
    request.headers_mut().insert(header::HOST, HOST.parse().expect("a host"));
    let peer: SocketAddr = "127.0.0.1:5555".parse().expect("an address");
    request.extensions_mut().insert(ConnectInfo(peer));
    request
}

fn with(mut request: Request<Body>, name: &'static str, value: &str) -> Request<Body> {
    request.headers_mut().insert(name, value.parse().expect("a value"));
    request
}

fn form(path: &str, body: &str) -> Request<Body> {
    let mut request = with(ask(Method::POST, path), "content-type", "application/x-www-form-urlencoded");
    *request.body_mut() = Body::from(body.to_owned());
    with(request, "origin", &format!("http://{HOST}"))
}

impl House {
    fn gate(&self) -> Gate {
        Gate { door: self.door.clone(), limits: Arc::new(Limits::new(binnacle::rest::RATE)) }
    }

    async fn answer(&self, request: Request<Body>) -> Response {
        self.router.clone().oneshot(request).await.expect("an answer")
    }

    async fn status(&self, request: Request<Body>) -> StatusCode {
        self.answer(request).await.status()
    }

    async fn token(&self, role: Role) -> String {
        let who = Who { name: "ann".into(), role: Some(Role::Admin), way: Way::Loopback, from: [127, 0, 0, 1].into() };
        make_token(&self.store, &who, role.word(), role, HOUR).await.expect("a token").secret
    }

    async fn user(&self, name: &str, password: &str, role: Role) {
        let password = access::hashed("", password).await.expect("a hash");
        let user = User { name: name.into(), password, role: role.word().into(), created: 0, disabled: false };
        self.store.add_user(&user).await.expect("a user");
    }

    /// Signs in; the cookie, as a browser sends it back.
    async fn sign_in(&self, name: &str, password: &str) -> Option<String> {
        let answer = self.answer(form("/sign-in", &format!("name={name}&password={password}"))).await;
        let cookie = answer.headers().get(header::SET_COOKIE)?.to_str().expect("text").to_owned();
        assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"), "{cookie}");
        Some(cookie.split(';').next().expect("a pair").to_owned())
    }
}

async fn text(answer: Response) -> String {
    let bytes = answer.into_body().collect().await.expect("a body").to_bytes();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// A path of the table with something in its places.
fn filled(path: &str) -> String {
    let path = path.replace("{group}", "core").replace("{plural}", "pods").replace("{namespace}", "ims");
    let path = path.replace("{pod}", "hss-0");
    path.replace("{cluster}", "demo").replace("{id}", "0123456789abcdef").replace("{name}", "zoe")
}

#[tokio::test]
async fn every_route_is_walked_as_nobody_and_in_every_role() {
    let house = house(Ways { local: true, ..Ways::default() }).await;
    for row in table() {
        let path = filled(row.path);
        let visitors = [None, Some(Role::Viewer), Some(Role::Operator), Some(Role::Admin)];
        for visitor in visitors {
            let mut request = ask(row.method.clone(), &path);
            if let Some(role) = visitor {
                request = with(request, "authorization", &format!("Bearer {}", house.token(role).await));
            }
            let status = house.status(request).await;
            let refused = status == StatusCode::UNAUTHORIZED || status == StatusCode::FORBIDDEN;
            let expected = match (row.needs, visitor) {
                (Needs::Role(_), None) => true,
                (Needs::Role(role), Some(has)) => has < role,
                // They judge themselves; without a key or a password the answer is a refusal of theirs.
                (Needs::Nothing | Needs::Link, _) => refused,
            };
            assert_eq!(refused, expected, "{} {path} as {visitor:?} answered {status}", row.method);
            assert_ne!(status, StatusCode::METHOD_NOT_ALLOWED, "{} {path} is in the table, but not served", row.method);
        }
    }
}

#[tokio::test]
async fn without_a_demonstration_nothing_can_be_broken_and_no_tour_leads() {
    let house = house(Ways { loopback: true, ..Ways::default() }).await;
    for path in ["/tour?to=1", "/c/demo/break"] {
        assert_eq!(house.status(ask(Method::GET, path)).await, StatusCode::NOT_FOUND, "{path}");
    }
    let cut = form("/c/demo/break", "act=break&fault=network&of=host4");
    assert_eq!(house.status(cut).await, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn an_operator_breaks_the_demonstration_and_mends_it_by_forms_of_this_site() {
    let lasting = Lasting { idle: HOUR, whole: HOUR };
    let house = house_with(Ways { loopback: true, ..Ways::default() }, lasting, true).await;
    let cut = || form("/c/demo/break", "act=break&fault=network&of=host4");
    let foreign = with(cut(), "origin", "http://elsewhere.invalid");
    assert_eq!(house.status(foreign).await, StatusCode::FORBIDDEN);
    let broken = async || text(house.answer(ask(Method::GET, "/c/demo/break")).await).await;
    assert!(broken().await.contains(app::texts::demo::NOTHING_BROKEN));
    assert_eq!(house.status(cut()).await, StatusCode::SEE_OTHER);
    assert!(broken().await.contains("network cut on host4"));
    for (wrong, status) in [
        ("act=break&fault=network&of=host9", StatusCode::UNPROCESSABLE_ENTITY),
        ("act=break&fault=etcd&of=host1", StatusCode::UNPROCESSABLE_ENTITY),
        ("act=burn&fault=network&of=host4", StatusCode::UNPROCESSABLE_ENTITY),
        ("act=mend-all", StatusCode::SEE_OTHER),
    ] {
        assert_eq!(house.status(form("/c/demo/break", wrong)).await, status, "{wrong}");
    }
    assert!(broken().await.contains(app::texts::demo::NOTHING_BROKEN));
    assert_eq!(house.status(ask(Method::GET, "/c/other/break")).await, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_tour_keeps_its_step_in_a_cookie_until_it_is_left() {
    let lasting = Lasting { idle: HOUR, whole: HOUR };
    let house = house_with(Ways { loopback: true, ..Ways::default() }, lasting, true).await;
    let led = async |path: &str| {
        let answer = house.answer(ask(Method::GET, path)).await;
        assert_eq!(answer.status(), StatusCode::SEE_OTHER, "{path}");
        let of = |name| answer.headers()[name].to_str().expect("text").to_owned();
        (of(header::LOCATION), of(header::SET_COOKIE).split(';').next().expect("a pair").to_owned())
    };
    let (to, cookie) = led("/tour?to=4").await;
    assert_eq!(to, "/c/demo/break");
    let page = text(house.answer(with(ask(Method::GET, &to), "cookie", &cookie)).await).await;
    assert!(page.contains("Step 4 of 8") && page.contains("/tour?to=5"), "{page}");
    let (to, cookie) = led("/tour?to=0").await;
    assert_eq!(to, "/c/demo");
    assert!(cookie.ends_with('='), "{cookie}");
    assert!(!text(house.answer(with(ask(Method::GET, &to), "cookie", &cookie)).await).await.contains("Step "));
}

#[tokio::test]
async fn a_route_that_the_table_does_not_name_is_refused() {
    let house = house(Ways { loopback: true, ..Ways::default() }).await;
    let stray = Router::new()
        .route("/stray", get(|| async { "secret" }))
        .layer(axum::middleware::from_fn_with_state(house.gate(), access::guard));
    let answer = stray.oneshot(ask(Method::GET, "/stray")).await.expect("an answer");
    assert_eq!(answer.status(), StatusCode::NOT_FOUND);
    assert_eq!(house.status(ask(Method::DELETE, "/c/demo")).await, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(house.status(ask(Method::POST, "/nowhere")).await, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn without_sign_in_whoever_is_on_this_machine_sees_and_operates_but_is_no_admin() {
    let house = house(Ways { loopback: true, ..Ways::default() }).await;
    let answer = house.answer(ask(Method::GET, "/plans")).await;
    assert_eq!(answer.status(), StatusCode::OK);
    assert!(text(answer).await.contains(app::texts::NO_SIGN_IN), "the page says so");
    assert_eq!(house.status(ask(Method::GET, "/audit")).await, StatusCode::FORBIDDEN);
    // Behind a trusted proxy they are not on this machine.
    let mut through = with(ask(Method::GET, "/plans"), "x-forwarded-for", "198.51.100.4");
    let proxy: SocketAddr = "192.0.2.7:1".parse().expect("an address");
    through.extensions_mut().insert(ConnectInfo(proxy));
    assert_eq!(house.status(through).await, StatusCode::UNAUTHORIZED);
    // Nor does saying that they are put them there.
    for told in ["127.0.0.1", "::1, 192.0.2.7"] {
        let mut through = with(ask(Method::GET, "/plans"), "x-forwarded-for", told);
        through.extensions_mut().insert(ConnectInfo(proxy));
        assert_eq!(house.status(through).await, StatusCode::UNAUTHORIZED, "{told}");
    }
}

#[tokio::test]
async fn only_who_comes_by_tls_is_told_to_come_by_nothing_else() {
    let house = house(Ways { local: true, ..Ways::default() }).await;
    let strict = |answer: Response| answer.headers().contains_key(header::STRICT_TRANSPORT_SECURITY);
    let told = |peer: &str| {
        let mut asked = with(ask(Method::GET, "/sign-in"), "x-forwarded-proto", "https");
        asked.extensions_mut().insert(ConnectInfo::<SocketAddr>(peer.parse().expect("an address")));
        asked
    };
    assert!(!strict(house.answer(ask(Method::GET, "/sign-in")).await), "plain");
    assert!(!strict(house.answer(told("198.51.100.4:1")).await), "a stranger's word is nothing");
    assert!(strict(house.answer(told("192.0.2.7:1")).await), "a trusted proxy's is");
    let refused = with(told("192.0.2.7:1"), "authorization", "Bearer bnc_none");
    assert!(strict(house.answer(refused).await), "what is refused says so, too");
}

#[tokio::test]
async fn a_host_that_is_not_ours_is_refused_whatever_is_asked() {
    let house = house(Ways { loopback: true, ..Ways::default() }).await;
    for host in ["rebound.example", "rebound.example:8080", "127.0.0.1.evil.example", ""] {
        let request = with(ask(Method::GET, "/plans"), "host", host);
        assert_eq!(house.status(request).await, StatusCode::MISDIRECTED_REQUEST, "{host}");
    }
    let mut two = ask(Method::GET, "/plans");
    two.headers_mut().append(header::HOST, "evil.example".parse().expect("a host"));
    assert_eq!(house.status(two).await, StatusCode::MISDIRECTED_REQUEST, "two hosts");
}

#[tokio::test]
async fn health_is_told_whatever_the_host_and_names_no_cluster() {
    let house = house(Ways { loopback: true, ..Ways::default() }).await;
    for path in ["/healthz", "/readyz"] {
        for host in ["binnacle.monitoring.svc", "198.51.100.4:8080", "rebound.example", ""] {
            let answer = house.answer(with(ask(Method::GET, path), "host", host)).await;
            assert_eq!(answer.status(), StatusCode::OK, "{path} {host}");
            assert!(!text(answer).await.contains("cluster"), "{path} {host}");
        }
        let mut none = ask(Method::HEAD, path);
        none.headers_mut().remove(header::HOST);
        assert_eq!(house.status(none).await, StatusCode::OK, "{path} without a host");
    }
    let numbers = with(ask(Method::GET, "/metrics"), "host", "rebound.example");
    assert_eq!(house.status(numbers).await, StatusCode::UNAUTHORIZED, "whoever is on this machine is nobody there");
}

#[tokio::test]
async fn a_frame_without_an_origin_follows_its_figure_by_a_link_alone() {
    let house = house(Ways { loopback: true, ..Ways::default() }).await;
    let stream = |query: &str| {
        let request = ask(Method::GET, &format!("/embed/demo/architecture/stream{query}"));
        with(with(request, "upgrade", "websocket"), "origin", "null")
    };
    for query in ["", "?link=", "?link=&link=forged", "?linked=forged"] {
        assert_eq!(house.status(stream(query)).await, StatusCode::FORBIDDEN, "{query}: the guard refuses");
    }
    // The guard leaves it to the figure, which refuses what is no upgrade in full.
    assert_ne!(house.status(stream("?link=forged")).await, StatusCode::OK);
}

#[tokio::test]
async fn a_page_of_another_site_can_neither_act_nor_listen() {
    let house = house(Ways { loopback: true, ..Ways::default() }).await;
    for (name, value) in [
        ("origin", "http://evil.example"),
        ("origin", "null"),
        ("origin", "http://127.0.0.1:9"),
        ("sec-fetch-site", "cross-site"),
    ] {
        let post = with(ask(Method::POST, "/plans"), name, value);
        assert_eq!(house.status(post).await, StatusCode::FORBIDDEN, "{name}: {value}");
        let stream = with(with(ask(Method::GET, "/c/demo/stream"), "upgrade", "websocket"), name, value);
        assert_eq!(house.status(stream).await, StatusCode::FORBIDDEN, "{name}: {value}");
    }
    let ours = with(ask(Method::POST, "/plans"), "origin", &format!("http://{HOST}"));
    assert_ne!(house.status(ours).await, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_page_of_another_site_loads_nothing_that_needs_a_role() {
    let house = house(Ways { loopback: true, ..Ways::default() }).await;
    for path in ["/c/demo/architecture.svg", "/embed/demo/architecture.svg"] {
        let load =
            |site: &str, mode: &str| with(with(ask(Method::GET, path), "sec-fetch-site", site), "sec-fetch-mode", mode);
        assert_eq!(house.status(load("cross-site", "no-cors")).await, StatusCode::FORBIDDEN, "an image of {path}");
        assert_eq!(house.status(load("cross-site", "cors")).await, StatusCode::FORBIDDEN, "a script's question");
        assert_ne!(
            house.status(load("cross-site", "navigate")).await,
            StatusCode::FORBIDDEN,
            "a link that is followed"
        );
        assert_ne!(house.status(load("same-origin", "no-cors")).await, StatusCode::FORBIDDEN, "our own page");
    }
}

#[tokio::test]
async fn a_request_that_an_unnamed_proxy_passed_on_is_nobodys() {
    let house = house(Ways { loopback: true, ..Ways::default() }).await;
    for name in ["x-forwarded-for", "forwarded", "via", "x-real-ip"] {
        let answer = house.answer(with(ask(Method::GET, "/plans"), name, "198.51.100.4")).await;
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "{name}");
        assert!(text(answer).await.contains("trusted_proxies"), "{name}");
        assert_eq!(house.status(with(ask(Method::GET, "/healthz"), name, "198.51.100.4")).await, StatusCode::OK);
    }
}

#[tokio::test]
async fn refused_requests_fill_neither_the_audit_nor_the_log() {
    let house = house(Ways { loopback: true, ..Ways::default() }).await;
    for n in 0..40 {
        let post = with(ask(Method::POST, &format!("/c/demo/backups?{n}")), "origin", "http://evil.example");
        assert_eq!(house.status(post).await, StatusCode::FORBIDDEN);
        let mut stranger = ask(Method::POST, "/sign-out");
        stranger.extensions_mut().insert(ConnectInfo::<SocketAddr>("198.51.100.9:1".parse().expect("an address")));
        house.status(stranger).await;
    }
    let kept = house.store.remembered(&Sought::default(), 1_000).await.expect("entries");
    assert!((2..=10).contains(&kept.len()), "{} entries", kept.len());
}

#[tokio::test]
async fn beyond_the_limit_nothing_is_written_into_the_audit() {
    let house = house(Ways { local: true, ..Ways::default() }).await;
    let token = house.token(Role::Viewer).await;
    let few = Gate { door: house.door.clone(), limits: Arc::new(Limits::new(3.try_into().expect("not zero"))) };
    let gated = Router::new()
        .route("/tokens", get(|| async { "tokens" }).post(|| async { "made" }))
        .layer(axum::middleware::from_fn_with_state(few, access::guard));
    let mut statuses = Vec::new();
    for _ in 0..6 {
        let post = with(ask(Method::POST, "/tokens"), "authorization", &format!("Bearer {token}"));
        statuses.push(gated.clone().oneshot(post).await.expect("an answer").status().as_u16());
    }
    assert_eq!(statuses, [403, 403, 403, 429, 429, 429]);
    assert_eq!(house.store.remembered(&Sought::default(), 100).await.expect("entries").len(), 3);
}

#[tokio::test]
async fn a_page_that_came_without_tls_cannot_act_where_the_server_is_reached_by_it() {
    let house = house(Ways { local: true, ..Ways::default() }).await;
    let post = |peer: &str, proto: &str, origin: &str| {
        let mut post = with(ask(Method::POST, "/sign-out"), "x-forwarded-proto", proto);
        post.extensions_mut().insert(ConnectInfo::<SocketAddr>(peer.parse().expect("an address")));
        with(post, "origin", &format!("{origin}://{HOST}"))
    };
    let (proxy, stranger) = ("192.0.2.7:1", "198.51.100.4:1");
    for (peer, proto, origin, refused) in [
        (proxy, "https", "https", false),
        (proxy, "https", "http", true),
        (proxy, "http", "https", true),
        (proxy, "http", "http", false),
        // What a stranger tells of it is nothing, so that nothing is known.
        (stranger, "https", "http", false),
        (stranger, "http", "https", false),
    ] {
        let status = house.status(post(peer, proto, origin)).await;
        assert_eq!(status == StatusCode::FORBIDDEN, refused, "{peer} {proto} {origin}: {status}");
    }
}

#[tokio::test]
async fn a_local_user_signs_in_is_known_and_signs_out() {
    let house = house(Ways { local: true, ..Ways::default() }).await;
    house.user("ann", "correct-horse-battery", Role::Operator).await;
    let page = with(ask(Method::GET, "/plans?theme=dark"), "accept", "text/html");
    let answer = house.answer(page).await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    assert_eq!(answer.headers()[header::LOCATION], "/sign-in?next=/plans%3Ftheme%3Ddark");
    assert_eq!(house.sign_in("ann", "wrong-horse-battery").await, None);
    let cookie = house.sign_in("ann", "correct-horse-battery").await.expect("signed in");
    let answer = house.answer(with(ask(Method::GET, "/plans"), "cookie", &cookie)).await;
    assert!(text(answer).await.contains("ann · operator"));
    // A browser says where a post comes from; a cookie without it is not believed.
    let silent = with(ask(Method::POST, "/sign-out-everywhere"), "cookie", &cookie);
    assert_eq!(house.status(silent).await, StatusCode::FORBIDDEN);
    let other = house.sign_in("ann", "correct-horse-battery").await.expect("signed in elsewhere");
    let out = house.answer(with(form("/sign-out", ""), "cookie", &cookie)).await;
    assert_eq!(out.status(), StatusCode::SEE_OTHER);
    assert_eq!(house.status(with(ask(Method::GET, "/plans"), "cookie", &cookie)).await, StatusCode::UNAUTHORIZED);
    assert_eq!(house.status(with(ask(Method::GET, "/plans"), "cookie", &other)).await, StatusCode::OK);
    house.answer(with(form("/sign-out-everywhere", ""), "cookie", &other)).await;
    assert_eq!(house.status(with(ask(Method::GET, "/plans"), "cookie", &other)).await, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_disabled_user_is_out_and_a_changed_role_holds_at_once() {
    let house = house(Ways { local: true, ..Ways::default() }).await;
    house.user("ann", "correct-horse-battery", Role::Admin).await;
    let cookie = house.sign_in("ann", "correct-horse-battery").await.expect("signed in");
    let see = async |path: &str| house.status(with(ask(Method::GET, path), "cookie", &cookie)).await;
    assert_eq!(see("/audit").await, StatusCode::OK);
    let ann = house.store.user("ann").await.expect("an answer").expect("ann");
    house.store.change_user(&User { role: "viewer".into(), ..ann.clone() }).await.expect("changed");
    assert_eq!(see("/audit").await, StatusCode::FORBIDDEN);
    house.store.change_user(&User { disabled: true, ..ann }).await.expect("changed");
    assert_eq!(see("/plans").await, StatusCode::UNAUTHORIZED);
    assert_eq!(house.sign_in("ann", "correct-horse-battery").await, None);
}

#[tokio::test]
async fn a_session_ends_when_it_is_idle_and_when_it_is_old() {
    let short = Lasting { idle: Duration::from_millis(300), whole: HOUR };
    for lasting in [short, Lasting { idle: HOUR, whole: Duration::from_millis(300) }] {
        let house = house_of(Ways { local: true, ..Ways::default() }, lasting).await;
        house.user("ann", "correct-horse-battery", Role::Viewer).await;
        let cookie = house.sign_in("ann", "correct-horse-battery").await.expect("signed in");
        tokio::time::sleep(Duration::from_millis(400)).await;
        let late = with(ask(Method::GET, "/plans"), "cookie", &cookie);
        assert_eq!(house.status(late).await, StatusCode::UNAUTHORIZED, "{lasting:?}");
    }
}

#[tokio::test]
async fn failed_sign_ins_must_wait_and_are_told_how_long() {
    let house = house(Ways { local: true, ..Ways::default() }).await;
    house.user("ann", "correct-horse-battery", Role::Viewer).await;
    let mut statuses = Vec::new();
    for _ in 0..6 {
        statuses.push(house.status(form("/sign-in", "name=ann&password=wrong-horse-battery")).await.as_u16());
    }
    assert_eq!(statuses, [401, 401, 401, 401, 429, 429]);
    let slow = house.answer(form("/sign-in", "name=ann&password=correct-horse-battery")).await;
    assert_eq!(slow.status(), StatusCode::TOO_MANY_REQUESTS, "the right password waits too");
    assert!(slow.headers().contains_key(header::RETRY_AFTER));
}

#[tokio::test]
async fn guesses_that_are_sent_all_at_once_must_wait_like_those_sent_in_turn() {
    let house = house(Ways { local: true, ..Ways::default() }).await;
    house.user("ann", "correct-horse-battery", Role::Viewer).await;
    let guess = |_| house.status(form("/sign-in", "name=ann&password=wrong-horse-battery"));
    let statuses = futures::future::join_all((0..20).map(guess)).await;
    let told = statuses.iter().filter(|status| **status == StatusCode::UNAUTHORIZED).count();
    // Four are told at once; each wait that ends while the rest are compared lets one more in.
    assert!((4..=8).contains(&told), "{statuses:?}");
    assert_eq!(statuses.iter().filter(|status| **status == StatusCode::TOO_MANY_REQUESTS).count(), 20 - told);
}

#[tokio::test]
async fn a_token_acts_in_its_role_until_it_is_revoked_or_expires() {
    let house = house(Ways::default()).await;
    let token = house.token(Role::Admin).await;
    let bearer = |path: &str| with(ask(Method::GET, path), "authorization", &format!("Bearer {token}"));
    assert_eq!(house.status(bearer("/audit")).await, StatusCode::OK);
    let id = token.split('_').nth(1).expect("an id");
    assert!(house.store.token(id).await.expect("an answer").expect("kept").used.is_some(), "its last use is kept");
    house.store.revoke_token(id, 1).await.expect("revoked");
    assert_eq!(house.status(bearer("/audit")).await, StatusCode::UNAUTHORIZED);
    for forged in ["", "Bearer", "Basic YTpi", "Bearer bnc_0123456789abcdef_00", &format!("Bearer {token}0")] {
        let request = with(ask(Method::GET, "/plans"), "authorization", forged);
        assert_eq!(house.status(request).await, StatusCode::UNAUTHORIZED, "{forged}");
    }
    let viewer = Who { name: "bob".into(), role: Some(Role::Viewer), way: Way::Loopback, from: [127, 0, 0, 1].into() };
    assert!(make_token(&house.store, &viewer, "x", Role::Operator, HOUR).await.is_err(), "no higher than its maker");
}

#[tokio::test]
async fn secrets_are_kept_only_as_hashes() {
    let house = house(Ways { local: true, ..Ways::default() }).await;
    house.user("ann", "correct-horse-battery", Role::Viewer).await;
    let cookie = house.sign_in("ann", "correct-horse-battery").await.expect("signed in");
    let token = house.token(Role::Viewer).await;
    house.store.close().await;
    let mut kept = Vec::new();
    for file in std::fs::read_dir(&house.folder).expect("a folder") {
        kept.extend(std::fs::read(file.expect("a file").path()).expect("bytes"));
    }
    let kept = String::from_utf8_lossy(&kept);
    let secrets =
        ["correct-horse-battery", cookie.split('=').nth(1).expect("a value"), token.rsplit('_').next().expect("half")];
    for secret in secrets {
        assert!(!kept.contains(secret), "{secret} is in the database");
    }
    assert!(kept.contains("$argon2id$"));
}

#[tokio::test]
async fn what_acts_is_in_the_audit_allowed_or_not_and_says_no_secret() {
    let house = house(Ways { local: true, ..Ways::default() }).await;
    house.user("ann", "correct-horse-battery", Role::Admin).await;
    house.sign_in("ann", "wrong-horse-battery").await;
    let cookie = house.sign_in("ann", "correct-horse-battery").await.expect("signed in");
    let answer = house.answer(with(form("/tokens", "name=pipeline&role=operator&days=3"), "cookie", &cookie)).await;
    assert_eq!(answer.status(), StatusCode::CREATED);
    let page = text(answer).await;
    let secret = page.split("bnc_").nth(1).expect("shown once").split('<').next().expect("its end").to_owned();
    let operator = format!("Bearer bnc_{secret}");
    let refused = with(form("/tokens", "name=more&role=admin&days=3"), "authorization", &operator);
    assert_eq!(house.status(refused).await, StatusCode::FORBIDDEN);
    let kept = house.store.remembered(&Sought::default(), 100).await.expect("entries");
    let lines: Vec<_> =
        kept.iter().rev().map(|k| (k.entry.who.as_str(), k.entry.action.as_str(), k.entry.allowed)).collect();
    assert_eq!(
        lines,
        [
            ("nobody", "sign-in", false),
            ("nobody", "sign-in", true),
            ("ann", "token.create", true),
            ("token pipeline", "token.create", false),
        ]
    );
    let all = format!("{kept:?}");
    assert!(!all.contains(&secret) && !all.contains("horse"), "{all}");
    let listed = text(house.answer(with(ask(Method::GET, "/tokens"), "cookie", &cookie)).await).await;
    assert!(listed.contains("pipeline") && !listed.contains(&secret), "it is shown once");
}

#[tokio::test]
async fn the_first_admin_is_made_once_by_whoever_started_the_server() {
    let house = house(Ways { local: true, ..Ways::default() }).await;
    let key = house.door.first_key().await.expect("an answer").expect("nobody is an admin");
    let make = |key: &str| form("/first", &format!("key={key}&name=ann&password=correct-horse-battery"));
    assert_eq!(house.status(make("0000")).await, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(house.status(make(&key)).await, StatusCode::SEE_OTHER);
    assert_eq!(house.status(make(&key)).await, StatusCode::NOT_FOUND, "no link is out any more");
    assert!(house.sign_in("ann", "correct-horse-battery").await.is_some());
    assert_eq!(house.door.first_key().await.expect("an answer"), None);
}

#[tokio::test]
async fn every_answer_tells_the_browser_what_it_may_do() {
    let house = house(Ways { loopback: true, ..Ways::default() }).await;
    for path in ["/plans", "/nowhere", "/c/demo", "/c/demo/architecture.svg", "/c/demo/drift.json"] {
        let answer = house.answer(ask(Method::GET, path)).await;
        let said = |name: &str| answer.headers().get(name).map(|value| value.to_str().expect("text").to_owned());
        let policy = said("content-security-policy").expect("a policy");
        assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{path}: {policy}");
        assert!(
            !policy.contains("script-src 'unsafe-inline'") && !policy.contains(" 'unsafe-eval'"),
            "{path}: {policy}"
        );
        assert_eq!(said("x-content-type-options").as_deref(), Some("nosniff"), "{path}");
        assert_eq!(said("referrer-policy").as_deref(), Some("same-origin"), "{path}");
    }
    let page = house.answer(ask(Method::GET, "/c/demo")).await;
    let policy = page.headers()["content-security-policy"].to_str().expect("text").to_owned();
    let html = text(page).await;
    assert!(!html.contains(" style=\"") && !html.contains(" onclick"), "what the policy would block");
    if let Some(nonce) = html.split("<script type=\"module\" nonce=\"").nth(1) {
        let nonce = nonce.split('"').next().expect("its end");
        assert!(policy.contains(&format!("'nonce-{nonce}'")), "{policy}");
    }
}
