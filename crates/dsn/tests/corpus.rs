//! Our readings against those of the real clients, recorded in fixtures/dsn-corpus.
#![expect(clippy::unwrap_used, reason = "a fixture that cannot be read is a failed test")]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use dsn::{Fields, Mask, Reader, Refusal, Version, parse_libpq, readings};
use serde_json::Value;

type Shown = BTreeMap<String, String>;

/// How a client's answers are compared.
struct Client {
    file: &'static str,
    /// The strings that it was asked about.
    strings: &'static str,
    read: fn(&[u8]) -> Result<Fields, Refusal>,
    /// Fields that the client offers no way to look at.
    hidden: &'static [&'static str],
    /// Ids of the strings on which we are known to differ; docs/tools/dsn-align.md has the reasons.
    exceptions: &'static [u64],
}

fn read_by(reader: Reader) -> fn(&[u8]) -> Result<Fields, Refusal> {
    match reader {
        Reader::Pgx => |text| Reader::Pgx.read(text),
        Reader::LibPq => |text| Reader::LibPq.read(text),
        Reader::NodePostgres => |text| Reader::NodePostgres.read(text),
        Reader::PostgresJs => |text| Reader::PostgresJs.read(text),
        Reader::TokioPostgres => |text| Reader::TokioPostgres.read(text),
        Reader::Sqlx => |text| Reader::Sqlx.read(text),
        Reader::Rails => |text| Reader::Rails.read(text),
        Reader::SqlAlchemy => |text| Reader::SqlAlchemy.read(text),
        Reader::Asyncpg => |text| Reader::Asyncpg.read(text),
        Reader::DjDatabaseUrl => |text| Reader::DjDatabaseUrl.read(text),
        Reader::RedisRb => |text| Reader::RedisRb.read(text),
        Reader::RedisRs => |text| Reader::RedisRs.read(text),
        Reader::Ioredis => |text| Reader::Ioredis.read(text),
        Reader::RedisPy => |text| Reader::RedisPy.read(text),
        Reader::Prisma => |text| Reader::Prisma.read(text),
        Reader::Jdbc => |text| Reader::Jdbc.read(text),
        Reader::Npgsql => |text| Reader::Npgsql.read(text),
        _ => |text| Reader::Libpq.read(text),
    }
}

fn client(file: &'static str, reader: Reader, hidden: &'static [&'static str]) -> Client {
    let known = EXCEPTIONS.iter().find(|(known, _)| *known == file);
    let exceptions = known.map_or(&[][..], |(_, ids)| *ids);
    // Its own form is a corpus of its own.
    let strings = match file {
        "jdbc" => "jdbc.jsonl",
        "npgsql" => "npgsql.jsonl",
        _ => "strings.jsonl",
    };
    Client { file, strings, read: read_by(reader), hidden, exceptions }
}

#[test]
fn libpq_is_read_alike_without_exception() {
    let readers: [Client; 2] = [
        client("libpq", Reader::Libpq, &[]),
        Client {
            file: "libpq-17",
            strings: "strings.jsonl",
            read: |text| parse_libpq(text, Version::V17),
            hidden: &[],
            exceptions: &[],
        },
    ];
    let report: String = readers.iter().map(differing).collect();
    assert!(report.is_empty(), "\n{report}");
}

#[test]
fn every_other_client_is_read_alike() {
    let clients = CLIENTS.iter().map(|(file, reader, hidden)| client(file, *reader, hidden));
    let report: String = clients.map(|client| differing(&client)).collect();
    assert!(report.is_empty(), "\n{report}");
}

/// In the hand-written strings and the generated ones alike, every password holds the word.
#[test]
fn no_reading_of_any_string_shows_a_piece_of_its_password() {
    for case in lines("strings.jsonl") {
        let text = case["text"].as_str().unwrap();
        let mask = Mask::new(text.as_bytes());
        for reading in readings(text.as_bytes()) {
            let shown = match reading.outcome {
                Ok(fields) => {
                    let mut shown = String::new();
                    for (name, value) in fields.iter() {
                        let value = mask.value(name, value.expose());
                        write!(shown, "{}={value} ", mask.name(name)).unwrap();
                    }
                    shown
                }
                Err(refusal) => format!("{refusal} {refusal:?}"),
            };
            let is_shown = shown.to_ascii_uppercase().contains("CANARY");
            assert!(!is_shown, "{} of {}: {shown}", reading.reader.name(), case["id"]);
        }
    }
}

/// Every string on which a client and we are known to differ; docs/tools/dsn-align.md has the reasons.
const EXCEPTIONS: &[(&str, &[u64])] = &[("pgx", &[662]), ("npgsql", &[93, 99, 123])];

/// Fewer than one string in a hundred, each of them still read otherwise, and each with its reason in the documentation.
#[test]
fn exceptions_are_few_and_explained() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    let documentation = fs::read_to_string(root.join("docs/tools/dsn-align.md")).unwrap();
    for (file, ids) in EXCEPTIONS {
        let (_, reader, hidden) = CLIENTS.iter().find(|(known, ..)| known == file).unwrap();
        let mut client = client(file, *reader, hidden);
        let n_answers = lines(&format!("answers/{file}.jsonl")).len();
        assert!(ids.len() * 100 < n_answers, "{file}: {} of {n_answers}", ids.len());
        client.exceptions = &[];
        let report = differing(&client);
        let strings = lines(client.strings);
        for id in *ids {
            assert!(
                report.contains(&format!("\n{id} \"")) || report.starts_with(&format!("{id} \"")),
                "{file} reads {id} alike"
            );
            let text =
                strings.iter().find(|case| case["id"] == *id).unwrap()["text"].as_str().unwrap();
            let is_explained = documentation.lines().any(|line| {
                line.starts_with(&format!("| {} |", reader.name()))
                    && line.contains(&format!("`{text}`"))
            });
            assert!(is_explained, "{file}: no reason is given for `{text}`");
        }
    }
}

