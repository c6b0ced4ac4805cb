//! Credentials in a text, by the vault's values and by form, told without a value.

use std::ops::Range;

use secret::SecretSet;

/// One credential in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Leak {
    /// Where, in bytes.
    pub(crate) range: Range<usize>,
    /// Which: `FILE:KEY` of the vault, or the rule it has the form of.
    pub(crate) name: String,
    /// Whether it is a value of the vault.
    pub(crate) in_vault: bool,
}

/// Every credential in a text; the vault's own come first where two overlap.
pub(crate) fn find(text: &str, secrets: Option<&SecretSet>) -> Vec<Leak> {
    // Preparing the search costs more than all else where there is nothing to search.
    if text.trim().is_empty() {
        return Vec::new();
    }
    let mut leaks: Vec<Leak> = secrets
        .into_iter()
        .flat_map(|set| set.find(text.as_bytes()))
        .map(|found| Leak { range: found.range, name: found.name.to_owned(), in_vault: true })
        .collect();
    for found in secret::form::find(text.as_bytes()) {
        let overlaps =
            |leak: &Leak| leak.range.start < found.range.end && found.range.start < leak.range.end;
        if !leaks.iter().any(overlaps) {
            leaks.push(Leak { range: found.range, name: found.rule.to_owned(), in_vault: false });
        }
    }
    leaks.sort_by_key(|leak| leak.range.start);
    leaks
}

/// The text with each credential replaced.
pub(crate) fn mask(text: &str, secrets: Option<&SecretSet>) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut at = 0;
    for leak in find(text, secrets) {
        // Ranges of bytes may overlap, or cut a letter in two.
        masked.push_str(text.get(at..leak.range.start).unwrap_or_default());
        if leak.range.end > at {
            masked.push_str("***REDACTED***");
            at = (leak.range.end..=text.len())
                .find(|end| text.is_char_boundary(*end))
                .unwrap_or(text.len());
        }
    }
    masked.push_str(&text[at..]);
    masked
}

impl Leak {
    /// What it is, in words, without the value.
    pub(crate) fn describe(&self) -> String {
        let length = self.range.len();
        if self.in_vault {
            format!("***REDACTED*** ({length} characters): the vault's {}", self.name)
        } else {
            format!(
                "***REDACTED*** ({length} characters): a credential by its form ({})",
                self.name
            )
        }
    }
}
