//! Showing what a reader understood without showing a piece of the password.

use std::borrow::Cow;
use std::ops::Range;

use crate::{Reader, known_option};

/// Fields that are credentials whatever they hold.
const SECRET_FIELDS: [&str; 6] = [
    "password",
    "sslpassword",
    "oauth_client_secret",
    "scram_client_key",
    "scram_server_key",
    "sslkey",
];

/// What may come between two pieces.
const DELIMITERS: &[u8] = b"@/?#:&=[],;'\"\\ \t\r\n";

/// What stands in the place of something hidden.
pub const HIDDEN: &str = "***";

/// The pieces of a string that may belong to its password, however it is meant.
///
/// Where the password holds a raw `@`, `/`, `?` or `#`, readers put its pieces into the host, the port,
/// the database or a parameter. All text between the first colon and the last `@` that can end the
/// credentials is therefore kept out of every field.
pub struct Mask {
    pieces: Vec<Vec<u8>>,
    hides_all: bool,
}

impl Mask {
    /// Works out what must not be shown of a string.
    pub fn new(text: &[u8]) -> Self {
        let mut pieces: Vec<Vec<u8>> = Vec::new();
        if let Some(credentials) = credentials(text) {
            add_pieces(&mut pieces, credentials);
        }
        for value in after_password_keys(text) {
            add_pieces(&mut pieces, value);
        }
        // A value that some reader takes for the password is one, wherever another puts it.
        let mut is_understood = false;
        for &reader in Reader::for_text(text) {
            let Ok(fields) = reader.read(text) else { continue };
            is_understood |= matches!(reader, Reader::Libpq | Reader::Jdbc | Reader::Npgsql);
            for name in SECRET_FIELDS {
                if let Some(value) = fields.get(name).filter(|value| !value.is_empty()) {
                    pieces.push(value.to_ascii_lowercase());
                    add_pieces(&mut pieces, value);
                }
            }
        }
        pieces.sort_by_key(|piece| std::cmp::Reverse(piece.len()));
        pieces.dedup();
        // Without a scheme nothing says where a password would begin.
        let has_scheme = text.windows(3).any(|window| window == b"://");
        Self { pieces, hides_all: !has_scheme && !is_understood }
    }

    /// Whether a field is a credential by its name.
    pub fn is_secret(name: &str) -> bool {
        SECRET_FIELDS.contains(&name)
    }

    /// A field's name for showing: libpq's own names as they are, any other only if it holds no piece.
    pub fn name<'name>(&self, name: &'name str) -> Cow<'name, str> {
        if known_option(name.as_bytes()).is_some() || !self.touches(name.as_bytes()) {
            Cow::Borrowed(name)
        } else {
            Cow::Borrowed(HIDDEN)
        }
    }

    /// A field's value for showing: a credential is hidden, and of anything else what may be a piece of one.
    pub fn value(&self, name: &str, value: &[u8]) -> String {
        if Self::is_secret(name) {
            return HIDDEN.to_owned();
        }
        let text = String::from_utf8_lossy(value);
        if !self.touches(value) {
            return text.into_owned();
        }
        match text.rsplit_once('@') {
            Some((_, rest)) if !self.touches(rest.as_bytes()) => format!("{HIDDEN}@{rest}"),
            _ => HIDDEN.to_owned(),
        }
    }

    /// Whether a value holds a piece; case does not count, since some readers lower hosts.
    fn touches(&self, value: &[u8]) -> bool {
        if self.hides_all {
            return true;
        }
        let written = value.to_ascii_lowercase();
        if self.pieces.is_empty() {
            return false;
        }
        // Some readers encode what was raw, and leave it so in host or database.
        let decoded = crate::percent::decode_lenient(value).to_ascii_lowercase();
        self.pieces.iter().any(|piece| holds(&written, piece) || holds(&decoded, piece))
    }
}

/// Whether a value holds a piece; one of one or two characters is in everything, so it counts only
/// between delimiters.
fn holds(value: &[u8], piece: &[u8]) -> bool {
    if piece.len() < 3 {
        value.split(|byte| DELIMITERS.contains(byte)).any(|part| part == piece)
    } else {
        value.windows(piece.len()).any(|window| window == piece)
    }
}

