//! A made-up cluster from a seed, in facts.

use std::sync::Arc;

use topology::{
    Change, Inventory, Stamp,
    inventory::{
        AccessMode, Claim, Condition, CsiNode, Effect, Fact, Heard, HostPort, Key, Labels, Name, Namespace, Node,
        NodeOperator, NodeRequirement, NodeTerm, Operator, Phase, Pod, PodTerm, Requirement, Resources, Selector,
        Shape, Source, Spread, StorageClass, Taint, Toleration, Truth, Volume,
    },
};

/// Everything of it.
pub struct Made {
    pub nodes: Vec<Node>,
    pub pods: Vec<Pod>,
    pub wanted: Vec<Pod>,
    pub claims: Vec<Claim>,
    pub volumes: Vec<Volume>,
    pub classes: Vec<StorageClass>,
    pub csi: Vec<CsiNode>,
    pub namespaces: Vec<Namespace>,
}

impl Made {
    pub fn inventory(&self) -> Inventory {
        let mut inventory = Inventory::default();
        for source in Source::every() {
            inventory.apply(Change::Heard(source, Heard::Live));
        }
        let facts = self.nodes.iter().map(|node| Fact::Node(Box::new(node.clone())));
        let facts = facts.chain(self.namespaces.iter().cloned().map(Fact::Namespace));
        let facts = facts.chain(self.claims.iter().cloned().map(Fact::Claim));
        let facts = facts.chain(self.volumes.iter().map(|volume| Fact::Volume(Box::new(volume.clone()))));
        let facts = facts.chain(self.classes.iter().cloned().map(Fact::StorageClass));
        let facts = facts.chain(self.csi.iter().cloned().map(Fact::CsiNode));
        let facts = facts.chain(self.pods.iter().chain(&self.wanted).map(|pod| Fact::Pod(Box::new(pod.clone()))));
        for fact in facts {
            inventory.apply(Change::Put(fact));
        }
        inventory
    }

    /// One wanted pod, for a report.
    pub fn about(&self, name: &str) -> String {
        let pod = self.wanted.iter().find(|pod| *pod.key.name == *name);
        format!("{:#?}", pod.map(|pod| (&pod.key, &pod.labels, &pod.shape, &pod.claims)))
    }
}

/// Numbers from a seed: the same on every machine.
pub struct Dice(pub u64);

impl Dice {
    pub fn throw(&mut self, below: u64) -> u64 {
        // splitmix64
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % below
    }

    /// Whether it happens: so many times of a hundred.
    pub fn of_100(&mut self, times: u64) -> bool {
        self.throw(100) < times
    }

    fn pick<T: Clone>(&mut self, from: &[T]) -> T {
        let at = self.throw(from.len() as u64) as usize;
        from[at].clone()
    }

    fn name(&mut self, from: &[&str]) -> Name {
        self.pick(from).into()
    }
}

const ZONE: &str = "topology.kubernetes.io/zone";
const HOST: &str = "kubernetes.io/hostname";
const DRIVER: &str = "disk.example.org";
const KEYS: [&str; 3] = ["dedicated", "gpu", "flaky"];

pub fn made(seed: u64) -> Made {
    let mut dice = Dice(seed.wrapping_mul(7_919));
    let count = 4 + dice.throw(36);
    let nodes: Vec<Node> = (0..count).map(|n| node(&mut dice, n)).collect();
    let namespaces = ["red", "blue", "green"].map(|name| Namespace {
        name: name.into(),
        labels: Labels::new([("team".into(), if name == "green" { "b".into() } else { "a".into() })]),
    });
    let mut made = Made {
        csi: nodes.iter().filter_map(|node| csi(&mut dice, node)).collect(),
        nodes,
        pods: Vec::new(),
        wanted: Vec::new(),
        claims: Vec::new(),
        volumes: Vec::new(),
        classes: classes(),
        namespaces: namespaces.to_vec(),
    };
    for n in 0..made.nodes.len() {
        for p in 0..dice.throw(6) {
            let mut pod = pod(&mut dice, &mut made, format!("running-{n}-{p}"));
            pod.node = Some(made.nodes[n].name.clone());
            pod.phase = Phase::Running;
            pod.leaving = dice.of_100(10);
            made.pods.push(pod);
        }
    }
    for p in 0..10 + dice.throw(30) {
        let pod = pod(&mut dice, &mut made, format!("wanted-{p:03}"));
        made.wanted.push(pod);
    }
    made.wanted.sort_by(|a, b| a.key.cmp(&b.key));
    made
}

