//! `binnacle what-if`.

use std::{path::PathBuf, sync::Arc};

use clap::{Args, ValueEnum};
use whatif::{
    Answer, Standing,
    answer::{Outcome, Part},
    standing,
};

use super::{
    Exit, Failure,
    draw::{context, heard, write},
};
use crate::losses;

#[derive(Args)]
pub(super) struct WhatIfArgs {
    /// A host whose machine is off.
    #[arg(long, value_name = "HOST")]
    lose: Vec<String>,
    /// A host whose machine is off and whose Node object is deleted.
    #[arg(long, value_name = "HOST")]
    remove: Vec<String>,
    /// A host that is drained.
    #[arg(long, value_name = "HOST")]
    drain: Vec<String>,
    /// A host that takes no new pods.
    #[arg(long, value_name = "HOST")]
    cordon: Vec<String>,
    /// One more host like this one.
    #[arg(long, value_name = "HOST")]
    add: Vec<String>,
    /// Kubeconfig; else KUBECONFIG, ~/.kube/config, the pod's service account.
    #[arg(long, value_name = "FILE", conflicts_with = "demo")]
    kubeconfig: Option<PathBuf>,
    /// The context to ask about; else the current one.
    #[arg(long, value_name = "NAME")]
    context: Option<String>,
    /// Ask about the built-in cluster, or a distribution's, as in --demo=k3s.
    #[arg(long, value_name = "PROFILE", num_args = 0..=1, require_equals = true, default_missing_value = crate::demo::NAME)]
    demo: Option<String>,
    /// DHA file that the cluster was deployed from: it tells hosts of etcd and addresses.
    #[arg(long, value_name = "FILE")]
    dha: Option<PathBuf>,
    /// Its network.yml.
    #[arg(long, value_name = "FILE")]
    network: Option<PathBuf>,
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

pub(super) async fn run(args: WhatIfArgs) -> Result<(), Failure> {
    let planned = crate::plan::planned(args.dha.as_deref(), args.network.as_deref())
        .map_err(|error| (Exit::Usage, error.to_string()))?;
    let context = context(args.demo.as_deref(), args.kubeconfig.as_deref(), args.context.as_deref())?;
    let planned = planned.map(Arc::new).or_else(|| context.planned.clone());
    let cluster = Arc::new(heard(&context, planned).await?);
    let kinds = [
        ("lose", &args.lose),
        ("remove", &args.remove),
        ("drain", &args.drain),
        ("cordon", &args.cordon),
        ("add", &args.add),
    ];
    let pairs: Vec<(String, String)> = kinds
        .into_iter()
        .flat_map(|(kind, hosts)| hosts.iter().map(move |host| (kind.to_owned(), host.clone())))
        .collect();
    let pretty = |json: serde_json::Result<String>| json.map_err(|error| (Exit::Failed, error.to_string()));
    if pairs.is_empty() {
        losses::beside(&cluster).await;
        let now = cluster.now();
        let standing = cluster.read(|inventory| standing(inventory, now));
        let text = match args.format {
            Format::Json => pretty(serde_json::to_string_pretty(&standing))? + "\n",
            Format::Text => scene::readable(&each(&standing)),
        };
        write(None, &text)?;
        return match standing.single.first() {
            Some(worst) => ended(worst.outcome),
            None => Err((Exit::Unknown, "the cluster has no hosts".into())),
        };
    }
    let answer = losses::ask(&cluster, &pairs).await.map_err(|mistake| (Exit::Usage, mistake.to_string()))?;
    let text = match args.format {
        Format::Json => pretty(serde_json::to_string_pretty(&answer))? + "\n",
        Format::Text => scene::readable(&lines(&answer)),
    };
    write(None, &text)?;
    ended(answer.outcome)
}

fn ended(outcome: Outcome) -> Result<(), Failure> {
    match outcome {
        Outcome::Unnoticed => Ok(()),
        Outcome::Unknown => Err((Exit::Unknown, "a missing fact decides".into())),
        Outcome::Interrupted | Outcome::AtRisk | Outcome::Damaged => Err((Exit::Failed, outcome.phrase().into())),
    }
}

fn each(standing: &Standing) -> String {
    let losses = standing.single.iter().chain(&standing.pairs);
    losses
        .map(|loss| format!("{}: {}\n    {}\n", loss.hosts.join(" and "), loss.outcome.phrase(), loss.sentence))
        .collect()
}

fn lines(answer: &Answer) -> String {
    let mut out = format!("{}\n\n", answer.sentence);
    out.extend(answer.parts.iter().map(part));
    out += "\nTimeline:\n";
    out.extend(answer.course.iter().map(|event| format!("  {:<12} {}\n", event.when(), event.what)));
    if !answer.returns.is_empty() {
        out += "\nWhere pods may come back, by one placement that every rule allows:\n";
        out.extend(answer.returns.iter().map(|seat| format!("  {:<20} {}\n", seat.host, seat.pods)));
    }
    if !answer.helps.is_empty() {
        out += "\nWould help:\n";
        out.extend(answer.helps.iter().map(|help| format!("  {help}.\n")));
    }
    out
}

fn part(part: &Part) -> String {
    let why = if part.why.is_empty() { String::new() } else { format!(": {}", part.why) };
    let mut out = format!("  {:<8} {} {}{why}\n", part.about.word(), part.name, part.short);
    for refused in &part.refusals {
        out += &format!("             {}: {}\n", refused.shown(), refused.why);
    }
    out
}
