//! libpq's service files, as `parseServiceFile` of `fe-connect.c` reads them.

use std::path::Path;

use secret::Secret;

use super::options::is_new_in_18;
use super::{Version, is_space, known_option};
use crate::Refusal;

/// The longest line, its end included, that fits libpq's buffer.
const LONGEST_LINE: usize = 1022;

/// What a service file says of one service.
#[derive(Default)]
pub struct ServiceSettings {
    /// Options in the order of the file.
    pub options: Vec<(&'static str, Secret)>,
    /// The lines, from 1, that name an LDAP server.
    ///
    /// A libpq that is built with LDAP asks it and takes its answer in place of the lines that follow; where
    /// the server does not answer it reads on. A libpq without LDAP refuses such a line.
    pub lookups: Vec<usize>,
}

/// Reads the settings of a service; `None` where the file does not define it.
///
/// LDAP servers are not asked: what follows their lines is read, as libpq does where they do not answer.
/// Only the first group of that name counts, white space around `=` belongs to key and value, and of a
/// key that comes twice both are answered, the first of which wins.
///
/// # Errors
/// libpq's reason, with the file and the line, and without the text of the line.
pub fn service_settings(
    text: &[u8],
    service: &[u8],
    path: &Path,
    version: Version,
) -> Result<Option<ServiceSettings>, Refusal> {
    let fault = |what: &str, number: usize| {
        Refusal::new(format!("{what} in service file \"{}\", line {number}", path.display()))
    };
    let mut settings: Option<ServiceSettings> = None;
    for (index, line) in text.split_inclusive(|&byte| byte == b'\n').enumerate() {
        let number = index + 1;
        // C's string functions end at a NUL.
        let line = line.split(|&byte| byte == 0).next().unwrap_or_default();
        if line.len() > LONGEST_LINE {
            let reason = format!("line {number} too long in service file \"{}\"", path.display());
            return Err(Refusal::new(reason).hint("keep each line under 1,022 bytes"));
        }
        let line = trimmed(line);
        match (line.first(), &mut settings) {
            (Some(b'['), Some(_)) => break,
            (Some(b'['), None) => {
                let is_wanted =
                    line[1..].strip_prefix(service).is_some_and(|rest| rest.starts_with(b"]"));
                settings = is_wanted.then(ServiceSettings::default);
            }
            (None | Some(b'#'), _) | (Some(_), None) => {}
            (Some(_), Some(found)) => {
                if line.starts_with(b"ldap") {
                    lookup(line).map_err(|reason| {
                        let file = path.display();
                        Refusal::new(reason).hint(format!(
                            "line {number} of {file}: ldap://host/name?attribute?base, one or sub?filter"
                        ))
                    })?;
                    found.lookups.push(number);
                    continue;
                }
                let syntax = || {
                    fault("syntax error", number).hint("write option=value without spaces around =")
                };
                let equals = line.iter().position(|&byte| byte == b'=').ok_or_else(syntax)?;
                let (key, value) = (&line[..equals], &line[equals + 1..]);
                if key == b"service" {
                    return Err(fault("nested service specifications not supported", number)
                        .hint("write the settings of that service here"));
                }
                let option = known_option(key)
                    .filter(|option| *option != "requiressl")
                    .filter(|option| version == Version::V18 || !is_new_in_18(option))
                    .ok_or_else(syntax)?;
                found.options.push((option, Secret::new(value.to_vec())));
            }
        }
    }
    Ok(settings)
}

/// Checks the URL of an LDAP lookup as `ldapServiceLookup` does, in its order.
fn lookup(line: &[u8]) -> Result<(), &'static str> {
    const ATTRIBUTE: &str = "invalid LDAP URL: must have exactly one attribute";
    const SCOPE: &str = "invalid LDAP URL: must have search scope (base/one/sub)";
    let scheme = b"ldap://";
    let rest = line
        .split_at_checked(scheme.len())
        .filter(|(start, _)| start.eq_ignore_ascii_case(scheme))
        .map(|(_, rest)| rest)
        .ok_or("invalid LDAP URL: scheme must be ldap://")?;
    let slash = rest.iter().position(|&byte| byte == b'/').filter(|slash| slash + 1 < rest.len());
    let slash = slash.ok_or("invalid LDAP URL: missing distinguished name")?;
    let mut parts = rest[slash + 1..].split(|&byte| byte == b'?').skip(1);
    let mut given = || parts.next().filter(|part| !part.is_empty());
    let attribute = given().ok_or(ATTRIBUTE)?;
    let scope = given().ok_or(SCOPE)?;
    given().ok_or("invalid LDAP URL: no filter")?;
    let port = rest[..slash].iter().position(|&byte| byte == b':').map(|at| &rest[at + 1..slash]);
    if let Some(port) = port {
        let port = std::str::from_utf8(port).ok().and_then(|port| port.parse::<u16>().ok());
        port.ok_or("invalid LDAP URL: invalid port number")?;
    }
    if attribute.contains(&b',') {
        return Err(ATTRIBUTE);
    }
    let is_scope = |known: &[u8]| scope.eq_ignore_ascii_case(known);
    if is_scope(b"base") || is_scope(b"one") || is_scope(b"sub") { Ok(()) } else { Err(SCOPE) }
}

