//! What every test of the whole program needs.

use std::path::PathBuf;
use std::process::{Command, Output};

/// The program.
pub fn bin() -> &'static str {
    env!("CARGO_BIN_EXE_onefunnel")
}

/// The project's folder.
pub fn root() -> PathBuf {
    PathBuf::from(option_env!("ONEFUNNEL_ROOT").unwrap_or(env!("CARGO_MANIFEST_DIR")))
}

/// A command in the project's folder, with an environment that does not depend on who runs the tests.
pub fn command(args: &[&str]) -> Command {
    let mut command = Command::new(bin());
    command.args(args).current_dir(root());
    for name in ["CONTRACT", "AS_OF", "PERIOD", "FORMAT", "COLOR", "CHARTS", "ON_BAD_ROW", "MAX_BAD_ROWS", "LOG_FORMAT"]
    {
        command.env_remove(format!("ONEFUNNEL_{name}"));
    }
    command.env_remove("NO_COLOR").env_remove("CLICOLOR_FORCE");
    command
}

/// Runs the program in the project's folder.
pub fn run(args: &[&str]) -> Output {
    command(args).output().expect("the program starts")
}

/// Runs the program and gives its stdout; fails when it did not succeed.
pub fn stdout(args: &[&str]) -> String {
    let output = run(args);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{args:?} failed: {stderr}");
    String::from_utf8(output.stdout).expect("output is UTF-8")
}
