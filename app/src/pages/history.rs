//! The past of a cluster: the band of its pages, the time line, and the difference of two moments.

use std::fmt::Write;

use leptos::prelude::*;

use super::{
    Theme,
    frame::{hidden, query},
};
use crate::{
    base::at,
    source::View,
    texts::{history as words, incidents::ALL},
};

/// The past moment that a page shows. Times are in RFC 3339 where they go into addresses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Past {
    /// The cluster.
    pub cluster: String,
    /// When, for people.
    pub shown: String,
    /// When.
    pub at: String,
    /// Since when it had been like this, for people.
    pub since: String,
    /// Right before it came to be like this.
    pub before: Option<String>,
    /// When it changed next.
    pub after: Option<String>,
    /// That the moment was made up; empty where it was not.
    pub made_up: String,
}

/// Says that a page is of the past, and leads away from there.
pub(super) fn band(past: &Past, view: &View, theme: Theme) -> AnyView {
    let to = |moment: &str| match query(&View { moment: moment.into(), ..view.clone() }, theme) {
        query if query.is_empty() => "?".to_owned(),
        query => query,
    };
    let before = past.before.as_ref().map(|moment| view! { <a rel="prev" href=to(moment)>{words::BEFORE}</a> });
    let after = match &past.after {
        Some(moment) => view! { <a rel="next" href=to(moment)>{words::AFTER}</a> }.into_any(),
        None => view! { <span class="hint">{words::NONE_AFTER}</span> }.into_any(),
    };
    let difference = at(&format!("/c/{}/diff?t1={}", scene::segment(&past.cluster), scene::encoded(&past.at)));
    let still = View { moment: String::new(), ..view.clone() };
    view! {
        <section class="past" aria-label=words::PAST>
            <p>{words::AS_IT_WAS}" "<strong>{past.shown.clone()}</strong>{format!(", and since {}.", past.since)}
            {(!past.made_up.is_empty()).then(|| format!(" {}", past.made_up))}</p>
            <a class="button" href=to("")>{words::LIVE}</a>
            {before}{after}
            <a href=difference>{words::SINCE_THEN}</a>
            <form method="get">
                <label>{words::MOMENT}" "<input name="t" value=past.at.clone() required size="26" spellcheck="false" autocomplete="off" /></label>
                {hidden(&still, theme)}
                <button type="submit">{words::GO}</button>
            </form>
        </section>
    }
    .into_any()
}

/// A moment that is not known, with those beside it: a text and an address each.
pub fn not_known(what: &str, beside: &[(String, String)]) -> AnyView {
    let links = beside.iter().map(|(text, to)| view! { <li><a href=to.clone()>{text.clone()}</a></li> }).collect_view();
    view! {
        <main id="content" tabindex="-1" class="tables">
            <section class="card plain"><h1>{what.to_owned()}</h1><ul>{links}</ul></section>
        </main>
    }
    .into_any()
}

/// Something on a lane.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// Where it begins, in thousandths of the span.
    pub from: u32,
    /// Where it ends.
    pub until: u32,
    /// When, for people.
    pub when: String,
    /// In a sentence.
    pub what: String,
    /// What it leads to.
    pub to: String,
}

/// A lane of a time line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lane {
    /// Its name.
    pub name: &'static str,
    /// What stands on it.
    pub items: Vec<Item>,
}

/// A bar: how much changed in a part of the span.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bar {
    /// How many changes.
    pub count: u64,
    /// In a sentence.
    pub what: String,
    /// What it leads to.
    pub to: String,
}

/// The time line of a cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TimeLine {
    /// The cluster.
    pub cluster: String,
    /// Whether anything is kept.
    pub on: bool,
    /// Whether anything was recorded yet.
    pub begun: bool,
    /// What there is, in a sentence.
    pub extent: String,
    /// That some of it was made up; empty where none of this span was.
    pub made_up: String,
    /// Spans: name, address, and whether it is this one.
    pub spans: Vec<(String, String, bool)>,
    /// The spans before and after.
    pub earlier: String,
    /// None where it would lie ahead.
    pub later: Option<String>,
    /// Its ends, for people.
    pub ends: (String, String),
    /// Equal parts.
    pub bars: Vec<Bar>,
    /// When nothing was recorded.
    pub gaps: Vec<Item>,
    /// Lanes.
    pub lanes: Vec<Lane>,
    /// The end of the span in RFC 3339.
    pub moment: String,
}

