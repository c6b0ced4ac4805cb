//! What `[dsn]` accepts, and how it refuses.

use super::{Mode, PlaceKeys, PlaceSource, SplitField, SslMode};
use crate::check::{example, read, refusal, refusal_of_example};

const STAGING: &str = "name = \"vault-staging\"";
const ENV_FILE: &str = "env-file = \"vault/occ/supabase/database_url_staging.env\"";

#[test]
fn places_and_policy_are_read() {
    let dsn = read(&example()).expect("the example is right").dsn;
    assert_eq!(dsn.policy.provider, ["supabase"]);
    assert_eq!(dsn.policy.mode, [Mode::Session]);
    assert_eq!(dsn.policy.sslmode, Some(SslMode::Require));
    assert!(SslMode::VerifyFull > SslMode::Require && SslMode::Prefer < SslMode::Require);
    let split = dsn.place("chatwoot-split").expect("it is declared");
    assert_eq!(
        (split.reader.as_str(), split.group.as_str(), split.canonical),
        ("rails", "main", false)
    );
    let PlaceSource::EnvFile { keys: PlaceKeys::Split(fields), .. } = &split.source else {
        panic!("the example splits this place");
    };
    assert_eq!(fields.get(&SplitField::User).map(String::as_str), Some("POSTGRES_USERNAME"));
    assert_eq!(fields.len(), 5);
}

#[test]
fn a_string_may_live_in_four_kinds_of_place() {
    let places = r#"
[[dsn.place]]
name = "config"
fly-config = "deploy/chatwoot/fly.toml"
split = { host = "POSTGRES_HOST", sslmode = "PGSSLMODE" }
[[dsn.place]]
name = "here"
env = "DATABASE_URL"
[[dsn.place]]
name = "fly"
fly-app = "hotdash-chatwoot"
key = "DATABASE_URL"
"#;
    let dsn = read(&format!("{}{places}", example())).expect("this is right").dsn;
    assert!(matches!(
        dsn.place("config").map(|place| &place.source),
        Some(PlaceSource::FlyConfig { .. })
    ));
    assert!(
        matches!(dsn.place("here").map(|place| &place.source), Some(PlaceSource::Process { variable }) if variable == "DATABASE_URL")
    );
    assert!(
        matches!(dsn.place("fly").map(|place| &place.source), Some(PlaceSource::FlySecret { app, .. }) if app == "hotdash-chatwoot")
    );
}

