//! `leaks`: very many leaks, declared places, allowances for the history, other repositories, no vault.

use std::os::unix::fs::symlink;

use data_encoding::BASE64;
use testbed::Bed;

use crate::leaks::{TOKEN, bed, leaks, places};

/// `rule level path` of each finding but the leaks.
fn told(output: &testbed::Output) -> Vec<String> {
    let answer = output.json();
    let findings = answer["findings"].as_array().unwrap().iter();
    findings
        .filter(|finding| !finding["rule"].as_str().unwrap().starts_with("leaked-"))
        .map(|finding| {
            let word = |key: &str| finding[key].as_str().unwrap().to_owned();
            let path = finding["subject"]["path"].as_str().unwrap();
            format!("{} {} {path}", word("rule"), word("level"))
        })
        .filter(|told| told != "searched-narrowly note vault/a.env")
        .collect()
}

#[test]
fn a_declared_place_may_hold_its_own_value_and_no_other() {
    let bed = bed();
    let ops = bed.read("ops.toml");
    let place = "[[dsn.place]]\nname = \"app\"\nenv-file = \"leaked/.env\"\nkey = \"DATABASE_URL\"\ncanonical = true\n";
    bed.write("ops.toml", format!("{ops}{place}"));
    let url = bed.read("vault/a.env").lines().nth(1).unwrap().replace("URL=", "");
    bed.write("leaked/.env", format!("# app\nDATABASE_URL={url}\n"));
    let output = leaks(&bed, &[]);
    assert_eq!((places(&output), told(&output)), (vec![], vec![]));
    bed.write("leaked/.env", format!("# app\nDATABASE_URL={url} # {TOKEN}\nTOKEN={TOKEN}\n"));
    let expected: Vec<String> = places(&leaks(&bed, &["leaked/.env"]))
        .into_iter()
        .map(|place| place[..13].into())
        .collect();
    assert_eq!(expected, ["leaked/.env:2", "leaked/.env:3"]);
    assert_eq!(places(&leaks(&bed, &[])).len(), 2);
}

