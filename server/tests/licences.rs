//! The notices of everything that is in the binary are those of the crates that it is made of.
//!
//! `UPDATE_LICENCES=1 cargo test -p binnacle --test licences` writes `server/licences.txt` anew.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

/// A crate that is in the binary.
struct Part {
    licence: String,
    authors: String,
    folder: PathBuf,
}

type Parts = BTreeMap<(String, String), Part>;

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// What a crate is made of on a machine, without what only builds or tests it.
fn reached(root: &str, machine: &str, parts: &mut Parts) {
    let asked = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--locked", "--filter-platform", machine])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo runs");
    assert!(asked.status.success(), "{}", String::from_utf8_lossy(&asked.stderr));
    let told: Value = serde_json::from_slice(&asked.stdout).expect("JSON");
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let packages: BTreeMap<String, Value> =
        list(&told["packages"]).into_iter().map(|package| (text(&package["id"]), package)).collect();
    let nodes: BTreeMap<String, Value> =
        list(&told["resolve"]["nodes"]).into_iter().map(|node| (text(&node["id"]), node)).collect();
    let mut open: Vec<String> =
        packages.iter().filter(|(_, package)| package["name"] == root).map(|(id, _)| id.clone()).collect();
    let mut seen = BTreeSet::new();
    while let Some(id) = open.pop() {
        if !seen.insert(id.clone()) {
            continue;
        }
        for needed in list(&nodes[&id]["deps"]) {
            if list(&needed["dep_kinds"]).iter().any(|kind| kind["kind"].is_null()) {
                open.push(text(&needed["pkg"]));
            }
        }
    }
    for package in seen.iter().map(|id| &packages[id]).filter(|package| !package["source"].is_null()) {
        let manifest = PathBuf::from(text(&package["manifest_path"]));
        let authors: Vec<String> = list(&package["authors"]).iter().map(text).collect();
        let part = Part {
            licence: text(&package["license"]).replace('/', " OR "),
            authors: authors.join(", "),
            folder: manifest.parent().expect("a folder").to_owned(),
        };
        parts.insert((text(&package["name"]), text(&package["version"])), part);
    }
}

/// One that may be taken under Apache-2.0 is: that licence stands once for all of them.
fn is_apache(licence: &str) -> bool {
    licence.split(" OR ").any(|one| one.trim_matches(['(', ')', ' ']) == "Apache-2.0")
}

fn notices(folder: &Path, all: bool) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| {
            let name = name.to_uppercase();
            let licences = ["LICENSE", "LICENCE", "COPYING", "COPYRIGHT", "UNLICENSE"];
            name.starts_with("NOTICE") || all && licences.iter().any(|begins| name.starts_with(begins))
        })
        .collect();
    names.sort();
    let files = names.into_iter().map(|name| folder.join(name)).filter(|path| path.is_file());
    files.map(|path| String::from_utf8_lossy(&fs::read(path).expect("a file")).into_owned()).collect()
}

/// A text with the same lines whatever the spaces at their ends.
fn plain(text: &str) -> String {
    text.trim().lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
}

const MIT: &str = include_str!("../licences/mit.txt");
const FONT: &str = include_str!("../licences/dejavu.txt");

fn list(parts: &Parts) -> String {
    parts.iter().map(|((name, version), part)| format!("{name} {version}: {}\n", part.licence)).collect()
}

fn whole(parts: &Parts) -> String {
    let mut texts: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for ((name, version), part) in parts {
        let is_apache = is_apache(&part.licence);
        let mut found = notices(&part.folder, !is_apache);
        if found.is_empty() && !is_apache {
            found = alone(name, part, parts);
        }
        for notice in found {
            texts.entry(plain(&notice)).or_default().push(format!("{name} {version}"));
        }
    }
    let apache = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../LICENSE")).expect("LICENSE");
    let mut whole = format!(
        "Binnacle is made with these crates. Those that may be used under Apache-2.0 are; its text stands last.\n\n{}",
        list(parts)
    );
    let mut add = |about: &str, text: &str| {
        let _ = write!(whole, "\n{}\n{about}\n\n{}\n", "=".repeat(80), plain(text));
    };
    add("The font DejaVu Sans", FONT);
    for (text, of) in &texts {
        add(&of.join(", "), text);
    }
    add("Apache-2.0", &apache);
    whole
}

/// The text of a crate that names its licence and brings none.
fn alone(name: &str, part: &Part, parts: &Parts) -> Vec<String> {
    if part.licence.contains("MIT") {
        return vec![format!("Copyright (c) {}\n\n{MIT}", part.authors)];
    }
    // A part of another crate's repository.
    let sibling = parts.iter().find(|((other, _), _)| name == "alloc-stdlib" && other == "alloc-no-stdlib");
    notices(&sibling.unwrap_or_else(|| panic!("{name} brings no licence")).1.folder, true)
}

#[test]
fn the_notices_are_those_of_what_the_binary_is_made_of() {
    let mut parts = Parts::new();
    reached("binnacle", "x86_64-unknown-linux-gnu", &mut parts);
    reached("binnacle", "x86_64-unknown-linux-musl", &mut parts);
    reached("hydrate", "wasm32-unknown-unknown", &mut parts);
    assert!(parts.len() > 100, "only {} crates were found", parts.len());
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("licences.txt");
    if std::env::var_os("UPDATE_LICENCES").is_some() {
        fs::write(&file, whole(&parts)).expect("written");
    }
    let kept = fs::read_to_string(&file).expect("server/licences.txt");
    let lines: Vec<&str> = kept.lines().skip(2).take_while(|line| !line.is_empty()).collect();
    let wanted = list(&parts);
    let wanted: Vec<&str> = wanted.lines().collect();
    assert!(lines == wanted, "the crates changed: UPDATE_LICENCES=1 cargo test -p binnacle --test licences");
    for ((name, version), part) in &parts {
        for notice in notices(&part.folder, !is_apache(&part.licence)) {
            assert!(kept.contains(&plain(&notice)), "the notice of {name} {version} is missing");
        }
    }
    for text in [FONT, "Apache License"] {
        assert!(kept.contains(&plain(text)));
    }
}

#[test]
fn the_binary_prints_the_notices() {
    let printed = Command::new(env!("CARGO_BIN_EXE_binnacle")).arg("licences").output().expect("it runs");
    let kept = fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("licences.txt")).expect("server/licences.txt");
    assert!(printed.status.success() && printed.stdout == kept);
}
