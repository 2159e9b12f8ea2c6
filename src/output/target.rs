//! Where an output file goes: checked before the work starts, replaced in one step when it is done.
//!
//! In: the path of `-o`. Out: a file that is either the old one or the whole new one, never a part of it. Devices and
//! pipes are written to directly.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};

use crate::issue::{Issue, Place};

/// How many symbolic links in a row are followed, as in Linux.
const LINKS: usize = 40;

/// A place that a report can be written to.
#[derive(Debug)]
pub struct Target {
    /// As the user named it, for messages.
    named: PathBuf,
    route: Route,
}

#[derive(Debug)]
enum Route {
    /// A device, a pipe, or an open stream such as `/dev/stdout`.
    Direct,
    /// A file, after following symbolic links, and its directory.
    Replace { file: PathBuf, directory: PathBuf },
}

impl Target {
    /// Checks that `path` can be written: its directory exists and takes new files; it is no directory itself; a file
    /// that is there can be changed. Leaves nothing behind.
    ///
    /// # Errors
    /// A usage issue with the file and the reason.
    pub fn check(path: &Path) -> Result<Self, Issue> {
        let issue = |reason: String| {
            let place = Place::file(path.display().to_string());
            Issue::usage(place, format!("the report cannot be written here: {reason}"))
        };
        let named = path.to_path_buf();
        if path.as_os_str().is_empty() {
            return Err(issue("the file name is empty".to_owned()).hint("name a file after `--output`"));
        }
        if path.as_os_str().as_encoded_bytes().ends_with(b"/") && !path.is_dir() {
            return Err(issue("it does not name a file".to_owned()).hint("leave out the slash at the end"));
        }
        if is_stream(path) {
            return Ok(Self { named, route: Route::Direct });
        }
        if let Some(parent) = path.parent().filter(|parent| parent.is_file()) {
            let parent = parent.display();
            return Err(issue("not a directory".to_owned()).hint(format!("`{parent}` is a file: name a directory")));
        }
        let Some(file) = follow(path).map_err(|e| issue(reason(&e)))? else {
            return Ok(Self { named, route: Route::Direct });
        };
        let directory = match file.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent.to_path_buf(),
            _ => PathBuf::from("."),
        };
        match fs::metadata(&file) {
            Ok(found) if found.is_dir() => {
                return Err(issue("it is a directory".to_owned())
                    .hint(format!("name a file in it: {}", path.join("report.csv").display())));
            }
            Ok(found) if !found.is_file() => {
                return Ok(Self { named, route: Route::Direct });
            }
            Ok(_) => {
                OpenOptions::new().write(true).open(&file).map_err(|e| {
                    issue(format!("the file is there and cannot be changed: {}", reason(&e)))
                        .hint("change its permissions, or name another file")
                })?;
            }
            Err(e) if e.kind() == io::ErrorKind::NotFound => {
                if !directory.exists() {
                    let shown = directory.display();
                    return Err(issue(format!("there is no directory `{shown}`")).hint(format!("mkdir -p {shown}")));
                }
            }
            Err(e) => return Err(issue(reason(&e))),
        }
        // Only making a file tells whether one can be made; it is removed at once.
        let probe = temporary().tempfile_in(&directory).map_err(|e| {
            issue(format!("no file can be made in `{}`: {}", directory.display(), reason(&e)))
                .hint("change the permissions of the directory, or name another one")
        })?;
        sweep(&directory, probe.as_file());
        Ok(Self { named, route: Route::Replace { file, directory } })
    }

    /// Lets `write` write, and only then puts the result in place of the old file, whose permission bits are kept (a new
    /// file has those of the umask). On any error the old file is as it was, and no temporary file is left.
    ///
    /// # Errors
    /// Those of `write`, and those of the disk with the file's name.
    pub fn replace(self, write: impl FnOnce(&mut dyn Write) -> Result<()>) -> Result<()> {
        let name = self.named.display();
        match self.route {
            Route::Direct => {
                // Appending, as `/dev/stdout` may be a file that the shell opened and others have written to.
                let stream =
                    OpenOptions::new().append(true).open(&self.named).with_context(|| format!("open {name}"))?;
                let mut out = BufWriter::new(stream);
                write(&mut out).and_then(|()| Ok(out.flush()?)).with_context(|| format!("write {name}"))
            }
            Route::Replace { file, directory } => {
                replace_file(&file, &directory, write).with_context(|| format!("write {name}"))
            }
        }
    }
}

