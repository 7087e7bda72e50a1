//! Which namespaces are watched: all, those of the settings, or those that the role may read.
//!
//! Nothing is asked while pods may be read everywhere. Where these are refused, the namespaces that may be read are
//! looked for, and again from time to time: whether a role was widened is told by nobody.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use futures::{StreamExt, stream};
use http::header::CONTENT_TYPE;
use kube::Client;
use serde::Deserialize;
use serde_json::{Value, json};
use topology::{
    Inventory,
    inventory::{Heard, Limit, Name, Scope, Source},
};

use super::{
    bounded::{PATIENCE, json, part},
    lenient::{each, lenient},
    live::Shared,
};

/// Namespaces that are watched at most: each costs a watch a kind.
pub const MOST: usize = 50;
/// Namespaces that are asked about at most.
const ASKED: usize = 200;
/// Questions to the API server at once.
const AT_ONCE: usize = 8;
/// All questions about namespaces of one look come to an end within this.
const ALL: Duration = Duration::from_secs(30);
/// Looking takes no more than one part in so many of the time.
const SHARE: u32 = 20;
/// What a role that shows a namespace may list at least one of; pods are the first.
const SHOWN: &[(&str, &str)] = &[("", "pods"), ("", "services"), ("apps", "deployments")];

/// What is watched at first.
pub(super) fn first(named: &BTreeSet<Name>) -> Scope {
    match named.is_empty() {
        true => Scope::Whole,
        false => Scope::Only { names: named.clone(), by: Limit::Setting, left: 0 },
    }
}

/// Waits until other namespaces are to be watched than now; those of the settings stay.
pub(super) async fn another(client: &Client, shared: &Shared, now: &Scope) -> Scope {
    if let Scope::Only { by: Limit::Setting, .. } = now {
        std::future::pending::<()>().await;
    }
    let mut follower = shared.follow();
    loop {
        while now.is_whole() && !shared.read(is_refused) {
            follower.next().await;
        }
        // Of before: one that comes meanwhile is news.
        let known = shared.read(namespaces);
        let began = Instant::now();
        let pause = match find(client, now).await {
            Some(found) if found != *now => return found,
            Some(_) => shared.pace().scope,
            None => shared.pace().refused,
        };
        shared.sought();
        let rest = shared.pace().checks.max(began.elapsed() * SHARE);
        let news = async {
            while shared.read(|inventory| are_known(inventory, known.as_deref())) {
                follower.next().await;
            }
            // Many may come one after another, and each look asks about all of them.
            tokio::time::sleep(rest).await;
        };
        let _ = tokio::time::timeout(pause, news).await;
    }
}

fn namespaces(inventory: &Inventory) -> Option<Vec<Name>> {
    inventory.heard(Source::Namespaces).knows().then(|| inventory.namespaces().cloned().collect())
}

/// Whether the namespaces are still those; none are known while nobody tells them.
fn are_known(inventory: &Inventory, known: Option<&[Name]>) -> bool {
    match known {
        Some(known) => inventory.heard(Source::Namespaces).knows() && inventory.namespaces().eq(known),
        None => !inventory.heard(Source::Namespaces).knows(),
    }
}

/// Whether all namespaces are asked for, and pods may not be read everywhere.
pub(super) fn is_refused(inventory: &Inventory) -> bool {
    inventory.scope().is_whole() && matches!(inventory.heard(Source::Pods), Heard::Forbidden { .. })
}

/// Whether a namespace is among some that are watched.
fn is_watched(now: &Scope, name: &str) -> bool {
    !now.is_whole() && now.covers(name)
}

