//! A server that is killed at any moment from taking a backup to removing the ones that no rule keeps, in a folder and in
//! a real S3 store: nothing half is ever listed, nothing good is lost, and the next run puts everything in order.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant, SystemTime},
};

use binnacle::{
    backup::{
        Backups, Keeping,
        manifest::Compression,
        places::{Known, Place},
        retention::Rules,
        seal::{Recipients, Sealing},
    },
    etcd::{Access, Endpoint, Tls},
    store::Store,
};

use super::{
    cluster::{Age, Cluster, Folder, program, run},
    taking::names,
};

const NAME: &str = "harbour";
const KEY: &[u8] = b"a key";
/// How many stay in each place.
const NEWEST: usize = 2;
const KILLS: usize = 50;

fn told(name: &str) -> String {
    std::env::var(name).expect("run this through end2end/with-s3 and end2end/with-etcd")
}

/// A folder, and a prefix of its own in the store.
fn places(folder: &Path) -> Vec<Place> {
    let prefix = folder.file_name().expect("a name").to_string_lossy();
    let (endpoint, keys) = (told("BINNACLE_TEST_S3"), told("BINNACLE_TEST_S3_KEYS"));
    let bucket = format!("s3://backups/{prefix}?endpoint={endpoint}&credentials={keys}");
    Place::open_all(&format!("{},{bucket}", folder.join("kept").display())).expect("places")
}

async fn server(folder: &Path, endpoint: &str) -> Backups {
    let place = format!("sqlite:{}", folder.join("binnacle.db").display());
    let store = Store::open(&binnacle::store::Place::parse(&place).expect("a place")).await.expect("a database");
    let keeping = Keeping {
        waiting: folder.join("waiting"),
        places: places(folder),
        sealing: Sealing { compression: Some(Compression::Zstd), recipients: Recipients::default() },
        key: KEY.to_vec(),
        rules: Rules { newest: NEWEST as u32, daily: 0, weekly: 0, monthly: 0, zone: jiff::tz::TimeZone::UTC },
        schedule: None,
        allowed: Duration::from_secs(90_000),
    };
    let access = Access { endpoints: vec![Endpoint::parse(endpoint).expect("an endpoint")], tls: Tls::default() };
    Backups::new(store, keeping, BTreeMap::from([(NAME.to_owned(), access)]), "server".into())
}

/// Begun as a process of its own: what a server does in one round.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_killed() {
    let Ok(folder) = std::env::var("BINNACLE_TEST_SERVER") else { return };
    let backups = server(Path::new(&folder), &told("BINNACLE_TEST_SERVER_ETCD")).await;
    backups.find_waiting().await.expect("an answer");
    backups.deliver().await.expect("an answer");
    backups.look().await.expect("an answer");
    backups.take(NAME, "ann").await.expect("a backup");
}

fn round(folder: &Path, endpoint: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("this program"));
    command.args(["--exact", "deliveries::a_server_that_is_killed", "--nocapture"]);
    command.env("BINNACLE_TEST_SERVER", folder).env("BINNACLE_TEST_SERVER_ETCD", endpoint);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// What each place lists, oldest first; every one of it is whole. What was seen to be so is not read again, for nothing
/// is ever overwritten.
async fn listed(folder: &Path, seen: &[Vec<String>]) -> Vec<Vec<String>> {
    let mut all = Vec::new();
    for (at, place) in places(folder).iter().enumerate() {
        let stock = place.stock(Some(NAME), KEY, &Known::new()).await.expect("a list");
        let seen = |id: &String| seen.get(at).is_some_and(|seen| seen.contains(id));
        for found in stock.backups.iter().filter(|found| !seen(&found.manifest.id)) {
            place.check(&found.manifest).await.unwrap_or_else(|error| panic!("a half backup is listed: {error}"));
        }
        all.push(stock.backups.into_iter().rev().map(|found| found.manifest.id).collect());
    }
    all
}

/// That each that went had enough newer ones beside it.
fn lost_nothing(before: &[Vec<String>], after: &[Vec<String>]) {
    for (before, after) in before.iter().zip(after) {
        for gone in before.iter().filter(|id| !after.contains(id)) {
            let newer = after.iter().filter(|id| *id > gone).count();
            assert!(newer >= NEWEST, "{gone} went, and there is {after:?}");
        }
    }
}

/// What died is forgotten as after a minute, and what it left behind is old.
async fn time_goes_by(folder: &Path) {
    let database = format!("sqlite:{}", folder.join("binnacle.db").display());
    if let Ok(pool) = sqlx::SqlitePool::connect(&database).await {
        let _ = sqlx::query("UPDATE leases SET until = 0").execute(&pool).await;
        pool.close().await;
    }
    let old = SystemTime::now() - Duration::from_secs(2 * 86_400);
    for file in ["waiting", "kept/harbour"].iter().flat_map(|folder_in| files(&folder.join(folder_in))) {
        let opened = std::fs::File::options().write(true).open(&file);
        let _ = opened.and_then(|file| file.set_modified(old));
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    names(folder).iter().map(|name| folder.join(name)).filter(|path| path.is_file()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_any_moment_it_lists_nothing_half_loses_nothing_good_and_puts_all_in_order_later() {
    let (cluster, folder) = (Cluster::plain(Age::New, 1).await, Folder::new());
    // Two parts of an upload, compressed.
    cluster.fill(8, 1_000_000);
    let endpoint = cluster.endpoints()[0].to_string();
    let began = Instant::now();
    for _ in 0..3 {
        run(&mut round(&folder.0, &endpoint), b"");
    }
    let whole = began.elapsed() / 3;
    let mut before = listed(&folder.0, &[]).await;
    assert!(before.iter().all(|ids| ids.len() == NEWEST), "{before:?}");
    let mut waited: BTreeSet<String> = BTreeSet::new();
    let mut ended = 0;
    for _ in 0..KILLS {
        let mut child = round(&folder.0, &endpoint).spawn().expect("it runs");
        tokio::time::sleep(whole.mul_f64(fastrand::f64() * 1.1)).await;
        let _ = child.kill();
        ended += usize::from(child.wait().expect("an end").success());
        let after = listed(&folder.0, &before).await;
        lost_nothing(&before, &after);
        waited.extend(
            names(&folder.0.join("waiting")).iter().filter_map(|name| name.strip_suffix(".json")).map(str::to_owned),
        );
        before = after;
        time_goes_by(&folder.0).await;
    }
    assert!(ended < KILLS / 2, "{ended} of {KILLS} came to an end");
    // What was taken and had its name is delivered, or is older than what is kept.
    for _ in 0..2 {
        time_goes_by(&folder.0).await;
        let mut round = round(&folder.0, &endpoint);
        run(round.stdout(Stdio::piped()).stderr(Stdio::piped()), b"");
    }
    let after = listed(&folder.0, &[]).await;
    lost_nothing(&before, &after);
    for (place, ids) in places(&folder.0).iter().zip(&after) {
        assert_eq!(ids.len(), NEWEST, "{ids:?}");
        assert!(waited.iter().all(|id| ids.contains(id) || *id < ids[0]), "{waited:?} and {ids:?}");
        let stock = place.stock(None, KEY, &Known::new()).await.expect("a list");
        assert_eq!(stock.strays, [], "in {place:?}");
    }
    // Nothing of what was killed lies about.
    assert_eq!(names(&folder.0.join("waiting")), Vec::<String>::new());
    assert_eq!(names(&folder.0.join("kept/harbour")).len(), 2 * NEWEST, "{:?}", names(&folder.0.join("kept/harbour")));
    assert!(!program("BINNACLE_TEST_ETCD").is_empty());
}
