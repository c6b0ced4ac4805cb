//! `archive`: entries move whole, stay readable, and go nowhere but beside the log.

use crate::{SEED, bed, run};

/// What `list` says of some logs, without the role and the place.
fn listed(bed: &testbed::Bed, file: &str) -> Vec<String> {
    let entries = run(bed, ["list", file, "--format", "json"]).json();
    let entries = entries["entries"].as_array().unwrap().clone();
    entries.iter().map(|entry| format!("{} {}", entry["at"], entry["action"])).collect()
}

#[test]
fn the_day_moves_with_the_entries_that_need_it() {
    for (log, stays) in [
        (
            "# L\n\n## 2025-10-21\n\n### 09:00 - A\na\n\n### 14:30 - B\nb\n\n## 2025-10-22\n\n### 08:15 - C\nc\n",
            "# L\n\n",
        ),
        ("# Work 2025-10-21\n\n## 14:30 - x\na\n\n## 15:00 - y\nb\n", "# Work 2025-10-21\n\n"),
        ("## 2025-10-21T01:02:03Z — T\na\n\n## 14:30 - x\nb\n", ""),
        ("# L\r\n\r\n## 2025-10-21\r\n\r\n### 09:00 - A\r\na\r\n", "# L\r\n\r\n"),
    ] {
        let bed = bed();
        bed.write("log.md", log);
        let before = listed(&bed, "log.md");
        let output = run(&bed, ["archive", "log.md", "--before", "2025-11-01"]);
        assert_eq!(output.code(), 0, "{output}");
        assert_eq!(listed(&bed, "archive/log-before-2025-11-01.md"), before);
        assert_eq!(listed(&bed, "log.md"), Vec::<String>::new());
        let left = bed.read("log.md");
        let pointer = left.strip_prefix(stays).unwrap_or_default();
        assert!(pointer.starts_with("Archived: ") && pointer.lines().count() <= 2, "{left}");
        let is_crlf = log.contains('\r');
        for file in ["log.md", "archive/log-before-2025-11-01.md"] {
            let text = bed.read(file);
            let n_crlf = text.matches("\r\n").count();
            assert_eq!(n_crlf, if is_crlf { text.matches('\n').count() } else { 0 }, "{file}");
        }
    }
}

#[test]
fn an_archive_is_of_the_log_that_it_is_named_for() {
    let bed = bed();
    let entry = |title: &str| format!("## 2025-10-21T01:02:03Z — {title}\nStatus: blocked\n");
    let ops = bed.read("ops.toml").replace("manager", "chatwoot-ops");
    bed.write("ops.toml", ops);
    bed.write("feedback/chatwoot-ops.md", entry("Other"));
    assert_eq!(
        run(&bed, ["archive", "--role", "chatwoot-ops", "--before", "2025-11-01"]).code(),
        0
    );
    bed.write("feedback/chatwoot.md", entry("Own"));
    let digest = run(&bed, ["digest", "--format", "json"]).json();
    let latest = |at: usize| digest["roles"][at]["latest"]["action"].as_str().unwrap().to_owned();
    assert_eq!([latest(0), latest(1)], ["Own", "Other"]);
}

#[test]
fn what_no_shell_expanded_goes_into_no_archive() {
    let bed = bed();
    bed.write("log.md", "---\nowner: $USER\ndoc: log.md\n---\n\n## 2025-10-21T01:02:03Z — T\na\n");
    assert_eq!(run(&bed, ["archive", "log.md", "--before", "2025-11-01"]).code(), 0);
    assert!(bed.read("archive/log-before-2025-11-01.md").contains("\nowner: log\n"));
    let output = run(&bed, ["log.md", "--title", "T", "--message", "m"]);
    assert!(output.stderr().contains("an unexpanded `$…`"), "{output}");
}

#[test]
fn an_archive_lies_in_a_folder_of_the_repo() {
    let bed = bed();
    std::os::unix::fs::symlink(bed.path("vault/occ"), bed.path("feedback/archive")).unwrap();
    let output = run(&bed, ["archive", "--role", "chatwoot", "--before", "2025-11-01"]);
    assert_eq!(output.code(), 2, "{output}");
    assert!(output.stderr().contains("feedback/archive is a symbolic link"), "{output}");
    assert_eq!(bed.read("feedback/chatwoot.md"), SEED);
    std::fs::remove_file(bed.path("feedback/archive")).unwrap();
    bed.git_init();
    bed.write(".gitignore", "archive/\n");
    let output = run(&bed, ["archive", "--role", "chatwoot", "--before", "2025-11-01"]);
    assert_eq!(output.code(), 0, "{output}");
    assert!(output.stderr().contains("git ignores it"), "{output}");
}

#[test]
fn what_is_archived_is_still_cited_and_still_told() {
    let bed = bed();
    bed.git_init();
    bed.write("artifacts/a.txt", "x");
    bed.write(
        "feedback/chatwoot.md",
        "## 2026-11-01T10:00:03Z — Waiting\nStatus: blocked\n\nEvidence: [a](../artifacts/a.txt)\nBlocked by: manager\n\n\
         ## 2026-11-05T10:00:03Z — Still\nStatus: blocked\n\nBlocked by: manager\n",
    );
    bed.git(["add", "-A", "artifacts", "feedback"]);
    bed.git(["commit", "-qm", "x"]);
    let told = |bed: &testbed::Bed| {
        let digest = run(bed, ["digest", "--format", "json"]).json();
        let role = digest["roles"][0].clone();
        let latest = run(bed, ["list", "--latest", "--blocked"]).stdout().lines().count();
        format!("{} {} {latest}", role["latest"]["action"], role["blocked_since"])
    };
    let before = told(&bed);
    insta::assert_snapshot!(before, @r#""Still" "2026-11-01T10:00:03Z" 1"#);
    for day in ["2026-11-03", "2026-11-10"] {
        assert_eq!(run(&bed, ["archive", "--role", "chatwoot", "--before", day]).code(), 0);
        assert_eq!(told(&bed), before);
    }
    let archive = "feedback/archive/chatwoot-before-2026-11-03.md";
    let output = run(&bed, ["check", archive, "feedback/chatwoot.md"]);
    assert!(!output.stdout().contains("a.txt"), "{output}");
    assert!(!output.stdout().contains("[rewritten]"), "{output}");
}
