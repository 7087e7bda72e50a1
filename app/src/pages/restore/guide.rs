//! A restore guide: what will be lost, and what to do where. It is read without script, and printed.

use leptos::prelude::*;
use restore::{Guide, HOW};

use crate::{base::at, texts::restore as words};

/// A guide, and the others there are for the same backup.
#[derive(Clone, Debug)]
pub struct GuidePage {
    /// The cluster.
    pub cluster: String,
    /// The backup's id.
    pub id: String,
    /// When it was taken, for people.
    pub taken: String,
    /// What is lost, each with its word in the address.
    pub ways: Vec<WayLine>,
    /// The way back.
    pub guide: Guide,
}

/// Something that may be lost.
#[derive(Clone, Debug)]
pub struct WayLine {
    /// Its word in the address.
    pub word: String,
    /// For people.
    pub title: String,
    /// Whether it is the one that is shown.
    pub open: bool,
}

/// The page's content.
pub fn guide(page: &GuidePage) -> AnyView {
    let cluster = scene::segment(&page.cluster);
    let backup = at(&format!("/c/{cluster}/backups/{}", page.id));
    let here = |ending: &str, word: &str| {
        at(&format!("/c/{cluster}/backups/{}/restore{ending}?lost={}", page.id, scene::encoded(word)))
    };
    let open = page.ways.iter().find(|way| way.open).map_or("", |way| way.word.as_str());
    let ways = page.ways.iter().map(|way| {
        let current = way.open.then_some("page");
        view! { <li><a href=here("", &way.word) aria-current=current>{way.title.clone()}</a></li> }
    });
    let steps = page.guide.steps.iter().map(|step| {
        let acts = step.acts.iter().map(|act| {
            view! {
                <section class="act">
                    <h3>{words::ON}<span class="badge">{act.at.to_string()}</span></h3>
                    <pre class="command" tabindex="0">{act.commands.clone()}</pre>
                    <p class="then"><b>{words::THEN}</b>" "{act.check.clone()}</p>
                </section>
            }
        });
        view! { <li><h2>{step.title.clone()}</h2><p>{step.why.clone()}</p>{acts.collect_view()}</li> }
    });
    view! {
        <main id="content" tabindex="-1" class="tables guide">
            <div class="bar heads">
                <h1>{page.guide.title.clone()}</h1>
                <a href=backup>{words::backup_of(&page.taken)}</a>
                <a href=here(".md", open)>{words::MARKDOWN}</a>
            </div>
            <nav aria-label=words::WAYS><ul class="ways">{ways.collect_view()}</ul></nav>
            {told(words::LOSSES, "card plain", &page.guide.losses)}
            {told(words::WARNINGS, "card plain danger", &page.guide.warnings)}
            {told(words::UNKNOWN, "card plain", &page.guide.unknown)}
            <p class="how">{HOW}</p>
            <ol class="steps card plain">{steps.collect_view()}</ol>
        </main>
    }
    .into_any()
}

fn told(title: &'static str, class: &'static str, items: &[String]) -> Option<AnyView> {
    let lines = items.iter().map(|item| view! { <li>{item.clone()}</li> }).collect_view();
    let section = || view! { <section class=class><h2>{title}</h2><ul>{lines}</ul></section> }.into_any();
    (!items.is_empty()).then(section)
}
