//! What is known when a guide is written. Whatever is `None` is unknown.

/// All that a guide hangs on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// The cluster's name here.
    pub cluster: String,
    /// Milliseconds since the epoch.
    pub now: i64,
    /// The backup that was chosen.
    pub backup: Backup,
    /// The members of etcd by name, as etcd tells or, where it does not answer, as they were planned.
    pub members: Vec<Member>,
    /// Names of members that only learn: they have no vote, and a restore leaves them out.
    pub learners: Vec<String>,
    /// What etcd says now.
    pub life: Option<Life>,
    /// Hosts that run an API server.
    pub masters: Vec<Host>,
    /// All hosts that run a kubelet, masters among them.
    pub nodes: Vec<Host>,
}

/// What of a backup's manifest a guide needs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Backup {
    /// Its name.
    pub id: String,
    /// The file that holds it, as it is stored.
    pub file: String,
    /// SHA-256 of that file, hexadecimal.
    pub file_sha256: String,
    /// Where it lies, for people.
    pub places: Vec<String>,
    /// Whether that file is compressed with zstd.
    pub compressed: bool,
    /// The public keys of age that it is encrypted for; empty when it is not.
    pub recipients: Vec<String>,
    /// The file with what travels with it, encrypted for the same keys, when there is one.
    pub companion: Option<Companion>,
    /// Bytes of the database, without the digest at its end.
    pub size: u64,
    /// SHA-256 of the database, hexadecimal.
    pub sha256: String,
    /// The id of the cluster that it was taken from, hexadecimal.
    pub cluster_id: String,
    /// The version of etcd that it was taken from.
    pub version: String,
    /// Its newest revision.
    pub revision: i64,
    /// Its keys.
    pub keys: u64,
    /// When it was begun, in milliseconds since the epoch.
    pub began: i64,
    /// The highest step of proof whose contents were looked at, 0 to 6.
    pub reached: u8,
    /// Whether its contents were found right.
    pub trusted: bool,
    /// Whether the alarm NOSPACE is in it: what is restored from it refuses writes.
    pub no_space: bool,
    /// Whether the alarm CORRUPT is in it.
    pub corrupt: bool,
    /// Whether authentication is enabled in it.
    pub auth: bool,
    /// Whether no key is in it.
    pub empty: bool,
}

/// Files that travel with a backup, as certificates and `etcd.env`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Companion {
    /// The file that holds them: a tar archive, compressed with zstd and encrypted.
    pub file: String,
    /// SHA-256 of that file, hexadecimal.
    pub sha256: String,
    /// Where they lay.
    pub paths: Vec<String>,
}

/// A member of etcd.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Member {
    /// Its id, hexadecimal.
    pub id: Option<String>,
    /// Its name, as in `etcd1`.
    pub name: Option<String>,
    /// Where other members reach it.
    pub peer: Option<String>,
    /// Where clients reach it.
    pub client: Option<String>,
    /// The version that it runs.
    pub version: Option<String>,
    /// Whether it answers and follows a leader; `None` when etcd does not answer at all.
    pub well: Option<bool>,
    /// The host that it runs on.
    pub host: Host,
}

/// A host.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Host {
    /// Its name; kubespray names files by it.
    pub name: Option<String>,
    /// Where SSH reaches it.
    pub address: Option<String>,
}

/// What etcd tells of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Life {
    /// The revision of its keys.
    pub revision: Option<i64>,
    /// Its cluster's id, hexadecimal.
    pub cluster_id: Option<String>,
    /// Whether it has a quorum.
    pub quorum: bool,
}

impl Facts {
    /// The versions that members run, each once; else the one of the backup.
    pub(crate) fn versions(&self) -> Vec<&str> {
        let mut known: Vec<&str> = self.members.iter().filter_map(|member| member.version.as_deref()).collect();
        known.sort_unstable();
        known.dedup();
        if known.is_empty() && !self.backup.version.is_empty() {
            known.push(&self.backup.version);
        }
        known
    }
}

impl Host {
    /// How people call it; `fallback` where nothing is known.
    pub(crate) fn called<'a>(&'a self, fallback: &'a str) -> &'a str {
        self.name.as_deref().or(self.address.as_deref()).unwrap_or(fallback)
    }

    /// Where SSH finds it.
    pub(crate) fn reached(&self) -> Option<&str> {
        self.address.as_deref().or(self.name.as_deref())
    }
}

impl Member {
    /// How people call it.
    pub(crate) fn called(&self) -> &str {
        self.name.as_deref().or(self.id.as_deref()).unwrap_or("a member without a known name")
    }

    /// How the host that it runs on is called.
    pub(crate) fn on(&self) -> String {
        match (&self.host.name, &self.host.address, &self.name) {
            (Some(host), ..) | (None, Some(host), None) => host.clone(),
            (None, Some(address), Some(name)) => format!("{address} ({name})"),
            (None, None, _) => format!("the host of {}", self.called()),
        }
    }
}
