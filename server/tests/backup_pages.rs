//! Pages of backups, the warnings on every page, and who is told of them: the real router and a real database.

#[path = "rest/house.rs"]
mod house;
mod shelf;

use axum::http::{Method, StatusCode};
use binnacle::{access::Role, backup::manifest::Rehearsal, store::CopyState};
use house::{House, ask};
use shelf::{HOUR, keep, manifest, now, press, read};

const LIST: &str = "/c/demo/backups";

#[tokio::test(flavor = "multi_thread")]
async fn a_list_tells_how_far_each_is_proved_and_where_it_lies() {
    let house = shelf::house().await;
    let (restored, sound) = (manifest(3, &[1, 2, 3, 4, 5, 6]), manifest(30, &[1, 2, 3, 4]));
    keep(&house, &restored, CopyState::Kept, "").await;
    keep(&house, &sound, CopyState::Bad, "its digest is <another>").await;
    let (status, page) = read(&house, LIST, Role::Viewer).await;
    assert_eq!(status, StatusCode::OK);
    for said in [
        "Test restore passed 2 hours ago (3.1 s)",
        "Test restore: not run yet",
        "6 of 6 steps",
        "etcd revisions intact",
        "1,234,567",
        "20.4 kB",
        "&lt;ann&gt;",
        "corrupted",
        "its digest is &lt;another&gt;",
    ] {
        assert!(page.contains(said), "{said} is missing: {page}");
    }
    assert!(!page.contains("<ann>") && !page.contains("<another>"));
    let (status, one) = read(&house, &format!("{LIST}/{}", restored.id), Role::Viewer).await;
    assert_eq!(status, StatusCode::OK);
    for said in ["with etcd 3.6.4", &"ab".repeat(32), &"cd".repeat(32), "999997", "kept: one of the newest"] {
        assert!(one.contains(said), "{said} is missing: {one}");
    }
    assert_eq!(read(&house, "/c/demo/backups/another", Role::Viewer).await.0, StatusCode::NOT_FOUND);
    assert_eq!(read(&house, "/c/other/backups", Role::Viewer).await.0, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_viewer_sees_and_cannot_act_and_only_an_admin_fetches_and_removes() {
    let house = shelf::house().await;
    let kept = manifest(1, &[1, 2, 3, 4, 5]);
    keep(&house, &kept, CopyState::Kept, "").await;
    let (one, remove) = (format!("{LIST}/{}", kept.id), format!("{LIST}/{}/remove", kept.id));
    for (role, takes, removes) in
        [(Role::Viewer, false, false), (Role::Operator, true, false), (Role::Admin, true, true)]
    {
        assert_eq!(read(&house, LIST, role).await.1.contains("name=\"key\""), takes, "{role:?}");
        assert_eq!(read(&house, "/c/demo", role).await.1.contains("Back up etcd"), takes, "{role:?}");
        let page = read(&house, &one, role).await.1;
        assert_eq!((page.contains("/file\""), page.contains("/remove\"")), (removes, removes), "{role:?}");
    }
    assert_eq!(press(&house, LIST, "key=k", Role::Viewer).await.0, StatusCode::FORBIDDEN);
    assert_eq!(press(&house, &remove, "confirm=999999", Role::Operator).await.0, StatusCode::FORBIDDEN);
    assert!(house.backups.course("demo").is_none(), "nothing was begun");
    let rehearse = format!("{LIST}/{}/rehearse", kept.id);
    assert_eq!(press(&house, &rehearse, "", Role::Viewer).await.0, StatusCode::FORBIDDEN);
    let mut sealed = manifest(2, &[1, 2, 3, 4, 5]);
    sealed.stored.recipients = vec!["age1q".into()];
    keep(&house, &sealed, CopyState::Kept, "").await;
    let (status, page) = press(&house, &format!("{LIST}/{}/rehearse", sealed.id), "", Role::Operator).await;
    assert!(status == StatusCode::CONFLICT && page.contains("its private key is not here"), "{page}");
    assert!(house.backups.trial("demo").is_none(), "nothing was begun");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_button_that_is_pressed_twice_begins_one_and_why_it_failed_is_told() {
    let house = shelf::house().await;
    let (status, to) = press(&house, LIST, "key=pressed", Role::Operator).await;
    assert_eq!((status, to.as_str()), (StatusCode::SEE_OTHER, LIST));
    let began = house.backups.course("demo").expect("it was begun").began;
    while house.backups.course("demo").expect("a course").goes_on() {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    let (status, to) = press(&house, LIST, "key=pressed", Role::Operator).await;
    assert_eq!((status, to.as_str()), (StatusCode::SEE_OTHER, LIST));
    assert_eq!(house.backups.course("demo").expect("a course").began, began, "it was pressed once");
    let (_, page) = read(&house, LIST, Role::Operator).await;
    assert!(page.contains("Backup failed: "), "{page}");
    let (_, part) = read(&house, "/c/demo/backups/part", Role::Operator).await;
    assert!(part.contains("data-ended") && !part.contains("<html"), "{part}");
    let audit = house.answer(ask(Method::GET, "/api/v1/audit?action=backup.start"), Role::Admin).await;
    let audit = house::json(audit).await;
    assert_eq!(audit["items"].as_array().map(Vec::len), Some(2), "both are remembered: {audit}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_another_server_takes_is_followed_here_and_not_taken_twice() {
    let house = shelf::house().await;
    let (store, minute) = (house.backups.store(), std::time::Duration::from_secs(60));
    store.hold("backup demo", "another", minute).await.expect("an answer");
    let (_, page) = read(&house, LIST, Role::Operator).await;
    assert!(page.contains("Another server is taking it") && !page.contains("name=\"key\""), "{page}");
    assert!(page.contains("http-equiv=\"refresh\""), "without a script it looks again");
    let (status, to) = press(&house, LIST, "key=pressed", Role::Operator).await;
    assert_eq!((status, to.as_str()), (StatusCode::SEE_OTHER, LIST));
    assert!(house.backups.course("demo").is_none(), "nothing was begun here");
    store.let_go("backup demo", "another").await.expect("an answer");
    let (_, page) = read(&house, LIST, Role::Operator).await;
    assert!(!page.contains("Another server") && !page.contains("http-equiv=\"refresh\""), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_restore_is_said_wherever_it_is_listed() {
    let house = shelf::house().await;
    let mut fails = manifest(4, &[1, 2, 3, 4, 5]);
    let failure = Some("etcd <panicked>".to_owned());
    fails.rehearsed(Rehearsal { at: now(), millis: 9, failure, ..Rehearsal::default() });
    keep(&house, &fails, CopyState::Kept, "").await;
    for path in [LIST.to_owned(), format!("{LIST}/{}", fails.id)] {
        let (_, page) = read(&house, &path, Role::Viewer).await;
        assert!(page.contains("Test restore failed: etcd &lt;panicked&gt;"), "{page}");
        assert!(!page.contains("Test restore passed"), "{page}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_goes_when_its_revision_is_typed_and_the_last_good_one_never_does() {
    let house = shelf::house().await;
    let (newer, older) = (manifest(1, &[1, 2, 3, 4, 5]), manifest(9, &[1, 2, 3, 4, 5]));
    keep(&house, &newer, CopyState::Kept, "").await;
    keep(&house, &older, CopyState::Kept, "").await;
    let remove = |of: &str| format!("{LIST}/{of}/remove");
    let (status, page) = press(&house, &remove(&older.id), "confirm=999", Role::Admin).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.contains("role=\"alert\"") && page.contains("Nothing was removed"), "{page}");
    let (status, to) = press(&house, &remove(&older.id), "confirm=+999991+", Role::Admin).await;
    assert_eq!((status, to.as_str()), (StatusCode::SEE_OTHER, LIST));
    assert_eq!(read(&house, &format!("{LIST}/{}", older.id), Role::Viewer).await.0, StatusCode::NOT_FOUND);
    let (status, page) = press(&house, &remove(&newer.id), "confirm=999999", Role::Admin).await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert!(page.contains("the only verified one of its cluster"), "{page}");
    assert_eq!(read(&house, &format!("{LIST}/{}", newer.id), Role::Viewer).await.0, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_are_told_in_pages_and_from_a_day_on() {
    let house = shelf::house().await;
    for hour in 1..=120 {
        keep(&house, &manifest(hour * 24, &[1, 2, 3, 4, 5]), CopyState::Kept, "").await;
    }
    let rows = |page: &str| page.matches("<tr>").count() - 1;
    let (_, first) = read(&house, LIST, Role::Viewer).await;
    assert_eq!(rows(&first), 50);
    let next = |page: &str| {
        let (_, rest) = page.split_once("backups?before=")?;
        Some(format!("{LIST}?before={}", rest.split('"').next()?))
    };
    let (_, second) = read(&house, &next(&first).expect("there are older ones"), Role::Viewer).await;
    assert_eq!(rows(&second), 50);
    let (_, third) = read(&house, &next(&second).expect("there are older ones"), Role::Viewer).await;
    assert_eq!((rows(&third), next(&third)), (20, None));
    let day = jiff::Timestamp::from_millisecond(now() - 115 * 24 * HOUR).expect("a time").strftime("%Y-%m-%d");
    let (_, until) = read(&house, &format!("{LIST}?until={day}"), Role::Viewer).await;
    assert_eq!(rows(&until), 6, "those of that day and before");
    let (_, dry) = read(&house, "/c/demo/backups/retention", Role::Viewer).await;
    assert!(dry.contains("no rule keeps it") && dry.contains("2 would be kept"), "{dry}");
    let told = house.json("/api/v1/clusters/demo/backup-retention").await;
    let of =
        |goes: bool| told[0]["backups"].as_array().expect("a list").iter().filter(|one| one["goes"] == goes).count();
    assert_eq!((of(true), of(false)), (118, 2), "the API tells the same");
    assert_eq!(house.backups.store().count_backups("demo").await.expect("an answer"), 120, "looking removes nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn where_no_etcd_is_known_the_page_says_what_to_set() {
    let house = House::still().await;
    let (status, page) = read(&house, LIST, Role::Operator).await;
    assert_eq!(status, StatusCode::OK);
    let names: Vec<&str> = binnacle::config::KEYS.iter().map(|key| key.name).collect();
    for (setting, _) in app::texts::backups::SETTINGS {
        assert!(names.contains(&setting), "there is no setting {setting}");
        assert!(page.contains(&format!("<code>{setting}</code>")), "{setting} is missing");
    }
    assert!(!page.contains("name=\"key\""));
    let (status, page) = press(&house, LIST, "key=k", Role::Operator).await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert!(page.contains("etcd_endpoints"), "{page}");
    assert!(read(&house, "/c/demo", Role::Viewer).await.1.contains("etcd backups not configured"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_grave_stands_on_every_page_until_it_ends_and_in_no_frame_of_a_portal() {
    let house = shelf::house().await;
    let said = "No verified etcd backup";
    let pages = [
        "/c/demo",
        "/c/demo/networking",
        "/c/demo/table",
        "/c/demo/drift",
        "/c/demo/deployments",
        LIST,
        "/c/demo/backups/retention",
        "/plans",
        "/api",
        "/nowhere",
    ];
    assert!(!read(&house, "/c/demo", Role::Viewer).await.1.contains(said), "nothing was found out yet");
    house.backups.find_out("demo").await;
    for path in pages {
        let (_, page) = read(&house, path, Role::Viewer).await;
        assert_eq!(page.matches(said).count(), 1, "{path}");
        assert!(page.contains("role=\"alert\"") && page.contains("Take one now."), "{path}");
    }
    let note = "No schedule takes backups of etcd";
    assert!(read(&house, "/c/demo/table", Role::Viewer).await.1.contains(note));
    assert!(!read(&house, "/plans", Role::Viewer).await.1.contains(note), "only what is grave concerns everybody");
    let (status, frame) = read(&house, "/embed/demo/architecture", Role::Viewer).await;
    assert!(status == StatusCode::OK && !frame.contains(said), "{frame}");
    let nobody = house.raw(ask(Method::GET, "/sign-in")).await;
    let nobody = String::from_utf8(house::bytes(nobody).await.to_vec()).expect("text");
    assert!(!nobody.contains(said), "who is nobody is told nothing");
    keep(&house, &manifest(1, &[1, 2, 3, 4, 5]), CopyState::Kept, "").await;
    house.backups.find_out("demo").await;
    assert!(!read(&house, "/c/demo", Role::Viewer).await.1.contains(said));
    assert!(read(&house, "/c/demo", Role::Viewer).await.1.contains("etcd backed up an hour ago"));
}

mod webhook {
    use std::sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    };

    use axum::{Router, body::Bytes, extract::State, http::HeaderMap, routing::post};
    use binnacle::webhook::Webhook;
    use hmac::Mac;
    use serde_json::Value;

    use super::*;

    const SECRET: &str = "a secret of many letters";

    /// An address that refuses the first few, and remembers what it heard.
    #[derive(Clone, Default)]
    struct Ear {
        refuses: Arc<AtomicUsize>,
        heard: Arc<Mutex<Vec<Value>>>,
    }

    async fn hear(State(ear): State<Ear>, headers: HeaderMap, body: Bytes) -> StatusCode {
        let mut mac = hmac::Hmac::<sha2::Sha256>::new_from_slice(SECRET.as_bytes()).expect("a key");
        mac.update(&body);
        let right: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(headers["binnacle-signature"], format!("sha256={right}"));
        ear.heard.lock().expect("heard").push(serde_json::from_slice(&body).expect("JSON"));
        let refuses = ear.refuses.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        if refuses.is_ok() { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::NO_CONTENT }
    }

    async fn listen(ear: &Ear) -> Webhook {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = format!("http://{}/a-path-nobody-guesses", listener.local_addr().expect("an address"));
        let router = Router::new().route("/{*any}", post(hear)).with_state(ear.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Webhook { address, secret: SECRET.into() }
    }

    fn told(ear: &Ear) -> Vec<(String, String)> {
        let word = |news: &Value, name: &str| news[name].as_str().expect("text").to_owned();
        ear.heard.lock().expect("heard").iter().map(|news| (word(news, "kind"), word(news, "state"))).collect()
    }

    fn pair(kind: &str, state: &str) -> (String, String) {
        (kind.to_owned(), state.to_owned())
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn an_address_is_told_once_that_a_warning_appeared_and_once_that_it_ended() {
        let (house, ear) = (shelf::house().await, Ear::default());
        let hook = listen(&ear).await;
        house.backups.tell_once(&hook, &|| true).await.expect("an answer");
        assert_eq!(told(&ear), [], "nothing was found out yet");
        house.backups.find_out("demo").await;
        house.backups.tell_once(&hook, &|| false).await.expect("an answer");
        assert_eq!(told(&ear), [], "another server has the duty");
        // Whoever takes over the duty knows what was told.
        let other = shelf::backups(&house.folder, house.backups.store().clone());
        other.find_out("demo").await;
        for backups in [&house.backups, &other, &house.backups] {
            backups.tell_once(&hook, &|| true).await.expect("an answer");
        }
        assert_eq!(told(&ear), [pair("none", "appeared")]);
        keep(&house, &manifest(1, &[1, 2, 3, 4, 5]), CopyState::Kept, "").await;
        other.find_out("demo").await;
        for _ in 0..3 {
            other.tell_once(&hook, &|| true).await.expect("an answer");
        }
        assert_eq!(told(&ear), [pair("none", "appeared"), pair("none", "ended")]);
        assert_eq!(house.backups.store().warning_news().await.expect("an answer"), []);
        let heard = format!("{:?}", ear.heard.lock().expect("heard"));
        assert!(!heard.contains(SECRET) && !heard.contains("nobody-guesses"), "{heard}");
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn news_that_was_not_taken_waits_and_is_told_again_with_the_same_id() {
        let (house, ear) = (shelf::house().await, Ear::default());
        ear.refuses.store(1, Ordering::SeqCst);
        let hook = listen(&ear).await;
        house.backups.find_out("demo").await;
        for _ in 0..3 {
            house.backups.tell_once(&hook, &|| true).await.expect("an answer");
        }
        assert_eq!(told(&ear).len(), 1, "it is not tried again at once");
        let news = house.backups.store().warning_news().await.expect("an answer").remove(0);
        assert!(!news.told && news.tries == 1 && news.again > now(), "{news:?}");
        house.by_hand("UPDATE backup_warnings SET again = 0").await;
        house.backups.tell_once(&hook, &|| true).await.expect("an answer");
        let heard = ear.heard.lock().expect("heard").clone();
        assert_eq!((heard.len(), &heard[0]["id"]), (2, &heard[1]["id"]));
        house.by_hand("UPDATE backup_warnings SET again = 0").await;
        house.backups.tell_once(&hook, &|| true).await.expect("an answer");
        assert_eq!(told(&ear).len(), 2, "it was taken");
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn nobody_is_told_for_ever() {
        let (house, ear) = (shelf::house().await, Ear::default());
        let hook = Webhook { address: "http://127.0.0.1:1/".into(), secret: SECRET.into() };
        house.backups.find_out("demo").await;
        house.backups.tell_once(&hook, &|| true).await.expect("an answer");
        house.by_hand("UPDATE backup_warnings SET again = 0, at = at - 90000000").await;
        house.backups.tell_once(&hook, &|| true).await.expect("an answer");
        let news = house.backups.store().warning_news().await.expect("an answer").remove(0);
        assert!(news.told, "it was given up: {news:?}");
        assert_eq!(told(&ear), []);
    }
}
