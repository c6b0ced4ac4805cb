//! Verdicts that were once wrong: what `check` passed over, and what it blamed on nobody's doing.

use crate::bundle::{bundle, exited};
use crate::{SEED, bed, run};

fn rules(bed: &testbed::Bed, args: &[&str]) -> Vec<String> {
    let output = run(bed, ["check", "--format", "json"].into_iter().chain(args.iter().copied()));
    let findings = output.json()["findings"].as_array().unwrap().clone();
    let told = findings.iter().map(|finding| {
        assert!(finding["hint"].is_string(), "{finding}");
        format!("{}:{}", finding["rule"].as_str().unwrap(), finding["subject"]["line"])
    });
    told.collect()
}

#[test]
fn a_hash_is_compared_however_it_is_written() {
    let bed = bed();
    bed.write("artifacts/a.txt", "data\n");
    let right = evidence::Digest::of(b"data\n").hex();
    let wrong = evidence::Digest::of(b"other\n").hex();
    let forms = [
        "Evidence: artifacts/a.txt (sha256:HASH)",
        "Evidence: artifacts/a.txt (SHA-256: HASH)",
        "Evidence: SHA256 (artifacts/a.txt) = HASH",
        "Evidence: artifacts/a.txt sha256sum: HASH",
        "Evidence: sha256:HASH artifacts/a.txt",
        "Evidence: artifacts/a.txt (sha256 hash: HASH)",
        "Evidence: artifacts/a.txt (sha256:SHORT…)",
        "| artifacts/a.txt | HASH |",
        "| HASH | artifacts/a.txt |",
    ];
    for (hash, n_changed) in [(&right, 0), (&wrong, forms.len()), (&format!("{right}0"), 3)] {
        let lines = forms.map(|form| form.replace("HASH", hash).replace("SHORT", &hash[..5]));
        let log = format!("## 2026-11-20T10:00:01Z — T\n\n{}\n", lines.join("\n"));
        bed.write("log.md", log);
        let found = rules(&bed, &["log.md"]);
        let n_found = found.iter().filter(|rule| rule.starts_with("citation-changed")).count();
        assert!(n_found == n_changed || (hash.len() > 64 && n_found >= 3), "{hash} {found:?}");
    }
}

#[test]
fn links_are_followed_as_viewers_do() {
    let bed = bed();
    bed.write("artifacts/a.log", "x");
    bed.write("docs/d.md", "x");
    let entry = |text: &str| format!("{SEED}\n## 2026-11-20T10:00:01Z — T\n\n{text}\n");
    let found = |text: &str| {
        bed.write("feedback/chatwoot.md", entry(text));
        let all = rules(&bed, &["feedback/chatwoot.md"]);
        let lines = entry(text).lines().count() - text.lines().count();
        let is_new =
            |rule: &String| rule.rsplit(':').next().unwrap().parse::<usize>().unwrap() > lines;
        all.into_iter().filter(is_new).collect::<Vec<_>>()
    };
    let none = Vec::<String>::new();
    assert_eq!(found("Evidence: [a](/artifacts/a.log) and [d](/docs/d.md)"), none);
    assert_eq!(
        found(
            "Evidence: [the log][1], [d] and [d][]\n\n[1]: ../artifacts/a.log 'x'\n[D]: </docs/d.md>"
        ),
        none
    );
    assert_eq!(found("Evidence: [the log][1]\n\n[1]: ../artifacts/gone.log").len(), 1);
    assert_eq!(found("Evidence: [the log][nowhere]").len(), 1);
    assert_eq!(found("Evidence: [a](/artifacts/gone.log)").len(), 1);
}

#[test]
fn a_bundle_is_one_however_it_is_named() {
    let bed = bed();
    let bad = bundle(&bed, "bad", &[exited(&["a"], "oops", 3)]);
    let empty = bundle(&bed, "empty", &[]);
    for path in [
        format!("{bad}/evidence.jsonl"),
        format!("{bad}/manifest.sha256"),
        format!("[x](../{bad}/)"),
        format!("[x](/{bad}/)"),
        format!("[x][1]\n\n[1]: ../{bad}/001-a.out"),
        format!("{empty}/"),
    ] {
        let text = format!("See {path}");
        let args = ["--role", "chatwoot", "--title", "T", "--status", "done", "--message", &text];
        let output = run(&bed, args);
        assert_eq!(output.code(), 1, "{path} {output}");
        let log = format!("## 2026-11-20T10:00:01Z — T\nStatus: done\n\n{text}\n");
        bed.write("feedback/manager.md", log);
        let found = rules(&bed, &["feedback/manager.md"]);
        assert!(
            found.iter().any(|rule| rule.starts_with("claim-contradicted")),
            "{path} {found:?}"
        );
    }
    let args = ["--role", "chatwoot", "--title", "T", "--message", "x", "--evidence", &empty];
    let output = run(&bed, args.into_iter().chain(["--status", "done"]));
    assert!(output.code() == 1 && output.stderr().contains("no run is recorded"), "{output}");
    assert_eq!(
        run(&bed, args.into_iter().chain(["--format", "json"])).json()["status"],
        "unproven"
    );
}

