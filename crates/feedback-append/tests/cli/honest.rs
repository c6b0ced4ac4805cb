//! What is said and what is known: exit codes in words, several statuses, honest titles, a vault that cannot be read.

use crate::bundle::{bundle, exited};
use crate::{SEED, VALUE, bed, run};

fn append<'a>(bed: &testbed::Bed, args: impl IntoIterator<Item = &'a str>) -> testbed::Output {
    run(bed, ["--role", "chatwoot"].into_iter().chain(args))
}

#[test]
fn an_exit_code_counts_wherever_it_stands() {
    let bed = bed();
    bed.write("artifacts/a.txt", "a\n");
    for text in [
        "Ran `curl x` → artifacts/a.txt (exit 3)",
        "Ran `curl x` (exit 3) → artifacts/a.txt",
        "2026-11-27T10:00:00Z — Ran curl x (exit 3), output artifacts/a.txt",
        "Output: artifacts/a.txt\nExit code: 3",
        "artifacts/a.txt (exited with 3)",
    ] {
        let output = append(&bed, ["--title", "Smoke", "--status", "done", "--message", text]);
        assert_eq!(output.code(), 1, "{text}: {output}");
    }
    let text = "Ran `sh -c 'exit 3'` (exit 0) → artifacts/a.txt";
    assert_eq!(append(&bed, ["--title", "S", "--status", "done", "--message", text]).code(), 0);
}

#[test]
fn every_status_of_an_entry_is_judged() {
    let bed = bed();
    let bad = bundle(&bed, "bad", &[exited(&["sh"], "oops\n", 3)]);
    let good = bundle(&bed, "good", &[exited(&["sh"], "fine\n", 0)]);
    bed.write(
        "feedback/manager.md",
        format!(
            "## 2026-11-27T10:00:03Z — one\nStatus: in progress\n\nEvidence: {bad}/\n\nStatus: done ✅\n\n\
             ## 2026-11-27T10:00:04Z — two\n```\nStatus: pending\n```\nStatus: done\nEvidence: {bad}/\n\n\
             ## 2026-11-27T10:00:05Z — three\n### Login\nStatus: done\nEvidence: {good}/\n\n### Export\nStatus: failed\nEvidence: {bad}/\n"
        ),
    );
    let check = run(&bed, ["check", "feedback/manager.md"]).stdout().to_owned();
    let found: Vec<&str> =
        check.lines().filter(|line| line.contains("claim-contradicted")).collect();
    insta::assert_snapshot!(found.join("\n"), @r#"
    feedback/manager.md:4:11 artifacts/bad/: error: the status says "done ✅", and the record says: `sh` (exit 3) [claim-contradicted]
    feedback/manager.md:13:11 artifacts/bad/: error: the status says "done", and the record says: `sh` (exit 3) [claim-contradicted]
    "#);
    let list = run(&bed, ["list", "feedback/manager.md"]).stdout().to_owned();
    assert!(list.contains("completed    two"), "{list}");
    let status = ["--title", "four", "--status", "in-progress", "--message", "Status: done ✅"];
    insta::assert_snapshot!(append(&bed, status.into_iter().chain(["--evidence", &bad])), @r#"
    ------- stderr -------
    error: a status in the text says "done ✅", and the evidence says otherwise
      sh (exit 3)
    hint: take that line out of the text, or put it into a code block
    [exit status: 1]
    "#);
    insta::assert_snapshot!(append(&bed, status), @r#"
    ------- stderr -------
    error: the text has a line with the status "done ✅", and the entry's is "in-progress"; give one with `--status`, or put the line into a code block
    [exit status: 2]
    "#);
    assert_eq!(bed.read("feedback/chatwoot.md"), SEED);
    let same = ["--title", "five", "--status", "done", "--message", "Status: complete"];
    assert_eq!(append(&bed, same).code(), 0);
}

#[test]
fn an_honest_title_may_name_the_failure() {
    let bed = bed();
    let bad = bundle(&bed, "bad", &[exited(&["sh"], "oops\n", 3)]);
    let titled = |title: &str| {
        append(&bed, ["--title", title, "--status", "failed", "--evidence", &bad, "--message", "x"])
    };
    for title in ["Confirmed: the deploy is broken", "Completed orders: export fails"] {
        assert_eq!(titled(title).code(), 0, "{title}");
    }
    insta::assert_snapshot!(titled("Export confirmed"), @r#"
    ------- stderr -------
    error: the title says "confirmed", and the evidence says otherwise
      sh (exit 3)
    hint: leave "confirmed" out of the title, or let it say what failed; or run it again until it succeeds and cite that
    [exit status: 1]
    "#);
}

#[test]
fn a_value_is_kept_out_although_its_vault_file_is_malformed() {
    let bed = bed();
    let utf16: Vec<u8> = format!("\u{feff}FLY_API_TOKEN={VALUE}\n")
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    for bytes in [
        format!("FLY_API_TOKEN=\"{VALUE}\n").into_bytes(),
        format!("FLY_API_TOKEN: {VALUE}\n").into_bytes(),
        format!("{VALUE}\n").into_bytes(),
        format!("see {VALUE}\n").into_bytes(),
        utf16,
    ] {
        bed.write("vault/occ/fly/api_token.env", bytes);
        let output = append(&bed, ["--title", "t", "--message", &format!("key {VALUE} here")]);
        assert_eq!(output.code(), 1, "{output}");
        assert!(output.stderr().contains("has no value for `FLY_API_TOKEN`"), "{output}");
        assert!(output.stderr().contains("the vault's fly/api_token.env:"), "{output}");
        assert_eq!(bed.read("feedback/chatwoot.md"), SEED);
        let check = run(&bed, ["check"]).stdout().to_owned();
        assert!(check.contains("has no value for `FLY_API_TOKEN`"), "{check}");
    }
    bed.write("vault/occ/fly/api_token.env", "FLY_API_TOKEN=\n");
    let output = append(&bed, ["--title", "t", "--message", "x"]);
    insta::assert_snapshot!(output.stderr(), @"warning: vault/occ/fly/api_token.env: the vault's file has no value for `FLY_API_TOKEN`, so what it should be is not looked for");
}
