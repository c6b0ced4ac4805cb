//! `leaks` where it once vouched for what it had not seen: other repositories, large files of git's,
//! other ways of writing, and what stands beside what is allowed.

use std::fmt::Write;
use std::fs;
use std::os::unix::fs::symlink;

use testbed::Bed;

use crate::leaks::{TOKEN, bed, leaks, places};

/// `rule path` of each finding but the leaks.
fn told(output: &testbed::Output) -> Vec<String> {
    let answer = output.json();
    let findings = answer["findings"].as_array().unwrap().iter();
    findings
        .filter(|finding| !finding["rule"].as_str().unwrap().starts_with("leaked-"))
        .filter(|finding| finding["subject"]["key"] != "PIN")
        .map(|finding| {
            let rule = finding["rule"].as_str().unwrap();
            format!("{rule} {}", finding["subject"]["path"].as_str().unwrap())
        })
        .collect()
}

/// Makes a commit of all that is not ignored, in a repository in some folder.
fn commit(bed: &Bed, folder: &str, message: &str) {
    for args in [
        &["init", "-q"][..],
        &["config", "user.name", "Test"],
        &["config", "user.email", "test@example.com"],
        &["add", "-A"],
        &["commit", "-q", "-m", message],
    ] {
        let output =
            bed.command("git").args(args.iter().copied()).cwd(bed.path(folder)).unguarded();
        assert_eq!(output.run().code(), 0);
    }
}

#[test]
fn what_is_allowed_in_a_log_allows_nothing_else_in_it() {
    let bed = bed();
    let line = "db postgres://test:SYNTHpw1@db.example.com/test\n";
    bed.write("leaked/app.log", line.repeat(120));
    let output = leaks(&bed, &["--fingerprint"]);
    let hint = output.json()["findings"][0]["hint"].as_str().unwrap().to_owned();
    let fingerprint = hint.split('`').nth(1).unwrap().split(' ').next().unwrap().to_owned();
    bed.write(".opsproof/allowed-leaks", format!("{fingerprint} 2999-01-01 a test\n"));
    assert_eq!(leaks(&bed, &[]).code(), 0);
    let other = "postgres://admin:SYNTHq7Vw2xTzP@prod.example.com/prod\n";
    bed.write("leaked/app.log", line.repeat(120) + other);
    assert_eq!(places(&leaks(&bed, &[])), ["leaked/app.log:121:18 connection-string"]);
}

#[test]
fn very_many_different_leaks_are_counted_and_cannot_be_allowed_together() {
    let bed = bed();
    let lines: Vec<String> =
        (0..1200).map(|n| format!("postgres://u:SYNTHpw{n}x@db.example.com/d\n")).collect();
    bed.write("leaked/app.log", lines.concat());
    let output = leaks(&bed, &["--fingerprint"]);
    let findings = output.json()["findings"].as_array().unwrap().clone();
    let told: Vec<_> = findings.iter().filter(|finding| finding["rule"] == "leaked-form").collect();
    assert_eq!(told.len(), 1001);
    assert!(told[1000]["message"].as_str().unwrap().ends_with("and at 199 more places"));
    assert!(told[1000]["hint"].is_null() && told[999]["hint"].is_string());
}

#[test]
fn histories_below_are_searched_with_that_of_ops_toml() {
    let mut bed = bed();
    bed.holds_secrets("sub/");
    bed.holds_secrets("bare.git/");
    bed.write(".gitignore", "vault/\nsub/\nbare.git/\nleaked/\n");
    commit(&bed, ".", "first");
    bed.write("sub/f", format!("t={TOKEN}\n"));
    commit(&bed, "sub", "a leak");
    fs::remove_file(bed.path("sub/f")).unwrap();
    bed.write("sub/g", "nothing\n");
    commit(&bed, "sub", "gone");
    let clone = bed.command("git").args(["clone", "-q", "--bare", "sub", "bare.git"]).unguarded();
    assert_eq!(clone.run().code(), 0);
    let output = leaks(&bed, &["."]);
    assert_eq!(
        told(&output),
        ["not-read .git/objects", "not-read bare.git/objects", "not-read sub/.git/objects"]
    );
    assert_eq!(output.stdout().matches("`vault-check leaks --history` searches it").count(), 3);
    let history = leaks(&bed, &["--history"]);
    assert_eq!(places(&history), ["bare.git/f:1:3 a.env:TOKEN", "sub/f:1:3 a.env:TOKEN"]);
    let all = leaks(&bed, &[".", "--history"]);
    assert_eq!((places(&all).len(), told(&all)), (2, vec![]));
}

