//! What people read, in English, in one place.

pub mod backups;
pub mod cards;
pub mod demo;
pub mod deployments;
pub mod history;
pub mod incidents;
pub mod keys;
pub mod objects;
mod people;
pub mod restore;
pub mod what_if;

pub use people::*;

/// The name.
pub const NAME: &str = "Binnacle";
/// Said on every page of the built-in cluster.
pub const DEMO: &str = "Demo cluster – simulated data";
/// Tabs.
pub const ARCHITECTURE: &str = "Architecture";
/// Tabs.
pub const NETWORKING: &str = "Networking";
/// Tabs.
pub const DRIFT: &str = "Drift";
/// The dark line of the networking figure.
pub const MGMT_NETWORK: &str = "install & mgmt network";
/// The golden line of the networking figure.
pub const SERVICE_NETWORK: &str = "container service network";
/// Above the drift.
pub const NO_PLAN: &str = "No plan configured for this cluster.";
/// What to do then.
pub const NO_PLAN_TODO: &str = "Start Binnacle with --dha FILE --network FILE, the two files that Compass was given.";
/// When all is as planned.
pub const NO_DRIFT: &str = "No drift found.";
/// Above what cannot be compared.
pub const NOT_COMPARED: &str = "Not checked";
/// The page of plans.
pub const PLANS: &str = "Plans";
/// What that page is for.
pub const PLANS_FOR: &str = "Validate a plan before deploying. Choose or paste a DHA file, a network.yml, or both.";
/// When no folder is configured.
pub const NO_PLANS: &str = "No folder of plans is configured (--plans DIR): paste a plan instead.";
/// A file of a plan.
pub const DHA_FILE: &str = "DHA file (hosts and roles)";
/// A file of a plan.
pub const NETWORK_FILE: &str = "network.yml (networks)";
/// A choice.
pub const NONE: &str = "none";
/// The button.
pub const CHECK: &str = "Check";
/// Opens the fields for pasting.
pub const PASTE: &str = "Paste";
/// When a plan has no finding.
pub const NO_FINDINGS: &str = "No problems found.";

/// Lines of a large file that a page does not show.
pub fn lines_left_out(count: u32) -> String {
    format!("… {count} lines are not shown: no finding is near them …")
}

/// Above the findings.
pub const FINDINGS: &str = "Findings";
/// The way form.
pub const FOLLOW: &str = "Trace";
/// What it takes.
pub const FOLLOW_HINT: &str = "Trace a service, pod, port or IP";
/// In place of a table without rows.
pub const NO_ROWS: &str = "None match.";
/// The same facts in rows.
pub const TABLE: &str = "Table";
/// Above the list of clusters.
pub const CHOOSE: &str = "Clusters";
/// On error pages.
pub const BACK: &str = "Back to clusters";
/// When there is none.
pub const NO_CLUSTER: &str = "No clusters configured";
/// What to do then.
pub const NO_CLUSTER_TODO: &str =
    "Start Binnacle with --kubeconfig FILE, set KUBECONFIG, or start it with --demo to see the built-in cluster.";
/// Of a cluster whose name cannot be part of an address.
pub const NO_ADDRESS: &str =
    "No address can hold this name. Rename the context, for example with kubectl config rename-context.";
/// The search field.
pub const SEARCH: &str = "Search pods, nodes, services, backups";
/// How much a search found, as in `3 matches · 2 pods, 1 service`.
pub fn matches(found: &crate::source::Found) -> String {
    let counted = |count: usize, one: &str, many: &str| match count {
        0 => None,
        1 => Some(format!("1 {one}")),
        _ => Some(format!("{count} {many}")),
    };
    let Some(total) = counted(found.nodes + found.services + found.pods + found.others, "match", "matches") else {
        return format!("No matches for “{}”", found.text);
    };
    if found.stopped {
        return format!("The first {} matches: type more to narrow it down", found.lines.len());
    }
    let parts = [
        counted(found.nodes, "node", "nodes"),
        counted(found.services, "service", "services"),
        counted(found.pods, "pod", "pods"),
        counted(found.others, "other", "others"),
    ];
    format!("{total} · {}", parts.into_iter().flatten().collect::<Vec<_>>().join(", "))
}

