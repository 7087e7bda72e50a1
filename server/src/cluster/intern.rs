//! One copy of each text that repeats.

use std::collections::HashSet;

use topology::inventory::Name;

/// Texts seen by one watch since its last list.
#[derive(Default)]
pub(crate) struct Intern(HashSet<Name>);

impl Intern {
    /// The shared copy of a text.
    pub(crate) fn name(&mut self, text: &str) -> Name {
        if let Some(known) = self.0.get(text) {
            return known.clone();
        }
        let name: Name = text.into();
        self.0.insert(name.clone());
        name
    }

    /// Forgets everything; shared copies live on where they are held.
    pub(crate) fn clear(&mut self) {
        self.0 = HashSet::new();
    }
}
