//! What a place for backups promises, on a real S3 server: `end2end/with-s3` starts one.

mod places;
mod wire;

use std::time::{Duration, Instant};

use binnacle::backup::places::{Known, Place, PlaceError};
use places::{Folder, Fresh, KEY, backup, listed, strays};
use wire::{Fault, Wire};

fn told(name: &str) -> String {
    std::env::var(name).expect("run this through end2end/with-s3")
}

/// A prefix of its own in the one bucket.
fn at(endpoint: &str) -> Fresh {
    let prefix = format!("t{:x}", fastrand::u64(..));
    Fresh {
        text: format!("s3://backups/{prefix}"),
        options: format!("?endpoint={endpoint}&credentials={}", told("BINNACLE_TEST_S3_KEYS")),
        files: std::path::Path::new(&told("BINNACLE_TEST_S3_DIR")).join("backups").join(prefix),
        _kept: None,
    }
}

fn fresh() -> Fresh {
    at(&told("BINNACLE_TEST_S3"))
}

macro_rules! here {
    ($($promise:ident),+ $(,)?) => {
        $(
            #[tokio::test]
            async fn $promise() {
                places::$promise(fresh()).await;
            }
        )+
    };
}

places::every_promise!(here);

/// A line to the server on which things go wrong.
async fn faulty() -> (Wire, Fresh) {
    let wire = Wire::to(&told("BINNACLE_TEST_S3")).await;
    let fresh = at(&wire.address());
    (wire, fresh)
}

/// Three parts.
const LARGE: usize = 12 << 20;

#[tokio::test]
async fn with_tls_only_a_known_authority_is_believed() {
    let mut fresh = at(&told("BINNACLE_TEST_S3_TLS"));
    let error = fresh.open().stock(None, KEY, &Known::new()).await.expect_err("nobody vouches for it");
    assert!(error.to_string().to_lowercase().contains("certificate"), "{error}");
    fresh.options = format!("{}&ca={}", fresh.options, told("BINNACLE_TEST_S3_CA"));
    let here = Folder::new();
    let (file, manifest) = backup(&here.0, "b", "harbour", LARGE);
    fresh.open().put(&file, &manifest, KEY).await.expect("it is put");
    assert_eq!(listed(&fresh.open()).await, ["b"]);
}

#[tokio::test]
async fn errors_that_pass_are_waited_out() {
    let (here, (wire, fresh)) = (Folder::new(), faulty().await);
    let (file, manifest) = backup(&here.0, "b", "harbour", LARGE);
    let slow_down = wire::answer(503, "<Error><Code>SlowDown</Code><Message>Reduce your rate</Message></Error>");
    wire.on("PUT /", 2, Fault::Answer(slow_down));
    wire.on("POST /", 1, Fault::Answer(wire::answer(500, "<Error><Code>InternalError</Code></Error>")));
    fresh.open().put(&file, &manifest, KEY).await.expect("it is put in the end");
    assert_eq!(wire.left(), 0, "every fault happened");
    assert_eq!((listed(&fresh.open()).await, strays(&fresh.open()).await), (vec!["b".to_owned()], vec![]));
}

#[tokio::test]
async fn a_connection_that_breaks_within_a_part_costs_that_part_alone() {
    let (here, (wire, fresh)) = (Folder::new(), faulty().await);
    let (file, manifest) = backup(&here.0, "b", "harbour", LARGE);
    wire.on("PUT /", 2, Fault::CutAfter(1 << 20));
    fresh.open().put(&file, &manifest, KEY).await.expect("it is put in the end");
    assert_eq!(wire.left(), 0, "every fault happened");
    fresh.open().check(&manifest).await.expect("it is as it was");
}

#[tokio::test]
async fn a_line_that_is_slow_is_slow_and_nothing_else() {
    let (here, (wire, fresh)) = (Folder::new(), faulty().await);
    let (file, manifest) = backup(&here.0, "b", "harbour", 6 << 20);
    wire.on("PUT /", usize::MAX, Fault::Slow(Duration::from_millis(20)));
    fresh.open().put(&file, &manifest, KEY).await.expect("it is put");
    assert_eq!(listed(&fresh.open()).await, ["b"]);
}

#[tokio::test]
async fn a_store_that_stays_broken_lists_nothing_and_keeps_no_parts() {
    let (here, (wire, fresh)) = (Folder::new(), faulty().await);
    let (file, manifest) = backup(&here.0, "b", "harbour", LARGE);
    wire.on("partNumber=2", usize::MAX, Fault::Answer(wire::answer(500, "<Error><Code>InternalError</Code></Error>")));
    let error = fresh.open().put(&file, &manifest, KEY).await.expect_err("it stays broken");
    assert!(matches!(error, PlaceError::Away { .. }) && error.passes(), "{error}");
    assert!(error.to_string().contains("InternalError"), "{error}");
    wire.heal();
    assert_eq!((listed(&fresh.open()).await, strays(&fresh.open()).await), (vec![], vec![]));
    let parts = std::path::Path::new(&told("BINNACLE_TEST_S3_DIR")).join("backups/.sgwtmp/multipart");
    let prefix = fresh.files.file_name().expect("a name").to_string_lossy().into_owned();
    let left = std::process::Command::new("grep").args(["-rl", &prefix]).arg(parts).output().expect("grep");
    assert_eq!(String::from_utf8_lossy(&left.stdout), "", "no parts are left");
    fresh.open().put(&file, &manifest, KEY).await.expect("once it is whole again, it is put");
    assert_eq!(listed(&fresh.open()).await, ["b"]);
}

