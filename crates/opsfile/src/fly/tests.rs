//! What `[fly]` accepts, and how it refuses without repeating a value.

use super::{DsnField, SecretSource};
use crate::CredentialName;
use crate::check::{example, read, refusal, refusal_of_example};

const REDIS: &str = "REDIS_URL = \"chatwoot/redis_staging.env:REDIS_URL\"";
const HOST: &str = "POSTGRES_HOST = \"dsn:vault-staging:host\"";
const TOKEN: &str = "token = \"fly/api_token.env:FLY_API_TOKEN\"";

fn source(text: &str) -> SecretSource {
    let example = example().replace(REDIS, &format!("REDIS_URL = {text:?}"));
    let files = "[[vault.file]]\npath = \"google/account.json\"\nwhole = \"json\"\n";
    let ops = read(&format!("{example}{files}")).expect("this is right");
    ops.fly.app[0].secrets["REDIS_URL"].clone()
}

#[test]
fn a_source_is_one_of_four() {
    let name =
        CredentialName { file: "fly/api_token.env".to_owned(), key: "FLY_API_TOKEN".to_owned() };
    assert_eq!(source("fly/api_token.env:FLY_API_TOKEN"), SecretSource::Credential(name));
    let place = "vault-staging".to_owned();
    assert_eq!(
        source("dsn:vault-staging:password"),
        SecretSource::Dsn { place, field: DsnField::Password }
    );
    assert_eq!(source("literal:"), SecretSource::Literal(String::new()));
    assert_eq!(source("literal:a:b"), SecretSource::Literal("a:b".to_owned()));
    let path = "google/account.json".to_owned();
    assert_eq!(
        source("file:google/account.json"),
        SecretSource::File { path: path.clone(), base64: false }
    );
    assert_eq!(
        source("file:base64:google/account.json"),
        SecretSource::File { path, base64: true }
    );
}

#[test]
fn a_literal_is_not_shown() {
    assert_eq!(format!("{:?}", source("literal:hush")), "Literal(…)");
    assert_eq!(format!("{:?}", source("dsn:vault-staging:url")), "Dsn(vault-staging:url)");
}

