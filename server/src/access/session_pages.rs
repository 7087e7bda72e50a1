//! Who is signed in, for admins, and how to end that.

use app::{
    pages::{self, SessionLine},
    texts,
};
use axum::{
    Extension,
    extract::{Form, Request, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::Deserialize;

use super::{
    Refusal, Way, Who,
    pages::{Here, time, went},
};
use crate::{
    pages::{bare, render},
    store::Session,
};

/// So many sessions are listed.
const MOST: u32 = 500;

pub(super) async fn sessions(State(here): State<Here>, Extension(who): Extension<Who>, request: Request) -> Response {
    let all = match here.door.store.sessions(MOST).await {
        Ok(all) => all,
        Err(error) => return Refusal::from(error).into_response(),
    };
    let own = match &who.way {
        Way::Session { id, .. } => id.clone(),
        _ => String::new(),
    };
    let now = jiff::Timestamp::now().as_millisecond();
    let line = |session: Session| SessionLine {
        here: session.id == own,
        id: session.id,
        subject: session.subject,
        who: session.who,
        role: session.role,
        address: session.address,
        since: time(session.created),
        seen: time(session.seen),
    };
    let lines: Vec<SessionLine> = all.into_iter().filter(|session| session.expires > now).map(line).collect();
    let page = move || pages::sessions(&lines);
    render(StatusCode::OK, bare(texts::SESSIONS, &here.asked), request, page).await
}

/// Whose sessions end: one by its id, or all of a subject.
#[derive(Deserialize)]
pub(super) struct Ending {
    #[serde(default)]
    id: String,
    #[serde(default)]
    subject: String,
}

pub(super) async fn end(
    State(here): State<Here>,
    Extension(who): Extension<Who>,
    Form(ending): Form<Ending>,
) -> Response {
    let store = &here.door.store;
    let target = if ending.id.is_empty() {
        ending.subject.clone()
    } else {
        match store.session(&ending.id).await {
            Ok(Some(session)) => session.subject,
            // It has ended in the meantime.
            Ok(None) => return went("/sessions", None),
            Err(error) => return Refusal::from(error).into_response(),
        }
    };
    let detail = if ending.id.is_empty() { "all of them" } else { "one of them" };
    if let Err(away) = here.door.remember(&who.entry("session.end", &target, "", true, detail)).await {
        return away.into_response();
    }
    let ended = if ending.id.is_empty() {
        store.end_sessions_of(&ending.subject).await.map(|_| ())
    } else {
        store.end_session(&ending.id).await.map(|_| ())
    };
    match ended {
        Ok(()) => went("/sessions", None),
        Err(error) => Refusal::from(error).into_response(),
    }
}
