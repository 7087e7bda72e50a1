//! What a node or a pod uses, where the cluster has a metrics server.

use kube::Client;
use serde_json::Value;
use topology::inventory::Key;

use super::{
    bounded::{PATIENCE, Refused, in_time, json, part},
    quantity::{milli, whole},
};

/// CPU in thousandths of a core, memory in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Amounts {
    /// Thousandths of a core.
    pub cpu: u64,
    /// Bytes.
    pub memory: u64,
}

/// What is used, beside what there is or what was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Usage {
    /// In use.
    pub used: Amounts,
    /// A node's room for pods, or what a pod's containers requested; nothing where that is not told.
    pub beside: Option<Amounts>,
}

/// What a node uses of its room for pods.
///
/// # Errors
/// [`Refused`]: [`Refused::Missing`] where no metrics server tells.
pub async fn of_node(client: &Client, name: &str) -> Result<Usage, Refused> {
    let metrics = format!("/apis/metrics.k8s.io/v1beta1/nodes/{}", part(name));
    let (told, node) = both(client, &metrics, &format!("/api/v1/nodes/{}", part(name)), "nodes").await?;
    let room = node.map(|node| amounts(&node["status"]["allocatable"]));
    Ok(Usage { used: amounts(&told["usage"]), beside: room })
}

/// What a pod uses, beside its requests.
///
/// # Errors
/// As [`of_node`].
pub async fn of_pod(client: &Client, pod: &Key) -> Result<Usage, Refused> {
    let place = format!("namespaces/{}/pods/{}", part(&pod.namespace), part(&pod.name));
    let metrics = format!("/apis/metrics.k8s.io/v1beta1/{place}");
    let (told, object) = both(client, &metrics, &format!("/api/v1/{place}"), "pods").await?;
    let of = |value: &Value, within: &str| {
        let all = value.as_array().into_iter().flatten();
        all.map(|one| amounts(if within.is_empty() { &one["usage"] } else { &one["resources"][within] })).fold(
            Amounts::default(),
            |sum, one| Amounts { cpu: sum.cpu.saturating_add(one.cpu), memory: sum.memory.saturating_add(one.memory) },
        )
    };
    let requests = object.map(|object| of(&object["spec"]["containers"], "requests"));
    Ok(Usage { used: of(&told["containers"], ""), beside: requests })
}

async fn both(client: &Client, metrics: &str, object: &str, what: &str) -> Result<(Value, Option<Value>), Refused> {
    let permission = format!("get {what}.metrics.k8s.io");
    let told = in_time(PATIENCE, &permission, json::<Value>(client, metrics, &[]));
    let object = in_time(PATIENCE, "", json::<Value>(client, object, &[]));
    let (told, object) = tokio::join!(told, object);
    Ok((told?, object.ok()))
}

fn amounts(of: &Value) -> Amounts {
    let text = |name: &str| match &of[name] {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    Amounts { cpu: milli(&text("cpu")).unwrap_or_default(), memory: whole(&text("memory")).unwrap_or_default() }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::cluster::bounded::tests::{refusal, server};

    #[tokio::test]
    async fn a_pod_uses_the_sum_of_its_containers_beside_its_requests() {
        let client = server(|path, _| {
            let answer = match path {
                "/apis/metrics.k8s.io/v1beta1/namespaces/a/pods/p" => json!({ "containers": [
                    { "usage": { "cpu": "100m", "memory": "10Mi" } }, { "usage": { "cpu": "5000000n", "memory": "6Mi" } }] }),
                _ => {
                    json!({ "spec": { "containers": [{ "resources": { "requests": { "cpu": 1, "memory": "1Gi" } } }, {}] } })
                }
            };
            (200, answer.to_string().into())
        });
        let usage = of_pod(&client, &Key::new("a", "p")).await.unwrap();
        assert_eq!(usage.used, Amounts { cpu: 105, memory: 16 << 20 });
        assert_eq!(usage.beside, Some(Amounts { cpu: 1_000, memory: 1 << 30 }));
    }

    #[tokio::test]
    async fn where_nothing_measures_nothing_is_told() {
        let client = server(|_, _| refusal(404, "the server could not find the requested resource"));
        assert!(matches!(of_node(&client, "host1").await, Err(Refused::Missing(_))));
    }
}
