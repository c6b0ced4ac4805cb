//! What the next reader finds: in a clone, after a deletion, before the first commit, under odd names.

use testbed::Bed;

use crate::bundle::{bundle, exited};
use crate::{SEED, VALUE, bed, run};

fn git(bed: &Bed, args: &[&str]) {
    let output = bed.command("git").args(args.iter().copied()).run();
    assert_eq!(output.code(), 0, "{output}");
}

fn commit(bed: &Bed) {
    git(bed, &["add", "-A"]);
    git(bed, &["-c", "user.name=t", "-c", "user.email=t@t", "commit", "-qm", "x"]);
}

/// The findings that mention a text.
fn found(output: &testbed::Output, text: &str) -> String {
    let lines: Vec<&str> = output.stdout().lines().collect();
    let pairs = lines.windows(2).filter(|pair| pair[0].contains(text));
    pairs.map(|pair| pair.join("\n")).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_declared_file_of_the_vault_is_no_finding_where_there_is_no_vault() {
    let bed = bed();
    let log = "## 2026-11-27T10:00:03Z — t\nStatus: planned\n\nvault/occ/fly/api_token.env, vault/occ/fly/ and vault/occ/other.env\n";
    bed.write("feedback/manager.md", log);
    bed.remove("vault/occ/fly/api_token.env");
    let check = run(&bed, ["check", "feedback/manager.md"]);
    insta::assert_snapshot!(found(&check, "feedback/manager.md:4"), @"
    feedback/manager.md:4:49 vault/occ/other.env: warning: missing: nothing is there [citation-missing]
      hint: `git log --oneline -- vault/occ/other.env` says whether it ever was there; cite what is there in a new entry, with `--evidence`
    ");
}

#[test]
fn a_deleted_file_is_missing_and_brought_back() {
    let bed = bed();
    git(&bed, &["init", "-q"]);
    bed.write("artifacts/a.log", "a\n");
    bed.write(
        "feedback/manager.md",
        "## 2026-11-27T10:00:03Z — t\nStatus: planned\n\nEvidence: artifacts/a.log\n",
    );
    commit(&bed);
    bed.remove("artifacts/a.log");
    let check = run(&bed, ["check", "feedback/manager.md"]);
    insta::assert_snapshot!(found(&check, "a.log:"), @"
    feedback/manager.md:4:11 artifacts/a.log: error: missing: nothing is there any more [citation-missing]
      hint: `git restore artifacts/a.log` brings it back
    ");
}

#[test]
fn before_the_first_commit_everything_is_new() {
    let bed = bed();
    git(&bed, &["init", "-q"]);
    bed.remove("feedback/chatwoot.md");
    assert_eq!(run(&bed, ["--role", "chatwoot", "--title", "first", "--message", "x"]).code(), 0);
    let check = run(&bed, ["check", "--since", "HEAD"]);
    assert_eq!(check.code(), 0, "{check}");
    let check = run(&bed, ["check", "--since", "HEAD~1"]);
    assert!(check.stderr().contains("--since names no commit"), "{check}");
    let command = bed.command(testbed::bin!("feedback-append")).env("PATH", "/nowhere");
    let check = command.args(["check", "--since", "HEAD"]).run();
    assert!(check.stderr().contains("asking git for a commit"), "{check}");
}

#[test]
fn a_log_of_any_name_has_its_history() {
    let bed = bed();
    git(&bed, &["init", "-q"]);
    let names = ["feedback/a\"b.md", "feedback/a\\b.md", "feedback/t\tb.md", "feedback/ä b.md"];
    for name in names {
        bed.write(name, "## 2026-11-01T10:00:03Z — A\nx\n");
    }
    commit(&bed);
    for name in names {
        bed.write(name, "## 2026-11-01T10:00:03Z — A\nCHANGED\n");
        let check = run(&bed, ["check", name]);
        assert!(check.stdout().contains("[rewritten]"), "{check}");
        bed.write(name, "## 2026-11-01T10:00:03Z — A\nx\n");
    }
    git(&bed, &["mv", names[0], "feedback/c\nd.md"]);
    commit(&bed);
    bed.write("feedback/c\nd.md", "# Log\n");
    let check = run(&bed, ["check", "feedback/c\nd.md"]);
    assert!(check.stdout().contains("[rewritten]"), "{check}");
}

#[test]
fn a_credential_that_was_taken_out_is_no_rewriting() {
    let bed = bed();
    git(&bed, &["init", "-q"]);
    bed.write(".gitignore", "vault/\n");
    let entry =
        format!("\n## 2026-11-27T10:00:03Z — Webhook\nStatus: planned\n\nthe key is {VALUE}\n");
    bed.write("feedback/chatwoot.md", format!("{SEED}{entry}"));
    commit(&bed);
    assert!(run(&bed, ["check"]).stdout().contains("leaked-credential"));
    let redacted = entry.replace(VALUE, "***REDACTED***");
    bed.write("feedback/chatwoot.md", format!("{SEED}{redacted}"));
    commit(&bed);
    let check = run(&bed, ["check"]);
    assert!(!check.stdout().contains("leaked-credential"), "{check}");
    let told = found(&check, "[rewritten]");
    assert!(told.contains(": note: a credential was taken out of the entry"), "{check}");
    // The value was changed meanwhile, as it should be.
    bed.write("vault/occ/fly/api_token.env", "FLY_API_TOKEN=SYNTH-CANARY-0815-other-value\n");
    assert_eq!(found(&run(&bed, ["check"]), "[rewritten]"), told);
    // What is taken out beside it is a rewriting.
    bed.write(
        "feedback/chatwoot.md",
        format!("{SEED}{}", redacted.replace("planned", "***REDACTED***")),
    );
    let told = found(&run(&bed, ["check"]), "[rewritten]");
    assert!(told.contains(": error: the entry is not as commit"), "{told}");
}

#[test]
fn a_time_says_its_zone() {
    let bed = bed();
    let at = |at: &str| {
        let args = ["--role", "chatwoot", "--title", "a", "--message", "x", "--at", at];
        run(&bed, args.into_iter().chain(["--at-reason", "forgot"]))
    };
    insta::assert_snapshot!(at("2025-11-27 10:00"), @"
    ------- stderr -------
    error: --at must say its zone, as [TIME] or [TIME]: a clock on the wall seldom shows UTC
    [exit status: 2]
    ");
    assert_eq!(bed.read("feedback/chatwoot.md"), SEED);
    assert_eq!(at("2025-11-27 10:00 MST").code(), 0);
    assert!(bed.read("feedback/chatwoot.md").contains("Happened: 2025-11-27T17:00:00Z"));
    let list = run(&bed, ["list", "--since", "2025-11-27 10:00"]);
    assert!(list.stderr().contains("--since must say its zone"), "{list}");
    assert_eq!(run(&bed, ["list", "--since", "2025-11-27"]).code(), 0);
}

#[test]
fn what_is_missing_is_named() {
    let bed = Bed::new();
    insta::assert_snapshot!(run(&bed, ["--role", "chatwoot", "--title", "t", "--message", "x"]), @"
    ------- stderr -------
    error: there is no ops.toml from this folder upward, which would say where the log of `chatwoot` is
    hint: run this in the repo, or name the file with `--ops FILE`; a log's path in the role's place needs none
    [exit status: 2]
    ");
}

#[test]
fn the_anchor_of_a_namesake_is_its_own() {
    let bed = bed();
    let append = || {
        let args = ["--role", "chatwoot", "--title", "same", "--message", "x", "--format", "json"];
        let answer = run(&bed, args).json();
        (answer["at"].to_string(), answer["anchor"].as_str().unwrap().to_owned())
    };
    // Two of many fall into one second.
    let mut before = append();
    for _ in 0..200 {
        let next = append();
        if next.0 == before.0 {
            assert_eq!(next.1, format!("{}-1", before.1));
            return;
        }
        before = next;
    }
    panic!("no two entries fell into one second");
}

#[test]
fn no_command_repeats_a_credential_or_names_a_log_for_one() {
    let bed = bed();
    let name = format!("feedback/{VALUE}.md");
    for args in [
        vec!["new", name.as_str()],
        vec!["new", "--role", VALUE],
        vec!["list", "--role", VALUE],
        vec!["digest", VALUE],
        vec!["archive", "--role", VALUE, "--before", "2025-11-01"],
        vec!["refresh", VALUE],
        vec!["init", VALUE],
        vec!["check", VALUE],
        vec!["check", "--docs", VALUE],
        vec!["check", "--lock", VALUE],
    ] {
        let output = run(&bed, args.iter().copied());
        assert_eq!(output.code(), 2, "{args:?}: {output}");
        assert!(!format!("{output}").contains(VALUE), "{args:?}");
        assert!(output.stderr().contains("***REDACTED***"), "{args:?}: {output}");
    }
    assert!(!bed.path(&name).exists());
}

#[test]
fn a_change_without_the_tool_is_new() {
    let bed = bed();
    git(&bed, &["init", "-q"]);
    assert_eq!(run(&bed, ["--role", "manager", "--title", "A", "--message", "x"]).code(), 0);
    commit(&bed);
    assert_eq!(run(&bed, ["check", "--since", "HEAD", "feedback/manager.md"]).code(), 0);
    let log = bed.read("feedback/manager.md");
    bed.write("feedback/manager.md", log.replace("---\n\n## ", "---\n\nA line by hand.\n\n## "));
    assert_ne!(log, bed.read("feedback/manager.md"));
    let since = || run(&bed, ["check", "--since", "HEAD", "feedback/manager.md"]);
    assert!(since().stdout().contains("[doc-hash]"), "{}", since());
    // It is told once, where it is new.
    commit(&bed);
    assert!(!since().stdout().contains("[doc-hash]"), "{}", since());
}

#[test]
fn an_archive_hides_no_change_and_an_id_is_one_entrys() {
    let bed = bed();
    git(&bed, &["init", "-q"]);
    for title in ["One", "Two"] {
        let text = format!("text {title}");
        let args = ["--role", "manager", "--title", title, "--status", "planned", "--message"];
        assert_eq!(run(&bed, args.into_iter().chain([text.as_str()])).code(), 0);
    }
    commit(&bed);
    let log = bed.read("feedback/manager.md");
    let start = log.find("## ").unwrap();
    let end = start + 3 + log[start + 3..].find("## ").unwrap();
    let entry = &log[start..end];
    bed.write("feedback/archive/manager-before-2026-12-01.md", entry);
    bed.write("feedback/manager.md", log.replace("text One", "nothing was asked"));
    let check = || run(&bed, ["check", "feedback/manager.md"]);
    assert!(check().stdout().contains("error: the entry is not as commit"), "{}", check());
    bed.write("feedback/manager.md", &log);
    assert!(check().stdout().contains("the entry has the id of another one (feedback/archive/"));
    // What was moved is no finding.
    bed.write("feedback/manager.md", log.replace(entry, ""));
    let told = check();
    assert!(!told.stdout().contains("[rewritten]"), "{told}");
    assert!(!told.stdout().contains("the id of another"), "{told}");
    bed.remove("feedback/archive/manager-before-2026-12-01.md");
    bed.write("feedback/manager.md", format!("{log}\n{entry}"));
    assert!(
        check().stdout().contains("the entry has the id of another one (line 10)"),
        "{}",
        check()
    );
}

#[test]
fn a_log_that_was_taken_out_of_git_is_told() {
    let bed = bed();
    git(&bed, &["init", "-q"]);
    bed.write(".gitignore", "vault/\n");
    bed.write("feedback/m.md", "## 2026-11-27T10:00:03Z — A\nStatus: planned\n\nx\n");
    commit(&bed);
    let told = |args: &[&str]| {
        let check = run(&bed, ["check"].iter().chain(args).copied());
        found(&check, "feedback/m.md: error: the log is gone").lines().count()
    };
    git(&bed, &["rm", "-q", "feedback/m.md"]);
    for args in [&[][..], &["--since", "HEAD"], &["--since", "HEAD", "--staged"]] {
        assert_eq!(told(args), 2, "{args:?}");
    }
    commit(&bed);
    for args in [&[][..], &["--since", "HEAD~1"]] {
        assert_eq!(told(args), 2, "{args:?}");
    }
    assert_eq!(told(&["--since", "HEAD"]), 0);
    // What was only given another name is not gone.
    bed.write("feedback/n.md", "## 2026-11-27T10:00:03Z — A\nStatus: planned\n\nx\n");
    assert_eq!(told(&[]), 0);
}

#[test]
fn what_is_archived_is_out_of_no_sight() {
    let mut bed = bed();
    bed.holds_secrets("feedback/manager.md");
    bed.holds_secrets("feedback/archive/manager-before-2026-11-25.md");
    let bad = bundle(&bed, "bad", &[exited(&["sh"], "oops\n", 3)]);
    let text = format!(
        "## 2026-11-20T10:00:03Z — Webhook\nStatus: done\n\nkey {VALUE}\nEvidence: {bad}/\n"
    );
    bed.write("feedback/manager.md", &text);
    let archive = || run(&bed, ["archive", "--role", "manager", "--before", "2026-11-25"]);
    insta::assert_snapshot!(archive(), @"
    ------- stderr -------
    error: an old entry holds a credential; nothing was moved
      line 4: ***REDACTED*** (29 characters): the vault's fly/api_token.env:FLY_API_TOKEN
    hint: change the credential, and write `***REDACTED***` in its place; then archive
    [exit status: 1]
    ");
    assert_eq!(bed.read("feedback/manager.md"), text);
    // However it got there.
    bed.write("feedback/archive/manager-before-2026-11-25.md", &text);
    bed.write("feedback/manager.md", "# Log\n");
    let check = run(&bed, ["check"]);
    let told = found(&check, "feedback/archive/manager-before-2026-11-25.md:");
    assert!(
        told.contains("[leaked-credential]") && told.contains("[claim-contradicted]"),
        "{check}"
    );
}

#[test]
fn a_bundle_that_was_altered_is_no_proof() {
    let bed = bed();
    let bad = bundle(&bed, "bad", &[exited(&["sh"], "oops\n", 3)]);
    bed.write(
        "feedback/manager.md",
        format!("## 2026-11-20T10:00:03Z — Smoke\nStatus: done\n\nEvidence: {bad}/\n"),
    );
    let records = bed.read(format!("{bad}/evidence.jsonl"));
    let forged = records.replace("\"code\":3", "\"code\":0");
    assert_ne!(records, forged);
    bed.write(format!("{bad}/evidence.jsonl"), forged);
    let check = run(&bed, ["check", "feedback/manager.md"]);
    let told = found(&check, "the bundle is not what was recorded");
    assert!(told.contains("error: changed:") && told.contains("[citation-changed]"), "{check}");
}

#[test]
fn what_was_appended_behind_a_lone_carriage_return_is_read_back() {
    let bed = bed();
    bed.write("feedback/cr.md", "# Log\r\n\r\ntext\r\n\r\n\r");
    let append = || run(&bed, ["feedback/cr.md", "--title", "NEW", "--id", "k1", "--message", "x"]);
    assert!(append().stdout().starts_with("appended to"), "{}", append());
    assert!(append().stdout().starts_with("already in"), "{}", append());
    assert!(run(&bed, ["list", "feedback/cr.md"]).stdout().contains("NEW"));
}

#[test]
fn lists_without_end_take_no_time() {
    let bed = bed();
    let text = format!("{}x", "- ".repeat(30_000));
    let started = std::time::Instant::now();
    let output = run(&bed, ["--role", "chatwoot", "--title", "x", "--message", &text]);
    assert_eq!(output.code(), 0, "{}", output.stderr());
    assert!(started.elapsed() < std::time::Duration::from_secs(30), "{:?}", started.elapsed());
}

#[test]
fn a_text_that_some_viewers_end_elsewhere_is_refused() {
    let bed = bed();
    let text = "<style>\n</textarea>\n~~~~\nx\n</style>";
    let output = run(&bed, ["--role", "chatwoot", "--title", "x", "--message", text]);
    assert_eq!(output.code(), 2, "{output}");
    let fine = "<style>\np {}\n</style>";
    let output = run(&bed, ["--role", "chatwoot", "--title", "x", "--message", fine]);
    assert_eq!(output.code(), 0, "{output}");
}

#[test]
fn a_log_that_is_being_saved_is_waited_for() {
    let bed = bed();
    git(&bed, &["init", "-q"]);
    bed.write(".gitignore", "vault/\n");
    commit(&bed);
    bed.write("feedback/chatwoot.md", "");
    let append = || run(&bed, ["--role", "chatwoot", "--title", "x", "--message", "y"]);
    let refused = append();
    assert_eq!(refused.code(), 2, "{refused}");
    assert!(refused.stderr().contains("is empty, and git has it with text"), "{refused}");
    assert_eq!(bed.read("feedback/chatwoot.md"), "");
    // One that git does not have with text is as new.
    bed.write("feedback/manager.md", "");
    assert_eq!(run(&bed, ["--role", "manager", "--title", "x", "--message", "y"]).code(), 0);
}

#[test]
fn a_folder_of_logs_that_leads_elsewhere_takes_none() {
    let bed = bed();
    let outside = bed.temporary().join("out");
    std::fs::create_dir_all(&outside).unwrap();
    bed.remove("feedback/chatwoot.md");
    std::fs::remove_dir(bed.path("feedback")).unwrap();
    std::os::unix::fs::symlink(&outside, bed.path("feedback")).unwrap();
    let output = run(&bed, ["--role", "manager", "--title", "x", "--message", "y"]);
    assert_eq!(output.code(), 2, "{output}");
    assert!(output.stderr().contains("lies outside the repo of ops.toml"), "{output}");
}

#[test]
fn a_document_whose_keys_are_not_read_is_told() {
    let bed = bed();
    bed.write("docs/a.md", "---\n{expires: 2025-01-01, doc_hash: TBD}\n---\nb\n");
    bed.write("docs/b.md", "---\n? expires\n: 2025-01-01\n---\nb\n");
    bed.write("docs/c.md", "---\ntitle: c\n---\nb\n");
    let check = run(&bed, ["check", "--docs", "docs"]);
    assert_eq!(check.stdout().matches("the tool does not read").count(), 2, "{check}");
}

#[test]
fn a_shallow_clone_without_a_common_commit_gets_no_verdict() {
    let bed = bed();
    bed.write(".gitignore", "vault/\n");
    git(&bed, &["init", "-q", "-b", "main"]);
    commit(&bed);
    git(&bed, &["checkout", "-q", "-b", "work"]);
    bed.write("docs/x.md", "x\n");
    commit(&bed);
    git(&bed, &["checkout", "-q", "main"]);
    assert_eq!(run(&bed, ["--role", "manager", "--title", "A", "--message", "x"]).code(), 0);
    commit(&bed);
    let url = format!("file://{}", bed.path("").display());
    git(&bed, &["clone", "-q", "--depth", "1", "--no-single-branch", "-b", "work", &url, "clone"]);
    let command = bed.command(testbed::bin!("feedback-append")).cwd("clone");
    let check = command.args(["check", "--since", "origin/main"]).run();
    assert_eq!(check.code(), 2, "{check}");
    assert!(check.stderr().contains("git fetch --unshallow"), "{check}");
}
