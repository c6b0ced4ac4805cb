//! Changing a file's value while every other byte stays as it is.

use std::fmt;

use secret::Secret;

use crate::file::{EnvFile, is_key};
use crate::quote;

/// Why a value cannot be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EditError {
    /// The key is no name.
    InvalidKey,
    /// The value holds a NUL byte, which no environment can carry.
    Nul,
    /// No way of quoting carries the value to every reader, and a shell may run a part of it.
    Quoting,
}

impl fmt::Display for EditError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            EditError::InvalidKey => "the key is not a name",
            EditError::Nul => "the value holds a NUL byte",
            EditError::Quoting => {
                "no quotes carry the value: it holds a backtick or `$` beside a single quote, a line break or a backslash at the end, and a shell could run a part of it"
            }
        })
    }
}

impl std::error::Error for EditError {}

/// Sets a key: replaces the value that counts, or appends a line; returns the file's new bytes.
///
/// Where a key comes more than once the last entry changes, since that is the one that is read.
pub fn set(file: &EnvFile, key: &str, value: &Secret) -> Result<Secret, EditError> {
    if !is_key(key) {
        return Err(EditError::InvalidKey);
    }
    if value.expose().contains(&0) {
        return Err(EditError::Nul);
    }
    let written = quote::portable(value).ok_or(EditError::Quoting)?;
    let source = file.expose();
    let mut edited = Vec::with_capacity(source.len() + key.len() + written.expose().len() + 4);
    if let Some(entry) = file.entry(key) {
        edited.extend_from_slice(&source[..entry.value_span.start]);
        edited.extend_from_slice(written.expose());
        edited.extend_from_slice(&source[entry.value_span.end..]);
    } else {
        let ending: &[u8] = if source.ends_with(b"\r\n") { b"\r\n" } else { b"\n" };
        edited.extend_from_slice(source);
        if source.last().is_some_and(|last| *last != b'\n') {
            edited.extend_from_slice(ending);
        }
        edited.extend_from_slice(key.as_bytes());
        edited.push(b'=');
        edited.extend_from_slice(written.expose());
        edited.extend_from_slice(ending);
    }
    Ok(Secret::new(edited))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(input: &str, key: &str, value: &str, expected: &str) {
        let file = EnvFile::parse(input.as_bytes());
        let edited = set(&file, key, &Secret::new(value.as_bytes().to_vec())).unwrap();
        assert_eq!(String::from_utf8_lossy(edited.expose()), expected);
    }

    #[test]
    fn only_the_value_changes() {
        check("A=1\n# c\n B = 2 # d\r\nC=3", "B", "x", "A=1\n# c\n B = x # d\r\nC=3");
        check("A='1' # c\n", "A", "p q", "A='p q' # c\n");
        check("A=\"1\n2\"\nB=3\n", "A", "x", "A=x\nB=3\n");
        check("A=1\nA=2\n", "A", "x", "A=1\nA=x\n");
        check("A=\n", "A", "x", "A=x\n");
        check("A= # c\n", "A", "x", "A=x # c\n");
        check("export A=1\n", "A", "x#y", "export A=\"x#y\"\n");
    }

    #[test]
    fn a_new_key_goes_to_the_end() {
        check("A=1\n", "B", "2", "A=1\nB=2\n");
        check("A=1", "B", "2", "A=1\nB=2\n");
        check("A=1\r\n", "B", "2", "A=1\r\nB=2\r\n");
        check("", "B", "2", "B=2\n");
    }

    #[test]
    fn what_cannot_be_written_is_refused() {
        let file = EnvFile::parse(b"");
        let value = |bytes: &[u8]| Secret::new(bytes.to_vec());
        assert_eq!(set(&file, "A-B", &value(b"x")).err(), Some(EditError::InvalidKey));
        assert_eq!(set(&file, "A", &value(b"x\0")).err(), Some(EditError::Nul));
        for bytes in [b"a'`touch X`".as_slice(), b"a'$(id)", b"a\n`id`", b"`id`\\", b"#'`id`"] {
            assert_eq!(set(&file, "A", &value(bytes)).err(), Some(EditError::Quoting));
        }
        for bytes in [b"`id`".as_slice(), b"$x", b"a'b", b"#`id`", b"a\"$b"] {
            assert!(set(&file, "A", &value(bytes)).is_ok());
        }
    }

    proptest! {
        #[test]
        fn what_is_set_is_read_back(
            before in "([A-C]=[a-z' #]{0,6}\n|# [a-z]{0,4}\n|\n){0,5}",
            key in "[A-D]",
            value in "[^\0]{0,24}",
        ) {
            let file = EnvFile::parse(before.as_bytes());
            let edited = match set(&file, &key, &Secret::new(value.clone().into_bytes())) {
                Err(EditError::Quoting) => {
                    prop_assert!(value.contains(['`', '$']));
                    return Ok(());
                }
                edited => edited.unwrap(),
            };
            let reread = EnvFile::parse(edited.expose());
            // A malformed line above may hold an open quote; then the file says so itself.
            prop_assume!(file.problems().iter().all(|problem| !problem.code.is_doubtful()));
            prop_assert_eq!(reread.get(&key).unwrap().expose(), value.as_bytes());
            for entry in file.entries().iter().filter(|entry| entry.key != key) {
                prop_assert_eq!(
                    reread.get(&entry.key).unwrap().expose(),
                    file.get(&entry.key).unwrap().expose()
                );
            }
        }
    }
}
