//! `probe` against real servers: what it finds, what it recognises, and that it leaks nothing.

use std::fmt::Write as _;

use serde_json::Value;
use testbed::Bed;

use super::dsn_align;
use super::servers::{Servers, has, postgres_programs, psql_connects};

/// A bed with one place for each string, each in a group of its own.
fn bed(places: &[(&str, String)]) -> Bed {
    let bed = Bed::new();
    let (mut ops, mut env) = ("version = 1\n".to_owned(), String::new());
    for (name, text) in places {
        let key = name.to_ascii_uppercase().replace('-', "_");
        writeln!(
            ops,
            "[[dsn.place]]\nname = \"{name}\"\ngroup = \"{name}\"\ncanonical = true\nenv-file = \"vault/a.env\"\nkey = \"{key}\""
        )
        .unwrap();
        writeln!(env, "{key}='{text}'").unwrap();
    }
    bed.write("ops.toml", ops);
    bed.write("vault/a.env", env);
    bed
}

/// One line a place: what it is, or why not.
fn summary(answer: &Value) -> Vec<String> {
    let places = answer["places"].as_array().unwrap().iter();
    places
        .map(|place| {
            let name = place["place"].as_str().unwrap();
            match place["failure"]["message"].as_str() {
                Some(message) => {
                    format!("{name}: {} {message}", place["failure"]["step"].as_str().unwrap())
                }
                None => format!(
                    "{name}: {} {} {}",
                    place["tls"].as_str().unwrap_or("plain"),
                    place["mode"].as_str().unwrap_or("-"),
                    place["steps"]
                        .as_array()
                        .unwrap()
                        .iter()
                        .find(|step| step["name"] == "authenticate")
                        .unwrap()["said"]
                        .as_str()
                        .unwrap()
                ),
            }
        })
        .collect()
}

#[test]
fn postgres_is_reached_as_declared() {
    let Some(programs) = postgres_programs().filter(|_| has("openssl") && has("psql")) else {
        testbed::not_run(
            "postgres_is_reached_as_declared",
            "PostgreSQL's server, psql or openssl is not installed",
        );
        return;
    };
    let mut servers = Servers::new();
    servers.certificates();
    let rules = "hostnossl all tlsonly 127.0.0.1/32 reject\nhostnossl all clear 127.0.0.1/32 password\n\
         hostssl all clear 127.0.0.1/32 password\nhost all md5user 127.0.0.1/32 md5\nhost all all 127.0.0.1/32 scram-sha-256\nlocal all all scram-sha-256\n";
    let port = servers.postgres(&programs, "CANARYpw/%", rules);
    servers.sql(
        port,
        "CANARYpw/%",
        &[
            "CREATE DATABASE app",
            "CREATE USER tlsonly",
            "CREATE USER clear",
            "SET password_encryption = 'md5'; CREATE USER md5user",
            "CREATE USER full_house CONNECTION LIMIT 0",
        ],
    );
    set_passwords(&servers, port, &["tlsonly", "clear", "full_house"], "scram-sha-256");
    set_passwords(&servers, port, &["md5user"], "md5");
    let ca = servers.path("ca.crt").display().to_string().replace('/', "%2F");
    let socket = servers.path("").display().to_string().trim_end_matches('/').replace('/', "%2F");
    let uri = |user: &str, password: &str, host: &str, rest: &str| {
        format!("postgresql://{user}:{password}@{host}:{port}/{rest}")
    };
    let right = "CANARYpw%2F%25";
    let places = [
        ("plain", uri("app", right, "localhost", "app?sslmode=disable")),
        ("tls", uri("app", right, "localhost", "app?sslmode=require")),
        (
            "full",
            uri("app", right, "localhost", &format!("app?sslmode=verify-full&sslrootcert={ca}")),
        ),
        (
            "other-name",
            uri("app", right, "127.0.0.1", &format!("app?sslmode=verify-full&sslrootcert={ca}")),
        ),
        (
            "authority",
            uri("app", right, "127.0.0.1", &format!("app?sslmode=verify-ca&sslrootcert={ca}")),
        ),
        ("unknown-authority", uri("app", right, "localhost", "app?sslmode=verify-full")),
        ("md5", uri("md5user", right, "127.0.0.1", "app?sslmode=disable")),
        ("clear", uri("clear", right, "127.0.0.1", "app?sslmode=disable")),
        ("clear-tls", uri("clear", right, "127.0.0.1", "app?sslmode=require")),
        ("tls-only", uri("tlsonly", right, "127.0.0.1", "app?sslmode=disable")),
        ("wrong", uri("app", "CANARYwrong", "localhost", "app")),
        ("no-database", uri("app", right, "localhost", "nodb?sslmode=disable")),
        ("limit", uri("full_house", right, "localhost", "app?sslmode=disable")),
        ("socket", uri("app", right, &socket, "app")),
        ("raw", uri("app", "CANARY@pw", "localhost", "app")),
        ("no-name", format!("postgresql://app:{right}@nohost.invalid:5432/app")),
    ];
    let bed = bed(&places);
    let output = dsn_align(&bed, &["probe", "--format", "json"]).run();
    assert_eq!(output.code(), 1, "{output}");
    let human = dsn_align(&bed, &["probe", "tls"]).run();
    for said in ["1: CN=localhost for localhost, until ", ", signed by CN=ca", "tls: ok"] {
        assert!(human.stdout().contains(said), "{said}: {human}");
    }
    assert_eq!(
        summary(&output.json()),
        [
            "plain: plain direct SCRAM-SHA-256",
            "tls: 1.3 direct SCRAM-SHA-256-PLUS",
            "full: 1.3 direct SCRAM-SHA-256-PLUS",
            "other-name: tls the certificate is for another host name",
            "authority: 1.3 direct SCRAM-SHA-256-PLUS",
            "unknown-authority: tls the certificate is from no authority that is trusted here",
            "md5: plain direct md5",
            "clear: authenticate the server asks for the password in the clear, over a plain connection",
            "clear-tls: 1.3 direct password over TLS",
            "tls-only: authenticate the server refuses connections without TLS (28000)",
            "wrong: authenticate user or password is wrong (28P01)",
            "no-database: authenticate there is no such database (3D000)",
            "limit: authenticate the server has no connection left (53300)",
            "socket: plain direct SCRAM-SHA-256",
            "raw: read a raw `@` at character 24 of the string puts a piece of the password into the host, which DNS would see",
            "no-name: resolve the host name cannot be resolved",
        ],
        "{output}"
    );
    chain_and_steps_are_reported(&output.json());
    let first = &output.json()["places"][0];
    assert_eq!(first["max_connections"], 12);
    assert!(
        first["server_version"]
            .as_str()
            .is_some_and(|version| version.starts_with(char::is_numeric))
    );
    what_sslmode_leaves_open_is_tried(&servers, port);
    assert!(!servers.logs().contains("CANARY"), "a password is in a server's log");
}

