//! Lines that show each byte in a cell of four: as a character, as `od -c`, `od -a` and `hexdump -c` do, or as the three
//! octal digits of `od -b`.

use super::line::{Group, Run, SoFar, n_hex};

/// A line of fewer cells begins no dump. A quick look finds so many wherever a chunk begins.
const SHORTEST: usize = 6;

/// So many characters that are printed as they are, or octal numbers and nothing else, tell cells from other text.
const SHORTEST_TEXT: usize = 3;

/// How wide a cell is; its character stands at the end.
pub(super) const CELL: usize = 4;

/// The width of an offset that is left away.
const NO_OFFSET: usize = 7;

/// What a line shows, if it has nothing but an offset and cells, and whether it has so much text that a dump may begin.
/// The last cell of a line that is not yet whole may lack some of it.
pub(super) fn run(line: &[u8], is_whole: bool) -> Option<(Run, bool)> {
    let line = without_end(line);
    let start = start(line)?;
    let (cells, rest) = line[start..].as_chunks::<CELL>();
    if is_whole && (cells.is_empty() || !rest.is_empty()) {
        return None;
    }
    let mut groups = Vec::with_capacity(cells.len());
    let (mut n_text, mut n_octal) = (0, 0);
    for (cell, at) in cells.iter().zip((start..).step_by(CELL)) {
        let value = value(*cell)?;
        n_text += usize::from(cell.starts_with(b"   ") && cell[3] != b' ');
        n_octal += usize::from(is_octal(&cell[1..]));
        let n_blanks = cell.iter().take(CELL - 1).take_while(|byte| **byte == b' ').count();
        groups.push(Group::number(at + n_blanks, CELL - n_blanks, 1, u64::from(value)));
    }
    // Behind an offset one character is enough, and a cell less: the quick look has the end of the offset as well.
    let (fewest, shortest) = if start > 0 { (1, SHORTEST - 1) } else { (SHORTEST_TEXT, SHORTEST) };
    let is_text = n_text >= fewest || n_octal == groups.len();
    let is_long = groups.len() >= shortest;
    Some((Run::of_cells(groups, start), is_long && is_text))
}

/// Whether the last cell of a line is one, so that all of it may be cells.
pub(super) fn may_end(line: &[u8]) -> bool {
    let line = without_end(line);
    line.last_chunk().is_some_and(|cell| value(*cell).is_some())
}

fn without_end(line: &[u8]) -> &[u8] {
    let n_end = line.iter().rev().take_while(|byte| matches!(byte, b'\n' | b'\r')).count();
    &line[..line.len() - n_end]
}

/// The same of a line that is not yet whole, with the cell that is not.
pub(super) fn run_so_far(line: &[u8]) -> SoFar {
    let Some((run, _)) = run(line, false) else {
        return SoFar { runs: Vec::new(), word: first_part(line) };
    };
    let end = run.groups.last().map_or(run.start, Group::end);
    let word = line[end..].iter().position(|byte| *byte != b' ').map(|at| end + at);
    SoFar { runs: vec![run], word }
}

/// Where the part begins of a first cell that is not yet whole, and has more than one character.
fn first_part(line: &[u8]) -> Option<usize> {
    let n_blanks = n_blanks(line);
    (n_blanks > 0 && is_part(&line[n_blanks..])).then_some(n_blanks)
}

/// Where the first blank is in a line of cells that has only such so far, as a line that is indented has too.
pub(super) fn first_blank(line: &[u8]) -> Option<usize> {
    let n_blanks = n_blanks(line);
    let rest = &line[n_blanks..];
    (n_blanks >= CELL && (rest.is_empty() || is_part(rest))).then_some(CELL - 1)
}

fn n_blanks(line: &[u8]) -> usize {
    line.iter().take_while(|byte| **byte == b' ').count()
}

/// Whether more than one character tells a byte, and this may be some of them.
fn is_part(cell: &[u8]) -> bool {
    matches!(cell, [b'0'..=b'3' | b'\\'] | [b'0'..=b'3', b'0'..=b'7'])
}

/// Where the cells begin.
fn start(line: &[u8]) -> Option<usize> {
    match n_hex(line) {
        n_digits @ 6..=16 => Some(n_digits),
        0 => {
            let first = line.iter().position(|byte| *byte != b' ')?;
            let len = line[first..].iter().take_while(|byte| **byte != b' ').count();
            // Where the character stands tells whether there is room for an offset.
            match (first + len) % CELL {
                0 => Some(0),
                3 if first >= NO_OFFSET => Some(NO_OFFSET),
                _ => None,
            }
        }
        _ => None,
    }
}

/// Whether these are the three octal digits of a byte.
fn is_octal(digits: &[u8]) -> bool {
    matches!(digits, [b'0'..=b'3', b'0'..=b'7', b'0'..=b'7'])
}

