//! The catalogue of backups.

use binnacle::store::{Backup, Copy, CopyState, Looked, Scheduled, WarningNews};

use super::{Fresh, open};

fn copy(backup: &str, place: &str, state: CopyState) -> Copy {
    Copy { backup: backup.into(), place: place.into(), state, tag: "t".into(), at: 5, detail: String::new() }
}

fn backup(id: &str, began: i64, places: &[&str]) -> Backup {
    Backup {
        id: id.into(),
        cluster: "harbour".into(),
        began,
        trusted: true,
        manifest: format!("{{\"id\":\"{id}\"}}"),
        copies: places.iter().map(|place| copy(id, place, CopyState::Kept)).collect(),
    }
}

fn ids(backups: &[Backup]) -> Vec<&str> {
    backups.iter().map(|backup| backup.id.as_str()).collect()
}

fn looked(place: &str) -> Looked {
    Looked { place: place.into(), at: 9, strays: 1, detail: String::new() }
}

pub async fn backups_are_told_newest_first_in_pages_with_where_they_lie(fresh: Fresh) {
    let store = open(&fresh).await;
    // Two began at once: a page may end between them.
    let all =
        [backup("a", 1, &["disk"]), backup("b", 2, &["disk", "s3"]), backup("c", 2, &["s3"]), backup("d", 3, &["s3"])];
    let other = Backup { cluster: "other".into(), ..backup("e", 4, &["disk"]) };
    store.keep_backups(&all).await.expect("an answer");
    store.keep_backups(&[other]).await.expect("an answer");
    let first = store.backups("harbour", None, 2).await.expect("an answer");
    assert_eq!(ids(&first), ["d", "c"]);
    let rest = store.backups("harbour", Some((2, "c")), 2).await.expect("an answer");
    assert_eq!(rest, [all[1].clone(), all[0].clone()]);
    assert_eq!(store.count_backups("harbour").await.expect("an answer"), 4);
    assert_eq!(store.backup("harbour", "b").await.expect("an answer"), Some(all[1].clone()));
    assert_eq!(store.backup("other", "b").await.expect("an answer"), None);
}

pub async fn the_catalogue_follows_what_lies_in_each_place(fresh: Fresh) {
    let store = open(&fresh).await;
    let all = [backup("a", 1, &["disk"]), backup("b", 2, &["disk", "s3"])];
    store.keep_backups(&all).await.expect("an answer");
    store.keep_copy(&copy("a", "s3", CopyState::Pending)).await.expect("an answer");
    let fresh_one = backup("c", 3, &["s3"]);
    store.take_stock(&looked("s3"), std::slice::from_ref(&fresh_one), &["c"]).await.expect("an answer");
    let told = store.backups("harbour", None, 9).await.expect("an answer");
    assert_eq!(ids(&told), ["c", "b", "a"], "b still lies on disk");
    assert_eq!(told[1].copies, [copy("b", "disk", CopyState::Kept)]);
    assert_eq!(told[2].copies.len(), 2, "what is pending is not gone");
    store.take_stock(&looked("disk"), &[], &["a"]).await.expect("an answer");
    assert_eq!(ids(&store.backups("harbour", None, 9).await.expect("an answer")), ["c", "a"]);
    store.place_failed("s3", 10, "away").await.expect("an answer");
    let places = store.places().await.expect("an answer");
    let s3 = places.iter().find(|looked| looked.place == "s3").expect("it was looked into");
    assert_eq!((s3.at, s3.strays, s3.detail.as_str()), (10, 1, "away"));
    assert_eq!(store.count_backups("harbour").await.expect("an answer"), 2, "away is not gone");
}

pub async fn what_waits_to_be_put_is_told_until_it_is_there(fresh: Fresh) {
    let store = open(&fresh).await;
    let mut waits = backup("a", 1, &[]);
    waits.copies = vec![copy("a", "disk", CopyState::Pending), copy("a", "s3", CopyState::Pending)];
    store.keep_backups(std::slice::from_ref(&waits)).await.expect("an answer");
    assert_eq!(store.pending_backups().await.expect("an answer"), [waits]);
    assert_eq!(store.good_backups("harbour", 2).await.expect("an answer"), [], "it lies nowhere yet");
    store.keep_copy(&copy("a", "disk", CopyState::Kept)).await.expect("an answer");
    let pending = store.pending_backups().await.expect("an answer");
    assert_eq!(pending[0].copies, [copy("a", "s3", CopyState::Pending)]);
    assert_eq!(ids(&store.good_backups("harbour", 2).await.expect("an answer")), ["a"]);
    assert_eq!(ids(&store.backups_in("disk").await.expect("an answer")), ["a"]);
    assert_eq!(store.backups_in("s3").await.expect("an answer"), []);
    assert_eq!(store.judged_in("harbour", "disk").await.expect("an answer"), [("a".to_owned(), 1, true)]);
    assert_eq!(store.judged_in("harbour", "s3").await.expect("an answer"), [], "nobody knows yet");
    assert_eq!(store.judged_in("other", "disk").await.expect("an answer"), []);
    store.keep_copy(&copy("a", "disk", CopyState::Bad)).await.expect("an answer");
    assert!(!store.judged_in("harbour", "disk").await.expect("an answer")[0].2, "something is wrong with it there");
    store.forget_copy("a", "disk").await.expect("an answer");
    assert_eq!(store.count_backups("harbour").await.expect("an answer"), 1);
    store.forget_copy("a", "s3").await.expect("an answer");
    assert_eq!(store.count_backups("harbour").await.expect("an answer"), 0);
}

