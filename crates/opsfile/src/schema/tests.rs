//! The schema and the parser agree on which files are right, as far as one key goes.

use serde_json::{Value, json};

use super::schema;
use crate::check::{example, read};
use crate::grammar::{Kind, Need, Section};
use crate::ops::ROOT;

/// Texts put in place of one line of the example: what one key may hold.
const CHANGES: &[(&str, &[&str])] = &[
    (
        "version = 1 ",
        &[
            "version = 2 ",
            "version = \"1\" ",
            "version = 1\nextra = 1 ",
            "version = 1\nversio = 1 ",
            "",
        ],
    ),
    (
        "root = \"vault/occ\"",
        &[
            "root = \"vault\"",
            "root = \"./vault/\"",
            "root = \"a b\"",
            "root = \"/vault\"",
            "root = \"~/vault\"",
            "root = \"../vault\"",
            "root = \"a/../b\"",
            "root = \"a/..\"",
            "root = \"..a/b..\"",
            "root = \"a\\\\b\"",
            "root = \"\"",
            "root = \" \"",
            "root = \"c:/x\"",
            "root = 3",
            "rot = \"vault\"",
            "",
        ],
    ),
    (
        "keys = { DATABASE_URL = \"postgres-url\" } ",
        &[
            "keys = {} ",
            "keys = { A = \"any\", B = \"regex:^x\" } ",
            "keys = { A = \"regex:\" } ",
            "keys = { A = \"postgres\" } ",
            "keys = { \"A-B\" = \"any\" } ",
            "keys = { \"1A\" = \"any\" } ",
            "keys = [\"A\"] ",
            "whole = \"json\" ",
            "whole = \"jsn\" ",
            "keys = { A = \"any\" }\nwhole = \"json\" ",
            "",
        ],
    ),
    (
        "environment = \"staging\"",
        &["environment = \"a b\"", "environment = \"prod.eu-1\"", "environment = \"-a\"", ""],
    ),
    (
        "owner = \"reliability\"",
        &[
            "owner = \"The team\"",
            "owner = \"\"",
            "owner = \"a\\nb\"",
            "owner = 1",
            "owners = \"x\"",
        ],
    ),
    (
        "rotate = \"90d\"",
        &[
            "rotate = \"2w\"",
            "rotate = \"0d\"",
            "rotate = \"90\"",
            "rotate = \"1.5d\"",
            "rotate = \"500ms\"",
            "rotate = 90",
            "rotate = \"0030s\"",
        ],
    ),
    ("optional = false", &["optional = true", "optional = 0", "optional = \"false\""]),
    (
        "mode = [\"session\"]",
        &[
            "mode = [\"direct\", \"transaction\"]",
            "mode = [\"pool\"]",
            "mode = []",
            "mode = \"session\"",
        ],
    ),
    ("sslmode = \"require\"", &["sslmode = \"verify-full\"", "sslmode = \"on\"", "sslmode = true"]),
    (
        "env-file = \"vault/occ/supabase/database_url_staging.env\"",
        &[
            "fly-config = \"fly.toml\"",
            "env = \"X\"",
            "env-file = \"a\"\nfly-config = \"b\"",
            "env-file = 1",
            "",
        ],
    ),
    (
        "key = \"DATABASE_URL\"\n",
        &[
            "key = \"A\"\nsplit = { host = \"H\" }\n",
            "split = { host = \"H\" }\n",
            "split = { port = \"P\" }\n",
            "split = { host = \"H\", sslmode = \"S\" }\n",
            "\n",
        ],
    ),
    ("reader = \"rails\"", &["reader = \"lib/pq\"", "reader = \"ruby\"", "reader = \"\""]),
    (
        "token = \"fly/api_token.env:FLY_API_TOKEN\"",
        &[
            "token = \"FLY_API_TOKEN\"",
            "token = \"../a.env:A\"",
            "prune = [\"OLD\"]",
            "prune = []",
            "prune = [\"A B\"]",
            "token = \"a.env:\"",
            "",
        ],
    ),
    (
        "REDIS_URL = \"chatwoot/redis_staging.env:REDIS_URL\"",
        &[
            "REDIS_URL = \"literal:\"",
            "REDIS_URL = \"dsn:vault-staging:url\"",
            "REDIS_URL = \"dsn:vault-staging\"",
            "REDIS_URL = \"dsn:vault-staging:hst\"",
            "REDIS_URL = \"file:fly/api_token.env\"",
            "REDIS_URL = \"file:base64:fly/api_token.env\"",
            "REDIS_URL = \"file:../x\"",
            "REDIS_URL = \"x\"",
            "REDIS_URL = 1",
            "\"REDIS URL\" = \"literal:x\"",
        ],
    ),
    (
        "sign-with = \"~/.ssh/id_ed25519\"",
        &[
            "sign-with = \"/keys/a\"",
            "sign-with = \"keys/a\"",
            "sign-with = \"../a\"",
            "sign-with = \"~you/a\"",
            "sign-with = \"~\"",
        ],
    ),
    (
        "expires-after = \"7d\"",
        &["expires-after = \"7\"", "expires-after = \"1h\"", "expires = \"7d\""],
    ),
    (
        "roles = { chatwoot = { file = \"chatwoot.md\", owner = \"chatwoot\" } }",
        &[
            "roles = { chatwoot = { file = \"a/b.md\", owner = \"x y\" } }",
            "roles = { chatwoot = { file = \"chatwoot.md\" } }",
            "roles = { chatwoot = { file = \"a.md\", owner = \"x\", writers = [\"chatwoot\"] } }",
            "roles = { chatwoot = { file = \"a.md\", owner = \"x\", writers = [] } }",
            "roles = { chatwoot = { file = \"/a.md\", owner = \"x\" } }",
            "roles = { chatwoot = { file = \"a.md\", owner = \"x\", more = 1 } }",
        ],
    ),
    (
        "area = \"integrations/chatwoot-fly-deployment\"",
        &["area = \"a\"", "area = \"../a\"", "arae = \"a\"", ""],
    ),
    (
        "timeout = \"30s\"",
        &[
            "timeout = \"500ms\"",
            "timeout = 30",
            "wait = \"5s\"",
            "approve = true",
            "approve = \"yes\"",
            "on-failure = \"continue\"",
            "on-failure = \"go\"",
            "item = \"fly-auth\"",
            "item = \"fly auth\"",
            "needs = [\"vault\"]",
            "needs = []",
            "env-from = [\"fly/api_token.env\"]",
            "env-from = [\"/a\"]",
            "expect = { exit = [0, 255] }",
            "expect = { exit = [256] }",
            "expect = { exit = [] }",
            "expect = {}",
            "expect = { exits = [] }",
            "retry = 2",
        ],
    ),
    (
        "attempts = 2 ",
        &[
            "attempts = 1 ",
            "attempts = 0 ",
            "attempts = 101 ",
            "attempts = 2.5 ",
            "attempts = \"2\" ",
        ],
    ),
    (
        "[evidence]\n",
        &[
            "[toolchain]\nfly = \">=0.3\"\ngit = \"*\"\nnode = \"^20, <22.1\"\n[evidence]\n",
            "[toolchain]\nfly = \"new\"\n[evidence]\n",
            "[toolchain]\nfly = 3\n[evidence]\n",
            "[toolchain]\n\"a b\" = \"*\"\n[evidence]\n",
        ],
    ),
];

