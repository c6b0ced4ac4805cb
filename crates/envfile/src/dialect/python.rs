//! The Python package `python-dotenv` (`parser.py` and `variables.py`, 1.2.4), reading a file.

use super::{NotKnown, Reading, Understood, expand, space};

pub(super) fn read(source: &[u8]) -> Reading {
    if let Err(error) = std::str::from_utf8(source) {
        return Reading::refused(source, error.valid_up_to());
    }
    // A file opened as text has its line ends translated before the parser sees them.
    let text = secret::Secret::new(expand::with_line_feeds(source));
    let text = text.expose();
    let mut reader = Reader { text, at: 0 };
    if text.starts_with(b"\xef\xbb\xbf") {
        reader.at = 3;
    }
    let mut reading = Reading::new();
    while reader.at < text.len() {
        match reader.binding() {
            Some(Some((key, Some(value)))) => {
                let understood = Understood::of(resolve(&value, &reading));
                reading.push(&key, understood);
            }
            Some(Some((key, None))) => reading.push(&key, Understood::Nothing),
            Some(None) => {}
            None => reader.rest_of_line(),
        }
    }
    reading
}

/// A key and its value, none for a key without `=`; or nothing, for a comment.
type Binding = Option<(Vec<u8>, Option<Vec<u8>>)>;

struct Reader<'a> {
    text: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    /// Reads one binding; none where the line is in error.
    fn binding(&mut self) -> Option<Binding> {
        self.at = space::skip(self.text, self.at, space::python);
        if self.at >= self.text.len() {
            return Some(None);
        }
        self.export();
        let key = if self.peek() == Some(b'#') { None } else { Some(self.key()?) };
        self.blanks();
        let value = if self.peek() == Some(b'=') {
            self.at += 1;
            let before = self.at;
            self.blanks();
            if self.at > before && self.peek() == Some(b'#') {
                Some(Vec::new())
            } else {
                Some(self.value()?)
            }
        } else {
            None
        };
        self.comment();
        self.end_of_line()?;
        Some(key.map(|key| (key.to_vec(), value)))
    }

    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn blanks(&mut self) {
        self.at = space::skip(self.text, self.at, is_inline);
    }

    fn export(&mut self) {
        if self.text[self.at..].starts_with(b"export") {
            let after = self.at + b"export".len();
            let skipped = space::skip(self.text, after, is_inline);
            if skipped > after {
                self.at = skipped;
            }
        }
    }

    /// A quoted or plain key.
    fn key(&mut self) -> Option<&'a [u8]> {
        if self.peek() == Some(b'\'') {
            let start = self.at + 1;
            let end = start + memchr::memchr(b'\'', &self.text[start..])?;
            self.at = end + 1;
            return (end > start).then(|| &self.text[start..end]);
        }
        let start = self.at;
        while let Some((found, length)) = space::character(self.text, self.at) {
            if matches!(found, '=' | '#') || space::python(found) {
                break;
            }
            self.at += length;
        }
        (self.at > start).then(|| &self.text[start..self.at])
    }

    fn value(&mut self) -> Option<Vec<u8>> {
        match self.peek() {
            Some(quote @ (b'\'' | b'"')) => self.quoted(quote),
            None | Some(b'\n' | b'\r') => Some(Vec::new()),
            Some(_) => {
                let start = self.at;
                self.at += memchr::memchr2(b'\n', b'\r', &self.text[start..])
                    .unwrap_or(self.text.len() - start);
                Some(without_comment(&self.text[start..self.at]).to_vec())
            }
        }
    }

    /// A backslash escapes whatever follows; which escapes mean something depends on the quote.
    fn quoted(&mut self, quote: u8) -> Option<Vec<u8>> {
        let start = self.at + 1;
        let mut at = start;
        loop {
            match *self.text.get(at)? {
                b'\\' => at += 1 + space::character(self.text, at + 1)?.1,
                byte if byte == quote => break,
                _ => at += 1,
            }
        }
        self.at = at + 1;
        Some(unescape(&self.text[start..at], quote))
    }

    fn comment(&mut self) {
        let at = space::skip(self.text, self.at, is_inline);
        if self.text.get(at) == Some(&b'#') {
            self.at = at
                + memchr::memchr2(b'\n', b'\r', &self.text[at..]).unwrap_or(self.text.len() - at);
        }
    }

    fn end_of_line(&mut self) -> Option<()> {
        let at = space::skip(self.text, self.at, is_inline);
        self.at = match self.text.get(at) {
            None => at,
            Some(b'\n' | b'\r') => at + 1,
            Some(_) => return None,
        };
        Some(())
    }

    fn rest_of_line(&mut self) {
        self.at = match memchr::memchr2(b'\n', b'\r', &self.text[self.at..]) {
            Some(offset) => self.at + offset + 1,
            None => self.text.len(),
        };
    }
}

