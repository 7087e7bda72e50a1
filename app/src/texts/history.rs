//! What people read about the past of a cluster.

/// The tab and its page.
pub const HISTORY: &str = "History";
/// The band of a page of the past.
pub const PAST: &str = "The past";
/// Before the moment.
pub const AS_IT_WAS: &str = "As it was at";
/// The way back.
pub const LIVE: &str = "Back to now";
/// A link.
pub const BEFORE: &str = "Change before";
/// A link.
pub const AFTER: &str = "Change after";
/// Where nothing came after.
pub const NONE_AFTER: &str = "Nothing has changed since.";
/// A field.
pub const MOMENT: &str = "Moment (RFC 3339)";
/// The button beside it.
pub const GO: &str = "Show";
/// A link to the difference between the moment and now.
pub const SINCE_THEN: &str = "Changes since then";
/// When nothing is recorded.
pub const OFF: &str = "The past of clusters is not kept here.";
/// What to do then.
pub const OFF_TODO: &str = "Start Binnacle with history = \"on\", which is the default.";
/// Before the first block.
pub const NOTHING_YET: &str = "Nothing was recorded yet. Recording begins when the cluster first answers.";
/// Of the days before the first start of the demonstration.
pub fn made_up(until: &str) -> String {
    format!("The days before {until} were made up for the demonstration.")
}
/// What the page is for.
pub const FOR: &str = "Bars show how much changed. Choose one to see the cluster at its beginning.";
/// The figure of the page.
pub const LINE: &str = "Time line";
/// Spans of the time line.
pub const SPANS: &str = "Span";
/// A lane.
pub const CHANGES: &str = "changes";
/// A lane.
pub const DEPLOYMENTS: &str = "deployments";
/// A lane.
pub const BACKUPS: &str = "backups";
/// A lane.
pub const LEADERS: &str = "leaders";
/// A lane.
pub const HOSTS: &str = "hosts";
/// A lane.
pub const PLANS: &str = "plan changes";
/// A lane.
pub const WATCH: &str = "watch";
/// Above the list.
pub const EVENTS: &str = "Time line as a list";
/// When nothing does.
pub const NO_EVENTS: &str = "Nothing in this span.";
/// Earlier.
pub const EARLIER: &str = "Earlier";
/// Later.
pub const LATER: &str = "Later";
/// When nothing is kept of one thing.
pub const NO_LIFE: &str = "Nothing is kept of it in this span.";
/// A column.
pub const LEARNT: &str = "Learnt at";
/// A column.
pub const WHAT: &str = "Event";
/// A column.
pub const TOLD: &str = "Time that the API tells";
/// A link from the panel of one thing.
pub const OF_IT: &str = "History";

/// From when on the history of one thing was read.
pub fn read_since(since: &str) -> String {
    format!("Read from {since} on. A time leads to the figure of that moment.")
}

/// How much of it could not be read.
pub fn damaged(blocks: usize) -> String {
    format!("Damaged blocks in this span: {blocks}. Their changes are missing.")
}

/// The page of a difference.
pub const DIFFERENCE: &str = "Difference of two moments";
/// Above the figure of both moments.
pub const BOTH: &str =
    "One figure of both moments: nothing that stayed has moved. A sign and a word mark each difference.";
/// A field.
pub const FIRST_MOMENT: &str = "Before";
/// A field.
pub const SECOND_MOMENT: &str = "After (empty for now)";
/// The button.
pub const COMPARE: &str = "Compare";
/// When nothing differs.
pub const SAME: &str = "Nothing that is compared was different.";
/// Above sources that did not tell at one of the moments.
pub const NOT_COMPARED: &str = "Not compared, because one of the moments does not tell of them";
