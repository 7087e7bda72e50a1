//! The vocabulary of a figure.

use std::{fmt, sync::Arc};

use serde::{Deserialize, Serialize};

/// A mark's stable name, like `node/host1` or `pod/default/web-1`: the same thing keeps its id
/// for as long as it exists, and another thing never gets it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Id(Arc<str>);

impl Id {
    /// Takes any text; what it means is the drawer's business.
    pub fn new(text: impl Into<Arc<str>>) -> Self {
        Self(text.into())
    }

    /// The text as given.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.0)
    }
}

impl From<&str> for Id {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

/// A whole figure. Lengths are CSS pixels at zoom 1; the origin is the top left corner.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Scene {
    /// What the figure is, in a few words; its accessible name.
    pub title: String,
    /// The same facts in a sentence or two, for those who cannot see it.
    pub description: String,
    /// Width of the canvas.
    pub width: i32,
    /// Height of the canvas.
    pub height: i32,
    /// In painting and reading order; a parent stands before its children, and a mark's
    /// descendants follow it without a gap.
    pub marks: Vec<Mark>,
}

/// One thing that is drawn.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Mark {
    /// Unique in the Scene.
    pub id: Id,
    /// The mark that this one lies in; `None` on the canvas.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<Id>,
    /// What it looks like.
    pub kind: Kind,
    /// Relative to the parent's top left corner.
    pub at: Place,
    /// How it fares; `None` for what has no health (a caption, a band).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub health: Option<Health>,
    /// Which family of colours.
    #[serde(default, skip_serializing_if = "Tone::is_plain")]
    pub tone: Tone,
    /// What is written on it, already clipped to fit.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub texts: Vec<Text>,
    /// The whole of it in words: tooltip and accessible name.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub title: String,
    /// What a click asks for, as the address has it after `sel=` or, when it begins with `?`, as
    /// a whole query; `None` when there is nothing to ask.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opens: Option<String>,
    /// Corners of a link, relative to the parent's corner, at least two; empty for all others.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub path: Vec<Point>,
    /// Whether it stands back because a filter asks for others.
    #[serde(default, skip_serializing_if = "is_false")]
    pub faded: bool,
    /// Shares of a tally (a bar over many folded things), in order; empty for all others.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tally: Vec<(Health, u32)>,
    /// How it differs between the two moments of a figure that compares; `None` for what does not, and everywhere else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub differs: Option<Differs>,
}

/// How a thing differs between two moments.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Differs {
    /// It was there at the first moment alone.
    Gone,
    /// It was there at the second moment alone.
    New,
    /// It came from another place.
    Moved,
    /// It was there at both, and is otherwise.
    Changed,
}

impl Differs {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Gone, Self::New, Self::Moved, Self::Changed];

    /// The word for people and in class names.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Gone => "gone",
            Self::New => "new",
            Self::Moved => "moved",
            Self::Changed => "changed",
        }
    }
}

impl Mark {
    /// A mark with nothing but a name, a look and a place.
    pub fn new(id: Id, kind: Kind, at: Place) -> Self {
        Self {
            id,
            parent: None,
            kind,
            at,
            health: None,
            tone: Tone::Plain,
            texts: Vec::new(),
            title: String::new(),
            opens: None,
            path: Vec::new(),
            faded: false,
            tally: Vec::new(),
            differs: None,
        }
    }
}

const fn is_false(value: &bool) -> bool {
    !*value
}

/// What a mark looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A machine: a large box with a heading.
    Frame,
    /// A part of a machine: a small box with a health mark and a name.
    Chip,
    /// Things of one owner inside a frame: a light box with a name and a count.
    Group,
    /// One pod: a small cylinder, as the manual draws it.
    Pod,
    /// A part or a pod as a cylinder with its name on it.
    Can,
    /// A network: a box with its facts in lines.
    Switch,
    /// A pod with its name beside it, where there is room.
    Row,
    /// Whatever does not fit, counted, with its worst state.
    Fold,
    /// A machine as a small square, where there are hundreds.
    Tile,
    /// A machine or a set of machines as a card with counts.
    Card,
    /// An address or an actor outside the machines: a rounded box.
    Pill,
    /// A line between places, with an arrow at its end.
    Link,
    /// The same with arrows at both ends.
    Exchange,
    /// A line without arrows.
    Line,
    /// A part of the canvas with a name.
    Band,
    /// Text alone.
    Caption,
}

