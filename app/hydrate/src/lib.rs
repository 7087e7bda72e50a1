//! The browser's half of Binnacle.
