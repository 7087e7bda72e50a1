//! Local users, for admins.

use app::{
    pages::{self, UserLine},
    texts,
};
use axum::{
    Extension,
    extract::{Form, Path, Request, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::Deserialize;

use super::{
    Refusal, Role, Way, Who,
    guard::Secure,
    pages::{Here, again, time},
    people::{self, Book, PersonError},
};
use crate::{
    pages::{bare, render, sentence},
    store::User,
};

/// So many sessions are looked at.
const MOST: u32 = 10_000;

pub(super) async fn users(State(here): State<Here>, Extension(who): Extension<Who>, request: Request) -> Response {
    page(&here, &who, StatusCode::OK, None, None, request).await
}

#[derive(Deserialize)]
pub(super) struct New {
    name: String,
    password: String,
    role: Role,
}

#[derive(Deserialize)]
pub(super) struct Password {
    password: String,
}

#[derive(Deserialize)]
pub(super) struct NewRole {
    role: Role,
}

/// Who changes something, and how their browser came.
type Asking = (Extension<Who>, Extension<Secure>);

pub(super) async fn add(State(here): State<Here>, asking: Asking, Form(new): Form<New>) -> Response {
    let done = people::add(Book::Door(&here.door), &asking.0, &new.name, new.role, &new.password).await;
    told(&here, asking, done.map(|()| texts::USER_ADDED)).await
}

pub(super) async fn password(
    State(here): State<Here>,
    Path(name): Path<String>,
    asking: Asking,
    Form(new): Form<Password>,
) -> Response {
    let done = people::set_password(Book::Door(&here.door), &asking.0, &name, &new.password).await;
    told(&here, asking, done.map(|_| texts::PASSWORD_CHANGED)).await
}

pub(super) async fn role(
    State(here): State<Here>,
    Path(name): Path<String>,
    asking: Asking,
    Form(new): Form<NewRole>,
) -> Response {
    let done = people::set_role(Book::Door(&here.door), &asking.0, &name, new.role).await;
    told(&here, asking, done.map(|()| texts::ROLE_CHANGED)).await
}

pub(super) async fn enable(State(here): State<Here>, Path(name): Path<String>, asking: Asking) -> Response {
    let done = people::enable(Book::Door(&here.door), &asking.0, &name).await;
    told(&here, asking, done.map(|()| texts::ENABLED)).await
}

pub(super) async fn disable(State(here): State<Here>, Path(name): Path<String>, asking: Asking) -> Response {
    let done = people::disable(Book::Door(&here.door), &asking.0, &name).await;
    told(&here, asking, done.map(|_| texts::DISABLED)).await
}

/// The page again, with what was done or why nothing was.
async fn told(here: &Here, asking: Asking, done: Result<&'static str, PersonError>) -> Response {
    let (Extension(who), Extension(Secure(secure))) = asking;
    let request = again(who.clone(), secure);
    match done {
        Ok(said) => page(here, &who, StatusCode::OK, Some(said.to_owned()), None, request).await,
        Err(PersonError::Store(error)) => Refusal::from(error).into_response(),
        Err(error) => {
            let status = match error {
                PersonError::Missing(_) => StatusCode::NOT_FOUND,
                _ => StatusCode::UNPROCESSABLE_ENTITY,
            };
            page(here, &who, status, None, Some(sentence(&error)), request).await
        }
    }
}

async fn page(
    here: &Here,
    who: &Who,
    status: StatusCode,
    well: Option<String>,
    wrong: Option<String>,
    request: Request,
) -> Response {
    let (users, sessions) = match (here.door.store.users().await, here.door.store.sessions(MOST).await) {
        (Ok(users), Ok(sessions)) => (users, sessions),
        (Err(error), _) | (_, Err(error)) => return Refusal::from(error).into_response(),
    };
    let now = jiff::Timestamp::now().as_millisecond();
    let own = matches!(who.way, Way::Session { .. }).then(|| who.subject());
    let line = |user: User| {
        let subject = people::subject(&user.name);
        UserLine {
            own: own.as_deref() == Some(subject.as_str()),
            since: time(user.created),
            sessions: sessions.iter().filter(|one| one.subject == subject && one.expires > now).count(),
            name: user.name,
            role: user.role,
            disabled: user.disabled,
        }
    };
    let lines: Vec<UserLine> = users.into_iter().map(line).collect();
    let signs_in = here.door.ways.local;
    let page = move || pages::users(&lines, signs_in, well.as_deref(), wrong.as_deref());
    render(status, bare(texts::USERS, &here.asked), request, page).await
}
