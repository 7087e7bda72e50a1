//! The files that pages load, inside the binary: style, icon, and the islands' script. They were compressed when it was
//! built, so that nobody who asks for them costs more than their bytes.

use std::{collections::BTreeMap, hash::Hasher, sync::LazyLock};

use app::pages::Assets;
use axum::{
    body::{Body, Bytes},
    http::{HeaderMap, HeaderValue, Response, StatusCode, header},
};

/// A file as the build left it.
pub(super) struct Embedded {
    name: &'static str,
    whole: &'static [u8],
    brotli: &'static [u8],
    gzip: &'static [u8],
}

mod built {
    use super::Embedded;

    include!(concat!(env!("OUT_DIR"), "/files.rs"));
}

/// Files by their path, and the paths.
struct Files {
    by_path: BTreeMap<String, &'static Embedded>,
    assets: Assets,
}

static FILES: LazyLock<Files> = LazyLock::new(|| {
    let is_script = |file: &&Embedded| file.name.ends_with(".js") || file.name.ends_with(".wasm");
    let scripts = || built::FILES.iter().filter(is_script);
    // Of one name, since the script names the other by its own folder.
    let folder = format!("/pkg/{}", hash(scripts().map(|file| file.whole)));
    let path = |file: &Embedded| {
        if is_script(&file) {
            return format!("{folder}/{}", file.name);
        }
        format!("/assets/{}/{}", hash([file.whole]), file.name)
    };
    let of = |name: &str| built::FILES.iter().find(|file| file.name == name).map(path).unwrap_or_default();
    let has_script = scripts().any(|file| file.name == "binnacle.js");
    let (style, icon) = (of("binnacle.css"), of("icon.svg"));
    let assets = Assets { style, icon, script: has_script.then(|| folder.clone()) };
    Files { by_path: built::FILES.iter().map(|file| (path(file), file)).collect(), assets }
});

/// Where the files are.
pub(crate) fn assets() -> &'static Assets {
    &FILES.assets
}

/// A file, to be kept by browsers for ever: another content has another path.
pub(super) fn file(path: &str, asked: &HeaderMap) -> Option<Response<Body>> {
    let file = FILES.by_path.get(path)?;
    let (coding, bytes) = match coding(asked) {
        Some("br") => (Some("br"), file.brotli),
        Some(coding) => (Some(coding), file.gzip),
        None => (None, file.whole),
    };
    let mut response = Response::new(Body::from(Bytes::from_static(bytes)));
    *response.status_mut() = StatusCode::OK;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind(file.name)));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable"));
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if let Some(coding) = coding {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(coding));
    }
    // A sandboxed frame has no origin, so that to browsers every file of its page is another site's. Nothing in these
    // files is secret: they are the same for everybody.
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert("cross-origin-resource-policy", HeaderValue::from_static("cross-origin"));
    Some(response)
}

fn kind(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("wasm") => "application/wasm",
        _ => "text/javascript; charset=utf-8",
    }
}

/// The smaller of the two codings that a client takes.
pub(super) fn coding(asked: &HeaderMap) -> Option<&'static str> {
    let lines = asked.get_all(header::ACCEPT_ENCODING).iter().filter_map(|line| line.to_str().ok());
    let mut taken = [None; 3];
    for item in lines.flat_map(|line| line.split(',')) {
        let mut parts = item.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default();
        let refused = parts.any(|part| {
            let weight = part.strip_prefix("q=").or_else(|| part.strip_prefix("Q="));
            weight.is_some_and(|weight| weight.parse::<f32>().is_ok_and(|weight| weight <= 0.0))
        });
        let place = ["br", "gzip", "*"].iter().position(|known| known.eq_ignore_ascii_case(name));
        if let Some(place) = place {
            taken[place] = Some(!refused);
        }
    }
    let [brotli, gzip, any] = taken;
    let takes = |named: Option<bool>| named.or(any).unwrap_or(false);
    if takes(brotli) {
        return Some("br");
    }
    takes(gzip).then_some("gzip")
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

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(accept: &str) -> HeaderMap {
        [(header::ACCEPT_ENCODING, accept.parse().unwrap())].into_iter().collect()
    }

    #[test]
    fn a_client_gets_the_smallest_coding_that_it_takes() {
        for (accept, wanted) in [
            ("gzip, deflate, br, zstd", Some("br")),
            ("gzip", Some("gzip")),
            ("br;q=0, gzip;q=0.5", Some("gzip")),
            ("*", Some("br")),
            ("*;q=0", None),
            ("identity", None),
            ("br;q=0.0, *", Some("gzip")),
        ] {
            assert_eq!(coding(&asked(accept)), wanted, "{accept}");
        }
        assert_eq!(coding(&HeaderMap::new()), None);
    }

    #[test]
    fn a_compressed_file_is_the_same_and_smaller() {
        use std::io::Read;
        for file in built::FILES {
            let mut whole = Vec::new();
            brotli::Decompressor::new(file.brotli, 4_096).read_to_end(&mut whole).unwrap();
            assert_eq!(whole, file.whole, "{}", file.name);
            whole.clear();
            flate2::read::GzDecoder::new(file.gzip).read_to_end(&mut whole).unwrap();
            assert_eq!(whole, file.whole, "{}", file.name);
            assert!(file.brotli.len() < file.whole.len() && file.gzip.len() < file.whole.len(), "{}", file.name);
        }
    }

    #[test]
    fn a_file_comes_compressed_and_says_so() {
        let path = &assets().style;
        let answer = file(path, &asked("br")).unwrap();
        assert_eq!(answer.headers()[header::CONTENT_ENCODING], "br");
        assert_eq!(answer.headers()[header::VARY], "accept-encoding");
        assert!(!file(path, &HeaderMap::new()).unwrap().headers().contains_key(header::CONTENT_ENCODING));
    }
}
