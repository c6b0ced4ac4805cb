//! A place as it was found: its strings, where they stand, and what stands beside them.

use std::collections::BTreeMap;
use std::sync::Arc;

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
    /// Every key of its file, by name, its own among them.
    pub(crate) file: Arc<Vec<Value>>,
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
    /// The first line that sets the same key, where this is not the only one.
    pub(crate) first_line: Option<u32>,
}

impl Held<'_> {
    /// The value of a key beside the place's own, where it is set to something.
    pub(crate) fn neighbour(&self, key: &str) -> Option<&Secret> {
        let index = self.file.binary_search_by(|value| value.key.as_str().cmp(key)).ok()?;
        let found = self.file.get(index).filter(|value| !value.text.is_empty())?;
        (!self.is_own(key)).then_some(&found.text)
    }

    /// The keys beside the place's own.
    pub(crate) fn neighbours(&self) -> impl Iterator<Item = &str> {
        self.file.iter().map(|value| value.key.as_str()).filter(|key| !self.is_own(key))
    }

    fn is_own(&self, key: &str) -> bool {
        match &self.content {
            Content::Whole(value) => value.key == key,
            Content::Split(fields) => fields.values().any(|(own, _)| own == key),
            Content::Missing(_) | Content::Unseen => false,
        }
    }
}

impl Value {
    /// Makes a second copy in memory.
    pub(crate) fn duplicate(&self) -> Self {
        let Self { key, text, line, column, first_line } = self;
        Self {
            key: key.clone(),
            text: text.duplicate(),
            line: *line,
            column: *column,
            first_line: *first_line,
        }
    }
}