fn replace_file(file: &Path, directory: &Path, write: impl FnOnce(&mut dyn Write) -> Result<()>) -> Result<()> {
    let old = match fs::metadata(file) {
        Ok(found) => Some(found.permissions()),
        Err(e) if e.kind() == io::ErrorKind::NotFound => None,
        Err(e) => return Err(e.into()),
    };
    let mut builder = temporary();
    #[cfg(unix)]
    if old.is_none() {
        // The system takes the umask off these bits when the file is made.
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    let mut temporary = builder.tempfile_in(directory)?;
    // Held while it is written, so that no other run takes it for one that was left behind.
    let _ = temporary.as_file().try_lock();
    let mut out = BufWriter::new(temporary.as_file_mut());
    write(&mut out)?;
    out.flush()?;
    drop(out);
    if let Some(permissions) = old {
        temporary.as_file().set_permissions(permissions)?;
    }
    temporary.as_file().sync_all()?;
    temporary.persist(file).map_err(|e| e.error)?;
    sync_directory(directory)
}

/// Makes the renaming last through a power cut; not every file system can, and then the file is there all the same.
pub(super) fn sync_directory(directory: &Path) -> Result<()> {
    if cfg!(unix) {
        match File::open(directory).and_then(|d| d.sync_all()) {
            Err(e)
                if !matches!(
                    e.kind(),
                    io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported | io::ErrorKind::PermissionDenied
                ) =>
            {
                return Err(e.into());
            }
            _ => {}
        }
    }
    Ok(())
}

const PREFIX: &str = ".onefunnel-";
const SUFFIX: &str = ".tmp";

pub(super) fn temporary() -> tempfile::Builder<'static, 'static> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(PREFIX).suffix(SUFFIX);
    builder
}

/// Removes what killed runs have left behind: temporary files and folders a day older than `probe`, a new file in the same
/// directory (so that only the clock of its disk counts), that nobody holds. What cannot be removed stays: it does no harm.
pub(super) fn sweep(directory: &Path, probe: &File) {
    const DAY: Duration = Duration::from_hours(24);
    let Ok(now) = probe.metadata().and_then(|about| about.modified()) else { return };
    let old = |path: &Path| -> io::Result<bool> {
        let about = fs::symlink_metadata(path)?;
        let age = now.duration_since(about.modified()?).unwrap_or_default();
        let free = || io::Result::Ok(OpenOptions::new().write(true).open(path)?.try_lock().is_ok());
        Ok(age > DAY && (about.is_dir() || (about.is_file() && free()?)))
    };
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let ours = name.to_str().is_some_and(|name| name.starts_with(PREFIX) && name.ends_with(SUFFIX));
        if ours && old(&entry.path()).unwrap_or(false) {
            let path = entry.path();
            let _ = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
        }
    }
}

/// Follows symbolic links by hand, so that a link to a file that is still to be made works too. `None` for a stream.
fn follow(path: &Path) -> io::Result<Option<PathBuf>> {
    let mut at = path.to_path_buf();
    for _ in 0..LINKS {
        match fs::symlink_metadata(&at) {
            Ok(found) if found.is_symlink() => {
                let next = fs::read_link(&at)?;
                at = at.parent().map_or_else(|| next.clone(), |parent| parent.join(&next));
                if is_stream(&at) {
                    return Ok(None);
                }
            }
            _ => return Ok(Some(at)),
        }
    }
    Err(io::Error::other("too many symbolic links"))
}

/// Streams that are already open: what they lead to must not be replaced by name.
fn is_stream(path: &Path) -> bool {
    path == Path::new("/dev/stdout")
        || path == Path::new("/dev/stderr")
        || path.starts_with("/dev/fd")
        || (path.starts_with("/proc") && path.components().any(|c| c.as_os_str() == "fd"))
}

