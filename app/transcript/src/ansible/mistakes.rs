//! Errors outside of any task whose reason stands in the lines below them, as that of a file that is no YAML.

/// Whether an error only announces its reason.
pub(super) fn announces(text: &str) -> bool {
    const STARTS: [&str; 3] =
        ["Syntax Error while loading YAML", "We were unable to read either as JSON nor YAML", "YAML parsing failed"];
    STARTS.iter().any(|start| text.starts_with(start))
}

/// Adds a line to such an error where it is the reason. Tells whether the reason may follow still.
pub(super) fn add(error: &mut String, line: &str) -> bool {
    let line = line.trim();
    // What a reader of JSON says of YAML is no help.
    if line.is_empty() || announces(line) || line.starts_with("JSON:") || line.starts_with("No JSON object") {
        return true;
    }
    let known = line.starts_with("The error appears to") || line.len() > 400;
    if !known {
        error.push(' ');
        error.push_str(line);
    }
    false
}

#[cfg(test)]
mod tests {
    use super::{add, announces};

    #[test]
    fn the_reason_of_broken_yaml_stands_below_its_error() {
        let mut error =
            "We were unable to read either as JSON nor YAML, these are the errors we got from each:".to_owned();
        assert!(announces(&error) && !announces("the playbook: x.yml could not be found"));
        for line in ["JSON: No JSON object could be decoded", "", "Syntax Error while loading YAML."] {
            assert!(add(&mut error, line), "{line}");
        }
        assert!(!add(&mut error, "  mapping values are not allowed in this context"));
        assert!(error.ends_with(" each: mapping values are not allowed in this context"), "{error}");
    }
}
