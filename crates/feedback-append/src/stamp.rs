//! A time as people write it in a log, in any of the forms found in use.

mod parse;

use chrono::{DateTime, NaiveDate, Utc};

pub use parse::{read, read_clock, read_mistyped};

/// A time as written, and what it means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stamp {
    /// The instant; none where the day or the hour does not exist, or where a clock time has no day.
    pub at: Option<DateTime<Utc>>,
    /// How fine it is.
    pub precision: Precision,
    /// What it says of its zone.
    pub zone: Zone,
    /// Whether it is written as the tool writes it: `2026-11-22T17:03:11Z`.
    pub canonical: bool,
}

/// How fine a written time is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Precision {
    /// Only a date.
    Day,
    /// Hours and minutes.
    Minute,
    /// Seconds, or finer.
    Second,
}

impl Precision {
    /// The word for it in answers.
    pub fn word(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Minute => "minute",
            Self::Second => "second",
        }
    }
}

/// What a written time says of its zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Zone {
    /// `Z`, `UTC` or `GMT`.
    Utc,
    /// Another offset or an abbreviation with one.
    Other,
    /// Nothing; read as UTC.
    Unsaid,
}

/// The tool's own form: UTC, to the second.
pub fn write(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// Why a time that does not say its zone is not taken: who typed it may have read it off a wall.
pub(crate) fn without_zone(read: DateTime<Utc>) -> String {
    let utc = write(read);
    format!(
        "must say its zone, as {utc} or {}-06:00: a clock on the wall seldom shows UTC",
        utc.trim_end_matches('Z')
    )
}

/// Reads a time that is all of a text but for blanks around it.
pub(crate) fn read_whole(text: &str) -> Option<Stamp> {
    let text = text.trim();
    read(text).filter(|(_, length)| *length == text.len()).map(|(stamp, _)| stamp)
}

/// Finds the first date in a text, with its offset and length.
pub fn find(text: &str) -> Option<(usize, usize, Stamp)> {
    let bytes = text.as_bytes();
    let mut at = 0;
    while at + 8 <= bytes.len() {
        let starts = bytes[at].is_ascii_digit()
            && (at == 0
                || !(bytes[at - 1].is_ascii_alphanumeric() || b"-/.:_".contains(&bytes[at - 1])));
        if starts && let Some((stamp, length)) = read(&text[at..]) {
            return Some((at, length, stamp));
        }
        at += 1;
    }
    None
}

/// The day that a file is named for, as in `feedback/chatwoot/2025-10-21.md`.
pub fn day_of_file_name(name: &str) -> Option<NaiveDate> {
    find(name).and_then(|(_, _, stamp)| stamp.at).map(|at| at.date_naive())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_found_anywhere_but_inside_a_path_or_number() {
        assert_eq!(find("Stand-up (2025-10-11)").map(|found| (found.0, found.1)), Some((10, 10)));
        assert_eq!(find("see x-2025-10-11.log"), None);
        assert_eq!(find("12025-10-11"), None);
        assert_eq!(find("é 1"), None);
    }

    #[test]
    fn daily_files_have_a_day() {
        assert_eq!(day_of_file_name("2025-10-21.md"), NaiveDate::from_ymd_opt(2025, 10, 21));
        assert_eq!(day_of_file_name("chatwoot.md"), None);
    }
}