/// The system's words without its error number.
pub(super) fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or(&text).to_lowercase()
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;
    use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

    fn files(directory: &Path) -> Vec<String> {
        let mut names: Vec<String> =
            fs::read_dir(directory).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    fn put(path: &Path, text: &str) -> Result<()> {
        Target::check(path).unwrap().replace(|out| Ok(out.write_all(text.as_bytes())?))
    }

    #[test]
    fn replaces_and_keeps_the_mode() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("out.csv");
        fs::write(&file, "old, and longer than the new").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
        let inode = fs::metadata(&file).unwrap().ino();
        put(&file, "new").unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap(), "new");
        assert_eq!(fs::metadata(&file).unwrap().mode() & 0o7777, 0o640);
        assert_ne!(fs::metadata(&file).unwrap().ino(), inode, "a new file took the name");
        assert_eq!(files(dir.path()), ["out.csv"]);
    }

    #[test]
    fn a_new_file_has_the_modes_of_the_umask() {
        let dir = tempfile::tempdir().unwrap();
        File::create(dir.path().join("reference")).unwrap();
        put(&dir.path().join("new"), "x").unwrap();
        let mode = |name: &str| fs::metadata(dir.path().join(name)).unwrap().mode();
        assert_eq!(mode("new"), mode("reference"));
    }

    #[test]
    fn an_error_leaves_everything_as_it_was() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("out.csv");
        fs::write(&file, "old").unwrap();
        let error = Target::check(&file)
            .unwrap()
            .replace(|out| {
                out.write_all(&vec![b'x'; 100_000])?;
                Err(io::Error::from(io::ErrorKind::BrokenPipe).into())
            })
            .unwrap_err();
        let kind = error.chain().find_map(|e| e.downcast_ref::<io::Error>()).map(io::Error::kind);
        assert_eq!(kind, Some(io::ErrorKind::BrokenPipe));
        assert!(error.to_string().ends_with("out.csv"), "{error}");
        assert_eq!(fs::read_to_string(&file).unwrap(), "old");
        assert_eq!(files(dir.path()), ["out.csv"]);
    }

    #[test]
    fn what_killed_runs_have_left_behind_goes_after_a_day() {
        let dir = tempfile::tempdir().unwrap();
        let day = Duration::from_hours(24);
        let now = File::create(dir.path().join("reference")).unwrap().metadata().unwrap().modified().unwrap();
        let left =
            [(".onefunnel-old.tmp", 2), (".onefunnel-held.tmp", 2), (".onefunnel-young.tmp", 0), (".other.tmp", 2)];
        let files_left: Vec<File> = left
            .iter()
            .map(|(name, days)| {
                let file = File::create(dir.path().join(name)).unwrap();
                file.set_modified(now - day * *days).unwrap();
                file
            })
            .collect();
        files_left[1].try_lock().unwrap();
        fs::create_dir(dir.path().join(".onefunnel-folder.tmp")).unwrap();
        let folder = dir.path().join(".onefunnel-old-folder.tmp");
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join("half.csv"), "half").unwrap();
        File::open(&folder).unwrap().set_modified(now - day * 2).unwrap();
        put(&dir.path().join("out.csv"), "new").unwrap();
        let expected = [
            ".onefunnel-folder.tmp",
            ".onefunnel-held.tmp",
            ".onefunnel-young.tmp",
            ".other.tmp",
            "out.csv",
            "reference",
        ];
        assert_eq!(files(dir.path()), expected);
    }

    #[test]
    fn links_stay_links() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("real")).unwrap();
        fs::write(dir.path().join("real/out.csv"), "old").unwrap();
        let links = [("a", "real/out.csv"), ("b", "a"), ("dangling", "real/later.csv")];
        for (link, to) in links {
            symlink(to, dir.path().join(link)).unwrap();
        }
        put(&dir.path().join("b"), "new").unwrap();
        put(&dir.path().join("dangling"), "later").unwrap();
        for (link, _) in links {
            assert!(fs::symlink_metadata(dir.path().join(link)).unwrap().is_symlink());
        }
        assert_eq!(fs::read_to_string(dir.path().join("real/out.csv")).unwrap(), "new");
        assert_eq!(fs::read_to_string(dir.path().join("real/later.csv")).unwrap(), "later");
        assert_eq!(files(&dir.path().join("real")), ["later.csv", "out.csv"]);
    }

    #[test]
    fn devices_and_pipes_are_written_to() {
        put(Path::new("/dev/null"), "x").unwrap();
        assert!(!fs::metadata("/dev/null").unwrap().is_file());
        let dir = tempfile::tempdir().unwrap();
        let fifo = dir.path().join("fifo");
        assert!(std::process::Command::new("mkfifo").arg(&fifo).status().unwrap().success());
        let reader = std::thread::spawn({
            let fifo = fifo.clone();
            move || fs::read_to_string(fifo).unwrap()
        });
        put(&fifo, "through").unwrap();
        assert_eq!(reader.join().unwrap(), "through");
        assert_eq!(files(dir.path()), ["fifo"]);
        assert!(matches!(Target::check(Path::new("/dev/stdout")).unwrap().route, Route::Direct));
        symlink("/dev/stdout", dir.path().join("link")).unwrap();
        assert!(matches!(Target::check(&dir.path().join("link")).unwrap().route, Route::Direct));
    }

    #[test]
    fn what_cannot_work_is_said_before() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("file"), "").unwrap();
        symlink("loop", dir.path().join("loop")).unwrap();
        let said = |path: &Path| Target::check(path).unwrap_err();
        let root = dir.path().display();

        let issue = said(&dir.path().join("no/such/out.csv"));
        assert_eq!(issue.fault.code(), 2);
        assert_eq!(
            issue.to_string(),
            format!(
                "error: {root}/no/such/out.csv: the report cannot be written here: there is no directory `{root}/no/such`\n  \
                 help: mkdir -p {root}/no/such"
            )
        );
        let issue = said(dir.path());
        assert!(issue.what.ends_with("it is a directory"), "{issue}");
        assert_eq!(issue.hint, Some(format!("name a file in it: {root}/report.csv")));
        assert!(said(&dir.path().join("file/out.csv")).what.ends_with("not a directory"));
        assert!(said(&dir.path().join("loop")).what.ends_with("too many symbolic links"));
        assert!(said(Path::new("")).what.ends_with("the file name is empty"));
        assert!(said(&dir.path().join("new/")).what.ends_with("it does not name a file"));
        if Path::new("/proc/self").exists() {
            let issue = said(Path::new("/proc/onefunnel.csv"));
            assert!(issue.what.contains("no file can be made in `/proc`"), "{issue}");
        }
        assert_eq!(files(dir.path()), ["file", "loop"]);
    }

    #[test]
    fn a_bare_name_is_in_the_working_directory() {
        let target = Target::check(Path::new("onefunnel-target-test.csv")).unwrap();
        assert!(matches!(target.route, Route::Replace { directory, .. } if directory == Path::new(".")));
        assert!(!Path::new("onefunnel-target-test.csv").exists());
    }
}
