//! Places that are not one key of an env file: fly.toml, a variable, a Fly secret, nothing at all.

use super::{POOLER, SPLIT, dsn_align, repo, rules};

#[test]
fn fly_config_and_variables_are_places_too() {
    let more = r#"
[[dsn.place]]
name = "deploy"
fly-config = "deploy/fly.toml"
split = { host = "POSTGRES_HOST", port = "POSTGRES_PORT" }
[[dsn.place]]
name = "shell"
env = "DATABASE_URL"
"#;
    let bed = repo("", POOLER, more);
    bed.write("deploy/fly.toml", "app = \"x\"\n[env]\n  POSTGRES_HOST = \"elsewhere.example\"\n  POSTGRES_PORT = 5432\n  PGSSLMODE = \"require\"\n");
    let value = POOLER.trim_end().trim_start_matches("DATABASE_URL=");
    let output = dsn_align(&bed, &["check", "--format", "json"]).env("DATABASE_URL", value).run();
    assert_eq!(rules(&output.json()), ["differs POSTGRES_HOST"], "{output}");
    assert_eq!(output.json()["findings"][1]["subject"]["line"], 3, "{output}");
    assert!(output.stdout().contains("`dsn-align fix` edits env files alone"), "{output}");
    let output = dsn_align(&bed, &["check", "shell", "--format", "json"]).run();
    assert_eq!(rules(&output.json()), ["missing DATABASE_URL"], "{output}");
}

#[test]
fn what_is_not_there_is_a_finding() {
    let bed = repo("", POOLER, SPLIT);
    let output = dsn_align(&bed, &["check", "--format", "json"]).run();
    assert_eq!(rules(&output.json()), ["missing "], "{output}");
    assert_eq!(output.code(), 1);
}

#[test]
fn an_unknown_place_is_an_error_with_the_nearest_name() {
    let bed = repo("", POOLER, "");
    let output = dsn_align(&bed, &["check", "vault-stagign"]).run();
    assert_eq!(output.code(), 2);
    assert!(output.stderr().contains("hint: did you mean `vault-staging`?"), "{output}");
}

#[test]
fn two_redis_passwords_and_hybrids_are_found() {
    let more = "\n[[dsn.place]]\nname = \"redis\"\nenv-file = \"vault/occ/redis.env\"\nkey = \"REDIS_URL\"\ngroup = \"redis\"\ncanonical = true\n";
    let bed = repo("", &format!("{POOLER}POSTGRES_HOST=elsewhere.example\n"), more);
    bed.write(
        "vault/occ/redis.env",
        "REDIS_URL=redis://:CANARYone@h.example:6379\nREDIS_PASSWORD=CANARYtwo\n",
    );
    let output = dsn_align(&bed, &["check", "--format", "json"]).run();
    assert_eq!(
        rules(&output.json()),
        ["redis-password REDIS_URL", "hybrid DATABASE_URL"],
        "{output}"
    );
}

#[test]
fn rails_wants_a_port_and_no_backslash() {
    let more = format!("reader = \"rails\"\n{SPLIT}");
    let bed =
        repo("", "DATABASE_URL=postgresql://u:CANARY%5Cpw@h.example/db?sslmode=require\n", &more);
    bed.write(
        "vault/occ/chatwoot/postgres_staging.env",
        "POSTGRES_HOST=h.example\nPOSTGRES_PORT=5432\nPOSTGRES_USERNAME=u\nPOSTGRES_PASSWORD='CANARY\\pw'\nPOSTGRES_DATABASE=db\nPGSSLMODE=require\n",
    );
    let output = dsn_align(&bed, &["check", "--format", "json"]).run();
    assert_eq!(
        rules(&output.json()),
        ["yaml-unsafe POSTGRES_PASSWORD", "no-port DATABASE_URL"],
        "{output}"
    );
}

#[test]
fn a_lone_redis_user_is_a_password_to_some() {
    let more = "\n[[dsn.place]]\nname = \"redis\"\nenv-file = \"vault/occ/redis.env\"\nkey = \"REDIS_URL\"\ngroup = \"redis\"\ncanonical = true\n";
    let bed = repo("", POOLER, more);
    bed.write("vault/occ/redis.env", "REDIS_URL=redis://CANARYone@h.example:6379\n");
    let output = dsn_align(&bed, &["check", "redis", "--format", "json"]).run();
    assert_eq!(rules(&output.json()), ["reads-differently REDIS_URL"], "{output}");
    let message = output.json()["findings"].to_string();
    assert!(message.contains("clients disagree on user, password"), "{output}");
}

#[test]
fn every_host_and_address_counts() {
    let more =
        "\n[[dsn.place]]\nname = \"copy\"\nenv-file = \"vault/occ/copy.env\"\nkey = \"URL\"\n";
    let bed = repo("provider = [\"supabase\"]\nsslmode = \"require\"", POOLER, more);
    let good = POOLER.trim_end().replace("DATABASE_URL", "URL");
    bed.write("vault/occ/copy.env", format!("{good}&hostaddr=203.0.113.7\n"));
    let output = dsn_align(&bed, &["check", "--format", "json"]).run();
    assert_eq!(rules(&output.json()), ["differs URL", "policy-provider URL"], "{output}");
    assert!(output.stdout().contains("copy differs from vault-staging in hostaddr"), "{output}");
    let output = dsn_align(&bed, &["fix", "--write"]).run();
    assert_eq!(output.code(), 0, "{output}");
    assert!(!bed.read("vault/occ/copy.env").contains("hostaddr"));
    let listed = good.replace(":5432", ":5432,other.example:5432");
    bed.write("vault/occ/copy.env", format!("{listed}\n"));
    let output = dsn_align(&bed, &["check", "copy", "--format", "json"]).run();
    let found = rules(&output.json());
    assert!(found.contains(&"policy-provider URL".to_owned()), "{output}");
    let listed = good.replace("aws-1", "%2Ftmp,aws-1").replace("sslmode=require", "sslmode=prefer");
    bed.write("vault/occ/copy.env", format!("{listed}\n"));
    let output = dsn_align(&bed, &["check", "copy", "--format", "json"]).run();
    assert!(rules(&output.json()).contains(&"policy-sslmode URL".to_owned()), "{output}");
}
