//! Which programs read an entry differently, and the character that makes them do so.

use std::ops::Range;

use crate::dialect::{Dialect, End, Reading, Understood};
use crate::file::{Entry, EnvFile, Line, LineKind, Quoting};
use crate::parse::is_blank;
use crate::quote;

/// An entry that not every program reads as the strict dialect does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The key.
    pub key: String,
    /// The 1-based line of the key.
    pub line: usize,
    /// The 1-based column of the key, in characters.
    pub column: usize,
    /// Who disagrees, and how.
    pub dialects: Vec<(Dialect, Disagreement)>,
    /// The character without which they would agree, where there is one.
    pub culprit: Option<Culprit>,
    /// The best way to write the value.
    pub best: Best,
}

/// The way to write a value on which the most programs agree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Best {
    /// The quotes around it.
    pub quoting: Quoting,
    /// Whether line breaks of the value stand between them as they are.
    pub has_breaks: bool,
    /// Whether a backslash must stand before some of its characters.
    pub is_escaped: bool,
    /// Who disagrees even then.
    pub left: Vec<Dialect>,
}

/// How a program disagrees with the strict reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Disagreement {
    /// It would run a command that stands in the value.
    Runs,
    /// It understands another value.
    Value,
    /// It does not set the key.
    Unset,
    /// It refuses the file, or crashes.
    Refuses,
}

impl Disagreement {
    /// A command that is no longer run is something won, even if the value still differs.
    const fn weight(self) -> usize {
        match self {
            Disagreement::Runs => 3,
            Disagreement::Value | Disagreement::Unset | Disagreement::Refuses => 2,
        }
    }
}

/// A character that programs disagree on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Culprit {
    /// A printable character: `#`, `$`, a backtick, `&`, a quote, a backslash…
    Character(char),
    /// A space or a tab.
    Space,
    /// A line break in the value.
    LineBreak,
    /// CR at the end of a line.
    CarriageReturn,
    /// A byte order mark.
    ByteOrderMark,
    /// `export` before the key.
    Export,
    /// A character beyond ASCII.
    NotAscii,
    /// Bytes that are not UTF-8.
    NotUtf8,
}

/// Finds the entries that some program reads differently, each looked at by itself.
///
/// What puts an entry in doubt is a [`crate::Problem`] besides; here it is held against the value as
/// it is written. Lines that the strict dialect cannot read at all are left out.
pub fn differences(file: &EnvFile) -> Vec<Difference> {
    let mut differences = Vec::new();
    if file.is_plain {
        return differences;
    }
    for line in file.lines() {
        let LineKind::Entry(index) = line.kind else { continue };
        let entry = &file.entries()[index];
        if is_plain(file.expose(), line, entry) {
            continue;
        }
        let alone = Alone::new(file, line, entry);
        let dialects = alone.disagreements();
        if !dialects.is_empty() {
            differences.push(Difference {
                key: entry.key.clone(),
                line: entry.line,
                column: entry.column,
                culprit: alone.culprit(&dialects),
                best: alone.best(),
                dialects,
            });
        }
    }
    differences
}

/// Entries that all programs read alike on their own, and some not where they stand: an entry above
/// runs on for them. Each with its place in [`EnvFile::entries`] and who misreads it.
pub fn swallowed(file: &EnvFile, differences: &[Difference]) -> Vec<(usize, Vec<Dialect>)> {
    let readings = Dialect::ALL.map(|dialect| (dialect, dialect.read(file.expose())));
    let is_told = |entry: &Entry| differences.iter().any(|told| told.line == entry.line);
    let entries = file.entries().iter().enumerate();
    entries
        .filter(|(_, entry)| !entry.doubtful && !is_told(entry))
        .filter(|(_, entry)| file.entry(&entry.key).is_some_and(|last| last.line == entry.line))
        .filter_map(|(index, entry)| {
            let misread = |reading: &Reading| match reading.get(entry.key.as_bytes()) {
                Some(Understood::Value(value)) => !value.same_as(&entry.value),
                Some(Understood::Nothing) | None => true,
                Some(Understood::Runs | Understood::Perhaps(_) | Understood::Unclear) => false,
            };
            let who: Vec<Dialect> = readings
                .iter()
                // What stops at a line says so itself.
                .filter(|(_, reading)| reading.end == End::Whole && misread(reading))
                .map(|(dialect, _)| *dialect)
                .collect();
            (!who.is_empty()).then_some((index, who))
        })
        .collect()
}

/// Programs that refuse the file as a whole or drop the rest of it, and the line that makes them.
pub fn refusals(file: &EnvFile) -> Vec<(Dialect, End)> {
    Dialect::ALL
        .into_iter()
        .map(|dialect| (dialect, dialect.read(file.expose()).end))
        .filter(|(_, end)| *end != End::Whole)
        .collect()
}

