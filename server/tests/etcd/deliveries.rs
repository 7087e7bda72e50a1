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
        Backups, Keeping, Regime,
        manifest::Compression,
        places::{Known, Place},
        rehearsing::Proving,
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
        sealing: Sealing {
            compression: Some(Compression::Zstd),
            recipients: Recipients::parse(&recipient()).expect("a key"),
        },
        key: KEY.to_vec(),
        regime: Regime {
            schedule: None,
            rules: Rules { newest: NEWEST as u32, daily: 0, weekly: 0, monthly: 0, zone: jiff::tz::TimeZone::UTC },
            allowed: Duration::from_secs(90_000),
        },
        regimes: BTreeMap::new(),
    };
    let access = Access { endpoints: vec![Endpoint::parse(endpoint).expect("an endpoint")], tls: Tls::default() };
    // What travels with each that is encrypted.
    let with = if recipient().is_empty() { Vec::new() } else { vec![folder.join("with")] };
    let proving = Proving { with, ..Proving::default() };
    Backups::proved(store, keeping, BTreeMap::from([(NAME.to_owned(), access)]), "server".into(), proving)
}

/// Whom a server encrypts for; nobody when it is empty.
fn recipient() -> String {
    std::env::var("BINNACLE_TEST_SERVER_RECIPIENT").unwrap_or_default()
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

fn round(folder: &Path, endpoint: &str, recipient: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("this program"));
    command.args(["--exact", "deliveries::a_server_that_is_killed", "--nocapture"]);
    command.env("BINNACLE_TEST_SERVER", folder).env("BINNACLE_TEST_SERVER_ETCD", endpoint);
    command.env("BINNACLE_TEST_SERVER_RECIPIENT", recipient);
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

/// When it was taken, as its name has it.
fn second(id: &str) -> &str {
    id.split_once("z-r").expect("a moment").0
}

/// That each that went had enough newer ones beside it.
fn lost_nothing(before: &[Vec<String>], after: &[Vec<String>]) {
    for (before, after) in before.iter().zip(after) {
        for gone in before.iter().filter(|id| !after.contains(id)) {
            // Of the same second nobody can tell by the name which came first.
            let newer = after.iter().filter(|id| second(id) >= second(gone)).count();
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
    let recipient = age::x25519::Identity::generate().to_public().to_string();
    killed(50, 300_000, &recipient).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_within_the_parts_of_an_upload_it_does_the_same() {
    killed(20, 1_000_000, "").await;
}

/// So many kills, of a database of eight values of so many bytes.
async fn killed(kills: usize, bytes: usize, recipient: &str) {
    let (cluster, folder) = (Cluster::plain(Age::New, 1).await, Folder::new());
    cluster.fill(8, bytes);
    let endpoint = cluster.endpoints()[0].to_string();
    std::fs::create_dir(folder.0.join("with")).expect("a folder");
    std::fs::write(folder.0.join("with/admin.pem"), "a certificate").expect("written");
    let round = || round(&folder.0, &endpoint, recipient);
    let began = Instant::now();
    for _ in 0..3 {
        run(&mut round(), b"");
    }
    let mut whole = began.elapsed() / 3;
    let mut before = listed(&folder.0, &[]).await;
    assert!(before.iter().all(|ids| ids.len() == NEWEST), "{before:?}");
    let mut waited: BTreeSet<String> = BTreeSet::new();
    let (mut killed, mut ended) = (0, 0);
    while killed < kills {
        assert!(ended < 4 * kills, "{ended} came to an end, and {killed} were killed");
        let mut child = round().spawn().expect("it runs");
        tokio::time::sleep(whole.mul_f64(fastrand::f64() * 1.1)).await;
        let _ = child.kill();
        // How long a round lasts changes with what else the machine does.
        if child.wait().expect("an end").success() {
            (ended, whole) = (ended + 1, whole.mul_f64(0.9));
        } else {
            (killed, whole) = (killed + 1, whole.mul_f64(1.02));
        }
        let after = listed(&folder.0, &before).await;
        lost_nothing(&before, &after);
        waited.extend(
            names(&folder.0.join("waiting")).iter().filter_map(|name| name.strip_suffix(".json")).map(str::to_owned),
        );
        before = after;
        time_goes_by(&folder.0).await;
    }
    // What was taken and had its name is delivered, or is older than what is kept.
    for _ in 0..2 {
        time_goes_by(&folder.0).await;
        let mut round = round();
        run(round.stdout(Stdio::piped()).stderr(Stdio::piped()), b"");
    }
    let after = listed(&folder.0, &[]).await;
    lost_nothing(&before, &after);
    for (place, ids) in places(&folder.0).iter().zip(&after) {
        assert_eq!(ids.len(), NEWEST, "{ids:?}");
        assert!(waited.iter().all(|id| ids.contains(id) || second(id) <= second(&ids[0])), "{waited:?} and {ids:?}");
        let stock = place.stock(None, KEY, &Known::new()).await.expect("a list");
        assert_eq!(stock.strays, [], "in {place:?}");
    }
    // Nothing of what was killed lies about: manifest, backup, what travels with it.
    let files = if recipient.is_empty() { 2 } else { 3 };
    assert_eq!(names(&folder.0.join("waiting")), Vec::<String>::new());
    assert_eq!(
        names(&folder.0.join("kept/harbour")).len(),
        files * NEWEST,
        "{:?}",
        names(&folder.0.join("kept/harbour"))
    );
    assert!(!program("BINNACLE_TEST_ETCD").is_empty());
}
