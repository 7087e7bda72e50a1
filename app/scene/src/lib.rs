//! A figure as data: marks, patches and the one SVG writer.
