//! Cases of objects that tell of one another.

use binnacle::cluster::ask;
use k8s_openapi::api::{
    apps::v1::{Deployment, ReplicaSet},
    core::v1::{Event, Pod, Service},
};
use kube::{
    Api, ResourceExt,
    api::{ApiResource, DeleteParams, DynamicObject, Patch, PatchParams},
};
use serde_json::{Value, json};
use topology::inventory::OwnerKind;

use super::{Target, create, key, pod, unique, until};

fn owned_by(api_version: &str, kind: &str, name: &str, uid: Option<String>) -> Value {
    json!([{ "apiVersion": api_version, "kind": kind, "name": name, "uid": uid.expect("a uid"), "controller": true }])
}

pub async fn owners_are_followed_up_to_the_deployment(target: &Target) {
    let name = unique("app");
    let template = json!({
        "metadata": { "labels": { "app": name } },
        "spec": { "nodeName": "nowhere", "automountServiceAccountToken": false, "containers": [{ "name": "c", "image": "none:1" }] },
    });
    let spec = json!({ "replicas": 1, "selector": { "matchLabels": { "app": name } }, "template": template });
    let deployments: Api<Deployment> = Api::namespaced(target.admin(), "default");
    let sets: Api<ReplicaSet> = Api::namespaced(target.admin(), "default");
    let pods: Api<Pod> = Api::namespaced(target.admin(), "default");
    // Paused, so that a controller leaves alone what is made here by hand.
    let mut paused = spec.clone();
    paused["paused"] = json!(true);
    let deployment = create(&deployments, json!({ "metadata": { "name": name }, "spec": paused })).await;
    let set_name = format!("{name}-1");
    let owner = owned_by("apps/v1", "Deployment", &name, deployment.uid());
    let metadata = json!({ "name": set_name, "labels": { "app": name }, "ownerReferences": owner });
    let set = create(&sets, json!({ "metadata": metadata, "spec": spec })).await;
    let mut object = pod(&name, "nowhere");
    object["metadata"]["labels"] = json!({ "app": name });
    object["metadata"]["ownerReferences"] = owned_by("apps/v1", "ReplicaSet", &set_name, set.uid());
    create(&pods, object).await;
    let cluster = target.watch();
    until(&cluster, "the pod under its Deployment", |facts| {
        facts
            .pod(&key("default", &name))
            .and_then(|pod| facts.top_owner(pod))
            .is_some_and(|(kind, owner)| kind == OwnerKind::Deployment && *owner == *name)
    })
    .await;
    deployments.delete(&name, &DeleteParams::background()).await.expect("deleted");
    until(&cluster, "no Deployment", |facts| facts.owner(&OwnerKind::Deployment, &key("default", &name)).is_none())
        .await;
    // Where nobody collects what is left behind.
    let _ = sets.delete(&set_name, &DeleteParams::background()).await;
    let _ = pods.delete(&name, &DeleteParams::default().grace_period(0)).await;
}

/// Endpoint slices in the version that this API server has: old ones have the beta alone.
async fn slices(target: &Target) -> Api<DynamicObject> {
    let groups = target.admin().list_api_groups().await.expect("groups").groups;
    let group = groups.into_iter().find(|group| group.name == "discovery.k8s.io").expect("a group of slices");
    let has = |version: &str| group.versions.iter().any(|served| served.version == version);
    let version = ["v1", "v1beta1"].into_iter().find(|version| has(version)).expect("a version that is known here");
    let kind = ApiResource {
        api_version: format!("{}/{version}", group.name),
        group: group.name.clone(),
        version: version.into(),
        kind: "EndpointSlice".into(),
        plural: "endpointslices".into(),
    };
    Api::namespaced_with(target.admin(), "default", &kind)
}

pub async fn endpoints_follow_their_slices(target: &Target) {
    let name = unique("svc");
    let services: Api<Service> = Api::namespaced(target.admin(), "default");
    let slices = slices(target).await;
    // Without a selector, so that its endpoints are this test's business.
    create(&services, json!({ "metadata": { "name": name }, "spec": { "ports": [{ "port": 80 }] } })).await;
    let endpoint =
        |ready: bool| json!([{ "addresses": ["192.0.2.10"], "conditions": { "ready": ready }, "nodeName": "nowhere" }]);
    create(
        &slices,
        json!({
            "metadata": { "name": name, "labels": { "kubernetes.io/service-name": name } },
            "addressType": "IPv4", "ports": [], "endpoints": endpoint(true),
        }),
    )
    .await;
    let cluster = target.watch();
    let ready = |wanted: &'static [bool]| {
        let (cluster, name) = (&cluster, &name);
        async move {
            until(cluster, "its endpoints", |facts| {
                let service = key("default", name);
                let sets = facts.endpoints_of(&service);
                sets.flat_map(|set| &set.endpoints).map(|endpoint| endpoint.ready).collect::<Vec<_>>() == wanted
            })
            .await;
        }
    };
    ready(&[true]).await;
    let unready = json!({ "endpoints": endpoint(false) });
    slices.patch(&name, &PatchParams::default(), &Patch::Merge(&unready)).await.expect("patched");
    ready(&[false]).await;
    slices.delete(&name, &DeleteParams::default()).await.expect("deleted");
    ready(&[]).await;
    services.delete(&name, &DeleteParams::default()).await.expect("deleted");
}

pub async fn events_about_a_pod_are_answered_newest_first(target: &Target) {
    let name = unique("talk");
    let events: Api<Event> = Api::namespaced(target.admin(), "default");
    let event = |reason: &str, at: &str, about: &str| {
        json!({
            "metadata": { "name": format!("{about}.{reason}").to_lowercase() },
            "involvedObject": { "apiVersion": "v1", "kind": "Pod", "namespace": "default", "name": about },
            "type": "Normal", "reason": reason, "message": "as the test says", "count": 3,
            "firstTimestamp": at, "lastTimestamp": at, "source": { "component": "test" },
        })
    };
    create(&events, event("Older", "2026-01-01T00:00:01Z", &name)).await;
    create(&events, event("Newer", "2026-01-01T00:00:02Z", &name)).await;
    create(&events, event("Other", "2026-01-01T00:00:03Z", &format!("{name}-other"))).await;
    let found = ask::events(&target.admin(), "Pod", &key("default", &name)).await.expect("an answer");
    let reasons: Vec<&str> = found.iter().map(|event| event.reason.as_str()).collect();
    assert_eq!(reasons, ["Newer", "Older"]);
    assert_eq!((found[0].at(), found[0].count()), ("2026-01-01T00:00:02Z", 3));
    // A name is a name, whatever it holds.
    let hostile = key("default", &format!("{name},involvedObject.name=x&limit=1 /../#é"));
    assert_eq!(ask::events(&target.admin(), "Pod", &hostile).await.map(|events| events.len()).unwrap_or_default(), 0);
}
