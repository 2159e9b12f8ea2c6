//! Kills and full disks: the old file, or the whole new one.

use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use super::{is_root, said};
use crate::behaviour::{ACME, SPEND, folder, names, run_in};
use crate::common::{bin, command, root};

#[cfg(unix)]
#[test]
fn killed_at_many_points_the_output_is_whole_and_what_is_left_goes_later() {
    use std::os::unix::process::ExitStatusExt;
    const POINTS: u32 = 40;
    let dir = tempfile::tempdir().unwrap();
    let mut killed = 0;
    for name in ["out.csv", "out.json"] {
        let out = dir.path().join(name);
        let args = ["scorecard", ACME, "--period", "month", "-q", "-o", out.to_str().unwrap()];
        let began = Instant::now();
        assert!(command(&args).status().unwrap().success());
        let whole_run = began.elapsed();
        let new = std::fs::read(&out).unwrap();
        for point in 0..POINTS {
            std::fs::write(&out, "old\n").unwrap();
            let mut child = command(&args).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
            std::thread::sleep(whole_run * point / (POINTS - 4));
            child.kill().unwrap();
            let status = child.wait().unwrap();
            let found = std::fs::read(&out).unwrap();
            assert!(found == b"old\n" || found == new, "{name} at {point}: {} bytes that are neither", found.len());
            assert!(!status.success() || found == new, "{name} at {point}: success, and the old file");
            killed += u32::from(status.signal() == Some(9));
            for left in names(dir.path()).iter().filter(|left| !left.starts_with("out.")) {
                assert!(left.starts_with(".onefunnel-"), "{left} is left behind");
            }
        }
    }
    assert!(killed > POINTS / 2, "only {killed} runs were killed in time");
    // As a kill in the middle of writing leaves it: a run of the next day takes it away, one of today does not.
    let (old, young) = (dir.path().join(".onefunnel-aaaaaa.tmp"), dir.path().join(".onefunnel-bbbbbb.tmp"));
    let made = std::fs::File::create(&old).unwrap();
    made.set_modified(made.metadata().unwrap().modified().unwrap() - Duration::from_hours(25)).unwrap();
    drop(made);
    std::fs::write(&young, "half").unwrap();
    let out = dir.path().join("out.csv");
    assert!(command(&["scorecard", ACME, "-q", "-o", out.to_str().unwrap()]).status().unwrap().success());
    assert!(!old.exists() && young.exists(), "{:?}", names(dir.path()));
}

/// Where no more than so many blocks of 1,024 bytes fit into a file.
#[cfg(unix)]
fn cramped(dir: &Path, blocks: u32, args: &str) -> Output {
    let line = format!("trap '' XFSZ; ulimit -f {blocks}; exec '{}' {args}", bin());
    Command::new("bash").args(["-c", &line]).current_dir(dir).output().unwrap()
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_said_and_leaves_the_old_file() {
    let acme = root().join(ACME);
    let acme = acme.to_str().unwrap();
    for name in ["out.csv", "out.json", "out.md"] {
        let dir = folder(&[(name, "old\n")]);
        let output = cramped(dir.path(), 1, &format!("scorecard '{acme}' -o {name}"));
        assert_eq!(
            (output.status.code(), said(&output)),
            (Some(1), format!("error: write {name}: File too large (os error 27)\n"))
        );
        assert_eq!(std::fs::read_to_string(dir.path().join(name)).unwrap(), "old\n");
        assert_eq!(names(dir.path()), [name]);
    }
    // The list of rejects comes first, and nothing else is written after it failed.
    let bad = SPEND.to_string() + &"some day,sales,people,50\n".repeat(2000);
    let dir = folder(&[("spend.csv", &bad), ("out.csv", "old\n"), ("bad.csv", "old\n")]);
    let output = cramped(dir.path(), 1, "scorecard spend.csv --max-bad-rows 100% --rejects bad.csv -o out.csv");
    assert_eq!(
        (output.status.code(), said(&output)),
        (Some(1), "error: write bad.csv: File too large (os error 27)\n".into())
    );
    assert_eq!(names(dir.path()), ["bad.csv", "out.csv", "spend.csv"]);
    for name in ["bad.csv", "out.csv"] {
        assert_eq!(std::fs::read_to_string(dir.path().join(name)).unwrap(), "old\n");
    }
    let dir = folder(&[("spend.csv", SPEND)]);
    std::os::unix::fs::symlink("/dev/full", dir.path().join("out.csv")).unwrap();
    let output = run_in(dir.path(), &["scorecard", "spend.csv", "-o", "out.csv"]);
    assert_eq!(
        (output.status.code(), said(&output)),
        (Some(1), "error: write out.csv: No space left on device (os error 28)\n".into())
    );
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = command(&["scorecard", ACME]).stdout(full).output().unwrap();
    let expected = "error: write to stdout: No space left on device (os error 28)\n";
    assert_eq!((output.status.code(), said(&output)), (Some(1), expected.into()));
}

/// A real small disk, where whoever runs the tests may mount one.
#[cfg(target_os = "linux")]
#[test]
fn a_small_disk_is_full_and_the_old_file_is_intact() {
    let dir = tempfile::tempdir().unwrap();
    let mount =
        |args: &[&str]| Command::new("mount").args(args).arg(dir.path()).output().is_ok_and(|o| o.status.success());
    if !is_root() || !mount(&["-t", "tmpfs", "-o", "size=64k", "onefunnel-test"]) {
        eprintln!("skipped: a small disk can only be mounted by root");
        return;
    }
    let out = dir.path().join("out.json");
    std::fs::write(&out, "old\n").unwrap();
    let output = command(&["scorecard", ACME, "--period", "month", "-o", out.to_str().unwrap()]).output().unwrap();
    let found = (output.status.code(), said(&output), std::fs::read_to_string(&out).unwrap(), names(dir.path()));
    assert!(Command::new("umount").arg(dir.path()).status().unwrap().success());
    let expected = format!("error: write {}: No space left on device (os error 28)\n", out.display());
    assert_eq!(found, (Some(1), expected, "old\n".into(), vec!["out.json".to_string()]));
}

#[cfg(target_os = "linux")]
#[test]
fn a_folder_that_takes_no_file_is_refused_before_the_work() {
    let output = command(&["scorecard", ACME, "-v", "-o", "/sys/onefunnel.csv"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    let expected = "error: /sys/onefunnel.csv: the report cannot be written here: no file can be made in `/sys`: ";
    assert!(said(&output).starts_with(expected), "{}", said(&output));

    // One of one's own, with a report of yesterday in it.
    let dir = folder(&[("out.csv", "old\n")]);
    let path = dir.path().to_str().unwrap();
    let locked = |on: bool| {
        let args: [&str; 2] = match (is_root(), on) {
            (true, true) => ["chattr", "+i"],
            (true, false) => ["chattr", "-i"],
            (false, true) => ["chmod", "a-w"],
            (false, false) => ["chmod", "u+w"],
        };
        Command::new(args[0]).args([args[1], path]).output().is_ok_and(|o| o.status.success())
    };
    if !locked(true) {
        eprintln!("skipped: no folder can be locked here");
        return;
    }
    let output = command(&["scorecard", ACME, "-o", &format!("{path}/out.csv")]).output().unwrap();
    let old = std::fs::read_to_string(dir.path().join("out.csv")).unwrap();
    assert!(locked(false));
    assert_eq!((output.status.code(), old.as_str()), (Some(2), "old\n"), "{}", said(&output));
    assert!(said(&output).contains("no file can be made in"), "{}", said(&output));
    assert_eq!(names(dir.path()), ["out.csv"]);
}