#[test]
fn a_place_has_one_source() {
    insta::assert_snapshot!(refusal_of_example(ENV_FILE, "env_file = \"a.env\""), @"
    20:1: dsn.place[0].env_file: unknown key
    hint: did you mean `env-file`?
    ");
    insta::assert_snapshot!(refusal_of_example(ENV_FILE, ""), @"18:1: dsn.place[0]: one of `env-file`, `fly-config`, `fly-app`, `env` is missing");
    insta::assert_snapshot!(refusal_of_example(ENV_FILE, "env = \"DATABASE_URL\""), @"20:7: dsn.place[0].env: cannot stand beside `key`");
    insta::assert_snapshot!(refusal_of_example(ENV_FILE, "env-file = \"a.env\"\nfly-config = \"fly.toml\""), @"21:14: dsn.place[0].fly-config: cannot stand beside `env-file`");
    insta::assert_snapshot!(refusal_of_example(ENV_FILE, "env-file = \"a/../../b.env\""), @"20:12: dsn.place[0].env-file: leaves the repo: `..` is not allowed");
    insta::assert_snapshot!(refusal_of_example(ENV_FILE, "fly-app = \"hotdash-chatwood\""), @"
    20:11: dsn.place[0].fly-app: no [[fly.app]] has this name
    hint: did you mean `hotdash-chatwoot`?
    ");
    insta::assert_snapshot!(refusal_of_example(ENV_FILE, "fly-app = \"hotdash-chatwoot\""), @"22:13: dsn.place[0].canonical: a Fly secret cannot be canonical: its value cannot be read back");
    insta::assert_snapshot!(refusal_of_example("key = \"DATABASE_URL\"\n", "\n"), @"18:1: dsn.place[0]: one of `key`, `split`, `env` is missing");
    insta::assert_snapshot!(refusal_of_example("key = \"DATABASE_URL\"\n", "key = \"DATABASE URL\"\n"), @"21:7: dsn.place[0].key: must be a variable's name: letters, digits and `_`, not beginning with a digit");
    insta::assert_snapshot!(refusal_of_example("split = { host = ", "split = { hots = "), @"
    26:11: dsn.place[1].split.hots: unknown key
    hint: did you mean `host`?
    ");
    insta::assert_snapshot!(refusal_of_example("split = { host = \"POSTGRES_HOST\", ", "split = { "), @"26:9: dsn.place[1].split: `host` is missing");
    insta::assert_snapshot!(refusal_of_example("reader = \"rails\"", "key = \"X\""), @"26:9: dsn.place[1].split: cannot stand beside `key`");
}

#[test]
fn names_and_groups_are_kept_apart() {
    insta::assert_snapshot!(refusal_of_example("name = \"chatwoot-split\"", STAGING), @"24:8: dsn.place[1].name: is the name of another place, on line 19");
    insta::assert_snapshot!(refusal_of_example("reader = \"rails\"", "canonical = true"), @"27:13: dsn.place[1].canonical: group `main` has a canonical place already, `vault-staging`");
    insta::assert_snapshot!(refusal_of_example("reader = \"rails\"", "group = \"other\""), @"
    24:8: dsn.place[1].name: group `other` has no canonical place
    hint: write `canonical = true` at the one place that is right by definition
    ");
    insta::assert_snapshot!(refusal_of_example("canonical = true  ", "canonical = false "), @"
    19:8: dsn.place[0].name: group `main` has no canonical place
    hint: write `canonical = true` at the one place that is right by definition
    ");
    insta::assert_snapshot!(refusal_of_example(STAGING, "name = \"vault staging\""), @"19:8: dsn.place[0].name: must be a name: letters, digits, `.`, `_` and `-`, beginning with a letter or digit, at most 100");
    insta::assert_snapshot!(refusal_of_example(STAGING, ""), @"18:1: dsn.place[0]: `name` is missing");
    insta::assert_snapshot!(refusal_of_example("reader = \"rails\"", "reader = \"rail\""), @"
    27:10: dsn.place[1].reader: must be one of `libpq`, `pgx`, `lib/pq`, `node-postgres`, `postgres.js`, `tokio-postgres`, `sqlx`, `prisma`, `rails`, `sqlalchemy`, `asyncpg`, `dj-database-url`, `jdbc`, `npgsql`, `libpq-17`, `redis-rb`, `redis-rs`, `ioredis`, `redis-py`
    hint: did you mean `rails`?
    ");
}

#[test]
fn policy_knows_its_words() {
    insta::assert_snapshot!(refusal_of_example("mode = [\"session\"]", "mode = [\"sesion\"]"), @"
    16:9: dsn.policy.mode[0]: must be one of `direct`, `session`, `transaction`
    hint: did you mean `session`?
    ");
    insta::assert_snapshot!(refusal_of_example("mode = [\"session\"]", "mode = \"session\""), @"16:8: dsn.policy.mode: must be a list, is text");
    insta::assert_snapshot!(refusal_of_example("provider = [\"supabase\"]", "provider = []"), @"15:12: dsn.policy.provider: must not be an empty list");
    insta::assert_snapshot!(refusal_of_example("sslmode = \"require\"", "sslmode = \"required\""), @"
    17:11: dsn.policy.sslmode: must be one of `disable`, `allow`, `prefer`, `require`, `verify-ca`, `verify-full`
    hint: did you mean `require`?
    ");
    insta::assert_snapshot!(refusal_of_example("sslmode = \"require\"", "ssl-mode = \"require\""), @"
    17:1: dsn.policy.ssl-mode: unknown key
    hint: did you mean `sslmode`?
    ");
    insta::assert_snapshot!(refusal("version = 1\ndsn = []\n"), @"2:7: dsn: must be a table, is a list");
}

const BUDGET: &str = "
[dsn.budget]
limit = 15
reserve = 1
overlap = 2
[[dsn.budget.process]]
name = \"web\"
processes = 2
threads = 5
[[dsn.budget.process]]
name = \"sidekiq\"
machines = 3
threads = 10
";

#[test]
fn a_budget_adds_up() {
    let budget = read(&(example() + BUDGET)).expect("it is right").dsn.budget.expect("it is there");
    assert_eq!((budget.limit, budget.reserve, budget.overlap), (15, 1, 2));
    let taken: Vec<u64> = budget.process.iter().map(super::Process::connections).collect();
    assert_eq!(taken, [10, 30]);
    assert_eq!(budget.connections(), 81);
}

#[test]
fn a_budget_without_anyone_in_it_is_refused() {
    let text = example() + "\n[dsn.budget]\nlimit = 15\n";
    assert!(refusal(&text).contains("`process` is missing"), "{}", refusal(&text));
    let text = example() + &BUDGET.replace("threads = 10", "threads = 0");
    assert!(refusal(&text).contains("must be a whole number from 1"), "{}", refusal(&text));
}
