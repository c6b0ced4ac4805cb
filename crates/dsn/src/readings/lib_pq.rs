//! lib/pq 1.12: Go's `net/url`, rewritten as sorted `key='value'` pairs, which are then read again.

use std::collections::HashSet;
use std::net::IpAddr;

use super::go_url::{parse, split_host_port};
use crate::{Fields, Name, Refusal};

pub(super) fn read(text: &[u8]) -> Result<Fields, Refusal> {
    let prefixes: [&[u8]; 2] = [b"postgres://", b"postgresql://"];
    let pairs = match prefixes.iter().find_map(|prefix| text.strip_prefix(*prefix)) {
        Some(rest) => convert(rest)?,
        None => text.to_vec(),
    };
    // Go walks the characters, and a byte that is none becomes U+FFFD.
    let pairs = String::from_utf8_lossy(&pairs).into_owned();
    let mut fields = Fields::new();
    read_pairs(&pairs, &mut fields)?;
    check(&fields)?;
    for name in ["user", "password", "host", "dbname"] {
        if fields.get(name).is_some_and(<[u8]>::is_empty) {
            fields.remove(name);
        }
    }
    Ok(fields)
}

/// Rewrites a URL as pairs and sorts them, so that of two values for one name the larger text wins.
fn convert(rest: &[u8]) -> Result<Vec<u8>, Refusal> {
    let url = parse(rest)?;
    let mut pairs: Vec<Vec<u8>> = Vec::new();
    let mut accrue = |key: &[u8], value: &[u8]| {
        if value.is_empty() {
            return;
        }
        let mut pair = [key, b"='"].concat();
        for &byte in value {
            if matches!(byte, b'\'' | b'\\') {
                pair.push(b'\\');
            }
            pair.push(byte);
        }
        pair.push(b'\'');
        pairs.push(pair);
    };
    if let Some((user, password)) = &url.userinfo {
        accrue(b"user", user);
        accrue(b"password", password.as_deref().unwrap_or_default());
    }
    match split_host_port(&url.host) {
        Some((host, port)) => {
            accrue(b"host", host);
            accrue(b"port", port);
        }
        None => accrue(b"host", &url.host),
    }
    accrue(b"dbname", url.path.get(1..).unwrap_or_default());
    let mut seen = HashSet::new();
    for (key, value) in &url.query {
        // `Values.Get` answers the first value of a name.
        if seen.insert(key) {
            accrue(key, value);
        }
    }
    pairs.sort();
    Ok(pairs.join(&b' '))
}

fn read_pairs(text: &str, fields: &mut Fields) -> Result<(), Refusal> {
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let end = rest.find(|c: char| c.is_whitespace() || c == '=').unwrap_or(rest.len());
        let (key, after) = rest.split_at(end);
        let after = after
            .trim_start()
            .strip_prefix('=')
            .ok_or_else(|| Refusal::new("missing \"=\" after a word in connection info string"))?;
        let (value, after) = value(after.trim_start())?;
        fields.set(Name::Owned(key.to_owned()), value);
        rest = after.trim_start();
    }
    // These two are looked at last, so they win wherever they stand.
    if let Some(database) = fields.get("database").map(<[u8]>::to_vec) {
        fields.remove("database");
        fields.set("dbname", database);
    }
    if let Some(name) = fields.get("fallback_application_name").map(<[u8]>::to_vec)
        && fields.get("application_name").is_none()
    {
        fields.set("application_name", name);
    }
    Ok(())
}

fn value(text: &str) -> Result<(String, &str), Refusal> {
    let quoted = text.starts_with('\'');
    let mut value = String::new();
    let mut characters = text[usize::from(quoted)..].chars();
    loop {
        let before = characters.as_str();
        match characters.next() {
            None if quoted => {
                return Err(Refusal::new(
                    "unterminated quoted string literal in connection string",
                ));
            }
            None => return Ok((value, "")),
            Some('\'') if quoted => return Ok((value, characters.as_str())),
            Some('\\') => match characters.next() {
                Some(c) => value.push(c),
                None if quoted => value.push('\0'),
                None => return Err(Refusal::new("missing character after backslash")),
            },
            Some(c) if !quoted && c.is_whitespace() => return Ok((value, before)),
            Some(c) => value.push(c),
        }
    }
}

