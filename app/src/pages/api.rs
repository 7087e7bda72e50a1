//! The API to look at and to try: every operation of its document, what was answered, and how a program asks.

use leptos::prelude::*;

use super::{Theme, frame::hidden};
use crate::{base::at, source::View, texts};

/// What can be asked for.
#[derive(Clone, Debug)]
pub struct Operation {
    /// Its name, which no other has.
    pub id: String,
    /// As `GET`.
    pub method: String,
    /// With names in braces.
    pub path: String,
    /// What it belongs to.
    pub tag: String,
    /// What it does; code stands between backticks.
    pub about: String,
    /// The role that it needs; empty for none.
    pub role: String,
    /// What may be said. Only what tells is tried here.
    pub fields: Vec<Field>,
    /// Media types to choose from; empty where there is nothing to choose.
    pub kinds: Vec<String>,
    /// How a program asks.
    pub curl: String,
}

/// A parameter.
#[derive(Clone, Debug)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// Where it stands: `path`, `query` or `header`.
    pub place: String,
    /// Whether it must be said.
    pub required: bool,
    /// What it means.
    pub about: String,
    /// What it may be.
    pub kind: Kind,
    /// What was said.
    pub value: String,
}

/// What a parameter may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Any text.
    Text,
    /// A number between these, if there are bounds.
    Number(Option<i64>, Option<i64>),
    /// One of these.
    Choice(Vec<String>),
}

/// What was asked, and answered.
#[derive(Clone, Debug)]
pub struct Tried {
    /// Which operation.
    pub id: String,
    /// The media type that was asked for; empty for any.
    pub kind: String,
    /// The address, from its `/` on, without the base path.
    pub address: String,
    /// As `200 OK`.
    pub status: String,
    /// Whether it is an answer and no problem.
    pub well: bool,
    /// Headers that tell something of it.
    pub headers: Vec<(String, String)>,
    /// What came.
    pub body: Body,
}

/// What came.
#[derive(Clone, Debug)]
pub enum Body {
    /// A text, and whether there was more of it.
    Text(String, bool),
    /// A picture, which the address shows.
    Picture,
}

/// The page's content.
pub fn api(operations: &[Operation], tried: Option<&Tried>, theme: Theme) -> AnyView {
    let mut tags: Vec<&str> = Vec::new();
    for operation in operations {
        if !tags.contains(&operation.tag.as_str()) {
            tags.push(&operation.tag);
        }
    }
    let leads = tags.iter().map(|tag| view! { <li><a href=format!("#{tag}")>{tag.to_string()}</a></li> });
    let leads = leads.collect_view();
    let sections = tags.iter().map(|tag| {
        let of_tag = operations.iter().filter(|operation| operation.tag == **tag);
        let of_tag = of_tag.map(|one| operation(one, tried.filter(|tried| tried.id == one.id), theme)).collect_view();
        view! { <section id=tag.to_string()><h2>{tag.to_string()}</h2>{of_tag}</section> }
    });
    let sections = sections.collect_view();
    view! {
        <main id="content" tabindex="-1" class="api">
            <h1>{texts::API}</h1>
            <p>{texts::API_FOR}" "<a href=at("/api/v1/openapi.json")>{texts::API_DOCUMENT}</a></p>
            <nav aria-label=texts::API_PARTS><ul class="parts">{leads}</ul></nav>
            {sections}
        </main>
    }
    .into_any()
}

fn operation(operation: &Operation, tried: Option<&Tried>, theme: Theme) -> AnyView {
    let tells = operation.method == "GET";
    let role = (!operation.role.is_empty()).then(|| view! { <span class="badge">{operation.role.clone()}</span> });
    let first = operation.about.split(['.', ';', ':']).next().unwrap_or_default().to_owned();
    let content = if tells { Some(form(operation, tried, theme)) } else { said(&operation.fields) };
    view! {
        <details class="card operation" id=operation.id.clone() open=tried.is_some()>
            <summary>
                <code class=format!("method {}", operation.method.to_lowercase())>{operation.method.clone()}</code>
                <code class="path">{breakable(&operation.path)}</code>
                <span class="what">{coded(&first)}</span>
                {role}
            </summary>
            <p>{coded(&operation.about)}</p>
            {content}
            {tried.map(answer)}
            <h3>{texts::FOR_PROGRAMS}</h3>
            <pre tabindex="0" role="region" aria-label=format!("{}: {} {}", texts::FOR_PROGRAMS, operation.method, operation.path)>{operation.curl.clone()}</pre>
        </details>
    }
    .into_any()
}

