//! What a real API server refuses, and how it is said.

use binnacle::cluster::{Cluster, Clusters, Trouble};
use kube::Config;

use crate::{conformance::client, target};

async fn trouble_with(change: impl FnOnce(&mut Config)) -> Trouble {
    let mut config = target().await.config;
    change(&mut config);
    let cluster = Cluster::start("lab", client(&config), "127.0.0.1");
    let heard = tokio::time::timeout(std::time::Duration::from_secs(2), cluster.heard_everything()).await;
    heard.expect("a word within two seconds").expect_err("a trouble")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_of_an_unknown_authority_is_said_so() {
    // Without the authority of the kubeconfig, only those of the system are trusted.
    let trouble = trouble_with(|config| config.root_cert = None).await;
    assert!(matches!(&trouble, Trouble::Certificate { what, .. } if what.contains("authority")), "{trouble:?}");
    assert!(trouble.todo().contains("kubeconfig"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_for_another_name_is_said_so() {
    let trouble = trouble_with(|config| config.tls_server_name = Some("elsewhere.example".into())).await;
    assert!(matches!(&trouble, Trouble::Certificate { what, .. } if what.contains("another name")), "{trouble:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_token_is_said_so_and_shown_nowhere() {
    let trouble = trouble_with(|config| config.auth_info.token = Some("expired-token".to_owned().into())).await;
    assert!(matches!(trouble, Trouble::Credentials { .. }), "{trouble:?}");
    assert!(!format!("{trouble:?} {trouble} {}", trouble.todo()).contains("expired-token"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_is_renewed_in_the_kubeconfig_is_used_without_a_new_start() {
    let good = std::env::var("BINNACLE_TEST_KUBECONFIG").expect("a kubeconfig");
    let good = std::fs::read_to_string(good).expect("read");
    let (before, token) = good.split_once("token: ").expect("a token");
    let rest = &token[token.find('}').expect("its end")..];
    let file = std::env::temp_dir().join(format!("binnacle-renewed-{}", std::process::id()));
    std::fs::write(&file, format!("{before}token: expired{rest}")).expect("written");
    let found = binnacle::cluster::contexts::find(Some(&file)).expect("a kubeconfig");
    let clusters = Clusters::new(found, std::time::Duration::from_secs(60));
    let cluster = clusters.get("admin").await.expect("a cluster");
    let trouble = cluster.heard_everything().await.expect_err("an expired token");
    assert!(matches!(trouble, Trouble::Credentials { .. }), "{trouble:?}");
    std::fs::write(&file, &good).expect("written");
    let mut follower = cluster.follow();
    while cluster.trouble().is_some() {
        tokio::time::timeout(std::time::Duration::from_secs(30), follower.next()).await.expect("news");
    }
    cluster.heard_everything().await.expect("everything");
    std::fs::remove_file(&file).expect("removed");
}

#[tokio::test(flavor = "multi_thread")]
async fn plain_http_to_a_tls_port_is_no_kubernetes() {
    let trouble = trouble_with(|config| {
        let url = config.cluster_url.to_string().replace("https", "http");
        config.cluster_url = url.parse().expect("an address");
    })
    .await;
    assert!(matches!(trouble, Trouble::NotKubernetes { .. }), "{trouble:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_read_all_but_secrets_hears_everything() {
    use topology::inventory::{Heard, Source};
    let viewer = client(&crate::config("BINNACLE_TEST_KUBECONFIG_VIEWER").await);
    let cluster = Cluster::start("lab", viewer, "127.0.0.1");
    cluster.heard_everything().await.expect("an API that answers");
    for source in Source::ALL {
        let heard = cluster.read(|facts| facts.heard(source).clone());
        assert_eq!(heard, Heard::Live, "{}", source.word());
    }
}
