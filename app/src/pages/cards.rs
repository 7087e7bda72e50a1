//! Each cluster on a card: its sentence, its hosts in small, and what one would open it for.

use std::{fmt::Write, ops::Range};

use leptos::prelude::*;
use scene::{Health, escaped};

use super::{
    Theme,
    backups::{self, Kept},
    deployments::RunLine,
};
use crate::{
    base::at,
    parts,
    source::{ClusterLine, Phrase},
    texts::{self, backups as kept_words, cards as words, deployments as run_words},
};

/// What a card shows.
#[derive(Clone, Debug)]
pub struct Card {
    /// Its cluster.
    pub line: ClusterLine,
    /// What it tells; none while nothing is known of it.
    pub told: Option<CardTold>,
    /// What keeps it from being read, as a sentence; empty when nothing does.
    pub trouble: String,
    /// Its latest deployment; none where nothing can be deployed or nothing was.
    pub run: Option<RunLine>,
    /// Its backups; none where nobody may see them.
    pub kept: Option<Kept>,
}

/// What a cluster tells.
#[derive(Clone, Debug)]
pub struct CardTold {
    /// Its state in a sentence.
    pub sentence: Vec<Phrase>,
    /// Its hosts, masters first.
    pub hosts: Vec<CardHost>,
    /// How many things need attention.
    pub concerns: usize,
    /// How many incidents have not ended; none while that is not known.
    pub incidents: Option<usize>,
}

/// The part of all clusters whose cards are on one page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CardPage {
    /// Its number, from 1 on.
    pub number: usize,
    /// How many pages there are, at least one.
    pub pages: usize,
    /// How many clusters there are.
    pub clusters: usize,
}

impl CardPage {
    /// The page that was asked for, or the nearest that there is.
    pub fn of(number: usize, clusters: usize) -> Self {
        let pages = clusters.div_ceil(ON_A_PAGE).max(1);
        Self { number: number.clamp(1, pages), pages, clusters }
    }

    /// Its clusters, as places in the list of all.
    pub fn range(self) -> Range<usize> {
        let first = (self.number - 1) * ON_A_PAGE;
        first..(first + ON_A_PAGE).min(self.clusters)
    }
}

/// A host in small.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CardHost {
    /// Its name.
    pub name: String,
    /// Whether it is a master.
    pub master: bool,
    /// How it fares.
    pub health: Health,
}

/// So many cards are on a page.
pub const ON_A_PAGE: usize = 200;
/// So many hosts are drawn on a card; of more the worst are among them.
const DRAWN: usize = 60;
/// So many hosts are drawn on all cards, while each has a row at least.
const DRAWN_OF_ALL: usize = 2_400;
/// So many stand in a row.
const ROW: usize = 20;
/// From one to the next.
const STEP: usize = 18;

/// The cards, as a list.
pub fn cards(cards: &[Card]) -> AnyView {
    let room = (DRAWN_OF_ALL / cards.len().max(1)).clamp(ROW, DRAWN);
    cards.iter().map(|one| card(one, room)).collect_view().into_any()
}

/// Which clusters have their cards here, and the ways to the others; nothing where all are here.
pub(super) fn page_links(page: CardPage, theme: Theme) -> Option<AnyView> {
    if page.pages == 1 {
        return None;
    }
    let theme = theme.word().map(|word| format!("theme={word}&")).unwrap_or_default();
    let link = |number: usize, text: String| {
        let to = at(&format!("/?{theme}page={number}"));
        let here = (number == page.number).then_some("page");
        view! { <li><a href=to aria-current=here>{text}</a></li> }
    };
    let before = (page.number > 1).then(|| link(page.number - 1, words::BEFORE.to_owned()));
    let after = (page.number < page.pages).then(|| link(page.number + 1, words::AFTER.to_owned()));
    let range = page.range();
    Some(
        view! {
            <nav class="page-links" aria-label=words::PAGES>
                <p>{words::shown(range.start + 1, range.end, page.clusters)}</p>
                <ul>{before}{(1..=page.pages).map(|number| link(number, number.to_string())).collect_view()}{after}</ul>
            </nav>
        }
        .into_any(),
    )
}

fn card(card: &Card, room: usize) -> AnyView {
    let line = &card.line;
    let origin = if line.demo { texts::DEMO } else { &line.origin };
    if !scene::is_addressable(&line.name) {
        return view! { <li><strong>{line.name.clone()}</strong><small>{texts::NO_ADDRESS}</small></li> }.into_any();
    }
    let to = at(&format!("/c/{}", scene::segment(&line.name)));
    let trouble = (!card.trouble.is_empty())
        .then(|| view! { <p class="said"><span class="h-stale">{scene::readable(&card.trouble)}</span></p> });
    let told = match &card.told {
        Some(told) => self::told(&to, told, room),
        None if card.trouble.is_empty() => view! { <p class="hint">{words::NOT_HEARD}</p> }.into_any(),
        None => ().into_any(),
    };
    let run = card.run.as_ref().map(|run| {
        let text = format!("{} · {}", run.kind, run.headline);
        view! {
            <li><span class=format!("badge h-{}", run.health.word())>{run_words::state(&run.state).to_owned()}</span>
            " "<a href=format!("{to}/deployments/{}", run.id)>{text}</a>" "<small>{run.created.clone()}</small></li>
        }
    });
    let kept = card.kept.as_ref().filter(|kept| kept.known).map(|kept| match &kept.newest {
        Some(newest) => backups::kept_line(&format!("{to}/backups"), newest),
        None => view! { <li><a class="badge h-bad" href=format!("{to}/backups")>{kept_words::NO_GOOD_ONE}</a></li> }
            .into_any(),
    });
    view! {
        <li>
            <a href=to.clone()><strong>{line.name.clone()}</strong></a><small>{origin.to_owned()}</small>
            {trouble}{told}
            <ul class="facts">{run}{kept}</ul>
        </li>
    }
    .into_any()
}

