//! From facts to a figure, without I/O.
