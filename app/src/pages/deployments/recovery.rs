//! What to do when a master is lost; with this cluster's own names.

use leptos::prelude::*;

use crate::texts::deployments as words;

/// The page's content; `hosts` are the masters and their addresses, as far as they are known.
pub fn recovery(cluster: &str, hosts: &[(String, String)]) -> AnyView {
    let masters = hosts
        .iter()
        .map(|(name, address)| view! { <tr><th scope="row">{name.clone()}</th><td>{address.clone()}</td></tr> })
        .collect_view();
    let steps = words::RECOVERY_STEPS
        .map(|(title, text)| view! { <li><h2>{title}</h2><p>{text}</p></li> })
        .into_iter()
        .collect_view();
    view! {
        <main id="content" tabindex="-1" class="tables">
            <h1>{words::RECOVERY}" · "{cluster.to_owned()}</h1>
            {(!hosts.is_empty()).then(|| view! { <section class="card wide" tabindex="0"><table><tbody>{masters}</tbody></table></section> })}
            <ol class="steps card plain">{steps}</ol>
        </main>
    }
    .into_any()
}
