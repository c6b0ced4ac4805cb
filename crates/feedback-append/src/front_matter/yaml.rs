//! Front matter as other programs read it: what YAML makes of a block, and text written so that YAML gives it back.

use std::borrow::Cow;
use std::fmt::{self, Write as _};

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_saphyr::options::DuplicateKeyPolicy;

/// The top-level keys of a block with their values, in order; a value that is no text has none.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Told {
    /// Each key and its value.
    pub(crate) keys: Vec<(String, Option<String>)>,
    /// Whether a key stands there more than once, of which the last counts.
    pub(crate) has_twice: bool,
}

impl Told {
    /// The value of a key, if it is there and is text.
    pub(crate) fn text(&self, key: &str) -> Option<&str> {
        let mut named = self.keys.iter().rev().filter(|(known, _)| known == key);
        named.next()?.1.as_deref()
    }
}

/// Reads what stands between the fences; none where it is no YAML, or no mapping.
pub(crate) fn read(inner: &str) -> Option<Told> {
    if let Ok(Mapping(keys)) = serde_saphyr::from_str(inner) {
        return Some(Told { keys, has_twice: false });
    }
    let options = serde_saphyr::options! { duplicate_keys: DuplicateKeyPolicy::LastWins };
    let Mapping(keys) = serde_saphyr::from_str_with_options(inner, options).ok()?;
    Some(Told { keys, has_twice: true })
}

/// A text as a value of front matter: as it is where YAML reads it as that text, else in quotes.
pub(crate) fn scalar(text: &str) -> Cow<'_, str> {
    if is_plain(text) {
        return Cow::Borrowed(text);
    }
    if !text.chars().any(|other| other.is_control() || "\u{2028}\u{2029}\u{feff}".contains(other)) {
        return Cow::Owned(format!("'{}'", text.replace('\'', "''")));
    }
    let mut quoted = String::from("\"");
    for other in text.chars() {
        match other {
            '"' | '\\' => quoted.extend(['\\', other]),
            _ if other.is_control() || "\u{2028}\u{2029}\u{feff}".contains(other) => {
                let _ = write!(quoted, "\\u{:04X}", u32::from(other));
            }
            _ => quoted.push(other),
        }
    }
    quoted.push('"');
    Cow::Owned(quoted)
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

struct Mapping(Vec<(String, Option<String>)>);

impl<'de> Deserialize<'de> for Mapping {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Keys;
        impl<'de> Visitor<'de> for Keys {
            type Value = Mapping;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a mapping")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Mapping, A::Error> {
                let mut keys = Vec::new();
                while let Some((key, Text(value))) = map.next_entry::<Text, Text>()? {
                    keys.push((key.0.unwrap_or_default(), value));
                }
                Ok(Mapping(keys))
            }
        }
        deserializer.deserialize_map(Keys)
    }
}

/// A value, if it is text.
struct Text(Option<String>);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Text;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a value")
            }

            fn visit_str<E>(self, text: &str) -> Result<Text, E> {
                Ok(Text(Some(text.to_owned())))
            }

            fn visit_bool<E>(self, _: bool) -> Result<Text, E> {
                Ok(Text(None))
            }

            fn visit_i64<E>(self, _: i64) -> Result<Text, E> {
                Ok(Text(None))
            }

            fn visit_u64<E>(self, _: u64) -> Result<Text, E> {
                Ok(Text(None))
            }

            fn visit_f64<E>(self, _: f64) -> Result<Text, E> {
                Ok(Text(None))
            }

            fn visit_unit<E>(self) -> Result<Text, E> {
                Ok(Text(None))
            }

            fn visit_none<E>(self) -> Result<Text, E> {
                Ok(Text(None))
            }

            fn visit_some<D: Deserializer<'de>>(self, some: D) -> Result<Text, D::Error> {
                some.deserialize_any(Any)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Text, A::Error> {
                while seq.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Text(None))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Text, A::Error> {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Text(None))
            }
        }
        deserializer.deserialize_any(Any)
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
            told.keys.iter().map(|(key, value)| format!("{key}={value:?}")).collect();
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
