//! The `fly-secrets` program: parses its arguments, runs, and exits.

use std::process::ExitCode;

fn main() -> ExitCode {
    secret::harden_process();
    report::main(fly_secrets::run)
}
