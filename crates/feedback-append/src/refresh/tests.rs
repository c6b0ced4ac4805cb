//! Tests of what a refresh changes, and that it changes nothing else.

use super::*;
use std::path::Path;

fn refreshed(document: &str) -> (String, Vec<String>) {
    let repo = Repo { folder: PathBuf::from("/r"), ops: None };
    let target = Target::of_file(&repo, Path::new("/r/feedback/chatwoot.md"));
    let now = DateTime::from_timestamp(1_795_366_991, 0).unwrap();
    let Plan { edits, changes, .. } = plan(&repo, &target, document.as_bytes(), now);
    (front_matter::apply(document, &edits), changes)
}

#[test]
fn the_faults_of_the_field_are_mended() {
    let document = "---\ndoc: feedback/$(basename \"$file\") # kept\nowner: me\nlast_reviewed: 2027-01-01\ndoc_hash: TBD\n---\n\n## 2025-10-11 — a\n\n---\nepoch: E1\ndoc: x\n---\nb\n";
    let (text, changes) = refreshed(document);
    insta::assert_snapshot!(changes.join("\n"), @"
    the second front matter at line 10 is taken out
    `doc` becomes feedback/chatwoot.md
    `doc_hash` becomes sha256:3c69899a…
    `last_reviewed` becomes 2025-10-11
    `expires: 2025-10-18` is added
    ");
    assert!(text.starts_with("---\ndoc: feedback/chatwoot.md # kept\nowner: me\nlast_reviewed: 2025-10-11\ndoc_hash: sha256:"));
    assert!(text.ends_with("---\n\n## 2025-10-11 — a\n\nb\n"));
    assert_eq!(refreshed(&text).1, Vec::<String>::new());
}

#[test]
fn a_log_without_a_head_gets_one() {
    let (text, changes) = refreshed("## 2025-10-11 — a\n");
    assert_eq!(changes, ["front matter is put in front"]);
    assert!(text.ends_with("---\n## 2025-10-11 — a\n"));
    assert_eq!(refreshed(&text).1, Vec::<String>::new());
}

mod properties {
    use super::*;
    use crate::front_matter::yaml;
    use proptest::prelude::*;

    const LINES: [&str; 22] = [
        "doc: feedback/chatwoot.md",
        "doc: x # why",
        "\"doc\": y",
        "'doc' : z",
        "\"d\\u006fc\": y",
        "? doc",
        ": v",
        "owner: me",
        "owner: 'it''s'",
        "doc_hash: TBD",
        "doc_hash: >-",
        "  TBD",
        "doc_hash: !!str TBD",
        "{doc: a, owner: b}",
        "expires: 2030-01-01",
        "last_reviewed: &a 2025-01-01",
        "other: *a",
        "list:",
        "- item",
        "# comment",
        "plain text",
        "",
    ];

    proptest! {
        #[test]
        fn a_refresh_keeps_every_other_line_and_what_is_yaml_stays_yaml(
            picked in proptest::collection::vec(0..LINES.len(), 0..8),
            crlf: bool,
        ) {
            let line_break = if crlf { "\r\n" } else { "\n" };
            let inner: Vec<&str> = picked.iter().map(|nth| LINES[*nth]).collect();
            let body = ["", "## 2025-10-11T01:02:03Z — a", "x", ""];
            let lines: Vec<&str> =
                ["---"].into_iter().chain(inner.clone()).chain(["---"]).chain(body).collect();
            let document = lines.join(line_break);
            let (text, changes) = refreshed(&document);
            prop_assert!(text.ends_with(&body.join(line_break)));
            let is_kept = |line: &&&str| !front_matter::KEYS.iter().any(|key| line.contains(key));
            let mut left = text.lines();
            for line in inner.iter().filter(is_kept) {
                prop_assert!(left.any(|other| other == *line), "{line} is gone of\n{document}\n{text}");
            }
            prop_assert_eq!(text == document, changes.is_empty());
            prop_assert_eq!(refreshed(&text).1, Vec::<String>::new());
            let told = |text: &str| {
                let block = front_matter::read(text)?;
                yaml::read(&text[block.inner])
            };
            if let Some(before) = told(&document) {
                let after = told(&text).unwrap();
                prop_assert!(before.has_twice || !after.has_twice, "{}", text);
                for (key, _) in before.keys {
                    prop_assert!(after.keys.iter().any(|(known, _)| *known == key), "{key} of\n{text}");
                }
            }
        }
    }
}
