//! A figure as pixels. Texts are set in DejaVu Sans, with whose widths figures are laid out; it comes inside the
//! binary, so that no machine needs a font. Few are drawn at once: it takes memory.

use std::sync::{Arc, LazyLock};

use resvg::{
    tiny_skia::{Pixmap, Transform},
    usvg::{Options, Tree, fontdb::Database},
};
use tokio::sync::Semaphore;

use crate::placed::placed;

/// Figures that are drawn as pixels at once.
static TURNS: LazyLock<Arc<Semaphore>> = LazyLock::new(|| Arc::new(Semaphore::new(2)));

/// Pixels at most: 64 MB while it is drawn. Larger figures are drawn smaller.
const MOST: f32 = 16_000_000.0;

static FONTS: LazyLock<Arc<Database>> = LazyLock::new(|| {
    let mut fonts = Database::new();
    fonts.load_font_data(dejavu::sans::regular().to_vec());
    fonts.load_font_data(dejavu::sans::bold().to_vec());
    fonts.set_sans_serif_family("DejaVu Sans");
    Arc::new(fonts)
});

/// An SVG file as PNG; `None` when it cannot be drawn. It may wait for its turn.
pub(crate) async fn pixels(svg: String) -> Option<Vec<u8>> {
    placed(&TURNS, move || png(&svg)).await.flatten()
}

/// Draws an SVG file; `None` when it has no area.
fn png(svg: &str) -> Option<Vec<u8>> {
    let options = Options { font_family: "DejaVu Sans".into(), fontdb: FONTS.clone(), ..Options::default() };
    let tree = Tree::from_str(svg, &options).ok()?;
    let size = tree.size();
    let scale = (MOST / (size.width() * size.height())).sqrt().min(1.0);
    let scaled = size.to_int_size().scale_by(scale)?;
    let mut pixels = Pixmap::new(scaled.width(), scaled.height())?;
    resvg::render(&tree, Transform::from_scale(scale, scale), &mut pixels.as_mut());
    pixels.encode_png().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use scene::{Anchor, Kind, Mark, Place, Scene, Style, Text};

    fn figure(text: &str) -> Vec<u8> {
        let mut mark = Mark::new("a".into(), Kind::Chip, Place::new(0, 0, 300, 40));
        mark.texts = vec![Text { x: 4, y: 20, anchor: Anchor::Start, style: Style::Head, text: text.into() }];
        let scene = Scene { width: 300, height: 40, marks: vec![mark], ..Scene::default() };
        let svg = scene::document(&scene);
        png(&svg).unwrap()
    }

    #[test]
    fn texts_are_drawn_without_a_font_on_the_machine() {
        assert_ne!(figure("kube-apiserver"), figure("kube-scheduler"));
        assert!(figure("x").starts_with(b"\x89PNG"));
    }
}
