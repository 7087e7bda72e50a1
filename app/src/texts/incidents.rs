//! What people read about incidents.

/// The page, and its lane.
pub const INCIDENTS: &str = "Incidents";
/// The lane of a time line.
pub const LANE: &str = "incidents";
/// Above those that go on.
pub const OPEN: &str = "Open incidents";
/// While the database does not tell them.
pub const NOT_TOLD: &str = "Not known: the database does not answer.";
/// When none goes on.
pub const NONE_OPEN: &str = "No incident is open.";
/// Above those that ended.
pub const ENDED: &str = "Ended in the last 30 days";
/// When none ended.
pub const NONE_ENDED: &str = "No incident ended in this time.";
/// Where nothing is recorded.
pub const OFF: &str = "Incidents are found in the recorded history, which is off.";
/// A grave one.
pub const GRAVE: &str = "critical";
/// Another.
pub const WARNING: &str = "warning";
/// A column.
pub const INCIDENT: &str = "Incident";
/// A column, and a row.
pub const BEGAN: &str = "Began";
/// A column, and a row.
pub const LASTED: &str = "Lasted";
/// A row.
pub const END: &str = "Ended";
/// While it goes on.
pub const GOES_ON: &str = "Ongoing";
/// A row.
pub const KIND: &str = "Kind";
/// A row.
pub const ABOUT: &str = "About";
/// A row.
pub const RELAPSES: &str = "Relapses";
/// Above what it touched.
pub const TOUCHED: &str = "Touched";
/// When it touched nothing.
pub const TOUCHED_NOTHING: &str = "Nothing else is known to be touched.";
/// Above what had changed.
pub const BEFORE: &str = "Changed in the ten minutes before";
/// When nothing had.
pub const NOTHING_BEFORE: &str = "Nothing that is compared had changed.";
/// Until it was looked for.
pub const NOT_LOOKED: &str = "The comparison is not made yet.";
/// A link to the figure right before it.
pub const FIGURE_BEFORE: &str = "Figure right before";
/// A link to the figure at its beginning.
pub const FIGURE_AT: &str = "Figure at the beginning";
/// A link to the difference.
pub const DIFFERENCE: &str = "Difference of the ten minutes before";
/// A link to the difference over it.
pub const OVER_IT: &str = "Difference from before to the end";
/// A link to the list.
pub const ALL: &str = "All incidents";
/// Above silences.
pub const SILENCES: &str = "Silences";
/// What a silence does.
pub const SILENCE_FOR: &str =
    "A silence keeps webhook and Alertmanager quiet. Incidents are recorded and shown all the same.";
/// When there is none.
pub const NO_SILENCES: &str = "No silence holds.";
/// A field.
pub const SILENCE_KIND: &str = "Kind (empty for all)";
/// A field.
pub const SILENCE_ABOUT: &str = "About (empty for all, or as in node/host4)";
/// A field.
pub const MINUTES: &str = "Minutes";
/// A field.
pub const REASON: &str = "Reason (kept in the audit)";
/// The button.
pub const SILENCE: &str = "Silence";
/// The button of one.
pub const SPEAK: &str = "End the silence";

/// A kind of incidents by its word; the word itself for a kind of a later version.
pub fn kind(word: &str) -> &str {
    match word {
        "api-away" => "API server out of reach",
        "master-lost" => "Master lost",
        "host-lost" => "Host lost",
        "quorum-lost" => "Quorum lost",
        "quorum-at-risk" => "Quorum at risk",
        "no-leader" => "No leader",
        "service-without-endpoint" => "Service without endpoint",
        "workload-broken" => "Workload broken",
        "workload-unschedulable" => "Workload unschedulable",
        "backup-overdue" => "Backup overdue",
        "certificate-ends" => "Certificate ends",
        other => other,
    }
}

/// Beside one that is healthy for too short a time.
pub fn well(since: &str) -> String {
    format!("healthy since {since}")
}

/// A silence in a sentence.
pub fn silence(what: &str, until: &str, maker: &str, reason: &str) -> String {
    format!("{what} until {until}, by {maker}: {reason}")
}

/// How many differences are left out.
pub fn more(count: usize) -> String {
    match count {
        1 => "1 more difference is not shown.".into(),
        _ => format!("{count} more differences are not shown."),
    }
}
