//! Passwords in connection strings and other URLs.

use super::placeholder::is_placeholder;
use super::{LONGEST_LEAD, Place, Verdict};

const LONGEST_SCHEME: usize = 24;
const LONGEST_USER: usize = 128;
const LONGEST_LOGIN: usize = 1024;
const SHORTEST_PASSWORD: usize = 3;

/// Schemes whose password may hold an unencoded `/` or `?`, as people paste them.
const DATABASES: &[&[u8]] = &[
    b"postgres",
    b"postgresql",
    b"mysql",
    b"mariadb",
    b"redis",
    b"rediss",
    b"amqp",
    b"amqps",
    b"mongodb",
    b"mongodb+srv",
];

/// The password of `scheme://user:password@host`; the user and the host are not secret.
pub(super) fn password(place: &Place<'_>) -> Verdict {
    let text = place.text;
    let is_scheme = |byte: &&u8| byte.is_ascii_alphanumeric() || b"+.-".contains(byte);
    let scheme_len =
        text[..place.at].iter().rev().take(LONGEST_SCHEME).take_while(is_scheme).count();
    let scheme = &text[place.at - scheme_len..place.at];
    if !scheme.last().is_some_and(u8::is_ascii_alphanumeric) {
        return Verdict::Nothing;
    }
    let is_database = DATABASES.iter().any(|known| ends_with_word(scheme, known));
    let ends =
        |byte: u8| is_delimiter(byte) || byte == b'\\' || (!is_database && b"/?#".contains(&byte));
    let start = place.after();
    let end = place.run(start, LONGEST_LOGIN, |byte| !ends(byte));
    let login = &text[start..end.unwrap_or(text.len())];
    let Some(colon) = colon_behind_user(login) else { return Verdict::Nothing };
    if memchr::memchr3(b'@', b'/', b'?', &login[..colon]).is_some() {
        return Verdict::Nothing;
    }
    if end.is_none() {
        return Verdict::Open(start + colon + 1);
    }
    let Some(at) = last_at(login) else { return Verdict::Nothing };
    if at <= colon {
        return Verdict::Nothing;
    }
    let (user, password) = (&login[..colon], &login[colon + 1..at]);
    // `[user[:password]@]` is how a manual says what may be left away.
    let is_syntax = user.ends_with(b"[");
    if password.len() < SHORTEST_PASSWORD
        || password == user
        || is_syntax
        || is_placeholder(password)
    {
        return Verdict::Nothing;
    }
    Verdict::Found("connection-string", start + colon + 1..start + at)
}

/// Where the colon behind the user of a login is. One in the marker of a redactor, which stands for the user or for all
/// of the login, is none.
pub(super) fn colon_behind_user(login: &[u8]) -> Option<usize> {
    let head = &login[..login.len().min(LONGEST_USER)];
    let is_marker = head.starts_with(b"[REDACTED:");
    let marker_end = if is_marker { memchr::memchr(b']', head) } else { None };
    let from = marker_end.unwrap_or(0);
    let colon = from + memchr::memchr(b':', &login[from..])?;
    (colon <= LONGEST_USER).then_some(colon)
}

/// The parameters that stand beside a password in libpq's `key=value` strings.
const LIBPQ: &[&[u8]] = &[b"host", b"hostaddr", b"port", b"dbname", b"user", b"sslmode"];

/// The same in the strings of ADO.NET and its relatives.
const ADO: &[&[u8]] = &[
    b"server",
    b"driver",
    b"host",
    b"data source",
    b"port",
    b"database",
    b"initial catalog",
    b"user id",
    b"userid",
    b"username",
    b"user",
    b"uid",
];

/// Those of them that say behind other words too that a connection string begins.
const TELLING: &[&[u8]] = &[b"server", b"driver", b"data source", b"initial catalog"];

/// The password among the parameters of a connection string, of whatever letters: `…&password=…` in the URL of a
/// database, `host=… password=…` for libpq, `Server=…;Password=…` for ADO.NET.
pub(super) fn parameter(place: &Place<'_>) -> Verdict {
    // The first letter of the label is not in the anchor.
    let before = &place.text[..place.at.saturating_sub(1)];
    let before = before.strip_suffix(b"ssl").unwrap_or(before);
    match sign(place, before.last() == Some(&b' ')) {
        Some(start) => value(place, before, start),
        None => Verdict::Nothing,
    }
}

