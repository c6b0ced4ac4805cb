//! Seeing what must be seen.

use std::collections::HashMap;

use serde_json::Value;
use testbed::{Bed, Output};

use crate::story::{Expected, FileExpected, Story};
use crate::when::{Seen, placed};

/// Files as they were before anything was done.
pub(crate) struct Before(HashMap<String, Option<Vec<u8>>>);

impl Before {
    /// Keeps the files of which something is expected.
    pub(crate) fn of(bed: &Bed, files: &[FileExpected]) -> Self {
        let read = |file: &FileExpected| {
            let bytes = bed.path(&file.path).is_file().then(|| bed.read_bytes(&file.path));
            (file.path.clone(), bytes)
        };
        Self(files.iter().map(read).collect())
    }
}

/// Compares answers and files with what is expected; every step that runs something has an expectation.
pub(crate) fn check(story: &Story, bed: &Bed, seen: &Seen, before: &Before) {
    for (id, outputs) in seen {
        let Some(expected) = story.then.step.get(id) else { panic!("nothing is expected of {id}") };
        for output in outputs {
            answer(id, output, expected);
        }
    }
    for id in story.then.step.keys() {
        assert!(seen.iter().any(|(name, _)| name == id), "no step is named {id}");
    }
    story.then.files.iter().for_each(|file| self::file(bed, file, before));
}

fn answer(id: &str, output: &Output, expected: &Expected) {
    assert_eq!(output.code(), expected.exit, "{id}: {output}");
    let both = format!("{}\n{}", output.stdout(), output.stderr());
    let masked = output.masked(&both);
    for words in &expected.shows {
        assert!(
            both.contains(words) || masked.contains(words),
            "{id} shows no {words:?}: {output}"
        );
    }
    for words in &expected.hides {
        assert!(!both.contains(words), "{id} shows {words:?}: {output}");
    }
    if let Some(findings) = &expected.findings {
        let found: Vec<String> = findings_of(&output.json());
        assert_eq!(&found, findings, "{id}: {output}");
    }
    for (pointer, value) in &expected.json {
        let value = serde_json::to_value(value).unwrap();
        assert_eq!(output.json().pointer(pointer), Some(&value), "{id} {pointer}: {output}");
    }
}

/// Each finding but notes on a line: level, rule, place, key.
fn findings_of(answer: &Value) -> Vec<String> {
    let findings = answer.get("findings").and_then(Value::as_array).cloned().unwrap_or_default();
    let text = |value: &Value, key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
    findings
        .iter()
        .filter(|finding| text(finding, "level").as_deref() != Some("note"))
        .map(|finding| {
            let subject = finding.get("subject").unwrap_or(&Value::Null);
            let place = text(subject, "path").map(|path| match subject.get("line") {
                Some(line) => format!("{path}:{line}"),
                None => path,
            });
            let words =
                [text(finding, "level"), text(finding, "rule"), place, text(subject, "key")];
            words.into_iter().flatten().collect::<Vec<_>>().join(" ")
        })
        .collect()
}

fn file(bed: &Bed, expected: &FileExpected, before: &Before) {
    let path = &placed(bed, &expected.path);
    if expected.gone {
        assert!(!bed.path(path).exists(), "{path} is there");
        return;
    }
    let bytes = bed.read_bytes(path);
    let was = before.0.get(&expected.path).cloned().flatten().unwrap_or_default();
    if expected.same {
        assert!(bytes == was, "{path} is not as it was");
    }
    let text = String::from_utf8_lossy(&bytes);
    if let Some(changing) = &expected.grown_but_for {
        let kept = |text: &str| {
            let lines = text.lines().map(str::to_owned);
            let changes =
                |line: &String| changing.iter().any(|start| line.starts_with(start.as_str()));
            lines.filter(|line| !changes(line)).collect::<Vec<_>>()
        };
        let was = kept(&String::from_utf8_lossy(&was));
        assert!(kept(&text).starts_with(&was), "{path} lost something: {text}");
    }
    for words in &expected.shows {
        assert!(text.contains(words), "{path} has no {words:?}: {text}");
    }
    for words in &expected.hides {
        assert!(!text.contains(words), "{path} has {words:?}");
    }
    for (words, count) in &expected.counts {
        assert_eq!(text.matches(words.as_str()).count(), *count, "{path}: {words:?}: {text}");
    }
}
