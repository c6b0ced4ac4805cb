//! Writing entries: form, front matter, what stays untouched, and what is refused.

use crate::bundle::{bundle, exited};
use testbed::Output;

use crate::{SEED, VALUE, bed, run};

/// The output with its anchor replaced, which holds the time in a form of its own.
fn without_anchor(output: &Output) -> String {
    let text = output.to_string();
    let mark = ["#20", "\"anchor\":\"20"].into_iter().find(|mark| text.contains(mark)).unwrap();
    let start = text.find(mark).unwrap() + mark.len() - "20".len();
    let end = start + text[start..].find(['"', '\n']).unwrap();
    format!("{}[ANCHOR]{}", &text[..start], &text[end..])
}

#[test]
fn an_entry_lists_each_run_of_its_evidence() {
    let bed = bed();
    let path = bundle(
        &bed,
        "preflight-1",
        &[
            exited(&["vault-check", "check", "--for", "preflight"], "ok\n", 0),
            exited(&["jq", "-r", ".scripts | keys[]"], "a\n", 0),
        ],
    );
    let output = run(
        &bed,
        [
            "--role",
            "chatwoot",
            "--title",
            "Chatwoot preflight",
            "--evidence",
            &path,
            "--next",
            "align",
            "--message",
            "Two steps.",
        ],
    );
    insta::assert_snapshot!(without_anchor(&output), @"
    appended to feedback/chatwoot.md:49 [done]
    feedback/chatwoot.md#[ANCHOR]
    [exit status: 0]
    ");
    let log = bed.read("feedback/chatwoot.md");
    insta::assert_snapshot!(output.masked(&log[SEED.len() + 97..]), @"
    Chatwoot preflight
    Status: done

    Two steps.

    Commands (evidence captured):
    - `vault-check check --for preflight` → artifacts/preflight-1/001-vault-check.out (exit 0, [SHA256])
    - `jq -r '.scripts | keys[]'` → artifacts/preflight-1/002-jq.out (exit 0, [SHA256])

    Next: align
    Evidence: artifacts/preflight-1/ (2 runs, manifest [SHA256])
    <!-- entry [ULID] -->
    ");
}

#[test]
fn only_the_kept_fields_of_the_front_matter_change() {
    let bed = bed();
    assert_eq!(run(&bed, ["--role", "chatwoot", "--title", "One"]).code(), 0);
    let log = bed.read("feedback/chatwoot.md");
    let lines: Vec<_> =
        SEED.lines().zip(log.lines()).filter(|(before, after)| before != after).collect();
    let keys: Vec<_> = lines.iter().map(|(_, after)| after.split(':').next().unwrap()).collect();
    assert_eq!(keys, ["last_reviewed", "doc_hash", "expires"]);
    let body = log.split_once("---\n").unwrap().1.split_once("---\n").unwrap().1;
    let hash = evidence::Digest::of(body.as_bytes()).hex();
    assert!(log.contains(&format!("\ndoc_hash: sha256:{hash}\n")));
    assert!(body.starts_with(SEED.split_once("---\n").unwrap().1.split_once("---\n").unwrap().1));
}

#[test]
fn the_answer_is_json_and_the_same_id_is_one_entry() {
    let bed = bed();
    let args =
        ["--role", "manager", "--title", "T", "--message", "m", "--id", "k/1", "--format", "json"];
    let first = run(&bed, args);
    insta::assert_snapshot!(without_anchor(&first), @r#"
    {"schema":"feedback-append/append/1","appended":true,"path":"feedback/manager.md","line":10,"anchor":"[ANCHOR]","id":"k/1","at":"[TIME]","title":"T"}
    [exit status: 0]
    "#);
    let log = bed.read("feedback/manager.md");
    let second = run(&bed, args);
    assert_eq!((second.code(), second.json()["appended"].clone()), (0, false.into()));
    assert_eq!(bed.read("feedback/manager.md"), log);
    let other =
        run(&bed, ["--role", "manager", "--title", "T", "--message", "other", "--id", "k/1"]);
    insta::assert_snapshot!(other, @"
    ------- stderr -------
    error: feedback/manager.md has an entry `k/1` that says something else
    hint: give another entry another `--id`
    [exit status: 2]
    ");
    assert_eq!(bed.read("feedback/manager.md"), log);
}

#[test]
fn the_text_comes_from_stdin_from_any_folder() {
    let bed = bed();
    bed.write("deep/down/x", "");
    let output = bed
        .command(testbed::bin!("feedback-append"))
        .args(["../../feedback/chatwoot.md", "--title", "T", "--status", "in-progress"])
        .stdin("# Part\n\n\x1b[31mred\x1b[0m\n")
        .cwd("deep/down")
        .run();
    assert_eq!(output.code(), 0, "{output}");
    let log = bed.read("feedback/chatwoot.md");
    assert!(log.contains("— T\nStatus: in-progress\n\n### Part\n\nred\n\n<!-- entry "), "{log}");
}

#[test]
fn a_log_outside_any_repo_is_written_too() {
    let bed = testbed::Bed::new();
    bed.write("log.md", "# Mine\r\n\r\ntext");
    let output = run(&bed, ["log.md", "--title", "T", "--field", "Owner: me"]);
    insta::assert_snapshot!(without_anchor(&output), @"
    appended to log.md:5
    log.md#[ANCHOR]
    ------- stderr -------
    warning: log.md: it has no front matter; `feedback-append refresh --write log.md` adds it
    [exit status: 0]
    ");
    let log = bed.read("log.md");
    assert!(log.starts_with("# Mine\r\n\r\ntext\r\n\r\n## 2"), "{log:?}");
    assert!(!log.replace("\r\n", "").contains('\n'));
    assert_eq!(run(&bed, ["other.md", "--title", "T"]).code(), 2);
}

#[test]
fn a_value_of_the_vault_never_reaches_the_log() {
    let bed = bed();
    for args in [
        ["--role", "chatwoot", "--title", "T", "--message", &format!("first\nit is {VALUE}")],
        ["--role", "chatwoot", "--title", &format!("T {VALUE}"), "--message", "x"],
        ["--role", "chatwoot", "--title", "T", "--next", &format!("use {VALUE}")],
    ] {
        let output = run(&bed, args);
        assert_eq!(output.code(), 1, "{output}");
        assert_eq!(bed.read("feedback/chatwoot.md"), SEED);
    }
    let output = run(
        &bed,
        ["--role", "chatwoot", "--title", "T", "--message", &format!("first\nit is {VALUE}")],
    );
    insta::assert_snapshot!(output, @"
    ------- stderr -------
    error: the entry holds a credential; nothing was written
      text, line 2, column 7: ***REDACTED*** (29 characters): the vault's fly/api_token.env:FLY_API_TOKEN
    hint: write the credential's name instead, as `FILE:KEY`; if the value is real, change it now
    [exit status: 1]
    ");
}

#[test]
fn an_earlier_time_needs_a_reason_and_a_later_one_is_refused() {
    let bed = bed();
    let bare = run(&bed, ["--role", "chatwoot", "--title", "T", "--at", "2025-10-11T01:12Z"]);
    assert_eq!(bare.code(), 2);
    assert!(bare.stderr().contains("--at-reason"), "{bare}");
    let told = run(
        &bed,
        [
            "--role",
            "chatwoot",
            "--title",
            "T",
            "--at",
            "2025-10-11T01:12Z",
            "--at-reason",
            "no network then",
        ],
    );
    assert_eq!(told.code(), 0, "{told}");
    assert!(
        bed.read("feedback/chatwoot.md")
            .contains("Happened: 2025-10-11T01:12:00Z (told later: no network then)")
    );
    let at = ["--at", "2025-10-11T01:12Z", "--at-reason", "no network then", "--format", "json"];
    let told = run(&bed, ["--role", "chatwoot", "--title", "U"].into_iter().chain(at)).json();
    assert_eq!(told["happened"], "2025-10-11T01:12:00Z");
    assert_eq!(told["at_reason"], "no network then");
    assert_ne!(told["at"], told["happened"]);
    let ahead = run(
        &bed,
        [
            "--role",
            "chatwoot",
            "--title",
            "T",
            "--at",
            "2199-01-01T00:00:00Z",
            "--at-reason",
            "hope",
        ],
    );
    insta::assert_snapshot!(ahead, @"
    ------- stderr -------
    error: --at [TIME] lies ahead of this machine's clock ([TIME])
    hint: give the time when it happened, or leave `--at` out
    [exit status: 1]
    ");
}

#[test]
fn anothers_log_needs_permission() {
    let bed = bed();
    let allowed = run(&bed, ["--role", "chatwoot", "--as", "manager", "--title", "T"]);
    assert_eq!(allowed.code(), 0, "{allowed}");
    insta::assert_snapshot!(run(&bed, ["--role", "manager", "--as", "chatwoot", "--title", "T"]), @r#"
    ------- stderr -------
    error: feedback/manager.md is the log of `manager`, and `chatwoot` may not write there
    hint: write to your own log with `--role chatwoot`, or let ops.toml allow it: `manager = { …, writers = ["chatwoot"] }`
    [exit status: 1]
    "#);
    bed.write("feedback/manager.md", "---\nowner: chatwoot\n---\n");
    insta::assert_snapshot!(run(&bed, ["--role", "manager", "--title", "T"]), @"
    ------- stderr -------
    error: feedback/manager.md names another `owner` than ops.toml, which has `manager`
    hint: one of the two is wrong: mend it before anything is added
    [exit status: 1]
    ");
    insta::assert_snapshot!(run(&bed, ["--role", "nobody", "--title", "T"]), @"
    ------- stderr -------
    error: ops.toml declares no role `nobody`
    hint: the roles are chatwoot, manager
    [exit status: 2]
    ");
}

#[test]
fn usage_errors_say_what_to_do() {
    let bed = bed();
    for (args, part) in [
        (vec!["--title", "T"], "--role"),
        (vec!["--role", "chatwoot"], "--title"),
        (vec!["--role", "chatwoot", "--title", "a\nb"], "one line"),
        (vec!["--role", "chatwoot", "--title", "T", "--id", "a b"], "--id"),
        (vec!["--role", "chatwoot", "--title", "T", "--field", "no label"], "--field"),
        (
            vec!["--role", "chatwoot", "--title", "T", "--evidence", "artifacts/none"],
            "no such file",
        ),
        (
            vec!["--role", "chatwoot", "--title", "T", "--evidence", "vault/occ/fly/api_token.env"],
            "vault",
        ),
        (vec!["--role", "chatwoot", "--title", "T", "--evidence", "/etc/hostname"], "outside"),
        (vec!["--role", "chatwoot", "--title", "T", "--evidence", "feedback"], "no bundle"),
        (vec!["--role", "chatwoot", "check"], "--role"),
        (
            vec!["--role", "chatwoot", "--title", "T", "--message", "## 2025-10-11 — x"],
            "another entry",
        ),
        (vec!["--role", "chatwoot", "--title", "T", "--message", "<!-- open"], "swallow"),
    ] {
        let output = run(&bed, args.clone());
        assert_eq!(output.code(), 2, "{args:?} {output}");
        assert!(output.stderr().contains(part), "{args:?} {output}");
    }
    assert_eq!(bed.read("feedback/chatwoot.md"), SEED);
}

#[test]
fn a_hash_that_cannot_be_kept_is_told() {
    let bed = bed();
    bed.write("feedback/manager.md", "---\ndoc_hash: a\ndoc_hash: b\n---\n\n# Log\n");
    let output = run(&bed, ["--role", "manager", "--title", "T"]);
    assert_eq!(output.code(), 0, "{output}");
    assert!(output.stderr().contains("its `doc_hash` stands there twice"), "{output}");
}
