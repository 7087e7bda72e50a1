//! One copy of each text that repeats.

use std::collections::HashSet;

use topology::inventory::Name;

/// The texts of one watch that are held somewhere, and at most as many again that are held nowhere
/// any more.
#[derive(Default)]
pub(crate) struct Intern {
    texts: HashSet<Name>,
    /// As many were in use when it was last swept.
    in_use: usize,
}

/// So few texts are not worth sweeping.
const FEW: usize = 1_024;

impl Intern {
    /// The shared copy of a text.
    pub(crate) fn name(&mut self, text: &str) -> Name {
        if let Some(known) = self.texts.get(text) {
            return known.clone();
        }
        if self.texts.len() >= 2 * self.in_use.max(FEW) {
            self.texts.retain(|text| Name::strong_count(text) > 1);
            self.in_use = self.texts.len();
        }
        let name: Name = text.into();
        self.texts.insert(name.clone());
        name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_texts_are_one() {
        let mut intern = Intern::default();
        let (a, b) = (intern.name("kube-system"), intern.name("kube-system"));
        assert!(Name::ptr_eq(&a, &b));
    }

    #[test]
    fn texts_that_nobody_holds_are_let_go() {
        let mut intern = Intern::default();
        let held = intern.name("held");
        for n in 0..100_000 {
            intern.name(&format!("job-{n}"));
        }
        assert!(intern.texts.len() <= 2 * FEW, "{} texts", intern.texts.len());
        assert!(Name::ptr_eq(&held, &intern.name("held")));
    }
}
