//! SQLAlchemy 2.1: `make_url`, one pattern whose password runs to the first `@` anywhere.

use super::python::{parse_qsl, unquote};
use super::{set_given, utf8};
use crate::{Fields, Name, Refusal};

pub(super) fn read(text: &[u8]) -> Result<Fields, Refusal> {
    let text = utf8(text)?;
    let no_match = || Refusal::new("Could not parse SQLAlchemy URL from given URL string");
    let (name, rest) = text.split_once("://").ok_or_else(no_match)?;
    if name.is_empty() || !name.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '+') {
        return Err(no_match());
    }
    if name.split('+').next() != Some("postgresql") {
        return Err(Refusal::new("Can't load plugin: sqlalchemy.dialects")
            .hint("write postgresql:// or postgresql+driver://"));
    }
    let mut fields = Fields::new();
    let rest = userinfo(&mut fields, rest);
    let rest = host_and_port(&mut fields, rest)?;
    let mut query = rest;
    if let Some(path) = rest.strip_prefix('/') {
        let end = path.find('?').unwrap_or(path.len());
        set_given(&mut fields, "dbname", unquote(&path[..end]));
        query = &path[end..];
    }
    // The pattern need not reach the end of the text: what follows a line break is dropped.
    if let Some(query) = query.strip_prefix('?') {
        let query = query.split('\n').next().unwrap_or_default();
        let mut options = Fields::new();
        for (key, value) in parse_qsl(query, false)? {
            let joined = match options.get(&key) {
                Some(earlier) => [earlier, b",", value.as_bytes()].concat(),
                None => value.into_bytes(),
            };
            options.set(Name::Owned(key), joined);
        }
        for (name, value) in options.iter() {
            // The driver gets these beside the URL's own parts; which of the two it takes is its affair.
            if fields.get(name).is_none() {
                fields.set(Name::Owned(name.to_owned()), value.expose());
            }
        }
    }
    Ok(fields)
}

/// Reads `user[:password]@` as the pattern does, and answers the rest.
fn userinfo<'text>(fields: &mut Fields, text: &'text str) -> &'text str {
    let end = text.find([':', '/']).unwrap_or(text.len());
    if text[end..].starts_with(':')
        && let Some((password, rest)) = text[end + 1..].split_once('@')
    {
        set_given(fields, "user", unquote(&text[..end]));
        set_given(fields, "password", unquote(password));
        return rest;
    }
    match text[..end].rfind('@') {
        Some(at) => {
            set_given(fields, "user", unquote(&text[..at]));
            &text[at + 1..]
        }
        None => text,
    }
}

fn host_and_port<'text>(fields: &mut Fields, text: &'text str) -> Result<&'text str, Refusal> {
    let end = text.find(['/', '?']).unwrap_or(text.len());
    let bracketed =
        text[..end].strip_prefix('[').and_then(|inner| inner.rfind(']').filter(|&close| close > 0));
    let (host, rest) = match bracketed {
        Some(close) => (&text[1..=close], &text[close + 2..]),
        None => text.split_at(text.find(['/', ':', '?']).unwrap_or(text.len())),
    };
    set_given(fields, "host", host);
    let Some(port) = rest.strip_prefix(':') else { return Ok(rest) };
    let (port, rest) = port.split_at(port.find(['/', '?']).unwrap_or(port.len()));
    let number = port.trim().replace('_', "");
    let sign = if number.starts_with('-') { "-" } else { "" };
    let number = number.strip_prefix(['+', '-']).unwrap_or(&number);
    if number.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Refusal::new("Port argument must be an integer or None"));
    }
    let number = number.trim_start_matches('0');
    fields.set("port", format!("{sign}{}", if number.is_empty() { "0" } else { number }));
    Ok(rest)
}
