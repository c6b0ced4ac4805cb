//! Paths in the form that carries any name: `<artifacts/a%20b.txt>`, percent-encoded in angle brackets.

use std::ops::Range;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

const KEPT: AsciiSet = NON_ALPHANUMERIC.remove(b'/').remove(b'.').remove(b'-').remove(b'_');

/// A path in this form. One without a folder begins with `./`, as it would be an HTML tag without.
pub(crate) fn write(path: &str) -> String {
    let folder = if path.contains('/') { "" } else { "./" };
    format!("<{folder}{}>", utf8_percent_encode(path, &KEPT))
}

/// The path that percent-encoded text stands for, if it is text.
pub(super) fn decode(text: &str) -> Option<String> {
    Some(percent_decode_str(text).decode_utf8().ok()?.into_owned())
}

/// The next path in angle brackets from `from` on, without them, and whether it has this form: behind an arrow or a
/// label, and with a remark in parentheses behind it, as the tool writes it. Else it is a link, as people write it.
pub(super) fn find(line: &str, from: usize) -> Option<(Range<usize>, bool)> {
    let mut at = from;
    while let Some(open) = line[at..].find('<') {
        let start = at + open + 1;
        let is_behind = line[..start - 1].ends_with("→ ") || line[..start - 1].ends_with(": ");
        let length = line[start..].find(['<', '>', ' ', '`']).unwrap_or(0);
        let behind = &line[start + length..];
        // Without a remark only what is encoded is no placeholder: `<name>/x` goes on.
        let is_encoded = line[start..start + length].contains('%')
            && behind.strip_prefix('>').is_some_and(|rest| {
                !rest.starts_with(|next: char| next.is_alphanumeric() || "/._-<".contains(next))
            });
        if is_behind && length > 0 && (behind.starts_with("> (") || is_encoded) {
            return Some((start..start + length, true));
        }
        let length = line[start..].find(['<', '>', '`']).unwrap_or(0);
        let path = &line[start..start + length];
        let is_path = path.contains('/') && !path.contains("://") && !path.contains('@');
        let is_link = line[..start - 1].ends_with("](") && line[start + length..].starts_with(">)");
        if is_link && is_path {
            return Some((start..start + length, false));
        }
        at = start;
    }
    None
}
