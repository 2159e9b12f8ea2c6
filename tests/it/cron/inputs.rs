//! Inputs that are no quiet files: each is answered fast, with its name, and with little memory.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use super::{fed, mkfifo, said};
use crate::behaviour::{SPEND, folder, names, run_in};
use crate::common::{bin, command};

/// Runs with an address space that a big file would burst, and fast.
fn in_little_memory(dir: &Path, line: &str) -> (Option<i32>, String) {
    let began = Instant::now();
    let line = format!("ulimit -v 3500000; {}", line.replace("onefunnel ", &format!("'{}' ", bin())));
    let output = Command::new("bash").args(["-c", &line]).current_dir(dir).output().unwrap();
    assert!(began.elapsed() < Duration::from_mins(1), "{line}: {:?}", began.elapsed());
    assert_eq!(String::from_utf8_lossy(&output.stdout), "", "{line}");
    (output.status.code(), said(&output))
}

/// A file of ten gigabytes that takes no room on the disk.
fn endless(dir: &Path, name: &str, begin: &[u8]) {
    let mut file = File::create(dir.join(name)).unwrap();
    file.write_all(begin).unwrap();
    file.set_len(10 << 30).unwrap();
}

fn too_long(place: &str) -> (Option<i32>, String) {
    let text = format!(
        "error: {place}: the record that begins here is longer than 64 MiB\n  help: close the quote in which it begins, \
         or export the file again: no row of an export is that long\n"
    );
    (Some(3), text)
}

#[test]
fn a_line_of_ten_gigabytes_is_refused_with_its_number() {
    let dir = folder(&[]);
    let at = dir.path();
    let begin = |more: &[u8]| [SPEND.as_bytes(), more].concat();
    endless(at, "nothing.csv", b"");
    endless(at, "line.csv", SPEND.as_bytes());
    endless(at, "quote.csv", &begin(b"2026-03-31,sales,\""));
    endless(at, "malformed.csv", &begin(b"2026-03-31,sales,5\" pipe,7\n2026-03-31,sales,\""));
    let mut latin = begin(b"2026-03-31,sales,caf\xe9,7\n2026-03-31,sales,");
    latin.resize(100 << 20, b'x');
    fs::write(at.join("latin.csv"), &latin).unwrap();
    assert_eq!(in_little_memory(at, "onefunnel scorecard nothing.csv"), too_long("nothing.csv:1"));
    assert_eq!(in_little_memory(at, "onefunnel scorecard line.csv"), too_long("line.csv:4"));
    assert_eq!(in_little_memory(at, "onefunnel scorecard quote.csv"), too_long("quote.csv:4"));
    assert_eq!(in_little_memory(at, "onefunnel scorecard malformed.csv"), too_long("malformed.csv:5"));
    assert_eq!(in_little_memory(at, "onefunnel scorecard latin.csv"), too_long("latin.csv:5"));
    assert_eq!(in_little_memory(at, "head -c 200M line.csv | onefunnel scorecard -"), too_long("-:4"));
    // Not UTF-8, and the beginning tells that it is no text at all.
    endless(at, "binary.csv", &begin(b"2026-03-31,sales,caf\xe9,7\n"));
    let (code, said) = in_little_memory(at, "onefunnel scorecard binary.csv");
    assert_eq!(code, Some(3));
    assert!(said.starts_with("error: binary.csv: is a binary file (it has NUL bytes), not a CSV file\n"), "{said}");
}

