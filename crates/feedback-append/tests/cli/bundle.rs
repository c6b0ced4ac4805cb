//! Bundles for these tests, made with the library that `evidence-log` uses.

use std::path::PathBuf;

use chrono::DateTime;
use evidence::{Begin, Body, Digest, End, Open};
use serde_json::json;
use testbed::Bed;

/// A run to record: its command, its output, and how it ended.
pub(crate) struct Run<'a> {
    pub(crate) command: &'a [&'a str],
    pub(crate) cwd: &'a str,
    pub(crate) output: &'a str,
    pub(crate) outcome: serde_json::Value,
    pub(crate) suspect: &'a [&'a str],
    pub(crate) expect: &'a [u8],
}

/// A run that ended by itself.
pub(crate) fn exited<'a>(command: &'a [&'a str], output: &'a str, code: u8) -> Run<'a> {
    Run {
        command,
        cwd: ".",
        output,
        outcome: json!({"how": "exited", "code": code}),
        suspect: &[],
        expect: &[],
    }
}

/// A run with exit 0 that should not be believed.
pub(crate) fn suspect<'a>(command: &'a [&'a str], output: &'a str, why: &'a [&'a str]) -> Run<'a> {
    Run {
        command,
        cwd: ".",
        output,
        outcome: json!({"how": "exited", "code": 0}),
        suspect: why,
        expect: &[],
    }
}

/// A run whose time was up.
pub(crate) fn timed_out<'a>(command: &'a [&'a str]) -> Run<'a> {
    Run {
        command,
        cwd: ".",
        output: "",
        outcome: json!({"how": "timed-out", "after_ms": 600_000}),
        suspect: &[],
        expect: &[],
    }
}

/// Makes and seals a bundle `artifacts/NAME`; answers its path in the bed.
pub(crate) fn bundle(bed: &Bed, name: &str, runs: &[Run<'_>]) -> String {
    let folder = open(bed, name, runs);
    evidence::seal(&folder, DateTime::from_timestamp(1_760_000_000, 0).unwrap(), None, None)
        .unwrap();
    format!("artifacts/{name}")
}

/// Makes a bundle and leaves it open.
pub(crate) fn open(bed: &Bed, name: &str, runs: &[Run<'_>]) -> PathBuf {
    let now = DateTime::from_timestamp(1_760_000_000, 0).unwrap();
    let folder = bed.path("artifacts").join(name);
    std::fs::create_dir_all(&folder).unwrap();
    let mut bodies = vec![Body::Open(Open {
        name: name.to_owned(),
        area: String::new(),
        tool: "test".to_owned(),
        host: String::new(),
    })];
    for (number, run) in (1_u32..).zip(runs) {
        let label = run.command[0];
        let path = format!("{number:03}-{label}.out");
        std::fs::write(folder.join(&path), run.output).unwrap();
        let begin: Begin = serde_json::from_value(json!({
            "run": number, "label": label, "command": run.command, "cwd": run.cwd, "mode": "pipe", "stdin": "null", "expect_exit": run.expect,
        }))
        .unwrap();
        let end: End = serde_json::from_value(json!({
            "run": number, "outcome": run.outcome, "started": "2025-10-09T08:53:20Z", "ended": "2025-10-09T08:53:20Z",
            "duration_us": 7, "mode": "pipe", "suspect": run.suspect,
            "files": [{"path": path, "role": "stdout", "bytes": run.output.len(),
                "sha256": Digest::of(run.output.as_bytes()).hex()}],
        }))
        .unwrap();
        bodies.extend([Body::Begin(begin), Body::End(Box::new(end))]);
    }
    evidence::append(&folder, now, |_| bodies).unwrap();
    folder
}
