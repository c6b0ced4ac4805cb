//! `check` where a vault is not as it should be, and where it cannot be read.

use std::os::unix::fs::symlink;

use testbed::Bed;

use crate::operator::Operator;

/// The rules of the findings, each once, in order.
fn rules(output: &testbed::Output) -> Vec<String> {
    let answer = output.json();
    let mut rules: Vec<String> = answer["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| finding["rule"].as_str().unwrap().to_owned())
        .collect();
    rules.sort();
    rules.dedup();
    rules
}

pub(crate) fn bed(keys: &str, content: &str) -> Bed {
    let bed = Bed::new();
    let ops = format!(
        "version = 1\n[vault]\nroot = \"vault\"\n[[vault.file]]\npath = \"a.env\"\nkeys = {{ {keys} }}\n"
    );
    bed.write("ops.toml", ops);
    bed.write("vault/a.env", content);
    bed
}

pub(crate) fn check(bed: &Bed) -> testbed::Output {
    bed.command(testbed::bin!("vault-check")).args(["check", "--format", "json"]).run()
}

#[test]
fn a_purpose_or_environment_that_no_file_has_is_a_usage_error() {
    let operator = Operator::new();
    insta::assert_snapshot!(operator.run(["check", "--for", "preflght"]), @"
    ------- stderr -------
    error: no file of the vault is declared for `preflght`
    hint: known purposes: align, preflight
    [exit status: 2]
    ");
    insta::assert_snapshot!(operator.run(["check", "--environment", "stagin"]), @"
    ------- stderr -------
    error: no file of the vault is declared for the environment `stagin`
    hint: known environments: shared, staging
    [exit status: 2]
    ");
}

#[test]
fn only_what_was_asked_for_is_checked() {
    let operator = Operator::new();
    operator.bed.remove("vault/occ/chatwoot/redis_staging.env");
    operator.bed.write("vault/occ/stray.env", "STRAY=CANARY-value\n");
    let align = operator.run(["check", "--for", "align", "--format", "json"]);
    assert_eq!((align.code(), rules(&align)), (0, vec![]));
    assert_eq!(align.json()["checked"], 1);
    let staging = operator.run(["check", "--environment", "staging", "--format", "json"]);
    assert_eq!((staging.code(), staging.json()["checked"].as_u64()), (1, Some(3)));
    let all = operator.run(["check", "--format", "json"]);
    assert_eq!(rules(&all), ["missing-file", "undeclared-file"]);
}

#[test]
fn a_selection_of_nothing_is_an_error() {
    let operator = Operator::new();
    operator.bed.write(
        "ops.toml",
        "version = 1\n[vault]\nroot = \"vault\"\n[[vault.file]]\npath = \"a.env\"\nkeys = { A = \"any\" }\nenvironment = \"staging\"\nfor = [\"align\"]\n[[vault.file]]\npath = \"b.env\"\nkeys = { B = \"any\" }\nenvironment = \"production\"\nfor = [\"smoke\"]\n",
    );
    let output = operator.run(["check", "--for", "align", "--environment", "production"]);
    assert_eq!(output.code(), 2, "{output}");
    assert!(output.stderr().contains("for these purposes and this environment together"));
}

#[test]
fn what_belongs_to_no_production_is_told_there() {
    let bed = Bed::new();
    bed.write(
        "ops.toml",
        "version = 1\n[vault]\nroot = \"vault\"\n[[vault.file]]\npath = \"a.env\"\nenvironment = \"production\"\nkeys = { KEY = \"any\", URL = \"postgres-url\", MARK = \"any\" }\n",
    );
    bed.write(
        "vault/a.env",
        "KEY=sk_test_CANARYkq7Vw2xTzP\nURL=postgres://u:CANARYp9@localhost/d\nMARK='[REDACTED:a.env:KEY]'\n",
    );
    let output =
        bed.command(testbed::bin!("vault-check")).args(["check", "--format", "json"]).run();
    assert_eq!(rules(&output), ["placeholder"], "{output}");
    assert_eq!(output.json()["findings"].as_array().unwrap().len(), 3, "{output}");
    bed.write("ops.toml", bed.read("ops.toml").replace("production", "Production"));
    bed.write(
        "vault/a.env",
        "KEY=sk_test_CANARYkq7Vw2xTzP\nURL='postgres://u:CANARYp9@[::1]:5432/d'\nMARK='__MARK__'\n",
    );
    let output =
        bed.command(testbed::bin!("vault-check")).args(["check", "--format", "json"]).run();
    assert_eq!(rules(&output), ["placeholder"], "{output}");
    assert_eq!(output.json()["findings"].as_array().unwrap().len(), 3, "{output}");
}

#[test]
fn what_changed_since_is_checked_and_what_is_missing() {
    let operator = Operator::new();
    operator.bed.remove("vault/occ/chatwoot/redis_staging.env");
    let since = |when: &str| operator.run(["check", "--format", "json", "--changed-since", when]);
    assert_eq!(since("1d").json()["checked"], 3);
    assert_eq!(since("0m").json()["checked"], 1);
    assert!(since("2099-01-01").stderr().contains("names a time that is to come"));
    insta::assert_snapshot!(since("soon"), @r#"
    {"schema":"vault-check/check/1","error":{"message":"`--changed-since` names no time","hint":"write 2025-10-01, [TIME], 36h or 7d"}}
    ------- stderr -------
    error: `--changed-since` names no time
    hint: write 2025-10-01, [TIME], 36h or 7d
    [exit status: 2]
    "#);
}

#[test]
fn no_vault_section_is_an_error() {
    let bed = Bed::new();
    bed.write("ops.toml", "version = 1\n");
    insta::assert_snapshot!(bed.command(testbed::bin!("vault-check")).args(["check"]).run(), @"
    ------- stderr -------
    error: [ROOT]/ops.toml has no [vault] section
    hint: `vault-check init` proposes one from the files that are there
    [exit status: 2]
    ");
}

#[test]
fn git_is_asked_what_it_tracks_and_ignores() {
    let operator = Operator::new();
    let bed = &operator.bed;
    bed.git_init();
    assert_eq!(rules(&operator.run(["check", "--format", "json"])), ["not-ignored"]);
    bed.write(".gitignore", "*.env\n");
    insta::assert_snapshot!(operator.run(["check"]), @"
    PRESENT      fly/api_token.env:FLY_API_TOKEN                 shared   rotated today
    PRESENT      supabase/database_url_staging.env:DATABASE_URL  staging  rotated today
    PRESENT      chatwoot/redis_staging.env:REDIS_URL            staging  rotated today

    vault/occ: warning: git ignores the files that are there, but not the folder: a new file would not be ignored [not-ignored]
      hint: add a line `/vault/occ/` to .gitignore
    findings: 3 checked, 1 warning
    [exit status: 1]
    ");
    bed.write(".gitignore", "/vault/\n");
    assert_eq!(operator.run(["check"]).code(), 0);

    bed.git(["add", "--force", "vault/occ/fly/api_token.env"]);
    assert_eq!(rules(&operator.run(["check", "--format", "json"])), ["tracked-by-git"]);
    bed.git(["commit", "--quiet", "--message", "a mistake"]);
    bed.git(["rm", "--quiet", "--cached", "vault/occ/fly/api_token.env"]);
    bed.git(["commit", "--quiet", "--message", "too late"]);
    insta::assert_snapshot!(operator.run(["check"]), @"
    PRESENT      fly/api_token.env:FLY_API_TOKEN                 shared   rotated today
    PRESENT      supabase/database_url_staging.env:DATABASE_URL  staging  rotated today
    PRESENT      chatwoot/redis_staging.env:REDIS_URL            staging  rotated today

    vault/occ/fly/api_token.env: error: a commit has the file, though git tracks it no more [tracked-by-git]
      hint: change the credential: it is in every clone (`vault-check leaks --history` says where)
    findings: 3 checked, 1 error
    [exit status: 1]
    ");
}

#[test]
fn a_vault_that_git_cannot_be_asked_about_is_not_called_ignored() {
    let operator = Operator::new();
    operator.bed.write(".git/HEAD", "broken");
    insta::assert_snapshot!(operator.run(["check"]), @"
    PRESENT      fly/api_token.env:FLY_API_TOKEN                 shared   rotated today
    PRESENT      supabase/database_url_staging.env:DATABASE_URL  staging  rotated today
    PRESENT      chatwoot/redis_staging.env:REDIS_URL            staging  rotated today

    vault/occ: warning: whether git tracks or ignores the vault is unknown: git refused to answer [not-ignored]
      hint: `git status` in that folder says why
    findings: 3 checked, 1 warning
    [exit status: 1]
    ");
}

#[test]
fn links_are_named_and_not_followed() {
    let operator = Operator::new();
    let bed = &operator.bed;
    bed.remove("vault/occ/fly/api_token.env");
    symlink(
        bed.path("vault/occ/chatwoot/redis_staging.env"),
        bed.path("vault/occ/fly/api_token.env"),
    )
    .unwrap();
    symlink(bed.path("vault/occ"), bed.path("vault/occ/loop")).unwrap();
    symlink("nowhere", bed.path("vault/occ/dangling.env")).unwrap();
    insta::assert_snapshot!(operator.run(["check"]), @"
    LINK         fly/api_token.env:FLY_API_TOKEN                 shared   changed today
    PRESENT      supabase/database_url_staging.env:DATABASE_URL  staging  rotated today
    PRESENT      chatwoot/redis_staging.env:REDIS_URL            staging  rotated today

    vault/occ/dangling.env: error: a symbolic link stands in the file's place [symlink]
      hint: put the file itself here; links are not followed
    vault/occ/fly/api_token.env: error: a symbolic link stands in the file's place [symlink]
      hint: put the file itself here; links are not followed
    vault/occ/loop: error: a symbolic link stands in the file's place [symlink]
      hint: put the file itself here; links are not followed
    findings: 3 checked, 3 errors
    [exit status: 1]
    ");
}

#[test]
fn a_linked_root_is_not_followed() {
    let operator = Operator::new();
    let bed = &operator.bed;
    std::fs::rename(bed.path("vault/occ"), bed.path("vault/real")).unwrap();
    symlink("real", bed.path("vault/occ")).unwrap();
    assert_eq!(rules(&operator.run(["check", "--format", "json"])), ["missing-file", "symlink"]);
}

#[test]
fn what_is_no_file_is_a_finding_and_never_a_hang() {
    let operator = Operator::new();
    let bed = &operator.bed;
    bed.remove("vault/occ/fly/api_token.env");
    let made =
        duct::cmd!("mkfifo", "-m", "600", bed.path("vault/occ/fly/api_token.env")).run().unwrap();
    assert!(made.status.success());
    bed.remove("vault/occ/chatwoot/redis_staging.env");
    std::fs::create_dir(bed.path("vault/occ/chatwoot/redis_staging.env")).unwrap();
    bed.set_mode("vault/occ/chatwoot/redis_staging.env", 0o700);
    insta::assert_snapshot!(operator.run(["check"]), @"
    UNREADABLE   fly/api_token.env:FLY_API_TOKEN                 shared   changed today
    PRESENT      supabase/database_url_staging.env:DATABASE_URL  staging  rotated today
    MISSING      chatwoot/redis_staging.env:REDIS_URL            staging

    vault/occ/chatwoot/redis_staging.env: error: a folder stands in the file's place [missing-file]
      hint: put the file in place with REDIS_URL, mode 0600
    vault/occ/fly/api_token.env: error: the file is there but could not be read: not a regular file [missing-file]
      hint: put a plain file in place that the one who runs the tools can read
    findings: 3 checked, 2 errors
    [exit status: 1]
    ");
}

#[test]
fn a_huge_file_is_not_read() {
    let bed = bed("A = \"any\"", "A=CANARY-value\n");
    let file = std::fs::File::create(bed.path("vault/a.env")).unwrap();
    file.set_len(17 << 20).unwrap();
    let output = check(&bed);
    assert_eq!(rules(&output), ["missing-file"]);
    assert!(output.stdout().contains("larger than 16 MiB"));
}

#[test]
fn a_name_that_is_no_text_is_shown_as_far_as_it_is() {
    use std::os::unix::ffi::OsStrExt;
    let bed = bed("A = \"any\"", "A=CANARY-value\n");
    let name = std::ffi::OsStr::from_bytes(b"\xff\x1b[31m.env");
    std::fs::write(bed.path("vault").join(name), "B=CANARY-other\n").unwrap();
    let output = check(&bed);
    assert_eq!(rules(&output), ["mode", "undeclared-file"]);
    assert!(!output.stdout().contains('\u{1b}'));
}

#[test]
fn a_value_under_two_names_is_found_across_environments() {
    let bed = Bed::new();
    bed.write(
        "ops.toml",
        "version = 1\n[vault]\nroot = \"vault\"\n\
         [[vault.file]]\npath = \"one_staging.env\"\nkeys = { ONE = \"any\", TWO = \"any\", PORT = \"port\" }\nenvironment = \"staging\"\n\
         [[vault.file]]\npath = \"one_prod.env\"\nkeys = { ONE = \"any\", PORT = \"port\" }\nenvironment = \"production\"\n",
    );
    bed.write("vault/one_staging.env", "ONE=CANARY-same-value\nTWO=CANARY-same-value\nPORT=5432\n");
    bed.write("vault/one_prod.env", "ONE=CANARY-same-value\nPORT=5432\n");
    insta::assert_snapshot!(bed.command(testbed::bin!("vault-check")).args(["check"]).run(), @"
    PRESENT      one_staging.env:ONE   staging     changed today
    PRESENT      one_staging.env:PORT  staging     changed today
    PRESENT      one_staging.env:TWO   staging     changed today
    PRESENT      one_prod.env:ONE      production  changed today
    PRESENT      one_prod.env:PORT     production  changed today

    vault/one_prod.env:1:1 ONE: error: the value of `production` is that of `staging` too, in vault/one_staging.env:ONE [reused]
      hint: issue a credential of its own for each environment; what is no secret, name in `public` of the file
    vault/one_staging.env:2:1 TWO: warning: the value is that of vault/one_staging.env:ONE too [reused]
      hint: keep it under one name, and let whoever needs it read that
    findings: 5 checked, 1 error, 1 warning
    [exit status: 1]
    ");
}

#[test]
fn age_comes_from_the_comment_and_is_held_against_rotate() {
    let bed = Bed::new();
    bed.write(
        "ops.toml",
        "version = 1\n[vault]\nroot = \"vault\"\n\
         [[vault.file]]\npath = \"a.env\"\nkeys = { A = \"any\" }\nrotate = \"90d\"\n\
         [[vault.file]]\npath = \"b.env\"\nkeys = { B = \"any\" }\nrotate = \"90d\"\n\
         [[vault.file]]\npath = \"c.env\"\nkeys = { C = \"any\" }\nrotate = \"90d\"\n",
    );
    bed.write("vault/a.env", "# rotated: 2020-01-01\nA=CANARY-value-a\n");
    bed.write("vault/b.env", "# rotated: 2020-02-31\nB=CANARY-value-b\n");
    bed.write("vault/c.env", "# rotated: 2999-01-01\nC=CANARY-value-c\n");
    let output = check(&bed);
    assert_eq!(rules(&output), ["stale"]);
    let messages: Vec<&str> = output.json()["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| finding["message"].as_str().unwrap().split(' ').next().unwrap())
        .map(|word| if word == "rotated" { "rotated" } else { "the" })
        .collect();
    assert_eq!(messages, ["rotated", "the", "the"]);
}

#[test]
fn every_rendering_names_the_finding_and_no_value() {
    let bed = bed("A = \"integer\"", "A=CANARY-value\n");
    let run = |format: &str| {
        bed.command(testbed::bin!("vault-check")).args(["check", "--format", format]).run()
    };
    for format in ["human", "json", "sarif", "github"] {
        let output = run(format);
        assert_eq!(output.code(), 1, "{format}");
        assert!(
            output.stdout().contains("bad-shape") && output.stdout().contains("vault/a.env"),
            "{format}"
        );
    }
    let rules = &run("sarif").json()["runs"][0]["tool"]["driver"]["rules"];
    assert!(rules.as_array().unwrap().len() >= 16);
}

#[test]
fn every_line_of_a_broken_file_is_told_by_place_and_reason() {
    let bed = bed(
        "A = \"any\", B = \"any\"",
        "A='CANARY-one\nCANARY line\nB=CANARY#two\n=CANARY\nC=\"CANARY\"x\n",
    );
    insta::assert_snapshot!(bed.command(testbed::bin!("vault-check")).args(["check"]).run(), @"
    UNCLEAR      a.env:A  shared  changed today
    UNCLEAR      a.env:B  shared  changed today

    vault/a.env:1:1: warning: shell, compose and godotenv stop here and lose keys of the file [read-differently]
      hint: mend the syntax of the line
    vault/a.env:1:3 A: error: a quote is opened and never closed [syntax]
      hint: close the quote, or take it away
    vault/a.env:2:1: warning: fly secrets import stops here and loses keys of the file [read-differently]
      hint: mend the syntax of the line
    vault/a.env:2:1: error: the line is no comment and has no `=` [syntax]
      hint: write NAME=value, or begin the line with `#`
    vault/a.env:3:1 B: warning: dotenv (npm), dotenv (ruby) and fly secrets import read another value, because of `#` [read-differently]
      hint: put the value in double quotes, with nothing after them
    vault/a.env:3:9 B: error: `#` in an unquoted value: readers disagree where it ends [syntax]
      hint: put the value in quotes; for a comment, put a space before `#`
    vault/a.env:4:1: error: what stands before `=` is not a name [syntax]
      hint: a name has letters, digits and `_`, and does not begin with a digit
    vault/a.env:5:11 C: error: text follows the closing quote [syntax]
      hint: put the whole value in one pair of quotes
    findings: 2 checked, 5 errors, 3 warnings
    [exit status: 1]
    ");
}

/// A token that says these things of itself.
fn jwt(payload: &str) -> String {
    let part = |text: &str| data_encoding::BASE64URL_NOPAD.encode(text.as_bytes());
    format!(
        "{}.{}.{}",
        part(r#"{"alg":"HS256"}"#),
        part(payload),
        part("CANARY-signature-of-32-bytes-012")
    )
}

#[test]
fn what_a_value_says_of_itself_is_held_against_its_name_and_neighbours() {
    let bed = Bed::new();
    bed.write(
        "ops.toml",
        "version = 1\n[vault]\nroot = \"vault\"\n\
         [[vault.file]]\npath = \"s.env\"\nkeys = { SUPABASE_URL = \"https-url\", SUPABASE_SERVICE_KEY = \"supabase-key\", OTHER_KEY = \"supabase-key\" }\nenvironment = \"staging\"\n\
         [[vault.file]]\npath = \"p.env\"\nkeys = { DATABASE_URL = \"postgres-url\", OLD = \"jwt\" }\nenvironment = \"production\"\n",
    );
    let anon = jwt(r#"{"iss":"supabase","ref":"refone","role":"anon","exp":9999999999}"#);
    let other = jwt(r#"{"iss":"supabase","ref":"reftwo","role":"service_role","exp":9999999999}"#);
    let ended = jwt(r#"{"iss":"x","exp":1000000000}"#);
    bed.write(
        "vault/s.env",
        format!("SUPABASE_URL=https://refone.supabase.co\nSUPABASE_SERVICE_KEY={anon}\nOTHER_KEY={other}\n"),
    );
    bed.write(
        "vault/p.env",
        format!("DATABASE_URL=postgresql://postgres:CANARYp4ss@db.refone.supabase.co:5432/postgres\nOLD={ended}\n"),
    );
    let output = check(&bed);
    let found: Vec<String> = output.json()["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| {
            format!(
                "{} {}",
                finding["rule"].as_str().unwrap(),
                finding["subject"]["key"].as_str().unwrap()
            )
        })
        .collect();
    let expected = [
        "reused DATABASE_URL",
        "stale OLD",
        "bad-shape SUPABASE_SERVICE_KEY",
        "bad-shape OTHER_KEY",
    ];
    assert_eq!(found, expected);
    assert!(!output.stdout().contains("refone"));
}

#[test]
fn a_comment_that_fly_takes_for_a_line_is_told() {
    let bed =
        bed("A = \"any\"", "# of\nA=CANARYkq7Vw2xTzP # the\n  # note\n\t# B=2\n  # to self\n");
    insta::assert_snapshot!(bed.command(testbed::bin!("vault-check")).args(["check"]).run(), @"
    PRESENT      a.env:A  shared  changed today

    vault/a.env:2:1 A: warning: systemd reads another value, because of a space [read-differently]
      hint: write NAME=value, with no quotes and nothing after it
    vault/a.env:3:1: warning: fly secrets import fails on the whole file, because of the white space before `#` [read-differently]
      hint: begin the line with `#`, and all such lines
    vault/a.env:4:1: warning: fly secrets import makes a secret of the comment, because of the white space before `#` [read-differently]
      hint: begin the line with `#`, and all such lines
    findings: 1 checked, 3 warnings
    [exit status: 1]
    ");
}
