//! Values that were wrapped before a log wrote something before each line: a time, a name, a number. The base64 of a
//! file stands so in the log of a CI job.

use std::ops::Range;

use crate::aside::CONTEXT;
use crate::piece::Piece;

/// Of lines that something was wrapped into only the last has a shorter word.
const SHORTEST: usize = 16;

/// A longer line goes on in no other: of one that was said a stream knows no more.
const LONGEST_LINE: usize = CONTEXT;

/// The logs that GitHub's jobs leave begin with it.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Every piece of `text` of lines that have one word each, behind what is the same in each but for its numbers.
pub(crate) fn pieces(text: &[u8]) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let last = read(text, 0, |lines| pieces.extend(lines.piece()));
    pieces.extend(last.and_then(Lines::piece));
    pieces
}

/// The piece that `text` ends with and that what comes next may belong to, as far as it matters from `from` on.
pub(crate) fn unfinished(text: &[u8], from: usize) -> Option<Piece> {
    let newline = memchr::memrchr(b'\n', text)?;
    let before = start_of_line(text, newline);
    // Of most texts one look at the last lines tells that they are none.
    Lines::new(text, before..newline)?.add(text, newline + 1..text.len())?;
    let last = read(text, start_of_line(text, from.min(before)), drop)?;
    last.is_open.then_some(last.piece)
}

fn start_of_line(text: &[u8], at: usize) -> usize {
    memchr::memrchr(b'\n', &text[..at]).map_or(0, |newline| newline + 1)
}

/// Reads the lines from `start` on and hands those that belong together to `take`, but for the last.
fn read(text: &[u8], start: usize, mut take: impl FnMut(Lines)) -> Option<Lines> {
    let mut open: Option<Lines> = None;
    let mut line_start = start;
    for newline in memchr::memchr_iter(b'\n', &text[start..]).chain([text.len() - start]) {
        let line = line_start..start + newline;
        line_start = line.end + 1;
        let is_end = line.end == text.len();
        if let Some(lines) = &mut open
            && let Some(has_word) = lines.add(text, line.clone())
            && (is_end || (has_word && lines.goes_on))
        {
            continue;
        }
        open.map(&mut take);
        open = Lines::new(text, line);
    }
    open
}

/// Lines that belong together.
struct Lines {
    piece: Piece,
    /// What stands before the word of the last.
    own: Range<usize>,
    is_several: bool,
    /// Whether nothing stands behind the word of the last.
    is_open: bool,
    /// Whether the next line may belong to it.
    goes_on: bool,
}

impl Lines {
    fn new(text: &[u8], line: Range<usize>) -> Option<Lines> {
        let line = without_return(text, line);
        let tail = line.end.checked_sub(SHORTEST).filter(|tail| *tail > line.start)?;
        if line.len() > LONGEST_LINE || !text[tail..line.end].iter().all(u8::is_ascii_graphic) {
            return None;
        }
        let is_marked = text[line.start..].starts_with(BYTE_ORDER_MARK);
        let start = line.start + if is_marked { BYTE_ORDER_MARK.len() } else { 0 };
        let word = text[start..line.end].iter().rev().take_while(|byte| byte.is_ascii_graphic());
        let own = start..line.end - word.count();
        let piece = Piece::new(own.end, 1, text[own.end..line.end].to_vec());
        let lines = Lines { piece, own, is_several: false, is_open: true, goes_on: true };
        (!lines.own.is_empty()).then_some(lines)
    }

    /// Adds what the next line has, if it is one of these. Whether it has a word yet; one that has none is not whole.
    fn add(&mut self, text: &[u8], line: Range<usize>) -> Option<bool> {
        let line = without_return(text, line);
        let word = line.start + same(&text[self.own.clone()], &text[line.clone()])?;
        let rest = &text[word..line.end];
        let n_word = rest.iter().take_while(|byte| byte.is_ascii_graphic()).count();
        if n_word == 0 {
            return rest.is_empty().then_some(false);
        }
        self.piece.add(word, &rest[..n_word]);
        self.own = line.start..word;
        self.is_several = true;
        self.is_open = n_word == rest.len();
        self.goes_on = self.is_open && n_word >= SHORTEST && line.len() <= LONGEST_LINE;
        Some(true)
    }

