//! The world file: locked for as long as it is open, versioned, replaced whole.

use std::fs::{self, File, TryLockError};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use super::error::WorldError;
use super::world::{VERSION, World};

/// An open world file. The lock is a file beside it, for the file itself is replaced at each save.
#[derive(Debug)]
pub struct WorldFile {
    path: PathBuf,
    _lock: File,
}

impl WorldFile {
    /// Opens and locks a world file; no world in it yet is fine.
    pub fn open(path: &Path) -> Result<(Self, Option<World>), WorldError> {
        let failed = |source| WorldError::Io {
            path: path.to_owned(),
            source,
        };
        if let Some(folder) = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty())
        {
            fs::create_dir_all(folder).map_err(failed)?;
        }
        let lock = File::create(beside(path, "lock")).map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(WorldError::InUse(path.to_owned())),
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        let world = match read(path) {
            Ok(text) => Some(parse(path, &text)?),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => return Err(failed(error)),
        };
        Ok((
            Self {
                path: path.to_owned(),
                _lock: lock,
            },
            world,
        ))
    }

    /// Replaces the file by this world, whole or not at all.
    pub fn save(&self, world: &World) -> Result<(), WorldError> {
        let failed = |source| WorldError::Io {
            path: self.path.clone(),
            source,
        };
        let next = beside(&self.path, "next");
        fs::write(&next, serde_json::to_vec(world)?).map_err(failed)?;
        fs::rename(&next, &self.path).map_err(failed)
    }
}

/// Many times as large as a world of hundreds of stacks.
const MOST_BYTES: u64 = 256 * 1024 * 1024;

/// The text of the file. A pipe would hang, a device has no end, and neither can
/// be replaced by the next world.
fn read(path: &Path) -> io::Result<String> {
    let meta = fs::metadata(path)?;
    if !meta.is_file() {
        let words = "it is not a regular file";
        return Err(io::Error::new(ErrorKind::InvalidInput, words));
    }
    if meta.len() > MOST_BYTES {
        let words = format!("{} bytes are too many", meta.len());
        return Err(io::Error::new(ErrorKind::FileTooLarge, words));
    }
    fs::read_to_string(path)
}

fn parse(path: &Path, text: &str) -> Result<World, WorldError> {
    let failed = |error: serde_json::Error| WorldError::Io {
        path: path.to_owned(),
        source: io::Error::new(ErrorKind::InvalidData, error),
    };
    let tree: serde_json::Value = serde_json::from_str(text).map_err(failed)?;
    let found = tree["version"].as_u64().unwrap_or(0);
    if found != u64::from(VERSION) {
        return Err(WorldError::Version {
            path: path.to_owned(),
            found,
            known: VERSION,
        });
    }
    serde_json::from_value(tree).map_err(failed)
}

/// `world.json` → `world.json.lock`
fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(suffix);
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Time;

    fn scratch(name: &str) -> PathBuf {
        let folder =
            std::env::temp_dir().join(format!("hybridgw-world-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        folder.join("deep/world.json")
    }

    #[test]
    fn a_world_comes_back_as_it_was() {
        let path = scratch("back");
        let (file, none) = WorldFile::open(&path).unwrap();
        assert!(none.is_none());
        let world = World::new(3, Time::START);
        file.save(&world).unwrap();
        drop(file);
        let (_file, back) = WorldFile::open(&path).unwrap();
        assert_eq!(
            serde_json::to_value(back.unwrap()).unwrap(),
            serde_json::to_value(world).unwrap()
        );
    }

    #[test]
    fn two_commands_do_not_share_a_world() {
        let path = scratch("lock");
        let _first = WorldFile::open(&path).unwrap();
        assert!(matches!(WorldFile::open(&path), Err(WorldError::InUse(_))));
    }

    #[test]
    fn what_is_no_regular_file_is_no_world() {
        let path = scratch("pipe");
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let made = std::process::Command::new("mkfifo").arg(&path).status();
        assert!(made.unwrap().success());
        let error = WorldFile::open(&path).unwrap_err().to_string();
        assert!(error.contains("world.json"), "{error}");
    }

    #[test]
    fn a_file_that_is_no_world_is_named() {
        let path = scratch("no-world");
        drop(WorldFile::open(&path).unwrap());
        for text in ["stack = \"orders\"", "{\"version\": 1}"] {
            fs::write(&path, text).unwrap();
            let error = WorldFile::open(&path).unwrap_err().to_string();
            assert!(error.contains("world.json"), "{error}");
        }
    }

    #[test]
    fn another_format_is_refused() {
        let path = scratch("format");
        drop(WorldFile::open(&path).unwrap());
        fs::write(&path, r#"{"version": 99}"#).unwrap();
        assert!(matches!(
            WorldFile::open(&path),
            Err(WorldError::Version { found: 99, .. })
        ));
    }
}
