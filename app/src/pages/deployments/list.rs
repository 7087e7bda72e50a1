//! A cluster's deployments, newest first.

use leptos::prelude::*;

use super::RunLine;
use crate::{base::at, texts, texts::deployments as words};

/// What is looked for.
#[derive(Clone, Debug, Default)]
pub struct Sought {
    /// Only in this state.
    pub state: String,
    /// Only of this kind.
    pub kind: String,
    /// Only by this one.
    pub who: String,
}

const STATES: [&str; 8] =
    ["queued", "running", "succeeded", "failed", "failed-but-running", "cancelled", "lost", "unknown"];

/// The page's content; `next` leads to older runs.
pub fn list(cluster: &str, lines: &[RunLine], sought: &Sought, next: Option<&str>, acts: bool) -> AnyView {
    let base = at(&format!("/c/{}/deployments", scene::segment(cluster)));
    let new = acts.then(|| view! { <a class="button" href=format!("{base}/new")>{words::NEW}</a> });
    let none = lines.is_empty().then(|| view! { <p class="hint">{words::NO_RUNS}</p> });
    let rows = lines.iter().map(|line| row(&base, line)).collect_view();
    let older = next.map(|before| {
        let query = [("state", &sought.state), ("kind", &sought.kind), ("who", &sought.who)]
            .map(|(name, value)| format!("{name}={}&", scene::encoded(value)))
            .concat();
        view! { <p><a href=format!("{base}?{query}before={}", scene::encoded(before)) rel="next">{words::OLDER}</a></p> }
    });
    view! {
        <main id="content" tabindex="-1" class="tables">
            <div class="bar heads"><h1>{words::DEPLOYMENTS}</h1>{new}<a href=format!("{base}/recovery")>{words::RECOVERY}</a></div>
            {filters(&base, sought)}
            {none}
            <form method="get" action=format!("{base}/compare")>
                <section class="card wide" tabindex="0" aria-label=words::DEPLOYMENTS>
                    <table class="runs">
                        <thead><tr>
                            <th scope="col"><span class="unseen">{words::COMPARE}</span></th>
                            <th scope="col">{texts::STATE}</th><th scope="col">{words::HOW}</th><th scope="col">{words::KIND}</th>
                            <th scope="col">{words::BEGAN}</th><th scope="col">{words::TOOK}</th><th scope="col">{words::BY}</th>
                        </tr></thead>
                        <tbody>{rows}</tbody>
                    </table>
                </section>
                {(lines.len() > 1).then(|| view! { <button class="button" type="submit">{words::COMPARE}</button> })}
            </form>
            {older}
        </main>
    }
    .into_any()
}

fn filters(base: &str, sought: &Sought) -> AnyView {
    let choice = |name: &'static str, label: &'static str, values: Vec<&'static str>, chosen: &str| {
        let options = values
            .into_iter()
            .map(|value| view! { <option value=value selected=value == chosen>{words::state(value)}</option> })
            .collect_view();
        view! { <label>{label}" "<select name=name><option value="">{words::ANY}</option>{options}</select></label> }
    };
    view! {
        <form class="filters bar" method="get" action=base.to_owned()>
            {choice("state", texts::STATE, STATES.to_vec(), &sought.state)}
            {choice("kind", words::KIND, words::KINDS.map(|(word, _)| word).to_vec(), &sought.kind)}
            <label>{words::BY}" "<input name="who" value=sought.who.clone() /></label>
            <button type="submit">{texts::APPLY}</button>
        </form>
    }
    .into_any()
}

fn row(base: &str, line: &RunLine) -> AnyView {
    let to = format!("{base}/{}", line.id);
    view! {
        <tr>
            <td><input type="checkbox" name="run" value=line.id.clone() aria-label=format!("{} {}", words::COMPARE, line.id) /></td>
            <td class=format!("h-{}", line.health.word())>{words::state(&line.state).to_owned()}</td>
            <th scope="row"><a href=to>{line.headline.clone()}</a></th>
            <td>{line.kind.clone()}</td><td>{line.created.clone()}</td><td>{line.took.clone()}</td><td>{line.who.clone()}</td>
        </tr>
    }
    .into_any()
}

/// Where nothing can be deployed.
pub fn none() -> AnyView {
    view! {
        <main id="content" tabindex="-1" class="plain">
            <h1>{words::DEPLOYMENTS}</h1><p>{words::NO_JUMP_HOST}</p><p class="hint">{words::NO_JUMP_HOST_TODO}</p>
        </main>
    }
    .into_any()
}
