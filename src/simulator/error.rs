//! What can be wrong with a world file or with conditions.

use std::path::PathBuf;

/// Why a world or its conditions cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum WorldError {
    /// Another process has the file open.
    #[error("{} is in use by another command", .0.display())]
    InUse(PathBuf),
    /// The file is of another format.
    #[error("{} is a world of format {found}, and this program reads format {known}: remove the file to start anew", .path.display())]
    Version {
        /// The file.
        path: PathBuf,
        /// Its format.
        found: u64,
        /// The one that is read.
        known: u32,
    },
    /// The file cannot be read or written.
    #[error("{}: {source}", .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The text is not what it should be.
    #[error("not understood: {0}")]
    Json(#[from] serde_json::Error),
    /// A rule about an operation that does not exist here.
    #[error(
        "no operation is called {0:?}: rules name `service:Operation`, as in `elasticloadbalancing:CreateRule`"
    )]
    UnknownOperation(String),
    /// An override of a latency that does not exist.
    #[error("there is no latency called {0:?}")]
    UnknownLatency(String),
}
