//! Parts of a deployment as the API tells them.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

/// How much of a log was hidden.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeploymentRedaction {
    /// Places that were hidden. Versions before 2 of the rules did not count theirs.
    pub places: u64,
    /// The same for each rule that hid something: `known-secret`, `private-key`, `token-shape`, `password-hash`,
    /// `base64`, `url`, `http-header`, `option`, `name`, `name-beside`, `block`, `announced`, `output`. More may come.
    pub by_rule: BTreeMap<String, u64>,
    /// The version of the rules.
    pub rules: i64,
    /// When newer rules redacted the stored log again, RFC 3339; null when it was not.
    #[schema(format = DateTime)]
    pub redacted_anew: Option<String>,
    /// Whether that is still to be done. Until then the log and what it tells are withheld.
    pub withheld: bool,
}

/// A host while its system installs.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeploymentHost {
    /// Its name.
    pub name: String,
    /// Its management address.
    pub address: Option<String>,
    /// What compass-deck last said of its system: `INSTALLING`, `SUCCESSFUL`, `ERROR` and others.
    pub system: Option<String>,
    /// How much of it is installed, of a hundred.
    pub percent: Option<u8>,
    /// What it is at.
    pub message: Option<String>,
    /// Whether it answers on SSH's port; null when nobody could look.
    pub answers: Option<bool>,
    /// Since when it answers, or has stopped to, RFC 3339.
    #[schema(format = DateTime)]
    pub since: Option<String>,
}

/// How far a deployment is: a range, and no promise.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeploymentProgress {
    /// Of a hundred.
    pub percent: u8,
    /// Seconds left if it takes as long as the shortest of the earlier ones; 0 when it takes longer.
    pub least_seconds: i64,
    /// Seconds left if it takes as long as the longest; 0 when it takes longer.
    pub most_seconds: i64,
    /// From how many that is learnt.
    pub runs: usize,
}

/// A phase of a deployment.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeploymentPhase {
    /// Its word; more may come.
    pub phase: String,
    /// When it began, RFC 3339.
    #[schema(format = DateTime)]
    pub began: String,
    /// The line that began it; counts from 1.
    pub line: u64,
}

/// What went wrong.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeploymentFailure {
    /// The task.
    pub task: Option<String>,
    /// The host.
    pub host: Option<String>,
    /// What was said.
    pub message: String,
    /// Where in the log; counts from 1.
    pub line: u64,
}

/// Something that went wrong outside Ansible.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeploymentTrouble {
    /// The phase that it belongs to; null before the first.
    pub phase: Option<String>,
    /// What was said, without secrets.
    pub message: String,
    /// Whether it ends the deployment.
    pub ends: bool,
    /// Where in the log; counts from 1.
    pub line: u64,
}

/// What a witness says.
#[derive(Debug, Serialize, ToSchema)]
pub struct Evidence {
    /// Who: `exit`, `last-line`, `deck`, `outer`, `nested`, `nodes`, `etcd`. More may come.
    pub witness: String,
    /// Whether it went well by this witness.
    pub says: Says,
    /// What was seen.
    pub text: String,
}

/// What a witness says of success.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = EvidenceSays)]
#[serde(rename_all = "kebab-case")]
pub enum Says {
    /// It went well.
    Yes,
    /// It did not.
    No,
    /// It does not answer, was not asked, or cannot be believed here.
    Nothing,
}
