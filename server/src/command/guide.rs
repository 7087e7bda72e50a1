//! `binnacle backup guide`: how a backup is restored, from the manifest beside it; no server is needed.

use std::path::PathBuf;

use clap::Args;
use restore::{Lost, guide, lost};

use super::{Exit, Failure, draw::write};
use crate::{
    backup::{
        manifest::Manifest,
        restoring::{Known, facts},
    },
    etcd::{Endpoint, Hashes, Tls, look},
};

#[derive(Args)]
pub(super) struct GuideArgs {
    /// The backup's manifest: the file beside it that ends with .json.
    manifest: PathBuf,
    /// Where members of etcd may be asked, with commas between, if any still answers.
    #[arg(long, value_name = "URL,…")]
    endpoints: Option<String>,
    /// Certificates of the authority that signs etcd's, in PEM form.
    #[arg(long, value_name = "FILE")]
    cacert: Option<PathBuf>,
    /// Our certificate for etcd.
    #[arg(long, value_name = "FILE", requires = "key")]
    cert: Option<PathBuf>,
    /// Its key.
    #[arg(long, value_name = "FILE", requires = "cert")]
    key: Option<PathBuf>,
    /// DHA file of the cluster: its hosts.
    #[arg(long, value_name = "FILE")]
    dha: Option<PathBuf>,
    /// network.yml of the cluster: their addresses.
    #[arg(long, value_name = "FILE")]
    network: Option<PathBuf>,
    /// What is lost: quorum, or the name of a member [default: what seems to be].
    #[arg(long, value_name = "WHAT")]
    lost: Option<String>,
}

pub(super) async fn run(args: GuideArgs) -> Result<(), Failure> {
    let usage = |what: String| (Exit::Usage, what);
    let file = args.manifest.display();
    let text = std::fs::read(&args.manifest).map_err(|error| usage(format!("cannot read {file}: {error}")))?;
    let manifest = Manifest::read(&text).map_err(|error| usage(format!("{file}: {error}")))?;
    let planned = crate::plan::planned(args.dha.as_deref(), args.network.as_deref());
    let planned = planned.map_err(|error| usage(error.to_string()))?;
    let tls = Tls { cacert: args.cacert.clone(), cert: args.cert.clone(), key: args.key.clone() };
    let life = match &args.endpoints {
        None => None,
        Some(endpoints) => {
            let endpoints = Endpoint::list(endpoints).map_err(|error| usage(error.to_string()))?;
            // That nobody answers may be why somebody asks for a guide.
            let told = look(&endpoints, &tls, Hashes::Leave).await;
            told.inspect_err(|error| eprintln!("etcd does not answer: {error}")).ok()
        }
    };
    let known = Known { life: life.as_ref(), planned: planned.as_ref(), ..Known::default() };
    let facts = facts(&manifest, &known, jiff::Timestamp::now().as_millisecond());
    let member = |name: &str| facts.members.iter().position(|member| member.name.as_deref() == Some(name));
    let lost = match args.lost.as_deref() {
        None => lost(&facts),
        Some("quorum") => Lost::Quorum,
        Some(name) => Lost::Member(member(name).ok_or_else(|| {
            usage(format!("no member named {name} is known: say quorum, or name one that etcd tells of at --endpoints"))
        })?),
    };
    write(None, &guide(&facts, lost).markdown())
}
