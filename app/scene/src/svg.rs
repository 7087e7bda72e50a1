//! The one writer of SVG: for the page, for files, and, mark by mark, for patches in the browser.
//!
//! A mark is `<g id class transform>` with its own parts first, in an `<a>` when it opens
//! something and in a `<g>` when not, and its children after them. Own parts can be exchanged
//! without touching the children.

use std::fmt::Write;

use crate::{Anchor, Differs, Health, Kind, Mark, Place, Scene, Text};

/// Room left around the figure, in CSS pixels.
const MARGIN: i32 = 4;

/// The style sheet of the marks; the page has the same, a file carries it inside.
const STYLE: &str = include_str!("../../../style/figure.css");

/// What is added where two moments are compared.
const DIFFERENCE: &str = include_str!("../../../style/difference.css");

/// A file of its own, with its style inside and nothing to click.
pub fn document(scene: &Scene) -> String {
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    write_figure(&mut out, scene, None, Some(&plain_style(scene, false)));
    out.push('\n');
    out
}

/// The same in the dark theme's colours.
pub fn dark_document(scene: &Scene) -> String {
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    write_figure(&mut out, scene, None, Some(&plain_style(scene, true)));
    out.push('\n');
    out
}

/// The `<svg>` of a page. `query` is put before what a mark opens to make its link: the address'
/// other parameters, as in `?ns=default&`.
pub fn figure(scene: &Scene, query: &str) -> String {
    let mut out = String::with_capacity(scene.marks.len() * 320);
    write_figure(&mut out, scene, Some(query), None);
    out
}

/// One mark without its children, whole: what the browser inserts.
pub fn mark_svg(mark: &Mark, query: &str) -> String {
    let mut out = String::new();
    open_mark(&mut out, mark, Some(query));
    out.push_str("</g>");
    out
}

/// A mark's own parts: what the browser exchanges when a mark changes.
pub fn own_svg(mark: &Mark, query: &str) -> String {
    let mut out = String::new();
    write_own(&mut out, mark, Some(query));
    out
}

impl Mark {
    /// The value of the mark's `id` attribute.
    pub fn dom_id(&self) -> String {
        format!("m:{}", self.id)
    }

    /// The value of the mark's `class` attribute.
    pub fn class(&self) -> String {
        let health = self.health.map(|health| format!(" h-{}", health.word())).unwrap_or_default();
        let faded = if self.faded { " faded" } else { "" };
        let differs = self.differs.map(|differs| format!(" d-{}", differs.word())).unwrap_or_default();
        format!("k-{}{health} t-{}{faded}{differs}", kind_word(self.kind), self.tone.word())
    }

    /// The value of the mark's `transform` attribute.
    pub fn transform(&self) -> String {
        format!("translate({} {})", self.at.x, self.at.y)
    }
}

/// The style sheet with a theme's colours in the place of their variables, for programs
/// that draw SVG but know no custom properties.
fn plain_style(scene: &Scene, dark: bool) -> String {
    let rules = STYLE.split_once("*/").map_or(STYLE, |(_, rules)| rules);
    let (light, rules) = rules.trim_start().trim_start_matches(".figure{").split_once('}').unwrap_or(("", rules));
    // The dark theme stands on lines of its own.
    let mut rules: Vec<&str> = rules.lines().filter(|line| !line.contains("--paper:")).collect();
    if scene.marks.iter().any(|mark| mark.differs.is_some()) {
        rules.extend(DIFFERENCE.lines());
    }
    let dark_theme = STYLE.split_once("[data-theme=dark] .figure{").and_then(|(_, rest)| rest.split_once('}'));
    let colours = dark_theme.filter(|_| dark).map_or(light, |(colours, _)| colours);
    colours
        .split(';')
        .filter_map(|pair| pair.split_once(':'))
        .fold(rules.join("\n"), |css, (name, colour)| css.replace(&format!("var({name})"), colour))
}