#[test]
fn the_hook_of_a_repository_below_sees_its_own_commit() {
    let mut bed = bed();
    bed.holds_secrets("svc/");
    bed.write(".gitignore", "vault/\nsvc/\n");
    commit(&bed, ".", "first");
    bed.write("svc/r", "nothing\n");
    commit(&bed, "svc", "first");
    bed.write("svc/leak", format!("k {TOKEN}\n"));
    let git = |args: &[&str]| {
        bed.command("git").args(args.iter().copied()).cwd(bed.path("svc")).unguarded().run()
    };
    assert_eq!(git(&["add", "leak"]).code(), 0);
    let staged = ["leaks", "--staged", "--format", "json"];
    let command = bed.command(testbed::bin!("vault-check")).args(staged);
    assert_eq!(places(&command.cwd(bed.path("svc")).run()), ["svc/leak:1:3 a.env:TOKEN"]);
    let hook = format!("#!/bin/sh\nexec '{}' leaks --staged\n", testbed::bin!("vault-check"));
    bed.write_mode("svc/.git/hooks/pre-commit", hook, 0o755);
    assert_ne!(git(&["commit", "-qm", "leak"]).code(), 0);
    assert_eq!(places(&leaks(&bed, &["--staged"])), Vec::<String>::new());
}

#[test]
fn a_file_in_git_lfs_is_searched_or_told() {
    let bed = bed();
    bed.write(".gitignore", "vault/\n");
    commit(&bed, ".", "first");
    let id = "00ff".repeat(16);
    let pointer = format!("version https://git-lfs.github.com/spec/v1\noid sha256:{id}\nsize 30\n");
    bed.write("db.sql", pointer);
    bed.git(["add", "db.sql"]);
    for option in ["--staged", "--history"] {
        let output = leaks(&bed, &[option]);
        assert!(output.stdout().contains("it is a pointer of Git LFS"), "{output}");
        assert_eq!(output.code(), 1);
    }
    bed.write(format!(".git/lfs/objects/00/ff/{id}"), format!("dump {TOKEN}\n"));
    let output = leaks(&bed, &["--staged"]);
    assert_eq!(places(&output), ["db.sql:1:6 a.env:TOKEN"]);
    assert!(output.stdout().contains("in its member (in Git LFS)"), "{output}");
    bed.git(["commit", "-q", "-m", "dump"]);
    assert_eq!(places(&leaks(&bed, &["--history"])), ["db.sql:1:6 a.env:TOKEN"]);
    // A pipe in its place is not waited for.
    let kept = format!(".git/lfs/objects/00/ff/{id}");
    bed.remove(&kept);
    assert_eq!(bed.command("mkfifo").arg(&kept).unguarded().run().code(), 0);
    let output = leaks(&bed, &["--history"]);
    assert!(output.stdout().contains("it is a pointer of Git LFS"), "{output}");
}

