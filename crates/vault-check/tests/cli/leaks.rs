//! `leaks`: every encoding in every kind of place is found, nothing is invented, and no value is shown.

use std::os::unix::fs::symlink;

use data_encoding::{BASE64, BASE64URL, HEXLOWER};
use testbed::Bed;
use testbed::archive::{gzip, tar, zip};

pub(crate) const TOKEN: &str = "CANARYkq7Vw2xTzPaB3dE5";
pub(crate) const PASSWORD: &str = "CANARY-p4/w!d,x9";

/// A bed whose vault has a token, a URL and a short value, and in which leaks may lie.
pub(crate) fn bed() -> Bed {
    let mut bed = Bed::new();
    for place in ["leaked/", ".git/", ".opsproof/"] {
        bed.holds_secrets(place);
    }
    bed.write(
        "ops.toml",
        "version = 1\n[vault]\nroot = \"vault\"\n[[vault.file]]\npath = \"a.env\"\nkeys = { TOKEN = \"any\", URL = \"any\", PIN = \"any\" }\n",
    );
    let url = format!("postgres://u:{}@db.example.com/d", PASSWORD.replace('/', "%2F"));
    bed.write("vault/a.env", format!("TOKEN={TOKEN}\nURL='{url}'\nPIN=zq19x\n"));
    bed
}

pub(crate) fn leaks(bed: &Bed, args: &[&str]) -> testbed::Output {
    let args = ["leaks", "--format", "json"].into_iter().chain(args.iter().copied());
    bed.command(testbed::bin!("vault-check")).args(args).run()
}

/// `path:line:column key` of each leak, in order.
pub(crate) fn places(output: &testbed::Output) -> Vec<String> {
    let answer = output.json();
    let findings = answer["findings"].as_array().unwrap().iter();
    findings
        .filter(|finding| finding["rule"].as_str().unwrap().starts_with("leaked-"))
        .map(|finding| {
            let subject = &finding["subject"];
            let path = subject["path"].as_str().unwrap();
            format!(
                "{path}:{}:{} {}",
                subject["line"],
                subject["column"],
                subject["key"].as_str().unwrap()
            )
        })
        .collect()
}

#[test]
fn every_encoding_is_found_and_nothing_else() {
    let bed = bed();
    let wrapped: Vec<String> = TOKEN
        .as_bytes()
        .chunks(12)
        .map(|line| String::from_utf8_lossy(line).into_owned())
        .collect();
    let texts: &[(&str, Vec<u8>)] = &[
        ("base64", BASE64.encode(TOKEN.as_bytes()).into()),
        ("base64-inside", BASE64.encode(format!("u:{PASSWORD}\n").as_bytes()).into()),
        ("base64url", BASE64URL.encode(format!("x{TOKEN}").as_bytes()).into()),
        ("coloured", format!("\x1b[1m{}\x1b[0m{}", &TOKEN[..5], &TOKEN[5..]).into()),
        ("hex", HEXLOWER.encode(TOKEN.as_bytes()).into()),
        ("password", PASSWORD.into()),
        ("percent", PASSWORD.replace('/', "%2f").replace('!', "%21").replace(',', "%2c").into()),
        ("raw", TOKEN.into()),
        ("utf-16", TOKEN.encode_utf16().flat_map(u16::to_le_bytes).collect()),
        ("wrapped", wrapped.join("\n    ").into()),
    ];
    for (name, text) in texts {
        bed.write(format!("leaked/{name}"), [b"one\ntwo ", text.as_slice(), b" three\n"].concat());
    }
    bed.write(
        "leaked/clean",
        "token: ${TOKEN}\nPIN 5\nzq19x\n86f40937b5d0b6a1c9ed6a6ff1ab2c3d4e5f6071\n",
    );
    bed.write("leaked/short", "PIN=zq19x\n");
    let found = places(&leaks(&bed, &[]));
    let starts = |path: &str| {
        found.iter().filter(|place| place.starts_with(&format!("leaked/{path}:"))).count()
    };
    for (name, _) in texts {
        assert_eq!(starts(name), 1, "{name}: {found:?}");
    }
    assert_eq!((starts("clean"), starts("short"), found.len()), (0, 1, texts.len() + 1));
    assert!(found.contains(&"leaked/raw:2:5 a.env:TOKEN".to_owned()), "{found:?}");
    assert!(found.contains(&"leaked/password:2:5 a.env:URL".to_owned()), "{found:?}");
}

