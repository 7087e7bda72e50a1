//! The clock of a loss: when a host counts as gone, when its pods are evicted, and when evictions stop.

use std::collections::BTreeMap;

use topology::{
    Inventory,
    inventory::{ComponentKind, Effect, Name, Pod, Taint},
};

use crate::{
    supposed::{Standing, Supposed},
    world::{HostId, World},
};

/// Spans of time that decide, in seconds, as the controller-manager's flags, its version or its defaults have them.
#[derive(Clone, Debug, PartialEq)]
pub struct Timing {
    /// After so long without a word a host is `NotReady`.
    pub grace: u32,
    /// Between the evictions of two lost hosts of a zone.
    pub between: u32,
    /// The same in a zone that is disrupted and large.
    pub between_large: u32,
    /// The share of a zone's hosts from which on it counts as disrupted.
    pub threshold: f64,
    /// A zone of more hosts than this is large.
    pub large: usize,
}

/// A leader's lease runs out after so long, and another takes it over.
pub const ELECTION: u32 = 15;
/// A Node object that is gone is noticed by the collector of its pods within this time.
pub const COLLECTION: u32 = 60;
/// keepalived's backup takes an address over after three advertisements.
pub const TAKEOVER: u32 = 4;

impl Timing {
    /// As a cluster has it.
    pub fn of(inventory: &Inventory) -> Self {
        let flags = flags(inventory);
        let seconds = |name: &str| flags.get(name).and_then(|value| seconds(value));
        let number = |name: &str| flags.get(name).and_then(|value| value.parse::<f64>().ok());
        let default = match inventory.version().and_then(|version| minor(version)) {
            Some(minor) if minor >= 32 => 50,
            _ => 40,
        };
        let between = |rate: f64| if rate > 0.0 { (1.0 / rate) as u32 } else { u32::MAX };
        Self {
            grace: seconds("node-monitor-grace-period").unwrap_or(default),
            between: between(number("node-eviction-rate").unwrap_or(0.1)),
            between_large: between(number("secondary-node-eviction-rate").unwrap_or(0.01)),
            threshold: number("unhealthy-zone-threshold").unwrap_or(0.55),
            large: number("large-cluster-size-threshold").map_or(50, |size| size as usize),
        }
    }
}

/// The flags of a controller-manager, by name without dashes.
fn flags(inventory: &Inventory) -> BTreeMap<&str, &str> {
    let managers = inventory.nodes().flat_map(|node| inventory.components_on(&node.name));
    let mut managers = managers.filter_map(|pod| pod.component.as_deref());
    let Some(manager) = managers.find(|component| component.kind == ComponentKind::ControllerManager) else {
        return BTreeMap::new();
    };
    let split = |flag: &'_ Name| flag.strip_prefix("--").is_some_and(|flag| flag.contains('='));
    let pairs = manager.flags.iter().filter(|flag| split(flag));
    pairs.filter_map(|flag| flag.strip_prefix("--")?.split_once('=')).collect()
}

/// A span as Go writes it, as in `40s`, `5m0s`, `1h`.
fn seconds(text: &str) -> Option<u32> {
    let mut total = 0.0;
    let mut digits = String::new();
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        if letter.is_ascii_digit() || letter == '.' {
            digits.push(letter);
            continue;
        }
        let is_milli = letter == 'm' && letters.next_if_eq(&'s').is_some();
        let unit = match letter {
            'h' => 3_600.0,
            'm' if is_milli => 0.001,
            'm' => 60.0,
            's' => 1.0,
            _ => return None,
        };
        total += std::mem::take(&mut digits).parse::<f64>().ok()? * unit;
    }
    digits.is_empty().then_some(total as u32)
}

/// The minor of a version, as 34 of `v1.34.4`.
fn minor(version: &str) -> Option<u32> {
    let digits = version.trim_start_matches('v').split('.').nth(1)?;
    digits.trim_end_matches(|letter: char| !letter.is_ascii_digit()).parse().ok()
}

/// What is done with the pods of the lost hosts of a zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Evictions {
    /// Hosts are emptied one after another, so many seconds apart.
    Run(u32),
    /// So many hosts of so many are lost that nothing is moved.
    Stopped {
        /// Hosts that are not ready.
        unhealthy: usize,
        /// Hosts of the zone.
        of: usize,
        /// The zone; empty where hosts have none.
        zone: String,
    },
}

/// The zones of a cluster, as the controller-manager counts their hosts.
#[derive(Debug)]
pub struct Zones {
    /// Region and zone.
    names: Vec<(String, String)>,
    /// Hosts that are not ready, and all hosts.
    counts: Vec<(usize, usize)>,
    /// The zone of each host, and whether it counts there.
    of: Vec<(usize, bool)>,
}

