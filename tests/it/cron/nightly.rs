//! The script of the example as cron and systemd would run it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

use super::said;
use crate::behaviour::{ACME, names};
use crate::common::{bin, command, root};

const WELL: &str = "nightly.sh: complete: scorecard.csv funnel.csv check.csv replaced\n";

struct Night(tempfile::TempDir);

impl Night {
    /// The example, and a folder for its reports.
    fn new() -> Self {
        let night = Self(tempfile::tempdir().unwrap());
        copy(&root().join(ACME), &night.path("acme"));
        night
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn command(&self) -> Command {
        let mut script = command(&[]).get_envs().fold(Command::new("sh"), |mut script, (name, value)| {
            match value {
                Some(value) => script.env(name, value),
                None => script.env_remove(name),
            };
            script
        });
        script.arg(self.path("acme/nightly.sh")).arg(self.path("reports")).env("ONEFUNNEL", bin());
        script
    }

    fn run(&self) -> Output {
        self.command().output().unwrap()
    }

    fn report(&self, name: &str) -> String {
        std::fs::read_to_string(self.path("reports").join(name)).unwrap()
    }
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &target);
        } else {
            std::fs::copy(&path, &target).unwrap();
        }
    }
}

#[test]
fn a_night_goes_well_and_says_so_in_one_line() {
    let night = Night::new();
    let output = night.run();
    assert_eq!((output.status.code(), said(&output).as_str()), (Some(0), WELL));
    assert_eq!(output.stdout, b"");
    assert!(
        night.report("scorecard.csv").starts_with("metric_id,") && night.report("funnel.csv").starts_with("period,")
    );
    assert!(
        names(&night.path("reports"))
            .iter()
            .all(|name| [".nightly.lock", "check.csv", "funnel.csv", "scorecard.csv"].contains(&name.as_str()))
    );
    let output = night.command().env("ONEFUNNEL_LOG_FORMAT", "json").output().unwrap();
    let line: Value = serde_json::from_str(said(&output).trim_end()).unwrap();
    assert_eq!((&line["level"], &line["event"], &line["code"]), (&"info".into(), &"nightly".into(), &0.into()));
}

#[test]
fn a_gate_that_fails_ends_the_night_with_4_and_leaves_its_verdict() {
    let night = Night::new();
    let contract = night.path("acme/onefunnel.toml");
    let good = std::fs::read_to_string(&contract).unwrap();
    let strict = good.replace("at_least = 0.2\n", "at_least = 0.9\n");
    assert_ne!(good, strict);
    std::fs::write(&contract, strict).unwrap();
    let output = night.run();
    assert_eq!(output.status.code(), Some(4), "{}", said(&output));
    let last = "nightly.sh: a check failed: see check.csv; scorecard.csv funnel.csv check.csv were replaced\n";
    assert!(said(&output).ends_with(last), "{}", said(&output));
    assert!(night.report("check.csv").contains("failed") && night.report("scorecard.csv").starts_with("metric_id,"));
}

#[test]
fn a_night_that_fails_leaves_the_reports_of_the_last() {
    let night = Night::new();
    assert!(night.run().status.success());
    let reports = |night: &Night| [night.report("scorecard.csv"), night.report("funnel.csv")];
    let before = reports(&night);
    let contract = night.path("acme/onefunnel.toml");
    let good = std::fs::read_to_string(&contract).unwrap();
    std::fs::write(&contract, format!("curency = \"USD\"\n{good}")).unwrap();
    let output = night.run();
    assert_eq!(output.status.code(), Some(2));
    let lines: Vec<String> = said(&output).lines().map(str::to_string).collect();
    assert!(lines[0].starts_with("error: ") && lines[0].contains("onefunnel.toml:1"), "{lines:?}");
    assert_eq!(lines.last().unwrap(), "nightly.sh: scorecard failed with exit code 2; scorecard.csv was not replaced");
    let output = night.command().env("ONEFUNNEL_LOG_FORMAT", "json").output().unwrap();
    assert!(said(&output).lines().all(|line| serde_json::from_str::<Value>(line).is_ok()), "{}", said(&output));
    assert!(reports(&night) == before);
    std::fs::write(&contract, good).unwrap();
    let spend = night.path("acme/exports/finance/spend.csv");
    let text = std::fs::read_to_string(&spend).unwrap();
    std::fs::write(&spend, text.replace("20", "zwanzig")).unwrap();
    assert_eq!(night.run().status.code(), Some(3));
    assert!(reports(&night) == before);
    let output = night.command().arg("more").output().unwrap();
    assert_eq!((output.status.code(), said(&output).as_str()), (Some(2), "usage: nightly.sh OUTPUT_FOLDER\n"));
    let output = night.command().env("ONEFUNNEL", night.path("nothing")).output().unwrap();
    assert_eq!(output.status.code(), Some(127), "{}", said(&output));
}

