//! Cases of where traffic goes: services, the pods behind them, what restricts these, and the
//! networks that they are on.

use k8s_openapi::api::{
    core::v1::{Node, Pod, Service},
    networking::v1::NetworkPolicy,
};
use kube::{
    Api,
    api::{DeleteParams, Patch, PatchParams},
};
use serde_json::{Value, json};
use topology::{
    Inventory,
    graph::{EntryKind, Note, Passage, Place, Question, follow},
    inventory::Networks,
};

use super::{Target, create, key, node, pod, unique, until};

fn running(address: &str, ready: bool) -> Value {
    let ready = if ready { "True" } else { "False" };
    json!({ "status": {
        "phase": "Running", "podIP": address, "podIPs": [{ "ip": address }],
        "conditions": [{ "type": "Ready", "status": ready }],
    } })
}

/// The places on the way of a service, each with its passage, but for entries.
fn passed(facts: &Inventory, service: &str) -> Vec<(String, Passage)> {
    let way = follow(facts, &Question::Service(key("default", service)));
    let text = |place: &Place| match place {
        Place::Endpoint(target) => {
            Some(format!("{}:{}", target.address, target.ports.first().map_or(0, |port| port.port)))
        }
        Place::Pod(key) => Some(key.name.to_string()),
        Place::Node(name) => Some(name.to_string()),
        _ => None,
    };
    way.hops.iter().filter_map(|hop| Some((text(&hop.place)?, hop.passage))).collect()
}

pub async fn a_service_is_followed_to_the_pods_that_its_controller_finds(target: &Target) {
    let (name, on) = (unique("way"), unique("node"));
    let nodes: Api<Node> = Api::all(target.admin());
    let pods: Api<Pod> = Api::namespaced(target.admin(), "default");
    let services: Api<Service> = Api::namespaced(target.admin(), "default");
    create(&nodes, node(&on, &json!({}))).await;
    let spec = json!({ "type": "NodePort", "selector": { "app": name }, "externalIPs": ["192.0.2.7"],
        "ports": [{ "port": 80, "targetPort": 8080, "protocol": "TCP" }] });
    create(&services, json!({ "metadata": { "name": name }, "spec": spec })).await;
    let cluster = target.watch();
    let asked = Question::Service(key("default", &name));
    until(&cluster, "a service with no endpoint", |facts| {
        follow(facts, &asked).says(&Note::NoEndpoint(key("default", &name)))
    })
    .await;
    let mut object = pod(&name, &on);
    object["metadata"]["labels"] = json!({ "app": name });
    create(&pods, object).await;
    let report = |ready| {
        let (pods, name) = (&pods, &name);
        async move {
            let status = Patch::Merge(running("10.244.77.7", ready));
            pods.patch_status(name, &PatchParams::default(), &status).await.expect("a status");
        }
    };
    report(false).await;
    until(&cluster, "an endpoint that is not ready", |facts| {
        follow(facts, &asked).says(&Note::NoReadyEndpoint(key("default", &name)))
    })
    .await;
    report(true).await;
    let way = [("10.244.77.7:8080", Passage::Open), (&*name, Passage::Open)];
    let there = |facts: &Inventory| {
        let passed = passed(facts, &name);
        passed.len() == 3 && passed[..2].iter().map(|(text, passage)| (&**text, *passage)).eq(way) && passed[2].0 == on
    };
    until(&cluster, "the way to the pod and its node", there).await;
    cluster.read(|facts| {
        let way = follow(facts, &Question::Pod(key("default", &name)));
        let entry = |wanted: EntryKind| {
            way.hops.iter().any(|hop| matches!(&hop.place, Place::Entry(entry) if entry.kind == wanted))
        };
        assert!(way.find(&Place::Service(key("default", &name))).is_some());
        assert!(entry(EntryKind::ExternalIp), "{:?}", way.hops);
        let address = Question::Address("192.0.2.7".parse().expect("an address"));
        assert!(follow(facts, &address).find(&Place::Pod(key("default", &name))).is_some());
        let pod = Question::Address("10.244.77.7".parse().expect("an address"));
        assert!(follow(facts, &pod).find(&Place::Service(key("default", &name))).is_some());
    });
    services.delete(&name, &DeleteParams::default()).await.expect("deleted");
    pods.delete(&name, &DeleteParams::default().grace_period(0)).await.expect("deleted");
    nodes.delete(&on, &DeleteParams::default()).await.expect("deleted");
    until(&cluster, "no way", |facts| follow(facts, &asked).says(&Note::Nothing)).await;
    until(&cluster, "no endpoint", |facts| facts.endpoints_of(&key("default", &name)).count() == 0).await;
}