fn write_figure(out: &mut String, scene: &Scene, query: Option<&str>, style: Option<&str>) {
    let (w, h) = (scene.width + 2 * MARGIN, scene.height + 2 * MARGIN);
    let _ = write!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"figure\" role=\"graphics-document\" aria-roledescription=\"diagram\" \
         aria-label=\"{}\" viewBox=\"-{MARGIN} -{MARGIN} {w} {h}\" width=\"{w}\" height=\"{h}\">",
        escaped(&scene.title)
    );
    let _ = write!(out, "<desc>{}</desc>", escaped(&scene.description));
    if let Some(style) = style {
        let _ = write!(
            out,
            "<style>{style}</style><rect class=\"paper\" x=\"-{MARGIN}\" y=\"-{MARGIN}\" width=\"{w}\" height=\"{h}\"/>"
        );
    }
    out.push_str("<defs>");
    for tone in ["plain", "mgmt", "net"] {
        let _ = write!(
            out,
            "<marker id=\"tip-{tone}\" class=\"tip t-{tone}\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"8\" \
             markerHeight=\"8\" markerUnits=\"userSpaceOnUse\" orient=\"auto-start-reverse\"><path d=\"M0 0L8 4L0 8z\"/></marker>"
        );
    }
    out.push_str("</defs><g id=\"marks\">");
    let mut open: Vec<&Mark> = Vec::new();
    for mark in &scene.marks {
        while open.last().is_some_and(|last| mark.parent.as_ref() != Some(&last.id)) {
            open.pop();
            out.push_str("</g>");
        }
        open_mark(out, mark, query);
        open.push(mark);
    }
    open.iter().for_each(|_| out.push_str("</g>"));
    out.push_str("</g></svg>");
}

fn open_mark(out: &mut String, mark: &Mark, query: Option<&str>) {
    let _ = write!(
        out,
        "<g id=\"{}\" class=\"{}\" transform=\"{}\">",
        escaped(&mark.dom_id()),
        mark.class(),
        mark.transform()
    );
    write_own(out, mark, query);
}

fn write_own(out: &mut String, mark: &Mark, query: Option<&str>) {
    let opens = query.zip(mark.opens.as_deref());
    let tag = if opens.is_some() { "a" } else { "g" };
    let _ = write!(out, "<{tag} class=\"own\"");
    if let Some((query, opens)) = opens {
        let _ = write!(out, " href=\"{}\"", escaped(&link(opens, query)));
    }
    out.push('>');
    if !mark.title.is_empty() {
        let _ = write!(out, "<title>{}</title>", escaped(&mark.title));
    }
    write_shape(out, mark);
    for text in &mark.texts {
        write_text(out, text);
    }
    if let Some(differs) = mark.differs {
        write_differs(out, differs, mark);
    }
    let _ = write!(out, "</{tag}>");
}

fn write_shape(out: &mut String, mark: &Mark) {
    let Place { w, h, .. } = mark.at;
    match mark.kind {
        Kind::Frame | Kind::Card => write_box(out, w, h, 10),
        Kind::Chip => {
            write_box(out, w, h, 6);
            write_glyph(out, mark.health, 13, h / 2);
        }
        Kind::Group | Kind::Fold | Kind::Band => write_box(out, w, h, 6),
        Kind::Pill => write_box(out, w, h, h / 2),
        Kind::Tile => {
            write_box(out, w, h, 4);
            // Of a thousand, those that are well stay plain: the eye finds the others.
            write_glyph(out, mark.health.filter(|health| *health != Health::Ok), w / 2, h / 2);
        }
        Kind::Pod => write_cylinder(out, mark.health, w, h),
        Kind::Can => {
            write_body(out, w, h, 5);
            // A planned one is told by its outline.
            let sign = mark.health.filter(|health| !matches!(health, Health::Ok | Health::Ghost));
            write_glyph(out, sign, w - 9, h - 9);
        }
        Kind::Switch => {
            write_box(out, w, h, 10);
            write_ports(out, w);
        }
        Kind::Row => {
            write_box(out, w, h, 4);
            write_glyph(out, mark.health, 11, h / 2);
        }
        Kind::Link | Kind::Exchange | Kind::Line => write_line(out, mark),
        Kind::Caption => {}
    }
    if !mark.tally.is_empty() {
        write_tally(out, mark);
    }
}

fn write_box(out: &mut String, w: i32, h: i32, radius: i32) {
    let _ = write!(out, "<rect width=\"{w}\" height=\"{h}\" rx=\"{radius}\"/>");
}

/// The front of a network switch, at the right of a heading.
fn write_ports(out: &mut String, w: i32) {
    let _ = write!(out, "<path class=\"ports\" transform=\"translate({} 9)\" d=\"M0 0h32v12h-32z", w - 44);
    for x in [4, 11, 18, 25] {
        let _ = write!(out, "M{x} 4h3v4h-3z");
    }
    out.push_str("\"/>");
}

