//! Tests of the rules of the front matter.

use super::*;
use evidence::Digest;
use std::path::Path;

fn check_text(document: &str) -> String {
    let log = Log::plain(
        Path::new("/r/feedback/chatwoot.md"),
        "feedback/chatwoot.md",
        document.as_bytes(),
    );
    let expected = Expected {
        doc: "feedback/chatwoot.md".to_owned(),
        epoch: Some("E1".to_owned()),
        owner: Some("chatwoot".to_owned()),
        is_declared: true,
        now: DateTime::from_timestamp(1_795_366_991, 0).unwrap(),
    };
    let line = |finding: &Finding| {
        let subject = &finding.subject;
        format!(
            "{}:{} {} {}",
            subject.line.unwrap(),
            subject.column.unwrap(),
            finding.rule,
            finding.message
        )
    };
    check(&log, &expected).iter().map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_log_that_the_tool_keeps_is_clean() {
    let body = "\n## 2026-11-22T17:03:11Z — x\n";
    let hash = Digest::of(body.as_bytes()).hex();
    let document = format!(
        "---\nepoch: E1\ndoc: feedback/chatwoot.md\nowner: 'chatwoot'\nlast_reviewed: 2026-11-22\ndoc_hash: sha256:{hash}\nexpires: 2026-11-29 # soon\n---\n{body}"
    );
    assert_eq!(check_text(&document), "");
    assert!(check_text(&document.replace("— x", "— y")).contains("doc-hash"));
}

#[test]
fn the_faults_of_the_field_are_all_named() {
    insta::assert_snapshot!(
        check_text("---\nepoch: E0\ndoc: feedback/$(basename \"$file\")\nowner: other\nlast_reviewed: 2027-01-01\nlast_reviewed: soon\ndoc_hash: TBD\nexpires: 2025-10-18\n---\n\ntext\n\n---\nepoch: E1\ndoc: feedback/chatwoot.md\n---\n"),
        @"
    13:1 front-matter a second front matter: the log was put behind another one's head
    6:1 front-matter `last_reviewed` stands there twice; the tool edits neither
    3:1 unexpanded `doc` holds an expansion that no shell has expanded
    2:1 front-matter `epoch` is not `E1`, as ops.toml declares it
    4:1 front-matter `owner` is not `chatwoot`, as ops.toml declares it
    8:1 expired the log expired 400 days ago, on 2025-10-18
    5:1 future-time `last_reviewed` lies ahead
    7:1 doc-hash `doc_hash` is a placeholder, not `sha256:` and 64 hex digits
    "
    );
}

#[test]
fn missing_parts_are_named() {
    insta::assert_snapshot!(check_text("## 2026-11-22 — x\n"), @"1:1 front-matter there is no front matter");
    insta::assert_snapshot!(check_text("---\naudit_date: 2025-10-11\ndoc: feedback/other.md\nexpires: never\n---\n"), @"
    1:1 front-matter the front matter lacks epoch, owner, last_reviewed, doc_hash
    3:1 wrong-doc `doc` names another file than feedback/chatwoot.md
    4:1 front-matter `expires` is no date
    ");
}

#[test]
fn a_block_that_is_no_yaml_is_told_with_its_line_and_without_its_text() {
    let found = |other: &str| -> Vec<String> {
        let told = check_text(&format!("---\nowner: chatwoot\n{other}\nepoch: E1\n---\n"));
        told.lines().filter(|line| line.contains("YAML")).map(str::to_owned).collect()
    };
    for valid in
        ["tags: [a, b]", "note: |\n  a: b: c", "at: 2026-11-22", "# x", "a: *b", "owner: b"]
    {
        let is_alias = valid == "a: *b";
        assert_eq!(found(valid).len(), usize::from(is_alias), "{valid}");
    }
    for broken in ["tags: [a, b", "note: \"a", "title: a: b", "x: @at", "\ttab: 1", "tags: {a: b]"]
    {
        let told = found(broken);
        assert_eq!(told.len(), 1, "{broken}");
        assert!(told[0].contains("front-matter the front matter is not valid YAML"), "{told:?}");
    }
    assert!(found("title: a: b")[0].starts_with("3:1 "));
}