pub async fn news_of_a_warning_is_told_by_one_and_ends_where_it_began(fresh: Fresh) {
    let store = open(&fresh).await;
    let text = String::from;
    let news = WarningNews {
        cluster: text("harbour"),
        kind: text("old"),
        id: text("n1"),
        ended: false,
        at: 5,
        what: text("it is old"),
        todo: text("take one"),
        told: false,
        tries: 0,
        again: 5,
    };
    assert!(store.keep_warning_news(&news, None).await.expect("an answer"));
    let late = WarningNews { id: text("n2"), ..news.clone() };
    assert!(!store.keep_warning_news(&late, None).await.expect("an answer"), "another was faster");
    assert_eq!(store.warning_news().await.expect("an answer"), std::slice::from_ref(&news));
    assert!(store.try_warning_news(&news, 20).await.expect("an answer"));
    assert!(!store.try_warning_news(&news, 20).await.expect("an answer"), "another tries it");
    store.told_warning_news("n1").await.expect("an answer");
    let told = store.warning_news().await.expect("an answer").remove(0);
    assert_eq!(told, WarningNews { told: true, tries: 1, again: 20, ..news.clone() });
    assert!(!store.try_warning_news(&told, 30).await.expect("an answer"), "it was told");
    let ended = WarningNews { id: text("n3"), ended: true, ..news };
    assert!(!store.keep_warning_news(&ended, Some("n2")).await.expect("an answer"), "that is not known");
    assert!(store.keep_warning_news(&ended, Some("n1")).await.expect("an answer"));
    assert_eq!(store.warning_news().await.expect("an answer"), [ended]);
    store.forget_warning_news("n1").await.expect("an answer");
    assert_eq!(store.warning_news().await.expect("an answer").len(), 1, "another has its place");
    store.forget_warning_news("n3").await.expect("an answer");
    assert_eq!(store.warning_news().await.expect("an answer"), []);
}

pub async fn a_schedule_never_goes_back(fresh: Fresh) {
    let store = open(&fresh).await;
    assert_eq!(store.scheduled("harbour").await.expect("an answer"), None);
    let later = Scheduled { due: 20, ended: 25, failures: 1, detail: "away".into() };
    assert!(store.keep_scheduled("harbour", &later, 100).await.expect("an answer"));
    let earlier = Scheduled { due: 10, ..Scheduled::default() };
    assert!(!store.keep_scheduled("harbour", &earlier, 100).await.expect("an answer"));
    assert_eq!(store.scheduled("harbour").await.expect("an answer"), Some(later));
    assert!(store.keep_scheduled("harbour", &earlier, 15).await.expect("an answer"), "20 was a wrong clock's");
}

pub async fn ten_thousand_backups_are_paged_from_an_index(fresh: Fresh) {
    let store = open(&fresh).await;
    let many: Vec<Backup> = (0..10_000).map(|at| backup(&format!("b{at:05}"), at, &["disk", "s3"])).collect();
    store.keep_backups(&many).await.expect("an answer");
    let mut took = Vec::new();
    let (mut page, mut count, mut newest) = (Vec::new(), 0, Vec::new());
    for _ in 0..21 {
        let began = std::time::Instant::now();
        page = store.backups("harbour", None, 50).await.expect("an answer");
        count = store.count_backups("harbour").await.expect("an answer");
        newest = store.good_backups("harbour", 2).await.expect("an answer");
        took.push(began.elapsed());
    }
    took.sort();
    println!("an overview of 10,000 backups took {:?}, in the middle of 21", took[10]);
    assert_eq!((page.len(), count, page[0].id.as_str()), (50, 10_000, "b09999"));
    assert_eq!(ids(&newest), ["b09999", "b09998"]);
    let last = store.backups("harbour", Some((1, "")), 50).await.expect("an answer");
    assert_eq!(ids(&last), ["b00000"]);
}
