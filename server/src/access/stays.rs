//! Whether somebody who was let in still is: what long streams ask now and then.

use std::sync::Arc;

use super::{Door, Way, Who, sessions, tokens};

/// Who was let in, and by which door; in the extensions of each request.
#[derive(Clone)]
pub struct Stays {
    pub(super) door: Arc<Door>,
    pub(super) who: Who,
}

impl Stays {
    /// Whether they would be let in again with the role that they had. While the database is away
    /// they stay: the picture is worth most on a bad night.
    pub async fn still(&self) -> bool {
        let (door, who) = (&self.door, &self.who);
        let found = match &who.way {
            Way::Nobody | Way::Loopback | Way::Link(_) => return true,
            Way::Session { id, .. } => {
                let recheck = door.oidc.as_ref().map(super::Oidc::recheck);
                sessions::of(&door.store, id, who.from, door.lasting, recheck).await
            }
            Way::Token(id) => tokens::of(&door.store, id, who.from).await,
        };
        found.map_or(true, |found| found.is_some_and(|now| now.role >= who.role))
    }
}
