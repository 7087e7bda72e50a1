//! What a request's path and query mean: no object is looked at here.

use std::collections::HashMap;

use axum::extract::Query;
use http::Uri;

use crate::{kind::Kind, profile::Profile, refusal::Refusal};

/// What a path leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Route {
    /// Objects of a kind.
    Objects(Target),
    /// `/version`.
    Version,
    /// `/api`.
    CoreVersions,
    /// `/apis`.
    Groups,
    /// `/apis/GROUP`.
    Group(String),
    /// `/api/v1` and `/apis/GROUP/VERSION`, by apiVersion.
    Resources(String),
    /// `/readyz`, `/livez`, `/healthz`, and a single check under them.
    Health(String, Option<String>),
    /// `/simulator/faults`.
    Faults,
}

/// Which objects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) kind: Kind,
    /// Empty for all namespaces and for what has none.
    pub(crate) namespace: String,
    /// Empty for a collection.
    pub(crate) name: String,
    pub(crate) part: Part,
}

/// Which part of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Whole,
    Status,
    Log,
}

/// Reads a path.
pub(crate) fn route(path: &str, profile: Profile) -> Result<Route, Refusal> {
    let steps: Vec<&str> = path.split('/').filter(|step| !step.is_empty()).collect();
    match steps.as_slice() {
        ["version"] => Ok(Route::Version),
        ["api"] => Ok(Route::CoreVersions),
        ["apis"] => Ok(Route::Groups),
        ["apis", group] => Ok(Route::Group((*group).to_owned())),
        ["api", "v1"] => Ok(Route::Resources("v1".to_owned())),
        ["apis", group, version] => Ok(Route::Resources(format!("{group}/{version}"))),
        ["api", "v1", rest @ ..] => target("", rest, profile).map(Route::Objects),
        ["apis", group, "v1", rest @ ..] => target(group, rest, profile).map(Route::Objects),
        [word @ ("readyz" | "livez" | "healthz")] => Ok(Route::Health((*word).to_owned(), None)),
        [word @ ("readyz" | "livez" | "healthz"), check] => {
            Ok(Route::Health((*word).to_owned(), Some((*check).to_owned())))
        }
        ["simulator", "faults"] => Ok(Route::Faults),
        _ => Err(Refusal::no_path()),
    }
}

fn target(group: &str, steps: &[&str], profile: Profile) -> Result<Target, Refusal> {
    let (namespace, plural, name, part) = match steps {
        ["namespaces"] => ("", "namespaces", "", ""),
        ["namespaces", name] => ("", "namespaces", *name, ""),
        ["namespaces", name, part @ ("status" | "finalize")] => ("", "namespaces", *name, *part),
        ["namespaces", namespace, plural] => (*namespace, *plural, "", ""),
        ["namespaces", namespace, plural, name] => (*namespace, *plural, *name, ""),
        ["namespaces", namespace, plural, name, part] => (*namespace, *plural, *name, *part),
        [plural] => ("", *plural, "", ""),
        [plural, name] => ("", *plural, *name, ""),
        [plural, name, part] => ("", *plural, *name, *part),
        _ => return Err(Refusal::no_path()),
    };
    let kind = Kind::from_path(group, plural).filter(|kind| profile.serves(*kind)).ok_or_else(Refusal::no_path)?;
    let names = kind.names();
    let misplaced = if names.namespaced { namespace.is_empty() && !name.is_empty() } else { !namespace.is_empty() };
    let part = match part {
        "" => Part::Whole,
        "status" if names.status => Part::Status,
        "log" if kind == Kind::Pod => Part::Log,
        _ => return Err(Refusal::no_path()),
    };
    if misplaced {
        return Err(Refusal::no_path());
    }
    Ok(Target { kind, namespace: namespace.to_owned(), name: name.to_owned(), part })
}

/// A query's parameters.
pub(crate) struct Parameters(HashMap<String, String>);

impl Parameters {
    pub(crate) fn read(uri: &Uri) -> Result<Self, Refusal> {
        let Query(map) = Query::try_from_uri(uri).map_err(|error| Refusal::bad_request(error.to_string()))?;
        Ok(Self(map))
    }

    /// A parameter's text; empty when it is not there.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }

    pub(crate) fn flag(&self, name: &str) -> bool {
        matches!(self.text(name), "true" | "1")
    }

    /// A number; `None` when it is not there.
    pub(crate) fn number(&self, name: &str) -> Result<Option<u64>, Refusal> {
        match self.text(name) {
            "" => Ok(None),
            text => {
                let bad = |_| Refusal::bad_request(format!("{name}: Invalid value: {text:?}: must be a number"));
                text.parse().map(Some).map_err(bad)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn objects(path: &str, profile: Profile) -> Option<(Kind, String, String, Part)> {
        match route(path, profile) {
            Ok(Route::Objects(target)) => Some((target.kind, target.namespace, target.name, target.part)),
            _ => None,
        }
    }

    #[test]
    fn paths_lead_where_the_api_leads() {
        let found = |kind, namespace: &str, name: &str, part| Some((kind, namespace.to_owned(), name.to_owned(), part));
        let now = |path| objects(path, Profile::Current);
        assert_eq!(now("/api/v1/pods"), found(Kind::Pod, "", "", Part::Whole));
        assert_eq!(now("/api/v1/namespaces/ims/pods/hss-0/log"), found(Kind::Pod, "ims", "hss-0", Part::Log));
        assert_eq!(now("/api/v1/namespaces/ims/status"), found(Kind::Namespace, "", "ims", Part::Status));
        assert_eq!(now("/apis/apps/v1/deployments"), found(Kind::Deployment, "", "", Part::Whole));
        for nowhere in
            ["/api/v1/pods/x", "/apis/apps/v1/pods", "/api/v1/namespaces/a/nodes", "/apis/apps/v1/a/b/c/d/e/f"]
        {
            assert_eq!(now(nowhere), None, "{nowhere}");
        }
    }

    #[test]
    fn an_old_server_knows_no_leases() {
        assert_eq!(objects("/apis/coordination.k8s.io/v1/leases", Profile::V1_11), None);
        assert!(objects("/api/v1/endpoints", Profile::V1_11).is_some());
    }
}
