//! Text that others wrote, as a terminal may have it: shown and not obeyed.

use std::fmt::Write;

/// Text for one line of a terminal: control characters, those that turn the direction of writing and line breaks are
/// shown and not obeyed.
pub fn in_line(text: &str) -> String {
    printable(text).replace('\n', "\\n")
}

/// The same with its line breaks. A name from a file or a folder may hold characters that a terminal would obey.
pub fn printable(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for letter in text.chars() {
        if is_unseen(letter) && letter != '\n' {
            shown.extend(letter.escape_default());
        } else {
            shown.push(letter);
        }
    }
    shown
}

/// A word in the quoting of a POSIX shell, left bare where that is safe. What moves a terminal's cursor or turns text
/// around is written as bash and zsh take it, `$'…'`.
pub fn quoted(word: &str) -> String {
    if word.chars().any(|letter| letter != '\n' && is_unseen(letter)) {
        let mut out = String::from("$'");
        for letter in word.chars() {
            match letter {
                '\'' | '\\' => out.extend(['\\', letter]),
                '\n' => out.push_str("\\n"),
                '\t' => out.push_str("\\t"),
                letter if is_unseen(letter) && letter.is_ascii() => {
                    let _ = write!(out, "\\x{:02x}", u32::from(letter));
                }
                letter if is_unseen(letter) => {
                    let _ = write!(out, "\\u{:04x}", u32::from(letter));
                }
                letter => out.push(letter),
            }
        }
        out.push('\'');
        return out;
    }
    let bare = |byte: u8| byte.is_ascii_alphanumeric() || b"_-./:=@%+,^".contains(&byte);
    if !word.is_empty() && word.bytes().all(bare) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

/// Whether a character is not shown but does something to what is: control characters, and those of Unicode's
/// bidirectional algorithm (UAX #9) that turn the direction of writing.
pub fn is_unseen(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_so_that_a_terminal_shows_them() {
        for (word, expected) in [
            ("plain", "plain"),
            ("", "''"),
            ("it's two", r"'it'\''s two'"),
            ("a\nb", "'a\nb'"),
            ("\x1b[31mred", r"$'\x1b[31mred'"),
            ("it's\r\n\u{202e}x", r"$'it\'s\x0d\n\u202ex'"),
        ] {
            assert_eq!(quoted(word), expected);
        }
    }
}