/// A sign for each health, told apart by its shape as well as by its colour, about 9 wide.
fn write_glyph(out: &mut String, health: Option<Health>, x: i32, y: i32) {
    let Some(health) = health else { return };
    let d = match health {
        Health::Ok => "M-4 0a4 4 0 1 0 8 0a4 4 0 1 0 -8 0z",
        Health::Done => "M-4 0l3 3l5 -6",
        Health::Ghost => "M-4 -4h8v8h-8z",
        Health::Starting => "M-4 0a4 4 0 1 0 8 0a4 4 0 1 0 -8 0zM0 -4a4 4 0 0 1 0 8z",
        Health::Unknown => "M-2.2 -2a2.2 2.2 0 1 1 3.3 2q-1.1 .7 -1.1 1.8M0 4.2v.6",
        Health::Stale => "M-4 0a4 4 0 1 0 8 0a4 4 0 1 0 -8 0zM0 -2.4v2.6l1.8 1",
        Health::Warn => "M0 -4.6L4.8 4H-4.8zM0 -1.6v2.4M0 2.4v.5",
        Health::Bad => "M-2 -4.6h4l2.6 2.6v4l-2.6 2.6h-4l-2.6 -2.6v-4zM0 -2.4v2.8M0 2.1v.5",
    };
    let _ = write!(out, "<path class=\"glyph\" transform=\"translate({x} {y})\" d=\"{d}\"/>");
}

/// A sign at the upper right corner for how a mark differs, told apart by its shape; an arrow needs none.
fn write_differs(out: &mut String, differs: Differs, mark: &Mark) {
    let d = match (differs, mark.kind) {
        (_, Kind::Link | Kind::Exchange | Kind::Line) => return,
        (Differs::Gone, _) => "M-2.6 0h5.2",
        (Differs::New, _) => "M-2.6 0h5.2M0 -2.6v5.2",
        (Differs::Moved, _) => "M-2.8 0h5M.4 -2l2 2l-2 2",
        (Differs::Changed, _) => "M-2.6 -1.3h5.2M-2.6 1.3h5.2M1.6 -3l-3.2 6",
    };
    let (x, y) = if mark.kind == Kind::Caption { (-9, -4) } else { (mark.at.w - 1, 1) };
    let _ = write!(out, "<g class=\"delta\" transform=\"translate({x} {y})\"><circle r=\"5\"/><path d=\"{d}\"/></g>");
}

/// A cylinder whose ends are `ry` high.
fn write_body(out: &mut String, w: i32, h: i32, ry: i32) {
    let (rx, body) = (w / 2, h - 2 * ry);
    let _ = write!(
        out,
        "<path class=\"can\" d=\"M0 {ry}a{rx} {ry} 0 0 1 {w} 0v{body}a{rx} {ry} 0 0 1 -{w} 0z\"/><path class=\"lid\" d=\"M0 {ry}a{rx} {ry} 0 0 0 {w} 0\"/>"
    );
}

fn write_cylinder(out: &mut String, health: Option<Health>, w: i32, h: i32) {
    let rx = w / 2;
    write_body(out, w, h, 3);
    let sign = match health {
        Some(Health::Bad) => "M0 -3v4M0 3v.6",
        Some(Health::Warn) => "M-2.4 -1q1.2 -1.4 2.4 0t2.4 0M-2.4 2q1.2 -1.4 2.4 0t2.4 0",
        Some(Health::Unknown) => "M-1.6 -2a1.6 1.6 0 1 1 2.4 1.5q-.8 .5 -.8 1.3M0 3.2v.5",
        Some(Health::Stale) => "M0 -2.6v3l1.8 1",
        Some(Health::Done) => "M-2.6 .4l2 2l3.2 -4",
        _ => return,
    };
    let _ = write!(out, "<path class=\"sign\" transform=\"translate({rx} {})\" d=\"{sign}\"/>", h / 2 + 2);
}

fn write_line(out: &mut String, mark: &Mark) {
    let tip = match mark.tone {
        crate::Tone::Mgmt => "mgmt",
        crate::Tone::Net => "net",
        _ => "plain",
    };
    out.push_str("<path class=\"line\" d=\"");
    for (at, point) in mark.path.iter().enumerate() {
        let _ = write!(out, "{}{} {}", if at == 0 { 'M' } else { 'L' }, point.x, point.y);
    }
    out.push('"');
    if mark.kind == Kind::Exchange {
        let _ = write!(out, " marker-start=\"url(#tip-{tip})\"");
    }
    if mark.kind != Kind::Line {
        let _ = write!(out, " marker-end=\"url(#tip-{tip})\"");
    }
    out.push_str("/>");
}

