//! The strict dialect: bytes to lines, entries and problems, in one pass.

use std::ops::Range;

use secret::Secret;

use crate::file::{Entry, Line, LineKind, Quoting, is_key};
use crate::problem::{Problem, ProblemCode};

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Room is made at once for no more lines than this; most of a longer text may be no entries.
const MANY: usize = 64;

/// What parsing gives.
pub(crate) struct Parsed {
    pub(crate) lines: Vec<Line>,
    pub(crate) entries: Vec<Entry>,
    pub(crate) problems: Vec<Problem>,
}

/// Parses a whole file.
pub(crate) fn parse(source: &[u8]) -> Parsed {
    let n_lines = count_breaks(source) + usize::from(!source.ends_with(b"\n"));
    let mut ctx = Ctx {
        source,
        line: 1,
        lines: Vec::with_capacity(n_lines.min(MANY)),
        entries: Vec::with_capacity(n_lines.min(MANY)),
        found: Vec::new(),
        crlf_seen: false,
    };
    let mut start = 0;
    while start < source.len() {
        start = ctx.logical_line(start);
    }
    if source.last().is_some_and(|last| *last != b'\n') {
        ctx.problem(source.len(), ProblemCode::NoFinalNewline, None);
    }
    let problems = place(source, ctx.found);
    Parsed { lines: ctx.lines, entries: ctx.entries, problems }
}

struct Ctx<'a> {
    source: &'a [u8],
    /// The 1-based number of the physical line in work.
    line: usize,
    lines: Vec<Line>,
    entries: Vec<Entry>,
    found: Vec<Found>,
    crlf_seen: bool,
}

/// A problem before its place is turned into a line and a column.
struct Found {
    at: usize,
    code: ProblemCode,
    key: Option<String>,
}

/// A value as written: where it lies, what it says, and where its last line ends.
struct Written {
    span: Range<usize>,
    value: Vec<u8>,
    quoting: Quoting,
    end: usize,
}

/// Problems met while an entry is read, before its key is attached.
type Soft = Vec<(usize, ProblemCode)>;

