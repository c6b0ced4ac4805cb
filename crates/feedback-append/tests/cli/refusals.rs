//! What append, refresh, archive and new refuse before anything is touched, and what they warn of.

use std::os::unix::fs::PermissionsExt;

use crate::bundle::{bundle, exited};
use crate::{SEED, VALUE, bed, run};

#[test]
fn a_file_that_is_no_log_is_refused() {
    let bed = bed();
    bundle(&bed, "one", &[exited(&["true"], "ok\n", 0)]);
    bed.write("vault/occ/notes.md", "# V\n");
    bed.write("artifacts/notes.md", "# A\n");
    bed.write("Makefile", "all:\n");
    for (file, word) in [
        ("vault/occ/fly/api_token.env", ".md"),
        ("ops.toml", ".md"),
        ("Makefile", ".md"),
        ("artifacts/one/manifest.sha256", ".md"),
        ("/etc/hosts", ".md"),
        ("vault/occ/notes.md", "vault"),
        ("artifacts/notes.md", "evidence"),
        ("artifacts/one/new.md", "evidence"),
        ("../outside.md", "outside"),
    ] {
        let before = std::fs::read(bed.path(file)).ok();
        for args in [
            vec![file, "--title", "T"],
            vec!["refresh", "--write", file],
            vec!["archive", file, "--before", "2030-01-01"],
            vec!["new", file],
        ] {
            let output = run(&bed, args.iter().copied());
            assert_eq!(output.code(), 2, "{args:?} {output}");
            assert!(output.stderr().contains(word), "{args:?} {output}");
            assert!(output.stderr().contains("hint: "), "{args:?} {output}");
        }
        assert_eq!(std::fs::read(bed.path(file)).ok(), before, "{file}");
    }
    let both = run(&bed, ["refresh", "--write", "feedback/chatwoot.md", "Makefile"]);
    assert!(both.code() == 2 && bed.read("feedback/chatwoot.md") == SEED, "{both}");
    let beside = std::fs::read_dir(bed.path("vault/occ/fly")).unwrap().count();
    assert_eq!(beside, 1);
}

#[test]
fn a_log_in_a_bundle_is_refused_without_ops_toml_too() {
    let bed = testbed::Bed::new();
    bed.write("kept/evidence.jsonl", "");
    bed.write("kept/log.md", "# L\n");
    assert_eq!(run(&bed, ["kept/log.md", "--title", "T"]).code(), 2);
    assert_eq!(bed.read("kept/log.md"), "# L\n");
}

#[test]
fn a_fifo_neither_hangs_nor_is_written_to() {
    let bed = bed();
    for path in ["pipe.md", "artifacts/pipe.txt"] {
        bed.write(format!("{path}.beside"), "");
        assert_eq!(bed.command("mkfifo").arg(path).unguarded().run().code(), 0);
    }
    assert_eq!(run(&bed, ["pipe.md", "--title", "T"]).code(), 2);
    assert_eq!(run(&bed, ["check", "pipe.md"]).code(), 2);
    assert_eq!(run(&bed, ["refresh", "pipe.md"]).code(), 2);
    let cited =
        run(&bed, ["--role", "chatwoot", "--title", "T", "--evidence", "artifacts/pipe.txt"]);
    assert_eq!(cited.code(), 2, "{cited}");
    assert_eq!(bed.read("feedback/chatwoot.md"), SEED);
    let hash = "0".repeat(64);
    bed.write("feedback/manager.md", format!("Evidence: artifacts/pipe.txt (sha256:{hash})\n"));
    assert_eq!(run(&bed, ["check", "feedback/manager.md"]).code(), 1);
}

#[test]
fn a_credential_in_the_name_of_evidence_is_refused() {
    let bed = bed();
    for name in [
        format!("artifacts/{VALUE}.txt"),
        format!("artifacts/{}", "AKIA2CANARY3CANARY45".to_owned() + ".txt"),
    ] {
        bed.write(&name, "x");
        let output =
            run(&bed, ["--role", "chatwoot", "--title", "T", "--message", "m", "-e", &name]);
        assert_eq!(output.code(), 1, "{output}");
        assert_eq!(bed.read("feedback/chatwoot.md"), SEED);
        bed.remove(&name);
    }
}

