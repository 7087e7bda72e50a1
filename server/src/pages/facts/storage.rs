//! The claims of a pod, the volumes behind them, and the nodes that these tie it to.

use app::source::FactLine;
use topology::{
    Inventory,
    inventory::{Claim, Key, Mount, Name, Pod, Source, Volume},
    load::bytes,
};

use super::{line, link, standing};

/// Nodes that are named; more are counted.
const NAMED: usize = 3;

/// A line a claim, with one more where its volume ties the pod to nodes; and what it keeps on its node.
pub(super) fn lines(inventory: &Inventory, pod: &Pod) -> Vec<FactLine> {
    let mut lines = Vec::new();
    for name in pod.claims.iter() {
        claim(inventory, &Key { namespace: pod.key.namespace.clone(), name: name.clone() }, &mut lines);
    }
    let kept: Vec<String> = pod.shape.volumes.iter().map(mount).collect();
    if !kept.is_empty() {
        lines.push(line("Kept on its node", kept.join(", ")));
    }
    lines
}

fn mount(mount: &Mount) -> String {
    match mount {
        Mount::EmptyDir => "emptyDir, lost with the pod".into(),
        Mount::HostPath(path) => format!("hostPath {path}"),
        Mount::Disk(kind) => format!("{kind} disk"),
    }
}

fn claim(inventory: &Inventory, key: &Key, lines: &mut Vec<FactLine>) {
    let aged = match standing(inventory, Source::PersistentVolumeClaims, &key.namespace) {
        Ok(aged) => aged,
        Err(unknown) => return lines.push(line("Claim", format!("{}: {unknown}", key.name))),
    };
    let Some(claim) = inventory.catalog().claim(key) else {
        return lines.push(line("Claim", format!("{}: there is no such claim{aged}", key.name)));
    };
    lines.push(line("Claim", format!("{}: {}{aged}", key.name, words(claim))));
    let Some(name) = &claim.volume else { return };
    let aged = match standing(inventory, Source::PersistentVolumes, "") {
        Ok(aged) => aged,
        Err(unknown) => return lines.push(line("Volume", format!("{name}: {unknown}"))),
    };
    let Some(volume) = inventory.catalog().volume(name) else {
        return lines.push(line("Volume", format!("{name}: there is no such volume{aged}")));
    };
    lines.push(line("Volume", format!("{name}: {}{aged}", backing(volume))));
    lines.extend(tied(inventory, volume));
}

fn words(claim: &Claim) -> String {
    let size = claim.asked.map(|asked| format!(", {}", bytes(asked))).unwrap_or_default();
    let class = match claim.class.as_deref() {
        None | Some("") => String::new(),
        Some(class) => format!(", class {class}"),
    };
    let modes: Vec<&str> = claim.modes.iter().map(|mode| mode.word()).collect();
    let modes = if modes.is_empty() { String::new() } else { format!(", {}", modes.join(" ")) };
    format!("{}{size}{modes}{class}", claim.phase)
}

fn backing(volume: &Volume) -> String {
    let size = volume.capacity.map(|size| format!(", {}", bytes(size))).unwrap_or_default();
    let backing = if volume.backing.is_empty() { "unknown kind" } else { &volume.backing };
    format!("{backing}, {}{size}", volume.phase)
}

/// The nodes that reach a volume, where its affinity rules some out.
fn tied(inventory: &Inventory, volume: &Volume) -> Option<FactLine> {
    volume.affinity.as_ref()?;
    if volume.odd || !inventory.heard(Source::Nodes).knows() {
        return Some(line("Volume tied to", "unknown: its node affinity cannot be judged"));
    }
    let reach: Vec<&Name> =
        inventory.nodes().filter(|node| volume.reachable_from(node)).map(|node| &node.name).collect();
    Some(match reach.as_slice() {
        [] => line("Volume tied to", "no node of the cluster reaches it"),
        [only] => link("Volume tied to", only.to_string(), format!("node/{only}")),
        few if few.len() <= NAMED => {
            line("Volume tied to", few.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "))
        }
        many => line("Volume tied to", format!("{} of {} nodes", many.len(), inventory.nodes().len())),
    })
}