/// The search field of all clusters.
pub const SEARCH_ALL: &str = "Search clusters, nodes, pods, services, plans, deployments, backups";
/// Of a text that is too short to be sought in all clusters.
pub const TOO_SHORT: &str = "Type two letters or more.";
/// Beside what was found in a cluster that does not answer now.
pub const NO_ANSWER: &str = "out of reach, as last seen";
/// How far a search came that stopped early.
pub fn looked_through(clusters: usize, of: usize) -> String {
    format!("{clusters} of {of} clusters were searched.")
}
/// Clusters of which nothing is known yet.
pub fn not_searched(some: &[&str], more: usize) -> String {
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("Not searched, because nothing is known of them yet: {}{more}.", some.join(", "))
}
/// Asks the browser to notify.
pub const NOTIFY: &str = "Notify me at the end";
/// Kinds of what a search finds besides.
pub const FOUND_CLUSTER: &str = "cluster";
/// A file of a plan.
pub const FOUND_PLAN: &str = "plan";
/// A run.
pub const FOUND_DEPLOYMENT: &str = "deployment";
/// A backup.
pub const FOUND_BACKUP: &str = "backup";
/// Leads back from a search.
pub const CLEAR_SEARCH: &str = "Clear search";
/// Names of parts of the page.
pub const RESULTS: &str = "Search results";
/// Filters.
pub const NAMESPACE: &str = "Namespace";
/// Filters.
pub const OWNER: &str = "Owner";
/// In the field for an owner, where there are too many to choose from.
pub const OWNER_HINT: &str = "Deployment/NAME";
/// Filters.
pub const STATE: &str = "State";
/// Filters.
pub const EVERY: &str = "all";
/// The button for those without script.
pub const APPLY: &str = "Apply";
/// Leads back to everything.
pub const CLEAR: &str = "Clear filters";
/// Leads from a node back to the cluster.
pub const WHOLE: &str = "Whole cluster";
/// For keyboards.
pub const SKIP: &str = "Skip to content";
/// Figure tools.
pub const ZOOM_IN: &str = "Zoom in";
/// Figure tools.
pub const ZOOM_OUT: &str = "Zoom out";
/// Figure tools.
pub const FIT: &str = "Fit";
/// Beside the figure.
pub const OVERVIEW: &str = "Overview";
/// Beside the figure: what can be done.
pub const ACTIONS: &str = "Actions";
/// Beside the figure.
pub const ATTENTION: &str = "Needs attention";
/// When nothing does.
pub const NO_CONCERNS: &str = "Nothing needs attention.";
/// When the cluster does not tell enough to say so.
pub const CONCERNS_UNKNOWN: &str = "Unknown: the cluster does not report its nodes and pods.";

/// Above the hosts with the shares that their pods ask for.
pub const LOADS: &str = "Resource requests";
/// In its place.
pub const LOADS_UNKNOWN: &str = "Unknown: the cluster does not report its nodes and pods.";
/// In its place where hosts are known, and none tells what it has.
pub const LOADS_UNTOLD: &str = "No host reports what its pods may ask for.";
/// A column of it.
pub const HOST: &str = "Host";
/// A column of it.
pub const CPU: &str = "CPU";
/// A column of it.
pub const MEMORY: &str = "Memory";
/// In a cell that no source fills.
pub const UNKNOWN: &str = "unknown";

/// Below the fullest of many hosts.
pub fn fullest(shown: usize, total: usize) -> String {
    format!("The fullest {shown} of {total} hosts; all are in the table")
}

/// Since when.
pub fn since(moment: &str) -> String {
    format!("since {moment}")
}

/// Concerns that the list has no room for.
pub fn more_concerns(count: usize) -> String {
    format!("{count} more in the table")
}

/// In place of a button, for a viewer.
pub const NEEDS_OPERATOR: &str = "Deployments and backups need the operator role.";

/// Above what a visitor may not do.
pub const REFUSED_PAGE: &str = "Not available";

/// Panel.
pub const CLOSE: &str = "Close";
/// Panel.
pub const CONDITIONS: &str = "Conditions";
/// Panel.
pub const EVENTS: &str = "Recent events";
/// Panel.
pub const NO_EVENTS: &str = "No recent events";
/// Panel.
pub const LOG: &str = "Log (latest lines)";
/// Panel.
pub const EMPTY_LOG: &str = "The log is empty.";
/// Panel, when nothing is chosen.
pub const NOTHING_CHOSEN: &str = "Select an item to see its details.";
/// The control of colours.
pub const THEME: &str = "Theme";
/// Theme links: as the system has it.
pub const SYSTEM: &str = "System";
/// Theme links.
pub const LIGHT: &str = "Light";
/// Theme links.
pub const DARK: &str = "Dark";
/// How to use the figure.
pub const KEYS: &str =
    "Shortcuts: arrow keys to move, Enter to open, + − 0 to zoom, / to search, Esc to close, ? for all";
