//! pgx from 5.10: libpq's own grammar, with unknown parameters kept and some values checked at once.

use std::borrow::Cow;

use crate::libpq::Dialect;
use crate::{Fields, Refusal, libpq};

pub(super) fn read(text: &[u8]) -> Result<Fields, Refusal> {
    let mut fields = libpq::parse_as(text, Dialect::Pgx)?;
    let is_uri = text.starts_with(b"postgres://") || text.starts_with(b"postgresql://");
    if !is_uri && fields.get("").is_some() {
        return Err(Refusal::new("invalid keyword/value"));
    }
    check(&fields)?;
    for name in ["user", "password", "host", "dbname", "port"] {
        // An empty value is overlooked in favour of the default.
        if fields.get(name).is_some_and(<[u8]>::is_empty) {
            fields.remove(name);
        }
    }
    if fields.get("port").is_some_and(|ports| ports.iter().all(|&byte| byte == b',')) {
        fields.remove("port");
    }
    Ok(fields)
}

fn check(fields: &Fields) -> Result<(), Refusal> {
    let text = |name: &str| String::from_utf8_lossy(fields.get(name).unwrap_or_default());
    let allowed = |name: &str, words: &[&str]| -> bool {
        fields.get(name).is_none() || words.contains(&text(name).as_ref())
    };
    let hosts = text("host").split(',').count();
    let ports: Cow<'_, str> = text("port");
    let ports: Vec<&str> = ports.split(',').collect();
    if ports.len() > 1 && ports.len() != hosts {
        return Err(Refusal::new("could not match port numbers to hosts"));
    }
    let used = if ports.len() > 1 { &ports[..] } else { &ports[..1] };
    if !used.iter().all(|port| port.is_empty() || is_port(port)) {
        return Err(Refusal::new("invalid port"));
    }
    // A socket needs no TLS, so its settings are not looked at.
    let is_tcp = text("host").split(',').any(|host| !host.starts_with(['/', '@']));
    if is_tcp
        && !allowed(
            "sslmode",
            &["", "disable", "allow", "prefer", "require", "verify-ca", "verify-full"],
        )
    {
        return Err(Refusal::new("failed to configure TLS: sslmode is invalid"));
    }
    if !allowed("sslcertmode", &["disable", "allow", "require"]) {
        return Err(Refusal::new("invalid sslcertmode"));
    }
    let timeout = text("connect_timeout");
    if fields.get("connect_timeout").is_some()
        && !timeout.parse::<i64>().is_ok_and(|seconds| seconds >= 0)
    {
        return Err(Refusal::new("invalid connect_timeout"));
    }
    if !allowed("target_session_attrs", &SESSIONS) {
        return Err(Refusal::new("unknown target_session_attrs value"));
    }
    if !allowed("channel_binding", &["", "disable", "prefer", "require"]) {
        return Err(Refusal::new("unknown channel_binding value"));
    }
    for name in ["min_protocol_version", "max_protocol_version"] {
        if !allowed(name, &["", "3.0", "3.2", "latest"]) {
            return Err(Refusal::new("invalid protocol version"));
        }
    }
    Ok(())
}

fn is_port(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit()) && text.parse::<u16>().is_ok_and(|port| port > 0)
}

const SESSIONS: [&str; 6] =
    ["any", "read-write", "read-only", "primary", "standby", "prefer-standby"];
