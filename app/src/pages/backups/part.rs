//! What of the list changes while a backup goes on: drawn on the server, put in its place by the island.

use leptos::prelude::*;

use super::{CourseLine, List, list::table, strip::form, warned};
use crate::{base::at, texts::backups as words};

/// The part as HTML.
pub fn part(list: &List) -> AnyView {
    let base = at(&format!("/c/{}/backups", scene::segment(&list.cluster)));
    let goes_on = list.course.as_ref().is_some_and(|course| course.live);
    let take = (list.acts && list.known && !goes_on).then(|| {
        view! { <div class="bar take">{form(&base, &list.key)}<span class="hint">{words::BACK_UP_MEANS}</span></div> }
    });
    let lost = (!list.known).then(|| view! { <p class="wrong" role="status">{words::KNOWN_NO_MORE}</p> });
    let news = list.course.as_ref().filter(|_| !list.live).map(|course| course.says.clone());
    view! {
        <div data-ended=(!list.live).then_some("true") data-news=news>
            {warned(&list.warned, false, true)}
            {lost}
            {list.wrong.clone().map(|wrong| view! { <p class="wrong" role="alert">{wrong}</p> })}
            {take}
            {[&list.course, &list.trial].into_iter().flatten().map(|course| self::course(&base, course)).collect_view()}
            {table(&base, list)}
        </div>
    }
    .into_any()
}

fn course(base: &str, course: &CourseLine) -> AnyView {
    let bar = course.live.then(|| {
        let percent = course.percent.map(|percent| percent.to_string());
        view! { <progress max="100" value=percent aria-label=words::PROGRESS></progress> }
    });
    let see = course.brought.as_ref().map(|id| view! { " "<a href=format!("{base}/{id}")>{words::SEE}</a> });
    let reloads = course.live.then(|| view! { <noscript><small class="hint">{words::RELOADS}</small></noscript> });
    view! {
        <section class=format!("card plain course h-{}", course.health.word()) role="status" aria-label=words::PROGRESS>
            {(!course.title.is_empty()).then(|| view! { <strong>{course.title}</strong> })}
            <span class="says">{course.says.clone()}{see}</span>{bar}
            <small class="hint">{course.began.clone()}</small>{reloads}
        </section>
    }
    .into_any()
}
