//! How wide a text is, without a font at hand.
//!
//! Advances are DejaVu Sans', the widest of the faces in the style sheet's list: a text that
//! fits by this measure fits in the others as well. The browser tests hold it to a real font.

use crate::Style;

/// Advances of U+0020 to U+007E in thousandths of the font size.
#[rustfmt::skip]
const REGULAR: [u16; 95] = [
    318, 401, 460, 838, 637, 951, 780, 275, 391, 391, 500, 838, 318, 361, 318, 337, 637, 637, 637, 637,
    637, 637, 637, 637, 637, 637, 337, 337, 838, 838, 838, 531, 1000, 685, 687, 699, 771, 632, 576, 775,
    752, 295, 295, 656, 558, 863, 749, 788, 604, 788, 695, 635, 611, 732, 685, 989, 686, 611, 686, 391,
    337, 391, 838, 500, 500, 613, 635, 550, 635, 616, 353, 635, 634, 278, 278, 580, 278, 975, 634, 612,
    635, 635, 412, 521, 393, 634, 592, 818, 592, 592, 525, 637, 337, 637, 838,
];

/// The same in bold.
#[rustfmt::skip]
const BOLD: [u16; 95] = [
    349, 457, 521, 838, 696, 1002, 873, 307, 458, 458, 523, 838, 380, 416, 380, 366, 696, 696, 696, 696,
    696, 696, 696, 696, 696, 696, 400, 400, 838, 838, 838, 581, 1000, 774, 763, 734, 831, 684, 684, 821,
    837, 373, 373, 775, 638, 996, 837, 851, 733, 851, 771, 721, 683, 813, 774, 1104, 771, 725, 726, 458,
    366, 458, 838, 500, 500, 675, 716, 593, 716, 679, 436, 716, 712, 343, 343, 666, 343, 1042, 712, 688,
    716, 716, 494, 596, 479, 712, 652, 924, 646, 652, 583, 712, 366, 712, 838,
];

/// The width of a text in CSS pixels, rounded up.
pub fn width(text: &str, style: Style) -> i32 {
    pixels(text.chars().map(|c| advance(c, style)).sum(), style)
}

/// The text, or as much of its beginning as fits into `room` pixels with an ellipsis behind it.
/// Empty when not even the ellipsis fits.
pub fn clip(text: &str, style: Style, room: i32) -> String {
    if width(text, style) <= room {
        return text.to_owned();
    }
    let mut total = advance('…', style);
    if pixels(total, style) > room {
        return String::new();
    }
    let mut end = 0;
    for (at, c) in text.char_indices() {
        total += advance(c, style);
        if pixels(total, style) > room {
            break;
        }
        end = at + c.len_utf8();
    }
    let kept = text[..end].trim_end_matches(|c: char| joins(c) || c == ' ');
    format!("{kept}…")
}

/// The text in one line, or in two where it needs them, and cut only where two are too few. It breaks behind a mark
/// that joins words, where there is one.
pub fn lines(text: &str, style: Style, room: i32) -> Vec<String> {
    if width(text, style) <= room {
        return vec![text.to_owned()];
    }
    let fits = |end: &usize| width(&text[..*end], style) <= room;
    let ends = text.char_indices().map(|(at, c)| (at + c.len_utf8(), c)).filter(|(end, _)| *end < text.len());
    let mut mark = ends.clone().filter(|(_, c)| matches!(c, '-' | '.' | '_' | ' ' | '/')).map(|(end, _)| end);
    let anywhere = ends.filter(|(end, _)| text[*end..].chars().next().is_some_and(|next| !joins(next)));
    let Some(end) = mark.rfind(fits).or_else(|| anywhere.map(|(end, _)| end).rfind(fits)) else {
        return vec![clip(text, style, room)];
    };
    vec![text[..end].trim_end().to_owned(), clip(&text[end..], style, room)]
}

fn pixels(thousandths: u32, style: Style) -> i32 {
    i32::try_from((thousandths * style.size().unsigned_abs()).div_ceil(1000)).unwrap_or(i32::MAX)
}

fn advance(c: char, style: Style) -> u32 {
    let table = if style.bold() { &BOLD } else { &REGULAR };
    match c {
        ' '..='~' => u32::from(table[c as usize - 0x20]),
        '·' => 380,
        c if joins(c) => 0,
        // Latin, Greek and Cyrillic letters; the widest of them is about a thousand.
        '\u{a0}'..='\u{52f}' => 900,
        '\u{590}'..='\u{8ff}' => 900,
        // Pictures and what lies beyond the basic plane are set from another font.
        '\u{1f000}'.. => 1400,
        _ => 1050,
    }
}

/// Characters that stand on the one before them: marks, joiners, variation selectors.
fn joins(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{20d0}'..='\u{20ff}' | '\u{fe00}'..='\u{fe0f}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_text_that_fits_is_left_alone() {
        assert_eq!(clip("host1", Style::Head, 200), "host1");
    }

    #[test]
    fn a_long_name_ends_in_an_ellipsis() {
        let name = "a".repeat(253);
        let clipped = clip(&name, Style::Body, 100);
        assert!(clipped.ends_with('…') && clipped.len() > 5, "{clipped}");
    }

    #[test]
    fn an_accent_is_not_left_without_its_letter() {
        assert!(!clip("cafe\u{301}s are many", Style::Body, 40).contains("\u{301}…"));
    }

    #[test]
    fn a_name_breaks_between_words_and_is_cut_in_the_second_line_alone() {
        assert_eq!(lines("kube-flannel-ds", Style::Body, 86), ["kube-flannel-", "ds"]);
        assert_eq!(lines("keepalived", Style::Body, 86), ["keepalived"]);
        let long = lines("subscriber-database-of-the-far-north", Style::Body, 86);
        assert_eq!(long.len(), 2);
        assert!(long[0].ends_with('-') && long[1].ends_with('…'), "{long:?}");
        assert_eq!(lines("abcdefghijklmnop", Style::Body, 86).concat(), "abcdefghijklmnop");
    }

    proptest! {
        #[test]
        fn lines_fit(text in "\\PC{0,60}", room in 0..200i32) {
            for line in lines(&text, Style::Body, room) {
                prop_assert!(width(&line, Style::Body) <= room);
            }
        }

        #[test]
        fn what_is_clipped_fits(text in "\\PC{0,80}", room in 0..300i32) {
            prop_assert!(width(&clip(&text, Style::Note, room), Style::Note) <= room);
        }
    }
}
