//! `check`: rotations, other users, poolers.

use std::ffi::OsStr;
use std::fs::Permissions;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, chown};

use testbed::Bed;

use crate::check::{bed, check};

#[test]
fn a_rotation_is_read_behind_a_value_and_told_where_it_is_said_otherwise() {
    let bed = Bed::new();
    let file = |name: &str| {
        format!(
            "[[vault.file]]\npath = \"{name}.env\"\nkeys = {{ A = \"any\" }}\nrotate = \"90d\"\n"
        )
    };
    let ops = format!("version = 1\n[vault]\nroot = \"vault\"\n{}{}", file("a"), file("b"));
    bed.write("ops.toml", ops);
    bed.write("vault/a.env", "A='CANARY-value-a' # rotated: 2020-01-01\n");
    bed.write("vault/b.env", "# last rotated: 2020-01-01\nA=CANARY-value-b\n");
    let output = check(&bed).json();
    let findings = output["findings"].as_array().unwrap().iter();
    let told: Vec<_> = findings
        .filter(|finding| finding["rule"] == "stale")
        .map(|finding| format!("{} {}", finding["subject"]["path"], finding["message"]))
        .collect();
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told[0].contains("vault/a.env") && told[0].contains("rotated"), "{told:?}");
    assert!(told[1].contains("vault/b.env") && told[1].contains("is not read"), "{told:?}");
}

#[test]
fn a_rotation_is_read_in_a_file_that_is_one_credential() {
    let bed = Bed::new();
    bed.write(
        "ops.toml",
        "version = 1\n[vault]\nroot = \"vault\"\n[[vault.file]]\npath = \".pgpass\"\nwhole = \"any\"\nrotate = \"90d\"\n",
    );
    let line = "db.example.com:5432:app:app:CANARYkq7Vw2xTzP\n";
    bed.write("vault/.pgpass", format!("# rotated: 2020-01-01\n{line}"));
    let output = check(&bed).json();
    let told = |finding: &serde_json::Value| finding["rule"] == "stale";
    assert!(output["findings"].as_array().unwrap().iter().any(told), "{output}");
    bed.write("vault/.pgpass", line);
    assert!(!check(&bed).json()["findings"].as_array().unwrap().iter().any(told));
}

#[test]
fn a_certificate_may_be_that_of_two_environments_and_stand_in_the_repo() {
    let mut bed = Bed::new();
    bed.holds_secrets("deploy/");
    let file = |name: &str, whole: &str| {
        format!(
            "[[vault.file]]\npath = \"{name}.pem\"\nwhole = \"{whole}\"\nenvironment = \"{name}\"\n"
        )
    };
    bed.write(
        "ops.toml",
        format!(
            "version = 1\n[vault]\nroot = \"vault\"\n{}{}{}",
            file("staging", "any"),
            file("production", "any"),
            file("shared", "private-key")
        ),
    );
    let block = |label: &str, line: &str| {
        format!("-----BEGIN {label}-----\n{}-----END {label}-----\n", format!("{line}\n").repeat(3))
    };
    let certificate = block("CERTIFICATE", "MIIDCANARYkq7Vw2xTzP9dE5");
    let key = block("PRIVATE KEY", "Q0FOQVJZQ0FOQVJZQ0FOQVJZQ0FOQVJZ");
    bed.write("vault/staging.pem", &certificate);
    bed.write("vault/production.pem", &certificate);
    bed.write("vault/shared.pem", format!("{key}{certificate}"));
    bed.write("deploy/tls.crt", &certificate);
    assert_eq!(check(&bed).json()["findings"], serde_json::json!([]));
    let leaks = bed.command(testbed::bin!("vault-check")).args(["leaks", "deploy"]).run();
    assert_eq!(leaks.code(), 0, "{leaks}");
    bed.write("deploy/tls.key", &key);
    let leaks = bed.command(testbed::bin!("vault-check")).args(["leaks", "deploy"]).run();
    assert_eq!(leaks.code(), 1, "{leaks}");
}

#[test]
fn a_file_of_another_user_is_named_by_fix_modes() {
    let bed = bed("A = \"any\"", "A=CANARYkq7Vw2xTzP\n");
    let file = bed.path("vault/a.env");
    if chown(&file, Some(65_534), None).is_err() {
        testbed::not_run(
            "a_file_of_another_user_is_named_by_fix_modes",
            "only root gives files away",
        );
        return;
    }
    std::fs::set_permissions(&file, Permissions::from_mode(0o644)).unwrap();
    let output = bed.command(testbed::bin!("vault-check")).args(["check", "--fix-modes"]).run();
    let told = "0644 stays  vault/a.env: it belongs to another user\n";
    assert_eq!(output.stderr(), told, "{output}");
    assert!(output.stdout().contains("  hint: chmod 600\n"), "{output}");
    assert!(output.stdout().contains("belongs to another user (id 65534)"), "{output}");
}

