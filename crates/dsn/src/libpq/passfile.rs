//! libpq's password file, as `passwordFromFile` of `fe-connect.c` reads it.

use std::borrow::Cow;

use secret::Secret;

/// Whom a password is for.
#[derive(Debug, Clone, Copy)]
pub struct Login<'a> {
    /// The host name or address; `localhost` for the default socket folder.
    pub host: &'a [u8],
    /// The port.
    pub port: &'a [u8],
    /// The database.
    pub dbname: &'a [u8],
    /// The user.
    pub user: &'a [u8],
}

/// The password of the first line that fits, and the number of that line from 1.
///
/// A line is `host:port:database:user:password`; a field that is `*` fits everything, and a backslash
/// takes the next character as it is.
pub fn password_from_file(text: &[u8], login: &Login<'_>) -> Option<(usize, Secret)> {
    for (number, line) in lines(text) {
        if line.first() == Some(&b'#') {
            continue;
        }
        let line = without_line_end(&line);
        let rest = [login.host, login.port, login.dbname, login.user]
            .into_iter()
            .try_fold(line, |rest, wanted| after_field(rest, wanted));
        if let Some(rest) = rest.filter(|_| !line.is_empty()) {
            return Some((number, Secret::new(unescaped(rest))));
        }
    }
    None
}

/// The lines with their numbers; of a line with a NUL libpq sees what is before it, and the next line after.
fn lines(text: &[u8]) -> impl Iterator<Item = (usize, Cow<'_, [u8]>)> {
    let mut numbered = text.split_inclusive(|&byte| byte == b'\n').enumerate();
    std::iter::from_fn(move || {
        let (index, line) = numbered.next()?;
        let Some(nul) = line.iter().position(|&byte| byte == 0) else {
            return Some((index + 1, Cow::Borrowed(line)));
        };
        let mut joined = line[..nul].to_vec();
        for (_, line) in numbered.by_ref() {
            let nul = line.iter().position(|&byte| byte == 0);
            joined.extend_from_slice(&line[..nul.unwrap_or(line.len())]);
            if nul.is_none() {
                break;
            }
        }
        Some((index + 1, Cow::Owned(joined)))
    })
}

/// What follows a field that fits and its colon.
fn after_field<'line>(line: &'line [u8], wanted: &[u8]) -> Option<&'line [u8]> {
    if line.starts_with(b"*:") {
        return Some(&line[2..]);
    }
    let mut wanted = wanted.iter();
    let mut index = 0;
    while let Some(&byte) = line.get(index) {
        if byte == b':' && wanted.as_slice().is_empty() {
            return Some(&line[index + 1..]);
        }
        if byte == b'\\' {
            index += 1;
        }
        // A backslash at the end takes the end itself, which fits nothing.
        if line.get(index) != wanted.next() || index >= line.len() {
            return None;
        }
        index += 1;
    }
    None
}

fn unescaped(text: &[u8]) -> Vec<u8> {
    let mut password = Vec::with_capacity(text.len());
    let mut index = 0;
    while let Some(&byte) = text.get(index).filter(|&&byte| byte != b':') {
        if byte == b'\\' && index + 1 < text.len() {
            index += 1;
        }
        password.push(text[index]);
        index += 1;
    }
    password
}

/// The text without the line feeds and carriage returns at its end.
fn without_line_end(line: &[u8]) -> &[u8] {
    let kept = line.iter().rposition(|byte| !matches!(byte, b'\n' | b'\r'));
    &line[..kept.map_or(0, |last| last + 1)]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Option<(usize, &str)>) {
        let login = Login { host: b"h.example", port: b"5432", dbname: b"d:b", user: b"u" };
        let found = password_from_file(text.as_bytes(), &login);
        let found = found.as_ref().map(|(line, secret)| (*line, secret.expose_text().unwrap()));
        assert_eq!(found, expected, "{text:?}");
    }

    #[test]
    fn the_first_line_that_fits_counts() {
        check("h.example:5432:d\\:b:u:CANARY1\n*:*:*:*:CANARY2\n", Some((1, "CANARY1")));
        check("h.example:5432:db:u:CANARY1\n*:*:*:*:CANARY2\n", Some((2, "CANARY2")));
        check("# *:*:*:*:CANARY1\n\n*:5432:*:u:CANARY2", Some((3, "CANARY2")));
        check("H.example:*:*:*:CANARY\n", None);
        check("*:*:*:CANARY\n", None);
        check("", None);
    }

    #[test]
    fn a_password_may_hold_what_is_escaped() {
        check("*:*:*:*:CANARY\\:a\\\\b\r\n", Some((1, "CANARY:a\\b")));
        check("*:*:*:*:CANARY:rest\n", Some((1, "CANARY")));
        check("*:*:*:*:CANARY\\\n", Some((1, "CANARY\\")));
        check("*:*:*:*:\n", Some((1, "")));
        check("\\h.example:*:*:\\u:CANARY#x \n", Some((1, "CANARY#x ")));
        check("**:*:*:*:CANARY\n", None);
    }
}
