//! The one spelling of a connection string that every reader reads alike.

use secret::Secret;

use crate::dsn::IDENTITY;
use crate::{Dsn, Kind};

/// The canonical URI: long scheme, everything but unreserved characters encoded, explicit port, host in
/// lower case, `sslmode` first among sorted parameters.
///
/// A comma in a host or port list stays a comma, since it separates. A socket path is encoded.
pub fn uri(dsn: &Dsn) -> Secret {
    let mut text = Vec::with_capacity(128);
    text.extend_from_slice(match (dsn.kind(), dsn.fields().get("tls").is_some()) {
        (Kind::Postgres, _) => b"postgresql://".as_slice(),
        (Kind::Redis, false) => b"redis://".as_slice(),
        (Kind::Redis, true) => b"rediss://".as_slice(),
    });
    let user = dsn.user().filter(|user| !user.is_empty());
    let password = dsn.password().filter(|password| !password.is_empty());
    if let Some(user) = user {
        encode_into(&mut text, user);
    }
    if let Some(password) = password {
        text.push(b':');
        encode_into(&mut text, password.expose());
    }
    if user.is_some() || password.is_some() {
        text.push(b'@');
    }
    hosts(&mut text, dsn);
    if let Some(dbname) = dsn.dbname().filter(|dbname| !dbname.is_empty()) {
        text.push(b'/');
        encode_into(&mut text, dbname);
    }
    if dsn.kind() == Kind::Postgres {
        parameters(&mut text, dsn);
    }
    Secret::new(text)
}

/// The canonical keyword/value string: every value in single quotes, in a fixed order.
pub fn keyword_value(dsn: &Dsn) -> Secret {
    let mut text = Vec::with_capacity(128);
    let mut pairs: Vec<(&str, &[u8])> =
        dsn.fields().iter().map(|(name, value)| (name, value.expose())).collect();
    pairs.sort_by_key(|&(name, _)| {
        let place = IDENTITY.iter().position(|identity| *identity == name);
        (place.unwrap_or(IDENTITY.len()), name != "sslmode", name)
    });
    for (name, value) in pairs {
        if !text.is_empty() {
            text.push(b' ');
        }
        text.extend_from_slice(name.as_bytes());
        text.extend_from_slice(b"='");
        for &byte in value {
            if matches!(byte, b'\'' | b'\\') {
                text.push(b'\\');
            }
            text.push(byte);
        }
        text.push(b'\'');
    }
    Secret::new(text)
}

/// Percent-encodes every byte but `A-Z a-z 0-9 - . _ ~`, which is what all clients read alike.
pub fn encode_component(value: &[u8]) -> Secret {
    let mut text = Vec::with_capacity(value.len() * 3);
    encode_into(&mut text, value);
    Secret::new(text)
}

fn hosts(text: &mut Vec<u8>, dsn: &Dsn) {
    let hosts: Vec<&[u8]> = dsn.host().unwrap_or_default().split(|&byte| byte == b',').collect();
    let ports: Vec<&[u8]> = dsn.port().unwrap_or_default().split(|&byte| byte == b',').collect();
    for (index, host) in hosts.iter().enumerate() {
        if index > 0 {
            text.push(b',');
        }
        let host = host.to_ascii_lowercase();
        if host.contains(&b':') && !host.starts_with(b"/") {
            text.push(b'[');
            text.extend_from_slice(&host);
            text.push(b']');
        } else {
            encode_into(text, &host);
        }
        let port =
            if ports.len() == 1 { ports[0] } else { ports.get(index).copied().unwrap_or_default() };
        text.push(b':');
        if port.is_empty() {
            text.extend_from_slice(dsn.default_port().as_bytes());
        } else {
            encode_into(text, port);
        }
    }
}

fn parameters(text: &mut Vec<u8>, dsn: &Dsn) {
    let mut pairs: Vec<(&str, &[u8])> =
        dsn.params().map(|(name, value)| (name, value.expose())).collect();
    pairs.sort_by_key(|&(name, _)| (name != "sslmode", name));
    for (index, (name, value)) in pairs.into_iter().enumerate() {
        text.push(if index == 0 { b'?' } else { b'&' });
        encode_into(text, name.as_bytes());
        text.push(b'=');
        encode_into(text, value);
    }
}

fn encode_into(text: &mut Vec<u8>, value: &[u8]) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    for &byte in value {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            text.push(byte);
        } else {
            text.extend_from_slice(&[
                b'%',
                HEX[usize::from(byte >> 4)],
                HEX[usize::from(byte & 15)],
            ]);
        }
    }
}