#[test]
fn a_vault_file_that_cannot_be_read_is_told() {
    let bed = bed();
    let file = bed.path("vault/occ/fly/api_token.env");
    // A link is not followed, whoever runs the test.
    std::fs::rename(&file, bed.path("elsewhere.env")).unwrap();
    std::os::unix::fs::symlink(bed.path("elsewhere.env"), &file).unwrap();
    let told = |output: &testbed::Output| output.to_string().contains("fly/api_token.env");
    let output = run(&bed, ["--role", "chatwoot", "--title", "T", "--message", "m"]);
    assert!(
        output.code() == 0 && told(&output) && output.stderr().contains("warning: "),
        "{output}"
    );
    let output = run(&bed, ["check", "feedback/chatwoot.md", "--format", "json"]);
    assert!(told(&output), "{output}");
    std::fs::remove_file(&file).unwrap();
    let output = run(&bed, ["--role", "chatwoot", "--title", "U", "--message", "m"]);
    assert!(output.code() == 0 && told(&output), "{output}");
    std::fs::create_dir(&file).unwrap();
    let output = run(&bed, ["--role", "chatwoot", "--title", "V", "--message", "m"]);
    assert!(output.code() == 0 && told(&output), "{output}");
    std::fs::remove_dir(&file).unwrap();
    bed.write("vault/occ/fly/api_token.env", "FLY_API_TOKEN=x-CANARY-y\n");
    std::fs::set_permissions(&file, PermissionsExt::from_mode(0o600)).unwrap();
    let output = run(&bed, ["--role", "chatwoot", "--title", "W", "--message", "m"]);
    assert_eq!(output.stderr(), "", "{output}");
}

#[test]
fn a_log_that_would_hide_entries_is_refused() {
    for (open, body) in [
        ("<!-- open\n", "m"),
        ("text\n\n<!--\n", "m"),
        ("```sh\ntrue\n", "```\ncode\n```"),
        ("<pre>\n", "a `</pre>`\n\n</pre>"),
    ] {
        let bed = bed();
        let old = "## 2025-10-11T01:12:13Z — Old\n\nx\n";
        let log = format!("{old}\n{open}\n## 2025-10-12T01:12:13Z — Newer\n\ny\n");
        bed.write("log.md", &log);
        let output = run(&bed, ["log.md", "--title", "T", "--message", body, "--id", "k"]);
        assert_eq!(output.code(), 2, "{open:?} {output}");
        let line =
            log[..log.find(open.trim_start_matches("text\n\n")).unwrap()].matches('\n').count() + 1;
        assert!(output.stderr().contains(&format!("log.md:{line}")), "{output}");
        assert_eq!(bed.read("log.md"), log);
    }
}

#[test]
fn what_was_left_open_is_closed_before_the_entry() {
    for (open, closer) in [
        ("```\nx\n", "```"),
        ("~~~~ sh\nx", "~~~~"),
        ("- a\n  ```\n```\n", "```"),
        ("<script>\nx\n", "</script>"),
        ("<TEXTAREA>\n\nx\n", "</textarea>"),
        ("<?php\n", "?>"),
        ("text\n<!-- x\n", "-->"),
        // Nothing of these reaches behind an empty line.
        ("- ```\n  x\n", ""),
        ("> ~~~\n", ""),
        ("    ```\n", ""),
        ("<details>\n<summary>x\n", ""),
        ("Head\n---\n[a]: b\n", ""),
        ("| a |\n|---|\n| b", ""),
    ] {
        let bed = bed();
        bed.git_init();
        bed.write("log.md", format!("## 2025-10-11T01:12:13Z — Old\n\n{open}"));
        bed.git(["add", "log.md"]);
        bed.git(["commit", "-qm", "old"]);
        let output = run(&bed, ["log.md", "--title", "T", "--message", "m", "--id", "k"]);
        assert_eq!(output.code(), 0, "{open:?} {output}");
        let log = bed.read("log.md");
        let line_break = if open.ends_with('\n') { "" } else { "\n" };
        let closing = if closer.is_empty() { String::new() } else { format!("{closer}\n") };
        let entry = log.rfind("## ").unwrap();
        assert_eq!(
            log[..entry],
            format!("## 2025-10-11T01:12:13Z — Old\n\n{open}{line_break}{closing}\n")
        );
        let told = format!("left {}", if closer.contains('-') { "a comment" } else { "a" });
        assert_eq!(output.stderr().contains(&told), !closer.is_empty(), "{output}");
        // The closing line is no rewriting of the entry before.
        let output = run(&bed, ["check", "log.md"]);
        assert!(!output.stdout().contains("[rewritten]"), "{output}");
        assert!(!output.stdout().contains("[heading]"), "{output}");
    }
}

