//! Base64 that was wrapped before it went into a string: its line breaks are written out, as `\n`.

use crate::piece::Piece;

/// Shorter lines are no lines of base64.
const SHORTEST: usize = 16;

/// Every piece of `text` in which lines of base64 follow each other behind `\n` or `\r\n`.
pub(crate) fn pieces(text: &[u8]) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut from = 0;
    for at in memchr::memmem::find_iter(text, b"\\n") {
        if at < from {
            continue;
        }
        let end = if text[..at].ends_with(b"\\r") { at - 2 } else { at };
        let n_before = text[from..end].iter().rev().take_while(|byte| is_base64(**byte)).count();
        let Some(mut next) = line_break(&text[end..]).map(|len| end + len) else { continue };
        if n_before < SHORTEST {
            continue;
        }
        let mut piece = Piece::new(end - n_before, 1, text[end - n_before..end].to_vec());
        loop {
            let len = text[next..].iter().take_while(|byte| is_base64(**byte)).count();
            piece.add(next, &text[next..next + len]);
            from = next + len;
            match line_break(&text[from..]) {
                Some(break_len) if len > 0 => next = from + break_len,
                _ => break,
            }
        }
        pieces.push(piece);
    }
    pieces
}

/// How long the line break is that is written out here.
fn line_break(text: &[u8]) -> Option<usize> {
    [&br"\n"[..], br"\r\n"].iter().find(|written| text.starts_with(written)).map(|text| text.len())
}

fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"+/=-_".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[&str]) {
        let found: Vec<_> = pieces(text.as_bytes()).iter().map(Piece::shown).collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn lines_are_joined() {
        let (one, two) = ("CANARY0123456789ab", "CANARYcdef/+==");
        let joined = [one, two].concat();
        check(&format!(r#"{{"content":"{one}\n{two}\n","x":1}}"#), &[&joined]);
        check(&format!(r"{one}\r\n{two}"), &[&joined]);
        check(&format!(r"{one}\n\n{two}"), &[one]);
        check(&format!(r"{one}\n{two} and {one}\n{two}"), &[&joined, &joined]);
        check(r"error: short\nlines\n", &[]);
        check(r"\n\r\n\", &[]);
    }
}
