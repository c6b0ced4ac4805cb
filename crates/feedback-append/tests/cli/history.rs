//! `check` against git's history: renamed logs, logs that are gone, and hooks.

use testbed::Bed;

use crate::{SEED, bed, run};

fn commit(bed: &Bed) {
    bed.git(["add", "-A", "feedback", "ops.toml"]);
    bed.git(["commit", "-qm", "x"]);
}

/// What `check` says of rewriting.
fn rewritten(bed: &Bed, args: &[&str]) -> String {
    let output = run(bed, ["check"].iter().chain(args).copied());
    let lines = output.stdout().lines().filter(|line| line.contains("[rewritten]"));
    let commit = |line: &str| {
        let words = line.split(' ').map(|word| {
            let is_commit = word.len() == 12 && word.bytes().all(|digit| digit.is_ascii_hexdigit());
            if is_commit { "COMMIT" } else { word }
        });
        words.collect::<Vec<_>>().join(" ")
    };
    lines.map(commit).collect::<Vec<_>>().join("\n")
}

/// The sample log without its second entry.
fn cut() -> &'static str {
    &SEED[..SEED.find("## 2025-10-11 01:37").unwrap()]
}

#[test]
fn a_renamed_log_keeps_its_history() {
    let bed = bed();
    bed.git_init();
    commit(&bed);
    bed.git(["mv", "feedback/chatwoot.md", "feedback/support.md"]);
    commit(&bed);
    bed.git(["mv", "feedback/support.md", "feedback/desk.md"]);
    commit(&bed);
    assert_eq!(rewritten(&bed, &["feedback/desk.md"]), "");
    bed.write("feedback/desk.md", cut());
    insta::assert_snapshot!(rewritten(&bed, &["feedback/desk.md"]), @"feedback/desk.md:1:1: error: an entry of commit COMMIT (line 19 there) is gone [rewritten]");
    commit(&bed);
    let found = rewritten(&bed, &["feedback/desk.md"]);
    assert!(found.contains("is gone"), "{found}");
    assert_eq!(rewritten(&bed, &["feedback/desk.md", "--since", "HEAD"]), "");
    let found = rewritten(&bed, &["feedback/desk.md", "--since", "HEAD~3"]);
    assert!(found.contains("is gone"), "{found}");
}

#[test]
fn an_entry_lost_in_the_commit_that_renames_is_found() {
    let bed = bed();
    bed.git_init();
    let more = format!("{SEED}\n## 2025-10-12T01:00:07Z — Third\n\ntext\n");
    bed.write("feedback/chatwoot.md", &more);
    commit(&bed);
    bed.git(["mv", "feedback/chatwoot.md", "feedback/desk.md"]);
    bed.write("feedback/desk.md", SEED);
    // In a hook the rename is staged, and no commit has it.
    bed.git(["add", "feedback"]);
    for args in [&["feedback/desk.md"][..], &["feedback/desk.md", "--since", "HEAD"]] {
        let found = rewritten(&bed, args);
        assert!(found.contains("(line 49 there) is gone"), "{args:?} {found}");
    }
    // Nothing but the front matter counts as new then.
    let output = run(&bed, ["check", "feedback/desk.md", "--since", "HEAD"]);
    assert!(!output.stdout().contains("[timestamp]"), "{output}");
    commit(&bed);
    for args in [&["feedback/desk.md"][..], &["feedback/desk.md", "--since", "HEAD~1"]] {
        let found = rewritten(&bed, args);
        assert!(found.contains("(line 49 there) is gone"), "{args:?} {found}");
    }
}

#[test]
fn a_declared_log_that_is_gone_is_missed() {
    let bed = bed();
    bed.git_init();
    assert_eq!(rewritten(&bed, &[]), "");
    commit(&bed);
    bed.remove("feedback/chatwoot.md");
    insta::assert_snapshot!(rewritten(&bed, &[]), @"feedback/chatwoot.md: error: the log is gone; commit COMMIT has it, with 2 entries [rewritten]");
    bed.git(["rm", "-q", "--cached", "feedback/chatwoot.md"]);
    bed.git(["commit", "-qm", "gone"]);
    assert!(rewritten(&bed, &[]).contains("the log is gone"));
    assert!(rewritten(&bed, &["--since", "HEAD~1"]).contains("the log is gone"));
    assert_eq!(rewritten(&bed, &["--since", "HEAD"]), "");
}

/// git's index is read as it lies there; what is not understood is asked of git.
#[test]
fn every_kind_of_index_says_the_same() {
    let classes = |bed: &Bed| {
        let output = run(bed, ["check", "feedback/manager.md"]);
        let lines = output.stdout().lines().filter(|line| line.contains("artifacts/"));
        lines.map(str::to_owned).collect::<Vec<_>>().join("\n")
    };
    let bed = bed();
    bed.git_init();
    for name in ["a.log", "a-long-name.log", "sub/b.log", "c.log"] {
        bed.write(format!("artifacts/{name}"), "x\n");
    }
    bed.write("feedback/manager.md", "## 2025-10-11T01:00:01Z — T\nEvidence: artifacts/a.log artifacts/a-long-name.log artifacts/sub/ artifacts/c.log artifacts/x/b.log\n");
    bed.git(["add", "artifacts/a.log", "artifacts/a-long-name.log", "artifacts/sub"]);
    let plain = classes(&bed);
    insta::assert_snapshot!(plain, @"
    feedback/manager.md:2:68 artifacts/c.log: note: untracked: it is not committed yet [citation-ignored]
      hint: `git add artifacts/c.log` before the entry is committed
    feedback/manager.md:2:84 artifacts/x/b.log: error: moved: nothing is there [citation-missing]
      hint: artifacts/sub/b.log has the same name
    ");
    for version in ["2", "3", "4"] {
        bed.git(["update-index", "--index-version", version]);
        assert_eq!(classes(&bed), plain, "version {version}");
    }
    bed.git(["update-index", "--index-version", "2", "--split-index"]);
    assert_eq!(classes(&bed), plain, "split");
    // A hook of `git commit FILE` works on an index of its own.
    bed.git(["update-index", "--no-split-index"]);
    let output = bed
        .command(testbed::bin!("feedback-append"))
        .args(["check", "feedback/manager.md"])
        .env("GIT_INDEX_FILE", bed.path("other-index").to_str().unwrap())
        .run();
    assert_eq!(output.stdout().matches("untracked:").count(), 4, "{output}");
}