/// The limit is far above what is sane, and what is below it is read.
#[test]
fn a_record_of_forty_megabytes_is_read() {
    let row = |text: &str| format!("2026-03-31,sales,\"{text}\",7\n");
    let text = format!("{SPEND}{}2026-04-30,sales,people,5\n", row(&"x\n".repeat(20 << 20)));
    let dir = folder(&[("spend.csv", &text)]);
    let output = run_in(dir.path(), &["scorecard", "spend.csv", "--as-of", "2026-06-30"]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(printed.ends_with("1 file, 4 rows read = 4 used + 0 set aside\n"), "{printed}");
}

#[cfg(target_os = "linux")]
#[test]
fn what_is_no_file_is_said() {
    use std::os::unix::fs::symlink;
    let dir = folder(&[("spend.csv", SPEND)]);
    let at = dir.path();
    symlink("b.csv", at.join("a.csv")).unwrap();
    symlink("a.csv", at.join("b.csv")).unwrap();
    let circle = "is a symbolic link that leads in a circle\n  help: point the link at a file\n";
    let device = "is a device, not a file\n  help: name an export file; what another program prints is read as `-` or from a pipe\n";
    for (name, expected) in [("a.csv", circle), ("/dev/zero", device), ("/dev/full", device), ("/dev/null", device)] {
        let found = in_little_memory(at, &format!("onefunnel scorecard {name}"));
        assert_eq!(found, (Some(2), format!("error: {name}: {expected}")));
    }
    // In a folder that is read as a whole, a link that leads nowhere is an export that is missing.
    let (code, said) = in_little_memory(at, "onefunnel scorecard .");
    assert_eq!(
        (code, said.lines().next()),
        (Some(2), Some("error: ./a.csv: is a symbolic link that leads in a circle"))
    );
    let contract =
        |path: &str| fs::write(at.join("onefunnel.toml"), format!("[[source]]\npath = \"{path}\"\n")).unwrap();
    contract("*.csv");
    mkfifo(&at.join("c.csv"));
    let line =
        |name: &str, kind: &str| format!("error: onefunnel.toml:2:8: `*.csv` matches `{name}`, which is {kind}\n");
    let nowhere = "a symbolic link that leads nowhere";
    let expected = line("a.csv", nowhere) + &line("b.csv", nowhere) + &line("c.csv", "no regular file");
    let (code, said) = in_little_memory(at, "onefunnel scorecard");
    assert_eq!((code, said), (Some(2), expected + "  help: take it away, or name the files that are meant\n"));
}

/// Links to folders may lead in a circle; a file that has many names is one file.
#[cfg(target_os = "linux")]
#[test]
fn a_circle_of_folders_gives_each_file_once() {
    use std::os::unix::fs::symlink;
    let dir = folder(&[("onefunnel.toml", "[[source]]\npath = \"**/*.csv\"\n")]);
    let sub = dir.path().join("sub");
    fs::create_dir(&sub).unwrap();
    fs::write(sub.join("spend.csv"), SPEND).unwrap();
    symlink("..", sub.join("up")).unwrap();
    symlink("spend.csv", sub.join("latest.csv")).unwrap();
    for args in [["scorecard", "."], ["scorecard", "sub"]] {
        let output = run_in(dir.path(), &args);
        let printed = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(output.status.code(), Some(0), "{}", said(&output));
        assert!(printed.ends_with("1 file, 2 rows read = 2 used + 0 set aside\n"), "{args:?}: {printed}");
    }
    // Two sources that lead to one file are a mistake, as two that name it are.
    let two = "[[source]]\npath = \"sub/spend.csv\"\n[[source]]\npath = \"sub/latest.csv\"\n";
    fs::write(dir.path().join("onefunnel.toml"), two).unwrap();
    let output = run_in(dir.path(), &["scorecard", "."]);
    assert_eq!(output.status.code(), Some(2));
    assert!(said(&output).contains("`sub/latest.csv` is already read by the source on line 2"), "{}", said(&output));
}

#[cfg(target_os = "linux")]
#[test]
fn a_pipe_is_read_where_it_is_named_and_left_alone_where_it_lies() {
    let dir = folder(&[("spend.csv", SPEND)]);
    let expected = run_in(dir.path(), &["scorecard", "spend.csv", "-f", "csv", "-q"]).stdout;
    assert!(!expected.is_empty());
    mkfifo(&dir.path().join("pipe.csv"));
    let child = command(&["scorecard", "pipe.csv", "-f", "csv", "-q"])
        .current_dir(dir.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    fed(&dir.path().join("pipe.csv")).write_all(SPEND.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success() && output.stdout == expected, "a pipe gives other figures than a file");
    // Nobody ever writes to it: a run that opened it would never end.
    let output = run_in(dir.path(), &["scorecard", ".", "-f", "csv", "-q"]);
    assert!(output.status.success() && output.stdout == expected);
}

/// `a.csv` is changed after the run has looked at it, and before it has read everything.
#[cfg(target_os = "linux")]
fn changed(begin: &str, change: impl FnOnce(&Path)) -> (Output, Vec<String>) {
    let dir = folder(&[("a.csv", begin), ("out.csv", "old\n")]);
    let pipe = dir.path().join("pipe.csv");
    mkfifo(&pipe);
    let child = command(&["scorecard", "a.csv", "pipe.csv", "-o", "out.csv"])
        .current_dir(dir.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut feed = fed(&pipe);
    change(&dir.path().join("a.csv"));
    feed.write_all(b"date,amount\n2026-01,1000\n").unwrap();
    drop(feed);
    let output = child.wait_with_output().unwrap();
    assert_eq!(fs::read_to_string(dir.path().join("out.csv")).unwrap() == "old\n", !output.status.success());
    (output, names(dir.path()))
}

#[cfg(target_os = "linux")]
#[test]
fn a_file_that_changes_while_it_is_read_stops_the_run() {
    type Change = fn(&Path);
    let long = SPEND.to_string() + &"2026-03-31,sales,people,50\n".repeat(200_000);
    assert!(long.len() > 4 << 20);
    for begin in [SPEND, &long] {
        let (output, _) = changed(begin, |_| {});
        assert_eq!(output.status.code(), Some(0), "{}", said(&output));
        let changes: [(&str, Change); 6] = [
            ("changed", |path| {
                let mut file = fs::OpenOptions::new().append(true).open(path).unwrap();
                file.write_all(b"2026-04-30,sales,people,50\n").unwrap();
            }),
            ("changed", |path| {
                let file = fs::OpenOptions::new().write(true).open(path).unwrap();
                file.set_len(60).unwrap();
            }),
            // Half of a row: what is wrong with it is not what has to be mended.
            ("changed", |path| fs::write(path, "date,team,amount\nsoon,").unwrap()),
            ("changed", |path| {
                let file = fs::OpenOptions::new().write(true).open(path).unwrap();
                file.set_modified(std::time::SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000)).unwrap();
            }),
            ("was replaced by another file", |path| {
                let other = path.with_extension("new");
                fs::copy(path, &other).unwrap();
                fs::rename(other, path).unwrap();
            }),
            ("was taken away", |path| fs::remove_file(path).unwrap()),
        ];
        for (what, change) in changes {
            let (output, names) = changed(begin, change);
            let expected = format!(
                "error: a.csv: {what} while it was read\n  help: run again when nothing writes to it; an export that is \
                 written under another name and then renamed is never seen half\n"
            );
            assert_eq!((output.status.code(), said(&output)), (Some(1), expected));
            assert!(names.iter().all(|name| !name.starts_with(".onefunnel")), "{names:?}");
        }
    }
}
