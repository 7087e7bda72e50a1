//! Verdicts: certain, impossible, by order, unknown.

/// What becomes of a part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It stays up, or comes back by itself, in whatever order things happen.
    Certain,
    /// It stays down until somebody acts.
    Impossible,
    /// How much of it comes back depends on the order of things.
    Depends {
        /// At least so many.
        from: u32,
        /// At most so many.
        to: u32,
        /// Of so many.
        of: u32,
    },
    /// A fact or a permission is missing; the part's reason names it.
    Unknown,
}

impl Verdict {
    /// From a proved interval.
    pub const fn of(from: u32, to: u32, of: u32) -> Self {
        match (from, to) {
            (from, _) if from >= of => Self::Certain,
            (_, 0) => Self::Impossible,
            (from, to) => Self::Depends { from, to, of },
        }
    }

    /// One word for tables and programs.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Certain => "certain",
            Self::Impossible => "impossible",
            Self::Depends { .. } => "depends",
            Self::Unknown => "unknown",
        }
    }
}
