//! Binnacle's pages and islands.