impl Ctx<'_> {
    /// Reads the logical line that starts at `start`; returns where the next one starts.
    fn logical_line(&mut self, start: usize) -> usize {
        let number = self.line;
        let content = content_end(self.source, start);
        let mut text_start = start;
        if start == 0 && self.source.starts_with(BYTE_ORDER_MARK) {
            self.problem(0, ProblemCode::ByteOrderMark, None);
            text_start = BYTE_ORDER_MARK.len();
        }
        let first = skip_blanks(self.source, text_start, content);
        let (kind, end) = if first == content {
            (LineKind::Blank, content)
        } else if self.source[first] == b'#' {
            (LineKind::Comment, content)
        } else {
            self.entry(text_start, first, content)
        };
        if kind != LineKind::Malformed {
            // A malformed line has its problem already; its bytes are nobody's value.
            self.bytes(text_start, end, kind);
        }
        let next = match &self.source[end..] {
            [b'\r', b'\n', ..] => {
                self.crlf(end);
                end + 2
            }
            [_, ..] => end + 1,
            [] => end,
        };
        // Only a quoted value has more than one, and then it ends in another line than it began.
        self.line += if end == content {
            usize::from(next > end)
        } else {
            count_breaks(&self.source[start..next])
        };
        self.lines.push(Line { number, span: start..next, kind });
        next
    }

    /// Reads an entry whose key starts at `first`; returns its kind and where its last line ends.
    fn entry(&mut self, line_start: usize, first: usize, content: usize) -> (LineKind, usize) {
        let Some(equals) = find(self.source, b'=', first, content) else {
            return self.malformed(first, ProblemCode::NoEquals, None, content);
        };
        let mut key_start = first;
        let mut soft = Vec::new();
        if first != line_start {
            soft.push((line_start, ProblemCode::Space));
        }
        if let Some(after) = self.after_export(first, equals) {
            soft.push((first, ProblemCode::Export));
            key_start = after;
        }
        let key_end = trim_end(self.source, key_start, equals);
        let key = match std::str::from_utf8(&self.source[key_start..key_end]) {
            Ok(key) if is_key(key) => key.to_owned(),
            // So begins UTF-16, as PowerShell writes it.
            Err(_) => return self.malformed(key_start, ProblemCode::InvalidUtf8, None, content),
            Ok(_) => return self.malformed(key_start, ProblemCode::InvalidKey, None, content),
        };
        if is_bare_value(&key, &self.source[equals..content]) {
            return self.malformed(key_start, ProblemCode::NoName, None, content);
        }
        if key.bytes().any(|byte| byte.is_ascii_lowercase()) && !is_lower_by_rule(&key) {
            soft.push((key_start, ProblemCode::LowerCaseKey));
        }
        let value_start = skip_blanks(self.source, equals + 1, content);
        let only_comment = value_start > equals + 1
            && (value_start == content || self.source[value_start] == b'#');
        let value_at = if only_comment { equals + 1 } else { value_start };
        if key_end != equals {
            soft.push((key_end, ProblemCode::Space));
        } else if value_at != equals + 1 {
            soft.push((equals + 1, ProblemCode::Space));
        }

        let column = characters(&self.source[line_start..key_start]) + 1;
        let written = if only_comment {
            Written {
                span: value_at..value_at,
                value: Vec::new(),
                quoting: Quoting::Bare,
                end: content,
            }
        } else {
            match self.value(value_at, content, &mut soft) {
                Ok(written) => written,
                Err((at, code)) => return self.malformed(at, code, Some(&key), content),
            }
        };
        let mut doubtful = false;
        for (at, code) in soft {
            doubtful |= code.is_doubtful();
            self.problem(at, code, Some(&key));
        }
        let index = self.entries.len();
        self.entries.push(Entry {
            key,
            value: Secret::new(written.value),
            quoting: written.quoting,
            line: self.line,
            column,
            value_span: written.span,
            doubtful,
        });
        (LineKind::Entry(index), written.end)
    }

    /// Where the key starts after `export` and white space, if the line begins so.
    fn after_export(&self, first: usize, equals: usize) -> Option<usize> {
        let rest = self.source[first..equals].strip_prefix(b"export")?;
        let blanks = rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
        // `export=1` is a key of that name.
        (blanks > 0 && blanks < rest.len()).then(|| first + b"export".len() + blanks)
    }

    fn value(
        &self,
        start: usize,
        content: usize,
        soft: &mut Soft,
    ) -> Result<Written, (usize, ProblemCode)> {
        match self.source.get(start) {
            Some(quote @ (b'\'' | b'"')) if start < content => {
                self.quoted(start, content, *quote, soft)
            }
            _ => Ok(self.bare(start, content, soft)),
        }
    }

    fn bare(&self, start: usize, content: usize, soft: &mut Soft) -> Written {
        let text = &self.source[start..content];
        let mut end = content;
        let mut search = 0;
        while let Some(offset) = memchr::memchr(b'#', &text[search..]) {
            let hash = search + offset;
            if hash > 0 && is_blank(text[hash - 1]) {
                end = start + hash;
                break;
            }
            soft.push((start + hash, ProblemCode::BareHash));
            search = hash + 1;
        }
        let end = trim_end(self.source, start, end);
        // One problem a value says enough.
        if let Some(first) = soft.iter().position(|(_, code)| *code == ProblemCode::BareHash) {
            soft.truncate(first + 1);
        }
        Written {
            span: start..end,
            value: self.source[start..end].to_vec(),
            quoting: Quoting::Bare,
            end: content,
        }
    }

    fn quoted(
        &self,
        start: usize,
        content: usize,
        quote: u8,
        soft: &mut Soft,
    ) -> Result<Written, (usize, ProblemCode)> {
        if self.source[start..content].starts_with(b"\"\"\"") {
            return Err((start, ProblemCode::TripleQuote));
        }
        let close = self.closing(start, quote).ok_or((start, ProblemCode::UnterminatedQuote))?;
        let end = if close < content { content } else { content_end(self.source, close) };
        let after = skip_blanks(self.source, close + 1, end);
        let comment = after > close + 1 && self.source.get(after) == Some(&b'#') && after < end;
        if after != end && !comment {
            // A quote that closes lines further on, in the midst of text, closes something else.
            return Err(if close < content {
                (close + 1, ProblemCode::TextAfterQuote)
            } else {
                (start, ProblemCode::UnterminatedQuote)
            });
        }
        let raw = &self.source[start + 1..close];
        let (value, quoting) = if quote == b'\'' {
            if close >= content {
                soft.push((start, ProblemCode::SingleQuotedBreak));
            }
            (without_crlf(raw), Quoting::Single)
        } else {
            if let Some(offset) = unknown_escape(raw) {
                soft.push((start + 1 + offset, ProblemCode::UnknownEscape));
            }
            (unescape(raw), Quoting::Double)
        };
        Ok(Written { span: start..close + 1, value, quoting, end })
    }

    /// Where the quote that opens at `start` closes.
    fn closing(&self, start: usize, quote: u8) -> Option<usize> {
        let mut at = start + 1;
        while let Some(byte) = self.source.get(at) {
            match *byte {
                byte if byte == quote => return Some(at),
                b'\\' if quote == b'"' => at += 2,
                _ => at += 1,
            }
        }
        None
    }

    /// Reports the first control byte or broken UTF-8 between two places.
    fn bytes(&mut self, start: usize, end: usize, kind: LineKind) {
        let text = &self.source[start..end];
        // Without a way out between them many bytes are looked at in one step.
        if text.iter().fold(true, |plain, byte| plain & matches!(byte, 0x20..=0x7e)) {
            return;
        }
        let mut found = None;
        if let Err(error) = std::str::from_utf8(text) {
            found = Some((start + error.valid_up_to(), ProblemCode::InvalidUtf8));
        }
        let control = text.iter().enumerate().position(|(index, byte)| match byte {
            b'\t' | b'\n' => false,
            b'\r' => text.get(index + 1) != Some(&b'\n'),
            byte => byte.is_ascii_control(),
        });
        if let Some(offset) = control
            && found.is_none_or(|(at, _)| start + offset < at)
        {
            found = Some((start + offset, ProblemCode::ControlByte));
        }
        if let (LineKind::Entry(_), Some(crlf)) = (kind, find_crlf(text)) {
            self.crlf(start + crlf);
        }
        let Some((at, code)) = found else { return };
        let key = if let LineKind::Entry(index) = kind {
            let entry = &mut self.entries[index];
            entry.doubtful = true;
            Some(entry.key.clone())
        } else {
            None
        };
        self.problem(at, code, key.as_deref());
    }

    fn crlf(&mut self, at: usize) {
        if !self.crlf_seen {
            self.crlf_seen = true;
            self.problem(at, ProblemCode::CarriageReturn, None);
        }
    }

    fn malformed(
        &mut self,
        at: usize,
        code: ProblemCode,
        key: Option<&str>,
        content: usize,
    ) -> (LineKind, usize) {
        self.problem(at, code, key);
        (LineKind::Malformed, content)
    }

    fn problem(&mut self, at: usize, code: ProblemCode, key: Option<&str>) {
        self.found.push(Found { at, code, key: key.map(str::to_owned) });
    }
}