/// `prefer` and `allow` go the other way where one fails, and a root file that is not there hinders nobody who
/// verifies nothing; psql agrees.
fn what_sslmode_leaves_open_is_tried(servers: &Servers, port: u16) {
    let uri = |user: &str, rest: &str| format!("postgresql://{user}@localhost:{port}/app?{rest}");
    let none = "sslrootcert=%2Fnonexistent%2Froot.crt";
    // A file that holds no certificate.
    let bad = servers.path("extensions").display().to_string().replace('/', "%2F");
    let places = [
        ("allow-tls", uri("tlsonly", "sslmode=allow"), "1.3 direct SCRAM-SHA-256-PLUS"),
        (
            "no-root",
            uri("app", &format!("sslmode=require&{none}")),
            "1.3 direct SCRAM-SHA-256-PLUS",
        ),
        (
            "no-root-full",
            uri("app", &format!("sslmode=verify-full&{none}")),
            "tls the file of certificate authorities cannot be used",
        ),
        (
            "bad-root",
            uri("app", &format!("sslmode=prefer&sslrootcert={bad}")),
            "plain direct SCRAM-SHA-256",
        ),
        (
            "encoding",
            uri("app", "sslmode=disable&client_encoding=nonsense"),
            "authenticate the server refused (22023)",
        ),
    ];
    let bed = bed(&places.each_ref().map(|(name, text, _)| (*name, text.clone())));
    bed.write_mode("secrets/passwords", "*:*:*:*:CANARYpw/%\n", 0o600);
    let output = dsn_align(&bed, &["probe", "--format", "json"])
        .env("PGPASSFILE", bed.path("secrets/passwords").to_str().unwrap())
        .run();
    let expected = places.each_ref().map(|(name, _, said)| format!("{name}: {said}"));
    assert_eq!(summary(&output.json()), expected, "{output}");
    for (index, (name, text, _)) in places.iter().enumerate() {
        let is_ok = output.json()["places"][index]["failure"].is_null();
        assert_eq!(psql_connects(text, "CANARYpw/%"), is_ok, "{name}");
    }
}

