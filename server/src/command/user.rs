//! `binnacle user`.

use std::io::{BufRead, IsTerminal};

use clap::{Args, Subcommand, ValueEnum};

use super::{Exit, Failure};
use crate::{
    access::{
        Role, Way, Who,
        people::{self, Book, PersonError},
    },
    config::Settings,
    store::{Place, Session, Store, StoreError},
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
    #[arg(long, value_name = "FILE", global = true)]
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
    /// Give a user another password and end their sessions; it is asked for, or read from standard input.
    Password {
        /// Whose.
        name: String,
    },
    /// Give a user another role, which holds from their next request on.
    Role {
        /// Whose.
        name: String,
        /// Which.
        role: RoleWord,
    },
    /// Let a disabled user in again.
    Enable {
        /// Which.
        name: String,
    },
    /// List the sessions of everybody who is signed in, by a provider or as a local user.
    Sessions {
        /// Only those of this local user, or of whom the list calls so.
        name: Option<String>,
    },
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
    /// Whether any is named.
    pub(super) const fn is_said(&self) -> bool {
        self.data.is_some() || self.database.is_some() || self.database_file.is_some() || self.config.is_some()
    }

    pub(super) async fn open(self) -> Result<Store, Failure> {
        super::serve::store(&self.settings()?).await
    }

    /// Where the database is; nothing is made.
    pub(super) fn place(self) -> Result<Place, Failure> {
        let settings = self.settings()?;
        Ok(settings.database.unwrap_or_else(|| Place::beside(&settings.data)))
    }

    /// The same, with the data folder where the database lies in it.
    pub(super) fn place_to_make(self) -> Result<Place, Failure> {
        let settings = self.settings()?;
        if let Some(place) = settings.database {
            return Ok(place);
        }
        super::data::private(&settings.data).map_err(|error| (Exit::Usage, error.to_string()))?;
        Ok(Place::beside(&settings.data))
    }

    fn settings(self) -> Result<Settings, Failure> {
        let pairs = [
            ("data", self.data),
            ("database", self.database),
            ("database_file", self.database_file),
            ("config", self.config),
        ];
        let given = pairs.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
        Settings::load(&given).map_err(|error| (Exit::Usage, error.to_string()))
    }
}

pub(super) async fn run(args: UserArgs) -> Result<(), Failure> {
    let store = args.database.open().await?;
    let (book, who) = (Book::Store(&store), command_line());
    match args.what {
        What::Add { name, role } => {
            // A name that cannot be one is refused before anybody types a password.
            if !crate::access::valid_name(&name) {
                return Err(not_done(&PersonError::Name));
            }
            let role = Role::from(role);
            let given = password().map_err(|error| (Exit::Usage, format!("the password cannot be read: {error}")))?;
            people::add(book, &who, &name, role, &given).await.map_err(|error| not_done(&error))?;
            println!("{name} is {} now", role.word());
            Ok(())
        }
        What::List => {
            for user in store.users().await.map_err(failed)? {
                let disabled = if user.disabled { ", disabled" } else { "" };
                println!("{}: {}{disabled}", user.name, user.role);
            }
            Ok(())
        }
        What::Password { name } => {
            let given = password().map_err(|error| (Exit::Usage, format!("the password cannot be read: {error}")))?;
            let ended = people::set_password(book, &who, &name, &given).await.map_err(|error| not_done(&error))?;
            println!("{name} has another password; {ended} sessions ended");
            Ok(())
        }
        What::Role { name, role } => {
            let role = Role::from(role);
            people::set_role(book, &who, &name, role).await.map_err(|error| not_done(&error))?;
            println!("{name} is {} now", role.word());
            Ok(())
        }
        What::Enable { name } => {
            people::enable(book, &who, &name).await.map_err(|error| not_done(&error))?;
            println!("{name} can sign in again");
            Ok(())
        }
        What::Sessions { name } => {
            let now = jiff::Timestamp::now().as_millisecond();
            let subject = name.as_deref().map(people::subject);
            let wanted = |session: &Session| {
                name.as_ref().is_none_or(|name| session.who == *name || session.subject == *name)
                    || subject.as_ref() == Some(&session.subject)
            };
            let sessions = store.sessions(LISTED).await.map_err(failed)?;
            for session in sessions.iter().filter(|session| session.expires > now && wanted(session)) {
                let line = format!("{} {} {} {}", session.role, session.address, session.who, session.subject);
                println!("{}", scene::readable(&line));
            }
            Ok(())
        }
        What::SignOut { whom } => sign_out(&store, &whom).await,
        What::Disable { name } => {
            let ended = people::disable(book, &who, &name).await.map_err(|error| not_done(&error))?;
            println!("{name} is refused from now on; {ended} sessions ended");
            Ok(())
        }
    }
}

fn not_done(error: &PersonError) -> Failure {
    match error {
        PersonError::Missing(_) => (Exit::Usage, format!("{error}: binnacle user list")),
        PersonError::Taken(_) | PersonError::Store(_) => (Exit::Failed, error.to_string()),
        _ => (Exit::Usage, error.to_string()),
    }
}

/// So many sessions are listed.
const LISTED: u32 = 10_000;

async fn sign_out(store: &Store, whom: &str) -> Result<(), Failure> {
    let sessions = store.sessions(LISTED).await.map_err(failed)?;
    let exactly = [whom.to_owned(), people::subject(whom)];
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