/// What may be read; nothing when the server does not tell now.
async fn find(client: &Client, now: &Scope) -> Option<Scope> {
    if may_list(client, "/api/v1/pods").await? {
        return Some(Scope::Whole);
    }
    // Where services may be read everywhere, they show no namespace: its pods do.
    let shown = if may_list(client, "/api/v1/services").await? { &SHOWN[..1] } else { SHOWN };
    let own = Some(client.default_namespace()).filter(|own| !own.is_empty()).unwrap_or("default").to_owned();
    let listed = json::<List>(client, "/api/v1/namespaces", &[("limit", "500")]);
    let listed: Vec<String> = match tokio::time::timeout(PATIENCE, listed).await {
        Ok(Ok(list)) => list.items.into_iter().map(|item| item.metadata.name).collect(),
        // Those that are watched may be there all the same.
        _ => now.names().into_iter().flatten().map(ToString::to_string).collect(),
    };
    let listed = listed.into_iter().filter(|name| !name.is_empty() && *name != own);
    // However many there are, none of these makes room for another.
    let (watched, others): (BTreeSet<String>, BTreeSet<String>) = listed.partition(|name| is_watched(now, name));
    let candidates = std::iter::once(own).chain(watched).chain(others).take(ASKED);
    let until = tokio::time::Instant::now() + ALL;
    let told = stream::iter(candidates).map(|name| async move {
        let told = tokio::time::timeout_at(until, may_show(client, &name, shown)).await.ok().flatten();
        // Without an answer it stays as it is.
        told.unwrap_or_else(|| is_watched(now, &name)).then_some(name)
    });
    let mut found: Vec<Name> = told.buffered(AT_ONCE).filter_map(async |name| name.map(Name::from)).collect().await;
    let left = found.len().saturating_sub(MOST) as u32;
    found.truncate(MOST);
    Some(match found.is_empty() {
        // Nothing is found: all is asked for, and each refusal is said.
        true => Scope::Whole,
        false => Scope::Only { names: found.into_iter().collect(), by: Limit::Role, left },
    })
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct List {
    #[serde(deserialize_with = "each")]
    items: Vec<Item>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Item {
    #[serde(deserialize_with = "lenient")]
    metadata: Named,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Named {
    #[serde(deserialize_with = "lenient")]
    name: String,
}

/// Whether a list may be asked for; nothing when there is no answer.
async fn may_list(client: &Client, path: &str) -> Option<bool> {
    let asked = json::<List>(client, path, &[("limit", "1")]);
    match tokio::time::timeout(PATIENCE, asked).await.ok()? {
        Ok(_) => Some(true),
        Err(kube::Error::Api(status)) if status.code == 403 => Some(false),
        Err(_) => None,
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Review {
    #[serde(deserialize_with = "lenient")]
    status: Status,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Status {
    /// Of an access review.
    #[serde(deserialize_with = "lenient")]
    allowed: bool,
    /// Of a rules review.
    #[serde(deserialize_with = "each")]
    resource_rules: Vec<Rule>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Rule {
    #[serde(deserialize_with = "each")]
    verbs: Vec<String>,
    #[serde(deserialize_with = "each")]
    api_groups: Vec<String>,
    #[serde(deserialize_with = "each")]
    resources: Vec<String>,
    #[serde(deserialize_with = "each")]
    resource_names: Vec<String>,
}

impl Rule {
    fn lists(&self, group: &str, resource: &str) -> bool {
        let has = |of: &[String], word: &str| of.iter().any(|one| one == word || one == "*");
        let named = !self.resource_names.is_empty();
        !named && has(&self.verbs, "list") && has(&self.api_groups, group) && has(&self.resources, resource)
    }
}

/// Whether a namespace has any of these to show, if there is an answer: by the rules of its role, else by a review of
/// one question, else by asking.
async fn may_show(client: &Client, namespace: &str, shown: &[(&str, &str)]) -> Option<bool> {
    let rules = review(client, "SelfSubjectRulesReview", json!({ "namespace": namespace })).await;
    let shows = |rule: &Rule| shown.iter().any(|(group, resource)| rule.lists(group, resource));
    if rules.is_some_and(|status| status.resource_rules.iter().any(shows)) {
        return Some(true);
    }
    // An authorizer that cannot list its rules may allow it all the same.
    let attributes = json!({ "namespace": namespace, "resource": "pods", "verb": "list" });
    match review(client, "SelfSubjectAccessReview", json!({ "resourceAttributes": attributes })).await {
        Some(status) => Some(status.allowed),
        None => may_list(client, &format!("/api/v1/namespaces/{}/pods", part(namespace))).await,
    }
}

async fn review(client: &Client, kind: &str, spec: Value) -> Option<Status> {
    let body = json!({ "apiVersion": "authorization.k8s.io/v1", "kind": kind, "spec": spec });
    let request = http::Request::post(format!("/apis/authorization.k8s.io/v1/{}s", kind.to_lowercase()))
        .header(CONTENT_TYPE, "application/json")
        .body(body.to_string().into_bytes())
        .ok()?;
    let told = tokio::time::timeout(PATIENCE, client.request::<Review>(request)).await.ok()?;
    told.ok().map(|review| review.status)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::bounded::tests::{refusal, server};

    fn only(names: &[&str], left: u32) -> Option<Scope> {
        let names = names.iter().map(|name| Name::from(*name)).collect();
        Some(Scope::Only { names, by: Limit::Role, left })
    }

    fn rules(namespaced: &[&str]) -> (u16, Vec<u8>) {
        let rule = json!({ "verbs": ["get", "list"], "apiGroups": ["", "apps"], "resources": namespaced });
        (201, json!({ "status": { "resourceRules": [rule], "incomplete": false } }).to_string().into_bytes())
    }

    #[tokio::test]
    async fn a_role_of_the_whole_cluster_is_asked_nothing_more() {
        let client = server(|path, _| match path {
            "/api/v1/pods" => (200, json!({ "items": [] }).to_string().into_bytes()),
            other => panic!("{other}"),
        });
        assert_eq!(find(&client, &Scope::Whole).await, Some(Scope::Whole));
    }

    #[tokio::test]
    async fn the_own_namespace_is_found_where_namespaces_may_not_be_listed() {
        let client = server(|path, _| match path {
            "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews" => rules(&["services"]),
            _ => refusal(403, "no"),
        });
        assert_eq!(find(&client, &Scope::Whole).await, only(&["default"], 0));
    }

    #[tokio::test]
    async fn namespaces_that_are_listed_are_asked_about_up_to_a_bound() {
        let client = server(|path, _| match path {
            "/api/v1/namespaces" => {
                let items: Vec<Value> =
                    (0..60).map(|n| json!({ "metadata": { "name": format!("n{n:02}") } })).collect();
                (200, json!({ "items": items }).to_string().into_bytes())
            }
            "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews" => rules(&["pods"]),
            _ => refusal(403, "no"),
        });
        let Some(Scope::Only { names, left, .. }) = find(&client, &Scope::Whole).await else { panic!("not limited") };
        assert_eq!((names.len(), left), (MOST, 11));
    }

    #[tokio::test]
    async fn a_server_without_reviews_is_asked_for_the_pods_themselves() {
        let client = server(|path, _| match path {
            "/api/v1/namespaces/default/pods" => (200, json!({ "items": [] }).to_string().into_bytes()),
            "/api/v1/pods" | "/api/v1/services" | "/api/v1/namespaces" => refusal(403, "no"),
            _ => refusal(404, "no"),
        });
        assert_eq!(find(&client, &Scope::Whole).await, only(&["default"], 0));
    }

    #[tokio::test]
    async fn services_that_may_be_read_everywhere_show_no_namespace() {
        let client = server(|path, _| match path {
            "/api/v1/services" => (200, json!({ "items": [] }).to_string().into_bytes()),
            "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews" => rules(&["services"]),
            "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews" => {
                (201, json!({ "status": { "allowed": false } }).to_string().into_bytes())
            }
            _ => refusal(403, "no"),
        });
        assert_eq!(find(&client, &Scope::Whole).await, Some(Scope::Whole));
    }

    #[tokio::test]
    async fn namespaces_that_are_watched_stay_when_their_list_fails() {
        let client = server(|path, _| match path {
            "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews" => rules(&["pods"]),
            "/api/v1/namespaces" => refusal(500, "etcd is away"),
            _ => refusal(403, "no"),
        });
        let now = only(&["default", "ims", "vepc"], 0);
        assert_eq!(find(&client, now.as_ref().expect("some")).await, now);
    }

    #[tokio::test]
    async fn a_role_that_shows_nothing_limits_nothing() {
        let client = server(|path, _| match path {
            "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews" => rules(&["configmaps"]),
            "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews" => {
                (201, json!({ "status": { "allowed": false } }).to_string().into_bytes())
            }
            _ => refusal(403, "no"),
        });
        assert_eq!(find(&client, &Scope::Whole).await, Some(Scope::Whole));
    }
}