#[test]
fn a_source_must_be_declared() {
    insta::assert_snapshot!(refusal_of_example(REDIS, "REDIS_URL = \"chatwoot/redis_stagin.env:REDIS_URL\""), @"
    33:25: fly.app[0].secrets.REDIS_URL: no [[vault.file]] declares this credential
    hint: did you mean `chatwoot/redis_staging.env:REDIS_URL`?
    ");
    insta::assert_snapshot!(refusal_of_example(REDIS, "REDIS_URL = \"chatwoot/redis_staging.env:URL\""), @"
    33:25: fly.app[0].secrets.REDIS_URL: no [[vault.file]] declares this credential
    hint: did you mean `chatwoot/redis_staging.env:REDIS_URL`?
    ");
    insta::assert_snapshot!(refusal_of_example(REDIS, "REDIS_URL = \"../redis.env:REDIS_URL\""), @"33:25: fly.app[0].secrets.REDIS_URL: must be `FILE:KEY`, `dsn:PLACE:FIELD`, `literal:TEXT`, `file:PATH` or `file:base64:PATH`");
    insta::assert_snapshot!(refusal_of_example(REDIS, "REDIS_URL = \"redis://default:hush@host:6379\""), @"33:25: fly.app[0].secrets.REDIS_URL: must be `FILE:KEY`, `dsn:PLACE:FIELD`, `literal:TEXT`, `file:PATH` or `file:base64:PATH`");
    insta::assert_snapshot!(refusal_of_example(REDIS, "REDIS_URL = \"hush\""), @"33:25: fly.app[0].secrets.REDIS_URL: must be `FILE:KEY`, `dsn:PLACE:FIELD`, `literal:TEXT`, `file:PATH` or `file:base64:PATH`");
    insta::assert_snapshot!(refusal_of_example(REDIS, "REDIS_URL = 3"), @"33:25: fly.app[0].secrets.REDIS_URL: must be text, is a whole number");
    insta::assert_snapshot!(refusal_of_example(REDIS, "REDIS_URL = \"file:fly/api_token\""), @"
    33:25: fly.app[0].secrets.REDIS_URL: no [[vault.file]] declares this file
    hint: did you mean `fly/api_token.env`?
    ");
    insta::assert_snapshot!(refusal_of_example(REDIS, "REDIS_URL = \"file:/etc/passwd\""), @"33:25: fly.app[0].secrets.REDIS_URL: the file must be a relative path");
    insta::assert_snapshot!(refusal_of_example(REDIS, "\"REDIS-URL\" = \"literal:hush\""), @"33:13: fly.app[0].secrets.REDIS-URL: must be a variable's name: letters, digits and `_`, not beginning with a digit");
    insta::assert_snapshot!(refusal_of_example(HOST, "POSTGRES_HOST = \"dsn:vault-stagin:host\""), @"
    33:81: fly.app[0].secrets.POSTGRES_HOST: no [[dsn.place]] has this name
    hint: did you mean `vault-staging`?
    ");
    insta::assert_snapshot!(refusal_of_example(HOST, "POSTGRES_HOST = \"dsn:vault-staging:hostname\""), @"
    33:81: fly.app[0].secrets.POSTGRES_HOST: the field must be one of `url`, `host`, `port`, `user`, `password`, `dbname`, `sslmode`
    hint: did you mean `host`?
    ");
    insta::assert_snapshot!(refusal_of_example(HOST, "POSTGRES_HOST = \"dsn:vault-staging\""), @"33:81: fly.app[0].secrets.POSTGRES_HOST: must be `dsn:PLACE:FIELD`; the field `url` is the whole string");
}

#[test]
fn a_fly_secret_is_no_source() {
    let place =
        "[[dsn.place]]\nname = \"fly\"\nfly-app = \"hotdash-chatwoot\"\nkey = \"DATABASE_URL\"\n";
    let example = example().replace(HOST, "POSTGRES_HOST = \"dsn:fly:host\"");
    insta::assert_snapshot!(refusal(&format!("{example}{place}")), @"33:81: fly.app[0].secrets.POSTGRES_HOST: this place is a Fly secret, whose value cannot be read back");
}

#[test]
fn an_app_has_one_name_and_a_declared_token() {
    insta::assert_snapshot!(refusal_of_example(TOKEN, "token = \"FlyV1 hush\""), @"32:9: fly.app[0].token: must be FILE:KEY, relative to the vault's root: there is no `:`");
    insta::assert_snapshot!(refusal_of_example(TOKEN, "token = \"fly/api_token.env:FLY_TOKEN\""), @"
    32:9: fly.app[0].token: no [[vault.file]] declares this credential
    hint: did you mean `fly/api_token.env:FLY_API_TOKEN`?
    ");
    insta::assert_snapshot!(refusal_of_example(TOKEN, "tokn = \"fly/api_token.env:FLY_API_TOKEN\""), @"
    32:1: fly.app[0].tokn: unknown key
    hint: did you mean `token`?
    ");
    let again = format!("{}[[fly.app]]\nname = \"hotdash-chatwoot\"\n", example());
    insta::assert_snapshot!(refusal(&again), @"69:8: fly.app[1].name: is the name of another app");
    insta::assert_snapshot!(refusal("version = 1\n[[fly.app]]\nconfig = 'fly.toml'\n"), @"2:1: fly.app[0]: `name` is missing");
    insta::assert_snapshot!(refusal("version = 1\n[[fly.app]]\nname = 'a'\ntoken = 'a.env:A'\n"), @"4:9: fly.app[0].token: no [[vault.file]] declares this credential");
}

#[test]
fn a_name_to_prune_is_none_that_is_wanted() {
    let app = |prune: &str| {
        format!(
            "version = 1\n[[fly.app]]\nname = 'a'\nsecrets = {{ A = 'literal:x' }}\nprune = {prune}\n"
        )
    };
    let ops = read(&app("['OLD', 'OLDER']")).expect("both are extra");
    assert_eq!(ops.fly.app("a").expect("it is declared").prune, ["OLD", "OLDER"]);
    insta::assert_snapshot!(refusal(&app("['OLD', 'A']")), @"5:17: fly.app[0].prune[1]: is among the secrets that the app must hold");
    insta::assert_snapshot!(refusal(&app("['OLD-ONE']")), @"5:10: fly.app[0].prune[0]: must be a variable's name: letters, digits and `_`, not beginning with a digit");
}
