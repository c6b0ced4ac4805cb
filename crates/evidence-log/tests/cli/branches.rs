//! Origin logs in a repository whose branches come and go.

use crate::ops::{is_there, signed};
use crate::tool;

#[test]
fn two_branches_in_one_folder_have_a_log_each() {
    let Some(bed) = signed("two_branches_in_one_folder_have_a_log_each") else { return };
    if !is_there("git") {
        testbed::not_run("two_branches_in_one_folder_have_a_log_each", "there is no git");
        return;
    }
    let git = |line: &str| {
        let name = "git -c user.name=x -c user.email=x@example.org";
        let line = format!("set -e; g() {{ {name} \"$@\"; }}; {line}");
        let done = bed.command("sh").args(["-c", &line]).unguarded().run();
        assert_eq!(done.code(), 0, "{line}: {done}");
    };
    let run = |name: &str| {
        let ran = tool(&bed).args(["run", "-q", "--name", name, "--", "echo", name]).run();
        assert_eq!(ran.code(), 0, "{ran}");
    };
    bed.write(".gitignore", "home\ntmp\nvault\nstore\n");
    git("git init -q -b main .; g add ops.toml .gitignore .opsproof; g commit -qm start");
    run("one");
    git("g add artifacts; g commit -qm one; g checkout -qb feature");
    run("two");
    git("g add artifacts; g commit -qm two; g checkout -q main");
    run("three");
    git("g add artifacts; g commit -qm three; g merge -q --no-edit feature");
    run("four");
    assert_eq!(tool(&bed).args(["verify", "--origin"]).run().code(), 0);
    let logs = std::fs::read_dir(bed.path("artifacts/.log")).unwrap().count();
    assert_eq!(logs, 2);
}

#[test]
fn git_changes_no_line_breaks_in_evidence() {
    let test = "git_changes_no_line_breaks_in_evidence";
    let Some(bed) = signed(test) else { return };
    if !is_there("git") {
        testbed::not_run(test, "there is no git");
        return;
    }
    let sh = |line: &str| {
        let done = bed.command("sh").args(["-ec", line]).unguarded().run();
        assert_eq!(done.code(), 0, "{line}: {done}");
    };
    bed.write(".gitignore", "home\ntmp\nvault\nclone\n");
    bed.write(".gitattributes", "* text=auto\n");
    sh("git init -q -b main .");
    let run = ["run", "-q", "--name", "crlf", "--", "printf", "a\\r\\nb\\r\\n"];
    assert_eq!(tool(&bed).args(run).run().code(), 0);
    sh("git add .; git -c user.name=x -c user.email=x@example.org commit -qm all; \
        git clone -q -c core.autocrlf=true . clone");
    let bundle = bed.command("sh").args(["-c", "echo clone/artifacts/crlf-*"]).run();
    let words = ["verify", "--ops", "clone/ops.toml", bundle.stdout().trim()];
    let verified = tool(&bed).args(words).run();
    assert_eq!(verified.code(), 0, "{verified}");
}