const WIDE: f64 = 860.0;
const LEFT: f64 = 110.0;
const BARS: f64 = 90.0;
const LANE: f64 = 26.0;

/// The page of a cluster's history.
pub fn line(line: &TimeLine) -> AnyView {
    if !line.on {
        return view! {
            <main id="content" tabindex="-1" class="tables"><h1 class="unseen">{words::HISTORY}</h1>
            <div class="card plain"><p>{words::OFF}</p><p class="hint">{words::OFF_TODO}</p></div></main>
        }
        .into_any();
    }
    if !line.begun {
        return view! {
            <main id="content" tabindex="-1" class="tables"><h1 class="unseen">{words::HISTORY}</h1>
            <p class="card plain">{words::NOTHING_YET}</p></main>
        }
        .into_any();
    }
    let spans = line.spans.iter().map(|(name, to, here)| {
        view! { <a href=to.clone() aria-current=here.then_some("true")>{name.clone()}</a> }
    });
    let mut events: Vec<&Item> = line.lanes.iter().flat_map(|lane| &lane.items).chain(&line.gaps).collect();
    events.sort_by(|a, b| b.when.cmp(&a.when));
    let rows = events.into_iter().map(|item| {
        view! { <tr><th scope="row"><a href=item.to.clone()>{item.when.clone()}</a></th><td>{scene::readable(&item.what)}</td></tr> }
    });
    let rows = rows.collect_view();
    let events = if rows.is_empty() {
        view! { <p class="hint">{words::NO_EVENTS}</p> }.into_any()
    } else {
        view! { <div class="wide" tabindex="0" role="region" aria-label=words::EVENTS><table><tbody>{rows}</tbody></table></div> }
            .into_any()
    };
    let path = |path: &str| at(&format!("/c/{}{path}", scene::segment(&line.cluster)));
    view! {
        <main id="content" tabindex="-1" class="tables">
            <h1 class="unseen">{words::HISTORY}" · "{line.cluster.clone()}</h1>
            <section class="card plain">
                <p>{line.extent.clone()}" "<a href=path("/incidents")>{ALL}</a></p>
                {(!line.made_up.is_empty()).then(|| view! { <p class="made-up">{line.made_up.clone()}</p> })}
                <p class="hint">{words::FOR}</p>
                <nav class="spans" aria-label=words::SPANS>
                    <a href=line.earlier.clone()>{words::EARLIER}</a>
                    {spans.collect_view()}
                    {line.later.as_ref().map(|to| view! { <a href=to.clone()>{words::LATER}</a> })}
                </nav>
                <div class="wide" tabindex="0" role="region" aria-label=words::LINE inner_html=drawn(line)></div>
            </section>
            <div class="pair">
                <form class="card plain" method="get" action=path("")>
                    <label>{words::MOMENT}" "<input name="t" value=line.moment.clone() required size="26" spellcheck="false" autocomplete="off" /></label>
                    <button type="submit">{words::GO}</button>
                </form>
                {compare(&path("/diff"), &line.moment, "")}
            </div>
            <section class="card plain"><h2>{words::EVENTS}</h2>{events}</section>
        </main>
    }
    .into_any()
}

fn compare(to: &str, first: &str, second: &str) -> AnyView {
    let (to, first, second) = (to.to_owned(), first.to_owned(), second.to_owned());
    view! {
        <form class="card plain" method="get" action=to>
            <label>{words::FIRST_MOMENT}" "<input name="t1" value=first required size="26" spellcheck="false" autocomplete="off" /></label>
            <label>{words::SECOND_MOMENT}" "<input name="t2" value=second size="26" spellcheck="false" autocomplete="off" /></label>
            <button type="submit">{words::COMPARE}</button>
        </form>
    }
    .into_any()
}

