//! What somebody may do now, long after they made something in their name: a token or a link is worth no more than
//! its maker.

use super::Role;
use crate::store::{Store, StoreError};

/// A token that a token made, and so on: so far its makers are looked at.
const DEEPEST: u32 = 8;

/// The word of a provider on a person counts for so many milliseconds: thirty days.
const TOLD: i64 = 30 * 86_400_000;

/// The highest role that a subject has now; `None` when they have none any more. The command line and whoever is on
/// this machine always have theirs, and so has whoever made something before makers were kept. A person of a provider
/// has what it last said of them, for [`TOLD`]: whoever is disabled there comes no more, and no provider says so.
pub(crate) async fn of(store: &Store, subject: &str) -> Result<Option<Role>, StoreError> {
    let mut subject = subject.to_owned();
    let mut most = Role::Admin;
    for _ in 0..DEEPEST {
        if let Some(name) = subject.strip_prefix("local ") {
            let user = store.user(name).await?.filter(|user| !user.disabled);
            return Ok(user.and_then(|user| Role::from_word(&user.role)).map(|role| role.min(most)));
        }
        if subject.starts_with("oidc ") {
            return of_provider(store, &subject, most).await;
        }
        let Some(id) = subject.strip_prefix("token ") else { return Ok(Some(most)) };
        let Some(token) = store.token(id).await? else { return Ok(None) };
        let now = jiff::Timestamp::now().as_millisecond();
        if token.revoked.is_some() || now >= token.expires {
            return Ok(None);
        }
        let Some(role) = Role::from_word(&token.role) else { return Ok(None) };
        most = most.min(role);
        subject = token.subject;
    }
    Ok(None)
}

/// Of whom nothing is kept made something before this was.
async fn of_provider(store: &Store, subject: &str, most: Role) -> Result<Option<Role>, StoreError> {
    let Some((role, told)) = store.learnt_role(subject).await? else { return Ok(Some(most)) };
    let age = jiff::Timestamp::now().as_millisecond().saturating_sub(told);
    Ok(Role::from_word(&role).filter(|_| age < TOLD).map(|role| role.min(most)))
}
