//! Forms that narrow down what a page shows.

use leptos::prelude::*;
use scene::Health;

use super::{
    Tab, Theme,
    frame::{hidden, query},
};
use crate::{
    base::at,
    source::{Choices, View},
    texts,
};

/// Namespace, owner and state of pods. With a script a choice acts at once, without one there is a button.
pub(super) fn filters(cluster: &str, tab: Tab, view: &View, theme: Theme, choices: &Choices) -> AnyView {
    let to = to(cluster, tab);
    let states =
        [Health::Ok, Health::Starting, Health::Done, Health::Warn, Health::Bad, Health::Stale, Health::Unknown];
    let states: Vec<(String, String)> =
        states.into_iter().map(|health| (health.word().to_owned(), health.adjective().to_owned())).collect();
    let same =
        |names: &[String]| -> Vec<(String, String)> { names.iter().map(|name| (name.clone(), name.clone())).collect() };
    let bare = View { figure: view.figure.clone(), at: view.at.clone(), ..View::default() };
    let filtered = *view != bare;
    let clear = query(&bare, theme);
    let rest = View { search: view.search.clone(), ..bare };
    view! {
        <form class="filters" method="get" action=to.clone() id="filters">
            {choice("ns", texts::NAMESPACE, &view.namespace, same(&choices.namespaces))}
            {if choices.more_owners { typed(&view.owner, &choices.owners) } else { choice("owner", texts::OWNER, &view.owner, same(&choices.owners)) }}
            {choice("state", texts::STATE, &view.state, states)}
            {hidden(&rest, theme)}
            <button type="submit">{texts::APPLY}</button>
            {filtered.then(|| view! { <a href=format!("{to}{clear}")>{texts::CLEAR}</a> })}
        </form>
    }
    .into_any()
}

/// The way of a service, a pod, a port or an address.
pub(super) fn follow(cluster: &str, tab: Tab, view: &View, theme: Theme) -> AnyView {
    let to = to(cluster, tab);
    let whole = query(&View { at: String::new(), ..view.clone() }, theme);
    view! {
        <form class="filters" method="get" action=to.clone() role="search" aria-label=texts::FOLLOW>
            <label>{texts::FOLLOW}" "
                <input type="search" name="follow" placeholder=texts::FOLLOW_HINT autocomplete="off" spellcheck="false"
                    value=view.at.strip_prefix("follow/").unwrap_or_default().to_owned() /></label>
            {hidden(&View::default(), theme)}
            <button type="submit" class="unseen">{texts::FOLLOW}</button>
            {(!view.at.is_empty()).then(|| view! { <a class="whole" href=format!("{to}{whole}")>"‹ "{texts::WHOLE}</a> })}
        </form>
    }
    .into_any()
}

fn to(cluster: &str, tab: Tab) -> String {
    at(&format!("/c/{}{}", scene::segment(cluster), tab.path()))
}

/// An owner by its name, where there are more than a page should list; a few are suggested.
fn typed(owner: &str, some: &[String]) -> AnyView {
    let options: Vec<_> = some.iter().map(|name| view! { <option value=name.clone()></option> }).collect();
    view! {
        <label>{texts::OWNER}" "
            <input type="search" name="owner" list="owners" value=owner.to_owned() placeholder=texts::OWNER_HINT
                spellcheck="false" />
        </label>
        <datalist id="owners">{options}</datalist>
    }
    .into_any()
}

fn choice(name: &'static str, label: &'static str, chosen: &str, choices: Vec<(String, String)>) -> AnyView {
    let known = chosen.is_empty() || choices.iter().any(|(value, _)| value == chosen);
    let extra = (!known).then(|| (chosen.to_owned(), chosen.to_owned()));
    let options: Vec<_> = choices
        .into_iter()
        .chain(extra)
        .map(|(value, text)| {
            let selected = value == chosen;
            view! { <option value=value selected=selected>{text}</option> }
        })
        .collect();
    view! {
        <label>{label}" "
            <select name=name><option value="">{texts::EVERY}</option>{options}</select>
        </label>
    }
    .into_any()
}
