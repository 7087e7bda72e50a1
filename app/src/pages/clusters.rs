//! Choosing a cluster.

use leptos::prelude::*;

use crate::{base::at, source::ClusterLine, texts};

/// The page's content.
pub fn clusters(lines: Vec<ClusterLine>) -> AnyView {
    if lines.is_empty() {
        return view! { <main id="content" tabindex="-1" class="plain"><h1>{texts::NO_CLUSTER}</h1><p>{texts::NO_CLUSTER_TODO}</p></main> }
            .into_any();
    }
    let rows = lines
        .into_iter()
        .map(|line| {
            let origin = if line.demo { texts::DEMO.to_owned() } else { line.origin };
            if !scene::is_addressable(&line.name) {
                return view! { <li><strong>{line.name}</strong><small>{texts::NO_ADDRESS}</small></li> }.into_any();
            }
            let to = at(&format!("/c/{}", scene::segment(&line.name)));
            view! { <li><a href=to><strong>{line.name}</strong></a><small>{origin}</small></li> }.into_any()
        })
        .collect_view();
    view! { <main id="content" tabindex="-1" class="plain"><h1>{texts::CHOOSE}</h1><ul class="clusters">{rows}</ul></main> }.into_any()
}
