//! Runs a command and keeps its output redacted, hash-chained and signed.
//!
//! Reading order: [`run`] parses the command line ([`args`]) and finds out where bundles lie and which secrets are
//! to be hidden ([`setting`], [`redaction`]). Each command is one file: `open`, `run` (its
//! child, the capture loop, what is expected and what is recorded), `words` (`note`), `gate`, `attach`, `seal`, `recover`, `verify`, `show`, `list`, `report` (in `report_page`),
//! `redact`, `export` (with its encoders [`tiles`], [`log_proof`] and [`asciicast`]), and `push` and `pull`, which
//! reach a `store` and know what lies there by its [`index`]. `usage` tells a `run` that could not be understood.

mod agent;
mod args;
mod attach;
mod clock;
mod count;
mod error;
mod export;
mod gate;
mod list;
mod open;
mod pull;
mod push;
mod recover;
mod redact;
mod redaction;
mod report_page;
mod rules;
mod run;
mod seal;
mod setting;
mod show;
mod ssh_keygen;
mod usage;
mod verify;
mod words;

pub mod asciicast;
pub mod index;
pub mod log_proof;
pub mod store;
pub mod tiles;

use std::sync::Arc;

use report::{Exit, Invocation, Streams};
use signal_hook::consts::SIGXFSZ;

use crate::args::{Args, Command};

/// The name and version that records carry.
pub(crate) const TOOL: &str = concat!("evidence-log ", env!("CARGO_PKG_VERSION"));

/// Runs the tool for one invocation.
pub fn run(invocation: &Invocation, streams: &mut Streams<'_>) -> Exit {
    // A limit on the size of files is then an error of the write, and not our end; what we start is without it.
    let _ = signal_hook::flag::register(SIGXFSZ, Arc::default());
    let mut understood = false;
    let begun = usage::is_run(&invocation.args).then(|| run::look(invocation));
    let exit =
        report::dispatch::<Args, error::Error>(invocation, streams, |args, invocation, streams| {
            understood = true;
            let common = &args.common;
            match &args.command {
                Command::Run(run) => {
                    let git = begun.unwrap_or_else(|| run::look(invocation));
                    run::run(run, common, git, invocation, streams)
                }
                Command::Open(open) => open::open(open, common, invocation, streams),
                Command::Note(note) => words::note(note, common, invocation, streams),
                Command::Gate(gate) => gate::gate(gate, common, invocation, streams),
                Command::Attach(attach) => attach::attach(attach, common, invocation, streams),
                Command::Seal(seal) => seal::seal(seal, common, invocation, streams),
                Command::Recover(recover) => recover::recover(recover, common, invocation, streams),
                Command::Verify(verify) => verify::verify(verify, common, invocation, streams),
                Command::Show(show) => show::show(show, common, invocation, streams),
                Command::List(list) => list::list(list, common, invocation, streams),
                Command::Report(report) => report_page::report(report, common, invocation, streams),
                Command::Export(export) => export::export(export, common, invocation, streams),
                Command::Push(push) => push::push(push, common, invocation, streams),
                Command::Pull(pull) => pull::pull(pull, common, invocation, streams),
                Command::Redact(redact) => redact::redact(redact, common, invocation, streams),
                Command::Rules(rules) => rules::explain(rules, streams),
            }
        });
    if understood || exit != Exit::ERROR { exit } else { not_begun(&invocation.args) }
}

/// The exit code where nothing could be begun. `run` passes every code of its command on, 2 too, so that its own
/// failures have a code of their own.
pub fn not_begun(args: &[std::ffi::OsString]) -> Exit {
    if usage::is_run(args) { Exit::code(125) } else { Exit::ERROR }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_help_of_a_command_says_what_the_list_of_commands_says() {
        let whole = crate::args::Args::command();
        for listed in whole.get_subcommands() {
            let about = listed.get_about().map(ToString::to_string).unwrap_or_default();
            let mut built = whole.clone();
            let help = built
                .try_get_matches_from_mut(["evidence-log", listed.get_name(), "--help"])
                .map_err(|help| help.to_string());
            let help = help.expect_err("help is told as an error");
            assert!(!about.is_empty() && help.starts_with(&about), "{}: {help}", listed.get_name());
        }
    }

    #[test]
    fn no_argument_shows_a_value_of_the_environment() {
        fn walk(command: &clap::Command) {
            for argument in command.get_arguments() {
                assert!(
                    argument.get_env().is_none(),
                    "{} is bound to a variable",
                    argument.get_id()
                );
            }
            command.get_subcommands().for_each(walk);
        }
        let command = crate::args::Args::command();
        command.clone().debug_assert();
        walk(&command);
    }
}
