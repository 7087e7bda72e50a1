//! Reading and checking all plans of a folder in one go.

use std::{fs, hint::black_box, path::Path};

use plan::{File, Plan};
use serde_json::{Value, json};

use crate::median;

/// Milliseconds for all files together, and how many there are.
pub(crate) fn measure(folder: &Path) -> Value {
    let mut files = Vec::new();
    read(folder, &mut files);
    let ms = median(|| {
        for bytes in &files {
            let network = plan::kind_of(bytes) == Some(File::Network);
            let (dha, network) = if network { (None, Some(bytes)) } else { (Some(bytes), None) };
            let (plan, findings) = Plan::read(dha.map(Vec::as_slice), network.map(Vec::as_slice));
            black_box((findings, plan::check(&plan)));
        }
    });
    json!({ "files": files.len(), "ms": ms })
}

fn read(folder: &Path, files: &mut Vec<Vec<u8>>) {
    let entries = fs::read_dir(folder).expect("a folder");
    for path in entries.map(|entry| entry.expect("an entry").path()) {
        if path.is_dir() {
            read(&path, files);
        } else if path.extension().is_some_and(|kind| kind == "yml" || kind == "yaml") {
            files.push(fs::read(&path).expect("a file"));
        }
    }
}