    fn piece(self) -> Option<Piece> {
        self.is_several.then_some(self.piece)
    }
}

fn without_return(text: &[u8], line: Range<usize>) -> Range<usize> {
    let has_return = text[line.clone()].ends_with(b"\r");
    line.start..line.end - usize::from(has_return)
}

/// How long what a line begins with is if it is the same as `own` but for its numbers; all of a line that is too short.
fn same(own: &[u8], line: &[u8]) -> Option<usize> {
    let n_digits = |text: &[u8]| text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (mut own, mut rest) = (own, line);
    while let (Some(byte), Some(other)) = (own.first(), rest.first()) {
        let (n, n_other) = match n_digits(own) {
            0 => (1, usize::from(byte == other)),
            n => (n, n_digits(rest)),
        };
        if n_other == 0 {
            return None;
        }
        (own, rest) = (&own[n..], &rest[n_other..]);
    }
    Some(line.len() - rest.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[&str]) {
        let found: Vec<_> = pieces(text.as_bytes()).iter().map(Piece::shown).collect();
        assert_eq!(found, expected, "{text}");
    }

    const LINES: [&str; 3] = ["Q0FOQVJZa3E3VncyeFR6", "UDEyM0NBTkFSWWtxN1Z3", "MnhUelA="];

    #[test]
    fn lines_of_a_log_are_joined() {
        for (prefix, other) in [
            ("2026-11-30T14:28:16.1234567Z ", "2026-11-30T14:28:17.123Z "),
            (
                "build\tRun 9\t2026-11-30T14:28:16.1234567Z ",
                "build\tRun 9\t2026-12-01T00:00:00.5Z ",
            ),
            ("web-1  | ", "web-12  | "),
            ("Nov 30 14:28:16 host app[71]: ", "Nov 30 14:29:16 host app[171]: "),
            ("  9: ", "  10: "),
            ("\t", "\t"),
        ] {
            for end in ["\n", "\r\n"] {
                let log = |lines: &[&str]| {
                    let prefixes = [prefix, other].into_iter().cycle();
                    let lines = lines.iter().zip(prefixes);
                    lines.flat_map(|(line, prefix)| [prefix, *line, end]).collect::<String>()
                };
                let text = log(&[&["$ base64 key"][..], &LINES, &["done"]].concat());
                check(&text, &[&LINES.concat()]);
                check(&format!("\u{feff}{}", log(&LINES)), &[&LINES.concat()]);
                check(&format!("Attaching\n{}", log(&LINES[..2])), &[&LINES[..2].concat()]);
                check(
                    &log(&[LINES[0], "x y", LINES[1], LINES[2]]),
                    &[&[LINES[0], "x"].concat(), &LINES[1..].concat()],
                );
                check(&log(&[LINES[0], "= x"]), &[&[LINES[0], "="].concat()]);
                check(&log(&LINES[1..2]), &[]);
                check(&log(&["some words of a log", "and others"]), &[]);
            }
        }
        check("Q0FOQVJZa3E3VncyeFR6\nUDEyM0NBTkFSWWtxN1Z3\n", &[]);
        check("web: Q0FOQVJZa3E3VncyeFR6\ndb: UDEyM0NBTkFSWWtxN1Z3\n", &[]);
    }

    #[test]
    fn a_text_may_end_within_lines_that_belong_together() {
        let check = |text: &str, expected: Option<&str>| {
            let found = unfinished(text.as_bytes(), 0).as_ref().map(Piece::shown);
            assert_eq!(found.as_deref(), expected, "{text:?}");
        };
        let text = format!("12:30 {}\n12:31 {}\n12:32 MnhUelA=", LINES[0], LINES[1]);
        let all = LINES.concat();
        for len in 28..text.len() {
            let n_word = [
                len.min(26).saturating_sub(6),
                len.min(53).saturating_sub(33),
                len.saturating_sub(60),
            ];
            let expected = &all[..n_word.iter().sum()];
            check(&text[..len], Some(expected));
        }
        check(&format!("{text} "), None);
        check(&text[..27 - 1], None);
        check("12:30 Q0FOQVJZa3E3VncyeFR6\nPassword", None);
        check("12:30 Q0FOQVJZa3E3VncyeFR6\n12:31 some words", None);
        check("12:30 words\n", None);
    }
}
