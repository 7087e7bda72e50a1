//! The log of a pod's container.

use leptos::prelude::*;

use super::{events_of, manifest_of, refused};
use crate::{
    islands::Tail,
    source::{LogText, Notice},
    texts::objects as words,
};

/// What of a log is wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogSought {
    /// The container.
    pub container: String,
    /// Whether that before its last restart.
    pub previous: bool,
    /// So many seconds back; empty for all.
    pub since: String,
    /// Lines with this text alone.
    pub text: String,
    /// Whether the stamps are shown.
    pub timestamps: bool,
}

impl LogSought {
    /// Its query without the `?`.
    pub fn query(&self) -> String {
        let flag = |name: &str, set: bool| if set { format!("&{name}=true") } else { String::new() };
        let since =
            if self.since.is_empty() { String::new() } else { format!("&since={}", scene::encoded(&self.since)) };
        let text = if self.text.is_empty() { String::new() } else { format!("&q={}", scene::encoded(&self.text)) };
        format!(
            "container={}{since}{text}{}{}",
            scene::encoded(&self.container),
            flag("previous", self.previous),
            flag("timestamps", self.timestamps)
        )
    }
}

/// A container that can be chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContainerLine {
    /// Its name.
    pub name: String,
    /// What stands beside it, as in `init, CrashLoopBackOff`.
    pub beside: String,
}

/// The log of a container.
#[derive(Clone, Debug)]
pub struct LogPage {
    /// The pod's namespace.
    pub namespace: String,
    /// The pod's name.
    pub pod: String,
    /// What is wanted.
    pub sought: LogSought,
    /// Why this container is shown, where nobody chose one; may be empty.
    pub why: String,
    /// The containers of the pod.
    pub containers: Vec<ContainerLine>,
    /// The last lines; `Err` says why there are none.
    pub lines: Result<Vec<LogText>, Notice>,
    /// Lines that were read.
    pub read: u64,
    /// Lines with the text that is sought.
    pub found: u64,
    /// Whether not all of the log was searched.
    pub cut: bool,
}

/// The page's content. `base` is its path; `live` says that the page's script goes on with it.
pub fn log(cluster: &str, base: &str, page: &LogPage, live: bool) -> AnyView {
    let sought = &page.sought;
    let manifest = manifest_of(cluster, "", "pods", &page.namespace, &page.pod);
    let events = events_of(cluster, "Pod", &page.namespace, &page.pod);
    let containers = page.containers.iter().map(|one| {
        let text = if one.beside.is_empty() { one.name.clone() } else { format!("{} ({})", one.name, one.beside) };
        view! { <option value=one.name.clone() selected=one.name == sought.container>{text}</option> }
    });
    let sinces =
        words::SINCES.map(|(value, text)| view! { <option value=value selected=value == sought.since>{text}</option> });
    let (count, note) = match &page.lines {
        Err(why) => (String::new(), Some(refused(why))),
        Ok(lines) => {
            let found = (!sought.text.is_empty()).then_some(page.found);
            let none = lines.is_empty().then(|| {
                let text = if sought.text.is_empty() { words::LOG_EMPTY } else { words::LOG_NONE };
                view! { <p class="hint bar" id="log-none">{text}</p> }.into_any()
            });
            (words::log_lines(lines.len(), page.read, found), none)
        }
    };
    let cut = page.cut.then(|| view! { <p class="hint bar" role="status">{words::LOG_CUT}</p> });
    let lines = page.lines.as_deref().unwrap_or_default();
    let last = lines.iter().rev().find(|line| !line.at.is_empty()).map(|line| line.at.clone()).unwrap_or_default();
    let follows = live && !sought.previous;
    let island = follows
        .then(|| view! { <Tail base=base.to_owned() query=sought.query() last=last stamps=sought.timestamps /> });
    let lines = lines.iter().map(|line| self::line(line, sought.timestamps)).collect_view();
    let why = (!page.why.is_empty()).then(|| view! { <p class="hint">{page.why.clone()}</p> });
    let still = if follows { "" } else { words::LOG_STILL };
    let state = (!sought.previous).then(|| view! { <span class="pulse" id="tail-state" role="status">{still}</span> });
    view! {
        <main id="content" tabindex="-1" class="tables objects">
            <p class="trail">{page.namespace.clone()}" · "<a href=manifest>{words::MANIFEST}</a>" · "<a href=events>{words::EVENTS}</a></p>
            <div class="bar heads"><h1>{page.pod.clone()}</h1>{state}</div>
            {why}
            <section class="card log" id="log" aria-labelledby="t-log">
                <h2 id="t-log">{words::LOG}" "<small id="log-lines">{count}</small></h2>
                <form class="filters bar" method="get" action=base.to_owned() role="search" aria-label=words::SEARCH_LOG>
                    <label>{words::CONTAINER}" "<select name="container">{containers.collect_view()}</select></label>
                    <label>{words::SINCE}" "<select name="since"><option value="">{words::SINCE_START}</option>{sinces.collect_view()}</select></label>
                    <input type="search" name="q" value=sought.text.clone() aria-label=words::SEARCH_LOG placeholder=words::SEARCH_LOG />
                    <label class="check"><input type="checkbox" name="previous" value="true" checked=sought.previous />" "{words::PREVIOUS}</label>
                    <label class="check"><input type="checkbox" name="timestamps" value="true" checked=sought.timestamps />" "{words::TIMESTAMPS}</label>
                    <button type="submit">{words::SHOW}</button>
                    <label class="check following" hidden><input type="checkbox" id="following" checked />" "{words::FOLLOWING}</label>
                    <a href=format!("{base}.txt?{}", sought.query())>{words::DOWNLOAD}</a>
                </form>
                {note}{cut}
                <ol class="lines tail" id="lines" tabindex="0" aria-label=words::LOG>{lines}</ol>
            </section>
            {island}
        </main>
    }
    .into_any()
}

fn line(line: &LogText, stamps: bool) -> AnyView {
    let at = (stamps && !line.at.is_empty()).then(|| view! { <time>{line.at.clone()}</time> });
    let more = (line.left_out > 0).then(|| view! { <small>{format!(" … {} bytes more", line.left_out)}</small> });
    view! { <li>{at}<code>{scene::readable(&line.text)}</code>{more}</li> }.into_any()
}
