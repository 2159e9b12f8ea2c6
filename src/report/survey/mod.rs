//! stub
use anyhow::Result;
use super::Report;
use crate::Env;
use crate::cli::SurveyArgs;
/// stub
pub fn build(_args: &SurveyArgs, _env: &mut Env<'_>) -> Result<Report> {
    anyhow::bail!("not yet")
}
