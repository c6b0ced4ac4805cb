//! What of a stream a page shows, with secrets that only come together on it replaced.
//!
//! A stream was redacted while it flowed. A title or link that the command wrote in the middle of a value, and a letter
//! that was taken back, stand between its parts in the file, and not on the page.

use secret::{Redactor, SecretSet};

const ESCAPE: u8 = 0x1b;
const BACKSPACE: u8 = 0x08;

/// A longer sequence is none that colours.
const LONGEST_COLOUR: usize = 48;

/// The text without what no terminal shows, redacted anew.
pub(super) fn seen(bytes: &[u8], set: &SecretSet) -> Vec<u8> {
    let shown = without_hidden(bytes);
    let mut redactor = Redactor::with_forms(set);
    let mut clean = Vec::with_capacity(shown.len());
    redactor.push(&shown, &mut clean);
    redactor.finish(&mut clean);
    clean
}

/// Without what [`super::ansi`] leaves out, but for the sequences that colour: titles, links and other strings for the
/// terminal itself, sequences that are none by rights, and letters that were taken back.
fn without_hidden(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        match byte {
            ESCAPE => match hidden(after) {
                None => out.push(byte),
                Some(length) => rest = &after[length..],
            },
            BACKSPACE if out.last().is_some_and(|last| !last.is_ascii_control()) => {
                // A letter of several bytes goes as a whole.
                while out.pop().is_some_and(|byte| byte & 0xc0 == 0x80) {}
            }
            _ => out.push(byte),
        }
    }
    out
}

/// How many bytes behind an escape character are not shown; none where it begins a sequence that may colour, which the
/// redactor looks through.
fn hidden(after: &[u8]) -> Option<usize> {
    // The next sequence ends this one, whatever it is.
    let end = after.iter().position(|byte| *byte == ESCAPE).unwrap_or(after.len());
    let segment = &after[..end];
    match segment.first() {
        None => Some(0),
        Some(b'(' | b')') => Some(1 + letter(&segment[1..])),
        Some(b'[') => match segment[1..].iter().position(|byte| (0x40..0x7f).contains(byte)) {
            None => Some(end),
            Some(last) => {
                let body = &segment[1..=last];
                let is_plain = body.iter().all(|byte| (0x20..0x40).contains(byte));
                let is_usual =
                    is_plain && body.len() <= LONGEST_COLOUR && segment[last + 1] != b'[';
                (!is_usual).then_some(last + 2)
            }
        },
        Some(b']' | b'P' | b'X' | b'^' | b'_') => Some(end_of_string(after).unwrap_or_else(|| {
            // One that does not end hides no further line.
            segment.iter().position(|byte| *byte == b'\n').unwrap_or(end)
        })),
        Some(_) => Some(letter(segment)),
    }
}

/// How many bytes the first letter has.
fn letter(text: &[u8]) -> usize {
    text.iter().skip(1).take_while(|byte| **byte & 0xc0 == 0x80).count()
        + usize::from(!text.is_empty())
}

/// Where a string for the terminal ends: behind BEL, or behind ESC and a backslash.
fn end_of_string(text: &[u8]) -> Option<usize> {
    let at = text.iter().position(|byte| matches!(*byte, 0x07 | ESCAPE))?;
    match (text[at], text.get(at + 1)) {
        (0x07, _) => Some(at + 1),
        (_, Some(b'\\')) => Some(at + 2),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use secret::Secret;

    use super::*;

    #[test]
    fn parts_that_come_together_on_the_page_are_replaced() {
        let mut builder = SecretSet::builder();
        builder.add("a.env:TOKEN", &Secret::from("CANARYkq7Vw2xTzPaB3dE5".to_owned()));
        let set = builder.build();
        let check = |text: &str, expected: &str| {
            assert_eq!(String::from_utf8_lossy(&seen(text.as_bytes(), &set)), expected);
        };
        check("a CANARYkq7V\u{1b}]0;t\u{7}w2xTzPaB3dE5\n", "a [REDACTED:a.env:TOKEN]\n");
        let link = "\u{1b}]8;;http://x\u{1b}\\CANARYkq7V\u{1b}]8;;\u{1b}\\w2xTzPaB3dE5";
        check(link, "[REDACTED:a.env:TOKEN]");
        check("CANARYkq7VQ\u{8}\u{1b}[Kw2xTzPaB3dE5", "[REDACTED:a.env:TOKEN]");
        check("äö\u{8}\u{8}b\n\u{8}c \u{1b}]open", "b\n\u{8}c ");
        for odd in ["\u{1b}7", "\u{1b}]open\u{1b}[0m", "\u{1b}[3\n1m", "\u{1b}[\n\u{1b}[0m"] {
            check(&format!("CANARYkq7V{odd}w2xTzPaB3dE5"), "[REDACTED:a.env:TOKEN]");
        }
        let long = format!("CANARYkq7V\u{1b}[{}mw2xTzPaB3dE5", "1;".repeat(60));
        check(&long, "[REDACTED:a.env:TOKEN]");
        check("\u{1b}[31mred\u{1b}[0m", "\u{1b}[31mred\u{1b}[0m");
        check("CANARYkq7V\u{1b}]0;t\nw2xTzPaB3dE5", "[REDACTED:a.env:TOKEN]");
        for odd in ["\u{1b}]0;t", "\u{1b}Pq", "\u{1b}_G"] {
            check(&format!("a{odd}\nshown\u{1b}[0m"), "a\nshown\u{1b}[0m");
            check(&format!("a{odd}\nand\u{7}b"), "ab");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_value_comes_together_on_the_page(
            odd in "(\u{1b}|\u{8}|\u{7}|[\\[\\]();0-9mKPX7=\\\\ \n\r]){0,10}",
            at in 1_usize..21,
        ) {
            let value = "CANARYkq7Vw2xTzPaB3dE5";
            let mut builder = SecretSet::builder();
            builder.add("TOKEN", &Secret::from(value.to_owned()));
            let text = format!("x{}{odd}{}y", &value[..at], &value[at..]);
            let clean = seen(text.as_bytes(), &builder.build());
            let html = crate::report_page::ansi::to_html(&String::from_utf8_lossy(&clean));
            // Without the tags, as it is read.
            let words: String =
                html.split('<').map(|part| part.split_once('>').map_or(part, |(_, words)| words)).collect();
            proptest::prop_assert!(!words.contains(value), "{:?} {}", text, html);
        }
    }
}
