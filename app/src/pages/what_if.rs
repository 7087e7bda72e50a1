//! The answer to the loss of hosts, or, without a question, the loss of each.

use leptos::prelude::*;
use scene::{Health, Scene};

use super::{
    Theme, frame,
    waves::{Order, waves},
};
use crate::{base::at, source::View, texts::what_if as texts};

/// What the page shows.
#[derive(Clone, Debug, Default)]
pub struct WhatIf {
    /// Hosts that can be chosen; none where there are too many for boxes.
    pub hosts: Vec<HostLine>,
    /// The chosen ones with commas between.
    pub named: String,
    /// Why the question cannot be answered.
    pub mistake: Option<String>,
    /// The answer.
    pub answer: Option<Answered>,
    /// The loss of each host; none while it is worked out.
    pub losses: Option<Losses>,
    /// The order in which all hosts are drained, when that was asked for.
    pub order: Option<Order>,
}

/// A host that can be chosen.
#[derive(Clone, Debug)]
pub struct HostLine {
    /// Its name.
    pub name: String,
    /// `master` or `node`.
    pub role: &'static str,
    /// Whether the question names it.
    pub chosen: bool,
}

/// The answer in the page's words.
#[derive(Clone, Debug)]
pub struct Answered {
    /// The question, as in `host5 is lost`.
    pub asked: String,
    /// In one sentence.
    pub sentence: String,
    /// How the cluster would fare.
    pub health: Health,
    /// The outcome in a phrase.
    pub outcome: &'static str,
    /// Parts that fail, may fail, are unknown or are interrupted, worst first.
    pub parts: Vec<PartLine>,
    /// Parts that stay or come back.
    pub well: Vec<PartLine>,
    /// What happens when.
    pub course: Vec<(String, String)>,
    /// Hosts and how many pods each takes.
    pub returns: Vec<(String, u32)>,
    /// Single points of failure among the hosts that go, in sentences.
    pub points: Vec<String>,
    /// Steps that would help.
    pub helps: Vec<String>,
    /// The figure with what goes.
    pub scene: Option<Scene>,
    /// The question as an address has it, as in `lose=host5`.
    pub query: String,
}

/// A part and what becomes of it.
#[derive(Clone, Debug)]
pub struct PartLine {
    /// What it is, as in `service`.
    pub kind: &'static str,
    /// Its name.
    pub name: String,
    /// What becomes of it, in a few words.
    pub short: String,
    /// Why.
    pub why: String,
    /// How that is.
    pub health: Health,
    /// Reasons and the hosts that have them.
    pub refusals: Vec<(String, String)>,
    /// What it leads to, as in [`scene::Mark::opens`].
    pub opens: Option<String>,
}

/// The loss of each host and of pairs of masters.
#[derive(Clone, Debug, Default)]
pub struct Losses {
    /// Each host, worst first.
    pub single: Vec<LossLine>,
    /// Each pair of masters, worst first.
    pub pairs: Vec<LossLine>,
    /// How many single hosts can be lost unnoticed.
    pub unnoticed: usize,
    /// Of how many that is unknown.
    pub unknown: usize,
    /// How many hosts there are.
    pub hosts: usize,
    /// Hosts that everything passes on its way to something.
    pub points: Vec<PointLine>,
    /// How many of them there are in all.
    pub all_points: usize,
}

/// The loss of one host or of a pair.
#[derive(Clone, Debug)]
pub struct LossLine {
    /// The hosts, as in `host1 and host2`.
    pub hosts: String,
    /// The question as an address has it.
    pub query: String,
    /// The outcome in a phrase.
    pub outcome: &'static str,
    /// How that is.
    pub health: Health,
    /// In one sentence.
    pub sentence: String,
}

/// A single point of failure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PointLine {
    /// The host.
    pub host: String,
    /// In one sentence.
    pub sentence: String,
}

/// Lines of a list on one page.
const SHOWN: usize = 200;

