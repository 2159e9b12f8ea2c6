//! sourced
use super::Report;
use crate::Env;
use crate::cli::SourcedArgs;
use anyhow::Result;
/// Builds the report.
///
/// # Errors
/// x
pub fn build(args: &SourcedArgs, env: &mut Env<'_>) -> Result<Report> {
    let data = crate::session::Session::open(&args.input, env)?.load(&args.output, env)?;
    Ok(data.report("sourced", "x"))
}