fn told(to: &str, told: &CardTold, room: usize) -> AnyView {
    let counted = [
        (told.incidents.unwrap_or_default(), format!("{to}/incidents"), words::INCIDENT),
        (told.concerns, format!("{to}#overview"), words::CONCERN),
    ];
    let counted = counted.into_iter().filter(|(count, ..)| *count > 0).map(|(count, to, [one, many])| {
        let text = format!("{count} {}", if count == 1 { one } else { many });
        view! { <li><a class="badge h-warn" href=to>{text}</a></li> }
    });
    let silent = told.incidents.is_none().then(|| view! { <li class="hint">{words::INCIDENTS_UNKNOWN}</li> });
    view! {
        <p class="said" inner_html=parts::sentence(&told.sentence, &format!("{to}?"))></p>
        <div inner_html=hosts(&told.hosts, room)></div>
        <ul class="facts">{counted.collect_view()}{silent}</ul>
    }
    .into_any()
}

/// A square for each host; masters have a double edge, and a sign says how each fares that is not healthy.
fn hosts(hosts: &[CardHost], room: usize) -> String {
    if hosts.is_empty() {
        return String::new();
    }
    let mut drawn: Vec<&CardHost> = hosts.iter().collect();
    if drawn.len() > room {
        drawn.sort_by_key(|host| std::cmp::Reverse(host.health.severity()));
        drawn.truncate(room);
        drawn.sort_by_key(|host| !host.master);
    }
    let rows = drawn.len().div_ceil(ROW);
    let (width, height) = (drawn.len().min(ROW) * STEP, rows * STEP);
    let mut out = format!(
        "<svg class=\"small-hosts\" role=\"img\" aria-label=\"{}\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\">",
        escaped(&words::hosts(&counts(hosts), hosts.len()))
    );
    for (n, host) in drawn.iter().enumerate() {
        let (x, y) = (n % ROW * STEP + 2, n / ROW * STEP + 2);
        let _ = write!(
            out,
            "<g class=\"h-{}\" transform=\"translate({x} {y})\"><title>{}</title><rect width=\"14\" height=\"14\" rx=\"3\"/>",
            host.health.word(),
            escaped(&words::host(&host.name, host.master, host.health))
        );
        if host.master {
            out.push_str("<rect class=\"edge\" x=\"2.5\" y=\"2.5\" width=\"9\" height=\"9\" rx=\"1.5\"/>");
        }
        if let Some(sign) = sign(host.health) {
            let _ = write!(out, "<text x=\"7\" y=\"11\">{sign}</text>");
        }
        out.push_str("</g>");
    }
    out.push_str("</svg>");
    if hosts.len() > drawn.len() {
        let _ = write!(out, "<small>{}</small>", escaped(&words::more(hosts.len() - drawn.len())));
    }
    out
}

/// How many hosts fare how, the worst first.
fn counts(hosts: &[CardHost]) -> Vec<(usize, Health)> {
    let count = |health: Health| (hosts.iter().filter(|host| host.health == health).count(), health);
    Health::ALL.into_iter().rev().map(count).filter(|(count, _)| *count > 0).collect()
}

const fn sign(health: Health) -> Option<char> {
    match health {
        Health::Ok | Health::Done => None,
        Health::Ghost => Some('+'),
        Health::Starting => Some('…'),
        Health::Unknown => Some('?'),
        Health::Stale => Some('~'),
        Health::Warn => Some('!'),
        Health::Bad => Some('×'),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(n: usize, health: Health) -> CardHost {
        CardHost { name: format!("host{n}"), master: n < 3, health }
    }

    #[test]
    fn a_host_that_is_not_healthy_has_a_sign_and_is_counted() {
        let drawn = hosts(&[host(0, Health::Ok), host(1, Health::Bad), host(2, Health::Stale)], DRAWN);
        assert!(drawn.contains("<text x=\"7\" y=\"11\">×</text>") && drawn.contains(">~</text>"), "{drawn}");
        assert!(drawn.contains("3 hosts: 1 failing, 1 not responding, 1 healthy"), "{drawn}");
    }

    #[test]
    fn every_cluster_is_on_one_page_of_cards() {
        for clusters in [0, 1, ON_A_PAGE, ON_A_PAGE + 1, 2 * ON_A_PAGE, 5 * ON_A_PAGE + 7] {
            let pages = CardPage::of(1, clusters).pages;
            let all: Vec<usize> = (1..=pages).flat_map(|number| CardPage::of(number, clusters).range()).collect();
            assert_eq!(all, (0..clusters).collect::<Vec<_>>(), "{clusters} clusters");
        }
        assert_eq!(CardPage::of(0, 450), CardPage::of(1, 450));
        assert_eq!(CardPage::of(usize::MAX, 450), CardPage::of(3, 450));
    }

    #[test]
    fn of_many_hosts_the_worst_are_drawn() {
        let many: Vec<CardHost> =
            (0..1_000).map(|n| host(n, if n == 999 { Health::Bad } else { Health::Ok })).collect();
        let drawn = hosts(&many, DRAWN);
        assert_eq!(drawn.matches("<g ").count(), DRAWN);
        assert!(drawn.contains("<title>host999") && drawn.contains("and 940 more"), "{drawn}");
    }
}
