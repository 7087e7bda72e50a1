//! What people read, in English, in one place.

pub mod backups;
pub mod deployments;
mod people;
pub mod restore;

pub use people::*;

/// The name.
pub const NAME: &str = "Binnacle";
/// Said on every page of the built-in cluster.
pub const DEMO: &str = "This is the built-in demonstration: no real cluster is shown.";
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
pub const NO_PLAN: &str = "No plan was given for this cluster, so there is nothing to compare it with.";
/// What to do then.
pub const NO_PLAN_TODO: &str = "Start Binnacle with --dha FILE --network FILE: the two files that Compass was given.";
/// When all is as planned.
pub const NO_DRIFT: &str = "As far as the sources tell, the cluster is as planned.";
/// Above what cannot be compared.
pub const NOT_COMPARED: &str = "What cannot be compared";
/// The page of plans.
pub const PLANS: &str = "Plans";
/// What that page is for.
pub const PLANS_FOR: &str =
    "Check what Compass is to be told before it is told: choose the two files, or paste them. Either alone will do.";
/// When no folder is configured.
pub const NO_PLANS: &str = "No folder of plans is configured (--plans DIR): paste a plan instead.";
/// A file of a plan.
pub const DHA_FILE: &str = "DHA file: who plays which role";
/// A file of a plan.
pub const NETWORK_FILE: &str = "network.yml: which network carries what";
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
pub const FOLLOW: &str = "Follow";
/// What it takes.
pub const FOLLOW_HINT: &str = "namespace/service, pod/…, port, address";
/// The same facts in rows.
pub const TABLE: &str = "Table";
/// Above the list of clusters.
pub const CHOOSE: &str = "Choose a cluster";
/// When there is none.
pub const NO_CLUSTER: &str = "No cluster is known here.";
/// What to do then.
pub const NO_CLUSTER_TODO: &str =
    "Start Binnacle with --kubeconfig FILE, set KUBECONFIG, or start it with --demo to see the built-in cluster.";
/// Of a cluster whose name cannot be part of an address.
pub const NO_ADDRESS: &str =
    "No address can hold this name. Rename the context, for example with kubectl config rename-context.";
/// The search field.
pub const SEARCH: &str = "Search pods, nodes, services";
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
pub const APPLY: &str = "Show";
/// Leads back to everything.
pub const CLEAR: &str = "Clear";
/// Leads from a node back to the cluster.
pub const WHOLE: &str = "Whole cluster";
/// For keyboards.
pub const SKIP: &str = "Skip to the figure";
/// Figure tools.
pub const ZOOM_IN: &str = "Zoom in";
/// Figure tools.
pub const ZOOM_OUT: &str = "Zoom out";
/// Figure tools.
pub const FIT: &str = "Fit";
/// Panel.
pub const CLOSE: &str = "Close";
/// Panel.
pub const CONDITIONS: &str = "Conditions";
/// Panel.
pub const EVENTS: &str = "Recent events";
/// Panel.
pub const NO_EVENTS: &str = "None are kept.";
/// Panel.
pub const LOG: &str = "End of the log";
/// Panel.
pub const EMPTY_LOG: &str = "The log is empty.";
/// Panel, when nothing is chosen.
pub const NOTHING_CHOSEN: &str = "Choose anything in the figure to see what is known of it.";
/// Theme links.
pub const LIGHT: &str = "Light";
/// Theme links.
pub const DARK: &str = "Dark";
/// How to use the figure.
pub const KEYS: &str = "Keys: arrows move, Enter opens, + − 0 zoom, / searches, Esc closes.";
/// While the page follows the cluster.
pub const LIVE: &str = "live";
/// Before any script runs.
pub const STILL: &str = "A still picture: reload for a newer one.";
/// Shown when the page cannot be made.
pub const TRYING: &str = "This page tries again by itself.";
/// Shown when the address leads nowhere.
pub const NOT_FOUND: &str = "There is no such page.";
/// Names of parts of the page, for those who hear it.
pub const VIEWS: &str = "Views";
/// Names of parts of the page.
pub const DETAILS: &str = "Details";
/// Legend, in the order of its samples.
pub const SAMPLES: [&str; 8] =
    ["service pod", "system pod", "starting", "done", "not ready", "failing", "not heard of", "unknown"];