/// The byte that a cell shows.
fn value(cell: [u8; CELL]) -> Option<u8> {
    match &cell {
        b"  \\0" => Some(0),
        b"  \\a" => Some(7),
        b"  \\b" => Some(8),
        b"  \\t" | b"  ht" => Some(b'\t'),
        b"  \\n" | b"  nl" => Some(b'\n'),
        b"  \\v" => Some(11),
        b"  \\f" => Some(12),
        b"  \\r" | b"  cr" => Some(b'\r'),
        b"  sp" => Some(b' '),
        [b' ', b' ', b' ', byte @ b' '..=b'~'] => Some(*byte),
        [b' ', high @ b'0'..=b'3', middle @ b'0'..=b'7', low @ b'0'..=b'7'] => {
            Some((high - b'0') << 6 | (middle - b'0') << 3 | (low - b'0'))
        }
        // The name of a control character.
        [b' ', b' ', b'a'..=b'z', b'a'..=b'z' | b'0'..=b'9']
        | [b' ', b'a'..=b'z', b'a'..=b'z' | b'0'..=b'9', b'a'..=b'z' | b'0'..=b'9'] => Some(1),
        _ => None,
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::fmt::Write;

    use super::*;
    use crate::{Redactor, Secret, SecretSet};

    /// Bytes as `od -An -b` prints them.
    pub(crate) fn octal(bytes: &[u8]) -> String {
        let numbers: Vec<String> = bytes.iter().map(|byte| format!(" {byte:03o}")).collect();
        numbers.chunks(16).map(|line| line.concat() + "\n").collect()
    }

    fn check(line: &str, expected: Option<(&str, bool)>) {
        let found = run(line.as_bytes(), true).map(|(run, is_text)| {
            let bytes = run.groups.iter().map(|group| group.byte(0, b"")).collect();
            (String::from_utf8(bytes).unwrap(), is_text)
        });
        assert_eq!(found, expected.map(|(text, is)| (text.to_owned(), is)), "{line}");
    }

    #[test]
    fn cells_of_every_program_are_read() {
        check("0000000   C   A   N   A   R   Y  \\n 001\n", Some(("CANARY\n\x01", true)));
        check("   C   A       A   R   Y  \\t\r\n", Some(("CA ARY\t", true)));
        check("          s   o  sp   e   x   t  nl", Some(("so ext\n", true)));
        check("          s   o  sp   e  nl", Some(("so e\n", true)));
        check("0000000 001 002 003 004 005   C\n", Some(("\x01\x02\x03\x04\x05C", true)));
        check(" 001 002 003 004 005   C\n", Some(("\x01\x02\x03\x04\x05C", false)));
        check("   s   o       e  \\n", Some(("so e\n", false)));
        check(" etx del   s   o", Some(("\x01\x01so", false)));
        check("0000000 43 41 4e 41", None);
        check("0000000 103 101 116 101 122 131 012", Some(("CANARY\n", true)));
        check(" 103 101 116 101 122 131\n", Some(("CANARY", true)));
        check(" 103 101 116 101 122\n", Some(("CANAR", false)));
        check(" 103 101 116 101 122 831\n", None);
        check("    a = b", None);
        check("0000020", None);
        check("", None);
    }

    /// What `od -b` prints is redacted octal number by octal number, however it is cut.
    #[test]
    fn octal_numbers_are_redacted() {
        let secret = "CANARYkq7Vw2xTzP@31 a";
        let mut builder = SecretSet::builder();
        builder.add("T", &Secret::from(secret.to_owned()));
        let set = builder.build();
        let text = format!("x: innocent text\n{secret}\nend of the file\n");
        for has_offset in [true, false] {
            let dump = |hides: bool| {
                let hidden = if hides { 17..17 + secret.len() } else { 0..0 };
                let mut out = "$ od -b x\n".to_owned();
                for (line_at, line) in (0..).step_by(16).zip(text.as_bytes().chunks(16)) {
                    if has_offset {
                        let _ = write!(out, "{line_at:07o}");
                    }
                    for (at, byte) in (line_at..).zip(line) {
                        if !hidden.contains(&at) {
                            let _ = write!(out, " {byte:03o}");
                        } else if at == hidden.start || at % 16 == 0 {
                            out += " [REDACTED:T]";
                        }
                    }
                    out += "\n";
                }
                out + "done\n"
            };
            for len in [1, 2, 7, 61, usize::MAX] {
                let redactor = Redactor::with_forms(&set);
                let output =
                    crate::redactor::tests::redact(redactor, dump(false).as_bytes(), &[len]);
                assert_eq!(String::from_utf8_lossy(&output), dump(true), "{len}");
            }
        }
    }
}
