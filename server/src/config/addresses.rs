//! Addresses among the settings: of the database, of the public, and below which path everything is served.

use crate::{access::table, embed::Origin};

/// What the setting `database` takes. What is wrong with it is not told in its own words, which may be a password's.
pub(super) const DATABASE: &str = "sqlite:PATH or postgres://USER:PASSWORD@HOST:PORT/NAME. In USER and PASSWORD, and in values \
    behind ?, percent-encode what an address takes for its own: % is %25, / is %2F, ? is %3F, # is %23, @ is %40, : is \
    %3A, a space is %20. Parameters behind ? are those of the PostgreSQL driver, such as sslmode";

/// What the setting `public_url` takes.
pub(super) const PUBLIC_URL: &str = "an address as in https://lab.example/binnacle: http or https, a host, a port where it is another than \
    usual, and the setting base_path behind it where that is set";

/// The public address without a `/` at its end, when it leads to what is served below the base path.
pub(super) fn public_url(text: &str, base: &str) -> Option<String> {
    let address = text.trim_end_matches('/');
    let origin = address.strip_suffix(base).filter(|_| !base.is_empty()).unwrap_or(address);
    let fits = base.is_empty() || origin.len() < address.len();
    (fits && Origin::parse(origin).is_some()).then(|| address.to_owned())
}

/// What a base path must be.
pub(super) const BASE_PATH: &str = "a path as in /binnacle: / before each part and not at its end, of letters, digits and - . _ ~, and none that Binnacle has itself";

/// The names of the setting, and that of the public address.
pub(super) fn known_hosts(names: &str, public_url: &str) -> String {
    let public = public_url.split_once("://").map(|(_, rest)| rest.split('/').next().unwrap_or_default());
    let named = [Some(names), public].into_iter().flatten().filter(|name| !name.is_empty());
    named.collect::<Vec<_>>().join(",")
}

/// The base path, when it is one that leaves no doubt; empty for the root.
pub(super) fn base_path(text: &str) -> Option<String> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let part = |part: &str| !matches!(part, "" | "." | "..") && part.bytes().all(plain);
    let Some(inside) = text.strip_prefix('/') else { return text.is_empty().then(String::new) };
    let first = |path: &str| path.split('/').find(|part| !part.is_empty()).map(str::to_owned);
    // Of a path below it nobody could tell whether a proxy had taken it off.
    let taken = table().iter().any(|row| first(row.path) == first(text));
    (text.len() <= 200 && inside.split('/').all(part) && !taken).then(|| text.to_owned())
}
