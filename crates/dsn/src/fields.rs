//! What a reader understood of a string: named values, each of them a secret until asked for.

use std::borrow::Cow;
use std::fmt;

use secret::Secret;

/// The name of a field, as libpq names it; a client's own parameter keeps its own name.
pub type Name = Cow<'static, str>;

/// The named values of a connection string, in the order in which they were first set.
///
/// `Debug` shows libpq's names alone: where a string is read otherwise than it was meant, a piece of the
/// password may stand in any field, the host included.
#[derive(Default)]
pub struct Fields {
    entries: Vec<(Name, Secret)>,
}

impl Fields {
    /// No fields, with room for the usual number.
    pub fn new() -> Self {
        Self { entries: Vec::with_capacity(8) }
    }

    /// The bytes of a field, where the string sets it.
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        self.secret(name).map(Secret::expose)
    }

    /// A field as it is kept, where the string sets it.
    pub fn secret(&self, name: &str) -> Option<&Secret> {
        self.entries.iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    /// Sets a field; the last value wins and keeps the first one's place.
    pub fn set(&mut self, name: impl Into<Name>, value: impl Into<Vec<u8>>) {
        let (name, value) = (name.into(), Secret::new(value.into()));
        match self.entries.iter_mut().find(|(known, _)| *known == name) {
            Some(entry) => entry.1 = value,
            None => self.entries.push((name, value)),
        }
    }

    /// Sets a field that is known not to be set yet.
    pub(crate) fn push(&mut self, name: &'static str, value: impl Into<Vec<u8>>) {
        self.entries.push((Name::Borrowed(name), Secret::new(value.into())));
    }

    /// Takes a field away.
    pub fn remove(&mut self, name: &str) {
        self.entries.retain(|(known, _)| known != name);
    }

    /// Every field with its value, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Secret)> {
        self.entries.iter().map(|(name, value)| (name.as_ref(), value))
    }

    /// Makes a second copy in memory.
    #[must_use]
    pub fn duplicate(&self) -> Self {
        let entries = self.entries.iter().map(|(name, value)| (name.clone(), value.duplicate()));
        Self { entries: entries.collect() }
    }

    /// Whether both set the same names to the same values, in whatever order.
    pub fn same_as(&self, other: &Self) -> bool {
        self.entries.len() == other.entries.len()
            && self
                .iter()
                .all(|(name, value)| other.secret(name).is_some_and(|other| other.same_as(value)))
    }

    /// The names of the fields that are set, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().map(|(name, _)| name.as_ref())
    }
}

impl fmt::Debug for Fields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A name that is none of libpq's may itself be a piece of the password.
        let is_known = |name: &str| crate::known_option(name.as_bytes()).is_some();
        f.debug_set()
            .entries(self.names().map(|name| if is_known(name) { name } else { "…" }))
            .finish()
    }
}
