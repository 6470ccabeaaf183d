//! Reading a file that somebody named.
//!
//! The name may lead to anything: a pipe that nobody writes to, a device
//! without an end, a directory. Reading it must neither hang nor fill the
//! memory. A pipe is welcome if something comes: `--config <(envsubst < file)`.

use std::{
    fmt,
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
    sync::mpsc::{self, RecvTimeoutError},
    thread,
    time::Duration,
};

/// The longest that a pipe or a device is waited for.
const PATIENCE: Duration = Duration::from_secs(10);

/// The bytes of what is at `path`, if they are at most `limit`.
///
/// # Errors
///
/// It cannot be read, is larger, or is no regular file and has no end within
/// ten seconds. The error does not name it.
pub fn read(path: &Path, limit: usize) -> io::Result<Vec<u8>> {
    read_within(path, limit, PATIENCE)
}

/// The text of what is at `path`, if it has at most `limit` bytes.
///
/// # Errors
///
/// As [`read`]; or it is not UTF-8.
pub fn read_text(path: &Path, limit: usize) -> io::Result<String> {
    let no_text = |_| io::Error::new(io::ErrorKind::InvalidData, "it is not UTF-8");
    String::from_utf8(read(path, limit)?).map_err(no_text)
}

fn read_within(path: &Path, limit: usize, patience: Duration) -> io::Result<Vec<u8>> {
    let meta = std::fs::metadata(path)?;
    if meta.is_file() {
        // Asked before reading: the size is known.
        if meta.len() > limit as u64 {
            return Err(too_large(format_args!("{}", meta.len())));
        }
        return bounded(path, limit);
    }
    // To open a pipe waits for its other end, and cannot be called off: the
    // thread stays behind, and ends with the process.
    let (send, receive) = mpsc::channel();
    let path = PathBuf::from(path);
    thread::spawn(move || send.send(bounded(&path, limit)));
    match receive.recv_timeout(patience) {
        Ok(done) => done,
        Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
            let seconds = patience.as_secs();
            Err(io::Error::new(
                io::ErrorKind::TimedOut,
                format!("it is no regular file, and did not end within {seconds} seconds"),
            ))
        }
    }
}

fn bounded(path: &Path, limit: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    // One more than is allowed tells too much from just enough.
    let most = u64::try_from(limit).map_or(u64::MAX, |limit| limit.saturating_add(1));
    File::open(path)?.take(most).read_to_end(&mut bytes)?;
    if bytes.len() > limit {
        return Err(too_large(format_args!("more than {limit}")));
    }
    Ok(bytes)
}

fn too_large(count: fmt::Arguments<'_>) -> io::Error {
    let words = format!("{count} bytes are too many");
    io::Error::new(io::ErrorKind::FileTooLarge, words)
}

#[cfg(test)]
mod tests {
    use std::{fs, io::ErrorKind, process::Command};

    use super::*;

    fn scratch(name: &str) -> PathBuf {
        let folder =
            std::env::temp_dir().join(format!("hybridgw-file-{}-{name}", std::process::id()));
        fs::create_dir_all(&folder).expect("a folder");
        folder
    }

    #[test]
    fn a_file_is_read_up_to_its_limit_and_no_further() {
        let file = scratch("limit").join("a");
        fs::write(&file, "12345").expect("written");
        assert_eq!(read(&file, 5).expect("it fits"), b"12345");
        let error = read(&file, 4).expect_err("too large");
        assert_eq!(error.kind(), ErrorKind::FileTooLarge);
        assert_eq!(error.to_string(), "5 bytes are too many");
    }

    #[test]
    fn a_device_without_an_end_fills_no_memory() {
        let error = read(Path::new("/dev/zero"), 1000).expect_err("endless");
        assert_eq!(error.to_string(), "more than 1000 bytes are too many");
        assert_eq!(read(Path::new("/dev/null"), 1000).expect("empty"), b"");
    }

    #[test]
    fn a_pipe_is_read_if_somebody_writes_and_given_up_if_nobody_does() {
        let pipe = scratch("pipe").join("p");
        let _ = fs::remove_file(&pipe);
        let made = Command::new("mkfifo").arg(&pipe).status().expect("mkfifo");
        assert!(made.success());
        let error = read_within(&pipe, 1000, Duration::from_millis(50)).expect_err("nobody");
        assert_eq!(error.kind(), ErrorKind::TimedOut);

        let other = scratch("pipe").join("q");
        let _ = fs::remove_file(&other);
        let made = Command::new("mkfifo").arg(&other).status().expect("mkfifo");
        assert!(made.success());
        let writer = {
            let other = other.clone();
            thread::spawn(move || fs::write(other, "text"))
        };
        assert_eq!(read_text(&other, 1000).expect("somebody"), "text");
        writer.join().expect("no panic").expect("written");
    }

    #[test]
    fn what_is_not_there_or_is_a_folder_is_an_error() {
        let folder = scratch("folder");
        assert!(read(&folder, 10).is_err());
        let missing = read(&folder.join("no"), 10).expect_err("missing");
        assert_eq!(missing.kind(), ErrorKind::NotFound);
    }
}