/// Cuts a text at everything that may end a part of a URL, and takes each piece as written and decoded.
fn add_pieces(pieces: &mut Vec<Vec<u8>>, text: &[u8]) {
    for piece in text.split(|byte| DELIMITERS.contains(byte)).filter(|piece| !piece.is_empty()) {
        pieces.push(piece.to_ascii_lowercase());
        pieces.push(crate::percent::decode_lenient(piece).to_ascii_lowercase());
    }
}

/// What follows each `password=` and its like, wherever in the text that stands.
fn after_password_keys(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let keys: [&[u8]; 4] = [b"password=", b"passwd=", b"pwd=", b"pass="];
    (0..text.len()).filter_map(move |start| {
        let rest = &text[start..];
        let starts = |key: &&&[u8]| {
            rest.get(..key.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(key))
        };
        let value = &rest[keys.iter().find(starts)?.len()..];
        value.split(|byte| b"&; \t\r\n".contains(byte)).next()
    })
}

/// The text that may be the password and whatever belongs to it: from the first colon after the scheme
/// to the `@` that ends the credentials.
fn credentials(text: &[u8]) -> Option<&[u8]> {
    let span = credentials_span(text)?;
    let colon = text[span.clone()].iter().position(|&byte| byte == b':')?;
    Some(&text[span.start + colon + 1..span.end])
}

/// Where user and password stand, however much of them a reader takes for something else: from the
/// scheme to the last `@` that can end the credentials.
pub(crate) fn credentials_span(text: &[u8]) -> Option<Range<usize>> {
    let start = text.windows(3).position(|window| window == b"://")? + 3;
    let rest = &text[start..];
    let question = rest.iter().position(|&byte| byte == b'?').unwrap_or(rest.len());
    let last = |part: &[u8]| part.iter().rposition(|&byte| byte == b'@');
    let end = match (last(&rest[..question]), last(rest)) {
        (before, Some(anywhere))
            if anywhere > question && is_plain_query(&rest[question + 1..]) =>
        {
            before?
        }
        (_, anywhere) => anywhere?,
    };
    Some(start..start + end)
}

/// Whether every `@` of a query stands in the value of a parameter that libpq knows.
fn is_plain_query(query: &[u8]) -> bool {
    query.split(|&byte| byte == b'&').all(|pair| {
        let Some(at) = pair.iter().position(|&byte| byte == b'@') else { return true };
        let equals = pair.iter().position(|&byte| byte == b'=');
        equals.is_some_and(|equals| equals < at && known_option(&pair[..equals]).is_some())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, reader: Reader, expected: &[(&str, &str)]) {
        let mask = Mask::new(text.as_bytes());
        let fields = reader.read(text.as_bytes()).unwrap();
        let shown: Vec<(String, String)> = fields
            .iter()
            .map(|(name, value)| (mask.name(name).into_owned(), mask.value(name, value.expose())))
            .collect();
        let shown: Vec<(&str, &str)> =
            shown.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
        assert_eq!(shown, expected);
    }

    #[test]
    fn a_whole_string_shows_all_but_the_password() {
        check(
            "postgresql://u:hunter2@h.example:5432/db?application_name=a@b",
            Reader::Libpq,
            &[
                ("user", "u"),
                ("password", "***"),
                ("host", "h.example"),
                ("port", "5432"),
                ("dbname", "db"),
                ("application_name", "a@b"),
            ],
        );
    }

    #[test]
    fn pieces_of_the_password_stay_hidden_where_they_land() {
        check(
            "postgresql://u:hun@ter2@h.example/db",
            Reader::Libpq,
            &[("user", "u"), ("password", "***"), ("host", "***@h.example"), ("dbname", "db")],
        );
        check(
            "postgresql://u:hun/ter2@h.example/db",
            Reader::Libpq,
            &[("host", "u"), ("port", "***"), ("dbname", "***@h.example/db")],
        );
        check(
            "postgresql://u:hun@x?y=ter2@h.example/db",
            Reader::Pgx,
            &[("user", "u"), ("password", "***"), ("host", "***"), ("***", "***@h.example/db")],
        );
        check(
            "postgresql://u:hunter@ab@h.example/db",
            Reader::Libpq,
            &[("user", "u"), ("password", "***"), ("host", "***@h.example"), ("dbname", "db")],
        );
    }
}
