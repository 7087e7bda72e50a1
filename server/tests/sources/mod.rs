//! Each row of the table of sources: the source changes on the real control plane, the figure
//! follows.

use k8s_openapi::api::{
    coordination::v1::Lease,
    core::v1::{Node, Pod},
};
use kube::{
    Api, Client,
    api::{DeleteParams, Patch, PatchParams},
};
use scene::{Health, Mark};
use serde_json::{Value, json};
use topology::figure::{Drawing, Figure, Focus, View};

use crate::{
    conformance::{create, lease, node, pod, unique},
    target, told,
};

/// One node of our own, and the figure of it.
pub struct Stage {
    client: Client,
    pub cluster: binnacle::cluster::Cluster,
    pub name: String,
}

impl Stage {
    pub async fn with(labels: Value) -> Self {
        let target = target().await;
        let (client, cluster, name) = (target.admin(), target.watch(), unique("host"));
        create(&Api::<Node>::all(client.clone()), node(&name, &labels)).await;
        create(&Api::<Lease>::namespaced(client.clone(), "kube-node-lease"), lease(&name, &name, 1)).await;
        let stage = Self { client, cluster, name };
        stage.ready("True").await;
        stage
    }

    /// A node that is there.
    pub fn of(client: Client, cluster: binnacle::cluster::Cluster, name: &str) -> Self {
        Self { client, cluster, name: name.into() }
    }

    pub fn nodes(&self) -> Api<Node> {
        Api::all(self.client.clone())
    }

    async fn ready(&self, status: &str) {
        let status = json!({ "status": {
            "conditions": [{ "type": "Ready", "status": status, "reason": "Test", "message": "as the test says" }],
            "nodeInfo": { "kubeletVersion": "v1.34.4", "containerRuntimeVersion": "containerd://1.7.24", "machineID": "", "systemUUID": "",
                "bootID": "", "kernelVersion": "", "osImage": "", "kubeProxyVersion": "", "operatingSystem": "", "architecture": "" },
        } });
        self.nodes().patch_status(&self.name, &PatchParams::default(), &Patch::Merge(&status)).await.expect("a status");
    }

    /// A static pod of a component, as a kubelet mirrors it, running and ready.
    pub async fn mirror(&self, program: &str) {
        let name = format!("{program}-{}", self.name);
        let mut object = pod(&name, &self.name);
        object["metadata"]["labels"] = json!({ "component": program, "tier": "control-plane" });
        object["metadata"]["annotations"] = json!({ "kubernetes.io/config.mirror": "0123" });
        object["spec"]["containers"] =
            json!([{ "name": program, "image": "registry.local/it:v1.34.4", "command": [program, "--v=2"] }]);
        create(&self.pods("kube-system"), object).await;
        self.set_ready("kube-system", &name, true, 0).await;
    }

    pub fn pods(&self, namespace: &str) -> Api<Pod> {
        Api::namespaced(self.client.clone(), namespace)
    }

    pub async fn set_ready(&self, namespace: &str, name: &str, ready: bool, restarts: u32) {
        let status = json!({ "status": {
            "phase": "Running",
            "conditions": [{ "type": "Ready", "status": if ready { "True" } else { "False" } }],
            "containerStatuses": [{ "name": "c", "ready": ready, "restartCount": restarts, "image": "", "imageID": "",
                "state": if ready { json!({ "running": {} }) } else { json!({ "waiting": { "reason": "CrashLoopBackOff" } }) } }],
        } });
        self.pods(namespace)
            .patch_status(name, &PatchParams::default(), &Patch::Merge(&status))
            .await
            .expect("a status");
    }

    /// Waits until the architecture figure of its node has such a mark.
    async fn shows(&self, id: &str, what: &str, wanted: impl Fn(&Mark) -> bool) {
        let view = View { focus: Focus::Node(self.name.as_str().into()), ..View::default() };
        self.sees(&view, id, what, wanted).await;
    }

    /// Waits until a view has such a mark.
    pub async fn sees(&self, view: &View, id: &str, what: &str, wanted: impl Fn(&Mark) -> bool) {
        let mut follower = self.cluster.follow();
        let id = id.replace("NODE", &self.name);
        let mut last = None;
        let drawn = async {
            loop {
                let now = self.cluster.now();
                let scene = self.cluster.read(|facts| Drawing::draw(facts, view, now).scene());
                last = scene.marks.into_iter().find(|mark| mark.id.as_str() == id);
                if last.as_ref().is_some_and(&wanted) {
                    return;
                }
                // A lease that runs out is nobody's change: look again now and then.
                let _ = tokio::time::timeout(std::time::Duration::from_millis(500), follower.next()).await;
            }
        };
        let outcome = tokio::time::timeout(std::time::Duration::from_secs(40), drawn).await;
        assert!(outcome.is_ok(), "the figure never showed {id}: {what}; it showed {last:?}");
    }

    pub async fn leave(self) {
        let _ = self.nodes().delete(&self.name, &DeleteParams::default()).await;
    }
}