#[test]
fn a_mode_that_cannot_be_changed_keeps_no_other_from_being_changed() {
    let bed = bed("A = \"any\"", "A=CANARYkq7Vw2xTzP\n");
    let file = bed.path("vault").join(OsStr::from_bytes(b"a\xff.env"));
    std::fs::write(&file, "B=CANARY\n").unwrap();
    for path in [file, bed.path("vault")] {
        std::fs::set_permissions(path, Permissions::from_mode(0o755)).unwrap();
    }
    let output = bed.command(testbed::bin!("vault-check")).args(["check", "--fix-modes"]).run();
    let told = "0755 stays  vault/a\u{fffd}.env: No such file or directory (os error 2)\n0755 -> 0700  vault\n";
    assert_eq!(output.stderr(), told, "{output}");
    assert!(output.stdout().contains("a\u{fffd}.env: error: the file can be read by"), "{output}");
}

#[test]
fn a_url_through_a_pooler_and_one_past_it_are_told_under_each_others_name() {
    let bed = bed(
        "DIRECT_URL = \"any\", APP_POOLER_URL = \"any\", DIRECT_DATABASE_URL = \"any\", POOL_SIZE = \"any\"",
        "DIRECT_URL=postgres://postgres.abcd:CANARYkq7Vw@aws-0-us-east-1.pooler.supabase.com:6543/postgres\n\
         APP_POOLER_URL=postgres://postgres:CANARYkq7Vx@db.abcd.supabase.co:5432/postgres\n\
         DIRECT_DATABASE_URL=postgres://postgres.abcd:CANARYkq7Vy@aws-0-us-east-1.pooler.supabase.com:5432/postgres\n\
         POOL_SIZE=12\n",
    );
    let output = check(&bed).json();
    let findings = output["findings"].as_array().unwrap().iter();
    let told: Vec<_> = findings
        .filter(|finding| finding["rule"] == "bad-shape")
        .map(|finding| finding["subject"]["key"].as_str().unwrap())
        .collect();
    assert_eq!(told, ["DIRECT_URL", "APP_POOLER_URL"], "{output}");
}

#[test]
fn a_key_that_stands_twice_is_told_in_a_file_of_any_length() {
    for n_others in [1, 14, 15, 40] {
        let others: Vec<String> = (0..n_others).map(|n| format!("K{n}")).collect();
        let keys: Vec<String> = others.iter().map(|key| format!("{key} = \"any\"")).collect();
        let lines: Vec<String> =
            others.iter().map(|key| format!("{key}=CANARY-{key}-kq7V\n")).collect();
        let twice = "A=CANARY-one-w2xT\nA=CANARY-two-w2xT\n";
        let bed = bed(&format!("A = \"any\", {}", keys.join(", ")), &(lines.concat() + twice));
        let output = check(&bed).json();
        let findings = output["findings"].as_array().unwrap().iter();
        let told: Vec<_> = findings
            .filter(|finding| finding["rule"] == "duplicate-key")
            .map(|finding| finding["subject"]["line"].as_u64().unwrap())
            .collect();
        assert_eq!(told, [n_others + 2], "{output}");
    }
}

#[test]
fn what_is_shared_is_of_no_other_environment() {
    for (environment, n_told) in [("shared", 0), ("staging", 1)] {
        let file = |name: &str, environment: &str| {
            format!(
                "[[vault.file]]\npath = \"{name}.env\"\nenvironment = \"{environment}\"\nkeys = {{ URL = \"any\" }}\n"
            )
        };
        let bed = Bed::new();
        let files = file("a", "production") + &file("b", environment);
        bed.write("ops.toml", format!("version = 1\n[vault]\nroot = \"vault\"\n{files}"));
        for name in ["a", "b"] {
            let url = format!("URL=postgres://u:CANARYkq7Vw2x@{name}.example.com/d\n");
            bed.write(format!("vault/{name}.env"), url);
        }
        let output = check(&bed).json();
        let findings = output["findings"].as_array().unwrap().iter();
        let told = findings.filter(|finding| finding["rule"] == "reused").count();
        assert_eq!(told, n_told, "{environment}: {output}");
    }
}

