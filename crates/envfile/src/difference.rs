//! Which programs read an entry differently, and the character that makes them do so.

use std::ops::Range;

use crate::dialect::{Dialect, End, Understood};
use crate::file::{Entry, EnvFile, Line, LineKind, Quoting};
use crate::quote::is_portable_bare;

/// An entry that not every program reads as the strict dialect does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The key.
    pub key: String,
    /// The 1-based line of the key.
    pub line: usize,
    /// The 1-based column of the key, in bytes.
    pub column: usize,
    /// Who disagrees, and how.
    pub dialects: Vec<(Dialect, Disagreement)>,
    /// The character without which they would agree, where there is one.
    pub culprit: Option<Culprit>,
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
}

/// Finds the entries that some program reads differently, each looked at by itself.
///
/// Lines that the strict dialect cannot read are left out: they have a [`crate::Problem`] already.
pub fn differences(file: &EnvFile) -> Vec<Difference> {
    let mut differences = Vec::new();
    for line in file.lines() {
        let LineKind::Entry(index) = line.kind else { continue };
        let entry = &file.entries()[index];
        if entry.doubtful || is_plain(file, line, entry) {
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
                dialects,
            });
        }
    }
    differences
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
fn is_plain(file: &EnvFile, line: &Line, entry: &Entry) -> bool {
    let source = file.expose();
    let text = &source[line.span.clone()];
    let is_bare_line = text.len() == entry.key.len() + 1 + entry.value_span.len() + 1
        && text.starts_with(entry.key.as_bytes())
        && text.ends_with(b"\n");
    if !is_bare_line || text.len() > 32 * 1024 || entry.key == "DOTENV_LINEBREAK_MODE" {
        return false;
    }
    let written = &source[entry.value_span.clone()];
    match entry.quoting {
        Quoting::Bare => written.iter().all(|byte| is_portable_bare(*byte)),
        Quoting::Single => {
            let inner = &written[1..written.len() - 1];
            inner.iter().all(|byte| (b' '..=b'~').contains(byte) && !matches!(byte, b'#' | b'\\'))
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
            Some(Understood::Value(_) | Understood::Unclear) if reading.end == End::Whole => {
                Some(Disagreement::Value)
            }
            _ if reading.end != End::Whole => Some(Disagreement::Refuses),
            _ => Some(Disagreement::Unset),
        }
    }

    /// The first character whose absence settles the dispute, or most of it.
    fn culprit(&self, dialects: &[(Dialect, Disagreement)]) -> Option<Culprit> {
        let mut best: Option<(usize, Culprit)> = None;
        for culprit in self.suspects() {
            let Some(without) = self.without(culprit) else { continue };
            let left = dialects
                .iter()
                .filter(|(dialect, _)| without.disagreement(*dialect).is_some())
                .count();
            if left < dialects.len() && best.is_none_or(|(fewest, _)| left < fewest) {
                best = Some((left, culprit));
            }
        }
        best.map(|(_, culprit)| culprit)
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
        for character in "#$`&;|<>()\\'\"~^!*?{}[]%=:,@+-./_".chars() {
            if value.contains(&(character as u8)) {
                suspects.push(Culprit::Character(character));
            }
        }
        if value.contains(&b'\n') {
            suspects.push(Culprit::LineBreak);
        }
        suspects.push(Culprit::Space);
        if !value.is_ascii() {
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
            Culprit::Space => {
                let plain: Vec<u8> =
                    written.iter().map(|byte| if is_blank(*byte) { b'x' } else { *byte }).collect();
                [format!("{}=", self.key).as_bytes(), &plain, b"\n"].concat()
            }
            Culprit::LineBreak => {
                [before, &replaced(written, |byte| byte == b'\n'), after].concat()
            }
            Culprit::NotAscii => {
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

    /// Takes a character out of the value, with the backslash that may stand before it.
    fn without_character(&self, written: &[u8], character: u8) -> Vec<u8> {
        let quote = written
            .first()
            .copied()
            .filter(|first| matches!(first, b'\'' | b'"') && written.len() > 1);
        let Some(quote) = quote else { return replaced(written, |byte| byte == character) };
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

fn replaced(written: &[u8], is_taken: impl Fn(u8) -> bool) -> Vec<u8> {
    written.iter().map(|byte| if is_taken(*byte) { b'x' } else { *byte }).collect()
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

#[cfg(test)]
mod tests;