/// The way in.
pub const SIGN_IN: &str = "Sign in";
/// Below it.
pub const SIGN_IN_FOR: &str = "Who has no name here asks whoever runs this server.";
/// Between two ways in.
pub const OR: &str = "or";
/// The way in through a provider.
pub const SIGN_IN_ELSEWHERE: &str = "Sign in with your organization's account";
/// The way out.
pub const SIGN_OUT: &str = "Sign out";
/// The way out, of every browser.
pub const SIGN_OUT_EVERYWHERE: &str = "Sign out everywhere";
/// After a wrong name or password; it does not say which.
pub const SIGN_IN_FAILED: &str = "This name and password do not go together.";
/// A field.
pub const USER: &str = "Name";
/// A field.
pub const PASSWORD: &str = "Password";
/// A field.
pub const NEW_PASSWORD: &str = "Password, at least 12 characters";
/// The page of the one-time link.
pub const FIRST: &str = "Make the first admin";
/// What that is.
pub const FIRST_FOR: &str = "Nobody can sign in here yet. Whoever started this server makes the first admin.";
/// When the link is wrong or was used.
pub const FIRST_USED: &str =
    "This link is not good, or was used before: restart the server for a new one, or use `binnacle user add`.";
/// What a user's name is.
pub const USER_NAME: &str = "A name has 1 to 64 letters, digits and any of . _ @ -";
/// Who is known by being here.
pub const ON_THIS_MACHINE: &str = "somebody on this machine";
/// Said on every page without sign-in.
pub const NO_SIGN_IN: &str = "No sign-in: whoever is on this machine may see and operate.";
/// A button.
pub const MAKE: &str = "Make";
/// A page.
pub const SESSIONS: &str = "Sessions";
/// What that page is for.
pub const SESSIONS_FOR: &str =
    "People who are signed in, the last used first. A session that ends here is refused from its next request on.";
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
pub const END_ALL: &str = "End all of this person";
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
pub const TOKENS_FOR: &str =
    "Programs come in with a token. Each has a role and an end, and is refused once it is revoked.";
/// What that page is for.
pub const AUDIT_FOR: &str = "Who did what, or was refused; newest first. Nothing here can be changed.";
/// Of tokens.
pub const TOKEN_NAME: &str = "What for";
/// Of tokens.
pub const TOKEN_MADE: &str = "The new token";
/// Of tokens.
pub const TOKEN_ONCE: &str = "It is shown this once and kept only as a hash. Send it as: Authorization: Bearer …";
/// Of tokens.
pub const NO_TOKENS: &str = "There are none.";
/// Of tokens.
pub const ROLE: &str = "Role";
/// A role.
pub const VIEWER: &str = "viewer: see";
/// A role.
pub const OPERATOR: &str = "operator: deploy and back up";
/// A role.
pub const ADMIN: &str = "admin: tokens and settings";
/// Of tokens.
pub const DAYS: &str = "Days";
/// Of tokens.
pub const MAKER: &str = "Made by";
/// Of tokens.
pub const EXPIRES: &str = "Expires";
/// Of tokens.
pub const LAST_USED: &str = "Last used";
/// Of tokens.
pub const REVOKE: &str = "Revoke";
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
pub const ACTION: &str = "What";
/// Of the audit.
pub const TARGET: &str = "To what";
/// Of the audit.
pub const CLUSTER: &str = "Cluster";
/// Of the audit.
pub const ALLOWED: &str = "Allowed";
/// Of the audit.
pub const DETAIL: &str = "More";
/// Of the audit.
pub const YES: &str = "yes";
/// Of the audit.
pub const REFUSED: &str = "refused";
/// Of the audit.
pub const OLDER: &str = "Older entries";
/// Of the audit.
pub const NO_ENTRIES: &str = "No entry is like this.";
/// Of the audit.
pub const AS_LINES: &str = "As JSON lines";

/// A page.
pub const API: &str = "API";
/// What it is for.
pub const API_FOR: &str = "Whatever a page shows, a program gets here, too. What only tells can be tried: the answer is what a program of your role would get.";
/// The document that it is made from.
pub const API_DOCUMENT: &str = "OpenAPI document";
/// Names of parts of the page.
pub const API_PARTS: &str = "Parts of the API";
/// The button.
pub const TRY: &str = "Try";
/// Of a parameter.
pub const NEEDED: &str = "needed";
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
pub const API_CUT: &str =
    "There is more: here its beginning is shown. Open the address, or ask for it as a program does.";
/// Above a command.
pub const FOR_PROGRAMS: &str = "As a program asks";

/// While the page is cut off, since a time of day.
pub fn no_news(since: &str) -> String {
    format!("no news since {since}, trying again")
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
/// Of a link to an embedded figure.
pub const LINK_UNSURE: &str =
    "The database does not answer, so it cannot be told whether this link is still good. Try again in a moment.";
