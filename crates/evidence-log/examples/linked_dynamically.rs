//! The program as it is, but for its C library, which is loaded when it starts: so that a test can put another clock in
//! its place. The program itself is linked statically (`crates/link.rs`).

use std::process::ExitCode;

fn main() -> ExitCode {
    secret::harden_process();
    report::main_or(evidence_log::run, evidence_log::not_begun)
}
