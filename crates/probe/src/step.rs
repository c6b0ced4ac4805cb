//! What a probe did, step by step, and how long each took.

use std::cell::Cell;
use std::io;
use std::path::PathBuf;
use std::rc::Rc;
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
    /// How long the step that failed took.
    pub failed_after: Duration,
}

impl<Facts: Default> Outcome<Facts> {
    /// Runs the steps of a probe, and gathers what came of them.
    pub(crate) fn of(
        options: &Options,
        run: impl FnOnce(&mut Log, &mut Facts) -> Result<(), Failed>,
    ) -> Self {
        let mut log = Log::new(options.timeout);
        let mut facts = Facts::default();
        let failure = run(&mut log, &mut facts).err();
        Self { steps: log.steps, facts, failure, failed_after: log.failed_after }
    }
}

/// The step that failed, and why.
pub(crate) type Failed = (&'static str, Failure);

/// Collects steps while a probe runs, and sets each one's deadline.
pub(crate) struct Log {
    pub(crate) steps: Vec<Step>,
    pub(crate) failed_after: Duration,
    deadline: Deadline,
    timeout: Duration,
}

impl Log {
    pub(crate) fn new(timeout: Duration) -> Self {
        let deadline = Deadline::after(timeout);
        Self { steps: Vec::new(), failed_after: Duration::ZERO, deadline, timeout }
    }

    /// When the present step must be over.
    pub(crate) fn deadline(&self) -> Deadline {
        self.deadline.clone()
    }

    /// Adds words that took no time of their own.
    pub(crate) fn note(&mut self, name: &'static str, said: String) {
        self.steps.push(Step { name, took: Duration::ZERO, said });
    }

    /// Puts one step in the place of those from `start` on, with the time that they and a failure took.
    pub(crate) fn replace(&mut self, start: usize, name: &'static str, said: String) {
        let took = self.steps.drain(start..).map(|step| step.took).sum::<Duration>();
        self.steps.push(Step { name, took: took + self.failed_after, said });
    }

    /// Does one step; its words are kept where it succeeds, its name where it fails.
    pub(crate) fn step<T>(
        &mut self,
        name: &'static str,
        act: impl FnOnce() -> Result<(T, String), Failure>,
    ) -> Result<T, Failed> {
        let begun = Instant::now();
        self.deadline.set(begun + self.timeout);
        let done = act();
        self.failed_after = begun.elapsed();
        let (value, said) = done.map_err(|failure| (name, failure))?;
        self.steps.push(Step { name, took: begun.elapsed(), said });
        Ok(value)
    }
}

/// A point in time that a log and its connection share.
#[derive(Debug, Clone)]
pub(crate) struct Deadline(Rc<Cell<Instant>>);

impl Deadline {
    pub(crate) fn after(timeout: Duration) -> Self {
        Self(Rc::new(Cell::new(Instant::now() + timeout)))
    }

    fn set(&self, at: Instant) {
        self.0.set(at);
    }

    /// What is left, or the failure that nothing is.
    pub(crate) fn left(&self) -> io::Result<Duration> {
        let left = self.0.get().saturating_duration_since(Instant::now());
        if left.is_zero() { Err(io::ErrorKind::TimedOut.into()) } else { Ok(left) }
    }
}
