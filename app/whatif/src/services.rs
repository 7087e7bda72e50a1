//! Services after a loss: which keep an endpoint, which have none, and for how long.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use topology::inventory::{Endpoint, Key, Name};

use crate::{
    answer::{About, Part, counted},
    fate::{Fate, Lot},
    supposed::Supposed,
    timing::span,
    verdict::Verdict,
};

/// What becomes of the pods of a lot, as far as a service needs it.
#[derive(Clone, Debug)]
pub(crate) struct Return {
    pub(crate) verdict: Verdict,
    pub(crate) after: Option<u32>,
}

/// Services that lose endpoints.
pub(crate) struct Hit {
    /// Those without any.
    pub(crate) parts: Vec<Part>,
    /// How many keep some.
    pub(crate) shrunk: u32,
}

pub(crate) fn services(supposed: &Supposed<'_, '_>, lots: &[Lot<'_>], returns: &[Return], drains: bool) -> Hit {
    let inventory = supposed.world.inventory;
    let mut lot_of: HashMap<&Key, usize> = HashMap::new();
    let mut touched: BTreeSet<Key> = BTreeSet::new();
    for (number, lot) in lots.iter().enumerate().filter(|(_, lot)| lot.fate != Fate::Stays) {
        for pod in &lot.pods {
            lot_of.insert(&pod.key, number);
            for set in inventory.endpoints_naming(&pod.key) {
                touched.insert(Key { namespace: set.key.namespace.clone(), name: set.service.clone() });
            }
        }
    }
    let off = supposed.touched().filter(|(host, _)| supposed.is_off(*host));
    for (host, _) in off {
        touched.extend(supposed.world.bare.get(&host).into_iter().flatten().map(|key| (*key).clone()));
    }
    let mut hit = Hit { parts: Vec::new(), shrunk: 0 };
    for service in touched {
        // The API's own service is told with the API.
        if &*service.namespace == "default" && &*service.name == "kubernetes" {
            continue;
        }
        let (mut left, mut open, mut gone) = (0_u32, false, BTreeMap::<Option<usize>, u32>::new());
        let mut seen = BTreeSet::new();
        for set in inventory.endpoints_of(&service) {
            for endpoint in
                set.endpoints.iter().filter(|one| (one.ready || one.serves_last) && seen.insert(backend(one)))
            {
                match end(supposed, &lot_of, &set.key, endpoint) {
                    End::Goes(lot) => *gone.entry(lot).or_default() += 1,
                    // One that terminates serves for its grace period, and then no more.
                    End::Stays => left += u32::from(endpoint.ready),
                    End::Unknown => open = true,
                }
            }
        }
        if left > 0 || (gone.is_empty() && !open) {
            hit.shrunk += u32::from(!gone.is_empty());
            continue;
        }
        if open {
            let why = "several hosts report the address of an endpoint, and some of them stay";
            let part = Part::new(About::Service, service.to_string(), Verdict::Unknown).count(gone.values().sum());
            hit.parts.push(part.short("not known").why(why));
            continue;
        }
        hit.parts.push(emptied(&service, &gone, returns, drains));
    }
    hit
}

/// What serves an endpoint: its pod, which has one address of each family, or else the address.
pub(crate) fn backend(endpoint: &Endpoint) -> (Option<&Name>, Option<&Name>) {
    match &endpoint.pod {
        Some(pod) => (Some(pod), None),
        None => (None, Some(&endpoint.address)),
    }
}

/// What becomes of an endpoint.
enum End {
    Stays,
    /// It goes, with its pod's lot where it is a pod.
    Goes(Option<usize>),
    /// It is on one of several hosts, of which some stay.
    Unknown,
}

fn end(supposed: &Supposed<'_, '_>, lot_of: &HashMap<&Key, usize>, set: &Key, endpoint: &Endpoint) -> End {
    if let Some(pod) = &endpoint.pod {
        let key = Key { namespace: set.namespace.clone(), name: pod.clone() };
        return lot_of.get(&key).map_or(End::Stays, |lot| End::Goes(Some(*lot)));
    }
    let hosts = supposed.world.hosts_of(endpoint);
    let off = hosts.iter().filter(|host| supposed.is_off(**host)).count();
    match off {
        0 => End::Stays,
        all if all == hosts.len() => End::Goes(None),
        _ => End::Unknown,
    }
}

fn emptied(service: &Key, gone: &BTreeMap<Option<usize>, u32>, returns: &[Return], drains: bool) -> Part {
    let count = gone.values().sum();
    let lots: Vec<&Return> = gone.keys().flatten().map(|lot| &returns[*lot]).collect();
    let part = |verdict| Part::new(About::Service, service.to_string(), verdict).count(count);
    let all = match count {
        1 => "its only endpoint is there".to_owned(),
        count => format!("all of its {} are there", counted(count, "endpoint")),
    };
    let back = lots.iter().filter(|lot| lot.verdict == Verdict::Certain).filter_map(|lot| lot.after).min();
    if let Some(after) = back {
        let short = match (drains, after) {
            (true, 0..=1) => "no endpoint until a new pod is ready".to_owned(),
            _ => format!("no endpoint for {}", span(after)),
        };
        return part(Verdict::Certain).short(short).why(all).after(after.max(1));
    }
    let some = |verdict: fn(&Verdict) -> bool| lots.iter().any(|lot| verdict(&lot.verdict));
    if some(|verdict| matches!(verdict, Verdict::Depends { .. })) {
        let why = format!("{all}, and whether one of its pods finds a place depends on the order");
        // Where one lot surely brings some of its pods back, the service comes back too.
        let sure = lots.iter().any(|lot| matches!(lot.verdict, Verdict::Depends { from: 1.., .. }));
        return match (sure, lots.iter().filter_map(|lot| lot.after).min()) {
            (true, Some(after)) => {
                part(Verdict::Certain).short(format!("no endpoint for {}", span(after))).why(all).after(after.max(1))
            }
            _ => part(Verdict::Depends { from: 0, to: 1, of: 1 }).short("may stay without endpoint").why(why),
        };
    }
    if some(|verdict| *verdict == Verdict::Unknown) {
        return part(Verdict::Unknown).short("no endpoint for an unknown time").why(all);
    }
    part(Verdict::Impossible).short("no endpoint").why(all)
}
