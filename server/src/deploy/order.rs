//! What is to be run: kind, plan and options, checked, and the command that they come to.
//!
//! An [`Order`] holds a [`plan::Startable`] and typed options; whatever else deploy.sh would take from an
//! environment it does not get. What each variable means is read from Compass's own sources.

use plan::{Checked, Kind as Metal, Release, Startable};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use transcript::Kind;

use super::JumpHost;

/// Where programs are sought on a jump host.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
/// What stands for a secret.
const MASK: &str = "•••";

/// What an operator can choose besides the plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Options {
    /// Whether the jump host is made anew: packages, containers, networks.
    pub first_time: bool,
    /// The tarball of images and packages, `file://` or `http(s)://`; empty for Compass's own place.
    pub tarball: String,
    /// The jump host's card on the installation network; of machines of their own only.
    pub install_nic: String,
    /// Processors of each virtual machine.
    pub cpus: u16,
    /// Memory of each virtual machine, in MB.
    pub memory: u32,
    /// Disk of each virtual machine, in GB.
    pub disk: u32,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            first_time: true,
            tarball: String::new(),
            install_nic: String::new(),
            cpus: 8,
            memory: 16_384,
            disk: 200,
        }
    }
}

/// What is wrong with an order.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field} {why}")]
pub struct Wrong {
    /// The field, as forms and the API name it.
    pub field: &'static str,
    /// Why it cannot be taken, and what can.
    pub why: String,
}

/// A deployment that may be started.
#[derive(Clone, Debug)]
pub struct Order {
    /// The cluster, as Binnacle names it.
    pub cluster: String,
    /// What is done to it.
    pub kind: Kind,
    /// The plan.
    pub plan: Startable,
    /// The rest.
    pub options: Options,
    /// Names of its files in the list of plans, DHA first; empty for what was pasted.
    pub files: [String; 2],
}

/// A command as it is run, or as it is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// The program and its arguments.
    pub argv: Vec<String>,
    /// Its whole environment, in order.
    pub env: Vec<(String, String)>,
}

impl Options {
    /// Takes only what deploy.sh can be given without a shell seeing anything in it.
    ///
    /// # Errors
    /// [`Wrong`] for the first that cannot be taken.
    pub fn check(&self) -> Result<(), Wrong> {
        let wrong = |field, why: &str| Err(Wrong { field, why: why.to_owned() });
        let plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/._-:@%+~".contains(&byte));
        let schemes = ["file:///", "http://", "https://"];
        if !self.tarball.is_empty()
            && (!plain(&self.tarball)
                || self.tarball.len() > 500
                || !schemes.iter().any(|one| self.tarball.starts_with(one)))
        {
            return wrong(
                "tarball",
                "must begin with file:///, http:// or https://, and hold letters, digits and / . _ - : @ % + ~ only",
            );
        }
        let nic = self.install_nic.as_bytes();
        if nic.len() > 15 || !nic.iter().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(byte)) {
            return wrong("install_nic", "must be the name of a NIC, for example eth3");
        }
        if !(1..=128).contains(&self.cpus) {
            return wrong("cpus", "must be between 1 and 128");
        }
        if !(2_048..=1_048_576).contains(&self.memory) {
            return wrong("memory", "must be between 2048 and 1048576 MB");
        }
        if !(20..=10_000).contains(&self.disk) {
            return wrong("disk", "must be between 20 and 10000 GB");
        }
        Ok(())
    }
}

impl Order {
    /// The hosts of the plan, in its order.
    pub fn hosts(&self) -> Vec<String> {
        self.plan
            .plan()
            .dha
            .iter()
            .flat_map(|dha| &dha.hosts)
            .filter_map(|host| host.name.as_deref().cloned())
            .collect()
    }

    /// The management address of each of them, in the same order.
    pub(super) fn addresses(&self) -> Vec<Option<String>> {
        let plan = self.plan.plan();
        let named =
            plan.dha.iter().flat_map(|dha| dha.hosts.iter().enumerate()).filter(|(_, host)| host.name.is_some());
        let address = |n| Some(plan.network.as_ref()?.address_of("mgmt", n)?.to_string());
        named.map(|(n, _)| address(n)).collect()
    }

    /// Whether the hosts are virtual machines, which are made anew, and not machines that are reset.
    pub fn is_virtual(&self) -> bool {
        self.plan.plan().dha.as_ref().and_then(|dha| dha.kind.as_ref()).is_some_and(|kind| **kind == Metal::Virtual)
    }