/// Turns places into lines and columns, in order.
fn place(source: &[u8], mut found: Vec<Found>) -> Vec<Problem> {
    found.sort_by_key(|problem| (problem.at, problem.code));
    let (mut line, mut line_start, mut counted) = (1, 0, 0);
    let mut problems = Vec::with_capacity(found.len());
    for Found { at, code, key } in found {
        let passed = &source[counted..at];
        line += count_breaks(passed);
        if let Some(last) = memchr::memrchr(b'\n', passed) {
            line_start = counted + last + 1;
        }
        counted = at;
        let mark = if line_start == 0 && source.starts_with(BYTE_ORDER_MARK) { 3 } else { 0 };
        let column = characters(&source[(line_start + mark).min(at)..at]) + 1;
        problems.push(Problem { line, column, code, key });
    }
    problems
}

/// Whether a program reads this name only with its small letters: Terraform, npm, and all that ask for a proxy.
fn is_lower_by_rule(key: &str) -> bool {
    let is_proxy = key.strip_suffix("_proxy").is_some_and(|head| !head.contains('_'));
    is_proxy || ["TF_VAR_", "TF_TOKEN_", "npm_config_"].iter().any(|head| key.starts_with(head))
}

/// Whether a line is base64 that lost its name: its padding is taken for `=`, and what it hides would be
/// shown as the name of a key.
fn is_bare_value(key: &str, rest: &[u8]) -> bool {
    // Behind most `=` a value begins.
    let is_tail = |byte: &u8| byte.is_ascii_whitespace() || b";,\\".contains(byte);
    let behind = rest.iter().find(|byte| **byte != b'=');
    if behind.is_some_and(|byte| !is_tail(byte)) {
        return false;
    }
    // A comment may follow, and what stands behind a value in a program.
    let rest = match rest.windows(2).position(|pair| is_blank(pair[0]) && pair[1] == b'#') {
        Some(at) => &rest[..at],
        None => rest,
    };
    let len = rest.iter().rposition(|byte| !is_tail(byte)).map_or(0, |last| last + 1);
    let rest = &rest[..len];
    if !rest.iter().all(|byte| *byte == b'=') {
        return false;
    }
    let has = |is: fn(u8) -> bool| key.bytes().any(is);
    let is_padded = (key.len() + rest.len()).is_multiple_of(4);
    let n_capitals = key.bytes().filter(u8::is_ascii_uppercase).count();
    // Words have few capitals.
    let is_mixed = has(|byte| byte.is_ascii_lowercase())
        && n_capitals > 0
        && (has(|byte| byte.is_ascii_digit()) || n_capitals * 3 >= key.len());
    match rest.len() {
        // An empty value, as of a name in `camelCase`, is no such thing.
        1 => is_mixed && (key.len() >= 15 && is_padded || key.len() >= 24 && !key.contains('_')),
        // Nobody gives a key the value `=`.
        _ => key.len() >= 6 && has(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()),
    }
}

