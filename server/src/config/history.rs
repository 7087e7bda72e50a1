//! How much of clusters' history is kept.

use std::time::Duration;

use super::file::{ConfigError, Values};
use crate::journal::Bounds;

/// `None` where nothing is kept.
pub(super) fn bounds(values: &Values) -> Result<Option<Bounds>, ConfigError> {
    let wrong = |name: &'static str, expected: &'static str| {
        let (value, place) = values[name].clone();
        ConfigError::Value { place, name, value, expected }
    };
    let days: u32 = values["history_days"].0.parse().map_err(|_| wrong("history_days", "a number of days, or 0"))?;
    let size: u32 =
        values["history_size"].0.parse().map_err(|_| wrong("history_size", "a number of megabytes, or 0"))?;
    let bounds = Bounds { age: Duration::from_secs(u64::from(days) * 86_400), size: u64::from(size) << 20 };
    match values["history"].0.as_str() {
        // A chart's values are YAML, which reads `on` and `off` as truths.
        "on" | "true" => Ok(Some(bounds)),
        "off" | "false" => Ok(None),
        _ => Err(wrong("history", "on or off")),
    }
}