#[test]
fn nothing_is_started_that_a_repository_below_names() {
    let mut bed = bed();
    bed.holds_secrets("svc/");
    bed.write(".gitignore", "vault/\nsvc/\n");
    commit(&bed, ".", "first");
    bed.write("svc/leak", format!("k {TOKEN}\n"));
    commit(&bed, "svc", "first");
    let program = bed.path("program").display().to_string();
    bed.write_mode("program", format!("#!/bin/sh\ntouch '{}'\n", bed.path("ran").display()), 0o755);
    let git = |args: &[&str], input: &str| {
        let command = bed.command("git").args(args.iter().copied()).cwd(bed.path("svc"));
        let output = command.stdin(input).unguarded().run();
        assert_eq!(output.code(), 0, "{output}");
        output.stdout().trim_end().to_owned()
    };
    // A commit that carries a signature, so that whoever shows it has it checked.
    let plain = git(&["cat-file", "commit", "HEAD"], "");
    let (head, message) = plain.split_once("\n\n").unwrap();
    let armor = "-----BEGIN PGP SIGNATURE-----\n \n iQ\n -----END PGP SIGNATURE-----";
    let signed = format!("{head}\ngpgsig {armor}\n\n{message}\n");
    let id = git(&["hash-object", "-t", "commit", "-w", "--stdin"], &signed);
    git(&["update-ref", "HEAD", &id], "");
    for setting in ["gpg.program", "core.fsmonitor", "core.pager", "diff.external"] {
        git(&["config", setting, &program], "");
    }
    git(&["config", "log.showSignature", "true"], "");
    // With an allow-list every path of a leak is asked for.
    bed.write(".opsproof/allowed-leaks", "00000000deadbeef 2999-01-01 a test\n");
    for options in [&["--history"][..], &[".", "--history"]] {
        let output = leaks(&bed, options);
        assert!(places(&output).contains(&"svc/leak:1:3 a.env:TOKEN".to_owned()), "{output}");
        assert!(!bed.path("ran").exists());
    }
}

#[test]
fn a_value_that_a_path_cuts_is_found() {
    let bed = bed();
    bed.write("vault/a.env", "TOKEN=CANARYkq7Vw/2xTzPaB3dE5\nURL=x\nPIN=zq19x\n");
    bed.write("leaked/CANARYkq7Vw/2xTzPaB3dE5/f", "nothing\n");
    let path = "leaked/[REDACTED:a.env:TOKEN]:1:8 a.env:TOKEN";
    assert_eq!(places(&leaks(&bed, &[])), [path]);
    bed.write(".gitignore", "vault/\n");
    commit(&bed, ".", "first");
    let found = places(&leaks(&bed, &["--history"]));
    assert_eq!(found, [path]);
}

#[test]
fn credentials_by_form_are_found_in_utf_16() {
    let bed = bed();
    let text = "url postgres://admin:SYNTHq7Vw2xTzP@prod.example.com/prod\r\n";
    for (name, to_bytes) in
        [("le.txt", u16::to_le_bytes as fn(u16) -> [u8; 2]), ("be.txt", u16::to_be_bytes)]
    {
        let wide: Vec<u8> = format!("\u{feff}{text}").encode_utf16().flat_map(to_bytes).collect();
        bed.write(format!("leaked/{name}"), wide);
    }
    let found = places(&leaks(&bed, &[]));
    assert_eq!(
        found,
        ["leaked/be.txt:1:22 connection-string", "leaked/le.txt:1:22 connection-string"]
    );
}

#[test]
fn what_a_shell_makes_of_a_line_is_searched_for() {
    for line in [
        format!("export TOKEN={TOKEN};"),
        format!("TOKEN=$'{TOKEN}'"),
        format!("TOKEN={TOKEN}$y"),
        format!("TOKEN={TOKEN}&"),
        format!("TOKEN={TOKEN}\""),
        format!("TOKEN=${{X:-{TOKEN}}}"),
    ] {
        let bed = bed();
        bed.write("vault/a.env", format!("{line}\nURL=x\nPIN=zq19x\n"));
        bed.write("leaked/log", format!("x {TOKEN} y\n"));
        assert_eq!(places(&leaks(&bed, &[])), ["leaked/log:1:3 a.env:TOKEN"], "{line}");
    }
}

