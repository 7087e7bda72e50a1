//! Binnacle's one binary.

fn main() {}
