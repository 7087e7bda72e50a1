//! What stands beside the machines: the jump host with Compass's containers, the two networks,
//! and the way to the Internet.

use std::net::{IpAddr, Ipv4Addr};

use scene::{Anchor, Health, Id, Kind, Mark, Place, Point, Style, Text, Tone, clip};

use super::{
    super::{
        chips::{fitting, text},
        drawing::Board,
    },
    geometry::{BESIDE, JUMP, OUT, TOP},
    machine::label,
};
use crate::{
    Inventory,
    drift::{self, Holder},
    inventory::{AddressKind, Name, Node, cni},
    planned::{MGMT, Planned, PlannedNet},
};

/// Top and height of the management network's box.
pub const MGMT_BOX: (i32, i32) = (TOP + JUMP + 38, 82);
/// Top and height of the service network's box.
pub const NET_BOX: (i32, i32) = (MGMT_BOX.0 + MGMT_BOX.1 + 18, 162);
const INTERNET: i32 = NET_BOX.0 + NET_BOX.1 + 26;
/// Compass's containers, in the manual's rows, with their places in the band.
const CONTAINERS: [(&str, i32, i32); 5] = [
    ("compass-deck", 59, 28),
    ("compass-db", 14, 86),
    ("compass-mq", 104, 86),
    ("compass-tasks-k8s", 14, 144),
    ("compass-cobbler", 104, 144),
];

/// All of it, the jump host first.
pub fn draw(board: &Board) -> Vec<Mark> {
    let inventory = board.inventory;
    let mut marks = jump_host(inventory);
    let middle = BESIDE.0 + BESIDE.1 / 2;
    marks.push(line("install", Tone::Mgmt, &[(middle, TOP + JUMP + OUT), (middle, MGMT_BOX.0)]));
    let planned = inventory.planned();
    let mgmt = planned.and_then(|planned| planned.mgmt()?.vip);
    marks.push(network("net/mgmt", Tone::Mgmt, MGMT_BOX, "Install & mgmt network", &mgmt_lines(inventory), mgmt));
    let service = planned.and_then(|planned| service_nets(planned).first()?.vip);
    let lines = service_lines(inventory);
    marks.push(network("net/service", Tone::Net, NET_BOX, "Container service network", &lines, service));
    let mut out = line("outside", Tone::Net, &[(middle, NET_BOX.0 + NET_BOX.1), (middle, INTERNET)]);
    out.kind = Kind::Exchange;
    marks.push(out);
    let mut internet = Mark::new(Id::new("internet"), Kind::Pill, Place::new(middle - 60, INTERNET, 120, 30));
    internet.texts.push(Text { anchor: Anchor::Middle, ..text(60, 19, Style::Body, "Internet".into()) });
    internet.title = "What is outside, reached over the container service network.".into();
    marks.push(internet);
    marks
}

fn jump_host(inventory: &Inventory) -> Vec<Mark> {
    let id = Id::new("jump");
    let mut jump = Mark::new(id.clone(), Kind::Frame, Place::new(BESIDE.0, TOP, BESIDE.1, JUMP));
    let (health, words) = if inventory.planned().is_some() {
        (
            Health::Ghost,
            "From here Compass installs the hosts of the plan. Whether its containers run is not known here.",
        )
    } else {
        (Health::Unknown, "From here Compass installs; neither a plan nor a deployment tells anything about it.")
    };
    jump.health = Some(health);
    jump.title = format!("Jump host. {words}");
    jump.texts.push(text(16, 27, Style::Head, "Jump host".into()));
    let band_id = Id::new("jump/containers");
    let mut band = Mark::new(band_id.clone(), Kind::Band, Place::new(11, 42, BESIDE.1 - 22, 234));
    band.parent = Some(id.clone());
    band.texts.push(text(12, 18, Style::Note, "Compass containers".into()));
    let mut marks = vec![jump, band];
    for (name, x, y) in CONTAINERS {
        let size = (84, 48);
        let mut can = Mark::new(Id::new(format!("jump/{name}")), Kind::Can, Place::new(x, y, size.0, size.1));
        can.parent = Some(band_id.clone());
        can.health = Some(Health::Unknown);
        can.tone = Tone::System;
        can.title = format!("{name}: {}. Nothing tells here whether it runs.", purpose(name));
        can.texts = label(name, size);
        marks.push(can);
    }
    let own = inventory.planned().and_then(|planned| planned.mgmt()?.gateway);
    let mut nic =
        Mark::new(Id::new("jump/install"), Kind::Chip, Place::new(BESIDE.1 / 2 - 80, JUMP - OUT, 160, 2 * OUT));
    nic.parent = Some(id);
    nic.health = Some(health);
    nic.tone = Tone::Mgmt;
    let address = own.map_or_else(|| "unknown".to_owned(), |own| own.to_string());
    nic.texts.push(text(24, 16, Style::Note, clip(&format!("install_NIC {address}"), Style::Note, 132)));
    nic.title = format!("The jump host's NIC on the install and management network: {address}.");
    marks.push(nic);
    marks
}

const fn purpose(container: &str) -> &'static str {
    match container.as_bytes() {
        b"compass-deck" => "Compass's REST API, which is told what to deploy",
        b"compass-db" => "keeps the hosts and their states",
        b"compass-mq" => "hands work from the API to those who do it",
        b"compass-tasks-k8s" => "runs Ansible and kubespray on the hosts",
        _ => "installs the operating systems over the network",
    }
}

