//! What people read where the loss of hosts is worked out.

/// A tab.
pub const WHAT_IF: &str = "What if";
/// Said above every answer.
pub const NOTHING_CHANGES: &str = "Nothing is changed: this is worked out from the cluster as it is now.";
/// Above the form.
pub const HOSTS: &str = "Hosts";
/// Where there are too many hosts for boxes.
pub const NAME_HOSTS: &str = "Names of hosts, with commas between";
/// Above the buttons.
pub const SUPPOSE: &str = "Suppose that the chosen hosts are";
/// The kinds of change, with their words in addresses.
pub const KINDS: [(&str, &str, &str); 4] = [
    ("lose", "lost", "The machines are off"),
    ("remove", "removed", "The machines are off, and their Node objects are deleted"),
    ("drain", "drained", "Their pods are evicted, and the machines stay on"),
    ("cordon", "cordoned", "They take no new pods"),
];
/// A button.
pub const ONE_MORE: &str = "one more like it";
/// A link.
pub const BACK: &str = "Back to the cluster";
/// A link.
pub const NO_QUESTION: &str = "The loss of every host";
/// Above the parts that are not well.
pub const PARTS: &str = "Fails, may fail or is interrupted";
/// Above what stays or comes back.
pub const WELL: &str = "Stays up or comes back by itself";
/// Above the course.
pub const COURSE: &str = "Timeline";
/// Above the hosts that take pods.
pub const RETURNS: &str = "Where pods may come back";
/// Below them.
pub const ONE_WAY: &str = "One placement that every rule allows. The scheduler may choose another.";
/// Above the steps that would help.
pub const HELPS: &str = "Would help";
/// Above the reasons by host.
pub const WHY_NOT: &str = "Reasons by host";
/// Above the standing answers.
pub const SINGLE: &str = "The loss of every single host";
/// The same of two masters.
pub const PAIRS: &str = "The loss of two masters";
/// Where these take longer than a page waits.
pub const WORKING: &str = "The loss of every host is being worked out. Reload this page in a moment.";
/// Columns.
pub const LOSS: &str = "Lost";
/// Columns.
pub const OUTCOME: &str = "Outcome";
/// Columns.
pub const ANSWER: &str = "Answer";
/// A link.
pub const JSON: &str = "JSON";
/// A link beside the figure.
pub const ASK: &str = "What if a host is lost?";
/// The name of the figure.
pub const FIGURE: &str = "Architecture without the hosts that go";

/// A section, and the link to it.
pub const DRAIN_ORDER: &str = "Drain order for an upgrade";
/// Above the hosts that cannot be drained.
pub const STUCK: &str = "Cannot be drained unnoticed";
/// Below the waves.
pub const AFTER_A_WAVE: &str = "Drain the hosts of a wave together, upgrade them, uncordon them, and go on. The scheduler may place pods otherwise than shown, so ask again after each wave.";

/// How many pods a wave moves.
pub fn moves(pods: u32) -> String {
    match pods {
        0 => "no pods move".to_owned(),
        1 => "1 pod moves".to_owned(),
        pods => format!("{pods} pods move"),
    }
}

/// Budgets that let pods go one after another.
pub fn slow(budgets: &str) -> String {
    format!("One after another, by {budgets}")
}

/// Services whose only endpoint is evicted.
pub fn interrupted(services: &str) -> String {
    format!("The only endpoint moves: {services}")
}

/// The reasons of a host beside the first.
pub fn more_reasons(count: usize) -> String {
    if count == 1 { "1 more reason".to_owned() } else { format!("{count} more reasons") }
}

/// The room that the others lack.
pub fn missing(room: &str) -> String {
    format!("Missing: {room}")
}

/// Flags of kubectl.
pub fn drain_needs(flags: &str) -> String {
    format!("kubectl drain needs {flags}")
}

/// As in `4 of 5 hosts can be lost without notice`.
pub fn may_be_lost(unnoticed: usize, unknown: usize, of: usize) -> String {
    match (unnoticed, of) {
        (_, 0) => "Unknown: no host can be seen".to_owned(),
        (0, of) if unknown > 0 => format!("Of {unknown} of {of} hosts it is unknown whether their loss is noticed"),
        (0, of) => format!("None of {of} hosts can be lost without notice"),
        (all, of) if all == of => format!("Any single one of {of} hosts can be lost without notice"),
        (some, of) => format!("{some} of {of} hosts can be lost without notice"),
    }
}

/// As in `Worst: host5, some parts stay down`.
pub fn worst(host: &str, outcome: &str) -> String {
    format!("Worst: {host}, {outcome}")
}

/// A list of hosts that no way leads around.
pub const SINGLE_POINTS: &str = "Single points of failure";
/// One of them, in a panel.
pub const SINGLE_POINT: &str = "Single point of failure";

/// A link at a host's panel.
pub fn what_if_lost(host: &str) -> String {
    format!("{host} is lost")
}

/// A list that is cut.
pub fn more(count: usize) -> String {
    format!("and {count} more")
}
