//! What makes hosts a cluster: nodes, leases, the static pods of the masters, and the system's own
//! workloads. Every size of cluster has the same.

use serde_json::{Value, json};

use super::{
    endpoints::{self, Backend},
    hosts,
    owners::{Form, Workload},
    pods::{self, Draft, Stage},
    site::Site,
};
use crate::{clock, kind::Kind, profile::Profile};

/// Where the masters are reached together.
const VIP: &str = "10.1.0.222";

pub(super) fn build(site: &mut Site<'_>) {
    let (store, now) = (site.store, site.store.clock.now());
    for host in &site.hosts {
        let metadata = site.metadata("", &host.name, &json!({}));
        store.put(Kind::Node, hosts::node(host, store.profile, metadata, site.born, now));
        if store.profile == Profile::Current {
            let metadata = site.metadata("kube-node-lease", &host.name, &Value::Null);
            store.put(Kind::Lease, hosts::lease(&metadata, &host.name, 40, now));
        }
    }
    for place in 0..site.hosts.iter().filter(|host| host.master).count() {
        master(site, place);
    }
    leaders(site);
    let servers: Vec<(&str, u16)> =
        site.hosts.iter().filter(|host| host.master).map(|host| (host.address.as_str(), 6_443)).collect();
    api_service(site, &servers);
    daemons(site);
    dns(site);
}

/// The static pods of a master, as mirrors.
fn master(site: &Site<'_>, place: usize) {
    let profile = site.store.profile;
    let tag = profile.version();
    let address = site.hosts[place].address.clone();
    let etcd: Vec<String> =
        site.hosts.iter().filter(|host| host.master).map(|host| format!("https://{}:2379", host.address)).collect();
    let image = |name: &str| format!("registry.k8s.io/{name}:{tag}");
    let flags = |program: &str, flags: &[&str]| -> Vec<String> {
        [program].iter().chain(flags).map(|word| (*word).to_owned()).collect()
    };
    let (advertise, etcd_servers) =
        (format!("--advertise-address={address}"), format!("--etcd-servers={}", etcd.join(",")));
    static_pod(
        site,
        place,
        "kube-apiserver",
        &image("kube-apiserver"),
        &flags(
            "kube-apiserver",
            &[
                &advertise,
                "--allow-privileged=true",
                "--authorization-mode=Node,RBAC",
                &etcd_servers,
                "--secure-port=6443",
                "--service-cluster-ip-range=10.96.0.0/12",
                "--service-node-port-range=30000-32767",
                "--client-ca-file=/etc/kubernetes/pki/ca.crt",
                "--enable-admission-plugins=NodeRestriction",
            ],
        ),
    );
    static_pod(
        site,
        place,
        "kube-controller-manager",
        &image("kube-controller-manager"),
        &flags(
            "kube-controller-manager",
            &[
                "--allocate-node-cidrs=true",
                "--cluster-cidr=10.244.0.0/16",
                "--leader-elect=true",
                "--bind-address=127.0.0.1",
                "--controllers=*,bootstrapsigner,tokencleaner",
                "--kubeconfig=/etc/kubernetes/controller-manager.conf",
            ],
        ),
    );
    static_pod(
        site,
        place,
        "kube-scheduler",
        &image("kube-scheduler"),
        &flags(
            "kube-scheduler",
            &["--leader-elect=true", "--bind-address=127.0.0.1", "--kubeconfig=/etc/kubernetes/scheduler.conf"],
        ),
    );
    if profile == Profile::Current {
        let name = format!("--name={}", site.hosts[place].name);
        let client = format!("--listen-client-urls=https://127.0.0.1:2379,https://{address}:2379");
        let peer = format!("--listen-peer-urls=https://{address}:2380");
        static_pod(
            site,
            place,
            "etcd",
            "registry.k8s.io/etcd:3.6.5-0",
            &flags(
                "etcd",
                &[
                    &name,
                    &client,
                    &peer,
                    "--data-dir=/var/lib/etcd",
                    "--client-cert-auth=true",
                    "--snapshot-count=10000",
                ],
            ),
        );
    }
    static_pod(
        site,
        place,
        "haproxy",
        "haproxy:3.0.8-alpine",
        &flags("haproxy", &["-W", "-db", "-f", "/usr/local/etc/haproxy/haproxy.cfg"]),
    );
    let vip = format!("--vip={VIP}");
    static_pod(
        site,
        place,
        "keepalived",
        "osixia/keepalived:2.0.20",
        &flags("keepalived", &["--dont-fork", "--log-console", &vip]),
    );
}

