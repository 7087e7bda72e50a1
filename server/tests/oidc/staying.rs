//! For how long somebody stays signed in, and how that ends.

use std::time::Duration;

use axum::http::{Method, StatusCode, header};
use binnacle::{
    access::{Role, Way, Who, make_token},
    store::Session,
};
use serde_json::{Value, json};

use super::{
    house::House,
    provider::{Provider, Shape, now, pairs},
};

fn refreshing() -> Shape {
    Shape { answer: json!({"refresh_token": "refresh-1"}), ..Shape::default() }
}

async fn until(what: &str, mut met: impl AsyncFnMut() -> bool) {
    for _ in 0..300 {
        if met().await {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    panic!("{what} within 30 seconds");
}

#[tokio::test]
async fn a_role_is_looked_at_anew_by_a_refresh_token_that_only_the_cookie_opens() {
    let house = House::new(Provider::start(refreshing()).await).await;
    let mut browser = house.browser();
    browser.sign_in().await;
    let sealed = house.session().await.sealed;
    assert!(
        !sealed.is_empty()
            && !sealed.contains("refresh-1")
            && !format!("{:?}", house.session().await).contains("refresh-1")
    );
    let forms = || house.provider.forms.lock().unwrap().clone();
    assert_eq!((browser.role().await.as_str(), forms().len()), ("operator", 1), "nothing is due yet");
    // The person has left one group for another, and the provider gives other tokens each time.
    let moved = Shape {
        claims: json!({"groups": ["staff"], "nonce": null}),
        answer: json!({"refresh_token": "refresh-2"}),
        ..Shape::default()
    };
    house.provider.now_is(moved.clone());
    house.aged(40).await;
    assert_eq!(browser.role().await, "operator", "nobody waits before the time is over");
    until("the role changes", async || house.session().await.role == "viewer").await;
    assert_eq!(browser.role().await, "viewer");
    assert_eq!(forms()[1]["refresh_token"], "refresh-1");
    assert!(house.audit().await.contains("session.role Ann operator before, viewer now"), "{}", house.audit().await);
    assert_ne!(house.session().await.sealed, sealed);
}

#[tokio::test]
async fn when_the_time_is_over_a_page_waits_for_the_provider() {
    let house = House::new(Provider::start(refreshing()).await).await;
    let mut browser = house.browser();
    browser.sign_in().await;
    // The provider tells of groups by userinfo alone when a token is renewed.
    house.provider.now_is(Shape {
        answer: json!({"id_token": null}),
        userinfo: json!({"sub": "u1", "name": "Ann Other", "groups": ["root"]}),
        ..Shape::default()
    });
    house.aged(90).await;
    assert_eq!(browser.role().await, "admin");
    assert_eq!(house.session().await.who, "Ann Other");
}

#[tokio::test]
async fn a_session_ends_when_the_provider_refuses_or_gives_no_role_any_more() {
    let left = Shape { claims: json!({"groups": ["guests"]}), ..refreshing() };
    let refused = Shape { token_error: Some(("invalid_grant", "Session not active")), ..refreshing() };
    let another = Shape { claims: json!({"sub": "u2"}), ..refreshing() };
    for (shape, said) in
        [(left, "names these groups of yours: guests"), (refused, "Session not active"), (another, "another person")]
    {
        let house = House::new(Provider::start(refreshing()).await).await;
        let mut browser = house.browser();
        browser.sign_in().await;
        house.provider.now_is(shape);
        house.aged(90).await;
        assert_eq!(browser.role().await, "303 /sign-in");
        assert_eq!(house.store.sessions(9).await.unwrap(), []);
        let audit = house.audit().await;
        assert!(audit.contains("session.end Ann oidc: ") && audit.contains(said), "{audit}");
    }
}

#[tokio::test]
async fn a_token_of_a_providers_person_has_no_more_than_their_last_role() {
    let house = House::new(Provider::start(refreshing()).await).await;
    let mut browser = house.browser();
    browser.sign_in().await;
    let session = house.session().await;
    let from = "127.0.0.1".parse().expect("an address");
    let way = Way::Session { id: session.id, subject: session.subject.clone() };
    let ann = Who { name: "Ann".into(), role: Some(Role::Operator), way, from };
    let made =
        make_token(&house.store, &ann, "pipeline", Role::Operator, Duration::from_secs(3_600)).await.expect("made");
    // Reading, and acting: what an operator may is refused for another cause here.
    let may = async || {
        let [read, act] = [Method::GET, Method::POST].map(|method| house.bearer(method, &made.secret));
        (read.await != StatusCode::UNAUTHORIZED, !matches!(act.await, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN))
    };
    assert_eq!(may().await, (true, true));
    let now = jiff::Timestamp::now().as_millisecond();
    for (told, at, expected) in [
        ("viewer", now, (true, false)),
        ("", now, (false, false)),
        ("operator", now, (true, true)),
        ("operator", now - 31 * 86_400_000, (false, false)),
    ] {
        house.store.learn_role(&session.subject, told, at).await.expect("kept");
        assert_eq!(may().await, expected, "{told}");
    }
    house.provider.now_is(Shape { claims: json!({"groups": ["guests"]}), ..refreshing() });
    house.store.learn_role(&session.subject, "operator", now).await.expect("kept");
    house.aged(90).await;
    browser.role().await;
    assert_eq!(may().await, (false, false), "the provider gives no role any more");
}

#[tokio::test]
async fn a_provider_that_is_away_ends_no_session_before_the_time_is_over() {
    let house = House::new(Provider::start(refreshing()).await).await;
    let mut browser = house.browser();
    browser.sign_in().await;
    house.provider.now_is(Shape { token_error: Some(("temporarily_unavailable", "")), ..refreshing() });
    house.aged(40).await;
    assert_eq!(browser.role().await, "operator");
    until("the provider is asked", async || house.provider.forms.lock().unwrap().len() == 2).await;
    assert_eq!(browser.role().await, "operator");
    house.aged(90).await;
    assert_eq!(browser.role().await, "303 /sign-in/oidc", "the browser may ask without a question");
    assert_eq!(house.store.sessions(9).await.unwrap().len(), 1);
}

#[tokio::test]
async fn without_a_refresh_token_a_page_goes_by_the_provider_without_a_question() {
    let house = House::new(Provider::start(Shape::default()).await).await;
    let mut browser = house.browser();
    browser.sign_in().await;
    let before = house.session().await;
    house.provider.now_is(Shape { claims: json!({"groups": ["root"]}), ..Shape::default() });
    house.aged(40).await;
    let page = browser.get("/plans?theme=dark").await;
    assert!(page.location().starts_with("/sign-in/oidc?silent=true&next="), "{}", page.location());
    // Another tab sees its page meanwhile, and the first is brought back to where it was.
    assert_eq!(browser.get("/plans").await.status, StatusCode::OK);
    let page = browser.follow(page).await;
    assert_eq!(page.status, StatusCode::OK);
    assert_eq!(browser.role().await, "admin");
    let after = house.session().await;
    assert_eq!(
        (after.id, after.created, after.expires),
        (before.id, before.created, before.expires),
        "the same session"
    );
    assert_eq!(house.provider.asked.lock().unwrap()[1]["prompt"], "none");
    assert!(!house.provider.asked.lock().unwrap()[0].contains_key("prompt"));
    // Programs that cannot be led around are refused when the time is over, and no earlier.
    house.aged(90).await;
    house.provider.now_is(Shape { silent_error: Some("login_required"), ..Shape::default() });
    let page = browser.get("/plans").await;
    let page = browser.follow(page).await;
    assert!(page.wrong().contains("Your session at the sign-in provider has ended"), "{}", page.wrong());
    assert_eq!(house.store.sessions(9).await.unwrap(), []);
    assert!(!browser.cookies.keys().any(|name| name == "binnacle"));
}

#[tokio::test]
async fn signing_out_ends_the_session_at_the_provider_too() {
    let house = House::new(Provider::start(Shape::default()).await).await;
    let mut browser = house.browser();
    browser.sign_in().await;
    let page = browser.post("/sign-out", "").await;
    assert_eq!(page.status, StatusCode::OK);
    let to = page.headers[header::REFRESH].to_str().unwrap().strip_prefix("0; url=").unwrap().to_owned();
    assert!(to.starts_with(&format!("{}/out?tenant=1&", house.provider.issuer)), "{to}");
    let query = pairs(to.split_once('?').unwrap().1);
    assert_eq!(query["post_logout_redirect_uri"], "http://127.0.0.1:8080/sign-in/callback");
    assert_eq!((query["client_id"].as_str(), query["id_token_hint"].split('.').count()), ("binnacle", 3));
    assert_eq!(page.headers[header::REFERRER_POLICY], "no-referrer");
    assert!(page.text.contains("Sign out at the provider, too"));
    assert_eq!(house.store.sessions(9).await.unwrap(), []);
    // The provider sends the browser back to an address that it knows already.
    assert_eq!(browser.get("/sign-in/callback").await.location(), "/sign-in");
    // Where the provider offers nothing of the kind, the session here ends all the same.
    let shape = Shape { discovery: json!({"end_session_endpoint": null}), ..Shape::default() };
    let house = House::new(Provider::start(shape).await).await;
    let mut browser = house.browser();
    browser.sign_in().await;
    assert_eq!(house.session().await.sealed, "", "nothing is kept that nothing needs");
    assert_eq!(browser.post("/sign-out", "").await.location(), "/sign-in");
}

fn logout(house: &House, change: &Value) -> String {
    let mut claims = json!({
        "iss": house.provider.issuer, "aud": "binnacle", "iat": now(), "exp": now() + 120, "sub": "u1", "sid": "s1",
        "jti": format!("{:x}", fastrand::u64(..)), "events": {"http://schemas.openid.net/event/backchannel-logout": {}},
    });
    for (name, value) in change.as_object().expect("an object") {
        claims[name] = value.clone();
    }
    let head = json!({"alg": "EdDSA", "kid": "k1", "typ": "logout+jwt"});
    format!("logout_token={}", house.provider.signed(&head, &claims))
}

#[tokio::test]
async fn the_provider_ends_sessions_by_a_logout_token_that_counts_once() {
    let house = House::new(Provider::start(Shape::default()).await).await;
    let mut browser = house.browser();
    browser.sign_in().await;
    let mut provider = house.browser();
    for (change, fragment) in [
        (json!({"aud": "another"}), "audience"),
        (json!({"events": {}}), "events"),
        (json!({"nonce": "n"}), "nonce"),
        (json!({"iat": now() - 4_000, "exp": now() - 3_900}), "expired"),
        (json!({"iss": "https://else.example"}), "another provider"),
    ] {
        let page = provider.post("/sign-in/logged-out", &logout(&house, &change)).await;
        assert_eq!((page.status, page.text.contains(fragment)), (StatusCode::BAD_REQUEST, true), "{}", page.text);
    }
    let forged = logout(&house, &json!({})).replace("logout_token=ey", "logout_token=eX");
    assert_eq!(provider.post("/sign-in/logged-out", &forged).await.status, StatusCode::BAD_REQUEST);
    let other = provider.post("/sign-in/logged-out", &logout(&house, &json!({"sid": "s2"}))).await;
    assert_eq!(other.status, StatusCode::OK);
    assert_eq!(browser.role().await, "operator", "another session of the same person ended");
    let token = logout(&house, &json!({}));
    let page = provider.post("/sign-in/logged-out", &token).await;
    assert_eq!((page.status, page.headers[header::CACHE_CONTROL].to_str().unwrap()), (StatusCode::OK, "no-store"));
    assert_eq!(browser.role().await, "303 /sign-in");
    browser.sign_in().await;
    assert_eq!(provider.post("/sign-in/logged-out", &token).await.status, StatusCode::OK);
    assert_eq!(browser.role().await, "operator", "the same token ends nothing more");
    let everywhere = logout(&house, &json!({"sid": ""}));
    provider.post("/sign-in/logged-out", &everywhere).await;
    assert_eq!(browser.role().await, "303 /sign-in");
}

#[tokio::test]
async fn admins_see_who_is_signed_in_and_end_it() {
    let house = House::new(Provider::start(Shape::default()).await).await;
    let (mut bob, mut again, mut ann) = (house.browser(), house.browser(), house.browser());
    bob.sign_in().await;
    again.sign_in().await;
    assert_eq!(bob.get("/sessions").await.status, StatusCode::FORBIDDEN);
    house
        .provider
        .now_is(Shape { claims: json!({"sub": "u2", "name": "Root", "groups": ["root"]}), ..Shape::default() });
    ann.sign_in().await;
    let page = ann.get("/sessions").await;
    let subject = format!("oidc {} u1", house.provider.issuer);
    assert_eq!((page.text.matches(&subject).count(), page.text.contains("This browser")), (4, true), "{}", page.text);
    let sessions = house.store.sessions(9).await.unwrap();
    let one: &Session = sessions.iter().find(|session| session.subject == subject).unwrap();
    assert_eq!(bob.post("/sessions/end", &format!("id={}", one.id)).await.status, StatusCode::FORBIDDEN);
    assert_eq!(ann.post("/sessions/end", &format!("id={}", one.id)).await.location(), "/sessions");
    let roles = [bob.role().await, again.role().await];
    assert_eq!(roles.iter().filter(|role| *role == "operator").count(), 1, "{roles:?}");
    let form = format!("subject={}", subject.replace(':', "%3A").replace('/', "%2F"));
    ann.post("/sessions/end", &form).await;
    assert_eq!([bob.role().await, again.role().await], ["303 /sign-in", "303 /sign-in"]);
    assert_eq!(ann.role().await, "admin");
    assert!(house.audit().await.contains(&format!("session.end {subject} all of them")));
}

#[tokio::test]
async fn tabs_leave_side_by_side_and_cookies_are_bound_to_this_host() {
    let house = House::new(Provider::start(Shape::default()).await).await;
    let mut browser = house.browser();
    browser.tls = true;
    let first = browser.get("/sign-in/oidc?next=/plans").await;
    let second = browser.get("/sign-in/oidc?next=/api").await;
    let names: Vec<&String> = browser.cookies.keys().collect();
    assert!(names.len() == 2 && names.iter().all(|name| name.starts_with("__Host-binnacle-left-")), "{names:?}");
    let (back, other) = (house.provider.answers(first.location()), house.provider.answers(second.location()));
    assert_eq!(browser.get(&back).await.location(), "/plans");
    assert_eq!(browser.get(&other).await.location(), "/api");
    let again = browser.get(&other).await;
    assert!(again.wrong().contains("finished before"), "{}", again.wrong());
    let mut stranger = house.browser();
    stranger.tls = true;
    stranger.cookies.insert("binnacle-left-00000000".into(), "planted".into());
    for _ in 0..20 {
        stranger.get("/sign-in/oidc").await;
    }
    let left = stranger.cookies.keys().filter(|name| name.contains("-left-")).count();
    assert!(left <= 7, "{left} cookies");
}

#[tokio::test]
async fn one_address_cannot_go_to_and_fro_without_end() {
    let house = House::new(Provider::start(Shape::default()).await).await;
    let mut rude = house.browser();
    let mut refused = 0;
    for _ in 0..150 {
        let page = rude.get("/sign-in/callback?code=x&state=y").await;
        refused += usize::from(page.status == StatusCode::TOO_MANY_REQUESTS);
        rude.cookies.clear();
    }
    assert!(refused > 10, "{refused} of 150");
    assert_eq!(*house.provider.discovered.lock().unwrap(), 0, "who brings nothing back costs the provider nothing");
    assert_eq!(rude.get("/sign-in/oidc").await.status, StatusCode::TOO_MANY_REQUESTS);
    let mut other = house.browser();
    other.from = "127.0.0.9:5555";
    other.sign_in().await;
    assert_eq!(other.role().await, "operator");
}
