//! What Fly lists of an app's secrets, from the API or from a captured `fly secrets list`.

use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::api;

/// One name that Fly lists. Its digest is compared and kept, never shown: a short value's digest gives it away.
#[derive(Clone, PartialEq, Eq)]
pub struct Listed {
    /// The name.
    pub name: String,
    /// What Fly shows for the value.
    pub digest: String,
    /// When it was last set; captured lists often leave it out.
    pub updated_at: Option<DateTime<Utc>>,
    /// Whether it is deployed, where a captured list says so.
    pub status: Option<String>,
}

impl std::fmt::Debug for Listed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Listed")
            .field("name", &self.name)
            .field("updated_at", &self.updated_at)
            .finish_non_exhaustive()
    }
}

/// Reads the API's answer: `{"secrets":[…]}`.
pub fn from_api(answer: &Value) -> Result<Vec<Listed>, &'static str> {
    let secrets = answer.get("secrets").ok_or("it has no list of secrets")?;
    // An app without secrets answers null in some versions.
    if secrets.is_null() {
        return Ok(Vec::new());
    }
    let secrets = secrets.as_array().ok_or("its list of secrets is no list")?;
    secrets.iter().map(one).collect()
}

/// Reads a captured `fly secrets list`, as JSON in any of flyctl's shapes or as the printed table.
pub fn from_capture(bytes: &[u8]) -> Result<Vec<Listed>, &'static str> {
    let text = std::str::from_utf8(bytes).map_err(|_| "it is not text")?;
    let start = text.trim_start_matches('\u{feff}').trim_start();
    if !start.starts_with(['[', '{']) {
        return from_table(start);
    }
    let value: Value = serde_json::from_str(start).map_err(|error| {
        if error.is_eof() { "it stops in the middle" } else { "it is not JSON" }
    })?;
    match &value {
        Value::Array(secrets) => secrets.iter().map(one).collect(),
        other => from_api(other),
    }
}

fn one(secret: &Value) -> Result<Listed, &'static str> {
    let text = |keys: [&str; 2]| {
        keys.iter().find_map(|key| secret.get(key)?.as_str()).filter(|text| !text.is_empty())
    };
    let name = text(["name", "Name"]).ok_or("an entry has no name")?;
    let digest = text(["digest", "Digest"]).ok_or("an entry has no digest")?;
    if !is_name(name) || !is_digest(digest) {
        return Err("an entry is not of the shape that Fly lists");
    }
    Ok(Listed {
        name: name.to_owned(),
        digest: digest.to_owned(),
        updated_at: api::time(secret.get("updated_at")),
        status: text(["status", "Status"]).map(str::to_owned),
    })
}

/// Reads the printed table: a header with NAME and DIGEST, then a line a name, in columns or boxes.
fn from_table(text: &str) -> Result<Vec<Listed>, &'static str> {
    let mut rows = text.lines().map(cells).filter(|cells| !cells.is_empty());
    let header = rows.next().ok_or("it is empty")?;
    let column = |name: &str| header.iter().position(|cell| cell.eq_ignore_ascii_case(name));
    let (Some(name), Some(digest)) = (column("name"), column("digest")) else {
        return Err("it has no header with NAME and DIGEST");
    };
    let status = column("status");
    let mut listed = Vec::new();
    for row in rows {
        let cell = |index: usize| row.get(index).map(String::as_str).unwrap_or_default();
        let name = cell(name).trim_start_matches(['*', '!']).trim();
        if !is_name(name) || !is_digest(cell(digest)) {
            // A line that was cut, or a note below the table: better no list than a wrong one.
            let is_note = row.len() == 1 && row.iter().any(|cell| cell.contains(' '));
            if is_note {
                continue;
            }
            return Err("a line has no whole name and digest; it was cut short");
        }
        let status = status.map(|index| cell(index).to_owned());
        if status.as_deref().is_some_and(|status| !is_status(status)) {
            return Err("a line has no whole status; it was cut short");
        }
        listed.push(Listed {
            name: name.to_owned(),
            digest: cell(digest).to_owned(),
            updated_at: None,
            status,
        });
    }
    Ok(listed)
}

