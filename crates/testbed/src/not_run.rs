//! Saying aloud that a test could not run, so that a gap is never silent.

use std::fs::OpenOptions;
use std::io::Write;

/// Says that a test did not run, and why; `cargo xtask test` ends with the list of these.
///
/// For tests that need a program of somebody else's: a server, another verifier, another client.
#[expect(
    clippy::print_stderr,
    reason = "the test's own output is the only place left without xtask"
)]
#[expect(
    clippy::disallowed_methods,
    reason = "tests have no invocation; xtask names the file in a variable"
)]
pub fn not_run(test: &str, why: &str) {
    eprintln!("not run: {test}: {why}");
    let Some(list) = std::env::var_os("OPSPROOF_NOT_RUN") else { return };
    if let Ok(mut file) = OpenOptions::new().append(true).create(true).open(list) {
        let _ = file.write_all(format!("{test}: {why}\n").as_bytes());
    }
}
