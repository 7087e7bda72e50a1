//! The way in: signing in, the first admin, tokens, the audit.

use leptos::prelude::*;

use super::{Assets, Theme, frame::hidden};
use crate::{base::at, source::View, texts};

/// A token in a list.
#[derive(Clone, Debug)]
pub struct TokenLine {
    /// Its public half.
    pub id: String,
    /// What it is for.
    pub name: String,
    /// Its role.
    pub role: String,
    /// Who made it.
    pub maker: String,
    /// Until when.
    pub expires: String,
    /// When it was last used.
    pub used: String,
    /// Why it is refused; empty while it is good.
    pub state: String,
}

/// A session in a list.
#[derive(Clone, Debug)]
pub struct SessionLine {
    /// Its id.
    pub id: String,
    /// Who they are, whatever they are called.
    pub subject: String,
    /// What they are called.
    pub who: String,
    /// Their role.
    pub role: String,
    /// From where they signed in.
    pub address: String,
    /// When they signed in.
    pub since: String,
    /// When it was last used.
    pub seen: String,
    /// Whether it is the one that looks.
    pub here: bool,
}

/// An entry of the audit.
#[derive(Clone, Debug)]
pub struct AuditLine {
    /// When.
    pub at: String,
    /// Who.
    pub who: String,
    /// How they are known, and from where they came.
    pub from: String,
    /// What.
    pub action: String,
    /// To what.
    pub target: String,
    /// Whether it was let pass.
    pub allowed: bool,
    /// What else.
    pub detail: String,
}

/// What the audit is searched for.
#[derive(Clone, Debug, Default)]
pub struct AuditSought {
    /// By this one.
    pub who: String,
    /// Actions that begin so.
    pub action: String,
    /// On this cluster.
    pub cluster: String,
}

/// Asks who it is: by name and password, by a provider, or both; `wrong` says what was wrong before, and `name` is the
/// name that was given then.
pub fn sign_in(next: &str, wrong: Option<&str>, name: &str, local: bool, provider: bool) -> AnyView {
    let class = if local { "other button" } else { "meant button" };
    let elsewhere = provider.then(|| {
        let to = at(&format!("/sign-in/oidc?next={}", scene::encoded(next)));
        view! { <p><a class=class href=to>{texts::SIGN_IN_ELSEWHERE}</a></p> }
    });
    let or = (provider && local).then(|| view! { <p class="or">{texts::OR}</p> });
    let local = local.then(|| by_password(next, name));
    view! {
        <main id="content" tabindex="-1" class="door">
            <h1>{texts::SIGN_IN}</h1>
            <p class="hint">{texts::SIGN_IN_FOR}</p>
            {said(wrong)}
            {local}
            {or}
            {elsewhere}
        </main>
    }
    .into_any()
}

fn by_password(next: &str, name: &str) -> AnyView {
    // Whose name is known goes on with the password.
    let known = !name.is_empty();
    view! {
        <form class="card fields" method="post" action=at("/sign-in")>
            <label>{texts::USER}<input name="name" value=name.to_owned() autocomplete="username" required autofocus=!known /></label>
            <label>{texts::PASSWORD}<input name="password" type="password" autocomplete="current-password" required autofocus=known /></label>
            <input type="hidden" name="next" value=next.to_owned() />
            <button class="meant" type="submit">{texts::SIGN_IN}</button>
        </form>
    }
    .into_any()
}

/// Says that the session here has ended, and leads on to end the provider's.
pub fn signed_out(there: &str) -> AnyView {
    view! {
        <main id="content" tabindex="-1" class="door">
            <h1>{texts::SIGN_OUT}</h1>
            <p class="hint">{texts::SIGNED_OUT_HERE}</p>
            <p><a class="meant button" href=there.to_owned() referrerpolicy="no-referrer">{texts::SIGN_OUT_THERE}</a></p>
        </main>
    }
    .into_any()
}

/// Who is signed in; each session can be ended, and all of a person's.
pub fn sessions(lines: &[SessionLine]) -> AnyView {
    let several = |line: &SessionLine| lines.iter().filter(|other| other.subject == line.subject).count() > 1;
    let rows: Vec<AnyView> = lines.iter().map(|line| session(line, several(line))).collect();
    let heads = [texts::WHO, texts::ROLE, texts::FROM_WHERE, texts::SINCE, texts::LAST_USED, texts::STATE];
    view! {
        <main id="content" tabindex="-1" class="records">
            <h1>{texts::SESSIONS}</h1>
            <p class="hint">{texts::SESSIONS_FOR}</p>
            {records(texts::SESSIONS, texts::NO_SESSIONS, heads, rows)}
        </main>
    }
    .into_any()
}

