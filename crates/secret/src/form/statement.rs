//! Passwords in statements of SQL.

use super::assigned::is_password;
use super::placeholder::is_placeholder;
use super::{LONGEST_LEAD, Place, Verdict, is_word, reference};

const LONGEST_PASSWORD: usize = 1024;
const SHORTEST_PASSWORD: usize = 3;
/// How much may stand between a word of a statement and the next, or the quote.
const LONGEST_BETWEEN: usize = 16;
/// The longest name of an account, with its host.
const LONGEST_ACCOUNT: usize = 96;

/// `CREATE ROLE … PASSWORD '…'` as PostgreSQL has it, `PASSWORD = '…'` as SQL Server, `SET PASSWORD FOR … = '…'` and
/// `USING PASSWORD('…')` as `MySQL` and `MariaDB`.
pub(super) fn password(place: &Place<'_>) -> Verdict {
    let mut at = place.after();
    let rest = &place.text[at..place.text.len().min(at + LONGEST_ACCOUNT)];
    if rest.get(..5).is_some_and(|word| word.eq_ignore_ascii_case(b" for ")) {
        let Some(sign) = memchr::memchr2(b'=', b'\n', rest) else { return Verdict::Nothing };
        at += sign;
    }
    let Some(start) = behind_quote(place, at, b" \t\r\n=(", b"'") else { return Verdict::Nothing };
    // The first letter of the word is not in the anchor.
    let before = before(place, start, place.at.saturating_sub(1));
    let is_set = before.last().is_some_and(|word| word.eq_ignore_ascii_case(b"set"))
        || has_pair(&before, &["set"], &["password"]);
    if is_set || is_about_account(&before) { quoted(place, start) } else { Verdict::Nothing }
}

/// `CREATE USER … IDENTIFIED BY '…'`, as `MySQL`, `MariaDB` and Oracle have it.
pub(super) fn identified(place: &Place<'_>) -> Verdict {
    let text = place.text;
    let mut at = place.at + b"dentified".len();
    let words_end = text.len().min(at + LONGEST_ACCOUNT);
    // `WITH plugin` may stand before `BY`.
    for n_words in 0..3 {
        at += n_blanks(&text[at..words_end]);
        let len = text[at..words_end].iter().take_while(|byte| is_word(**byte)).count();
        let word = &text[at..at + len];
        at += len;
        if word.eq_ignore_ascii_case(b"by") {
            break;
        }
        if len == 0
            || n_words == 2
            || word.ends_with(b"_hash")
            || (n_words == 0 && !word.eq_ignore_ascii_case(b"with"))
        {
            return Verdict::Nothing;
        }
    }
    let is_of_account = |start| {
        let before = before(place, start, place.at.saturating_sub(1));
        has_pair(&before, &["connect"], &["to"])
            || is_about_account(&before)
            || before.iter().any(|word| word.eq_ignore_ascii_case(b"grant"))
    };
    match behind_quote(place, at, b" \t\r\n", b"'\"") {
        Some(start) if is_of_account(start) => quoted(place, start),
        Some(_) => Verdict::Nothing,
        None => {
            let start = at + n_blanks(&text[at..]);
            if start == at || !text[place.at..].starts_with(b"DENT") || !is_of_account(start) {
                return Verdict::Nothing;
            }
            let belongs = |byte: u8| is_word(byte) || b"$#".contains(&byte);
            let Some(end) = place.run(start, LONGEST_PASSWORD, belongs) else {
                return Verdict::Open(start);
            };
            if is_password(&text[start..end]) {
                Verdict::Found("sql-password", start..end)
            } else {
                Verdict::Nothing
            }
        }
    }
}

/// Where the text begins that is quoted from `at` on, behind some of `between`; a string of a program has the quote
/// escaped, and some dialects mark a string with a letter.
fn behind_quote(place: &Place<'_>, at: usize, between: &[u8], quotes: &[u8]) -> Option<usize> {
    let rest = &place.text[at..];
    let is_between = |byte: &&u8| between.contains(byte);
    let n_between = rest.iter().take(LONGEST_BETWEEN).take_while(is_between).count();
    let mut rest = &rest[n_between..];
    if let [b'E' | b'N', b'\'', ..] = rest {
        rest = &rest[1..];
    }
    rest = rest.strip_prefix(b"\\").unwrap_or(rest);
    let is_quote = rest.first().is_some_and(|byte| quotes.contains(byte));
    is_quote.then(|| place.text.len() - rest.len() + 1)
}

/// The string that begins at `start`, behind its quote. A quote stands doubled in it, or behind a backslash.
fn quoted(place: &Place<'_>, start: usize) -> Verdict {
    let text = place.text;
    let quote = text[start - 1];
    let is_in_program = text[..start - 1].ends_with(b"\\");
    let (mut has_ended, mut is_escaped) = (false, false);
    let end = place.run(start, LONGEST_PASSWORD, |byte| {
        if has_ended && (is_in_program || byte != quote) {
            return false;
        }
        has_ended = byte == quote && !has_ended && (!is_escaped || is_in_program);
        is_escaped = byte == b'\\' && !is_escaped;
        byte >= b' '
    });
    let Some(end) = end else { return Verdict::Open(start) };
    if !has_ended {
        return Verdict::Nothing;
    }
    let value = &text[start..end - 1];
    let value = if is_in_program { value.strip_suffix(b"\\").unwrap_or(value) } else { value };
    if value.len() < SHORTEST_PASSWORD || is_placeholder(value) || is_put_in(value) {
        return Verdict::Nothing;
    }
    Verdict::Found("sql-password", start..start + value.len())
}

/// Whether a program puts the password in where the string of SQL has a gap, or a parameter stands for it.
fn is_put_in(value: &[u8]) -> bool {
    let is_blank = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_whitespace);
    let is_quote = |byte: Option<&u8>| byte.is_some_and(|byte| b"\"`".contains(byte));
    let is_parameter =
        value.strip_prefix(b":").is_some_and(|name| name.iter().all(|byte| is_word(*byte)));
    is_blank(value.first())
        || is_blank(value.last())
        || (is_quote(value.first()) && is_quote(value.last()))
        || value.starts_with(b"#{")
        || value.starts_with(b"\\(")
        || value.starts_with(b"||")
        || is_parameter
        || reference::is_reference(value)
}

/// The words of the statement before `end`, as far as a stream keeps what stands before `start`.
fn before<'text>(place: &Place<'text>, start: usize, end: usize) -> Vec<&'text [u8]> {
    let lead = &place.text[start.saturating_sub(LONGEST_LEAD).min(end)..end];
    let statement = memchr::memrchr(b';', lead).map_or(lead, |last| &lead[last + 1..]);
    statement.split(|byte| !is_word(*byte)).filter(|word| !word.is_empty()).collect()
}

/// Whether a statement makes or changes an account: prose has other words between the two.
fn is_about_account(words: &[&[u8]]) -> bool {
    has_pair(words, &["create", "alter", "replace"], &["role", "user", "login", "group"])
}

/// Whether one of the first words stands right before one of the second, in letters of any size.
fn has_pair(words: &[&[u8]], first: &[&str], second: &[&str]) -> bool {
    let is_any = |word: &[u8], of: &[&str]| {
        of.iter().any(|wanted| word.eq_ignore_ascii_case(wanted.as_bytes()))
    };
    words.windows(2).any(|pair| is_any(pair[0], first) && is_any(pair[1], second))
}

fn n_blanks(text: &[u8]) -> usize {
    text.iter().take(LONGEST_BETWEEN).take_while(|byte| byte.is_ascii_whitespace()).count()
}
