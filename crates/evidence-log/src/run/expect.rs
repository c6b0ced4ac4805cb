//! What a success must print, and whether it did: held against what was kept, which is redacted.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use evidence::{Expectation, Outcome};
use regex::bytes::Regex;
use regex_syntax::hir::{Hir, HirKind, LookSet, Repetition};
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
    match Regex::new(text) {
        Ok(_) => Ok(text.to_owned()),
        Err(regex::Error::CompiledTooBig(_)) => {
            Err("the pattern is too large; repeat less, or write [0-9A-Za-z_] for \\w".to_owned())
        }
        Err(_) => {
            let why = opsfile::pattern::refusal(text);
            Err(why.map_or_else(|| "it is no regular expression".into(), |why| format!("it {why}")))
        }
    }
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
            Regex::new(pattern).is_ok_and(|regex| any_line(BufReader::new(file), &regex, pattern))
        }
        Expectation::Json(wanted) => holds(wanted, BufReader::new(file)),
    }
}

fn any_line(mut reader: impl BufRead, regex: &Regex, pattern: &str) -> bool {
    let without = without_boundaries(pattern);
    let mut line = Vec::new();
    loop {
        line.clear();
        match reader.by_ref().take(LIMIT).read_until(b'\n', &mut line) {
            Ok(0) | Err(_) => return false,
            Ok(_) => {
                let text = line.strip_suffix(b"\n").unwrap_or(&line);
                let text = text.strip_suffix(b"\r").unwrap_or(text);
                let may_match = |without: &Regex| text.is_ascii() || without.is_match(text);
                if without.as_ref().is_none_or(may_match) && regex.is_match(text) {
                    return true;
                }
            }
        }
    }
}

/// The pattern without its boundaries of words, if it has any: what it does not match, the pattern itself does not match
/// either, and beyond ASCII it is held against a line in a tenth of the time.
fn without_boundaries(pattern: &str) -> Option<Regex> {
    let parsed = regex_syntax::ParserBuilder::new().utf8(false).build().parse(pattern).ok()?;
    if !parsed.properties().look_set().contains_word_unicode() {
        return None;
    }
    Regex::new(&without_boundaries_in(&parsed).to_string()).ok()
}

fn without_boundaries_in(hir: &Hir) -> Hir {
    let all = |parts: &[Hir]| parts.iter().map(without_boundaries_in).collect();
    match hir.kind() {
        HirKind::Look(look) if LookSet::singleton(*look).contains_word_unicode() => Hir::empty(),
        HirKind::Repetition(repeated) => {
            let sub = Box::new(without_boundaries_in(&repeated.sub));
            Hir::repetition(Repetition { sub, ..repeated.clone() })
        }
        HirKind::Capture(group) => without_boundaries_in(&group.sub),
        HirKind::Concat(parts) => Hir::concat(all(parts)),
        HirKind::Alternation(parts) => Hir::alternation(all(parts)),
        HirKind::Empty | HirKind::Literal(_) | HirKind::Class(_) | HirKind::Look(_) => hir.clone(),
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
            any_line(printed.as_bytes(), &Regex::new(wanted).unwrap(), wanted),
            expected,
            "{wanted}"
        );
    }

    #[test]
    fn what_a_pattern_without_boundaries_does_not_match_it_does_not_match_itself() {
        assert!(without_boundaries("^ok$").is_none() && without_boundaries(r"(?-u:\b)x").is_none());
        let lines =
            ["", "ok", "\u{fc}ok", "ok \u{fc}", "\u{fc} ok\u{fc}", "a.b \u{fc}", "OK\u{fc}9"];
        for pattern in [
            r"\bok\b",
            r"\Bok",
            r"(?i)(a|\bOK)\b.?",
            r"(?:\bo){1,2}k|^\b{start}x",
            r"[^\n]*\b\w{2}\b$",
            r"(?s-u:.)\bok",
            r"(?x) \b o k # a remark",
            r"\bu\x{fc}?\b*",
            r"\b\.\b|\x{fc}\b",
        ] {
            let (regex, without) =
                (Regex::new(pattern).unwrap(), without_boundaries(pattern).unwrap());
            for line in lines {
                let (is_match, may_match) =
                    (regex.is_match(line.as_bytes()), without.is_match(line.as_bytes()));
                assert!(!is_match || may_match, "{pattern} {line} {without}");
            }
        }
    }

    #[test]
    fn a_pattern_is_held_against_each_line() {
        check_lines("one\r\nmain\r\n", "^main$", true);
        check_lines("one\nmainly\n", "^main$", false);
        check_lines("", "^$", false);
        check_lines("no line break", "break$", true);
        check_lines("caf\u{e9}s\ncaf\u{e9}\n", r"\bcaf\x{e9}\b", true);
        check_lines("caf\u{e9}s\n", r"\bcaf\x{e9}\b", false);
        check_lines("\u{fc}ok \u{fc}\n", r"(?i)^.(\bOK|x{2,3}\B)", false);
        let refused = pattern("CANARY(").unwrap_err();
        assert_eq!(refused, "it must be a regular expression; at its character 7: unclosed group");
    }
}
