//! `binnacle what-if`.

use std::{path::PathBuf, sync::Arc};

use clap::{Args, ValueEnum};
use topology::graph::SinglePoint;
use whatif::{
    Answer, DrainOrder, Losses, Wave,
    answer::{Outcome, Part},
    waves::named,
};

use super::{
    Exit, Failure,
    draw::{context, heard, write},
};
use crate::{losses, rest::what_if as told};

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
    /// Tell the order in which all hosts can be drained for an upgrade, in waves.
    #[arg(long, conflicts_with_all = ["lose", "remove", "drain", "cordon", "add"])]
    drain_order: bool,
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
    if args.drain_order {
        let order = losses::drain_order(&cluster).await.map_err(|mistake| (Exit::Failed, mistake.to_string()))?;
        let whole = order.is_whole();
        match args.format {
            Format::Json => json(&told::DrainOrder::from(&order))?,
            Format::Text => write(None, &scene::readable(&in_waves(&order)))?,
        }
        return match whole {
            Some(true) => Ok(()),
            Some(false) => Err((Exit::Failed, "not every host can be drained".into())),
            None => Err((Exit::Unknown, "a missing fact decides".into())),
        };
    }
    if pairs.is_empty() {
        losses::beside(&cluster).await;
        let now = cluster.now();
        let found = cluster.read(|inventory| whatif::losses(inventory, now));
        match args.format {
            Format::Json => json(&told::Losses::from(&found))?,
            Format::Text => write(None, &scene::readable(&each(&found)))?,
        }
        return match found.single.first() {
            Some(worst) => ended(worst.outcome),
            None => Err((Exit::Unknown, "the cluster has no hosts".into())),
        };
    }
    let answer = losses::ask(&cluster, &pairs).await.map_err(|mistake| (Exit::Usage, mistake.to_string()))?;
    let outcome = answer.outcome;
    match args.format {
        Format::Json => json(&told::WhatIf::from(answer))?,
        Format::Text => write(None, &scene::readable(&lines(&answer)))?,
    }
    ended(outcome)
}

/// Writes what the API answers as well.
fn json(told: &impl serde::Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(told).map_err(|error| (Exit::Failed, error.to_string()))?;
    write(None, &(text + "\n"))
}

fn ended(outcome: Outcome) -> Result<(), Failure> {
    match outcome {
        Outcome::Unnoticed => Ok(()),
        Outcome::Unknown => Err((Exit::Unknown, "a missing fact decides".into())),
        Outcome::Interrupted | Outcome::AtRisk | Outcome::Damaged => Err((Exit::Failed, outcome.phrase().into())),
    }
}

fn in_waves(order: &DrainOrder) -> String {
    let mut out = format!("{}\n", order.sentence());
    let moved = |wave: &Wave| match wave.pods {
        0 => "no pods move".to_owned(),
        1 => "1 pod moves".to_owned(),
        pods => format!("{pods} pods move"),
    };
    for (number, wave) in order.waves.iter().enumerate() {
        out += &format!("\n  {}. {}: {}\n", number + 1, wave.hosts.join(", "), moved(wave));
        if !wave.slow.is_empty() {
            out += &format!("     one after another by {}\n", named(&wave.slow));
        }
        if !wave.interrupted.is_empty() {
            out += &format!("     the only endpoint moves of {}\n", named(&wave.interrupted));
        }
    }
    if !order.stuck.is_empty() {
        out += "\nNot drained:\n";
    }
    for (hosts, stuck) in order.alike() {
        out += &format!("  {}\n", hosts.iter().map(|host| &***host).collect::<Vec<_>>().join(", "));
        out.extend(stuck.why.iter().map(|why| format!("     {why}\n")));
    }
    if let Some(room) = order.room() {
        out += &format!("\nMissing: {room}\n");
    }
    if !order.flags.is_empty() {
        out += &format!("\nkubectl drain needs {}\n", order.flags.join(" "));
    }
    out
}

fn each(losses: &Losses) -> String {
    let all = losses.single.iter().chain(&losses.pairs);
    let line = |loss: &whatif::Loss| {
        format!("{}: {}\n    {}\n", loss.hosts.join(" and "), loss.outcome.phrase(), loss.sentence)
    };
    all.map(line).collect::<String>() + &points(&losses.points)
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
    out += &points(&answer.points);
    if !answer.helps.is_empty() {
        out += "\nWould help:\n";
        out.extend(answer.helps.iter().map(|help| format!("  {help}.\n")));
    }
    out
}

fn points(points: &[SinglePoint]) -> String {
    let lines: String = points.iter().map(|point| format!("  {point}\n")).collect();
    if lines.is_empty() { lines } else { format!("\nSingle points of failure:\n{lines}") }
}

fn part(part: &Part) -> String {
    let why = if part.why.is_empty() { String::new() } else { format!(": {}", part.why) };
    let mut out = format!("  {:<8} {} {}{why}\n", part.about.word(), part.name, part.short);
    for refused in &part.refusals {
        out += &format!("             {}: {}\n", refused.shown(), refused.why);
    }
    out
}
