//! What runs again when a pipeline goes on, and what a run says of how to go on.

use duct::cmd;

use crate::steps::{Repo, step, steps};

/// `a` is undone by `c`; `b` stands between them.
fn undoing(b: &str) -> Repo {
    let b = step("b", b);
    let c = step("c", "repeatable = true\nneeds = [\"a\"]");
    Repo::new("", &[step("a", "repeatable = true"), b, c, step("d", "needs = [\"b\"]")])
}

#[test]
fn what_was_undone_behind_a_failed_step_is_done_again_before_it() {
    let repo = undoing("on-failure = \"continue\"");
    repo.bed.write("b.fail", "");
    assert_eq!(repo.run(&[]).code(), 1);
    assert_eq!(repo.ran(), "a b c");
    repo.bed.remove("b.fail");
    let resumed = repo.resume(&[]);
    assert_eq!(resumed.code(), 0, "{resumed}");
    assert_eq!(repo.ran(), "a b c a b c d");
    repo.check_all();
}

#[test]
fn a_run_that_leaves_something_undone_says_what_to_type() {
    let repo = undoing("");
    repo.bed.write("b.hang", "");
    let running = repo.start(&[]);
    repo.wait_for("b.hangs");
    cmd!("kill", "-INT", running.pid().to_string()).run().unwrap();
    let ended = running.wait();
    assert_eq!(ended.code(), 1, "{ended}");
    let said = "not run: c, though a was; by itself: cargo xtask run work --resume artifacts/work-";
    let line = ended.stdout().lines().find(|line| line.starts_with(said));
    assert!(line.is_some_and(|line| line.ends_with(" --only c")), "{ended}");
    let alone = repo.resume(&["--only", "c"]);
    assert_eq!(alone.code(), 0, "{alone}");
    assert_eq!(repo.ran(), "a b c");
}

#[test]
fn what_succeeded_is_not_repeated_and_where_nothing_is_left_that_is_no_error() {
    let repo = Repo::new("", &steps(""));
    assert_eq!(repo.run(&[]).code(), 0);
    let refused = repo.resume(&["--repeat", "b"]);
    assert_eq!(refused.code(), 2, "{refused}");
    assert!(
        refused.stderr().contains("the step `b` succeeded, and its evidence holds"),
        "{refused}"
    );
    let log = repo.log();
    for more in [&[][..], &["--only", "b"]] {
        let nothing = repo.resume(more);
        assert_eq!(nothing.code(), 0, "{nothing}");
        assert!(nothing.stdout().contains("work: nothing is left to run"), "{nothing}");
    }
    assert_eq!(repo.log(), log);
    assert_eq!(repo.ran(), "a b c d");
    assert_eq!(repo.bundles().len(), 1);
}

#[test]
fn a_seal_that_was_cut_short_is_finished_before_the_run_goes_on() {
    let halves: [&[(&str, Option<&str>)]; 3] = [
        &[("manifest.sha256", Some(".manifest.sha256.AbCdEf.tmp")), ("manifest.sha256.sig", None)],
        &[("manifest.sha256.sig", Some(".manifest.sha256.sig.AbCdEf.tmp"))],
        &[("manifest.sha256.sig", None)],
    ];
    for half in halves {
        let repo = Repo::new("", &steps(""));
        let key = repo.bed.home().join(".ssh/id_ed25519");
        std::fs::create_dir_all(key.parent().unwrap()).unwrap();
        cmd!("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", &key).run().unwrap();
        let ops = repo.bed.read("ops.toml");
        let signed = "root = \"artifacts\"\nsign-with = \"~/.ssh/id_ed25519\"";
        repo.bed.write("ops.toml", ops.replace("root = \"artifacts\"", signed));
        repo.bed.write("b.fail", "");
        assert_eq!(repo.run(&[]).code(), 1);
        let bundle = repo.bed.path(repo.bundle());
        for (name, becomes) in half {
            match becomes {
                Some(other) => std::fs::rename(bundle.join(name), bundle.join(other)).unwrap(),
                None => std::fs::remove_file(bundle.join(name)).unwrap(),
            }
        }
        // The origin log hears of a seal when all of it is in place.
        std::fs::remove_dir_all(repo.bed.path("artifacts/.log")).unwrap();
        repo.bed.remove("b.fail");
        let resumed = repo.resume(&[]);
        assert_eq!(resumed.code(), 0, "{half:?}: {resumed}");
        assert!(bundle.join("manifest.sha256.sig").is_file());
        assert_eq!(repo.ran(), "a b b c d");
    }
}

#[test]
fn what_to_type_works_where_it_is_typed() {
    let repo = Repo::new("", &steps(""));
    repo.bed.write("b.fail", "");
    let halted = repo.run(&["--repo", "."]);
    assert_eq!(halted.code(), 1, "{halted}");
    assert!(
        halted.stdout().contains("resume: cargo xtask run work --repo . --resume artifacts/"),
        "{halted}"
    );
    repo.bed.write("ops.other.toml", repo.bed.read("ops.toml"));
    let refused = repo.run(&["--ops", "ops.other.toml"]);
    assert_eq!(refused.code(), 2, "{refused}");
    assert!(refused.stderr().contains("would not read ops.other.toml"), "{refused}");
    assert_eq!(repo.ran(), "a b");
}
