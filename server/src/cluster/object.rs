//! An object of the API with nothing in it but what is used.

use std::{borrow::Cow, collections::BTreeMap, fmt::Debug};

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::core::{DynamicResourceScope, Resource};
use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, IgnoredAny, MapAccess, Visitor},
};
use topology::{
    Stamp,
    inventory::{Key, OwnerKind},
};

use super::{
    intern::Intern,
    lenient::{Item, each, lenient, maybe, texts},
};

/// A kind as a cluster serves it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Served {
    pub(crate) group: &'static str,
    pub(crate) version: &'static str,
    pub(crate) plural: &'static str,
    pub(crate) kind: &'static str,
}

impl Served {
    /// As a role names it: `pods`, `leases.coordination.k8s.io`.
    pub(crate) fn resource(&self) -> String {
        if self.group.is_empty() { self.plural.to_owned() } else { format!("{}.{}", self.plural, self.group) }
    }
}

/// Annotations that are used; all others are skipped while reading.
const ANNOTATIONS: [&str; 9] = [
    DEFAULT_CONTAINER,
    MIRROR,
    LEADER,
    NETWORKS,
    NETWORKS_OF_OLD,
    CLASS,
    DEFAULT_CLASS,
    DEFAULT_CLASS_OF_OLD,
    INGRESS_CLASS,
];
/// The container that kubectl takes where none is named.
pub(crate) const DEFAULT_CONTAINER: &str = "kubectl.kubernetes.io/default-container";
/// Set by a kubelet on the mirror of a static pod.
pub(crate) const MIRROR: &str = "kubernetes.io/config.mirror";
/// Set on Endpoints by components that elect a leader without leases.
pub(crate) const LEADER: &str = "control-plane.alpha.kubernetes.io/leader";
/// Set by Multus on a pod: the networks that it put it on.
pub(crate) const NETWORKS: &str = "k8s.v1.cni.cncf.io/network-status";
/// The same until Multus 3.7.
pub(crate) const NETWORKS_OF_OLD: &str = "k8s.v1.cni.cncf.io/networks-status";
/// The class of an Ingress, before it had a field.
pub(crate) const INGRESS_CLASS: &str = "kubernetes.io/ingress.class";
/// The class of a claim, before it had a field.
pub(crate) const CLASS: &str = "volume.beta.kubernetes.io/storage-class";
/// Set on the StorageClass of claims that name none.
pub(crate) const DEFAULT_CLASS: &str = "storageclass.kubernetes.io/is-default-class";
/// The same on old clusters.
pub(crate) const DEFAULT_CLASS_OF_OLD: &str = "storageclass.beta.kubernetes.io/is-default-class";

/// Name, labels and the like.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Metadata {
    #[serde(deserialize_with = "lenient")]
    pub(crate) name: String,
    #[serde(deserialize_with = "lenient")]
    pub(crate) namespace: String,
    #[serde(deserialize_with = "maybe")]
    resource_version: Option<String>,
    #[serde(deserialize_with = "maybe")]
    generation: Option<i64>,
    #[serde(deserialize_with = "maybe")]
    creation_timestamp: Option<String>,
    #[serde(deserialize_with = "maybe")]
    deletion_timestamp: Option<String>,
    #[serde(deserialize_with = "lenient")]
    deletion_grace_period_seconds: u32,
    #[serde(deserialize_with = "each")]
    pub(crate) finalizers: Vec<String>,
    #[serde(deserialize_with = "texts")]
    pub(crate) labels: BTreeMap<String, String>,
    #[serde(deserialize_with = "lenient")]
    pub(crate) annotations: Annotations,
    #[serde(deserialize_with = "each")]
    owner_references: Vec<Reference>,
}

/// An entry of `ownerReferences`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Reference {
    #[serde(deserialize_with = "lenient")]
    kind: String,
    #[serde(deserialize_with = "lenient")]
    name: String,
    #[serde(deserialize_with = "lenient")]
    controller: bool,
}

impl Metadata {
    pub(crate) fn key(&self, intern: &mut Intern) -> Key {
        Key { namespace: intern.name(&self.namespace), name: self.name.as_str().into() }
    }

