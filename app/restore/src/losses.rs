//! What will be lost, what speaks against it, and what is unknown.

use crate::{Facts, Member, tool::Tool};

pub(crate) fn losses(facts: &Facts) -> Vec<String> {
    let backup = &facts.backup;
    let age = facts.now.saturating_sub(backup.began);
    let mut losses = if age < 0 {
        vec![
            "How old the backup is cannot be told: by this machine's clock it was taken in the future. All that was \
             written since is lost."
                .to_owned(),
        ]
    } else {
        vec![format!("Everything that was written since the backup was taken, {} ago.", span(age))]
    };
    losses.push(match facts.life.as_ref().and_then(|life| life.revision) {
        Some(now) if now >= backup.revision => format!(
            "That is {} revisions: the backup is at {}, the cluster at {now}.",
            now - backup.revision,
            backup.revision
        ),
        Some(now) => format!(
            "The cluster is at revision {now}, before the backup's {}: it was restored since, or it is another cluster. \
             How much is lost cannot be told.",
            backup.revision
        ),
        None => format!(
            "How many revisions that is is unknown, since etcd does not answer; the backup is at {}.",
            backup.revision
        ),
    });
    losses.push(
        "Pods that were started since go on running until the kubelets see that nobody knows them; then they are ended. \
         Pods that are gone and are in the backup are started again."
            .into(),
    );
    losses
}

pub(crate) fn warnings(facts: &Facts) -> Vec<String> {
    let backup = &facts.backup;
    let mut warnings = Vec::new();
    if facts.life.as_ref().is_some_and(|life| life.quorum) {
        warnings.push(
            "etcd has its quorum now. This way takes every member back to the backup; if one member is lost, follow the \
             guide for that, and nothing is lost."
                .into(),
        );
    } else {
        warnings.push(
            "Try first to switch on the hosts that still have their data: once most members are there with it, etcd goes on \
             and nothing is lost."
                .into(),
        );
    }
    if !backup.trusted {
        warnings.push(
            "The contents of this backup were never verified. Choose another, or look first at the check of the first step."
                .into(),
        );
    } else if backup.reached < 6 {
        warnings.push(
            "No etcd was ever started on this backup. Rehearse it first if there is time: binnacle backup rehearse."
                .into(),
        );
    }
    if backup.empty {
        warnings.push(
            "This backup holds no key: it is of a new etcd, or of a learner without data. Restoring it brings nothing back."
                .into(),
        );
    }
    if backup.no_space {
        warnings.push(
            "The alarm NOSPACE is in this backup: etcd refuses writes after the restore. The step that disarms it stands \
             below; without it the API server cannot write."
                .into(),
        );
    }
    if backup.corrupt {
        warnings.push(
            "The alarm CORRUPT is in this backup: its etcd found that members held different data. Choose an older backup \
             without it where there is one."
                .into(),
        );
    }
    if backup.auth {
        warnings.push(
            "Authentication is enabled in this backup: etcdctl needs root's certificate, or --user root and its password, in \
             every step after etcd has started."
                .into(),
        );
    }
    let other = facts.life.as_ref().and_then(|life| life.cluster_id.as_ref()).filter(|id| **id != backup.cluster_id);
    if let Some(other) = other {
        warnings.push(format!(
            "The backup was taken from the cluster of etcd with the id {}, and {other} answers now: make sure that it is \
             the right one.",
            backup.cluster_id
        ));
    }
    if !facts.learners.is_empty() {
        warnings.push(format!(
            "{} only learns and is left out: stop it and add it anew afterwards.",
            facts.learners.join(" and ")
        ));
    }
    let versions = facts.versions();
    if versions.len() > 1 {
        warnings.push(format!(
            "Members run different versions ({}). Restore with the tool of the oldest, and give all the same version first \
             if they do not start.",
            versions.join(", ")
        ));
    }
    if let [now] = versions[..]
        && minor(now) < minor(&backup.version)
    {
        warnings.push(format!(
            "The backup is of etcd {}, and {now} runs now: an older etcd may not read what a newer one wrote.",
            backup.version
        ));
    }
    if !Tool::of(facts).bumps() {
        warnings.push(
            "Revisions are given anew after this restore, and whoever remembers one from before would wait for what has \
             long been: do not leave out the restarts of the last steps."
                .into(),
        );
    }
    warnings
}

