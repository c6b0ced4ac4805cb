//! A clock that jumps: the order of the records counts, and the duration is not the clock's.

use std::path::Path;

use crate::ops::{is_there, unsigned};
use crate::{faults, open, show, tool};

#[test]
fn a_clock_that_is_set_back_changes_neither_order_nor_duration() {
    let test = "a_clock_that_is_set_back_changes_neither_order_nor_duration";
    if !is_there("faketime") {
        testbed::not_run(test, "faketime is not installed");
        return;
    }
    let program = Path::new(testbed::bin!("evidence-log"))
        .with_file_name("examples")
        .join("linked_dynamically");
    if !program.exists() {
        testbed::not_run(test, "the example `linked_dynamically` was not built");
        return;
    }
    let bed = unsigned();
    let bundle = open(&bed);
    let at = |time: &str, label: &str, command: &str| {
        let run = [
            "-m",
            "-f",
            time,
            &program.to_string_lossy(),
            "run",
            "--into",
            &bundle,
            "--label",
            label,
            "--",
            "sh",
            "-c",
            command,
        ];
        let ran = bed.command("faketime").args(run).env("FAKETIME_DONT_FAKE_MONOTONIC", "1").run();
        assert_eq!(ran.code(), 0, "{ran}");
    };
    at("@2026-06-01 12:00:00", "noon", "echo one");
    at("@2001-01-01 00:00:00", "past", "echo two; sleep 0.3");
    let records = bed.read(format!("{bundle}/evidence.jsonl"));
    assert!(records.contains("\"t\":\"2001-01-01T"), "{records}");
    // Before 1970 only such a clock is; nothing is lost by it.
    at("@1969-06-01 00:00:00", "older", "echo three");
    let runs = show(&bed, &bundle)["runs"].clone();
    assert_eq!((&runs[0]["label"], &runs[1]["label"]), (&"noon".into(), &"past".into()));
    let took = runs[1]["duration_us"].as_u64().unwrap();
    assert!((300_000..60_000_000).contains(&took), "{took}");
    assert_eq!(tool(&bed).args(["seal", &bundle]).run().code(), 0);
    let verified = tool(&bed).args(["verify", &bundle]).run();
    assert_eq!(verified.code(), 0, "{verified}");
    assert!(verified.stdout().contains("the clock ran backwards"), "{verified}");
    assert_eq!(faults(&bed, &bundle), Vec::<String>::new());
}
