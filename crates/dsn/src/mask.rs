//! Showing what a reader understood without showing a piece of the password.

use std::borrow::Cow;
use std::ops::Range;

use crate::{Reader, known_option, parameter_owner};

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
        match credentials(text) {
            Some(credentials) => add_pieces(&mut pieces, credentials),
            // Whoever encodes too much encodes the colon or the `@` that divide, and they no longer do.
            None => {
                if let Some(credentials) = credentials(&with_raw_dividers(text)) {
                    add_pieces(&mut pieces, credentials);
                }
            }
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
        pieces.sort_unstable();
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
        let is_name =
            name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-. ".contains(&byte));
        if known_option(name.as_bytes()).is_some() || is_name && !self.touches(name.as_bytes()) {
            Cow::Borrowed(name)
        } else {
            Cow::Borrowed(HIDDEN)
        }
    }

    /// A field's value for showing; text that is no field has no name. A credential is hidden, and of anything else what may be a piece of one.
    pub fn value(&self, name: &str, value: &[u8]) -> String {
        if Self::is_secret(name) {
            return HIDDEN.to_owned();
        }
        // A misspelt `password` is a parameter that nobody knows.
        if !is_known_parameter(name) {
            return HIDDEN.to_owned();
        }
        let text = String::from_utf8_lossy(value);
        if !self.touches(value) && is_well_formed(name, value) {
            return text.into_owned();
        }
        match text.rsplit_once('@') {
            Some((_, rest)) if name != "user" && !self.touches(rest.as_bytes()) => {
                format!("{HIDDEN}@{rest}")
            }
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

fn is_known_parameter(name: &str) -> bool {
    name.is_empty() || known_option(name.as_bytes()).is_some() || parameter_owner(name).is_some()
}

/// Whether a value can be what its field is called: a host, a port, a user or a database.
///
/// One that cannot be is a piece of a string that was read otherwise than it was meant.
fn is_well_formed(name: &str, value: &[u8]) -> bool {
    let has_none_of = |hostile: &[u8]| {
        !crate::percent::decode_lenient(value)
            .iter()
            .any(|byte| hostile.contains(byte) || byte.is_ascii_control())
    };
    match name {
        "host" | "hostaddr" => {
            value.split(|&byte| byte == b',').all(|host| is_host(&String::from_utf8_lossy(host)))
        }
        "port" => value.iter().all(|byte| byte.is_ascii_digit() || *byte == b','),
        "user" => has_none_of(b":/?#&= "),
        "dbname" => has_none_of(b"@:/?#&=;"),
        _ => true,
    }
}

fn is_host(host: &str) -> bool {
    let inner = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    let is_word = |also: &str| inner.chars().all(|c| c.is_alphanumeric() || also.contains(c));
    inner.parse::<std::net::Ipv6Addr>().is_ok() || is_word("-._") || {
        // A socket's folder.
        inner.starts_with('/') && is_word("-._/")
    }
}

/// The text with `%3A` and `%40` decoded before its query.
fn with_raw_dividers(text: &[u8]) -> Vec<u8> {
    let query = text.iter().position(|&byte| byte == b'?').unwrap_or(text.len());
    let mut raw = Vec::with_capacity(text.len());
    let mut index = 0;
    while index < text.len() {
        let escape = text.get(index..index + 3).filter(|_| index < query).unwrap_or_default();
        let (byte, length) = match escape {
            [b'%', b'3', b'A' | b'a'] => (b':', 3),
            [b'%', b'4', b'0'] => (b'@', 3),
            _ => (text[index], 1),
        };
        raw.push(byte);
        index += length;
    }
    raw
}

/// Whether a value holds a piece; one of one or two characters is in everything, so it counts only
/// between delimiters.
fn holds(value: &[u8], piece: &[u8]) -> bool {
    if piece.len() < 3 {
        value.split(|byte| DELIMITERS.contains(byte)).any(|part| part == piece)
    } else {
        memchr::memmem::find(value, piece).is_some()
    }
}

/// Cuts a text at everything that may end a part of a URL, and takes each piece as written and decoded.
fn add_pieces(pieces: &mut Vec<Vec<u8>>, text: &[u8]) {
    for piece in text.split(|byte| DELIMITERS.contains(byte)).filter(|piece| !piece.is_empty()) {
        pieces.push(piece.to_ascii_lowercase());
        pieces.push(crate::percent::decode_lenient(piece).to_ascii_lowercase());
    }
}

/// What follows each `password=` and its like, wherever in the text that stands; what stands in one that was found has
/// no other pieces.
fn after_password_keys(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let keys: [&[u8]; 4] = [b"password=", b"passwd=", b"pwd=", b"pass="];
    let mut reach = 0;
    (0..text.len()).filter_map(move |start| {
        let rest = &text[start..];
        let starts = |key: &&&[u8]| {
            rest.get(..key.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(key))
        };
        if start < reach {
            return None;
        }
        let key_len = keys.iter().find(starts)?.len();
        let value = rest[key_len..].split(|byte| b"&; \t\r\n".contains(byte)).next()?;
        reach = start + key_len + value.len();
        Some(value)
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
    fn dividers_that_are_encoded_and_misspelt_names_show_nothing() {
        check(
            "postgresql://postgres:SECq9pw%40h.example:5432/db",
            Reader::Libpq17,
            &[("host", "postgres"), ("port", "***@h.example:5432"), ("dbname", "db")],
        );
        check(
            "postgresql://postgres%3ASECq9pw@h.example/db",
            Reader::Libpq,
            &[("user", "***"), ("host", "h.example"), ("dbname", "db")],
        );
        check(
            "postgresql://u@h.example/db?passsword=SECq9pw&sslmode=require",
            Reader::Rails,
            &[
                ("user", "u"),
                ("host", "h.example"),
                ("dbname", "db"),
                ("passsword", "***"),
                ("sslmode", "require"),
            ],
        );
        check(
            "postgresql://u@h.example/db?password:SECq9pw",
            Reader::NodePostgres,
            &[("user", "u"), ("host", "h.example"), ("dbname", "db"), ("***", "***")],
        );
        check(
            "postgresql://u@[::1]/db?host=%2Fvar%2Frun",
            Reader::Libpq,
            &[("user", "u"), ("host", "/var/run"), ("dbname", "db")],
        );
    }

    #[test]
    fn what_a_client_is_known_to_read_is_shown() {
        check(
            "postgresql://u:hunter2@h.example/db?pool_max_conn_lifetime=1h&lock_timeout=5s&pool_max_con=3",
            Reader::Pgx,
            &[
                ("user", "u"),
                ("password", "***"),
                ("host", "h.example"),
                ("dbname", "db"),
                ("pool_max_conn_lifetime", "1h"),
                ("lock_timeout", "5s"),
                ("pool_max_con", "***"),
            ],
        );
        check(
            "jdbc:postgresql://h.example/db?user=u&password=hunter2&loggerLevel=DEBUG&sslfactoryarg=x&socketTimeout=hunter2",
            Reader::Jdbc,
            &[
                ("dbname", "db"),
                ("host", "h.example"),
                ("user", "u"),
                ("password", "***"),
                ("loggerLevel", "DEBUG"),
                ("sslfactoryarg", "***"),
                ("socketTimeout", "***"),
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
            &[("user", "u"), ("password", "***"), ("host", "***"), ("***", "***")],
        );
        check(
            "postgresql://u:hunter@ab@h.example/db",
            Reader::Libpq,
            &[("user", "u"), ("password", "***"), ("host", "***@h.example"), ("dbname", "db")],
        );
    }
}