#[test]
fn quoted_output_claims_nothing() {
    let bed = bed();
    let bad = bundle(&bed, "bad", &[exited(&["a"], "oops", 3)]);
    let text = "It printed:\n\n    Status: done\n    ✔ Success! All passed\n    ```\n    x";
    let args = ["--role", "chatwoot", "--title", "Deploy", "--evidence", &bad, "--message", text];
    let output = run(&bed, args);
    assert_eq!(output.code(), 0, "{output}");
    assert!(bed.read("feedback/chatwoot.md").contains("    ```\n    x\n\nCommands"), "{output}");
    let check = run(&bed, ["check", "feedback/chatwoot.md"]);
    assert!(!check.stdout().contains("[claim-contradicted]"), "{check}");
}

#[test]
fn what_git_does_to_line_ends_changes_no_entry() {
    let bed = bed();
    bed.git_init();
    assert_eq!(run(&bed, ["--role", "chatwoot", "--title", "T", "--message", "a\nb"]).code(), 0);
    bed.git(["add", "feedback", "ops.toml"]);
    bed.git(["commit", "-qm", "x"]);
    let before = rules(&bed, &[]);
    bed.write("feedback/chatwoot.md", bed.read("feedback/chatwoot.md").replace('\n', "\r\n"));
    assert_eq!(rules(&bed, &[]), before);
    assert_eq!(rules(&bed, &["--since", "HEAD"]), Vec::<String>::new());
}

#[test]
fn what_others_added_meanwhile_is_not_gone() {
    let bed = bed();
    bed.git_init();
    bed.git(["add", "feedback", "ops.toml"]);
    bed.git(["commit", "-qm", "x"]);
    bed.git(["branch", "other"]);
    let append = |title: &str| {
        let output = run(&bed, ["--role", "chatwoot", "--title", title, "--message", "m"]);
        assert_eq!(output.code(), 0, "{output}");
        bed.git(["commit", "-qam", title]);
    };
    append("Theirs");
    bed.git(["branch", "theirs"]);
    bed.git(["checkout", "-q", "other"]);
    append("Mine");
    let output = run(&bed, ["check", "--since", "theirs"]);
    assert_eq!(output.code(), 0, "{output}");
}

#[test]
fn what_is_staged_is_what_is_committed() {
    let bed = bed();
    bed.git_init();
    bed.git(["add", "feedback", "ops.toml"]);
    bed.git(["commit", "-qm", "x"]);
    let leak = format!("{SEED}\n## 2026-11-20T10:00:01Z — Oops\nit is {}\n", crate::VALUE);
    bed.write("feedback/chatwoot.md", &leak);
    bed.git(["add", "feedback"]);
    bed.write("feedback/chatwoot.md", SEED);
    let is_leaked = |args: &[&str], index: &str| {
        let command = bed
            .command(testbed::bin!("feedback-append"))
            .args(["check"])
            .args(args.iter().copied());
        let command = if index.is_empty() { command } else { command.env("GIT_INDEX_FILE", index) };
        let output = command.run();
        (output.stdout().contains("[leaked-credential]"), output.code())
    };
    assert_eq!(is_leaked(&["--since", "HEAD"], ""), (false, 0));
    assert_eq!(is_leaked(&["--since", "HEAD"], ".git/index"), (true, 1));
    assert_eq!(is_leaked(&["--since", "HEAD", "--staged"], ""), (true, 1));
    // What stands before all entries is new too.
    bed.git(["reset", "-q", "--hard"]);
    bed.write(
        "feedback/chatwoot.md",
        SEED.replacen("\n## ", &format!("\n{}\n\n## ", crate::VALUE), 1),
    );
    assert_eq!(is_leaked(&["--since", "HEAD"], ""), (true, 1));
}

