//! What people read about deployments.

/// A tab.
pub const DEPLOYMENTS: &str = "Deployments";
/// A button.
pub const DEPLOY: &str = "Deploy";
/// Where nothing can be deployed.
pub const NO_JUMP_HOST: &str = "No folder of Compass4nfv is configured, so nothing can be deployed from here.";
/// What to do then.
pub const NO_JUMP_HOST_TODO: &str = "Start Binnacle with --compass FOLDER, and with --jump-host where that folder is on another machine. The built-in \
     cluster is deployed by a rehearsal, which needs ansible-playbook: make run installs it.";
/// Where there is no run.
pub const NO_RUNS: &str = "Nothing was deployed from here yet.";
/// Of runs.
pub const HOW: &str = "How it went";
/// Of runs.
pub const KIND: &str = "Kind";
/// Of runs.
pub const BEGAN: &str = "Ordered";
/// Of runs.
pub const TOOK: &str = "Took";
/// Of runs.
pub const BY: &str = "By";
/// Of runs.
pub const OLDER: &str = "Older runs";
/// A filter's choice.
pub const ANY: &str = "any";
/// A button.
pub const COMPARE: &str = "Compare";
/// The form.
pub const NEW: &str = "New deployment";
/// The first step's button.
pub const REVIEW: &str = "Check and review";
/// The second step.
pub const REVIEWED: &str = "Before it starts";
/// What is deployed.
pub const PLAN: &str = "Plan";
/// Choices of the kind.
pub const KINDS: [(&str, &str); 3] = [
    ("deploy", "Deploy: a cluster from nothing"),
    ("expand", "Expand: more workers for this cluster"),
    ("redeploy", "Redeploy: the same hosts again"),
];
/// Of kinds whose exit status lies.
pub const EXIT_LIES: &str = "Of an expansion or a redeployment Compass's own exit status tells nothing: it fails after it has sent \
                             the order. How it went is judged by compass-deck, Ansible's recaps and the cluster.";
/// Where recovery is explained.
pub const RECOVERY: &str = "A master is lost: what to do";
/// A field.
pub const TARBALL: &str = "Tarball of Compass (file:///… or https://…; empty for its own place)";
/// A field.
pub const INSTALL_NIC: &str = "Card on the installation network (machines of their own)";
/// A field.
pub const CPUS: &str = "Processors of each virtual machine";
/// A field.
pub const MEMORY: &str = "Memory of each virtual machine, MB";
/// A field.
pub const DISK: &str = "Disk of each virtual machine, GB";
/// A field.
pub const FIRST_TIME: &str = "Make the jump host anew: packages, containers, networks";
/// Above the options.
pub const OPTIONS: &str = "Options";
/// Above the hosts that will be lost.
pub const DESTROYED: &str = "These virtual machines are destroyed, with their disks, and made anew";
/// Above the hosts that will be reset.
pub const RESET: &str = "These machines are reset and installed anew: what is on them is lost";
/// Of a cancelled start.
pub const RESET_ANYWAY: &str = "They are reset some 20 seconds after the machines are known to Compass, even if the \
                                deployment fails or is cancelled before.";
/// Of an expansion.
pub const ADDED: &str = "These hosts are installed anew and join the cluster";
/// The command.
pub const COMMAND: &str = "What is run, with nothing else in its environment";
/// The preflight.
pub const PREFLIGHT: &str = "The jump host";
/// While it cannot be looked at.
pub const NO_PREFLIGHT: &str = "It cannot be looked at";
/// The last step.
pub const START: &str = "Start";
/// When the plan cannot be started.
pub const NOT_STARTABLE: &str = "This cannot be started";
/// A review that is too old.
pub const REVIEW_AGAIN: &str = "This review is not known here any more: check and review once more.";
/// A wrong confirmation.
pub const NOT_CONFIRMED: &str = "The name that was typed is not the cluster's: nothing was started.";
/// On a run.
pub const CANCEL: &str = "Cancel this deployment";
/// What that does.
pub const CANCEL_MEANS: &str = "deploy.sh, all that it started and the Ansible in the tasks container are ended. \
                                Hosts that install their system go on installing, and what is half-made stays as it is.";