fn session(line: &SessionLine, several: bool) -> AnyView {
    let button = |field: &'static str, value: &str, word: &'static str| {
        let label = format!("{word}: {}", line.who);
        view! {
            <form method="post" action=at("/sessions/end")>
                <input type="hidden" name=field value=value.to_owned() />
                <button class="other small" type="submit" aria-label=label>{word}</button>
            </form>
        }
    };
    let all = several.then(|| button("subject", &line.subject, texts::END_ALL));
    let here = line.here.then(|| view! { <span class="under">{texts::THIS_BROWSER}</span> });
    let end = view! { <div>{here}{button("id", &line.id, texts::END_SESSION)}{all}</div> };
    let who = view! { <span>{line.who.clone()}" "<span class="under">{line.subject.clone()}</span></span> };
    view! {
        <tr role="row">
            {cell(texts::WHO, "", who)}
            {cell(texts::ROLE, "", line.role.clone())}
            {cell(texts::FROM_WHERE, "", line.address.clone())}
            {cell(texts::SINCE, "time", line.since.clone())}
            {cell(texts::LAST_USED, "time", line.seen.clone())}
            {cell(texts::STATE, "", end)}
        </tr>
    }
    .into_any()
}

/// Asks for the first admin's name and password.
pub fn first(key: &str, wrong: Option<&str>) -> AnyView {
    view! {
        <main id="content" tabindex="-1" class="door">
            <h1>{texts::FIRST}</h1>
            <p class="hint">{texts::FIRST_FOR}</p>
            {said(wrong)}
            <form class="card fields" method="post" action=at("/first")>
                <input type="hidden" name="key" value=key.to_owned() />
                <label>{texts::USER}<input name="name" autocomplete="username" required /></label>
                <label>{texts::NEW_PASSWORD}<input name="password" type="password" autocomplete="new-password" minlength="12" required /></label>
                <button class="meant" type="submit">{texts::FIRST}</button>
            </form>
        </main>
    }
    .into_any()
}

pub(super) fn said(wrong: Option<&str>) -> Option<AnyView> {
    wrong.map(|wrong| view! { <p class="wrong" role="alert">{wrong.to_owned()}</p> }.into_any())
}

/// Tokens; `made` is one that was just made, seen this once.
pub fn tokens(lines: &[TokenLine], made: Option<&str>, wrong: Option<&str>) -> AnyView {
    let made = made.map(|made| {
        view! {
            <section class="card made" role="status">
                <h2>{texts::TOKEN_MADE}</h2>
                <code class="token">{made.to_owned()}</code>
                <p class="hint">{texts::TOKEN_ONCE}</p>
            </section>
        }
    });
    let rows: Vec<AnyView> = lines.iter().map(token).collect();
    let heads = [texts::TOKEN_NAME, texts::ROLE, texts::MAKER, texts::EXPIRES, texts::LAST_USED, texts::STATE];
    view! {
        <main id="content" tabindex="-1" class="records">
            <h1>{texts::TOKENS}</h1>
            <p class="hint">{texts::TOKENS_FOR}</p>
            {said(wrong)}
            {made}
            <form class="card asks" method="post" action=at("/tokens")>
                <label class="grows">{texts::TOKEN_NAME}<input name="name" maxlength="100" autocomplete="off" required /></label>
                <label>{texts::ROLE}<select name="role">
                    <option value="viewer">{texts::VIEWER}</option>
                    <option value="operator">{texts::OPERATOR}</option>
                    <option value="admin">{texts::ADMIN}</option>
                </select></label>
                <label class="few">{texts::DAYS}<input name="days" type="number" min="1" max="366" value="30" required /></label>
                <button class="meant" type="submit">{texts::MAKE}</button>
            </form>
            {records(texts::TOKENS, texts::NO_TOKENS, heads, rows)}
        </main>
    }
    .into_any()
}

