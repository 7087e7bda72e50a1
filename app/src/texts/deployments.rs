//! What people read about deployments.

/// A tab.
pub const DEPLOYMENTS: &str = "Deployments";
/// A button.
pub const DEPLOY: &str = "Deploy";
/// Where nothing can be deployed.
pub const NO_JUMP_HOST: &str = "Deployments are not set up (--compass).";
/// What to do then.
pub const NO_JUMP_HOST_TODO: &str = "Start Binnacle with --compass FOLDER, and with --jump-host where that folder is on another machine. The demo cluster is \
     deployed by a rehearsal, which needs ansible-playbook. make run installs it.";
/// Starts a deployment of the demonstration's plan.
pub const AT_ONCE: &str = "Deploy the demonstration's plan";
/// Below that button.
pub const AT_ONCE_HINT: &str =
    "One click rehearses deploy.sh with a real Ansible in about a minute. The hosts go and come in the figure.";
/// Where there is no run.
pub const NO_RUNS: &str = "No deployments yet";
/// Beside the figure.
pub const LATEST: &str = "Latest deployments";
/// While the database does not answer.
pub const RUNS_UNKNOWN: &str = "Unknown: the database does not answer";
/// Of runs.
pub const HOW: &str = "Result";
/// Of runs.
pub const KIND: &str = "Kind";
/// Of runs.
pub const BEGAN: &str = "Started";
/// Of runs.
pub const TOOK: &str = "Duration";
/// Of runs.
pub const BY: &str = "Started by";
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
pub const REVIEWED: &str = "Review";
/// What is deployed.
pub const PLAN: &str = "Plan";
/// Choices of the kind.
pub const KINDS: [(&str, &str); 3] = [
    ("deploy", "Deploy – new cluster"),
    ("expand", "Expand – add workers to this cluster"),
    ("redeploy", "Redeploy – reinstall the same hosts"),
];
/// Of kinds whose exit status lies.
pub const EXIT_LIES: &str = "Compass always exits with an error for Expand and Redeploy. The result is taken from compass-deck, \
                             Ansible and the cluster instead.";
/// Where recovery is explained.
pub const RECOVERY: &str = "Recover a lost control-plane node";
/// A field.
pub const TARBALL: &str = "Compass tarball URL (file:///… or https://…; leave empty for the default)";
/// A field.
pub const INSTALL_NIC: &str = "Installation NIC (bare metal only)";
/// A field.
pub const CPUS: &str = "CPUs of each VM";
/// A field.
pub const MEMORY: &str = "Memory of each VM (MB)";
/// A field.
pub const DISK: &str = "Disk of each VM (GB)";
/// A field.
pub const FIRST_TIME: &str = "Reinstall the jump host (packages, containers, networks)";
/// Above the options.
pub const OPTIONS: &str = "Options";
/// Above the hosts that will be lost.
pub const DESTROYED: &str = "These VMs and their disks will be destroyed and recreated";
/// Above the hosts that will be reset.
pub const RESET: &str = "These machines will be reset and reinstalled. Everything on them will be lost";
/// Of a cancelled start.
pub const RESET_ANYWAY: &str = "They are reset about 20 seconds after Compass knows the machines, even if the deployment \
                                fails or is cancelled before.";
/// Of an expansion.
pub const ADDED: &str = "These hosts will be installed and join the cluster";
/// The command.
pub const COMMAND: &str = "Command and full environment";
/// The preflight.
pub const PREFLIGHT: &str = "Jump host";
/// How a check of the jump host came out.
pub const fn check(health: scene::Health) -> &'static str {
    match health {
        scene::Health::Ok => "passed",
        scene::Health::Warn => "may matter",
        scene::Health::Bad => "blocks the start",
        _ => "not checked",
    }
}

/// While it cannot be looked at.
pub const NO_PREFLIGHT: &str = "The jump host could not be checked";
/// The last step.
pub const START: &str = "Start";
/// When the plan cannot be started.
pub const NOT_STARTABLE: &str = "This cannot be started";
/// A review that is too old.
pub const REVIEW_AGAIN: &str = "This review has expired. Check and review again.";
/// A wrong confirmation.
pub const NOT_CONFIRMED: &str = "Name does not match. Nothing was started.";
/// On a run.
pub const CANCEL: &str = "Cancel this deployment";
/// What that does.
pub const CANCEL_MEANS: &str = "Ends deploy.sh, everything that it started, and the Ansible in the tasks container. Hosts that \
                                are installing their system continue, and what is incomplete stays as it is.";
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
pub const TASKS_SHOWN: &str = "failures and the latest tasks";
/// On a run.
pub const LOG: &str = "Log";
/// On a log.
pub const SEARCH_LOG: &str = "Search the log";
/// On a log, behind the line that was found.
pub const NEXT_HIT: &str = "Next";
/// On a log.
pub const FOUND_NOTHING: &str = "No more matches";
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
pub const FOLLOWING: &str = "Follow";
/// On a log that was forgotten.
pub const LOG_FORGOTTEN: &str = "The log is no longer kept.";
/// On a log.
pub const LOG_EMPTY: &str = "No output yet";
/// On a run.
pub const CHANGED_PLAN: &str = "Plan changes since the previous run";
/// On a run.
pub const SAME_PLAN: &str = "Same plan as the previous run.";
/// On a run.
pub const FIRST_RUN: &str = "First run of this cluster.";
/// How far a run is.
pub const PROGRESS: &str = "Progress";
/// In a comparison.
pub const TASK: &str = "Task";
/// In a comparison.
pub const DIFFERENCE: &str = "Difference";
/// In a comparison.
pub const HOST: &str = "Host";
/// In a comparison.
pub const ONLY_RUNS: &str = "Only tasks with another duration or result are listed.";
/// In a comparison without differences.
pub const NO_DIFFERENCE: &str = "No task took noticeably longer, and no host differs.";
/// Where a run is not found.
pub const NO_SUCH_RUN: &str = "Deployment not found in this cluster.";

