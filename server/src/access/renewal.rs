//! Roles of people of a provider are looked at anew, at least as often as the setting says.
//!
//! From half of that time on a refresh token is used, in a task of its own, so that neither a slow provider nor a
//! client that hangs up does harm. Who has none is sent to the provider without a question by their next page. When
//! the time is over and nothing came of it, the session counts for nothing until something does.

use std::{net::IpAddr, sync::Arc, time::Duration};

use super::{Door, OidcError, Role, Way, Who, oidc::Vouched, secret, sessions};
use crate::store::{Session, StoreError, tell};

/// A session is tried again after so many milliseconds at the soonest.
const PAUSE: i64 = 60_000;
/// Requests of a session whose time is over wait so long for another one's answer.
const WAIT: Duration = Duration::from_secs(5);

/// What a session is worth now.
pub(super) enum Standing {
    /// Nothing.
    Gone,
    /// It is known who has it.
    Here(Who),
    /// The next page is to be asked by way of the provider; until the time is over it is known who has it.
    Again(Option<Who>, Again),
}

/// A session that the browser must have looked at anew.
#[derive(Clone, Debug)]
pub(super) struct Again {
    id: String,
    over: bool,
}

impl Door {
    /// What the session of this cookie is worth.
    pub(super) async fn standing(self: &Arc<Self>, cookie: &str, from: IpAddr) -> Result<Standing, StoreError> {
        let id = secret::hash(cookie);
        let Some(session) = sessions::current(&self.store, &id, self.lasting).await? else { return Ok(Standing::Gone) };
        if session.way == "oidc" {
            let Some(oidc) = &self.oidc else { return Ok(Standing::Gone) };
            let age = jiff::Timestamp::now().as_millisecond().saturating_sub(session.checked);
            // A clock that was ahead must not keep a role for longer.
            if age >= oidc.recheck() / 2 || age < -PAUSE {
                let over = age >= oidc.recheck() || age < -PAUSE;
                return self.due(cookie, session, over, from).await;
            }
        }
        self.here(session, from).await
    }

    async fn here(&self, session: Session, from: IpAddr) -> Result<Standing, StoreError> {
        let id = session.id.clone();
        let Some(who) = sessions::who(&self.store, session, from).await? else { return Ok(Standing::Gone) };
        // A note that cannot be written refuses nobody.
        if let Err(error) = sessions::saw(&self.store, &id).await {
            tracing::debug!("the last use of a session cannot be noted: {error}");
        }
        Ok(Standing::Here(who))
    }

    fn pause(&self) -> i64 {
        self.oidc.as_ref().map_or(PAUSE, |oidc| PAUSE.min(oidc.recheck() / 8))
    }

    async fn due(
        self: &Arc<Self>,
        cookie: &str,
        session: Session,
        over: bool,
        from: IpAddr,
    ) -> Result<Standing, StoreError> {
        let id = session.id.clone();
        if sessions::opened(cookie, &session).refresh.is_none() {
            let again = Again { id, over };
            if over {
                return Ok(Standing::Again(None, again));
            }
            return Ok(match self.here(session, from).await? {
                Standing::Here(who) => Standing::Again(Some(who), again),
                other => other,
            });
        }
        let before = session.checked;
        let now = jiff::Timestamp::now().as_millisecond();
        let mine = match self.store.try_session(&id, now, self.pause()).await {
            // Until the time is over, a database that takes no changes keeps nobody from reading.
            Err(error) if !over => {
                tell(&error);
                return self.here(session, from).await;
            }
            mine => mine?,
        };
        if mine {
            let (door, cookie, session) = (self.clone(), cookie.to_owned(), session.clone());
            // In a task of its own: a rotated refresh token must be kept even if the client hangs up.
            let looking = tokio::spawn(async move { door.look(&cookie, session, from).await });
            if over {
                let _ = looking.await;
            }
        } else if over {
            self.wait_for_another(&id, before).await?;
        }
        if !over {
            return self.here(session, from).await;
        }
        let Some(session) = sessions::current(&self.store, &id, self.lasting).await? else { return Ok(Standing::Gone) };
        if session.checked <= before {
            return Ok(Standing::Again(None, Again { id, over }));
        }
        self.here(session, from).await
    }

