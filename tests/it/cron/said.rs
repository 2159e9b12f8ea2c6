//! What stands on stderr: the summary, JSON, and a progress line that only a waiting person sees.

use std::process::{Command, Stdio};

use serde_json::Value;

use super::said;
use crate::behaviour::{ACME, SPEND, folder, run_in};
use crate::common::{bin, command};

/// Every line of stderr as an object.
fn logged(args: &[&str]) -> (Option<i32>, Vec<Value>) {
    let output = command(&[args, &["--log-format", "json"]].concat()).output().unwrap();
    let lines = said(&output).lines().map(|line| serde_json::from_str(line).expect(line)).collect();
    (output.status.code(), lines)
}

fn keys(line: &Value) -> String {
    line.as_object().unwrap().keys().map(String::as_str).collect::<Vec<_>>().join(",")
}

#[test]
fn a_run_to_a_file_says_so_in_one_line() {
    let dir = folder(&[("spend.csv", SPEND)]);
    for (name, args) in [("out.csv", &[][..]), ("out.md", &[]), ("out.json", &["--period", "month"])] {
        let args = [&["scorecard", "spend.csv", "--as-of", "2026-06-30", "-o", name], args].concat();
        let output = run_in(dir.path(), &args);
        let bytes = std::fs::metadata(dir.path().join(name)).unwrap().len().to_string();
        let bytes = bytes.len().checked_sub(3).map_or(bytes.clone(), |at| format!("{},{}", &bytes[..at], &bytes[at..]));
        let hash = said(&output).trim_end().rsplit(' ').next().unwrap().to_string();
        let expected = format!(
            "scorecard: wrote {name} ({bytes} bytes), 1 file, 2 rows read = 2 used + 0 set aside, as of 2026-06-30, contract {hash}\n"
        );
        assert_eq!((said(&output), hash.len()), (expected, 12));
        assert_eq!(output.stdout, b"");
        assert_eq!(said(&run_in(dir.path(), &[&args[..], &["-q"]].concat())), "");
    }
    let output = run_in(dir.path(), &["metrics", "-o", "metrics.csv"]);
    assert!(said(&output).starts_with("metrics: wrote metrics.csv (") && said(&output).lines().count() == 1);
}

#[test]
fn the_summary_has_the_same_keys_and_figures_as_the_report() {
    let dir = folder(&[]);
    let out = dir.path().join("out.json");
    let (code, lines) = logged(&["scorecard", ACME, "-o", out.to_str().unwrap()]);
    assert_eq!((code, lines.len()), (Some(0), 1));
    let line = &lines[0];
    let expected = "level,event,message,report,output,bytes,as_of,contract,contract_hash,files,rows_read,rows_used,rows_set_aside,seconds";
    assert_eq!(keys(line), expected);
    let written = std::fs::read(&out).unwrap();
    let report: Value = serde_json::from_slice(&written).unwrap();
    assert_eq!(line["bytes"], written.len());
    assert_eq!((&line["as_of"], &line["contract_hash"]), (&report["as_of"], &report["contract"]["hash"]));
    let inputs = report["inputs"].as_array().unwrap();
    assert_eq!(line["files"], inputs.len());
    for key in ["rows_read", "rows_used"] {
        assert_eq!(line[key], inputs.iter().map(|i| i[key].as_u64().unwrap()).sum::<u64>());
    }
    let aside = inputs.iter().flat_map(|i| i["set_aside"].as_array().unwrap()).map(|a| a["rows"].as_u64().unwrap());
    assert_eq!(line["rows_set_aside"], aside.sum::<u64>());
    assert!(line["seconds"].as_f64().unwrap() > 0.0);
    // To stdout: the account only, and only where there is no room for it.
    let (_, lines) = logged(&["scorecard", ACME, "-f", "csv"]);
    assert_eq!((lines.len(), keys(&lines[0]), &lines[0]["output"]), (1, expected.into(), &Value::Null));
    assert_eq!(logged(&["scorecard", ACME]), (Some(0), Vec::new()));
    assert_eq!(logged(&["scorecard", ACME, "-f", "csv", "-q"]), (Some(0), Vec::new()));
    let (_, lines) = logged(&["metrics", "-o", out.to_str().unwrap()]);
    assert_eq!((keys(&lines[0]), &lines[0]["as_of"]), (expected.into(), &Value::Null));
}

