//! Claims against evidence: refused when written, found when read.

use crate::bundle::{Run, bundle, exited, open, suspect, timed_out};
use crate::{SEED, bed, run};

#[test]
fn the_status_is_derived_from_the_runs() {
    let bed = bed();
    for (name, runs, status) in [
        ("all-ok", vec![exited(&["a"], "x", 0)], "done"),
        ("one-failed", vec![exited(&["a"], "x", 0), exited(&["b"], "x", 3)], "failed"),
        ("hung", vec![timed_out(&["a"])], "failed"),
        ("usage", vec![suspect(&["a"], "Usage:", &["usage-text"])], "unproven"),
        ("retried", vec![exited(&["a"], "x", 1), exited(&["a"], "x", 0)], "done"),
    ] {
        let path = bundle(&bed, name, &runs);
        let output = run(
            &bed,
            ["--role", "chatwoot", "--title", name, "--evidence", &path, "--format", "json"],
        );
        assert_eq!(output.code(), 0, "{output}");
        assert_eq!(output.json()["status"], status, "{name}");
    }
    let check = run(&bed, ["check", "feedback/chatwoot.md", "--format", "json"]);
    assert!(!check.stdout().contains("claim-contradicted"), "{check}");
    assert!(!check.stdout().contains("doc-hash"), "{check}");
}