/// `NAME=value` of nothing but characters that all programs read alike: no reader is asked.
pub(crate) fn is_plain(source: &[u8], line: &Line, entry: &Entry) -> bool {
    let text = &source[line.span.clone()];
    let is_bare_line = !entry.doubtful
        && text.len() == entry.key.len() + 1 + entry.value_span.len() + 1
        && text.starts_with(entry.key.as_bytes())
        && text.ends_with(b"\n");
    if !is_bare_line || text.len() > 32 * 1024 || entry.key == "DOTENV_LINEBREAK_MODE" {
        return false;
    }
    let written = &source[entry.value_span.clone()];
    match entry.quoting {
        Quoting::Bare => quote::is_bare(written),
        Quoting::Single => {
            let inner = &written[1..written.len() - 1];
            // Some expand `$` in single quotes too.
            inner
                .iter()
                .all(|byte| (b' '..=b'~').contains(byte) && !matches!(byte, b'#' | b'$' | b'\\'))
                // A value in backticks or quotes of its own is peeled twice by some.
                && !matches!(inner.first(), Some(b'"' | b'`'))
        }
        Quoting::Double => {
            let inner = &written[1..written.len() - 1];
            inner.iter().all(|byte| {
                (b' '..=b'~').contains(byte) && !matches!(byte, b'"' | b'$' | b'\\' | b'`' | b'\'')
            })
        }
    }
}

/// One entry as a file of its own.
struct Alone {
    key: String,
    value: secret::Secret,
    text: secret::Secret,
    value_span: Range<usize>,
}

impl Alone {
    fn new(file: &EnvFile, line: &Line, entry: &Entry) -> Alone {
        let source = file.expose();
        let start = line.span.start;
        let mut text = source[line.span.clone()].to_vec();
        // A missing line break at the end of the file is a matter of the file.
        if !text.ends_with(b"\n") {
            text.push(b'\n');
        }
        Alone {
            key: entry.key.clone(),
            value: entry.value.duplicate(),
            text: secret::Secret::new(text),
            value_span: entry.value_span.start - start..entry.value_span.end - start,
        }
    }

    fn disagreements(&self) -> Vec<(Dialect, Disagreement)> {
        Dialect::ALL
            .into_iter()
            .filter_map(|dialect| self.disagreement(dialect).map(|how| (dialect, how)))
            .collect()
    }

    fn disagreement(&self, dialect: Dialect) -> Option<Disagreement> {
        let reading = dialect.read(self.text.expose());
        match reading.get(self.key.as_bytes()) {
            Some(Understood::Value(value))
                if value.same_as(&self.value) && reading.end == End::Whole =>
            {
                None
            }
            Some(Understood::Runs) => Some(Disagreement::Runs),
            Some(Understood::Value(_) | Understood::Perhaps(_) | Understood::Unclear)
                if reading.end == End::Whole =>
            {
                Some(Disagreement::Value)
            }
            _ if reading.end != End::Whole => Some(Disagreement::Refuses),
            _ => Some(Disagreement::Unset),
        }
    }

    /// The character whose absence settles the dispute, or most of it; where it takes several, the last of them.
    fn culprit(&self, dialects: &[(Dialect, Disagreement)]) -> Option<Culprit> {
        let all: usize = dialects.iter().map(|(_, how)| how.weight()).sum();
        let left = |without: &Alone| -> usize {
            let left = dialects.iter().filter_map(|(dialect, _)| without.disagreement(*dialect));
            left.map(Disagreement::weight).sum()
        };
        let mut suspects = self.suspects();
        let (mut best, mut least) = (None, all);
        for culprit in &suspects {
            let Some(without) = self.without(*culprit) else { continue };
            let left = left(&without);
            if left < least {
                (best, least) = (Some(*culprit), left);
            }
        }
        if best.is_some() {
            return best;
        }
        // What stands in the value tells more than what stands around it.
        suspects.sort_by_key(|culprit| matches!(culprit, Culprit::Character(_)));
        let mut rest: Option<Alone> = None;
        suspects.into_iter().find(|culprit| {
            let Some(without) = rest.as_ref().unwrap_or(self).without(*culprit) else {
                return false;
            };
            left(rest.insert(without)) < all
        })
    }

    /// The canonical form on a line without anything else.
    fn best(&self) -> Best {
        let canonical = quote::canonical(&self.value);
        // A program keeps a last break that is written as it is, if it keeps the others.
        let written = match canonical.expose().strip_suffix(b"\\n\"") {
            Some(start) if self.value.expose().ends_with(b"\n") => {
                secret::Secret::new([start, b"\n\""].concat())
            }
            _ => canonical,
        };
        let text = [self.key.as_bytes(), b"=", written.expose(), b"\n"].concat();
        let quoting = match written.expose().first() {
            Some(b'\'') => Quoting::Single,
            Some(b'"') => Quoting::Double,
            _ => Quoting::Bare,
        };
        let has_breaks = written.expose().contains(&b'\n');
        let is_escaped = quoting == Quoting::Double && written.expose().contains(&b'\\');
        let best = Alone {
            key: self.key.clone(),
            value: self.value.duplicate(),
            text: secret::Secret::new(text),
            value_span: 0..0,
        };
        let left = best.disagreements().into_iter().map(|(dialect, _)| dialect).collect();
        Best { quoting, has_breaks, is_escaped, left }
    }

