//! Definitions of links (`[ref]: path "title"`), which are no text: a line of `=` below them underlines nothing.

/// The most letters of a label.
const LONGEST_LABEL: usize = 999;

/// Whether a paragraph has nothing but definitions; its lines come without blanks before them.
pub(super) fn is_all(paragraph: &[u8]) -> bool {
    let mut rest = paragraph;
    while !rest.is_empty() {
        let Some(behind) = definition(rest) else { return false };
        rest = behind;
    }
    true
}

/// What follows the definition at the start of a text.
fn definition(text: &[u8]) -> Option<&[u8]> {
    let rest = label(text)?.strip_prefix(b":")?;
    let rest = destination(blanks(rest))?;
    let with_title = title(rest).and_then(line_end);
    with_title.or_else(|| line_end(rest))
}

fn label(text: &[u8]) -> Option<&[u8]> {
    let inner = text.strip_prefix(b"[")?;
    let mut is_escaped = false;
    for (at, byte) in inner.iter().enumerate().take(LONGEST_LABEL) {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = true,
            b'[' => return None,
            b']' => {
                let is_there = !inner[..at].trim_ascii().is_empty();
                return is_there.then(|| &inner[at + 1..]);
            }
            _ => {}
        }
    }
    None
}

/// Blanks with one line break at most; the lines of a paragraph have none before them and none is empty.
fn blanks(text: &[u8]) -> &[u8] {
    let text = spaces(text);
    text.strip_prefix(b"\n").map_or(text, spaces)
}

fn spaces(text: &[u8]) -> &[u8] {
    &text[text.iter().take_while(|byte| b" \t".contains(byte)).count()..]
}

fn destination(text: &[u8]) -> Option<&[u8]> {
    if let Some(inner) = text.strip_prefix(b"<") {
        let mut is_escaped = false;
        for (at, byte) in inner.iter().enumerate() {
            match byte {
                _ if is_escaped => is_escaped = false,
                b'\\' => is_escaped = true,
                b'>' => return Some(&inner[at + 1..]),
                b'<' | b'\n' => return None,
                _ => {}
            }
        }
        return None;
    }
    let mut depth = 0_usize;
    let mut is_escaped = false;
    let is_inside = |byte: &&u8| {
        if byte.is_ascii_whitespace() || byte.is_ascii_control() {
            return false;
        }
        match **byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = true,
            b'(' => depth += 1,
            b')' if depth == 0 => return false,
            b')' => depth -= 1,
            _ => {}
        }
        true
    };
    let length = text.iter().take_while(is_inside).count();
    (length > 0).then(|| &text[length..])
}

fn title(text: &[u8]) -> Option<&[u8]> {
    let bare = blanks(text);
    if bare.len() == text.len() {
        return None;
    }
    let closer = match bare.first()? {
        b'"' => b'"',
        b'\'' => b'\'',
        b'(' => b')',
        _ => return None,
    };
    let mut is_escaped = false;
    for (at, byte) in bare.iter().enumerate().skip(1) {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = true,
            _ if *byte == closer => return Some(&bare[at + 1..]),
            b'(' if closer == b')' => return None,
            _ => {}
        }
    }
    None
}

fn line_end(text: &[u8]) -> Option<&[u8]> {
    let text = spaces(text);
    if text.is_empty() { Some(text) } else { text.strip_prefix(b"\n") }
}
