//! A value that must not be seen.

use std::hint::black_box;

use zeroize::Zeroizing;

/// A secret value, wiped from memory when dropped.
///
/// It has no `Clone`, `Debug`, `Display`, `Serialize` or `PartialEq`, so that a value cannot
/// reach a log, an error or an answer by accident. A type that contains one and derives
/// `Debug` does not compile:
///
/// ```compile_fail
/// #[derive(Debug)]
/// struct Login {
///     password: secret::Secret,
/// }
/// ```
///
/// Nor does a comparison that would stop at the first difference, or an unseen copy:
///
/// ```compile_fail
/// let (a, b) = (secret::Secret::from(String::new()), secret::Secret::from(String::new()));
/// let _ = a == b;
/// ```
///
/// ```compile_fail
/// let a = secret::Secret::from(String::new());
/// let b = a.clone();
/// ```
pub struct Secret(Zeroizing<Vec<u8>>);

impl Secret {
    /// Takes over `value`; no copy is made.
    pub fn new(value: Vec<u8>) -> Self {
        Self(Zeroizing::new(value))
    }

    /// Shows the bytes. Every call should say in a comment where they go.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// Shows the value as text, or `None` where it is not UTF-8.
    pub fn expose_text(&self) -> Option<&str> {
        std::str::from_utf8(&self.0).ok()
    }

    /// The length in bytes. Not for showing: a length narrows a guess.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no byte at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Compares in a time that depends on the lengths alone.
    pub fn same_as(&self, other: &Self) -> bool {
        if self.len() != other.len() {
            return false;
        }
        let difference = self.0.iter().zip(other.0.iter()).fold(0, |seen, (a, b)| seen | (a ^ b));
        black_box(difference) == 0
    }

    /// Makes a second copy in memory, for the rare owner that cannot borrow.
    #[must_use]
    pub fn duplicate(&self) -> Self {
        Self(self.0.clone())
    }
}

impl From<String> for Secret {
    fn from(value: String) -> Self {
        Self::new(value.into_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compares_whole_values() {
        let check = |a: &str, b: &str, expected: bool| {
            assert_eq!(Secret::from(a.to_owned()).same_as(&Secret::from(b.to_owned())), expected);
        };
        check("", "", true);
        check("CANARY-1", "CANARY-1", true);
        check("CANARY-1", "CANARY-2", false);
        check("CANARY-1", "CANARY-11", false);
    }

    #[test]
    fn text_is_shown_only_when_it_is_text() {
        assert_eq!(Secret::from("é".to_owned()).expose_text(), Some("é"));
        assert_eq!(Secret::new(vec![0xff]).expose_text(), None);
        assert_eq!(Secret::new(vec![0xff]).duplicate().expose(), [0xff]);
        assert_eq!((Secret::new(vec![0xff]).len(), Secret::new(vec![]).is_empty()), (1, true));
    }
}
