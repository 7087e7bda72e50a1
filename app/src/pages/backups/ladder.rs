//! How far a backup is proved, as six steps: told by words and by what is filled, and only then by colour.

use leptos::prelude::*;

use super::{BackupLine, Climb};
use crate::texts::backups as words;

/// The steps as short bars, and the highest in words.
pub(super) fn short(line: &BackupLine) -> AnyView {
    let climbed = line.steps.iter().flatten().count();
    let bars = line
        .steps
        .iter()
        .map(|step| view! { <i class=if step.is_some() { "climbed" } else { "open" }></i> })
        .collect_view();
    view! {
        <span class="ladder"><span class="rungs" aria-hidden="true">{bars}</span>
            <span>{words::climbed(climbed)}": "{highest(line)}</span></span>
        <small class=health(line).unwrap_or("hint")>{restores(line)}</small>
    }
    .into_any()
}

/// The highest step of its contents, and whether it was read back: a reader knows the lower ones from it.
fn highest(line: &BackupLine) -> String {
    let named: Vec<&str> =
        line.steps.iter().zip(words::STEPS).filter(|(step, _)| step.is_some()).map(|(_, name)| name).collect();
    match named.as_slice() {
        [] => words::UNPROVED.into(),
        [.., last] => (*last).to_owned(),
    }
}

fn restored(line: &BackupLine) -> Option<&Climb> {
    line.steps[5].as_ref()
}

/// The class of what a rehearsal found.
pub(super) fn health(line: &BackupLine) -> Option<&'static str> {
    match (&line.fails, restored(line)) {
        (Some(_), _) => Some("h-bad"),
        (None, _) if line.refuses => Some("h-warn"),
        (None, Some(_)) => Some("h-ok"),
        (None, None) => None,
    }
}

/// Whether it was restored, in a few words.
pub(super) fn restores(line: &BackupLine) -> String {
    match (&line.fails, restored(line)) {
        (Some(why), _) => words::does_not_restore(why),
        (None, Some(climb)) if line.refuses => words::restores_and_refuses(&climb.ago, &climb.took),
        (None, Some(climb)) => words::restores(&climb.ago, &climb.took),
        (None, None) if line.refuses => words::NOT_RESTORED_AND_REFUSES.into(),
        (None, None) => words::NOT_RESTORED.into(),
    }
}

/// The steps with all that is known of each.
pub(super) fn long(line: &BackupLine) -> AnyView {
    let rungs = line.steps.iter().zip(words::STEPS).zip(words::STEPS_MEAN).enumerate().map(|(number, ((step, name), means))| {
        let found = line.kubernetes.filter(|_| number == 3 && step.is_some()).map(words::namespaces);
        let (class, how) = match step {
            Some(Climb { at, ago, tool, took }) => {
                let how = view! { <span>{format!("{ago}, in {took}, with {tool}")}</span>" "<small class="hint">{at.clone()}</small> };
                ("climbed", how.into_any())
            }
            None => ("open", view! { <span class="hint">{words::NOT_YET}</span> }.into_any()),
        };
        view! { <li class=class><strong>{name}</strong><p class="how">{how}</p><p class="hint">{means}" "{found}</p></li> }
    });
    view! { <ol class="rungs long">{rungs.collect_view()}</ol> }.into_any()
}
