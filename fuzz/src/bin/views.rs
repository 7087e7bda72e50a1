//! Parameters of a view, as they come in an address.
#![no_main]

use app::source::View;
use binnacle::pages::figure_view;
use libfuzzer_sys::fuzz_target;
use topology::{Inventory, Stamp, figure::Drawing};

fn read(query: &[u8]) -> View {
    let pairs: Vec<_> =
        form_urlencoded::parse(query).map(|(name, value)| (name.into_owned(), value.into_owned())).collect();
    View::from_pairs(pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())))
}

fuzz_target!(|bytes: &[u8]| {
    let view = read(bytes);
    // Written again it is the same, and no longer than an address may be.
    assert_eq!(read(view.query().as_bytes()), view);
    let scene = Drawing::draw(&Inventory::default(), &figure_view(&view), Stamp(0)).scene();
    let page = scene::figure(&scene, &view.prefix());
    assert!(!page.contains("<script"), "{page}");
});
