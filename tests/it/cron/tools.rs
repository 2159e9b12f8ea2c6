//! The lock, completions and man pages.

use std::fs::File;
use std::io::Write;
use std::process::{Command, Stdio};

use super::{fed, mkfifo, said};
use crate::behaviour::{ACME, SPEND, folder, names, run_in};
use crate::common::{bin, command, run, stdout};

const TAKEN: &str = "error: lock: another run holds this lock\n  help: run again when it has ended; the lock ends with its \
                     run, so the file itself need never be removed\n";

#[cfg(target_os = "linux")]
#[test]
fn of_two_runs_at_once_the_second_stops_and_a_killed_one_locks_nobody_out() {
    let dir = folder(&[("spend.csv", SPEND), ("out.csv", "old\n")]);
    let pipe = dir.path().join("pipe.csv");
    mkfifo(&pipe);
    let with_lock = |input: &str| {
        let mut command = command(&["scorecard", input, "-o", "out.csv", "-q", "--lock", "lock"]);
        command.current_dir(dir.path()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    };
    for kill in [false, true] {
        let mut first = with_lock("pipe.csv").spawn().unwrap();
        let mut feed = fed(&pipe);
        let second = with_lock("spend.csv").output().unwrap();
        assert_eq!((second.status.code(), said(&second)), (Some(1), TAKEN.into()));
        let json = with_lock("spend.csv").args(["--log-format", "json"]).output().unwrap();
        assert!(said(&json).starts_with("{\"level\":\"error\",\"event\":\"problem\",\"code\":1,"), "{}", said(&json));
        if kill {
            first.kill().unwrap();
        }
        let _ = feed.write_all(SPEND.as_bytes());
        drop(feed);
        assert_eq!(first.wait().unwrap().success(), !kill);
        let third = with_lock("spend.csv").output().unwrap();
        assert_eq!((third.status.code(), said(&third)), (Some(0), String::new()));
    }
    assert_eq!(std::fs::read(dir.path().join("lock")).unwrap(), b"", "nothing is written to a lock");
}

#[test]
fn a_lock_that_cannot_be_is_said() {
    let dir = folder(&[("spend.csv", SPEND), ("lock", "precious"), ("out.csv", "old\n")]);
    let held = File::open(dir.path().join("lock")).unwrap();
    held.try_lock().unwrap();
    for args in [&["scorecard", "spend.csv", "--lock", "lock"][..], &["--lock", "lock", "metrics"]] {
        let output = run_in(dir.path(), args);
        assert_eq!((output.status.code(), said(&output)), (Some(1), TAKEN.into()));
        assert!(output.stdout.is_empty());
    }
    drop(held);
    assert!(run_in(dir.path(), &["scorecard", "spend.csv", "--lock", "lock"]).status.success());
    assert_eq!(std::fs::read_to_string(dir.path().join("lock")).unwrap(), "precious");
    for (lock, what) in [
        ("no/lock", "no/lock: the lock cannot be made: there is no such folder"),
        (".", ".: is a folder, and a lock is a file"),
        ("./out.csv", "--lock ./out.csv: is the report's file too, which is replaced"),
    ] {
        let output = run_in(dir.path(), &["scorecard", "spend.csv", "--lock", lock, "-o", "out.csv"]);
        assert_eq!(
            (output.status.code(), said(&output).lines().next()),
            (Some(2), Some(format!("error: {what}").as_str()))
        );
    }
    assert_eq!(std::fs::read_to_string(dir.path().join("out.csv")).unwrap(), "old\n");
}

/// Runs a script in a shell, if there is that shell.
fn checked(shell: &str, args: &[&str], script: &str) -> Option<String> {
    let dir = folder(&[("script", script)]);
    let path = dir.path().join("script");
    let output = Command::new(shell).args(args).arg(&path).output().ok()?;
    assert!(output.status.success(), "{shell}: {}", said(&output));
    Some(String::from_utf8(output.stdout).unwrap())
}

#[test]
fn shells_take_their_completions() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = stdout(&["completions", shell]);
        for word in ["scorecard", "attribution", "log-format", "max-bad-rows"] {
            assert!(script.contains(word), "{shell} does not know {word}");
        }
        assert_eq!(script, stdout(&["completions", shell]));
        if matches!(shell, "bash" | "zsh" | "fish") {
            let args: &[&str] = if shell == "fish" { &["--no-execute"] } else { &["-n"] };
            let _ = checked(shell, args, &script);
        }
    }
    let ask = "\nCOMP_WORDS=(onefunnel scorecard --per); COMP_CWORD=2\n_onefunnel onefunnel --per scorecard\n\
               printf '%s\\n' \"${COMPREPLY[@]}\"\nCOMP_WORDS=(onefunnel scorecard --period q); COMP_CWORD=3\n\
               _onefunnel onefunnel q --period\nprintf '%s\\n' \"${COMPREPLY[@]}\"\n";
    let completed = checked("bash", &[], &(stdout(&["completions", "bash"]) + ask)).expect("bash is there");
    assert_eq!(completed, "--period\nquarter\n");
    let output = run(&["completions", "bsh"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(said(&output).contains("a similar value exists: 'bash'"));
}

#[test]
fn every_command_has_a_man_page_with_all_of_its_flags() {
    let dir = folder(&[]);
    let output = run_in(dir.path(), &["man", "--out", "share/man1"]);
    assert!(output.status.success() && output.stdout.is_empty(), "{}", said(&output));
    let pages = dir.path().join("share/man1");
    let help = stdout(&["--help"]);
    let list = help.split("Commands:\n").nth(1).unwrap().split("\n\n").next().unwrap();
    let commands: Vec<&str> = list.lines().filter(|l| l.starts_with("  ") && !l.starts_with("   ")).collect();
    assert_eq!(names(&pages).len(), commands.len() + 1);
    for line in commands {
        let command = line.split_whitespace().next().unwrap();
        let page = std::fs::read_to_string(pages.join(format!("onefunnel-{command}.1"))).unwrap();
        assert!(page == stdout(&["man", command]), "{command}");
        assert!(page.contains(&format!(".TH onefunnel-{command} 1")), "{command}");
        let plain = page.replace("\\-", "-");
        for flag in stdout(&[command, "--help"]).split_whitespace().filter(|w| w.starts_with("--")) {
            let flag = flag
                .trim_end_matches([',', '.', ':', ';', ')', '\'', '…'])
                .split(['=', '<', '[', '\''])
                .next()
                .unwrap();
            assert!(plain.contains(flag), "{command}: {flag} is not on its page");
        }
    }
    let main = std::fs::read_to_string(pages.join("onefunnel.1")).unwrap();
    assert!(main == stdout(&["man"]) && main.contains("Exit codes") && main.contains("onefunnel\\-scorecard(1)"));
    assert_eq!(names(dir.path()), ["share"]);
    let output = run(&["man", "skorecard"]);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(said(&output), "error: no command is called `skorecard`\n  help: did you mean `scorecard`?\n");
    let output = run(&["schema", "skorecard"]);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(said(&output), "error: no report is called `skorecard`\n  help: did you mean `scorecard`?\n");
}

#[test]
fn tools_mind_a_closed_pipe_and_a_full_disk() {
    for args in ["completions zsh", "man", "schema"] {
        let line = format!("'{}' {args} | head -c 10 >/dev/null; echo \"${{PIPESTATUS[0]}}\"", bin());
        let output = Command::new("bash").args(["-c", &line]).output().unwrap();
        assert_eq!((String::from_utf8_lossy(&output.stdout).trim(), said(&output).as_str()), ("0", ""), "{args}");
    }
    #[cfg(target_os = "linux")]
    for args in [&["completions", "zsh"][..], &["man"], &["schema"], &["metrics"], &["scorecard", ACME, "-f", "json"]] {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let output = command(args).stdout(full).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{args:?}: {}", said(&output));
    }
}