/// The certificates of each chain, also where they were refused, and how long every step took.
fn chain_and_steps_are_reported(answer: &Value) {
    let place = |name: &str| {
        let places = answer["places"].as_array().unwrap();
        places.iter().find(|place| place["place"] == name).unwrap().clone()
    };
    for name in ["tls", "unknown-authority", "other-name"] {
        let certificate = &place(name)["certificates"][0];
        assert_eq!(certificate["subject"], "CN=localhost", "{name}");
        assert_eq!(certificate["issuer"], "CN=ca", "{name}");
        assert_eq!(certificate["names"][0], "localhost", "{name}");
        assert!(
            certificate["not_after"].as_str().is_some_and(|time| time.ends_with('Z')),
            "{name}"
        );
    }
    assert!(place("wrong")["failure"]["milliseconds"].is_u64());
    let said = |name: &str, step: &str| {
        let place = place(name);
        let step = place["steps"].as_array().unwrap().iter().find(|found| found["name"] == step);
        step.unwrap()["said"].as_str().unwrap().to_owned()
    };
    assert!(said("plain", "resolve").starts_with("A 127.0.0.1, AAAA "));
    assert_eq!(said("md5", "resolve"), "an address, nothing to look up");
}

/// Gives other users the superuser's password.
fn set_passwords(servers: &Servers, port: u16, users: &[&str], encryption: &str) {
    for user in users {
        let statement = format!(
            "SET password_encryption = '{encryption}'; ALTER USER {user} PASSWORD 'CANARYpw/%'"
        );
        servers.sql(port, "CANARYpw/%", &[&statement]);
    }
}

#[test]
fn a_poolers_mode_is_found_out() {
    let Some(programs) =
        postgres_programs().filter(|_| has("openssl") && has("psql") && has("pgbouncer"))
    else {
        testbed::not_run(
            "a_poolers_mode_is_found_out",
            "PostgreSQL's server, pgbouncer, psql or openssl is not installed",
        );
        return;
    };
    let mut servers = Servers::new();
    servers.certificates();
    let rules = "host all all 127.0.0.1/32 scram-sha-256\nlocal all all scram-sha-256\n";
    let port = servers.postgres(&programs, "CANARYpw", rules);
    servers.sql(port, "CANARYpw", &["CREATE DATABASE app"]);
    let session = servers.pgbouncer("session", port, "CANARYpw");
    let transaction = servers.pgbouncer("transaction", port, "CANARYpw");
    let uri = |port: u16, rest: &str| format!("postgresql://app:CANARYpw@127.0.0.1:{port}/{rest}");
    let bed = bed(&[
        ("session", uri(session, "app")),
        ("transaction", uri(transaction, "app")),
        ("no-database", uri(transaction, "nodb")),
        ("no-tls", uri(session, "app?sslmode=require")),
    ]);
    let output = dsn_align(&bed, &["probe", "--format", "json"]).run();
    assert_eq!(
        summary(&output.json()),
        [
            "session: plain session SCRAM-SHA-256",
            "transaction: plain transaction SCRAM-SHA-256",
            "no-database: authenticate there is no such database (08P01)",
            "no-tls: tls the server offers no TLS, and the string asks for it",
        ],
        "{output}"
    );
    assert!(!servers.logs().contains("CANARY"), "a password is in a server's log");
}

#[test]
fn redis_is_reached_as_declared() {
    if !has("redis-server") || !has("openssl") {
        testbed::not_run(
            "redis_is_reached_as_declared",
            "redis-server or openssl is not installed",
        );
        return;
    }
    let mut servers = Servers::new();
    servers.certificates();
    let plain = servers.redis("CANARYpw", false);
    let encrypted = servers.redis("CANARYpw", true);
    let bed = bed(&[
        ("redis-password", format!("redis://:CANARYpw@127.0.0.1:{plain}")),
        ("redis-user", format!("redis://bob:CANARYpw@127.0.0.1:{plain}/1")),
        ("redis-wrong", format!("redis://:CANARYwrong@127.0.0.1:{plain}")),
        ("redis-none", format!("redis://127.0.0.1:{plain}")),
        ("redis-database", format!("redis://:CANARYpw@127.0.0.1:{plain}/99")),
        ("redis-tls", format!("rediss://:CANARYpw@localhost:{encrypted}")),
        ("redis-closed", "redis://127.0.0.1:1".to_owned()),
    ]);
    let authorities = servers.path("ca.crt").display().to_string();
    let output =
        dsn_align(&bed, &["probe", "--format", "json", "--authorities", &authorities]).run();
    assert_eq!(
        summary(&output.json()),
        [
            "redis-password: plain - accepted",
            "redis-user: plain - accepted",
            "redis-wrong: authenticate user or password is wrong (WRONGPASS)",
            "redis-none: authenticate the server asks for a password, and the string has none (NOAUTH)",
            "redis-database: select there is no such database (ERR)",
            "redis-tls: 1.3 - accepted",
            "redis-closed: connect nothing listens on this port",
        ],
        "{output}"
    );
    let output = dsn_align(&bed, &["probe", "redis-tls"]).run();
    assert!(
        output.stdout().contains("the certificate is from no authority that is trusted here"),
        "{output}"
    );
    let human = dsn_align(&bed, &["probe", "redis-tls"]).run();
    assert!(human.stdout().contains("name it with --authorities FILE"), "{human}");
    assert!(!servers.logs().contains("CANARY"), "a password is in a server's log");
}