/// On a run.
pub const AGAIN: &str = "Run again";
/// On a run.
pub const EVIDENCE: &str = "Evidence";
/// On a run.
pub const FIRST_FAILURE: &str = "First failure";
/// On a run.
pub const JUMP_TO_LINE: &str = "Line";
/// On a run.
pub const PHASES: &str = "Phases";
/// On a run.
pub const TASKS: &str = "Tasks and hosts";
/// On a run.
pub const ALL_TASKS: &str = "All tasks";
/// On a run.
pub const TASKS_SHOWN: &str = "what failed, and the last ones";
/// On a run.
pub const LOG: &str = "Log";
/// On a log.
pub const SEARCH_LOG: &str = "Search the log";
/// On a log, behind the line that was found.
pub const NEXT_HIT: &str = "Next";
/// On a log.
pub const FOUND_NOTHING: &str = "It is not in the log from here on.";
/// On a log.
pub const EARLIER: &str = "Earlier";
/// On a log.
pub const LATER: &str = "Later";
/// On a log.
pub const BEGIN: &str = "Beginning";
/// On a log.
pub const END: &str = "End";
/// On a log.
pub const DOWNLOAD: &str = "Download";
/// On a log, for scripts.
pub const FOLLOWING: &str = "Follow the end";
/// On a log that was forgotten.
pub const LOG_FORGOTTEN: &str = "The log is not kept any more.";
/// On a log.
pub const LOG_EMPTY: &str = "Nothing was said yet.";
/// On a run.
pub const CHANGED_PLAN: &str = "What changed in the plan since the run before";
/// On a run.
pub const SAME_PLAN: &str = "The plan is that of the run before.";
/// On a run.
pub const FIRST_RUN: &str = "It is the first run of this cluster.";
/// How far a run is.
pub const PROGRESS: &str = "Progress";
/// In a comparison.
pub const TASK: &str = "Task";
/// In a comparison.
pub const DIFFERENCE: &str = "Difference";
/// In a comparison.
pub const HOST: &str = "Host";
/// In a comparison.
pub const ONLY_RUNS: &str = "Only tasks that took longer or shorter, or ended otherwise, are listed.";
/// In a comparison without differences.
pub const NO_DIFFERENCE: &str = "No task took noticeably longer, and no host differs.";
/// Where a run is not found.
pub const NO_SUCH_RUN: &str = "There is no such deployment of this cluster.";

/// On a run.
pub const HOSTS: &str = "Hosts";
/// Of hosts.
pub const SYSTEM: &str = "Operating system";
/// Of hosts.
pub const ANSWERS: &str = "Answers";
/// Of a host that answers, or does not.
pub const YES: &str = "yes";
/// Of a host that does not answer.
pub const NO: &str = "not yet";
/// Of a host that nobody could look at.
pub const NOT_SEEN: &str = "not looked at";
/// On a run.
pub const VERSIONS: &str = "Versions found";
/// In a comparison, of what is not the same.
pub const DIFFERS: &str = "differs";
/// In a comparison of versions.
pub const WHAT: &str = "What";

/// While compass-deck says nothing.
pub fn deck_is_silent(since: &str) -> String {
    format!("compass-deck does not answer since {since}: what it said before stands here")
}

/// Of a host that answers.
pub fn answers_since(since: &str) -> String {
    format!("since {since}")
}

/// Of a host that has answered and does not any more.
pub fn silent_since(since: &str) -> String {
    format!("not any more, since {since}")
}

/// While Ansible runs.
pub fn at_task(task: &str) -> String {
    format!("Ansible is at {task}")
}

/// While hosts install their systems.
pub fn systems_install(there: usize, of: usize) -> String {
    match there {
        0 => format!("{of} hosts install their systems"),
        _ if there == of => format!("all {of} hosts have their systems"),
        _ => format!("hosts install their systems: {there} of {of} answer"),
    }
}

/// A run that was cancelled before it came to anything.
pub const CANCELLED_AT_ONCE: &str = "cancelled before anything was done";

/// A run that was cancelled in a phase: whether anybody could look that no Ansible is left, whether hosts were reset,
/// those that install their systems nevertheless, and those whose machines were destroyed and not made again.
pub fn cancelled_in(phase: &str, looked: bool, reset: bool, installing: &[String], gone: &[String]) -> String {
    let left = if looked {
        "nothing of deploy.sh and Ansible is left there"
    } else {
        "nothing of deploy.sh is left there; nobody could look for Ansible"
    };
    let reset = if reset { "hosts were reset before" } else { "no host was or will be reset" };
    let still = match installing {
        [] => String::new(),
        hosts => format!("; {} will go on installing", hosts.join(", ")),
    };
    let gone = match gone {
        [] => String::new(),
        hosts => format!("; destroyed and not rebuilt: {}", hosts.join(", ")),
    };
    format!("cancelled; {left}. Half-made is “{phase}”; {reset}{still}{gone}")
}

/// What compass-deck says of a system, for people.
pub fn system(state: &str, message: &str) -> String {
    let word = match state {
        "INSTALLING" => "installs",
        "SUCCESSFUL" => "installed",
        "ERROR" => "failed",
        "UNINITIALIZED" | "INITIALIZED" | "UPDATE_PREPARING" => "waits",
        "" => "nothing is known of it",
        other => other,
    };
    if message.is_empty() { word.to_owned() } else { format!("{word}: {message}") }
}

/// What has versions, for people.
pub fn version_of(word: &str) -> &str {
    match word {
        "kubernetes" => "Kubernetes",
        "etcd" => "etcd",
        "ansible" => "Ansible",
        "os" => "Operating system",
        "kernel" => "Kernel",
        "runtime" => "Container runtime",
        other => other,
    }
}

