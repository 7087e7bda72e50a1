//! Links that are handed out: made, listed, revoked.

use app::source::Source;

use super::{Claims, Embed, Origin, frames::Figure};
use crate::{
    access::{Role, Who, random},
    store::{Link, StoreError},
};

/// How many seconds a link lasts when nothing else is asked for.
pub const LASTS: u64 = 3_600;
/// At least so many.
pub const SHORTEST: u64 = 10;
/// At most so many: a portal makes a new one for each of its pages, so a day is long.
pub const LONGEST: u64 = 24 * 3_600;

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The one cluster.
    pub cluster: String,
    /// The one figure.
    pub figure: Figure,
    /// The one portal that may show it; without it every one of the configuration.
    pub origin: Option<String>,
    /// Seconds that it lasts.
    pub ttl: Option<u64>,
}

/// Why no link is made or revoked.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// It would open nothing.
    #[error("there is no such cluster: GET /api/v1/clusters names them")]
    Cluster,
    /// It lasts hardly, or too long.
    #[error("ttl must be between {SHORTEST} and {LONGEST} seconds")]
    Lasts,
    /// No such portal may show anything.
    #[error("origin must be one of the setting embed_origins, as in https://portal.example")]
    Origin,
    /// There is none that they may revoke.
    #[error("a link of yours with this id")]
    Missing,
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Embed {
    /// Makes a link in somebody's name; answers what is kept of it, and its text, which is kept nowhere.
    ///
    /// # Errors
    /// [`LinkError`] with what to change.
    pub async fn make(&self, who: &Who, wanted: Wanted) -> Result<(Link, String), LinkError> {
        if !self.asked.clusters().iter().any(|line| line.name == wanted.cluster) {
            return Err(LinkError::Cluster);
        }
        let ttl = wanted.ttl.unwrap_or(LASTS);
        if !(SHORTEST..=LONGEST).contains(&ttl) {
            return Err(LinkError::Lasts);
        }
        let origin = match wanted.origin.as_deref().map(Origin::parse) {
            None => String::new(),
            Some(Some(origin)) if self.origins.names(&origin) => origin.as_str().to_owned(),
            Some(_) => return Err(LinkError::Origin),
        };
        let created = jiff::Timestamp::now().as_millisecond();
        let link = Link {
            id: random::<8>(),
            cluster: wanted.cluster,
            figure: wanted.figure.word().into(),
            maker: who.name.clone(),
            subject: who.subject(),
            created,
            expires: created + i64::try_from(ttl * 1_000).unwrap_or(0),
            revoked: None,
        };
        self.store.add_link(&link).await?;
        let (id, cluster, figure) = (link.id.clone(), link.cluster.clone(), link.figure.clone());
        let text = self.signer.sign(&Claims { id, cluster, figure, origin, expires: link.expires });
        Ok((link, text))
    }

    /// Somebody's own; an admin's are all. Newest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn links(&self, who: &Who) -> Result<Vec<Link>, StoreError> {
        Ok(self.store.links().await?.into_iter().filter(|link| is_of(link, who)).collect())
    }

    /// Refuses a link of theirs from now on. Revoked twice is revoked.
    ///
    /// # Errors
    /// [`LinkError::Missing`], [`LinkError::Store`].
    pub async fn revoke(&self, who: &Who, id: &str) -> Result<(), LinkError> {
        let link = self.store.link(id).await?;
        if !link.is_some_and(|link| is_of(&link, who)) {
            return Err(LinkError::Missing);
        }
        self.store.revoke_link(id, jiff::Timestamp::now().as_millisecond()).await?;
        Ok(())
    }
}

fn is_of(link: &Link, who: &Who) -> bool {
    who.may(Role::Admin) || link.subject == who.subject()
}