#[test]
fn the_string_is_honoured_as_libpq_does() {
    let Some(programs) = postgres_programs().filter(|_| has("openssl") && has("psql")) else {
        testbed::not_run(
            "the_string_is_honoured_as_libpq_does",
            "PostgreSQL's server, psql or openssl is not installed",
        );
        return;
    };
    let mut servers = Servers::new();
    servers.self_signed();
    let rules = "hostssl all clear 127.0.0.1/32 password\nhost all nobody 127.0.0.1/32 reject\n\
         host all trusted 127.0.0.1/32 trust\nhost all all 127.0.0.1/32 scram-sha-256\nlocal all all scram-sha-256\n";
    let port = servers.postgres(&programs, "CANARYpw/%", rules);
    let users =
        ["CREATE DATABASE app", "CREATE USER clear", "CREATE USER nobody", "CREATE USER trusted"];
    servers.sql(port, "CANARYpw/%", &users);
    set_passwords(&servers, port, &["clear"], "scram-sha-256");
    let ca = servers.path("server.crt").display().to_string().replace('/', "%2F");
    let uri = |user: &str, hosts: &str, rest: &str| {
        format!("postgresql://{user}:CANARYpw%2F%25@{hosts}/app?{rest}")
    };
    let host = format!("localhost:{port}");
    let own_root = format!("sslmode=verify-full&sslrootcert={ca}");
    let bed = bed(&[
        ("forbidden", uri("clear", &host, "sslmode=require&require_auth=scram-sha-256")),
        ("allowed", uri("clear", &host, "sslmode=require&require_auth=!md5")),
        ("trusted", uri("trusted", &host, "require_auth=!none")),
        ("bound", uri("app", &host, "sslmode=require&channel_binding=require")),
        ("unbound", uri("app", &host, "sslmode=disable&channel_binding=require")),
        ("writes", uri("app", &host, "sslmode=disable&target_session_attrs=read-write")),
        ("standby", uri("app", &host, "sslmode=disable&target_session_attrs=standby")),
        ("prefers", uri("app", &host, "sslmode=disable&target_session_attrs=prefer-standby")),
        ("second", uri("app", &format!("localhost:1,{host}"), "sslmode=disable")),
        ("own-root", uri("app", &host, &own_root)),
        ("other-host", uri("app", &format!("127.0.0.1:{port}"), &own_root)),
        ("rejected", uri("nobody", &host, "sslmode=require")),
        ("file", format!("postgresql://app@{host}/app?sslmode=disable")),
    ]);
    bed.write_mode("secrets/passwords", "*:*:*:app:CANARYpw/%\n", 0o600);
    let output = dsn_align(&bed, &["probe", "--format", "json"])
        .env("PGPASSFILE", bed.path("secrets/passwords").to_str().unwrap())
        .run();
    assert_eq!(
        summary(&output.json()),
        [
            "forbidden: authenticate the server asks for a way of authentication that require_auth forbids",
            "allowed: 1.3 direct password over TLS",
            "trusted: authenticate the server asks for a way of authentication that require_auth forbids",
            "bound: 1.3 direct SCRAM-SHA-256-PLUS",
            "unbound: authenticate the string asks for channel binding, and this connection has none",
            "writes: plain direct SCRAM-SHA-256",
            "standby: ask the server is not of the kind that target_session_attrs asks for",
            "prefers: plain direct SCRAM-SHA-256",
            "second: plain direct SCRAM-SHA-256",
            "own-root: 1.3 direct SCRAM-SHA-256-PLUS",
            "other-host: tls the certificate is for another host name",
            "rejected: authenticate the server's pg_hba.conf turns this connection away (28000)",
            "file: plain direct SCRAM-SHA-256",
        ],
        "{output}"
    );
    let human = dsn_align(&bed, &["probe", "second"]).run();
    assert!(human.stdout().contains("host 1 of 2: nothing listens on this port"), "{human}");
    assert!(human.stdout().contains("host 2 of 2 answered"), "{human}");
    // One probe alone: its own connection is the only client's.
    assert!(human.stdout().contains("1 of 12 connections in use"), "{human}");
    each_host_counts_by_itself(port);
    binding_follows_the_certificate(&servers, port);
}

