//! The demonstration: its tour, and the page that breaks it.

/// Leads to the page that breaks it, and names it.
pub const BREAK: &str = "Break it";
/// On the lane of deployments, before the first start.
pub const PAST_DEPLOYED: &str = "Deployed with host1 to host4. This deployment was made up: it has no log.";
/// The same of the host that joined.
pub const PAST_EXPANDED: &str = "Expanded by host5. This deployment was made up: it has no log.";
/// On the lane of backups, before the first start.
pub const PAST_BACKUP: &str =
    "A nightly backup, which retention has removed since. It was made up: nothing of it can be restored.";
/// Leads to the tour's first step.
pub const TAKE_TOUR: &str = "Take the tour";
/// Above the faults.
pub const BREAK_HINT: &str = "Break the simulated cluster and see the figure answer within a second. A real cluster waits 40 s \
     before it gives up a node, and 5 min before it moves pods.";
/// For viewers.
pub const NEEDS_OPERATOR: &str = "Breaking and mending needs the role operator.";
/// Above what is broken now.
pub const BROKEN: &str = "Broken now";
/// When nothing is.
pub const NOTHING_BROKEN: &str = "Nothing is broken. The pod of ims/hss that crashes belongs to the demonstration.";
/// On buttons.
pub const MEND: &str = "Mend";
/// On a button.
pub const MEND_ALL: &str = "Mend everything";
/// Above the forms.
pub const FAULTS: &str = "Faults";
/// The label of hosts.
pub const HOST: &str = "Host";
/// The label of workloads.
pub const WORKLOAD: &str = "Workload";
/// The label of Deployments.
pub const DEPLOYMENT: &str = "Deployment";
/// The label of members.
pub const MEMBER: &str = "Member";
/// Where no etcd runs.
pub const NO_ETCD: &str = "No etcd runs here, so no member can be killed.";
/// What cannot be broken.
pub const NO_SUCH: &str = "This host, workload or member is not in the demonstration.";
/// What to do then.
pub const NO_SUCH_TODO: &str = "Choose one of the list.";

/// A fault that a form asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Its word in addresses and forms.
    pub word: &'static str,
    /// Its heading.
    pub name: &'static str,
    /// The button.
    pub button: &'static str,
    /// The consequence.
    pub hint: &'static str,
    /// The state, as in `kubelet stopped on`.
    pub broken: &'static str,
}

/// A kubelet that is stopped.
pub const KUBELET: Fault = Fault {
    word: "kubelet",
    name: "Stop a kubelet",
    button: "Stop",
    hint: "The node turns unknown and its pods are not ready. Their containers go on.",
    broken: "kubelet stopped on",
};
/// A host that is cut off.
pub const NETWORK: Fault = Fault {
    word: "network",
    name: "Cut the network of a host",
    button: "Cut",
    hint: "Nothing reaches the host. Leaders move at once, and after 5 s its pods start elsewhere.",
    broken: "network cut on",
};
/// A workload that crashes.
pub const CRASH: Fault = Fault {
    word: "crash",
    name: "Crash a workload",
    button: "Crash",
    hint: "Each of its pods ends with an error, restarts, and waits longer each time.",
    broken: "crashing:",
};
/// A host that is full.
pub const FULL: Fault = Fault {
    word: "full",
    name: "Fill a host",
    button: "Fill",
    hint: "A pod asks for all that is left. The host reports memory pressure and takes no more pods.",
    broken: "no room on",
};
/// A rollout.
pub const ROLL_OUT: Fault = Fault {
    word: "roll-out",
    name: "Roll out",
    button: "Roll out",
    hint: "Its pods are replaced one by one, a new one first. It ends by itself.",
    broken: "",
};
/// A member of etcd.
pub const ETCD: Fault = Fault {
    word: "etcd",
    name: "Kill an etcd member",
    button: "Kill",
    hint: "With two of three members etcd goes on. With one it has no quorum, and takes no writes.",
    broken: "etcd member killed on",
};

/// A step of the tour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// The page, below the cluster's.
    pub path: &'static str,
    /// Its name.
    pub name: &'static str,
    /// What to look at.
    pub text: &'static str,
}

/// The cluster of the tour, whose hosts its steps name: the small clusters of distributions have others.
pub const TOURED: &str = "demo";
/// The tour.
pub const STEPS: [Step; 8] = [
    Step {
        path: "",
        name: "The cluster",
        text: "Masters stand above, nodes below. Each box shows a host with its components and pods as the API server tells them now.",
    },
    Step {
        path: "?sel=node/host4",
        name: "Details",
        text: "Select a host, a pod or a service. Its state, events, logs and manifest stand beside the figure. Arrow keys and Enter work, too.",
    },
    Step {
        path: "/networking",
        name: "Networks",
        text: "Each line is a network, each dot a NIC. The field Trace shows how a request reaches the pods of a service.",
    },
    Step {
        path: "/break",
        name: "Break it",
        text: "Stop the kubelet of host4. The figure and its headline answer within a second. Then mend it.",
    },
    Step {
        path: "/what-if",
        name: "What if",
        text: "Ask before it breaks. The answer names the pods that move, the services that stop, and the quorum of etcd.",
    },
    Step {
        path: "/backups",
        name: "A proved backup",
        text: "Back up etcd with one button. Binnacle verifies the backup in six steps, and restores it into a throwaway etcd.",
    },
    Step {
        path: "/deployments/new",
        name: "A deployment",
        text: "The plan is chosen already. Start it, and follow Compass and Ansible task by task while hosts go and come in the figure.",
    },
    Step {
        path: "/history",
        name: "The past",
        text: "Every change is recorded. Choose a moment to see the cluster as it was. Shortcuts for all pages stand behind the key ?.",
    },
];

/// The name of the tour, for those who cannot see it.
pub const TOUR: &str = "Tour";
/// Where one stands in the tour.
pub fn step(number: usize) -> String {
    format!("Step {number} of {}", STEPS.len())
}
/// Leads on.
pub const NEXT: &str = "Next";
/// Leads back.
pub const BACK: &str = "Back";
/// Ends the tour.
pub const LEAVE: &str = "Leave the tour";
/// Ends the tour after the last step.
pub const DONE: &str = "End the tour";
