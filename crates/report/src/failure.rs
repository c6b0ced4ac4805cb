//! An error as the user sees it: what we were doing, why it failed, what to do.

use std::error::Error;
use std::fmt::Write as _;

use crate::exit::Exit;
use crate::palette::Palette;

/// An error that ends a run without a verdict.
///
/// `Display` says what we were doing, in lower case, without a full stop, and never repeats its source.
pub trait Failure: Error {
    /// What the user can do about it.
    fn hint(&self) -> Option<String> {
        None
    }

    /// The exit code, 2 unless the tool has its own convention.
    fn exit(&self) -> Exit {
        Exit::ERROR
    }
}

/// The whole chain of an error on one line, outermost first.
pub fn describe(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let _ = write!(text, ": {cause}");
        source = cause.source();
    }
    text
}

/// The text for a person: `error: …`, one line a cause, then `hint: …`.
pub(crate) fn render(failure: &dyn Failure, palette: Palette) -> String {
    let mut text = format!("{} {failure}\n", palette.error("error:"));
    let mut source = failure.source();
    while let Some(cause) = source {
        let _ = writeln!(text, "  caused by: {cause}");
        source = cause.source();
    }
    if let Some(hint) = failure.hint() {
        let _ = writeln!(text, "{} {hint}", palette.hint("hint:"));
    }
    text
}
