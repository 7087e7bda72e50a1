//! A pod's log: lines made up from its name, the same whenever they are asked for, and one a second for who follows.

use std::{convert::Infallible, time::Duration};

use axum::body::{Body, Bytes};
use futures::{StreamExt, stream};
use jiff::Timestamp;
use serde_json::Value;

use crate::{clock, path::Parameters, refusal::Refusal};

/// How many lines a log has at most.
const LONGEST: u64 = 200;

/// The log that `query` asks for: without an end for who follows it.
pub(crate) fn body(pod: &Value, query: &Parameters, now: Timestamp) -> Result<Body, Refusal> {
    let before = lines(pod, query, now)?;
    if !query.flag("follow") {
        return Ok(before.into());
    }
    let asked = query.text("container");
    let first = pod["spec"]["containers"][0]["name"].as_str().unwrap_or_default();
    let container = if asked.is_empty() { first } else { asked }.to_owned();
    let stamped = query.flag("timestamps");
    let second = move |n: i64| {
        let container = container.clone();
        async move {
            tokio::time::sleep(Duration::from_secs(1)).await;
            written(clock::after(now, n), &work_line(&container, n.unsigned_abs()), stamped)
        }
    };
    let text = stream::once(async { before }).chain(stream::iter(1..).then(second));
    Ok(Body::from_stream(text.map(|text| Ok::<_, Infallible>(Bytes::from(text)))))
}

/// The lines that `query` asks for.
fn lines(pod: &Value, query: &Parameters, now: Timestamp) -> Result<String, Refusal> {
    let name = pod["metadata"]["name"].as_str().unwrap_or_default();
    let containers: Vec<&str> = ["containers", "initContainers"]
        .into_iter()
        .filter_map(|field| pod["spec"][field].as_array())
        .flatten()
        .filter_map(|container| container["name"].as_str())
        .collect();
    let asked = query.text("container");
    let container = if asked.is_empty() { containers.first().copied().unwrap_or_default() } else { asked };
    if !containers.contains(&container) {
        return Err(Refusal::bad_request(format!("container {container} is not valid for pod {name}")));
    }
    if pod["status"]["phase"] == "Pending" {
        let message = format!("container {container:?} in pod {name:?} is waiting to start: ContainerCreating");
        return Err(Refusal::bad_request(message));
    }
    let previous = query.flag("previous");
    let restarts = restarts(pod, container);
    if previous && restarts == 0 {
        return Err(Refusal::bad_request(format!(
            "previous terminated container {container:?} in pod {name:?} not found"
        )));
    }
    // A line was written every three seconds.
    let since = query.number("sinceSeconds")?.map_or(LONGEST, |seconds| seconds / 3 + 1);
    let wanted = query.number("tailLines")?.unwrap_or(LONGEST).min(LONGEST).min(since);
    let crashed = previous || pod_failed(pod);
    let stamped = query.flag("timestamps");
    let text = (0..wanted).rev().map(|back| {
        let moment = clock::after(now, -i64::try_from(back).unwrap_or_default() * 3);
        let line = if crashed && back < 3 { crash_line(back).to_owned() } else { work_line(container, back) };
        written(moment, &line, stamped)
    });
    Ok(text.collect())
}

fn written(moment: Timestamp, line: &str, stamped: bool) -> String {
    let stamp = if stamped { format!("{} ", clock::micros(moment)) } else { String::new() };
    format!("{stamp}{} {line}\n", moment.strftime("%m%d %H:%M:%S"))
}

fn restarts(pod: &Value, container: &str) -> u64 {
    let statuses = ["containerStatuses", "initContainerStatuses"].map(|field| pod["status"][field].as_array());
    let mut statuses = statuses.into_iter().flatten().flatten();
    statuses.find(|status| status["name"] == container).and_then(|one| one["restartCount"].as_u64()).unwrap_or(0)
}

fn pod_failed(pod: &Value) -> bool {
    pod["status"]["containerStatuses"][0]["lastState"]["terminated"]["exitCode"].as_i64().is_some_and(|code| code != 0)
}

fn crash_line(back: u64) -> &'static str {
    match back {
        2 => "ERROR diameter: peer hss-db.ims.svc:3868 refused the connection",
        1 => "ERROR store: no subscriber database, giving up after 3 tries",
        _ => "FATAL exit status 1",
    }
}

fn work_line(container: &str, back: u64) -> String {
    match back % 5 {
        0 => format!("INFO {container}: healthy, {} requests in the last minute", 40 + back * 7 % 31),
        1 => format!("INFO {container}: session {:04x} opened", back * 2_654_435_761 % 65_536),
        2 => format!("DEBUG {container}: cache holds {} entries", 300 + back * 13 % 97),
        3 => format!("INFO {container}: session {:04x} closed", (back + 2) * 2_654_435_761 % 65_536),
        _ => format!("INFO {container}: answered in {} ms", 2 + back * 11 % 17),
    }
}