#[test]
fn an_exit_code_that_reads_otherwise_than_it_counts_says_why() {
    let bed = bed();
    let of = |code, expect: &'static [u8]| Run { expect, ..exited(&["probe"], "x", code) };
    let path = bundle(&bed, "expected", &[of(0, &[3]), of(3, &[3, 4]), of(5, &[3, 4])]);
    let mut told = Vec::new();
    for (number, status) in [(1, "failed"), (3, "done"), (5, "failed")] {
        let args = ["--role", "chatwoot", "--title", "T", "--evidence"];
        let run = run(&bed, args.into_iter().chain([format!("{path}#{number}").as_str()]));
        assert_eq!(run.code(), 0, "{run}");
        let log = bed.read("feedback/chatwoot.md");
        let line = log.lines().rfind(|line| line.contains("(exit ")).unwrap();
        let (outcome, _) = line.split_once(", sha256:").unwrap();
        told.push(format!("{status}: {}", &outcome[outcome.find("(exit").unwrap()..]));
        assert!(log.rsplit_once("\nStatus: ").unwrap().1.starts_with(status), "{log}");
    }
    insta::assert_snapshot!(told.join("\n"), @"
    failed: (exit 0, expected 3
    done: (exit 3, as expected
    failed: (exit 5, expected 3 or 4
    ");
    let check = run(&bed, ["check", "feedback/chatwoot.md"]);
    assert!(!check.stdout().contains("claim-contradicted"), "{check}");
}

#[test]
fn a_claim_over_a_run_that_fell_short_is_refused() {
    let bed = bed();
    let failed =
        bundle(&bed, "failed", &[exited(&["curl", "http://"], "No host part in the URL", 3)]);
    for args in [
        ["--status", "done", "--title", "Smoke", "--message", ""],
        ["--status", "success", "--title", "Smoke", "--message", ""],
        ["--status", "failed", "--title", "API credentials validated", "--message", ""],
        ["--field", "Result: ✅", "--title", "Smoke", "--message", ""],
    ] {
        let args = ["--role", "chatwoot", "--evidence", &failed].into_iter().chain(args);
        let output = run(&bed, args);
        assert_eq!(output.code(), 1, "{output}");
    }
    let text = [
        "--role",
        "chatwoot",
        "--evidence",
        &failed,
        "--title",
        "Smoke",
        "--message",
        "API credentials validated",
    ];
    insta::assert_snapshot!(run(&bed, text), @r#"
    ------- stderr -------
    error: the text says "validated", and the evidence says otherwise
      curl http:// (exit 3)
    hint: write `--status failed` and a title that says what is missing, or run it again until it succeeds and cite that
    [exit status: 1]
    "#);
    assert_eq!(bed.read("feedback/chatwoot.md"), SEED);
    let honest = [
        "--role",
        "chatwoot",
        "--evidence",
        &failed,
        "--title",
        "Smoke",
        "--status",
        "failed",
        "--message",
        "DNS was validated, curl was not.",
    ];
    assert_eq!(run(&bed, honest).code(), 0);
}

#[test]
fn evidence_that_was_altered_is_not_cited() {
    let bed = bed();
    let path = bundle(&bed, "b", &[exited(&["a"], "one", 0)]);
    bed.write("artifacts/b/001-a.out", "two");
    insta::assert_snapshot!(run(&bed, ["--role", "chatwoot", "--title", "T", "--evidence", &path]), @"
    ------- stderr -------
    error: citing artifacts/b: the bundle does not hold together: altered 001-a.out: it is not what the manifest has the digest of
    hint: `evidence-log verify` says where
    [exit status: 2]
    ");
    let records = bed
        .read("artifacts/b/evidence.jsonl")
        .replace("\"exited\",\"code\":0", "\"exited\",\"code\":1");
    bed.write("artifacts/b/001-a.out", "one");
    bed.write("artifacts/b/evidence.jsonl", records);
    assert_eq!(run(&bed, ["--role", "chatwoot", "--title", "T", "--evidence", &path]).code(), 2);
    assert_eq!(bed.read("feedback/chatwoot.md"), SEED);
}

#[test]
fn one_run_an_open_bundle_and_a_file_can_be_cited() {
    let bed = bed();
    open(&bed, "open", &[exited(&["a"], "one", 1), exited(&["b"], "two", 0)]);
    bed.write("notes/plan.txt", "plan\n");
    let output = run(
        &bed,
        [
            "--role",
            "chatwoot",
            "--title",
            "T",
            "--record",
            "artifacts/open#4",
            "--evidence",
            "notes/plan.txt",
            "--evidence",
            "artifacts/open/002-b.out",
            "--command",
            "ls `pwd`",
        ],
    );
    assert_eq!(output.code(), 0, "{output}");
    let log = bed.read("feedback/chatwoot.md");
    insta::assert_snapshot!(output.masked(&log[log.find("Status: done").unwrap()..]), @"
    Status: done

    Commands (evidence captured):
    - `b` → artifacts/open/002-b.out (exit 0, [SHA256])

    Commands (not captured):
    - `` ls `pwd` ``

    Evidence: notes/plan.txt ([SHA256])
    <!-- entry [ULID] -->
    ");
    let whole = run(&bed, ["--role", "chatwoot", "--title", "U", "--evidence", "artifacts/open"]);
    assert_eq!(whole.code(), 0, "{whole}");
    assert!(
        bed.read("feedback/chatwoot.md").contains("Evidence: artifacts/open/ (2 runs, not sealed)")
    );
}

#[test]
fn a_claim_in_an_old_entry_is_held_against_the_record() {
    let bed = bed();
    bundle(&bed, "old", &[exited(&["curl"], "x", 3), suspect(&["fly"], "Usage:", &["usage-text"])]);
    bed.write(
        "feedback/manager.md",
        "---\ndoc: feedback/manager.md\n---\n\n## 2025-10-11T01:00:01Z — Smoke validated\n- `curl` → artifacts/old/001-curl.out (exit 0)\n\n\
         ## 2025-10-11T02:00:01Z — Deploy\n**Status:** Complete\nEvidence: artifacts/old/002-fly.out\n\n\
         ## 2025-10-11T03:00:01Z — Honest\nStatus: failed\nEvidence: artifacts/old/\n\n\
         ## 2025-10-11T04:00:01Z — Ready ✅\n`make` → notes.log (exit 2)\n",
    );
    bed.write("notes.log", "");
    let output = run(&bed, ["check", "feedback/manager.md"]);
    let found: Vec<_> =
        output.stdout().lines().filter(|line| line.contains("[claim-contradicted]")).collect();
    insta::assert_snapshot!(found.join("\n"), @r#"
    feedback/manager.md:6:12 artifacts/old/001-curl.out: error: the entry gives another exit code than the record, which has 3 [claim-contradicted]
    feedback/manager.md:10:11 artifacts/old/002-fly.out: error: the status says "Complete", and the record says: `fly` (exit 0, suspect: usage-text) [claim-contradicted]
    feedback/manager.md:17:10 notes.log: error: the title says "✅", and cites an exit code of 2 [claim-contradicted]
    "#);
}
