//! What is different between two backups: objects by kind and namespace, by name.

use leptos::prelude::*;

use crate::{base::at, texts::restore as words};

/// Two backups, and what is different.
#[derive(Clone, Debug)]
pub struct ChangesPage {
    /// The cluster.
    pub cluster: String,
    /// The newer: id, and when it was taken, for people.
    pub newer: (String, String),
    /// The older one.
    pub older: Option<String>,
    /// Older backups that can be chosen: id and when each was taken.
    pub choices: Vec<(String, String)>,
    /// What is different, or why that is not known.
    pub found: Option<Result<Found, String>>,
}

/// What is different.
#[derive(Clone, Debug)]
pub struct Found {
    /// Added, removed, changed, the same.
    pub counts: [u64; 4],
    /// By kind and namespace.
    pub groups: Vec<GroupLine>,
    /// Differences of further kinds and namespaces.
    pub elsewhere: u64,
}

/// What is different of a kind in a namespace.
#[derive(Clone, Debug)]
pub struct GroupLine {
    /// Its resource; empty for what is not of Kubernetes.
    pub resource: String,
    /// Its namespace; empty for the whole cluster.
    pub namespace: String,
    /// How many were added, removed, changed, and the names of the first.
    pub names: [(u64, Vec<String>); 3],
}

/// The page's content.
pub fn changes(page: &ChangesPage) -> AnyView {
    let cluster = scene::segment(&page.cluster);
    let backup = at(&format!("/c/{cluster}/backups/{}", page.newer.0));
    let here = at(&format!("/c/{cluster}/backups/{}/changes", page.newer.0));
    let choices = page.choices.iter().map(|(id, taken)| {
        view! { <option value=id.clone() selected=page.older.as_deref() == Some(id)>{taken.clone()}</option> }
    });
    let form = (!page.choices.is_empty()).then(|| {
        view! {
            <form class="filters" action=here>
                <label>{words::SINCE}<select name="since">{choices.collect_view()}</select></label>
                <button type="submit">{words::COMPARE}</button>
            </form>
        }
    });
    let found = match &page.found {
        None => view! { <section class="card plain"><p>{words::NO_OLDER}</p></section> }.into_any(),
        Some(Err(why)) => {
            view! { <section class="card plain danger" role="alert"><p>{why.clone()}</p></section> }.into_any()
        }
        Some(Ok(found)) => told(found),
    };
    view! {
        <main id="content" tabindex="-1" class="tables">
            <div class="bar heads"><h1>{words::CHANGES}</h1><a href=backup>{words::backup_of(&page.newer.1)}</a>{form}</div>
            {found}
            <p class="hint">{words::NAMES_ONLY}</p>
        </main>
    }
    .into_any()
}

fn told(found: &Found) -> AnyView {
    let [added, removed, changed, same] = found.counts;
    let rows = found.groups.iter().map(|group| {
        let kind = if group.resource.is_empty() { words::BESIDE } else { &group.resource };
        let namespace = if group.namespace.is_empty() { words::WHOLE } else { &group.namespace };
        let cells = group.names.iter().map(names).collect_view();
        view! { <tr><th scope="row">{kind.to_owned()}</th><td>{namespace.to_owned()}</td>{cells}</tr> }
    });
    let table = (!found.groups.is_empty()).then(|| {
        view! {
            <section class="card wide" tabindex="0" aria-label=words::CHANGES><table>
                <thead><tr><th scope="col">{words::KIND}</th><th scope="col">{words::NAMESPACE}</th>
                    <th scope="col">{words::ADDED}</th><th scope="col">{words::REMOVED}</th><th scope="col">{words::CHANGED}</th></tr></thead>
                <tbody>{rows.collect_view()}</tbody>
            </table></section>
        }
    });
    let elsewhere = (found.elsewhere > 0).then(|| view! { <p>{words::elsewhere(found.elsewhere)}</p> });
    view! { <p class="headline">{words::counts(added, removed, changed, same)}</p>{table}{elsewhere} }.into_any()
}

/// How many, and the first of them to be unfolded.
fn names((count, names): &(u64, Vec<String>)) -> AnyView {
    if *count == 0 {
        return view! { <td></td> }.into_any();
    }
    let more = *count - names.len() as u64;
    let items = names.iter().map(|name| view! { <li>{name.clone()}</li> }).collect_view();
    let more = (more > 0).then(|| view! { <li>{words::more(more)}</li> });
    view! { <td><details open=*count <= 3><summary>{*count}</summary><ul class="names">{items}{more}</ul></details></td> }.into_any()
}
