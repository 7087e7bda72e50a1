//! Puts the files that pages load into the server, each as it is and compressed: they never change while it runs.

use std::{env, fmt::Write as _, fs, io::Write as _, path::Path};

use flate2::{Compression, write::GzEncoder};

const STYLES: [&str; 5] = [
    "../style/figure.css",
    "../style/difference.css",
    "../style/page.css",
    "../style/access.css",
    "../style/shelf.css",
];
const ICON: &str = "../public/icon.svg";
/// The islands' script, where it was built.
const SCRIPT: &str = "../target/site/pkg";
/// Almost as small as the highest, in a fraction of its time.
const BROTLI: i32 = 9;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    for path in STYLES.into_iter().chain([ICON, SCRIPT]) {
        println!("cargo::rerun-if-changed={path}");
    }
    let out = env::var("OUT_DIR").expect("cargo names a folder");
    let read = |path: &str| fs::read(path).unwrap_or_else(|error| panic!("{path}: {error}"));
    let style: Vec<u8> = STYLES.into_iter().flat_map(read).collect();
    let mut files = vec![("binnacle.css".to_owned(), style), ("icon.svg".to_owned(), read(ICON))];
    let mut scripts = Vec::new();
    for name in ["binnacle.js", "binnacle.wasm"] {
        if let Ok(bytes) = fs::read(Path::new(SCRIPT).join(name)) {
            scripts.push((name.to_owned(), bytes));
        }
    }
    files.extend(scripts);
    let mut list = String::from("/// The files.\npub(super) const FILES: &[Embedded] = &[\n");
    for (name, bytes) in files {
        let at = |suffix: &str| format!("{out}/{name}{suffix}");
        let write = |suffix: &str, bytes: &[u8]| fs::write(at(suffix), bytes).expect("OUT_DIR takes files");
        write("", &bytes);
        write(".br", &brotli(&bytes));
        write(".gz", &gzip(&bytes));
        let include = |suffix: &str| format!("include_bytes!({:?})", at(suffix));
        writeln!(
            list,
            "    Embedded {{ name: {name:?}, whole: {}, brotli: {}, gzip: {} }},",
            include(""),
            include(".br"),
            include(".gz")
        )
        .expect("a text takes texts");
    }
    list.push_str("];\n");
    fs::write(format!("{out}/files.rs"), list).expect("OUT_DIR takes files");
}

fn brotli(bytes: &[u8]) -> Vec<u8> {
    let parameters = brotli::enc::BrotliEncoderParams { quality: BROTLI, ..Default::default() };
    let mut compressed = Vec::new();
    brotli::BrotliCompress(&mut &bytes[..], &mut compressed, &parameters).expect("a vector takes bytes");
    compressed
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).expect("a vector takes bytes");
    encoder.finish().expect("a vector takes bytes")
}