#[test]
fn what_nobody_declared_and_nobody_can_read_is_told() {
    let bed = bed();
    symlink("../../elsewhere.env", bed.path("vault/b.env")).unwrap();
    symlink("../../elsewhere", bed.path("vault/sub")).unwrap();
    let output = leaks(&bed, &[]);
    assert_eq!(told(&output), ["searched-narrowly vault/b.env", "searched-narrowly vault/sub"]);
    assert_eq!(output.code(), 1);
}

#[test]
fn secrets_in_files_of_other_programs_are_searched_for() {
    let mut bed = Bed::new();
    bed.holds_secrets("leaked/");
    let mut ops = "version = 1\n[vault]\nroot = \"vault\"\n".to_owned();
    let secrets = ["CANARY1q8Vw2xTz", "CANARY2q8Vw2xTz", "CANARY3q8Vw2xTz", "CANARY4q8Vw2xTz"];
    for (name, text) in [
        ("credentials", format!("[default]\naws_secret_access_key = {}\n", secrets[0])),
        ("pgpass", format!("db.example:5432:app:app:{}\n", secrets[1])),
        ("npmrc", format!("//registry.example/:_authToken={}\n", secrets[2])),
        ("kubeconfig", format!("users:\n- name: a\n  user:\n    token: {}\n", secrets[3])),
        ("prose", "CANARY some words that say nothing of a secret\n".to_owned()),
    ] {
        bed.write(format!("vault/{name}"), text);
        writeln!(ops, "[[vault.file]]\npath = \"{name}\"\nwhole = \"any\"").unwrap();
    }
    bed.write("ops.toml", ops);
    bed.write("leaked/log", secrets.map(|secret| format!("x {secret}\n")).concat());
    let output = leaks(&bed, &[]);
    assert_eq!(places(&output).len(), 4, "{output}");
    assert_eq!(told(&output), ["searched-narrowly vault/prose"]);
}

#[test]
fn a_short_value_at_the_end_of_utf_16_is_told() {
    let bed = bed();
    let wide: Vec<u8> = "PIN=zq19x".encode_utf16().flat_map(u16::to_be_bytes).collect();
    bed.write("leaked/w.txt", wide.clone());
    assert_eq!(places(&leaks(&bed, &[])), ["leaked/w.txt:1:5 a.env:PIN"]);
    let command = bed.command(testbed::bin!("vault-check")).args(["leaks", "--stdin"]);
    assert_eq!(command.stdin(wide).run().code(), 1);
}

#[test]
fn the_values_of_a_vault_file_in_utf_16_are_found() {
    let bed = bed();
    let lines = "\u{feff}WIDE=CANARYkq7Vw2xTzPaB\r\nLOOSE: CANARY3dE5fG7hJ9kL\r\n";
    let wide: Vec<u8> = lines.encode_utf16().flat_map(u16::to_le_bytes).collect();
    bed.write("vault/wide.env", wide);
    bed.write("leaked/log", "x CANARYkq7Vw2xTzPaB\ny CANARY3dE5fG7hJ9kL\n");
    let output = leaks(&bed, &[]);
    let expected = ["leaked/log:1:3 wide.env:WIDE", "leaked/log:2:3 wide.env:LOOSE"];
    assert_eq!(places(&output), expected, "{output}");
    let told =
        "vault/wide.env:2: warning: what this line holds is searched for only as it is written";
    assert!(bed.command(testbed::bin!("vault-check")).arg("leaks").run().stdout().contains(told));
}

#[test]
fn what_is_encoded_in_utf_16_is_found() {
    let bed = bed();
    let text = format!("data:\n  TOKEN: {}\n", data_encoding::BASE64.encode(TOKEN.as_bytes()));
    let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    bed.write("leaked/secret.yaml", wide);
    assert_eq!(places(&leaks(&bed, &[])), ["leaked/secret.yaml:2:10 a.env:TOKEN"]);
}

