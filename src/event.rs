//! What happens, as values. The engine prints nothing: it emits these, and the
//! live tree, the plain log and the JSON lines are three renderings of them.

use std::time::Duration;

use crate::{error::Error, resource::Key};

/// Something that happened to one resource.
#[derive(Clone, Debug)]
pub struct Event {
    /// The resource.
    pub key: Key,
    /// What happened.
    pub happening: Happening,
    /// Time since the resource was taken up.
    pub elapsed: Duration,
}

/// What happened to a resource.
#[derive(Clone, Debug)]
pub enum Happening {
    /// It waits for neighbours; their names.
    Queued(String),
    /// AWS is asked to make it.
    Creating,
    /// AWS is asked to change these fields.
    Updating(String),
    /// AWS is asked to delete it.
    Deleting,
    /// It waits for AWS; why.
    Waiting(String),
    /// It is there and finished: it was made.
    Created,
    /// It is as wanted: it was changed.
    Updated,
    /// It is as wanted and was not touched.
    Kept,
    /// It is gone.
    Deleted,
    /// It could not be made, changed or deleted.
    Failed(Error),
    /// It was left where it is, because the run stopped; why.
    Stopped(String),
}

impl Happening {
    /// The word for it in logs and JSON.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Queued(_) => "queued",
            Self::Creating => "creating",
            Self::Updating(_) => "updating",
            Self::Deleting => "deleting",
            Self::Waiting(_) => "waiting",
            Self::Created => "created",
            Self::Updated => "updated",
            Self::Kept => "kept",
            Self::Deleted => "deleted",
            Self::Failed(_) => "failed",
            Self::Stopped(_) => "stopped",
        }
    }

    /// What more there is to say.
    pub fn detail(&self) -> Option<String> {
        match self {
            Self::Queued(text)
            | Self::Updating(text)
            | Self::Waiting(text)
            | Self::Stopped(text) => Some(text.clone()),
            Self::Failed(error) => Some(error.to_string()),
            _ => None,
        }
    }

    /// Whether nothing more will happen to the resource in this pass.
    pub fn is_final(&self) -> bool {
        matches!(
            self,
            Self::Created
                | Self::Updated
                | Self::Kept
                | Self::Deleted
                | Self::Failed(_)
                | Self::Stopped(_)
        )
    }
}

/// Where events go.
pub trait Sink: Send + Sync {
    /// Takes an event. It must not block for long.
    fn emit(&self, event: Event);
}

/// Drops every event.
pub struct Silent;

impl Sink for Silent {
    fn emit(&self, _event: Event) {}
}
