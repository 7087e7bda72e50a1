//! The network cards of a machine: named by the plan, addressed by life, and where the two
//! disagree, said so.

use std::net::Ipv4Addr;

use scene::{Health, Place, Tone};

use super::{
    super::node::Sight,
    geometry::{MACHINE, OUT},
};
use crate::{
    Inventory,
    inventory::{AddressKind, Name},
    planned::{MGMT, PlannedHost, PlannedNet},
};

/// A card as it is drawn.
pub struct Card {
    /// Its part of an id: `0` is the management network's.
    pub slot: usize,
    /// Name and address.
    pub label: String,
    /// How far plan and life agree.
    pub health: Health,
    /// Which network's colour.
    pub tone: Tone,
    /// The whole in words.
    pub title: String,
}

/// The cards: the management network's first, the service network's last.
pub fn of(inventory: &Inventory, sight: &Sight) -> Vec<Card> {
    let live: Vec<Ipv4Addr> =
        sight.node.iter().flat_map(|node| &node.addresses).filter_map(|address| address.value.parse().ok()).collect();
    let planned = inventory.planned();
    let names = planned.map(crate::planned::Planned::cards).unwrap_or_default();
    let (Some(planned), false) = (planned, names.is_empty()) else { return untold(sight) };
    let host = planned.host(sight.name);
    let nets = |name: &Name| planned.nets.iter().filter(|net| net.card == *name).collect::<Vec<_>>();
    let mut cards: Vec<Card> = names.iter().map(|name| card(name, &nets(name), host, &live, sight)).collect();
    // The card that leads outside stands at the right.
    cards[1..].sort_by_key(|card| card.tone == Tone::Net);
    cards.iter_mut().enumerate().for_each(|(slot, card)| card.slot = slot);
    cards
}

/// Where the cards stand in a machine `w` wide.
pub fn places(count: usize, w: i32) -> Vec<Place> {
    let count = i32::try_from(count).unwrap_or(1).max(1);
    let wide = ((w - 12 - 8 * (count - 1)) / count).min(126);
    let x = |n: i32| if n == count - 1 && n > 0 { w - 6 - wide } else { 6 + n * (wide + 8) };
    (0..count).map(|n| Place::new(x(n), MACHINE - OUT, wide, 2 * OUT)).collect()
}

fn card(name: &Name, nets: &[&PlannedNet], host: Option<&PlannedHost>, live: &[Ipv4Addr], sight: &Sight) -> Card {
    let lead = nets.iter().find(|net| matches!(&*net.name, MGMT | "external")).or(nets.first());
    let inside = |net: &PlannedNet| live.iter().find(|address| net.cidr.is_some_and(|cidr| cidr.contains(*address)));
    let found = lead.and_then(|net| inside(net));
    let wanted = lead.and_then(|net| host?.address(&net.name));
    let which: Vec<String> = nets
        .iter()
        .map(|net| {
            let tag = net.vlan.map(|vlan| format!(" VLAN {vlan}")).unwrap_or_default();
            let address = host.and_then(|host| host.address(&net.name));
            let address = address.map(|address| format!(" {address}")).unwrap_or_default();
            format!("{}{tag}{address}", net.name)
        })
        .collect();
    let which = which.join(", ");
    let (health, said) = match (sight.node, host, found, wanted) {
        (None, ..) => (Health::Ghost, "planned".to_owned()),
        (Some(_), None, _, _) => (Health::Warn, "this machine is in no plan".to_owned()),
        (Some(_), Some(_), Some(found), Some(wanted)) if *found == wanted => {
            (Health::Ok, format!("the node says {found}, as planned"))
        }
        (Some(_), Some(_), Some(found), Some(wanted)) => {
            (Health::Warn, format!("planned as {wanted}, but the node says {found}"))
        }
        (Some(_), Some(_), Some(found), None) => (Health::Ok, format!("the node says {found}")),
        (Some(_), Some(_), None, _) if lead.is_some_and(|net| &*net.name == MGMT) && !live.is_empty() => {
            (Health::Warn, "no address of the node lies in this network".to_owned())
        }
        (Some(_), Some(_), None, _) => (Health::Unknown, "no source tells its live address".to_owned()),
    };
    let address = found.copied().or(wanted).map(|address| address.to_string());
    let label = address.map_or_else(|| name.to_string(), |address| format!("{name} {address}"));
    let tone = match lead {
        Some(net) if &*net.name == MGMT => Tone::Mgmt,
        Some(net) if &*net.name == "external" => Tone::Net,
        _ => Tone::Plain,
    };
    Card { slot: 0, label, health, tone, title: format!("{name} of {}, {which}: {said}.", sight.name) }
}

/// Without a plan: what the node says of itself, and that the cards' names are unknown.
fn untold(sight: &Sight) -> Vec<Card> {
    let internal = sight.node.and_then(|node| node.address(AddressKind::Internal));
    let pods = sight.node.and_then(|node| node.pod_cidrs.first());
    let card = |slot, tone, what: &str, told: Option<&Name>, net: &str| {
        let label = told.map_or_else(|| "NIC unknown".to_owned(), |told| format!("{what}{told}"));
        let health = if told.is_some() { Health::Ok } else { Health::Unknown };
        let title = format!("The NIC of {} on the {net}; its name stands in the plan, and none was given.", sight.name);
        Card { slot, label, health, tone, title }
    };
    vec![
        card(0, Tone::Mgmt, "NIC ", internal, "install and management network"),
        card(1, Tone::Net, "", pods, "container service network"),
    ]
}
