//! `binnacle drift`.

use std::{path::PathBuf, sync::Arc};

use clap::{Args, ValueEnum};
use topology::drift::{Report, compare};

use super::{
    Exit, Failure,
    draw::{context, heard, write},
};

#[derive(Args)]
pub(super) struct DriftArgs {
    /// DHA file that the cluster was deployed from.
    #[arg(long, value_name = "FILE")]
    dha: PathBuf,
    /// Its network.yml.
    #[arg(long, value_name = "FILE")]
    network: Option<PathBuf>,
    /// Kubeconfig; else KUBECONFIG, ~/.kube/config, the pod's service account.
    #[arg(long, value_name = "FILE", conflicts_with = "demo")]
    kubeconfig: Option<PathBuf>,
    /// The context to compare; else the current one.
    #[arg(long, value_name = "NAME")]
    context: Option<String>,
    /// Compare the built-in cluster.
    #[arg(long)]
    demo: bool,
    /// What to write.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    /// Lines for people.
    Text,
    /// One JSON object.
    Json,
}

pub(super) async fn run(args: DriftArgs) -> Result<(), Failure> {
    let planned = crate::plan::planned(Some(&args.dha), args.network.as_deref())
        .map_err(|error| (Exit::Usage, error.to_string()))?;
    let context = context(args.demo.then_some(crate::demo::NAME), args.kubeconfig.as_deref(), args.context.as_deref())?;
    let cluster = heard(&context, planned.map(Arc::new)).await?;
    let report = cluster.read(compare).unwrap_or_default();
    let text = match args.format {
        Format::Json => {
            serde_json::to_string_pretty(&report).map_err(|error| (Exit::Failed, error.to_string()))? + "\n"
        }
        Format::Text => scene::readable(&lines(&report)),
    };
    write(None, &text)?;
    match report.drifts.len() {
        0 => Ok(()),
        count => Err((Exit::Failed, format!("{count} differences"))),
    }
}

fn lines(report: &Report) -> String {
    let mut out = String::new();
    for drift in &report.drifts {
        out += &format!("{}: {drift}\n    {}\n", drift.kind.word(), drift.kind.todo());
    }
    for unknown in &report.unknown {
        out += &format!("unknown: {unknown}\n");
    }
    if report.drifts.is_empty() {
        out += "No drift found.\n";
    }
    out
}
