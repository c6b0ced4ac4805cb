//! What a reader understood of a string: named values, each of them a secret until asked for.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;
use std::sync::OnceLock;

use secret::Secret;
use zeroize::Zeroizing;

/// The name of a field, as libpq names it; a client's own parameter keeps its own name.
pub type Name = Cow<'static, str>;

/// The named values of a connection string, in the order in which they were first set.
///
/// All values lie in one buffer, which is wiped when it goes; a [`Secret`] of one is made when asked for.
/// `Debug` shows libpq's names alone: where a string is read otherwise than it was meant, a piece of the
/// password may stand in any field, the host included.
#[derive(Default)]
pub struct Fields {
    buffer: Zeroizing<Vec<u8>>,
    entries: Vec<Entry>,
}

struct Entry {
    name: Name,
    place: Range<usize>,
    secret: OnceLock<Secret>,
}

impl Entry {
    fn new(name: Name, place: Range<usize>) -> Self {
        Self { name, place, secret: OnceLock::new() }
    }
}

impl Fields {
    /// No fields.
    pub fn new() -> Self {
        Self::default()
    }

    /// No fields, with room for the usual number of them and for values of so many bytes together.
    pub(crate) fn with_room(n_bytes: usize) -> Self {
        Self { buffer: Zeroizing::new(Vec::with_capacity(n_bytes)), entries: Vec::with_capacity(8) }
    }

    /// The bytes of a field, where the string sets it.
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        self.entry(name).map(|entry| &self.buffer[entry.place.clone()])
    }

    /// A field as it is kept, where the string sets it.
    pub fn secret(&self, name: &str) -> Option<&Secret> {
        self.entry(name).map(|entry| self.secret_of(entry))
    }

    /// Sets a field; the last value wins and keeps the first one's place.
    pub fn set(&mut self, name: impl Into<Name>, value: impl Into<Vec<u8>>) {
        let value = Zeroizing::new(value.into());
        self.set_bytes(name.into(), &value);
    }

    /// [`Fields::set`] without a copy on the way.
    pub(crate) fn set_bytes(&mut self, name: Name, value: &[u8]) {
        let place = self.keep(value);
        match self.entries.iter_mut().find(|entry| entry.name == name) {
            Some(entry) => (entry.place, entry.secret) = (place, OnceLock::new()),
            None => self.entries.push(Entry::new(name, place)),
        }
    }

    /// Sets a field that is known not to be set yet.
    pub(crate) fn push(&mut self, name: &'static str, value: &[u8]) {
        let place = self.keep(value);
        self.entries.push(Entry::new(Name::Borrowed(name), place));
    }

    /// Takes a field away.
    pub fn remove(&mut self, name: &str) {
        self.entries.retain(|entry| entry.name != name);
    }

    /// Every field with its value, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Secret)> {
        self.entries.iter().map(|entry| (entry.name.as_ref(), self.secret_of(entry)))
    }

    /// Makes a second copy in memory.
    #[must_use]
    pub fn duplicate(&self) -> Self {
        let entries =
            self.entries.iter().map(|entry| Entry::new(entry.name.clone(), entry.place.clone()));
        Self { buffer: self.buffer.clone(), entries: entries.collect() }
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

    fn entry(&self, name: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.name == name)
    }

    fn secret_of<'entry>(&self, entry: &'entry Entry) -> &'entry Secret {
        entry.secret.get_or_init(|| Secret::new(self.buffer[entry.place.clone()].to_vec()))
    }

    /// Adds a value to the buffer; where it must grow, the old one is wiped.
    fn keep(&mut self, value: &[u8]) -> Range<usize> {
        let start = self.buffer.len();
        let end = start + value.len();
        if end > self.buffer.capacity() {
            let mut larger = Vec::with_capacity((2 * end).max(64));
            larger.extend_from_slice(&self.buffer);
            self.buffer = Zeroizing::new(larger);
        }
        self.buffer.extend_from_slice(value);
        start..end
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
