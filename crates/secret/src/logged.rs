//! Values that were wrapped before a log wrote what it writes before each line, as the base64 of a file in the log of a
//! CI job.

use crate::dump::marks;
use crate::piece::Piece;

/// A shorter line is not one of several that something was wrapped into.
const SHORTEST: usize = 16;

/// Every piece of `text` of lines that have one word each behind what a log writes before it, all of one length but the
/// last.
pub(crate) fn pieces(text: &[u8]) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut start = if text.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len() } else { 0 };
    if !is_log(&text[start..]) {
        return pieces;
    }
    let mut open: Option<Lines> = None;
    for end in memchr::memchr_iter(b'\n', text).chain([text.len()]) {
        let line = &text[start..end];
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let word = word(line, if open.is_some() { 1 } else { SHORTEST });
        let at = start + line.len() - word.map_or(0, <[u8]>::len);
        start = end + 1;
        let goes_on = open.as_mut().zip(word).is_some_and(|(lines, word)| lines.add(at, word));
        if !goes_on {
            pieces.extend(open.and_then(Lines::piece));
            open = word.filter(|word| word.len() >= SHORTEST).map(|word| Lines::new(at, word));
        }
    }
    pieces.extend(open.and_then(Lines::piece));
    pieces
}

/// Lines that may go on.
struct Lines {
    piece: Piece,
    /// How long the word of each is, but of the last.
    width: usize,
    is_several: bool,
    is_over: bool,
}

impl Lines {
    fn new(at: usize, word: &[u8]) -> Lines {
        Lines {
            piece: Piece::new(at, 1, word.to_vec()),
            width: word.len(),
            is_several: false,
            is_over: false,
        }
    }

    /// Whether this is the next line.
    fn add(&mut self, at: usize, word: &[u8]) -> bool {
        if self.is_over || word.len() > self.width {
            return false;
        }
        self.is_over = word.len() < self.width;
        self.is_several = true;
        self.piece.add(at, word);
        true
    }

    fn piece(self) -> Option<Piece> {
        self.is_several.then_some(self.piece)
    }
}

/// The logs that GitHub's jobs leave begin with it.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Whether one of the first lines has what logs write.
fn is_log(text: &[u8]) -> bool {
    let head = &text[..text.len().min(LONGEST_HEAD)];
    head.split(|byte| *byte == b'\n').take(3).any(|line| before(line) > 0)
}

/// The first lines are looked for in so many bytes.
const LONGEST_HEAD: usize = 256;

/// How much of a line a log wrote itself: a time, behind a job and a step or not, or the name of a container.
fn before(line: &[u8]) -> usize {
    const LONGEST: usize = 160;
    const SHORTEST: usize = 4;
    let tab = memchr::memrchr(b'\t', &line[..line.len().min(LONGEST)]).map_or(0, |tab| tab + 1);
    match marks(&line[tab..]) {
        len @ SHORTEST.. => tab + len,
        _ => 0,
    }
}

/// The word that is all of a line but what a log wrote before it, if it has so many bytes.
fn word(line: &[u8], n_least: usize) -> Option<&[u8]> {
    let tail = &line[line.len().checked_sub(n_least)?..];
    if !tail.iter().all(u8::is_ascii_graphic) {
        return None;
    }
    let n_word = line.iter().rev().take_while(|byte| byte.is_ascii_graphic()).count();
    let (own, word) = line.split_at(line.len() - n_word);
    (!own.is_empty() && before(line) == own.len()).then_some(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[&str]) {
        let pieces = pieces(text.as_bytes());
        let found: Vec<_> =
            pieces.iter().map(|piece| String::from_utf8_lossy(&piece.text).into_owned()).collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn lines_of_a_log_are_joined() {
        let lines = ["Q0FOQVJZa3E3VncyeFR6", "UDEyM0NBTkFSWWtxN1Z3", "MnhUelA="];
        for prefix in [
            "2026-11-30T14:28:16.1234567Z ",
            "build\tRun make\t2026-11-30T14:28:16.1234567Z ",
            "web-1  | ",
            "db | ",
            "Nov 30 14:28:16 host app[71]: ",
            "2026-11-30 14:28:16,123 ",
        ] {
            for end in ["\n", "\r\n"] {
                let log = |lines: &[&str]| {
                    lines.iter().flat_map(|line| [prefix, *line, end]).collect::<String>()
                };
                let text = log(&[&["$ base64 key"][..], &lines, &["done"]].concat());
                check(&text, &[&lines.concat()]);
                check(&format!("\u{feff}{}", log(&lines)), &[&lines.concat()]);
                check(&format!("Attaching\n{}", log(&lines[..2])), &[&lines[..2].concat()]);
                check(
                    &log(&[lines[0], "x y", lines[1], lines[2], lines[1]]),
                    &[&lines[1..].concat()],
                );
                check(&log(&lines[1..2]), &[]);
                check(&log(&["some words of a log", "and others"]), &[]);
            }
        }
        check("Q0FOQVJZa3E3VncyeFR6\nUDEyM0NBTkFSWWtxN1Z3\n", &[]);
    }
}
