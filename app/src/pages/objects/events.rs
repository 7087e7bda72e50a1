//! What the cluster says has happened, newest first.

use leptos::prelude::*;

use super::{choice, refused};
use crate::{base::at, source::Notice, texts::objects as words};

/// Which events.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventsSought {
    /// Of objects in this namespace.
    pub namespace: String,
    /// Of this kind.
    pub kind: String,
    /// Of the object of this name.
    pub name: String,
    /// `Warning` or `Normal`.
    pub of_type: String,
    /// With this text.
    pub text: String,
}

/// Events with their filters.
#[derive(Clone, Debug)]
pub struct EventsPage {
    /// The filters.
    pub sought: EventsSought,
    /// Namespaces to choose from.
    pub namespaces: Vec<String>,
    /// Kinds to choose from.
    pub kinds: Vec<String>,
    /// The newest; `Err` says why there are none.
    pub events: Result<Vec<EventRow>, Notice>,
    /// How many there are in all.
    pub total: usize,
    /// Whether not all events were read.
    pub cut: bool,
}

/// One event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventRow {
    /// When last, RFC 3339.
    pub at: String,
    /// How long ago, as in `3 m`.
    pub age: String,
    /// Whether it is a warning.
    pub warning: bool,
    /// Its type.
    pub of_type: String,
    /// Its reason.
    pub reason: String,
    /// What it is about, as in `Pod ims/hss-0`.
    pub object: String,
    /// The page of that; none where its kind is not known.
    pub leads: Option<String>,
    /// Its message.
    pub message: String,
    /// How often.
    pub count: u32,
}

/// The page's content.
pub fn events(cluster: &str, page: &EventsPage) -> AnyView {
    let base = at(&format!("/c/{}/events", scene::segment(cluster)));
    let sought = &page.sought;
    let types = ["Warning".to_owned(), "Normal".to_owned()];
    let (count, body) = match &page.events {
        Err(why) => (None, refused(why)),
        Ok(events) if events.is_empty() => (None, view! { <p class="hint">{words::NO_EVENTS}</p> }.into_any()),
        Ok(events) => {
            let count = words::events(events.len(), page.total);
            (Some(view! { " "<small>{count}</small> }), table(events))
        }
    };
    let cut = page.cut.then(|| view! { <p class="hint" role="status">{words::EVENTS_CUT}</p> });
    view! {
        <main id="content" tabindex="-1" class="tables objects">
            <div class="bar heads"><h1>{words::EVENTS}{count}</h1></div>
            <form class="filters bar" method="get" action=base role="search" aria-label=words::SEARCH_EVENTS>
                {choice("ns", words::NAMESPACE, words::EVERY, &sought.namespace, &page.namespaces)}
                {choice("kind", words::KIND, words::EVERY, &sought.kind, &page.kinds)}
                {choice("type", words::TYPE, words::EVERY, &sought.of_type, &types)}
                <label>{words::NAME}" "<input type="text" name="name" value=sought.name.clone() /></label>
                <input type="search" name="q" value=sought.text.clone() aria-label=words::SEARCH_EVENTS placeholder=words::SEARCH_EVENTS />
                <button type="submit">{words::SEARCH}</button>
                <a href="">{words::REFRESH}</a>
            </form>
            {cut}{body}
        </main>
    }
    .into_any()
}

fn table(events: &[EventRow]) -> AnyView {
    let rows = events.iter().map(|event| {
        let class = event.warning.then_some("h-warn");
        let sign = if event.warning { "▲ " } else { "" };
        let about = scene::readable(&event.object);
        let about = match &event.leads {
            Some(to) => view! { <a href=to.clone()>{about}</a> }.into_any(),
            None => about.into_any(),
        };
        view! {
            <tr>
                <td class="when"><time datetime=event.at.clone() title=event.at.clone()>{event.age.clone()}</time></td>
                <td class=class>{sign}{scene::readable(&event.of_type)}</td><td>{scene::readable(&event.reason)}</td>
                <th scope="row">{about}</th><td>{scene::readable(&event.message)}</td><td>{event.count}</td>
            </tr>
        }
    });
    view! {
        <section class="card wide" tabindex="0" aria-label=words::EVENTS>
            <table class="events">
                <thead><tr>
                    <th scope="col">{words::LAST_SEEN}</th><th scope="col">{words::TYPE}</th><th scope="col">{words::REASON}</th>
                    <th scope="col">{words::OBJECT}</th><th scope="col">{words::MESSAGE}</th><th scope="col">{words::COUNT}</th>
                </tr></thead>
                <tbody>{rows.collect_view()}</tbody>
            </table>
        </section>
    }
    .into_any()
}
