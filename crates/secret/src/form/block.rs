//! Private keys in PEM armour.

use super::placeholder::is_placeholder;
use super::{LONGEST, Place, Verdict};

/// The longest label between the dashes, as in `-----BEGIN OPENSSH PRIVATE KEY-----`.
const LONGEST_LABEL: usize = 48;
/// A body with fewer characters of base64 is an ellipsis in a document.
const SHORTEST_BODY: usize = 40;

/// The whole block, with its armour; to the end of what looks like its body where the armour is
/// not closed. Line breaks may be spelt `\n`, as in JSON.
pub(super) fn private_key(place: &Place<'_>) -> Verdict {
    let is_label =
        |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || b" -".contains(&byte);
    let Some(label_end) = place.run(place.after(), LONGEST_LABEL, is_label) else {
        return Verdict::Open(place.at);
    };
    let label = &place.text[place.after()..label_end];
    let has = |part: &[u8]| memchr::memmem::find(label, part).is_some();
    if !has(b"PRIVATE KEY") || !has(b"-----") {
        return Verdict::Nothing;
    }
    let is_body = |byte: u8| {
        byte.is_ascii_alphanumeric() || byte.is_ascii_whitespace() || b"+/=-:,\\>|.".contains(&byte)
    };
    // Where another block begins, this one has ended; a list of armour lines stays cheap.
    let rest = &place.text[label_end..place.text.len().min(label_end + LONGEST)];
    let longest = memchr::memmem::find(rest, b"-----BEGIN ").unwrap_or(LONGEST);
    let end = place.run(label_end, longest, is_body);
    let body = &place.text[label_end..end.unwrap_or(place.text.len())];
    let close = memchr::memmem::find(body, b"-----END ").and_then(|at| {
        let label_at = at + b"-----END ".len();
        Some((at, label_at + memchr::memmem::find(&body[label_at..], b"-----")? + 5))
    });
    let (body_len, block_len) = match (close, end) {
        (Some((body_len, block_len)), _) => (body_len, block_len),
        (None, None) => return Verdict::Open(place.at),
        (None, Some(_)) => (body.len(), body.trim_ascii_end().len()),
    };
    let body = &body[..body_len];
    let n_chars =
        body.iter().filter(|byte| byte.is_ascii_alphanumeric() || b"+/".contains(byte)).count();
    if n_chars < SHORTEST_BODY || is_placeholder(body.trim_ascii()) {
        return Verdict::Nothing;
    }
    Verdict::Found("private-key", place.at..label_end + block_len)
}