#[tokio::test]
async fn an_error_behind_a_status_of_success_is_an_error() {
    let (here, (wire, fresh)) = (Folder::new(), faulty().await);
    let (file, manifest) = backup(&here.0, "b", "harbour", LARGE);
    // The one that completes: it has the upload's id, and the one that begins has not.
    let broken = wire::answer(200, "<Error><Code>AccessDenied</Code><Message>no</Message></Error>");
    wire.on("?uploadId=", usize::MAX, Fault::Answer(broken));
    fresh.open().put(&file, &manifest, KEY).await.expect_err("nothing was completed");
    wire.heal();
    assert_eq!((listed(&fresh.open()).await, strays(&fresh.open()).await), (vec![], vec![]));
}

#[tokio::test]
async fn what_comes_back_cut_short_is_never_taken_for_all_of_it() {
    let (here, (wire, fresh)) = (Folder::new(), faulty().await);
    let (file, manifest) = backup(&here.0, "b", "harbour", LARGE);
    // Wherever the answer is cut that reads back, and however often.
    for (cut, times) in [(0, 1), (100, 1), (700, 2), (1 << 20, 1), ((12 << 20) - 1, 1), (5_000, usize::MAX)] {
        wire.on("GET /backups", times, Fault::CutAnswerAfter(cut));
        let put = fresh.open().put(&file, &manifest, KEY).await;
        wire.heal();
        match put {
            Ok(put) => fresh.open().check(&put).await.expect("what is said to be there is there"),
            Err(error) => {
                assert!(error.passes(), "{cut}: {error}");
                assert_eq!(listed(&fresh.open()).await, Vec::<String>::new(), "{cut}: {error}");
                fresh.open().put(&file, &manifest, KEY).await.expect("it is put in the end");
            }
        }
        let back = here.0.join("back");
        wire.on("b.db.zst HTTP", times, Fault::CutAnswerAfter(cut));
        let fetched = fresh.open().fetch(&manifest, &back).await;
        wire.heal();
        assert_eq!(fetched.is_ok(), back.exists(), "{cut}");
        if back.exists() {
            assert!(std::fs::read(&back).expect("a file") == std::fs::read(&file).expect("a file"), "{cut}");
            std::fs::remove_file(&back).expect("removed");
        }
        fresh.open().remove(&manifest).await.expect("it is removed");
    }
}

#[tokio::test]
async fn a_store_that_gives_less_or_other_bytes_and_says_that_all_is_well_is_found_out() {
    let (here, (wire, fresh)) = (Folder::new(), faulty().await);
    let (file, manifest) = backup(&here.0, "b", "harbour", 1_000);
    let etag = "ETag: \"0\"\r\nLast-Modified: Wed, 25 Nov 2026 10:00:00 GMT\r\nContent-Length";
    for body in [String::new(), "x".repeat(999), "x".repeat(1_000), "x".repeat(1_001)] {
        // Before, it is not there; then this comes back of what was put.
        wire.on("b.db.zst HTTP", 1, Fault::Answer(wire::answer(404, "<Error><Code>NoSuchKey</Code></Error>")));
        wire.on("GET /", 1, Fault::Answer(wire::answer(200, &body).replace("Content-Length", etag)));
        let error = fresh.open().put(&file, &manifest, KEY).await.expect_err("it is not what was put");
        wire.heal();
        assert!(matches!(error, PlaceError::Differs { .. }), "{} bytes: {error}", body.len());
        assert_eq!((listed(&fresh.open()).await, strays(&fresh.open()).await), (vec![], vec![]), "{error}");
    }
    fresh.open().put(&file, &manifest, KEY).await.expect("it is put");
}

#[tokio::test]
async fn a_right_that_is_lost_on_the_way_is_said_and_lists_nothing() {
    let (here, (wire, fresh)) = (Folder::new(), faulty().await);
    let (file, manifest) = backup(&here.0, "b", "harbour", LARGE);
    let denied = || Fault::Answer(wire::answer(403, "<Error><Code>AccessDenied</Code><Message>no</Message></Error>"));
    for at in ["?uploads", "partNumber=2", "?uploadId=", "b.json HTTP"] {
        wire.on(at, usize::MAX, denied());
        let error = fresh.open().put(&file, &manifest, KEY).await.expect_err("it is not allowed");
        wire.heal();
        assert!(matches!(error, PlaceError::Refused { .. }), "{at}: {error}");
        assert!(error.to_string().contains("AccessDenied"), "{at}: {error}");
        assert_eq!(listed(&fresh.open()).await, Vec::<String>::new(), "{at}");
    }
    fresh.open().put(&file, &manifest, KEY).await.expect("with the right again, it is put");
}