fn node(dice: &mut Dice, n: u64) -> Node {
    let name: Name = format!("n{n:02}").into();
    let mut labels = Vec::new();
    if dice.of_100(95) {
        labels.push((HOST.into(), name.clone()));
    }
    if dice.of_100(90) {
        labels.push((ZONE.into(), dice.name(&["a", "b", "c"])));
    }
    if dice.of_100(60) {
        labels.push(("disk".into(), dice.name(&["ssd", "hdd"])));
    }
    if dice.of_100(60) {
        labels.push(("rank".into(), dice.name(&["1", "3", "7", "x"])));
    }
    let mut taints = Vec::new();
    if dice.of_100(25) {
        let effect = dice.pick(&[Effect::NoSchedule, Effect::NoExecute, Effect::PreferNoSchedule]);
        taints.push(Taint { key: dice.name(&KEYS), value: dice.name(&["", "yes"]), effect });
    }
    let allocatable = Resources {
        cpu: 1_000 + dice.throw(4) * 500,
        memory: (1 + dice.throw(4)) << 30,
        ephemeral: (2 + dice.throw(8)) << 30,
        pods: 4 + dice.throw(8),
        extended: if dice.of_100(30) { vec![("example.org/gpu".into(), 1 + dice.throw(3))] } else { Vec::new() },
    };
    let ready = Condition {
        kind: "Ready".into(),
        truth: Truth::True,
        reason: "".into(),
        message: "".into(),
        since: Stamp(0),
        heartbeat: None,
    };
    Node {
        name,
        created: Stamp(0),
        roles: Vec::new(),
        addresses: Vec::new(),
        conditions: vec![ready],
        cordoned: dice.of_100(8),
        taints,
        labels: Labels::new(labels),
        allocatable: Some(allocatable.clone()),
        capacity: Some(allocatable),
        kubelet: "v1.34.4".into(),
        proxy: "".into(),
        runtime: "".into(),
        os: "".into(),
        kernel: "".into(),
        pod_cidrs: Vec::new(),
        room: None,
        zone: None,
    }
}

fn csi(dice: &mut Dice, node: &Node) -> Option<CsiNode> {
    let limit = dice.of_100(80).then(|| 1 + dice.throw(3) as u32);
    dice.of_100(70).then(|| CsiNode { name: node.name.clone(), drivers: vec![(DRIVER.into(), limit)] })
}

fn classes() -> Vec<StorageClass> {
    let class = |name: &str, waits, allowed| StorageClass {
        name: name.into(),
        provisioner: DRIVER.into(),
        waits,
        default: false,
        allowed,
    };
    let one = NodeRequirement { key: ZONE.into(), operator: NodeOperator::In, values: vec!["a".into(), "b".into()] };
    let zones = vec![NodeTerm { labels: vec![one], names: Vec::new() }];
    vec![class("now", false, Vec::new()), class("waits", true, Vec::new()), class("zones", true, zones)]
}

fn pod(dice: &mut Dice, made: &mut Made, name: String) -> Pod {
    let namespace = dice.name(&["red", "blue", "green"]);
    let mut labels = vec![("app".into(), dice.name(&["web", "db", "job"]))];
    if dice.of_100(50) {
        labels.push(("release".into(), dice.name(&["1", "2"])));
    }
    let shape = shape(dice, &name);
    let claims = if dice.of_100(15) { vec![claim(dice, made, &namespace, &name)] } else { Vec::new() };
    Pod {
        key: Key::new(namespace, name),
        node: None,
        phase: Phase::Pending,
        ready: true,
        containers_ready: 0,
        containers: 1,
        restarts: 0,
        reason: "".into(),
        owner: None,
        host_network: false,
        addresses: Vec::new(),
        created: Stamp(0),
        leaving: false,
        further: None,
        mirror: false,
        component: None,
        labels: Labels::new(labels),
        images: Arc::from([]),
        networks: None,
        shape: Arc::new(shape),
        claims: claims.into(),
        pin: None,
    }
}

