//! A figure as data: the API's own words for what the writers draw.

use serde::Serialize;
use utoipa::ToSchema;

use super::words::Health;

/// A whole figure. Lengths are CSS pixels at zoom 1; the origin is the top left corner.
#[derive(Debug, Serialize, ToSchema)]
pub struct Scene {
    /// What it is, in a few words.
    pub title: String,
    /// The same facts in a sentence or two.
    pub description: String,
    /// Width of the canvas.
    pub width: i32,
    /// Height of the canvas.
    pub height: i32,
    /// In painting and reading order; a parent stands before what lies in it.
    pub marks: Vec<Mark>,
}

/// One thing that is drawn.
#[derive(Debug, Serialize, ToSchema)]
pub struct Mark {
    /// Unique in the figure, and the same for as long as the thing exists.
    pub id: String,
    /// The mark that it lies in; null on the canvas.
    pub parent: Option<String>,
    /// What it looks like, as in `frame`, `chip`, `pod`, `link`. More words may come.
    pub kind: String,
    /// Left edge, from the parent's.
    pub x: i32,
    /// Top edge, from the parent's.
    pub y: i32,
    /// Width.
    pub w: i32,
    /// Height.
    pub h: i32,
    /// Its state; null for what has none.
    pub health: Option<Health>,
    /// Its family of colours.
    pub tone: Tone,
    /// What is written on it.
    pub texts: Vec<Text>,
    /// The whole of it in words.
    pub title: String,
    /// What it leads to: the value of `at`, or a query when it begins with `?`; null when to nothing.
    pub opens: Option<String>,
    /// Corners of a line, from the parent's corner.
    pub path: Vec<Point>,
    /// Whether it stands back because a filter asks for others.
    pub faded: bool,
    /// The states of the things that it stands for, counted.
    pub tally: Vec<Share>,
}

/// A line of text.
#[derive(Debug, Serialize, ToSchema)]
pub struct Text {
    /// What is written, clipped to fit.
    pub text: String,
    /// From the mark's left edge.
    pub x: i32,
    /// The baseline, from the mark's top edge.
    pub y: i32,
    /// Which point of the text `x` is.
    pub anchor: Anchor,
    /// Size and weight.
    pub style: TextStyle,
}

/// A family of colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Tone {
    /// None of the others.
    Plain,
    /// Of the cluster itself.
    System,
    /// Of those who use the cluster.
    Service,
    /// Install and management network.
    Mgmt,
    /// Container service network.
    Net,
}

/// A point of a line of text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Anchor {
    /// Its left end.
    Start,
    /// Its middle.
    Middle,
    /// Its right end.
    End,
}

/// Size and weight of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TextStyle {
    /// Large and bold.
    Head,
    /// Usual.
    Body,
    /// Smaller.
    Note,
    /// Smallest.
    Tiny,
}

/// A corner.
#[derive(Debug, Serialize, ToSchema)]
pub struct Point {
    /// From the left.
    pub x: i32,
    /// From the top.
    pub y: i32,
}

/// How many have this state.
#[derive(Debug, Serialize, ToSchema)]
pub struct Share {
    /// How.
    pub health: Health,
    /// How many.
    pub count: u32,
}

/// A step from one figure to the next; steps are taken in their order.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = FigureStep)]
#[serde(rename_all = "kebab-case", tag = "step")]
pub enum Step {
    /// The mark goes, and all that lies in it.
    Gone {
        /// Which.
        id: String,
    },
    /// The mark looks otherwise; what lies in it, and its place among its neighbours, stay.
    Set {
        /// As it is now.
        mark: Box<Mark>,
    },
    /// The mark is new, or moves among its neighbours with all that lies in it.
    Put {
        /// As it is now.
        mark: Box<Mark>,
        /// The neighbour before it; null when it is the first.
        after: Option<String>,
    },
}

impl From<&scene::Scene> for Scene {
    fn from(scene: &scene::Scene) -> Self {
        Self {
            title: scene.title.clone(),
            description: scene.description.clone(),
            width: scene.width,
            height: scene.height,
            marks: scene.marks.iter().map(Into::into).collect(),
        }
    }
}

impl From<scene::Tone> for Tone {
    fn from(tone: scene::Tone) -> Self {
        match tone {
            scene::Tone::Plain => Self::Plain,
            scene::Tone::System => Self::System,
            scene::Tone::Service => Self::Service,
            scene::Tone::Mgmt => Self::Mgmt,
            scene::Tone::Net => Self::Net,
        }
    }
}

impl From<&scene::Mark> for Mark {
    fn from(mark: &scene::Mark) -> Self {
        Self {
            id: mark.id.to_string(),
            parent: mark.parent.as_ref().map(ToString::to_string),
            kind: mark.kind.word().into(),
            x: mark.at.x,
            y: mark.at.y,
            w: mark.at.w,
            h: mark.at.h,
            health: mark.health.map(Into::into),
            tone: mark.tone.into(),
            texts: mark.texts.iter().map(text).collect(),
            title: mark.title.clone(),
            opens: mark.opens.clone(),
            path: mark.path.iter().map(|point| Point { x: point.x, y: point.y }).collect(),
            faded: mark.faded,
            tally: mark.tally.iter().map(|(health, count)| Share { health: (*health).into(), count: *count }).collect(),
        }
    }
}

fn text(text: &scene::Text) -> Text {
    let anchor = match text.anchor {
        scene::Anchor::Start => Anchor::Start,
        scene::Anchor::Middle => Anchor::Middle,
        scene::Anchor::End => Anchor::End,
    };
    let style = match text.style {
        scene::Style::Head => TextStyle::Head,
        scene::Style::Body => TextStyle::Body,
        scene::Style::Note => TextStyle::Note,
        scene::Style::Tiny => TextStyle::Tiny,
    };
    Text { text: text.text.clone(), x: text.x, y: text.y, anchor, style }
}

impl From<&scene::Op> for Step {
    fn from(op: &scene::Op) -> Self {
        match op {
            scene::Op::Gone(id) => Self::Gone { id: id.to_string() },
            scene::Op::Set(mark) => Self::Set { mark: Box::new(mark.into()) },
            scene::Op::Put { mark, after } => {
                Self::Put { mark: Box::new(mark.into()), after: after.as_ref().map(ToString::to_string) }
            }
        }
    }
}
