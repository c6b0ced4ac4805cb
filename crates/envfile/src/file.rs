//! The env file as a value: its bytes, the lines that partition them, and the entries they hold.

use std::ops::Range;

use secret::Secret;

use crate::difference;
use crate::parse;
use crate::problem::Problem;
use crate::rotated::{self, Rotated};

/// An env file: every byte of it, and what the strict dialect understands of those bytes.
///
/// The strict dialect is the one the vault is held to: `NAME=value` with a bare, single-quoted or
/// double-quoted value, `#` comments at the start of a line or after white space, no expansion.
/// What departs from it is read as far as that is safe and reported in [`EnvFile::problems`].
pub struct EnvFile {
    pub(crate) source: Secret,
    pub(crate) lines: Vec<Line>,
    pub(crate) entries: Vec<Entry>,
    pub(crate) problems: Vec<Problem>,
    /// Whether there may be a comment somewhere; most files have none.
    pub(crate) may_have_comments: bool,
    /// Whether all programs read all entries alike, as a glance shows while the bytes are at hand; most files are so.
    pub(crate) is_plain: bool,
}

/// One logical line: a physical line, or the several that one quoted value covers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The 1-based number of its first physical line.
    pub number: usize,
    /// Its bytes in the source, terminator included; the spans of all lines partition the source.
    pub span: Range<usize>,
    /// What it holds.
    pub kind: LineKind,
}

/// What a line holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineKind {
    /// Nothing but white space.
    Blank,
    /// A `#` comment.
    Comment,
    /// An entry, by its index in [`EnvFile::entries`].
    Entry(usize),
    /// Something the strict dialect cannot read; a [`Problem`] says why.
    Malformed,
}

/// A key and its value.
pub struct Entry {
    /// The key, which matches `[A-Za-z_][A-Za-z0-9_]*`.
    pub key: String,
    /// The value as the strict dialect decodes it.
    pub value: Secret,
    /// How the value is written.
    pub quoting: Quoting,
    /// The 1-based line of the key.
    pub line: usize,
    /// The 1-based column of the key, in characters.
    pub column: usize,
    /// The bytes of the value as written, quotes included, without the space around it.
    pub value_span: Range<usize>,
    /// Whether a problem puts this reading in doubt, so that no one should act on the value.
    pub doubtful: bool,
}

/// How a value is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quoting {
    /// Without quotes.
    Bare,
    /// In `'…'`: every character stands for itself.
    Single,
    /// In `"…"`: with the escapes `\n \r \t \\ \" \$`.
    Double,
}

impl EnvFile {
    /// Parses any bytes; what cannot be read is a [`Problem`], never an error.
    pub fn parse(bytes: &[u8]) -> EnvFile {
        EnvFile::from_secret(Secret::new(bytes.to_vec()))
    }

    /// Parses the bytes of a secret, without copying them.
    pub fn from_secret(source: Secret) -> EnvFile {
        let parsed = parse::parse(source.expose());
        let parse::Parsed { lines, entries, problems } = parsed;
        // Looked at here, and sent nowhere.
        let may_have_comments = memchr::memchr(b'#', source.expose()).is_some();
        let is_plain = lines.iter().all(|line| match line.kind {
            LineKind::Entry(index) => difference::is_plain(source.expose(), line, &entries[index]),
            _ => true,
        });
        EnvFile { source, lines, entries, problems, may_have_comments, is_plain }
    }

    /// Exposes the file's bytes, exactly as they were parsed.
    pub fn expose(&self) -> &[u8] {
        self.source.expose()
    }

    /// Gives the bytes back, where they turn out to be no env file.
    pub fn into_secret(self) -> Secret {
        self.source
    }

    /// The lines, in order.
    pub fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// The entries, in order; a key may come more than once.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// What is wrong with the file, in order.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// The entry that counts for a key: the last, as in every dialect.
    pub fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries.iter().rev().find(|entry| entry.key == key)
    }

    /// The value that counts for a key.
    pub fn get(&self, key: &str) -> Option<&Secret> {
        self.entry(key).map(|entry| &entry.value)
    }

    /// The date that comments `# rotated: YYYY-MM-DD` give for the whole file.
    ///
    /// Of several with no entry between them the last counts; of those for different parts of the file, or behind
    /// a value, the oldest, for one rotated key does not renew another.
    pub fn rotated(&self) -> Option<Rotated> {
        if !self.may_have_comments {
            return None;
        }
        let mut oldest: Option<Rotated> = None;
        let mut of_part: Option<Rotated> = None;
        for line in &self.lines {
            match line.kind {
                LineKind::Comment => {
                    let text = &self.expose()[line.span.clone()];
                    of_part = rotated::read(line.number, text).or(of_part);
                }
                LineKind::Entry(index) => {
                    oldest = older(oldest, of_part.take());
                    if let Some((number, text)) = self.comment_behind(line, index) {
                        oldest = older(oldest, rotated::read(number, text));
                    }
                }
                LineKind::Malformed => oldest = older(oldest, of_part.take()),
                LineKind::Blank => {}
            }
        }
        // What follows all entries is said of them all.
        of_part.or(oldest)
    }

    /// The 1-based line of the first comment that tells of a rotation and a year, and is none that
    /// [`EnvFile::rotated`] reads; one beside another that it reads is a remark.
    pub fn rotated_otherwise(&self) -> Option<usize> {
        if !self.may_have_comments {
            return None;
        }
        let mut first = None;
        let (mut of_part, mut is_read) = (None, false);
        for line in &self.lines {
            let behind = match line.kind {
                LineKind::Comment => {
                    let text = &self.expose()[line.span.clone()];
                    is_read |= rotated::read(line.number, text).is_some();
                    of_part = of_part.or(rotated::is_said_otherwise(text).then_some(line.number));
                    continue;
                }
                LineKind::Blank => continue,
                LineKind::Entry(index) => self.comment_behind(line, index),
                LineKind::Malformed => None,
            };
            let of_entry = of_part.take().filter(|_| !std::mem::take(&mut is_read));
            let behind = behind.filter(|(number, text)| {
                rotated::read(*number, text).is_none() && rotated::is_said_otherwise(text)
            });
            first = first.or(of_entry).or(behind.map(|(number, _)| number));
            is_read = false;
        }
        first.or(of_part.filter(|_| !is_read))
    }

    /// The comment behind an entry's value, with its 1-based line.
    fn comment_behind(&self, line: &Line, index: usize) -> Option<(usize, &[u8])> {
        let value_end = self.entries[index].value_span.end;
        // Most lines end with the value.
        if line.span.end <= value_end + 2 {
            return None;
        }
        let source = self.expose();
        let hash = memchr::memchr(b'#', &source[value_end..line.span.end])?;
        let n_breaks = memchr::memchr_iter(b'\n', &source[line.span.start..value_end]).count();
        Some((line.number + n_breaks, &source[value_end + hash..line.span.end]))
    }
}

fn older(one: Option<Rotated>, other: Option<Rotated>) -> Option<Rotated> {
    let date = |rotated: &Rotated| (rotated.year, rotated.month, rotated.day);
    [one, other].into_iter().flatten().min_by_key(date)
}

/// Whether a name is a key that this crate reads and writes: `[A-Za-z_][A-Za-z0-9_]*`.
pub fn is_key(name: &str) -> bool {
    let bytes = name.as_bytes();
    bytes.first().is_some_and(|first| first.is_ascii_alphabetic() || *first == b'_')
        && bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
}
