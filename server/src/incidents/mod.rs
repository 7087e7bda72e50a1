//! Incidents of clusters: kept by the replica that records, told by the one that acts.
//!
//! ```text
//! recording (journal) ──rows, in one commit with the blocks──▶ store
//!                                                               │ attend: every replica
//!             before (what had changed) ◀── on duty ────────────┼──▶ news ──▶ streams of the API
//!             telling (webhook), alertmanager ◀── on duty ──────┘
//! ```
//! Nothing is judged here: [`incident::judge`] and [`incident::Course`] do that.

mod alertmanager;
mod attend;
mod before;
pub mod certificates;
pub mod silences;
mod telling;

use std::{collections::BTreeMap, sync::Arc};

use incident::{Beside, Incident, Kind, Rules};
use serde::{Deserialize, Serialize};
use topology::Stamp;

pub use alertmanager::Alertmanager;
pub use attend::{Telling, attend};
pub use before::{Before, Changed};
pub use certificates::Certificates;
pub use silences::{SilenceError, Wish};

use crate::{
    backup::Backups,
    store::{IncidentRow, Told},
};

/// By what incidents are judged.
#[derive(Clone)]
pub struct Judging {
    /// How long something must stand.
    pub rules: Rules,
    /// What is known of a cluster beside its Inventory.
    pub beside: Arc<dyn Fn(&str) -> Beside + Send + Sync>,
}

impl Default for Judging {
    fn default() -> Self {
        Self { rules: Rules::default(), beside: Arc::new(|_| Beside::default()) }
    }
}

/// What backups of a cluster's etcd say, and certificates that were looked at.
pub fn beside(backups: &Backups, certificates: &Certificates, cluster: &str) -> Beside {
    use incident::Backup;
    let backup = match backups.told_of(cluster) {
        None => Backup::Unknown,
        Some(told) => match told.warnings.iter().find(|warning| matches!(warning.kind, "none" | "old")) {
            Some(warning) => Backup::Overdue(warning.what.trim_end_matches('.').to_owned()),
            None => Backup::Well,
        },
    };
    Beside { backup, certificates: certificates.of(cluster) }
}

/// Something that an incident touched.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Touched {
    /// Its name, as in `Service ims/hss`.
    pub name: String,
    /// In a few words.
    pub what: String,
}

/// An incident as the database keeps it.
pub(crate) fn row(cluster: &str, incident: &Incident) -> IncidentRow {
    let touched = incident.touched.iter();
    let touched: Vec<Touched> =
        touched.map(|(name, what)| Touched { name: name.clone(), what: what.clone() }).collect();
    IncidentRow {
        cluster: cluster.to_owned(),
        id: incident.id(),
        kind: incident.kind.word().to_owned(),
        about: incident.about.clone(),
        began: incident.began.0,
        well: incident.well.map(|at| at.0),
        ended: incident.ended.map(|at| at.0),
        relapses: incident.relapses.into(),
        what: incident.what.clone(),
        // Plain texts: it cannot fail.
        touched: serde_json::to_string(&touched).unwrap_or_default(),
        changed: None,
        told: Told::Nothing,
        tries: 0,
    }
}

/// The same from there; none for a kind of a later version.
pub(crate) fn incident(row: &IncidentRow) -> Option<Incident> {
    let touched: BTreeMap<String, String> = row.touched().into_iter().map(|one| (one.name, one.what)).collect();
    Some(Incident {
        kind: Kind::from_word(&row.kind)?,
        about: row.about.clone(),
        began: Stamp(row.began),
        well: row.well.map(Stamp),
        ended: row.ended.map(Stamp),
        relapses: u32::try_from(row.relapses).unwrap_or_default(),
        what: row.what.clone(),
        touched,
    })
}

impl IncidentRow {
    /// What it touched.
    pub fn touched(&self) -> Vec<Touched> {
        serde_json::from_str(&self.touched).unwrap_or_default()
    }

    /// What had changed before it; none until that was looked for.
    pub fn before(&self) -> Option<Before> {
        serde_json::from_str(self.changed.as_deref()?).ok()
    }

    /// Whether the cluster as a whole may be in danger.
    pub fn is_grave(&self) -> bool {
        Kind::from_word(&self.kind).is_some_and(Kind::is_grave)
    }

    /// The path of its page.
    pub fn path(&self) -> String {
        format!("/c/{}/incidents/{}", scene::segment(&self.cluster), scene::segment(&self.id))
    }
}

/// A moment in RFC 3339.
pub(crate) fn rfc(at: i64) -> String {
    jiff::Timestamp::from_millisecond(at).map(|at| at.to_string()).unwrap_or_default()
}
