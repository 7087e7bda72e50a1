//! The end of a pod's log: lines made up from its name, the same whenever they are asked for.

use jiff::Timestamp;
use serde_json::Value;

use crate::{clock, path::Parameters, refusal::Refusal};

/// How many lines a log has at most.
const LONGEST: u64 = 200;

/// The lines that `query` asks for.
pub(crate) fn lines(pod: &Value, query: &Parameters, now: Timestamp) -> Result<String, Refusal> {
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
    let wanted = query.number("tailLines")?.unwrap_or(LONGEST).min(LONGEST);
    let crashed = pod_failed(pod);
    let stamped = query.flag("timestamps");
    let text = (0..wanted).rev().map(|back| {
        let moment = clock::after(now, -i64::try_from(back).unwrap_or_default() * 3);
        let line = if crashed && back < 3 { crash_line(back).to_owned() } else { work_line(container, back) };
        let stamp = if stamped { format!("{} ", clock::micros(moment)) } else { String::new() };
        format!("{stamp}{} {line}\n", moment.strftime("%m%d %H:%M:%S"))
    });
    Ok(text.collect())
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
