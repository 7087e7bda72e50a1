//! The way in: signing in, the first admin, tokens, the audit.

use leptos::prelude::*;

use crate::{base::at, texts};

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

/// An entry of the audit.
#[derive(Clone, Debug)]
pub struct AuditLine {
    /// When.
    pub at: String,
    /// Who, how known, from where.
    pub who: String,
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

/// Asks who it is: by name and password, by a provider, or both; `wrong` says what was wrong before.
pub fn sign_in(next: &str, wrong: Option<&str>, local: bool, provider: bool) -> AnyView {
    let elsewhere = provider.then(|| {
        let to = at(&format!("/sign-in/oidc?next={}", scene::encoded(next)));
        view! { <p><a class="button" href=to>{texts::SIGN_IN_ELSEWHERE}</a></p> }
    });
    let local = local.then(|| by_password(next));
    view! {
        <main id="content" tabindex="-1" class="plain door">
            <h1>{texts::SIGN_IN}</h1>
            {said(wrong)}
            {elsewhere}
            {local}
        </main>
    }
    .into_any()
}

fn by_password(next: &str) -> AnyView {
    view! {
        <form class="card plain fields" method="post" action=at("/sign-in")>
            <label>{texts::USER}<input name="name" autocomplete="username" required autofocus /></label>
            <label>{texts::PASSWORD}<input name="password" type="password" autocomplete="current-password" required /></label>
            <input type="hidden" name="next" value=next.to_owned() />
            <button type="submit">{texts::SIGN_IN}</button>
        </form>
    }
    .into_any()
}

/// Asks for the first admin's name and password.
pub fn first(key: &str, wrong: Option<&str>) -> AnyView {
    view! {
        <main id="content" tabindex="-1" class="plain door">
            <h1>{texts::FIRST}</h1>
            {said(wrong)}
            <form class="card plain fields" method="post" action=at("/first")>
                <p>{texts::FIRST_FOR}</p>
                <input type="hidden" name="key" value=key.to_owned() />
                <label>{texts::USER}<input name="name" autocomplete="username" required /></label>
                <label>{texts::NEW_PASSWORD}<input name="password" type="password" autocomplete="new-password" minlength="12" required /></label>
                <button type="submit">{texts::MAKE}</button>
            </form>
        </main>
    }
    .into_any()
}

fn said(wrong: Option<&str>) -> Option<AnyView> {
    wrong.map(|wrong| view! { <p class="wrong" role="alert">{wrong.to_owned()}</p> }.into_any())
}

/// Tokens; `made` is one that was just made, seen this once.
pub fn tokens(lines: &[TokenLine], made: Option<&str>, wrong: Option<&str>) -> AnyView {
    let made = made.map(|made| {
        view! {
            <section class="card plain" role="status">
                <h2>{texts::TOKEN_MADE}</h2>
                <p><code class="token">{made.to_owned()}</code></p>
                <p class="hint">{texts::TOKEN_ONCE}</p>
            </section>
        }
    });
    let rows = lines.iter().map(token).collect_view();
    let none = lines.is_empty().then(|| view! { <p class="hint">{texts::NO_TOKENS}</p> });
    view! {
        <main id="content" tabindex="-1" class="plain tables">
            <h1>{texts::TOKENS}</h1>
            {said(wrong)}
            {made}
            <form class="card plain filters" method="post" action=at("/tokens")>
                <label>{texts::TOKEN_NAME}" "<input name="name" maxlength="100" required /></label>
                <label>{texts::ROLE}" "<select name="role">
                    <option value="viewer">{texts::VIEWER}</option>
                    <option value="operator">{texts::OPERATOR}</option>
                    <option value="admin">{texts::ADMIN}</option>
                </select></label>
                <label>{texts::DAYS}" "<input name="days" type="number" min="1" max="366" value="30" required /></label>
                <button type="submit">{texts::MAKE}</button>
            </form>
            {none}
            <section class="card plain wide" tabindex="0" aria-label=texts::TOKENS>
                <table>
                    <thead><tr>
                        <th scope="col">{texts::TOKEN_NAME}</th><th scope="col">{texts::ROLE}</th>
                        <th scope="col">{texts::MAKER}</th><th scope="col">{texts::EXPIRES}</th>
                        <th scope="col">{texts::LAST_USED}</th><th scope="col">{texts::STATE}</th>
                    </tr></thead>
                    <tbody>{rows}</tbody>
                </table>
            </section>
        </main>
    }
    .into_any()
}

fn token(line: &TokenLine) -> AnyView {
    let state = if line.state.is_empty() {
        let label = format!("{} {}", texts::REVOKE, line.name);
        view! {
            <form method="post" action=at(&format!("/tokens/{}/revoke", line.id))>
                <button type="submit" aria-label=label>{texts::REVOKE}</button>
            </form>
        }
        .into_any()
    } else {
        view! { <span class="hint">{line.state.clone()}</span> }.into_any()
    };
    view! {
        <tr>
            <td>{line.name.clone()}" "<code class="hint">{line.id.clone()}</code></td><td>{line.role.clone()}</td>
            <td>{line.maker.clone()}</td><td>{line.expires.clone()}</td><td>{line.used.clone()}</td><td>{state}</td>
        </tr>
    }
    .into_any()
}

/// The audit, newest first; `next` leads to older entries.
pub fn audit(lines: &[AuditLine], sought: &AuditSought, next: Option<i64>) -> AnyView {
    let query = [("who", &sought.who), ("action", &sought.action), ("cluster", &sought.cluster)]
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| format!("{name}={}&", scene::encoded(value)))
        .collect::<String>();
    let older = next.map(|before| {
        view! { <p><a href=at(&format!("/audit?{query}before={before}")) rel="next">{texts::OLDER}</a></p> }
    });
    let rows = lines.iter().map(entry).collect_view();
    let none = lines.is_empty().then(|| view! { <p class="hint">{texts::NO_ENTRIES}</p> });
    view! {
        <main id="content" tabindex="-1" class="plain tables">
            <h1>{texts::AUDIT}</h1>
            <form class="filters" method="get" action=at("/audit")>
                <label>{texts::WHO}" "<input name="who" value=sought.who.clone() /></label>
                <label>{texts::ACTION}" "<input name="action" value=sought.action.clone() /></label>
                <label>{texts::CLUSTER}" "<input name="cluster" value=sought.cluster.clone() /></label>
                <button type="submit">{texts::APPLY}</button>
                <a href=at(&format!("/audit.jsonl?{query}"))>{texts::AS_LINES}</a>
            </form>
            {none}
            <section class="card plain wide" tabindex="0" aria-label=texts::AUDIT>
                <table>
                    <thead><tr>
                        <th scope="col">{texts::WHEN}</th><th scope="col">{texts::WHO}</th>
                        <th scope="col">{texts::ACTION}</th><th scope="col">{texts::TARGET}</th>
                        <th scope="col">{texts::ALLOWED}</th><th scope="col">{texts::DETAIL}</th>
                    </tr></thead>
                    <tbody>{rows}</tbody>
                </table>
            </section>
            {older}
        </main>
    }
    .into_any()
}

fn entry(line: &AuditLine) -> AnyView {
    let allowed = if line.allowed { texts::YES } else { texts::REFUSED };
    let class = if line.allowed { "h-ok" } else { "h-bad" };
    view! {
        <tr>
            <td>{line.at.clone()}</td><td>{line.who.clone()}</td><td>{line.action.clone()}</td>
            <td>{line.target.clone()}</td><td><span class=class>{allowed}</span></td><td>{line.detail.clone()}</td>
        </tr>
    }
    .into_any()
}

/// A page that stands alone: why a request was refused.
pub fn refusal(why: &str) -> String {
    format!(
        "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>{name}</title></head>\
         <body><main><h1>{name}</h1><p>{why}</p><p><a href=\"{to}\">{home}</a></p></main></body></html>",
        name = texts::NAME,
        why = scene::escaped(why),
        to = at("/"),
        home = texts::CHOOSE,
    )
}
