//! What people read on the pages of objects, events and logs.

/// The tab, and the list of kinds.
pub const OBJECTS: &str = "Objects";
/// What the list of kinds is for.
pub const OBJECTS_FOR: &str = "Every kind that the API server serves. Everything here is read-only.";
/// Columns.
pub const KIND: &str = "Kind";
/// Columns.
pub const GROUP: &str = "Group";
/// Columns.
pub const VERSION: &str = "Version";
/// Columns.
pub const SCOPE: &str = "Scope";
/// Columns.
pub const NOTE: &str = "Note";
/// A scope.
pub const NAMESPACED: &str = "namespaced";
/// A scope.
pub const WHOLE_CLUSTER: &str = "cluster";
/// The core's group.
pub const CORE: &str = "core";
/// Of a kind that the server does not list.
pub const NOT_LISTED: &str = "cannot be listed";
/// Of Secrets.
pub const SECRETS_BY_NAME: &str = "Secrets are listed by name and type. Binnacle never opens them.";
/// What Secrets ask for.
pub const SECRETS_CHOOSE: &str = "Choose a namespace to list its Secrets.";
/// The search field for kinds.
pub const SEARCH_KINDS: &str = "Search kinds";
/// The search field for objects.
pub const SEARCH_ROWS: &str = "Search in all columns";
/// The button.
pub const SEARCH: &str = "Search";
/// Above what is missing.
pub const MISSING: &str = "Not listed";
/// When nothing matches.
pub const NOTHING: &str = "Nothing found.";
/// Leads to the next page.
pub const NEXT: &str = "Next page";
/// Filters.
pub const NAMESPACE: &str = "Namespace";
/// Filters.
pub const EVERY: &str = "all";
/// Leads to the object as YAML.
pub const MANIFEST: &str = "Manifest";
/// Leads to the events of an object, and the tab.
pub const EVENTS: &str = "Events";
/// Leads to a pod's log.
pub const LOG: &str = "Log";
/// Leads to the object in the figure.
pub const IN_FIGURE: &str = "Show in the figure";
/// The button.
pub const COPY: &str = "Copy";
/// The button after it was used.
pub const COPIED: &str = "Copied";
/// When the browser does not let it.
pub const NOT_COPIED: &str = "Not copied";
/// A link.
pub const DOWNLOAD: &str = "Download";
/// Folded.
pub const MANAGED: &str = "Managed fields";
/// To whoever grants rights.
pub const GRANT: &str = "Grant it to the user of this context.";

/// How much is hidden.
pub fn hidden(count: usize) -> String {
    match count {
        0 => String::new(),
        1 => "1 value that looks secret is hidden.".into(),
        _ => format!("{count} values that look secret are hidden."),
    }
}

/// How many rows are shown.
pub fn rows(count: usize, more: bool, cut: bool) -> String {
    match (more, cut) {
        (_, true) => format!("first {count} found – narrow the search down"),
        (true, false) => format!("{count} on this page, more follow"),
        (false, false) => count.to_string(),
    }
}

/// Columns.
pub const LAST_SEEN: &str = "Last seen";
/// Columns, and a filter.
pub const TYPE: &str = "Type";
/// Columns.
pub const REASON: &str = "Reason";
/// Columns.
pub const OBJECT: &str = "Object";
/// Columns.
pub const MESSAGE: &str = "Message";
/// Columns.
pub const COUNT: &str = "Count";
/// The search field for events.
pub const SEARCH_EVENTS: &str = "Search reason, object, message";
/// A filter.
pub const NAME: &str = "Name";
/// When there are none.
pub const NO_EVENTS: &str = "No events match. Kubernetes keeps events for one hour by default.";
/// Said where not all events were read.
pub const EVENTS_CUT: &str = "There are more events than were read. Choose a namespace to see all of its events.";
/// Loads the page anew.
pub const REFRESH: &str = "Refresh";

/// How many events.
pub fn events(shown: usize, total: usize) -> String {
    if shown < total { format!("newest {shown} of {total}") } else { total.to_string() }
}

/// The container that is looked at.
pub const CONTAINER: &str = "Container";
/// Beside an init container's name.
pub const INIT: &str = "init";
/// The container before its last restart.
pub const PREVIOUS: &str = "Previous run";
/// Shows when each line was written.
pub const TIMESTAMPS: &str = "Timestamps";
/// How far back.
pub const SINCE: &str = "Since";
/// How far back.
pub const SINCES: [(&str, &str); 5] =
    [("300", "5 minutes"), ("900", "15 minutes"), ("3600", "1 hour"), ("21600", "6 hours"), ("86400", "1 day")];
/// How far back: no bound.
pub const SINCE_START: &str = "the start";
/// The search field of a log.
pub const SEARCH_LOG: &str = "Search in the log";
/// The button.
pub const SHOW: &str = "Show";
/// The box that is ticked while new lines are brought into sight.
pub const FOLLOWING: &str = "Follow";
/// When the log has no lines.
pub const LOG_EMPTY: &str = "The log is empty.";
/// When a search finds none.
pub const LOG_NONE: &str = "No line has this text.";
/// Said where reading came to its bound.
pub const LOG_CUT: &str = "Only the first part of the log was searched. Choose a shorter time.";
/// While lines come.
pub const LOG_LIVE: &str = "live";
/// While the line is cut.
pub const LOG_LOST: &str = "disconnected, trying again";
/// When the container has ended.
pub const LOG_ENDED: &str = "The log has ended.";
/// Without a script.
pub const LOG_STILL: &str = "Refresh to see new lines.";

/// How many lines.
pub fn log_lines(shown: usize, read: u64, found: Option<u64>) -> String {
    match found {
        Some(found) if (shown as u64) < found => format!("last {shown} of {found} matches in {read} lines"),
        Some(found) => format!("{found} matches in {read} lines"),
        None => format!("last {shown} lines"),
    }
}

/// Lines that came more quickly than they can be shown.
pub fn skipped(count: Option<u64>) -> String {
    count.map_or_else(|| "… lines skipped …".into(), |count| format!("… {count} lines skipped …"))
}