    async fn wait_for_another(&self, id: &str, before: i64) -> Result<(), StoreError> {
        let until = tokio::time::Instant::now() + WAIT;
        while tokio::time::Instant::now() < until {
            tokio::time::sleep(Duration::from_millis(100)).await;
            if self.store.session(id).await?.is_none_or(|session| session.checked > before) {
                break;
            }
        }
        Ok(())
    }

    /// Asks the provider by the refresh token, and keeps what it says.
    async fn look(&self, cookie: &str, session: Session, from: IpAddr) {
        let Some(oidc) = &self.oidc else { return };
        let kept = sessions::opened(cookie, &session);
        let why = match oidc.renew(&session.subject, &kept).await {
            Ok(vouched) => {
                if let Err(error) = self.looked(cookie, session, vouched, from).await {
                    tracing::warn!("a role that was looked at anew cannot be kept: {error}");
                }
                return;
            }
            Err(OidcError::NoRole { subject, why }) => {
                self.learnt(&subject, None).await;
                why
            }
            Err(OidcError::Refused(refused)) if refused.is_final() => refused.to_string(),
            Err(OidcError::Forged(why)) => why,
            // The provider may be back before the time is over.
            Err(error) => {
                tracing::warn!("a role cannot be looked at anew: {error}");
                return;
            }
        };
        let id = session.id.clone();
        let way = Way::Session { id: id.clone(), subject: session.subject };
        let who = Who { name: session.who, role: None, way, from };
        let told = self.remember(&who.entry("session.end", &who.name, "", true, &format!("oidc: {why}"))).await;
        let ended = self.store.end_session(&id).await;
        if told.is_err() || ended.is_err() {
            tracing::warn!("a session that the sign-in provider does not vouch for cannot be ended yet");
        }
    }

    /// Keeps what a provider said anew of somebody; the session stays as old as it is.
    pub(super) async fn looked(
        &self,
        cookie: &str,
        session: Session,
        vouched: Vouched,
        from: IpAddr,
    ) -> Result<(), StoreError> {
        self.learnt(&vouched.subject, Some(vouched.role)).await;
        let role = vouched.role.word();
        if session.role != role {
            let way = Way::Session { id: session.id.clone(), subject: session.subject.clone() };
            let who = Who { name: vouched.name.clone(), role: Some(vouched.role), way, from };
            let detail = format!("{} before, {role} now", session.role);
            let _ = self.remember(&who.entry("session.role", &who.name, "", true, &detail)).await;
        }
        let now = jiff::Timestamp::now().as_millisecond();
        let sealed = sessions::closed(cookie, &vouched.kept);
        let sid = if vouched.sid.is_empty() { session.sid } else { vouched.sid };
        let session = Session {
            who: vouched.name,
            role: role.into(),
            sid,
            checked: now,
            sealed,
            ..Session { sid: String::new(), ..session }
        };
        self.store.checked_session(&session).await.map(|_| ())
    }

    /// Keeps the role that the provider gives somebody, for what they made: see [`super::rights`].
    pub(super) async fn learnt(&self, subject: &str, role: Option<Role>) {
        let role = role.map_or("", Role::word);
        let now = jiff::Timestamp::now().as_millisecond();
        if let Err(error) = self.store.learn_role(subject, role, now).await {
            tracing::warn!("a role that the sign-in provider told cannot be kept: {error}");
        }
    }

    /// Whether this page is the one to go by way of the provider.
    pub(super) async fn goes_by_provider(&self, again: &Again) -> bool {
        let now = jiff::Timestamp::now().as_millisecond();
        again.over || self.store.try_session(&again.id, now, self.pause()).await.unwrap_or(false)
    }
}
