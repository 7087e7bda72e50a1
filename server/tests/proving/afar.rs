//! `binnacle backup` into a real S3 server, on a line on which things go wrong.

use std::{
    path::{Path, PathBuf},
    process::{Command, Output},
};

use age::secrecy::ExposeSecret;
use binnacle::backup::{
    manifest::Manifest,
    places::{Known, Place},
};

use super::{
    cluster::{Age, Cluster, Folder},
    house::{KEY, names},
    wire::{Fault, Wire, answer},
};

fn told(name: &str) -> String {
    std::env::var(name).expect("run this through end2end/with-s3")
}

/// A prefix of a test's own, and where its objects lie as files.
struct Bucket {
    text: String,
    files: PathBuf,
}

fn bucket(endpoint: &str) -> Bucket {
    let prefix = format!("t{:x}", fastrand::u64(..));
    Bucket {
        text: format!("s3://backups/{prefix}?endpoint={endpoint}&credentials={}", told("BINNACLE_TEST_S3_KEYS")),
        files: Path::new(&told("BINNACLE_TEST_S3_DIR")).join("backups").join(prefix),
    }
}

fn take(cluster: &Cluster, folder: &Folder, to: &[&str], more: &[&str]) -> Output {
    let key = folder.0.join("key");
    std::fs::write(&key, KEY).expect("written");
    let mut command = Command::new(env!("CARGO_BIN_EXE_binnacle"));
    command
        .args(["backup", "--name", "harbour", "--endpoints", &cluster.endpoints()[0].to_string(), "--sign"])
        .arg(key);
    for to in to {
        command.args(["--to", to]);
    }
    command.args(more).env("TMPDIR", &folder.0).output().expect("it runs")
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&[&output.stdout[..], &output.stderr].concat()).into_owned()
}

