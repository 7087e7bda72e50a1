//! Client certificates of every kind on a server that verifies their signatures.

use std::{path::PathBuf, time::Duration};

use binnacle::cluster::{Clusters, contexts};

use crate::{
    pki::{Authority, P256},
    told,
};

#[tokio::test(flavor = "multi_thread")]
async fn client_certificates_of_every_kind_are_taken() {
    let dir = PathBuf::from(told("BINNACLE_TEST_CONTROL_PLANE"));
    let authority = Authority::of(&dir, &dir.join("identities"));
    let admin = std::fs::read_to_string(dir.join("admin.kubeconfig")).expect("a kubeconfig");
    let (before, rest) = admin.split_once("token: ").expect("a token");
    let rest = &rest[rest.find('}').expect("its end")..];
    let curve = |name: &str| P256.replace("P-256", name);
    for (what, pair) in [
        ("RSA", authority.client("genrsa 2048")),
        ("secp256r1", authority.client(P256)),
        ("secp384r1", authority.client(&curve("P-384"))),
        ("secp384r1 after its parameters", authority.client("ecparam -name secp384r1 -genkey")),
        ("secp521r1", authority.client(&curve("P-521"))),
        ("secp521r1 after its parameters", authority.client("ecparam -name secp521r1 -genkey")),
        ("Ed25519", authority.client("genpkey -algorithm ED25519")),
        ("X.509 version 1", authority.signs(P256, "/O=system:masters/CN=ann", &[], 2)),
    ] {
        let file = dir.join("identities/kubeconfig");
        std::fs::write(&file, format!("{before}{}{rest}", pair.user())).expect("written");
        let clusters = Clusters::new(contexts::find(Some(&file)).expect("a kubeconfig"), Duration::from_secs(60));
        let cluster = clusters.get("admin").await.unwrap_or_else(|trouble| panic!("{what}: {trouble}"));
        let heard = tokio::time::timeout(Duration::from_secs(60), cluster.heard_everything()).await;
        heard.expect("an answer").unwrap_or_else(|trouble| panic!("{what}: {trouble}"));
    }
}
