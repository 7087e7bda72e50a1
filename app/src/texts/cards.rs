//! What people read on the cards of clusters.

use scene::Health;

/// Of a cluster that told nothing so far.
pub const NOT_HEARD: &str = "Not read yet.";
/// Incidents that have not ended: one, and several.
pub const INCIDENT: [&str; 2] = ["open incident", "open incidents"];
/// Things that need attention: one, and several.
pub const CONCERN: [&str; 2] = ["thing needs attention", "things need attention"];
/// While the database does not answer.
pub const INCIDENTS_UNKNOWN: &str = "Incidents are not known: the database does not answer.";

/// While the server does not answer, or the visitor is signed out.
pub const NOT_RENEWED: &str =
    "These cards are not renewed: the server does not answer, or you are signed out. Load the page again.";

/// Name of the links to other pages of cards, for those who hear it.
pub const PAGES: &str = "Pages of clusters";
/// A link.
pub const BEFORE: &str = "Previous";
/// A link.
pub const AFTER: &str = "Next";

/// Which clusters are on this page of cards.
pub fn shown(first: usize, last: usize, of: usize) -> String {
    format!("Showing clusters {first} to {last} of {of}. The search covers all of them.")
}

/// Of a host in small.
pub fn host(name: &str, master: bool, health: Health) -> String {
    let role = if master { "master" } else { "node" };
    format!("{name}, {role}: {}", health.adjective())
}

/// Of all hosts in small, as in `5 hosts: 1 failing, 4 healthy`.
pub fn hosts(counts: &[(usize, Health)], all: usize) -> String {
    let counts: Vec<String> = counts.iter().map(|(count, health)| format!("{count} {}", health.adjective())).collect();
    format!("{all} {}: {}", if all == 1 { "host" } else { "hosts" }, counts.join(", "))
}

/// Of hosts that have no room.
pub fn more(count: usize) -> String {
    format!("and {count} more")
}
