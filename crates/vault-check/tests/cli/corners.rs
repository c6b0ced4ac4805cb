//! Places where a leak was once overlooked and called clean.

use testbed::Bed;
use testbed::archive::{gzip, zip};

use crate::leaks::{TOKEN, bed, leaks, places};

/// A header of a tar archive for an empty member.
fn tar_header(name: &str, link: &str, prefix: &str) -> Vec<u8> {
    let mut out = vec![0; 512];
    let mut put = |at: usize, text: &str| out[at..at + text.len()].copy_from_slice(text.as_bytes());
    put(0, name);
    put(124, "00000000000");
    put(157, link);
    put(257, "ustar\0");
    put(345, prefix);
    out
}

#[test]
fn a_note_in_an_env_file_is_no_value() {
    let bed = bed();
    let notes = "Ask the platform team for access.\nsee CANARY1password\nCANARY-kq7Vw2alone\n";
    bed.write("vault/a.env", bed.read("vault/a.env") + notes);
    bed.write(
        "leaked/log",
        "Ask the platform team for access.\nCANARY1password\nCANARY-kq7Vw2alone\n",
    );
    assert_eq!(places(&leaks(&bed, &[])), ["leaked/log:3:1 a.env:line-6"]);
}

#[test]
fn a_zip_file_is_unpacked_wherever_it_comes_from() {
    let bed = bed();
    bed.git_init();
    bed.write(".gitignore", "vault/\n");
    bed.git(["add", ".gitignore"]);
    bed.git(["commit", "-q", "-m", "first"]);
    let packed = zip("log.txt", format!("{} x={TOKEN}", "filler ".repeat(500)).as_bytes());
    let stdin = bed.command(testbed::bin!("vault-check")).args(["leaks", "--stdin"]);
    assert_eq!(stdin.stdin(packed.clone()).run().code(), 1);
    bed.write("leaked/a.zip", packed);
    bed.git(["add", "-f", "leaked/a.zip"]);
    assert_eq!(leaks(&bed, &["--staged"]).code(), 1);
    bed.git(["commit", "-q", "-m", "a zip file"]);
    assert_eq!(leaks(&bed, &["--history"]).code(), 1);
}

#[test]
fn names_of_packed_members_and_what_they_link_to_are_searched() {
    let bed = bed();
    bed.write("leaked/link.tar", tar_header("link", TOKEN, ""));
    bed.write("leaked/prefix.tar", tar_header("name", "", &format!("{TOKEN}-dir")));
    bed.write("leaked/link.tgz", gzip(&tar_header("link", TOKEN, "")));
    bed.write("leaked/nested.zip", zip("inner.zip", &zip(&format!("{TOKEN}.txt"), b"nothing")));
    let found = places(&leaks(&bed, &[]));
    for name in ["link.tar", "prefix.tar", "link.tgz", "nested.zip"] {
        let head = format!("leaked/{name}:");
        assert!(found.iter().any(|place| place.starts_with(&head)), "{name}: {found:?}");
    }
}

#[test]
fn what_is_packed_behind_a_program_or_in_a_package_is_searched_or_told() {
    let bed = bed();
    let text = format!("{} x={TOKEN}", "filler ".repeat(500));
    let behind = |packed: &[u8]| [b"#!/usr/bin/env python3\n", packed].concat();
    bed.write("leaked/app.pyz", behind(&zip("main.py", text.as_bytes())));
    let packed = gzip(text.as_bytes());
    let header = format!("{:<48}{:<10}`\n", "data.gz/", packed.len());
    bed.write("leaked/a.deb", [b"!<arch>\n", header.as_bytes(), &packed].concat());
    bed.write("leaked/self.run", behind(&packed));
    bed.write("leaked/a.pdf", b"%PDF-1.4\n<</Filter/FlateDecode>>stream\n\x78\x9c\x01\nendstream");
    bed.write("leaked/r.bundle", b"# v2 git bundle\n\nPACK");
    let output = leaks(&bed, &[]);
    let mut found: Vec<(String, String)> = output.json()["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| {
            let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
            (text(&finding["rule"]), text(&finding["subject"]["path"]))
        })
        .filter(|(rule, _)| rule != "searched-narrowly")
        .collect();
    found.sort();
    let pair = |rule: &str, path: &str| (rule.to_owned(), format!("leaked/{path}"));
    assert_eq!(
        found,
        [
            pair("leaked-value", "a.deb"),
            pair("leaked-value", "app.pyz"),
            pair("not-read", "a.pdf"),
            pair("not-read", "r.bundle"),
            pair("not-read", "self.run"),
        ]
    );
}