fn static_pod(site: &Site<'_>, place: usize, name: &str, image: &str, command: &[String]) {
    let template = pods::template(&[pods::container(name, image, None, command)]);
    let labels = json!({"component": name, "tier": "control-plane"});
    mirror(site, place, Mirror { namespace: "kube-system", name, labels, template });
}

/// A static pod as the API server shows it.
pub(super) struct Mirror<'a> {
    pub(super) namespace: &'a str,
    /// Without the node's name, which is put behind it.
    pub(super) name: &'a str,
    pub(super) labels: Value,
    pub(super) template: Value,
}

/// Puts a mirror pod in place.
pub(super) fn mirror(site: &Site<'_>, place: usize, pod: Mirror<'_>) {
    let Mirror { namespace, name, labels, mut template } = pod;
    let host = &site.hosts[place];
    template["hostNetwork"] = true.into();
    template["priorityClassName"] = "system-node-critical".into();
    let node = site.store.get(Kind::Node, "", &host.name);
    let node_uid = node.map_or(Value::Null, |node| node.value()["metadata"]["uid"].clone());
    let hash = site.store.uid().replace('-', "");
    let draft = Draft {
        namespace,
        name: &format!("{name}-{}", host.name),
        uid: site.store.uid(),
        labels,
        owner: Some(
            json!({"apiVersion": "v1", "kind": "Node", "name": host.name, "uid": node_uid, "controller": true}),
        ),
        template: &template,
        born: site.born,
        annotations: json!({"kubernetes.io/config.hash": hash, "kubernetes.io/config.mirror": hash,
            "kubernetes.io/config.seen": clock::seconds(site.born), "kubernetes.io/config.source": "file"}),
    };
    let here = pods::Place { node: host.name.clone(), host: host.address.clone(), pod: host.address.clone() };
    site.store.put(Kind::Pod, pods::pod(site.store.profile, &draft, Some(&here), &Stage::Ready, site.born));
}

/// Who leads: Leases today, annotations on Endpoints then. And the identities of the API servers.
fn leaders(site: &Site<'_>) {
    let (store, now) = (site.store, site.store.clock.now());
    let masters: Vec<_> = site.hosts.iter().filter(|host| host.master).collect();
    for program in ["kube-controller-manager", "kube-scheduler"] {
        let Some(first) = masters.first() else { return };
        let holder = format!("{}_{}", first.name, store.uid());
        if store.profile == Profile::Current {
            let metadata = site.metadata("kube-system", program, &Value::Null);
            store.put(Kind::Lease, hosts::lease(&metadata, &holder, 15, now));
            continue;
        }
        let mut metadata = site.metadata("kube-system", program, &Value::Null);
        let record = json!({"holderIdentity": holder, "leaseDurationSeconds": 15, "acquireTime": clock::seconds(site.born),
            "renewTime": clock::seconds(now), "leaderTransitions": 1});
        metadata["annotations"] = json!({"control-plane.alpha.kubernetes.io/leader": record.to_string()});
        store.put(Kind::Endpoints, json!({"metadata": metadata}));
    }
    if store.profile == Profile::Current {
        for master in masters {
            identity(site, &master.name);
        }
    }
}

/// The lease by which an API server on a host says that it lives.
pub(super) fn identity(site: &Site<'_>, host: &str) {
    let (store, now) = (site.store, site.store.clock.now());
    let name = format!("apiserver-{}", &store.uid().replace('-', "")[..26]);
    let labels = json!({"apiserver.kubernetes.io/identity": "kube-apiserver", "kubernetes.io/hostname": host});
    let metadata = site.metadata("kube-system", &name, &labels);
    store.put(Kind::Lease, hosts::lease(&metadata, &format!("{name}_{}", store.uid()), 3_600, now));
}