/// The page's content.
pub fn what_if(cluster: &str, theme: Theme, page: &WhatIf) -> AnyView {
    let looks = theme.word().map(|word| format!("theme={word}"));
    let base = at(&format!("/c/{}/what-if", scene::segment(cluster)));
    let to = |query: &str| link(&base, query, looks.as_deref());
    let prefix = {
        let figure = at(&format!("/c/{}", scene::segment(cluster)));
        format!("{figure}{}", frame::prefix(&View::default(), theme))
    };
    let mistake = page.mistake.as_ref().map(|why| view! { <p class="notice h-warn" role="alert">{why.clone()}</p> });
    let form = form(&base, theme, page);
    let body = match &page.answer {
        Some(answer) => answered(&to, &prefix, &base, answer),
        None => {
            let order = page.order.as_ref().map(|order| waves(&base, order));
            let (query, words) = match page.order {
                Some(_) => ("", texts::NO_QUESTION),
                None => ("order=drain", texts::DRAIN_ORDER),
            };
            let ask = view! { <p class="files"><a href=to(query)>{words}</a></p> };
            view! {
                <div class="columns">
                    <div class="answers">{order}{losses(&to, page.losses.as_ref())}</div>
                    <div class="side">{form}{ask}</div>
                </div>
            }
            .into_any()
        }
    };
    let form = page.answer.is_some().then(|| self::form(&base, theme, page));
    view! {
        <main id="content" tabindex="-1" class="supposed">
            {headline(page)}
            {mistake}
            {body}
            {form.map(|form| view! { <div class="again">{form}</div> })}
        </main>
    }
    .into_any()
}

fn link(base: &str, query: &str, looks: Option<&str>) -> String {
    let parts: Vec<&str> = [Some(query).filter(|query| !query.is_empty()), looks].into_iter().flatten().collect();
    if parts.is_empty() { base.to_owned() } else { format!("{base}?{}", parts.join("&")) }
}

fn headline(page: &WhatIf) -> AnyView {
    let said = |health: Health, sentence: &str| {
        let class = format!("say h-{}", health.word());
        view! {
            <div class=class><h1 id="sentence">{scene::readable(sentence)}</h1></div>
            <p class="hint supposing">{texts::NOTHING_CHANGES}</p>
        }
        .into_any()
    };
    if let Some(order) = &page.order {
        return said(order.health, &order.sentence);
    }
    match (&page.answer, &page.losses) {
        (Some(answer), _) => said(answer.health, &answer.sentence),
        (None, Some(losses)) => {
            let said = texts::may_be_lost(losses.unnoticed, losses.unknown, losses.hosts);
            view! { <div class="say"><h1 id="sentence">{said}"."</h1></div> }.into_any()
        }
        (None, None) => view! { <div class="say"><h1 id="sentence">{texts::WORKING}</h1></div> }.into_any(),
    }
}

fn form(base: &str, theme: Theme, page: &WhatIf) -> AnyView {
    let boxes = page.hosts.iter().map(|host| {
        view! {
            <label><input type="checkbox" name="host" value=host.name.clone() checked=host.chosen />
            " "{scene::readable(&host.name)}" "<small>{host.role}</small></label>
        }
    });
    let boxes = boxes.collect_view();
    let hosts = match page.hosts.is_empty() {
        false => view! { <div class="boxes">{boxes}</div> }.into_any(),
        true => view! { <label>{texts::NAME_HOSTS}<input type="text" name="host" value=page.named.clone() /></label> }
            .into_any(),
    };
    let kinds = texts::KINDS.into_iter().map(|(kind, word, title)| {
        let class = if kind == "lose" { "" } else { "other" };
        view! { <button type="submit" class=class name="kind" value=kind title=title>{word}</button> }
    });
    view! {
        <section class="card overview" aria-label=texts::HOSTS>
            <form method="get" action=base.to_owned() class="suppose">
                <fieldset><legend>{texts::HOSTS}</legend>{hosts}</fieldset>
                <p class="hint">{texts::SUPPOSE}</p>
                <div class="acts">{kinds.collect_view()}
                <button type="submit" class="other" name="kind" value="add">{texts::ONE_MORE}</button></div>
                {theme.word().map(|word| view! { <input type="hidden" name="theme" value=word /> })}
            </form>
        </section>
    }
    .into_any()
}

