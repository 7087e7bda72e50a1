//! The ways in, and who came by which.

use std::{
    io::Write,
    net::IpAddr,
    num::NonZeroU32,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use axum::http::HeaderMap;

use super::{
    Hosts, Lasting, Limits, Made, Oidc, Proxies, Refusal, Role, Row, TokenError, Way, Who,
    household::household,
    password, people,
    proxies::Origin,
    renewal::{Again, Standing},
    repeats::{Repeat, Repeats, WINDOW, Whose, Window},
    secret, sessions,
    slow::Slow,
    tokens,
};
use crate::{
    running::{NUMBERS, Outcome},
    store::{Entry, Store, StoreError, User},
};

/// Which ways in are open, besides tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ways {
    /// Nobody signs in: whoever is on this machine may see and operate.
    pub loopback: bool,
    /// Local users sign in.
    pub local: bool,
    /// People sign in through a provider.
    pub oidc: bool,
}

/// A link that makes the first admin is good for an hour.
const FIRST_LASTS: Duration = Duration::from_secs(60 * 60);

/// Where audit lines go besides the database.
pub type Lines = Box<dyn Write + Send>;

/// Ways to and from the provider that one address has in a minute.
const CROSSINGS: NonZeroU32 = NonZeroU32::new(120).expect("not zero");

/// The door: everything that tells who asks.
pub struct Door {
    pub(super) store: Store,
    pub(super) ways: Ways,
    pub(super) hosts: Hosts,
    pub(super) proxies: Proxies,
    pub(super) lasting: Lasting,
    pub(super) rows: Vec<Row>,
    pub(super) oidc: Option<Oidc>,
    /// Ways to and from the provider, by address: whoever goes them is not known yet.
    pub(super) crossings: Limits,
    slow: Slow,
    repeats: Arc<Repeats>,
    /// The hash of the one-time link's key, and when it was made.
    first: Mutex<Option<(String, Instant)>>,
    lines: Option<Arc<Mutex<Lines>>>,
}

impl Door {
    /// A door with these ways in.
    pub fn new(
        store: Store,
        ways: Ways,
        hosts: Hosts,
        proxies: Proxies,
        lasting: Lasting,
        lines: Option<Lines>,
    ) -> Self {
        let (slow, first, repeats) = (Slow::default(), Mutex::new(None), Arc::default());
        let (rows, lines) = (super::table(), lines.map(|lines| Arc::new(Mutex::new(lines))));
        let crossings = Limits::new(CROSSINGS);
        Self { store, ways, hosts, proxies, lasting, rows, oidc: None, crossings, slow, repeats, first, lines }
    }

    /// People may sign in through this provider, too.
    #[must_use]
    pub fn with_oidc(self, oidc: Oidc) -> Self {
        let ways = Ways { oidc: true, ..self.ways };
        Self { oidc: Some(oidc), ways, ..self }
    }

    /// What is kept.
    pub const fn store(&self) -> &Store {
        &self.store
    }

    /// Whether people sign in here.
    pub const fn signs_in(&self) -> bool {
        self.ways.local || self.ways.oidc
    }

