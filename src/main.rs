//! argv, clock, streams and exit code; everything else is in the library.

use std::io::IsTerminal;
use std::process::ExitCode;

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
    let mut env = Env {
        now: jiff::Timestamp::now(),
        stdout_is_terminal: stdout.is_terminal(),
        stdout: &mut stdout.lock(),
        stderr: &mut stderr.lock(),
        width: terminal_size::terminal_size_of(&stdout).map(|(width, _)| usize::from(width.0)),
        no_color: std::env::var_os("NO_COLOR").is_some_and(|v| !v.is_empty()),
        force_color: std::env::var_os("CLICOLOR_FORCE").is_some_and(|v| v != "0"),
    };
    let outcome = run(arguments, &mut env);
    let code = exit_code(outcome, &mut env);
    let _ = env.stdout.flush();
    ExitCode::from(code)
}
