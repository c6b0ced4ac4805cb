//! Tests of the real `feedback-append` program.
#![expect(clippy::unwrap_used, reason = "a failed set-up is a failed test")]

mod append;
mod archive;
mod bundle;
mod check;
mod claims;
mod clones;
mod commands;
mod front_matter;
mod hard;
mod history;
mod honest;
mod masked;
mod names;
mod refusals;
mod scenarios;
mod standing;
mod terminal;
mod verdicts;
mod writers;

use testbed::Bed;

/// A bed with an ops.toml for two roles, a vault with one value, and the sample log.
pub(crate) fn bed() -> Bed {
    let bed = Bed::new();
    bed.write(
        "ops.toml",
        "version = 1\n[vault]\nroot = \"vault/occ\"\n[[vault.file]]\npath = \"fly/api_token.env\"\n\
         keys = { FLY_API_TOKEN = \"any\" }\n[feedback]\nroot = \"feedback\"\nepoch = \"2025.10.E1\"\n\
         [feedback.roles]\nchatwoot = { file = \"chatwoot.md\", owner = \"chatwoot\", writers = [\"manager\"] }\n\
         manager = { file = \"manager.md\", owner = \"manager\" }\n",
    );
    bed.write("vault/occ/fly/api_token.env", "FLY_API_TOKEN=SYNTH-CANARY-4711-token-value\n");
    bed.write("feedback/chatwoot.md", SEED);
    bed
}

/// The log of the field study.
pub(crate) const SEED: &str = include_str!("../logs/chatwoot.md");

/// The value in the vault of [`bed`].
pub(crate) const VALUE: &str = "SYNTH-CANARY-4711-token-value";

/// Runs the program in a bed.
pub(crate) fn run<'a>(bed: &Bed, args: impl IntoIterator<Item = &'a str>) -> testbed::Output {
    bed.command(testbed::bin!("feedback-append")).args(args).run()
}