/// The service `kubernetes` in default, with the addresses and ports of the API servers behind it.
pub(super) fn api_service(site: &Site<'_>, servers: &[(&str, u16)]) {
    let labels = json!({"component": "apiserver", "provider": "kubernetes"});
    let port = servers.first().map_or(6_443, |(_, port)| *port);
    let service = json!({"metadata": site.metadata("default", "kubernetes", &labels),
        "spec": {"type": "ClusterIP", "clusterIP": "10.96.0.1", "clusterIPs": ["10.96.0.1"], "sessionAffinity": "None",
            "ports": [{"name": "https", "port": 443, "targetPort": port, "protocol": "TCP"}]},
        "status": {"loadBalancer": {}}});
    site.store.put(Kind::Service, service);
    let addresses: Vec<Value> = servers.iter().map(|(address, _)| json!({"ip": address})).collect();
    let ports = json!([{"name": "https", "port": port, "protocol": "TCP"}]);
    let metadata = site.metadata("default", "kubernetes", &json!({"endpointslice.kubernetes.io/skip-mirror": "true"}));
    site.store
        .put(Kind::Endpoints, json!({"metadata": metadata, "subsets": [{"addresses": addresses, "ports": ports}]}));
    if site.store.profile == Profile::Current {
        let metadata = site.metadata("default", "kubernetes", &json!({"kubernetes.io/service-name": "kubernetes"}));
        let endpoint = |(address, _): &(&str, u16)| json!({"addresses": [address], "conditions": {"ready": true}});
        let endpoints: Vec<Value> = servers.iter().map(endpoint).collect();
        site.store.put(
            Kind::EndpointSlice,
            json!({"metadata": metadata, "addressType": "IPv4", "endpoints": endpoints, "ports": ports}),
        );
    }
}

/// kube-proxy and flannel on every host.
fn daemons(site: &mut Site<'_>) {
    let tag = site.store.profile.version();
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    let proxy = pods::container(
        "kube-proxy",
        &format!("registry.k8s.io/kube-proxy:{tag}"),
        None,
        &words(&[
            "/usr/local/bin/kube-proxy",
            "--config=/var/lib/kube-proxy/config.conf",
            "--hostname-override=$(NODE_NAME)",
        ]),
    );
    let flannel = pods::container(
        "kube-flannel",
        "ghcr.io/flannel-io/flannel:v0.26.4",
        None,
        &words(&["/opt/bin/flanneld", "--ip-masq", "--kube-subnet-mgr", "--iface=eth1"]),
    );
    let cni = pods::container("install-cni", "ghcr.io/flannel-io/flannel:v0.26.4", None, &words(&["cp", "-f"]));
    for (name, container, init) in [("kube-proxy", proxy, None), ("kube-flannel-ds", flannel, Some(cni))] {
        let mut template = pods::template(&[container]);
        template["hostNetwork"] = true.into();
        template["tolerations"] = json!([{"operator": "Exists"}]);
        if let Some(init) = init {
            template["initContainers"] = json!([init]);
        }
        let _pods = site.workload(&workload("kube-system", name, Form::DaemonSet, 0, template));
    }
}

fn dns(site: &mut Site<'_>) {
    let coredns = pods::container("coredns", "registry.k8s.io/coredns/coredns:v1.12.1", Some(53), &[]);
    let dns = workload("kube-system", "kube-dns", Form::Deployment, 2, pods::template(&[coredns]));
    let dns = Workload { name: "coredns".to_owned(), ..dns };
    let backends: Vec<Backend> = site.workload(&dns);
    let service = json!({"metadata": site.metadata("kube-system", "kube-dns", &dns.labels),
        "spec": {"type": "ClusterIP", "clusterIP": "10.96.0.10", "clusterIPs": ["10.96.0.10"], "selector": dns.labels,
            "sessionAffinity": "None", "ports": [{"name": "dns", "port": 53, "targetPort": 53, "protocol": "UDP"}]},
        "status": {"loadBalancer": {}}});
    site.store.put(Kind::Service, service.clone());
    endpoints::put(site.store, &service, &backends);
    let metrics =
        pods::container("metrics-server", "registry.k8s.io/metrics-server/metrics-server:v0.7.2", Some(10_250), &[]);
    let metrics = workload("kube-system", "metrics-server", Form::Deployment, 1, pods::template(&[metrics]));
    let backends = site.workload(&metrics);
    site.service(&metrics, 443, "ClusterIP", &backends);
}

/// A workload whose label `k8s-app` is its name.
pub(super) fn workload(namespace: &str, name: &str, form: Form, replicas: usize, template: Value) -> Workload {
    Workload {
        namespace: namespace.to_owned(),
        name: name.to_owned(),
        form,
        replicas,
        labels: json!({"k8s-app": name}),
        template,
        annotations: Value::Null,
    }
}
