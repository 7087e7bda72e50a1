//! The order in which all hosts are drained, wave after wave.

use leptos::prelude::*;
use scene::Health;

use crate::texts::what_if as texts;

/// The order in the page's words.
#[derive(Clone, Debug)]
pub struct Order {
    /// In one sentence.
    pub sentence: String,
    /// How that is.
    pub health: Health,
    /// Hosts that can be drained together, wave after wave.
    pub waves: Vec<WaveLine>,
    /// Hosts that cannot be drained so.
    pub stuck: Vec<StuckLine>,
    /// The room that is missing.
    pub missing: Option<String>,
    /// What `kubectl drain` has to be told.
    pub flags: String,
}

/// Hosts that can be drained together.
#[derive(Clone, Debug)]
pub struct WaveLine {
    /// The hosts.
    pub hosts: Vec<String>,
    /// How many pods are evicted.
    pub pods: u32,
    /// Hosts that take these, and how many each.
    pub takes: Vec<(String, u32)>,
    /// Budgets that let pods go only one after another; empty for none.
    pub slow: String,
    /// Services whose only endpoint is evicted; empty for none.
    pub interrupted: String,
}

/// Hosts that cannot be drained without harm for the same reasons.
#[derive(Clone, Debug)]
pub struct StuckLine {
    /// The hosts.
    pub hosts: Vec<String>,
    /// How that is.
    pub health: Health,
    /// Why, the worst first.
    pub why: Vec<String>,
}

/// Marks of one wave; more hosts are told by their number.
const MARKS: usize = 24;
/// Hosts of one line.
const SHOWN: usize = 40;

/// The section with the waves.
pub(super) fn waves(base: &str, order: &Order) -> AnyView {
    let waves = order.waves.iter().map(wave).collect_view();
    let stuck = order.stuck.iter().take(SHOWN).map(stuck).collect_view();
    let more = order.stuck.len().saturating_sub(SHOWN);
    let more = (more > 0).then(|| view! { <p class="hint">{texts::more(more)}</p> });
    let stuck =
        (!order.stuck.is_empty()).then(|| view! { <h3>{texts::STUCK}</h3><ul class="waves">{stuck}</ul>{more} });
    let missing = order.missing.as_ref().map(|missing| view! { <p>{texts::missing(missing)}"."</p> });
    let flags = (!order.flags.is_empty()).then(|| view! { <p class="hint">{texts::drain_needs(&order.flags)}"."</p> });
    view! {
        <section class="card overview" aria-labelledby="drain-order">
            <h2 id="drain-order">{texts::DRAIN_ORDER}</h2>
            <ol class="waves">{waves}</ol>
            {stuck}{missing}{flags}
            <p class="hint">{texts::AFTER_A_WAVE}</p>
            <p class="files"><a href=format!("{base}.json?order=drain")>{texts::JSON}</a></p>
        </section>
    }
    .into_any()
}

/// The worst reason stands open, the others are folded.
fn stuck(stuck: &StuckLine) -> AnyView {
    let class = format!("h-{}", stuck.health.word());
    let others = stuck.why.get(1..).unwrap_or_default();
    let beyond = others.len().saturating_sub(SHOWN);
    let beyond = (beyond > 0).then(|| view! { <li>{texts::more(beyond)}</li> });
    let lines = others.iter().take(SHOWN).map(|why| view! { <li>{scene::readable(why)}</li> }).collect_view();
    let folded = (!others.is_empty()).then(|| {
        view! {
            <details><summary>{texts::more_reasons(others.len())}</summary><ul>{lines}{beyond}</ul></details>
        }
    });
    let first = stuck.why.first().map(|why| scene::readable(why));
    view! { <li><strong class=class>{scene::readable(&listed(&stuck.hosts))}</strong>" "<span>{first}</span>{folded}</li> }
        .into_any()
}

/// The first hosts of a line.
fn listed(hosts: &[String]) -> String {
    let shown = hosts.iter().take(SHOWN).map(String::as_str).collect::<Vec<_>>().join(", ");
    match hosts.len().saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown} {}", texts::more(more)),
    }
}

fn wave(wave: &WaveLine) -> AnyView {
    let hosts = listed(&wave.hosts);
    let takes = wave.takes.iter().take(SHOWN).map(|(host, pods)| format!("{host} {pods}")).collect::<Vec<_>>();
    let takes = (!takes.is_empty()).then(|| {
        view! { <details><summary>{texts::RETURNS}</summary><p>{scene::readable(&takes.join(", "))}</p></details> }
    });
    let slow = (!wave.slow.is_empty()).then(|| view! { <small>{texts::slow(&wave.slow)}</small> });
    let interrupted = (!wave.interrupted.is_empty())
        .then(|| view! { <small class="h-warn">{texts::interrupted(&wave.interrupted)}</small> });
    view! {
        <li>{marks(wave.hosts.len())}<strong>{scene::readable(&hosts)}</strong>" "<span>{texts::moves(wave.pods)}</span>
        {slow}{interrupted}{takes}</li>
    }
    .into_any()
}

/// One square for each host of a wave.
fn marks(hosts: usize) -> AnyView {
    let shown = hosts.min(MARKS);
    let squares = (0..shown).map(|at| {
        view! { <rect x=(at * 10 + 1).to_string() y="1" width="8" height="8" rx="1.5" fill="currentColor" /> }
    });
    let width = (shown * 10).to_string();
    let size = format!("0 0 {width} 10");
    view! { <svg class="marks" viewBox=size width=width height="10" aria-hidden="true">{squares.collect_view()}</svg> }
        .into_any()
}