#[test]
fn a_log_that_was_deleted_is_told() {
    let bed = bed();
    bed.git_init();
    bed.write("feedback/other.md", SEED);
    bed.git(["add", "feedback", "ops.toml"]);
    bed.git(["commit", "-qm", "x"]);
    std::fs::remove_file(bed.path("feedback/chatwoot.md")).unwrap();
    std::fs::remove_file(bed.path("feedback/other.md")).unwrap();
    let digest = run(&bed, ["digest"]);
    assert!(digest.stdout().contains("the log is gone, and git has it"), "{digest}");
    for args in
        [&["check"][..], &["check", "feedback/chatwoot.md"], &["check", "feedback/other.md"]]
    {
        let output = run(&bed, args.iter().copied());
        assert!(output.code() == 1 && output.stdout().contains("the log is gone"), "{output}");
    }
    assert_eq!(run(&bed, ["check"]).stdout().matches("the log is gone").count(), 2);
    bed.git(["commit", "-qam", "gone"]);
    let digest = run(&bed, ["digest"]);
    assert!(digest.stdout().contains("the log is gone, and git has it"), "{digest}");
    assert!(
        digest.stdout().contains("no log yet; `feedback-append new --role manager`"),
        "{digest}"
    );
}

#[test]
fn front_matter_is_no_text_between_rules() {
    let bed = bed();
    let example = "Every log has:\n\n```yaml\n---\nepoch: x\ndoc: y\n---\n```";
    assert_eq!(run(&bed, ["--role", "chatwoot", "--title", "T", "--message", example]).code(), 0);
    let rules_between = "\n---\n\n## 2026-11-21T10:00:01Z — Handover\nowner: a\ndoc: b\n\n---\n";
    bed.write("feedback/chatwoot.md", bed.read("feedback/chatwoot.md") + rules_between);
    let before = bed.read("feedback/chatwoot.md");
    let output = run(&bed, ["check", "feedback/chatwoot.md"]);
    assert!(!output.stdout().contains("second front matter"), "{output}");
    assert_eq!(run(&bed, ["refresh", "--write"]).code(), 0);
    let body = |log: &str| log[log.find("\n---\n").unwrap()..].to_owned();
    assert_eq!(body(&bed.read("feedback/chatwoot.md")), body(&before));
    // A rule at the head is no front matter, and one that is not closed is told and left alone.
    bed.write(
        "log.md",
        "---\n\n## 2026-11-26T10:00:01Z — First\nx\n\n---\n\n## 2026-11-27T10:00:01Z — Second\nx\n",
    );
    assert_eq!(run(&bed, ["list", "log.md"]).stdout().lines().count(), 2);
    let open = SEED.replacen("\n---\n", "\n", 1);
    bed.write("log.md", &open);
    let output = run(&bed, ["refresh", "--write", "log.md"]);
    assert!(output.code() == 1 && output.stdout().contains("is not closed"), "{output}");
    assert_eq!(bed.read("log.md"), open);
    assert!(rules(&bed, &["log.md"]).contains(&"front-matter:1".to_owned()));
}

#[test]
fn who_writes_in_anothers_log_is_told() {
    let bed = bed();
    let args = ["--role", "chatwoot", "--as", "manager", "--title", "T", "--message", "x"];
    assert_eq!(run(&bed, args).code(), 0);
    assert!(bed.read("feedback/chatwoot.md").contains("— T\nBy: manager\n\nx\n"));
    let listed = run(&bed, ["list", "--role", "manager", "--format", "json"]).json();
    assert_eq!(listed["entries"][0]["actor"], "manager");
    assert_eq!(listed["entries"].as_array().unwrap().len(), 1);
}

#[test]
fn a_list_of_hashes_is_read_as_sha256sum_writes_it() {
    let bed = bed();
    bed.write("docs/my notes.md", "x");
    let hash = evidence::Digest::of(b"x").hex();
    let lock = format!("{hash}  docs/my notes.md\nSHA256 (docs/my notes.md) = {hash}\n");
    bed.write("canon.lock", &lock);
    assert_eq!(rules(&bed, &["--lock", "canon.lock"]), Vec::<String>::new());
    bed.write("canon.lock", lock + "docs/b.md TBD\n# a comment\nwhat is this\n");
    assert_eq!(
        rules(&bed, &["--lock", "canon.lock"]),
        ["citation-missing:3", "citation-missing:5"]
    );
    // Reading a FIFO would wait for ever.
    assert_eq!(bed.command("mkfifo").args(["docs/pipe"]).run().code(), 0);
    bed.write("canon.lock", format!("{hash}  docs/pipe\n"));
    assert_eq!(rules(&bed, &["--lock", "canon.lock"]), ["citation-missing:1"]);
}