#[test]
fn what_is_allowed_in_one_file_is_allowed_in_no_other() {
    let bed = bed();
    bed.write(".gitignore", "vault/\n.opsproof/\n");
    bed.write("leaked/example", format!("x {TOKEN}\n"));
    bed.write("leaked/prod.conf", format!("x {TOKEN}\n"));
    commit(&bed, ".", "first");
    let output = leaks(&bed, &["leaked/example", "--fingerprint"]);
    let hint = output.json()["findings"][0]["hint"].as_str().unwrap().to_owned();
    let fingerprint = hint.split('`').nth(1).unwrap().split(' ').next().unwrap().to_owned();
    bed.write(".opsproof/allowed-leaks", format!("{fingerprint} 2999-01-01 an example\n"));
    bed.git(["rm", "-q", "leaked/prod.conf"]);
    bed.git(["commit", "-q", "-m", "gone"]);
    assert_eq!(places(&leaks(&bed, &["--history"])), ["leaked/prod.conf:1:3 a.env:TOKEN"]);
    assert_eq!(places(&leaks(&bed, &[])), Vec::<String>::new());
}

#[test]
fn a_declared_place_hides_nothing_behind_many_of_its_lines() {
    let bed = bed();
    let ops = bed.read("ops.toml");
    let place = "[[dsn.place]]\nname = \"app\"\nenv-file = \"leaked/.env\"\nkey = \"DATABASE_URL\"\ncanonical = true\n";
    bed.write("ops.toml", format!("{ops}{place}"));
    let url = bed.read("vault/a.env").lines().nth(1).unwrap().replace("URL=", "");
    let password = url.split(':').nth(2).unwrap().split('@').next().unwrap();
    let text = format!("DATABASE_URL={url}\n").repeat(101) + &format!("X={url}\nX={password}\n");
    bed.write("leaked/.env", text);
    assert_eq!(
        places(&leaks(&bed, &[])),
        ["leaked/.env:102:4 a.env:URL", "leaked/.env:103:3 a.env:URL"]
    );
}

#[test]
fn a_stream_that_is_named_is_searched_or_told() {
    let bed = bed();
    bed.write("leaked/log", format!("x {TOKEN}\n"));
    let program = testbed::bin!("vault-check");
    let script = format!("cat leaked/log | '{program}' leaks /dev/stdin");
    let output = bed.command("sh").args(["-c", &script]).run();
    assert!(output.stdout().contains("/dev/stdin:1:3 a.env:TOKEN"), "{output}");
    // As a shell hands a here-document on: a file without a name.
    let script = format!("exec 3<leaked/log; rm leaked/log; '{program}' leaks /dev/fd/3");
    let output = bed.command("sh").args(["-c", &script]).run();
    assert!(output.stdout().contains("/dev/fd/3:1:3 a.env:TOKEN"), "{output}");
    duct::cmd!("mkfifo", bed.path("pipe")).run().unwrap();
    let output = leaks(&bed, &["pipe"]);
    assert_eq!((output.code(), told(&output)), (1, vec!["not-read pipe".to_owned()]));
}

#[test]
fn a_vault_behind_a_link_is_left_out_by_what_it_is() {
    let mut bed = Bed::new();
    bed.holds_secrets("real/vault/");
    bed.write(
        "ops.toml",
        "version = 1\n[vault]\nroot = \"link/vault\"\n[[vault.file]]\npath = \"a.env\"\nkeys = { A = \"any\" }\n",
    );
    bed.write("real/vault/a.env", format!("A={TOKEN}\n"));
    symlink("real", bed.path("link")).unwrap();
    let output = leaks(&bed, &[]);
    assert_eq!((output.code(), places(&output)), (0, vec![]), "{output}");
}

#[test]
fn a_password_that_reads_like_a_word_is_found_next_to_its_key() {
    let bed = bed();
    bed.write("vault/a.env", "TOKEN=x\nURL=x\nPIN=x\nDB_PASSWORD=canaryable\n");
    bed.write("leaked/compose.yml", "  environment:\n    DB_PASSWORD: canaryable\n");
    assert_eq!(places(&leaks(&bed, &[])), ["leaked/compose.yml:2:18 a.env:DB_PASSWORD"]);
}

