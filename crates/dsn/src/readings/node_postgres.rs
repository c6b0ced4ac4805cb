//! node-postgres: `parse` of pg-connection-string 2.14, on top of `new URL`.

use super::whatwg::{
    decode_uri, decode_uri_component, encode_uri, parse_in_javascript as parse, without_brackets,
};
use super::{set_given, utf8};
use crate::{Fields, Name, Refusal};

pub(super) fn read(text: &[u8]) -> Result<Fields, Refusal> {
    let text = utf8(text)?;
    let mut fields = Fields::new();
    if text.starts_with('/') {
        let mut words = text.split(' ');
        set_given(&mut fields, "host", words.next().unwrap_or_default());
        set_given(&mut fields, "dbname", words.next().unwrap_or_default());
        return Ok(fields);
    }
    let text = repaired(text);
    let base = Some("postgres://base");
    let (url, is_dummy) = match parse(&text, base) {
        Ok(url) => (url, false),
        Err(_) => (parse(&text.replacen("@/", "@___DUMMY___/", 1), base)?, true),
    };
    let mut config = Fields::new();
    for (name, value) in url.query_pairs() {
        config.set(Name::Owned(name.into_owned()), value.as_bytes());
    }
    let given = |name: &str| config.get(name).filter(|value| !value.is_empty()).map(<[u8]>::to_vec);
    let or_decoded = |name: &str, part: &str| match given(name) {
        Some(value) => Ok(value),
        None => decode_uri_component(part).map(String::into_bytes),
    };
    set_given(&mut fields, "user", or_decoded("user", url.username())?);
    set_given(&mut fields, "password", or_decoded("password", url.password().unwrap_or_default())?);
    if url.scheme() == "socket" {
        set_given(&mut fields, "host", decode_uri(url.path())?);
        set_given(&mut fields, "dbname", given("db").unwrap_or_default());
        return Ok(fields);
    }
    let host = if is_dummy { "" } else { without_brackets(url.host_str().unwrap_or_default()) };
    let mut path = url.path().to_owned();
    match given("host") {
        None => set_given(&mut fields, "host", decode_uri_component(host)?),
        Some(value) => {
            fields.set("host", value);
            if host.get(..3).is_some_and(|start| start.eq_ignore_ascii_case("%2f")) {
                path = format!("/{host}{path}");
            }
        }
    }
    let port = url.port().map(|port| port.to_string()).unwrap_or_default();
    set_given(&mut fields, "port", given("port").unwrap_or(port.into_bytes()));
    set_given(&mut fields, "dbname", decode_uri(after_first(&path))?);
    for (name, value) in config.iter() {
        if !matches!(name, "user" | "password" | "host" | "port" | "dbname" | "database") {
            fields.set(Name::Owned(name.to_owned()), value.expose());
        }
    }
    Ok(fields)
}

/// The text as `parse` repairs it: where it has a space or a bad escape, all of it is encoded again,
/// and only escapes of two decimal digits are taken back.
fn repaired(text: &str) -> String {
    let bytes = text.as_bytes();
    let is_hex = |index: usize| bytes.get(index).map(u8::is_ascii_hexdigit);
    let is_bad = |index: usize| {
        is_hex(index + 1) == Some(false)
            || is_hex(index + 1) == Some(true) && is_hex(index + 2) == Some(false)
    };
    let needs_repair = bytes
        .iter()
        .enumerate()
        .any(|(index, &byte)| byte == b' ' || byte == b'%' && is_bad(index));
    if !needs_repair {
        return text.to_owned();
    }
    let encoded = encode_uri(text);
    let mut repaired = String::with_capacity(encoded.len());
    let mut rest = encoded.as_str();
    while let Some(found) = rest.find("%25") {
        let tail = &rest[found + 3..];
        let is_decimal = tail.len() >= 2 && tail.as_bytes()[..2].iter().all(u8::is_ascii_digit);
        repaired.push_str(&rest[..found]);
        repaired.push_str(if is_decimal { "%" } else { "%25" });
        rest = tail;
    }
    repaired + rest
}

/// JavaScript's `slice(1)`.
fn after_first(path: &str) -> &str {
    let mut characters = path.chars();
    characters.next();
    characters.as_str()
}
