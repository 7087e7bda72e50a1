//! The offer to notify by the browser at the end of what the visitor started.

use leptos::prelude::*;

use crate::texts;

/// A button that the script shows where the browser has not decided yet. Its place on the page says that the visitor
/// started what goes on.
pub(super) fn notify() -> AnyView {
    view! { <button type="button" class="other small" id="notify" hidden>{texts::NOTIFY}</button> }.into_any()
}
