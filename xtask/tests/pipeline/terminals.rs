//! Terminals that go away, signals that are ignored or come often, and keys that are typed too early.

use duct::cmd;
use testbed::Command;

use crate::steps::{Repo, step, steps};
use crate::tools;

fn shell<'bed>(repo: &'bed Repo, script: &str) -> Command<'bed> {
    let shell = repo.bed.command("sh").env("OPSPROOF_TOOLS", tools());
    shell.env("XTASK", testbed::bin!("xtask")).args(["-c", script])
}

#[test]
fn a_terminal_that_is_gone_does_not_end_the_run() {
    let repo = Repo::new("", &steps(""));
    let output = shell(&repo, "{ \"$XTASK\" run work; echo $? > ended; } 2>&1 | head -1").run();
    assert_eq!(repo.bed.read("ended"), "0\n", "{output}");
    assert_eq!(repo.ran(), "a b c d");
    assert!(repo.log().contains("each ended as expected"), "{}", repo.log());
    repo.check_all();
}

#[test]
fn a_signal_that_is_ignored_stays_ignored() {
    let repo = Repo::new("", &steps(""));
    repo.bed.write("b.hang", "");
    let running = shell(&repo, "trap '' HUP; exec \"$XTASK\" run work").start();
    repo.wait_for("b.hangs");
    cmd!("kill", "-HUP", running.pid().to_string()).run().unwrap();
    repo.bed.write("b.go", "");
    let ended = running.wait();
    assert_eq!(ended.code(), 0, "{ended}");
    assert_eq!(repo.ran(), "a b c d");
}

/// Presses Ctrl-C at the question and does not let go of it.
const HELD_KEY: &str = r#"
soon() { n=0; until eval "$1" || [ $((n += 1)) -gt 600 ]; do sleep 0.05; done; }
(soon 'grep -q y/N typescript 2>/dev/null'
 n=0; until [ -e ended ] || [ $((n += 1)) -gt 6000 ]; do printf '\003'; sleep 0.004; done) |
  script -qefc 'trap : INT; "$XTASK" run work --color never; echo $? > ended' typescript > /dev/null
cat typescript ended
"#;

#[test]
fn a_held_ctrl_c_keeps_neither_seal_nor_entry_away() {
    let repo = Repo::new("", &[step("a", ""), step("b", "approve = true")]);
    let output = shell(&repo, HELD_KEY).run();
    assert_eq!(output.stdout().lines().last(), Some("1"), "{output}");
    assert!(repo.log().contains("step `b` was interrupted by a signal"), "{}", repo.log());
    repo.check_all();
}

/// Types yes while the step before the question runs, and no at the question.
const TOO_EARLY: &str = r#"
soon() { n=0; until eval "$1" || [ $((n += 1)) -gt 600 ]; do sleep 0.05; done; }
(soon '[ -e a.hangs ]'; printf 'y\r'; soon 'grep -q 7hy typescript 2>/dev/null'; : > a.go
 soon 'grep -q y/N typescript 2>/dev/null'; printf 'n\r'; soon '[ -e ended ]') |
  script -qefc '"$XTASK" run work --color never; echo $? > ended' typescript > /dev/null
cat typescript ended
"#;

#[test]
fn what_was_typed_before_the_question_does_not_answer_it() {
    let repo = Repo::new("", &[step("a", ""), step("b", "approve = true")]);
    repo.bed.write("a.hang", "");
    let output = shell(&repo, TOO_EARLY).run();
    assert_eq!(output.stdout().lines().last(), Some("1"), "{output}");
    assert!(output.stdout().contains("b: not approved"), "{output}");
    assert_eq!(repo.ran(), "a");
}
