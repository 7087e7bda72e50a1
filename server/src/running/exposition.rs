//! Prometheus' older text format, from OpenMetrics.

use std::collections::BTreeSet;

/// The same numbers in the text format of version 0.0.4. There a counter's name ends with `_total` in its description,
/// too, and neither units nor an end are told.
pub(super) fn plain(open: &str) -> String {
    let counters: BTreeSet<&str> =
        open.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.strip_suffix(" counter")).collect();
    let mut text = String::with_capacity(open.len());
    for line in open.lines() {
        let described = ["# HELP ", "# TYPE "].into_iter().find_map(|word| Some((word, line.strip_prefix(word)?)));
        let Some((word, rest)) = described else {
            if !line.starts_with('#') {
                text += line;
                text.push('\n');
            }
            continue;
        };
        let (name, told) = rest.split_once(' ').unwrap_or((rest, ""));
        let end = if counters.contains(name) { "_total" } else { "" };
        let told = if word == "# TYPE " && told == "unknown" { "untyped" } else { told };
        text += &format!("{word}{name}{end} {told}\n");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_have_one_name_and_nothing_is_told_that_the_format_lacks() {
        let open = "# HELP a_requests Asked.\n# TYPE a_requests counter\na_requests_total{x=\"# TYPE\"} 1\n\
                    # HELP b_seconds Old.\n# TYPE b_seconds gauge\n# UNIT b_seconds seconds\nb_seconds 2.5\n\
                    # TYPE c unknown\nc 1\n# EOF\n";
        let wanted = "# HELP a_requests_total Asked.\n# TYPE a_requests_total counter\na_requests_total{x=\"# TYPE\"} 1\n\
                      # HELP b_seconds Old.\n# TYPE b_seconds gauge\nb_seconds 2.5\n\
                      # TYPE c untyped\nc 1\n";
        assert_eq!(plain(open), wanted);
    }
}
