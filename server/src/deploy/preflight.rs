//! Looks at a jump host before it leaps: what Compass's own documentation asks for, and what would be in its way.

use app::pages::deployments::CheckLine;
use scene::Health;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{HostError, JumpHost, Order};

/// What virtual machines of the usual size take, with room for the jump host itself.
const MEMORY: u64 = 64 << 30;
/// The same for their disks and for Compass's images.
const DISK: u64 = 300 << 30;
/// compass-deck and its repository listen on these.
const PORTS: [u16; 2] = [5050, 5151];

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What.
    pub what: &'static str,
    /// How it is.
    pub is: Fit,
    /// What was seen.
    pub seen: String,
    /// What to do; empty when nothing.
    pub todo: String,
}

impl From<&Check> for CheckLine {
    fn from(check: &Check) -> Self {
        Self {
            health: match check.is {
                Fit::Well => Health::Ok,
                Fit::Doubtful => Health::Warn,
                Fit::Ill => Health::Bad,
                Fit::Unknown => Health::Unknown,
            },
            what: check.what.replace('-', " "),
            seen: check.seen.clone(),
            todo: check.todo.clone(),
        }
    }
}

/// Whether something fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fit {
    /// It does.
    Well,
    /// It may be in the way.
    Doubtful,
    /// It is in the way.
    Ill,
    /// Nobody could look.
    Unknown,
}

#[derive(Deserialize)]
struct Seen {
    os: (String, String),
    machine: String,
    memory: Option<u64>,
    free: u64,
    deploy_sh: bool,
    writable: bool,
    root: bool,
    sudo: bool,
    tools: Vec<String>,
    nics: Vec<String>,
    taken: Vec<u16>,
    containers: Option<Vec<String>>,
    answering: Vec<String>,
    running: bool,
}

pub(crate) async fn preflight(host: &JumpHost, order: Option<&Order>) -> Result<Vec<Check>, HostError> {
    let addresses = order.map(addresses).unwrap_or_default();
    let request = json!({ "dir": "", "compass": host.compass, "ports": PORTS, "addresses": addresses });
    let seen: Seen = host.ask("preflight", request).await?;
    Ok(judge(&seen, host, order))
}

/// The addresses that the hosts will have on the management network, and the virtual ones.
fn addresses(order: &Order) -> Vec<String> {
    let network = order.plan.plan().network.as_ref();
    let vips = network.into_iter().flat_map(|network| [&network.internal_vip, &network.public_vip]).flatten();
    let vips = vips.filter_map(|vip| vip.ip.as_deref().cloned());
    vips.chain(order.addresses().into_iter().flatten()).take(128).collect()
}

fn judge(seen: &Seen, host: &JumpHost, order: Option<&Order>) -> Vec<Check> {
    let virtual_hosts = order.filter(|order| order.is_virtual()).map(|order| order.hosts().len() as u64);
    let mut checks = Vec::new();
    let mut add = |what: &'static str, is: Fit, seen: String, todo: &str| {
        let todo = if is == Fit::Well { String::new() } else { todo.to_owned() };
        checks.push(Check { what, is, seen, todo });
    };
    let well = |well: bool, otherwise: Fit| if well { Fit::Well } else { otherwise };
    let (name, version) = (&seen.os.0, &seen.os.1);
    let known = matches!((name.as_str(), version.as_str()), ("ubuntu", "14.04" | "16.04") | ("centos", "7"));
    add(
        "operating-system",
        well(known, Fit::Doubtful),
        format!("{name} {version}, {}", seen.machine),
        "Compass's packages are those of Ubuntu 14.04 and 16.04 and of CentOS 7; elsewhere its first phase fails.",
    );
    add(
        "deploy-sh",
        well(seen.deploy_sh, Fit::Ill),
        format!("{}/deploy.sh", host.compass),
        "Clone Compass4nfv there, or name its folder with --compass.",
    );
    add(
        "folder",
        well(seen.writable && !host.compass.starts_with("/root/"), Fit::Ill),
        host.compass.clone(),
        "Compass must be able to write to its folder, and its machines cannot read below /root: clone it elsewhere.",
    );
    add(
        "sudo",
        well(seen.root || seen.sudo, Fit::Ill),
        if seen.root {
            "root"
        } else if seen.sudo {
            "without a password"
        } else {
            "no"
        }
        .into(),
        "Compass becomes root without asking: let this user do so without a password.",
    );
    let tools = seen.tools.join(", ");
    add(
        "programs",
        well(seen.tools.is_empty(), Fit::Doubtful),
        if tools.is_empty() { "all there".into() } else { format!("missing: {tools}") },
        "Compass installs most of these when the jump host is made anew; what it cannot, install beforehand.",
    );
    let memory = virtual_hosts
        .map_or(8 << 30, |hosts| order.map_or(MEMORY, |order| hosts * (u64::from(order.options.memory) << 20)));
    match seen.memory {
        Some(there) => add(
            "memory",
            well(there >= memory, Fit::Ill),
            format!("{} GB of {} GB", there >> 30, memory >> 30),
            "Give the virtual machines less memory, or the jump host more.",
        ),
        None => add("memory", Fit::Unknown, "not told".into(), "Look for yourself."),
    }
    let disk = if virtual_hosts.is_some() { DISK } else { 50 << 30 };
    add(
        "disk",
        well(seen.free >= disk, Fit::Doubtful),
        format!("{} GB free of {} GB", seen.free >> 30, disk >> 30),
        "Images and disks of the virtual machines grow while they are used.",
    );
    add(
        "network-cards",
        well(seen.nics.len() >= 2 || virtual_hosts.is_some(), Fit::Doubtful),
        seen.nics.join(", "),
        "Bare-metal machines are installed over a second NIC.",
    );
    let taken: Vec<String> = seen.taken.iter().map(u16::to_string).collect();
    add(
        "ports",
        well(taken.is_empty(), Fit::Doubtful),
        if taken.is_empty() { "free".into() } else { format!("taken: {}", taken.join(", ")) },
        "Compass's containers listen on these; an earlier deployment's are replaced, other programs are in the way.",
    );
    match &seen.containers {
        Some(names) => add(
            "containers",
            well(names.is_empty(), Fit::Doubtful),
            if names.is_empty() { "none".into() } else { names.join(", ") },
            "They are of an earlier deployment, and are removed with its history by a new one.",
        ),
        None => add(
            "containers",
            Fit::Unknown,
            "docker does not answer".into(),
            "Compass installs docker when the jump host is made anew.",
        ),
    }
    add(
        "addresses",
        well(seen.answering.is_empty(), Fit::Doubtful),
        if seen.answering.is_empty() { "none answers".into() } else { seen.answering.join(", ") },
        "These of the plan are taken: hosts of this cluster that will be made anew, or somebody else's.",
    );
    add(
        "other-run",
        well(!seen.running, Fit::Ill),
        if seen.running { "deploy.sh runs" } else { "none" }.into(),
        "Somebody deploys from there by hand: wait until it has ended.",
    );
    checks
}
