//! What runs on Compass's 3+2 hosts: a packet core, its telephony, monitoring and a way in.

use serde_json::{Value, json};

use super::{
    kube_system, limits, multus,
    owners::{Form, Workload},
    pods::{self, container},
    site::Site,
    volumes,
};
use crate::{kind::Kind, object::Key};

pub(super) fn build(site: &mut Site<'_>) {
    for namespace in ["vepc", "ims", "monitoring", "ingress"] {
        site.namespace(namespace);
    }
    for (namespace, name, form, replicas, port, template) in rows() {
        let workload = Workload {
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            form,
            replicas,
            labels: json!({"app": name}),
            template,
            annotations: if name == "pgw" { json!({(multus::ASKED): "s1u, sgi"}) } else { Value::Null },
        };
        let backends = site.workload(&workload);
        let kind = match name {
            "pgw" | "prometheus" => "NodePort",
            "nginx-ingress" => "LoadBalancer",
            _ => "ClusterIP",
        };
        if port > 0 {
            site.service(&workload, port, kind, &backends);
        }
    }
    site.store.edit(Kind::Service, &Key::new("ims", "cscf"), |cscf| {
        cscf["spec"]["externalIPs"] = json!(["10.1.0.224"]);
    });
    // It came after the fifth host.
    if site.hosts.len() > 4 {
        nobody(site);
    }
    agents(site);
    policies(site);
    volumes::build(site);
    limits::build(site);
}

/// A service that was installed before what it stands for: no pod answers for it.
fn nobody(site: &mut Site<'_>) {
    let presence = Workload {
        namespace: "ims".to_owned(),
        name: "presence".to_owned(),
        form: Form::Deployment,
        replicas: 0,
        labels: json!({"app": "presence"}),
        template: Value::Null,
        annotations: Value::Null,
    };
    site.service(&presence, 5_065, "ClusterIP", &[]);
}

/// Multus, which gives the packet gateways the networks of their user plane.
fn agents(site: &mut Site<'_>) {
    let multus = container("kube-multus", "k8snetworkplumbingwg/multus-cni:v4.1.4", None, &["/thin_entrypoint".into()]);
    let mut template = pods::template(&[multus]);
    template["hostNetwork"] = true.into();
    template["tolerations"] = json!([{"operator": "Exists"}]);
    let _pods = site.workload(&kube_system::workload("kube-system", "kube-multus-ds", Form::DaemonSet, 0, template));
}

/// Who may talk with the subscribers' database, and with the packet core's signalling.
fn policies(site: &Site<'_>) {
    let policy = |namespace: &str, name: &str, spec: &Value| {
        let metadata = site.metadata(namespace, name, &Value::Null);
        site.store.put(Kind::NetworkPolicy, json!({"metadata": metadata, "spec": spec}));
    };
    policy(
        "ims",
        "hss-db-from-hss",
        &json!({"podSelector": {"matchLabels": {"app": "hss-db"}}, "policyTypes": ["Ingress"],
            "ingress": [{"from": [{"podSelector": {"matchLabels": {"app": "hss"}}}],
                "ports": [{"port": 5_432, "protocol": "TCP"}]}]}),
    );
    let ims = json!({"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "ims"}}});
    policy(
        "vepc",
        "signalling",
        &json!({"podSelector": {"matchExpressions": [{"key": "app", "operator": "In", "values": ["mme", "sgw"]}]},
            "policyTypes": ["Ingress", "Egress"], "ingress": [{"from": [{"podSelector": {}}]}],
            "egress": [{"to": [{"podSelector": {}}, ims]}]}),
    );
}

/// A template whose first container asks for so much.
fn asking(mut template: Value, cpu: &str, memory: &str) -> Value {
    template["containers"][0]["resources"] = json!({"requests": {"cpu": cpu, "memory": memory}});
    template
}

/// A template whose pods share no host.
fn apart(mut template: Value, app: &str) -> Value {
    template["affinity"] = json!({"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [
        {"labelSelector": {"matchLabels": {"app": app}}, "topologyKey": "kubernetes.io/hostname"}]}});
    template
}

type Row = (&'static str, &'static str, Form, usize, u16, Value);

fn rows() -> Vec<Row> {
    let plain = |name: &str, image: &str, port: u16| pods::template(&[container(name, image, Some(port), &[])]);
    let mut mme = pods::template(&[
        container("mme", "opnfv/vepc-mme:2.4.1", Some(36_412), &["mme".into(), "--config=/etc/mme.conf".into()]),
        container("s1ap-exporter", "opnfv/s1ap-exporter:0.9.0", Some(9_500), &[]),
    ]);
    mme["initContainers"] = json!([container("wait-for-hss", "busybox:1.37", None, &["sh".into(), "-c".into()])]);
    let mut pgw = pods::template(&[
        container("pgw-c", "opnfv/vepc-pgw:2.4.1", Some(2_123), &[]),
        container("pgw-u", "opnfv/vepc-upf:2.4.1", Some(2_152), &[]),
    ]);
    pgw["initContainers"] = json!([container("sysctl", "busybox:1.37", None, &["sysctl".into(), "-w".into()])]);
    let mut exporter = plain("node-exporter", "quay.io/prometheus/node-exporter:v1.8.2", 9_100);
    exporter["hostNetwork"] = true.into();
    exporter["tolerations"] = json!([{"operator": "Exists"}]);
    let mut report = plain("report", "opnfv/usage-report:1.2.0", 0);
    report["restartPolicy"] = "Never".into();
    report["containers"][0]["ports"] = json!([]);
    vec![
        ("vepc", "mme", Form::Deployment, 2, 36_412, apart(asking(mme, "2", "4Gi"), "mme")),
        (
            "vepc",
            "sgw",
            Form::Deployment,
            3,
            2_123,
            asking(plain("sgw", "opnfv/vepc-sgw:2.4.1", 2_123), "1500m", "2Gi"),
        ),
        ("vepc", "pgw", Form::StatefulSet, 2, 2_152, asking(pgw, "3", "8Gi")),
        ("ims", "cscf", Form::Deployment, 3, 5_060, asking(plain("cscf", "opnfv/ims-cscf:1.9.3", 5_060), "1", "2Gi")),
        ("ims", "hss", Form::Deployment, 2, 3_868, asking(plain("hss", "opnfv/ims-hss:1.9.3", 3_868), "1", "4Gi")),
        (
            "ims",
            "hss-db",
            Form::StatefulSet,
            1,
            5_432,
            volumes::claiming(asking(plain("postgres", "postgres:17.2", 5_432), "2", "8Gi"), "data-hss-db-0"),
        ),
        ("ims", "usage-report-29391840", Form::Job, 1, 0, report),
        (
            "monitoring",
            "prometheus",
            Form::StatefulSet,
            1,
            9_090,
            volumes::claiming(
                asking(plain("prometheus", "quay.io/prometheus/prometheus:v3.1.0", 9_090), "1", "6Gi"),
                "data-prometheus-0",
            ),
        ),
        ("monitoring", "node-exporter", Form::DaemonSet, 0, 0, exporter),
        (
            "ingress",
            "nginx-ingress",
            Form::Deployment,
            2,
            443,
            plain("nginx", "registry.k8s.io/ingress-nginx/controller:v1.12.0", 443),
        ),
    ]
}
