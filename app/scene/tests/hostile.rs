//! Whatever a cluster's users type stays text.

use proptest::prelude::*;
use scene::{Id, Kind, Mark, Place, Scene, Style, Text, document, figure};

fn scene_of(text: &str) -> Scene {
    let mut mark = Mark::new(Id::new(format!("pod/{text}")), Kind::Row, Place::new(0, 0, 200, 20));
    mark.title = text.to_owned();
    mark.opens = Some(format!("pod/{text}"));
    mark.texts.push(Text { x: 4, y: 12, anchor: scene::Anchor::Start, style: Style::Body, text: text.to_owned() });
    Scene { title: text.to_owned(), description: text.to_owned(), width: 200, height: 20, marks: vec![mark] }
}

/// Elements that a document opens, by their names.
fn elements(svg: &str) -> Vec<&str> {
    svg.split('<')
        .skip(1)
        .filter_map(|rest| rest.split([' ', '>', '/']).next())
        .filter(|name| !name.is_empty())
        .collect()
}

#[test]
fn markup_in_every_field_opens_no_element() {
    let plain = elements(&figure(&scene_of("x"), "?")).len();
    for hostile in
        ["<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "'--></svg><iframe>", "]]><b>", "&lt;b&gt;"]
    {
        let svg = figure(&scene_of(hostile), "?");
        assert_eq!(elements(&svg).len(), plain, "{svg}");
    }
}

#[test]
fn text_that_turns_the_direction_of_what_follows_is_disarmed() {
    let svg = figure(&scene_of("abc\u{202e}gnp.exe\u{2066}"), "?");
    assert!(!svg.contains(['\u{202e}', '\u{2066}']));
}

#[test]
fn a_link_holds_nothing_that_ends_an_address() {
    let svg = figure(&scene_of("a b&c#d%?\"<é"), "?ns=x&");
    assert!(svg.contains("href=\"?ns=x&amp;sel=pod/a%20b%26c%23d%25%3F%22%3C%C3%A9\""), "{svg}");
}

proptest! {
    #[test]
    fn a_file_has_no_character_that_xml_forbids(text in "\\PC{0,20}|[\u{0}-\u{1f}]{0,9}") {
        let svg = document(&scene_of(&text));
        let allowed = |c: char| matches!(c, '\t' | '\n' | ' '..) && !matches!(c, '\u{fffe}' | '\u{ffff}' | '\u{7f}'..='\u{9f}');
        prop_assert!(svg.chars().all(allowed));
    }
}

#[test]
fn a_shown_text_neither_turns_nor_commands_a_terminal() {
    let hostile = "\u{1b}[2J\u{202e}1tsoh\u{2066}\nhost2\t\u{9b}31m";
    assert_eq!(scene::readable(hostile), "\u{fffd}[2J1tsoh\nhost2\t\u{fffd}31m");
    assert_eq!(scene::readable("größe ✓"), "größe ✓");
}