/// A rectangle; `w` and `h` are never negative.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Place {
    /// Left edge.
    pub x: i32,
    /// Top edge.
    pub y: i32,
    /// Width.
    pub w: i32,
    /// Height.
    pub h: i32,
}

impl Place {
    /// From its left top corner and its size.
    pub const fn new(x: i32, y: i32, w: i32, h: i32) -> Self {
        Self { x, y, w, h }
    }

    /// Whether the two share an area.
    pub const fn overlaps(self, other: Self) -> bool {
        self.x < other.x + other.w
            && other.x < self.x + self.w
            && self.y < other.y + other.h
            && other.y < self.y + self.h
    }
}

/// A corner of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Point {
    /// From the left.
    pub x: i32,
    /// From the top.
    pub y: i32,
}

/// How a thing fares, worst last in [`Health::severity`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Health {
    /// Known to be healthy.
    Ok,
    /// Finished and meant to be.
    Done,
    /// Planned, not there yet.
    Ghost,
    /// On its way up or down.
    Starting,
    /// No source tells.
    Unknown,
    /// A source told, but longer ago than it should have.
    Stale,
    /// Works, but not as it should.
    Warn,
    /// Known to be broken.
    Bad,
}

impl Health {
    /// All of them, from best to worst.
    pub const ALL: [Self; 8] =
        [Self::Ok, Self::Done, Self::Ghost, Self::Starting, Self::Unknown, Self::Stale, Self::Warn, Self::Bad];

    /// How much it deserves a look: what is folded takes the greatest of its parts.
    pub const fn severity(self) -> u8 {
        self as u8
    }

    /// An adjective for people.
    pub const fn adjective(self) -> &'static str {
        match self {
            Self::Ok => "healthy",
            Self::Done => "completed",
            Self::Ghost => "planned",
            Self::Starting => "starting",
            Self::Unknown => "unknown",
            Self::Stale => "not responding",
            Self::Warn => "not ready",
            Self::Bad => "failing",
        }
    }

    /// The word in class names and addresses.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Done => "done",
            Self::Ghost => "ghost",
            Self::Starting => "starting",
            Self::Unknown => "unknown",
            Self::Stale => "stale",
            Self::Warn => "warn",
            Self::Bad => "bad",
        }
    }
}

/// A family of colours, taken from the manual's figures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tone {
    /// None of the others.
    #[default]
    Plain,
    /// Of the cluster itself: dark slate.
    System,
    /// Of those who use the cluster: blue.
    Service,
    /// Install and management network: near black.
    Mgmt,
    /// Container service network: gold.
    Net,
}

impl Tone {
    /// Whether it can be left unsaid.
    pub fn is_plain(&self) -> bool {
        *self == Self::Plain
    }

    /// The word in class names.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::System => "system",
            Self::Service => "service",
            Self::Mgmt => "mgmt",
            Self::Net => "net",
        }
    }
}

/// A line of text on a mark.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Text {
    /// Left end, middle or right end, as `anchor` says; relative to the mark's corner.
    pub x: i32,
    /// The baseline, relative to the mark's corner.
    pub y: i32,
    /// Which end `x` is.
    #[serde(default, skip_serializing_if = "Anchor::is_start")]
    pub anchor: Anchor,
    /// Size and weight.
    pub style: Style,
    /// What is written, already clipped.
    pub text: String,
}

/// Which end of a text its `x` is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Anchor {
    /// The left end.
    #[default]
    Start,
    /// The middle.
    Middle,
    /// The right end.
    End,
}

impl Anchor {
    /// Whether it can be left unsaid.
    pub fn is_start(&self) -> bool {
        *self == Self::Start
    }
}

/// Size and weight of a text, in CSS pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Style {
    /// 15, bold: a machine's name.
    Head,
    /// 12: a part's name.
    Body,
    /// 11, muted: a note beside a name.
    Note,
    /// 10, muted: a note where there is hardly room.
    Tiny,
}

impl Style {
    /// Font size in CSS pixels.
    pub const fn size(self) -> i32 {
        match self {
            Self::Head => 15,
            Self::Body => 12,
            Self::Note => 11,
            Self::Tiny => 10,
        }
    }

    /// Whether it is set in bold.
    pub const fn bold(self) -> bool {
        matches!(self, Self::Head)
    }

    /// The word in class names.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Head => "head",
            Self::Body => "body",
            Self::Note => "note",
            Self::Tiny => "tiny",
        }
    }
}
