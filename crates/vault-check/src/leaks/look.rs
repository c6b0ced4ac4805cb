//! What leaks in a piece of text: known values, credentials by form, short values beside their key.

use std::ops::Range;
use std::sync::Arc;

use secret::{Encoding, Part, Secret, SecretSet, form};

use crate::progress::Counts;

/// Everything that is searched for.
pub(crate) struct Look<'a> {
    pub(crate) set: &'a SecretSet,
    /// Values that stand in innocent text too, so that only their key gives them away.
    pub(crate) narrow: Vec<Narrow<'a>>,
    pub(crate) with_forms: bool,
    /// What was read so far, for whoever waits.
    pub(crate) counts: Arc<Counts>,
}

/// A value that is searched for only next to its key.
pub(crate) struct Narrow<'a> {
    /// `FILE:KEY`.
    pub(crate) name: String,
    pub(crate) key: &'a str,
    pub(crate) value: &'a Secret,
}

/// Something that leaked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Leak {
    /// The value of a credential, or a part of it.
    Value { name: String, part: Part, encoding: Encoding, in_part: bool },
    /// A short value next to its key.
    BesideKey { name: String },
    /// A credential by form.
    Form { rule: &'static str },
}

/// A leak and where it stands in the text.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) leak: Leak,
    pub(crate) range: Range<usize>,
}

impl Look<'_> {
    /// By how many bytes pieces of one text must overlap, so that nothing is cut in two.
    pub(crate) fn overlap(&self) -> usize {
        (self.set.longest() * 2 + 512).max(if self.with_forms { form::LONGEST + 512 } else { 0 })
    }

    /// Every leak in `text`, in order of place.
    pub(crate) fn at(&self, text: &[u8]) -> Vec<Place> {
        let (values, forms) = if self.with_forms {
            self.set.find_with_forms(text)
        } else {
            (self.set.find(text), Vec::new())
        };
        let mut places: Vec<Place> = values
            .into_iter()
            .map(|found| Place {
                leak: Leak::Value {
                    name: found.name.to_owned(),
                    part: found.part,
                    encoding: found.encoding,
                    in_part: found.in_part,
                },
                range: found.range,
            })
            .collect();
        for narrow in &self.narrow {
            places.extend(narrow.places(text));
        }
        let known: Vec<Range<usize>> = places.iter().map(|place| place.range.clone()).collect();
        let overlaps = |range: &Range<usize>| {
            known.iter().any(|known| known.start < range.end && range.start < known.end)
        };
        places.extend(
            forms
                .into_iter()
                .filter(|found| !overlaps(&found.range))
                .map(|found| Place { leak: Leak::Form { rule: found.rule }, range: found.range }),
        );
        places.sort_by_key(|place| (place.range.start, place.range.end));
        places
    }
}

impl Narrow<'_> {
    fn places(&self, text: &[u8]) -> Vec<Place> {
        // The value is compared with the text and goes nowhere.
        let value = self.value.expose();
        memchr::memmem::find_iter(text, self.key)
            .filter_map(|at| {
                let after = at + self.key.len();
                let is_between = |byte: &&u8| b" \t\"'`*:=>".contains(byte);
                let n_between = text[after..].iter().take(16).take_while(is_between).count();
                let start = after + n_between;
                let end = start + value.len();
                let is_word_after = text.get(end).is_some_and(u8::is_ascii_alphanumeric);
                let stands = n_between > 0 && text[start..].starts_with(value) && !is_word_after;
                stands.then(|| Place {
                    leak: Leak::BesideKey { name: self.name.clone() },
                    range: start..end,
                })
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_values_only_next_to_their_key() {
        let set = SecretSet::builder().build();
        let value = Secret::from("pw-9x".to_owned());
        let narrow = Narrow { name: "a.env:PASS".to_owned(), key: "PASS", value: &value };
        let look =
            Look { set: &set, narrow: vec![narrow], with_forms: true, counts: Arc::default() };
        let found = |text: &str| look.at(text.as_bytes()).len();
        assert_eq!(found("PASS=pw-9x"), 1);
        assert_eq!(found("\"PASS\": \"pw-9x\","), 1);
        assert_eq!(found("PASSpw-9x pw-9x PASS=pw-9xy PASS=other"), 0);
    }

    #[test]
    fn a_known_value_is_not_told_twice() {
        let mut builder = SecretSet::builder();
        builder.add("t.env:TOKEN", &Secret::from("CANARYq7Vw2xTzPaB3dE5fG7".to_owned()));
        let set = builder.build();
        let look = Look { set: &set, narrow: Vec::new(), with_forms: true, counts: Arc::default() };
        let places = look.at(b"TOKEN=CANARYq7Vw2xTzPaB3dE5fG7");
        assert!(matches!(places.as_slice(), [Place { leak: Leak::Value { .. }, .. }]));
    }
}
