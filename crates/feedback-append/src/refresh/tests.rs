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
