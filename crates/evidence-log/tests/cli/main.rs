//! Tests of the real `evidence-log` program.
#![expect(clippy::unwrap_used, reason = "a failed set-up is a failed test")]

mod attach;
mod azurite;
mod branches;
mod clock;
mod crash;
mod expect;
mod export;
mod fake_s3;
mod forms;
mod limits;
mod memory;
mod moment;
mod moto;
mod ops;
mod outputs;
mod outside;
mod page;
mod peers;
mod push;
mod recover;
mod redaction;
mod run;
mod scenarios;
mod seal;
mod server;
mod signals;
mod stores;
mod tamper;
mod verdicts;
mod waits;
mod words;

use std::time::{Duration, Instant};

use testbed::{Bed, Command};

/// The program, ready to be given its arguments.
pub(crate) fn tool(bed: &Bed) -> Command<'_> {
    bed.command(testbed::bin!("evidence-log"))
}

/// Makes a bundle and gives its path from the bed's root.
pub(crate) fn open(bed: &Bed) -> String {
    let output = tool(bed).args(["open", "check", "--area", "area"]).run();
    assert_eq!(output.code(), 0, "{output}");
    output.stdout().trim_end().to_owned()
}

/// A sealed bundle with one run, labelled `one`.
pub(crate) fn sealed(bed: &Bed) -> String {
    let bundle = open(bed);
    let run = ["run", "--into", &bundle, "--label", "one", "--", "echo", "hello"];
    assert_eq!(tool(bed).args(run).run().code(), 0);
    assert_eq!(tool(bed).args(["seal", &bundle]).run().code(), 0);
    bundle
}

/// The answer of `show --format json`.
pub(crate) fn show(bed: &Bed, bundle: &str) -> serde_json::Value {
    tool(bed).args(["show", bundle, "--format", "json"]).run().json()
}

/// The rules that `verify` finds fault with, notes left out.
pub(crate) fn faults(bed: &Bed, bundle: &str) -> Vec<String> {
    let answer = tool(bed).args(["verify", bundle, "--format", "json"]).run().json();
    let findings = answer["findings"].as_array().unwrap();
    let faults = findings.iter().filter(|finding| finding["level"] != "note");
    faults.map(|finding| finding["rule"].as_str().unwrap().to_owned()).collect()
}

/// Waits for the end of a command that its recorder did not outlive: it holds the lock on its timing file.
pub(crate) fn wait_for_command(bed: &Bed, timing: &str) {
    std::fs::File::open(bed.path(timing)).unwrap().lock().unwrap();
}

/// Waits until it holds, and names it where it does not come to that.
pub(crate) fn wait_for(what: &str, condition: impl Fn() -> bool) {
    let started = Instant::now();
    while !condition() {
        assert!(started.elapsed() < Duration::from_mins(1), "{what} did not happen");
        std::thread::sleep(Duration::from_millis(5));
    }
}
