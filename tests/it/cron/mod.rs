//! What a run under cron meets: kills, full disks, locks, odd inputs, and nobody who looks.

mod inputs;
mod kill;
mod nightly;
mod package;
mod said;
mod tools;

use std::path::Path;
use std::process::Output;
use std::time::{Duration, Instant};

/// What stderr says.
fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Opens a pipe for writing as soon as somebody reads it.
#[cfg(target_os = "linux")]
fn fed(pipe: &Path) -> std::fs::File {
    use std::os::unix::fs::OpenOptionsExt;
    const NON_BLOCKING: i32 = 0o4000;
    let began = Instant::now();
    loop {
        match std::fs::OpenOptions::new().write(true).custom_flags(NON_BLOCKING).open(pipe) {
            Ok(file) => return file,
            Err(error) => {
                assert!(began.elapsed() < Duration::from_mins(1), "nobody reads {}: {error}", pipe.display());
            }
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[cfg(unix)]
fn mkfifo(path: &Path) {
    assert!(std::process::Command::new("mkfifo").arg(path).status().unwrap().success());
}

/// Tests run as root in many containers, where modes mean nothing.
fn is_root() -> bool {
    let id = std::process::Command::new("id").arg("-u").output();
    id.is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}