pub(crate) fn warnings_for_member(facts: &Facts, lost: &Member) -> Vec<String> {
    let mut warnings = Vec::new();
    if !facts.life.as_ref().is_some_and(|life| life.quorum) {
        warnings.push(
            "It is not known that the other members have a quorum. Without one this way fails at its second step and does \
             no harm; then follow the guide for a lost quorum."
                .into(),
        );
    }
    if lost.well == Some(true) {
        warnings.push(format!(
            "{} answers and follows the leader now: it is not lost. What follows empties it.",
            lost.called()
        ));
    }
    let others = facts.members.iter().filter(|member| *member != lost && member.well == Some(false));
    for other in others {
        warnings.push(format!("{} is not healthy either: bring back one after the other.", other.called()));
    }
    if facts.members.len() < 3 {
        warnings.push(
            "With fewer than three members the rest has no quorum once one is lost: follow the guide for a lost quorum."
                .into(),
        );
    }
    warnings
}

pub(crate) fn unknown(facts: &Facts) -> Vec<String> {
    let mut unknown = Vec::new();
    let versions: Vec<_> = facts.members.iter().filter_map(|member| member.version.as_ref()).collect();
    if versions.is_empty() {
        let said = if facts.backup.version.is_empty() {
            "Which version of etcd runs is unknown, so the tool's newer flags are not used.".to_owned()
        } else {
            format!(
                "Which version of etcd runs now is unknown; when the backup was taken it was {}.",
                facts.backup.version
            )
        };
        unknown.push(said);
    }
    unknown.extend(unknown_of_members(facts));
    if facts.masters.is_empty() {
        unknown.push("Which hosts run an API server is unknown: do what is said of masters on each that has /etc/kubernetes/manifests/kube-apiserver.*.".into());
    }
    unknown
}

pub(crate) fn unknown_of_members(facts: &Facts) -> Vec<String> {
    let mut unknown = Vec::new();
    if facts.members.is_empty() {
        unknown.push(
            "The members of etcd are unknown: etcd does not answer, and no plan names its hosts. Do what is said of a \
             member on every host that has /etc/etcd.env; its commands read names and addresses there."
                .to_owned(),
        );
    }
    if facts.life.is_none() && !facts.members.is_empty() {
        unknown.push("etcd does not answer: its members stand here as they were planned.".into());
    }
    for member in &facts.members {
        let missing: Vec<&str> = [
            ("its name", member.name.is_none()),
            ("its address for members", member.peer.is_none()),
            ("its address for clients", member.client.is_none()),
            ("the name of its host", member.host.name.is_none()),
        ]
        .into_iter()
        .filter_map(|(what, missing)| missing.then_some(what))
        .collect();
        if !missing.is_empty() {
            let called = if member.name.is_some() { member.called().to_owned() } else { member.on() };
            unknown.push(format!("Of {called}: {}. Commands read that on the host itself.", missing.join(", ")));
        }
    }
    unknown.push(
        "The token of the cluster is told by no API: commands read it from /etc/etcd.env, where kubespray has it."
            .into(),
    );
    unknown
}

fn minor(version: &str) -> Option<(u32, u32)> {
    let mut numbers = version.trim_start_matches('v').split('.').map(|part| part.parse().ok());
    Some((numbers.next()??, numbers.next()??))
}

/// A span of milliseconds, in its two largest units.
fn span(millis: i64) -> String {
    let seconds = millis / 1_000;
    let counted = |count: i64, unit: &str| format!("{count} {unit}{}", if count == 1 { "" } else { "s" });
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => counted(seconds, "second"),
        (0, 0, minutes) => counted(minutes, "minute"),
        (0, hours, minutes) => format!("{} and {}", counted(hours, "hour"), counted(minutes, "minute")),
        (days, hours, _) => format!("{} and {}", counted(days, "day"), counted(hours, "hour")),
    }
}
