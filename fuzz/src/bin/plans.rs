//! Plans: the bytes are a DHA file and a network.yml with a NUL between.
#![no_main]

use libfuzzer_sys::fuzz_target;
use plan::{Plan, check};
use topology::planned::Planned;

fuzz_target!(|bytes: &[u8]| {
    let at = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    let (dha, network) = bytes.split_at(at);
    let (plan, findings) = Plan::read(Some(dha), Some(network.get(1..).unwrap_or_default()));
    let checked = check(&plan);
    assert!(findings.is_sorted() && checked.is_sorted());
    let printed = format!("{findings:?} {checked:?}");
    for secret in plan.secrets().into_iter().filter(|secret| secret.chars().count() > 12) {
        assert!(!printed.contains(secret), "a secret is told: {printed}");
    }
    let _ = Planned::of(&plan);
});