/// A bar along the lower edge, a share for each health, at least two pixels each so that one
/// broken thing among thousands still shows.
fn write_tally(out: &mut String, mark: &Mark) {
    let total: u32 = mark.tally.iter().map(|(_, count)| count).sum();
    let shown = i32::try_from(mark.tally.iter().filter(|(_, count)| *count > 0).count()).unwrap_or(0);
    let room = mark.at.w - 16 - 2 * shown;
    let mut x = 8;
    for (health, count) in mark.tally.iter().filter(|(_, count)| *count > 0) {
        let share = i64::from(room.max(0)) * i64::from(*count) / i64::from(total.max(1));
        let w = 2 + i32::try_from(share).unwrap_or(0);
        let _ = write!(
            out,
            "<rect class=\"share h-{}\" x=\"{x}\" y=\"{}\" width=\"{w}\" height=\"4\"/>",
            health.word(),
            mark.at.h - 9
        );
        x += w;
    }
}

fn write_text(out: &mut String, text: &Text) {
    let anchor = match text.anchor {
        Anchor::Start => "",
        Anchor::Middle => " text-anchor=\"middle\"",
        Anchor::End => " text-anchor=\"end\"",
    };
    let _ = write!(
        out,
        "<text class=\"s-{}\" x=\"{}\" y=\"{}\"{anchor}>{}</text>",
        text.style.word(),
        text.x,
        text.y,
        escaped(&text.text)
    );
}

impl Kind {
    /// The word in class names and documents.
    pub const fn word(self) -> &'static str {
        kind_word(self)
    }
}

const fn kind_word(kind: Kind) -> &'static str {
    match kind {
        Kind::Frame => "frame",
        Kind::Chip => "chip",
        Kind::Group => "group",
        Kind::Pod => "pod",
        Kind::Can => "can",
        Kind::Switch => "switch",
        Kind::Row => "row",
        Kind::Fold => "fold",
        Kind::Tile => "tile",
        Kind::Card => "card",
        Kind::Pill => "pill",
        Kind::Link => "link",
        Kind::Exchange => "exchange",
        Kind::Line => "edge",
        Kind::Band => "band",
        Kind::Caption => "caption",
    }
}

/// Text for an element or a quoted attribute. Characters that XML forbids become U+FFFD, and
/// those that turn the direction of what follows are left out.
pub fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {}
            '\t' | '\n' => out.push(c),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

/// Text as people may be shown it: characters that turn the direction of what follows are left out, and control
/// characters, which a terminal would obey, become U+FFFD; ends of lines and tabs stay.
pub fn readable(text: &str) -> String {
    let shown = text.chars().filter(|c| !matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'));
    shown.map(|c| if c.is_control() && !matches!(c, '\t' | '\n') { '\u{fffd}' } else { c }).collect()
}

/// Where something leads from a page whose address so far is `query`, as in `/c/demo?ns=default&`. What opens a place of
/// its own (`?at=node/host4`) keeps the filters and the theme, and leaves the place and the choice that the page had.
pub fn link(opens: &str, query: &str) -> String {
    let Some(own) = opens.strip_prefix('?') else { return format!("{query}sel={}", encoded(opens)) };
    let (path, pairs) = query.split_once('?').unwrap_or(("", query));
    let mut out = format!("{path}?");
    for pair in pairs.split('&').filter(|pair| !pair.is_empty()) {
        if !["at=", "sel=", "show="].iter().any(|left| pair.starts_with(left)) {
            out.push_str(pair);
            out.push('&');
        }
    }
    out + own
}

/// A value for a query string.
pub fn encoded(value: &str) -> String {
    percent_encoded(value, b"-_.~/:")
}

/// One segment of a path: a `/` in the value is no border of segments. Not every value can be one:
/// [`is_addressable`] tells.
pub fn segment(value: &str) -> String {
    percent_encoded(value, b"-_.~")
}

/// Whether a value can be a segment of a path. Clients and proxies resolve `.` and `..` even when they are encoded, also
/// between encoded slashes, and no server takes control characters.
pub fn is_addressable(value: &str) -> bool {
    let climbs = value.split(['/', '\\']).any(|part| matches!(part, "." | ".."));
    !value.is_empty() && !climbs && !value.chars().any(|c| c.is_ascii_control())
}

fn percent_encoded(value: &str, kept: &[u8]) -> String {
    let mut out = String::with_capacity(value.len());
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || kept.contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}