/// A state for people.
pub fn state(word: &str) -> &str {
    match word {
        "failed-but-running" => "failed, but still running there",
        other => other,
    }
}

/// A phase for people.
pub fn phase(word: &str) -> &str {
    match word {
        "python" => "Programs on the jump host",
        "input" => "The plan is looked through",
        "config" => "The plan becomes variables",
        "teardown" => "Old virtual machines are destroyed",
        "addresses" => "Hardware addresses",
        "networks" => "Networks on the jump host",
        "core" => "Compass's containers",
        "machines" => "Machines are made known",
        "boot" => "Virtual machines start",
        "cluster" => "Compass is told; systems install",
        "reset" => "Hosts are reset",
        "ansible" => "Ansible and kubespray",
        "summary" => "Summary",
        _ => word,
    }
}

/// How much is left, learnt from earlier runs: the shortest and the longest of them.
pub fn left(least: &str, most: &str, of: usize) -> String {
    match of {
        1 => format!("about {most} more, if it takes as long as the last run of this kind"),
        _ if least == most => format!("about {most} more, as the last {of} runs of this kind that went well"),
        _ => format!("{least} to {most} more, as the last {of} runs of this kind that went well"),
    }
}

/// When only the longest of the earlier runs took longer.
pub fn at_most_left(most: &str, of: usize) -> String {
    format!("at most {most} more, if it is none longer than the last {of} runs of this kind that went well")
}

/// When it takes longer than all of them.
pub fn overdue(by: &str, of: usize) -> String {
    match of {
        1 => format!("{by} longer than the last run of this kind that went well"),
        _ => format!("{by} longer than any of the last {of} runs of this kind that went well"),
    }
}

/// Asks for the cluster's name.
pub fn confirm(cluster: &str) -> String {
    format!("Type {cluster} to confirm")
}

/// The lines of a log that are shown.
pub fn lines(first: u64, last: u64, of: u64) -> String {
    format!("lines {first} to {last} of {of}")
}

/// The way to a master that was lost; each a title and what to do.
pub const RECOVERY_STEPS: [(&str, &str); 6] = [
    (
        "Compass's own recovery is not offered",
        "It starts a virtual machine that deployments with containers do not have, and its playbook does not exist for \
         Kubernetes. What follows is done with the hosts and with kubespray.",
    ),
    (
        "Switch it on first",
        "A host that is off comes back by itself: etcd, the kubelet and the API server are units and manifests of its \
         own. Wait until the figure shows it as ready before doing anything else.",
    ),
    (
        "Look at etcd's quorum",
        "With three members one may be lost. Take a backup of what is there before changing any member; with quorum \
         lost follow the restore guide of a backup instead.",
    ),
    (
        "Remove the lost member",
        "On a master that is left: ETCDCTL_API=3 etcdctl member list, then member remove with its id, with the files \
         that /etc/etcd.env names. A new member must not be added while a lost one is still counted.",
    ),
    (
        "Install the host anew",
        "Give it the same name and addresses. kubespray's playbook recover-control-plane, run in the tasks container \
         with the inventory of the deployment, makes it a master and a member again; kubespray itself gives no \
         guarantee for it, so have the backup at hand.",
    ),
    (
        "Check",
        "All members are healthy and at the same revision, every master runs an API server, a scheduler and a \
         controller-manager, and the figure shows no difference from the plan.",
    ),
];

/// Of a run.
pub const REDACTED: &str = "Redacted";
/// Of a run.
pub const BY_RULE: &str = "By rule";
/// Where a log is not shown.
pub const LOG_WITHHELD: &str = "An earlier version redacted this log by fewer rules. Binnacle redacts it anew and shows it \
                                then. Load this page again in a moment.";

/// How many places of a log were hidden.
pub fn redacted(total: u64) -> String {
    match total {
        0 => "No place of this log was hidden.".into(),
        1 => "One place of this log was hidden because it holds a secret or may hold one.".into(),
        _ => format!("{total} places of this log were hidden because they hold a secret or may hold one."),
    }
}

/// A stored log was redacted again.
pub fn redacted_anew(at: &str) -> String {
    format!(
        "Newer rules redacted the stored log again on {at}. Earlier versions did not count what they hid, so the \
         number has what was hidden since."
    )
}

/// A rule that hides secrets.
pub fn rule(word: &str) -> &'static str {
    match word {
        "known-secret" => "Secrets of the plan and the settings",
        "private-key" => "Private keys",
        "token-shape" => "Tokens, by their shape",
        "password-hash" => "Hashes of passwords",
        "base64" => "Long base64, which may hold keys",
        "url" => "Passwords and tokens in URLs",
        "http-header" => "HTTP headers that authenticate",
        "option" => "Options and arguments of commands",
        "name" => "Values behind names such as password",
        "name-beside" => "Values whose name stands in another entry",
        "block" => "Lines below a name, and data of Secrets",
        "announced" => "Lines that the line before announces",
        "output" => "Output of commands that make or show secrets",
        _ => "Other rules",
    }
}
