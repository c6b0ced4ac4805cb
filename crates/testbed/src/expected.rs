//! The fixtures with one fault, each answered as its `expected.md` says.
#![expect(clippy::panic, clippy::missing_panics_doc, reason = "a wrong answer is a failed test")]

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::bed::{Bed, workspace_root};
use crate::output::Output;

/// Runs `check` in a copy of every fixture whose name begins so, and returns how many there were.
///
/// `prepare` makes what git cannot keep. A fixture is expected to have findings; those that are no notes stand
/// in the fenced block of its `expected.md`, one a line: level, rule, place, key.
pub fn check_fixtures(prefix: &str, program: &Path, prepare: impl Fn(&str, &Bed)) -> usize {
    let fixtures = workspace_root().join("fixtures");
    let listing =
        fs::read_dir(&fixtures).unwrap_or_else(|error| panic!("reading fixtures: {error}"));
    let mut names: Vec<String> = listing
        .filter_map(Result::ok)
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .filter(|name| {
            name.starts_with(prefix) && fixtures.join(name).join("expected.md").is_file()
        })
        .collect();
    names.sort();
    for name in &names {
        let page = fs::read_to_string(fixtures.join(name).join("expected.md"))
            .unwrap_or_else(|error| panic!("reading expected.md of {name}: {error}"));
        let Some(expected) = page.split("```\n").nth(1) else {
            panic!("expected.md of {name} has no fenced block");
        };
        let bed = Bed::new();
        bed.copy_fixture(name);
        bed.git_init();
        prepare(name, &bed);
        let output = bed.command(program).args(["check", "--format", "json"]).run();
        assert_eq!(output.code(), 1, "{name}: {output}");
        assert_eq!(lines(&output), expected, "{name}");
    }
    names.len()
}

fn lines(output: &Output) -> String {
    let answer = output.json();
    let findings = answer.get("findings").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    findings.iter().filter(|finding| text(finding, "level") != Some("note")).map(line).collect()
}

fn line(finding: &Value) -> String {
    let subject = finding.get("subject").unwrap_or(&Value::Null);
    let place = text(subject, "path").map(|path| match subject.get("line") {
        Some(line) => format!("{path}:{line}"),
        None => path.to_owned(),
    });
    let words =
        [text(finding, "level"), text(finding, "rule"), place.as_deref(), text(subject, "key")];
    let words: Vec<&str> = words.into_iter().flatten().collect();
    format!("{}\n", words.join(" "))
}

fn text<'a>(value: &'a Value, key: &str) -> Option<&'a str> {
    value.get(key).and_then(Value::as_str)
}
