//! What every file of the project keeps to, held by a test so that no reviewer has to.

use std::{
    fs,
    path::{Path, PathBuf},
};

const LONGEST: usize = 600;
const VAGUE: [&str; 8] = ["util", "utils", "helper", "helpers", "common", "misc", "manager", "managers"];
const NOT_OURS: [&str; 6] = ["target", ".git", "node_modules", ".tools", "snapshots", "test-results"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace").to_owned()
}

fn files(extensions: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![root()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            if path.is_dir() {
                if !NOT_OURS.contains(&name) {
                    folders.push(path);
                }
            } else if path.extension().and_then(|e| e.to_str()).is_some_and(|e| extensions.contains(&e)) {
                found.push(path);
            }
        }
    }
    found.sort();
    assert!(!found.is_empty(), "nothing found under {}", root().display());
    found
}

#[test]
fn no_source_file_is_longer_than_one_can_hold_in_mind() {
    for path in files(&["rs", "css", "js", "mjs", "go", "sh"]) {
        let lines = fs::read_to_string(&path).expect("text").lines().count();
        assert!(lines <= LONGEST, "{} has {lines} lines, more than {LONGEST}: split it", path.display());
    }
}

#[test]
fn no_module_is_named_for_nothing() {
    for path in files(&["rs"]) {
        let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
        let folder = path.parent().and_then(Path::file_name).and_then(|name| name.to_str()).unwrap_or_default();
        for name in [stem, folder] {
            assert!(!VAGUE.contains(&name), "{}: name it for what it holds", path.display());
        }
    }
}

#[test]
fn every_source_file_says_first_what_it_holds() {
    for path in files(&["rs"]) {
        let text = fs::read_to_string(&path).expect("text");
        assert!(text.starts_with("//!"), "{} does not begin with //!", path.display());
    }
}

#[test]
fn every_release_of_a_dependency_is_pinned_and_no_lint_is_silenced_without_a_reason() {
    assert!(root().join("Cargo.lock").is_file(), "Cargo.lock is missing");
    let silencer = ["#[", "allow("].concat();
    for path in files(&["rs"]) {
        let text = fs::read_to_string(&path).expect("text");
        assert!(!text.contains(&silencer), "{}: use #[expect(…, reason = …)]", path.display());
    }
}

#[test]
fn both_databases_have_the_same_migrations() {
    let names = |kind: &str| {
        let folder = fs::read_dir(root().join("migrations").join(kind)).expect("a folder");
        let mut names: Vec<_> = folder.map(|entry| entry.expect("an entry").file_name()).collect();
        names.sort();
        names
    };
    assert_eq!(names("sqlite"), names("postgres"));
    assert!(!names("sqlite").is_empty());
}

#[test]
fn a_page_leads_to_our_own_paths_through_at_alone() {
    let pages = files(&["rs"]).into_iter().filter(|path| path.starts_with(root().join("app/src")));
    let places = ["href=", "action=", "src=", "content=", "base="];
    let quotes = ["\"/", "\\\"/"];
    for path in pages {
        let text = fs::read_to_string(&path).expect("text");
        for wrong in places.iter().flat_map(|place| quotes.map(|quote| format!("{place}{quote}"))) {
            assert!(!text.contains(&wrong), "{}: {wrong}…: use at(…), for there may be a base path", path.display());
        }
        // A path that is made for a link is made in at(…), whatever it is called on its way.
        for (before, _) in text.match_indices("format!(\"/").map(|(at, _)| text.split_at(at)) {
            assert!(
                before.ends_with("at(&") || before.ends_with("ours(&"),
                "{}: a path is made outside of at(&…)",
                path.display()
            );
        }
    }
}

/// The sentences of a Markdown document, without code, tables, headings and the targets of links.
fn sentences(markdown: &str) -> Vec<String> {
    let mut prose = String::new();
    let mut in_code = false;
    for line in markdown.lines() {
        if line.starts_with("```") {
            in_code = !in_code;
            continue;
        }
        let starts_anew = line.trim_start().starts_with(['#', '|', '-', '!']) || line.trim().is_empty();
        if in_code || line.starts_with('|') || line.starts_with('#') || line.starts_with("![") {
            continue;
        }
        prose.push_str(if starts_anew { "\n" } else { " " });
        prose.push_str(line.trim_start_matches(['-', ' ']));
    }
    let ends = prose.replace(".** ", ".\n").replace(". ", ".\n").replace("? ", "?\n");
    ends.lines().map(|line| line.trim().trim_start_matches("**").to_owned()).filter(|line| !line.is_empty()).collect()
}

fn words(sentence: &str) -> usize {
    sentence.split_whitespace().filter(|word| word.chars().any(char::is_alphanumeric)).count()
}

#[test]
fn documents_have_short_sentences_that_begin_with_a_noun() {
    let mut all = Vec::new();
    let docs = files(&["md"]).into_iter().filter(|path| {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        name != "CHANGELOG.md" && (path.parent() == Some(&root()) || path.starts_with(root().join("docs")))
    });
    for path in docs {
        let text = fs::read_to_string(&path).expect("text");
        // The table of libraries is read by line, and a sentence in a table has no full stop.
        for sentence in sentences(&text) {
            let first = sentence.split_whitespace().next().unwrap_or_default();
            assert!(words(&sentence) <= 30, "{}: {} words: {sentence}", path.display(), words(&sentence));
            assert!(
                !["What", "Who", "Whoever"].contains(&first),
                "{}: begin with a noun that acts: {sentence}",
                path.display()
            );
            all.push(words(&sentence));
        }
    }
    assert!(all.len() > 200, "only {} sentences were found", all.len());
    assert!(all.iter().sum::<usize>() < 20 * all.len(), "the mean sentence has 20 words or more");
}

#[test]
fn the_readme_fits_on_a_page() {
    let lines = fs::read_to_string(root().join("README.md")).expect("README.md").lines().count();
    assert!(lines <= 90, "README.md has {lines} lines: move what is not the first page to docs/");
}