#[test]
fn a_folder_that_cannot_be_had_is_said_in_one_line() {
    let night = Night::new();
    std::fs::write(night.path("reports"), "a file").unwrap();
    let output = night.run();
    let why = "the output folder cannot be made, or not be written to; nothing was replaced";
    assert_eq!((output.status.code(), said(&output)), (Some(1), format!("nightly.sh: {why}\n")));
    let output = night.command().env("ONEFUNNEL_LOG_FORMAT", "json").output().unwrap();
    let line: Value = serde_json::from_str(said(&output).trim_end()).unwrap();
    assert_eq!((&line["code"], &line["message"]), (&1.into(), &why.into()));
}

#[cfg(unix)]
#[test]
fn of_two_nights_at_once_the_second_stops_with_and_without_flock() {
    let night = Night::new();
    // A machine without flock: the lock is then each report's own.
    let tools = night.path("tools");
    std::fs::create_dir(&tools).unwrap();
    for tool in ["sh", "dirname", "mkdir"] {
        let found = Command::new("sh").args(["-c", &format!("command -v {tool}")]).output().unwrap().stdout;
        let found = String::from_utf8(found).unwrap();
        std::os::unix::fs::symlink(found.trim_end(), tools.join(tool)).unwrap();
    }
    let without = || night.command().env("PATH", &tools).output().unwrap();
    let output = without();
    assert_eq!((output.status.code(), said(&output).as_str()), (Some(0), WELL));
    let lock = std::fs::File::open(night.path("reports/.nightly.lock")).unwrap();
    lock.try_lock().unwrap();
    let output = without();
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).contains(".nightly.lock: another run holds this lock\n"), "{}", said(&output));
    if Command::new("flock").arg("--version").output().is_ok() {
        let output = night.run();
        let expected = "nightly.sh: another run is at work in this folder; nothing was replaced\n";
        assert_eq!((output.status.code(), said(&output).as_str()), (Some(1), expected));
    }
    drop(lock);
    assert!(night.run().status.success() && without().status.success());
}

#[test]
fn the_line_of_cron_and_the_units_of_systemd_are_well_formed() {
    let folder = root().join(ACME);
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
    let script = read("nightly.sh");
    let line: Vec<&str> = script.lines().find(|l| l.starts_with("#   15")).unwrap()[1..].split_whitespace().collect();
    let last = [59, 23, 31, 12, 7];
    assert!(line[..5].iter().zip(last).all(|(field, last)| *field == "*" || field.parse::<u32>().unwrap() <= last));
    assert_eq!(line[5..], ["/srv/acme/nightly.sh", "/srv/reports"]);
    let (service, timer) = (read("onefunnel.service"), read("onefunnel.timer"));
    for unit in [&service, &timer] {
        let mut section = "";
        for line in unit.lines().filter(|l| !l.is_empty() && !l.starts_with('#')) {
            if line.starts_with('[') {
                section = line;
                assert!(["[Unit]", "[Service]", "[Timer]", "[Install]"].contains(&section), "{line}");
            } else {
                let (key, value) = line.split_once('=').unwrap();
                assert!(!section.is_empty() && key.chars().all(char::is_alphanumeric) && !value.is_empty(), "{line}");
            }
        }
    }
    assert!(service.contains("\nExecStart=/srv/acme/nightly.sh /srv/reports\n"));
    // systemd's own word on it, where it is there.
    let dir = tempfile::tempdir().unwrap();
    let here = service.replace("/srv/acme/nightly.sh", "/bin/true");
    std::fs::write(dir.path().join("onefunnel.service"), here).unwrap();
    std::fs::write(dir.path().join("onefunnel.timer"), timer).unwrap();
    let mut verify = Command::new("systemd-analyze");
    let verify = verify.arg("verify").args(["onefunnel.service", "onefunnel.timer"].map(|name| dir.path().join(name)));
    match verify.output() {
        Ok(output) => assert!(output.status.success(), "{}", said(&output)),
        Err(_) => eprintln!("skipped: systemd-analyze is not here"),
    }
}
