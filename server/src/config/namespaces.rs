//! Which namespaces of the first context are looked at.

use std::collections::BTreeSet;

use topology::inventory::Name;

use super::file::{ConfigError, Values};
use crate::cluster::MOST_NAMESPACES;

/// A name as Kubernetes has it for namespaces.
fn is_name(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=63).contains(&text.len()) && text.bytes().all(plain) && !text.starts_with('-') && !text.ends_with('-')
}

/// Their names; empty for those that the role may read.
pub(super) fn of(values: &Values) -> Result<BTreeSet<Name>, ConfigError> {
    let (text, place) = &values["namespaces"];
    let wrong = |value: &str, expected: &'static str| ConfigError::Value {
        place: place.clone(),
        name: "namespaces",
        value: value.to_owned(),
        expected,
    };
    let mut names = BTreeSet::new();
    for name in text.split(',').map(str::trim).filter(|name| !name.is_empty()) {
        if !is_name(name) {
            return Err(wrong(name, "names of namespaces with commas between, as in shop,ims"));
        }
        names.insert(Name::from(name));
    }
    if names.len() > MOST_NAMESPACES {
        let expected = "at most 50 namespaces; leave it out to look at all";
        return Err(wrong(text, expected));
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<String>, String> {
        let values = Values::from([("namespaces", (text.to_owned(), "--namespaces".to_owned()))]);
        let names = of(&values).map_err(|error| error.to_string())?;
        Ok(names.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn namespaces_are_names_with_commas_between() {
        assert_eq!(read(" b, a,,a"), Ok(vec!["a".to_owned(), "b".to_owned()]));
        assert_eq!(read(""), Ok(Vec::new()));
        for odd in ["*", "kube_system", "-a", "a/b", "Shop"] {
            let said = read(odd).unwrap_err();
            assert!(said.contains("names of namespaces") && said.contains("--namespaces"), "{said}");
        }
        let many: Vec<String> = (0..51).map(|n| format!("n{n}")).collect();
        assert!(read(&many.join(",")).unwrap_err().contains("at most 50"));
    }
}
