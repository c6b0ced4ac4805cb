//! Every place that holds a connection string means the same database, as each client reads it.
//!
//! [`run`] is the whole program. Reading order: `args`, then `place` (what ops.toml declares) and `load`
//! (what is found there), then one module a command: `check` decides on findings without touching the
//! world, `parse` and `readings` answer about a single string, `derive` and `fix` write strings anew,
//! `probe` connects for real.

mod args;
mod check;
mod derive;
mod error;
mod fix;
mod json;
mod load;
mod parse;
mod place;
mod probe;
mod readings;
mod rules;
mod single;
mod surroundings;

use report::{Exit, Invocation, Streams};

use crate::args::{Args, Command};
use crate::error::Error;

/// Runs the program.
pub fn run(invocation: &Invocation, streams: &mut Streams<'_>) -> Exit {
    report::dispatch::<Args, Error>(invocation, streams, |args, invocation, streams| {
        match &args.command {
            Command::Parse(options) => parse::run(args, options, invocation, streams),
            Command::Readings(options) => readings::run(args, options, invocation, streams),
            Command::Check(options) => check::run(args, options, invocation, streams),
            Command::Derive(options) => derive::run(args, options, invocation, streams),
            Command::Fix(options) => fix::run(args, options, invocation, streams),
            Command::Probe(options) => probe::run(args, options, invocation, streams),
            Command::Rules(options) => rules::run(options, streams),
        }
    })
}
