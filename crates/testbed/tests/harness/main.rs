//! The harness seen as a test of a tool sees it, with the shell as the tool; and the stand-in over real HTTP.
#![expect(clippy::unwrap_used, reason = "a failed set-up is a failed test")]

mod fake_fly;

use testbed::Bed;

fn shell(bed: &Bed, script: &str) -> testbed::Output {
    bed.command("sh").args(["-c", script]).run()
}

#[test]
fn an_output_is_one_text() {
    let bed = Bed::new();
    let script = "pwd; echo at 2026-11-22T17:03:11Z; printf unended >&2; exit 3";
    insta::assert_snapshot!(shell(&bed, script), @"
    [ROOT]
    at [TIME]
    ------- stderr -------
    unended[no newline at the end]
    [exit status: 3]
    ");
}

#[test]
fn the_environment_is_cleared() {
    let bed = Bed::new();
    // PWD and the like are the shell's own.
    let script = "env | grep -v -e ^PATH= -e ^PWD= -e ^SHLVL= -e ^OLDPWD= -e ^_= | sort";
    insta::assert_snapshot!(shell(&bed, script), @"
    COLUMNS=100
    HOME=[HOME]
    LC_ALL=C.UTF-8
    TMPDIR=[TMP]
    TZ=UTC
    [exit status: 0]
    ");
}

#[test]
fn what_a_run_gets_is_what_it_was_given() {
    let bed = Bed::new();
    bed.write("docs/a.txt", "text");
    let output = bed
        .command("sh")
        .args(["-c", "cat; cat a.txt; echo $MORE"])
        .stdin("in ")
        .cwd("docs")
        .env("MORE", "more")
        .run();
    assert_eq!((output.stdout(), output.code()), ("in textmore\n", 0));
}

#[test]
#[should_panic(expected = "a secret lies in stdout at byte 0")]
fn a_secret_on_stdout_fails_the_test() {
    let bed = Bed::new();
    bed.write("vault/a.env", "TOKEN=abc-CANARY-def\n");
    let _ = shell(&bed, "base64 vault/a.env | tail -c +9");
}

#[test]
#[should_panic(expected = "a secret lies in the file")]
fn a_secret_in_a_written_file_fails_the_test() {
    let bed = Bed::new();
    bed.write("vault/a.env", "TOKEN=abc-CANARY-def\n");
    let _ = shell(&bed, "cp vault/a.env \"$TMPDIR/left-over\"");
}

#[test]
#[should_panic(expected = "there is no docs/schemas/shell.echo.1.json")]
fn an_answer_without_a_published_schema_fails_the_test() {
    let _ = shell(&Bed::new(), r#"echo '{"schema":"shell/echo/1"}'"#);
}

#[test]
fn a_stream_that_may_hold_secrets_is_left_out_of_the_text() {
    let bed = Bed::new();
    bed.write("vault/a.env", "TOKEN=abc-CANARY-def\n");
    let output = bed.command("cat").args(["vault/a.env"]).stdout_holds_secrets().run();
    assert!(output.stdout().contains("abc-"));
    insta::assert_snapshot!(output, @"
    [stdout holds secrets: 1 lines]
    [exit status: 0]
    ");
}

#[test]
fn modes_are_as_asked_and_strict_where_secrets_lie() {
    let bed = Bed::new();
    bed.write("vault/occ/a.env", "A=1\n");
    bed.write("docs/a.md", "text");
    bed.write_mode("vault/occ/b.env", "B=1\n", 0o644);
    let script = "stat -c '%a %n' vault vault/occ vault/occ/a.env vault/occ/b.env docs docs/a.md";
    insta::assert_snapshot!(shell(&bed, script), @"
    700 vault
    700 vault/occ
    600 vault/occ/a.env
    644 vault/occ/b.env
    755 docs
    644 docs/a.md
    [exit status: 0]
    ");
}

#[test]
fn a_killed_run_shows_what_it_had_said() {
    let bed = Bed::new();
    let running = bed.command("sh").args(["-c", "echo begun; exec sleep 60"]).start();
    std::thread::sleep(std::time::Duration::from_millis(300));
    assert!(!running.has_ended());
    running.kill();
    insta::assert_snapshot!(running.wait(), @"
    begun
    [exit status: 137]
    ");
}

#[test]
fn git_is_there_when_asked_for() {
    let bed = Bed::new();
    bed.git_init();
    bed.write("a", "a");
    bed.git(["add", "a"]);
    bed.git(["commit", "--quiet", "-m", "first"]);
    assert_eq!(bed.git(["ls-files"]), "a\n");
}
