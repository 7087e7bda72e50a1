//! What every page has around it.

use leptos::prelude::*;

use super::{
    backups::{self, WarningLine},
    demo::{banner, tour},
    history::{Past, band},
    scripts::scripts,
};
use crate::{
    base::at,
    islands::Shortcuts,
    source::{ClusterLine, View},
    texts,
    texts::keys as words,
};

/// Where the server keeps what a page loads besides itself: paths that begin with `/` and hold a
/// hash of the content.
#[derive(Clone, Debug, Default)]
pub struct Assets {
    /// The style sheet.
    pub style: String,
    /// The icon.
    pub icon: String,
    /// The folder of the islands' script; `None` when it was not built, and pages stay still.
    pub script: Option<String>,
}

/// Which page is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tab {
    /// The architecture figure.
    Architecture,
    /// The networking figure.
    Networking,
    /// Its facts in rows.
    Table,
    /// Where it has left its plan.
    Drift,
    /// What was and is done to it.
    Deployments,
    /// What of it is kept elsewhere.
    Backups,
    /// What it says has happened.
    Events,
    /// Objects of every kind.
    Objects,
    /// The answer to the loss of a host.
    WhatIf,
    /// What it was like.
    History,
}

/// Light, dark, or as the reader's system has it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Theme {
    /// As the system has it.
    #[default]
    System,
    /// Always light.
    Light,
    /// Always dark.
    Dark,
}

impl Tab {
    /// Its path below a cluster's.
    pub const fn path(self) -> &'static str {
        match self {
            Self::Architecture => "",
            Self::Networking => "/networking",
            Self::Table => "/table",
            Self::Drift => "/drift",
            Self::Deployments => "/deployments",
            Self::Backups => "/backups",
            Self::Events => "/events",
            Self::Objects => "/objects",
            Self::WhatIf => "/what-if",
            Self::History => "/history",
        }
    }

    /// Its name for people.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Architecture => texts::ARCHITECTURE,
            Self::Networking => texts::NETWORKING,
            Self::Table => texts::TABLE,
            Self::Drift => texts::DRIFT,
            Self::Deployments => texts::deployments::DEPLOYMENTS,
            Self::Backups => texts::backups::BACKUPS,
            Self::Events => texts::objects::EVENTS,
            Self::Objects => texts::objects::OBJECTS,
            Self::WhatIf => texts::what_if::WHAT_IF,
            Self::History => texts::history::HISTORY,
        }
    }

    /// Where the view that is open stands.
    pub(super) fn of(view: &View) -> Self {
        if view.figure == View::NETWORKING { Self::Networking } else { Self::Architecture }
    }
}

impl Theme {
    /// From the address.
    pub fn from_word(word: &str) -> Self {
        match word {
            "light" => Self::Light,
            "dark" => Self::Dark,
            _ => Self::System,
        }
    }

    /// For the address and the style sheet.
    pub const fn word(self) -> Option<&'static str> {
        match self {
            Self::System => None,
            Self::Light => Some("light"),
            Self::Dark => Some("dark"),
        }
    }
}

/// Who looks at the page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Visitor {
    /// Their name.
    pub name: String,
    /// Their role's word; empty when they have none.
    pub role: String,
    /// Whether they signed in, and so can sign out.
    pub signed_in: bool,
    /// Whether nobody needs to.
    pub open: bool,
    /// Whether they may see tokens and the audit.
    pub admin: bool,
}

/// What the frame shows.
#[derive(Clone, Debug)]
pub struct Frame {
    /// The page's title, without the program's name.
    pub title: String,
    /// Clusters that can be chosen.
    pub clusters: Vec<ClusterLine>,
    /// The one that is open, and on which page.
    pub open: Option<(String, Tab)>,
    /// The view, for links that keep it.
    pub view: View,
    /// The colours that the address asks for: links keep them.
    pub theme: Theme,
    /// The colours that are shown.
    pub shown: Theme,
    /// The page's own path and query, without colours.
    pub here: String,
    /// When it was drawn, as in `2026-11-29 12:03:20 UTC`.
    pub at: String,
    /// Files.
    pub assets: Assets,
    /// For pages that try again by themselves: seconds until they do.
    pub again: Option<u32>,
    /// Who looks.
    pub visitor: Visitor,
    /// What to be warned of, of the cluster that is open, or of all.
    pub warned: Warned,
    /// The past moment that is shown, when it is not now.
    pub past: Option<Past>,
    /// The step of the demonstration's tour that the visitor takes; zero for none.
    pub tour: usize,
}

/// Who says what to be warned of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Warned {
    /// Whoever draws the frame finds it out.
    #[default]
    Ask,
    /// The frame.
    Here(Vec<WarningLine>),
    /// The page itself.
    Page,
}