    /// The key of a link that makes the first admin, if local users sign in and there is no admin.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn first_key(&self) -> Result<Option<String>, StoreError> {
        if !self.ways.local || self.has_admin().await? {
            return Ok(None);
        }
        let key = secret::random::<32>();
        *self.first.lock().unwrap_or_else(PoisonError::into_inner) = Some((secret::hash(&key), Instant::now()));
        Ok(Some(key))
    }

    async fn has_admin(&self) -> Result<bool, StoreError> {
        let users = self.store.users().await?;
        Ok(users.iter().any(|user| user.role == Role::Admin.word() && !user.disabled))
    }

    /// Whether a link is out that makes the first admin: printed within the last hour, and not used.
    pub(super) fn awaits_first(&self) -> bool {
        let first = self.first.lock().unwrap_or_else(PoisonError::into_inner);
        first.as_ref().is_some_and(|(_, made)| made.elapsed() < FIRST_LASTS)
    }

    /// Whether a key is the one of the link that was printed and not used yet.
    pub(super) fn is_first(&self, key: &str) -> bool {
        let first = self.first.lock().unwrap_or_else(PoisonError::into_inner);
        first.as_ref().is_some_and(|(kept, made)| made.elapsed() < FIRST_LASTS && *kept == secret::hash(key))
    }

    /// Whether somebody with this key may be made the first admin: while there is none.
    pub(super) async fn may_be_first(&self, key: &str) -> bool {
        self.is_first(key) && matches!(self.has_admin().await, Ok(false))
    }

    /// Makes the first admin, once, while there is none. The key is looked at before anything is hashed.
    pub(super) async fn make_first(&self, key: &str, name: &str, given: &str) -> Result<(), String> {
        if !self.is_first(key) || self.has_admin().await.map_err(|error| error.to_string())? {
            return Err(app::texts::FIRST_USED.into());
        }
        if !valid_name(name) {
            return Err(app::texts::USER_NAME.into());
        }
        let hashed = password::hashed(name, given).await.map_err(|error| error.to_string())?;
        if self.first.lock().unwrap_or_else(PoisonError::into_inner).take().is_none() {
            return Err(app::texts::FIRST_USED.into());
        }
        let created = jiff::Timestamp::now().as_millisecond();
        let role = Role::Admin.word().into();
        let user = User { name: name.into(), password: hashed, role, created, disabled: false };
        self.store.add_user(&user).await.map_err(|error| error.to_string())
    }

    /// Who sent these headers, and whether their role must be looked at anew by way of the browser.
    pub(super) async fn who(
        self: &Arc<Self>,
        headers: &HeaderMap,
        origin: Origin,
    ) -> Result<(Who, Option<Again>), Refusal> {
        let (from, secure, proxied) = (origin.address, origin.secure(), origin.proxied);
        if let Some(sent) = tokens::sent(headers) {
            let who = tokens::whose(&self.store, sent, from).await.map_err(Refusal::from)?;
            return who.map(|who| (who, None)).ok_or(Refusal::Token);
        }
        let mut again = None;
        if self.signs_in()
            && let Some(value) = sessions::sent(headers, secure)
        {
            match self.standing(value, from).await.map_err(Refusal::from)? {
                Standing::Here(who) => return Ok((who, None)),
                Standing::Again(Some(who), again) => return Ok((who, Some(again))),
                Standing::Again(None, over) => again = Some(over),
                Standing::Gone => {}
            }
        }
        // Whoever comes through a proxy is not on this machine, whatever address is told of them.
        if self.ways.loopback && !proxied && !origin.unnamed && from.is_loopback() {
            let name = app::texts::ON_THIS_MACHINE.into();
            return Ok((Who { name, role: Some(Role::Operator), way: Way::Loopback, from }, None));
        }
        Ok((Who::nobody(from), again))
    }

    /// Whether a local user's password is right; waits are kept by account and by address.
    pub(super) async fn local(&self, name: &str, given: &str, from: IpAddr) -> Result<Option<Role>, Refusal> {
        let address = format!("address {}", household(from));
        // Whoever guesses from elsewhere must not keep out the owner of an account.
        let is_stranger = !self.has_signed_in(name, from).await.map_err(Refusal::from)?;
        let account = if !is_stranger { format!("account {name} at {address}") } else { format!("account {name}") };
        let names = [account.as_str(), address.as_str()];
        let began = self.slow.begin(&names, Instant::now());
        let attempt = began.map_err(|wait| {
            NUMBERS.sign_in(Outcome::Slowed);
            Refusal::Slow(wait)
        })?;
        let user = self.store.user(name).await.map_err(Refusal::from)?.filter(|user| !user.disabled);
        let kept = user.as_ref().map(|user| user.password.clone());
        let role = user.and_then(|user| Role::from_word(&user.role));
        let Some(same) = password::matches(kept, given, is_stranger).await else {
            // Nothing was compared, so nobody failed.
            attempt.was_heard();
            NUMBERS.sign_in(Outcome::Slowed);
            return Err(Refusal::Crowd);
        };
        // Guesses that came all at once learn no more than those that came in turn.
        if let Some(wait) = self.slow.wait(&names, Instant::now()) {
            NUMBERS.sign_in(Outcome::Slowed);
            attempt.was_heard();
            return Err(Refusal::Slow(wait));
        }
        if !same {
            drop(attempt);
            NUMBERS.sign_in(Outcome::Failed);
            return Ok(None);
        }
        attempt.was_heard();
        // The address stays slow if it tried others; this account's owner is here.
        self.slow.went_well(&[&account]);
        NUMBERS.sign_in(Outcome::Well);
        Ok(role)
    }

    /// Whether this user has signed in well from this household before.
    async fn has_signed_in(&self, name: &str, from: IpAddr) -> Result<bool, StoreError> {
        let addresses = self.store.addresses_of(&people::subject(name)).await?;
        let here = household(from);
        Ok(addresses.iter().filter_map(|address| address.parse().ok()).any(|address| household(address) == here))
    }

    /// Makes a token in somebody's name.
    ///
    /// # Errors
    /// [`TokenError`] with what to change.
    pub async fn make_token(&self, maker: &Who, name: &str, role: Role, lasts: Duration) -> Result<Made, TokenError> {
        tokens::make(&self.store, maker, name, role, lasts).await
    }

    /// Writes into the audit: the database, and a line where lines are wanted. Of a stranger's entries, and of
    /// anybody's refusals, a few a minute are written, and then how many more there were.
    ///
    /// # Errors
    /// [`Refusal::Away`]: what cannot be remembered must not be done.
    pub async fn remember(&self, entry: &Entry) -> Result<(), Refusal> {
        let is_strangers = entry.way == Way::Nobody.word() && entry.subject == Way::Nobody.word();
        if is_strangers || !entry.allowed {
            let whose = Whose::of(entry);
            if let Repeat::Counted(first) = self.repeats.take(&whose, &entry.action, Instant::now()) {
                if let Some(window) = first {
                    self.tell_number_of(window, entry.clone());
                }
                return Ok(());
            }
        }
        self.write(entry).await.map_err(Refusal::from)
    }

    /// Writes an entry into the database, and a line where lines are wanted.
    pub(crate) async fn write(&self, entry: &Entry) -> Result<(), StoreError> {
        written(&self.store, self.lines.as_deref(), entry).await
    }
}

