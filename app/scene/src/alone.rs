//! A figure that leaves its page: it says itself what it shows.

use crate::{Anchor, Id, Kind, Mark, Place, Scene, Style, Text, clip};

/// Room for the line below the figure.
const LINE: i32 = 22;
/// Left edge of what is written there.
const LEFT: i32 = 20;

/// The same figure for a file. Its title and a line below it say what it is of, as in
/// `lab, 2026-11-29 12:03:20 UTC`.
pub fn standing_alone(scene: &Scene, of: &str) -> Scene {
    let title = format!("{}: {of}", scene.title);
    let mut line = Mark::new(Id::new("of"), Kind::Caption, Place::new(LEFT, scene.height, 0, 0));
    let text = clip(&title, Style::Note, scene.width - 2 * LEFT);
    line.texts.push(Text { x: 0, y: LINE / 2 + 2, anchor: Anchor::Start, style: Style::Note, text });
    line.title.clone_from(&title);
    let marks = scene.marks.iter().cloned().chain([line]).collect();
    Scene { title, height: scene.height + LINE, marks, ..scene.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document;

    #[test]
    fn a_figure_in_a_file_says_of_what_it_is() {
        let scene = Scene { title: "Architecture".into(), width: 600, height: 100, ..Scene::default() };
        let alone = standing_alone(&scene, "<lab> & co, 2026-11-29 12:03:20 UTC");
        assert_eq!((alone.title.as_str(), alone.height), ("Architecture: <lab> & co, 2026-11-29 12:03:20 UTC", 122));
        let said = document(&alone).matches("Architecture: &lt;lab&gt; &amp; co, 2026-11-29 12:03:20 UTC").count();
        assert!(said >= 2, "the label and the line");
        let long = standing_alone(&scene, &"n".repeat(253));
        assert!(long.title.ends_with("nnn") && long.marks[0].texts[0].text.ends_with('…'));
    }
}