/// The time line as SVG. Its texts are escaped here.
fn drawn(line: &TimeLine) -> String {
    let high = BARS + LANE * line.lanes.len() as f64 + 40.0;
    let width = WIDE + LEFT + 10.0;
    let mut svg = format!(
        "<svg class=\"timeline\" viewBox=\"0 0 {width} {high}\" width=\"{width}\" height=\"{high}\" role=\"group\" \
         aria-label=\"{}\">",
        words::LINE
    );
    svg += "<defs><pattern id=\"hatch\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\" \
            patternTransform=\"rotate(45)\"><line class=\"hatch\" x1=\"0\" y1=\"0\" x2=\"0\" y2=\"6\"/></pattern></defs>";
    let x = |part: u32| LEFT + WIDE * f64::from(part) / 1000.0;
    for gap in &line.gaps {
        let wide = (x(gap.until) - x(gap.from)).max(2.0);
        let _ = write!(
            svg,
            "<rect class=\"gap\" x=\"{:.1}\" y=\"4\" width=\"{wide:.1}\" height=\"{:.1}\"><title>{}</title></rect>",
            x(gap.from),
            high - 34.0,
            scene::escaped(&format!("{}: {}", gap.when, gap.what))
        );
    }
    let most = line.bars.iter().map(|bar| bar.count).max().unwrap_or(0).max(1);
    let each = WIDE / line.bars.len().max(1) as f64;
    let _ = write!(svg, "<text class=\"lane\" x=\"4\" y=\"{:.1}\">{}</text>", BARS - 6.0, words::CHANGES);
    for (n, bar) in line.bars.iter().enumerate().filter(|(_, bar)| bar.count > 0) {
        // A bar of one change can be seen beside one of ten thousand.
        let share = ((bar.count as f64 + 1.0).ln() / (most as f64 + 1.0).ln()).clamp(0.05, 1.0);
        let tall = (BARS - 12.0) * share;
        let _ = write!(
            svg,
            "<a href=\"{}\"><rect class=\"bar\" x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{tall:.1}\">\
             <title>{}</title></rect></a>",
            scene::escaped(&bar.to),
            LEFT + each * n as f64,
            BARS - tall,
            (each - 1.0).max(1.0),
            scene::escaped(&bar.what)
        );
    }
    let _ = write!(svg, "<line class=\"axis\" x1=\"{LEFT}\" y1=\"{BARS}\" x2=\"{}\" y2=\"{BARS}\"/>", LEFT + WIDE);
    for (n, lane) in line.lanes.iter().enumerate() {
        let y = BARS + LANE * (n as f64 + 1.0);
        let _ = write!(
            svg,
            "<text class=\"lane\" x=\"4\" y=\"{:.1}\">{}</text><line class=\"axis\" x1=\"{LEFT}\" y1=\"{y}\" x2=\"{}\" y2=\"{y}\"/>",
            y - 6.0,
            lane.name,
            LEFT + WIDE
        );
        for item in &lane.items {
            let wide = (x(item.until) - x(item.from)).max(7.0);
            let _ = write!(
                svg,
                "<a href=\"{}\"><rect class=\"item\" x=\"{:.1}\" y=\"{:.1}\" width=\"{wide:.1}\" height=\"14\" rx=\"3\">\
                 <title>{}</title></rect></a>",
                scene::escaped(&item.to),
                x(item.from).min(LEFT + WIDE - 7.0),
                y - 18.0,
                scene::escaped(&format!("{}: {}", item.when, item.what))
            );
        }
    }
    let y = high - 10.0;
    let _ = write!(
        svg,
        "<text class=\"end\" x=\"{LEFT}\" y=\"{y}\">{}</text><text class=\"end\" x=\"{}\" y=\"{y}\" text-anchor=\"end\">{}</text></svg>",
        scene::escaped(&line.ends.0),
        LEFT + WIDE,
        scene::escaped(&line.ends.1)
    );
    svg
}

/// What was different between two moments.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DiffPage {
    /// The cluster.
    pub cluster: String,
    /// The moments: in RFC 3339, and for people; the second is empty for now.
    pub moments: [(String, String); 2],
    /// Groups in the order of the page: a heading, and what was different, as a name and words each.
    pub groups: Vec<(&'static str, Vec<(String, String)>)>,
    /// Sources that one of the moments does not tell of.
    pub untold: Vec<String>,
    /// The figure of both, as SVG; its texts are escaped.
    pub figure: String,
    /// How much of it differs, in a sentence.
    pub summary: String,
}

