//! Backups beside a cluster's figure: the newest and how far it is verified, and the button that takes one.

use leptos::prelude::*;

use super::{BackupLine, ladder};
use crate::{base::at, texts::backups as words};

/// What is known of a cluster's backups without asking anybody.
#[derive(Clone, Debug, Default)]
pub struct Kept {
    /// Whether it is known where its etcd is.
    pub known: bool,
    /// Whether whoever looks may take one.
    pub acts: bool,
    /// Names the button, so that pressing it twice takes one backup.
    pub key: String,
    /// Whether one is being taken.
    pub goes_on: bool,
    /// The newest that was found right.
    pub newest: Option<BackupLine>,
}

/// The newest backup, and whether one is being taken.
pub fn newest(cluster: &str, kept: &Kept) -> AnyView {
    let base = at(&format!("/c/{}/backups", scene::segment(cluster)));
    let going = kept
        .goes_on
        .then(|| view! { <li><span class="badge h-starting">{words::UNDERWAY}</span>" "<a href=base.clone()>{words::SEE}</a></li> });
    let newest = kept.newest.as_ref().map_or_else(
        || view! { <li><span class="badge h-bad">{words::NO_GOOD_ONE}</span></li> }.into_any(),
        |line| kept_line(&base, line),
    );
    view! { <h2><a href=base.clone()>{words::BACKUPS}</a></h2><ul>{going}{newest}</ul> }.into_any()
}

/// A backup in a line, with a link to its page below `base`.
pub(in crate::pages) fn kept_line(base: &str, line: &BackupLine) -> AnyView {
    let climbed = line.steps.iter().flatten().count();
    let class = if line.steps[5].is_some() { "badge h-ok" } else { "badge" };
    view! {
        <li><span class=class>{words::climbed(climbed)}</span>
        " "<a href=format!("{base}/{}", line.id)>{format!("etcd backed up {}", line.ago)}</a>
        " "<small>{ladder::restores(line)}</small></li>
    }
    .into_any()
}

/// The button that takes one.
pub(crate) fn form(base: &str, key: &str) -> AnyView {
    view! {
        <form method="post" action=base.to_owned() class="now">
            <input type="hidden" name="key" value=key.to_owned() />
            <button class="meant" type="submit">{words::BACK_UP}</button>
        </form>
    }
    .into_any()
}
