//! One thing that is wrong or worth knowing.

use serde::Serialize;

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Must be mended.
    Error,
    /// Should be mended.
    Warning,
    /// Worth knowing; changes no verdict.
    Note,
}

/// What a finding is about; the path is relative to the folder of ops.toml, with `/`.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Subject {
    /// The file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// The line, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// The column in characters, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<u32>,
    /// The key, name or place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
}

/// One thing that is wrong or worth knowing, under the rule that found it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The rule's id, as `missing-key`.
    pub rule: &'static str,
    /// How much it matters.
    pub level: Level,
    /// What is the matter, in one sentence without a value.
    pub message: String,
    /// What it is about.
    pub subject: Subject,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

impl Finding {
    /// A finding that must be mended.
    pub fn error(rule: &'static str, message: impl Into<String>) -> Self {
        Self::new(rule, Level::Error, message)
    }

    /// A finding that should be mended.
    pub fn warning(rule: &'static str, message: impl Into<String>) -> Self {
        Self::new(rule, Level::Warning, message)
    }

    /// A finding that is only worth knowing.
    pub fn note(rule: &'static str, message: impl Into<String>) -> Self {
        Self::new(rule, Level::Note, message)
    }

    /// A finding of any level.
    pub fn new(rule: &'static str, level: Level, message: impl Into<String>) -> Self {
        Self { rule, level, message: message.into(), subject: Subject::default(), hint: None }
    }

    /// Names the file.
    #[must_use]
    pub fn path(mut self, path: impl Into<String>) -> Self {
        self.subject.path = Some(path.into());
        self
    }

    /// Names the line, from 1.
    #[must_use]
    pub fn line(mut self, line: u32) -> Self {
        self.subject.line = Some(line);
        self
    }

    /// Names the column in characters, from 1.
    #[must_use]
    pub fn column(mut self, column: u32) -> Self {
        self.subject.column = Some(column);
        self
    }

    /// Names the key, name or place.
    #[must_use]
    pub fn key(mut self, key: impl Into<String>) -> Self {
        self.subject.key = Some(key.into());
        self
    }

    /// Says what to do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}