const CLIENTS: &[(&str, Reader, &[&str])] = &[
    ("pgx", Reader::Pgx, PGX_HIDDEN),
    ("lib-pq", Reader::LibPq, LIB_PQ_HIDDEN),
    ("node-postgres", Reader::NodePostgres, &["ssl"]),
    ("postgres.js", Reader::PostgresJs, POSTGRES_JS_HIDDEN),
    ("tokio-postgres", Reader::TokioPostgres, TOKIO_HIDDEN),
    ("sqlx", Reader::Sqlx, SQLX_HIDDEN),
    ("prisma", Reader::Prisma, PRISMA_HIDDEN),
    ("jdbc", Reader::Jdbc, &[]),
    ("npgsql", Reader::Npgsql, &[]),
    ("rails", Reader::Rails, &[]),
    ("sqlalchemy", Reader::SqlAlchemy, &[]),
    ("asyncpg", Reader::Asyncpg, ASYNCPG_HIDDEN),
    ("dj-database-url", Reader::DjDatabaseUrl, &[]),
    ("redis-rb", Reader::RedisRb, &[]),
    ("redis-rs", Reader::RedisRs, &[]),
    ("ioredis", Reader::Ioredis, &[]),
    ("redis-py", Reader::RedisPy, &[]),
];

const PGX_HIDDEN: &[&str] = &[
    "sslmode",
    "connect_timeout",
    "target_session_attrs",
    "channel_binding",
    "sslnegotiation",
    "sslsni",
    "krbsrvname",
    "min_protocol_version",
    "max_protocol_version",
    "service",
];
const LIB_PQ_HIDDEN: &[&str] = &[
    "sslmode",
    "connect_timeout",
    "target_session_attrs",
    "load_balance_hosts",
    "sslnegotiation",
    "sslsni",
    "krbsrvname",
    "client_encoding",
    "datestyle",
    "fallback_application_name",
    "min_protocol_version",
    "max_protocol_version",
    "hostaddr",
    "service",
];
const POSTGRES_JS_HIDDEN: &[&str] =
    &["connect_timeout", "sslnegotiation", "target_session_attrs", "ssl", "sslmode"];
const TOKIO_HIDDEN: &[&str] = &[
    "sslmode",
    "connect_timeout",
    "target_session_attrs",
    "channel_binding",
    "load_balance_hosts",
    "sslnegotiation",
    "tcp_user_timeout",
    "keepalives",
    "keepalives_idle",
    "hostaddr",
];
/// The only fields that the engine's URL type has a way to look at.
const PRISMA_SHOWN: &[&str] = &["user", "password", "host", "port", "dbname", "schema"];
const PRISMA_HIDDEN: &[&str] = &[];
const SQLX_HIDDEN: &[&str] =
    &["sslmode", "sslrootcert", "sslcert", "sslkey", "statement-cache-capacity"];
const ASYNCPG_HIDDEN: &[&str] = &[
    "sslmode",
    "target_session_attrs",
    "krbsrvname",
    "gsslib",
    "sslnegotiation",
    "service",
    "passfile",
];

