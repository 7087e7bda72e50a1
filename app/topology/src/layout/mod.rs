//! Places for boxes.
