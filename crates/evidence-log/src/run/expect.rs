//! What a success must print, and whether it did: held against what was kept, which is redacted.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use evidence::{Expectation, Outcome};
use regex::bytes::Regex;
use serde::de::DeserializeSeed;
use serde_json::Value;

use super::pointer::{At, steps};

/// The exit code of `run` where the command ended as expected and its output is not what was expected; and where it
/// ended with 0, and that was not expected.
pub(crate) const NOT_AS_EXPECTED: u8 = 123;

/// A longer line is held against a pattern in pieces of this many bytes.
const LIMIT: u64 = 4 * 1024 * 1024;

/// A longer expectation would not go into a record beside the command.
const LONGEST: usize = 4096;

/// Reads a pattern of the command line.
pub(crate) fn pattern(text: &str) -> Result<String, String> {
    check_length(text)?;
    Regex::new(text).map(|_| text.to_owned()).map_err(|refused| {
        let hint = match refused {
            regex::Error::CompiledTooBig(_) => {
                "the pattern is too large; repeat less, or write [0-9A-Za-z_] for \\w"
            }
            _ => "write a regular expression without look-around or back-references",
        };
        hint.to_owned()
    })
}

/// Reads a pointer of the command line, with or without a value.
pub(crate) fn pointer(text: &str) -> Result<String, String> {
    check_length(text)?;
    let (pointer, value) = parts(text);
    if !pointer.is_empty() && !pointer.starts_with('/') {
        return Err("write a JSON pointer, as /status, and perhaps =\"ok\"".to_owned());
    }
    match value {
        Some(value) if serde_json::from_str::<Value>(value).is_err() => {
            Err("behind `=` stands JSON: text in quotes, as /status=\"ok\"".to_owned())
        }
        _ => Ok(text.to_owned()),
    }
}

fn check_length(text: &str) -> Result<(), String> {
    if text.len() > LONGEST { Err("it is longer than 4096 bytes".to_owned()) } else { Ok(()) }
}

/// Whether this exit code counts as success.
pub(crate) fn is_expected(expected: &[u8], code: u8) -> bool {
    if expected.is_empty() { code == 0 } else { expected.contains(&code) }
}

/// The expectations that the kept output does not meet; all of them where the command did not end by itself.
pub(super) fn unmet(
    expected: &[Expectation],
    printed: &Path,
    outcome: &Outcome,
) -> Vec<Expectation> {
    let ended = matches!(outcome, Outcome::Exited { .. });
    expected.iter().filter(|wanted| !(ended && is_met(wanted, printed))).cloned().collect()
}

/// Output that cannot be read meets nothing.
fn is_met(wanted: &Expectation, printed: &Path) -> bool {
    let Ok(file) = File::open(printed) else { return false };
    match wanted {
        Expectation::Match(pattern) => {
            Regex::new(pattern).is_ok_and(|pattern| any_line(BufReader::new(file), &pattern))
        }
        Expectation::Json(wanted) => holds(wanted, BufReader::new(file)),
    }
}

fn any_line(mut reader: impl BufRead, pattern: &Regex) -> bool {
    let mut line = Vec::new();
    loop {
        line.clear();
        match reader.by_ref().take(LIMIT).read_until(b'\n', &mut line) {
            Ok(0) | Err(_) => return false,
            Ok(_) => {
                let text = line.strip_suffix(b"\n").unwrap_or(&line);
                if pattern.is_match(text.strip_suffix(b"\r").unwrap_or(text)) {
                    return true;
                }
            }
        }
    }
}

fn holds(wanted: &str, printed: impl Read) -> bool {
    let (pointer, value) = parts(wanted);
    let Ok(value) = value.map(serde_json::from_str::<Value>).transpose() else { return false };
    let mut reader = serde_json::Deserializer::from_reader(printed);
    let steps = steps(pointer);
    let found = At { steps: &steps, wanted: value.as_ref() }.deserialize(&mut reader);
    found.unwrap_or(false) && reader.end().is_ok()
}

/// The pointer, and the value behind the first `=` that can begin one.
fn parts(text: &str) -> (&str, Option<&str>) {
    text.split_once('=').map_or((text, None), |(pointer, value)| (pointer, Some(value)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_json(printed: &str, wanted: &str, expected: bool) {
        assert!(pointer(wanted).is_ok(), "{wanted}");
        assert_eq!(holds(wanted, printed.as_bytes()), expected, "{wanted} in {printed}");
    }

    #[test]
    fn a_pointer_finds_a_value() {
        let printed = r#"{"data_services":"ok","n":3,"list":[{"a":null}]}"#;
        check_json(printed, r#"/data_services="ok""#, true);
        check_json(printed, r#"/data_services="failing""#, false);
        check_json(printed, "/n=3", true);
        check_json(printed, "/n=3.0", true);
        check_json(printed, "/n=3.5", false);
        check_json(r#"{"a":[1.0,{"b":2e1,"c":0}]}"#, r#"/a=[1,{"c":0.0,"b":20}]"#, true);
        check_json(r#"{"a":[1,2]}"#, "/a=[1]", false);
        check_json(r#"{"a":{"b":1}}"#, r#"/a={"b":1,"c":1}"#, false);
        check_json(printed, "/n", true);
        check_json(printed, "/list/0/a=null", true);
        check_json(printed, "/list/1", false);
        check_json(printed, "/absent=null", false);
        check_json(printed, "/data_services/0", false);
        check_json(printed, "", true);
        check_json("7", "=7", true);
        check_json(&format!("{printed} x"), "/n=3", false);
        check_json(r#"{"a~b/c":{"":[5,{"x":1}]},"n":1,"n":2}"#, "/a~0b~1c//1/x=1", true);
        check_json(r#"{"n":1,"n":2}"#, "/n=2", true);
        check_json(r#"{"list":[1,2]}"#, "/list/01=2", false);
        assert!(pointer("status").is_err());
        assert!(pointer("/status=ok").is_err(), "text wants quotes");
    }

    fn check_lines(printed: &str, wanted: &str, expected: bool) {
        assert_eq!(
            any_line(printed.as_bytes(), &Regex::new(wanted).unwrap()),
            expected,
            "{wanted}"
        );
    }

    #[test]
    fn a_pattern_is_held_against_each_line() {
        check_lines("one\r\nmain\r\n", "^main$", true);
        check_lines("one\nmainly\n", "^main$", false);
        check_lines("", "^$", false);
        check_lines("no line break", "break$", true);
        assert!(pattern("(").is_err());
    }
}
