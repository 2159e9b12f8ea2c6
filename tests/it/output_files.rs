//! Where the output goes: pipes and files, which are replaced as a whole or not at all.

use std::io::{BufRead, BufReader, Read};
use std::process::Stdio;
use std::time::Instant;

use crate::behaviour::{ACME, FORMATS, SPEND, TIDY, folder, names, run_in};
use crate::common::{command, run, stdout};

#[test]
fn a_reader_that_leaves_early_is_no_error() {
    for format in ["json", "jsonl", "csv", "table"] {
        for read_first in [true, false] {
            let args = ["scorecard", ACME, "--period", "month", "--by", "lead_source", "-f", format];
            let mut child = command(&args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
            let mut out = BufReader::with_capacity(64, child.stdout.take().unwrap());
            if read_first {
                let mut line = String::new();
                assert!(out.read_line(&mut line).unwrap() > 0, "{format}: nothing was printed");
            }
            drop(out);
            let mut said = String::new();
            child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
            assert_eq!((child.wait().unwrap().code(), said.as_str()), (Some(0), ""), "{format}");
        }
    }
}

#[test]
fn a_file_has_the_same_bytes_as_stdout_and_its_ending_says_the_format() {
    let dir = tempfile::tempdir().unwrap();
    for format in FORMATS {
        let ending = if format == "table" { "txt" } else { format };
        let path = dir.path().join(format!("out.{ending}"));
        let silent = stdout(&["scorecard", ACME, "-o", path.to_str().unwrap()]);
        assert_eq!(silent, "", "with -o nothing is printed");
        let printed = run(&["scorecard", ACME, "-f", format]).stdout;
        assert!(std::fs::read(&path).unwrap() == printed, "{format}: the file differs from stdout");
    }
    assert_eq!(names(dir.path()).len(), FORMATS.len());
}

#[cfg(unix)]
#[test]
fn a_failed_run_leaves_the_old_file_and_a_good_one_keeps_its_mode() {
    use std::os::unix::fs::PermissionsExt;
    let dir = folder(&[("spend.csv", SPEND), ("bad.csv", "date,team,amount\nsoon,sales,5\n"), ("out.csv", "old\n")]);
    let out = dir.path().join("out.csv");
    std::fs::set_permissions(&out, std::fs::Permissions::from_mode(0o640)).unwrap();
    let failed = run_in(dir.path(), &["scorecard", "bad.csv", "-o", "out.csv"]);
    assert_eq!(failed.status.code(), Some(3));
    assert_eq!(std::fs::read_to_string(&out).unwrap(), "old\n");
    assert_eq!(names(dir.path()), ["bad.csv", "out.csv", "spend.csv"]);
    let good = run_in(dir.path(), &["scorecard", "spend.csv", "-o", "out.csv"]);
    assert_eq!(good.status.code(), Some(0));
    assert!(std::fs::read_to_string(&out).unwrap().starts_with(TIDY));
    assert_eq!(std::fs::metadata(&out).unwrap().permissions().mode() & 0o7777, 0o640);
    assert_eq!(names(dir.path()), ["bad.csv", "out.csv", "spend.csv"]);
}

#[test]
fn an_input_is_never_overwritten() {
    let attempts: [&[&str]; 3] = [
        &["scorecard", "spend.csv", "-o", "spend.csv"],
        &["scorecard", ".", "-o", "./spend.csv"],
        &["init", "spend.csv", "-o", "spend.csv", "--force"],
    ];
    for args in attempts {
        let dir = folder(&[("spend.csv", SPEND)]);
        let output = run_in(dir.path(), args);
        assert_eq!(
            std::fs::read_to_string(dir.path().join("spend.csv")).unwrap(),
            SPEND,
            "{args:?} destroyed its input"
        );
        assert_eq!(output.status.code(), Some(2), "{args:?}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_folder_that_takes_no_file_is_found_before_the_work() {
    let output = command(&["scorecard", ACME, "-v", "-o", "/proc/onefunnel.csv"]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2));
    assert!(said.starts_with("error: /proc/onefunnel.csv: ") && said.contains("help: "), "{said}");
    assert!(!said.contains("rows"), "the exports were read first: {said}");
}

#[cfg(unix)]
#[test]
fn a_killed_run_leaves_the_old_file_or_the_whole_new_one() {
    use std::os::unix::process::ExitStatusExt;
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out.jsonl");
    let args = ["scorecard", ACME, "--period", "month", "-o", out.to_str().unwrap()];
    let began = Instant::now();
    assert_eq!(stdout(&args), "");
    let whole_run = began.elapsed();
    let new = std::fs::read(&out).unwrap();
    let mut killed = 0;
    for attempt in 0..20_u32 {
        std::fs::write(&out, "old\n").unwrap();
        let mut child = command(&args).stdout(Stdio::null()).spawn().unwrap();
        std::thread::sleep(whole_run * attempt / 18);
        child.kill().unwrap();
        let status = child.wait().unwrap();
        let found = std::fs::read(&out).unwrap();
        assert!(found == b"old\n" || found == new, "attempt {attempt}: {} bytes that are neither", found.len());
        if status.success() {
            assert!(found == new, "attempt {attempt} succeeded and left the old file");
        }
        killed += u32::from(status.signal() == Some(9));
    }
    assert!(killed > 0, "no run was killed in time");
}
