//! Settings: by file, by environment, by flag; the later of these beats the earlier.

mod addresses;
mod audit;
mod clusters;
mod deploying;
mod effect;
mod example;
mod file;
mod history;
mod keys;
mod namespaces;
mod provider;
mod sections;

use std::{collections::BTreeMap, net::SocketAddr, num::NonZeroU32, path::PathBuf, time::Duration};

pub use clusters::ClusterSettings;
pub use deploying::Deploying;
pub use example::example;
pub use file::ConfigError;
pub use history::IncidentSettings;
pub(crate) use keys::nearest;
pub use keys::{KEYS, Key, table};

use crate::{
    access::{Lasting, OidcSettings, Proxies},
    backup::{Regime, rehearsing::When, seal::Recipients},
    embed::Origins,
    journal::Bounds,
    store::{Keeping, Place},
    webhook::Webhook,
};

/// What `serve` goes by.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where to listen.
    pub listen: SocketAddr,
    /// Where history and the like are kept.
    pub data: PathBuf,
    /// The database; `None` for a file in the data folder.
    pub database: Option<Place>,
    /// Who signs in, and how.
    pub sign_in: SignIn,
    /// The provider, when people sign in through one.
    pub oidc: Option<OidcSettings>,
    /// Further host names that are ours, with commas between.
    pub hosts: String,
    /// Proxies that are believed.
    pub trusted_proxies: Proxies,
    /// Below which path everything is served; empty for the root.
    pub base_path: String,
    /// Where people and portals reach this server, without a `/` at its end.
    pub public_url: Option<String>,
    /// How long sessions last.
    pub sessions: Lasting,
    /// The files of certificate and key, where TLS is spoken.
    pub tls: Option<(PathBuf, PathBuf)>,
    /// Portals that may show figures.
    pub embed_origins: Origins,
    /// Where audit lines go.
    pub audit: Option<PathBuf>,
    /// How much of the audit is kept.
    pub audit_kept: Keeping,
    /// Requests of the API a minute for each who asks.
    pub rate: NonZeroU32,
    /// Connections at once from one address that is no trusted proxy's; 0 for any number.
    pub connections_per_address: usize,
    /// The kubeconfig; `None` to look as kubectl does.
    pub kubeconfig: Option<PathBuf>,
    /// Only this context.
    pub context: Option<String>,
    /// What is said of the first context, unless it has a section of its own.
    pub first: ClusterSettings,
    /// What is said of clusters by their names.
    pub clusters: BTreeMap<String, ClusterSettings>,
    /// How backups are kept.
    pub backups: BackupSettings,
    /// Where plans to choose from lie.
    pub plans: Option<PathBuf>,
    /// The release of Compass that plans are for.
    pub compass_release: plan::Release,
    /// From where deployments are made; none where they are not.
    pub deploying: Option<Deploying>,
    /// Whether to show the built-in cluster.
    pub demo: Demo,
    /// How long a cluster that nobody looks at is still watched.
    pub idle: Duration,
    /// How much of clusters' history is kept; `None` for nothing.
    pub history: Option<Bounds>,
    /// How incidents are judged, and who is told of them.
    pub incidents: IncidentSettings,
    /// Lines for people, or JSON for machines.
    pub log_format: LogFormat,
    /// What is logged, as in `info` or `binnacle=debug`.
    pub log: String,
    /// What to be warned of: names of before, and settings without an effect.
    pub warnings: Vec<String>,
}

/// How backups are kept; places are opened when the server starts.
#[derive(Clone, Debug)]
pub struct BackupSettings {
    /// The places' texts, with commas between; empty for a folder in the data folder.
    pub to: String,
    /// Whom they are encrypted for.
    pub recipients: Recipients,
    /// When they are taken, and which stay.
    pub regime: Regime,
    /// The file of the key that signs them.
    pub key_file: Option<PathBuf>,
    /// Who is told of grave warnings.
    pub webhook: Option<Webhook>,
    /// When they are restored for trial.
    pub rehearse: When,
    /// Where etcd's programs lie for that.
    pub programs: Option<PathBuf>,
    /// Where that is done.
    pub scratch: Option<PathBuf>,
    /// After how long stored ones are read again.
    pub reread: Option<Duration>,
    /// What travels with them.
    pub with: Vec<PathBuf>,
}

/// When the built-in cluster is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Demo {
    /// Only it.
    Always,
    /// Only a distribution's instead of it.
    Of(simulator::Distribution),
    /// When no other cluster is found.
    IfNone,
    /// Never.
    Never,
}

/// Who signs in; with none of these, whoever is on this machine may see and operate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SignIn {
    /// Users of our own.
    pub local: bool,
    /// People whom a provider vouches for.
    pub oidc: bool,
    /// Programs with tokens; they may always, this says that nobody else need.
    pub tokens: bool,
}

impl SignIn {
    /// Whether nobody signs in.
    pub fn is_none(self) -> bool {
        self == Self::default()
    }

    /// From its words, with commas between.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut ways = Self::default();
        for word in text.split(',').map(str::trim) {
            match word {
                "none" if text.trim() == "none" => {}
                "local" => ways.local = true,
                "oidc" => ways.oidc = true,
                "tokens" => ways.tokens = true,
                _ => return None,
            }
        }
        Some(ways)
    }
}

/// How logs are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// A line for people.
    Text,
    /// A JSON object a line.
    Json,
}

/// Values given on the command line, by key.
pub type Given = Vec<(&'static str, String)>;

impl Settings {
    /// From the file (when one is named), the environment and the command line.
    ///
    /// # Errors
    /// [`ConfigError`] with the place of the first value that cannot be used.
    pub fn load(given: &Given) -> Result<Self, ConfigError> {
        file::load(given, std::env::vars())
    }

    /// Name, value and place of each setting that was given, without what may be a secret.
    ///
    /// # Errors
    /// [`ConfigError`] when a file cannot be read, or names what there is not.
    pub fn shown(given: &Given) -> Result<Vec<[String; 3]>, ConfigError> {
        file::shown(given, std::env::vars())
    }

    /// Texts of the settings that may be secrets, with those in the files that they name.
    pub fn secrets(given: &Given) -> Vec<String> {
        file::secrets(given, std::env::vars())
    }
}
