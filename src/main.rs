//! argv, clock, streams and exit code; everything else is in the library.

use std::io::IsTerminal;
use std::process::ExitCode;

use onefunnel::log::LogFormat;
use onefunnel::progress::Progress;
use onefunnel::report::asked::Asked;
use onefunnel::{Env, exit_code, run};

fn main() -> ExitCode {
    // Polars' streaming engine returns uninitialised memory for some aggregates; only the in-memory engine is used.
    // SAFETY: nothing else runs yet, so no other thread reads the environment.
    unsafe {
        std::env::remove_var("POLARS_FORCE_STREAMING");
        std::env::remove_var("POLARS_AUTO_STREAMING");
    }
    let arguments = std::env::args_os();
    let (stdout, stderr) = (std::io::stdout(), std::io::stderr());
    let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    let json = std::env::var_os("ONEFUNNEL_LOG_FORMAT").is_some_and(|format| format == "json");
    let mut env = Env {
        now: jiff::Timestamp::now(),
        began: std::time::Instant::now(),
        stdout_is_terminal: stdout.is_terminal(),
        stderr_is_terminal: stderr.is_terminal() && !dumb,
        stdout: &mut stdout.lock(),
        // Not locked: the progress line is drawn by another thread.
        stderr: &mut &stderr,
        width: terminal_size::terminal_size_of(&stdout).map(|(width, _)| usize::from(width.0)),
        utf8: utf8(),
        no_color: std::env::var_os("NO_COLOR").is_some_and(|v| !v.is_empty()),
        force_color: std::env::var_os("CLICOLOR_FORCE").is_some_and(|v| v != "0"),
        log: if json { LogFormat::Json } else { LogFormat::Text },
        asked: Asked::default(),
        lock: None,
        progress: Progress::default(),
        shown: None,
    };
    let outcome = run(arguments, &mut env);
    let code = exit_code(outcome, &mut env);
    let _ = env.stdout.flush();
    ExitCode::from(code)
}

/// Whether the locale says UTF-8: the first of the three that is set counts.
fn utf8() -> bool {
    let mut said = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().filter_map(std::env::var_os).filter(|v| !v.is_empty());
    let locale = said.next().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
    locale.contains("utf-8") || locale.contains("utf8")
}