fn is_inline(character: char) -> bool {
    space::python(character) && !matches!(character, '\n' | '\r')
}

/// Cuts at the first white space that is followed by `#`, and trims the end.
fn without_comment(part: &[u8]) -> &[u8] {
    let mut at = 0;
    while let Some((found, length)) = space::character(part, at) {
        if space::python(found) {
            let after = space::skip(part, at, space::python);
            if part.get(after) == Some(&b'#') {
                return space::trim_end(&part[..at], space::python);
            }
            at = after;
        } else {
            at += length;
        }
    }
    space::trim_end(part, space::python)
}

fn unescape(inner: &[u8], quote: u8) -> Vec<u8> {
    let mut value = Vec::with_capacity(inner.len());
    let mut at = 0;
    while at < inner.len() {
        let escape = (inner[at] == b'\\').then(|| inner.get(at + 1)).flatten();
        let decoded = match escape {
            Some(byte @ (b'\\' | b'\'')) => Some(*byte),
            Some(_) if quote == b'\'' => None,
            Some(b'"') => Some(b'"'),
            Some(b'a') => Some(0x07),
            Some(b'b') => Some(0x08),
            Some(b'f') => Some(0x0c),
            Some(b'n') => Some(b'\n'),
            Some(b'r') => Some(b'\r'),
            Some(b't') => Some(b'\t'),
            Some(b'v') => Some(0x0b),
            _ => None,
        };
        if let Some(byte) = decoded {
            value.push(byte);
            at += 2;
        } else {
            value.push(inner[at]);
            at += 1;
        }
    }
    value
}

/// `${NAME}` and `${NAME:-default}`; a plain `$NAME` stays.
fn resolve(value: &[u8], reading: &Reading) -> Result<Vec<u8>, NotKnown> {
    let mut resolved = Vec::with_capacity(value.len());
    // Behind the last brace none closes.
    let last = memchr::memrchr(b'}', value).unwrap_or_default();
    let mut at = 0;
    while at < value.len() {
        let found = if at < last { variable(value, at) } else { None };
        let Some((name, default, end)) = found else {
            resolved.push(value[at]);
            at += 1;
            continue;
        };
        // A key without a value is known, and takes no default.
        let when_unset = if reading.get(name).is_none() { default } else { b"" };
        resolved.extend_from_slice(reading.lookup(name)?.unwrap_or(when_unset));
        at = end;
    }
    Ok(resolved)
}

fn variable(value: &[u8], at: usize) -> Option<(&[u8], &[u8], usize)> {
    let rest = value[at..].strip_prefix(b"${")?;
    let name_end = memchr::memchr2(b'}', b':', rest)?;
    let name = &rest[..name_end];
    if rest[name_end] == b'}' {
        return Some((name, b"", at + 2 + name_end + 1));
    }
    let default = rest[name_end..].strip_prefix(b":-")?;
    let end = memchr::memchr(b'}', default)?;
    Some((name, &default[..end], at + 2 + name_end + 2 + end + 1))
}
