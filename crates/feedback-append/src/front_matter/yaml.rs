//! Front matter as other programs read it: what YAML makes of a block, and text written so that YAML gives it back.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::Value;
use serde_saphyr::options::DuplicateKeyPolicy;

/// The top-level keys of a block with their values.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Told {
    /// Each key and its value.
    pub(crate) keys: BTreeMap<String, Value>,
    /// Whether a key stands there more than once, of which the last counts.
    pub(crate) has_twice: bool,
}

impl Told {
    /// The value of a key, if it is there and is text.
    pub(crate) fn text(&self, key: &str) -> Option<&str> {
        self.keys.get(key)?.as_str()
    }
}

/// Reads what stands between the fences; none where it is no YAML, or no mapping.
pub(crate) fn read(inner: &str) -> Option<Told> {
    if let Ok(keys) = serde_saphyr::from_str(inner) {
        return Some(Told { keys, has_twice: false });
    }
    Some(Told { keys: read_last(inner).ok()?, has_twice: true })
}

/// The line, from 0, from which on other programs cannot read what stands between the fences.
pub(crate) fn fault(inner: &str) -> Option<usize> {
    let line = read_last::<IgnoredAny>(inner).err()?.location().map_or(1, |place| place.line());
    Some(usize::try_from(line).unwrap_or(1).saturating_sub(1))
}

/// Reads YAML in which of a key that stands there more than once the last counts.
fn read_last<T: DeserializeOwned>(inner: &str) -> Result<T, serde_saphyr::Error> {
    let options = serde_saphyr::options! { duplicate_keys: DuplicateKeyPolicy::LastWins };
    serde_saphyr::from_str_with_options(inner, options)
}

/// A text as a value of front matter: as it is where YAML reads it as that text, else in quotes.
pub(crate) fn scalar(text: &str) -> Cow<'_, str> {
    if is_plain(text) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(if text.contains(is_escaped) {
        quoted(text)
    } else {
        format!("'{}'", text.replace('\'', "''"))
    })
}

/// A text between double quotes.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for other in text.chars() {
        match other {
            '"' | '\\' => quoted.extend(['\\', other]),
            _ if is_escaped(other) => {
                let _ = write!(quoted, "\\u{:04X}", u32::from(other));
            }
            _ => quoted.push(other),
        }
    }
    quoted + "\""
}

fn is_escaped(other: char) -> bool {
    other.is_control() || "\u{2028}\u{2029}\u{feff}".contains(other)
}

/// Whether every YAML reader, of version 1.1 too, takes these letters for the text that they are.
fn is_plain(text: &str) -> bool {
    const WORDS: [&str; 13] = [
        "y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf", "infinity", "~",
    ];
    let is_word = WORDS.iter().any(|word| text.eq_ignore_ascii_case(word));
    let is_numeric = text.starts_with(|first: char| first.is_ascii_digit())
        && (text.parse::<f64>().is_ok()
            || text.starts_with("0x")
            || text.starts_with("0o")
            || !text.contains(|other: char| other.is_ascii_alphabetic()));
    text.starts_with(char::is_alphanumeric)
        && !text.ends_with(' ')
        && text.chars().all(|other| other.is_alphanumeric() || " _./-'\\+@()".contains(other))
        && !is_word
        && !is_numeric
}

/// The value of a scalar as written: without its quotes and what they escape.
pub(super) fn unquoted(raw: &str) -> Cow<'_, str> {
    let between = |quote: char| raw.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote));
    if let Some(inner) = between('\'') {
        return if inner.contains('\'') {
            Cow::Owned(inner.replace("''", "'"))
        } else {
            Cow::Borrowed(inner)
        };
    }
    match between('"') {
        Some(inner) if inner.contains('\\') => {
            let read = serde_saphyr::from_str::<String>(raw);
            read.map_or(Cow::Borrowed(inner), Cow::Owned)
        }
        Some(inner) => Cow::Borrowed(inner),
        None => Cow::Borrowed(raw),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_reads_as_text_stays_plain() {
        for text in ["chatwoot", "feedback/a b.md", "2025.10.E1", "it's", "back\\slash", "é (x)"] {
            assert_eq!(scalar(text), text);
        }
        for text in [
            "@x",
            "a: b",
            "a #b",
            "#1",
            "Yes",
            "12",
            "1e5",
            "0x1f",
            "2026-11-01",
            "",
            " x",
            "x ",
            "-",
            "1:30",
        ] {
            assert_eq!(scalar(text), format!("'{text}'"));
        }
        assert_eq!(scalar("a\nb\"\\"), "\"a\\u000Ab\\\"\\\\\"");
    }

    #[test]
    fn keys_are_those_of_yaml() {
        let told = read("a: b\n\"c\": 'd'\ne: [1]\nf: 2\n? g\n: h\n").unwrap();
        let shown: Vec<_> =
            told.keys.keys().map(|key| format!("{key}={:?}", told.text(key))).collect();
        insta::assert_snapshot!(shown.join(" "), @r#"a=Some("b") c=Some("d") e=None f=None g=Some("h")"#);
        assert_eq!(read("{a: b, c: d}\n").unwrap().text("c"), Some("d"));
        let twice = read("a: b\na: c\n").unwrap();
        assert_eq!((twice.text("a"), twice.has_twice), (Some("c"), true));
        assert_eq!(read("a\n"), None);
        assert_eq!(read("a: b\nc\n"), None);
    }

    proptest! {
        #[test]
        fn any_text_is_read_back(text in "[ -~é\u{1}-\u{1f}\u{85}\u{2028}]{0,12}") {
            let written = scalar(&text);
            let told = read(&format!("key: {written}\nnext: x\n")).unwrap();
            prop_assert_eq!(told.text("key"), Some(text.as_str()));
            prop_assert_eq!(told.text("next"), Some("x"));
            prop_assert_eq!(unquoted(&written), text.as_str());
        }
    }
}
