//! `list`, `init`, `rules`, and help.

use testbed::Bed;

use crate::operator::Operator;

#[test]
fn list_names_everything_and_shows_nothing() {
    let operator = Operator::new();
    operator.bed.write("vault/occ/stray.env", "STRAY=CANARY-value\n");
    operator.bed.remove("vault/occ/chatwoot/redis_staging.env");
    insta::assert_snapshot!(operator.run(["list"]), @"
    vault/occ/fly/api_token.env  shared · owner deployment · rotated today · for preflight
      FLY_API_TOKEN  fly-token
    vault/occ/supabase/database_url_staging.env  staging · rotated today, every 90 days · for preflight, align
      DATABASE_URL  postgres-url
    vault/occ/chatwoot/redis_staging.env  missing · staging · for preflight
      REDIS_URL  redis-url  missing
    vault/occ/stray.env  not declared · changed today
      STRAY  not declared
    [exit status: 0]
    ");
    let answer = operator.run(["list", "--format", "json", "--for", "align"]);
    insta::assert_snapshot!(answer, @r#"
    {"schema":"vault-check/list/1","files":[{"path":"vault/occ/supabase/database_url_staging.env","declared":true,"present":true,"environment":"staging","owner":null,"purposes":["preflight","align"],"optional":false,"age_days":0,"age_from":"comment","rotate_days":90,"keys":[{"name":"DATABASE_URL","declared":true,"present":true,"shape":"postgres-url"}]}]}
    [exit status: 0]
    "#);
}

#[test]
fn fingerprints_are_keyed_and_stay_the_same() {
    let operator = Operator::new();
    let run = || operator.run(["list", "--fingerprint", "--format", "json"]);
    let first = run();
    assert!(first.stderr().starts_with("made a key for fingerprints: vault/occ/.fingerprint-key"));
    let second = run();
    assert_eq!(second.stderr(), "");
    assert_eq!(first.stdout(), second.stdout());
    let fingerprint =
        first.json()["files"][0]["keys"][0]["fingerprint"].as_str().unwrap().to_owned();
    assert_eq!(fingerprint.len(), 16);
    // Another vault has another key.
    let other = Operator::new();
    let theirs = other.run(["list", "--fingerprint", "--format", "json"]);
    assert_ne!(theirs.json()["files"][0]["keys"][0]["fingerprint"].as_str().unwrap(), fingerprint);
    // The key is the vault's, private, and no credential.
    assert_eq!(operator.run(["check"]).code(), 0);
    operator.bed.set_mode("vault/occ/.fingerprint-key", 0o644);
    assert_eq!(operator.run(["check"]).code(), 1);
}

#[test]
fn init_proposes_what_is_there() {
    let bed = Bed::new();
    bed.write(
        "vault/occ/supabase/database_url_staging.env",
        "DATABASE_URL='postgresql://u:CANARYp@h.example:5432/d'\n",
    );
    bed.write(
        "vault/occ/chatwoot/api_token_prod.env",
        "CHATWOOT_TOKEN=CANARYabc\nCHATWOOT_ACCOUNT_ID=7\n",
    );
    bed.write(
        "vault/occ/google/service-account.json",
        "{\"type\": \"service_account\", \"key\": \"CANARY\"}\n",
    );
    bed.write("vault/occ/notes \"x\".env", "# nothing yet\n");
    bed.write_mode("vault/occ/.DS_Store", "Bud1", 0o644);
    let output = bed.command(testbed::bin!("vault-check")).args(["init"]).run();
    insta::assert_snapshot!(output, @r#"
    version = 1

    [vault]
    root = "vault/occ"

    [[vault.file]]
    path = "chatwoot/api_token_prod.env"
    keys = { CHATWOOT_ACCOUNT_ID = "integer", CHATWOOT_TOKEN = "any" }
    environment = "production"

    [[vault.file]]
    path = "google/service-account.json"
    whole = "json"

    [[vault.file]]
    path = "supabase/database_url_staging.env"
    keys = { DATABASE_URL = "postgres-url" }
    environment = "staging"
    ------- stderr -------
    left out, as no key is in it: "vault/occ/notes \"x\".env"
    [exit status: 0]
    "#);
    // What is proposed is what `check` accepts.
    bed.write("ops.toml", output.stdout());
    bed.remove("vault/occ/notes \"x\".env");
    assert_eq!(bed.command(testbed::bin!("vault-check")).args(["check"]).run().code(), 0);
}

#[test]
fn init_adds_what_ops_toml_lacks() {
    let operator = Operator::new();
    operator.bed.write("vault/occ/github/pat.env", "GITHUB_TOKEN=CANARYabcdef\n");
    insta::assert_snapshot!(operator.run(["init"]), @r#"
    [[vault.file]]
    path = "github/pat.env"
    keys = { GITHUB_TOKEN = "any" }
    [exit status: 0]
    "#);
    insta::assert_snapshot!(operator.run(["init", "--format", "json"]), @r#"
    {"schema":"vault-check/init/1","root":"vault/occ","files":[{"path":"github/pat.env","keys":{"GITHUB_TOKEN":"any"}}]}
    [exit status: 0]
    "#);
}

#[test]
fn init_leaves_out_copies_that_were_left_behind() {
    let operator = Operator::new();
    for name in ["redis_staging.env.old", "redis_staging.env.new", "redis_staging.env~"] {
        operator.bed.write(format!("vault/occ/chatwoot/{name}"), "REDIS_URL=CANARY\n");
    }
    insta::assert_snapshot!(operator.run(["init"]), @r#"
    ------- stderr -------
    left out, as it is a copy left behind: "vault/occ/chatwoot/redis_staging.env.new"
    left out, as it is a copy left behind: "vault/occ/chatwoot/redis_staging.env.old"
    left out, as it is a copy left behind: "vault/occ/chatwoot/redis_staging.env~"
    [exit status: 0]
    "#);
    // Nor does `check` send anybody here for one.
    operator.bed.write("vault/occ/chatwoot/web.env.20251001", "WEB=CANARY\n");
    let answer = operator.run(["check"]);
    assert!(answer.stdout().contains("hint: by its name a copy left behind"), "{answer}");
}

#[test]
fn init_leaves_out_a_name_that_is_no_text() {
    use std::os::unix::ffi::OsStrExt;
    let operator = Operator::new();
    let name = std::ffi::OsStr::from_bytes(b"caf\xe9.env");
    let path = operator.bed.path("vault/occ/chatwoot").join(name);
    std::fs::write(path, "WEB=CANARY-value\n").unwrap();
    let answer = operator.run(["init"]);
    assert_eq!(answer.stdout(), "", "{answer}");
    assert!(answer.stderr().starts_with("left out, as ops.toml cannot name it"), "{answer}");
}

#[test]
fn a_file_without_a_key_is_left_out_and_not_taken_for_declared() {
    let operator = Operator::new();
    operator.bed.write("vault/occ/chatwoot/notes.env", "# to come\n");
    let answer = operator.run(["init"]);
    assert_eq!(
        answer.stderr(),
        "left out, as no key is in it: \"vault/occ/chatwoot/notes.env\"\n",
        "{answer}"
    );
}

#[test]
fn list_shows_a_name_and_does_not_obey_it() {
    let operator = Operator::new();
    operator.bed.write("vault/occ/\u{1b}[2J\n.env", "A=CANARY\n");
    let answer = operator.run(["list"]);
    assert!(answer.stdout().contains("vault/occ/\\u{1b}[2J\\n.env  not declared"), "{answer}");
}

#[test]
fn an_ops_toml_that_is_a_pipe_is_refused_and_not_waited_for() {
    let bed = Bed::new();
    assert!(duct::cmd!("mkfifo", bed.path("ops.toml")).run().is_ok());
    bed.write("vault/a.env", "A=CANARY-value\n");
    for args in [["check", "--ops", "ops.toml"], ["leaks", "--ops", "ops.toml"]] {
        let output = bed.command(testbed::bin!("vault-check")).args(args).run();
        assert_eq!(output.code(), 2, "{output}");
        assert!(output.stderr().contains("it is a pipe, a socket or a device"), "{output}");
    }
    assert_eq!(bed.command(testbed::bin!("vault-check")).args(["init"]).run().code(), 0);
}

#[test]
fn init_may_be_written_to_ops_toml_at_once() {
    let bed = Bed::new();
    bed.write("vault/a.env", "A=CANARY-value\n");
    let init = || bed.command(testbed::bin!("vault-check")).args(["init"]).run();
    bed.write("ops.toml", "");
    assert!(init().stdout().starts_with("version = 1\n\n[vault]\nroot = \"vault\"\n"));
    bed.write("ops.toml", "version = 1\n");
    assert!(init().stdout().starts_with("[vault]\nroot = \"vault\"\n"));
}

#[test]
fn init_without_a_vault_says_what_to_do() {
    let bed = Bed::new();
    insta::assert_snapshot!(bed.command(testbed::bin!("vault-check")).args(["init"]).run(), @"
    ------- stderr -------
    error: there is no vault here to propose a section for
    hint: name its folder: `vault-check init FOLDER`
    [exit status: 2]
    ");
}

#[test]
fn rules_are_explained() {
    let bed = Bed::new();
    let run =
        |args: &[&str]| bed.command(testbed::bin!("vault-check")).args(args.iter().copied()).run();
    insta::assert_snapshot!(run(&["rules", "not-ignored"]), @"
    not-ignored (error)
      No ignore pattern keeps the vault, or a file of it, out of git

    why
      One `git add .` away from a leak that no later commit takes back.

    how to mend
      Add the vault's folder to .gitignore: the folder, not a pattern for some of its files.
    [exit status: 0]
    ");
    insta::assert_snapshot!(run(&["rules", "mod"]), @"
    ------- stderr -------
    error: there is no rule of that name
    hint: did you mean `mode`?
    [exit status: 2]
    ");
    let all = run(&["rules", "--format", "json"]).json();
    let ids: Vec<&str> =
        all["rules"].as_array().unwrap().iter().map(|rule| rule["id"].as_str().unwrap()).collect();
    let designed = [
        "missing-file",
        "missing-key",
        "empty-value",
        "placeholder",
        "bad-shape",
        "duplicate-key",
        "undeclared-file",
        "undeclared-key",
        "syntax",
        "read-differently",
        "mode",
        "tracked-by-git",
        "not-ignored",
        "symlink",
        "stale",
        "reused",
    ];
    assert!(designed.iter().all(|id| ids.contains(id)), "{ids:?}");
}
