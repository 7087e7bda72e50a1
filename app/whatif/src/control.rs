//! The control plane after a loss: API servers, the address by which they are reached, leaders.

use std::net::IpAddr;

use scene::Health;
use topology::{
    figure::is_master,
    health::{Leader, leader, node_state, parts},
    inventory::{ComponentKind, Key, Name, Node, Pod, Source},
};

use crate::{
    answer::{About, Event, Part, counted},
    quorum::{self, Member, members},
    supposed::Supposed,
    timing::{ELECTION, TAKEOVER},
    verdict::Verdict,
    world::{HostId, World},
};

/// The control plane after the steps.
pub(crate) struct Control {
    /// Its parts.
    pub(crate) parts: Vec<Part>,
    /// What happens to it, and when.
    pub(crate) course: Vec<Event>,
    /// Why nothing is moved any more; none while it works.
    pub(crate) halted: Option<String>,
    /// What is not known, so that no replacement is certain; none where all that decides is known.
    pub(crate) unsure: Option<String>,
}

/// The control plane as it is, whatever a question supposes.
#[derive(Debug)]
pub(crate) struct Plane<'a> {
    /// Hosts of masters, by their parts.
    pub(crate) parts: Vec<(&'a Node, ComponentKind, Health)>,
    /// etcd's configured members.
    pub(crate) members: Vec<Member>,
    /// Whether it runs on none of these hosts.
    outside: bool,
    /// The address by which clients reach the API, and hosts that tell of it.
    entrance: Option<(&'a Name, String, Vec<HostId>)>,
}

impl Plane<'_> {
    /// Hosts of a part of the control plane or of a member of etcd.
    pub(crate) fn hosts(&self) -> impl Iterator<Item = &Name> {
        let servers = self.parts.iter().map(|(node, ..)| &node.name);
        servers.chain(self.members.iter().filter_map(|member| member.host.as_ref()))
    }
}

/// Looks at the parts of every master once.
pub(crate) fn plane<'a>(world: &World<'a>) -> Plane<'a> {
    let inventory = world.inventory;
    let mut found = Vec::new();
    for node in inventory.nodes().filter(|node| is_master(inventory, node)) {
        let state = node_state(inventory, node, world.now);
        let parts = parts(inventory, node, &state, true, world.now);
        found.extend(parts.into_iter().map(|part| (node, part.kind, part.health)));
    }
    let entrance = inventory.entrance().map(|entrance| {
        let address = entrance.rsplit_once(':').map_or(&**entrance, |(address, _)| address).trim_matches(['[', ']']);
        (entrance, address.to_owned(), hosts_at(world, address))
    });
    let outside = found.is_empty() && is_outside(world);
    Plane { parts: found, members: members(world), outside, entrance }
}

/// A host's part of the control plane.
struct Server<'a> {
    node: &'a Node,
    off: bool,
    kind: ComponentKind,
    health: Health,
}

impl Server<'_> {
    /// Whether it is known to serve.
    const fn is_well(&self) -> bool {
        matches!(self.health, Health::Ok | Health::Warn)
    }
}

pub(crate) fn control<'w>(supposed: &Supposed<'w, '_>) -> Control {
    let world = supposed.world;
    let off = |name: &str| world.host(name).is_some_and(|host| supposed.is_off(host));
    let plane = world.plane();
    let server = |(node, kind, health): &(&'w Node, ComponentKind, Health)| Server {
        node,
        off: off(&node.name),
        kind: *kind,
        health: *health,
    };
    let servers: Vec<Server<'_>> = plane.parts.iter().map(server).collect();
    let outside = plane.outside;
    let mut control = Control { parts: Vec::new(), course: Vec::new(), halted: None, unsure: None };
    let api = api(supposed, &servers, outside);
    let etcd = quorum::etcd(supposed, outside);
    if etcd.as_ref().is_some_and(|etcd| etcd.verdict == Verdict::Impossible) {
        control.halted = Some("etcd has no quorum, so nothing in the cluster can be changed".into());
    }
    let unsure =
        etcd.as_ref().is_some_and(|etcd| etcd.verdict == Verdict::Unknown) && servers.iter().any(|server| server.off);
    let api = match &control.halted {
        None if unsure && api.verdict == Verdict::Certain => Part {
            verdict: Verdict::Unknown,
            short: "not known".into(),
            why: "whether etcd keeps its quorum is not known".into(),
            after: None,
            ..api
        },
        Some(_) => Part {
            verdict: Verdict::Impossible,
            short: "takes no changes".into(),
            why: "etcd has no quorum".into(),
            after: None,
            ..api
        },
        None => api,
    };
    if api.verdict == Verdict::Impossible && control.halted.is_none() {
        control.halted = Some("no API server is left, so nothing in the cluster can be changed".into());
    }
    control.unsure = unsure.then(|| "whether etcd keeps its quorum is not known".to_owned());
    control.parts.push(api);
    control.parts.extend(etcd);
    entrance(supposed, &servers, &mut control);
    for kind in [ComponentKind::Scheduler, ComponentKind::ControllerManager] {
        elected(supposed, &servers, kind, &mut control);
    }
    control
}

