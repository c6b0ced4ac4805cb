//! Comments that are more than that for some readers: they take in the line below, or are no comments at all.

use crate::dialect::{Dialect, End};
use crate::file::{EnvFile, LineKind};

/// The entries that systemd before version 254 does not set, by their index in [`EnvFile::entries`]:
/// the comment above ends in a backslash, which takes the line break with it (`src/basic/env-file.c`;
/// Debian 12 has 252).
pub fn swallowed_by_comment(file: &EnvFile) -> Vec<usize> {
    let lines = file.lines();
    let mut swallowed = Vec::new();
    if !file.may_have_comments {
        return swallowed;
    }
    let mut runs_on = false;
    for line in lines {
        let is_taken_in = std::mem::take(&mut runs_on);
        match line.kind {
            LineKind::Entry(index) if is_taken_in => swallowed.push(index),
            LineKind::Comment => {
                let text = &file.expose()[line.span.clone()];
                let text = text.strip_suffix(b"\n").unwrap_or(text);
                let n_backslashes = text.iter().rev().take_while(|byte| **byte == b'\\').count();
                // Of two, the first escapes the second.
                runs_on = n_backslashes % 2 == 1;
            }
            LineKind::Entry(_) | LineKind::Blank | LineKind::Malformed => {}
        }
    }
    swallowed
}

/// The comments that `fly secrets import` takes for lines of their own, by their 1-based line, and how it fares
/// with each alone: it asks for `#` as the first byte of a line (`internal/command/secrets/parser.go`, 0.4.87).
pub fn taken_for_lines(file: &EnvFile) -> Vec<(usize, End)> {
    let comments = file.lines().iter().filter(|line| line.kind == LineKind::Comment);
    comments
        .map(|line| (line.number, &file.expose()[line.span.clone()]))
        .filter(|(_, text)| text.starts_with(b" ") || text.starts_with(b"\t"))
        .map(|(number, text)| (number, Dialect::Fly.read(text).end))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[usize]) {
        assert_eq!(swallowed_by_comment(&EnvFile::parse(text.as_bytes())), expected, "{text:?}");
    }

    #[test]
    fn a_backslash_at_the_end_of_a_comment_takes_the_next_line_in() {
        check("# from C:\\vault\\\nA=b\nC=d\n", &[0]);
        check("  # a\\\n# b\\\nA=b\n", &[0]);
        check("# a\\\nA='b\nc'\nD=e\n", &[0]);
        check("X=y\n# a\\\\\\\nA=b\n", &[1]);
        check("# a\\\\\nA=b\n", &[]);
        check("# a\\\n\nA=b\n", &[]);
        check("# a\\\n# b\nA=b\n", &[]);
        check("# a\\ \nA=b\n", &[]);
        // The backslash takes the CR alone.
        check("# a\\\r\nA=b\n", &[]);
        check("A=b # c\\\nC=d\n", &[]);
        check("# a\\", &[]);
    }

    #[test]
    fn fly_takes_an_indented_comment_for_a_line() {
        let text = "# a\nA=b # c\n  # d\n\t# e=f\n # g=\"\"\"\nh=i\n\n # j=\"\n";
        let found = taken_for_lines(&EnvFile::parse(text.as_bytes()));
        let (refused, cut, crashed) =
            (End::Refused { line: 1 }, End::Cut { line: 1 }, End::Crashed { line: 1 });
        assert_eq!(found, [(3, refused), (4, End::Whole), (5, cut), (8, crashed)]);
    }
}
