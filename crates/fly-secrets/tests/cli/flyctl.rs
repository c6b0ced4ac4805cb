//! `--via flyctl`, with a recording stand-in for the program.

use std::fs;

use testbed::{Bed, FakeFly};

use crate::apply::{ALL_STAGED, plan_counts};
use crate::{chatwoot, command, shown};

/// A `flyctl` that writes down its arguments, its environment and its parent's, keeps its stdin, and leaves a log
/// with the values as the real one does. It sets nothing.
const RECORDER: &str = r#"#!/bin/sh
[ "$1" = version ] && { echo 'flyctl v0.4.80 linux/amd64'; exit 0; }
printf '%s\n' "$@" >> "$RECORD/argv"
env | grep -v -e '^FLY_ACCESS_TOKEN=' >> "$RECORD/env"
[ -n "$FLY_ACCESS_TOKEN" ] && echo yes > "$RECORD/token"
stat -c '%a' "$FLY_CONFIG_DIR" > "$RECORD/mode"
echo "$FLY_CONFIG_DIR" > "$RECORD/folder"
cat > "$RECORD/stdin"
mkdir -p "$FLY_CONFIG_DIR/logs" && cp "$RECORD/stdin" "$FLY_CONFIG_DIR/logs/flyctl-1.log"
tr '\0' '\n' < /proc/$PPID/cmdline > "$RECORD/parent-argv" 2>/dev/null
tr '\0' '\n' < /proc/$PPID/environ > "$RECORD/parent-env" 2>/dev/null
exit "${RECORDER_EXIT:-0}"
"#;

/// A bed with the recorder first on the path; what it keeps lies beside the vault's own.
pub(crate) fn recording() -> (Bed, FakeFly) {
    let (mut bed, fly) = chatwoot();
    bed.holds_secrets("record/stdin");
    write_flyctl(&bed, &RECORDER.replace("$RECORD", &bed.path("record").to_string_lossy()));
    bed.write("record/argv", "");
    (bed, fly)
}

/// The recorder, which then waits for a line on the named pipe `record/go`.
pub(crate) fn recording_and_waiting() -> (Bed, FakeFly) {
    let (bed, fly) = recording();
    assert_eq!(bed.command("mkfifo").args(["record/go"]).run().code(), 0);
    let waits = bed.read("bin/flyctl").replace(
        "exit \"${",
        &format!("read -r _ < '{}'; exit \"${{", bed.path("record/go").display()),
    );
    write_flyctl(&bed, &waits);
    (bed, fly)
}

fn write_flyctl(bed: &Bed, script: &str) {
    bed.write_mode("bin/flyctl", script, 0o755);
}

