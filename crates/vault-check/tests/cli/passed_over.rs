//! What `check`, `list` and `init` once passed over, showed, or gave a hint for that did not help.

use std::fmt::Write;
use std::os::unix::fs::PermissionsExt;

use testbed::Bed;

use crate::operator::Operator;

fn bed(keys: &str, content: &str) -> Bed {
    let bed = Bed::new();
    let ops = format!(
        "version = 1\n[vault]\nroot = \"vault\"\n[[vault.file]]\npath = \"a.env\"\nkeys = {{ {keys} }}\n"
    );
    bed.write("ops.toml", ops);
    bed.write("vault/a.env", content);
    bed
}

/// `rule key` of each finding, in order.
fn told(bed: &Bed) -> Vec<String> {
    let check = ["check", "--format", "json"];
    let answer = bed.command(testbed::bin!("vault-check")).args(check).run().json();
    let findings = answer["findings"].as_array().unwrap().iter();
    findings
        .map(|finding| {
            let key = finding["subject"]["key"].as_str().unwrap_or_default();
            format!("{} {key}", finding["rule"].as_str().unwrap())
        })
        .collect()
}

#[test]
fn a_key_that_an_older_systemd_takes_for_a_comment_is_told() {
    let bed = bed(
        "TOKEN = \"any\", OTHER = \"any\"",
        "# from C:\\vault\\\nTOKEN=CANARYkq7Vw2xTzP\nOTHER=CANARYkq7Vw2xTzQ\n",
    );
    insta::assert_snapshot!(bed.command(testbed::bin!("vault-check")).args(["check"]).run(), @"
    PRESENT      a.env:OTHER  shared  changed today
    PRESENT      a.env:TOKEN  shared  changed today

    vault/a.env:2:1 TOKEN: warning: systemd before version 254 does not set it, because of a backslash at the end of the comment above [read-differently]
      hint: write something after the backslash, or take it away
    findings: 2 checked, 1 warning
    [exit status: 1]
    ");
}

#[test]
fn one_password_or_url_in_two_environments_is_told() {
    let bed = Bed::new();
    let mut ops = "version = 1\n[vault]\nroot = \"vault\"\n".to_owned();
    let keys = "U = \"https-url\", H = \"https-url\", P = \"any\", D = \"postgres-url\", Q = \"any\", API = \"https-url\", NAME = \"any\"";
    for environment in ["production", "staging"] {
        write!(
            ops,
            "[[vault.file]]\npath = \"{environment}.env\"\nenvironment = \"{environment}\"\nkeys = {{ {keys} }}\n"
        )
        .unwrap();
        let host = if environment == "staging" { "h1" } else { "h2" };
        bed.write(
            format!("vault/{environment}.env"),
            format!(
                "U=https://u:CANARY7Vw2xTzP991@h.example/x?token=CANARYKq7Vw2xTzP\nH=https://hooks.slack.com/services/T01/B01/CANARYKq7Vw2xTzQ\nP=CANARYkq7Vw\nD=postgres://a:CANARYKq7Vw2@{host}/d\nQ=CANARYq{host}kq7Vw\nAPI=https://api.example.com/v1\nNAME=chatwoot\n"
            ),
        );
    }
    bed.write("ops.toml", ops);
    assert_eq!(told(&bed), ["reused U", "reused H", "reused P", "reused D"]);
    let output = bed.command(testbed::bin!("vault-check")).args(["check"]).run();
    assert!(
        output.stdout().contains(
            "the password of `staging` stands in `production` too, in vault/production.env:D"
        ),
        "{output}"
    );
}

#[test]
fn a_password_under_a_name_of_its_own_beside_its_url_is_by_design() {
    let bed = bed(
        "URL = \"postgres-url\", PASSWORD = \"any\"",
        "URL=postgres://a:CANARYKq7Vw2@h/d\nPASSWORD=CANARYKq7Vw2\n",
    );
    assert_eq!(told(&bed), Vec::<String>::new());
}

#[test]
fn what_a_copy_took_with_it_is_told() {
    let bed = bed(
        "ZWSP = \"any\", SMART = \"any\", SHY = \"any\", BIDI = \"any\", KV = \"any\"",
        "ZWSP=CANARYkq7Vw2x1\u{200b}\nSMART=\u{201c}CANARYkq7Vw2x2\u{201d}\nSHY=CANARY\u{ad}kq7Vw2x3\nBIDI=\u{202e}CANARYkq7Vw2x4\nKV=KV=CANARYkq7Vw2x5\n",
    );
    let found: Vec<String> =
        told(&bed).into_iter().filter(|told| told.starts_with("bad-shape")).collect();
    let expected = ["ZWSP", "SMART", "SHY", "BIDI", "KV"].map(|key| format!("bad-shape {key}"));
    assert_eq!(found, expected);
}

#[test]
fn the_value_of_an_example_file_is_told() {
    let bed = bed(
        "TOKEN = \"any\", LEVEL = \"any\", BUCKET = \"any\"",
        "TOKEN=CANARYtok-91827-abcdqwe\nLEVEL=info\nBUCKET=CANARY-uploads-7\n",
    );
    let mut ops = bed.read("ops.toml");
    ops += "public = [\"BUCKET\"]\n";
    bed.write("ops.toml", ops);
    assert_eq!(told(&bed), Vec::<String>::new());
    let mut bed = bed;
    bed.holds_secrets("app/");
    bed.write(
        "app/.env.example",
        "TOKEN=CANARYtok-91827-abcdqwe\nLEVEL=info\nBUCKET=CANARY-uploads-7\n",
    );
    assert_eq!(told(&bed), ["placeholder TOKEN"]);
}

#[test]
fn a_folder_with_special_bits_has_a_hint_that_helps() {
    let operator = Operator::new();
    let folder = operator.bed.path("vault/occ/fly");
    operator.bed.set_mode("vault/occ/fly", 0o2700);
    let output = operator.run(["check"]);
    let hint = "chmod go=,a-st, or `vault-check check --fix-modes`";
    assert!(output.stdout().contains(hint), "{output}");
    duct::cmd!("chmod", "go=,a-st", &folder).run().unwrap();
    let mode = std::fs::metadata(&folder).unwrap().permissions().mode() & 0o7777;
    assert_eq!((mode, operator.run(["check"]).code()), (0o700, 0));
}

#[test]
fn whoever_comes_first_makes_the_key_for_fingerprints() {
    let operator = Operator::new();
    for _ in 0..5 {
        let key = operator.bed.path("vault/occ/.fingerprint-key");
        let _ = std::fs::remove_file(key);
        let answers: Vec<_> = std::thread::scope(|scope| {
            let run = || operator.run(["list", "--fingerprint", "--format", "json"]);
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(run)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        for output in &answers {
            assert_eq!((output.code(), output.stdout()), (0, answers[0].stdout()), "{output}");
        }
        let n_made = answers.iter().filter(|output| !output.stderr().is_empty()).count();
        assert_eq!(n_made, 1);
    }
    let left = std::fs::read_dir(operator.bed.path("vault/occ")).unwrap().count();
    assert_eq!(left, 4, "three folders and the key");
}

#[test]
fn init_takes_a_folder_only_where_ops_toml_can_name_it() {
    let bed = Bed::new();
    bed.write("repo/vault/a.env", "A=CANARY-value\n");
    bed.write("repo/sub/x", "");
    let init = |cwd: &str, folder: &str| {
        let command = bed.command(testbed::bin!("vault-check")).args(["init", folder]);
        command.cwd(bed.path(cwd)).run()
    };
    let absolute = bed.path("repo/vault").display().to_string();
    for folder in ["vault", "./vault/", "sub/../vault", absolute.as_str()] {
        let output = init("repo", folder);
        assert!(output.stdout().contains("\nroot = \"vault\"\n"), "{folder}: {output}");
    }
    insta::assert_snapshot!(init("repo/sub", "../vault"), @"
    ------- stderr -------
    error: ../vault does not lie below this folder
    hint: ops.toml stands above the vault: run this where it is to be, in the repo's folder
    [exit status: 2]
    ");
    assert_eq!(init("repo/sub", &absolute).code(), 2);
    assert_eq!(init("repo/vault", ".").code(), 2);
}

#[test]
fn init_reckons_from_the_folder_of_ops_toml() {
    let bed = Bed::new();
    bed.write("ops.toml", "version = 1\n");
    bed.write("vault/a.env", "A=CANARY-value\n");
    bed.write("sub/vault/b.env", "B=CANARY-value\n");
    let command = bed.command(testbed::bin!("vault-check")).args(["init"]);
    let output = command.cwd(bed.path("sub")).run();
    assert!(output.stdout().contains("path = \"a.env\""), "{output}");
}

#[test]
fn a_value_that_lost_its_name_is_shown_nowhere() {
    let token = data_encoding::BASE64.encode(b"CANARY-secret-token-12345-abc-x");
    let bed = bed("A = \"any\"", &format!("A=CANARYkq7Vw2xTzP\n{token}\nA.B=1\n"));
    let run = |args: &[&str]| {
        let command = bed.command(testbed::bin!("vault-check"));
        command.args(args.iter().copied()).run()
    };
    for args in [
        &["check"][..],
        &["check", "--format", "json"],
        &["list"],
        &["leaks"],
        &["init"],
        &["check", "--format", "github"],
    ] {
        let output = run(args);
        assert!(!output.to_string().contains(&token[..20]), "{output}");
    }
    bed.write("ops.toml", "version = 1\n[vault]\nroot = \"vault\"\n");
    insta::assert_snapshot!(run(&["init"]), @r#"
    [[vault.file]]
    path = "a.env"
    keys = { A = "any" }
    ------- stderr -------
    left out, as no key can be read there: "vault/a.env" line 2
    left out, as no key can be read there: "vault/a.env" line 3
    [exit status: 0]
    "#);
}
