//! libpq's `keyword = value` form, as `conninfo_parse` reads it.

use super::{Dialect, is_space, nearest_option, store};
use crate::parameters::foreign_parameter;
use crate::{Fields, Refusal};

/// Reads `keyword = value` pairs; the last of a name wins.
pub(super) fn parse(text: &[u8], dialect: Dialect) -> Result<Fields, Refusal> {
    let mut fields = Fields::of_text(text);
    let mut index = skip_spaces(text, 0);
    while index < text.len() {
        let start = index;
        let end = (start..text.len())
            .find(|&index| text[index] == b'=' || is_space(text[index]))
            .unwrap_or(text.len());
        let equals = skip_spaces(text, end);
        if text.get(equals) != Some(&b'=') {
            let reason = "missing \"=\" after a word in connection info string";
            let hint = "put a value that holds white space between single quotes";
            return Err(Refusal::new(reason).at(start).hint(hint));
        }
        let begin = skip_spaces(text, equals + 1);
        let (length, next) = value(fields.bytes(begin..text.len()), begin)?;
        let keyword = &text[start..end];
        store(&mut fields, keyword, begin..begin + length, dialect)
            .ok_or_else(|| unknown_option(keyword, start))?;
        index = skip_spaces(text, next);
    }
    Ok(fields)
}

/// Reads one value, bare or in single quotes, to where it stands; a backslash takes the next byte as it is in
/// both.
///
/// Answers its length and where reading goes on. `offset` is where `text` begins in the whole string.
fn value(text: &mut [u8], offset: usize) -> Result<(usize, usize), Refusal> {
    let quoted = text.first() == Some(&b'\'');
    let (mut length, mut index) = (0, usize::from(quoted));
    while let Some(&byte) = text.get(index) {
        index += 1;
        let kept = match byte {
            b'\\' => {
                index += 1;
                text.get(index - 1).copied()
            }
            b'\'' if quoted => return Ok((length, offset + index)),
            _ if !quoted && is_space(byte) => return Ok((length, offset + index)),
            _ => Some(byte),
        };
        if let Some(kept) = kept {
            text[length] = kept;
            length += 1;
        }
    }
    if quoted {
        let reason = "unterminated quoted string in connection info string";
        return Err(Refusal::new(reason).at(offset));
    }
    Ok((length, offset + text.len()))
}

fn unknown_option(keyword: &[u8], offset: usize) -> Refusal {
    let refusal = Refusal::new("invalid connection option").at(offset);
    if let Some(parameter) = foreign_parameter(keyword) {
        return refusal.hint(parameter.advice());
    }
    match nearest_option(keyword) {
        Some(option) => refusal.hint(format!("did you mean {option}?")),
        None => refusal,
    }
}

fn skip_spaces(text: &[u8], from: usize) -> usize {
    (from..text.len()).find(|&index| !is_space(text[index])).unwrap_or(text.len().max(from))
}