/// `;Pwd=…` beside another parameter of ADO.NET's.
pub(super) fn pwd(place: &Place<'_>) -> Verdict {
    value(place, &place.text[..=place.at], place.after())
}

/// Where the value behind the sign begins; only libpq allows blanks around that.
fn sign(place: &Place<'_>, may_be_libpq: bool) -> Option<usize> {
    let n_blanks = |at: usize| {
        let rest = place.text[at..].iter().take(if may_be_libpq { 2 } else { 0 });
        rest.take_while(|byte| **byte == b' ').count()
    };
    let at = place.after() + n_blanks(place.after());
    (place.text.get(at) == Some(&b'=')).then(|| at + 1 + n_blanks(at + 1))
}

/// The longest label, with the sign and the blanks behind it.
const LONGEST_LABEL: usize = 20;

/// The value that begins at `start`, by what stands before its label; what a stream has of that.
fn value(place: &Place<'_>, before: &[u8], start: usize) -> Verdict {
    let text = place.text;
    let before = &before[before.len().saturating_sub(LONGEST_LEAD - LONGEST_LABEL)..];
    // So write programs what they assign.
    let is_spaced = start > place.after() + 1;
    let end_of_value =
        |ends: fn(u8) -> bool| place.run_before_next(start, LONGEST_LOGIN, |byte| !ends(byte));
    let (value, is_parameter) = match before.last() {
        Some(b'?' | b'&') => (
            end_of_value(|byte| is_delimiter(byte) || b"&#\\".contains(&byte)),
            is_in_database_url(before),
        ),
        _ if text.get(start) == Some(&b'\'') => return quoted(place, start + 1, before),
        last => {
            let is_ado = last == Some(&b';');
            let Some(end) = end_of_value(|byte| is_delimiter(byte) || byte == b';') else {
                return Verdict::Open(start);
            };
            let behind = &text[end..];
            if behind.len() < LONGEST_KEY && !place.is_end {
                return Verdict::Open(start);
            }
            let is_ado = is_ado || behind.starts_with(b";");
            (Some(end), !(is_ado && is_spaced) && is_beside(before, behind, is_ado))
        }
    };
    let Some(end) = value else {
        return if is_parameter { Verdict::Open(start) } else { Verdict::Nothing };
    };
    let value = &text[start..end];
    // What a comma or a bracket follows is an argument in a program, and its value a name.
    let is_code = value.iter().any(|byte| b",()[]{}".contains(byte)) || is_next_key(value);
    if is_parameter && !is_code && value.len() >= SHORTEST_PASSWORD && !is_placeholder(value) {
        Verdict::Found("connection-string", start..end)
    } else {
        Verdict::Nothing
    }
}

/// Whether a value is the key of the next parameter, as where a manual lists them without values.
fn is_next_key(value: &[u8]) -> bool {
    let is_letter = |byte: &u8| byte.is_ascii_lowercase() || *byte == b'_';
    value.strip_suffix(b"=").is_some_and(|key| key.iter().all(is_letter))
}

/// `password='…'` as libpq has it: a backslash takes the meaning of the next byte away; or as ADO.NET has it.
fn quoted(place: &Place<'_>, start: usize, before: &[u8]) -> Verdict {
    let mut is_escaped = false;
    let end = place.run(start, LONGEST_LOGIN, |byte| {
        let goes_on = byte >= b' ' && (byte != b'\'' || is_escaped);
        is_escaped = byte == b'\\' && !is_escaped;
        goes_on
    });
    let Some(end) = end else { return Verdict::Open(start) };
    let behind = place.text.get(end + 1..).unwrap_or_default();
    if behind.len() < LONGEST_KEY && !place.is_end {
        return Verdict::Open(start);
    }
    let value = &place.text[start..end];
    let is_closed = place.text.get(end) == Some(&b'\'');
    let is_ado = before.last() == Some(&b';') || behind.starts_with(b";");
    // A program puts such a string together of parts in quotes.
    let is_code = is_ado && (value.contains(&b'"') || start > place.after() + 2);
    if is_closed
        && !is_code
        && value.len() >= SHORTEST_PASSWORD
        && !is_placeholder(value)
        && is_beside(before, behind, is_ado)
    {
        Verdict::Found("connection-string", start..end)
    } else {
        Verdict::Nothing
    }
}

