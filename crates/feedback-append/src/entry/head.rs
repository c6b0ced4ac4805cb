//! What one heading, or one `Timestamp:` line, says of the time and title of its entry.

use std::ops::Range;

use chrono::NaiveDate;

use crate::stamp::{self, Stamp};

/// What a heading is; ranges are offsets in its text.
pub(super) enum Head {
    /// It begins with a date, perhaps behind an emoji or a bracket.
    Dated { stamp: Stamp, range: Range<usize>, title: String, canonical: bool },
    /// It is a `Timestamp:` label.
    Labelled { stamp: Stamp, range: Range<usize> },
    /// It begins with a clock time.
    Clock { stamp: Stamp, range: Range<usize>, title: String },
    /// It has a date somewhere.
    Mentions { stamp: Stamp, range: Range<usize>, title: String },
    /// It has no time.
    Plain,
}

pub(super) fn read(text: &str, day: Option<NaiveDate>) -> Head {
    if let Some((stamp, range)) = label(text) {
        return Head::Labelled { stamp, range };
    }
    let start = text.find(|first: char| first.is_alphanumeric()).unwrap_or(text.len());
    let bare = &text[start..];
    if let Some((stamp, length)) = dated(bare) {
        let range = start..start + length;
        let canonical = start == 0 && stamp.canonical && text[length..].starts_with(" — ");
        // Behind the tool's own dash stands what was written, and not what other dialects put around a title.
        let title = match text[range.end..].strip_prefix(" — ").filter(|_| canonical) {
            Some(exact) => exact.trim().to_owned(),
            None => title("", &text[range.end..]),
        };
        return Head::Dated { canonical: canonical && !title.is_empty(), stamp, range, title };
    }
    if let Some((stamp, length)) = stamp::read_clock(bare, day) {
        let range = start..start + length;
        let title = title("", &text[range.end..]);
        return Head::Clock { stamp, range, title };
    }
    match stamp::find(text) {
        Some((at, length, stamp)) => {
            let range = at..at + length;
            let title = title(&text[..at], &text[range.end..]);
            Head::Mentions { stamp, range, title }
        }
        None => Head::Plain,
    }
}

/// A date at the start of a text, also one that does not exist.
fn dated(text: &str) -> Option<(Stamp, usize)> {
    stamp::read(text).or_else(|| stamp::read_mistyped(text))
}

/// A line or heading like `Timestamp: 2025-10-11T01:12Z` or `**Time:** …`, with the time's offsets.
pub(super) fn label(line: &str) -> Option<(Stamp, Range<usize>)> {
    let start = line.find(|first: char| first.is_alphanumeric())?;
    let (word, rest) = line[start..].split_once(':')?;
    let word = word.trim_end_matches(['*', '_', '`', ' ']);
    let is_label = ["timestamp", "time", "date", "when", "time (utc)", "timestamp (utc)", "logged"]
        .iter()
        .any(|known| word.eq_ignore_ascii_case(known));
    let blank = rest.find(|first: char| first.is_alphanumeric())?;
    // Only markup may stand between the label and its time.
    if !is_label || rest[..blank].contains(|other: char| !" \t*_`[(".contains(other)) {
        return None;
    }
    let at = line.len() - rest.len() + blank;
    let (stamp, length) = dated(&line[at..])?;
    Some((stamp, at..at + length))
}

/// What remains of a heading without its time and the separators around it.
fn title(before: &str, after: &str) -> String {
    const EDGES: [char; 13] = [' ', '\t', '-', '—', '–', ':', '|', '·', '*', '_', '(', '[', ','];
    let before = before.trim().trim_end_matches(EDGES).trim_start_matches(['*', '_', ' ']);
    let after = after.trim_start_matches(|first: char| ")]*_`".contains(first));
    let after = after.trim_start();
    let after = match after.strip_prefix('(').map(|inner| (inner, inner.find(')'))) {
        // `2025-10-11 (note)` has its title in the parentheses.
        Some((inner, Some(close))) if inner[close + 1..].trim().is_empty() => &inner[..close],
        Some(_) => after,
        None => after.trim_start_matches([' ', '\t', '-', '—', '–', ':', '|', '·', '>', '→']),
    };
    let after = after.trim();
    match (before.is_empty(), after.is_empty()) {
        (true, _) => after.to_owned(),
        (false, true) => before.to_owned(),
        (false, false) => format!("{before} — {after}"),
    }
}