fn check(fields: &Fields) -> Result<(), Refusal> {
    let text = |name: &str| fields.get(name).map(String::from_utf8_lossy);
    for (name, words) in CLOSED {
        if text(name).is_some_and(|value| !words.contains(&value.as_ref())) {
            return Err(Refusal::new("wrong value for an option: not supported"));
        }
    }
    for name in ["sslsni", "sslinline", "binary_parameters", "disable_prepared_binary_result"] {
        if text(name).is_some_and(|value| !BOOLEANS.contains(&value.as_ref())) {
            return Err(Refusal::new("wrong value for an option: invalid syntax"));
        }
    }
    if text("connect_timeout").is_some_and(|value| value.parse::<i64>().is_err()) {
        return Err(Refusal::new("wrong value for \"connect_timeout\": invalid syntax"));
    }
    let ports = text("port").unwrap_or_default().into_owned();
    let is_number =
        |port: &str| port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok();
    let is_valid = |(index, port): (usize, &str)| is_number(port) || index > 0 && port.is_empty();
    if fields.get("port").is_some() && !ports.split(',').enumerate().all(is_valid) {
        return Err(Refusal::new("wrong value for \"port\": invalid syntax"));
    }
    let addresses = text("hostaddr").unwrap_or_default().into_owned();
    let is_address = |(index, part): (usize, &str)| {
        part.parse::<IpAddr>().is_ok() || index > 0 && part.is_empty()
    };
    if fields.get("hostaddr").is_some() && !addresses.split(',').enumerate().all(is_address) {
        return Err(Refusal::new("wrong value for \"hostaddr\": unable to parse IP"));
    }
    check_counts(text("host").unwrap_or_default().as_ref(), &addresses, &ports)?;
    check_encoding(fields)?;
    check_tls(fields)
}

fn check_counts(hosts: &str, addresses: &str, ports: &str) -> Result<(), Refusal> {
    let more = |list: &str| list.matches(',').count();
    if !hosts.is_empty() && !addresses.is_empty() && more(hosts) != more(addresses) {
        return Err(Refusal::new("could not match host names to hostaddr values"));
    }
    let names = more(hosts).max(more(addresses));
    if names > 0 && more(ports) > 0 && names != more(ports) {
        return Err(Refusal::new("could not match port numbers to hosts"));
    }
    Ok(())
}

fn check_encoding(fields: &Fields) -> Result<(), Refusal> {
    if let Some(encoding) = fields.get("client_encoding") {
        let plain: Vec<u8> = encoding.iter().copied().filter(u8::is_ascii_alphanumeric).collect();
        if !plain.eq_ignore_ascii_case(b"utf8") && !plain.eq_ignore_ascii_case(b"unicode") {
            return Err(Refusal::new("unsupported client_encoding: must be absent or \"UTF8\""));
        }
    }
    if fields.get("datestyle").is_some_and(|style| style != b"ISO, MDY") {
        return Err(Refusal::new("unsupported datestyle: must be absent or \"ISO, MDY\""));
    }
    Ok(())
}

fn check_tls(fields: &Fields) -> Result<(), Refusal> {
    let mode = fields.get("sslmode").unwrap_or_default();
    let is_socket =
        fields.get("host").is_some_and(|host| matches!(host.first(), Some(b'/' | b'@')));
    if is_socket {
        return Ok(());
    }
    if fields.get("sslnegotiation") == Some(b"direct")
        && matches!(mode, b"disable" | b"allow" | b"prefer")
    {
        return Err(Refusal::new("weak sslmode may not be used with sslnegotiation=direct"));
    }
    let is_weak = fields.get("sslmode").is_some_and(|mode| mode != b"verify-full");
    if fields.get("sslrootcert") == Some(b"system") && is_weak {
        return Err(Refusal::new("weak sslmode may not be used with sslrootcert=system"));
    }
    Ok(())
}

const CLOSED: [(&str, &[&str]); 8] = [
    ("sslmode", &["disable", "allow", "prefer", "require", "verify-ca", "verify-full"]),
    ("sslnegotiation", &["postgres", "direct"]),
    (
        "target_session_attrs",
        &["any", "read-write", "read-only", "primary", "standby", "prefer-standby"],
    ),
    ("load_balance_hosts", &["disable", "random"]),
    ("min_protocol_version", &["3.0", "3.2", "latest"]),
    ("max_protocol_version", &["3.0", "3.2", "latest"]),
    ("ssl_min_protocol_version", &["TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"]),
    ("ssl_max_protocol_version", &["TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"]),
];

const BOOLEANS: [&str; 16] = [
    "1", "t", "T", "TRUE", "true", "True", "yes", "on", "0", "f", "F", "FALSE", "false", "False",
    "no", "off",
];