/// Each host has its own line in the password file, and each that may be a client's first is asked.
fn each_host_counts_by_itself(port: u16) {
    let uri = |hosts: &str, rest: &str| {
        format!("postgresql://app@{hosts}/app?sslmode=disable&passfile=secrets%2Feach{rest}")
    };
    let host = format!("localhost:{port}");
    let random = "&load_balance_hosts=random";
    let bed = bed(&[
        ("second", uri(&format!("localhost:1,{host}"), "")),
        ("balanced", uri(&format!("{host},localhost:1,{host}"), random)),
        ("balanced-wrong", uri(&format!("{host},127.0.0.1:{port}"), random)),
    ]);
    let each = format!(
        "localhost:1:*:*:CANARYfirst\n127.0.0.1:*:*:*:CANARYwrong\nlocalhost:{port}:app:app:CANARYpw/%\n"
    );
    bed.write_mode("secrets/each", each, 0o600);
    let output = dsn_align(&bed, &["probe", "--format", "json"]).run();
    assert_eq!(
        summary(&output.json()),
        [
            "second: plain direct SCRAM-SHA-256",
            "balanced: plain direct SCRAM-SHA-256",
            "balanced-wrong: authenticate user or password is wrong (28P01)",
        ],
        "{output}"
    );
    let human = dsn_align(&bed, &["probe", "balanced", "balanced-wrong"]).run();
    for said in [
        "host 1 of 3 answered",
        "host 2 of 3: nothing listens on this port; clients go on to another host",
        "host 3 of 3 answered",
        "host 2 of 2 was asked, since any of the hosts may be a client's first",
    ] {
        assert!(human.stdout().contains(said), "{said}: {human}");
    }
}

/// SCRAM is bound by the hash of the certificate's signature, and psql agrees on whether that can be done.
fn binding_follows_the_certificate(servers: &Servers, port: u16) {
    let bound = "1.3 direct SCRAM-SHA-256-PLUS";
    let none = "authenticate libpq gives up here: it binds SCRAM to the certificate, whose signature (Ed25519) has no hash to bind to";
    for (name, options, expected) in [
        ("sha512", "-newkey rsa:2048 -sha512", bound),
        (
            "pss",
            "-newkey rsa:2048 -sha384 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:48",
            bound,
        ),
        ("ed25519", "-newkey ed25519", none),
    ] {
        servers.replace_certificate(port, "CANARYpw/%", name, options);
        let text = |binding: &str| {
            format!("postgresql://app@localhost:{port}/app?sslmode=require&{binding}")
        };
        let bed = bed(&[
            ("required", text("channel_binding=require")),
            ("preferred", text("")),
            ("disabled", text("channel_binding=disable")),
        ]);
        bed.write_mode("secrets/passwords", "*:*:*:app:CANARYpw/%\n", 0o600);
        let begun = std::time::Instant::now();
        let answer = loop {
            let output = dsn_align(&bed, &["probe", "--format", "json"])
                .env("PGPASSFILE", bed.path("secrets/passwords").to_str().unwrap())
                .run();
            // The server takes its new certificate in its own time, and each connection sees one of them.
            let places = output.json()["places"].as_array().unwrap().clone();
            let subject = format!("CN={name}");
            if places.iter().all(|place| place["certificates"][0]["subject"] == subject.as_str()) {
                break output.json();
            }
            assert!(begun.elapsed() < std::time::Duration::from_secs(30), "{output}");
        };
        assert_eq!(
            summary(&answer),
            [
                format!("required: {expected}"),
                format!("preferred: {expected}"),
                "disabled: 1.3 direct SCRAM-SHA-256".to_owned(),
            ],
            "{name}"
        );
        for (place, text) in
            ["channel_binding=require", "", "channel_binding=disable"].map(text).iter().enumerate()
        {
            let connects = psql_connects(text, "CANARYpw/%");
            assert_eq!(connects, answer["places"][place]["failure"].is_null(), "{name}: {text}");
        }
    }
}
