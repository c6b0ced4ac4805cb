//! Why a reader does not take a string: the client's own words, without the text they quote.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;

/// Why a string is refused; says what and where, and never repeats any of the text.
///
/// The wording is that of the client. libpq quotes the offending text in its messages, and the text of
/// a connection string that does not parse is often a piece of the password, so the quotation is left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    reason: Cow<'static, str>,
    at: Option<usize>,
    hint: Option<Cow<'static, str>>,
}

impl Refusal {
    /// A refusal in the client's words.
    pub fn new(reason: impl Into<Cow<'static, str>>) -> Self {
        Self { reason: reason.into(), at: None, hint: None }
    }

    /// Names the byte of the text, counted from 0, at which reading stopped.
    #[must_use]
    pub const fn at(mut self, offset: usize) -> Self {
        self.at = Some(offset);
        self
    }

    /// Says what to type instead.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<Cow<'static, str>>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The client's reason, without position.
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// The byte of the text, counted from 0, at which reading stopped, where that is known.
    pub const fn offset(&self) -> Option<usize> {
        self.at
    }

    /// What to type instead, where that is known.
    pub fn advice(&self) -> Option<&str> {
        self.hint.as_deref()
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)?;
        match self.at {
            Some(offset) => write!(f, " (at character {})", offset + 1),
            None => Ok(()),
        }
    }
}

impl Error for Refusal {}