fn answered(to: &dyn Fn(&str) -> String, prefix: &str, base: &str, answer: &Answered) -> AnyView {
    let figure = answer.scene.as_ref().map(|scene| {
        let svg = scene::figure(scene, prefix);
        view! {
            <section class="card sheet" aria-label=texts::FIGURE>
                <div class="canvas" id="figure" tabindex="-1" inner_html=svg></div>
            </section>
        }
    });
    let course = answer
        .course
        .iter()
        .map(|(when, what)| view! { <li><strong>{when.clone()}</strong>" "<span>{scene::readable(what)}</span></li> });
    let returns = answer.returns.iter().map(
        |(host, pods)| view! { <li><strong>{scene::readable(host)}</strong>" "<span>{pods.to_string()}</span></li> },
    );
    let helps = answer.helps.iter().map(|help| view! { <li>{scene::readable(help)}</li> });
    let points = answer.points.iter().map(|point| view! { <li>{scene::readable(point)}</li> }).collect_view();
    let (course, returns, helps) = (course.collect_view(), returns.collect_view(), helps.collect_view());
    let json = format!("{base}.json?{}", answer.query);
    view! {
        <div class="columns">
            <div class="answers">
                {figure}
                {parts(prefix, texts::PARTS, &answer.parts)}
                {parts(prefix, texts::WELL, &answer.well)}
            </div>
            <div class="side">
                <section class="card overview">
                    <h2>{texts::COURSE}</h2><ul class="moments">{course}</ul>
                    {(!answer.returns.is_empty()).then(|| view! { <h2>{texts::RETURNS}</h2><ul class="moments">{returns}</ul><p class="hint">{texts::ONE_WAY}</p> })}
                    {(!answer.points.is_empty()).then(|| view! { <h2>{texts::SINGLE_POINTS}</h2><ul>{points}</ul> })}
                    {(!answer.helps.is_empty()).then(|| view! { <h2>{texts::HELPS}</h2><ul>{helps}</ul> })}
                    <p class="files"><a href=to("")>{texts::NO_QUESTION}</a>" "<a href=json>{texts::JSON}</a>" "
                    <a href=prefix.trim_end_matches(['?', '&']).to_owned()>{texts::BACK}</a></p>
                </section>
            </div>
        </div>
    }
    .into_any()
}

fn parts(prefix: &str, title: &'static str, lines: &[PartLine]) -> Option<AnyView> {
    if lines.is_empty() {
        return None;
    }
    let rows = lines.iter().take(SHOWN).map(|line| {
        let name = scene::readable(&line.name);
        let name = match &line.opens {
            Some(opens) => view! { <a href=scene::link(opens, prefix)>{name}</a> }.into_any(),
            None => name.into_any(),
        };
        let reasons = line
            .refusals
            .iter()
            .map(|(why, hosts)| view! { <li><strong>{scene::readable(hosts)}</strong>" "{scene::readable(why)}</li> });
        let reasons = (!line.refusals.is_empty()).then(|| {
            view! { <details><summary>{texts::WHY_NOT}</summary><ul>{reasons.collect_view()}</ul></details> }
        });
        view! {
            <tr>
                <td>{line.kind}</td><th scope="row">{name}</th>
                <td class=format!("h-{}", line.health.word())>{line.short.clone()}</td>
                <td>{scene::readable(&line.why)}{reasons}</td>
            </tr>
        }
    });
    let more = lines.len().saturating_sub(SHOWN);
    let more = (more > 0).then(|| view! { <p class="hint">{texts::more(more)}</p> });
    Some(
        view! {
            <section class="card">
                <div class="wide" tabindex="0" role="region" aria-label=title>
                <table><caption>{title}</caption>
                <thead><tr><th scope="col">"Part"</th><th scope="col">"Name"</th><th scope="col">"Outcome"</th><th scope="col">"Why"</th></tr></thead>
                <tbody>{rows.collect_view()}</tbody></table>
                </div>{more}
            </section>
        }
        .into_any(),
    )
}

