//! The DHA file: which host plays which role.

use super::{At, Place, Secret, Unknown};

/// A DHA file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dha {
    /// `TYPE`.
    pub kind: Option<At<Kind>>,
    /// `FLAVOR`; names a file of Compass's conf folder.
    pub flavor: Option<At<String>>,
    /// `NAME`.
    pub name: Option<At<String>>,
    /// `POWER_TOOL`.
    pub power_tool: Option<At<String>>,
    /// `ipmiUser` for all hosts.
    pub ipmi_user: Option<At<String>>,
    /// `ipmiPass` for all hosts.
    pub ipmi_pass: Option<At<Secret>>,
    /// `ipmiVer` as text, as in `2.0`.
    pub ipmi_ver: Option<At<String>>,
    /// `hosts`, in their order: addresses are given in it.
    pub hosts: Vec<Host>,
    /// `plugins`.
    pub plugins: Vec<Plugin>,
    /// Every other key.
    pub rest: Vec<Unknown>,
}

/// What the machines are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Compass makes virtual machines on the jump host.
    Virtual,
    /// Machines of their own, switched on by IPMI.
    Baremetal,
    /// Neither; Compass takes it for virtual and then stops.
    Other(String),
}

/// What is built on the hosts, told from their roles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stack {
    /// Roles `kube_*` or `etcd`.
    Kubernetes,
    /// Roles such as `controller` and `compute`.
    OpenStack,
    /// Roles of both.
    Mixed,
    /// No role tells.
    Unknown,
}

/// What a plan is for, told from the roles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// A cluster of its own.
    Deployment,
    /// Workers for a cluster that is there.
    Expansion,
}

/// One of `hosts`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host {
    /// Where the entry begins.
    pub place: Place,
    /// `name`.
    pub name: Option<At<String>>,
    /// `roles`.
    pub roles: Vec<At<String>>,
    /// `mac`: of eth0, from which the machine boots.
    pub mac: Option<At<String>>,
    /// `interfaces` and the form in which they were written.
    pub interfaces: Vec<Interface>,
    /// The form of `interfaces`, if there are any.
    pub form: Option<At<Form>>,
    /// `ipmiIp`.
    pub ipmi_ip: Option<At<String>>,
    /// `ipmiUser`.
    pub ipmi_user: Option<At<String>>,
    /// `ipmiPass`.
    pub ipmi_pass: Option<At<Secret>>,
    /// `power_type`.
    pub power_type: Option<At<String>>,
    /// `power_ip`.
    pub power_ip: Option<At<String>>,
    /// `power_user`.
    pub power_user: Option<At<String>>,
    /// `power_pass`.
    pub power_pass: Option<At<Secret>>,
    /// `location`.
    pub location: Option<At<String>>,
    /// Every other key.
    pub rest: Vec<Unknown>,
}

/// A network card and its MAC.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interface {
    /// As in `eth1`.
    pub name: At<String>,
    /// As written.
    pub mac: At<String>,
}

/// How `interfaces` was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A list of maps with one key each, as the samples have it.
    List,
    /// One map, as Compass's newest parser wants it.
    Map,
}

/// One of `plugins`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plugin {
    /// As in `stor4nfv`.
    pub name: At<String>,
    /// As in `Enable`.
    pub value: At<String>,
}

impl Dha {
    /// What is built, told from the roles.
    pub fn stack(&self) -> Stack {
        let roles = || self.hosts.iter().flat_map(|host| &host.roles).map(|role| role.as_str());
        let kubernetes = roles().any(|role| role.starts_with("kube_") || role == "etcd");
        let open_stack = roles().any(|role| matches!(role, "controller" | "compute") || role.starts_with("ceph-"));
        match (kubernetes, open_stack) {
            (true, false) => Stack::Kubernetes,
            (false, true) => Stack::OpenStack,
            (true, true) => Stack::Mixed,
            (false, false) => Stack::Unknown,
        }
    }

    /// What the plan is for: an expansion when there are workers and nothing that leads a cluster.
    pub fn purpose(&self) -> Purpose {
        let any = |roles: &[&str]| self.hosts.iter().any(|host| roles.iter().any(|role| host.plays(role)));
        if any(&["kube_node", "compute"]) && !any(&["kube_master", "etcd", "controller"]) {
            Purpose::Expansion
        } else {
            Purpose::Deployment
        }
    }

    /// Whether Compass makes the machines itself.
    pub fn is_virtual(&self) -> bool {
        self.kind.as_ref().is_some_and(|kind| kind.value == Kind::Virtual)
    }
}

impl Host {
    /// Its name, or nothing when it has none.
    pub fn named(&self) -> Option<&str> {
        self.name.as_ref().map(|name| name.as_str())
    }

    /// Whether it plays a role.
    pub fn plays(&self, role: &str) -> bool {
        self.roles.iter().any(|one| one.as_str() == role)
    }

    /// Whether it is planned to be a master.
    pub fn is_master(&self) -> bool {
        self.plays("kube_master")
    }
}
