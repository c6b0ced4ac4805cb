//! The keys of ops.toml as data: the parser refuses what is not here, and the JSON Schema is made of it.

#![cfg_attr(
    not(feature = "schema"),
    expect(dead_code, reason = "only the JSON Schema asks for more than the keys' names")
)]

/// One table of the file.
#[derive(Debug)]
pub(crate) struct Section {
    /// What the table is for, in one sentence.
    pub(crate) about: &'static str,
    /// Its keys, in the order in which people write them.
    pub(crate) keys: &'static [Key],
    /// Of each of these groups exactly one key must be there.
    pub(crate) choices: &'static [&'static [&'static str]],
}

/// One key of a table.
#[derive(Debug)]
pub(crate) struct Key {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) need: Need,
    /// What the key is for, in one sentence.
    pub(crate) about: &'static str,
}

/// Whether a key must be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    Required,
    Optional,
    /// Optional, and this (in TOML) is what holds without it.
    Default(&'static str),
}

/// What a value must be.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    /// Any one line of text, not empty.
    Line,
    /// A name: letters, digits, `.`, `_` and `-`, beginning with a letter or digit.
    Name,
    /// The name of an environment variable.
    Variable,
    /// One of these words.
    Word(&'static [&'static str]),
    /// The shape of a credential: a word, or `regex:` and a pattern.
    Shape,
    /// A path inside the repo, relative, with `/`.
    Path,
    /// A path that may lie anywhere, with `~` for the home folder.
    AnyPath,
    /// A number and a unit: `500ms 30s 5m 2h 7d 2w`.
    Duration,
    /// `FILE:KEY`, from the vault's root.
    Credential,
    /// Where the value of a Fly secret comes from.
    Source,
    /// A range of versions, as `>=0.3`.
    Versions,
    /// An argument of a command: any text without NUL.
    Argument,
    Flag,
    /// Text, a whole number, or true or false.
    Scalar,
    /// A whole number between these two.
    Number(u32, u32),
    /// A list of these; with the least length.
    List(&'static Kind, usize),
    Table(&'static Section),
    /// A table whose keys the operator chooses (first kind), each with a value of the second kind;
    /// with the least number of entries.
    Map(&'static Kind, &'static Kind, usize),
}

/// The largest number of tries a step may have.
pub(crate) const MAX_ATTEMPTS: u32 = 100;

impl Key {
    pub(crate) const fn required(name: &'static str, kind: Kind, about: &'static str) -> Self {
        Self { name, kind, need: Need::Required, about }
    }

    pub(crate) const fn optional(name: &'static str, kind: Kind, about: &'static str) -> Self {
        Self { name, kind, need: Need::Optional, about }
    }

    pub(crate) const fn default(
        name: &'static str,
        kind: Kind,
        value: &'static str,
        about: &'static str,
    ) -> Self {
        Self { name, kind, need: Need::Default(value), about }
    }
}
