//! libpq's URI form, as `conninfo_uri_parse_options` and `conninfo_uri_parse_params` read it.

use std::borrow::Cow;
use std::ops::Range;

use super::{Dialect, Version, nearest_option, store};
use crate::parameters::foreign_parameter;
use crate::percent::{decode_strict, decode_strict_in_place};
use crate::{Fields, Refusal};

const PREFIXES: [&[u8]; 2] = [b"postgresql://", b"postgres://"];

/// How many bytes the scheme takes, or 0 where the text is not a URI to libpq; case matters.
pub(super) fn prefix_length(text: &[u8]) -> usize {
    PREFIXES.iter().find(|prefix| text.starts_with(prefix)).map_or(0, |prefix| prefix.len())
}

/// Reads a URI whose scheme takes the first `prefix` bytes.
///
/// `is_plain` says that the text holds neither a space nor a `%`.
pub(super) fn parse(
    text: &[u8],
    prefix: usize,
    is_plain: bool,
    dialect: Dialect,
) -> Result<Fields, Refusal> {
    let mut uri = Uri { text, is_plain, dialect, fields: Fields::of_text(text) };
    let authority = uri.credentials(prefix)?;
    let mut index = uri.hosts(authority)?;
    if byte(text, index).is_some_and(|end| end != b'?') {
        let end = find(text, index + 1, |byte| matches!(byte, b'?'));
        uri.keep("dbname", index + 1..end)?;
        index = end;
    }
    if index < text.len() {
        uri.parameters(index + 1)?;
    }
    Ok(uri.fields)
}

struct Uri<'a> {
    text: &'a [u8],
    is_plain: bool,
    dialect: Dialect,
    fields: Fields,
}

impl<'text> Uri<'text> {
    /// Reads `user[:password]@` where an `@` comes before the first `/`; answers where the hosts begin.
    fn credentials(&mut self, start: usize) -> Result<usize, Refusal> {
        let (mut at, mut colon) = (start, None);
        loop {
            match byte(self.text, at) {
                Some(b'@') => break,
                None | Some(b'/') => return Ok(start),
                Some(b':') if colon.is_none() => colon = Some(at),
                Some(_) => {}
            }
            at += 1;
        }
        let colon = colon.unwrap_or(at);
        self.keep("user", start..colon)?;
        if colon < at {
            self.keep("password", colon + 1..at)?;
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
            self.keep("host", host)?;
            self.keep("port", port)?;
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
        for (option, list) in [("host", hosts), ("port", ports)] {
            let place = self.fields.append(&list);
            // What is wrong in a list is told of where it begins.
            let place = self.decoded(place).map_err(|refusal| refusal.at(start))?;
            self.fields.give_new(option, place);
        }
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
            let (mut end, mut equals) = (index, None);
            while let Some(byte) = byte(self.text, end).filter(|&byte| byte != b'&') {
                if byte == b'=' && equals.replace(end).is_some() {
                    let reason = "extra key/value separator \"=\" in URI query parameter";
                    let hint = "write = inside a value as %3D";
                    return Err(Refusal::new(reason).at(end).hint(hint));
                }
                end += 1;
            }
            let Some(equals) = equals else {
                let reason = "missing key/value separator \"=\" in URI query parameter";
                return Err(Refusal::new(reason).at(index));
            };
            let keyword = self.keyword(index..equals)?;
            let value = self.decoded(equals + 1..end)?;
            if *keyword == *b"ssl" && *self.fields.bytes(value.clone()) == *b"true" {
                self.fields.set("sslmode", b"require");
            } else {
                store(&mut self.fields, &keyword, value, self.dialect)
                    .ok_or_else(|| unknown_parameter(&keyword, index))?;
            }
            index = end + 1;
        }
        Ok(())
    }

    /// Stores a part of the authority, each once, decoded; an empty part counts as not given.
    fn keep(&mut self, option: &'static str, part: Range<usize>) -> Result<(), Refusal> {
        if !part.is_empty() {
            let place = self.decoded(part)?;
            self.fields.give_new(option, place);
        }
        Ok(())
    }

    /// Decodes a value where it stands; answers where it ends up.
    fn decoded(&mut self, part: Range<usize>) -> Result<Range<usize>, Refusal> {
        let needs_more = |byte: &u8| matches!(byte, b' ' | b'%');
        if self.is_plain || !self.fields.bytes(part.clone()).iter().any(needs_more) {
            return Ok(part);
        }
        let place = trimmed(self.fields.bytes(part.clone()), part.start, self.dialect)?;
        let length = decode_strict_in_place(self.fields.bytes(place.clone()), place.start)?;
        Ok(place.start..place.start + length)
    }

    fn keyword(&self, part: Range<usize>) -> Result<Cow<'text, [u8]>, Refusal> {
        if self.is_plain {
            return Ok(Cow::Borrowed(&self.text[part]));
        }
        let place = trimmed(&self.text[part.clone()], part.start, self.dialect)?;
        decode_strict(&self.text[place.clone()], place.start)
    }
}

/// Where a part stands without the spaces around it; those inside are refused, as both are by version 18.
///
/// Other white space is kept as it is. `offset` is where the part begins.
fn trimmed(part: &[u8], offset: usize, dialect: Dialect) -> Result<Range<usize>, Refusal> {
    if dialect == Dialect::Libpq(Version::V17) || !part.contains(&b' ') {
        return Ok(offset..offset + part.len());
    }
    let start = part.iter().position(|&byte| byte != b' ').unwrap_or(part.len());
    let length = part[start..].iter().position(|&byte| byte == b' ').unwrap_or(part.len() - start);
    let (begin, end) = (offset + start, offset + start + length);
    if part[start + length..].iter().all(|&byte| byte == b' ') {
        return Ok(begin..end);
    }
    let reason = "unexpected spaces found, use percent-encoded spaces (%20) instead";
    Err(Refusal::new(reason).at(end))
}

fn unknown_parameter(keyword: &[u8], offset: usize) -> Refusal {
    let refusal = Refusal::new("invalid URI query parameter").at(offset);
    if let Some(parameter) = foreign_parameter(keyword) {
        return refusal.hint(parameter.advice());
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