    pub(crate) fn label(&self, name: &str) -> Option<&str> {
        self.labels.get(name).map(String::as_str)
    }

    pub(crate) fn created(&self) -> Stamp {
        self.creation_timestamp.as_deref().and_then(stamp).unwrap_or_default()
    }

    pub(crate) fn generation(&self) -> Option<i64> {
        self.generation
    }

    pub(crate) fn leaving(&self) -> bool {
        self.deletion_timestamp.is_some()
    }

    /// When its deletion was asked for: the timestamp is when its grace period ends.
    pub(crate) fn left(&self) -> Option<Stamp> {
        let end = self.deletion_timestamp.as_deref().and_then(stamp)?;
        Some(Stamp(end.0 - i64::from(self.deletion_grace_period_seconds) * 1000))
    }

    /// What kube's watcher asks for.
    fn meta(&mut self) -> ObjectMeta {
        ObjectMeta {
            name: Some(self.name.clone()),
            namespace: Some(self.namespace.clone()).filter(|namespace| !namespace.is_empty()),
            resource_version: self.resource_version.take(),
            ..ObjectMeta::default()
        }
    }

    /// The reference that is marked as controller.
    pub(crate) fn controller(&self, intern: &mut Intern) -> Option<(OwnerKind, topology::inventory::Name)> {
        let owner = self.owner_references.iter().find(|reference| reference.controller)?;
        Some((OwnerKind::from_word(&owner.kind), intern.name(&owner.name)))
    }
}

/// A spec or status of which nothing is used.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Nothing {}

/// An object with its spec and status; slices and Endpoints have lists of their own instead.
#[derive(Clone, Debug)]
pub(crate) struct Object<S, T> {
    /// What kube's watcher asks for: names and the version, nothing else.
    meta: ObjectMeta,
    pub(crate) metadata: Metadata,
    pub(crate) spec: S,
    pub(crate) status: T,
}

impl<'de, S: Deserialize<'de> + Default, T: Deserialize<'de> + Default> Deserialize<'de> for Object<S, T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(bound = "S: Deserialize<'de> + Default, T: Deserialize<'de> + Default")]
        struct Raw<S, T> {
            #[serde(default, deserialize_with = "lenient")]
            metadata: Metadata,
            // Endpoints keep what they say in `subsets`, slices in `endpoints`.
            #[serde(default, deserialize_with = "lenient", alias = "subsets", alias = "endpoints")]
            spec: S,
            // Slices keep their `ports` beside their endpoints.
            #[serde(default, deserialize_with = "lenient", alias = "ports")]
            status: T,
        }
        // What is no object at all has no name, and is passed over.
        let raw = maybe::<D, Raw<S, T>>(deserializer)?;
        let Raw { mut metadata, spec, status } =
            raw.unwrap_or_else(|| Raw { metadata: Metadata::default(), spec: S::default(), status: T::default() });
        let meta = metadata.meta();
        Ok(Self { meta, metadata, spec, status })
    }
}

/// An object whose fields stand beside its metadata, as those of a StorageClass.
#[derive(Clone, Debug)]
pub(crate) struct Flat<F> {
    /// What kube's watcher asks for: names and the version, nothing else.
    meta: ObjectMeta,
    pub(crate) metadata: Metadata,
    pub(crate) fields: F,
}

impl<'de, F: Deserialize<'de> + Default> Deserialize<'de> for Flat<F> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(bound = "F: Deserialize<'de> + Default")]
        struct Raw<F> {
            #[serde(default, deserialize_with = "lenient")]
            metadata: Metadata,
            #[serde(flatten)]
            fields: F,
        }
        let raw = maybe::<D, Raw<F>>(deserializer)?;
        let Raw { mut metadata, fields } =
            raw.unwrap_or_else(|| Raw { metadata: Metadata::default(), fields: F::default() });
        Ok(Self { meta: metadata.meta(), metadata, fields })
    }
}

/// What can be watched.
pub(crate) trait Watched:
    Resource<DynamicType = Served, Scope = DynamicResourceScope> + Clone + Debug + DeserializeOwned + Send + Sync + 'static
{
    /// Its name, labels and the like.
    fn metadata(&self) -> &Metadata;
}

