//! Plans on a page: files of the configured folder, or texts that somebody pasted. Nothing is kept.

use std::{path::Path, sync::Arc};

use ::plan::{Checked, File, Finding, Plan, Release, Severity};
use app::source::{FindingLine, PlanAsked, PlanFile, PlanLine, PlanPage, PlanText, Trouble};
use scene::{Health, Scene};
use topology::{
    Change, Inventory, Stamp,
    figure::{Drawing, Figure, View},
    planned::Planned,
};

/// Findings that a page lists.
const FINDINGS: usize = 200;
/// Lines of a file that a page shows whatever was found.
const FIRST: u32 = 1_000;
/// Lines of a file that a page shows at most.
const LINES: usize = 3_000;
/// Lines around a finding.
const AROUND: u32 = 5;
/// Characters of a line.
const WIDTH: usize = 1_000;

/// Files that are offered.
const MOST: usize = 500;
/// Folders below the configured one that are looked into.
const DEPTH: usize = 3;

/// The files of the folder that may be plans, by name, relative to it.
pub(super) fn choices(folder: Option<&Path>) -> Vec<String> {
    let mut found = Vec::new();
    if let Some(folder) = folder {
        look(folder, folder, DEPTH, &mut found);
    }
    found.sort();
    found
}

fn look(root: &Path, folder: &Path, depth: usize, found: &mut Vec<String>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let (path, kind) = (entry.path(), entry.file_type());
        let Ok(kind) = kind else { continue };
        if kind.is_dir() && depth > 0 {
            look(root, &path, depth - 1, found);
        }
        let yaml = path.extension().is_some_and(|extension| extension == "yml" || extension == "yaml");
        if kind.is_file() && yaml && found.len() < MOST {
            found.extend(path.strip_prefix(root).ok().and_then(Path::to_str).map(str::to_owned));
        }
    }
}

/// What is to be said of a plan, and its figure.
pub(super) fn page(folder: Option<&Path>, release: Release, asked: &PlanAsked) -> Result<PlanPage, Trouble> {
    let dha = asked.dha.as_ref().map(|text| source(folder, text)).transpose()?;
    let network = asked.network.as_ref().map(|text| source(folder, text)).transpose()?;
    let bytes = |source: &Option<(String, Vec<u8>)>| source.as_ref().map(|(_, bytes)| bytes.clone());
    let (dha_bytes, network_bytes) = (bytes(&dha), bytes(&network));
    let checked = Checked::of(release, dha_bytes.as_deref(), network_bytes.as_deref());
    let files = [("dha", dha), ("network", network)];
    let pasted = [&asked.dha, &asked.network].map(|text| matches!(text, Some(PlanText::Pasted(_))));
    let files = files.into_iter().zip(pasted).filter_map(|((word, source), pasted)| {
        let (name, bytes) = source?;
        let name = match word {
            _ if !pasted => name,
            "dha" => "DHA (pasted)".into(),
            _ => "network.yml (pasted)".into(),
        };
        let lines = shown(::plan::masked(&checked.plan, &bytes), |number| near(&checked.findings, word, number));
        Some(PlanFile { name, word: word.into(), lines })
    });
    Ok(PlanPage {
        headline: crate::plan::headline(&checked),
        files: files.collect(),
        scene: figure(&checked.plan),
        findings: checked.findings.iter().take(FINDINGS).map(line).collect(),
    })
}

/// The lines that a page shows: the first ones, and those near a finding. A page must not grow with
/// whatever somebody pastes.
fn shown(lines: Vec<String>, near: impl Fn(u32) -> bool) -> Vec<PlanLine> {
    let mut room = LINES;
    let mut out: Vec<PlanLine> = Vec::new();
    for (number, mut text) in (1_u32..).zip(lines) {
        if room > 0 && (number <= FIRST || near(number)) {
            room -= 1;
            if let Some((end, _)) = text.char_indices().nth(WIDTH) {
                text.truncate(end);
                text.push('…');
            }
            out.push(PlanLine::Shown(number, text));
        } else if let Some(PlanLine::LeftOut(count)) = out.last_mut() {
            *count += 1;
        } else {
            out.push(PlanLine::LeftOut(1));
        }
    }
    out
}

fn near(findings: &[Finding], word: &str, number: u32) -> bool {
    let of = |finding: &&Finding| (finding.file == File::Dha) == (word == "dha");
    findings.iter().filter(of).take(FINDINGS).any(|finding| finding.place.line.abs_diff(number) <= AROUND)
}

pub(super) fn source(folder: Option<&Path>, text: &PlanText) -> Result<(String, Vec<u8>), Trouble> {
    match text {
        PlanText::Pasted(text) => Ok(("pasted".into(), text.clone().into_bytes())),
        PlanText::File(name) => {
            // Only what is offered is read: no name leads out of the folder.
            let known = folder.filter(|folder| choices(Some(folder)).contains(name));
            let folder = known.ok_or_else(|| Trouble::NoSuchThing(format!("the plan {name}")))?;
            let bytes = crate::plan::read_file(&folder.join(name))
                .map_err(|error| Trouble::Unusable { what: error.to_string(), todo: "Choose another file.".into() })?;
            Ok((name.clone(), bytes))
        }
    }
}

fn figure(plan: &Plan) -> Option<Scene> {
    let planned = Planned::of(plan);
    if planned.hosts.is_empty() && planned.nets.is_empty() {
        return None;
    }
    let mut inventory = Inventory::default();
    inventory.apply(Change::Planned(Some(Arc::new(planned))));
    let view = View { figure: Figure::Networking, ..View::default() };
    Some(Drawing::draw(&inventory, &view, Stamp::default()).scene())
}

fn line(finding: &Finding) -> FindingLine {
    FindingLine {
        file: match finding.file {
            File::Dha => "dha".into(),
            File::Network => "network".into(),
        },
        line: finding.place.line,
        column: finding.place.column,
        health: match finding.severity {
            Severity::Error => Health::Bad,
            Severity::Warning => Health::Warn,
            Severity::Note => Health::Unknown,
        },
        what: finding.what.clone(),
        why: finding.why.clone(),
        todo: finding.todo.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_shows_the_beginning_and_what_is_near_findings() {
        let lines: Vec<String> = (1..=1_000_000).map(|number| format!("line {number}")).collect();
        let shown = shown(lines, |number| (500_000..=500_010).contains(&number));
        assert_eq!(shown.len(), 1_000 + 1 + 11 + 1);
        assert_eq!(shown[1_000], PlanLine::LeftOut(498_999));
        assert_eq!(shown[1_001], PlanLine::Shown(500_000, "line 500000".into()));
    }

    #[test]
    fn a_page_is_bounded_however_many_findings_and_however_long_lines() {
        let lines: Vec<String> = (0..100_000).map(|_| "x".repeat(5_000)).collect();
        let shown = shown(lines, |_| true);
        let bytes: usize =
            shown.iter().map(|line| if let PlanLine::Shown(_, text) = line { text.len() } else { 0 }).sum();
        assert!(bytes < 4_000_000, "{bytes}");
    }
}