async fn listed(text: &str) -> Vec<Manifest> {
    let stock = Place::open(text).expect("a place").stock(None, KEY, &Known::new()).await.expect("a list");
    assert_eq!(stock.strays, []);
    stock.backups.into_iter().map(|found| found.manifest).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_goes_to_two_stores_and_a_folder_at_once_and_is_read_back_from_each() {
    let (cluster, folder) = (Cluster::plain(Age::New, 1).await, Folder::new());
    cluster.fill(12, 1_000_000);
    let (one, mut two) = (bucket(&told("BINNACLE_TEST_S3")), bucket(&told("BINNACLE_TEST_S3_TLS")));
    two.text += &format!("&ca={}", told("BINNACLE_TEST_S3_CA"));
    let here = folder.0.join("here").display().to_string();
    let output = take(&cluster, &folder, &[&here, &one.text, &two.text], &[]);
    let text = said(&output);
    assert!(output.status.success() && text.contains("12 keys"), "{text}");
    // What goes on is told as it goes on, beside the answer.
    let progress = String::from_utf8_lossy(&output.stderr).into_owned();
    for words in
        ["asking the members", "from etcd1", "reading it again", "storing it in s3://backups/", "read back from"]
    {
        assert!(progress.contains(words), "{words}: {progress}");
    }
    let (first, second) = (listed(&one.text).await, listed(&two.text).await);
    assert_eq!((first.len(), first[0].reached(), second[0].reached()), (1, 5, 5));
    assert_eq!((&first[0].id, names(&folder.0.join("here/harbour")).len()), (&second[0].id, 2));
    // With stores alone nothing stays here, and the answer says what lies there.
    let output = take(&cluster, &folder, &[&one.text], &["--json", "--zstd"]);
    let manifest = Manifest::read(&output.stdout).unwrap_or_else(|error| panic!("{error}: {}", said(&output)));
    assert_eq!((manifest.reached(), listed(&one.text).await.len()), (5, 2));
    let mut left = names(&folder.0);
    left.retain(|name| name.starts_with("binnacle-backup"));
    assert_eq!(left, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_passes_is_waited_out_and_what_does_not_loses_no_backup() {
    let (cluster, folder) = (Cluster::plain(Age::New, 1).await, Folder::new());
    cluster.fill(12, 1_000_000);
    let wire = Wire::to(&told("BINNACLE_TEST_S3")).await;
    let bucket = bucket(&wire.address());
    wire.on("PUT /", 2, Fault::Answer(answer(503, "<Error><Code>SlowDown</Code><Message>Slower</Message></Error>")));
    wire.on("PUT /", 1, Fault::CutAfter(1 << 20));
    wire.on("POST /", 1, Fault::Answer(answer(500, "<Error><Code>InternalError</Code></Error>")));
    let output = take(&cluster, &folder, &[&bucket.text], &[]);
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!((wire.left(), listed(&bucket.text).await.len()), (0, 1), "every fault happened");
    // A store that refuses for good: what was taken lies here, whole, and it is said where.
    let refuses = answer(403, "<Error><Code>AccessDenied</Code><Message>No</Message></Error>");
    wire.on("PUT /", 1_000, Fault::Answer(refuses));
    let output = take(&cluster, &folder, &[&bucket.text], &[]);
    let text = said(&output);
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("AccessDenied") && text.contains("the backup is good, and is stored in "), "{text}");
    let (_, path) = text.trim_end().rsplit_once("stored in ").expect("a path");
    let status = super::cluster::status(Path::new(path));
    assert_eq!(status["totalKey"], 12);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn certificates_travel_encrypted_with_it_and_come_and_go_with_it() {
    let (cluster, folder) = (Cluster::plain(Age::New, 1).await, Folder::new());
    cluster.fill(3, 10);
    let ssl = folder.0.join("ssl");
    std::fs::create_dir(&ssl).expect("a folder");
    std::fs::write(ssl.join("ca-key.pem"), "pr0be-Secret").expect("written");
    std::fs::write(folder.0.join("etcd.env"), "ETCD_NAME=etcd1").expect("written");
    let (ssl, env) = (ssl.display().to_string(), folder.0.join("etcd.env").display().to_string());
    let (key, identity) = (age::x25519::Identity::generate(), folder.0.join("identity"));
    std::fs::write(&identity, key.to_string().expose_secret()).expect("written");
    let recipient = key.to_public().to_string();
    let bucket = bucket(&told("BINNACLE_TEST_S3"));
    let here = folder.0.join("here").display().to_string();
    let with = ["--with", ssl.as_str(), "--with", &env];
    let output = take(&cluster, &folder, &[&here], &with);
    assert_eq!(output.status.code(), Some(2), "without a recipient: {}", said(&output));
    let output =
        take(&cluster, &folder, &[&here, &bucket.text], &[&with[..], &["--zstd", "--recipient", &recipient]].concat());
    assert!(
        output.status.success() && said(&output).contains("with it travel 2 files, encrypted"),
        "{}",
        said(&output)
    );
    let manifest = listed(&bucket.text).await.remove(0);
    let companion = manifest.companion.clone().expect("files travel with it");
    let paths: Vec<&str> = companion.files.iter().map(|file| file.path.as_str()).collect();
    assert_eq!(paths, [env.as_str(), &format!("{ssl}/ca-key.pem")]);
    for place in [folder.0.join("here/harbour"), bucket.files.join("harbour")] {
        assert_eq!(names(&place).iter().filter(|name| name.contains(&manifest.id)).count(), 3, "{:?}", names(&place));
        for name in names(&place) {
            let bytes = std::fs::read(place.join(name)).expect("a file");
            assert!(!bytes.windows(12).any(|bytes| bytes == b"pr0be-Secret"));
        }
    }
    // A byte of it that changed, and it as a whole that is gone, are found as those of the backup are.
    let place = Place::open(&bucket.text).expect("a place");
    place.check(&manifest).await.expect("it is as it was");
    let file = bucket.files.join("harbour").join(&companion.stored.name);
    let good = std::fs::read(&file).expect("a file");
    let mut bad = good.clone();
    bad[good.len() / 2] ^= 4;
    std::fs::write(&file, &bad).expect("written");
    place.check(&manifest).await.expect_err("a byte was changed");
    std::fs::write(&file, &good[1..]).expect("written");
    let stock = place.stock(None, KEY, &Known::new()).await.expect("a list");
    assert_eq!((stock.backups.len(), stock.broken.len()), (0, 1));
    std::fs::write(&file, &good).expect("written");
    assert_eq!(listed(&bucket.text).await.len(), 1);
    place.remove(&manifest).await.expect("removed");
    assert_eq!(names(&bucket.files.join("harbour")), Vec::<String>::new());
    verified(&folder.0.join("here/harbour"), &manifest, &identity);
}

/// `binnacle backup verify` sees to what lies beside.
fn verified(folder: &Path, manifest: &Manifest, identity: &Path) {
    let verify = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_binnacle"));
        command.args(["backup", "verify", "--identity"]).arg(identity).arg(folder.join(&manifest.stored.name));
        command.output().expect("it runs")
    };
    let output = verify();
    assert!(output.status.success() && said(&output).contains("With it travel 2 files"), "{}", said(&output));
    let file = folder.join(&manifest.companion.as_ref().expect("files travel with it").stored.name);
    let mut bad = std::fs::read(&file).expect("a file");
    bad[7] ^= 1;
    std::fs::write(&file, &bad).expect("written");
    let output = verify();
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(said(&output).contains("is not as it was taken"), "{}", said(&output));
}