/// On a run.
pub const HOSTS: &str = "Hosts";
/// Of hosts.
pub const SYSTEM: &str = "Operating system";
/// Of hosts.
pub const ANSWERS: &str = "Reachable";
/// Of a host that answers, or does not.
pub const YES: &str = "yes";
/// Of a host that does not answer.
pub const NO: &str = "no";
/// Of a host that nobody could look at.
pub const NOT_SEEN: &str = "not checked";
/// On a run.
pub const VERSIONS: &str = "Versions found";
/// In a comparison, of what is not the same.
pub const DIFFERS: &str = "differs";
/// In a comparison of versions.
pub const WHAT: &str = "What";

/// While compass-deck says nothing.
pub fn deck_is_silent(since: &str) -> String {
    format!("compass-deck has not answered since {since}. Its last answer is shown.")
}

/// Of a host that answers.
pub fn answers_since(since: &str) -> String {
    format!("since {since}")
}

/// Of a host that has answered and does not any more.
pub fn silent_since(since: &str) -> String {
    format!("no, since {since}")
}

/// While Ansible runs.
pub fn at_task(task: &str) -> String {
    format!("Ansible is at {task}")
}

/// While hosts install their systems.
pub fn systems_install(there: usize, of: usize) -> String {
    match there {
        0 => format!("Installing the OS on {of} hosts"),
        _ if there == of => format!("The OS is installed on all {of} hosts"),
        _ => format!("Installing the OS: {there} of {of} hosts are reachable"),
    }
}

/// A run that was cancelled before it came to anything.
pub const CANCELLED_AT_ONCE: &str = "Cancelled before anything was done.";

/// A run that was cancelled in a phase: whether anybody could look that no Ansible is left, whether hosts were reset,
/// those that install their systems nevertheless, and those whose machines were destroyed and not made again.
pub fn cancelled_in(phase: &str, looked: bool, reset: bool, installing: &[String], gone: &[String]) -> String {
    let left = if looked {
        "deploy.sh and Ansible were stopped."
    } else {
        "deploy.sh was stopped. Nobody could check whether Ansible still runs."
    };
    let reset = match (reset, gone) {
        (true, _) => " Hosts were reset before.",
        (false, []) => " No host was or will be reset.",
        // That machines were destroyed is what counts.
        (false, _) => "",
    };
    let still = match installing {
        [] => String::new(),
        hosts => format!(" The OS installation continues on {}.", hosts.join(", ")),
    };
    let gone = match gone {
        [] => String::new(),
        hosts => format!(" Destroyed where they existed, and not rebuilt: {}.", hosts.join(", ")),
    };
    format!("Cancelled during “{phase}”. {left}{gone}{reset}{still}")
}

/// What compass-deck says of a system, for people.
pub fn system(state: &str, message: &str) -> String {
    let word = match state {
        "INSTALLING" => "installing",
        "SUCCESSFUL" => "installed",
        "ERROR" => "failed",
        "UNINITIALIZED" | "INITIALIZED" | "UPDATE_PREPARING" => "waiting",
        "" => "unknown",
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
        "python" => "Prepare the jump host",
        "input" => "Validate plan",
        "config" => "Convert plan to variables",
        "teardown" => "Destroy old VMs",
        "addresses" => "Assign MAC addresses",
        "networks" => "Set up networks on the jump host",
        "core" => "Start Compass containers",
        "machines" => "Register machines",
        "boot" => "Start VMs",
        "cluster" => "Install operating systems",
        "reset" => "Reset hosts",
        "ansible" => "Run Ansible and kubespray",
        "summary" => "Summary",
        _ => word,
    }
}

/// How much is left, learnt from earlier runs: the shortest and the longest of them.
pub fn left(least: &str, most: &str, of: usize) -> String {
    match of {
        1 => format!("about {most} left (based on the last run)"),
        _ if least == most => format!("about {most} left (based on the last {of} successful runs)"),
        _ => format!("{least} to {most} left (based on the last {of} successful runs)"),
    }
}

/// When only the longest of the earlier runs took longer.
pub fn at_most_left(most: &str, of: usize) -> String {
    format!("at most {most} left (based on the last {of} successful runs)")
}

/// When it takes longer than all of them.
pub fn overdue(by: &str, of: usize) -> String {
    match of {
        1 => format!("{by} longer than the last successful run"),
        _ => format!("{by} longer than any of the last {of} successful runs"),
    }
}

/// Asks for the cluster's name.
pub fn confirm(cluster: &str) -> String {
    format!("Type {cluster} to confirm deployment")
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
        "Reinstall the host",
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
