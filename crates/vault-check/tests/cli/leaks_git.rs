//! `leaks` and git: hooks that change folders, settings of the user's, and clones that lack a part.

use std::fs;

use testbed::Bed;

use crate::leaks::{TOKEN, leaks, places};

/// A repository whose ops.toml and vault lie in `ops/`.
fn bed() -> Bed {
    let mut bed = Bed::new();
    for place in ["leaked/", ".git/", "ops/vault/", "clone/"] {
        bed.holds_secrets(place);
    }
    bed.write(
        "ops/ops.toml",
        "version = 1\n[vault]\nroot = \"vault\"\n[[vault.file]]\npath = \"a.env\"\nkeys = { TOKEN = \"any\" }\n",
    );
    bed.write("ops/vault/a.env", format!("TOKEN={TOKEN}\n"));
    bed.write(".gitignore", "ops/vault/\nclone/\n");
    bed.git_init();
    bed.git(["add", ".gitignore", "ops"]);
    bed.git(["commit", "-q", "-m", "first"]);
    bed
}

fn in_ops(bed: &Bed, args: &[&str]) -> testbed::Output {
    leaks(bed, &[&["--ops", "ops/ops.toml"], args].concat())
}

#[test]
fn a_hook_that_changes_the_folder_sees_the_same_index() {
    let bed = bed();
    let program = testbed::bin!("vault-check");
    let hook = format!("#!/bin/sh\ncd ops || exit 2\nexec '{program}' leaks --staged\n");
    bed.write_mode(".git/hooks/pre-commit", hook, 0o755);
    bed.write("leaked/text", format!("x {TOKEN}\n"));
    bed.git(["add", "leaked"]);
    let commit = bed.command("git").args(["commit", "-qm", "leak"]).unguarded().run();
    assert_ne!(commit.code(), 0, "{commit}");
    let gone = bed
        .command(testbed::bin!("vault-check"))
        .args(["leaks", "--staged", "--ops", "ops/ops.toml"])
        .env("GIT_INDEX_FILE", "not-there/index")
        .run();
    insta::assert_snapshot!(gone, @"
    ------- stderr -------
    error: the index that `GIT_INDEX_FILE` names is not there
    hint: a relative one is meant from the top of the work tree
    [exit status: 2]
    ");
}

/// The commit is made in one repository, and the hook looks for ops.toml in another, wherever that lies.
#[test]
fn a_hook_that_leaves_its_repository_searches_what_is_committed_there() {
    let bed = bed();
    let program = testbed::bin!("vault-check");
    let hook = |goes: &str| {
        format!(
            "#!/bin/sh\ncd {goes} || exit 2\nexec '{program}' leaks --staged --ops ops/ops.toml\n"
        )
    };
    let commit = |folder: &str, args: &[&str]| {
        let args = [
            &[
                "-C",
                folder,
                "-c",
                "protocol.file.allow=always",
                "-c",
                "user.name=a",
                "-c",
                "user.email=a@b",
            ],
            args,
        ]
        .concat();
        bed.command("git").args(args).unguarded().run()
    };
    let good = |output: testbed::Output| assert_eq!(output.code(), 0, "{output}");
    good(commit(".", &["init", "-q", "clone"]));
    good(commit(".", &["worktree", "add", "-q", "clone/tree"]));
    good(commit(".", &["submodule", "--quiet", "add", "./", "part"]));
    for (folder, hooks, goes) in [
        ("clone", "clone/.git/hooks", ".."),
        ("clone/tree", ".git/hooks", "../.."),
        ("part", ".git/modules/part/hooks", ".."),
    ] {
        bed.write_mode(format!("{hooks}/pre-commit"), hook(goes), 0o755);
        bed.write(format!("{folder}/innocent"), "x\n");
        good(commit(folder, &["add", "innocent"]));
        good(commit(folder, &["commit", "-qm", "innocent"]));
        bed.write(format!("{folder}/innocent"), format!("x {TOKEN}\n"));
        good(commit(folder, &["add", "innocent"]));
        for args in [
            &["commit", "-qm", "leak"][..],
            &["commit", "-qam", "leak"],
            &["commit", "-qm", "leak", "innocent"],
        ] {
            let refused = commit(folder, args);
            let told = refused.to_string();
            assert_ne!(refused.code(), 0, "{folder} {args:?}");
            assert!(told.contains("innocent:1:3"), "{folder} {args:?}: {told}");
        }
        fs::remove_file(bed.root().join(format!("{hooks}/pre-commit"))).unwrap();
    }
    let other = bed
        .command(program)
        .args(["leaks", "--staged", "--ops", "ops/ops.toml"])
        .env("GIT_INDEX_FILE", bed.root().join("clone/.git/index"))
        .run();
    insta::assert_snapshot!(other, @"
    ------- stderr -------
    error: the index that `GIT_INDEX_FILE` names is that of another repository
    hint: run this in the work tree that the commit is made in, as a hook is started
    [exit status: 2]
    ");
}

#[test]
fn what_is_staged_is_found_whatever_the_user_has_set() {
    let bed = bed();
    bed.write("leaked/text", format!("x {TOKEN}\n"));
    bed.git(["add", "leaked"]);
    bed.git(["config", "diff.relative", "true"]);
    assert_eq!(places(&in_ops(&bed, &["--staged"])), ["../leaked/text:1:3 a.env:TOKEN"]);
}

#[test]
fn what_a_partial_clone_left_away_is_told() {
    let bed = bed();
    bed.git(["config", "uploadpack.allowFilter", "true"]);
    bed.write("leaked/text", format!("x {TOKEN}\n"));
    bed.git(["add", "leaked"]);
    bed.git(["commit", "-q", "-m", "leak"]);
    bed.git(["rm", "-q", "-r", "-f", "leaked"]);
    bed.git(["commit", "-q", "-m", "gone"]);
    let source = format!("file://{}", bed.root().display());
    let args = ["clone", "-q", "--filter=blob:none", &source, "clone"];
    let clone = bed.command("git").args(args).run();
    assert_eq!(clone.code(), 0, "{clone}");
    fs::create_dir_all(bed.path("clone/ops/vault")).unwrap();
    fs::copy(bed.path("ops/vault/a.env"), bed.path("clone/ops/vault/a.env")).unwrap();
    let args = ["leaks", "--history", "--ops", "clone/ops/ops.toml"];
    let output = bed.command(testbed::bin!("vault-check")).args(args).run();
    insta::assert_snapshot!(output, @"
    .git: warning: 1 object of the history was not searched: git does not have it [not-read]
      hint: `git fsck` names what is damaged; `git fetch --refetch --no-filter` gets what a partial clone left away
    findings: 9 checked, 1 warning
    [exit status: 1]
    ");
}

#[test]
fn an_object_that_is_gone_is_told_and_hides_no_leak() {
    let bed = bed();
    bed.write("leaked/text", format!("x {TOKEN}\n"));
    bed.git(["add", "leaked"]);
    bed.git(["commit", "-q", "-m", "leak"]);
    let id = bed.git(["rev-parse", "HEAD:.gitignore"]);
    let (folder, file) = id.trim().split_at(2);
    fs::remove_file(bed.path(format!(".git/objects/{folder}/{file}"))).unwrap();
    let output = in_ops(&bed, &["--history"]);
    assert_eq!(places(&output), ["../leaked/text:1:3 a.env:TOKEN"]);
    let missing = "1 object of the history was not searched: git does not have it";
    assert!(output.stdout().contains(missing), "{output}");

    // Without a tree nobody can say what else there was.
    let id = bed.git(["rev-parse", "HEAD~:"]);
    let (folder, file) = id.trim().split_at(2);
    fs::remove_file(bed.path(format!(".git/objects/{folder}/{file}"))).unwrap();
    let output = in_ops(&bed, &["--history"]);
    assert_eq!(places(&output).len(), 1, "{output}");
    assert!(output.stdout().contains("not-read"), "{output}");
}

#[test]
fn a_history_that_cannot_be_walked_to_its_end_is_not_called_clean() {
    let bed = bed();
    bed.write("more/text", "x\n");
    bed.git(["add", "more"]);
    bed.git(["commit", "-q", "-m", "more"]);
    let id = bed.git(["rev-parse", "HEAD~"]);
    let (folder, file) = id.trim().split_at(2);
    fs::remove_file(bed.path(format!(".git/objects/{folder}/{file}"))).unwrap();
    let output = in_ops(&bed, &["--history"]);
    // A newer git goes on without a commit as without a file.
    let told = [
        "nobody can say whether all of the history was searched",
        "1 object of the history was not searched",
    ];
    assert!(told.iter().any(|told| output.stdout().contains(told)), "{output}");
}

#[test]
fn a_staged_link_is_searched_for_what_it_points_to() {
    let bed = bed();
    std::os::unix::fs::symlink(format!("x/{TOKEN}"), bed.path("link")).unwrap();
    bed.git(["add", "link"]);
    assert_eq!(places(&in_ops(&bed, &["--staged"])), ["../link:1:3 a.env:TOKEN"]);
}

/// What `git replace` shows instead of an object hides nothing: the object goes to whoever fetches it.
#[test]
fn what_is_replaced_is_searched_as_it_is() {
    let bed = bed();
    bed.write("leaked/text", format!("x {TOKEN}\n"));
    bed.git(["add", "leaked"]);
    let leaked = bed.git(["rev-parse", ":leaked/text"]);
    let innocent = bed.git(["rev-parse", "HEAD:.gitignore"]);
    bed.git(["replace", leaked.trim(), innocent.trim()]);
    let expected = ["../leaked/text:1:3 a.env:TOKEN"];
    assert_eq!(places(&in_ops(&bed, &["--staged"])), expected);
    bed.git(["commit", "-q", "-m", "leak"]);
    assert_eq!(places(&in_ops(&bed, &["--history"])), expected);
}

/// So many objects are read by several gits, where there are several processors.
#[test]
fn of_a_long_history_every_object_is_searched() {
    let bed = bed();
    let leaking = [0, 700, 1_400, 2_399];
    for number in 0..2_400 {
        let text = if leaking.contains(&number) { TOKEN } else { "innocent" };
        bed.write(format!("leaked/{number}"), format!("{number} {text}\n"));
    }
    bed.git(["add", "leaked"]);
    let leaked = bed.git(["rev-parse", ":leaked/700"]);
    let innocent = bed.git(["rev-parse", ":leaked/701"]);
    bed.git(["replace", leaked.trim(), innocent.trim()]);
    bed.git(["commit", "-q", "-m", "leak"]);
    let mut expected = leaking
        .map(|number| format!("../leaked/{number}:1:{} a.env:TOKEN", number.to_string().len() + 2));
    expected.sort();
    let output = in_ops(&bed, &["--history"]);
    let mut told = places(&output);
    told.sort();
    assert_eq!(told, expected);
    assert!(output.stdout().contains("\"checked\":2408"), "{output}");

    let (folder, file) = leaked.trim().split_at(2);
    bed.write_mode(format!(".git/objects/{folder}/{file}"), "damaged", 0o644);
    let output = in_ops(&bed, &["--history"]);
    assert_eq!(places(&output).len(), 3, "{output}");
    let missing = "1 object of the history was not searched: git does not have it";
    assert!(output.stdout().contains(missing), "{output}");
}

/// git falls over an object whose content is damaged. What stands before and behind it is searched all the same.
#[test]
fn an_object_with_damaged_content_is_told_and_hides_no_leak() {
    let bed = bed();
    let long: Vec<_> = (0..2_000).map(|number| (number * 7_919 % 10_007).to_string()).collect();
    bed.write("leaked/damaged", long.join(" "));
    for number in 0..20 {
        bed.write(format!("leaked/{number}"), format!("{number} {TOKEN}\n"));
        bed.write(format!("innocent/{number}"), format!("{number} innocent\n"));
    }
    bed.git(["add", "leaked", "innocent"]);
    bed.git(["commit", "-q", "-m", "leaks"]);
    let whole = in_ops(&bed, &["--history"]);
    assert_eq!(places(&whole).len(), 20, "{whole}");
    let id = bed.git(["rev-parse", "HEAD:leaked/damaged"]);
    let (folder, file) = id.trim().split_at(2);
    let object = format!(".git/objects/{folder}/{file}");
    let half = fs::read(bed.path(&object)).unwrap();
    fs::remove_file(bed.path(&object)).unwrap();
    bed.write(&object, &half[..half.len() / 2]);
    let output = in_ops(&bed, &["--history"]);
    assert_eq!(places(&output), places(&whole), "{output}");
    let missing = "1 object of the history was not searched: git does not have it";
    assert!(output.stdout().contains(missing), "{output}");
    assert_eq!(output.code(), 1);
}
