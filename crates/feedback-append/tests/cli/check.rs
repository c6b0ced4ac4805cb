//! `check`: the sample log, renderings, git, `--since`, documents.

use crate::{SEED, bed, run};

#[test]
fn the_sample_log_is_read_and_judged() {
    let bed = bed();
    let output = run(&bed, ["check", "feedback/chatwoot.md"]);
    let lines: Vec<_> = output
        .stdout()
        .lines()
        .filter(|line| !line.starts_with(' '))
        .map(|line| line.split(" expired ").next().unwrap())
        .collect();
    insta::assert_snapshot!(lines.join("\n"), @"
    feedback/chatwoot.md:6:1 doc_hash: warning: `doc_hash` is a placeholder, not `sha256:` and 64 hex digits [doc-hash]
    feedback/chatwoot.md:7:1 expires: warning: the log
    feedback/chatwoot.md:12:4: note: the time has no seconds [timestamp]
    feedback/chatwoot.md:14:12 docs/integrations/chatwoot_readiness.md: warning: missing: nothing is there [citation-missing]
    feedback/chatwoot.md:17:15: warning: not-a-path: the evidence is prose, with nothing to follow [no-evidence]
    feedback/chatwoot.md:19:4: note: the time has no seconds [timestamp]
    feedback/chatwoot.md:23:48 artifacts/integrations/chatwoot-manager-feedback-2025-10-11T01:37:42Z/git_branch.txt: error: missing: nothing is there [citation-missing]
    feedback/chatwoot.md:24:31 artifacts/integrations/chatwoot-manager-feedback-2025-10-11T01:37:42Z/git_status.txt: error: missing: nothing is there [citation-missing]
    feedback/chatwoot.md:27:18 artifacts/integrations/chatwoot-manager-feedback-2025-10-11T01:37:42Z/: error: missing: nothing is there [citation-missing]
    feedback/chatwoot.md:28:23 artifacts/integrations/chatwoot-manager-feedback-2025-10-11T01:37:42Z/reviewed_docs.txt: error: missing: nothing is there [citation-missing]
    feedback/chatwoot.md:29:14 docs/directions/chatwoot.md: warning: missing: nothing is there [citation-missing]
    feedback/chatwoot.md:30:12 docs/deployment/chatwoot_fly_runbook.md: warning: missing: nothing is there [citation-missing]
    feedback/chatwoot.md:31:29 docs/directions/README.md: warning: missing: nothing is there [citation-missing]
    feedback/chatwoot.md:31:56 docs/ops/credential_index.md: warning: missing: nothing is there [citation-missing]
    feedback/chatwoot.md:32:18 deploy/chatwoot/fly.toml: warning: missing: nothing is there [citation-missing]
    feedback/chatwoot.md:32:52 packages/integrations/chatwoot.ts: warning: missing: nothing is there [citation-missing]
    feedback/chatwoot.md:39:8 scripts/ops/chatwoot-fly-smoke.sh: warning: missing: nothing is there [citation-missing]
    feedback/chatwoot.md:42:73 vault/occ/supabase/database_url_staging.env: warning: missing: nothing is there [citation-missing]
    feedback/chatwoot.md:42:118 vault/occ/chatwoot/redis_staging.env: warning: missing: nothing is there [citation-missing]
    findings: 1 checked, 4 errors, 13 warnings, 2 notes
    ");
    assert_eq!(output.code(), 1);
    assert_eq!(bed.read("feedback/chatwoot.md"), SEED);
    for format in ["json", "sarif", "github"] {
        assert_eq!(run(&bed, ["check", "feedback/chatwoot.md", "--format", format]).code(), 1);
    }
}

#[test]
fn a_log_that_the_tool_wrote_is_clean() {
    let bed = bed();
    bed.git_init();
    bed.write("artifacts/plan.txt", "x");
    for title in ["One", "Two"] {
        assert_eq!(
            run(&bed, ["--role", "manager", "--title", title, "--evidence", "artifacts/plan.txt"])
                .code(),
            0
        );
    }
    bed.git(["add", "feedback/manager.md", "artifacts"]);
    bed.git(["commit", "-qm", "x"]);
    let output = run(&bed, ["check", "feedback/manager.md"]);
    insta::assert_snapshot!(output, @"
    ok: 1 checked, nothing found
    [exit status: 0]
    ");
}

#[test]
fn what_git_has_seen_may_not_vanish_or_change() {
    let bed = bed();
    bed.git_init();
    bed.git(["add", "feedback"]);
    bed.git(["commit", "-qm", "x"]);
    let commit = bed.git(["rev-parse", "--short=12", "HEAD"]).trim().to_owned();
    let rewritten = |log: &str| {
        bed.write("feedback/chatwoot.md", log);
        let output = run(&bed, ["check", "feedback/chatwoot.md"]);
        output
            .stdout()
            .lines()
            .filter(|line| line.contains("[rewritten]"))
            .map(|line| line.replace(&commit, "COMMIT"))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        rewritten(&format!("{SEED}\n## 2026-01-01T00:00:00Z — more\n")),
        Vec::<String>::new()
    );
    assert_eq!(rewritten(&format!("{SEED}\nmore of the last one\n")).len(), 1);
    insta::assert_snapshot!(rewritten(&SEED.replace("105 lines", "106 lines")).join("\n"), @"feedback/chatwoot.md:12:1: error: the entry is not as commit COMMIT has it (line 12) [rewritten]");
    let second = SEED.find("## 2025-10-11 01:37").unwrap();
    insta::assert_snapshot!(rewritten(&SEED[..second]).join("\n"), @"feedback/chatwoot.md:1:1: error: an entry of commit COMMIT (line 19 there) is gone [rewritten]");
}

#[test]
fn since_a_commit_only_what_is_new_counts() {
    let bed = bed();
    bed.git_init();
    bed.git(["add", "feedback"]);
    bed.git(["commit", "-qm", "x"]);
    bed.write("artifacts/new.txt", "x");
    assert_eq!(
        run(&bed, ["--role", "chatwoot", "--title", "New", "--evidence", "artifacts/new.txt"])
            .code(),
        0
    );
    let fresh = run(&bed, ["check", "--since", "HEAD"]);
    insta::assert_snapshot!(fresh, @"
    feedback/chatwoot.md:51:11 artifacts/new.txt: warning: untracked: it is not committed yet [citation-ignored]
      hint: `git add artifacts/new.txt` before the entry is committed
    findings: 1 checked, 1 warning
    [exit status: 1]
    ");
    bed.git(["add", "artifacts"]);
    assert_eq!(run(&bed, ["check", "--since", "HEAD"]).code(), 0);
    assert_eq!(run(&bed, ["check", "--since", "no-such-commit"]).code(), 2);
}

#[test]
fn documents_and_their_list_of_hashes_are_checked() {
    let bed = bed();
    bed.write("docs/a.md", "---\nowner: x\nexpires: 2020-01-01\ndoc_hash: TBD\n---\ntext\n");
    bed.write("docs/deep/b.md", "no front matter\n");
    let hash = evidence::Digest::of(b"no front matter\n").hex();
    bed.write(
        "canon.lock",
        format!("{hash}  docs/deep/b.md\n{hash}  docs/a.md\n{hash}  docs/gone.md\n"),
    );
    let output = run(&bed, ["check", "--docs", "docs", "--lock", "canon.lock"]);
    let lines: Vec<_> = output
        .stdout()
        .lines()
        .filter(|line| line.contains('[') || line.starts_with("findings"))
        .map(|line| line.split(" expired ").next().unwrap())
        .collect();
    insta::assert_snapshot!(lines.join("\n"), @"
    canon.lock:2 docs/a.md: error: changed: its hash is not the listed one [citation-changed]
    canon.lock:3 docs/gone.md: error: missing: nothing is there [citation-missing]
    docs/a.md:3:1 expires: warning: the log
    docs/a.md:4:1 doc_hash: warning: `doc_hash` is a placeholder, not `sha256:` and 64 hex digits [doc-hash]
    findings: 4 checked, 2 errors, 2 warnings
    ");
}

#[test]
fn an_entry_that_vanished_commits_ago_is_found() {
    let bed = bed();
    bed.git_init();
    let second = SEED.find("## 2025-10-11 01:37").unwrap();
    let changed = SEED.replace("105 lines", "106 lines");
    for log in [SEED, &SEED[..second], &changed] {
        bed.write("feedback/chatwoot.md", log);
        bed.git(["add", "feedback"]);
        bed.git(["commit", "-qm", "x"]);
    }
    let seen = |args: &[&str]| {
        let output = run(&bed, ["check", "feedback/chatwoot.md"].iter().chain(args).copied());
        output.stdout().lines().filter(|line| line.contains("[rewritten]")).count()
    };
    assert_eq!((seen(&[]), seen(&["--since", "HEAD"]), seen(&["--since", "HEAD~1"])), (1, 0, 1));
    bed.write("feedback/chatwoot.md", &SEED[..second]);
    assert_eq!((seen(&[]), seen(&["--since", "HEAD"])), (2, 2));
    bed.write("feedback/archive/chatwoot-2025.md", format!("{SEED}\n{changed}"));
    // What was moved is there; what stands in the log under its old heading with other words was changed.
    assert_eq!(seen(&[]), 1);
}

#[test]
fn an_entry_may_not_be_younger_than_its_commit() {
    let bed = bed();
    bed.git_init();
    let log = "---\ndoc: a\n---\n\n## 2025-10-11T01:00:01Z — before\n\n## 2025-10-11T05:00:02Z — invented\n";
    let commit = |log: &str, at: &str| {
        bed.write("feedback/chatwoot.md", log);
        bed.git(["add", "feedback"]);
        let output = bed
            .command("git")
            .args(["commit", "-qm", "x"])
            .env("GIT_COMMITTER_DATE", at)
            .unguarded()
            .run();
        assert_eq!(output.code(), 0, "{output}");
    };
    commit(log, "2025-10-11T02:00:00Z");
    commit(&format!("{log}\n## 2025-10-12T01:00:01Z — later\n"), "2025-10-12T01:00:02Z");
    let output = run(&bed, ["check", "feedback/chatwoot.md"]);
    let told: Vec<_> =
        output.stdout().lines().filter(|line| line.contains("[future-time]")).collect();
    assert_eq!(told.len(), 1, "{output}");
    assert!(told[0].starts_with("feedback/chatwoot.md:7:4: error: the entry is dated 3 h 0 min after 2025-10-11T02:00:00Z, when commit "), "{output}");
    let output = run(&bed, ["check", "feedback/chatwoot.md", "--since", "HEAD"]);
    assert!(!output.stdout().contains("future-time"), "{output}");
}