fn shape(dice: &mut Dice, name: &str) -> Shape {
    let wanted = name.starts_with("wanted");
    let requests = Resources {
        cpu: dice.pick(&[0, 100, 250, 500, 900]),
        memory: dice.pick(&[0, 64, 256, 700]) << 20,
        ephemeral: dice.pick(&[0, 0, 0, 1, 3]) << 30,
        pods: 1,
        extended: if dice.of_100(6) { vec![("example.org/gpu".into(), 1)] } else { Vec::new() },
    };
    let mut shape =
        Shape { requests, preempts: true, scheduler: "default-scheduler".into(), grace: 30, ..Shape::default() };
    if wanted && dice.of_100(15) {
        shape.node_selector = Labels::new([("disk".into(), dice.name(&["ssd", "hdd"]))]);
    }
    if wanted && dice.of_100(25) {
        shape.node_affinity = Some((0..1 + dice.throw(2)).map(|_| term(dice)).collect());
    }
    if dice.of_100(30) {
        shape.tolerations = (0..1 + dice.throw(2)).map(|_| toleration(dice)).collect();
    }
    if dice.of_100(18) {
        shape.apart = vec![pod_term(dice)];
    }
    if wanted && dice.of_100(18) {
        shape.near = (0..1 + dice.throw(2)).map(|_| pod_term(dice)).collect();
    }
    if wanted && dice.of_100(30) {
        shape.spread = (0..1 + dice.throw(2)).map(|n| spread(dice, n)).collect();
    }
    if dice.of_100(15) {
        shape.host_ports = vec![HostPort {
            port: 8_000 + dice.throw(3) as u16,
            protocol: dice.name(&["TCP", "UDP"]),
            address: dice.name(&["", "0.0.0.0", "10.0.0.1"]),
        }];
    }
    shape
}

fn term(dice: &mut Dice) -> NodeTerm {
    let requirement = |dice: &mut Dice| {
        let operators = [
            NodeOperator::In,
            NodeOperator::NotIn,
            NodeOperator::Exists,
            NodeOperator::DoesNotExist,
            NodeOperator::Above,
            NodeOperator::Below,
        ];
        let operator = dice.pick(&operators);
        let (key, values): (&str, Vec<Name>) = match operator {
            NodeOperator::Above | NodeOperator::Below => ("rank", vec![dice.name(&["0", "2", "5"])]),
            NodeOperator::Exists | NodeOperator::DoesNotExist => ("disk", Vec::new()),
            _ => ("disk", vec![dice.name(&["ssd", "hdd"])]),
        };
        NodeRequirement { key: key.into(), operator, values }
    };
    let labels = (0..dice.throw(3)).map(|_| requirement(dice)).collect();
    let names = if dice.of_100(15) {
        let operator = dice.pick(&[NodeOperator::In, NodeOperator::NotIn]);
        vec![NodeRequirement { key: "metadata.name".into(), operator, values: vec![dice.name(&["n00", "n01", "n02"])] }]
    } else {
        Vec::new()
    };
    NodeTerm { labels, names }
}

fn toleration(dice: &mut Dice) -> Toleration {
    let effects = [None, Some(Effect::NoSchedule), Some(Effect::NoExecute)];
    let key = if dice.of_100(15) { "".into() } else { dice.name(&[KEYS[0], KEYS[1], KEYS[2], UNSCHEDULABLE]) };
    // An empty key is only valid with the operator Exists.
    let value = if key.is_empty() || dice.of_100(50) { None } else { Some(dice.name(&["", "yes"])) };
    Toleration { key, value, effect: dice.pick(&effects), seconds: None }
}