#[test]
fn every_problem_is_an_object_with_the_same_keys() {
    let bad = format!("{SPEND}{}", "soon,sales,people,50\n".repeat(30));
    let dir = folder(&[("bad.csv", &bad), ("onefunnel.toml", "curency = \"USD\"\n[[source]]\npath = \"bad.csv\"\n")]);
    let path = |name: &str| dir.path().join(name).to_str().unwrap().to_string();
    let (csv, contract) = (path("bad.csv"), path("onefunnel.toml"));
    let cases: [(&[&str], i32, usize); 8] = [
        (&["scorecard", &csv], 3, 20),
        (&["scorecard", &contract], 2, 1),
        (&["scorecard", ACME, "--from", "soon"], 2, 1),
        (&["scorecard", ACME, "--form", "json"], 2, 1),
        (&["scorecad"], 2, 1),
        (&[], 2, 1),
        (&["scorecard", ACME, "--period", "decade"], 2, 1),
        (&["scorecard", ACME, "-o", "/dev/full"], 1, 1),
    ];
    for (args, code, count) in cases {
        let (found, lines) = logged(args);
        assert_eq!((found, lines.len()), (Some(code), count), "{args:?}: {lines:?}");
        for line in &lines {
            assert_eq!(keys(line), "level,event,code,message,file,line,column,flag,hint", "{args:?}");
            assert_eq!((&line["level"], &line["code"]), (&"error".into(), &code.into()), "{args:?}");
            let message = line["message"].as_str().unwrap();
            assert!(!message.is_empty() && !message.starts_with("error") && !message.contains('\n'), "{message}");
        }
    }
    let (_, lines) = logged(&["scorecard", &csv]);
    assert_eq!(
        (&lines[0]["file"], &lines[0]["line"], &lines[0]["column"]),
        (&csv.as_str().into(), &4.into(), &1.into())
    );
    let (_, lines) = logged(&["scorecard", &contract]);
    assert_eq!((&lines[0]["line"], &lines[0]["hint"]), (&1.into(), &"did you mean `currency`?".into()));
    let (_, lines) = logged(&["scorecard", ACME, "--from", "soon"]);
    assert_eq!((&lines[0]["file"], &lines[0]["flag"]), (&Value::Null, &"--from".into()));
    let (_, lines) = logged(&["scorecad"]);
    assert!(lines[0]["hint"].as_str().unwrap().contains("'scorecard'"), "{lines:?}");
    // By the environment too, and what is asked for is no log.
    let output = command(&["scorecad"]).env("ONEFUNNEL_LOG_FORMAT", "json").output().unwrap();
    assert!(serde_json::from_str::<Value>(said(&output).trim_end()).is_ok(), "{}", said(&output));
    let output = command(&["--help", "--log-format", "json"]).output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty() && !output.stdout.starts_with(b"{"));
}

#[test]
fn verbose_and_init_speak_json_too() {
    let (code, lines) = logged(&["scorecard", ACME, "-vv"]);
    assert_eq!(code, Some(0));
    assert!(lines.len() > 17 && lines.iter().all(|line| keys(line) == "level,event,message"), "{lines:?}");
    let levels: std::collections::BTreeSet<&str> = lines.iter().map(|line| line["level"].as_str().unwrap()).collect();
    assert_eq!(levels.into_iter().collect::<Vec<_>>(), ["debug", "info"]);
    let (code, lines) = logged(&["init", &format!("{ACME}/exports"), "-o", "-"]);
    assert_eq!(code, Some(0));
    assert!(!lines.is_empty() && lines.iter().all(|line| line["event"] == "remark"), "{lines:?}");
}

/// On a terminal, while something takes longer than a second.
#[cfg(target_os = "linux")]
#[test]
fn progress_is_for_a_terminal_and_gone_before_anything_else() {
    let Ok(version) = Command::new("script").arg("--version").output() else { return };
    if !String::from_utf8_lossy(&version.stdout).contains("util-linux") {
        eprintln!("skipped: no `script` to make a terminal with");
        return;
    }
    let dir = folder(&[("spend.csv", SPEND)]);
    let on_terminal = |wait: &str, flags: &str| {
        let line =
            format!("(sleep {wait}; cat spend.csv) | '{}' scorecard - -f csv --as-of 2026-06-30 {flags} > out", bin());
        let mut script = Command::new("script");
        let script = script.args(["-qec", &line, "/dev/null"]).current_dir(dir.path()).env("TERM", "xterm");
        let output = script.env_remove("ONEFUNNEL_LOG_FORMAT").stdin(Stdio::null()).output().unwrap();
        assert!(output.status.success(), "{line}");
        let out = std::fs::read_to_string(dir.path().join("out")).unwrap();
        (String::from_utf8_lossy(&output.stdout).into_owned(), out)
    };
    let account = "1 file, 2 rows read = 2 used + 0 set aside\r\n";
    let (fast, expected) = on_terminal("0", "");
    assert_eq!(fast, account, "nobody waits for less than a second");
    let (slow, out) = on_terminal("2", "");
    assert!(slow.contains("opening files"), "{slow:?}");
    assert!(slow.ends_with(account) && out == expected, "{slow:?}");
    // The line is taken away before the account is written: what is left on the screen is the account alone.
    let last = slow.strip_suffix(account).unwrap();
    assert!(last.ends_with("\r\u{1b}[2K") || last.ends_with("\u{1b}[2K\r") || last.ends_with("\u{1b}[2K"), "{last:?}");
    let (quiet, out) = on_terminal("2", "-q");
    assert_eq!((quiet.as_str(), &out), ("", &expected));
    let (json, out) = on_terminal("2", "--log-format json");
    assert!(json.starts_with('{') && json.lines().count() == 1 && out == expected, "{json}");
    // Not a terminal.
    let line = format!("(sleep 2; cat spend.csv) | '{}' scorecard - -f csv --as-of 2026-06-30", bin());
    let output = Command::new("sh").args(["-c", &line]).current_dir(dir.path()).output().unwrap();
    assert_eq!(said(&output), account.replace('\r', ""));
}
