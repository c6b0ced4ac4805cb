//! The field study's scenarios end to end: false green, an incident report, every kind of citation, a shared tree.

use std::fmt::Write as _;

use crate::bundle::{bundle, exited, suspect, timed_out};
use crate::{SEED, VALUE, bed, run};

#[test]
fn no_success_is_written_over_a_false_green() {
    let bed = bed();
    let runs = [
        exited(&["curl", "-sS", "https:///api"], "curl: (3) URL: No host part in the URL\n", 3),
        suspect(&["fly", "logs", "--wrong"], "Usage:\n  fly logs [flags]\n", &["usage-text"]),
        exited(&["fly", "machine", "exec"], "Usage:\n", 1),
        suspect(&["rails", "runner"], "", &["empty-output"]),
        suspect(
            &["curl", "-o", "tile.json"],
            "<!doctype html><title>404</title>",
            &["html-error-page"],
        ),
        timed_out(&["fly", "ssh", "console"]),
        timed_out(&["chatwoot-fly-smoke.sh"]),
    ];
    for (number, one) in runs.into_iter().enumerate() {
        let path = bundle(&bed, &format!("run-{number}"), &[one]);
        for claim in ["success", "validated", "✅", "API credentials validated", "complete"] {
            for args in [
                ["--title", claim, "--message", ""],
                ["--title", "Smoke", "--status", claim],
                ["--title", "Smoke", "--message", claim],
            ] {
                let args = ["--role", "chatwoot", "--evidence", &path].into_iter().chain(args);
                let output = run(&bed, args);
                assert_eq!(output.code(), 1, "{number} {claim} {output}");
                assert!(output.stderr().contains("--status "), "{output}");
            }
        }
    }
    assert_eq!(bed.read("feedback/chatwoot.md"), SEED);
}

#[test]
fn an_incident_report_that_quotes_the_secret_is_refused() {
    let bed = bed();
    let form = "postgresql://postgres.synthref:p%2FCANARYw%21d@aws-1-us-east-1.pooler.supabase.com:5432/postgres";
    let encoded = data_encoding::BASE64.encode(VALUE.as_bytes());
    for quoted in [VALUE, form, &encoded] {
        let report = format!("# Incident\n\nThe log of 2025-10-10 showed `{quoted}` in clear.\n");
        let output = bed
            .command(testbed::bin!("feedback-append"))
            .args(["--role", "chatwoot", "--title", "Incident report"])
            .stdin(report)
            .run();
        assert_eq!(output.code(), 1, "{output}");
        assert!(output.stderr().contains("line 3, column "), "{output}");
    }
    assert_eq!(bed.read("feedback/chatwoot.md"), SEED);
}

