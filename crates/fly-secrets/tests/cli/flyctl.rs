//! `--via flyctl`: a recording stand-in for the program, and the real one where it is installed.

use std::collections::BTreeMap;
use std::fs;

use testbed::fly::State;
use testbed::{Bed, FakeFly};

use crate::apply::{ALL_STAGED, plan_counts};
use crate::{APP, chatwoot, command, shown};

/// A `flyctl` that writes down its arguments, its environment and its parent's, keeps its stdin, and leaves a log
/// with the values as the real one does. It sets nothing.
const RECORDER: &str = r#"#!/bin/sh
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
fn recording() -> (Bed, FakeFly) {
    let (mut bed, fly) = chatwoot();
    bed.holds_secrets("record/stdin");
    bed.write_mode(
        "bin/flyctl",
        RECORDER.replace("$RECORD", &bed.path("record").to_string_lossy()),
        0o755,
    );
    bed.write("record/argv", "");
    (bed, fly)
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
    let script =
        "#!/bin/sh\necho 'Error: Could not find App \"x\"' >&2\necho 'Try another' >&2\nexit 1\n";
    bed.write_mode("bin/flyctl", script, 0o755);
    insta::assert_snapshot!(shown(&apply(&bed, &fly), &fly).lines().last().unwrap(), @"[exit status: 2]");
    insta::assert_snapshot!(apply(&bed, &fly).stderr().replace(&fly.url(), "[FLY]"), @r#"
    note: asking [FLY] (FLY_FLAPS_BASE_URL) in place of Fly
    error: running flyctl secrets import: Could not find App "x"
    hint: `fly-secrets plan` shows what is there now; `--via api` does without flyctl
    "#);
    // Old versions of flyctl repeat the line that they cannot read.
    bed.write_mode("bin/flyctl", "#!/bin/sh\nhead -2 >&2\nexit 1\n", 0o755);
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
    let (bed, fly) = recording();
    let slow = RECORDER
        .replace("$RECORD", &bed.path("record").to_string_lossy())
        .replace("exit \"", "sleep 60; exit \"");
    bed.write_mode("bin/flyctl", slow, 0o755);
    let running =
        command(&bed, &fly, ["apply", "--via", "flyctl", "--approve"]).path_first("bin").start();
    for _ in 0..400 {
        if fs::exists(bed.path("record/parent-env")).unwrap() {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    running.kill();
    // The guard after this run looks everywhere but in the vault.
    assert_eq!(running.wait().code(), 137);
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

/// Whether a real flyctl is on the path; says which test does not run where it is not.
fn has_flyctl(bed: &Bed, test: &str) -> bool {
    let look = ["-c", "flyctl version 2>/dev/null | grep -q -i flyctl"];
    let is_there = bed.command("sh").args(look).unguarded().run().code() == 0;
    if !is_there {
        testbed::not_run(test, "there is no flyctl on the PATH");
    }
    is_there
}

/// Runs the real flyctl against the stand-in as a person would.
fn real(bed: &Bed, fly: &FakeFly, args: &[&str], stdin: &[u8]) -> testbed::Output {
    let mut command = bed.command("flyctl").args(args.iter().copied()).stdin(stdin).unguarded();
    for (name, value) in fly.variables() {
        command = command.env(name, value);
    }
    let settings = [
        ("FLY_ACCESS_TOKEN", "fo1_test"),
        ("FLY_SEND_METRICS", "0"),
        ("FLY_NO_UPDATE_CHECK", "1"),
        ("CI", "1"),
    ];
    for (name, value) in settings {
        command = command.env(name, value);
    }
    let output = command.run();
    assert_eq!(output.code(), 0, "{args:?}: {output}");
    output
}

/// The values that the stand-in received for an app.
fn held(fly: &FakeFly) -> BTreeMap<String, String> {
    let state = fly.state();
    let secrets = state.apps[APP].secrets.iter();
    secrets.map(|(name, one)| (name.clone(), one.value.clone().unwrap_or_default())).collect()
}

#[test]
fn the_real_flyctl_reads_the_stream_as_it_was_written() {
    let bed = Bed::new();
    if !has_flyctl(&bed, "the_real_flyctl_reads_the_stream_as_it_was_written") {
        return;
    }
    let fly = FakeFly::start(State::default().with_app(APP)).unwrap();
    let values = [
        "plain",
        "p#w",
        "p\"#w",
        "a\nb",
        "a\r\nb",
        " outer ",
        "'q'",
        "\"q\"",
        "",
        "é",
        "a=b",
        "\\n",
        "$HOME",
        "tab\there",
        "#",
        "=",
        "{\"a\": \"b # c\"}",
        "-----BEGIN X-----\nq#=\n-----END X-----\n",
    ];
    let secrets: Vec<(String, secret::Secret)> = values
        .iter()
        .enumerate()
        .map(|(index, value)| (format!("S{index}"), secret::Secret::from((*value).to_owned())))
        .collect();
    // What flyctl cannot carry is refused by name; all else must arrive as it was.
    let carried: Vec<(&str, &secret::Secret)> = secrets
        .iter()
        .map(|(name, value)| (name.as_str(), value))
        .filter(|pair| fly_secrets::encode::stream(&[*pair]).is_ok())
        .collect();
    assert!(carried.len() > 12, "only {} are carried", carried.len());
    let stream =
        fly_secrets::encode::stream(&carried).unwrap_or_else(|refused| panic!("{refused:?}"));
    let whoami = real(&bed, &fly, &["auth", "whoami"], b"");
    assert_eq!(whoami.stdout().trim(), "ops@example.com");
    let _ = real(&bed, &fly, &["secrets", "import", "--stage", "--app", APP], stream.expose());
    let list = real(&bed, &fly, &["secrets", "list", "--json", "--app", APP], b"");
    assert_eq!(
        fly_secrets::listing::from_capture(list.stdout().as_bytes()).unwrap().len(),
        carried.len()
    );
    let held = held(&fly);
    assert_eq!(held.len(), carried.len());
    for (name, value) in carried {
        assert_eq!(Some(held[name].as_str()), value.expose_text(), "{name}");
    }
}

#[test]
fn the_real_flyctl_carries_what_the_api_carries_and_deploys_it() {
    let (bed, fly) = chatwoot();
    if !has_flyctl(&bed, "the_real_flyctl_carries_what_the_api_carries_and_deploys_it") {
        return;
    }
    let _ = real(&bed, &fly, &["config", "validate", "-c", "deploy/chatwoot/fly.toml"], b"");
    // A macaroon that is none is not even sent by flyctl; a session token is sent as it is.
    let token = ["fo1_CANARY", "a7f3k29dk3jf93kd93kf93kd93jf93kf9a"].concat();
    bed.write_mode("vault/occ/fly/api_token.env", format!("FLY_API_TOKEN={token}\n"), 0o600);
    let deployed = command(&bed, &fly, ["apply", "--via", "flyctl", "--deploy", "--approve"]).run();
    assert_eq!(deployed.code(), 0, "{deployed}");
    assert_eq!(command(&bed, &fly, ["verify"]).run().code(), 0);
    for args in
        [&["secrets", "list", "--json", "--app", APP][..], &["secrets", "list", "--app", APP]]
    {
        bed.write("list", real(&bed, &fly, args, b"").stdout());
        let plan = command(&bed, &fly, ["plan", "--listing", "list"]).run();
        assert_eq!(plan.code(), 0, "{args:?}: {plan}");
    }
    let by_flyctl = held(&fly);
    let other = FakeFly::start(State::default().with_app(APP)).unwrap();
    fs::remove_file(bed.path("vault/occ/.fly-secrets.json")).unwrap();
    assert_eq!(command(&bed, &other, ["apply", "--approve"]).run().code(), 0);
    assert_eq!(by_flyctl, held(&other));
}
