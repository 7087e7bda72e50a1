//! `binnacle user`.

use std::io::{BufRead, IsTerminal};

use clap::{Args, Subcommand, ValueEnum};

use super::{Exit, Failure};
use crate::{
    access::{Role, Way, Who, hashed},
    config::Settings,
    store::{Store, StoreError, User},
};

#[derive(Args)]
pub(super) struct UserArgs {
    #[command(subcommand)]
    what: What,
    #[command(flatten)]
    database: DatabaseArgs,
}

/// Which database a command works on.
#[derive(Args)]
pub(super) struct DatabaseArgs {
    /// The server's data folder.
    #[arg(long, value_name = "DIR", global = true)]
    data: Option<String>,
    /// The server's database, if it is not in that folder.
    #[arg(long, value_name = "URL", global = true)]
    database: Option<String>,
    /// A file with its address instead.
    #[arg(long, value_name = "FILE")]
    database_file: Option<String>,
    /// The server's TOML file with settings.
    #[arg(long, value_name = "FILE", global = true)]
    config: Option<String>,
}

#[derive(Subcommand)]
enum What {
    /// Add a user; the password is asked for, or read from standard input.
    Add {
        /// 1 to 64 letters, digits and any of . _ @ -
        name: String,
        /// What they may do.
        #[arg(long, default_value = "viewer")]
        role: RoleWord,
    },
    /// List users with their roles.
    List,
    /// List the sessions of everybody who is signed in, by a provider or as a local user.
    Sessions,
    /// End all sessions of somebody; who they are is not changed.
    SignOut {
        /// A local user's name, or what `binnacle user sessions` says: somebody's name, or who they are at a provider.
        whom: String,
    },
    /// Refuse a user from now on and end their sessions.
    Disable {
        /// Which.
        name: String,
    },
}

/// A role on the command line.
#[derive(Clone, Copy, ValueEnum)]
pub(super) enum RoleWord {
    Viewer,
    Operator,
    Admin,
}

impl From<RoleWord> for Role {
    fn from(word: RoleWord) -> Self {
        match word {
            RoleWord::Viewer => Self::Viewer,
            RoleWord::Operator => Self::Operator,
            RoleWord::Admin => Self::Admin,
        }
    }
}

impl DatabaseArgs {
    pub(super) async fn open(self) -> Result<Store, Failure> {
        let pairs = [
            ("data", self.data),
            ("database", self.database),
            ("database_file", self.database_file),
            ("config", self.config),
        ];
        let given = pairs.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
        let settings = Settings::load(&given).map_err(|error| (Exit::Usage, error.to_string()))?;
        super::serve::store(&settings).await
    }
}

pub(super) async fn run(args: UserArgs) -> Result<(), Failure> {
    let store = args.database.open().await?;
    match args.what {
        What::Add { name, role } => add(&store, &name, role.into()).await,
        What::List => {
            for user in store.users().await.map_err(failed)? {
                let disabled = if user.disabled { ", disabled" } else { "" };
                println!("{}: {}{disabled}", user.name, user.role);
            }
            Ok(())
        }
        What::Sessions => {
            let now = jiff::Timestamp::now().as_millisecond();
            let sessions = store.sessions(LISTED).await.map_err(failed)?;
            for session in sessions.iter().filter(|session| session.expires > now) {
                println!("{} {} {} {}", session.role, session.address, session.who, session.subject);
            }
            Ok(())
        }
        What::SignOut { whom } => sign_out(&store, &whom).await,
        What::Disable { name } => {
            let user = store.user(&name).await.map_err(failed)?;
            let user = user.ok_or_else(|| (Exit::Usage, format!("there is no user {name}: binnacle user list")))?;
            store.change_user(&User { disabled: true, ..user }).await.map_err(failed)?;
            let ended = store.end_sessions_of(&format!("local {name}")).await.map_err(failed)?;
            println!("{name} is refused from now on; {ended} sessions ended");
            Ok(())
        }
    }
}

/// So many sessions are listed.
const LISTED: u32 = 10_000;

async fn sign_out(store: &Store, whom: &str) -> Result<(), Failure> {
    let sessions = store.sessions(LISTED).await.map_err(failed)?;
    let exactly = [whom.to_owned(), format!("local {whom}")];
    let mut subjects: Vec<&str> = sessions.iter().map(|session| session.subject.as_str()).collect();
    subjects.retain(|subject| exactly.iter().any(|one| one == subject));
    if subjects.is_empty() {
        let called = sessions.iter().filter(|session| session.who == whom);
        subjects = called.map(|session| session.subject.as_str()).collect();
    }
    subjects.sort_unstable();
    subjects.dedup();
    match subjects.as_slice() {
        [] => Err((Exit::Failed, format!("{whom} has no session: binnacle user sessions"))),
        [subject] => {
            store
                .remember(&command_line().entry("session.end", subject, "", true, "all of them"))
                .await
                .map_err(failed)?;
            let ended = store.end_sessions_of(subject).await.map_err(failed)?;
            println!("{ended} sessions of {subject} ended");
            Ok(())
        }
        several => Err((Exit::Usage, format!("several are called {whom}; name one of: {}", several.join("; ")))),
    }
}

async fn add(store: &Store, name: &str, role: Role) -> Result<(), Failure> {
    if !crate::access::valid_name(name) {
        return Err((Exit::Usage, app::texts::USER_NAME.into()));
    }
    let given = password().map_err(|error| (Exit::Usage, format!("the password cannot be read: {error}")))?;
    let password = hashed(&given).await.map_err(|error| (Exit::Usage, error.to_string()))?;
    let created = jiff::Timestamp::now().as_millisecond();
    let user = User { name: name.into(), password, role: role.word().into(), created, disabled: false };
    match store.add_user(&user).await {
        Ok(()) => {
            println!("{name} is {} now", role.word());
            Ok(())
        }
        Err(StoreError::Taken) => Err((Exit::Failed, format!("there is a user {name} already"))),
        Err(error) => Err(failed(error)),
    }
}

/// From the terminal, unseen; or a line of standard input. Never from an argument, which others can read.
fn password() -> std::io::Result<String> {
    if std::io::stdin().is_terminal() {
        return rpassword::prompt_password("Password, at least 12 characters: ");
    }
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line)?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

/// Whoever may write the database may do everything.
pub(super) fn command_line() -> Who {
    let name = "the command line".to_owned();
    Who { name, role: Some(Role::Admin), way: Way::Loopback, from: std::net::IpAddr::from([127, 0, 0, 1]) }
}

#[expect(clippy::needless_pass_by_value, reason = "what map_err hands over")]
pub(super) fn failed(error: StoreError) -> Failure {
    (Exit::Failed, error.to_string())
}