#[test]
fn a_hook_may_change_its_folder_first() {
    let bed = bed();
    bed.git_init();
    bed.write(".gitignore", "vault/\n");
    bed.git(["add", ".gitignore"]);
    bed.git(["commit", "-q", "-m", "first"]);
    bed.write("deploy/ops.toml", bed.read("ops.toml"));
    bed.write("deploy/vault/a.env", format!("TOKEN={TOKEN}\nURL=x\nPIN=zq19x\n"));
    bed.remove("ops.toml");
    bed.write("leaked/f.txt", format!("k={TOKEN}\n"));
    bed.git(["add", "-f", "leaked/f.txt"]);
    bed.git(["config", "diff.relative", "true"]);
    let run = |index: &str| {
        let command = bed.command(testbed::bin!("vault-check")).args(["leaks", "--staged"]);
        command.cwd(bed.path("deploy")).env("GIT_INDEX_FILE", index).unguarded().run()
    };
    let output = run(".git/index");
    assert_eq!(output.code(), 1, "{output}");
    assert!(output.stdout().contains("../leaked/f.txt:1:3"), "{output}");
    let output = run("gone/index");
    assert_eq!(output.code(), 2, "{output}");
    assert!(
        output.stderr().contains("the index that `GIT_INDEX_FILE` names is not there"),
        "{output}"
    );
}

#[test]
fn what_a_merged_branch_added_and_removed_is_in_the_history() {
    let operator = crate::operator::Operator::new();
    let bed = &operator.bed;
    bed.git_init();
    bed.write(".gitignore", "vault/\n");
    bed.git(["add", ".gitignore"]);
    bed.git(["commit", "-q", "-m", "first"]);
    bed.git(["branch", "-M", "trunk"]);
    bed.git(["checkout", "-q", "-b", "feature"]);
    bed.git(["add", "-f", "vault/occ/fly/api_token.env"]);
    bed.git(["commit", "-q", "-m", "a mistake"]);
    bed.git(["rm", "-q", "--cached", "vault/occ/fly/api_token.env"]);
    bed.git(["commit", "-q", "-m", "too late"]);
    bed.git(["checkout", "-q", "trunk"]);
    bed.git(["commit", "-q", "--allow-empty", "-m", "meanwhile"]);
    bed.git(["merge", "-q", "--no-ff", "-m", "merge", "feature"]);
    bed.git(["branch", "-q", "-D", "feature"]);
    let output = operator.run(["check"]);
    assert!(
        output.stdout().contains("a commit has the file, though git tracks it no more"),
        "{output}"
    );
}

#[test]
fn what_a_partial_clone_left_away_is_not_called_clean() {
    let bed = bed();
    bed.git_init();
    bed.git(["config", "uploadpack.allowFilter", "true"]);
    bed.write(".gitignore", "vault/\nclone/\n");
    bed.write("leaked/old.txt", format!("x {TOKEN}\n"));
    bed.git(["add", "-f", ".gitignore", "leaked/old.txt"]);
    bed.git(["commit", "-q", "-m", "first"]);
    bed.git(["rm", "-q", "leaked/old.txt"]);
    bed.git(["commit", "-q", "-m", "second"]);
    let source = format!("file://{}", bed.root().display());
    let args = ["clone", "-q", "--filter=blob:none", &source, "clone"];
    let clone = bed.command("git").args(args).unguarded().run();
    assert_eq!(clone.code(), 0, "{clone}");
    bed.write("clone/ops.toml", bed.read("ops.toml"));
    std::fs::create_dir_all(bed.path("clone/vault")).unwrap();
    std::fs::copy(bed.path("vault/a.env"), bed.path("clone/vault/a.env")).unwrap();
    let args = ["leaks", "--history", "--ops", "clone/ops.toml"];
    let output = bed.command(testbed::bin!("vault-check")).args(args).unguarded().run();
    assert_eq!(output.code(), 1, "{output}");
    assert!(output.stdout().contains("1 object of the history was not searched"), "{output}");
}

#[test]
fn a_log_with_a_leak_on_each_line_is_told_in_part() {
    let bed = bed();
    bed.write("leaked/access.log", format!("GET /?token={TOKEN}\n").repeat(30_000));
    let output = leaks(&bed, &[]);
    assert_eq!(places(&output).len(), 100);
    assert!(output.stdout().contains("stands here, and at 29900 more places"), "{output}");
}

#[test]
fn secrets_inside_values_count_by_themselves() {
    let mut bed = Bed::new();
    bed.holds_secrets("leaked/");
    bed.write(
        "ops.toml",
        "version = 1\n[vault]\nroot = \"vault\"\n[[vault.file]]\npath = \"ads.json\"\nwhole = \"json\"\n[[vault.file]]\npath = \"a.env\"\nkeys = { CELERY = \"any\", NPG = \"any\", HOOK = \"url\", PIN = \"integer\" }\n",
    );
    bed.write("vault/ads.json", "{\n  \"refresh_token\": \"CANARY1Kq7Vw2xTzP\"\n}\n");
    bed.write(
        "vault/a.env",
        "CELERY='amqp://u:CANARY2Kq7Vw2xTz@h1//;amqp://u:CANARY3Kq7Vw2xTz@h2//'\nNPG='Host=h;Username=u;Password=CANARY4Kq7Vw2xTz;Database=d'\nHOOK='https://api.example.com/hook?token=CANARY5Kq7Vw2xTz'\nPIN=82317946501934\n",
    );
    let lines: Vec<String> =
        (1..6).map(|number| format!("x CANARY{number}Kq7Vw2xTz y\n")).collect();
    let text = lines.concat();
    bed.write("leaked/log", text.replacen("Tz", "TzP", 1) + "PIN=82317946501934\n");
    let found = places(&leaks(&bed, &[]));
    let lines: Vec<&str> = found.iter().filter_map(|place| place.split(':').nth(1)).collect();
    assert_eq!(lines, ["1", "2", "3", "4", "5", "6"], "{found:?}");
}

