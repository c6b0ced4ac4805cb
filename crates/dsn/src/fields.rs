//! What a reader understood of a string: named values, each of them a secret until asked for.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::ops::Range;
use std::sync::OnceLock;

use secret::Secret;
use zeroize::{Zeroize, Zeroizing};

/// The name of a field, as libpq names it; a client's own parameter keeps its own name.
pub type Name = Cow<'static, str>;

/// The named values of a connection string, in the order in which they were first set.
///
/// All values lie in one buffer, which is wiped when it goes; a [`Secret`] of each is made when the first
/// is asked for.
/// `Debug` shows libpq's names alone: where a string is read otherwise than it was meant, a piece of the
/// password may stand in any field, the host included.
#[derive(Default)]
pub struct Fields {
    buffer: Buffer,
    entries: Vec<Entry>,
    /// Where each name stands among the entries, if there are many.
    places: HashMap<Name, usize>,
    secrets: OnceLock<Vec<Secret>>,
}

/// No string that was meant has more fields; up to here a look at each is quickest.
const MANY: usize = 64;

/// Bytes that are wiped when they go.
#[derive(Default)]
struct Buffer(Vec<u8>);

impl Drop for Buffer {
    fn drop(&mut self) {
        // All that it has room for, in one stroke; a filled vector is wiped byte by byte.
        self.0.clear();
        self.0.spare_capacity_mut().zeroize();
    }
}

#[derive(Clone)]
struct Entry {
    name: Name,
    place: Range<usize>,
}

impl Fields {
    /// No fields.
    pub fn new() -> Self {
        Self::default()
    }

    /// No fields, with a copy of the text whose parts will be the values.
    pub(crate) fn of_text(text: &[u8]) -> Self {
        Self {
            buffer: Buffer(text.to_vec()),
            entries: Vec::with_capacity(8),
            places: HashMap::new(),
            secrets: OnceLock::new(),
        }
    }

    /// The bytes of a field, where the string sets it.
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        self.index(name).map(|index| &self.buffer.0[self.entries[index].place.clone()])
    }

    /// A field as it is kept, where the string sets it.
    pub fn secret(&self, name: &str) -> Option<&Secret> {
        self.index(name).and_then(|index| self.secrets().get(index))
    }

    /// Sets a field; the last value wins and keeps the first one's place.
    pub fn set(&mut self, name: impl Into<Name>, value: impl Into<Vec<u8>>) {
        let value = Zeroizing::new(value.into());
        let place = self.append(&value);
        self.give(name.into(), place);
    }

    /// Adds bytes that become a value; answers where they stand.
    pub(crate) fn append(&mut self, value: &[u8]) -> Range<usize> {
        let start = self.buffer.0.len();
        let end = start + value.len();
        if end > self.buffer.0.capacity() {
            // The old buffer is wiped as it goes.
            let mut larger = Vec::with_capacity((2 * end).max(64));
            larger.extend_from_slice(&self.buffer.0);
            self.buffer = Buffer(larger);
        }
        self.buffer.0.extend_from_slice(value);
        start..end
    }

    /// The bytes at a place of the text, to be decoded where they stand.
    pub(crate) fn bytes(&mut self, place: Range<usize>) -> &mut [u8] {
        &mut self.buffer.0[place]
    }

    /// Sets a field to the bytes at a place; the last value wins and keeps the first one's order.
    pub(crate) fn give(&mut self, name: Name, place: Range<usize>) {
        self.secrets = OnceLock::new();
        match self.index(&name) {
            Some(index) => self.entries[index].place = place,
            None => self.push(Entry { name, place }),
        }
    }

    /// [`Fields::give`] for a field that is known not to be set yet.
    pub(crate) fn give_new(&mut self, name: &'static str, place: Range<usize>) {
        self.push(Entry { name: Name::Borrowed(name), place });
    }

    /// Takes a field away.
    pub fn remove(&mut self, name: &str) {
        self.secrets = OnceLock::new();
        if let Some(index) = self.index(name) {
            self.entries.remove(index);
            if self.entries.len() > MANY {
                self.places.remove(name);
                self.places.values_mut().for_each(|place| *place -= usize::from(*place > index));
            } else {
                self.places.clear();
            }
        }
    }

    /// Every field with its value, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Secret)> {
        self.names().zip(self.secrets())
    }

    /// Makes a second copy in memory.
    #[must_use]
    pub fn duplicate(&self) -> Self {
        Self {
            buffer: Buffer(self.buffer.0.clone()),
            entries: self.entries.clone(),
            places: self.places.clone(),
            secrets: OnceLock::new(),
        }
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
        self.entries.iter().map(|entry| entry.name.as_ref())
    }

    fn index(&self, name: &str) -> Option<usize> {
        if self.entries.len() > MANY {
            return self.places.get(name).copied();
        }
        self.entries.iter().position(|entry| entry.name == name)
    }

    fn push(&mut self, entry: Entry) {
        self.entries.push(entry);
        if self.entries.len() > MANY {
            let first = if self.places.is_empty() { 0 } else { self.entries.len() - 1 };
            let names = self.entries[first..].iter().map(|entry| entry.name.clone());
            self.places.extend(names.zip(first..));
        }
    }

    fn secrets(&self) -> &[Secret] {
        self.secrets.get_or_init(|| {
            let values = self.entries.iter().map(|entry| &self.buffer.0[entry.place.clone()]);
            values.map(|value| Secret::new(value.to_vec())).collect()
        })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_fields_are_found_by_their_names() {
        let mut fields = Fields::new();
        let name = |n: usize| format!("a{n}");
        (0..MANY + 20).for_each(|n| fields.set(name(n), n.to_string()));
        fields.set("a70", "x");
        for n in [3, 68, 90] {
            fields.remove(&name(n));
        }
        fields.set("a3", "y");
        let is = |fields: &Fields, n: usize, value: Option<&str>| {
            assert_eq!(fields.get(&name(n)), value.map(str::as_bytes), "{n}");
        };
        for fields in [&fields, &fields.duplicate()] {
            is(fields, 2, Some("2"));
            is(fields, 3, Some("y"));
            is(fields, 68, None);
            is(fields, 70, Some("x"));
            is(fields, MANY + 19, Some(&(MANY + 19).to_string()));
        }
        (0..40).for_each(|n| fields.remove(&name(n)));
        is(&fields, 3, None);
        is(&fields, 41, Some("41"));
        fields.set("b", "z");
        assert_eq!(fields.get("b"), Some(b"z".as_slice()));
        assert_eq!(fields.names().count(), MANY + 20 - 1 - 40 + 1);
    }
}
