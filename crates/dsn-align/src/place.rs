//! A place as it was found: its strings, where they stand, and what stands beside them.

use std::collections::BTreeMap;

use opsfile::{Place, SplitField};
use secret::Secret;

/// A place and what was found in it.
pub(crate) struct Held<'ops> {
    /// As ops.toml declares it.
    pub(crate) place: &'ops Place,
    /// The file, relative to the folder of ops.toml; none for a variable of the process.
    pub(crate) path: Option<String>,
    /// What it holds.
    pub(crate) content: Content,
    /// The other keys of the same file.
    pub(crate) neighbours: Vec<Neighbour>,
}

/// What a place holds.
pub(crate) enum Content {
    /// One string.
    Whole(Value),
    /// One value for each declared field; `None` where the key is not there.
    Split(BTreeMap<SplitField, (String, Option<Value>)>),
    /// The file or the key is not there.
    Missing(Missing),
    /// A value that can never be read back.
    Unseen,
}

/// What is not there.
pub(crate) enum Missing {
    /// The whole file.
    File,
    /// The key, or the variable.
    Key(String),
}

/// A value and where it stands.
pub(crate) struct Value {
    /// The key or variable.
    pub(crate) key: String,
    /// The value.
    pub(crate) text: Secret,
    /// The line, from 1, in a file.
    pub(crate) line: Option<u32>,
    /// The column of the key, from 1, in a file.
    pub(crate) column: Option<u32>,
}

/// Another key of the file that a place is in.
pub(crate) struct Neighbour {
    /// The key.
    pub(crate) key: String,
    /// Its value.
    pub(crate) text: Secret,
}

impl Held<'_> {
    /// The value of a key beside the place's own, where it is set to something.
    pub(crate) fn neighbour(&self, key: &str) -> Option<&Secret> {
        let found = self.neighbours.iter().find(|neighbour| neighbour.key == key)?;
        (!found.text.is_empty()).then_some(&found.text)
    }
}
