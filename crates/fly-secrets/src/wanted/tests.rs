//! Every kind of source, and every reason for which none is sent.

use std::path::PathBuf;

use super::*;

const OPS: &str = r#"
version = 1
[vault]
root = "vault"
[[vault.file]]
path = "db.env"
keys = { DATABASE_URL = "postgres-url", OTHER = "any" }
[[vault.file]]
path = "split.env"
keys = { H = "any", U = "any", P = "any" }
[[vault.file]]
path = "service.json"
whole = "any"
[[dsn.place]]
name = "url"
env-file = "vault/db.env"
key = "DATABASE_URL"
canonical = true
[[dsn.place]]
name = "split"
env-file = "vault/split.env"
split = { host = "H", user = "U", password = "P" }
[[dsn.place]]
name = "outside"
env-file = "dev.env"
key = "DATABASE_URL"
[[dsn.place]]
name = "template"
env-file = "template.env"
key = "DATABASE_URL"
[[dsn.place]]
name = "half"
env-file = "template.env"
split = { host = "H", user = "U" }
[[dsn.place]]
name = "easy"
env-file = "easy.env"
key = "DATABASE_URL"
[[dsn.place]]
name = "process"
env = "DATABASE_URL"
[[dsn.place]]
name = "config"
fly-config = "fly.toml"
key = "DATABASE_URL"
[[fly.app]]
name = "web"
[fly.app.secrets]
"#;

/// The value of one source, or why there is none. Values of this test are no secrets.
fn check(source: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    fs::create_dir(root.join("vault")).unwrap();
    let write = |path: &str, text: &[u8]| fs::write(root.join(path), text).unwrap();
    write("vault/db.env", b"DATABASE_URL='postgresql://u.ref:p%2Fw%21d@db.example:6543/app?sslmode=require'\nOTHER=changeme\n");
    write("vault/split.env", b"H=h.example\nU=me\nP=a b\n");
    write("vault/service.json", b"{\"a\":\xff}");
    write("dev.env", b"DATABASE_URL=postgresql://dev@localhost/dev\n");
    write(
        "template.env",
        b"DATABASE_URL=postgresql://postgres:[YOUR-PASSWORD]@db.example/postgres\nH=<host>\nU=me\n",
    );
    write("easy.env", b"DATABASE_URL=postgresql://me:password@db.example/app\n");
    write("fly.toml", b"[env]\nDATABASE_URL = 'not a string'\n");
    let ops = format!("{OPS}X = \"{source}\"\n");
    let ops = opsfile::parse(&root.join("ops.toml"), &ops, &|_| true).unwrap();
    let vault = Vault::load(&ops).unwrap();
    let now = chrono::DateTime::from_timestamp(0, 0).unwrap();
    let invocation = Invocation::new(Vec::new(), PathBuf::from("/"), now, Box::new(|_| None));
    let app = ops.fly.app("web").unwrap();
    match &wanted(app, &ops, &vault, &invocation).remove(0).value {
        Ok(value) => value.expose_text().unwrap().to_owned(),
        Err(reason) => format!("refused: {reason}"),
    }
}

#[test]
fn parts_of_a_string_are_decoded_and_what_it_leaves_open_is_filled_in() {
    assert_eq!(check("dsn:url:password"), "p/w!d");
    assert_eq!(check("dsn:url:port"), "6543");
    assert_eq!(check("dsn:url:user"), "u.ref");
    assert_eq!(check("dsn:url:dbname"), "app");
    assert_eq!(check("dsn:url:sslmode"), "require");
    assert_eq!(check("dsn:outside:port"), "5432");
    assert_eq!(check("dsn:outside:dbname"), "dev");
}

#[test]
fn the_whole_string_is_sent_as_it_stands_or_made_of_its_parts() {
    assert_eq!(
        check("dsn:url:url"),
        "postgresql://u.ref:p%2Fw%21d@db.example:6543/app?sslmode=require"
    );
    assert_eq!(check("dsn:split:url"), "postgresql://me:a%20b@h.example:5432");
    assert_eq!(check("dsn:split:password"), "a b");
}

#[test]
fn literals_and_files_are_sent_as_they_are() {
    assert_eq!(check("literal:https://web.example"), "https://web.example");
    assert_eq!(check("file:base64:service.json"), "eyJhIjr/fQ==");
    assert_eq!(check("file:split.env"), "H=h.example\nU=me\nP=a b\n");
}

#[test]
fn what_may_not_be_sent_is_refused_by_reason() {
    insta::assert_snapshot!(check("db.env:OTHER"), @"refused: the value is a placeholder: it is a word that stands for a value");
    insta::assert_snapshot!(check("file:service.json"), @"refused: the value is not UTF-8 text; `file:base64:` carries any bytes");
    insta::assert_snapshot!(check("dsn:split:sslmode"), @"refused: the connection string sets no sslmode");
    insta::assert_snapshot!(check("dsn:process:host"), @"refused: the variable DATABASE_URL is not set");
    insta::assert_snapshot!(check("dsn:config:host"), @r#"refused: the string at the place config is refused: missing "=" after a word in connection info string (at character 1)"#);
}

#[test]
fn a_template_outside_the_vault_is_no_value_either() {
    for source in ["dsn:template:url", "dsn:template:password", "dsn:template:user"] {
        let refused = check(source);
        assert!(refused.starts_with("refused: the value is a placeholder: it "), "{refused}");
    }
    insta::assert_snapshot!(check("dsn:half:host"), @"refused: H: the value is a placeholder: it has a name in brackets where a value belongs");
    for source in ["dsn:easy:password", "dsn:easy:user"] {
        insta::allow_duplicates! {
            insta::assert_snapshot!(check(source), @"refused: the value is a placeholder: it has a stand-in for its password");
        }
    }
}

#[test]
fn a_literal_that_stands_for_a_value_is_none() {
    let literals =
        ["changeme", "<host>", "{{vault:HOST}}", "${HOST_NAME}", "TODO", "***", "[YOUR-KEY]"];
    for literal in literals {
        let refused = check(&format!("literal:{literal}"));
        assert!(refused.starts_with("refused: the value is a placeholder: it "), "{refused}");
        assert!(!refused.contains(literal), "{refused}");
    }
    for literal in ["production", "true", "1", "587", "info", "a@b.example", "/rails/storage", ""] {
        assert_eq!(check(&format!("literal:{literal}")), literal);
    }
}

#[test]
fn a_file_is_as_good_as_its_keys() {
    insta::assert_snapshot!(check("file:db.env"), @"refused: db.env:OTHER: the value is a placeholder: it is a word that stands for a value");
    insta::assert_snapshot!(check("file:base64:db.env"), @"refused: db.env:OTHER: the value is a placeholder: it is a word that stands for a value");
}