/// Waits until the recorder has written its last file.
pub(crate) fn wait_for_recorder(bed: &Bed, running: &testbed::Running<'_>) {
    while !fs::exists(bed.path("record/parent-env")).unwrap() {
        assert!(!running.has_ended(), "it ended without asking flyctl");
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
}

fn apply(bed: &Bed, fly: &FakeFly) -> testbed::Output {
    command(bed, fly, ["apply", "--via", "flyctl", "--approve"]).path_first("bin").run()
}

#[test]
fn values_go_to_flyctls_stdin_and_nowhere_else() {
    let (bed, fly) = recording();
    // The recorder sets nothing, so the list afterwards shows nothing.
    let output = apply(&bed, &fly);
    assert_eq!(output.code(), 1, "{output}");
    insta::assert_snapshot!(bed.read("record/argv"), @"
    secrets
    import
    --stage
    --app
    hotdash-chatwoot
    ");
    let read = fly_secrets::encode::import::read(&bed.read_bytes("record/stdin")).unwrap();
    assert_eq!(read.len(), 9);
    assert_eq!((bed.read("record/mode").trim(), bed.read("record/token").trim()), ("700", "yes"));
    let folder = bed.read("record/folder");
    assert!(!fs::exists(folder.trim()).unwrap(), "the private folder is still there");
    // The CANARY guard has read argv and env of both processes by now; they must have been written.
    assert!(bed.read("record/env").contains("FLY_CONFIG_DIR="));
    assert!(bed.read("record/parent-argv").contains("--approve"));
    assert!(!fly.received().iter().any(|call| call.method == "POST"));
}

#[test]
fn only_what_flyctl_needs_is_in_its_environment() {
    let (bed, fly) = recording();
    let output = command(&bed, &fly, ["apply", "--via", "flyctl", "--approve"])
        .path_first("bin")
        .env("LOG_LEVEL", "debug")
        .env("FLYCTL_OUTPUT_HAR", "har.json")
        .env("AWS_PROFILE", "mine")
        .run();
    assert_eq!(output.code(), 1);
    let names: Vec<String> = bed
        .read("record/env")
        .lines()
        .filter_map(|line| Some(line.split_once('=')?.0.to_owned()))
        .filter(|name| !matches!(name.as_str(), "PWD" | "SHLVL" | "OLDPWD" | "_"))
        .collect();
    let mut names: Vec<&str> = names.iter().map(String::as_str).collect();
    names.sort_unstable();
    insta::assert_snapshot!(names.join(" "), @"CI FLY_API_BASE_URL FLY_CONFIG_DIR FLY_FLAPS_BASE_URL FLY_NO_UPDATE_CHECK FLY_SEND_METRICS FLY_UIEX_BASE_URL HOME PATH");
}

#[test]
fn a_flyctl_that_fails_is_quoted_unless_it_repeats_a_value() {
    let (bed, fly) = recording();
    let script = "#!/bin/sh\n[ $1 = version ] && echo v0.4.80 && exit\necho 'Error: Could not find App \"x\"' >&2\necho 'Try another' >&2\nexit 1\n";
    write_flyctl(&bed, script);
    insta::assert_snapshot!(shown(&apply(&bed, &fly), &fly).lines().last().unwrap(), @"[exit status: 2]");
    insta::assert_snapshot!(apply(&bed, &fly).stderr().replace(&fly.url(), "[FLY]"), @r#"
    note: asking [FLY] (FLY_FLAPS_BASE_URL) in place of Fly
    error: running flyctl secrets import: Could not find App "x"
    hint: `fly-secrets plan` shows what is there now; `--via api` does without flyctl
    "#);
    // Old versions of flyctl repeat the line that they cannot read.
    write_flyctl(
        &bed,
        "#!/bin/sh\n[ $1 = version ] && echo v0.4.80 && exit\nhead -2 >&2\nexit 1\n",
    );
    insta::assert_snapshot!(apply(&bed, &fly).stderr().replace(&fly.url(), "[FLY]"), @"
    note: asking [FLY] (FLY_FLAPS_BASE_URL) in place of Fly
    error: running flyctl secrets import: its message repeats a value and is not shown
    hint: `fly-secrets plan` shows what is there now; `--via api` does without flyctl
    ");
}

#[test]
fn without_flyctl_the_other_carrier_is_named() {
    let (bed, fly) = chatwoot();
    let output = command(&bed, &fly, ["apply", "--via", "flyctl", "--approve"])
        .env("PATH", "/nowhere")
        .run();
    insta::assert_snapshot!(output.stderr().replace(&fly.url(), "[FLY]"), @"
    note: asking [FLY] (FLY_FLAPS_BASE_URL) in place of Fly
    error: there is no flyctl on the PATH
    hint: install it, or use `--via api`, which needs nothing else
    ");
}

#[test]
fn a_killed_run_leaves_values_in_the_vault_only_and_the_next_run_removes_them() {
    let (bed, fly) = recording_and_waiting();
    let running =
        command(&bed, &fly, ["apply", "--via", "flyctl", "--approve"]).path_first("bin").start();
    wait_for_recorder(&bed, &running);
    running.kill();
    // The guard after this run looks everywhere but in the vault.
    assert_eq!(running.wait().code(), 137);
    // flyctl outlives the run; it has all values, and ends by itself.
    fs::write(bed.path("record/go"), "\n").unwrap();
    let left = || {
        let names =
            fs::read_dir(bed.path("vault/occ")).unwrap().map(|entry| entry.unwrap().file_name());
        names.filter(|name| name.to_string_lossy().contains("flyctl")).count()
    };
    assert_eq!(left(), 1);
    assert_eq!(command(&bed, &fly, ["apply", "--approve"]).run().code(), 0);
    assert_eq!(left(), 0);
    assert_eq!(plan_counts(&bed, &fly), ALL_STAGED);
}

#[test]
fn a_flyctl_that_would_change_values_is_refused_before_anything_is_sent() {
    let (bed, fly) = recording();
    let refusal = |version: &str| {
        write_flyctl(&bed, &format!("#!/bin/sh\necho '{version}'\n"));
        let output = apply(&bed, &fly);
        assert!(fly.received().is_empty());
        output.to_string().replace(&fly.url(), "[FLY]")
    };
    insta::assert_snapshot!(refusal("flyctl v0.4.13 linux/amd64 Commit: 1f"), @"
    ------- stderr -------
    note: asking [FLY] (FLY_FLAPS_BASE_URL) in place of Fly
    error: flyctl 0.4.13 would change some values without a word
    hint: 0.4.14 is the first that reads quoted values as they are; update it, or use `--via api`
    [exit status: 2]
    ");
    insta::assert_snapshot!(refusal("command not understood"), @"
    ------- stderr -------
    note: asking [FLY] (FLY_FLAPS_BASE_URL) in place of Fly
    error: this flyctl does not say its version
    hint: 0.4.14 is the first that reads quoted values as they are; update it, or use `--via api`
    [exit status: 2]
    ");
}