/// The whole document around a page's content.
pub fn frame(frame: Frame, content: AnyView) -> AnyView {
    let Frame {
        title,
        clusters,
        open,
        view,
        theme,
        shown,
        here,
        at: drawn,
        assets,
        again,
        visitor,
        warned,
        past,
        tour: number,
    } = frame;
    // Where there is a script, the page renews itself by it.
    let scripted = assets.script.is_some();
    let again = again.map(|seconds| {
        let meta = view! { <meta http-equiv="refresh" content=seconds.to_string() /> };
        if scripted { view! { <noscript>{meta}</noscript> }.into_any() } else { meta.into_any() }
    });
    let scripts = assets.script.as_deref().map(scripts);
    let demo = open.as_ref().is_some_and(|(name, _)| clusters.iter().any(|line| line.demo && line.name == *name));
    let to = |path: &str| ours(path, theme);
    let keys = open.as_ref().filter(|_| scripted).map(|(cluster, _)| shortcuts(cluster));
    let printed = format!("{title} · {drawn}");
    let still =
        (scripted && open.is_some()).then(|| view! { <noscript><p class="demo">{texts::as_of(&drawn)}</p></noscript> });
    // Who is nobody yet can open none of these.
    let known = visitor.open || !visitor.role.is_empty();
    let warnings = match &warned {
        Warned::Here(lines) if known => backups::warned(lines, true, false),
        _ => None,
    };
    let body = view! {
        <a class="skip" href="#content">{texts::SKIP}</a>
        <header>
        {open.as_ref().filter(|_| demo).map(|(cluster, _)| banner(cluster, number > 0))}
        {open.as_ref().filter(|_| demo).and_then(|(cluster, _)| tour(cluster, number))}
        <div class="top">
            <a class="logo" href=to("/")><img src=at(&assets.icon) alt="" width="22" height="22" />{texts::NAME}</a>
            {chooser(&clusters, open.as_ref(), theme)}
            {known.then(|| view! { <a class="plans" href=to("/plans")>{texts::PLANS}</a><a class="plans" href=to("/api")>{texts::API}</a> })}
            <span class="grow"></span>
            {open.as_ref().map(|(cluster, tab)| search(cluster, *tab, &view, theme))}
            {themes(&here, shown)}
            {visited(&visitor, theme)}
        </div>
        <p class="printed">{printed}</p>
        </header>
        {still}
        {open.as_ref().map(|(cluster, tab)| tabs(cluster, *tab, &view, theme))}
        {past.as_ref().map(|past| band(past, &view, theme))}
        {warnings}
        {content}
        {keys}
    };
    view! {
        <!DOCTYPE html>
        <html lang="en" data-theme=shown.word()>
            <head>
                <meta charset="utf-8" />
                <meta name="viewport" content="width=device-width, initial-scale=1" />
                <meta name="color-scheme" content=shown.word().unwrap_or("light dark") />
                {again}
                <title inner_html=scene::escaped(&format!("{title} · {}", texts::NAME))></title>
                <link rel="icon" href=at(&assets.icon) type="image/svg+xml" />
                <link rel="stylesheet" href=at(&assets.style) />
                {scripts}
            </head>
            <body>{body}</body>
        </html>
    }
    .into_any()
}

/// The keys that lead to other pages, and their list, which `?` shows.
fn shortcuts(cluster: &str) -> AnyView {
    let pages = words::PAGES.map(|(letter, _, page)| {
        view! { <dt><kbd>"g"</kbd>" "<kbd>{letter}</kbd></dt><dd>{page}</dd> }
    });
    let others = words::OTHERS.map(|(key, act)| view! { <dt><kbd>{key}</kbd></dt><dd>{act}</dd> });
    view! {
        <dialog id="keys" aria-labelledby="t-keys">
            <h2 id="t-keys">{words::KEYS}</h2>
            <dl>{pages.into_iter().collect_view()}{others.into_iter().collect_view()}</dl>
            <form method="dialog"><button>{words::CLOSE}</button></form>
        </dialog>
        <Shortcuts base=at(&format!("/c/{}", scene::segment(cluster))) />
    }
    .into_any()
}

/// A page of ours that keeps the theme.
fn ours(path: &str, theme: Theme) -> String {
    let looks = theme.word().map(|word| format!("?theme={word}")).unwrap_or_default();
    at(&format!("{path}{looks}"))
}

fn visited(visitor: &Visitor, theme: Theme) -> Option<AnyView> {
    if visitor.open {
        return Some(view! { <p class="visitor">{texts::NO_SIGN_IN}</p> }.into_any());
    }
    if visitor.role.is_empty() {
        return None;
    }
    let admin = visitor.admin.then(|| {
        view! {
            <a href=ours("/users", theme)>{texts::USERS}</a>
            <a href=ours("/sessions", theme)>{texts::SESSIONS}</a>
            <a href=ours("/tokens", theme)>{texts::TOKENS}</a>
            <a href=ours("/audit", theme)>{texts::AUDIT}</a>
        }
    });
    let leave = visitor.signed_in.then(|| {
        view! {
            <form method="post" action=at("/sign-out")><button class="other" type="submit">{texts::SIGN_OUT}</button></form>
            <form method="post" action=at("/sign-out-everywhere")>
                <button class="other" type="submit">{texts::SIGN_OUT_EVERYWHERE}</button>
            </form>
        }
    });
    Some(
        view! {
            <details class="chooser visitor">
                <summary class="pill">{format!("{} · {}", visitor.name, visitor.role)}</summary>
                <div class="menu">{admin}{leave}</div>
            </details>
        }
        .into_any(),
    )
}