#[test]
fn archives_names_and_links_are_searched() {
    let bed = bed();
    let text = format!("one\n{TOKEN}\n");
    bed.write("leaked/a.gz", gzip(text.as_bytes()));
    bed.write("leaked/b.zip", zip("m.txt", text.as_bytes()));
    bed.write("leaked/c.tgz", gzip(&tar("inner.zip", &zip("m.txt", text.as_bytes()))));
    bed.write("leaked/d.zst", b"\x28\xb5\x2f\xfd....");
    bed.write("leaked/e.gz", &gzip(text.as_bytes())[..20]);
    bed.write(format!("leaked/f-{TOKEN}"), "");
    symlink(format!("/x/{TOKEN}"), bed.path("leaked/g")).unwrap();
    symlink(".", bed.path("leaked/loop")).unwrap();
    let output = leaks(&bed, &[]);
    assert_eq!(
        places(&output),
        [
            "leaked/a.gz:2:1 a.env:TOKEN",
            "leaked/b.zip:2:1 a.env:TOKEN",
            "leaked/c.tgz:2:1 a.env:TOKEN",
            "leaked/f-[REDACTED:a.env:TOKEN]:1:3 a.env:TOKEN",
            "leaked/g:1:4 a.env:TOKEN",
        ]
    );
    let answer = output.json();
    let findings = answer["findings"].as_array().unwrap().iter();
    let unread: Vec<_> = findings
        .filter(|finding| finding["rule"] == "not-read")
        .map(|finding| finding["subject"]["path"].as_str().unwrap())
        .collect();
    assert_eq!(unread, ["leaked/d.zst", "leaked/e.gz"]);
}

#[test]
fn history_is_searched_where_it_is_wanted() {
    let bed = bed();
    bed.git_init();
    bed.write(".gitignore", "vault/\nleaked/\n");
    bed.write("leaked/removed.txt", format!("x {TOKEN}\n"));
    bed.git(["add", "-f", ".gitignore", "leaked/removed.txt"]);
    bed.git(["commit", "-q", "-m", "first"]);
    bed.git(["rm", "-q", "-f", "leaked/removed.txt"]);
    bed.git(["commit", "-q", "-m", &format!("deployed with {PASSWORD}")]);
    let staged = leaks(&bed, &["--staged"]);
    assert_eq!((staged.code(), places(&staged)), (0, vec![]));
    let history = places(&leaks(&bed, &["--history"]));
    assert_eq!(history.len(), 2, "{history:?}");
    assert!(history.contains(&"leaked/removed.txt:1:3 a.env:TOKEN".to_owned()), "{history:?}");

    bed.write("leaked/new.txt", format!("x {TOKEN}\n"));
    bed.git(["add", "-f", "leaked/new.txt"]);
    let staged = leaks(&bed, &["--staged"]);
    assert_eq!(
        (staged.code(), places(&staged)),
        (1, vec!["leaked/new.txt:1:3 a.env:TOKEN".to_owned()])
    );
}

#[test]
fn what_is_not_there_of_the_history_is_not_called_clean() {
    let bed = bed();
    bed.git_init();
    bed.write(".gitignore", "vault/\nclone/\n");
    bed.git(["add", ".gitignore"]);
    bed.git(["commit", "-q", "-m", "first"]);
    bed.write("leaked/kept.txt", "nothing\n");
    bed.git(["add", "-f", "leaked/kept.txt"]);
    bed.git(["commit", "-q", "-m", "second"]);
    assert_eq!(leaks(&bed, &["--history"]).code(), 0);
    let id = bed.command("git").args(["rev-parse", "HEAD:leaked/kept.txt"]).run();
    let (folder, file) = id.stdout().trim().split_at(2);
    let object = format!(".git/objects/{folder}/{file}");
    std::fs::remove_file(bed.path(&object)).unwrap();
    bed.write(&object, "damaged");
    let damaged = leaks(&bed, &["--history"]);
    assert_ne!(damaged.code(), 0, "{damaged}");

    bed.git(["hash-object", "-w", "leaked/kept.txt"]);
    std::fs::remove_file(bed.path(&object)).unwrap();
    bed.git(["hash-object", "-w", "leaked/kept.txt"]);
    let source = format!("file://{}", bed.root().display());
    let clone = bed.command("git").args(["clone", "-q", "--depth", "1", &source, "clone"]).run();
    assert_eq!(clone.code(), 0, "{clone}");
    let ops = bed.read("ops.toml");
    bed.write("clone/ops.toml", ops);
    std::fs::create_dir_all(bed.path("clone/vault")).unwrap();
    std::fs::copy(bed.path("vault/a.env"), bed.path("clone/vault/a.env")).unwrap();
    let args = ["leaks", "--history", "--ops", "clone/ops.toml"];
    let shallow = bed.command(testbed::bin!("vault-check")).args(args).run();
    assert!(shallow.stdout().contains("the clone is shallow"), "{shallow}");
    assert_eq!(shallow.code(), 1, "{shallow}");
}

