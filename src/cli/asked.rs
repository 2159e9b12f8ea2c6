//! The command line read twice: as flags, and as what of them was given.
//!
//! In: arguments. Out: [`Cli`], and the values of a flag where it was given, by itself or by the environment.

use std::ffi::OsString;

use clap::error::Error;
use clap::parser::ValueSource;
use clap::{ArgMatches, CommandFactory, FromArgMatches};

use super::Cli;

/// The command line, and of its command what was given of each flag.
///
/// # Errors
/// A wrong command line.
pub fn parse(arguments: Vec<OsString>) -> Result<(Cli, Given), Error> {
    let mut command = Cli::command();
    let mut matches = command.try_get_matches_from_mut(arguments)?;
    let given = Given(matches.subcommand().map(|(_, of_command)| of_command.clone()));
    let cli = Cli::from_arg_matches_mut(&mut matches).map_err(|error| error.format(&mut command))?;
    Ok((cli, given))
}

/// What was given of the flags of a command.
pub struct Given(Option<ArgMatches>);

impl Given {
    /// The values of a flag as they were typed; none where it has its default, or where the command has no such flag.
    pub fn values(&self, flag: &str) -> Vec<String> {
        let Some(matches) = &self.0 else { return Vec::new() };
        let Ok(Some(values)) = matches.try_get_raw(flag) else { return Vec::new() };
        let default = matches.value_source(flag) == Some(ValueSource::DefaultValue);
        values.filter(|_| !default).map(|value| value.to_string_lossy().into_owned()).collect()
    }
}
