//! All that is known of one thing: the panel.

mod budget;
mod component;
mod node;
mod owner;
mod pod;
mod service;
mod storage;

use app::source::{EventLine, FactLine, Facts, Notice, Trouble};
use scene::Health;
use topology::{
    Inventory, Stamp,
    inventory::{Heard, Key, Source},
    load,
};

use super::objects::{notice, pages_about, pages_about_owner};
use crate::cluster::{
    Cluster, ask,
    usage::{self, Amounts, Usage},
};

/// The facts of a selection in the cluster that is named `of`, as in `node/host1`, `component/host1/etcd`, `pod/default/web-1`,
/// `service/default/web`, `owner/host1/default/Deployment/web`.
pub(super) async fn facts(of: &str, cluster: &Cluster, selection: &str) -> Result<Facts, Trouble> {
    let missing = || Trouble::NoSuchThing(selection.to_owned());
    let now = cluster.now();
    let parts: Vec<&str> = selection.split('/').collect();
    match parts.as_slice() {
        ["node", name] => {
            let mut facts = cluster.read(|inventory| node::facts(inventory, name, now)).ok_or_else(missing)?;
            let key = Key::new("", *name);
            if cluster.is_past() {
                facts.events = Err(not_kept());
                return Ok(facts);
            }
            let usage = usage::of_node(cluster.client(), name);
            let (events, usage) = tokio::join!(events(cluster, "Node", &key), usage);
            facts.events = events;
            facts.lines.extend(used(usage, "allocatable"));
            facts.pages = pages_about(of, "", "nodes", "Node", &key);
            if cluster.read(|inventory| inventory.node(name).is_some()) {
                facts.lines.push(what_if(of, name));
            }
            Ok(facts)
        }
        ["component", node, program] => {
            let found = cluster.read(|inventory| component::facts(inventory, node, program, now));
            let (mut facts, pod) = found.ok_or_else(missing)?;
            match pod {
                Some(pod) => add_pod(of, cluster, &mut facts, &pod).await,
                None => facts.events = events(cluster, "Node", &Key::new("", *node)).await,
            }
            Ok(facts)
        }
        ["pod", namespace, name] => {
            let key = Key::new(*namespace, *name);
            let mut facts = cluster.read(|inventory| pod::facts(inventory, &key, now)).ok_or_else(missing)?;
            add_pod(of, cluster, &mut facts, &key).await;
            Ok(facts)
        }
        ["service", namespace, name] => {
            let key = Key::new(*namespace, *name);
            let mut facts = cluster.read(|inventory| service::facts(inventory, &key)).ok_or_else(missing)?;
            facts.events = events(cluster, "Service", &key).await;
            facts.pages = now_there(cluster, pages_about(of, "", "services", "Service", &key));
            Ok(facts)
        }
        ["owner", node, namespace, kind, name] => {
            let key = Key::new(*namespace, *name);
            let found = cluster.read(|inventory| owner::facts(inventory, node, kind, &key, now));
            let mut facts = found.ok_or_else(missing)?;
            facts.events = events(cluster, kind, &key).await;
            facts.pages = now_there(cluster, pages_about_owner(of, kind, &key));
            Ok(facts)
        }
        _ => Err(missing()),
    }
}

/// Leads to the answer to the loss of a host.
fn what_if(cluster: &str, host: &str) -> FactLine {
    let to = format!("/c/{}/what-if?lose={}", scene::segment(cluster), scene::encoded(host));
    FactLine {
        name: app::texts::what_if::WHAT_IF.into(),
        value: app::texts::what_if::what_if_lost(host),
        opens: Some(app::base::at(&to)),
    }
}

/// Pages about what is there now; a past moment has none.
fn now_there<T: Default>(cluster: &Cluster, pages: T) -> T {
    if cluster.is_past() { T::default() } else { pages }
}

/// A pod's events and the end of its log, both asked at once.
async fn add_pod(of: &str, cluster: &Cluster, facts: &mut Facts, key: &Key) {
    if cluster.is_past() {
        facts.events = Err(not_kept());
        return;
    }
    let client = cluster.client();
    let (events, log, usage) =
        tokio::join!(events(cluster, "Pod", key), ask::log_end(client, key), usage::of_pod(client, key));
    facts.lines.extend(used(usage, "requested"));
    facts.events = events;
    facts.log = Some(log.map_err(|why| notice(&why)));
    facts.pages = pages_about(of, "", "pods", "Pod", key);
}