#[test]
fn every_citation_gets_one_class() {
    let bed = bed();
    bed.git_init();
    bed.write(".gitignore", "artifacts/ignored*\nvault/\n");
    for path in [
        "artifacts/a.log",
        "artifacts/dir/b.log",
        "artifacts/m-2025-10-11T01:37:42Z/c.log",
        "moved/here/only-once.log",
    ] {
        bed.write(path, "x\n");
    }
    bed.git(["add", "artifacts", "moved", ".gitignore"]);
    bed.git(["commit", "-qm", "x"]);
    bed.write("artifacts/ignored.log", "x\n");
    bed.write("artifacts/untracked.log", "x\n");
    let right = evidence::Digest::of(b"x\n").hex();
    let wrong = evidence::Digest::of(b"y\n").hex();
    let log = format!(
        "## 2025-10-11T01:00:01Z — Citations\n\
        - artifacts/a.log (sha256:{right})\n\
        - artifacts/a.log (sha256:{wrong})\n\
        - `artifacts/dir/`\n\
        - artifacts/m-2025-10-11T01:37:42Z/\n\
        - artifacts/ignored.log\n\
        - artifacts/untracked.log\n\
        - artifacts/{{a,b}}\n\
        - artifacts/run-$TIMESTAMP.log\n\
        - **Root:** artifacts/dir/**\n\
        - artifacts/[REDACTED].580Z.json\n\
        - [line](artifacts/a.log:12)\n\
        - vault/occ/fly/api_token.env\n\
        - artifacts/old/only-once.log\n\
        - artifacts/gone.log\n\
        - ../../elsewhere.log\n\
        \nEvidence: we looked at it together\n"
    );
    bed.write("feedback/manager.md", log);
    let output = run(&bed, ["check", "feedback/manager.md", "--format", "json"]);
    let mut lines = String::new();
    for finding in output.json()["findings"].as_array().unwrap() {
        let rule = finding["rule"].as_str().unwrap();
        if rule.starts_with("citation") || rule == "no-evidence" {
            let key = finding["subject"]["key"].as_str().unwrap_or_default();
            writeln!(
                lines,
                "{} {} {rule} {key}: {}",
                finding["subject"]["line"],
                finding["level"].as_str().unwrap(),
                finding["message"].as_str().unwrap()
            )
            .unwrap();
        }
    }
    insta::assert_snapshot!(lines, @"
    3 error citation-changed artifacts/a.log: changed: its hash is not the cited one
    6 error citation-ignored artifacts/ignored.log: gitignored: the next reader's clone will not have it
    7 note citation-ignored artifacts/untracked.log: untracked: it is not committed yet
    8 error citation-missing artifacts/{a,b}: placeholder: a part of it was never filled in
    9 error citation-missing artifacts/run-$TIMESTAMP.log: placeholder: a part of it was never filled in
    10 warning citation-glob artifacts/dir/**: glob: a pattern; it matches 1 committed today
    11 error citation-missing artifacts/[REDACTED].580Z.json: redacted-path: a redactor broke the path
    14 error citation-missing artifacts/old/only-once.log: moved: nothing is there
    15 error citation-missing artifacts/gone.log: missing: nothing is there
    16 warning citation-missing ../../elsewhere.log: outside: it lies outside the repo, where the next reader cannot follow
    18 warning no-evidence : not-a-path: the evidence is prose, with nothing to follow
    ");
}

#[test]
fn a_shared_tree_keeps_every_byte_and_every_entry() {
    let bed = bed();
    let filler = (0..60).fold(String::new(), |text, number| text + &format!("line {number}\n"));
    let old = format!(
        "---\ndoc: feedback/$(basename \"$file\")\nowner: chatwoot\nlast_reviewed: 2025-10-11\ndoc_hash: TBD\nexpires: 2025-10-18\n---\n\n\
        ## 2025-10-11T22:12:00Z — first\n{filler}\n\n---\nepoch: 2025.10.E1\ndoc: feedback/chatwoot.md\n---\n\n\
        ## 2025-10-12 02:44 UTC - second\n**Status:** ok\n\n## 🚀 Third (2025-10-11T21:31Z)\nlast line without a break"
    );
    bed.write("feedback/chatwoot.md", &old);
    let running: Vec<_> = (0..10)
        .map(|number| {
            let title = format!("parallel {number}");
            bed.command(testbed::bin!("feedback-append"))
                .args(["--role", "chatwoot", "--title", &title, "--format", "json"])
                .stdin(format!("text {number}\n"))
                .unguarded()
                .start()
        })
        .collect();
    for one in running {
        let output = one.wait();
        assert_eq!((output.code(), output.stdout().lines().count()), (0, 1), "{output}");
        assert!(output.stderr().contains("second front matter"), "{output}");
        assert!(output.stderr().contains("unexpanded"), "{output}");
    }
    let log = bed.read("feedback/chatwoot.md");
    let kept = |text: &str| {
        text.lines()
            .filter(|line| {
                !["last_reviewed:", "doc_hash:", "expires:"].iter().any(|key| line.starts_with(key))
            })
            .collect::<Vec<_>>()
            .join("\n")
    };
    assert!(kept(&log).starts_with(&kept(&old)), "{log}");
    let listed = run(&bed, ["list", "feedback/chatwoot.md", "--format", "json"]).json();
    let titles: Vec<_> = listed["entries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["action"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(titles.len(), 13, "{titles:?}");
    for number in 0..10 {
        assert_eq!(
            titles.iter().filter(|title| **title == format!("parallel {number}")).count(),
            1
        );
    }
    let check = run(&bed, ["check", "feedback/chatwoot.md"]);
    for rule in ["[front-matter]", "[unexpanded]", "[expired]", "[order]"] {
        assert_eq!(check.stdout().contains(rule), rule != "[expired]", "{rule} {check}");
    }
    let foreign = run(&bed, ["--role", "manager", "--as", "chatwoot", "--title", "T"]);
    assert_eq!(foreign.code(), 1, "{foreign}");
    let ahead = run(
        &bed,
        ["--role", "chatwoot", "--title", "T", "--at", "2199-01-01T00:00:00Z", "--at-reason", "x"],
    );
    assert_eq!(ahead.code(), 1, "{ahead}");
}

#[test]
fn a_long_log_is_warned_about() {
    let bed = bed();
    bed.write("feedback/manager.md", "x\n".repeat(5_001));
    let output = run(&bed, ["--role", "manager", "--title", "T"]);
    assert!(output.stderr().contains("more than 5000 lines"), "{output}");
}
