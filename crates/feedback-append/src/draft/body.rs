//! The text of an entry made safe to stand in a log: no control codes, headings below the entry's own, fences closed.

use std::fmt;

use super::LARGEST;
use crate::blocks;
use crate::commonmark::{Kind, Line, Reading, Structure};
use crate::text;

/// Why a text cannot be an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spoilt {
    /// It is larger than an entry may be.
    TooLarge(usize),
    /// It has a dated heading of its own, which would be read as another entry.
    SecondHeading,
    /// It would swallow what follows it, or its own last line.
    Open,
}

/// Makes a text fit to be an entry's: without control codes and blank edges, its headings below the
/// entry's own level, and a code fence that was left open closed.
pub fn tidy(raw: &str) -> String {
    let clean = without_controls(raw);
    let clean = clean.trim_end();
    let start = clean.len() - clean.trim_start_matches(['\n', ' ', '\t']).len();
    let start = clean[..start].rfind('\n').map_or(0, |line_break| line_break + 1);
    let body = with_closed_fence(&with_plain_headings(&clean[start..]));
    let headings = blocks::read(&body, 0).headings;
    let shallow = headings.iter().map(|heading| heading.level).min().unwrap_or(6);
    let deeper = usize::from(3_u8.saturating_sub(shallow));
    let mut tidied = String::with_capacity(body.len() + 16);
    let mut headings = headings.iter().peekable();
    for (offset, line) in text::lines(&body, 0) {
        if headings.next_if(|heading| heading.range.start == offset).is_some() {
            let line = line.trim_start();
            let level = line.len() - line.trim_start_matches('#').len();
            tidied.push_str(&"#".repeat(deeper.min(6 - level)));
            tidied.push_str(line);
        } else {
            tidied.push_str(line);
        }
        tidied.push('\n');
    }
    tidied.truncate(tidied.trim_end().len());
    tidied
}

/// The text with a closing line for a code fence that was left open.
fn with_closed_fence(body: &str) -> String {
    match Structure::behind(body).open() {
        Some(open) if matches!(open.kind, Kind::Fence { .. }) => {
            format!("{body}\n{}", open.kind.closing_line())
        }
        _ => body.to_owned(),
    }
}

/// The text with its underlined headings in the other form, which alone can stand below the entry's own.
fn with_plain_headings(body: &str) -> String {
    let mut structure = Structure::new(Reading::Strict);
    let mut lines: Vec<String> = Vec::new();
    let mut start = 0;
    for line in body.lines() {
        let read = structure.feed(line.as_bytes());
        if read == Line::Underline && structure.is_at_top() {
            let level = if line.trim_start().starts_with('=') { "#" } else { "##" };
            let words: Vec<&str> = lines[start..].iter().map(|line| line.trim()).collect();
            let heading = format!("{level} {}", words.join(" "));
            lines.truncate(start);
            lines.push(heading);
            start = lines.len();
            continue;
        }
        lines.push(line.to_owned());
        if !structure.is_in_paragraph() {
            start = lines.len();
        }
    }
    lines.join("\n")
}

/// Leaves out terminal control sequences and every control character but line breaks and tabs.
fn without_controls(raw: &str) -> String {
    let mut clean = String::with_capacity(raw.len());
    let mut letters = raw.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '\u{1b}' => skip_sequence(&mut letters),
            '\n' | '\t' => clean.push(letter),
            '\r' if letters.peek() != Some(&'\n') => clean.push('\n'),
            '\u{feff}' => {}
            other if other.is_control() => {}
            other => clean.push(other),
        }
    }
    clean
}

fn skip_sequence(letters: &mut std::iter::Peekable<std::str::Chars<'_>>) {
    match letters.next_if(|next| matches!(next, '[' | ']' | '(' | ')')) {
        Some('[') => {
            while letters.next_if(|next| ('\u{20}'..='\u{3f}').contains(next)).is_some() {}
            letters.next_if(|next| ('\u{40}'..='\u{7e}').contains(next));
        }
        Some(']') => {
            while let Some(next) = letters.next_if(|next| *next != '\n') {
                if next == '\u{7}' || (next == '\u{1b}' && letters.next_if_eq(&'\\').is_some()) {
                    break;
                }
            }
        }
        Some(_) => drop(letters.next_if(char::is_ascii_alphanumeric)),
        None => {}
    }
}

impl fmt::Display for Spoilt {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge(bytes) => {
                write!(formatter, "it would have {bytes} bytes, and an entry has at most {LARGEST}")
            }
            Self::SecondHeading => formatter
                .write_str("its text has a dated heading, which would be read as another entry"),
            Self::Open => formatter.write_str(
                "its text leaves a comment or block open, which would swallow what follows",
            ),
        }
    }
}
