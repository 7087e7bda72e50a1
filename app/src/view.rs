//! A view and its address: everything after the `?`.

use crate::source::View;

/// Parameters of a view with their names in the address, in the order in which they are written.
fn pairs(view: &View) -> [(&'static str, &str); 7] {
    [
        ("fig", &view.figure),
        ("at", &view.at),
        ("ns", &view.namespace),
        ("owner", &view.owner),
        ("state", &view.state),
        ("q", &view.search),
        ("t", &view.moment),
    ]
}

impl View {
    /// The other figure's word.
    pub const NETWORKING: &str = "networking";

    /// Reads a query; what it does not know it leaves alone, what comes twice counts once.
    pub fn from_pairs<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut view = Self::default();
        for (name, value) in pairs {
            if name == "follow" && !value.trim().is_empty() {
                view.at = format!("follow/{}", value.trim()).chars().take(600).collect();
            }
            let field = match name {
                "fig" => &mut view.figure,
                "at" => &mut view.at,
                "ns" => &mut view.namespace,
                "owner" => &mut view.owner,
                "state" => &mut view.state,
                "q" => &mut view.search,
                "t" => &mut view.moment,
                _ => continue,
            };
            // Nothing in a cluster has a longer name; a longer wish finds nothing.
            *field = value.chars().take(600).collect();
        }
        view
    }

    /// The query without its `?`; empty for the whole cluster unfiltered.
    pub fn query(&self) -> String {
        let set = pairs(self).into_iter().filter(|(_, value)| !value.is_empty());
        let parts: Vec<String> = set.map(|(name, value)| format!("{name}={}", scene::encoded(value))).collect();
        parts.join("&")
    }

    /// What a figure's links begin with: `?` and the view, ready for one more parameter.
    pub fn prefix(&self) -> String {
        match self.query() {
            query if query.is_empty() => "?".into(),
            query => format!("?{query}&"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_view_survives_its_address() {
        let view = View { at: "node/host4".into(), search: "a b&c".into(), ..View::default() };
        assert_eq!(view.query(), "at=node/host4&q=a%20b%26c");
        assert_eq!(View::from_pairs([("at", "node/host4"), ("q", "a b&c"), ("x", "y")]), view);
    }
}