/// For those without script.
pub fn as_of(moment: &str) -> String {
    format!("Snapshot of {moment}. Reload to update.")
}

/// While the page follows the cluster.
pub const LIVE: &str = "live";
/// Before any script runs.
pub const STILL: &str = "Snapshot – reload to update";
/// Shown when the page cannot be made.
pub const TRYING: &str = "Retrying automatically";
/// Shown when the address leads nowhere.
pub const NOT_FOUND: &str = "Page not found";
/// Names of parts of the page, for those who hear it.
pub const VIEWS: &str = "Views";
/// Names of parts of the page.
pub const DETAILS: &str = "Details";
/// Legend, in the order of its samples.
pub const SAMPLES: [&str; 8] =
    ["service pod", "system pod", "starting", "completed", "not ready", "failing", "not responding", "unknown"];

/// The way in.
pub const SIGN_IN: &str = "Sign in";
/// Below it.
pub const SIGN_IN_FOR: &str = "No account? Ask your administrator.";
/// Between two ways in.
pub const OR: &str = "or";
/// The way in through a provider.
pub const SIGN_IN_ELSEWHERE: &str = "Sign in with your organization's account";
/// The way out.
pub const SIGN_OUT: &str = "Sign out";
/// The way out, of every browser.
pub const SIGN_OUT_EVERYWHERE: &str = "Sign out everywhere";
/// After a wrong name or password; it does not say which.
pub const SIGN_IN_FAILED: &str = "Wrong name or password.";
/// A field.
pub const USER: &str = "Name";
/// A field.
pub const PASSWORD: &str = "Password";
/// A field.
pub const NEW_PASSWORD: &str = "Password, at least 12 characters";
/// The page of the one-time link.
pub const FIRST: &str = "Create the first admin";
/// What that is.
pub const FIRST_FOR: &str = "Nobody can sign in yet. Create the first administrator of this server.";
/// When the link is wrong or was used.
pub const FIRST_USED: &str =
    "This link is not valid or was used before. Restart the server for a new one, or use `binnacle user add`.";
/// What a user's name is.
pub const USER_NAME: &str = "A name has 1 to 64 letters, digits and any of . _ @ -";
/// Who is known by being here.
pub const ON_THIS_MACHINE: &str = "local user";
/// Said on every page without sign-in.
pub const NO_SIGN_IN: &str = "Sign-in is off: anyone on this machine can view and operate";
/// A button.
pub const MAKE: &str = "Create token";
/// A page.
pub const SESSIONS: &str = "Sessions";
/// What that page is for.
pub const SESSIONS_FOR: &str =
    "People who are signed in, the most recent first. An ended session is refused at its next request.";
/// Of sessions.
pub const NO_SESSIONS: &str = "Nobody is signed in.";
/// Of sessions.
pub const FROM_WHERE: &str = "Address";
/// Of sessions.
pub const SINCE: &str = "Signed in";
/// Of sessions.
pub const THIS_BROWSER: &str = "This browser";
/// A button.
pub const END_SESSION: &str = "End";
/// A button.
pub const END_ALL: &str = "End all sessions of this person";
/// Said after signing out, before the provider's own page.
pub const SIGNED_OUT_HERE: &str =
    "You are signed out here. The sign-in provider still knows you; its page to sign out opens by itself.";
