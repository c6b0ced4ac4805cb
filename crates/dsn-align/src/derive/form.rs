//! The forms in which a connection string can be written for a client.

use std::str::FromStr;

use dsn::{Dsn, Fields, Kind, Reader, known_option};
use secret::Secret;

/// A form, as `--to` names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Form {
    /// A URI with libpq's parameters alone.
    Libpq,
    /// A URI for Rails, with its own parameters where a transaction pooler needs them.
    Rails,
    /// A URI for Prisma, with its own parameters where a transaction pooler needs them.
    Prisma,
    /// A URI for SQLAlchemy.
    SqlAlchemy,
    /// A URL for JDBC, with user and password in the query.
    Jdbc,
    /// A URI for node-postgres, with libpq's meaning of sslmode.
    Node,
    /// One key for each field, and PGSSLMODE.
    Split(String),
}

/// One line of an env file.
pub(crate) struct Line {
    /// The key.
    pub(crate) key: String,
    /// The value.
    pub(crate) value: Secret,
}

impl FromStr for Form {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Ok(match text {
            "libpq" => Self::Libpq,
            "rails" => Self::Rails,
            "prisma" => Self::Prisma,
            "sqlalchemy" => Self::SqlAlchemy,
            "jdbc" => Self::Jdbc,
            "node" => Self::Node,
            _ => {
                let prefix = text
                    .strip_prefix("split:")
                    .filter(|prefix| envfile::is_key(prefix))
                    .ok_or(())?;
                Self::Split(prefix.trim_end_matches('_').to_owned())
            }
        })
    }
}

impl Form {
    /// The lines of this form, or why it cannot carry the string.
    pub(crate) fn lines(&self, dsn: &Dsn) -> Result<Vec<Line>, &'static str> {
        if dsn.kind() == Kind::Redis {
            return match self {
                Self::Split(_) => Err("a Redis URL is not split"),
                _ => Ok(vec![Line { key: "REDIS_URL".to_owned(), value: dsn::uri(dsn) }]),
            };
        }
        let has_hosts = dsn.host().is_some_and(|host| host.contains(&b','));
        if has_hosts && !matches!(self, Self::Libpq | Self::Jdbc) {
            return Err("this form takes one host, and the string has several");
        }
        let url = |key: &str, value: Secret| Ok(vec![Line { key: key.to_owned(), value }]);
        match self {
            Self::Libpq => url(
                "DATABASE_URL",
                dsn::uri(&with(dsn, &|name| known_option(name.as_bytes()).is_some(), &[])),
            ),
            Self::Rails => url("DATABASE_URL", dsn::uri(&rails(dsn))),
            Self::Prisma => url("DATABASE_URL", dsn::uri(&prisma(dsn))),
            Self::SqlAlchemy => url("SQLALCHEMY_DATABASE_URI", dsn::uri(dsn)),
            Self::Node => url("DATABASE_URL", dsn::uri(&node(dsn))),
            Self::Jdbc => url("JDBC_DATABASE_URL", jdbc(dsn)),
            Self::Split(prefix) => Ok(split(prefix, dsn)),
        }
    }
}

/// The string in the form that a reader reads: JDBC's and Npgsql's own, and for the others a URI, with
/// SQLAlchemy's scheme where it names a driver.
pub(crate) fn as_read(reader: Reader, dsn: &Dsn, scheme: Option<&str>) -> Secret {
    match reader {
        Reader::Jdbc => jdbc(dsn),
        Reader::Npgsql => npgsql(dsn),
        Reader::SqlAlchemy => {
            let uri = dsn::uri(dsn);
            // Into the same string with another scheme.
            match (scheme, uri.expose().strip_prefix(b"postgresql")) {
                (Some(scheme), Some(rest)) => Secret::new([scheme.as_bytes(), rest].concat()),
                _ => uri,
            }
        }
        _ => dsn::uri(dsn),
    }
}