impl Zones {
    /// Of all hosts as they are.
    pub(crate) fn of(world: &World<'_>) -> Self {
        let mut numbers: BTreeMap<(&str, &str), usize> = BTreeMap::new();
        let mut zones = Self { names: Vec::new(), counts: Vec::new(), of: Vec::new() };
        for host in &world.hosts {
            let label = |now: &str, old: &str| host.label(now).or_else(|| host.label(old)).map_or("", |name| &**name);
            let region = label("topology.kubernetes.io/region", "failure-domain.beta.kubernetes.io/region");
            let zone = label("topology.kubernetes.io/zone", "failure-domain.beta.kubernetes.io/zone");
            let number = *numbers.entry((region, zone)).or_insert(zones.names.len());
            if number == zones.names.len() {
                zones.names.push((region.to_owned(), zone.to_owned()));
                zones.counts.push((0, 0));
            }
            let counts = host.label("node.kubernetes.io/exclude-disruption").is_none();
            zones.of.push((number, counts));
            if counts {
                let (unhealthy, all) = &mut zones.counts[number];
                (*unhealthy, *all) = (*unhealthy + usize::from(!host.ready), *all + 1);
            }
        }
        zones
    }

    /// How many hosts of each zone are not ready and how many there are, after the steps of a question.
    fn counted(&self, supposed: &Supposed<'_, '_>) -> Vec<(usize, usize)> {
        let mut counts = self.counts.clone();
        for (host, standing) in supposed.touched() {
            let (zone, true) = self.of[host] else { continue };
            let (unhealthy, all) = &mut counts[zone];
            let ready = supposed.world.hosts[host].ready;
            match standing {
                Standing::Lost => *unhealthy += usize::from(ready),
                Standing::Removed => (*unhealthy, *all) = (*unhealthy - usize::from(!ready), *all - 1),
                Standing::Same | Standing::Drained | Standing::Cordoned => {}
            }
        }
        counts
    }
}

/// What is done with the pods of each lost host.
pub fn evictions(supposed: &Supposed<'_, '_>, timing: &Timing) -> BTreeMap<HostId, Evictions> {
    let zones = supposed.world.zones();
    let counts = zones.counted(supposed);
    let everywhere = counts.iter().all(|(unhealthy, all)| unhealthy == all);
    let of = |host: HostId| {
        let (number, _) = zones.of[host];
        let (unhealthy, of) = match counts[number] {
            // None of its hosts counts.
            (_, 0) => (1, 2),
            counts => counts,
        };
        let disrupted = unhealthy > 2 && unhealthy < of && unhealthy as f64 / of as f64 >= timing.threshold;
        match () {
            () if everywhere || (disrupted && of <= timing.large) => {
                let (region, zone) = &zones.names[number];
                let zone = if region.is_empty() { zone.clone() } else { format!("{region}/{zone}") };
                Evictions::Stopped { unhealthy, of, zone }
            }
            () if disrupted => Evictions::Run(timing.between_large),
            () => Evictions::Run(timing.between),
        }
    };
    let lost = supposed.touched().filter(|(_, standing)| *standing == Standing::Lost);
    lost.map(|(host, _)| (host, of(host))).collect()
}

/// For how long a pod bears that its host is unreachable, in seconds; `None` for ever.
pub fn bears(pod: &Pod) -> Option<u32> {
    let taint = Taint { key: "node.kubernetes.io/unreachable".into(), value: "".into(), effect: Effect::NoExecute };
    let mut matching = pod.shape.tolerations.iter().filter(|toleration| toleration.tolerates(&taint)).peekable();
    if matching.peek().is_none() {
        return Some(0);
    }
    // The shortest of those that name a time counts.
    matching.filter_map(|toleration| toleration.seconds).min().map(|seconds| u32::try_from(seconds).unwrap_or(0))
}

/// As in `50 s`, `5 min 50 s`, `6 min`.
pub fn span(seconds: u32) -> String {
    match (seconds / 60, seconds % 60) {
        (0 | 1, _) if seconds < 120 => format!("{seconds} s"),
        (minutes, 0) => format!("{minutes} min"),
        (minutes, rest) => format!("{minutes} min {rest} s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_of_go_is_read_in_seconds() {
        assert_eq!(seconds("40s"), Some(40));
        assert_eq!(seconds("5m0s"), Some(300));
        assert_eq!(seconds("1h"), Some(3_600));
        assert_eq!(seconds("1500ms"), Some(1));
        assert_eq!(seconds("soon"), None);
        assert_eq!(seconds("12"), None);
    }

    #[test]
    fn the_minor_version_is_read_from_any_vendor() {
        assert_eq!(minor("v1.34.4"), Some(34));
        assert_eq!(minor("v1.9.11+icp"), Some(9));
        assert_eq!(minor("v1.27+"), Some(27));
        assert_eq!(minor("odd"), None);
    }
}