#[test]
fn lines_that_nobody_can_read_are_not_vouched_for() {
    let bed = bed();
    let vault = bed.read("vault/a.env").replace("PIN=zq19x", "PIN=CANARY#zq19x");
    let lines = "CANARY Kq7Vw2xTzP\nLINE: CANARYKq7Vw2xTzP\nOPEN='CANARYopen7Vw2xTz\nOPEN2=\"CANARYopen8Vw2xTz\n";
    bed.write("vault/a.env", vault + lines);
    let output = bed.command(testbed::bin!("vault-check")).args(["leaks"]).run();
    insta::assert_snapshot!(output, @"
    vault/a.env PIN: warning: the value is searched for only as it is written: readers disagree on the line [searched-narrowly]
      hint: `vault-check check` says what to mend
    vault/a.env:4: warning: what this line holds is not searched for: it cannot be read [searched-narrowly]
      hint: write NAME=value, or begin the line with `#`
    vault/a.env:5: warning: what this line and 2 more hold is searched for only as it is written: they cannot be read [searched-narrowly]
      hint: write NAME=value, or begin the line with `#`
    findings: 1 checked, 3 warnings
    [exit status: 1]
    ");
    bed.write("leaked/log", "x CANARYopen7Vw2xTz y\nx CANARYopen8Vw2xTz y\nx CANARYKq7Vw2xTzP y\n");
    assert_eq!(places(&leaks(&bed, &[])).len(), 3);
}

#[test]
fn an_allowance_for_the_history_does_not_fail_the_tree() {
    let bed = bed();
    bed.git_init();
    bed.write(".gitignore", "vault/\n.opsproof/\n");
    bed.write("leaked/old.md", format!("old {TOKEN}\n"));
    bed.git(["add", "-f", ".gitignore", "leaked/old.md"]);
    bed.git(["commit", "-q", "-m", "first"]);
    bed.git(["rm", "-q", "leaked/old.md"]);
    bed.git(["commit", "-q", "-m", "second"]);
    let shown = leaks(&bed, &["--history", "--fingerprint"]);
    let hint = shown.json()["findings"][0]["hint"].as_str().unwrap().to_owned();
    let fingerprint = hint.split('`').nth(1).unwrap().split(' ').next().unwrap().to_owned();
    bed.write(".opsproof/allowed-leaks", format!("{fingerprint} 2999-01-01 stays in history\n"));
    assert_eq!(leaks(&bed, &["--history"]).code(), 0);
    assert_eq!(leaks(&bed, &[]).code(), 0);
    assert_eq!(leaks(&bed, &[".", "--history"]).code(), 0);
    bed.write(".opsproof/allowed-leaks", "0123456789abcdef 2999-01-01 of nothing\n");
    assert_eq!(leaks(&bed, &[".", "--history"]).code(), 1);
}

#[test]
fn a_short_value_in_a_name_is_told_and_not_shown() {
    let bed = bed();
    bed.write("leaked/PIN=zq19x.txt", "nothing\n");
    bed.write("leaked/PIN=zq19x/f", format!("x {TOKEN}\n"));
    bed.write("leaked/a.zip", zip("PIN=zq19x", b"nothing"));
    let output = leaks(&bed, &[]);
    assert!(!output.stdout().contains("zq19x"), "{output}");
    let found = places(&output);
    assert_eq!(
        found,
        [
            "leaked/PIN=[REDACTED:a.env:PIN]:1:5 a.env:PIN",
            "leaked/PIN=[REDACTED:a.env:PIN].txt:1:5 a.env:PIN",
            "leaked/PIN=[REDACTED:a.env:PIN]/f:1:3 a.env:TOKEN",
            "leaked/a.zip:1:35 a.env:PIN",
        ]
    );
}

#[test]
fn the_list_of_allowed_leaks_is_searched_too() {
    let bed = bed();
    bed.write(
        ".opsproof/allowed-leaks",
        format!("0123456789abcdef 2999-01-01 the value {TOKEN} stays\n"),
    );
    assert_eq!(places(&leaks(&bed, &[])), [".opsproof/allowed-leaks:1:39 a.env:TOKEN"]);
}