/// A form that works without script: the server asks, and shows what came.
fn form(operation: &Operation, tried: Option<&Tried>, theme: Theme) -> AnyView {
    let fields = operation.fields.iter().filter(|field| field.place != "header").map(field).collect_view();
    let chosen = tried.map(|tried| tried.kind.clone()).unwrap_or_default();
    let kinds = (!operation.kinds.is_empty()).then(|| {
        let options = options(&operation.kinds, &chosen);
        view! {
            <label><span><code>"Accept"</code></span>
                <select name="accept"><option value="">{texts::ANY}</option>{options}</select>
                <small>{texts::API_ACCEPT}</small></label>
        }
    });
    view! {
        <form class="trial" method="get" action=at(&format!("/api#{}", operation.id))>
            <input type="hidden" name="try" value=operation.id.clone() />
            {fields}
            {kinds}
            {hidden(&View::default(), theme)}
            <button type="submit" aria-label=format!("{} {}", texts::TRY, operation.path)>{texts::TRY}</button>
        </form>
    }
    .into_any()
}

fn field(field: &Field) -> AnyView {
    let name = format!("p.{}", field.name);
    let value = field.value.clone();
    let input = match &field.kind {
        Kind::Choice(words) => {
            let none = (!field.required).then(|| view! { <option value="">{texts::ANY}</option> });
            view! { <select name=name required=field.required>{none}{options(words, &value)}</select> }.into_any()
        }
        Kind::Number(least, most) => {
            let bound = |bound: &Option<i64>| bound.map(|bound| bound.to_string());
            view! { <input type="number" name=name value=value min=bound(least) max=bound(most) required=field.required /> }
                .into_any()
        }
        Kind::Text => {
            view! { <input name=name value=value required=field.required autocomplete="off" spellcheck="false" /> }
                .into_any()
        }
    };
    view! {
        <label><span><code>{field.name.clone()}</code>{field.required.then(|| format!(" {}", texts::NEEDED))}</span>
            {input}<small>{coded(&field.about)}</small></label>
    }
    .into_any()
}

fn options(words: &[String], chosen: &str) -> AnyView {
    let option = |word: &String| view! { <option value=word.clone() selected=word == chosen>{word.clone()}</option> };
    words.iter().map(option).collect_view().into_any()
}

/// What may be said of what acts.
fn said(fields: &[Field]) -> Option<AnyView> {
    let lines = fields.iter().map(|field| {
        view! { <dt><code>{field.name.clone()}</code>" "<small>{field.place.clone()}</small></dt><dd>{coded(&field.about)}</dd> }
    });
    let lines = lines.collect_view();
    (!fields.is_empty()).then(|| view! { <dl>{lines}</dl> }.into_any())
}

fn answer(tried: &Tried) -> AnyView {
    let address = at(&tried.address);
    let headers = tried.headers.iter().map(|(name, value)| format!("{name}: {value}\n")).collect::<String>();
    let body = match &tried.body {
        Body::Picture => view! { <img class="answer" src=address.clone() alt=texts::API_PICTURE /> }.into_any(),
        Body::Text(text, cut) => {
            let cut = cut.then(|| view! { <p class="hint">{texts::API_CUT}</p> });
            let text = (!text.is_empty()).then(|| {
                view! { <pre class="answer" tabindex="0" role="region" aria-label=texts::API_BODY>{text.clone()}</pre> }
            });
            view! { {text}{cut} }.into_any()
        }
    };
    let health = if tried.well { "h-ok" } else { "h-bad" };
    view! {
        <div role="status">
            <h3>{texts::ANSWER}" "<span class=format!("badge {health}")>{tried.status.clone()}</span></h3>
            <p class="address"><a href=address>{breakable(&tried.address)}</a></p>
            <pre tabindex="0" role="region" aria-label=texts::API_HEADERS>{headers}</pre>
        </div>
        {body}
    }
    .into_any()
}

/// A path that may be broken behind each of its parts.
fn breakable(path: &str) -> AnyView {
    path.split_inclusive(['/', '&', '?']).map(|part| view! { {part.to_owned()}<wbr /> }).collect_view().into_any()
}

/// What stands between backticks is code.
fn coded(text: &str) -> AnyView {
    let part = |(n, part): (usize, &str)| {
        if n % 2 == 1 { view! { <code>{part.to_owned()}</code> }.into_any() } else { part.to_owned().into_any() }
    };
    text.split('`').enumerate().map(part).collect_view().into_any()
}