/// Longer than any of the parameters beside a password, with what stands before it.
const LONGEST_KEY: usize = 24;

/// Whether another parameter stands right before or right behind.
fn is_beside(before: &[u8], behind: &[u8], is_ado: bool) -> bool {
    let (sign, keys) = if is_ado { (b';', ADO) } else { (b' ', LIBPQ) };
    let is_pair = |text: &[u8]| {
        let text = text.trim_ascii_start();
        let text = text.strip_prefix(b"\"").or_else(|| text.strip_prefix(b"'")).unwrap_or(text);
        keys.iter().any(|key| {
            let (head, rest) = text.split_at(key.len().min(text.len()));
            head.eq_ignore_ascii_case(key) && rest.trim_ascii_start().starts_with(b"=")
        })
    };
    let is_blank = |byte: &&u8| matches!(**byte, b' ' | b'\t');
    let n_blanks = before.iter().rev().take_while(is_blank).count();
    let last = &before[..before.len() - n_blanks];
    let last = if is_ado { last.strip_suffix(b";") } else { Some(last) };
    let is_behind_one = last.is_some_and(|last| {
        let is_line = |byte: &&u8| **byte != b'\n' && **byte != sign;
        let length = last.iter().rev().take_while(is_line).count();
        let pair = &last[last.len() - length..];
        let is_apart = !pair.ends_with(b",") && pair.len() < before.len();
        is_apart && (is_pair(pair) || ends_with_pair(pair, keys))
    });
    is_behind_one || (behind.first() == Some(&sign) && is_pair(&behind[1..]))
}

/// Whether a parameter stands at the end of other words, as where a connection string begins in a line.
fn ends_with_pair(text: &[u8], keys: &[&[u8]]) -> bool {
    let is_key = |sign: usize| {
        keys.iter().any(|key| {
            let head = &text[..sign];
            let Some(lead) = head.len().checked_sub(key.len()).map(|at| &head[..at]) else {
                return false;
            };
            head[lead.len()..].eq_ignore_ascii_case(key)
                && match lead.last() {
                    Some(b'"' | b'\'') => true,
                    // Behind a bracket it is an argument in a program, or a statement.
                    Some(b' ' | b'\t' | b':' | b'=') => {
                        let is_open = lead.iter().any(|byte| b"([{".contains(byte));
                        let is_declared = [&b"var "[..], b"let ", b"const "]
                            .iter()
                            .any(|word| lead.ends_with(word));
                        !is_open && !is_declared && (keys == LIBPQ || TELLING.contains(key))
                    }
                    _ => false,
                }
        })
    };
    memchr::memrchr_iter(b'=', text).any(is_key)
}

/// Whether a text ends within the query of a database's URL.
fn is_in_database_url(before: &[u8]) -> bool {
    let length = before.iter().rev().take_while(|byte| !is_delimiter(**byte)).count();
    let url = &before[before.len() - length..];
    memchr::memmem::find(url, b"://")
        .is_some_and(|at| DATABASES.iter().any(|known| ends_with_word(&url[..at], known)))
}

fn is_delimiter(byte: u8) -> bool {
    byte <= b' ' || b"\"'`<>|\x7f".contains(&byte)
}

/// The `@` before the host: the last before the query, else the last.
fn last_at(login: &[u8]) -> Option<usize> {
    let query = memchr::memchr(b'?', login).unwrap_or(login.len());
    memchr::memrchr(b'@', &login[..query]).or_else(|| memchr::memrchr(b'@', login))
}

/// Whether `scheme` is `word`, perhaps behind other letters' boundary, as `jdbc:` leaves none.
fn ends_with_word(scheme: &[u8], word: &[u8]) -> bool {
    scheme.len() >= word.len() && scheme[scheme.len() - word.len()..].eq_ignore_ascii_case(word)
}
