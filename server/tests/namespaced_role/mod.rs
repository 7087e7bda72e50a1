//! A role that Kubernetes itself limits to a namespace, on a real control plane.

use binnacle::cluster::Cluster;
use k8s_openapi::api::core::v1::Pod;
use kube::{
    Api,
    api::{DeleteParams, PostParams},
};
use serde_json::json;
use topology::inventory::{Heard, Key, Limit, Scope, Source};

use crate::conformance::{client, until};

#[tokio::test(flavor = "multi_thread")]
async fn a_role_of_one_namespace_sees_that_namespace_and_no_more() {
    let namespaced = client(&crate::config("BINNACLE_TEST_KUBECONFIG_NAMESPACED").await);
    let cluster = Cluster::start("lab", namespaced, "127.0.0.1");
    cluster.heard_everything().await.expect("an API that answers");
    cluster.read(|facts| {
        let names = ["default".into()].into();
        assert_eq!(*facts.scope(), Scope::Only { names, by: Limit::Role, left: 0 });
        for source in [Source::Pods, Source::Services, Source::Deployments, Source::Endpoints] {
            assert_eq!(*facts.heard(source), Heard::Live, "{}", source.word());
        }
        assert_eq!(*facts.heard(Source::Nodes), Heard::Forbidden { permission: "list nodes".into() });
        let missing = facts.missing().join(" ");
        assert!(
            missing.starts_with("Only the namespace default can be seen. The role may not list nodes"),
            "{missing}"
        );
    });
    let pods = Api::<Pod>::namespaced(client(&crate::config("BINNACLE_TEST_KUBECONFIG").await), "default");
    let name = format!("namespaced-{}", std::process::id());
    let pod = json!({ "metadata": { "name": name }, "spec": { "nodeName": "unlisted",
        "containers": [{ "name": "c", "image": "none:1" }] } });
    let pod: Pod = serde_json::from_value(pod).expect("a pod");
    pods.create(&PostParams::default(), &pod).await.expect("created");
    let key = Key::new("default", name.as_str());
    until(&cluster, "the pod and its host", |facts| {
        facts.pod(&key).is_some() && facts.missing_nodes().any(|node| &**node == "unlisted")
    })
    .await;
    pods.delete(&name, &DeleteParams::default().grace_period(0)).await.expect("deleted");
    until(&cluster, "no pod", |facts| facts.pod(&key).is_none()).await;
}