async fn events(cluster: &Cluster, kind: &str, key: &Key) -> Result<Vec<EventLine>, Notice> {
    if cluster.is_past() {
        return Err(not_kept());
    }
    let events = ask::events(cluster.client(), kind, key).await.map_err(|why| notice(&why))?;
    let line = |event: &ask::Event| EventLine {
        at: event.at().to_owned(),
        kind: event.r#type.clone(),
        reason: event.reason.clone(),
        message: event.message().to_owned(),
        count: event.count(),
    };
    Ok(events.iter().take(20).map(line).collect())
}

/// Of a past moment.
fn not_kept() -> Notice {
    let what = "Events and logs of a past moment are not kept.".to_owned();
    Notice { health: Health::Unknown, what, todo: String::new() }
}

/// What is in use, beside `what` there is. A cluster without a metrics server says so on its nodes.
fn used(usage: Result<Usage, ask::Refused>, what: &str) -> Vec<FactLine> {
    let usage = match usage {
        Ok(usage) => usage,
        Err(ask::Refused::Missing(_)) if what == "allocatable" => {
            return vec![line("In use", "unknown: the cluster has no metrics server")];
        }
        Err(ask::Refused::Missing(_)) => return Vec::new(),
        Err(why) => return vec![line("In use", format!("unknown: {why}"))],
    };
    let row = |name: &str, amount: fn(Amounts) -> u64, words: fn(u64) -> String| {
        let beside = usage.beside.map(amount).filter(|amount| *amount > 0);
        let beside = beside.map(|amount| format!(" of {} {what}", words(amount))).unwrap_or_default();
        line(&format!("{name} in use"), words(amount(usage.used)) + &beside)
    };
    vec![row("CPU", |all| all.cpu, load::cores), row("Memory", |all| all.memory, load::bytes)]
}

/// Facts with nothing in them yet.
fn blank(kind: &str, name: &str, health: Option<Health>, purpose: &str) -> Facts {
    Facts {
        kind: kind.into(),
        name: name.into(),
        health,
        word: None,
        purpose: purpose.into(),
        lines: Vec::new(),
        conditions: Vec::new(),
        events: Ok(Vec::new()),
        log: None,
        pages: Vec::new(),
    }
}

fn line(name: &str, value: impl Into<String>) -> FactLine {
    FactLine { name: name.into(), value: value.into(), opens: None }
}

fn link(name: &str, value: impl Into<String>, opens: String) -> FactLine {
    FactLine { name: name.into(), value: value.into(), opens: Some(opens) }
}

/// A text, or `unknown` where no source told it.
fn told(text: &str) -> String {
    if text.is_empty() { "unknown".into() } else { text.into() }
}

fn joined<T: ToString>(things: &[T]) -> String {
    if things.is_empty() {
        "none".into()
    } else {
        things.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
    }
}

/// An addition that says how old facts of a source are, empty for fresh ones; or why they are unknown. The namespace is
/// empty for what lies in none.
fn standing(inventory: &Inventory, source: Source, namespace: &str) -> Result<String, String> {
    match inventory.heard_in(source, namespace) {
        Heard::Live | Heard::Listed { .. } => Ok(String::new()),
        Heard::Stale { since, .. } => Ok(format!(" (stale, last heard {})", moment(*since))),
        Heard::NotYet => Err("unknown: not read yet".into()),
        Heard::Unread { reason } => Err(format!("unknown: {reason}")),
        Heard::NotServed => Err(format!("unknown: the cluster does not serve {}", source.word())),
        Heard::Forbidden { permission } => Err(format!("unknown: the permission \"{permission}\" is missing")),
    }
}

/// A moment as RFC 3339; `unknown` for none.
fn moment(stamp: Stamp) -> String {
    match jiff::Timestamp::from_millisecond(stamp.0) {
        Ok(time) if stamp.0 > 0 => time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        _ => "unknown".into(),
    }
}

#[cfg(test)]
mod tests {
    use topology::Change;

    use super::*;

    fn of(heard: Heard) -> Result<String, String> {
        let mut facts = Inventory::default();
        facts.apply(Change::Heard(Source::PersistentVolumes, heard));
        standing(&facts, Source::PersistentVolumes, "")
    }

    #[test]
    fn what_may_not_be_read_names_the_permission_and_what_is_stale_its_age() {
        let permission = "list persistentvolumes".into();
        assert_eq!(
            of(Heard::Forbidden { permission }).unwrap_err(),
            "unknown: the permission \"list persistentvolumes\" is missing"
        );
        let stale = Heard::Stale { since: Stamp(1_767_225_600_000), reason: "cut".into() };
        assert_eq!(of(stale).unwrap(), " (stale, last heard 2026-01-01T00:00:00Z)");
        assert_eq!(of(Heard::NotServed).unwrap_err(), "unknown: the cluster does not serve persistentvolumes");
        assert_eq!((of(Heard::Live), of(Heard::NotYet)), (Ok(String::new()), Err("unknown: not read yet".into())));
    }
}
