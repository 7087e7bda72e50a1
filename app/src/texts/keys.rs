//! Keys, and what they do.

/// Above the list.
pub const KEYS: &str = "Keyboard shortcuts";
/// Closes the list.
pub const CLOSE: &str = "Close";
/// Keys that follow a `g`: the letter, the path below the cluster's, and the page.
pub const PAGES: [(&str, &str, &str); 8] = [
    ("a", "", "Architecture"),
    ("n", "/networking", "Networking"),
    ("t", "/table", "Table"),
    ("r", "/drift", "Drift"),
    ("d", "/deployments", "Deployments"),
    ("b", "/backups", "Backups"),
    ("e", "/events", "Events"),
    ("o", "/objects", "Objects"),
];
/// The others.
pub const OTHERS: [(&str, &str); 6] = [
    ("?", "Show or hide this list"),
    ("/", "Search"),
    ("← → ↑ ↓", "Walk through the figure"),
    ("Enter", "Open what is selected"),
    ("+ − 0", "Zoom in, zoom out, whole figure"),
    ("Esc", "Close the details"),
];