const UNSCHEDULABLE: &str = "node.kubernetes.io/unschedulable";

fn selector(dice: &mut Dice) -> Option<Selector> {
    let operator = dice.pick(&[Operator::In, Operator::In, Operator::NotIn, Operator::Exists, Operator::DoesNotExist]);
    let values = match operator {
        Operator::In | Operator::NotIn => vec![dice.name(&["web", "db", "job"])],
        Operator::Exists | Operator::DoesNotExist => Vec::new(),
    };
    let label = if values.is_empty() { "release" } else { "app" };
    match dice.throw(12) {
        0 => None,
        1 => Some(Selector(Vec::new())),
        _ => Some(Selector(vec![Requirement { label: label.into(), operator, values }])),
    }
}

fn pod_term(dice: &mut Dice) -> PodTerm {
    let of_team = |team: &str| {
        Selector(vec![Requirement { label: "team".into(), operator: Operator::In, values: vec![team.into()] }])
    };
    PodTerm {
        selector: selector(dice),
        namespaces: if dice.of_100(20) { vec![dice.name(&["red", "blue"])] } else { Vec::new() },
        namespace_selector: match dice.throw(10) {
            0 => Some(Selector(Vec::new())),
            1 => Some(of_team("a")),
            _ => None,
        },
        topology: dice.name(&[HOST, ZONE, "disk"]),
    }
}

fn spread(dice: &mut Dice, n: u64) -> Spread {
    Spread {
        max_skew: 1 + dice.throw(3) as u32,
        topology: if n == 0 { ZONE.into() } else { HOST.into() },
        selector: selector(dice),
        match_label_keys: if dice.of_100(25) { vec!["release".into()] } else { Vec::new() },
        min_domains: dice.of_100(25).then(|| 1 + dice.throw(5) as u32),
        by_affinity: dice.of_100(70),
        by_taints: dice.of_100(40),
    }
}

/// Adds a claim, and its volume where it has one.
fn claim(dice: &mut Dice, made: &mut Made, namespace: &Name, pod: &str) -> Name {
    let name: Name = format!("data-{pod}").into();
    let kind = dice.throw(10);
    let volume: Name = format!("pv-{pod}").into();
    let bound = kind < 7;
    let class: Name = match kind {
        0..7 => "".into(),
        7 => "now".into(),
        8 => "waits".into(),
        _ => "zones".into(),
    };
    // One claim in twenty is not there at all.
    if dice.of_100(5) {
        return name;
    }
    let mode = dice.pick(&[AccessMode::Once, AccessMode::OncePod, AccessMode::Many]);
    made.claims.push(Claim {
        key: Key::new(namespace.clone(), name.clone()),
        volume: bound.then(|| volume.clone()),
        class: Some(class),
        bound,
        phase: if bound { "Bound".into() } else { "Pending".into() },
        modes: vec![mode],
        asked: Some(1 << 30),
    });
    if bound {
        let on = |host: Name| {
            let one = NodeRequirement { key: HOST.into(), operator: NodeOperator::In, values: vec![host] };
            vec![NodeTerm { labels: vec![one], names: Vec::new() }]
        };
        made.volumes.push(Volume {
            name: volume,
            class: "".into(),
            modes: vec![mode],
            capacity: Some(1 << 30),
            phase: "Bound".into(),
            claim: Some(Key::new(namespace.clone(), name.clone())),
            affinity: dice.of_100(30).then(|| on(dice.name(&["n00", "n01", "n02", "n03"]))),
            zones: match dice.throw(5) {
                0 => Labels::new([(ZONE.into(), "a__b".into())]),
                1 => Labels::new([("failure-domain.beta.kubernetes.io/zone".into(), "c".into())]),
                _ => Labels::default(),
            },
            backing: if dice.of_100(70) { DRIVER.into() } else { "nfs".into() },
            odd: false,
        });
    }
    name
}
