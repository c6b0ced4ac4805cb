//! Every declared credential is there, whole, well-formed, private, fresh, and nowhere it should not be.
//!
//! [`run`] parses the arguments and hands over to one module a command. `check` loads the vault and
//! what git says of it, lets each of the [`rules`] look, and answers with findings; it never shows
//! a value.

mod above;
mod args;
mod check;
mod drift;
mod error;
mod examples;
mod explain;
mod fingerprint;
mod git;
mod given;
mod guess;
mod hook;
mod init;
mod json;
mod leaks;
mod list;
mod modes;
mod packing;
mod present;
mod progress;
mod rules;
mod scope;

use report::{Exit, Invocation, Streams, Tool};

use crate::args::{Args, Command};
use crate::error::Error;

const TOOL: Tool =
    Tool { name: "vault-check", version: env!("CARGO_PKG_VERSION"), rules: &rules::RULES };

/// Runs one call of the tool.
pub fn run(invocation: &Invocation, streams: &mut Streams<'_>) -> Exit {
    report::dispatch::<Args, Error>(invocation, streams, |args, invocation, streams| {
        match &args.command {
            Command::Check(check) => check::run(check, &args.common, invocation, streams),
            Command::Leaks(leaks) => leaks::run(leaks, &args.common, invocation, streams),
            Command::List(list) => list::run(list, &args.common, invocation, streams),
            Command::Init(init) => init::run(init, &args.common, invocation, streams),
            Command::Rules(rules) => explain::run(rules, streams),
        }
    })
}
