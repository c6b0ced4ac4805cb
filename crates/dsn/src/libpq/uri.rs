//! libpq's URI form, as `conninfo_uri_parse_options` and `conninfo_uri_parse_params` read it.

use std::borrow::Cow;
use std::ops::Range;

use super::{Dialect, ForeignParameter, Version, foreign_parameter, nearest_option, store};
use zeroize::Zeroizing;

use crate::percent::decode_strict;
use crate::{Fields, Refusal};

const PREFIXES: [&[u8]; 2] = [b"postgresql://", b"postgres://"];

/// How many bytes the scheme takes, or 0 where the text is not a URI to libpq; case matters.
pub(super) fn prefix_length(text: &[u8]) -> usize {
    PREFIXES.iter().find(|prefix| text.starts_with(prefix)).map_or(0, |prefix| prefix.len())
}

/// Reads a URI whose scheme takes the first `prefix` bytes.
pub(super) fn parse(text: &[u8], prefix: usize, dialect: Dialect) -> Result<Fields, Refusal> {
    let mut uri = Uri { text, dialect, fields: Fields::with_room(text.len()) };
    let authority = uri.credentials(prefix)?;
    let mut index = uri.hosts(authority)?;
    if byte(text, index).is_some_and(|end| end != b'?') {
        let end = find(text, index + 1, |byte| matches!(byte, b'?'));
        uri.keep_set("dbname", index + 1, end)?;
        index = end;
    }
    if index < text.len() {
        uri.parameters(index + 1)?;
    }
    Ok(uri.fields)
}

struct Uri<'a> {
    text: &'a [u8],
    dialect: Dialect,
    fields: Fields,
}

impl<'text> Uri<'text> {
    /// Reads `user[:password]@` where an `@` comes before the first `/`; answers where the hosts begin.
    fn credentials(&mut self, start: usize) -> Result<usize, Refusal> {
        let at = find(self.text, start, |byte| matches!(byte, b'@' | b'/'));
        if byte(self.text, at) != Some(b'@') {
            return Ok(start);
        }
        let colon = find(&self.text[..at], start, |byte| matches!(byte, b':'));
        self.keep_set("user", start, colon)?;
        if colon < at {
            self.keep_set("password", colon + 1, at)?;
        }
        Ok(at + 1)
    }

    /// Reads the comma list of `host[:port]`; answers where it ends.
    ///
    /// Hosts and ports become two comma lists, joined before they are decoded.
    fn hosts(&mut self, start: usize) -> Result<usize, Refusal> {
        let text = self.text;
        let (host, port, mut index) = self.host(start)?;
        if byte(text, index) != Some(b',') {
            self.keep("host", &text[host.clone()], host.start)?;
            self.keep("port", &text[port.clone()], port.start)?;
            return Ok(index);
        }
        let (mut hosts, mut ports) = (text[host].to_vec(), text[port].to_vec());
        while byte(text, index) == Some(b',') {
            let (host, port, next) = self.host(index + 1)?;
            hosts.push(b',');
            hosts.extend_from_slice(&text[host]);
            ports.push(b',');
            ports.extend_from_slice(&text[port]);
            index = next;
        }
        self.keep("host", &hosts, start)?;
        self.keep("port", &ports, start)?;
        Ok(index)
    }

    /// Reads one `host[:port]`; answers where host and port stand and where the item ends.
    fn host(&self, start: usize) -> Result<(Range<usize>, Range<usize>, usize), Refusal> {
        let (host, end) = if byte(self.text, start) == Some(b'[') {
            let close = find(self.text, start + 1, |byte| matches!(byte, b']'));
            self.check_brackets(start, close)?;
            (start + 1..close, close + 1)
        } else {
            let end = find(self.text, start, |byte| matches!(byte, b':' | b'/' | b'?' | b','));
            (start..end, end)
        };
        if byte(self.text, end) != Some(b':') {
            return Ok((host, end..end, end));
        }
        let port_end = find(self.text, end + 1, |byte| matches!(byte, b'/' | b'?' | b','));
        Ok((host, end + 1..port_end, port_end))
    }

