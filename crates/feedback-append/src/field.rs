//! Labelled lines of an entry (`Status: done`, `**Evidence:** …`, `| Next | … |`), and what the label is about.

use std::ops::Range;

/// A labelled line; ranges are offsets in the line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field<'a> {
    /// The label as written, without markup and colon.
    pub label: &'a str,
    /// What it is about.
    pub topic: Topic,
    /// What follows the colon, trimmed.
    pub value: Range<usize>,
    /// Whether the line is a list item or a table row.
    pub is_item: bool,
}

/// What a label is about, whichever of its many spellings is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Topic {
    /// How the work stands.
    Status,
    /// Where the proof is.
    Evidence,
    /// What was run.
    Command,
    /// What comes next.
    Next,
    /// What it waits for.
    Blocked,
    /// Anything else.
    Other,
}

/// Reads one line, without its line break, as a labelled one.
pub fn read(line: &str) -> Option<Field<'_>> {
    let start = line.len() - line.trim_start().len();
    if line[start..].starts_with('|') {
        return table_row(line);
    }
    let item = list_marker(&line[start..]);
    let mut at = start + item;
    at += markup(&line[at..]);
    let colon = at + line[at..].find(':')?;
    let label = line[at..colon].trim_end_matches(['*', '_', '`']).trim_end();
    let mut value = colon + 1;
    value += markup(&line[value..]);
    let follows_blank =
        line[value..].is_empty() || line[value..].starts_with([' ', '\t']) || value > colon + 1;
    if !follows_blank || !is_label(label) {
        return None;
    }
    value += line[value..].len() - line[value..].trim_start().len();
    let end = (value + line[value..].trim_end().len()).max(value);
    Some(Field { label, topic: topic(label), value: value..end, is_item: item > 0 })
}

/// What a label is about.
pub fn topic(label: &str) -> Topic {
    let label = label.to_ascii_lowercase();
    let starts = |words: &[&str]| words.iter().any(|word| label.starts_with(word));
    if starts(&["command", "ran", "executed"]) {
        Topic::Command
    } else if label.contains("evidence")
        || starts(&["artifact", "output", "proof", "log path", "logs", "screenshot"])
    {
        Topic::Evidence
    } else if starts(&["status", "state", "ready state"]) {
        Topic::Status
    } else if starts(&["next", "planned next"]) {
        Topic::Next
    } else if starts(&["blocked", "blocker", "waiting"]) {
        Topic::Blocked
    } else {
        Topic::Other
    }
}

/// How long a list marker at the start of a text is.
pub(crate) fn list_marker(text: &str) -> usize {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let sign = text[digits..].bytes().next();
    let is_marker =
        matches!((digits, sign), (0, Some(b'-' | b'*' | b'+')) | (1..=9, Some(b'.' | b')')));
    let rest = text.get(digits + 1..).unwrap_or_default();
    let blank = rest.len() - rest.trim_start_matches([' ', '\t']).len();
    if !is_marker || blank == 0 {
        return 0;
    }
    let mut length = digits + 1 + blank;
    for task in ["[ ] ", "[x] ", "[X] "] {
        length += if text[length..].starts_with(task) { task.len() } else { 0 };
    }
    length
}

fn markup(text: &str) -> usize {
    text.len() - text.trim_start_matches(['*', '_', '`']).len()
}

fn is_label(label: &str) -> bool {
    label.len() <= 48
        && label.starts_with(char::is_alphabetic)
        && label.split('(').next().unwrap_or_default().split_whitespace().count() <= 5
        && label.chars().all(|other| other.is_alphanumeric() || " &/()-_'".contains(other))
}

fn table_row(line: &str) -> Option<Field<'_>> {
    let bar = line.find('|')?;
    let next = bar + 1 + line[bar + 1..].find('|')?;
    let cell = line[bar + 1..next].trim_matches([' ', '\t', '*', '_', '`', ':']);
    let rest = &line[next + 1..];
    let value = next + 1 + (rest.len() - rest.trim_start().len());
    let end = line.trim_end().trim_end_matches('|').trim_end().len().max(value);
    is_label(cell).then(|| Field {
        label: cell,
        topic: topic(cell),
        value: value..end,
        is_item: true,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(line: &str) -> String {
        read(line).map_or("none".to_owned(), |field| {
            format!(
                "{} ({:?}{}) = {}",
                field.label,
                field.topic,
                if field.is_item { ", item" } else { "" },
                &line[field.value.clone()]
            )
        })
    }

    #[test]
    fn every_spelling_of_a_label_is_read() {
        let lines = [
            "Status: done",
            "**Evidence:** artifacts/x/",
            "**Action**: made it  ",
            "- **Artifact root:** artifacts/x/",
            "- [x] Evidence links: a",
            "Commands executed (evidence captured):",
            "1) Next action: b",
            "| Evidence | artifacts/a.log | ok |",
            "Blocked by: the vault",
            "EVIDENCE: prose",
            "https://example.com: no",
            "see artifacts/x.log: it says",
            "- git status → artifacts/x: y",
            "12:30: no",
            "Planned next actions (pending manager OK):",
        ];
        insta::assert_snapshot!(lines.map(check).join("\n"), @"
        Status (Status) = done
        Evidence (Evidence) = artifacts/x/
        Action (Other) = made it
        Artifact root (Evidence, item) = artifacts/x/
        Evidence links (Evidence, item) = a
        Commands executed (evidence captured) (Command) = 
        Next action (Next, item) = b
        Evidence (Evidence, item) = artifacts/a.log | ok
        Blocked by (Blocked) = the vault
        EVIDENCE (Evidence) = prose
        none
        none
        none
        none
        Planned next actions (pending manager OK) (Next) =
        ");
    }

    proptest! {
        #[test]
        fn any_line_is_read_without_a_fault(line in "[ |*:`\\-0-9.)a-zé\\[\\]]{0,30}") {
            if let Some(field) = read(&line) {
                prop_assert!(line.get(field.value).is_some());
            }
        }
    }
}
