//! Percent-encoding as the different clients decode it.

use std::borrow::Cow;

use crate::Refusal;

/// Decodes `%XX` as libpq does: two hexadecimal digits or a refusal, no NUL, and `+` stays `+`.
///
/// `offset` is where `text` begins in the whole string. Follows `conninfo_uri_decode` of
/// `src/interfaces/libpq/fe-connect.c`; its rule on raw spaces (version 18) is the caller's.
///
/// # Errors
/// A refusal in libpq's words where a `%` is not followed by two hexadecimal digits, or encodes NUL.
pub fn decode_strict(text: &[u8], offset: usize) -> Result<Cow<'_, [u8]>, Refusal> {
    if !text.contains(&b'%') {
        return Ok(Cow::Borrowed(text));
    }
    let mut decoded = text.to_vec();
    let length = decode_strict_in_place(&mut decoded, offset)?;
    decoded.truncate(length);
    Ok(Cow::Owned(decoded))
}

/// [`decode_strict`] where the text stands; answers how many bytes the decoded text has.
pub(crate) fn decode_strict_in_place(text: &mut [u8], offset: usize) -> Result<usize, Refusal> {
    let first = text.iter().position(|&byte| byte == b'%').unwrap_or(text.len());
    let (mut length, mut index) = (first, first);
    while let Some(&byte) = text.get(index) {
        text[length] = byte;
        if byte == b'%' {
            text[length] = match hex_pair(text, index + 1) {
                Some(0) => {
                    let reason = "forbidden value %00 in percent-encoded value";
                    return Err(Refusal::new(reason).at(offset + index));
                }
                Some(byte) => byte,
                None => {
                    return Err(Refusal::new("invalid percent-encoded token")
                        .at(offset + index)
                        .hint("write a literal % as %25"));
                }
            };
            index += 2;
        }
        length += 1;
        index += 1;
    }
    Ok(length)
}

/// Decodes `%XX` where it is well formed and keeps every other `%` as it stands.
pub(crate) fn decode_lenient(text: &[u8]) -> Vec<u8> {
    percent_encoding::percent_decode(text).collect()
}

/// Decodes a form component: `+` is a space, `%XX` is lenient.
pub(crate) fn decode_form(text: &[u8]) -> Vec<u8> {
    let spaced: Vec<u8> = text.iter().map(|&byte| if byte == b'+' { b' ' } else { byte }).collect();
    decode_lenient(&spaced)
}

/// Whether every `%` is followed by two hexadecimal digits.
pub(crate) fn is_well_formed(text: &[u8]) -> bool {
    text.iter()
        .enumerate()
        .all(|(index, &byte)| byte != b'%' || hex_pair(text, index + 1).is_some())
}

/// Whether the text holds at least one well-formed `%XX`, as a value that was encoded once too often does.
pub fn has_escape(text: &[u8]) -> bool {
    text.iter()
        .enumerate()
        .any(|(index, &byte)| byte == b'%' && hex_pair(text, index + 1).is_some())
}

fn hex_pair(text: &[u8], index: usize) -> Option<u8> {
    let digit = |index: usize| -> Option<u8> {
        let value = char::from(*text.get(index)?).to_digit(16)?;
        u8::try_from(value).ok()
    };
    Some(digit(index)? << 4 | digit(index + 1)?)
}
