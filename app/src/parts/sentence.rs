//! The sentence on top, and what the reader must know to judge the picture.

use std::fmt::Write;

use scene::escaped;

use crate::source::{Notice, Phrase};

/// The state of the cluster. `query` is put before what a phrase leads to.
pub fn sentence(phrases: &[Phrase], query: &str) -> String {
    let mut out = String::new();
    for phrase in phrases {
        let class = phrase.health.map(|health| format!(" class=\"h-{}\"", health.word())).unwrap_or_default();
        match &phrase.opens {
            Some(opens) => {
                let _ = write!(
                    out,
                    "<a{class} href=\"{}\">{}</a>",
                    escaped(&scene::link(opens, query)),
                    escaped(&phrase.text)
                );
            }
            None => {
                let _ = write!(out, "<span{class}>{}</span>", escaped(&phrase.text));
            }
        }
    }
    out
}

/// Notices as a list; nothing at all when there are none.
pub fn notices(notices: &[Notice]) -> String {
    if notices.is_empty() {
        return String::new();
    }
    let mut out = String::from("<ul>");
    for notice in notices {
        let _ = write!(
            out,
            "<li class=\"h-{}\"><strong>{}:</strong> {} {}</li>",
            notice.health.word(),
            notice.health.adjective(),
            escaped(&notice.what),
            escaped(&notice.todo)
        );
    }
    out + "</ul>"
}