impl Door {
    /// Writes, when a window is over, how many entries were counted in it.
    fn tell_number_of(&self, window: Window, entry: Entry) {
        let (store, repeats, lines) = (self.store.clone(), self.repeats.clone(), self.lines.clone());
        tokio::spawn(async move {
            tokio::time::sleep(WINDOW).await;
            let detail = format!("and {} more like it", repeats.end(&window));
            let at = jiff::Timestamp::now().as_millisecond();
            let entry = Entry { at, detail, target: String::new(), ..entry };
            if let Err(error) = written(&store, lines.as_deref(), &entry).await {
                tracing::error!("the audit cannot be written: {error}");
            }
        });
    }
}

async fn written(store: &Store, lines: Option<&Mutex<Lines>>, entry: &Entry) -> Result<(), StoreError> {
    let kept = store.remember(entry).await?;
    if let Some(lines) = lines
        && let Ok(line) = serde_json::to_string(&crate::store::Kept { id: kept, entry: entry.clone() })
    {
        let mut lines = lines.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(error) = writeln!(lines, "{line}").and_then(|()| lines.flush()) {
            tracing::error!("an audit line cannot be written: {error}");
        }
    }
    Ok(())
}

/// A user's name: short, and nothing that could be taken for something else.
pub(crate) fn valid_name(name: &str) -> bool {
    // Clients and proxies take these for ways through a path.
    !matches!(name, "." | "..")
        && (1..=64).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._@-".contains(&byte))
}