#[test]
fn parser_and_schema_accept_the_same_files() {
    let validator = jsonschema::validator_for(&schema()).expect("the schema is a schema");
    let (mut accepted, mut refused) = (0, 0);
    let example = example();
    let changed = CHANGES.iter().flat_map(|(before, afters)| {
        assert_eq!(example.matches(before).count(), 1, "{before}");
        afters.iter().map(|after| example.replace(before, after)).collect::<Vec<_>>()
    });
    for text in std::iter::once(example.clone()).chain(changed) {
        let parsed = read(&text);
        let problems: Vec<_> =
            validator.iter_errors(&to_json(&text)).map(|error| error.to_string()).collect();
        assert_eq!(
            parsed.is_ok(),
            problems.is_empty(),
            "{:?}\n{problems:#?}\n{text}",
            parsed.err()
        );
        if parsed.is_ok() { accepted += 1 } else { refused += 1 }
    }
    assert!(accepted > 30 && refused > 60, "{accepted} accepted, {refused} refused");
}

#[test]
fn every_table_is_closed_and_every_key_described() {
    fn walk(schema: &Value, place: &str) {
        let Some(object) = schema.as_object() else { return };
        if object.get("type") == Some(&json!("object")) {
            assert!(object.contains_key("additionalProperties"), "{place} is open");
        }
        for (name, key) in object.get("properties").and_then(Value::as_object).into_iter().flatten()
        {
            let place = format!("{place}.{name}");
            let about = key.get("description").and_then(Value::as_str).unwrap_or_default();
            assert!(about.ends_with('.') || about.ends_with('1'), "{place} has no description");
            walk(key, &place);
        }
        for inner in ["items", "additionalProperties"] {
            if let Some(inner) = object.get(inner) {
                walk(inner, place);
            }
        }
    }
    walk(&schema(), "");
}

