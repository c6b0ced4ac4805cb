//! Steps whose recorder is killed or cannot start, and runs that are gone on with while they live.

use std::time::{Duration, Instant};

use duct::cmd;

use crate::steps::{Repo, children, step};

/// Runs until it is told to go on, and says when it has ended.
const SLOW: &str = r#"#!/bin/sh
echo "$1" >> ran
: > "$1.here"
if [ "$1" = b ]; then
  while [ ! -e b.go ]; do sleep 0.02; done
  echo end-of-b >> ran
fi
echo "done $1"
"#;

#[test]
fn a_command_that_outlives_its_recorder_is_waited_for_and_not_tried_again() {
    for more in ["attempts = 2", "on-failure = \"continue\""] {
        let repo = Repo::new("", &[step("a", ""), step("b", more), step("c", "")]);
        repo.bed.write_mode("step", SLOW, 0o755);
        let running = repo.start(&[]);
        repo.wait_for("b.here");
        let recorders = children(running.pid());
        assert_eq!(recorders.len(), 1, "{recorders:?}");
        cmd!("kill", "-KILL", &recorders[0]).run().unwrap();
        let until = Instant::now() + Duration::from_mins(1);
        while children(running.pid()).contains(&recorders[0]) && Instant::now() < until {}
        // What would be wrong happens now, if it does.
        std::thread::sleep(Duration::from_millis(200));
        repo.bed.write("b.go", "");
        let ended = running.wait();
        assert_eq!(ended.code(), 1, "{ended}");
        assert!(
            ended.stderr().contains("b: its recorder was killed; waits for its command"),
            "{ended}"
        );
        let rest = if more.contains("continue") { " c" } else { "" };
        assert_eq!(repo.ran(), format!("a b end-of-b{rest}"), "{more}: {ended}");
        assert_eq!(repo.faults(), ["incomplete"], "{ended}");
        assert!(repo.log().contains("Status: failed"), "{}", repo.log());
    }
}

#[test]
fn a_step_that_was_cut_short_is_tried_again_only_where_it_is_repeatable() {
    for (kind, more) in [("die", ""), ("hang", "timeout = \"200ms\"\n")] {
        for (repeatable, ran) in [(false, "a"), (true, "a a")] {
            let more = format!("{more}attempts = 2\nrepeatable = {repeatable}");
            let repo = Repo::new("", &[step("a", &more)]);
            repo.bed.write(format!("a.{kind}"), "");
            let output = repo.run(&[]);
            assert_eq!(output.code(), 1, "{output}");
            assert_eq!(repo.ran(), ran, "{kind}: {output}");
        }
    }
}

#[test]
fn what_a_living_runner_works_in_is_not_gone_on_with() {
    let more = "attempts = 2\nwait = \"60s\"\nrepeatable = true";
    let repo = Repo::new("", &[step("a", more), step("b", "")]);
    repo.bed.write("a.fail", "");
    let running = repo.start(&[]);
    repo.wait_for("ran");
    repo.wait_for_end_of_step();
    let refused = repo.resume(&[]);
    assert_eq!(refused.code(), 2, "{refused}");
    assert!(refused.stderr().contains("another pipeline is at work in"), "{refused}");
    cmd!("kill", "-INT", running.pid().to_string()).run().unwrap();
    assert_eq!(running.wait().code(), 1);
    assert_eq!(repo.ran(), "a");
    repo.bed.remove("a.fail");
    assert_eq!(repo.resume(&[]).code(), 0);
    assert_eq!(repo.ran(), "a a b");
}

const VAULT: &str = r#"
[vault]
root = "vault"
[[vault.file]]
path = "token.env"
keys = { TOKEN = "any" }
owner = "keeper"
"#;

#[test]
fn a_step_that_could_not_be_started_is_a_failure_with_its_reason_and_an_ask() {
    let more = "on-failure = \"continue\"\nenv-from = [\"token.env\"]";
    let steps = [step("a", ""), step("b", more), step("c", ""), VAULT.to_owned()];
    let repo = Repo::new("escalate-to = \"manager\"", &steps);
    let output = repo.run(&["--quiet"]);
    assert_eq!(output.code(), 1, "{output}");
    assert_eq!(repo.ran(), "a c", "{output}");
    assert!(output.stderr().contains("the file is missing"), "{output}");
    assert!(
        output.stdout().contains("ask: TOKEN is missing (vault/token.env) of keeper"),
        "{output}"
    );
    let log = repo.log();
    for said in [
        "Status: blocked\n",
        "step `b` failed: it was not started (exit code 125)",
        "cannot give the command the variables of token.env: the file is missing",
        "- what: TOKEN is missing; where: vault/token.env; who: keeper",
    ] {
        assert!(log.contains(said), "{said}: {log}");
    }
    assert!(!log.contains("Status: done"), "{log}");
    assert_eq!(repo.resume(&[]).code(), 1);
    assert!(
        repo.log().contains("Escalation to manager: step `b` has failed 2 times"),
        "{}",
        repo.log()
    );
}

#[test]
fn a_credential_that_is_to_be_renewed_is_asked_for() {
    let check = "[[pipeline.work.step]]\nid = \"vault\"\nrun = [\"vault-check\", \"check\"]\n";
    let vault = format!("{VAULT}rotate = \"90d\"\n");
    let repo = Repo::new("", &[check.to_owned(), vault]);
    repo.bed.write_mode("vault/token.env", "# rotated: 2020-01-01\nTOKEN=CANARY-token\n", 0o600);
    let output = repo.run(&["--quiet"]);
    assert_eq!(output.code(), 1, "{output}");
    let ask =
        "ask: TOKEN is to be renewed, and the date in its file with it (vault/token.env) of keeper";
    assert!(output.stdout().contains(ask), "{output}");
}

#[test]
fn an_app_is_not_locked_where_somebody_stands() {
    let repo = Repo::new("lock = \"app\"", &[step("a", "")]);
    let refused = repo.command(&[]).env("HOME", "").env("XDG_STATE_HOME", "").run();
    assert_eq!(refused.code(), 2, "{refused}");
    assert!(refused.stderr().contains("no place for the lock of the app `app`"), "{refused}");
    assert!(!repo.bed.path(".local").exists());
    assert_eq!(repo.ran(), "");
}

#[test]
fn a_workflow_that_mends_the_vault_says_whose_files_it_mends() {
    let bed = testbed::Bed::new();
    bed.copy_fixture("chatwoot");
    let export = ["export", "github", "align", "--tools", "a/b@c", "--output", "w.yml"];
    let output = bed.command(testbed::bin!("xtask")).args(export).run();
    assert_eq!(output.code(), 0, "{output}");
    assert!(
        bed.read("w.yml").contains("# `dsn-align fix --write` mends the files of GitHub's machine")
    );
}
