//! The browser's half of Binnacle: makes the islands of `app` come alive, and holds nothing else.

// Names the crate, or the linker drops the islands that nothing here calls.
use app as _;

/// Called by the page once this file is loaded.
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate() {
    console_error_panic_hook::set_once();
    leptos::mount::hydrate_islands();
}
