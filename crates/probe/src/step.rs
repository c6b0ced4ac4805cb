//! What a probe did, step by step, and how long each took.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::failure::Failure;

/// How a probe goes about it.
#[derive(Debug, Clone)]
pub struct Options {
    /// The longest that any one step may take.
    pub timeout: Duration,
    /// The folder that a relative `sslrootcert` is in.
    pub folder: PathBuf,
    /// A PEM file of certificate authorities, where the string names none; the public ones otherwise.
    pub authorities: Option<PathBuf>,
}

/// One thing that was done, and what came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// What was done, as `resolve` or `authenticate`.
    pub name: &'static str,
    /// How long it took.
    pub took: Duration,
    /// What came of it, in a few words without any value.
    pub said: String,
}

/// A whole probe: the steps that succeeded, what is known by then, and the failure that ended it, if any.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome<Facts> {
    /// The steps that succeeded, in order.
    pub steps: Vec<Step>,
    /// What the service is.
    pub facts: Facts,
    /// The step that failed, and why.
    pub failure: Option<(&'static str, Failure)>,
}

/// Collects steps while a probe runs.
pub(crate) struct Log {
    pub(crate) steps: Vec<Step>,
}

impl Log {
    pub(crate) const fn new() -> Self {
        Self { steps: Vec::new() }
    }

    /// Does one step; its words are kept where it succeeds, its name where it fails.
    pub(crate) fn step<T>(
        &mut self,
        name: &'static str,
        act: impl FnOnce() -> Result<(T, String), Failure>,
    ) -> Result<T, (&'static str, Failure)> {
        let begun = Instant::now();
        let (value, said) = act().map_err(|failure| (name, failure))?;
        self.steps.push(Step { name, took: begun.elapsed(), said });
        Ok(value)
    }
}
