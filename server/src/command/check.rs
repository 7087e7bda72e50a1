//! `binnacle check`.

use std::path::PathBuf;

use ::plan::{File, Finding, Severity};
use clap::{Args, ValueEnum};

use super::{Exit, Failure, draw::write};

#[derive(Args)]
#[group(required = true, multiple = true, args = ["dha", "network"])]
pub(super) struct CheckArgs {
    /// DHA file: who plays which role.
    #[arg(long, value_name = "FILE")]
    dha: Option<PathBuf>,
    /// network.yml: which network carries what.
    #[arg(long, value_name = "FILE")]
    network: Option<PathBuf>,
    /// DHA file of the cluster that the plan expands.
    #[arg(long, value_name = "FILE", requires = "dha")]
    expands: Option<PathBuf>,
    /// network.yml of the cluster that the plan expands.
    #[arg(long, value_name = "FILE", requires = "expands")]
    expands_network: Option<PathBuf>,
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

pub(super) fn run(args: &CheckArgs) -> Result<(), Failure> {
    let (dha, network) = (args.dha.as_deref(), args.network.as_deref());
    let usage = |error: crate::plan::PlanError| (Exit::Usage, error.to_string());
    let (plan, mut findings) = crate::plan::load(dha, network).map_err(usage)?;
    if let Some(base) = args.expands.as_deref() {
        let (base, _) = crate::plan::load(Some(base), args.expands_network.as_deref()).map_err(usage)?;
        findings.extend(::plan::check_expansion(&base, &plan));
        findings.sort();
        findings.dedup();
    }
    let headline = crate::plan::headline(&plan, &findings);
    let text = match args.format {
        Format::Json => {
            let answer = serde_json::json!({ "headline": headline, "findings": findings });
            serde_json::to_string_pretty(&answer).map_err(|error| (Exit::Failed, error.to_string()))? + "\n"
        }
        Format::Text => findings.iter().map(|finding| lines(args, finding)).collect::<String>() + &headline + "\n",
    };
    write(None, &text)?;
    if dha.is_some() && plan.dha.is_none() || network.is_some() && plan.network.is_none() {
        return Err((Exit::Usage, "a file cannot be read as a part of a plan".into()));
    }
    match findings.iter().filter(|finding| finding.severity == Severity::Error).count() {
        0 => Ok(()),
        count => Err((Exit::Failed, format!("{count} errors"))),
    }
}

fn lines(args: &CheckArgs, finding: &Finding) -> String {
    let path = match finding.file {
        File::Dha => args.dha.as_ref(),
        File::Network => args.network.as_ref(),
    };
    let path = path.map(|path| path.display().to_string()).unwrap_or_default();
    let severity = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    };
    let Finding { place, what, why, todo, .. } = finding;
    format!("{path}:{}:{}: {severity}: {what}\n    {why}\n    {todo}\n", place.line, place.column)
}
