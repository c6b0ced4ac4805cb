//! The small words of the file: names, paths, durations, `FILE:KEY`.

use std::fmt::{self, Write};
use std::path::PathBuf;
use std::time::Duration;

use crate::error::Error;
use crate::node::Node;
use crate::vault::VaultSection;

/// One key in one vault file, as `supabase/database_url_staging.env:DATABASE_URL`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CredentialName {
    /// The file, relative to the vault's root, with `/`.
    pub file: String,
    /// The key in it.
    pub key: String,
}

impl fmt::Display for CredentialName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}", self.file, self.key)
    }
}

/// A text as a basic string of TOML, for who proposes a part of ops.toml; the names of files may hold anything.
pub fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' | '\\' => quoted.extend(['\\', letter]),
            control if control.is_control() => {
                let _ = write!(quoted, "\\u{:04X}", u32::from(control));
            }
            letter => quoted.push(letter),
        }
    }
    quoted + "\""
}

const MAX_NAME: usize = 100;

impl<'a> Node<'a> {
    /// Reads one line of text that is not empty.
    pub(crate) fn line_of_text(&self) -> Result<&'a str, Error> {
        let text = self.text()?;
        if text.trim().is_empty() {
            return Err(self.error("must not be empty"));
        }
        if text.chars().any(char::is_control) {
            return Err(self.error("must be one line without control characters"));
        }
        Ok(text)
    }

    /// Reads a name, which later becomes part of file names and command lines.
    pub(crate) fn name(&self) -> Result<&'a str, Error> {
        let text = self.text()?;
        if is_name(text) { Ok(text) } else { Err(self.not_a_name()) }
    }

    pub(crate) fn not_a_name(&self) -> Error {
        self.error(format!(
            "must be a name: letters, digits, `.`, `_` and `-`, beginning with a letter or digit, at most {MAX_NAME}"
        ))
    }

    pub(crate) fn variable(&self) -> Result<&'a str, Error> {
        let text = self.text()?;
        if is_variable(text) { Ok(text) } else { Err(self.not_a_variable()) }
    }

    pub(crate) fn not_a_variable(&self) -> Error {
        self.error("must be a variable's name: letters, digits and `_`, not beginning with a digit")
    }

    /// Reads one of the words of `table`.
    pub(crate) fn word<T: Copy>(&self, table: &[(&'static str, T)]) -> Result<T, Error> {
        let text = self.text()?;
        if let Some((_, meaning)) = table.iter().find(|(word, _)| *word == text) {
            return Ok(*meaning);
        }
        let words = table.iter().map(|(word, _)| *word);
        let list: Vec<_> = words.clone().map(|word| format!("`{word}`")).collect();
        Err(self.unknown(format!("must be one of {}", list.join(", ")), words))
    }

    /// Reads a path inside the repo and takes `.` and doubled `/` out of it.
    pub(crate) fn path(&self) -> Result<String, Error> {
        let text = self.line_of_text()?;
        inside(text).map_err(|problem| self.error(problem))
    }

    /// Reads a path inside the repo, but not in the vault, where only credentials belong.
    pub(crate) fn path_outside(&self, vault: Option<&VaultSection>) -> Result<String, Error> {
        let path = self.path()?;
        if vault.is_some_and(|vault| vault.contains(&path)) {
            return Err(self.error("must not lie in the vault"));
        }
        Ok(path)
    }

    /// Reads a path that may lie outside the repo: absolute, or under `~`.
    pub(crate) fn any_path(&self) -> Result<PathBuf, Error> {
        let text = self.line_of_text()?;
        if text == "~" || text.starts_with("~/") || text.starts_with('/') {
            return Ok(PathBuf::from(text));
        }
        if text.starts_with('~') {
            return Err(self.error("must not name another person's home folder"));
        }
        self.path().map(PathBuf::from)
    }

    pub(crate) fn duration(&self) -> Result<Duration, Error> {
        parse_duration(self.text()?).ok_or_else(|| {
            self.error("must be a duration: a whole number above 0 and `ms`, `s`, `m`, `h`, `d` or `w`, as \"30s\"")
        })
    }

    /// Reads `FILE:KEY`; whether it is declared is for the caller to see.
    pub(crate) fn credential_name(&self) -> Result<CredentialName, Error> {
        parse_credential_name(self.text()?).map_err(|problem| {
            self.error(format!("must be FILE:KEY, relative to the vault's root: {problem}"))
        })
    }
}

pub(crate) fn is_name(text: &str) -> bool {
    text.len() <= MAX_NAME
        && text.starts_with(|first: char| first.is_ascii_alphanumeric())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
}

pub(crate) fn is_variable(text: &str) -> bool {
    !text.is_empty()
        && !text.starts_with(|first: char| first.is_ascii_digit())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// Whether a text is one line that is not blank.
pub(crate) fn is_line(text: &str) -> bool {
    !text.trim().is_empty() && !text.chars().any(char::is_control)
}

/// Returns the path without `.` parts and doubled `/`, or why it is no path inside the repo.
pub(crate) fn inside(text: &str) -> Result<String, &'static str> {
    if text.contains('\\') {
        return Err("must be written with `/`");
    }
    let drive = text.as_bytes().get(1) == Some(&b':')
        && text.starts_with(|first: char| first.is_ascii_alphabetic());
    if text.starts_with('/') || text.starts_with('~') || drive {
        return Err("must be a relative path");
    }
    if text.split('/').all(|part| !matches!(part, "" | "." | "..")) {
        return Ok(text.to_owned());
    }
    let parts: Vec<_> = text.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
    if parts.contains(&"..") {
        return Err("leaves the repo: `..` is not allowed");
    }
    if parts.is_empty() { Ok(".".to_owned()) } else { Ok(parts.join("/")) }
}

pub(crate) fn parse_credential_name(text: &str) -> Result<CredentialName, &'static str> {
    let (file, key) = text.rsplit_once(':').ok_or("there is no `:`")?;
    if file.is_empty() || file.chars().any(char::is_control) {
        return Err("the file is missing");
    }
    if !is_variable(key) {
        return Err("the key is no variable's name");
    }
    let file = inside(file).map_err(|_| "the file is no path inside the vault")?;
    Ok(CredentialName { file, key: key.to_owned() })
}

pub(crate) fn parse_duration(text: &str) -> Option<Duration> {
    let unit_at = text.find(|character: char| !character.is_ascii_digit())?;
    let (number, unit) = text.split_at_checked(unit_at)?;
    let number: u64 = number.parse().ok().filter(|number| *number > 0)?;
    let seconds = match unit {
        "ms" => return Some(Duration::from_millis(number)),
        "s" => 1,
        "m" => 60,
        "h" => 60 * 60,
        "d" => 24 * 60 * 60,
        "w" => 7 * 24 * 60 * 60,
        _ => return None,
    };
    // A thousand years is a slip, and more would overflow dates reckoned with it.
    let total = number.checked_mul(seconds).filter(|total| *total <= 1000 * 366 * 24 * 60 * 60)?;
    Some(Duration::from_secs(total))
}
