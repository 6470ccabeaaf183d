//! The host names under which a stack is reached.

/// One of the stack's host names: its own, or an alias.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Host {
    /// The name, in lower case and without a dot at its end.
    pub name: String,
    /// Whether it is an alias: then keys say the name.
    pub alias: bool,
}

impl Host {
    /// The stack's own name.
    pub fn own(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            alias: false,
        }
    }

    /// A further name of the stack.
    pub fn alias(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            alias: true,
        }
    }
}
