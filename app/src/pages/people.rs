//! Local users, for admins: added, given another role or password, let in or refused.

use leptos::prelude::*;

use super::access::{cell, records, said};
use crate::{base::at, texts};

/// A local user in the table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UserLine {
    /// As they sign in.
    pub name: String,
    /// The role's word.
    pub role: String,
    /// Since when.
    pub since: String,
    /// How many sessions they have.
    pub sessions: usize,
    /// Whether signing in is refused.
    pub disabled: bool,
    /// Whether it is whoever looks.
    pub own: bool,
}

/// Users; `said_well` tells what was done, `wrong` what could not be. Without `sign_in` none of them can come in.
pub fn users(lines: &[UserLine], sign_in: bool, said_well: Option<&str>, wrong: Option<&str>) -> AnyView {
    let rows: Vec<AnyView> = lines.iter().map(user).collect();
    let heads = [texts::USER, texts::ROLE, texts::MADE, texts::SESSIONS, texts::CHANGE_PASSWORD, texts::STATE];
    let well = said_well.map(|well| view! { <p class="card made" role="status">{well.to_owned()}</p> });
    let closed = (!sign_in).then(|| view! { <p class="hint">{texts::USERS_CLOSED}</p> });
    view! {
        <main id="content" tabindex="-1" class="records">
            <h1>{texts::USERS}</h1>
            <p class="hint">{texts::USERS_FOR}</p>
            {closed}
            {said(wrong)}
            {well}
            <form class="card asks" method="post" action=at("/users")>
                <label>{texts::USER}<input name="name" maxlength="64" autocomplete="off" required /></label>
                <label class="grows">{texts::NEW_PASSWORD}<input name="password" type="password" autocomplete="new-password" minlength="12" required /></label>
                <label>{texts::ROLE}{roles("viewer", None)}</label>
                <button class="meant" type="submit">{texts::MAKE}</button>
            </form>
            {records(texts::USERS, texts::NO_USERS, heads, rows)}
        </main>
    }
    .into_any()
}

fn roles(has: &str, label: Option<String>) -> AnyView {
    let roles = [("viewer", texts::VIEWER), ("operator", texts::OPERATOR), ("admin", texts::ADMIN)];
    let options = roles.map(|(word, text)| view! { <option value=word selected=word == has>{text}</option> });
    view! { <select name="role" aria-label=label>{options.into_iter().collect_view()}</select> }.into_any()
}

fn user(line: &UserLine) -> AnyView {
    let of = |word: &str| format!("{word}: {}", line.name);
    let to = |what: &str| at(&format!("/users/{}/{what}", scene::segment(&line.name)));
    let name =
        view! { <span>{line.name.clone()}{line.own.then(|| view! { <span class="under">{texts::YOU}</span> })}</span> };
    let role = view! {
        <form class="inline" method="post" action=to("role")>
            {roles(&line.role, Some(of(texts::ROLE)))}
            <button class="other small" type="submit" aria-label=of(texts::CHANGE_ROLE)>{texts::CHANGE}</button>
        </form>
    };
    let password = view! {
        <form class="inline" method="post" action=to("password")>
            <input name="password" type="password" autocomplete="new-password" minlength="12" required aria-label=of(texts::NEW_PASSWORD) />
            <button class="other small" type="submit" aria-label=of(texts::CHANGE_PASSWORD)>{texts::CHANGE}</button>
        </form>
    };
    let (what, word) = if line.disabled { ("enable", texts::ENABLE) } else { ("disable", texts::DISABLE) };
    let state = view! {
        <form method="post" action=to(what)>
            <button class="other small" type="submit" aria-label=of(word)>{word}</button>
        </form>
    };
    view! {
        <tr role="row" class=line.disabled.then_some("past")>
            {cell(texts::USER, "", name)}
            {cell(texts::ROLE, "", role)}
            {cell(texts::MADE, "time", line.since.clone())}
            {cell(texts::SESSIONS, "", line.sessions.to_string())}
            {cell(texts::CHANGE_PASSWORD, "", password)}
            {cell(texts::STATE, "", state)}
        </tr>
    }
    .into_any()
}
