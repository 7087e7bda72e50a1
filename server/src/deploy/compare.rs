//! Two runs side by side: which phases and tasks took longer, which hosts differ.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use app::pages::deployments::{Comparison, TaskLine};
use scene::Health;
use transcript::{Outline, Task};

use super::{Office, story};
use crate::store::{RunRow, StoreError};

/// A difference of less than this, in milliseconds, and of less than a fifth is none.
const NOTABLE: i64 = 2_000;
/// Tasks that are listed, the largest differences first.
const MOST: usize = 200;

/// The comparison of two runs of a cluster, the older first.
pub(super) async fn compare(office: &Office, a: &RunRow, b: &RunRow) -> Result<Comparison, StoreError> {
    let (a, b) = if a.created <= b.created { (a, b) } else { (b, a) };
    let outlines = [office.outline(&a.id).await?, office.outline(&b.id).await?];
    Ok(Comparison {
        cluster: a.cluster.clone(),
        runs: [story::line(a), story::line(b)],
        phases: phases([a, b], &outlines),
        versions: versions([a, b]),
        tasks: tasks(&outlines),
        hosts: hosts(&outlines),
    })
}

fn versions(rows: [&RunRow; 2]) -> Vec<(String, [String; 2], bool)> {
    let both = rows.map(story::versions);
    let names: BTreeSet<&String> = both.iter().flat_map(BTreeMap::keys).collect();
    names
        .into_iter()
        .map(|name| {
            let is = [&both[0], &both[1]].map(|one| one.get(name).map_or_else(|| "–".to_owned(), |is| is.join(", ")));
            let differ = both.iter().all(|one| one.contains_key(name)) && is[0] != is[1];
            (name.clone(), is, differ)
        })
        .collect()
}

fn phases(rows: [&RunRow; 2], outlines: &[Outline; 2]) -> Vec<(String, [String; 2], String)> {
    let lengths = |at: usize| -> HashMap<String, i64> {
        let marks = &outlines[at].phases;
        let ended = rows[at].ended.unwrap_or_else(super::follow::now);
        let until = |n: usize| marks.get(n + 1).map_or(ended, |next| next.heard);
        marks.iter().enumerate().map(|(n, mark)| (story::word(&mark.phase), until(n) - mark.heard)).collect()
    };
    let lengths = [lengths(0), lengths(1)];
    let mut words: Vec<String> = Vec::new();
    for mark in outlines.iter().flat_map(|outline| &outline.phases) {
        let word = story::word(&mark.phase);
        if !words.contains(&word) {
            words.push(word);
        }
    }
    let told = |length: Option<&i64>| length.map_or_else(|| "–".to_owned(), |length| story::took(*length));
    words
        .into_iter()
        .map(|word| {
            let both = [lengths[0].get(&word), lengths[1].get(&word)];
            let difference = both[0].zip(both[1]).map(|(a, b)| longer(*a, *b)).unwrap_or_default();
            (word, both.map(told), difference)
        })
        .collect()
}

/// A task's key: the same in both runs when its run's rank, its play and its name are.
fn by_name(outline: &Outline) -> HashMap<(usize, &str, usize), &Task> {
    let mut all = HashMap::new();
    let mut seen: HashMap<(usize, &str), usize> = HashMap::new();
    for (rank, run) in outline.runs.all.iter().enumerate() {
        for task in &run.tasks {
            let again = seen.entry((rank, task.name.as_str())).or_insert(0);
            all.insert((rank, task.name.as_str(), *again), task);
            *again += 1;
        }
    }
    all
}

fn tasks(outlines: &[Outline; 2]) -> Vec<TaskLine> {
    let (old, new) = (by_name(&outlines[0]), by_name(&outlines[1]));
    let length = |task: &Task| task.began.zip(task.heard).map(|(began, heard)| heard - began);
    let worst = |task: &Task| {
        let worst = task.cells.iter().flatten().map(|cell| cell.state).max();
        worst.map_or(("–".to_owned(), Health::Unknown), |worst| {
            let (health, word) = story::ended(worst);
            (word.to_owned(), health)
        })
    };
    let mut differ: Vec<(i64, TaskLine)> = old
        .iter()
        .filter_map(|(key, before)| {
            let after = new.get(key)?;
            let (was, is) = (length(before), length(after));
            let difference = was.zip(is).map_or(0, |(was, is)| is - was);
            let notable = difference.abs() > NOTABLE.max(was.unwrap_or(0) / 5);
            let ended = [worst(before), worst(after)];
            if !notable && ended[0] == ended[1] {
                return None;
            }
            let told = |length: Option<i64>| length.map(story::took).unwrap_or_default();
            let line = TaskLine {
                name: before.name.clone(),
                took: [told(was), told(is)],
                difference: was.zip(is).filter(|_| notable).map(|(was, is)| longer(was, is)).unwrap_or_default(),
                ended,
            };
            Some((difference, line))
        })
        .collect();
    differ.sort_by(|(a, one), (b, other)| b.abs().cmp(&a.abs()).then_with(|| one.name.cmp(&other.name)));
    differ.truncate(MOST);
    differ.into_iter().map(|(_, line)| line).collect()
}

/// Hosts of kubespray's run, or of Compass's when there was none, whose recaps differ in what failed.
fn hosts(outlines: &[Outline; 2]) -> Vec<(String, [(String, Health); 2])> {
    let recaps = |outline: &Outline| -> HashMap<String, (String, Health)> {
        let (outer, nested) = outline.compass();
        let run = nested.or(outer).map(|at| &outline.runs.all[at]);
        run.into_iter()
            .flat_map(|run| &run.recap)
            .map(|recap| (recap.host.clone(), (story::recap_text(recap), story::recap_health(recap))))
            .collect()
    };
    let both = [recaps(&outlines[0]), recaps(&outlines[1])];
    let mut names: Vec<&String> = both.iter().flat_map(HashMap::keys).collect();
    names.sort_unstable();
    names.dedup();
    let none = || ("–".to_owned(), Health::Unknown);
    names
        .into_iter()
        .map(|name| {
            let said = [&both[0], &both[1]].map(|one| one.get(name).cloned().unwrap_or_else(none));
            (name.clone(), said)
        })
        .filter(|(_, [a, b])| a != b)
        .collect()
}

/// How much longer it took, in the whole seconds that both are shown in; empty where these are the same.
fn longer(was: i64, is: i64) -> String {
    match is / 1_000 - was / 1_000 {
        0 => String::new(),
        less @ ..0 => format!("−{}", story::took(-less * 1_000)),
        more => format!("+{}", story::took(more * 1_000)),
    }
}

#[cfg(test)]
mod tests {
    use super::longer;

    #[test]
    fn a_difference_is_that_of_the_seconds_that_are_shown() {
        assert_eq!(longer(6_001, 5_999), "−1 s", "6 s, and 5 s");
        assert_eq!(longer(5_000, 5_999), "", "both are shown as 5 s");
        assert_eq!(longer(59_900, 61_000), "+2 s");
        assert_eq!(longer(0, 3_600_000), "+1 h 0 min");
    }
}