    fn check_brackets(&self, open: usize, close: usize) -> Result<(), Refusal> {
        if close == self.text.len() {
            let reason =
                "end of string reached when looking for matching \"]\" in IPv6 host address in URI";
            return Err(Refusal::new(reason).at(open));
        }
        if close == open + 1 {
            return Err(Refusal::new("IPv6 host address may not be empty in URI").at(open));
        }
        match byte(self.text, close + 1) {
            None | Some(b':' | b'/' | b'?' | b',') => Ok(()),
            Some(_) => {
                let reason = "unexpected character in URI (expected \":\" or \"/\")";
                Err(Refusal::new(reason).at(close + 1))
            }
        }
    }

    /// Reads `keyword=value` pairs separated by `&`; the last of a name wins, over the authority too.
    fn parameters(&mut self, start: usize) -> Result<(), Refusal> {
        let mut index = start;
        while index < self.text.len() {
            let end = find(self.text, index, |byte| matches!(byte, b'&'));
            let equals = find(&self.text[..end], index, |byte| matches!(byte, b'='));
            if equals == end {
                let reason = "missing key/value separator \"=\" in URI query parameter";
                return Err(Refusal::new(reason).at(index));
            }
            let extra = find(&self.text[..end], equals + 1, |byte| matches!(byte, b'='));
            if extra < end {
                let reason = "extra key/value separator \"=\" in URI query parameter";
                return Err(Refusal::new(reason).at(extra).hint("write = inside a value as %3D"));
            }
            let text: &'text [u8] = self.text;
            let keyword = self.decode(&text[index..equals], index)?;
            let value = self.decode(&text[equals + 1..end], equals + 1)?;
            if *keyword == *b"ssl" && *value == *b"true" {
                self.fields.set("sslmode", b"require");
            } else {
                store(&mut self.fields, &keyword, value, self.dialect)
                    .ok_or_else(|| unknown_parameter(&keyword, index))?;
            }
            index = end + 1;
        }
        Ok(())
    }

    fn keep_set(&mut self, option: &'static str, start: usize, end: usize) -> Result<(), Refusal> {
        let text = self.text;
        self.keep(option, &text[start..end], start)
    }

    /// Stores a part of the authority, each once, decoded; an empty part counts as not given.
    fn keep(&mut self, option: &'static str, part: &[u8], offset: usize) -> Result<(), Refusal> {
        if !part.is_empty() {
            match self.decode(part, offset)? {
                Cow::Borrowed(value) => self.fields.push(option, value),
                Cow::Owned(value) => self.fields.push(option, &Zeroizing::new(value)),
            }
        }
        Ok(())
    }

    fn decode<'part>(&self, part: &'part [u8], offset: usize) -> Result<Cow<'part, [u8]>, Refusal> {
        let part = match self.dialect {
            Dialect::Libpq(Version::V17) => part,
            Dialect::Libpq(Version::V18) | Dialect::Pgx => trim_spaces(part, offset)?,
        };
        decode_strict(part, offset)
    }
}

/// Drops the spaces around a part and refuses those inside; other white space is kept as it is.
fn trim_spaces(part: &[u8], offset: usize) -> Result<&[u8], Refusal> {
    if !part.contains(&b' ') {
        return Ok(part);
    }
    let start = part.iter().position(|&byte| byte != b' ').unwrap_or(part.len());
    let length = part[start..].iter().position(|&byte| byte == b' ').unwrap_or(part.len() - start);
    let (kept, rest) = part[start..].split_at(length);
    if rest.iter().all(|&byte| byte == b' ') {
        return Ok(kept);
    }
    let reason = "unexpected spaces found, use percent-encoded spaces (%20) instead";
    Err(Refusal::new(reason).at(offset + start + length))
}

fn unknown_parameter(keyword: &[u8], offset: usize) -> Refusal {
    let refusal = Refusal::new("invalid URI query parameter").at(offset);
    if let Some(ForeignParameter { name, owner }) = foreign_parameter(keyword) {
        return refusal.hint(format!("{name} is a parameter of {owner}; take it out for libpq"));
    }
    match nearest_option(keyword) {
        Some(option) => refusal.hint(format!("did you mean {option}?")),
        None => refusal,
    }
}

#[inline]
fn find(text: &[u8], from: usize, ends: impl Fn(u8) -> bool) -> usize {
    text[from..].iter().position(|&byte| ends(byte)).map_or(text.len(), |found| from + found)
}

fn byte(text: &[u8], index: usize) -> Option<u8> {
    text.get(index).copied()
}