/// What masks a value in the log of a job knows neither its base64 twice over nor that of a file.
#[test]
fn base64_in_the_log_of_a_job_is_found() {
    let bed = bed();
    let time = "2026-11-30T14:28:16.1234567Z";
    let once = BASE64.encode(format!("# settings of the app\nTOKEN={TOKEN}\n").as_bytes());
    let lines = once.as_bytes().chunks(20).map(|line| String::from_utf8_lossy(line));
    let lines: Vec<_> = ["##[group]Run base64".into()].into_iter().chain(lines).collect();
    let log = |before: &str, end: &str| {
        lines.iter().flat_map(|line| [before, line, end]).collect::<String>()
    };
    bed.write("job.txt", format!("\u{feff}{}", log(&format!("{time} "), "\r\n")));
    bed.write("view.txt", log(&format!("build\tRun base64\t{time} "), "\n"));
    bed.write("compose.txt", log("web-1  | ", "\n"));
    let twice = BASE64.encode(BASE64.encode(format!("{TOKEN}\n").as_bytes()).as_bytes());
    bed.write("twice.txt", format!("{time} {twice}\n"));
    insta::assert_snapshot!(places(&leaks(&bed, &[])).join("\n"), @"
    compose.txt:3:28 a.env:TOKEN
    job.txt:3:48 a.env:TOKEN
    twice.txt:1:30 a.env:TOKEN
    view.txt:3:65 a.env:TOKEN
    ");
}

#[test]
fn the_hint_for_a_repository_elsewhere_works_when_typed() {
    let mut bed = bed();
    bed.holds_secrets("sub/");
    bed.holds_secrets("ops/vault/");
    bed.write("ops/ops.toml", bed.read("ops.toml"));
    bed.write("ops/vault/a.env", bed.read("vault/a.env"));
    bed.remove("ops.toml");
    bed.write("sub/f", format!("t={TOKEN}\n"));
    for args in [
        &["init", "-q", "sub"][..],
        &["-C", "sub", "add", "f"],
        &["-C", "sub", "-c", "user.name=a", "-c", "user.email=a@b", "commit", "-q", "-m", "x"],
    ] {
        bed.git(args.iter().copied());
    }
    std::fs::remove_file(bed.path("sub/f")).unwrap();
    let args = ["leaks", "--format", "json", "../sub"];
    let command = bed.command(testbed::bin!("vault-check")).args(args);
    let output = command.cwd(bed.path("ops")).run();
    let answer = output.json();
    let findings = answer["findings"].as_array().unwrap().iter();
    let mut hints = findings.filter_map(|finding| finding["hint"].as_str());
    let hint = hints.rfind(|hint| hint.contains("git --git-dir")).unwrap().to_owned();
    let typed = hint.split('`').nth(1).unwrap();
    let typed = typed.replace("vault-check", testbed::bin!("vault-check"));
    let found = bed.command("sh").args(["-c", &typed]).cwd(bed.path("ops")).run();
    assert!(found.stdout().contains("the value of `a.env:TOKEN` stands here"), "{found}");
}

#[test]
fn without_a_vault_nothing_is_called_clean() {
    let bed = Bed::new();
    bed.write("ops.toml", "version = 1\n[vault]\nroot = \"vualt\"\n");
    let run = |command: &str| bed.command(testbed::bin!("vault-check")).arg(command).run();
    insta::assert_snapshot!(run("check"), @"
    vualt: error: the vault's folder is not there [missing-file]
      hint: put the folder in place, or mend `root` in ops.toml
    findings: 0 checked, 1 error
    [exit status: 1]
    ");
    insta::assert_snapshot!(run("leaks"), @"
    vualt: warning: no value of the vault was searched for: its folder is not there [searched-narrowly]
      hint: put the folder in place, or mend `root` in ops.toml
    findings: 1 checked, 1 warning
    [exit status: 1]
    ");
    insta::assert_snapshot!(run("init"), @"
    ------- stderr -------
    error: the vault's folder vualt is not there
    hint: put the folder in place, or mend `root` in ops.toml
    [exit status: 2]
    ");
    bed.write("vault/.gitkeep", "");
    bed.write("ops.toml", "version = 1\n[vault]\nroot = \"vault\"\n");
    insta::assert_snapshot!(run("leaks"), @"
    vault: warning: no value was searched for: the vault holds none [searched-narrowly]
    findings: 1 checked, 1 warning
    [exit status: 1]
    ");
    symlink("vault", bed.path("vualt")).unwrap();
    bed.write("ops.toml", "version = 1\n[vault]\nroot = \"vualt\"\n");
    insta::assert_snapshot!(run("leaks"), @"
    vualt: warning: no value of the vault was searched for: its folder is a symbolic link [searched-narrowly]
      hint: name the folder itself as `root` in ops.toml
    findings: 2 checked, 1 warning
    [exit status: 1]
    ");
    insta::assert_snapshot!(run("init"), @"
    ------- stderr -------
    error: the vault's folder vualt is a symbolic link
    hint: name the folder itself as `root` in ops.toml
    [exit status: 2]
    ");
}

#[test]
fn a_selection_that_selects_nothing_is_no_verdict() {
    let bed = Bed::new();
    bed.write(
        "ops.toml",
        "version = 1\n[vault]\nroot = \"vault\"\n[[vault.file]]\npath = \"a.env\"\nkeys = { A = \"any\" }\nenvironment = \"staging\"\nfor = [\"refresh\"]\n[[vault.file]]\npath = \"b.env\"\nkeys = { A = \"any\" }\nenvironment = \"production\"\nfor = [\"smoke\"]\n",
    );
    let run = |args: &[&str]| {
        let args = ["check"].iter().chain(args).copied();
        bed.command(testbed::bin!("vault-check")).args(args).run()
    };
    insta::assert_snapshot!(run(&["--for", "smoke", "--environment", "staging"]), @"
    ------- stderr -------
    error: no file of the vault is declared for these purposes and this environment together
    hint: leave one of the two out, or correct it; `vault-check list` shows both
    [exit status: 2]
    ");
    insta::assert_snapshot!(run(&["--changed-since", "2999-01-01"]), @"
    ------- stderr -------
    error: `--changed-since` names a time that is to come
    hint: write 2025-10-01, [TIME], 36h or 7d
    [exit status: 2]
    ");
    assert_eq!(run(&["--for", "smoke", "--environment", "production"]).code(), 1);
}

#[test]
fn what_is_public_by_design_is_no_leak() {
    let bed = Bed::new();
    let jwt = "eyJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJzdXBhYmFzZSIsInJvbGUiOiJhbm9uIn0.CANARYq7Vw2xTzPaB3dE5fG7hJ9kL1mN3pQ5rS7";
    let publishable = "sb_publishable_CANARYq7VtN2xRwZ9kLs4H";
    bed.write(
        "vault/a.env",
        format!("PUB={publishable}\nANON={jwt}\nBUCKET=CANARY-prod-uploads-7q\n"),
    );
    bed.write(
        "app.js",
        format!("const a = '{publishable}', b = '{jwt}', c = 'CANARY-prod-uploads-7q';\n"),
    );
    let ops = "version = 1\n[vault]\nroot = \"vault\"\n[[vault.file]]\npath = \"a.env\"\nkeys = { PUB = \"supabase-key\", ANON = \"supabase-key\", BUCKET = \"any\" }\n";
    bed.write("ops.toml", ops);
    let run = || {
        let args = ["leaks", "--format", "json"];
        bed.command(testbed::bin!("vault-check")).args(args).unguarded().run()
    };
    assert_eq!(places(&run()), ["app.js:1:169 a.env:BUCKET"]);
    bed.write("ops.toml", format!("{ops}public = [\"BUCKET\"]\n"));
    assert_eq!((run().code(), places(&run())), (0, vec![]));
}

#[test]
fn a_number_is_found_next_to_a_key_that_asks_for_one() {
    let bed = bed();
    let ops = bed
        .read("ops.toml")
        .replace("PIN = \"any\"", "PIN = \"integer\", ADMIN_PASS = \"any\", PORT = \"any\"");
    bed.write("ops.toml", ops);
    let lines = "PIN=4829\nADMIN_PASS=7316\nPORT=5432\n";
    bed.write("vault/a.env", format!("TOKEN={TOKEN}\n{lines}"));
    bed.write("leaked/copy", lines);
    bed.write("leaked/app.yaml", "SHIPPIN: 4829\nadmin: {PIN: 4829, other: 7316}\nPIN: 48291\n");
    assert_eq!(
        places(&leaks(&bed, &[])),
        [
            "leaked/app.yaml:2:14 a.env:PIN",
            "leaked/copy:1:5 a.env:PIN",
            "leaked/copy:2:12 a.env:ADMIN_PASS",
        ]
    );
    let answer = leaks(&bed, &[]).json();
    let findings = answer["findings"].as_array().unwrap().iter();
    let notes: Vec<_> = findings
        .filter(|finding| finding["rule"] == "searched-narrowly")
        .map(|finding| (finding["subject"]["key"].as_str().unwrap(), &finding["message"]))
        .collect();
    assert_eq!(notes.len(), 4, "{notes:?}");
    let (key, message) = notes[1];
    assert_eq!(key, "PIN");
    assert_eq!(*message, "the value is searched for only next to its key: it is a short number");
}

#[test]
fn a_value_without_a_name_is_searched_for_and_never_shown_as_a_key() {
    let value = "Q0FOQVJZkq7Vw2xTzPaB3dE5QUE";
    for tail in ["=", "= # staging", "=;", "==,"] {
        let bed = bed();
        bed.write("vault/token.env", format!("{value}{tail}\n"));
        bed.write("leaked/log", format!("got {value}= from it\n"));
        let found = leaks(&bed, &[]);
        assert_eq!(places(&found), ["leaked/log:1:5 token.env:line-1"], "{tail}");
        for command in ["leaks", "check", "list", "init"] {
            let shown = bed.command(testbed::bin!("vault-check")).arg(command).run();
            assert!(!shown.stdout().contains(value), "{command}{tail}: {shown}");
            assert!(!shown.stderr().contains(value), "{command}{tail}: {shown}");
        }
    }
}

#[test]
fn a_number_in_the_other_case_is_the_same_value() {
    let bed = bed();
    let ops = bed
        .read("ops.toml")
        .replace("URL = \"any\", PIN = \"any\"", "HEX = \"hex\", ID = \"uuid\"");
    bed.write("ops.toml", ops);
    let (hex, id) = ("43414e4152599f2c1d0e8b7a6f5e4d3c", "43414e41-5259-42d3-a456-426614174abc");
    bed.write("vault/a.env", format!("TOKEN={TOKEN}\nHEX={hex}\nID={id}\n"));
    let (other, bare) = (hex.to_uppercase(), id.replace('-', ""));
    bed.write("leaked/log", format!("{other}\n{}\n{bare}\n{hex}\n", id.to_uppercase()));
    assert_eq!(
        places(&leaks(&bed, &[])),
        [
            "leaked/log:1:1 a.env:HEX",
            "leaked/log:2:1 a.env:ID",
            "leaked/log:3:1 a.env:ID",
            "leaked/log:4:1 a.env:HEX"
        ]
    );
}

#[test]
fn what_redis_and_brotli_have_packed_is_not_called_read() {
    let bed = bed();
    bed.write("leaked/dump.rdb", b"REDIS0011\xfa\x09redis-ver");
    bed.write("leaked/app.js.br", b"\x1b\x7f\x01\x00\xe4\xff\xfe");
    bed.write("leaked/index.html.br", "Demat d\u{2019}an holl\n");
    let output = leaks(&bed, &["leaked"]);
    let not_read = told(&output);
    let expected = ["app.js.br", "dump.rdb"].map(|name| format!("not-read warning leaked/{name}"));
    assert_eq!(
        not_read.iter().filter(|told| told.starts_with("not-read")).collect::<Vec<_>>(),
        expected.iter().collect::<Vec<_>>()
    );
    assert_eq!(output.json()["checked"], 1, "{output}");
}

#[test]
fn where_git_refuses_to_answer_nobody_is_told_that_there_is_no_repository() {
    let bed = bed();
    bed.git_init();
    bed.write(".git/HEAD", "broken");
    for option in ["--history", "--staged"] {
        let output = bed.command(testbed::bin!("vault-check")).args(["leaks", option]).run();
        insta::allow_duplicates! {
            insta::assert_snapshot!(output, @"
            ------- stderr -------
            error: the folder of ops.toml lies in a git repository, and git refused to answer
            hint: `git status` in that folder says why, and often what mends it
            [exit status: 2]
            ");
        }
    }
}

#[test]
fn credentials_behind_short_labels_and_heads_are_found_by_form() {
    let bed = bed();
    let text = "DB_PASS=CANARYp4ss\nSMTP_PWD: \"CANARYp4ss\"\nDB_PASS=$CANARY2\nDB_PASS=/run/CANARY/db2\nVAULT=hvs.CANARYq7Vw2xTzPaB3dE5fG7h\nsee ya29.a0AfCANARYq7Vw2xTzPaB3dE5fG7hJ9kL1mN3\n";
    bed.write("leaked/x.env", text);
    let expected = [
        "leaked/x.env:1:9 assigned-password",
        "leaked/x.env:2:12 assigned-password",
        "leaked/x.env:5:7 hashicorp-token",
        "leaked/x.env:6:5 google-key",
    ];
    assert_eq!(places(&leaks(&bed, &[])), expected);
}

/// As in a log.
#[test]
fn lines_of_one_credential_below_each_other_are_one_finding() {
    let mut bed = Bed::new();
    for place in ["vault/", "leaked/"] {
        bed.holds_secrets(place);
    }
    bed.write(
        "ops.toml",
        "version = 1\n[vault]\nroot = \"vault\"\n[[vault.file]]\npath = \"key\"\nwhole = \"any\"\n",
    );
    let line = |number: u8| format!("CANARY{number}fGq9Lk3ZmWx7Rb2TnVc5Yh8JdPs4AoEu6");
    let key: Vec<String> = (1..=5).map(line).collect();
    bed.write("vault/key", key.join("\n") + "\n");
    let prefixed = |lines: &[String]| format!(":{}\n", lines.join("\n:"));
    bed.write("leaked/log", prefixed(&key));
    bed.write("leaked/parted", format!("{}\n{}", prefixed(&key[..2]), prefixed(&key[4..])));
    let output = bed.command(testbed::bin!("vault-check")).args(["leaks", "--fingerprint"]).run();
    let hint = output.stdout().lines().nth(1).unwrap_or_default();
    let fingerprint = hint.split('`').nth(1).and_then(|hint| hint.split(' ').next()).unwrap();
    bed.write(".opsproof/allowed-leaks", format!("{fingerprint} 2999-01-01 a fixture\n"));
    let allowed = bed.command(testbed::bin!("vault-check")).arg("leaks").run();
    let partial = bed.command(testbed::bin!("vault-check")).args(["leaks", "--partial"]).run();
    // Told, and allowed, as one with pieces too.
    assert_eq!(partial.stdout(), allowed.stdout());
    let first = output.stdout().lines().next().unwrap_or_default();
    insta::assert_snapshot!(first, @"leaked/log:1:2 key: error: 5 lines of `key` stand here [leaked-value]");
    insta::assert_snapshot!(allowed, @"
    leaked/parted:1:2 key: error: 2 lines of `key` stand here [leaked-value]
    leaked/parted:4:2 key: error: a line of `key` stands here [leaked-value]
    findings: 4 checked, 2 errors
    [exit status: 1]
    ");
}

/// In the lines of a diff, of a comment, of quoted mail.
#[test]
fn a_value_is_found_whole_behind_what_stands_before_each_line() {
    let bed = bed();
    let half = TOKEN.len() / 2;
    let encoded = BASE64.encode(format!("user:{TOKEN}:0123456789").as_bytes());
    let mut expected = Vec::new();
    for (index, prefix) in ["# ", "> ", "| ", "+", "-", "// ", " * "].iter().enumerate() {
        let lines = [&TOKEN[..half], &TOKEN[half..]];
        bed.write(
            format!("leaked/{index}a"),
            format!("{prefix}{}\n", lines.join(&format!("\n{prefix}"))),
        );
        let lines = [&encoded[..20], &encoded[20..40], &encoded[40..]];
        bed.write(
            format!("leaked/{index}b"),
            format!("{prefix}{}\n", lines.join(&format!("\n{prefix}"))),
        );
        // In base64 `user:` stands before the token.
        let columns = [("a", prefix.len() + 1), ("b", prefix.len() + 8)];
        expected.extend(
            columns.map(|(kind, column)| format!("leaked/{index}{kind}:1:{column} a.env:TOKEN")),
        );
    }
    // Text that goes on between the two halves is none.
    bed.write("leaked/z", format!("{}\nx> {}\n", &TOKEN[..half], &TOKEN[half..]));
    assert_eq!(places(&leaks(&bed, &[])), expected);
}

#[test]
fn values_are_found_as_powershell_cmd_and_units_escape_them() {
    let bed = bed();
    bed.write("vault/a.env", "TOKEN='CANARY$q7\"V&w@2%zT'\nURL=x\nPIN=zq19x\n");
    for (name, text) in [
        ("a.ps1", "$t = \"CANARY`$q7`\"V&w@2%zT\""),
        ("b.cmd", "set T=CANARY$q7\"V^&w@2%%zT"),
        ("c.log", "cmd CANARY$q7^\"V^&w@2^%zT"),
        ("d.ini", "p://u:CANARY%%24q7%%22V%%26w%%402%%25zT@h"),
    ] {
        bed.write(format!("leaked/{name}"), format!("{text}\n"));
    }
    let expected = ["a.ps1:1:7", "b.cmd:1:7", "c.log:1:5", "d.ini:1:7"];
    let expected = expected.map(|place| format!("leaked/{place} a.env:TOKEN"));
    assert_eq!(places(&leaks(&bed, &[])), expected);
}
