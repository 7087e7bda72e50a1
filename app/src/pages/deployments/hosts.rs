//! Hosts while their systems install, which is when the log says nothing.

use leptos::prelude::*;

use super::{HostLine, Hosts};
use crate::texts::deployments as words;

/// The section.
pub(super) fn hosts(hosts: &Hosts) -> AnyView {
    let silent = hosts.silent.clone().map(|since| {
        view! { <p class="wrong bar" role="status">{words::deck_is_silent(&since)}</p> }
    });
    let rows = hosts.lines.iter().map(row).collect_view();
    view! {
        <section class="card" aria-labelledby="t-hosts"><h2 id="t-hosts">{words::HOSTS}</h2>
            {silent}
            <div class="wide" tabindex="0"><table class="hosts-seen">
                <thead><tr><th scope="col">{words::HOST}</th><th scope="col">{words::SYSTEM}</th><th scope="col">{words::ANSWERS}</th></tr></thead>
                <tbody>{rows}</tbody>
            </table></div></section>
    }
    .into_any()
}

fn row(host: &HostLine) -> AnyView {
    let share = host.percent.map(|percent| {
        view! { <progress max="100" value=percent.to_string() aria-label=format!("{} · {}", words::SYSTEM, host.name)></progress> }
    });
    let (answers, since) = &host.answers;
    view! {
        <tr>
            <th scope="row">{host.name.clone()}" "<small class="hint">{host.address.clone()}</small></th>
            <td class=format!("h-{}", host.health.word())><span>{host.system.clone()}</span>{share}</td>
            <td class=format!("h-{}", answers.word())>{since.clone()}</td>
        </tr>
    }
    .into_any()
}
