//! Ownership: the proof without which nothing that exists is changed or
//! deleted.
//!
//! A [`Mark`] is read off the thing itself, as AWS reports it. Only a thing with
//! a mark becomes an [`Ours`], and only an [`Ours`] can be handed to `update`
//! and `delete`. What is merely called like ours, carries another stack's tags,
//! or is borrowed never becomes one.

use std::ops::Deref;

use aws_smithy_types::DateTime;

use super::{
    Key,
    tags::{self, Tags},
};
use crate::error::{Error, ErrorKind, Result};

/// The proof that a thing is a stack's own, and which of its resources it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    stack: String,
    key: Key,
}

impl Mark {
    /// The mark of a thing by its tags.
    ///
    /// Enough for things without a name that AWS keeps (endpoints, rules) or
    /// with one that anybody may change (APIs).
    pub fn of_tags(tags: &Tags, stack: &str) -> Option<Self> {
        let key = tags::key_of(tags, stack)?;
        Some(Self {
            stack: stack.to_owned(),
            key,
        })
    }

    /// The mark of a thing whose name AWS lets nobody change: tags and name
    /// have to agree. Tags alone prove little there, since the console copies
    /// them with a security group.
    pub fn of_tags_and_name(
        tags: &Tags,
        stack: &str,
        name: &str,
        expected: impl FnOnce(&Key) -> String,
    ) -> Option<Self> {
        let mark = Self::of_tags(tags, stack)?;
        let expected = expected(&mark.key);
        if name == expected {
            return Some(mark);
        }
        tracing::warn!(
            "{name} carries the tags of {stack}'s {} but is not called {expected}: it is left alone",
            mark.key
        );
        None
    }

    /// The mark of what cannot be tagged and cannot be without the thing it is
    /// a part of: a mapping, a deployment, the targets of a group.
    #[must_use]
    pub fn for_part(&self, key: Key) -> Self {
        Self {
            stack: self.stack.clone(),
            key,
        }
    }

    /// The mark of what cannot be tagged and stands by itself, if its own words
    /// name the stack: an alias to the stack's load balancer, a statement with
    /// the stack's id.
    pub fn signed(stack: &str, key: Key, names_the_stack: bool) -> Option<Self> {
        names_the_stack.then(|| Self {
            stack: stack.to_owned(),
            key,
        })
    }

    /// The stack.
    pub fn stack(&self) -> &str {
        &self.stack
    }

    /// Which of its resources it is.
    pub fn key(&self) -> &Key {
        &self.key
    }
}

/// A thing that exists.
#[derive(Clone, Debug)]
pub struct Found<A> {
    /// Its key.
    pub key: Key,
    /// AWS's id for it.
    pub id: String,
    /// AWS's word for its state, in lower case.
    pub state: String,
    /// Where that id is unique: the domain of a mapping, the API of a stage.
    /// Empty where AWS's ids are unique by themselves.
    pub scope: String,
    /// The id of the thing it disappears with, if any.
    pub parent: Option<String>,
    /// The setting that forbids its deletion, if it is on.
    pub protection: Option<&'static str>,
    /// When it was made, where AWS says so.
    pub created: Option<DateTime>,
    /// The ids and managed fields, as AWS reports them.
    pub actual: A,
    mark: Option<Mark>,
}

impl<A: Clone> Found<A> {
    /// A thing of the stack's own.
    pub fn ours(mark: Mark, id: impl Into<String>, state: impl Into<String>, actual: A) -> Self {
        Self {
            key: mark.key.clone(),
            id: id.into(),
            state: state.into(),
            scope: String::new(),
            parent: None,
            protection: None,
            created: None,
            actual,
            mark: Some(mark),
        }
    }

    /// A thing that the configuration borrows: looked at, never touched.
    pub fn borrowed(key: Key, id: impl Into<String>, state: impl Into<String>, actual: A) -> Self {
        Self {
            key,
            id: id.into(),
            state: state.into(),
            scope: String::new(),
            parent: None,
            protection: None,
            created: None,
            actual,
            mark: None,
        }
    }

    /// Names the thing it disappears with.
    #[must_use]
    pub fn within(mut self, parent: impl Into<String>) -> Self {
        self.parent = Some(parent.into());
        self
    }

    /// Names what its id is unique in.
    #[must_use]
    pub fn scoped(mut self, scope: impl Into<String>) -> Self {
        self.scope = scope.into();
        self
    }

