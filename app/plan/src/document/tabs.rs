//! Tabs where PyYAML refuses them: everywhere but in quotes, blocks and comments.

use std::ops::Range;

use super::{Place, bytes::count};

/// The first such tab. `inside` holds the places of quoted and block scalars, in characters, in order.
pub(super) fn first(text: &[char], inside: &[Range<usize>]) -> Option<Place> {
    let mut scalars = inside.iter().peekable();
    let (mut line, mut began, mut comment) = (1, 0, false);
    let mut before = '\n';
    for (at, &one) in text.iter().enumerate() {
        while scalars.next_if(|range| range.end <= at).is_some() {}
        let within = scalars.peek().is_some_and(|range| range.start <= at);
        match one {
            '#' if !within && matches!(before, ' ' | '\t' | '\n' | '\r') => comment = true,
            '\t' if !within && !comment => {
                return Some(Place { line: count(line), column: count(at - began + 1) });
            }
            '\n' | '\r' => {
                if !(one == '\n' && before == '\r') {
                    line += 1;
                }
                (began, comment) = (at + 1, false);
            }
            _ => {}
        }
        before = one;
    }
    None
}