fn is(health: Health) -> impl Fn(&Mark) -> bool {
    move |mark| mark.health == Some(health)
}

fn says(text: &'static str) -> impl Fn(&Mark) -> bool {
    move |mark| mark.texts.iter().any(|t| t.text.contains(text)) || mark.title.contains(text)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_follows_the_label() {
    let stage = Stage::with(json!({})).await;
    stage.shows("node/NODE", "a node", says("Node ")).await;
    let labels = json!({ "metadata": { "labels": { "node-role.kubernetes.io/control-plane": "" } } });
    stage.nodes().patch(&stage.name, &PatchParams::default(), &Patch::Merge(&labels)).await.expect("a label");
    stage.shows("node/NODE", "a master", says("Master ")).await;
    stage.leave().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_follows_the_static_pods_where_no_label_tells() {
    let stage = Stage::with(json!({})).await;
    stage.mirror("kube-apiserver").await;
    stage.shows("node/NODE", "a master", says("Master ")).await;
    stage.leave().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_api_server_is_known_by_the_endpoints_of_the_service_kubernetes() {
    let stage = Stage::with(json!({ "node-role.kubernetes.io/control-plane": "" })).await;
    stage.shows("chip/NODE/kube-apiserver", "nobody tells yet", is(Health::Unknown)).await;
    // The real API server has registered itself with this address, as its script says.
    let status = json!({ "status": { "addresses": [{ "type": "InternalIP", "address": "10.1.0.50" }] } });
    stage.nodes().patch_status(&stage.name, &PatchParams::default(), &Patch::Merge(&status)).await.expect("an address");
    stage.shows("chip/NODE/kube-apiserver", "registered", is(Health::Ok)).await;
    stage.leave().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_api_server_is_known_by_its_static_pod_and_by_its_identity_lease() {
    let stage = Stage::with(json!({ "node-role.kubernetes.io/control-plane": "" })).await;
    let leases: Api<Lease> = Api::namespaced(stage.client.clone(), "kube-system");
    let name = unique("apiserver");
    let mut identity = lease(&name, &name, 1);
    identity["metadata"]["labels"] =
        json!({ "apiserver.kubernetes.io/identity": "kube-apiserver", "kubernetes.io/hostname": stage.name });
    create(&leases, identity).await;
    stage.shows("chip/NODE/kube-apiserver", "its lease", is(Health::Ok)).await;
    stage.mirror("kube-apiserver").await;
    // Its pod runs, but its address is not registered: that is worth a warning.
    stage.shows("chip/NODE/kube-apiserver", "its pod", says("v1.34.4")).await;
    stage.leave().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_leader_is_who_holds_the_lease() {
    let target = target().await;
    let leases: Api<Lease> = Api::namespaced(target.admin(), "kube-system");
    let held = || async {
        let lease = leases.get("kube-scheduler").await.ok()?;
        lease.spec?.holder_identity.filter(|holder| !holder.is_empty())
    };
    let mut holder = None;
    for _ in 0..100 {
        holder = held().await;
        if holder.is_some() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    }
    let holder = holder.expect("the real scheduler holds its lease");
    let host = holder.rsplit_once('_').expect("HOST_UUID").0.to_owned();
    let stage = Stage::with(json!({ "node-role.kubernetes.io/control-plane": "" })).await;
    stage.shows("chip/NODE/kube-scheduler", "no leader", |mark| !mark.title.contains("the leader")).await;
    // The node is where the scheduler says that it runs.
    let status = json!({ "status": { "addresses": [{ "type": "Hostname", "address": host }] } });
    stage.nodes().patch_status(&stage.name, &PatchParams::default(), &Patch::Merge(&status)).await.expect("an address");
    stage.shows("chip/NODE/kube-scheduler", "the leader", says("the leader")).await;
    stage.leave().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kubelet_lives_as_long_as_it_is_ready_and_renews_its_lease() {
    let stage = Stage::with(json!({})).await;
    stage.shows("chip/NODE/kubelet", "alive", is(Health::Ok)).await;
    let leases: Api<Lease> = Api::namespaced(stage.client.clone(), "kube-node-lease");
    let change = async |lease: Value| {
        leases.patch(&stage.name, &PatchParams::default(), &Patch::Merge(&lease)).await.expect("a lease");
    };
    // Its last renewal is none any more after a second.
    change(json!({ "spec": { "leaseDurationSeconds": 1 } })).await;
    stage.shows("chip/NODE/kubelet", "stale", is(Health::Stale)).await;
    // A renewal that is seen counts from then on, whatever the clock of the kubelet says.
    change(lease(&stage.name, &stage.name, 7_200)).await;
    stage.shows("chip/NODE/kubelet", "renewed", is(Health::Ok)).await;
    // Who saw none has nothing but what the lease itself says.
    let late = Stage::of(stage.client.clone(), target().await.watch(), &stage.name);
    late.shows("chip/NODE/kubelet", "never seen to be renewed", is(Health::Stale)).await;
    stage.ready("False").await;
    stage.shows("chip/NODE/kubelet", "not ready", is(Health::Bad)).await;
    stage.leave().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_network_plugin_is_told_by_its_daemon_set() {
    use k8s_openapi::api::apps::v1::DaemonSet;
    let stage = Stage::with(json!({})).await;
    let name = unique("kube-ovn");
    let sets: Api<DaemonSet> = Api::namespaced(stage.client.clone(), "kube-system");
    // The real controller-manager makes a pod of it for the node.
    let labels = json!({ "app": name });
    let object = json!({ "metadata": { "name": name }, "spec": { "selector": { "matchLabels": labels }, "template": {
        "metadata": { "labels": labels },
        "spec": { "hostNetwork": true, "automountServiceAccountToken": false, "tolerations": [{ "operator": "Exists" }],
            "nodeSelector": { "kubernetes.io/hostname": stage.name },
            "containers": [{ "name": "agent", "image": "kubeovn/kube-ovn:v1.12.0" }] },
    } } });
    let hostname = json!({ "metadata": { "labels": { "kubernetes.io/hostname": stage.name } } });
    stage.nodes().patch(&stage.name, &PatchParams::default(), &Patch::Merge(&hostname)).await.expect("a label");
    // Without room for a pod the real scheduler binds none.
    let room = json!({ "cpu": "4", "memory": "8Gi", "pods": "110" });
    let room = json!({ "status": { "capacity": room, "allocatable": room } });
    stage.nodes().patch_status(&stage.name, &PatchParams::default(), &Patch::Merge(&room)).await.expect("room");
    create(&sets, object).await;
    let view = View { figure: Figure::Networking, ..View::default() };
    stage.sees(&view, "net/service", "the plugin", says("Kube-OVN")).await;
    sets.delete(&name, &DeleteParams::default()).await.expect("deleted");
    stage.leave().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_etcd_member_is_known_by_its_static_pod() {
    let stage = Stage::with(json!({ "node-role.kubernetes.io/control-plane": "" })).await;
    stage.mirror("etcd").await;
    stage.shows("chip/NODE/etcd", "a member", is(Health::Ok)).await;
    stage.set_ready("kube-system", &format!("etcd-{}", stage.name), false, 2).await;
    stage.shows("chip/NODE/etcd", "a broken member", is(Health::Bad)).await;
    stage.leave().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn etcd_is_as_the_api_server_sees_it() {
    let target = target().await;
    let cluster = target.watch();
    let passes = |wanted: bool| {
        let cluster = &cluster;
        async move {
            crate::conformance::until(cluster, "the check", |facts| {
                facts.checks().and_then(|checks| checks.get("etcd")) == Some(&wanted)
            })
            .await;
        }
    };
    passes(true).await;
    signal("-STOP");
    let seen = tokio::time::timeout(std::time::Duration::from_secs(45), passes(false)).await;
    signal("-CONT");
    seen.expect("a failing check");
    passes(true).await;
}

/// Stops the real etcd for a moment, or lets it go on.
fn signal(which: &str) {
    let pids = std::fs::read_to_string(format!("{}/pids", told("BINNACLE_TEST_CONTROL_PLANE"))).expect("pids");
    let pid = pids.lines().find_map(|line| line.strip_suffix(" etcd")).expect("etcd's pid");
    assert!(std::process::Command::new("kill").args([which, pid]).status().expect("kill").success());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pod_stands_in_its_node_with_its_phase_restarts_and_owner() {
    let stage = Stage::with(json!({})).await;
    let name = unique("web");
    create(&stage.pods("default"), pod(&name, &stage.name)).await;
    let id = format!("pod/default/{name}");
    stage.shows(&id, "pending", is(Health::Starting)).await;
    stage.set_ready("default", &name, true, 0).await;
    stage.shows(&id, "running", is(Health::Ok)).await;
    stage.set_ready("default", &name, false, 7).await;
    stage.shows(&id, "crashing", says("7 restarts, CrashLoopBackOff")).await;
    stage.pods("default").delete(&name, &DeleteParams::default().grace_period(0)).await.expect("deleted");
    stage.leave().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deployments_pods_are_grouped_under_its_name() {
    use k8s_openapi::api::apps::v1::Deployment;
    let stage = Stage::with(json!({})).await;
    let name = unique("app");
    let deployments: Api<Deployment> = Api::namespaced(stage.client.clone(), "default");
    // The real controller-manager makes its ReplicaSet and its pods.
    let deployment = json!({
        "metadata": { "name": name },
        "spec": { "replicas": 2, "selector": { "matchLabels": { "app": name } }, "template": {
            "metadata": { "labels": { "app": name } },
            "spec": { "nodeName": stage.name, "automountServiceAccountToken": false, "containers": [{ "name": "c", "image": "none:1" }] },
        } },
    });
    create(&deployments, deployment).await;
    let group = format!("group/NODE/default/Deployment/{name}");
    stage.shows(&group, "both pods", says("0/2")).await;
    deployments.delete(&name, &DeleteParams::default()).await.expect("deleted");
    stage.leave().await;
}
