//! `binnacle check`.

use std::path::PathBuf;

use ::plan::{Checked, File, Finding, Release, Severity};
use clap::{Args, ValueEnum};
use serde_json::{Value, json};

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
    /// The release of Compass that it is for: euphrates, fraser or gambia.
    #[arg(long, value_name = "NAME", default_value = "gambia")]
    release: Release,
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
    let loaded = crate::plan::load_for(args.release, dha, network).and_then(|checked| {
        let Some(base) = args.expands.as_deref() else { return Ok(checked) };
        Ok(checked.expanding(&crate::plan::load(Some(base), args.expands_network.as_deref())?.plan))
    });
    let checked = match loaded {
        Ok(checked) => checked,
        Err(error) => {
            if matches!(args.format, Format::Json) {
                let answer = json!({ "headline": error.to_string(), "startable": "no", "findings": [] });
                write(None, &format!("{answer:#}\n"))?;
            }
            return Err((Exit::Usage, error.to_string()));
        }
    };
    let text = match args.format {
        Format::Json => format!("{:#}\n", answer(args, &checked)),
        Format::Text => {
            let findings: String = checked.findings.iter().map(|finding| lines(args, finding)).collect();
            scene::readable(&(findings + &crate::plan::headline(&checked) + "\n"))
        }
    };
    write(None, &text)?;
    if dha.is_some() && checked.plan.dha.is_none() || network.is_some() && checked.plan.network.is_none() {
        return Err((Exit::Usage, "a file cannot be read as a part of a plan".into()));
    }
    match checked.count(Severity::Error) {
        0 => Ok(()),
        1 => Err((Exit::Failed, "1 error".into())),
        count => Err((Exit::Failed, format!("{count} errors"))),
    }
}

/// `startable` is `yes`, `no` as long as there are errors or half of it is missing, or `never` when a shell would run a
/// part of it.
fn answer(args: &CheckArgs, checked: &Checked) -> Value {
    let finding = |one: &Finding| {
        let mut value = json!(one);
        value["path"] = json!(path(args, one.file));
        value
    };
    json!({
        "headline": crate::plan::headline(checked),
        "startable": match checked.clone().start() {
            Ok(_) => "yes",
            Err(refused) if refused.never() => "never",
            Err(_) => "no",
        },
        "findings": checked.findings.iter().map(finding).collect::<Vec<_>>(),
    })
}

fn path(args: &CheckArgs, file: File) -> String {
    let path = match file {
        File::Dha => args.dha.as_ref(),
        File::Network => args.network.as_ref(),
    };
    path.map(|path| path.display().to_string()).unwrap_or_default()
}

fn lines(args: &CheckArgs, finding: &Finding) -> String {
    let severity = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    };
    let Finding { place, what, why, todo, .. } = finding;
    let path = path(args, finding.file);
    format!("{path}:{}:{}: {severity}: {what}\n    {why}\n    {todo}\n", place.line, place.column)
}
