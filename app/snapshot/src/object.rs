//! Which object of Kubernetes a key stands for.

/// As `store::registry` has them.
const ROOTS: [&[u8]; 2] = [b"/registry/", b"/kubernetes.io/"];
/// Longest name that Kubernetes gives.
const LONGEST: usize = 253;

/// Resources whose keys are not called as they are; the rest is.
const OTHERWISE: [(&str, &str); 6] = [
    ("minions", "nodes"),
    ("services/specs", "services"),
    ("services/endpoints", "endpoints"),
    ("controllers", "replicationcontrollers"),
    ("ingress", "ingresses"),
    ("podsecuritypolicy", "podsecuritypolicies"),
];

/// An object as its key tells it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Object {
    /// As in `pods`, or of a group of their own `example.org/widgets`; empty for a key that is not of Kubernetes.
    pub resource: String,
    /// Empty for what belongs to the whole cluster.
    pub namespace: String,
    /// Its name; of a key that is not of Kubernetes, the key.
    pub name: String,
}

impl Object {
    /// What stands at a key. What is no text is told with escapes, and what is too long is cut.
    pub fn of(key: &[u8]) -> Self {
        let text = |bytes: &[u8]| -> String {
            let text = String::from_utf8_lossy(bytes);
            let text = text.chars().flat_map(|c| if c.is_control() { c.escape_default().collect() } else { vec![c] });
            text.take(LONGEST).collect()
        };
        let beside = || Self { resource: String::new(), namespace: String::new(), name: text(key) };
        let Some(rest) = ROOTS.into_iter().find_map(|root| key.strip_prefix(root)) else { return beside() };
        let parts: Vec<&[u8]> = rest.split(|byte| *byte == b'/').collect();
        // Groups have a dot in their names, and services have a folder for themselves.
        let deep = parts[0].contains(&b'.') || parts[0] == b"services";
        let (resource, path) = parts.split_at(if deep { 2 } else { 1 }.min(parts.len()));
        let resource = text(&resource.join(&b'/'));
        let called = OTHERWISE.iter().find(|(key, _)| *key == resource).map_or(resource.as_str(), |(_, name)| name);
        let (namespace, name) = match path {
            [] => return beside(),
            [name] => (String::new(), text(name)),
            [namespace, name @ ..] => (text(namespace), text(&name.join(&b'/'))),
        };
        Self { resource: called.to_owned(), namespace, name }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_tells_kind_namespace_and_name() {
        for (key, told) in [
            ("/registry/pods/default/web", ("pods", "default", "web")),
            ("/registry/minions/host1", ("nodes", "", "host1")),
            ("/registry/services/specs/default/web", ("services", "default", "web")),
            ("/registry/services/endpoints/default/web", ("endpoints", "default", "web")),
            ("/registry/example.org/widgets/default/one", ("example.org/widgets", "default", "one")),
            (
                "/registry/apiextensions.k8s.io/customresourcedefinitions/widgets.example.org",
                ("apiextensions.k8s.io/customresourcedefinitions", "", "widgets.example.org"),
            ),
            ("/registry/ranges/serviceips", ("ranges", "", "serviceips")),
            ("/registry/health", ("", "", "/registry/health")),
            ("/calico/v1/a\n", ("", "", "/calico/v1/a\\n")),
            ("", ("", "", "")),
        ] {
            let object = Object::of(key.as_bytes());
            assert_eq!((object.resource.as_str(), object.namespace.as_str(), object.name.as_str()), told, "{key}");
        }
        assert!(Object::of(&[b'/'; 5_000]).name.len() <= LONGEST);
        assert_eq!(Object::of(b"/registry/pods/\xff/x").namespace, "\u{fffd}");
    }
}
