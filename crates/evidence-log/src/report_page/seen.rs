//! What of a stream a page shows, with secrets that only come together on it replaced.
//!
//! A stream was redacted while it flowed. A title or link that the command wrote in the middle of a value, and a letter
//! that was taken back, stand between its parts in the file, and not on the page.

use secret::{Redactor, SecretSet};

const ESCAPE: u8 = 0x1b;
const BACKSPACE: u8 = 0x08;

/// The text without what no terminal shows, redacted anew.
pub(super) fn seen(bytes: &[u8], set: &SecretSet) -> Vec<u8> {
    let shown = without_hidden(bytes);
    let mut redactor = Redactor::with_forms(set);
    let mut clean = Vec::with_capacity(shown.len());
    redactor.push(&shown, &mut clean);
    redactor.finish(&mut clean);
    clean
}

/// Without titles, links and other strings for the terminal itself, and without letters that were taken back.
fn without_hidden(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        match (byte, after.first()) {
            (ESCAPE, Some(b']' | b'P' | b'X' | b'^' | b'_')) => match end_of_string(after) {
                Some(end) => rest = &after[end..],
                None => out.push(byte),
            },
            (BACKSPACE, _) if out.last().is_some_and(|last| !last.is_ascii_control()) => {
                // A letter of several bytes goes as a whole.
                while out.pop().is_some_and(|byte| byte & 0xc0 == 0x80) {}
            }
            _ => out.push(byte),
        }
    }
    out
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
        check("äö\u{8}\u{8}b\n\u{8}c \u{1b}]open", "b\n\u{8}c \u{1b}]open");
        check("\u{1b}[31mred\u{1b}[0m", "\u{1b}[31mred\u{1b}[0m");
    }
}
