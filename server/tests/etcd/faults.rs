//! Streams that go wrong: nothing of them is ever kept.

use std::time::Duration;

use binnacle::{
    backup::take::{Order, TakeError, take},
    etcd::{Agreement, Endpoint, Hashes, Tls, look},
};
use sha2::{Digest, Sha256};

use super::{
    cluster::{Age, Cluster, Folder},
    fake::{self, Sends},
    taking::{names, order},
};

const PIECE: usize = 32 << 10;

/// A snapshot of a real member: its database without the digest.
async fn database(cluster: &Cluster) -> (Vec<u8>, i64) {
    let to = Folder::new();
    let taken = take(&order(cluster, &to), &|_| ()).await.expect("a backup");
    let mut bytes = std::fs::read(&taken.path).expect("a file");
    bytes.truncate(bytes.len() - 32);
    (bytes, taken.manifest.revision)
}

/// As a real member sends it.
fn pieces(database: &[u8]) -> Vec<Sends> {
    let mut left = database.len() as u64;
    let mut sends: Vec<Sends> = database
        .chunks(PIECE)
        .map(|chunk| {
            left -= chunk.len() as u64;
            Sends::Piece(left, chunk.to_vec())
        })
        .collect();
    sends.push(Sends::Piece(0, Sha256::digest(database).to_vec()));
    sends
}

fn only(endpoint: Endpoint, to: &Folder, cluster: &Cluster) -> Order {
    let mut order = order(cluster, to);
    order.bounds.silence = Duration::from_millis(300);
    Order { endpoints: vec![endpoint.clone()], from: Some(endpoint), ..order }
}

/// What is said when a member sends this; nothing of it may be left.
async fn refused(cluster: &Cluster, revision: i64, sends: Vec<Sends>) -> String {
    let to = Folder::new();
    let order = only(fake::member(revision, sends).await, &to, cluster);
    let error = take(&order, &|_| ()).await.expect_err("it was taken for a backup");
    assert!(matches!(error, TakeError::Members(_)), "{error}");
    assert_eq!(names(&order.folder), Vec::<String>::new(), "after: {error}");
    error.to_string()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_whole_stream_of_an_etcd_as_old_as_3_2_is_taken() {
    let (cluster, to) = (Cluster::plain(Age::New, 1).await, Folder::new());
    cluster.fill(4, 50_000);
    let (database, revision) = database(&cluster).await;
    let endpoint = fake::member(revision, pieces(&database)).await;
    let members = look(std::slice::from_ref(&endpoint), &Tls::default(), Hashes::Compare).await.expect("members");
    assert_eq!(members.agreement, Agreement::NotServed);
    let standing = members.members[0].standing.as_ref().expect("it answers");
    assert_eq!((standing.in_use, standing.applied, standing.version.as_str()), (None, None, "3.2.18"));
    let order = only(endpoint, &to, &cluster);
    let taken = take(&order, &|_| ()).await.expect("a backup");
    assert_eq!((taken.manifest.revision, taken.manifest.member.as_str()), (revision, "fake"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_that_is_not_whole_is_never_kept_whatever_its_length() {
    let cluster = Cluster::plain(Age::New, 1).await;
    cluster.fill(4, 50_000);
    let (database, revision) = database(&cluster).await;
    let whole = pieces(&database);
    let refused = |sends: Vec<Sends>| refused(&cluster, revision, sends);

    for length in 0..whole.len() {
        refused(whole[..length].to_vec()).await;
        for end in
            [Sends::Tear, Sends::Silence, Sends::Error(14, "etcdserver: server stopped"), Sends::Garbage(vec![0xff; 9])]
        {
            refused([&whole[..length], &[end]].concat()).await;
        }
    }
    // Cuts within a piece after which a length is left that a snapshot with its digest can have.
    for pages in [1, 3, 7] {
        let length = pages * 4_096 + 32;
        let said = refused(vec![Sends::Piece(0, database[..length].to_vec())]).await;
        assert!(said.contains("without the SHA-256"), "{said}");
        let mut sends = whole[..2].to_vec();
        if let Sends::Piece(_, blob) = &mut sends[1] {
            blob.truncate(length % PIECE);
        }
        assert!(refused(sends).await.contains("remain"));
    }
    let mut wrong = whole.clone();
    if let Some(Sends::Piece(_, digest)) = wrong.last_mut() {
        digest[31] ^= 1;
    }
    assert!(refused(wrong).await.contains("is not the one that the member sent"));
    for (at, lie) in [(0, u64::MAX), (1, 1 << 20), (2, 0)] {
        let mut lying = whole.clone();
        if let Sends::Piece(remaining, _) = &mut lying[at] {
            *remaining = lie;
        }
        refused(lying).await;
    }
    for at in 0..whole.len() {
        let mut lost = whole.clone();
        lost.remove(at);
        refused(lost).await;
        let mut twice = whole.clone();
        twice.insert(at, whole[at].clone());
        refused(twice).await;
    }
    let said = refused([&whole[..], &[Sends::Piece(0, vec![1; 32])]].concat()).await;
    assert!(said.contains("behind the end"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_that_is_whole_and_no_sound_database_is_never_kept() {
    let cluster = Cluster::plain(Age::New, 1).await;
    cluster.fill(4, 50_000);
    let (database, revision) = database(&cluster).await;
    let mut broken = database.clone();
    // The flags of every page from the second meta on.
    for page in broken.chunks_mut(4_096).skip(2) {
        page[8] ^= 0xff;
    }
    let said = refused(&cluster, revision, pieces(&broken)).await;
    assert!(said.contains("is broken") && said.contains("another member"), "{said}");
    let said = refused(&cluster, revision, pieces(&vec![7; 64 << 10])).await;
    assert!(said.contains("is broken"), "{said}");
    // A member that was set back after it was asked how far it is.
    let said = refused(&cluster, revision + 10, pieces(&database)).await;
    assert!(said.contains(&format!("ends at revision {revision}")), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_line_that_is_cut_at_any_byte_leaves_nothing() {
    let cluster = Cluster::plain(Age::New, 1).await;
    cluster.fill(10, 100_000);
    let member = &cluster.endpoints()[0];
    let mut taken = 0;
    for _ in 0..60 {
        let to = Folder::new();
        let order = only(fake::cut(member, fastrand::usize(0..1_300_000)).await, &to, &cluster);
        match take(&order, &|_| ()).await {
            Ok(_) => taken += 1,
            Err(_) => assert_eq!(names(&order.folder), Vec::<String>::new()),
        }
    }
    assert!(taken < 30, "the line was cut behind the end {taken} times");
}
