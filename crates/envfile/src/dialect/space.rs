//! What counts as white space: each language has its own idea.

/// The character at a place and its length; broken UTF-8 is read as U+FFFD, one byte long.
pub(super) fn character(text: &[u8], at: usize) -> Option<(char, usize)> {
    let first = *text.get(at)?;
    if first < 0x80 {
        return Some((char::from(first), 1));
    }
    let end = text.len().min(at + 4);
    for length in 2..=end.saturating_sub(at) {
        if let Ok(piece) = std::str::from_utf8(&text[at..at + length])
            && let Some(found) = piece.chars().next()
        {
            return Some((found, length));
        }
    }
    Some((char::REPLACEMENT_CHARACTER, 1))
}

/// Go's `unicode.IsSpace`.
pub(super) fn go(character: char) -> bool {
    matches!(character, '\t' | '\n' | '\u{b}' | '\u{c}' | '\r' | ' ' | '\u{85}' | '\u{a0}')
        || is_far_space(character)
}

/// `isSpace` of godotenv and of compose: no line feed, and nothing beyond Latin-1.
pub(super) fn go_inline(character: char) -> bool {
    matches!(character, '\t' | '\u{b}' | '\u{c}' | '\r' | ' ' | '\u{85}' | '\u{a0}')
}

/// `\s` of JavaScript: with the byte order mark, without U+0085.
pub(super) fn javascript(character: char) -> bool {
    matches!(character, '\t' | '\n' | '\u{b}' | '\u{c}' | '\r' | ' ' | '\u{a0}' | '\u{feff}')
        || is_far_space(character)
}

/// `\s` of Python for text: with the four ASCII separators.
pub(super) fn python(character: char) -> bool {
    matches!(
        character,
        '\t' | '\n' | '\u{b}' | '\u{c}' | '\r' | ' ' | '\u{1c}'..='\u{1f}' | '\u{85}' | '\u{a0}'
    ) || is_far_space(character)
}

/// `\s` of Ruby.
pub(super) fn ruby(character: char) -> bool {
    matches!(character, '\t' | '\n' | '\u{b}' | '\u{c}' | '\r' | ' ')
}

fn is_far_space(character: char) -> bool {
    matches!(
        character,
        '\u{1680}' | '\u{2000}'
            ..='\u{200a}' | '\u{2028}' | '\u{2029}' | '\u{202f}' | '\u{205f}' | '\u{3000}'
    )
}

/// Where the run of such characters that begins at `start` ends.
pub(super) fn skip(text: &[u8], start: usize, is_space: fn(char) -> bool) -> usize {
    let mut at = start;
    while let Some((found, length)) = character(text, at) {
        if !is_space(found) {
            break;
        }
        at += length;
    }
    at
}

/// The text without such characters at its end.
pub(super) fn trim_end(text: &[u8], is_space: fn(char) -> bool) -> &[u8] {
    let mut end = text.len();
    'shorter: while end > 0 {
        for length in 1..=end.min(4) {
            if let Some((found, found_length)) = character(text, end - length)
                && found_length == length
                && is_space(found)
            {
                end -= length;
                continue 'shorter;
            }
        }
        break;
    }
    &text[..end]
}

/// The text without such characters at both ends.
pub(super) fn trim(text: &[u8], is_space: fn(char) -> bool) -> &[u8] {
    trim_end(&text[skip(text, 0, is_space)..], is_space)
}
