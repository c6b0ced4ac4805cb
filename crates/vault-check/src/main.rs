//! The `vault-check` program: hands its process to the library and exits with the answer's code.

use std::process::ExitCode;

fn main() -> ExitCode {
    secret::harden_process();
    report::main(vault_check::run)
}
