//! One copy of each text that repeats, and of each list of texts that pods of one template share.

use std::{collections::HashSet, hash::Hash, sync::Arc};

use topology::inventory::{Labels, Name, Shape};

/// What one watch has told.
#[derive(Default)]
pub(crate) struct Intern {
    texts: Held<str>,
    labels: Held<[(Name, Name)]>,
    lists: Held<[Name]>,
    shapes: Held<Shape>,
}

impl Intern {
    /// The shared copy of a text.
    pub(crate) fn name(&mut self, text: &str) -> Name {
        self.texts.share(text)
    }

    /// The shared copy of labels, whose texts are shared as well.
    pub(crate) fn labels<'a>(&mut self, labels: impl Iterator<Item = (&'a String, &'a String)>) -> Labels {
        let labels: Vec<(Name, Name)> = labels.map(|(name, value)| (self.name(name), self.name(value))).collect();
        Labels::sorted(self.labels.share(&labels))
    }

    /// The shared copy of a list of texts.
    pub(crate) fn list<'a>(&mut self, texts: impl Iterator<Item = &'a str>) -> Arc<[Name]> {
        let texts: Vec<Name> = texts.map(|text| self.name(text)).collect();
        self.lists.share(&texts)
    }

    /// The shared copy of a shape.
    pub(crate) fn shape(&mut self, shape: Shape) -> Arc<Shape> {
        match self.shapes.known(&shape) {
            Some(known) => known,
            None => self.shapes.hold(shape.into()),
        }
    }
}

/// What is held somewhere, and at most as much again that is held nowhere any more.
struct Held<T: ?Sized> {
    known: HashSet<Arc<T>>,
    /// As many were in use when it was last swept.
    in_use: usize,
}

/// So few are not worth sweeping.
const FEW: usize = 1_024;

impl<T: ?Sized> Default for Held<T> {
    fn default() -> Self {
        Self { known: HashSet::new(), in_use: 0 }
    }
}

impl<T: ?Sized + Eq + Hash> Held<T> {
    fn share<'a>(&mut self, one: &'a T) -> Arc<T>
    where
        Arc<T>: From<&'a T>,
    {
        match self.known(one) {
            Some(known) => known,
            None => self.hold(one.into()),
        }
    }

    fn known(&self, one: &T) -> Option<Arc<T>> {
        self.known.get(one).cloned()
    }

    fn hold(&mut self, shared: Arc<T>) -> Arc<T> {
        if self.known.len() >= 2 * self.in_use.max(FEW) {
            self.known.retain(|known| Arc::strong_count(known) > 1);
            self.in_use = self.known.len();
        }
        self.known.insert(shared.clone());
        shared
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn equal_texts_are_one() {
        let mut intern = Intern::default();
        let (a, b) = (intern.name("kube-system"), intern.name("kube-system"));
        assert!(Name::ptr_eq(&a, &b));
    }

    #[test]
    fn pods_of_a_template_share_their_labels_and_images() {
        let mut intern = Intern::default();
        let labels = BTreeMap::from([("app".to_owned(), "web".to_owned()), ("tier".to_owned(), "front".to_owned())]);
        let of_pods = [intern.labels(labels.iter()), intern.labels(labels.iter())];
        assert_eq!(of_pods[0], of_pods[1]);
        assert_eq!(of_pods[0].get("tier").map(|value| &**value), Some("front"));
        assert_eq!(intern.labels.known.len(), 1);
        let images = [intern.list(["web:1", "proxy:2"].into_iter()), intern.list(["web:1", "proxy:2"].into_iter())];
        assert!(Arc::ptr_eq(&images[0], &images[1]));
    }

    #[test]
    fn texts_that_nobody_holds_are_let_go() {
        let mut intern = Intern::default();
        let held = intern.name("held");
        for n in 0..100_000 {
            intern.name(&format!("job-{n}"));
        }
        assert!(intern.texts.known.len() <= 2 * FEW, "{} texts", intern.texts.known.len());
        assert!(Name::ptr_eq(&held, &intern.name("held")));
    }
}