fn losses(to: &dyn Fn(&str) -> String, losses: Option<&Losses>) -> Option<AnyView> {
    let losses = losses?;
    let table = |title: &'static str, lines: &[LossLine]| {
        let rows = lines.iter().take(SHOWN).map(|line| {
            view! {
                <tr><th scope="row"><a href=to(&line.query)>{scene::readable(&line.hosts)}</a></th>
                <td class=format!("h-{}", line.health.word())>{line.outcome}</td><td>{scene::readable(&line.sentence)}</td></tr>
            }
        });
        let more = lines.len().saturating_sub(SHOWN);
        let more = (more > 0).then(|| view! { <p class="hint">{texts::more(more)}</p> });
        (!lines.is_empty()).then(|| {
            view! {
                <section class="card">
                    <div class="wide" tabindex="0" role="region" aria-label=title>
                    <table><caption>{title}</caption>
                    <thead><tr><th scope="col">{texts::LOSS}</th><th scope="col">{texts::OUTCOME}</th><th scope="col">{texts::ANSWER}</th></tr></thead>
                    <tbody>{rows.collect_view()}</tbody></table>
                    </div>{more}
                </section>
            }
        })
    };
    let points = (!losses.points.is_empty()).then(|| {
        view! { <section class="card overview"><h2>{texts::SINGLE_POINTS}</h2>{points(to, losses)}</section> }
    });
    Some(view! { {points}{table(texts::SINGLE, &losses.single)}{table(texts::PAIRS, &losses.pairs)} }.into_any())
}

/// Hosts that no way leads around, each with a link to the answer to its loss.
fn points(to: &dyn Fn(&str) -> String, losses: &Losses) -> AnyView {
    let lines = losses.points.iter().map(|point| {
        let query = format!("lose={}", scene::encoded(&point.host));
        view! {
            <li class="h-warn"><a href=to(&query)>{scene::readable(&point.host)}</a>" "
            <span class="why">{scene::readable(&point.sentence)}</span></li>
        }
    });
    let more = losses.all_points.saturating_sub(losses.points.len());
    let more = (more > 0).then(|| view! { <li><a href=to("")>{texts::more(more)}</a></li> });
    view! { <ul class="concerns">{lines.collect_view()}{more}</ul> }.into_any()
}

/// One line beside a figure, and the single points of failure where there are any.
pub(super) fn standing(cluster: &str, theme_prefix: &str, losses: Option<&Losses>) -> AnyView {
    let query = theme_prefix.trim_end_matches('&').trim_start_matches('?');
    let looks = query.split('&').find(|pair| pair.starts_with("theme="));
    let base = at(&format!("/c/{}/what-if", scene::segment(cluster)));
    let to = |query: &str| link(&base, query, looks);
    let line = losses.map(|losses| {
        let worst = losses.single.first().filter(|_| losses.unnoticed < losses.hosts);
        let worst = worst.map(|worst| {
            let class = format!("h-{}", worst.health.word());
            view! { <br /><small class=class>{texts::worst(&worst.hosts, worst.outcome)}</small> }
        });
        let points =
            (!losses.points.is_empty()).then(|| view! { <h3>{texts::SINGLE_POINTS}</h3>{points(&to, losses)} });
        view! { <p>{texts::may_be_lost(losses.unnoticed, losses.unknown, losses.hosts)}"."{worst}</p>{points} }
    });
    view! { <h2><a href=to("")>{texts::WHAT_IF}</a></h2>{line} }.into_any()
}
