//! Texts of the page of local users.

/// A page.
pub const USERS: &str = "Users";
/// What that page is for.
pub const USERS_FOR: &str = "Local users sign in with a password. Another password, or a refusal, ends their sessions; tokens and links are worth no more than their maker.";
/// Where local users do not sign in.
pub const USERS_CLOSED: &str = "The setting sign_in does not name local, so none of them can sign in now.";
/// Of users.
pub const NO_USERS: &str = "There are none.";
/// Of users.
pub const MADE: &str = "Made";
/// Of users.
pub const YOU: &str = "You";
/// A button.
pub const CHANGE: &str = "Change";
/// A button.
pub const CHANGE_ROLE: &str = "Change the role";
/// A button.
pub const CHANGE_PASSWORD: &str = "Another password";
/// A button.
pub const ENABLE: &str = "Let in again";
/// A button.
pub const DISABLE: &str = "Refuse";
/// After adding a user.
pub const USER_ADDED: &str = "The user was added.";
/// After another password.
pub const PASSWORD_CHANGED: &str = "The password was changed and the sessions have ended.";
/// After another role.
pub const ROLE_CHANGED: &str = "The role was changed; it holds from the next request on.";
/// After letting in again.
pub const ENABLED: &str = "The user can sign in again.";
/// After refusing.
pub const DISABLED: &str = "The user is refused from now on and the sessions have ended.";
