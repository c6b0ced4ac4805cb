//! The `feedback-append` program: parses its arguments, runs, and exits.

use std::process::ExitCode;

fn main() -> ExitCode {
    secret::harden_process();
    report::main(feedback_append::run)
}
