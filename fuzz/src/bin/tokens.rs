//! API tokens, signed links and origins.
#![no_main]

use std::sync::LazyLock;

use binnacle::{
    access::halves,
    embed::{Claims, Origin, Refused, Signer},
};
use libfuzzer_sys::fuzz_target;

static SIGNER: LazyLock<Signer> = LazyLock::new(|| Signer::new("a key that nobody knows"));

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Some((id, half)) = halves(text) {
        assert_eq!(format!("bnc_{id}_{half}"), text);
    }
    // Nobody guesses a signature.
    assert_eq!(SIGNER.open(text, 0), Err(Refused::Forged));
    let claims = Claims {
        id: text.into(),
        cluster: text.into(),
        figure: "architecture".into(),
        origin: text.into(),
        expires: 1,
    };
    let link = SIGNER.sign(&claims);
    match SIGNER.open(&link, 0) {
        Ok(opened) => assert_eq!(opened, claims),
        Err(refused) => assert!(refused == Refused::Forged && link.len() > 2_048, "{refused:?}: {link}"),
    }
    if let Some(origin) = Origin::parse(text) {
        // It stands in a header among others: nothing may end it, and read again it is the same.
        assert!(
            origin.as_str().bytes().all(|byte| byte.is_ascii_graphic() && !b"*;,'\"".contains(&byte)),
            "{origin:?}"
        );
        assert_eq!(Origin::parse(origin.as_str()).as_ref(), Some(&origin));
    }
});
