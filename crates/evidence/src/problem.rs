//! One thing that is wrong with a bundle or an origin log, as verification found it.

use std::fmt;

/// What verification found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Which kind of fault.
    pub rule: Rule,
    /// The file it is in, relative to the bundle, with `/`; empty for the bundle itself.
    pub path: String,
    /// The line in that file, from 1.
    pub line: Option<u64>,
    /// What a person should know.
    pub message: String,
    /// How much it weighs here.
    pub weight: Weight,
}

/// The kinds of fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Rule {
    /// Bytes differ from what was recorded.
    Altered,
    /// A file or a record is gone.
    Missing,
    /// A file or a record is there that nobody recorded.
    Added,
    /// Records are not in the order in which they were written.
    Reordered,
    /// The end of the records is gone.
    Cut,
    /// The last line was never finished.
    Torn,
    /// A command was begun and its end is not recorded.
    Incomplete,
    /// The bundle was never closed.
    Unsealed,
    /// The manifest cannot be read as one.
    BadManifest,
    /// A signature does not hold.
    BadSignature,
    /// A signature holds, and its key is not among the allowed ones for its time.
    UnknownSigner,
    /// There is no signature where one should be.
    Unsigned,
    /// There is a signature, and nothing to check its key against.
    Unverifiable,
    /// An envelope says something else than the records.
    Envelope,
    /// A file lay in the folder when the bundle was sealed, and nobody had recorded it.
    Unrecorded,
    /// Something was cut short earlier, and recorded as such.
    Recovered,
    /// Times that run backwards.
    Clock,
    /// The head is not the one that a log cites.
    WrongHead,
    /// Nothing outside the bundle vouches for its head.
    NoAnchor,
}

/// How much a fault weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// The evidence cannot be relied on as it stands.
    Error,
    /// It cannot be decided here.
    Undecided,
    /// Worth knowing.
    Note,
}

impl Rule {
    /// Every rule, in the order of the documentation.
    pub const ALL: [Self; 19] = [
        Self::Altered,
        Self::Missing,
        Self::Added,
        Self::Reordered,
        Self::Cut,
        Self::Torn,
        Self::Incomplete,
        Self::Unsealed,
        Self::BadManifest,
        Self::BadSignature,
        Self::UnknownSigner,
        Self::Unsigned,
        Self::Unverifiable,
        Self::Envelope,
        Self::Unrecorded,
        Self::Recovered,
        Self::Clock,
        Self::WrongHead,
        Self::NoAnchor,
    ];

    /// The rule's name in findings.
    pub fn id(self) -> &'static str {
        match self {
            Self::Altered => "altered",
            Self::Missing => "missing",
            Self::Added => "added",
            Self::Reordered => "reordered",
            Self::Cut => "cut",
            Self::Torn => "torn",
            Self::Incomplete => "incomplete",
            Self::Unsealed => "unsealed",
            Self::BadManifest => "bad-manifest",
            Self::BadSignature => "bad-signature",
            Self::UnknownSigner => "unknown-signer",
            Self::Unsigned => "unsigned",
            Self::Unverifiable => "unverifiable",
            Self::Envelope => "envelope",
            Self::Unrecorded => "unrecorded",
            Self::Recovered => "recovered",
            Self::Clock => "clock",
            Self::WrongHead => "wrong-head",
            Self::NoAnchor => "no-anchor",
        }
    }
}

impl Rule {
    /// How much it weighs where nothing else is said.
    pub fn weight(self) -> Weight {
        match self {
            Self::Unverifiable => Weight::Undecided,
            Self::Unrecorded | Self::Recovered | Self::Clock | Self::NoAnchor => Weight::Note,
            _ => Weight::Error,
        }
    }
}

impl Problem {
    pub(crate) fn new(rule: Rule, path: impl Into<String>, message: impl Into<String>) -> Self {
        Self { rule, path: path.into(), line: None, message: message.into(), weight: rule.weight() }
    }

    pub(crate) fn weighing(mut self, weight: Weight) -> Self {
        self.weight = weight;
        self
    }

    pub(crate) fn at_line(mut self, line: u64) -> Self {
        self.line = Some(line);
        self
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}", self.rule.id())?;
        if !self.path.is_empty() {
            write!(out, " {}", self.path)?;
            if let Some(line) = self.line {
                write!(out, ":{line}")?;
            }
        }
        write!(out, ": {}", self.message)
    }
}