/// A link.
pub const SIGN_OUT_THERE: &str = "Sign out at the provider, too";
/// Why a sign-in page appears by itself.
pub const SESSION_THERE_ENDED: &str = "Your session at the sign-in provider has ended. Sign in again.";
/// A page.
pub const TOKENS: &str = "Tokens";
/// A page.
pub const AUDIT: &str = "Audit";
/// What that page is for.
pub const TOKENS_FOR: &str = "API tokens for scripts. Each has a role and an expiry date.";
/// What that page is for.
pub const AUDIT_FOR: &str = "All actions, newest first. Read-only.";
/// Of tokens.
pub const TOKEN_NAME: &str = "Name";
/// Of tokens.
pub const TOKEN_MADE: &str = "The new token";
/// Of tokens.
pub const TOKEN_ONCE: &str = "Copy it now – it will not be shown again. Send it as: Authorization: Bearer …";
/// Of tokens.
pub const NO_TOKENS: &str = "No tokens yet";
/// Of tokens.
pub const ROLE: &str = "Role";
/// A role.
pub const VIEWER: &str = "Viewer – read only";
/// A role.
pub const OPERATOR: &str = "Operator – deploy and back up";
/// A role.
pub const ADMIN: &str = "Admin – people, tokens and settings";
/// Of tokens.
pub const DAYS: &str = "Expires in (days)";
/// Of tokens.
pub const MAKER: &str = "Made by";
/// Of tokens.
pub const EXPIRES: &str = "Expires";
/// Of tokens.
pub const LAST_USED: &str = "Last used";
/// Of tokens.
pub const REVOKE: &str = "Revoke";
/// The button that does it.
pub const REVOKE_NOW: &str = "Revoke now";
/// Of tokens.
pub const REVOKED: &str = "revoked";
/// Of tokens.
pub const EXPIRED: &str = "expired";
/// Of tokens.
pub const NEVER: &str = "never";
/// Of the audit.
pub const WHO: &str = "Who";
/// Of the audit.
pub const WHEN: &str = "When";
/// Of the audit.
pub const ACTION: &str = "Action";
/// Of the audit.
pub const TARGET: &str = "Target";
/// Of the audit.
pub const CLUSTER: &str = "Cluster";
/// Of the audit.
pub const ALLOWED: &str = "Allowed";
/// Of the audit.
pub const DETAIL: &str = "Details";
/// Of the audit.
pub const YES: &str = "yes";
/// Of the audit.
pub const REFUSED: &str = "refused";
/// Of the audit.
pub const OLDER: &str = "Older entries";
/// Of the audit.
pub const NO_ENTRIES: &str = "No matching entries";
/// Of the audit.
pub const AS_LINES: &str = "As JSON lines";

/// A page.
pub const API: &str = "API";
/// What it is for.
pub const API_FOR: &str = "Everything in the UI is also available here. GET requests can be tried with your own role.";
/// The document that it is made from.
pub const API_DOCUMENT: &str = "OpenAPI document";
/// Names of parts of the page.
pub const API_PARTS: &str = "Parts of the API";
/// The button.
pub const TRY: &str = "Try";
/// Of a parameter.
pub const NEEDED: &str = "required";
/// Of a parameter that may be left out.
pub const ANY: &str = "any";
/// Of the choice of a media type.
pub const API_ACCEPT: &str = "The form of the answer.";
/// Above what came.
pub const ANSWER: &str = "Answer";
/// Names of parts of the page.
pub const API_HEADERS: &str = "Headers of the answer";
/// Names of parts of the page.
pub const API_BODY: &str = "Body of the answer";
/// Of a picture.
pub const API_PICTURE: &str = "The figure that was asked for";
/// Of what was larger, or does not end.
pub const API_CUT: &str = "Only the beginning is shown. Open the address to see all of it.";
/// Above a command.
pub const FOR_PROGRAMS: &str = "Example";

/// While the page is cut off, since a time of day.
pub fn no_news(since: &str) -> String {
    format!("Disconnected since {since} – reconnecting…")
}

/// Legend of the networking figure.
pub const PLANNED: &str = "planned";
/// Of a path.
pub const NOT_UTF8: &str = "The address is not UTF-8.";
/// Of a path.
pub const CONTROL_IN_PATH: &str =
    "The address has a control character, or a backslash that is not written as %5C, in its path.";
/// Of a path.
pub const ODD_PATH: &str = "The address has an empty part, . or .. in its path. Leave it out.";
/// Of an embedded figure.
pub const LINK_NEEDED: &str =
    "This figure needs a link that was made for it. Ask the portal for one, or sign in to Binnacle.";
/// Of a link to an embedded figure.
pub const LINK_FORGED: &str = "This link was not made here, or was changed on its way. Ask the portal for a new one.";
/// Of a link to an embedded figure.
pub const LINK_EXPIRED: &str = "This link has expired. Load the portal's page again to get a new one.";
/// Of a link to an embedded figure.
pub const LINK_REVOKED: &str = "This link was revoked. Ask whoever runs the portal.";
/// Of a link to an embedded figure.
pub const LINK_OTHER: &str = "This link is for another cluster or another figure.";
/// Of an embedded figure.
pub const NO_PIXELS: &str = "The figure cannot be drawn as pixels. Ask for its picture in SVG.";
/// Of a link to an embedded figure.
pub const LINK_UNSURE: &str =
    "The database does not answer, so it cannot be told whether this link is still good. Try again in a moment.";