#[tokio::test]
async fn a_condition_that_fails_though_nothing_is_there_lists_nothing() {
    let (here, (wire, fresh)) = (Folder::new(), faulty().await);
    for (id, size, at) in
        [("small", 1_000, "small.db.zst HTTP"), ("b", LARGE, "b.json HTTP"), ("c", 1_000, "c.json HTTP")]
    {
        let (file, manifest) = backup(&here.0, id, "harbour", size);
        let failed = wire::answer(412, "<Error><Code>PreconditionFailed</Code></Error>");
        wire.on(
            &format!("PUT /backups/{}/harbour/{at}", fresh.files.file_name().expect("a name").to_string_lossy()),
            usize::MAX,
            Fault::Answer(failed),
        );
        let error = fresh.open().put(&file, &manifest, KEY).await.expect_err("nothing is there");
        wire.heal();
        assert!(matches!(error, PlaceError::Missing { .. }), "{id}: {error}");
        assert!(!listed(&fresh.open()).await.contains(&manifest.id), "{id}");
        fresh.open().put(&file, &manifest, KEY).await.expect("it is put");
    }
    assert_eq!(strays(&fresh.open()).await, Vec::<String>::new());
}

#[tokio::test]
async fn an_upload_whose_completion_was_never_confirmed_is_found_whole_by_the_next_attempt() {
    let (here, (wire, fresh)) = (Folder::new(), faulty().await);
    let (file, manifest) = backup(&here.0, "b", "harbour", LARGE);
    wire.on("?uploadId=", usize::MAX, Fault::LoseAnswer);
    let first = fresh.open().put(&file, &manifest, KEY).await;
    wire.heal();
    if first.is_err() {
        assert_eq!(listed(&fresh.open()).await, Vec::<String>::new());
        fresh.open().put(&file, &manifest, KEY).await.expect("it is put");
    }
    assert_eq!((listed(&fresh.open()).await, strays(&fresh.open()).await), (vec!["b".to_owned()], vec![]));
}

#[tokio::test]
async fn a_manifest_whose_answer_was_lost_is_not_thought_taken_by_somebody_else() {
    let (here, (wire, fresh)) = (Folder::new(), faulty().await);
    let (file, manifest) = backup(&here.0, "b", "harbour", 1_000);
    wire.on("b.json HTTP", 1, Fault::LoseAnswer);
    let _ = fresh.open().put(&file, &manifest, KEY).await;
    fresh.open().put(&file, &manifest, KEY).await.expect("it is put");
    assert_eq!(listed(&fresh.open()).await, ["b"]);
}

#[tokio::test]
async fn a_store_that_is_down_is_said_to_be_away_and_nothing_is_thought_gone() {
    let (here, (wire, fresh)) = (Folder::new(), faulty().await);
    let (file, manifest) = backup(&here.0, "b", "harbour", 1_000);
    let put = fresh.open().put(&file, &manifest, KEY).await.expect("it is put");
    wire.on("", usize::MAX, Fault::CutAfter(0));
    let began = Instant::now();
    let error = fresh.open().stock(None, KEY, &Known::new()).await.expect_err("it is away");
    assert!(matches!(error, PlaceError::Away { .. }), "{error}");
    assert!(fresh.open().check(&put).await.expect_err("it is away").passes());
    assert!(began.elapsed() < Duration::from_secs(60));
}

#[tokio::test]
async fn a_wrong_key_a_wrong_clock_and_a_missing_bucket_are_told_apart() {
    let here = Folder::new();
    let (file, manifest) = backup(&here.0, "b", "harbour", 1_000);
    let keys = here.0.join("keys");
    std::fs::write(&keys, "aws_access_key_id=tester\naws_secret_access_key=not-the-one\n").expect("a file");
    let endpoint = told("BINNACLE_TEST_S3");
    let wrong =
        Place::open(&format!("s3://backups/x?endpoint={endpoint}&credentials={}", keys.display())).expect("a place");
    let error = wrong.put(&file, &manifest, KEY).await.expect_err("a wrong key");
    let text = error.to_string();
    assert!(matches!(error, PlaceError::Refused { .. }) && text.contains("SignatureDoesNotMatch"), "{text}");
    assert!(!text.contains("not-the-one"), "{text}");
    let nowhere = format!("s3://nobodys?endpoint={endpoint}&credentials={}", told("BINNACLE_TEST_S3_KEYS"));
    let error = Place::open(&nowhere).expect("a place").put(&file, &manifest, KEY).await.expect_err("no bucket");
    assert!(error.to_string().contains("NoSuchBucket"), "{error}");
    let (wire, fresh) = faulty().await;
    let skewed = "<Error><Code>RequestTimeTooSkewed</Code><Message>The difference is too large</Message></Error>";
    wire.on("", usize::MAX, Fault::Answer(wire::answer(403, skewed)));
    let error = fresh.open().put(&file, &manifest, KEY).await.expect_err("a wrong clock");
    assert!(matches!(error, PlaceError::Refused { .. }) && error.to_string().contains("NTP"), "{error}");
}