fn chooser(clusters: &[ClusterLine], open: Option<&(String, Tab)>, theme: Theme) -> Option<AnyView> {
    let (name, _) = open?;
    if clusters.len() < 2 {
        return Some(view! { <span class="pill">{name.clone()}</span> }.into_any());
    }
    let others = clusters.iter().filter(|line| scene::is_addressable(&line.name)).map(|line| {
        let here = (line.name == *name).then_some("page");
        view! { <li><a href=ours(&format!("/c/{}", scene::segment(&line.name)), theme) aria-current=here>{line.name.clone()}</a></li> }
    });
    let others: Vec<_> = others.collect();
    Some(
        view! { <details class="chooser"><summary class="pill">{name.clone()}</summary><ul>{others}</ul></details> }
            .into_any(),
    )
}

fn tabs(cluster: &str, open: Tab, view: &View, theme: Theme) -> AnyView {
    let tabs = [
        Tab::Architecture,
        Tab::Networking,
        Tab::Drift,
        Tab::Table,
        Tab::Deployments,
        Tab::Backups,
        Tab::History,
        Tab::Events,
        Tab::Objects,
        Tab::WhatIf,
    ];
    let tabs = tabs.map(|tab| {
        // The others show the present alone.
        let past = matches!(tab, Tab::Architecture | Tab::Networking | Tab::Table);
        let moment = if past { view.moment.clone() } else { String::new() };
        let view = View { moment, ..view.clone() };
        let to = at(&format!("/c/{}{}{}", scene::segment(cluster), tab.path(), query(&view, theme)));
        view! { <a href=to aria-current=(tab == open).then_some("page")>{tab.name()}</a> }
    });
    view! { <nav class="tabs" aria-label=texts::VIEWS>{tabs.into_iter().collect_view()}</nav> }.into_any()
}

/// A view's whole query with its `?`, the theme included; empty when there is nothing to say. The
/// path tells the figure.
pub(super) fn query(view: &View, theme: Theme) -> String {
    let view = View { figure: String::new(), ..view.clone() };
    let theme = theme.word().map(|word| format!("theme={word}"));
    let parts: Vec<String> = Some(view.query()).filter(|query| !query.is_empty()).into_iter().chain(theme).collect();
    if parts.is_empty() { String::new() } else { format!("?{}", parts.join("&")) }
}

/// What links of a figure begin with: the view and the theme, ready for one more parameter.
pub(super) fn prefix(view: &View, theme: Theme) -> String {
    match query(view, theme) {
        query if query.is_empty() => "?".into(),
        query => format!("{query}&"),
    }
}

fn search(cluster: &str, tab: Tab, view: &View, theme: Theme) -> AnyView {
    // Where nothing is drawn, what is found is shown in the figure.
    let tab = if matches!(tab, Tab::Events | Tab::Objects) { Tab::Architecture } else { tab };
    let to = at(&format!("/c/{}{}", scene::segment(cluster), tab.path()));
    view! {
        <form class="search" method="get" action=to role="search">
            <input type="search" name="q" value=view.search.clone() placeholder=texts::SEARCH aria-label=texts::SEARCH
                id="search" autocomplete="off" spellcheck="false" />
            <div id="hits" class="hits" role="status" hidden></div>
            {hidden(&View { search: String::new(), ..view.clone() }, theme)}
        </form>
    }
    .into_any()
}

/// A view's other parameters, for a form that changes one of them.
pub(super) fn hidden(view: &View, theme: Theme) -> AnyView {
    let fields = [
        ("at", view.at.clone()),
        ("ns", view.namespace.clone()),
        ("owner", view.owner.clone()),
        ("state", view.state.clone()),
        ("q", view.search.clone()),
        ("t", view.moment.clone()),
        ("theme", theme.word().unwrap_or_default().to_owned()),
    ];
    fields
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| view! { <input type="hidden" name=name value=value /> })
        .collect_view()
        .into_any()
}

/// One control of three states. The choice is kept in a cookie.
fn themes(here: &str, shown: Theme) -> AnyView {
    let link = |to: Theme, name: &'static str| {
        let href = at(&format!("/theme?to={}&back={}", to.word().unwrap_or("system"), scene::segment(here)));
        view! { <a href=href aria-current=(shown == to).then_some("true")>{name}</a> }
    };
    view! {
        <nav class="themes" aria-label=texts::THEME>
            {link(Theme::System, texts::SYSTEM)}{link(Theme::Light, texts::LIGHT)}{link(Theme::Dark, texts::DARK)}
        </nav>
    }
    .into_any()
}
