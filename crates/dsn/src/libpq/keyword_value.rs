//! libpq's `keyword = value` form, as `conninfo_parse` reads it.

use super::{Dialect, foreign_parameter, is_space, nearest_option, store};
use crate::{Fields, Refusal};

/// Reads `keyword = value` pairs; the last of a name wins.
pub(super) fn parse(text: &[u8], dialect: Dialect) -> Result<Fields, Refusal> {
    let mut fields = Fields::new();
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
        let (value, next) = value(text, skip_spaces(text, equals + 1))?;
        let keyword = &text[start..end];
        store(&mut fields, keyword, value.into(), dialect)
            .ok_or_else(|| unknown_option(keyword, start))?;
        index = skip_spaces(text, next);
    }
    Ok(fields)
}

/// Reads one value, bare or in single quotes; a backslash takes the next byte as it is in both.
fn value(text: &[u8], start: usize) -> Result<(Vec<u8>, usize), Refusal> {
    let quoted = text.get(start) == Some(&b'\'');
    let mut value = Vec::new();
    let mut index = start + usize::from(quoted);
    while let Some(&byte) = text.get(index) {
        index += 1;
        match byte {
            b'\\' => {
                value.extend(text.get(index));
                index += 1;
            }
            b'\'' if quoted => return Ok((value, index)),
            _ if !quoted && is_space(byte) => return Ok((value, index)),
            _ => value.push(byte),
        }
    }
    if quoted {
        return Err(Refusal::new("unterminated quoted string in connection info string").at(start));
    }
    Ok((value, text.len()))
}

fn unknown_option(keyword: &[u8], offset: usize) -> Refusal {
    let refusal = Refusal::new("invalid connection option").at(offset);
    if let Some(parameter) = foreign_parameter(keyword) {
        return refusal.hint(format!(
            "{} is a parameter of {}; take it out for libpq",
            parameter.name, parameter.owner
        ));
    }
    match nearest_option(keyword) {
        Some(option) => refusal.hint(format!("did you mean {option}?")),
        None => refusal,
    }
}

fn skip_spaces(text: &[u8], from: usize) -> usize {
    (from..text.len()).find(|&index| !is_space(text[index])).unwrap_or(text.len().max(from))
}
