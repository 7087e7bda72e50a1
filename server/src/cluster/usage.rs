//! What a node or a pod uses, where the cluster has a metrics server.

use kube::Client;
use serde_json::Value;
use topology::inventory::Key;

use super::bounded::{PATIENCE, Refused, in_time, json, part};

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
    let number = |name: &str, scale: f64| {
        let text = match &of[name] {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        quantity(&text).map_or(0, |value| whole(value * scale))
    };
    Amounts { cpu: number("cpu", 1_000.0), memory: number("memory", 1.0) }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it lies between 0 and 2^63")]
fn whole(value: f64) -> u64 {
    value.clamp(0.0, 9e18).round() as u64
}

/// A quantity of Kubernetes, as in `250m`, `1.5`, `16Gi` or `1e3`.
fn quantity(text: &str) -> Option<f64> {
    let end = text.find(|c: char| !(c.is_ascii_digit() || c == '.' || c == '-' || c == '+')).unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let scale = match unit {
        "" => 1.0,
        "n" => 1e-9,
        "u" => 1e-6,
        "m" => 1e-3,
        "k" => 1e3,
        "M" => 1e6,
        "G" => 1e9,
        "T" => 1e12,
        "P" => 1e15,
        "Ki" => 1024.0,
        "Mi" => 1_048_576.0,
        "Gi" => 1_073_741_824.0,
        "Ti" => 1_099_511_627_776.0,
        "Pi" => 1_125_899_906_842_624.0,
        _ => return text.parse().ok(),
    };
    Some(number.parse::<f64>().ok()? * scale)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::cluster::bounded::tests::{refusal, server};

    #[test]
    fn quantities_are_read_in_every_unit() {
        let read = ["250m", "1.5", "125000000n", "16Ki", "1e3", "x"].map(quantity);
        assert_eq!(read, [Some(0.25), Some(1.5), Some(0.125), Some(16_384.0), Some(1_000.0), None]);
    }

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
