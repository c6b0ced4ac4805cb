//! libpq's service files, as `parseServiceFile` of `fe-connect.c` reads them.

use std::path::Path;

use secret::Secret;

use super::options::is_new_in_18;
use super::{Version, is_space, known_option};
use crate::Refusal;

/// The longest line, its end included, that fits libpq's buffer.
const LONGEST_LINE: usize = 1022;

/// What a service file says of one service: options in the order of the file.
pub type ServiceSettings = Vec<(&'static str, Secret)>;

/// Reads the settings of a service; `None` where the file does not define it.
///
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
                settings = is_wanted.then(Vec::new);
            }
            (None | Some(b'#'), _) | (Some(_), None) => {}
            (Some(_), Some(found)) => {
                if line.starts_with(b"ldap") {
                    return Err(fault("LDAP lookup", number)
                        .hint("libpq would ask that directory; this tool does not"));
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
                found.push((option, Secret::new(value.to_vec())));
            }
        }
    }
    Ok(settings)
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
                settings.iter().fold(String::new(), |mut shown, (name, value)| {
                    let _ = write!(shown, "{name}={};", value.expose_text().unwrap());
                    shown
                })
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
        check(
            "[staging]\nldap://CANARY\n",
            "LDAP lookup in service file \"pg_service.conf\", line 2",
        );
        check(
            &format!("[staging]\nhost={}\n", "x".repeat(1100)),
            "line 2 too long in service file \"pg_service.conf\"",
        );
    }
}