/// A table whose rows become cards where it is narrow; the roles stay when they do.
pub(super) fn records(name: &'static str, none: &'static str, heads: [&'static str; 6], rows: Vec<AnyView>) -> AnyView {
    if rows.is_empty() {
        return view! { <p class="hint">{none}</p> }.into_any();
    }
    let heads = heads.map(|head| view! { <th scope="col" role="columnheader">{head}</th> });
    view! {
        <section class="card wide" tabindex="0" aria-label=name>
            <table role="table">
                <thead role="rowgroup"><tr role="row">{heads.into_iter().collect_view()}</tr></thead>
                <tbody role="rowgroup">{rows}</tbody>
            </table>
        </section>
    }
    .into_any()
}

pub(super) fn cell(head: &'static str, class: &'static str, content: impl IntoView + 'static) -> AnyView {
    view! { <td role="cell" class=class data-label=head>{content}</td> }.into_any()
}

fn token(line: &TokenLine) -> AnyView {
    let state = if line.state.is_empty() {
        let label = format!("{} {}", texts::REVOKE, line.name);
        view! {
            <details class="cancel"><summary aria-label=label.clone()>{texts::REVOKE}</summary>
                <form method="post" action=at(&format!("/tokens/{}/revoke", line.id))>
                    <button class="danger" type="submit" aria-label=label>{texts::REVOKE_NOW}</button>
                </form>
            </details>
        }
        .into_any()
    } else {
        line.state.clone().into_any()
    };
    let name = view! { <span>{line.name.clone()}" "<code class="under">{line.id.clone()}</code></span> };
    view! {
        <tr role="row" class=(!line.state.is_empty()).then_some("past")>
            {cell(texts::TOKEN_NAME, "", name)}
            {cell(texts::ROLE, "", line.role.clone())}
            {cell(texts::MAKER, "", line.maker.clone())}
            {cell(texts::EXPIRES, "time", line.expires.clone())}
            {cell(texts::LAST_USED, "time", line.used.clone())}
            {cell(texts::STATE, "", state)}
        </tr>
    }
    .into_any()
}

/// The audit, newest first; `next` leads to older entries.
pub fn audit(lines: &[AuditLine], sought: &AuditSought, next: Option<i64>, theme: Theme) -> AnyView {
    let query = [("who", &sought.who), ("action", &sought.action), ("cluster", &sought.cluster)]
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| format!("{name}={}&", scene::encoded(value)))
        .collect::<String>();
    let looks = theme.word().map(|word| format!("theme={word}&")).unwrap_or_default();
    let older = next.map(|before| {
        let to = at(&format!("/audit?{query}{looks}before={before}"));
        view! { <p><a class="other" href=to rel="next">{texts::OLDER}</a></p> }
    });
    let rows: Vec<AnyView> = lines.iter().map(entry).collect();
    let heads = [texts::WHEN, texts::WHO, texts::ACTION, texts::TARGET, texts::ALLOWED, texts::DETAIL];
    view! {
        <main id="content" tabindex="-1" class="records">
            <h1>{texts::AUDIT}</h1>
            <p class="hint">{texts::AUDIT_FOR}</p>
            <form class="card asks" method="get" action=at("/audit")>
                <label>{texts::WHO}<input name="who" value=sought.who.clone() autocomplete="off" /></label>
                <label>{texts::ACTION}<input name="action" value=sought.action.clone() autocomplete="off" /></label>
                <label>{texts::CLUSTER}<input name="cluster" value=sought.cluster.clone() autocomplete="off" /></label>
                {hidden(&View::default(), theme)}
                <button class="meant" type="submit">{texts::APPLY}</button>
                <a class="end" href=at(&format!("/audit.jsonl?{query}"))>{texts::AS_LINES}</a>
            </form>
            {records(texts::AUDIT, texts::NO_ENTRIES, heads, rows)}
            {older}
        </main>
    }
    .into_any()
}

fn entry(line: &AuditLine) -> AnyView {
    let (allowed, class) = if line.allowed { (texts::YES, "passed h-ok") } else { (texts::REFUSED, "passed h-bad") };
    let action = view! { <code>{line.action.clone()}</code> };
    let who = view! { <span>{line.who.clone()}" "<span class="under">{line.from.clone()}</span></span> };
    view! {
        <tr role="row">
            {cell(texts::WHEN, "time", line.at.clone())}
            {cell(texts::WHO, "", who)}
            {cell(texts::ACTION, "", action)}
            {cell(texts::TARGET, "target", line.target.clone())}
            {cell(texts::ALLOWED, class, allowed)}
            {cell(texts::DETAIL, "target", Some(line.detail.clone()).filter(|detail| !detail.is_empty()))}
        </tr>
    }
    .into_any()
}

/// A page that stands alone: why a request was refused.
pub fn refusal(why: &str, assets: &Assets) -> String {
    format!(
        "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>{title} · {name}</title>\
         <link rel=\"icon\" href=\"{icon}\" type=\"image/svg+xml\"><link rel=\"stylesheet\" href=\"{style}\"></head>\
         <body><header><div class=\"top\"><a class=\"logo\" href=\"{to}\"><img src=\"{icon}\" alt=\"\" width=\"22\" height=\"22\">{name}</a>\
         </div></header><main id=\"content\" class=\"plain trouble\"><h1>{title}</h1><p>{why}</p>\
         <p><a href=\"{to}\">{home}</a></p></main></body></html>",
        name = texts::NAME,
        title = texts::REFUSED_PAGE,
        icon = at(&assets.icon),
        style = at(&assets.style),
        why = scene::escaped(why),
        to = at("/"),
        home = texts::BACK,
    )
}
