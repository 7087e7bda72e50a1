//! Where all addresses begin: `/`, or a folder when a proxy puts Binnacle into one.

#[cfg(feature = "ssr")]
static BASE: std::sync::OnceLock<String> = std::sync::OnceLock::new();

/// Says once, before anything is served, where addresses begin: `""` or `/folder`.
#[cfg(feature = "ssr")]
pub fn set(base: &str) {
    let _ = BASE.set(base.to_owned());
}

/// Where addresses begin: `""` or `/folder`. A page says it to its islands.
#[cfg(feature = "ssr")]
pub fn base() -> String {
    BASE.get().cloned().unwrap_or_default()
}

/// Where addresses begin, as the page says.
#[cfg(not(feature = "ssr"))]
pub fn base() -> String {
    let page = crate::islands::document();
    let root = page.and_then(|page| page.document_element());
    root.and_then(|root| root.get_attribute("data-base")).unwrap_or_default()
}

/// An address of ours: a path that begins with `/`, put where it belongs.
pub fn at(path: &str) -> String {
    format!("{}{path}", base())
}
