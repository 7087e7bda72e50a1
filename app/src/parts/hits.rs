//! What a search found.

use std::fmt::Write;

use scene::escaped;

use crate::{base::at, source::Found, texts};

/// The hits as a list of links, below their count. `query` is put before what a hit leads to.
pub fn hits(found: &Found, query: &str) -> String {
    let mut out = format!("<p class=\"count-line\">{}</p>", escaped(&texts::matches(found)));
    for note in &found.notes {
        let _ = write!(out, "<p class=\"count-line\">{}</p>", escaped(note));
    }
    if found.lines.is_empty() {
        return out;
    }
    out += "<ul>";
    for line in &found.lines {
        let to = match &line.to {
            Some(to) => escaped(&at(to)),
            None => escaped(&scene::link(&line.opens, query)),
        };
        let beside = escaped(&line.beside);
        let _ = write!(
            out,
            "<li><a href=\"{to}\"><small>{}</small> <strong>{}</strong> <span>{beside}</span></a></li>",
            escaped(&line.kind),
            escaped(&line.name)
        );
    }
    out + "</ul>"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::HitLine;

    #[test]
    fn a_hit_is_a_link_and_its_name_stays_text() {
        let line = HitLine {
            kind: "pod".into(),
            name: "<b>".into(),
            beside: "shop · host4".into(),
            opens: "pod/shop/<b>".into(),
            to: None,
        };
        let plan =
            HitLine { kind: "plan".into(), name: "b.yml".into(), to: Some("/plans?dha=b.yml".into()), ..line.clone() };
        let found = Found { text: "b".into(), lines: vec![line, plan], pods: 1, others: 1, ..Found::default() };
        let html = hits(&found, "?q=b&");
        assert!(html.contains("<p class=\"count-line\">2 matches · 1 pod, 1 other</p>"), "{html}");
        assert!(html.contains("<a href=\"?q=b&amp;sel=pod/shop/%3Cb%3E\">"), "{html}");
        assert!(html.contains("=\"/plans?dha=b.yml\">"), "{html}");
        assert!(html.contains("<strong>&lt;b&gt;</strong> <span>shop · host4</span>"), "{html}");
    }

    #[test]
    fn a_search_that_stopped_says_so_and_counts_only_what_is_listed() {
        let line =
            HitLine { kind: "pod".into(), name: "a".into(), beside: String::new(), opens: String::new(), to: None };
        let lines = vec![line.clone(), line];
        let notes = vec!["1 of 2 clusters were searched.".into()];
        let html = hits(&Found { text: "a".into(), lines, pods: 900, stopped: true, notes, ..Found::default() }, "?");
        assert!(html.contains("The first 2 matches: type more") && html.contains("1 of 2 clusters"), "{html}");
        assert!(!html.contains("900"), "{html}");
    }

    #[test]
    fn nothing_found_is_said() {
        let found = Found { text: "zzz".into(), ..Found::default() };
        assert_eq!(hits(&found, "?"), "<p class=\"count-line\">No matches for “zzz”</p>");
    }
}