#[test]
fn an_open_comment_far_up_in_a_large_log_is_found() {
    let bed = bed();
    let entry = "## 2025-10-11T01:12:13Z — Old\n\ntext text text text\n\n";
    let log = format!("# L\n\n<!-- open\n\n{}", entry.repeat(30_000));
    bed.write("log.md", &log);
    let output = run(&bed, ["log.md", "--title", "T", "--message", "m"]);
    assert_eq!(output.code(), 2, "{output}");
    assert!(output.stderr().contains("log.md:3"), "{output}");
}

#[test]
fn what_a_bundle_says_holds_for_all_that_stands_for_it() {
    let bed = bed();
    let path = bundle(&bed, "bad", &[exited(&["true"], "ok\n", 0), exited(&["false"], "no\n", 1)]);
    for file in ["evidence.jsonl", "manifest.sha256"] {
        let output = run(
            &bed,
            [
                "--role",
                "chatwoot",
                "--title",
                "T",
                "-m",
                "x",
                "-s",
                "done",
                "-e",
                &format!("{path}/{file}"),
            ],
        );
        assert_eq!(output.code(), 1, "{output}");
        let output = run(
            &bed,
            ["--role", "manager", "--title", file, "-m", "x", "-e", &format!("{path}/{file}")],
        );
        assert!(output.stdout().contains("[failed]"), "{output}");
    }
    for args in [
        ["-s", "done", "-m", "see artifacts/bad/002-false.out", "-f", "Area: x"],
        ["-s", "done", "-m", "x", "-f", "Proof: artifacts/bad/002-false.out"],
        ["-s", "done", "-m", "see `artifacts/bad/`", "-f", "Area: x"],
        ["-s", "failed", "-m", "x", "-f", "Status: done"],
        ["-s", "failed", "-m", "x", "-f", "**State**: done"],
    ] {
        let output = run(&bed, ["--role", "chatwoot", "--title", "T"].into_iter().chain(args));
        assert_ne!(output.code(), 0, "{args:?} {output}");
        assert_eq!(bed.read("feedback/chatwoot.md"), SEED);
    }
    let honest = [
        "--role",
        "chatwoot",
        "--title",
        "T",
        "-s",
        "failed",
        "-m",
        "see artifacts/bad/002-false.out",
    ];
    assert_eq!(run(&bed, honest).code(), 0);
}

#[test]
fn no_error_repeats_a_value() {
    let mut bed = bed();
    bed.holds_secrets("feedback/chatwoot.md");
    bed.write("feedback/chatwoot.md", format!("---\nowner: {VALUE}\n---\n"));
    let output = run(&bed, ["--role", "chatwoot", "--title", "T", "-m", "x"]);
    assert!(output.code() == 1 && !output.to_string().contains("CANARY"), "{output}");
    let output = run(&bed, ["--role", "manager", "--title", "T", "--postgresql://bob:CANARY@h/db"]);
    assert!(output.code() == 2 && !output.to_string().contains("CANARY"), "{output}");
    let gone = format!("artifacts/{VALUE}/x.txt");
    let output = run(&bed, ["--role", "manager", "--title", "T", "-m", "x", "-e", &gone]);
    assert!(output.code() == 2 && !output.to_string().contains("CANARY"), "{output}");
}