/// The line without the white space around it, by C's `isspace`.
fn trimmed(line: &[u8]) -> &[u8] {
    let start = line.iter().position(|&byte| !is_space(byte)).unwrap_or(line.len());
    let end = line.iter().rposition(|&byte| !is_space(byte)).map_or(start, |last| last + 1);
    &line[start..end]
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;

    fn check(text: &str, expected: &str) {
        let read = service_settings(
            text.as_bytes(),
            b"staging",
            Path::new("pg_service.conf"),
            Version::V18,
        );
        let shown = match read {
            Ok(None) => "not defined".to_owned(),
            Ok(Some(settings)) => {
                let lookups = settings.lookups.iter().map(|line| format!("lookup in line {line};"));
                settings.options.iter().fold(
                    lookups.collect(),
                    |mut shown: String, (name, value)| {
                        let _ = write!(shown, "{name}={};", value.expose_text().unwrap());
                        shown
                    },
                )
            }
            Err(refusal) => refusal.to_string(),
        };
        assert_eq!(shown, expected, "{text:?}");
    }

    #[test]
    fn the_first_group_of_the_name_counts() {
        check(
            "[a]\nhost=x\n[staging]\n# note\nhost=h\r\n  port=6543  \n\n[staging]\nuser=u\n",
            "host=h;port=6543;",
        );
        check("[staging] # as libpq takes it\nhost=h", "host=h;");
        check("[staging2]\nhost=h\nnonsense\n", "not defined");
        check("host=h\n", "not defined");
        check("", "not defined");
        check("[staging]\npassword= a=b \n", "password= a=b;");
    }

    #[test]
    fn a_directory_is_named_and_not_asked() {
        check(
            "[staging]\nldap://h.example/dc=x?a?base?(cn=y)\nhost=h\n",
            "lookup in line 2;host=h;",
        );
        for (line, fault) in [
            ("ldaps://h/x?a?base?f", "scheme must be ldap://"),
            ("ldap", "scheme must be ldap://"),
            ("ldap://h/", "missing distinguished name"),
            ("ldap://h/x?", "must have exactly one attribute"),
            ("ldap://h/x?a,b?base?f", "must have exactly one attribute"),
            ("ldap://h/x?a", "must have search scope (base/one/sub)"),
            ("ldap://h/x?a?all?f", "must have search scope (base/one/sub)"),
            ("ldap://h/x?a?base", "no filter"),
            ("ldap://h:x/x?a?base?f", "invalid port number"),
        ] {
            check(&format!("[staging]\n{line}\n"), &format!("invalid LDAP URL: {fault}"));
        }
    }

    #[test]
    fn a_fault_names_the_line_and_not_its_text() {
        check(
            "[staging]\nhost = CANARY\n",
            "syntax error in service file \"pg_service.conf\", line 2",
        );
        check("[staging]\nCANARY\n", "syntax error in service file \"pg_service.conf\", line 2");
        check(
            "[staging]\nservice=CANARY\n",
            "nested service specifications not supported in service file \"pg_service.conf\", line 2",
        );
        check("[staging]\nldap://CANARY\n", "invalid LDAP URL: missing distinguished name");
        check(
            &format!("[staging]\nhost={}\n", "x".repeat(1100)),
            "line 2 too long in service file \"pg_service.conf\"",
        );
    }
}