#[test]
fn what_git_keeps_is_not_called_clean_where_there_is_no_git() {
    let bed = bed();
    let run = |option| bed.command(testbed::bin!("vault-check")).args(["leaks", option]).run();
    assert_eq!(run("--staged").code(), 2);
    insta::assert_snapshot!(run("--history"), @"
    ------- stderr -------
    error: the folder of ops.toml lies in no git repository
    hint: search without `--history` and `--staged`
    [exit status: 2]
    ");
}

#[test]
fn a_hook_sees_what_the_commit_under_way_would_add() {
    let bed = bed();
    bed.git_init();
    bed.write(".gitignore", "vault/\n");
    bed.write("leaked/text", "nothing yet\n");
    bed.git(["add", ".gitignore", "leaked/text"]);
    bed.git(["commit", "-q", "-m", "first"]);
    let hook = format!("#!/bin/sh\nexec '{}' leaks --staged\n", testbed::bin!("vault-check"));
    bed.write_mode(".git/hooks/pre-commit", hook, 0o755);
    let commit = |args: &[&str]| {
        bed.command("git").arg("commit").args(args.iter().copied()).unguarded().run()
    };
    bed.write("leaked/text", format!("x {TOKEN}\n"));
    assert_ne!(commit(&["-qam", "all"]).code(), 0, "nothing is staged but by the commit itself");
    assert_ne!(commit(&["-qm", "one", "leaked/text"]).code(), 0);
    bed.write("leaked/text", "nothing again\n");
    assert_eq!(commit(&["-qam", "all"]).code(), 0);
    bed.write(format!("leaked/{TOKEN}.txt"), "nothing\n");
    bed.git(["add", "leaked"]);
    let found = places(&leaks(&bed, &["--staged"]));
    assert_eq!(found, ["leaked/[REDACTED:a.env:TOKEN].txt:1:8 a.env:TOKEN"]);
}

#[test]
fn standard_input_is_searched() {
    let bed = bed();
    let run = |text: &str| {
        bed.command(testbed::bin!("vault-check"))
            .args(["leaks", "--stdin", "--format", "json"])
            .stdin(text)
            .run()
    };
    assert_eq!(places(&run(&format!("a {TOKEN}"))), ["-:1:3 a.env:TOKEN"]);
    assert_eq!(run("nothing to see\n").code(), 0);
}

#[test]
fn credentials_by_form_are_found_and_can_be_allowed_for_a_time() {
    let bed = bed();
    bed.write("leaked/readme.md", "use postgres://me:SYNTHkq7Vw2@h/d\n");
    let output = leaks(&bed, &["--fingerprint"]);
    assert_eq!(places(&output), ["leaked/readme.md:1:19 connection-string"]);
    let hint = output.json()["findings"][0]["hint"].as_str().unwrap().to_owned();
    let fingerprint = hint.split('`').nth(1).unwrap().split(' ').next().unwrap().to_owned();

    bed.write(".opsproof/allowed-leaks", format!("{fingerprint} 2999-01-01 a sample\n"));
    assert_eq!(leaks(&bed, &[]).code(), 0);
    let reason = [format!("{fingerprint} 2999-01-01 ").as_bytes(), b"f\xfcr Tests\n"].concat();
    bed.write(".opsproof/allowed-leaks", reason);
    assert_eq!(leaks(&bed, &[]).code(), 0);
    bed.write(".opsproof/allowed-leaks", format!("{fingerprint} 2020-01-01 a sample\nx\n"));
    let output = leaks(&bed, &[]);
    assert_eq!((output.code(), places(&output).len()), (1, 1));
    bed.write("leaked/readme.md", "use postgres://me:SYNTHother9@h/d\n");
    bed.write(".opsproof/allowed-leaks", format!("{fingerprint} 2999-01-01 a sample\n"));
    assert_eq!(places(&leaks(&bed, &[])).len(), 1, "another password is another leak");
}

#[test]
fn what_cannot_be_read_is_a_finding() {
    let bed = bed();
    bed.write("leaked/x", "nothing");
    let output = leaks(&bed, &["leaked", "not-there"]);
    let answer = output.json();
    let paths: Vec<_> = answer["findings"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|finding| finding["rule"] == "not-read")
        .map(|finding| finding["subject"]["path"].as_str().unwrap())
        .collect();
    assert_eq!((output.code(), paths), (1, vec!["not-there"]));
}

#[test]
fn a_cut_value_is_found_where_wanted() {
    let bed = bed();
    bed.write("vault/a.env", "TOKEN=CANARYkq7Vw2xTzPaB3dE5fG7hJ9kL\n");
    bed.write("leaked/cut.log", "token q7Vw2xTzPaB3dE5fG…\n");
    assert_eq!(places(&leaks(&bed, &[])).len(), 0);
    assert_eq!(places(&leaks(&bed, &["--partial"])), ["leaked/cut.log:1:7 a.env:TOKEN"]);
}
