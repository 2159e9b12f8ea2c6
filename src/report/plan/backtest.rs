//! What would have been forecast, and what came.

use anyhow::Result;

use crate::Env;
use crate::cli::PlanArgs;
use crate::report::Report;
use crate::session::Data;

pub fn tell(_data: &Data, _args: &PlanArgs, _env: &mut Env<'_>) -> Result<Report> {
    anyhow::bail!("not yet")
}