/// A copy with the parameters that `keep` lets through, and `more`.
fn with(dsn: &Dsn, keep: &dyn Fn(&str) -> bool, more: &[(&'static str, &str)]) -> Dsn {
    let mut fields = Fields::new();
    for (name, value) in dsn.fields().iter().filter(|(name, _)| keep(name)) {
        // Into another set of fields, which are secrets too.
        fields.set(name.to_owned(), value.expose());
    }
    for (name, value) in more {
        fields.set(*name, *value);
    }
    Dsn::from_fields(dsn.kind(), fields)
}

/// Rails keeps prepared statements and advisory locks in its session unless it is told otherwise.
fn rails(dsn: &Dsn) -> Dsn {
    let is_pooled = dsn::is_transaction_pooled(dsn);
    let more: &[_] = if is_pooled {
        &[("prepared_statements", "false"), ("advisory_locks", "false")]
    } else {
        &[]
    };
    with(dsn, &|_| true, more)
}

/// Prisma knows few of libpq's parameters, and must be told of a transaction pooler.
fn prisma(dsn: &Dsn) -> Dsn {
    const KNOWN: [&str; 13] = [
        "user",
        "password",
        "host",
        "port",
        "dbname",
        "sslmode",
        "connect_timeout",
        "application_name",
        "options",
        "channel_binding",
        "pgbouncer",
        "schema",
        "connection_limit",
    ];
    let is_pooled = dsn::is_transaction_pooled(dsn);
    let more: &[_] = if is_pooled { &[("pgbouncer", "true")] } else { &[] };
    with(dsn, &|name| KNOWN.contains(&name), more)
}

/// node-postgres takes `sslmode=require` for full verification unless it is told otherwise.
fn node(dsn: &Dsn) -> Dsn {
    let is_given = dsn.fields().get("sslmode").is_some();
    let more: &[_] = if is_given { &[("uselibpqcompat", "true")] } else { &[] };
    with(dsn, &|_| true, more)
}

fn jdbc(dsn: &Dsn) -> Secret {
    let mut text = b"jdbc:postgresql://".to_vec();
    text.extend_from_slice(&addresses(dsn));
    text.push(b'/');
    text.extend(
        dsn.dbname().map(|name| dsn::encode_component(name).expose().to_vec()).unwrap_or_default(),
    );
    let mut separator = b'?';
    for (name, value) in dsn.fields().iter() {
        let name = match name {
            "host" | "port" | "dbname" => continue,
            "application_name" => "ApplicationName",
            "connect_timeout" => "connectTimeout",
            "target_session_attrs" => "targetServerType",
            "load_balance_hosts" => "loadBalanceHosts",
            other => other,
        };
        let value = match (name, value.expose()) {
            ("targetServerType", b"read-write") => b"primary".as_slice(),
            ("targetServerType", b"read-only" | b"standby") => b"secondary",
            ("targetServerType", b"prefer-standby") => b"preferSecondary",
            ("loadBalanceHosts", b"random") => b"true",
            ("loadBalanceHosts", b"disable") => b"false",
            (_, value) => value,
        };
        text.push(separator);
        text.extend_from_slice(name.as_bytes());
        text.push(b'=');
        // Into the URL that is being written.
        text.extend_from_slice(dsn::encode_component(value).expose());
        separator = b'&';
    }
    Secret::new(text)
}

/// `host:port` for each host, between commas; an IPv6 address in brackets.
fn addresses(dsn: &Dsn) -> Vec<u8> {
    let one = |host: &Dsn| {
        let name = host.host().filter(|name| !name.is_empty()).unwrap_or(b"localhost");
        let port = host.port().filter(|port| !port.is_empty());
        let port = port.unwrap_or(host.default_port().as_bytes());
        let is_ipv6 = name.contains(&b':');
        let (open, close): (&[u8], &[u8]) = if is_ipv6 { (b"[", b"]") } else { (b"", b"") };
        [open, name, close, b":", port].concat()
    };
    dsn::each_host(dsn).map(|host| one(&host)).collect::<Vec<_>>().join(&b',')
}

/// `Key=Value;` with Npgsql's names; a value is quoted where a character of it would end it.
fn npgsql(dsn: &Dsn) -> Secret {
    const NAMES: [(&str, &str); 5] = [
        ("Host", "host"),
        ("Port", "port"),
        ("Username", "user"),
        ("Password", "password"),
        ("Database", "dbname"),
    ];
    let mut text = Vec::new();
    let mut add = |name: &str, value: &[u8]| {
        if !text.is_empty() {
            text.push(b';');
        }
        text.extend_from_slice(name.as_bytes());
        text.push(b'=');
        let is_bare = value.iter().all(|&byte| {
            byte.is_ascii_graphic() && !matches!(byte, b';' | b'\'' | b'"' | b'=')
                || !byte.is_ascii()
        });
        if is_bare {
            text.extend_from_slice(value);
            return;
        }
        text.push(b'"');
        for &byte in value {
            if byte == b'"' {
                text.push(b'"');
            }
            text.push(byte);
        }
        text.push(b'"');
    };
    let has_hosts = dsn.host().is_some_and(|host| host.contains(&b','));
    if has_hosts {
        add("Host", &addresses(dsn));
    }
    for (name, field) in NAMES {
        if has_hosts && matches!(field, "host" | "port") {
            continue;
        }
        if let Some(value) = dsn.component(field) {
            // Into the string that is being written.
            add(name, value.expose());
        }
    }
    for (name, value) in dsn.params() {
        let name = match name {
            "sslmode" => {
                let mode = match value.expose() {
                    b"verify-ca" => b"VerifyCA".as_slice(),
                    b"verify-full" => b"VerifyFull",
                    b"require" => b"Require",
                    b"prefer" => b"Prefer",
                    b"allow" => b"Allow",
                    b"disable" => b"Disable",
                    other => other,
                };
                add("SSL Mode", mode);
                continue;
            }
            "application_name" => "Application Name",
            "sslrootcert" => "Root Certificate",
            "sslcert" => "SSL Certificate",
            "sslkey" => "SSL Key",
            "connect_timeout" => "Timeout",
            "channel_binding" => "Channel Binding",
            "target_session_attrs" => "Target Session Attributes",
            "load_balance_hosts" => {
                let is_random = value.expose() == b"random";
                add("Load Balance Hosts", if is_random { b"true" } else { b"false" });
                continue;
            }
            "client_encoding" => "Client Encoding",
            other => other,
        };
        add(name, value.expose());
    }
    Secret::new(text)
}

/// One key for each field, as Chatwoot's database.yml names them, and libpq's own PGSSLMODE.
fn split(prefix: &str, dsn: &Dsn) -> Vec<Line> {
    const NAMES: [(&str, &str); 5] = [
        ("HOST", "host"),
        ("PORT", "port"),
        ("USERNAME", "user"),
        ("PASSWORD", "password"),
        ("DATABASE", "dbname"),
    ];
    let mut lines: Vec<Line> = NAMES
        .iter()
        .filter_map(|(suffix, field)| {
            Some(Line { key: format!("{prefix}_{suffix}"), value: dsn.component(field)? })
        })
        .collect();
    if let Some(mode) = dsn.fields().secret("sslmode") {
        lines.push(Line { key: "PGSSLMODE".to_owned(), value: mode.duplicate() });
    }
    lines
}
