//! Reading plans.

use crate::{Finding, Plan, Severity};

/// A plan of one host, with this in it.
fn dha(more: &str) -> String {
    format!("TYPE: virtual\nFLAVOR: cluster\n\nhosts:\n  - name: host1\n    roles:\n      - kube_master\n{more}")
}

fn told(findings: &[Finding]) -> Vec<String> {
    let line = |one: &Finding| {
        format!("{}:{} {:?} {:?} {}", one.place.line, one.place.column, one.severity, one.rule, one.what)
    };
    findings.iter().map(line).collect()
}

#[test]
fn samples_of_compass_are_read_whole() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/compass4nfv");
    let Some(files) = files(&folder) else {
        eprintln!("not tried: there are no samples at {}", folder.display());
        return;
    };
    assert!(!files.is_empty());
    for path in files {
        let text = std::fs::read(&path).expect("a file");
        let kind = super::kind_of(&text).unwrap_or_else(|| panic!("{} is neither", path.display()));
        let given = |file| (kind == file).then_some(text.as_slice());
        let (plan, findings) = Plan::read(given(crate::File::Dha), given(crate::File::Network));
        assert!(plan.dha.is_some() || plan.network.is_some());
        assert!(findings.iter().all(|one| one.severity != Severity::Error), "{} {findings:#?}", path.display());
    }
}

fn files(folder: &std::path::Path) -> Option<Vec<std::path::PathBuf>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).ok()? {
        let path = entry.ok()?.path();
        if path.is_dir() {
            found.extend(files(&path)?);
        } else if path.extension().is_some_and(|end| end == "yml" || end == "yaml") {
            found.push(path);
        }
    }
    Some(found)
}

#[test]
fn a_plan_is_read_with_places() {
    let (plan, findings) = Plan::read(Some(dha("").as_bytes()), None);
    assert_eq!(told(&findings), Vec::<String>::new());
    let dha = plan.dha.expect("a plan");
    assert_eq!(dha.hosts[0].place, crate::Place { line: 5, column: 5 });
    assert_eq!(dha.hosts[0].name.as_ref().expect("a name").place, crate::Place { line: 5, column: 11 });
    assert_eq!(dha.hosts[0].roles[0].place, crate::Place { line: 7, column: 9 });
}