/// Whether the API servers are addresses that none of the hosts has.
fn is_outside(world: &World<'_>) -> bool {
    let inventory = world.inventory;
    let service = Key::new("default", "kubernetes");
    let sets = inventory.endpoints_of(&service);
    let mut addresses = sets.flat_map(|set| &set.endpoints).map(|endpoint| &endpoint.address).peekable();
    let known = addresses.peek().is_some();
    known && addresses.all(|address| hosts_at(world, address).is_empty())
}

/// Hosts that have an address, by their nodes or else by the plan.
fn hosts_at(world: &World<'_>, address: &str) -> Vec<HostId> {
    let Ok(address) = address.parse::<IpAddr>() else { return Vec::new() };
    let planned = |node: &Node| {
        let host = world.inventory.planned_host(&node.name);
        host.is_some_and(|host| host.addresses.iter().any(|(_, own)| *own == address))
    };
    let told = world.hosts_at(address);
    if !told.is_empty() {
        return told;
    }
    (0..world.hosts.len()).filter(|host| planned(world.hosts[*host].node)).collect()
}

fn api(supposed: &Supposed<'_, '_>, servers: &[Server<'_>], outside: bool) -> Part {
    let part = |verdict| Part::new(About::Api, "Kubernetes API", verdict);
    let all: Vec<&Server<'_>> = servers.iter().filter(|server| server.kind == ComponentKind::ApiServer).collect();
    if outside {
        return part(Verdict::Certain).short("stays up").why("it runs on none of these hosts").after(0);
    }
    if all.is_empty() {
        let why = match supposed.world.inventory.heard(Source::Endpoints).knows() {
            true => "no source tells on which hosts it runs",
            false => "on which hosts it runs is not known, for the permission to list endpointslices is missing",
        };
        return part(Verdict::Unknown).short("not known").why(why);
    }
    let left: Vec<&&Server<'_>> = all.iter().filter(|server| !server.off).collect();
    let up = left.iter().filter(|server| server.is_well()).count() as u32;
    let unheard = left.iter().filter(|server| matches!(server.health, Health::Unknown | Health::Stale)).count() as u32;
    let count = format!("{up} of {} are left", counted(all.len() as u32, "API server"));
    match (up, unheard) {
        (1.., _) => part(Verdict::Certain).short("stays up").why(count).after(0).count(all.len() as u32),
        (0, 1..) => {
            part(Verdict::Unknown).short("not known").why("no source tells whether the API servers that are left work")
        }
        (0, 0) => part(Verdict::Impossible).short("is down").why("no API server is left").count(all.len() as u32),
    }
}

/// The address by which clients reach the API.
fn entrance(supposed: &Supposed<'_, '_>, servers: &[Server<'_>], control: &mut Control) {
    let inventory = supposed.world.inventory;
    let Some((entrance, address, hosts)) = &supposed.world.plane().entrance else { return };
    if address.parse::<IpAddr>().is_ok_and(|address| address.is_loopback()) {
        return;
    }
    let part = |verdict| Part::new(About::Entrance, &***entrance, verdict);
    let masters = |off: bool| servers.iter().any(|server| server.kind == ComponentKind::ApiServer && server.off == off);
    if let [host] = **hosts {
        let off = supposed.is_off(host);
        let host = supposed.name(host);
        control.parts.push(match off {
            true => part(Verdict::Impossible).short("is gone").why(format!("clients use {host}'s own address")),
            false => part(Verdict::Certain).short("stays").why(format!("it is {host}'s own address")).after(0),
        });
        return;
    }
    if !masters(true) {
        return;
    }
    let is_vip = |name: &str| ["keepalived", "kube-vip"].iter().any(|program| name.contains(program));
    let on_master = |node: &Name| {
        let mut here = servers.iter();
        here.any(|server| server.node.name == *node && !server.off && server.kind == ComponentKind::ApiServer)
    };
    let takes_over = |pod: &Pod| pod.ready && !pod.leaving && pod.node.as_ref().is_some_and(on_master);
    let by_pod = inventory.pods_in("kube-system").any(|pod| is_vip(&pod.key.name) && takes_over(pod));
    let planned = inventory
        .planned()
        .is_some_and(|planned| planned.nets.iter().any(|net| net.vip.is_some_and(|vip| vip.to_string() == *address)));
    control.parts.push(match () {
        () if !masters(false) => part(Verdict::Impossible).short("is gone").why("no master is left to take it over"),
        () if by_pod || planned => {
            let why = "keepalived or kube-vip moves it to a master that is left";
            control
                .course
                .push(Event::at(TAKEOVER, format!("{address} is on a master that is left, if a lost one had it")));
            part(Verdict::Certain).short("moves").why(why).after(TAKEOVER)
        }
        () => {
            let who = if hosts.is_empty() { "no host has" } else { "several hosts report" };
            part(Verdict::Unknown)
                .short("not known")
                .why(format!("{who} {address}, and no source tells which program moves it"))
        }
    });
}

/// A component that elects its leader.
fn elected(supposed: &Supposed<'_, '_>, servers: &[Server<'_>], kind: ComponentKind, control: &mut Control) {
    let program = kind.program();
    let all: Vec<&Server<'_>> = servers.iter().filter(|server| server.kind == kind).collect();
    if all.is_empty() {
        return;
    }
    let left = all.iter().filter(|server| !server.off && server.health != Health::Bad).count() as u32;
    // Where no source tells of a component, the API server of the same host answers for it.
    let beside = |server: &Server<'_>| {
        let mut same = servers.iter().filter(|one| one.node.name == server.node.name);
        same.any(|one| one.kind == ComponentKind::ApiServer && one.is_well())
    };
    let works = |server: &&Server<'_>| {
        !server.off && (server.is_well() || (server.health == Health::Unknown && beside(server)))
    };
    let sure = all.iter().any(works);
    let part = |verdict| Part::new(About::Leader, program, verdict).count(all.len() as u32);
    if left == 0 {
        control.halted.get_or_insert_with(|| format!("no {program} is left, so no pod is made anew or placed"));
        control.parts.push(part(Verdict::Impossible).short("is down").why("none is left"));
        return;
    }
    let leader = leader(supposed.world.inventory, kind, supposed.world.now);
    let led = match leader {
        Leader::Node(name) => all.iter().any(|server| server.off && server.node.name == *name),
        Leader::Unknown => all.iter().any(|server| server.off),
        Leader::Stranger(_) | Leader::Nobody(..) => false,
    };
    let leaderless = matches!(leader, Leader::Nobody(..));
    if (leaderless || (led && !sure)) && control.halted.is_none() {
        let why = match leaderless {
            true => "nobody leads now, and whether that changes is not known",
            false => "its leader is lost, and no source tells whether those that are left work",
        };
        control.unsure.get_or_insert_with(|| format!("whether a {program} leads is not known"));
        control.parts.push(part(Verdict::Unknown).short("not known").why(why));
        return;
    }
    if led && control.halted.is_none() {
        let what = format!("another {program} leads");
        control.course.push(Event::at(ELECTION, what));
        let why =
            format!("its leader is lost; {} left", if left == 1 { "1 is".to_owned() } else { format!("{left} are") });
        control.parts.push(part(Verdict::Certain).short("elects anew").why(why).after(ELECTION));
    }
}
