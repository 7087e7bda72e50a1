//! A change between two Scenes, and how it is applied.

use std::collections::{HashMap, HashSet};

use serde::{Deserialize, Serialize};

use crate::{Id, Mark, Scene};

/// What turns one Scene into the next. Ops are applied in their order.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Patch {
    /// New title, description, width and height, when any of them changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub canvas: Option<(String, String, i32, i32)>,
    /// What happens to marks.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ops: Vec<Op>,
}

impl Patch {
    /// Whether it changes nothing.
    pub fn is_empty(&self) -> bool {
        self.canvas.is_none() && self.ops.is_empty()
    }
}

/// One step of a [`Patch`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Op {
    /// Takes the mark away, and all that lies in it.
    Gone(Id),
    /// The mark is there already: its own look and place change, its children and its position
    /// among its siblings stay.
    Set(Mark),
    /// The mark is new, or moves among its siblings with all that lies in it: it is put behind
    /// the sibling `after`, or first in its parent when `after` is `None`.
    Put {
        /// The mark as it is to be.
        mark: Mark,
        /// The sibling before it.
        after: Option<Id>,
    },
}

/// Why a Patch does not fit a Scene; whoever holds the Scene should ask for a whole one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ApplyError {
    /// The Patch speaks of a mark that the Scene lacks.
    Missing(Id),
}

impl std::fmt::Display for ApplyError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Missing(id) => {
                write!(f, "the patch names the mark {id}, which this scene lacks: ask for a whole scene")
            }
        }
    }
}

impl std::error::Error for ApplyError {}

/// Applies a Patch in time linear in the Scene plus the Patch.
///
/// # Errors
/// [`ApplyError::Missing`] when the Patch was made for another Scene; the Scene is then as before.
pub fn apply(patch: &Patch, scene: &mut Scene) -> Result<(), ApplyError> {
    let mut tree = Tree::of(scene);
    for op in &patch.ops {
        match op {
            Op::Gone(id) => tree.take(id)?,
            Op::Set(mark) => tree.set(mark)?,
            Op::Put { mark, after } => tree.put(mark, after.as_ref())?,
        }
    }
    scene.marks = tree.into_marks();
    if let Some((title, description, width, height)) = &patch.canvas {
        scene.title.clone_from(title);
        scene.description.clone_from(description);
        scene.width = *width;
        scene.height = *height;
    }
    Ok(())
}

/// Marks by id with their children in order; `None` is the canvas.
struct Tree {
    marks: HashMap<Id, Mark>,
    children: HashMap<Option<Id>, Vec<Id>>,
}

impl Tree {
    fn of(scene: &Scene) -> Self {
        let mut children: HashMap<Option<Id>, Vec<Id>> = HashMap::new();
        for mark in &scene.marks {
            children.entry(mark.parent.clone()).or_default().push(mark.id.clone());
        }
        Self { marks: scene.marks.iter().map(|mark| (mark.id.clone(), mark.clone())).collect(), children }
    }

    fn detach(&mut self, id: &Id) -> Result<(), ApplyError> {
        let mark = self.marks.get(id).ok_or_else(|| ApplyError::Missing(id.clone()))?;
        if let Some(siblings) = self.children.get_mut(&mark.parent) {
            siblings.retain(|sibling| sibling != id);
        }
        Ok(())
    }

    fn take(&mut self, id: &Id) -> Result<(), ApplyError> {
        self.detach(id)?;
        let mut doomed = vec![id.clone()];
        while let Some(next) = doomed.pop() {
            self.marks.remove(&next);
            doomed.extend(self.children.remove(&Some(next)).unwrap_or_default());
        }
        Ok(())
    }

    fn set(&mut self, mark: &Mark) -> Result<(), ApplyError> {
        let held = self.marks.get_mut(&mark.id).ok_or_else(|| ApplyError::Missing(mark.id.clone()))?;
        held.clone_from(mark);
        Ok(())
    }

    fn put(&mut self, mark: &Mark, after: Option<&Id>) -> Result<(), ApplyError> {
        if let Some(parent) = mark.parent.as_ref().filter(|parent| !self.marks.contains_key(*parent)) {
            return Err(ApplyError::Missing(parent.clone()));
        }
        if self.marks.contains_key(&mark.id) {
            self.detach(&mark.id)?;
        }
        let siblings = self.children.entry(mark.parent.clone()).or_default();
        let place = match after {
            None => 0,
            Some(after) => {
                1 + siblings.iter().position(|id| id == after).ok_or_else(|| ApplyError::Missing(after.clone()))?
            }
        };
        siblings.insert(place, mark.id.clone());
        self.marks.insert(mark.id.clone(), mark.clone());
        Ok(())
    }

    fn into_marks(mut self) -> Vec<Mark> {
        let mut marks = Vec::with_capacity(self.marks.len());
        let mut stack: Vec<Id> = self.children.remove(&None).unwrap_or_default();
        stack.reverse();
        let mut seen = HashSet::new();
        while let Some(id) = stack.pop() {
            if !seen.insert(id.clone()) {
                continue;
            }
            stack.extend(self.children.remove(&Some(id.clone())).unwrap_or_default().into_iter().rev());
            marks.extend(self.marks.remove(&id));
        }
        marks
    }
}