    fn suspects(&self) -> Vec<Culprit> {
        let text = self.text.expose();
        let mut suspects = Vec::new();
        if text.starts_with(b"\xef\xbb\xbf") {
            suspects.push(Culprit::ByteOrderMark);
        }
        if memchr::memmem::find(text, b"\r\n").is_some() {
            suspects.push(Culprit::CarriageReturn);
        }
        if memchr::memmem::find(&text[..self.value_span.start], b"export").is_some() {
            suspects.push(Culprit::Export);
        }
        let value = self.value.expose();
        for character in "\r#$`&;|<>)(\\'\"~^!*?{}[]%=:,@+-./_".chars() {
            if value.contains(&(character as u8)) {
                suspects.push(Culprit::Character(character));
            }
        }
        let written = &text[self.value_span.clone()];
        if written.contains(&b'\n') {
            suspects.push(Culprit::LineBreak);
        }
        // What it escapes was suspected above, where it is a character of its own.
        if written.contains(&b'\\') && !value.contains(&b'\\') {
            suspects.push(Culprit::Character('\\'));
        }
        let line = text.strip_suffix(b"\n").unwrap_or(text);
        let blanks = line.iter().filter(|byte| is_blank(**byte)).count();
        if blanks > usize::from(suspects.contains(&Culprit::Export)) {
            suspects.push(Culprit::Space);
        }
        if std::str::from_utf8(value).is_err() {
            suspects.push(Culprit::NotUtf8);
        } else if !value.is_ascii() {
            suspects.push(Culprit::NotAscii);
        }
        suspects
    }

    /// The same entry without the suspect, written the same way; none where that cannot be.
    fn without(&self, culprit: Culprit) -> Option<Alone> {
        let text = self.text.expose();
        let (before, after) = (&text[..self.value_span.start], &text[self.value_span.end..]);
        let written = &text[self.value_span.clone()];
        let remade = match culprit {
            Culprit::ByteOrderMark => text[3..].to_vec(),
            Culprit::CarriageReturn => text.iter().copied().filter(|byte| *byte != b'\r').collect(),
            Culprit::Export => [format!("{}=", self.key).as_bytes(), written, after].concat(),
            Culprit::Space => self.without_space(),
            Culprit::LineBreak => [before, &self.without_character(written, b'\n'), after].concat(),
            Culprit::NotAscii | Culprit::NotUtf8 => {
                [before, &replaced(written, |byte| !byte.is_ascii()), after].concat()
            }
            Culprit::Character(character) => {
                [before, &self.without_character(written, character as u8), after].concat()
            }
        };
        let file = EnvFile::parse(&remade);
        let line = file.lines().first()?;
        let entry = file.entries().first().filter(|entry| !entry.doubtful)?;
        Some(Alone::new(&file, line, entry))
    }

    /// Nothing but the value and the line's end after `=`, and no blank in the value.
    fn without_space(&self) -> Vec<u8> {
        let text = self.text.expose();
        let key_at = self.value_span.start - self.key.len() - 1;
        let key_at = memchr::memmem::rfind(&text[..self.value_span.start], self.key.as_bytes())
            .unwrap_or(key_at);
        let written = &text[self.value_span.clone()];
        let ending: &[u8] = if text.ends_with(b"\r\n") { b"\r\n" } else { b"\n" };
        let before = text[..key_at].trim_ascii_start();
        [before, self.key.as_bytes(), b"=", &replaced(written, is_blank), ending].concat()
    }

    /// Takes a character out of the value, with the backslash that may stand before it.
    fn without_character(&self, written: &[u8], character: u8) -> Vec<u8> {
        let quote = written
            .first()
            .copied()
            .filter(|first| matches!(first, b'\'' | b'"') && written.len() > 1);
        let Some(quote) = quote else { return replaced(written, |byte| byte == character) };
        if character == b'\\' && quote == b'"' {
            return without_escapes(written);
        }
        let mut inner = Vec::with_capacity(written.len());
        for byte in self.value.expose() {
            match *byte {
                byte if byte == character => inner.push(b'x'),
                byte @ (b'"' | b'\\' | b'$') if quote == b'"' => inner.extend([b'\\', byte]),
                byte => inner.push(byte),
            }
        }
        [&[quote], inner.as_slice(), &[quote]].concat()
    }
}

/// Takes every backslash out together with what it escapes.
fn without_escapes(written: &[u8]) -> Vec<u8> {
    let mut kept = Vec::with_capacity(written.len());
    let mut bytes = written.iter();
    while let Some(byte) = bytes.next() {
        if *byte == b'\\' {
            let _ = bytes.next();
            kept.push(b'x');
        } else {
            kept.push(*byte);
        }
    }
    kept
}

fn replaced(written: &[u8], is_taken: impl Fn(u8) -> bool) -> Vec<u8> {
    written.iter().map(|byte| if is_taken(*byte) { b'x' } else { *byte }).collect()
}

#[cfg(test)]
mod tests;
