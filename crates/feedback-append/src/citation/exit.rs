//! The exit code that the text around a path ties to it: behind it, before it, or on a line of its own beside it.

use super::hash::find_any;
use super::{Citation, starts_with_any, undecorated};

/// Gives each path of a line the exit code that the line has for it; `offset` is where the line begins.
pub(super) fn tie(line: &str, offset: usize, paths: &mut [Citation]) {
    let [first, .., last] = paths else {
        if let [only] = paths {
            only.exit = behind(&line[only.range.end - offset..])
                .or_else(|| before(&line[..only.range.start - offset]));
        }
        return;
    };
    // `x (exit 3) → a, y (exit 0) → b` has each before its path, `a (exit 3), b (exit 0)` behind it.
    let of_first = before(&line[..first.range.start - offset]);
    let stand_before = of_first.is_some() && behind(&line[last.range.end - offset..]).is_none();
    let mut from = 0;
    for at in 0..paths.len() {
        let (start, end) = (paths[at].range.start - offset, paths[at].range.end - offset);
        let next = paths.get(at + 1).map_or(line.len(), |next| next.range.start - offset);
        paths[at].exit = if stand_before {
            before(&line[from.min(start)..start])
        } else {
            behind(&line[end..next.max(end)])
        };
        from = end;
    }
    if !stand_before && paths[0].exit.is_none() {
        paths[0].exit = of_first;
    }
}

/// Exit codes on lines of their own, beside the line that has the path.
#[derive(Default)]
pub(super) struct Lines {
    /// The paths of the last line that had any.
    last: std::ops::Range<usize>,
    /// A code that still waits for the path below it.
    waiting: Option<u8>,
}

impl Lines {
    /// Reads a line whose paths are those from `first` on: `Exit code: 3` belongs to the path above it that has no code
    /// yet, else to the one below.
    pub(super) fn read(&mut self, line: &str, first: usize, paths: &mut [Citation]) {
        if line.starts_with('#') {
            *self = Self::default();
        } else if paths[first..].iter().any(|path| path.is_evidence) {
            let waiting = self.waiting.take();
            for path in paths[first..].iter_mut().filter(|path| path.is_evidence) {
                path.exit = path.exit.or(waiting);
            }
            self.last = first..paths.len();
        } else if let Some(exit) = alone(line) {
            let last = paths.get_mut(self.last.clone()).unwrap_or_default();
            let mut open =
                last.iter_mut().filter(|path| path.is_evidence && path.exit.is_none()).peekable();
            if open.peek().is_some() {
                open.for_each(|path| path.exit = Some(exit));
            } else {
                self.waiting = Some(exit);
            }
        }
    }
}

/// The code of a line that says nothing else first: `Exit code: 3`, `- **Exit:** 3`, `(exit 3)`.
fn alone(line: &str) -> Option<u8> {
    let text = undecorated(line);
    if starts_with_any(text, &["exit", "rc", "return code"]) { behind(text) } else { None }
}

/// The code before a path; what a command says in a code span is none.
fn before(text: &str) -> Option<u8> {
    if !text.contains('`') {
        return behind(text);
    }
    let mut plain = String::with_capacity(text.len());
    for (at, part) in text.split('`').enumerate() {
        if at % 2 == 0 || alone(part).is_some() {
            plain.push_str(part);
        }
        plain.push('`');
    }
    behind(&plain)
}

/// The first code in a text: `exit 3`, `exit code: 3`, `exited with 3`, `rc=3`.
fn behind(text: &str) -> Option<u8> {
    let mut from = 0;
    loop {
        let rest = &text[from..];
        let (at, word) = find_any(rest, &["exit", "rc=", "rc ", "rc:", "return code"])?;
        let starts_word = !rest[..at].ends_with(|before: char| before.is_alphanumeric());
        from += at + word.len();
        if starts_word && let Some(code) = code(&text[from..], word == "exit") {
            return Some(code);
        }
    }
}

/// The number behind the word, and behind the small words that may stand between.
fn code(text: &str, is_exit: bool) -> Option<u8> {
    const SIGNS: [char; 8] = [' ', ':', '=', '`', '*', '|', '_', '-'];
    const BETWEEN: [&str; 8] = ["code", "status", "with", "was", "is", "of", "value", "ed"];
    let mut rest = text;
    if is_exit {
        rest = rest.strip_prefix("ed").or_else(|| rest.strip_prefix('s')).unwrap_or(rest);
    }
    loop {
        // A minus is the sign of the number.
        let bare = rest.trim_start_matches(SIGNS);
        let next = BETWEEN.iter().find_map(|word| {
            let head = bare.get(..word.len())?;
            head.eq_ignore_ascii_case(word).then(|| &bare[word.len()..])
        });
        match next {
            Some(next) if next.starts_with(SIGNS) => rest = next,
            _ => {
                rest = bare;
                break;
            }
        }
    }
    let length = rest.bytes().take_while(u8::is_ascii_digit).count();
    let is_word = rest[length..].starts_with(char::is_alphanumeric);
    if is_word { None } else { rest[..length].parse().ok() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_to_tell_an_exit_code_is_read() {
        for text in [
            "(exit 3)",
            "exit code: 3",
            "**Exit status:** 3",
            "exited with 3",
            "exited with code 3",
            "exits 3",
            "EXIT=3",
            "rc=3",
            "rc 3",
            "return code 3",
            "on exit it said no (exit 3)",
            "exit code was 3.",
        ] {
            assert_eq!(behind(text), Some(3), "{text}");
        }
        for text in
            ["exit", "exit after 10 s", "exit 2fa", "exit 256", "arc=3", "exited", "4 exits"]
        {
            assert_eq!(behind(text), None, "{text}");
        }
    }

    #[test]
    fn what_a_command_says_is_no_outcome() {
        assert_eq!(before("`sh -c 'exit 3' || true` → "), None);
        assert_eq!(before("`sh -c x` (exit 3) → "), Some(3));
        assert_eq!(before("`sh -c x` `exit 3` → "), Some(3));
    }

    #[test]
    fn a_line_of_its_own_is_only_that() {
        assert_eq!(alone("- **Exit code:** 3"), Some(3));
        assert_eq!(alone("| Exit | 3 |"), Some(3));
        assert_eq!(alone("we saw exit 3"), None);
        assert_eq!(alone("exit the shell"), None);
    }
}
