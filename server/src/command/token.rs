//! `binnacle token`.

use std::time::Duration;

use clap::{Args, Subcommand};

use super::{
    Exit, Failure,
    user::{DatabaseArgs, RoleWord, command_line, failed},
};
use crate::access::{TokenError, make_token};

#[derive(Args)]
pub(super) struct TokenArgs {
    #[command(subcommand)]
    what: What,
    #[command(flatten)]
    database: DatabaseArgs,
}

#[derive(Subcommand)]
enum What {
    /// Make a token.
    Add {
        /// What it is for.
        name: String,
        /// What it may do.
        #[arg(long, default_value = "viewer")]
        role: RoleWord,
        /// For how many days, at most 366.
        #[arg(long, default_value_t = 30)]
        days: u32,
    },
    /// Refuse a token from now on.
    Revoke {
        /// Its id: the part between the two underscores.
        id: String,
    },
    /// List tokens.
    List,
}

pub(super) async fn run(args: TokenArgs) -> Result<(), Failure> {
    let store = args.database.open().await?;
    let now = jiff::Timestamp::now().as_millisecond();
    let who = command_line();
    match args.what {
        What::Add { name, role, days } => {
            let lasts = Duration::from_secs(u64::from(days) * 24 * 3_600);
            let made = make_token(&store, &who, &name, role.into(), lasts).await.map_err(|error| {
                let exit = if matches!(error, TokenError::Store(_)) { Exit::Failed } else { Exit::Usage };
                (exit, error.to_string())
            })?;
            store.remember(&who.entry("token.create", &made.token.id, "", true, &name)).await.map_err(failed)?;
            println!("{}", made.secret);
        }
        What::Revoke { id } => {
            store.remember(&who.entry("token.revoke", &id, "", true, "")).await.map_err(failed)?;
            if !store.revoke_token(&id, now).await.map_err(failed)? {
                return Err((Exit::Failed, format!("there is no token {id} that is still good: binnacle token list")));
            }
        }
        What::List => {
            for token in store.tokens().await.map_err(failed)? {
                let state = match token.revoked {
                    Some(_) => "revoked",
                    None if now >= token.expires => "expired",
                    None => "good",
                };
                println!("{} {} {} {state}", token.id, token.role, token.name);
            }
        }
    }
    Ok(())
}