#[test]
fn values_may_begin_with_a_hyphen_and_titles_with_any_sign() {
    let bed = bed();
    for title in ["- x", ": x", "— x", "> x", "| x", "-x", "(x)", "→ x", "* x *"] {
        let output = run(&bed, ["--role", "manager", "-t", title, "-m", "- fixed it", "-n", "- y"]);
        assert_eq!(output.code(), 0, "{title} {output}");
    }
    let output = run(&bed, ["--role", "manager", "-t", "x ##", "-m", "m"]);
    assert!(output.code() == 2 && output.stderr().contains("--title"), "{output}");
    let listed = run(&bed, ["list", "--format", "json"]).json();
    let titles: Vec<_> = listed["entries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["action"].as_str().unwrap())
        .collect();
    assert!(titles.contains(&"— x") && titles.contains(&"(x)"), "{titles:?}");
}

#[test]
fn the_hash_is_right_where_the_front_matter_ends_the_file() {
    for head in
        ["---\ndoc: log.md\ndoc_hash: TBD\n---", "---\r\ndoc: log.md\r\ndoc_hash: TBD\r\n---"]
    {
        let bed = bed();
        bed.write("log.md", head);
        assert_eq!(run(&bed, ["log.md", "--title", "T", "-m", "x"]).code(), 0);
        let output = run(&bed, ["check", "log.md"]);
        assert!(!output.stdout().contains("doc-hash"), "{output}");
    }
}

#[test]
fn a_new_log_is_whole_or_not_there() {
    let bed = bed();
    let line = format!("ulimit -f 0; exec {} new --role manager", testbed::bin!("feedback-append"));
    let output = bed.command("sh").args(["-c", &line]).run();
    assert_eq!(output.code(), 2, "{output}");
    assert!(!bed.path("feedback/manager.md").exists());
}

#[test]
fn a_usage_error_is_an_answer_in_json() {
    let bed = bed();
    let output = run(&bed, ["--role", "chatwoot", "--format", "json"]);
    assert_eq!(output.code(), 2);
    assert_eq!(output.json()["schema"], "feedback-append/append/1");
    let output = run(&bed, ["list", "--frmat", "--format=json"]);
    assert_eq!(output.json()["schema"], "feedback-append/list/1");
    assert!(output.json()["error"]["message"].as_str().unwrap().contains("--frmat"), "{output}");
}

#[test]
fn an_entry_that_was_archived_is_known_by_its_id() {
    let bed = bed();
    let args = ["--role", "manager", "--title", "T", "--message", "m", "--id", "k"];
    assert_eq!(run(&bed, args).code(), 0);
    assert_eq!(run(&bed, ["archive", "--role", "manager", "--before", "2099-01-01"]).code(), 0);
    let log = bed.read("feedback/manager.md");
    let again = run(&bed, args);
    assert!(
        again.code() == 0 && again.stdout().contains("already in feedback/archive/"),
        "{again}"
    );
    assert_eq!(bed.read("feedback/manager.md"), log);
}

#[test]
fn small_things_are_told() {
    let bed = bed();
    let output = run(&bed, ["list", "-r", "chatwot"]);
    assert!(output.code() == 2 && output.stderr().contains("chatwoot"), "{output}");
    let line =
        format!("{} --role chatwoot --title T -m x >/dev/full", testbed::bin!("feedback-append"));
    let output = bed.command("sh").args(["-c", &line]).run();
    assert!(output.code() == 2 && output.stderr().contains("the entry was written"), "{output}");
}

#[test]
fn an_absolute_path_without_an_extension_lies_outside() {
    let bed = bed();
    bed.write(
        "log.md",
        "## 2025-10-11T01:12:13Z — T\n\nEvidence: /var/log/syslog\nEvidence: GET /api/v1 works\n",
    );
    let output = run(&bed, ["check", "log.md"]);
    assert_eq!(output.stdout().matches("outside").count(), 2, "{output}");
}
