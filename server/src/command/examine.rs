//! Looks at everything that a server with these settings needs, says what is wrong and what to do, and changes nothing.

use std::{fmt::Write, path::Path};

use futures::future::join_all;
use serde::Serialize;

use super::{
    data,
    described::{self, DescribedError},
    serve,
};
use crate::{
    access::examine_oidc,
    backup::{
        rehearsal::{Programs, room},
        rehearsing::When,
    },
    cluster::{
        Trouble,
        contexts::Context,
        examine::{Examined, examine},
    },
    config::{Demo, Settings},
    deploy::{Fit, preflight},
    etcd::{Access, Hashes, look},
    listen::Certificates,
    store::{Place, Store},
};

/// A data folder with less room will be full soon.
const LITTLE: u64 = 1 << 30;
/// With less than this nothing can be written.
const NONE: u64 = 64 << 20;
/// Clocks that differ by more are off, in milliseconds.
const OFF: i64 = 5_000;

/// One thing that was looked at.
#[derive(Debug, Serialize)]
pub(super) struct Finding {
    /// Its kind, as in `database`.
    about: &'static str,
    /// Which one, where there are several.
    #[serde(skip_serializing_if = "String::is_empty")]
    of: String,
    /// How it is.
    pub(super) is: Fit,
    /// What was seen.
    seen: String,
    /// What to do; empty when nothing.
    #[serde(skip_serializing_if = "String::is_empty")]
    todo: String,
}

impl Finding {
    fn new(about: &'static str, of: &str, is: Fit, seen: impl Into<String>, todo: &str) -> Self {
        Self { about, of: of.into(), is, seen: seen.into(), todo: todo.into() }
    }
}

/// Looks at everything, in the order in which a server needs it.
pub(super) async fn all(settings: &Settings) -> Vec<Finding> {
    let mut found = vec![listening(settings), folder(&settings.data), database(settings).await];
    found.extend(certificate(settings));
    if let Some(oidc) = &settings.oidc {
        let told = examine_oidc(oidc, None).await;
        let is = if told.failed { Fit::Ill } else { Fit::Well };
        found.push(Finding::new(
            "sign-in",
            "",
            is,
            "the provider was asked",
            match told.failed {
                true => "binnacle doctor --oidc says what is wrong.",
                false => "",
            },
        ));
    }
    let contexts = clusters(settings, &mut found);
    for (context, told) in
        join_all(contexts.iter().map(|context| async move { (context, examine(context).await) })).await
    {
        found.extend(cluster(context, told));
    }
    for warning in &settings.warnings {
        found.push(Finding::new("settings", "", Fit::Doubtful, warning, "Change or remove it."));
    }
    let mut has_etcd = false;
    for (at, context) in contexts.into_iter().enumerate() {
        let name = context.name.clone();
        match described::of_one(settings, at, context) {
            Ok(context) => {
                if context.planned.is_some() {
                    found.push(Finding::new("plan", &context.name, Fit::Well, "it can be read", ""));
                }
                if let Some(access) = &context.etcd {
                    found.push(etcd(&context.name, access).await);
                    has_etcd = true;
                }
            }
            Err(error) => {
                let todo = "Try it with binnacle check.";
                found.push(Finding::new("plan", &name, Fit::Ill, error.to_string(), todo));
            }
        }
    }
    if has_etcd {
        found.extend(backups(settings));
    } else if settings.backups.regime.schedule.is_some() {
        let seen = "there is a schedule, and no etcd to take them from";
        found.push(Finding::new("backups", "", Fit::Ill, seen, "Name etcd in etcd_endpoints."));
    }
    if let Some(deploying) = &settings.deploying {
        match preflight(&deploying.host, None).await {
            Ok(checks) => found.extend(checks.into_iter().map(|check| Finding {
                about: "jump host",
                of: check.what.replace('-', " "),
                is: check.is,
                seen: check.seen,
                todo: check.todo,
            })),
            Err(error) => {
                let todo = "Try the same with ssh, as the user that runs the server.";
                found.push(Finding::new("jump host", "", Fit::Ill, error.to_string(), todo));
            }
        }
    }
    found
}

fn listening(settings: &Settings) -> Finding {
    match serve::refuse_beyond_loopback(settings) {
        Ok(()) => {
            Finding::new("settings", "", Fit::Well, format!("they can be used; listens on {}", settings.listen), "")
        }
        Err((_, why)) => Finding::new("settings", "", Fit::Ill, why, ""),
    }
}

fn folder(folder: &Path) -> Finding {
    let shown = folder.display().to_string();
    if !folder.exists() {
        return Finding::new("data folder", "", Fit::Well, format!("{shown} is made at the first start"), "");
    }
    if let Err(error) = data::judge(folder) {
        return Finding::new("data folder", "", Fit::Ill, error.to_string(), "");
    }
    let Ok(room) = room(folder) else {
        return Finding::new(
            "data folder",
            "",
            Fit::Unknown,
            format!("{shown}: its disk does not say how full it is"),
            "",
        );
    };
    let is = match room {
        ..NONE => Fit::Ill,
        NONE..LITTLE => Fit::Doubtful,
        _ => Fit::Well,
    };
    let todo = if is == Fit::Well { "" } else { "Make room on its disk, or name another folder in data." };
    Finding::new("data folder", "", is, format!("{shown} has {} MB of room", room / 1_000_000), todo)
}

