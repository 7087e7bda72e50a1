//! How much of the audit is kept.

use super::file::{ConfigError, Values};
use crate::store::Keeping;

/// How much of the audit is kept.
pub(super) fn kept(values: &Values) -> Result<Keeping, ConfigError> {
    let wrong = |name: &'static str, expected: &'static str| {
        let (value, place) = values[name].clone();
        ConfigError::Value { place, name, value, expected }
    };
    let days: u32 = values["audit_days"].0.parse().map_err(|_| wrong("audit_days", "a number of days, or 0"))?;
    let expected = "a number of entries, at least 1000, or 0";
    let entries: u32 = values["audit_entries"].0.parse().map_err(|_| wrong("audit_entries", expected))?;
    if (1..1_000).contains(&entries) {
        return Err(wrong("audit_entries", expected));
    }
    let entries = (entries > 0).then_some(i64::from(entries));
    Ok(Keeping { days: (days > 0).then_some(days), entries })
}