/// Where the text of the physical line that holds `at` ends, before its line break.
fn content_end(source: &[u8], at: usize) -> usize {
    match memchr::memchr(b'\n', &source[at..]) {
        Some(offset) if offset > 0 && source[at + offset - 1] == b'\r' => at + offset - 1,
        Some(offset) => at + offset,
        None => source.len(),
    }
}

/// How many characters a part of a text in UTF-8 has; in what is not UTF-8, bytes that can begin none do not count.
pub fn characters(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| !matches!(byte, 0x80..=0xBF)).count()
}

fn count_breaks(bytes: &[u8]) -> usize {
    memchr::memchr_iter(b'\n', bytes).count()
}

/// Whether a byte is a space or a tab.
pub(crate) fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

fn skip_blanks(source: &[u8], start: usize, end: usize) -> usize {
    start + source[start..end].iter().take_while(|byte| is_blank(**byte)).count()
}

fn trim_end(source: &[u8], start: usize, end: usize) -> usize {
    end - source[start..end].iter().rev().take_while(|byte| is_blank(**byte)).count()
}

fn find(source: &[u8], byte: u8, start: usize, end: usize) -> Option<usize> {
    memchr::memchr(byte, &source[start..end]).map(|offset| start + offset)
}

fn find_crlf(text: &[u8]) -> Option<usize> {
    text.windows(2).position(|pair| pair == b"\r\n")
}

/// A text with CR LF as a line feed.
pub(crate) fn without_crlf(raw: &[u8]) -> Vec<u8> {
    let mut value = Vec::with_capacity(raw.len());
    for (index, byte) in raw.iter().enumerate() {
        if *byte != b'\r' || raw.get(index + 1) != Some(&b'\n') {
            value.push(*byte);
        }
    }
    value
}

fn unknown_escape(raw: &[u8]) -> Option<usize> {
    let mut at = 0;
    while at < raw.len() {
        if raw[at] == b'\\' {
            if !matches!(raw.get(at + 1), Some(b'n' | b'r' | b't' | b'\\' | b'"' | b'$')) {
                return Some(at);
            }
            at += 1;
        }
        at += 1;
    }
    None
}

fn unescape(raw: &[u8]) -> Vec<u8> {
    let mut value = Vec::with_capacity(raw.len());
    let mut rest = raw;
    loop {
        rest = match rest {
            [] => return value,
            [b'\r', b'\n', rest @ ..] => {
                value.push(b'\n');
                rest
            }
            [b'\\', escaped, rest @ ..] => {
                match escaped {
                    b'n' => value.push(b'\n'),
                    b'r' => value.push(b'\r'),
                    b't' => value.push(b'\t'),
                    b'\\' | b'"' | b'$' => value.push(*escaped),
                    // An unknown escape stays as it is written, and is a problem.
                    other => value.extend([b'\\', *other]),
                }
                rest
            }
            [byte, rest @ ..] => {
                value.push(*byte);
                rest
            }
        };
    }
}

#[cfg(test)]
mod tests;