fn to_json(text: &str) -> Value {
    let table: toml::Table = text.parse().expect("the samples are TOML");
    serde_json::to_value(table).expect("a table of TOML without dates is JSON")
}

/// The title of each table in the document that describes the format, and the table.
fn documented() -> Vec<(&'static str, &'static Section)> {
    fn inner(kind: &'static Kind) -> Option<&'static Section> {
        match kind {
            Kind::Table(section) => Some(section),
            Kind::List(kind, _) | Kind::Map(_, kind, _) => inner(kind),
            _ => None,
        }
    }
    fn at(section: &'static Section, name: &str) -> &'static Section {
        let key = section.keys.iter().find(|key| key.name == name);
        key.and_then(|key| inner(&key.kind)).expect("the grammar has this table")
    }
    let [vault, dsn, fly, feedback, pipeline] =
        ["vault", "dsn", "fly", "feedback", "pipeline"].map(|name| at(&ROOT, name));
    vec![
        ("The file", &ROOT),
        ("`[vault]`", vault),
        ("`[[vault.file]]`", at(vault, "file")),
        ("`[dsn]`", dsn),
        ("`[dsn.policy]`", at(dsn, "policy")),
        ("`[dsn.budget]`", at(dsn, "budget")),
        ("`[[dsn.budget.process]]`", at(at(dsn, "budget"), "process")),
        ("`[[dsn.place]]`", at(dsn, "place")),
        ("`[dsn.place.split]`", at(at(dsn, "place"), "split")),
        ("`[fly]`", fly),
        ("`[[fly.app]]`", at(fly, "app")),
        ("`[evidence]`", at(&ROOT, "evidence")),
        ("`[feedback]`", feedback),
        ("`[feedback.roles.NAME]`", at(feedback, "roles")),
        ("`[pipeline.NAME]`", pipeline),
        ("`[[pipeline.NAME.step]]`", at(pipeline, "step")),
        ("`[pipeline.NAME.step.expect]`", at(at(pipeline, "step"), "expect")),
    ]
}

#[test]
fn the_document_describes_every_key() {
    let document = include_str!("../../../../docs/formats.md");
    for (title, section) in documented() {
        let heading = format!("\n### {title}\n");
        let (_, text) = document.split_once(&heading).expect(title);
        let text = text.split("\n### ").next().unwrap_or_default();
        let table = text.split("\n| source |").next().unwrap_or_default();
        let rows: Vec<Vec<&str>> = table
            .lines()
            .filter_map(|line| line.strip_prefix("| `"))
            .map(|row| row.split('|').map(str::trim).collect())
            .collect();
        let names: Vec<_> = rows.iter().filter_map(|row| row[0].strip_suffix('`')).collect();
        let keys: Vec<_> = section.keys.iter().map(|key| key.name).collect();
        assert_eq!(names, keys, "{title}");
        for (row, key) in rows.iter().zip(section.keys) {
            match key.need {
                Need::Required => assert_eq!(row[2], "required", "{title} {}", key.name),
                Need::Default(value) => {
                    assert!(row[2].contains(value), "{title} {} has the default {value}", key.name);
                }
                Need::Optional => assert_ne!(row[2], "required", "{title} {}", key.name),
            }
        }
    }
}
