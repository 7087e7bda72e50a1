//! `binnacle doctor`: tries settings without starting a server.

use std::{
    io::Read,
    path::{Path, PathBuf},
};

use clap::Args;

use super::{Exit, Failure, draw, examine, provider::ProviderArgs};
use crate::{
    access::examine_oidc,
    config::{Given, Settings},
    deploy::Fit,
};

/// No ID token and no claims are larger.
const LARGEST: u64 = 1 << 20;

#[derive(Args)]
pub(super) struct DoctorArgs {
    /// Try the sign-in provider: its description, keys, scopes and algorithms, and which role somebody would get.
    #[arg(long)]
    oidc: bool,
    /// A file with an ID token whose person would sign in; - for standard input.
    #[arg(long, value_name = "FILE", conflicts_with = "claims", requires = "oidc")]
    id_token: Option<PathBuf>,
    /// A file with the claims of somebody who would sign in, as JSON; - for standard input.
    #[arg(long, value_name = "FILE", requires = "oidc")]
    claims: Option<PathBuf>,
    /// The server's TOML file with settings.
    #[arg(long, value_name = "FILE")]
    config: Option<String>,
    /// Folder for what Binnacle keeps.
    #[arg(long, value_name = "DIR", conflicts_with = "oidc")]
    data: Option<String>,
    /// Kubeconfig; else KUBECONFIG, ~/.kube/config, the pod's service account.
    #[arg(long, value_name = "FILE", conflicts_with = "oidc")]
    kubeconfig: Option<String>,
    /// Print JSON.
    #[arg(long, conflicts_with = "oidc")]
    json: bool,
    #[command(flatten)]
    provider: ProviderArgs,
}

pub(super) async fn run(args: DoctorArgs) -> Result<(), Failure> {
    let mut given: Given = args.provider.given().collect();
    given.extend(args.config.map(|config| ("config", config)));
    if !args.oidc {
        given.extend(args.data.map(|data| ("data", data)));
        given.extend(args.kubeconfig.map(|kubeconfig| ("kubeconfig", kubeconfig)));
        return everything(&given, args.json).await;
    }
    given.push(("sign_in", "oidc".into()));
    let settings = Settings::load(&given).map_err(|error| (Exit::Usage, error.to_string()))?;
    let Some(oidc) = settings.oidc else { return Err((Exit::Usage, "no sign-in provider is set".into())) };
    let told = args.id_token.or(args.claims).as_deref().map(read).transpose()?;
    let found = examine_oidc(&oidc, told.as_deref()).await;
    let text: String = found.lines.iter().map(|(about, what)| format!("{about:<13} {what}\n")).collect();
    draw::write(None, &text)?;
    if found.failed {
        return Err((Exit::Failed, "nobody, or not this person, can sign in with these settings; see above".into()));
    }
    Ok(())
}

async fn everything(given: &Given, json: bool) -> Result<(), Failure> {
    let settings = Settings::load(given).map_err(|error| (Exit::Usage, error.to_string()))?;
    let found = examine::all(&settings).await;
    let wrong = found.iter().filter(|finding| finding.is == Fit::Ill).count();
    let written = match json {
        true => serde_json::to_string_pretty(&serde_json::json!({ "wrong": wrong, "findings": found })),
        false => Ok(examine::text(&found)),
    };
    let written = written.map_err(|error| (Exit::Failed, error.to_string()))?;
    draw::write(None, &format!("{}\n", written.trim_end()))?;
    match wrong {
        0 => Ok(()),
        1 => Err((Exit::Failed, "one thing is wrong; see above".into())),
        _ => Err((Exit::Failed, format!("{wrong} things are wrong; see above"))),
    }
}

fn read(path: &Path) -> Result<String, Failure> {
    let mut text = String::new();
    let read = if path.as_os_str() == "-" {
        std::io::stdin().lock().take(LARGEST).read_to_string(&mut text)
    } else {
        std::fs::File::open(path).and_then(|file| file.take(LARGEST).read_to_string(&mut text))
    };
    read.map_err(|error| (Exit::Usage, format!("{} cannot be read: {error}", path.display())))?;
    Ok(text)
}