    /// Names the setting that forbids its deletion, where one is on.
    #[must_use]
    pub fn protected(mut self, by: Option<&'static str>) -> Self {
        self.protection = by;
        self
    }

    /// Says when it was made.
    #[must_use]
    pub fn since(mut self, created: Option<DateTime>) -> Self {
        self.created = created;
        self
    }

    /// Whose it is; none if it is borrowed.
    pub fn mark(&self) -> Option<&Mark> {
        self.mark.as_ref()
    }

    /// The thing as one that may be changed and deleted.
    ///
    /// # Errors
    ///
    /// It is borrowed.
    pub fn own(&self) -> Result<Ours<A>> {
        let mark = self.mark.clone().ok_or_else(|| {
            let message = format!("{} is borrowed and not hybridgw's to change", self.id);
            Error::new(ErrorKind::NotOurs, message)
        })?;
        Ok(Ours {
            mark,
            actual: self.actual.clone(),
        })
    }
}

/// A thing that is proven to be the stack's own: what `update` and `delete`
/// take. It reads like what AWS reports of the thing.
#[derive(Clone, Debug)]
pub struct Ours<A> {
    mark: Mark,
    actual: A,
}

impl<A> Ours<A> {
    /// The stack whose it is.
    pub fn stack(&self) -> &str {
        &self.mark.stack
    }

    /// Which of the stack's resources it is.
    pub fn key(&self) -> &Key {
        &self.mark.key
    }
}

impl<A> Deref for Ours<A> {
    type Target = A;

    fn deref(&self) -> &A {
        &self.actual
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resource::Kind;

    fn tags(stack: &str, key: &str) -> Tags {
        Tags::from([
            (tags::STACK.to_owned(), stack.to_owned()),
            (tags::RESOURCE.to_owned(), key.to_owned()),
        ])
    }

    #[test]
    fn a_copy_of_our_group_with_our_tags_and_another_name_is_not_ours() {
        let tags = tags("orders", "endpoint-security-group");
        let name = |_: &Key| "orders-endpoint".to_owned();
        assert!(Mark::of_tags_and_name(&tags, "orders", "orders-endpoint", name).is_some());
        assert!(Mark::of_tags_and_name(&tags, "orders", "orders-endpoint-2", name).is_none());
    }

    #[test]
    fn another_stacks_thing_has_no_mark_of_ours() {
        assert!(Mark::of_tags(&tags("orders", "listener"), "orders-dev").is_none());
        assert!(Mark::of_tags(&Tags::new(), "orders").is_none());
    }

    #[test]
    fn a_thing_tells_whose_it_is_which_and_where() {
        let mark = Mark::of_tags(&tags("orders", "rest-api"), "orders").expect("it is ours");
        assert_eq!((mark.stack(), mark.key().as_str()), ("orders", "rest-api"));
        let part = mark.for_part(Key::bare(Kind::Stage));
        assert_eq!((part.stack(), part.key().as_str()), ("orders", "stage"));
        let signed = |names_it| Mark::signed("orders", part.key().clone(), names_it);
        assert_eq!((signed(true), signed(false)), (Some(part.clone()), None));

        let made = Some(DateTime::from_secs(1));
        let found = Found::ours(part.clone(), "v1", "active", 7)
            .within("api")
            .scoped("a1b2")
            .protected(Some("a.setting"))
            .since(made);
        assert_eq!((found.id.as_str(), found.state.as_str()), ("v1", "active"));
        assert_eq!(
            (found.parent.as_deref(), found.scope.as_str()),
            (Some("api"), "a1b2")
        );
        assert_eq!((found.protection, found.created), (Some("a.setting"), made));
        assert_eq!((&found.key, found.mark()), (part.key(), Some(&part)));
        let own = found.own().expect("it is ours");
        assert_eq!(
            (own.stack(), own.key().as_str(), *own),
            ("orders", "stage", 7)
        );
    }

    #[test]
    fn what_is_borrowed_cannot_be_changed_or_deleted() {
        let borrowed = Found::borrowed(Key::bare(Kind::VpcEndpoint), "vpce-1", "available", ());
        let error = borrowed.own().expect_err("it has no mark");
        assert_eq!(error.kind, ErrorKind::NotOurs);
    }
}