macro_rules! watched {
    ($object:ident of $($part:ident),+) => {
        impl<$($part),+> Resource for $object<$($part),+> {
            type DynamicType = Served;
            // In all namespaces at once, or in one.
            type Scope = DynamicResourceScope;

            fn kind(served: &Served) -> Cow<'_, str> {
                served.kind.into()
            }

            fn group(served: &Served) -> Cow<'_, str> {
                served.group.into()
            }

            fn version(served: &Served) -> Cow<'_, str> {
                served.version.into()
            }

            fn plural(served: &Served) -> Cow<'_, str> {
                served.plural.into()
            }

            fn meta(&self) -> &ObjectMeta {
                &self.meta
            }

            fn meta_mut(&mut self) -> &mut ObjectMeta {
                &mut self.meta
            }
        }

        impl<$($part: Clone + Debug + Default + DeserializeOwned + Send + Sync + 'static),+> Watched
            for $object<$($part),+>
        {
            fn metadata(&self) -> &Metadata {
                &self.metadata
            }
        }
    };
}

watched!(Object of S, T);
watched!(Flat of F);

/// An RFC 3339 time.
pub(crate) fn stamp(text: &str) -> Option<Stamp> {
    text.parse::<jiff::Timestamp>().ok().map(|time| Stamp(time.as_millisecond()))
}

/// The annotations that are used; others are passed over while reading: they may be hundreds of
/// kilobytes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Annotations(BTreeMap<&'static str, String>);

impl Annotations {
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }
}

impl<'de> Deserialize<'de> for Annotations {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Wanted;
        impl<'de> Visitor<'de> for Wanted {
            type Value = Annotations;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("annotations")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut found = BTreeMap::new();
                while let Some(name) = map.next_key::<Cow<'de, str>>()? {
                    match ANNOTATIONS.into_iter().find(|wanted| *wanted == name) {
                        Some(wanted) => found.extend(map.next_value::<Item<String>>()?.0.map(|text| (wanted, text))),
                        None => {
                            map.next_value::<IgnoredAny>()?;
                        }
                    }
                }
                Ok(Annotations(found))
            }
        }
        from.deserialize_map(Wanted)
    }
}

/// An object of a test, as the API would send it.
#[cfg(test)]
pub(crate) fn read<S, T>(object: &serde_json::Value) -> Object<S, T>
where
    S: DeserializeOwned + Default,
    T: DeserializeOwned + Default,
{
    // By way of text: that is how it arrives.
    serde_json::from_str(&object.to_string()).expect("whatever it holds, it can be read")
}

/// The same of one whose fields stand beside its metadata.
#[cfg(test)]
pub(crate) fn read_flat<F: DeserializeOwned + Default>(object: &serde_json::Value) -> Flat<F> {
    serde_json::from_str(&object.to_string()).expect("whatever it holds, it can be read")
}

#[cfg(test)]
mod tests {
    use kube::core::{ObjectList, WatchEvent};
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_no_object_spoils_no_list() {
        let list = json!({ "apiVersion": "v1", "kind": "PodList", "metadata": { "resourceVersion": "7" },
            "items": [5, null, "x", [1], { "metadata": { "name": "good" } }, { "metadata": [] }] });
        let list: ObjectList<Object<Nothing, Nothing>> = serde_json::from_str(&list.to_string()).unwrap();
        let names: Vec<&str> = list.items.iter().map(|object| object.metadata.name.as_str()).collect();
        assert_eq!(names, ["", "", "", "", "good", ""]);
    }

    #[test]
    fn an_event_keeps_its_version_whatever_else_is_odd() {
        let event = json!({ "type": "MODIFIED", "object": { "metadata": { "name": "a", "resourceVersion": "9", "labels": 4 }, "spec": [], "status": 7 } });
        let event: WatchEvent<Object<Nothing, Nothing>> = serde_json::from_str(&event.to_string()).unwrap();
        let WatchEvent::Modified(object) = event else { panic!("another event") };
        assert_eq!(object.meta().resource_version.as_deref(), Some("9"));
    }
}