fn mgmt_lines(inventory: &Inventory) -> Vec<(String, Option<Health>)> {
    let Some(net) = inventory.planned().and_then(|planned| planned.mgmt()) else {
        let mut lines = vec![("unknown: no plan configured".into(), Some(Health::Unknown))];
        lines.extend(node_addresses(inventory).map(|words| (words, None)));
        return lines;
    };
    let mut lines = vec![(net_words(net, false), None)];
    lines.extend(net.gateway.map(|gateway| (format!("gateway {gateway}"), None)));
    lines.extend(vip_line(inventory, net));
    lines
}

/// Without a plan: where the nodes say that they are.
fn node_addresses(inventory: &Inventory) -> Option<String> {
    let address = |node: &Node| node.address(AddressKind::Internal)?.parse::<IpAddr>().ok();
    let all: Vec<IpAddr> = inventory.nodes().filter_map(address).collect();
    let (first, last) = (all.iter().min()?, all.iter().max()?);
    Some(if first == last { format!("node at {first}") } else { format!("nodes at {first} to {last}") })
}

/// All networks but management's, the one that leads outside first.
fn service_nets(planned: &Planned) -> Vec<&PlannedNet> {
    let mut others: Vec<&PlannedNet> = planned.nets.iter().filter(|net| &*net.name != MGMT).collect();
    others.sort_by_key(|net| &*net.name != "external");
    others
}

fn service_lines(inventory: &Inventory) -> Vec<(String, Option<Health>)> {
    let mut lines = Vec::new();
    match inventory.planned() {
        None => lines.push(("unknown: no plan configured".into(), Some(Health::Unknown))),
        Some(planned) => {
            let others = service_nets(planned);
            lines.extend(others.iter().take(3).map(|net| (net_words(net, true), None)));
            if others.len() > 3 {
                lines.push((format!("and {} more", others.len() - 3), None));
            }
            let gateways = others.iter().filter_map(|net| Some(format!("gateway {} of {}", net.gateway?, net.name)));
            lines.extend(gateways.take(1).map(|words| (words, None)));
            lines.extend(others.first().and_then(|net| vip_line(inventory, net)));
        }
    }
    // What no pod runs for is not asked.
    if inventory.nodes().len() > 0 {
        lines.extend(pod_network(inventory).map(|words| (words, None)));
    }
    lines
}

fn net_words(net: &PlannedNet, named: bool) -> String {
    let name = if named { format!("{} ", net.name) } else { String::new() };
    let cidr = net.cidr.map_or_else(|| "no CIDR".to_owned(), |cidr| cidr.to_string());
    let card = if net.card.is_empty() { "?" } else { &*net.card };
    let tag = net.vlan.map_or_else(String::new, |vlan| format!(" VLAN {vlan}"));
    format!("{name}{cidr} · {card}{tag}")
}

/// The VIP, and who holds it as far as anything tells.
fn vip_line(inventory: &Inventory, net: &PlannedNet) -> Option<(String, Option<Health>)> {
    let vip = net.vip?;
    Some(match drift::holder(inventory, vip) {
        Holder::Master(node) => (format!("VIP {vip} on {node}"), Some(Health::Ok)),
        Holder::Somebody => (format!("VIP {vip} answers"), Some(Health::Ok)),
        Holder::Other(node) => (format!("≠ VIP {vip} on {node}, no master"), Some(Health::Bad)),
        Holder::Nobody => (format!("≠ VIP {vip}: no answer"), Some(Health::Bad)),
        Holder::Unknown => {
            let words = [format!("VIP {vip}, current host unknown"), format!("VIP {vip}, host unknown")];
            (fitting(words.each_ref().map(String::as_str), Style::Tiny, BESIDE.1 - 18), None)
        }
    })
}

/// The plugin, and the pods' addresses.
fn pod_network(inventory: &Inventory) -> [String; 2] {
    let plugins = cni::found(inventory).map(|found| found.iter().map(|one| one.kind.word()).collect::<Vec<_>>());
    let plugin = match plugins.as_deref() {
        None => "CNI unknown".to_owned(),
        Some([]) => "no CNI seen".to_owned(),
        Some(words) => format!("CNI {}", words.join(" + ")),
    };
    let mut cidrs = inventory.nodes().flat_map(|node| &node.pod_cidrs);
    let pods = match (cidrs.next(), cidrs.count()) {
        (None, _) => "pod CIDRs unknown".to_owned(),
        (Some(only), 0) => format!("pods {only}"),
        (Some(first), more) => format!("pods {first} and {more} more"),
    };
    [plugin, pods]
}

type Lines = [(String, Option<Health>)];

fn network(id: &str, tone: Tone, (y, h): (i32, i32), heading: &str, lines: &Lines, vip: Option<Ipv4Addr>) -> Mark {
    let mut mark = Mark::new(Id::new(id), Kind::Switch, Place::new(BESIDE.0, y, BESIDE.1, h));
    mark.tone = tone;
    mark.health = lines.iter().filter_map(|(_, health)| *health).max();
    let words: Vec<&str> = lines.iter().map(|(words, _)| words.as_str()).collect();
    mark.title = format!("{heading}: {}.", words.join("; "));
    mark.opens = vip.map(|vip| format!("?at=follow/{vip}"));
    mark.texts.push(text(12, 20, Style::Body, heading.into()));
    for ((words, _), y) in lines.iter().zip((0..).map(|n| 38 + n * 16)) {
        mark.texts.push(text(12, y, Style::Tiny, clip(words, Style::Tiny, BESIDE.1 - 18)));
    }
    mark
}

/// A line with corners on the canvas.
pub fn line(id: &str, tone: Tone, points: &[(i32, i32)]) -> Mark {
    let mut mark = Mark::new(Id::new(Name::from(format!("wire/{id}"))), Kind::Line, Place::default());
    mark.tone = tone;
    mark.path = points.iter().map(|(x, y)| Point { x: *x, y: *y }).collect();
    mark
}