#[test]
fn how_to_write_a_value_is_said_with_its_breaks_and_backslashes() {
    let check = |line: &str, told: &str| {
        let bed = bed("A = \"any\"", line);
        let answer = check(&bed).json();
        let mut findings = answer["findings"].as_array().unwrap().iter();
        let finding = findings.find(|finding| finding["rule"] == "read-differently").unwrap();
        let (message, hint) = (finding["message"].as_str(), finding["hint"].as_str());
        assert_eq!(format!("{}: {}", message.unwrap(), hint.unwrap()), told, "{line}");
    };
    check(
        "A=\"CANARY-one\\nCANARY-two\\n\"\n",
        "shell, dotenv (ruby), systemd and fly secrets import read another value, because of a backslash: no quoting suits all: put the value in double quotes, with its line breaks as they are, nothing after them, and only fly secrets import still differs; or change the credential",
    );
    check(
        "A=CANARY'one$TWO\n",
        "compose, dotenv (ruby) and godotenv read another value; shell fails on it, because of `$`: no quoting suits all: put the value in double quotes, with a backslash before each `\"`, `$` and backslash in it, nothing after them, and only dotenv (npm), python-dotenv and fly secrets import still differ; or change the credential",
    );
    check(
        "A=CANARY?one&two\r\n",
        "shell does not set it, because of `&`: put the value in single quotes, with nothing after them",
    );
    check(
        "A=CANARY#one$two\n",
        "shell, dotenv (npm), compose, dotenv (ruby) and fly secrets import read another value, because of `#`: no quoting suits all: put the value in single quotes, with nothing after them, and only fly secrets import still differs; or change the credential",
    );
}

#[test]
fn a_setting_that_looks_like_a_placeholder_may_be_declared_public() {
    let bed = bed("VERIFY_MODE = \"any\"", "VERIFY_MODE=none\n");
    let answer = check(&bed).json();
    let hint = &answer["findings"][0]["hint"];
    assert_eq!(hint, "put the real value in; what is no secret, name in `public` of the file");
    let ops = std::fs::read_to_string(bed.path("ops.toml")).unwrap();
    bed.write("ops.toml", format!("{ops}public = [\"VERIFY_MODE\"]\n"));
    assert_eq!(check(&bed).code(), 0);
}

#[test]
fn what_is_public_in_either_file_is_not_reused() {
    for public in ["one", "two"] {
        let bed = Bed::new();
        let file = |name: &str| {
            let public = if name == public { "public = [\"BUCKET\"]\n" } else { "" };
            bed.write(format!("vault/{name}.env"), "BUCKET=CANARY-uploads-of-all\n");
            format!(
                "[[vault.file]]\npath = \"{name}.env\"\nkeys = {{ BUCKET = \"any\" }}\nenvironment = \"{name}\"\n{public}"
            )
        };
        let files = format!("{}{}", file("one"), file("two"));
        bed.write("ops.toml", format!("version = 1\n[vault]\nroot = \"vault\"\n{files}"));
        assert_eq!(check(&bed).code(), 0, "{public}");
    }
}

#[test]
fn a_file_in_utf_16_is_told_as_that_and_not_line_by_line() {
    let bed = bed("A = \"any\"", "");
    let text = "\u{feff}A=CANARY-one\r\n# two\r\n".encode_utf16().flat_map(u16::to_le_bytes);
    bed.write("vault/a.env", text.collect::<Vec<u8>>());
    let answer = check(&bed).json();
    let findings = answer["findings"].as_array().unwrap().iter();
    let told: Vec<_> = findings.filter(|finding| finding["rule"] == "syntax").collect();
    assert_eq!(told.len(), 1, "{answer}");
    assert_eq!(told[0]["hint"], "save the file as UTF-8");
}

#[test]
fn a_file_in_the_place_of_the_vault_is_told() {
    let bed = Bed::new();
    bed.write("ops.toml", "version = 1\n[vault]\nroot = \"vault.zip\"\n");
    bed.write("vault.zip", "PK");
    insta::assert_snapshot!(bed.command(testbed::bin!("vault-check")).args(["check"]).run(), @"
    ------- stderr -------
    error: listing [ROOT]/vault.zip
      caused by: Not a directory (os error 20)
    hint: `root` in ops.toml must name a folder
    [exit status: 2]
    ");
}

/// With the true reason, and nothing of the pattern, which may be a value in the wrong place.
#[test]
fn a_pattern_that_is_none_is_refused_with_its_reason() {
    let bed = bed("A = \"regex:CANARY-p4ss(\"", "A=CANARY-p4ss\n");
    let output = bed.command(testbed::bin!("vault-check")).arg("check").run();
    insta::assert_snapshot!(output, @"
    ------- stderr -------
    error: [ROOT]/ops.toml:6:14: vault.file[0].keys.A: what stands behind `regex:` must be a regular expression; at its character 12: unclosed group
    [exit status: 2]
    ");
}
