//! What TLS refuses, and how that is said.

use binnacle::etcd::{EtcdError, Hashes, Tls, Why, look};

use super::{
    certificates::{Authority, tls},
    cluster::{Age, Cluster, Folder},
};

/// Why its first member does not answer.
async fn refused(cluster: &Cluster, tls: &Tls) -> EtcdError {
    let said = look(&cluster.endpoints()[..1], tls, Hashes::Leave).await.expect_err("it was not refused").0.remove(0);
    // What a key holds is in no error.
    assert!(!format!("{said} {said:?}").contains("PRIVATE"), "{said:?}");
    said
}

/// The same, when it listens.
async fn once_up(cluster: &Cluster) -> Why {
    for _ in 0..300 {
        match refused(cluster, &cluster.tls).await.why {
            Why::Refused => tokio::time::sleep(std::time::Duration::from_millis(100)).await,
            why => return why,
        }
    }
    panic!("etcd never listened: {}", std::fs::read_to_string(cluster.folder.0.join("etcd1.log")).unwrap_or_default());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_with_a_certificate_is_said_and_nothing_gets_through() {
    for age in Age::ALL {
        let cluster = Cluster::with_tls(age, 1).await;
        let folder = &cluster.folder.0;
        let (cacert, cert, key) =
            (cluster.tls.cacert.clone(), cluster.tls.cert.clone().expect("one"), cluster.tls.key.clone().expect("one"));

        let other = Authority::new(folder, "other");
        let why = refused(&cluster, &Tls { cacert: Some(folder.join("other.pem")), ..cluster.tls.clone() }).await.why;
        assert_eq!(why, Why::UnknownAuthority(folder.join("other.pem").display().to_string()));

        let foreign = other.issue("foreign", &["client"], 2050);
        let why = refused(&cluster, &tls(folder, "ca", Some(&foreign))).await.why;
        assert!(matches!(why, Why::OurCertificate(_)), "{why}");

        let why = refused(&cluster, &tls(folder, "ca", None)).await.why;
        assert_eq!(why, Why::OurCertificate("it wants one, and none was given"));

        let why = refused(&cluster, &Tls::default()).await.why;
        assert!(matches!(&why, Why::File { file, .. } if file == "cacert"), "{why}");
        let gone = Tls { key: Some(folder.join("gone.pem")), ..cluster.tls.clone() };
        let why = refused(&cluster, &gone).await.why;
        assert_eq!(why, Why::File { file: folder.join("gone.pem").display().to_string(), what: "is not there".into() });
        let swapped = Tls { cacert, cert: Some(key.clone()), key: Some(key) };
        let why = refused(&cluster, &swapped).await.why;
        assert!(why.to_string().contains("holds no certificate"), "{why}");
        let mixed = Tls { cert: Some(cert), key: Some(foreign.key), ..cluster.tls.clone() };
        let why = refused(&cluster, &mixed).await.why;
        assert!(why.to_string().contains("does not go with the certificate"), "{why}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_certificate_that_has_run_out_is_said_so_and_a_renewed_one_is_taken_without_a_new_start() {
    for age in Age::ALL {
        let folder = Folder::new();
        let authority = Authority::new(&folder.0, "ca");
        let server = authority.issue("server", &["127.0.0.1"], 2050);
        let client = authority.issue("client", &["client"], 2021);
        let tls = tls(&folder.0, "ca", Some(&client));
        let cluster = Cluster::start(age, 1, folder, "127.0.0.1", Some((server, tls)));
        let why = once_up(&cluster).await;
        // Older ones say only that it is bad.
        assert!(matches!(why, Why::OurCertificate(_)), "{why}");
        if age == Age::New {
            assert_eq!(why, Why::OurCertificate("it has run out"));
        }
        authority.issue("client", &["client"], 2050);
        cluster.until("it is well", |members| members.quorum().well == 1).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_for_another_name_or_that_has_run_out_is_never_taken() {
    for (names, until, expected) in
        [(["localhost"], 2050, Why::OtherName("127.0.0.1".into())), (["127.0.0.1"], 2021, Why::Expired("has run out"))]
    {
        let folder = Folder::new();
        let authority = Authority::new(&folder.0, "ca");
        let server = authority.issue("server", &names, until);
        let client = authority.issue("client", &["client"], 2050);
        let tls = tls(&folder.0, "ca", Some(&client));
        let cluster = Cluster::start(Age::New, 1, folder, "127.0.0.1", Some((server, tls)));
        let why = once_up(&cluster).await;
        assert_eq!(why, expected);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tls_where_there_is_none_and_none_where_there_is_are_told_apart() {
    use binnacle::etcd::Endpoint;
    let (plain, secured) = (Cluster::plain(Age::New, 1).await, Cluster::with_tls(Age::New, 1).await);
    let at = |cluster: &Cluster, scheme: &str| {
        let endpoint = &cluster.endpoints()[0];
        vec![Endpoint::parse(&format!("{scheme}://127.0.0.1:{}", endpoint.port())).expect("an endpoint")]
    };
    let said = look(&at(&plain, "https"), &secured.tls, Hashes::Leave).await.expect_err("no TLS").0.remove(0);
    assert_eq!(said.why, Why::NotTls, "{said}");
    let said = look(&at(&secured, "http"), &Tls::default(), Hashes::Leave).await.expect_err("TLS").0.remove(0);
    assert_eq!(said.why, Why::NotEtcd, "{said}");
    assert!(said.to_string().contains("write https://"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_users_are_asked_for_a_missing_permission_is_said_and_no_backup_is_taken() {
    use binnacle::backup::take::take;

    use super::taking::{names, order};
    for age in Age::ALL {
        let (cluster, to) = (Cluster::plain(age, 1).await, Folder::new());
        for args in [&["user", "add", "root:pw"][..], &["user", "grant-role", "root", "root"], &["auth", "enable"]] {
            cluster.ctl(args, b"");
        }
        let order = order(&cluster, &to);
        let said = take(&order, &|_| ()).await.expect_err("without a user").to_string();
        assert!(said.contains("the permission for this is missing. Take the certificate of a user"), "{said}");
        assert!(names(&order.folder).is_empty());
    }
}