    /// The same order has the same text: pressed twice it is one.
    pub fn hash(&self) -> String {
        let mut sum = Sha256::new();
        let said = serde_json::to_vec(&(&self.cluster, self.kind, &self.options)).unwrap_or_default();
        for part in [&said, self.plan.dha(), self.plan.network()] {
            sum.update(u64::try_from(part.len()).unwrap_or(0).to_le_bytes());
            sum.update(part);
        }
        sum.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// What is run, with the run's folder.
    pub fn run(&self, host: &JumpHost, dir: &str) -> Run {
        run(self.kind, &self.options, self.is_virtual(), host, dir)
    }
}

/// The command of a kind and its options. None of its values is a secret, but those that the configuration adds.
pub(super) fn run(kind: Kind, options: &Options, is_virtual: bool, host: &JumpHost, dir: &str) -> Run {
    let flag = |on: bool| if on { "true" } else { "false" }.to_owned();
    let mut env: Vec<(String, String)> = [
        ("PATH", PATH.to_owned()),
        ("HOME", dir.to_owned()),
        ("LANG", "C.UTF-8".to_owned()),
        ("TERM", "dumb".to_owned()),
        ("DHA", format!("{dir}/dha.yml")),
        ("NETWORK", format!("{dir}/network.yml")),
        // Any value makes it Kubernetes; which version is what the containers hold.
        ("KUBERNETES_VERSION", "v1.9.1".to_owned()),
        ("OS_VERSION", "centos7".to_owned()),
        ("DEPLOY_FIRST_TIME", flag(options.first_time && kind == Kind::Deploy)),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into();
    let mut set = |name: &str, value: String| env.push((name.to_owned(), value));
    match kind {
        Kind::Deploy => {
            set("DEPLOY_COMPASS", flag(true));
            set("DEPLOY_HOST", flag(true));
        }
        Kind::Expand => {
            set("EXPANSION", flag(true));
            // Without it the expansion stops before it has begun.
            set("machine_file", format!("{}/deploy/script/machine", host.work(dir)));
        }
        Kind::Redeploy => set("REDEPLOY_HOST", flag(true)),
    }
    if !options.tarball.is_empty() {
        set("TAR_URL", options.tarball.clone());
    }
    if is_virtual {
        set("VIRT_CPUS", options.cpus.to_string());
        set("VIRT_MEM", options.memory.to_string());
        set("VIRT_DISK", format!("{}G", options.disk));
    } else if !options.install_nic.is_empty() {
        set("INSTALL_NIC", options.install_nic.clone());
    }
    for (name, value) in &host.variables {
        env.retain(|(known, _)| known != name);
        env.push((name.clone(), value.clone()));
    }
    Run { argv: vec![format!("{}/deploy.sh", host.compass)], env }
}

impl Run {
    /// As it is shown: without what the configuration may hold as a secret.
    #[must_use]
    pub fn masked(mut self) -> Self {
        for (name, value) in &mut self.env {
            if is_secret(name, value) {
                MASK.clone_into(value);
            }
        }
        self
    }

    /// As a person would type it.
    pub fn shown(&self) -> String {
        let env: Vec<String> = self.env.iter().map(|(name, value)| format!("  {name}={value} \\\n")).collect();
        format!("env -i \\\n{}  {}", env.concat(), self.argv.join(" "))
    }
}

/// Whether a variable's value is a secret: its name says so, or it is an address with a password.
pub(super) fn is_secret(name: &str, value: &str) -> bool {
    // Compass has "pass" in its own name.
    let name = name.to_lowercase().replace("compass", "");
    let telling = ["pass", "secret", "token", "credential", "key", "auth"].iter().any(|part| name.contains(part));
    telling || value.contains('@')
}

/// A plan that may be started, or everything that keeps it from that, the sum of it first.
///
/// # Errors
/// Sentences for people.
pub fn startable(release: Release, dha: &[u8], network: &[u8]) -> Result<Startable, Vec<String>> {
    let [dha, network] = [dha, network].map(|bytes| Some(bytes).filter(|bytes| !bytes.trim_ascii().is_empty()));
    Checked::of(release, dha, network).start().map_err(|refused| {
        let mut wrong = vec![refused.to_string()];
        let findings = refused.shell.iter().chain(&refused.errors);
        wrong.extend(findings.map(|one| format!("{} line {}: {}. {}", one.file, one.place.line, one.what, one.todo)));
        wrong
    })
}

/// As [`startable`], on a thread of its own.
///
/// # Errors
/// As [`startable`].
pub(crate) async fn startable_apart(
    release: Release,
    dha: Vec<u8>,
    network: Vec<u8>,
) -> Result<Startable, Vec<String>> {
    let bytes = dha.len() + network.len();
    let checked = crate::plan::placed(bytes, move || startable(release, &dha, &network)).await;
    checked.unwrap_or_else(|| Err(vec!["the plan could not be checked".into()]))
}