pub async fn a_policy_selects_a_pod_by_its_labels(target: &Target) {
    let name = unique("walled");
    let pods: Api<Pod> = Api::namespaced(target.admin(), "default");
    let policies: Api<NetworkPolicy> = Api::namespaced(target.admin(), "default");
    let mut object = pod(&name, "nowhere");
    object["metadata"]["labels"] = json!({ "app": name, "tier": "core" });
    create(&pods, object).await;
    let spec = |tiers: &[&str]| {
        json!({ "spec": { "policyTypes": ["Ingress"], "podSelector": { "matchLabels": { "app": name },
            "matchExpressions": [{ "key": "tier", "operator": "In", "values": tiers }] } } })
    };
    let mut policy = spec(&["core", "edge"]);
    policy["metadata"] = json!({ "name": name });
    create(&policies, policy).await;
    let cluster = target.watch();
    let selecting = |wanted: bool| {
        let (cluster, name) = (&cluster, &name);
        async move {
            until(cluster, "the policies that select the pod", |facts| {
                let found = facts.pod(&key("default", name)).and_then(|pod| facts.policies_selecting(pod));
                found.is_some_and(|found| found.iter().any(|policy| *policy.key.name == **name) == wanted)
            })
            .await;
        }
    };
    selecting(true).await;
    cluster.read(|facts| {
        let way = follow(facts, &Question::Pod(key("default", &name)));
        let guard = way.guards.iter().find(|guard| *guard.policy.name == *name).expect("a guard");
        assert!(guard.ingress && !guard.egress);
    });
    policies.patch(&name, &PatchParams::default(), &Patch::Merge(spec(&["edge"]))).await.expect("patched");
    selecting(false).await;
    policies.patch(&name, &PatchParams::default(), &Patch::Merge(spec(&["core"]))).await.expect("patched");
    selecting(true).await;
    policies.delete(&name, &DeleteParams::default()).await.expect("deleted");
    selecting(false).await;
    pods.delete(&name, &DeleteParams::default().grace_period(0)).await.expect("deleted");
}

pub async fn networks_of_multus_are_read_from_the_annotation(target: &Target) {
    let name = unique("upf");
    let pods: Api<Pod> = Api::namespaced(target.admin(), "default");
    create(&pods, pod(&name, "nowhere")).await;
    let cluster = target.watch();
    let this = key("default", &name);
    until(&cluster, "a pod without networks", |facts| facts.pod(&this).is_some_and(|pod| pod.networks.is_none())).await;
    let told =
        json!([{ "name": "default/s1u", "interface": "net1", "ips": ["192.0.2.4"], "mac": "02:00:00:00:00:04" }]);
    let annotate = |text: String| {
        let (pods, name) = (&pods, &name);
        async move {
            let patch = json!({ "metadata": { "annotations": { "k8s.v1.cni.cncf.io/network-status": text } } });
            pods.patch(name, &PatchParams::default(), &Patch::Merge(&patch)).await.expect("annotated");
        }
    };
    let networks = |wanted: fn(&Networks) -> bool| {
        let (cluster, this) = (&cluster, &this);
        async move {
            until(cluster, "its networks", |facts| {
                facts.pod(this).and_then(|pod| pod.networks.as_deref()).is_some_and(wanted)
            })
            .await;
        }
    };
    annotate(told.to_string()).await;
    networks(|networks| {
        let Networks::Told(networks) = networks else { return false };
        networks.len() == 1 && &*networks[0].interface == "net1" && &*networks[0].addresses[0] == "192.0.2.4"
    })
    .await;
    annotate("[{".to_owned()).await;
    networks(|networks| matches!(networks, Networks::Unreadable(_))).await;
    pods.delete(&name, &DeleteParams::default().grace_period(0)).await.expect("deleted");
}

pub async fn ways_in_pod_cidrs_and_the_nodes_own_network_are_read(target: &Target) {
    let (name, on) = (unique("edge"), unique("node"));
    let nodes: Api<Node> = Api::all(target.admin());
    let pods: Api<Pod> = Api::namespaced(target.admin(), "default");
    let services: Api<Service> = Api::namespaced(target.admin(), "default");
    let mut object = node(&on, &json!({}));
    object["spec"] = json!({ "podCIDR": "10.244.77.0/24", "podCIDRs": ["10.244.77.0/24"] });
    create(&nodes, object).await;
    let mut object = pod(&name, &on);
    object["spec"]["hostNetwork"] = true.into();
    create(&pods, object).await;
    let spec = json!({ "type": "LoadBalancer", "selector": { "app": name }, "externalIPs": ["192.0.2.8"],
        "ports": [{ "port": 443, "protocol": "TCP" }] });
    create(&services, json!({ "metadata": { "name": name }, "spec": spec })).await;
    let status = json!({ "status": { "loadBalancer": { "ingress": [{ "ip": "192.0.2.9" }] } } });
    services.patch_status(&name, &PatchParams::default(), &Patch::Merge(&status)).await.expect("a status");
    let cluster = target.watch();
    until(&cluster, "every way in", |facts| {
        let way = follow(facts, &Question::Service(key("default", &name)));
        let kinds: std::collections::BTreeSet<EntryKind> = way
            .hops
            .iter()
            .filter_map(|hop| if let Place::Entry(entry) = &hop.place { Some(entry.kind) } else { None })
            .collect();
        let all = [EntryKind::LoadBalancer, EntryKind::ExternalIp, EntryKind::NodePort, EntryKind::ClusterIp];
        kinds == all.into()
    })
    .await;
    until(&cluster, "the pods' addresses on the node", |facts| {
        facts.node(&on).is_some_and(|node| node.pod_cidrs.iter().any(|cidr| &**cidr == "10.244.77.0/24"))
    })
    .await;
    until(&cluster, "a pod on its node's own network", |facts| {
        facts.pod(&key("default", &name)).is_some_and(|pod| pod.host_network)
    })
    .await;
    services.delete(&name, &DeleteParams::default()).await.expect("deleted");
    pods.delete(&name, &DeleteParams::default().grace_period(0)).await.expect("deleted");
    nodes.delete(&on, &DeleteParams::default()).await.expect("deleted");
}
