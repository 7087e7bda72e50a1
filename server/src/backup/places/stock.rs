//! What lies in a place.

use std::collections::{BTreeMap, HashMap};

use futures::{StreamExt, TryStreamExt};
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt, path::Path};

use super::{Place, PlaceError, folder_of};
use crate::backup::manifest::{COMPANION, ENDINGS, Manifest};

/// Manifests that are fetched at once.
const AT_ONCE: usize = 16;

/// What lies in a place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stock {
    /// Backups: manifest and object are there, fit, and are signed. Newest first.
    pub backups: Vec<Found>,
    /// Backups of ours whose bytes are not all there, and why; they are strays too.
    pub broken: Vec<(Found, String)>,
    /// What is no backup of ours, and why.
    pub strays: Vec<Stray>,
}

/// A backup that lies there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// What it is.
    pub manifest: Manifest,
    /// Changes whenever the manifest in the store does.
    pub tag: String,
}

/// Something that lies there and is not listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stray {
    /// Its path in the place.
    pub name: String,
    /// Its bytes.
    pub size: u64,
    /// When it was last changed, in milliseconds since the epoch.
    pub changed: i64,
    /// Why it is no backup.
    pub why: String,
}

/// Manifests that were read before, by id and tag, so that only what changed is fetched again.
pub type Known = HashMap<(String, String), Manifest>;

/// An object that is never there.
const NOBODY: &str = "nothing-has-this-name";

impl Place {
    /// The library reads any page as a list without entries. A store says of an object that is not there that it is not.
    async fn answers_as_a_store(&self, under: &Path) -> Result<(), PlaceError> {
        match self.store.get(&under.clone().join(NOBODY)).await {
            Ok(_) => Err(PlaceError::no_store(self.name(), "list what lies there")),
            Err(error) => match PlaceError::asked(self.name(), "list what lies there", &error) {
                error if error.is_no_store() => Err(error),
                _ => Ok(()),
            },
        }
    }

    /// Everything that lies here, of one cluster or of all. A manifest of `known` is not fetched again.
    ///
    /// # Errors
    /// [`PlaceError::Away`], [`PlaceError::Refused`]: then nothing is known, which is not the same as nothing there.
    pub async fn stock(&self, cluster: Option<&str>, key: &[u8], known: &Known) -> Result<Stock, PlaceError> {
        let under = cluster.map_or_else(|| self.root.clone(), |cluster| self.folder(cluster));
        let listed: Result<Vec<ObjectMeta>, _> = self.store.list(Some(&under)).try_collect().await;
        let mut objects: BTreeMap<Path, ObjectMeta> = match listed {
            Ok(listed) => listed.into_iter().map(|meta| (meta.location.clone(), meta)).collect(),
            // A folder of a cluster without a backup.
            Err(object_store::Error::NotFound { .. }) => BTreeMap::new(),
            Err(error) => return Err(PlaceError::asked(self.name(), "list what lies there", &error)),
        };
        if objects.is_empty() {
            self.answers_as_a_store(&under).await?;
        }
        let manifests: Vec<(Path, ObjectMeta)> =
            objects.extract_if(.., |path, _| path.as_ref().ends_with(".json")).collect();
        let read = futures::stream::iter(manifests)
            .map(|(path, meta)| async {
                let tag = tag(&meta);
                let id = path.filename().unwrap_or_default().trim_end_matches(".json");
                let before = known.get(&(id.to_owned(), tag.clone())).cloned();
                let manifest = match before {
                    Some(manifest) => Ok(manifest),
                    None => self.manifest(&path, id).await,
                };
                (path, meta, tag, manifest)
            })
            .buffer_unordered(AT_ONCE)
            .collect::<Vec<_>>()
            .await;
        let mut stock = Stock::default();
        for (path, meta, tag, manifest) in read {
            let manifest = match manifest {
                Ok(manifest) => manifest,
                // It went while we looked.
                Err(PlaceError::Missing { .. }) => continue,
                Err(PlaceError::Manifest { error, .. }) => {
                    stock.strays.push(stray(&meta, error.to_string()));
                    continue;
                }
                Err(other) => return Err(other),
            };
            if let Err(why) = self.is_ours(&path, &manifest, key) {
                stock.strays.push(stray(&meta, why));
                continue;
            }
            match self.is_whole(&manifest, &mut objects) {
                Ok(()) => stock.backups.push(Found { manifest, tag }),
                Err(why) => {
                    stock.strays.push(stray(&meta, why.clone()));
                    stock.broken.push((Found { manifest, tag }, why));
                }
            }
        }
        let nameless = objects.values().filter(|meta| is_object(&meta.location));
        let why = "it has no manifest: an upload that was cut short, or a removal";
        stock.strays.extend(nameless.map(|meta| stray(meta, why.to_owned())));
        stock.backups.sort_by(|a, b| (b.manifest.began, &b.manifest.id).cmp(&(a.manifest.began, &a.manifest.id)));
        stock.strays.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(stock)
    }

    /// Whether a manifest is signed by us and stands where it belongs.
    fn is_ours(&self, path: &Path, manifest: &Manifest, key: &[u8]) -> Result<(), String> {
        manifest.verify(key).map_err(|error| error.to_string())?;
        if *path != self.manifest_of(manifest) {
            return Err(format!("it belongs to {}/{}.json", folder_of(&manifest.cluster), manifest.id));
        }
        Ok(())
    }

    /// Whether its objects lie beside it in their full length.
    fn is_whole(&self, manifest: &Manifest, objects: &mut BTreeMap<Path, ObjectMeta>) -> Result<(), String> {
        let mut whole = Ok(());
        for stored in super::objects(manifest) {
            let name = &stored.name;
            let fits = match objects.remove(&self.object(manifest, stored)) {
                None => Err(format!("{name} is not there")),
                Some(object) if object.size != stored.size => {
                    Err(format!("{name} has {} bytes, and {} were stored", object.size, stored.size))
                }
                Some(_) => Ok(()),
            };
            whole = whole.and(fits);
        }
        whole
    }
}

fn is_object(path: &Path) -> bool {
    path.filename().is_some_and(|name| ENDINGS.iter().chain([&COMPANION]).any(|ending| name.ends_with(ending)))
}

fn stray(meta: &ObjectMeta, why: String) -> Stray {
    let changed = meta.last_modified.timestamp_millis();
    Stray { name: meta.location.to_string(), size: meta.size, changed, why }
}

fn tag(meta: &ObjectMeta) -> String {
    meta.e_tag.clone().unwrap_or_else(|| format!("{}-{}", meta.size, meta.last_modified.timestamp_millis()))
}
