//! What went wrong in vaults that people kept by hand, replayed end to end.

use std::fmt::Write;

use testbed::Bed;

use crate::operator::{DSN, FLY_TOKEN, Operator};

#[test]
fn a_sound_vault_is_present_line_by_line() {
    let operator = Operator::new();
    let output = operator.run(["check", "--for", "preflight"]);
    insta::assert_snapshot!(output, @"
    PRESENT      fly/api_token.env:FLY_API_TOKEN                 shared   rotated today
    PRESENT      supabase/database_url_staging.env:DATABASE_URL  staging  rotated today
    PRESENT      chatwoot/redis_staging.env:REDIS_URL            staging  rotated today

    ok: 3 checked, nothing found
    [exit status: 0]
    ");
}

#[test]
fn a_missing_file_is_named_and_fails() {
    let operator = Operator::new();
    operator.bed.remove("vault/occ/chatwoot/redis_staging.env");
    let output = operator.run(["check", "--for", "preflight"]);
    insta::assert_snapshot!(output, @"
    PRESENT      fly/api_token.env:FLY_API_TOKEN                 shared   rotated today
    PRESENT      supabase/database_url_staging.env:DATABASE_URL  staging  rotated today
    MISSING      chatwoot/redis_staging.env:REDIS_URL            staging

    vault/occ/chatwoot/redis_staging.env: error: the file is missing [missing-file]
      hint: put the file in place with REDIS_URL, mode 0600
    findings: 3 checked, 1 error
    [exit status: 1]
    ");
}

#[test]
fn thirteen_of_fifteen_files_open_to_everyone_are_thirteen_findings() {
    let bed = Bed::new();
    let mut ops = "version = 1\n[vault]\nroot = \"vault/occ\"\n".to_owned();
    for number in 0..15 {
        let path = format!("service{}/key_{number}.env", number % 3);
        let _ =
            write!(ops, "[[vault.file]]\npath = \"{path}\"\nkeys = {{ KEY_{number} = \"any\" }}\n");
        let mode = if number < 13 { 0o644 } else { 0o600 };
        bed.write_mode(
            format!("vault/occ/{path}"),
            format!("KEY_{number}=CANARY-value-{number}\n"),
            mode,
        );
    }
    for folder in ["vault/occ", "vault/occ/service0", "vault/occ/service1", "vault/occ/service2"] {
        bed.set_mode(folder, 0o755);
    }
    bed.write("ops.toml", ops);
    let check =
        || bed.command(testbed::bin!("vault-check")).args(["check", "--format", "json"]).run();
    let output = check();
    assert_eq!(output.code(), 1);
    let (files, folders) = modes(&output.json());
    assert_eq!((files, folders), (13, 4));

    // Nothing was changed by looking; the flag changes it, and says so.
    assert_eq!(mode(&bed, "vault/occ/service0/key_0.env"), 0o644);
    let fixed = bed
        .command(testbed::bin!("vault-check"))
        .args(["check", "--fix-modes", "--format", "json"])
        .run();
    assert_eq!(fixed.code(), 0, "{fixed}");
    assert_eq!(fixed.stderr().lines().count(), 17);
    assert_eq!(mode(&bed, "vault/occ/service0/key_0.env"), 0o600);
    assert_eq!(mode(&bed, "vault/occ/service1"), 0o700);
}

fn modes(answer: &serde_json::Value) -> (usize, usize) {
    let findings = answer["findings"].as_array().unwrap();
    assert!(findings.iter().all(|finding| finding["rule"] == "mode"), "{findings:?}");
    let is_file = |finding: &&serde_json::Value| {
        finding["subject"]["path"].as_str().unwrap().contains(".env")
    };
    let files = findings.iter().filter(is_file).count();
    (files, findings.len() - files)
}

fn mode(bed: &Bed, path: &str) -> u32 {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(bed.path(path)).unwrap().permissions().mode() & 0o7777
}

#[test]
fn look_alike_placeholders_are_told_from_tokens() {
    let bed = Bed::new();
    bed.write(
        "ops.toml",
        "version = 1\n[vault]\nroot = \"vault/occ\"\n[[vault.file]]\npath = \"all.env\"\n\
         keys = { EMBED = \"any\", FLY = \"fly-token\", PASSWORD = \"any\", PLAIN = \"any\", REAL = \"any\", TEMPLATE = \"any\", VOID = \"any\" }\n",
    );
    let fly = format!("FlyV1 {}", vec!["fm2_CANARYabcdefghijklmnop"; 24].join(","));
    bed.write(
        "vault/occ/all.env",
        format!(
            "EMBED=shpat_CANARY_embed_token_placeholder_2025-10-10\nFLY='{fly}'\nPASSWORD='<password>'\nPLAIN=changeme\n\
             REAL=sk_test_CANARY8fJ2kQ0vX3mN7pR4\nTEMPLATE='{{{{vault:chatwoot/redis}}}}'\nVOID=\n"
        ),
    );
    let output = bed.command(testbed::bin!("vault-check")).args(["check"]).run();
    insta::assert_snapshot!(output, @"
    PLACEHOLDER  all.env:EMBED     shared  changed today
    PRESENT      all.env:FLY       shared  changed today
    PLACEHOLDER  all.env:PASSWORD  shared  changed today
    PLACEHOLDER  all.env:PLAIN     shared  changed today
    PRESENT      all.env:REAL      shared  changed today
    PLACEHOLDER  all.env:TEMPLATE  shared  changed today
    EMPTY        all.env:VOID      shared  changed today

    vault/occ/all.env:1:1 EMBED: error: the value is a placeholder: it says so itself [placeholder]
      hint: put the real value in
    vault/occ/all.env:3:1 PASSWORD: error: the value is a placeholder: it has a name in brackets where a value belongs [placeholder]
      hint: put the real value in
    vault/occ/all.env:4:1 PLAIN: error: the value is a placeholder: it is a word that stands for a value [placeholder]
      hint: put the real value in
    vault/occ/all.env:6:1 TEMPLATE: error: the value is a placeholder: it refers to a value that was never filled in [placeholder]
      hint: put the real value in
    vault/occ/all.env:7:1 VOID: error: the value is empty [empty-value]
      hint: fill in the value
    findings: 7 checked, 5 errors
    [exit status: 1]
    ");
}

#[test]
fn drifted_names_lead_to_the_canonical_ones() {
    let bed = Bed::new();
    bed.write(
        "ops.toml",
        "version = 1\n[vault]\nroot = \"vault/occ\"\n\
         [[vault.file]]\npath = \"chatwoot/api_token_prod.env\"\nkeys = { CHATWOOT_TOKEN_PROD = \"any\" }\nenvironment = \"production\"\n\
         [[vault.file]]\npath = \"chatwoot/api_token_staging.env\"\nkeys = { CHATWOOT_ACCOUNT_ID_STAGING = \"integer\" }\nenvironment = \"staging\"\n\
         [[vault.file]]\npath = \"fly/api_token.env\"\nkeys = { FLY_API_TOKEN = \"fly-token\" }\n",
    );
    bed.write("vault/occ/chatwoot/token_prod.env", "CHATWOOT_TOKEN_PROD=CANARY-one\n");
    bed.write("vault/occ/chatwoot/api_token_production.env", "CHATWOOT_TOKEN_PROD=CANARY-two\n");
    bed.write("vault/occ/chatwoot/api_token_staging.env", "CHATWOOT_ACCOUNT_ID_STAGING=abc\n");
    bed.write("vault/occ/chatwoot/api_token_staging.env.new", "CHATWOOT_ACCOUNT_ID_STAGING=7\n");
    bed.write("vault/occ/chatwoot/api_token_staging.env.old", "CHATWOOT_ACCOUNT_ID_STAGING=6\n");
    bed.write("vault/occ/fly/api_token.env", format!("FLY_API_TOKEN={FLY_TOKEN}\n"));
    bed.write("vault/occ/fly/api-token.txt", FLY_TOKEN);
    let output = bed.command(testbed::bin!("vault-check")).args(["check"]).run();
    insta::assert_snapshot!(output, @"
    MISSING      chatwoot/api_token_prod.env:CHATWOOT_TOKEN_PROD             production
    BAD SHAPE    chatwoot/api_token_staging.env:CHATWOOT_ACCOUNT_ID_STAGING  staging     changed today
    PRESENT      fly/api_token.env:FLY_API_TOKEN                             shared      changed today

    vault/occ/chatwoot/api_token_prod.env: error: the file is missing [missing-file]
      hint: vault/occ/chatwoot/api_token_production.env looks like it under another name; rename it
    vault/occ/chatwoot/api_token_production.env: warning: another name for vault/occ/chatwoot/api_token_prod.env [undeclared-file]
      hint: move what is right to vault/occ/chatwoot/api_token_prod.env and remove this
    vault/occ/chatwoot/api_token_staging.env:1:1 CHATWOOT_ACCOUNT_ID_STAGING: error: the value must be an integer [bad-shape]
      hint: put in what `integer` asks for, or declare the shape that is right
    vault/occ/chatwoot/api_token_staging.env.new: warning: a leftover copy of vault/occ/chatwoot/api_token_staging.env [undeclared-file]
      hint: compare the two, keep the one that is right, and remove this
    vault/occ/chatwoot/api_token_staging.env.old: warning: a leftover copy of vault/occ/chatwoot/api_token_staging.env [undeclared-file]
      hint: compare the two, keep the one that is right, and remove this
    vault/occ/chatwoot/token_prod.env: warning: another name for vault/occ/chatwoot/api_token_prod.env [undeclared-file]
      hint: move what is right to vault/occ/chatwoot/api_token_prod.env and remove this
    vault/occ/fly/api-token.txt: warning: another name for vault/occ/fly/api_token.env [undeclared-file]
      hint: move what is right to vault/occ/fly/api_token.env and remove this
    findings: 3 checked, 2 errors, 5 warnings
    [exit status: 1]
    ");
}

#[test]
fn hostile_syntax_is_read_whole_and_never_run() {
    let bed = Bed::new();
    bed.write(
        "ops.toml",
        "version = 1\n[vault]\nroot = \"vault/occ\"\n[[vault.file]]\npath = \"all.env\"\n\
         keys = { DATABASE_URL = \"postgres-url\", PADDED = \"base64\", HOMELY = \"any\", TICKED = \"any\" }\n",
    );
    let canary = bed.path("was-run");
    bed.write(
        "vault/occ/all.env",
        format!(
            "\u{feff}# kept by hand\r\nexport DATABASE_URL='{DSN}'\r\nPADDED=Q0FOQVJZ\r\nPADDED=Q0FOQVJZQQ==\r\n\
             HOMELY=\"CANARY-$HOME-x\"\r\nTICKED=CANARY`touch {}`x\r\n",
            canary.display()
        ),
    );
    let output = bed.command(testbed::bin!("vault-check")).args(["check"]).run();
    assert!(!canary.exists());
    insta::assert_snapshot!(output, @"
    PRESENT      all.env:DATABASE_URL  shared  changed today
    PRESENT      all.env:HOMELY        shared  changed today
    DUPLICATE    all.env:PADDED        shared  changed today
    PRESENT      all.env:TICKED        shared  changed today

    vault/occ/all.env:1:1: warning: the file begins with a byte order mark [syntax]
      hint: save the file as UTF-8 without a byte order mark
    vault/occ/all.env:1:15: warning: lines end in CR LF [syntax]
      hint: save the file with LF line ends
    vault/occ/all.env:2:8 DATABASE_URL: warning: shell reads another value; systemd and fly secrets import do not set it, because of `export` [read-differently]
      hint: put the value in single quotes, with nothing after them
    vault/occ/all.env:2:1 DATABASE_URL: warning: `export` before the key [syntax]
      hint: leave `export` out; to export while sourcing, use `set -a`
    vault/occ/all.env:3:1 PADDED: warning: shell reads another value, because of CR at the end of the line, here and on all such lines [read-differently]
      hint: save the file with LF line ends
    vault/occ/all.env:4:1 PADDED: error: the key stands on line 3 already [duplicate-key]
      hint: readers take the last one; remove the others
    vault/occ/all.env:5:1 HOMELY: warning: shell, compose, dotenv (ruby) and godotenv read another value, because of `$` [read-differently]
      hint: put the value in single quotes, with nothing after them
    vault/occ/all.env:6:1 TICKED: error: shell would run a command in it, because of a backtick [read-differently]
      hint: put the value in single quotes, with nothing after them
    findings: 4 checked, 2 errors, 6 warnings
    [exit status: 1]
    ");
}
