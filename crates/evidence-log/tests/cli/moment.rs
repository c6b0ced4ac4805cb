//! The state of the repository is the one that the command began in, though git looks while it runs.

use testbed::Bed;

use crate::{open, tool};

/// A repository with two files that are committed, and a git that answers only once the command has made `done`.
fn slow_git() -> (Bed, String) {
    let bed = Bed::new();
    bed.git_init();
    for name in ["a", "b"] {
        bed.write(name, "old\n");
    }
    // Git compares whole seconds, in which nothing else is to happen here.
    assert_eq!(bed.command("touch").args(["-d", "2020-01-01", "a", "b"]).run().code(), 0);
    bed.git(["add", "a", "b"]);
    bed.git(["commit", "--quiet", "--message", "first"]);
    let git = bed.command("sh").args(["-c", "command -v git"]).run().stdout().trim().to_owned();
    let wait = "until [ -e aside/done ]; do sleep 0.01; done";
    bed.write("aside/nothing", "");
    bed.write_mode("slow/git", format!("#!/bin/sh\n{wait}\nexec {git} \"$@\"\n"), 0o755);
    (bed, git)
}

/// What a run of this line records of git: the commit is always the one it began with.
fn recorded(bed: &Bed, line: &str) -> String {
    let bundle = open(bed);
    let commit = bed.git(["rev-parse", "HEAD"]).trim().to_owned();
    let run = ["run", "--into", &bundle, "--", "sh", "-c", &format!("{line}; touch aside/done")];
    let output = tool(bed).args(run).path_first("slow").run();
    assert_eq!(output.code(), 0, "{output}");
    let records = bed.read(format!("{bundle}/evidence.jsonl"));
    let (_, git) = records.split_once(r#""git":{"#).unwrap();
    let (git, _) = git.split_once('}').unwrap();
    git.replace(&commit, "HEAD")
}

#[test]
fn what_the_command_left_alone_is_as_it_was() {
    let (bed, _) = slow_git();
    assert_eq!(recorded(&bed, "true"), r#""commit":"HEAD","dirty":false"#);
    for change in ["echo new > a", "git add a", "git checkout --quiet HEAD a && rm b"] {
        bed.remove("aside/done");
        assert_eq!(bed.command("sh").args(["-c", change]).run().code(), 0);
        assert_eq!(recorded(&bed, "true"), r#""commit":"HEAD","dirty":true"#, "{change}");
    }
}

#[test]
fn what_the_command_changed_is_not_told_as_the_state_it_began_in() {
    let (bed, git) = slow_git();
    let unknown = r#""commit":"HEAD""#;
    assert_eq!(recorded(&bed, "sleep 0.05; echo new > a"), unknown, "it was clean");
    // It is edited now, and ends as it was committed.
    for line in [
        "echo old > a".to_owned(),
        format!("{git} checkout --quiet a"),
        format!("{git} commit --quiet --all --message second"),
        format!("{git} stash --quiet"),
    ] {
        bed.remove("aside/done");
        bed.write("a", "newer\n");
        assert_eq!(recorded(&bed, &line), unknown, "{line}");
    }
    // One of two was so before.
    bed.remove("aside/done");
    bed.write("b", "newer\n");
    assert_eq!(recorded(&bed, "echo new > a"), r#""commit":"HEAD","dirty":true"#);
}
