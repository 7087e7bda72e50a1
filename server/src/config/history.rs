//! How much of clusters' history is kept, and what of it is an incident.

use std::time::Duration;

use incident::Rules;

use super::{
    deploying,
    file::{ConfigError, Values},
};
use crate::{
    incidents::{Alertmanager, Telling},
    journal::Bounds,
};

/// How incidents are judged, and who is told of them.
#[derive(Clone, Debug)]
pub struct IncidentSettings {
    /// How long something must stand.
    pub rules: Rules,
    /// Who is told.
    pub telling: Telling,
}

/// What holds for incidents.
pub(super) fn incidents(values: &Values) -> Result<IncidentSettings, ConfigError> {
    let milliseconds = |name: &'static str| {
        let (value, place) = values[name].clone();
        let seconds: Option<u32> = value.parse().ok();
        let expected = "a number of seconds";
        seconds.map(|seconds| i64::from(seconds) * 1_000).ok_or(ConfigError::Value { place, name, value, expected })
    };
    let rules = Rules {
        patience: milliseconds("incident_patience")?,
        calm: milliseconds("incident_calm")?.max(1_000),
        ahead: certificate_days(values)?,
    };
    let webhook = deploying::webhook(values, "incident_webhook", "incident_webhook_secret_file")?;
    let (address, place) = values["alertmanager"].clone();
    if !address.is_empty() && !address.starts_with("http://") && !address.starts_with("https://") {
        // It may have a password in it, and is never repeated.
        let (name, expected) = ("alertmanager", "an address that begins with http:// or https://");
        return Err(ConfigError::Value { place, name, value: "…".into(), expected });
    }
    let alertmanager = (!address.is_empty()).then_some(Alertmanager { address });
    let link = values["public_url"].0.trim_end_matches('/').to_owned();
    Ok(IncidentSettings { rules, telling: Telling { webhook, alertmanager, link } })
}

/// How long before its end a certificate is an incident, in milliseconds.
fn certificate_days(values: &Values) -> Result<i64, ConfigError> {
    let name = "incident_certificate_days";
    let (value, place) = values[name].clone();
    let days: Option<u32> = value.parse().ok();
    let expected = "a number of days, or 0";
    days.map(|days| i64::from(days) * 86_400_000).ok_or(ConfigError::Value { place, name, value, expected })
}

/// `None` where nothing is kept.
pub(super) fn bounds(values: &Values) -> Result<Option<Bounds>, ConfigError> {
    let wrong = |name: &'static str, expected: &'static str| {
        let (value, place) = values[name].clone();
        ConfigError::Value { place, name, value, expected }
    };
    let days = |name: &'static str| {
        let days: u32 = values[name].0.parse().map_err(|_| wrong(name, "a number of days, or 0"))?;
        Ok(Duration::from_secs(u64::from(days) * 86_400))
    };
    let size: u32 =
        values["history_size"].0.parse().map_err(|_| wrong("history_size", "a number of megabytes, or 0"))?;
    let bounds =
        Bounds { age: days("history_days")?, around: days("history_keep_around")?, size: u64::from(size) << 20 };
    match values["history"].0.as_str() {
        // A chart's values are YAML, which reads `on` and `off` as truths.
        "on" | "true" => Ok(Some(bounds)),
        "off" | "false" => Ok(None),
        _ => Err(wrong("history", "on or off")),
    }
}