/// The page of a difference.
pub fn diff(page: &DiffPage) -> AnyView {
    let path = |path: &str| at(&format!("/c/{}{path}", scene::segment(&page.cluster)));
    let [first, second] = &page.moments;
    let link = |(moment, shown): &(String, String)| {
        let to = if moment.is_empty() { path("") } else { path(&format!("?t={}", scene::encoded(moment))) };
        view! { <a href=to>{shown.clone()}</a> }
    };
    let groups = page.groups.iter().filter(|(_, lines)| !lines.is_empty()).map(|(name, lines)| {
        let rows = lines.iter().map(|(name, what)| {
            view! { <tr><th scope="row">{scene::readable(name)}</th><td>{scene::readable(what)}</td></tr> }
        });
        let (title, rows) = (format!("{name} ({})", lines.len()), rows.collect_view());
        let label = title.clone();
        view! {
            <section class="card plain"><h2>{title}</h2>
            <div class="wide" tabindex="0" role="region" aria-label=label><table><tbody>{rows}</tbody></table></div></section>
        }
    });
    let groups = groups.collect_view();
    let same = groups.is_empty().then(|| view! { <p class="card plain">{words::SAME}</p> });
    let untold = (!page.untold.is_empty()).then(|| {
        view! { <section class="card plain"><h2>{words::NOT_COMPARED}</h2><p>{page.untold.join(", ")}</p></section> }
    });
    let pair = format!("?t1={}&t2={}", scene::encoded(&first.0), scene::encoded(&second.0));
    let pair = pair.trim_end_matches("&t2=").to_owned();
    let (svg, json) = (path(&["/diff.svg", &pair].concat()), path(&["/diff.json", &pair].concat()));
    view! {
        <main id="content" tabindex="-1" class="tables">
            <section class="card plain">
                <h1>{words::DIFFERENCE}</h1>
                <p>{link(first)}" → "{link(second)}</p>
                <p>{page.summary.clone()}</p>
                <p class="hint">{words::BOTH}</p>
                <p><a href=svg>"SVG"</a>" "<a href=json>"JSON"</a></p>
            </section>
            <div class="wide both" tabindex="0" role="region" aria-label=words::DIFFERENCE inner_html=page.figure.clone()></div>
            <div class="pair">{compare(&path("/diff"), &first.0, &second.0)}</div>
            {same}{groups}{untold}
        </main>
    }
    .into_any()
}

/// Something that became of a thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LifeLine {
    /// When it was learnt, for people.
    pub at: String,
    /// The address of the figure of that moment.
    pub to: String,
    /// When the API says that it was, for people; empty where it does not say.
    pub told: String,
    /// In a few words.
    pub what: String,
}

/// The history of one thing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LifePage {
    /// The cluster.
    pub cluster: String,
    /// The thing, as in `pod/ims/hss-0`.
    pub of: String,
    /// Whether anything is kept.
    pub on: bool,
    /// Spans: name, address, and whether it is this one.
    pub spans: Vec<(String, String, bool)>,
    /// From when on it was read, for people.
    pub since: String,
    /// What became of it, the latest first.
    pub lines: Vec<LifeLine>,
    /// Blocks that could not be read.
    pub damaged: usize,
}

/// The page of one thing's history.
pub fn life(page: &LifePage) -> AnyView {
    if !page.on {
        return view! {
            <main id="content" tabindex="-1" class="tables"><h1>{words::HISTORY}" · "{scene::readable(&page.of)}</h1>
            <div class="card plain"><p>{words::OFF}</p><p class="hint">{words::OFF_TODO}</p></div></main>
        }
        .into_any();
    }
    let spans = page.spans.iter().map(|(name, to, here)| {
        view! { <a href=to.clone() aria-current=here.then_some("true")>{name.clone()}</a> }
    });
    let rows = page.lines.iter().map(|line| {
        view! {
            <tr><th scope="row"><a href=line.to.clone()>{line.at.clone()}</a></th>
            <td>{scene::readable(&line.what)}</td><td>{line.told.clone()}</td></tr>
        }
    });
    let table = match page.lines.is_empty() {
        true => view! { <p class="hint">{words::NO_LIFE}</p> }.into_any(),
        false => view! {
            <div class="wide" tabindex="0" role="region" aria-label=words::HISTORY><table>
                <thead><tr><th scope="col">{words::LEARNT}</th><th scope="col">{words::WHAT}</th>
                <th scope="col">{words::TOLD}</th></tr></thead>
                <tbody>{rows.collect_view()}</tbody>
            </table></div>
        }
        .into_any(),
    };
    let damaged = (page.damaged > 0).then(|| view! { <p class="hint">{words::damaged(page.damaged)}</p> });
    let all = at(&format!("/c/{}/history", scene::segment(&page.cluster)));
    view! {
        <main id="content" tabindex="-1" class="tables">
            <p><a href=all>{words::HISTORY}</a></p>
            <h1>{words::HISTORY}" · "{scene::readable(&page.of)}</h1>
            <section class="card plain">
                <nav class="spans" aria-label=words::SPANS>{spans.collect_view()}</nav>
                <p class="hint">{words::read_since(&page.since)}</p>{damaged}
                {table}
            </section>
        </main>
    }
    .into_any()
}
