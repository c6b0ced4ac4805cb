//! The comment that says when a file's credentials were last changed.

/// A `# rotated: YYYY-MM-DD` comment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rotated {
    /// The 1-based line of the comment.
    pub line: usize,
    /// The year; 0 with month and day where the comment has no date that can be read.
    pub year: i32,
    /// The month, 1 to 12 where the comment is right.
    pub month: u32,
    /// The day of the month.
    pub day: u32,
}

/// Reads one comment line; anything but the word and a date is another comment.
pub(crate) fn read(line: usize, comment: &[u8]) -> Option<Rotated> {
    let text = std::str::from_utf8(comment).ok()?;
    let text = text.trim_start_matches('\u{feff}').trim().trim_start_matches('#').trim_start();
    let (word, rest) = text.split_once(':')?;
    if !word.trim_end().eq_ignore_ascii_case("rotated") {
        return None;
    }
    // What is said and is no date stays one that does not exist, so that somebody is told.
    let (year, month, day) = date(rest).unwrap_or_default();
    Some(Rotated { line, year, month, day })
}

/// Whether a comment says otherwise that something was rotated, with a year: `# last rotated on 1 October 2025`.
/// What is yet to be rotated says nothing of the age.
pub(crate) fn is_said_otherwise(comment: &[u8]) -> bool {
    const WORD: &[u8] = b"otated";
    let Some(at) = memchr::memmem::find(comment, WORD).and_then(|at| at.checked_sub(1)) else {
        return false;
    };
    let (before, after) = (&comment[..at], &comment[at + 1 + WORD.len()..]);
    let is_word = matches!(comment[at], b'r' | b'R')
        && !before.last().is_some_and(u8::is_ascii_alphanumeric)
        && !after.first().is_some_and(u8::is_ascii_alphanumeric);
    let is_to_come = before.trim_ascii_end().ends_with(b" be");
    is_word && !is_to_come && has_year(comment)
}

fn has_year(text: &[u8]) -> bool {
    text.split(|byte| !byte.is_ascii_digit())
        .any(|digits| digits.len() == 4 && (digits.starts_with(b"19") || digits.starts_with(b"20")))
}

/// A date, and after it a time, a comma or words.
fn date(text: &str) -> Option<(i32, u32, u32)> {
    let text = text.trim_start();
    let is_date = |byte: u8| byte.is_ascii_digit() || byte == b'-';
    let len = text.bytes().position(|byte| !is_date(byte)).unwrap_or(text.len());
    let (date, rest) = text.split_at(len);
    if rest.starts_with(|next: char| next.is_alphanumeric() && next != 'T') {
        return None;
    }
    let mut parts = date.splitn(3, '-');
    let year = number(parts.next()?, 4)?;
    let month = number(parts.next()?, 2)?;
    let day = number(parts.next()?, 2)?;
    Some((i32::try_from(year).ok()?, month, day))
}

fn number(text: &str, width: usize) -> Option<u32> {
    if text.len() != width || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(comment: &str, expected: Option<(i32, u32, u32)>) {
        let date = read(1, comment.as_bytes()).map(|found| (found.year, found.month, found.day));
        assert_eq!(date, expected);
    }

    #[test]
    fn only_the_word_and_a_date_count() {
        check("# rotated: 2025-10-01\n", Some((2025, 10, 1)));
        check("#rotated:2025-10-01", Some((2025, 10, 1)));
        check("## Rotated : 2025-10-01T10:00:00Z by hand", Some((2025, 10, 1)));
        check("# rotated: 2025-10-01\r\n", Some((2025, 10, 1)));
        check("# rotated: 2025-10-01, by hand", Some((2025, 10, 1)));
        check("# rotated: 1 October", Some((0, 0, 0)));
        check("# rotated: 2025-10-1", Some((0, 0, 0)));
        check("# rotated: 2025/10/01", Some((0, 0, 0)));
        check("# last rotated: 2025-10-01", None);
        check("# rotated 2025-10-01", None);
        check("# rotated: 2025-10-01é", Some((0, 0, 0)));
    }

    #[test]
    fn what_is_said_otherwise_is_known() {
        for text in [
            "# last rotated: 2025-10-01",
            "# rotated on 2025-10-01",
            "# rotated_at: 2025-10-01",
            "# last_rotated=2025-10-01T10:00:00Z",
            "# Rotated 1 October 2025",
            "# 2025/10/01 rotated by hand",
        ] {
            assert!(is_said_otherwise(text.as_bytes()), "{text}");
        }
        for text in [
            "# to be rotated by 2026-12-31",
            "# is rotated by the platform",
            "# unrotated 2025-10-01",
            "# rotatedness 2025",
            "# rotated 90 days",
            "# otated 2025",
            "otated 2025",
        ] {
            assert!(!is_said_otherwise(text.as_bytes()), "{text}");
        }
    }
}
