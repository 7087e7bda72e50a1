//! What to be warned of: the grave above every page, the rest behind one line.

use leptos::prelude::*;

use super::WarningLine;
use crate::{base::at, texts::backups as words};

/// The warnings; nothing when there are none. `named` says whether each names its cluster and leads to its backups;
/// `whole` whether the lesser ones are open.
pub fn warned(lines: &[WarningLine], named: bool, whole: bool) -> Option<AnyView> {
    if lines.is_empty() {
        return None;
    }
    let (grave, rest): (Vec<_>, Vec<_>) = lines.iter().partition(|line| line.grave);
    let grave = (!grave.is_empty()).then(|| {
        let items = grave.iter().map(|line| item(line, named)).collect_view();
        view! { <div class="grave" role="alert"><ul>{items}</ul></div> }
    });
    let rest = (!rest.is_empty()).then(|| {
        let items = rest.iter().map(|line| item(line, named)).collect_view();
        if whole {
            return view! { <div class="notes" role="status"><ul>{items}</ul></div> }.into_any();
        }
        view! { <details class="notes"><summary>{words::notes(rest.len())}</summary><ul>{items}</ul></details> }
            .into_any()
    });
    Some(view! { <section class="warned" aria-label=words::WARNED>{grave}{rest}</section> }.into_any())
}

fn item(line: &WarningLine, named: bool) -> AnyView {
    let cluster = named.then(|| view! { <strong>{line.cluster.clone()}": "</strong> });
    let to = named.then(|| {
        let to = at(&format!("/c/{}/backups", scene::segment(&line.cluster)));
        view! { " "<a href=to>{words::TO_BACKUPS}</a> }
    });
    let accept = (line.can_accept && !named).then(|| {
        let to = at(&format!("/c/{}/backups/accept", scene::encoded(&line.cluster)));
        view! { <form method="post" action=to class="act"><button class="other" type="submit">{words::ACCEPT}</button></form> }
    });
    view! { <li>{cluster}<span class="what">{line.what.clone()}</span>" "{line.todo.clone()}{to}{accept}</li> }
        .into_any()
}