async fn database(settings: &Settings) -> Finding {
    let place = settings.database.clone().unwrap_or_else(|| Place::beside(&settings.data));
    let newest = Store::versions().max().unwrap_or_default();
    let (is, seen, todo) = match Store::found(&place).await {
        Err(error) => (Fit::Ill, error.to_string(), ""),
        Ok(None) => (Fit::Well, "it is made at the first start".into(), ""),
        Ok(Some(version)) if version > newest => {
            let seen = format!("its version is {version}, and this program knows {newest}");
            (Fit::Ill, seen, "Use the newer Binnacle that made it.")
        }
        Ok(Some(version)) if version < newest => {
            let seen = format!("its version is {version}; the next start brings it to {newest}");
            (Fit::Well, seen, "")
        }
        Ok(Some(version)) => (Fit::Well, format!("it answers; its version is {version}"), ""),
    };
    Finding::new("database", "", is, seen, todo)
}

fn certificate(settings: &Settings) -> Option<Finding> {
    let (certificate, key) = settings.tls.as_ref()?;
    Some(match Certificates::read(certificate, key) {
        Ok(_) => Finding::new("certificate", "", Fit::Well, format!("{} can be used", certificate.display()), ""),
        Err(error) => Finding::new("certificate", "", Fit::Ill, error.to_string(), ""),
    })
}

/// The clusters that a server would show, without the built-in one.
fn clusters(settings: &Settings, found: &mut Vec<Finding>) -> Vec<Context> {
    if matches!(settings.demo, Demo::Always | Demo::Of(_)) {
        found.push(Finding::new("clusters", "", Fit::Well, "the built-in one alone is shown", ""));
        return Vec::new();
    }
    let contexts = match described::found(settings) {
        Ok(contexts) => contexts,
        Err(DescribedError::Kubeconfig { trouble }) => {
            found.push(Finding::new("clusters", "", Fit::Ill, trouble.to_string(), &trouble.todo()));
            return Vec::new();
        }
        Err(error) => {
            found.push(Finding::new("clusters", "", Fit::Ill, error.to_string(), ""));
            return Vec::new();
        }
    };
    if contexts.is_empty() {
        let (is, seen) = match settings.demo {
            Demo::Never => (Fit::Ill, "no kubeconfig names one"),
            _ => (Fit::Doubtful, "no kubeconfig names one, so the built-in one is shown"),
        };
        found.push(Finding::new("clusters", "", is, seen, "Name a kubeconfig, and a context that it has."));
    }
    contexts
}

fn cluster(context: &Context, told: Result<Examined, Trouble>) -> Vec<Finding> {
    let name = &context.name;
    let told = match told {
        Ok(told) => told,
        Err(trouble) => {
            let todo = trouble.todo_in(&context.origin);
            return vec![Finding::new("cluster", name, Fit::Ill, trouble.to_string(), &todo)];
        }
    };
    let permissions = match told.missing {
        Err(why) => Finding::new("permissions", name, Fit::Unknown, why, ""),
        Ok(missing) if missing.is_empty() => Finding::new("permissions", name, Fit::Well, "nothing is missing", ""),
        Ok(missing) => {
            let seen = format!("the account may not {}", missing.join(", "));
            let todo = "Bind the rules that binnacle rbac prints; what is missing is drawn as unknown.";
            Finding::new("permissions", name, Fit::Doubtful, seen, todo)
        }
    };
    let clock = match told.ahead {
        None => Finding::new("clock", name, Fit::Unknown, "the API server told no time", ""),
        Some(ahead) if ahead.abs() < OFF => {
            Finding::new("clock", name, Fit::Well, "it agrees with the API server's", "")
        }
        Some(ahead) => {
            let way = if ahead > 0 { "ahead of" } else { "behind" };
            let seen = format!("this machine is {} s {way} the API server", ahead.abs() / 1_000);
            Finding::new("clock", name, Fit::Doubtful, seen, "Let both follow a time server.")
        }
    };
    vec![Finding::new("cluster", name, Fit::Well, format!("it answers as {}", told.version), ""), permissions, clock]
}

async fn etcd(cluster: &str, access: &Access) -> Finding {
    match look(&access.endpoints, &access.tls, Hashes::Leave).await {
        Err(error) => Finding::new("etcd", cluster, Fit::Ill, error.to_string(), ""),
        Ok(members) => {
            let well = members.members.iter().filter(|member| member.standing.is_ok()).count();
            let seen = format!("{well} of {} members answer", members.members.len());
            let is = if well == members.members.len() { Fit::Well } else { Fit::Doubtful };
            let todo = if is == Fit::Well { "" } else { "The cluster's page names those that do not." };
            Finding::new("etcd", cluster, is, seen, todo)
        }
    }
}

fn backups(settings: &Settings) -> Vec<Finding> {
    let wanted = &settings.backups;
    let mut found = Vec::new();
    if wanted.regime.schedule.is_none() {
        let todo = "Set backup_schedule, as in '0 3 * * *'.";
        found.push(Finding::new("backups", "schedule", Fit::Doubtful, "no schedule is set", todo));
    }
    if !matches!(wanted.rehearse, When::Never) {
        found.push(match Programs::of(wanted.programs.as_deref(), "") {
            Ok(_) => Finding::new("backups", "rehearsals", Fit::Well, "etcd's programs are here", ""),
            Err(error) => Finding::new("backups", "rehearsals", Fit::Doubtful, error.to_string(), ""),
        });
    }
    found
}

/// The findings as lines for people; what to do stands below each.
pub(super) fn text(found: &[Finding]) -> String {
    let mut text = String::new();
    for Finding { about, of, is, seen, todo } in found {
        let word = match is {
            Fit::Well => "well",
            Fit::Doubtful => "doubtful",
            Fit::Ill => "wrong",
            Fit::Unknown => "unknown",
        };
        let what = if of.is_empty() { (*about).to_owned() } else { format!("{about} {of}") };
        let _ = writeln!(text, "{word:<9} {what:<24} {}", scene::readable(seen));
        if !todo.is_empty() {
            let _ = writeln!(text, "{:<34} {}", "", scene::readable(todo));
        }
    }
    text
}