#[test]
fn base64_that_is_wrapped_inside_a_string_is_found() {
    let bed = bed();
    let text = format!("# settings\nname: an example app\ntoken: {TOKEN}\n# and some more\n");
    let packed = data_encoding::BASE64.encode(text.as_bytes());
    for (name, line_break) in [("a.json", "\\n"), ("b.json", "\\r\\n")] {
        let lines: Vec<&str> =
            packed.as_bytes().chunks(60).map(|line| std::str::from_utf8(line).unwrap()).collect();
        let content = lines.join(line_break);
        bed.write(format!("leaked/{name}"), format!("{{\"content\": \"{content}{line_break}\"}}"));
    }
    let found = places(&leaks(&bed, &[]));
    assert_eq!(found.len(), 2, "{found:?}");
}

/// The dump of a text, sixteen bytes in a line.
fn dump(text: &str, offset: fn(usize) -> String, group: usize, shown: bool) -> String {
    let lines = text.as_bytes().chunks(16).enumerate().map(|(number, line)| {
        let digits: Vec<String> =
            line.chunks(group).map(|bytes| data_encoding::HEXLOWER.encode(bytes)).collect();
        let characters: String = line
            .iter()
            .map(|byte| if byte.is_ascii_graphic() { char::from(*byte) } else { '.' })
            .collect();
        let characters = if shown { format!("  |{characters}|") } else { String::new() };
        format!("{} {}{characters}\n", offset(number * 16), digits.join(" "))
    });
    lines.collect()
}

#[test]
fn a_value_in_a_dump_of_bytes_is_found_across_its_lines() {
    let bed = bed();
    let text = format!("name: an example\ntoken: {TOKEN}\nand more behind it\n");
    let dump =
        |offset: fn(usize) -> String, group: usize, shown: bool| dump(&text, offset, group, shown);
    bed.write(
        "leaked/xxd.log",
        format!("$ xxd .env\n{}", dump(|at| format!("{at:08x}:"), 2, true)),
    );
    bed.write("leaked/hexdump.log", dump(|at| format!("{at:08x} "), 1, true));
    bed.write("leaked/od.log", dump(|at| format!("{at:07o}"), 1, false));
    bed.write("leaked/od-An.log", dump(|_| String::new(), 1, false));
    let digits: Vec<String> = text.bytes().map(|byte| format!("{byte:02X}")).collect();
    let lines: Vec<String> = digits.chunks(15).map(|line| line.join(":")).collect();
    bed.write("leaked/openssl.log", format!("Key:\n    {}\n", lines.join(":\n    ")));
    bed.write("leaked/node.log", format!("x <Buffer {}>\n", digits.join(" ").to_lowercase()));
    let cells: Vec<String> =
        text.bytes()
            .map(|byte| {
                if byte == b'\n' { "  \\n".to_owned() } else { format!("   {}", char::from(byte)) }
            })
            .collect();
    let lines: Vec<String> = cells.chunks(16).map(<[String]>::concat).collect();
    bed.write("leaked/od-An-c.log", lines.join("\n") + "\n");
    let octal: Vec<String> = text.bytes().map(|byte| format!(" {byte:03o}")).collect();
    let lines: Vec<String> = octal.chunks(16).map(<[String]>::concat).collect();
    bed.write("leaked/od-b.log", lines.join("\n") + "\n");
    // Numbers, dates, ids and single letters in columns.
    let numbers =
        |row: usize| (0..16).map(move |column| format!("{:02}", (row * 7 + column * 11) % 100));
    let table: Vec<String> =
        (0..400).map(|row| numbers(row).collect::<Vec<_>>().join(" ")).collect();
    let letters = "   A   B   C   D   E   F   G   H\n   1   2   3   4   5   6   7   8\n".repeat(50);
    bed.write("table.txt", table.join("\n") + "\n" + &letters);
    let found = places(&leaks(&bed, &[]));
    let files: Vec<_> = found.iter().filter_map(|place| place.split(':').next()).collect();
    let expected = ["hexdump", "node", "od-An-c", "od-An", "od-b", "od", "openssl", "xxd"];
    assert_eq!(files, expected.map(|name| format!("leaked/{name}.log")), "{found:?}");
}

