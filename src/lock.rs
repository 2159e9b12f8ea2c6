//! A lock against two runs at once.
//!
//! In: the file of `--lock`. Out: a [`Lock`] that is held until it is dropped or the process ends, however it ends: a file that
//! is left behind locks nobody out. Nothing is ever written to the file, so naming the wrong one does no harm.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::ErrorKind;
use std::path::Path;

use crate::issue::{Issue, Place};

/// A lock that is held.
#[derive(Debug)]
pub struct Lock(#[allow(dead_code)] File);

impl Lock {
    /// Takes the lock, or says at once that another run has it.
    ///
    /// # Errors
    /// An issue of exit code 1 when it is taken, and of 2 when the file cannot be made.
    pub fn take(path: &Path) -> Result<Self, Issue> {
        let place = || Place::file(path.display().to_string());
        let refused = |what: String, hint: &str| Issue::usage(place(), what).hint(hint);
        if path.is_dir() {
            return Err(refused("is a folder, and a lock is a file".into(), "name a file for --lock"));
        }
        let file = OpenOptions::new().write(true).create(true).truncate(false).open(path).map_err(|error| {
            let why = match error.kind() {
                ErrorKind::NotFound => "there is no such folder".into(),
                ErrorKind::PermissionDenied => "this user may not write there".into(),
                _ => error.to_string(),
            };
            refused(
                format!("the lock cannot be made: {why}"),
                "name a file in a folder that is there, and that this user may write to",
            )
        })?;
        match file.try_lock() {
            Ok(()) => Ok(Self(file)),
            Err(TryLockError::WouldBlock) => Err(Issue::run(place(), "another run holds this lock").hint(
                "run again when it has ended; the lock ends with its run, so the file itself need never be removed",
            )),
            Err(TryLockError::Error(error)) => Err(Issue::run(place(), format!("cannot be locked: {error}"))
                .hint("name a file on a local disk for --lock: not every network drive has locks")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_at_a_time_and_nothing_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        std::fs::write(&path, "precious").unwrap();
        let held = Lock::take(&path).unwrap();
        let issue = Lock::take(&path).unwrap_err();
        assert_eq!((issue.fault.code(), issue.what.as_str()), (1, "another run holds this lock"));
        drop(held);
        Lock::take(&path).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "precious");
        let issue = Lock::take(folder.path()).unwrap_err();
        assert_eq!(issue.fault.code(), 2);
        let issue = Lock::take(&folder.path().join("no/lock")).unwrap_err();
        assert_eq!(issue.what, "the lock cannot be made: there is no such folder");
    }
}
