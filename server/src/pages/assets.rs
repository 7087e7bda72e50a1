//! The files that pages load, inside the binary: style, icon, and the islands' script.

use std::{collections::BTreeMap, hash::Hasher, sync::LazyLock};

use app::pages::Assets;
use axum::{
    body::Body,
    http::{HeaderValue, Response, StatusCode, header},
};
use bytes::Bytes;
use rust_embed::RustEmbed;

#[derive(RustEmbed)]
#[folder = "../target/site/pkg"]
#[allow_missing = true]
#[include = "*.js"]
#[include = "*.wasm"]
struct Script;

const STYLES: [&str; 4] = [
    include_str!("../../../style/figure.css"),
    include_str!("../../../style/page.css"),
    include_str!("../../../style/access.css"),
    include_str!("../../../style/shelf.css"),
];
const ICON: &str = include_str!("../../../public/icon.svg");

/// Files by their path, and the paths.
struct Files {
    by_path: BTreeMap<String, (&'static str, Bytes)>,
    assets: Assets,
}

static FILES: LazyLock<Files> = LazyLock::new(|| {
    let mut by_path = BTreeMap::new();
    let mut add = |name: &str, kind: &'static str, bytes: Bytes| {
        let path = format!("/assets/{}/{name}", hash([bytes.as_ref()]));
        by_path.insert(path.clone(), (kind, bytes));
        path
    };
    let style = add("binnacle.css", "text/css; charset=utf-8", Bytes::from(STYLES.concat()));
    let icon = add("icon.svg", "image/svg+xml", Bytes::from(ICON));
    let names: Vec<_> = Script::iter().collect();
    let files: Vec<_> = names.iter().filter_map(|name| Some((name, Script::get(name)?.data))).collect();
    let folder = format!("/pkg/{}", hash(files.iter().map(|(_, data)| data.as_ref())));
    let script = files.iter().any(|(name, _)| name.as_ref() == "binnacle.js").then(|| folder.clone());
    for (name, data) in files {
        let kind = if name.ends_with(".wasm") { "application/wasm" } else { "text/javascript; charset=utf-8" };
        by_path.insert(format!("{folder}/{name}"), (kind, Bytes::from(data.into_owned())));
    }
    Files { by_path, assets: Assets { style, icon, script } }
});

/// Where the files are.
pub(crate) fn assets() -> &'static Assets {
    &FILES.assets
}

/// A file, to be kept by browsers for ever: another content has another path.
pub(super) fn file(path: &str) -> Option<Response<Body>> {
    let (kind, bytes) = FILES.by_path.get(path)?;
    let mut response = Response::new(Body::from(bytes.clone()));
    *response.status_mut() = StatusCode::OK;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable"));
    // A sandboxed frame has no origin, so that to browsers every file of its page is another site's. Nothing in these
    // files is secret: they are the same for everybody.
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert("cross-origin-resource-policy", HeaderValue::from_static("cross-origin"));
    Some(response)
}

/// A name for a content: not against forgers, only against stale copies.
fn hash<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> String {
    #[expect(
        deprecated,
        reason = "the same content must have the same name in every build; the random default has not"
    )]
    let mut hasher = std::hash::SipHasher::new();
    parts.into_iter().for_each(|part| hasher.write(part));
    format!("{:016x}", hasher.finish())
}