/// One line for each string on which the client and we differ, and do so without leave.
fn differing(client: &Client) -> String {
    let strings = lines(client.strings);
    let answers = lines(&format!("answers/{}.jsonl", client.file));
    assert!(answers.len() >= 150, "{} has too few answers", client.file);
    let texts: BTreeMap<u64, &Value> =
        strings.iter().map(|case| (case["id"].as_u64().unwrap(), &case["text"])).collect();
    let (mut report, mut count) = (String::new(), 0);
    for answer in &answers {
        let id = answer["id"].as_u64().unwrap();
        let text = texts[&id].as_str().unwrap();
        let theirs = answer.get("fields").map(|fields| their_fields(fields, client));
        let ours = (client.read)(text.as_bytes()).ok().map(|fields| our_fields(&fields, client));
        if ours != theirs && !client.exceptions.contains(&id) {
            count += 1;
            writeln!(report, "{id} {text:?}\n  ours   {ours:?}\n  theirs {theirs:?}").unwrap();
        }
    }
    if count > 0 {
        writeln!(report, "{}: {count} of {} differ", client.file, answers.len()).unwrap();
    }
    report
}

fn their_fields(fields: &Value, client: &Client) -> Shown {
    let fields = fields.as_object().unwrap().iter();
    let fields = fields.map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned()));
    meant(fields.collect(), client)
}

fn our_fields(fields: &Fields, client: &Client) -> Shown {
    let fields = fields.iter().map(|(name, value)| (name.to_owned(), shown(value.expose())));
    meant(fields.collect(), client)
}

/// Takes away what a client's defaults add and what cannot be seen, so that only the reading is left.
fn meant(mut fields: Shown, client: &Client) -> Shown {
    let is_libpq = client.file.starts_with("libpq");
    if is_libpq {
        return fields;
    }
    fields.retain(|name, value| !value.is_empty() && !client.hidden.contains(&name.as_str()));
    let is_redis = client.file.contains("redis");
    let default_port = if is_redis { "6379" } else { "5432" };
    if let Some(ports) = fields.get("port") {
        let number = |port: &'_ str| match port.parse::<u32>() {
            Ok(number) => number.to_string(),
            Err(_) if port.is_empty() => default_port.to_owned(),
            Err(_) => port.to_owned(),
        };
        let mut ports: Vec<String> = ports.split(',').map(number).collect();
        if ports.iter().all(|port| port == ports.first().unwrap()) {
            ports.truncate(1);
        }
        let ports = ports.join(",");
        if ports == default_port {
            fields.remove("port");
        } else {
            fields.insert("port".to_owned(), ports);
        }
    }
    if is_redis && fields.get("dbname").is_some_and(|number| number == "0") {
        fields.remove("dbname");
    }
    if let Some(hosts) = fields.get("host") {
        // An empty item of a list is the client's default host.
        let is_default = |host: &&str| {
            !matches!(*host, "/var/run/postgresql")
                && (*host != "localhost" || client.file != "lib-pq" || !hosts.contains(','))
                && (*host != "localhost" || !matches!(client.file, "jdbc" | "prisma" | "redis-rb"))
        };
        let given: Vec<&str> =
            hosts.split(',').map(|host| if is_default(&host) { host } else { "" }).collect();
        let given = given.join(",");
        fields.insert("host".to_owned(), given);
        fields.retain(|_, value| !value.is_empty());
    }
    if client.file == "jdbc" && fields.get("dbname") == fields.get("user") {
        // Whether the driver fills the user's name in depends on how the host was left out.
        fields.remove("dbname");
    }
    if client.file == "prisma" {
        let is_default = |name: &str, value: &str| {
            matches!((name, value), ("schema", "public") | ("dbname", "postgres"))
        };
        fields.retain(|name, value| {
            PRISMA_SHOWN.contains(&name.as_str()) && !is_default(name, value)
        });
    }
    for (name, unset) in [("host", "unset.invalid"), ("user", "unset-user"), ("dbname", "unset-db")]
    {
        if fields.get(name).is_some_and(|value| value == unset) {
            fields.remove(name);
        }
    }
    fields
}

fn shown(value: &[u8]) -> String {
    let mut text = String::new();
    for &byte in value {
        if (0x20..0x7f).contains(&byte) && byte != b'%' {
            text.push(char::from(byte));
        } else {
            write!(text, "%{byte:02X}").unwrap();
        }
    }
    text
}

fn lines(name: &str) -> Vec<Value> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/dsn-corpus");
    let text = fs::read_to_string(folder.join(name)).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}
