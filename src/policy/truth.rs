//! Three-valued logic, Kleene's: yes, no, or open.

use std::collections::BTreeSet;

/// Whether something holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Truth {
    /// It holds, whatever is not known.
    Yes,
    /// It does not, whatever is not known.
    No,
    /// It depends on these.
    Open(BTreeSet<String>),
}

impl Truth {
    /// It depends on this.
    pub fn open(on: impl Into<String>) -> Self {
        Self::Open(BTreeSet::from([on.into()]))
    }

    /// Whether all hold: one that does not is enough for a no.
    pub fn all(parts: impl IntoIterator<Item = Self>) -> Self {
        let mut open = BTreeSet::new();
        for part in parts {
            match part {
                Self::Yes => {}
                Self::No => return Self::No,
                Self::Open(on) => open.extend(on),
            }
        }
        if open.is_empty() {
            Self::Yes
        } else {
            Self::Open(open)
        }
    }

    /// Whether one holds.
    pub fn any(parts: impl IntoIterator<Item = Self>) -> Self {
        !Self::all(parts.into_iter().map(|part| !part))
    }

    /// What holds in each of several cases of which one is true; `on` is what
    /// tells them apart. Without cases nothing is known.
    pub fn same(cases: impl IntoIterator<Item = Self>, on: &str) -> Self {
        let mut cases = cases.into_iter();
        let Some(first) = cases.next() else {
            return Self::open(on);
        };
        if cases.all(|one| one == first) {
            first
        } else {
            Self::open(on)
        }
    }
}

impl From<bool> for Truth {
    fn from(holds: bool) -> Self {
        if holds { Self::Yes } else { Self::No }
    }
}

impl std::ops::Not for Truth {
    type Output = Self;

    fn not(self) -> Self {
        match self {
            Self::Yes => Self::No,
            Self::No => Self::Yes,
            open @ Self::Open(_) => open,
        }
    }
}