/// The cells of a row: parted by box lines, tabs, or two spaces or more; rows of box lines alone have none.
fn cells(line: &str) -> Vec<String> {
    let is_box = |character: char| matches!(character, '\u{2500}'..='\u{257f}' | '|');
    let line: String = line.chars().map(|c| if is_box(c) { '\t' } else { c }).collect();
    let mut cells = Vec::new();
    for part in line.split('\t') {
        let words = part.split("  ").map(str::trim).filter(|word| !word.is_empty());
        // A mark before a name is a cell of its own where spaces follow it.
        cells.extend(words.filter(|word| !matches!(*word, "*" | "!")).map(str::to_owned));
    }
    if cells.iter().all(|cell| cell.chars().all(|c| c == '-' || c == '+')) {
        cells.clear();
    }
    cells
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// The words of flyctl's `secrets list` since 0.4.6; where it knows none, it prints no such column.
fn is_status(text: &str) -> bool {
    ["Deployed", "Staged", "Partial", "Unknown"].contains(&text)
}

/// 16 hex digits now, 32 before 2024.
fn is_digest(text: &str) -> bool {
    matches!(text.len(), 16 | 32) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(capture: &str) -> String {
        match from_capture(capture.as_bytes()) {
            Err(what) => format!("refused: {what}"),
            Ok(listed) => {
                let lines = listed.iter().map(|one| {
                    format!("{} {} {}", one.name, one.digest, one.status.as_deref().unwrap_or("-"))
                });
                lines.collect::<Vec<_>>().join("\n")
            }
        }
    }

    #[test]
    fn every_json_shape_of_flyctl_is_read() {
        let expected = "A 00ff00ff00ff00ff -";
        assert_eq!(
            check(
                r#"[{"Name":"A","Digest":"00ff00ff00ff00ff","CreatedAt":"2025-10-01T00:00:00Z"}]"#
            ),
            expected
        );
        assert_eq!(
            check(
                r#"[{"name":"A","digest":"00ff00ff00ff00ff","updated_at":"2025-10-01T00:00:00Z"}]"#
            ),
            expected
        );
        assert_eq!(check(r#"{"secrets":[{"name":"A","digest":"00ff00ff00ff00ff"}]}"#), expected);
        assert_eq!(
            check(r#"[{"name":"A","digest":"00ff00ff00ff00ff","status":"Staged"}]"#),
            "A 00ff00ff00ff00ff Staged"
        );
        assert_eq!(check("[]"), "");
    }

    #[test]
    fn the_printed_table_is_read_with_and_without_boxes() {
        let plain =
            "NAME        \tDIGEST          \tCREATED AT\nREDIS_URL   \t00ff00ff00ff00ff\t2h ago\n";
        assert_eq!(check(plain), "REDIS_URL 00ff00ff00ff00ff -");
        let boxed = " NAME        │ DIGEST           │ STATUS\n─────────────┼──────────────────┼─────────\n * REDIS_URL │ 00ff00ff00ff00ff │ Staged\n";
        assert_eq!(check(boxed), "REDIS_URL 00ff00ff00ff00ff Staged");
    }

    #[test]
    fn a_list_that_was_cut_is_refused() {
        let whole = r#"[{"name":"A","digest":"00ff00ff00ff00ff"}]"#;
        for end in 1..whole.len() {
            assert_eq!(check(&whole[..end]), "refused: it stops in the middle", "{end}");
        }
        let table = "NAME\tDIGEST\nA\t00ff00ff00ff00ff\nB\t00ff00ff";
        assert_eq!(check(table), "refused: a line has no whole name and digest; it was cut short");
        let table = "NAME\tDIGEST\tSTATUS\nA\t00ff00ff00ff00ff\tStaged";
        for end in 1..=table.len() {
            // A header alone is the list of an app without secrets.
            let is_whole = (11..=19).contains(&end) || end == table.len();
            assert_eq!(!check(&table[..end]).starts_with("refused"), is_whole, "{end}");
        }
        for (text, what) in [
            ("", "it is empty"),
            ("Error: no access", "it has no header with NAME and DIGEST"),
            ("[1]", "an entry has no name"),
        ] {
            assert_eq!(check(text), format!("refused: {what}"));
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes: Vec<u8>) {
            let _ = from_capture(&bytes);
        }

        #[test]
        fn what_is_read_is_of_the_shape(text in r#"[\[\]{}":, \tA-Za-z0-9\n|]{0,200}"#) {
            if let Ok(listed) = from_capture(text.as_bytes()) {
                for one in listed {
                    prop_assert!(is_name(&one.name) && is_digest(&one.digest));
                }
            }
        }
    }
}