#[test]
fn a_value_in_lists_of_numbers_and_behind_a_prefix_is_found() {
    let bed = bed();
    let text = format!("name: an example\ntoken: {TOKEN}\nand more behind it\n");
    let numbers = |show: fn(u8) -> String| text.bytes().map(show).collect::<Vec<_>>();
    let hex = numbers(|byte| format!("0x{byte:02x}"));
    let rows: Vec<_> = hex.chunks(12).map(|row| format!("  {},\n", row.join(", "))).collect();
    bed.write("leaked/array.h", format!("unsigned char env[] = {{\n{}}};\n", rows.concat()));
    let long = format!(
        "{}{}",
        "  0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,\n".repeat(20_000),
        rows.concat()
    );
    bed.write("leaked/array-long.h", long);
    let decimal = numbers(|byte| byte.to_string());
    bed.write("leaked/go.log", format!("env: [{}]\n", decimal.join(" ")));
    bed.write("leaked/json.log", format!("{{\"data\":[{}]}}\n", decimal.join(",")));
    bed.write("leaked/python.log", format!("[{}]\n", decimal.join(", ")));
    let xxd = dump(&text, |at| format!("{at:08x}:"), 2, true).replace("\n0", "\nweb-1  | 0");
    bed.write("leaked/xxd.log", format!("{}web-1  | {xxd}", "web-1  | up\n".repeat(1000)));
    let found = places(&leaks(&bed, &[]));
    let files: Vec<_> = found.iter().filter_map(|place| place.split(':').next()).collect();
    let expected = ["array-long.h", "array.h", "go.log", "json.log", "python.log", "xxd.log"];
    assert_eq!(files, expected.map(|name| format!("leaked/{name}")), "{found:?}");
}

#[test]
fn a_value_deep_in_a_long_dump_is_found() {
    let bed = bed();
    let text = format!("{}token: {TOKEN}\nend\n", "name: an example\n".repeat(20_000));
    bed.write("leaked/hexdump.log", dump(&text, |at| format!("{at:08x} "), 1, true));
    bed.write("leaked/od-An.log", dump(&text, |_| String::new(), 1, false));
    bed.write("leaked/od.log", dump(&text, |at| format!("{at:07o}"), 1, false));
    bed.write("leaked/xxd.log", dump(&text, |at| format!("{at:08x}:"), 2, true));
    let digits: Vec<String> = text.bytes().map(|byte| format!("{byte:02x}")).collect();
    bed.write("leaked/z-colons.log", digits.join(":"));
    let turned = |word: &[String]| format!(" {}{}", word[1], word[0]);
    let words: Vec<String> = digits.chunks_exact(2).map(turned).collect();
    let lines: Vec<String> = words.chunks(8).map(<[String]>::concat).collect();
    bed.write("leaked/words.log", lines.join("\n"));
    let found = places(&leaks(&bed, &[]));
    let line = text.find("CANARY").unwrap() / 16 + 1;
    let lines =
        ["hexdump", "od-An", "od", "words", "xxd"].map(|name| format!("leaked/{name}.log:{line}:"));
    let column = text.find("CANARY").unwrap() * 3 + 1;
    let expected = lines.into_iter().chain([format!("leaked/z-colons.log:1:{column} ")]);
    assert!(
        found.len() == 6 && found.iter().zip(expected).all(|(place, at)| place.starts_with(&at)),
        "{found:?}"
    );
}
