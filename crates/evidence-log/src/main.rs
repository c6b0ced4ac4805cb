//! The `evidence-log` program: parses its arguments, runs, and exits.

use std::process::ExitCode;

fn main() -> ExitCode {
    secret::harden_process();
    report::main_or(evidence_log::run, evidence_log::not_begun)
}
