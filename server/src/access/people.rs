//! Local users, changed by admins on a page and on the command line alike. Each change is in the audit before it is done.

use super::{Door, PasswordError, Role, Who, password::hashed, valid_name};
use crate::store::{Entry, Store, StoreError, User};

/// Where changes are remembered before they are done.
#[derive(Clone, Copy)]
pub enum Book<'a> {
    /// A running server's audit, with its lines.
    Door(&'a Door),
    /// The database's alone, by the command line.
    Store(&'a Store),
}

/// Why nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum PersonError {
    /// The name cannot be one.
    #[error("{}", app::texts::USER_NAME)]
    Name,
    /// The password is not taken.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// There is none of this name.
    #[error("there is no user {0}")]
    Missing(String),
    /// There is one already.
    #[error("there is a user {0} already")]
    Taken(String),
    /// Nobody would be left to undo it.
    #[error("{0} is the only admin: make another user admin first")]
    Last(String),
    /// The database, or the audit in it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Book<'_> {
    const fn store(&self) -> &Store {
        match self {
            Self::Door(door) => door.store(),
            Self::Store(store) => store,
        }
    }

    async fn remember(&self, entry: &Entry) -> Result<(), StoreError> {
        match self {
            Self::Door(door) => door.write(entry).await,
            Self::Store(store) => store.remember(entry).await.map(|_| ()),
        }
    }
}

/// Adds a user.
///
/// # Errors
/// [`PersonError`] with what to change.
pub async fn add(book: Book<'_>, who: &Who, name: &str, role: Role, password: &str) -> Result<(), PersonError> {
    if !valid_name(name) {
        return Err(PersonError::Name);
    }
    let password = hashed(name, password).await?;
    if book.store().user(name).await?.is_some() {
        return Err(PersonError::Taken(name.into()));
    }
    book.remember(&who.entry("user.add", name, "", true, role.word())).await?;
    let created = jiff::Timestamp::now().as_millisecond();
    let user = User { name: name.into(), password, role: role.word().into(), created, disabled: false };
    book.store().add_user(&user).await.map_err(|error| match error {
        StoreError::Taken => PersonError::Taken(name.into()),
        other => other.into(),
    })
}

/// Gives a user another password and ends their sessions; answers how many.
///
/// # Errors
/// [`PersonError`] with what to change.
pub async fn set_password(book: Book<'_>, who: &Who, name: &str, password: &str) -> Result<u64, PersonError> {
    find(book, name).await?;
    let password = hashed(name, password).await?;
    book.remember(&who.entry("user.password", name, "", true, "")).await?;
    // Hashing takes a while: the role may have changed meanwhile, and the user may be refused.
    let user = find(book, name).await?;
    change(book, User { password, ..user }).await?;
    Ok(book.store().end_sessions_of(&subject(name)).await?)
}

/// Gives a user another role, which holds from their next request on.
///
/// # Errors
/// [`PersonError`]; on a page the only admin stays admin.
pub async fn set_role(book: Book<'_>, who: &Who, name: &str, role: Role) -> Result<(), PersonError> {
    let user = find(book, name).await?;
    if role != Role::Admin {
        keep_an_admin(book, &user).await?;
    }
    let detail = format!("{} before, {} now", user.role, role.word());
    book.remember(&who.entry("user.role", name, "", true, &detail)).await?;
    change(book, User { role: role.word().into(), ..user }).await
}

/// Lets a user in again, with the password and the role from before.
///
/// # Errors
/// [`PersonError`].
pub async fn enable(book: Book<'_>, who: &Who, name: &str) -> Result<(), PersonError> {
    let user = find(book, name).await?;
    book.remember(&who.entry("user.enable", name, "", true, &user.role)).await?;
    change(book, User { disabled: false, ..user }).await
}

/// Refuses a user from now on and ends their sessions; answers how many. Their tokens and links are refused as well.
///
/// # Errors
/// [`PersonError`]; on a page the only admin is not refused.
pub async fn disable(book: Book<'_>, who: &Who, name: &str) -> Result<u64, PersonError> {
    let user = find(book, name).await?;
    keep_an_admin(book, &user).await?;
    book.remember(&who.entry("user.disable", name, "", true, "")).await?;
    change(book, User { disabled: true, ..user }).await?;
    Ok(book.store().end_sessions_of(&subject(name)).await?)
}

/// Who a local user is, whatever they are called elsewhere.
pub(crate) fn subject(name: &str) -> String {
    format!("local {name}")
}

async fn find(book: Book<'_>, name: &str) -> Result<User, PersonError> {
    book.store().user(name).await?.ok_or_else(|| PersonError::Missing(name.into()))
}

async fn change(book: Book<'_>, user: User) -> Result<(), PersonError> {
    let changed = book.store().change_user(&user).await?;
    if changed { Ok(()) } else { Err(PersonError::Missing(user.name)) }
}

/// Whoever may use the command line can always make another admin; on a page nobody could.
async fn keep_an_admin(book: Book<'_>, user: &User) -> Result<(), PersonError> {
    let is_admin = |user: &User| user.role == Role::Admin.word() && !user.disabled;
    if matches!(book, Book::Store(_)) || !is_admin(user) {
        return Ok(());
    }
    let others = book.store().users().await?;
    let another = others.iter().any(|other| other.name != user.name && is_admin(other));
    if another { Ok(()) } else { Err(PersonError::Last(user.name.clone())) }
}
