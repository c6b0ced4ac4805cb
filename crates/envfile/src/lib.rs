//! An env file as ordered lines that round-trip byte for byte, and how each dialect reads it.
//!
//! [`EnvFile::parse`] never fails: what is wrong with a file is a list of [`Problem`]s beside the
//! entries that could be read. Nothing here executes a file, expands a variable or looks at the
//! environment, and nothing here shows the text of a line: keys, positions and reason codes only.

mod comment;
mod dialect;
mod difference;
mod file;
mod other;
mod parse;
mod problem;
mod rotated;
mod utf16;

pub mod edit;
pub mod quote;

pub use crate::comment::{swallowed_by_comment, taken_for_lines};
pub use crate::dialect::{Dialect, End, Reading, Understood, Variables};
pub use crate::difference::{
    Best, Culprit, Difference, Disagreement, differences, refusals, swallowed,
};
pub use crate::file::{Entry, EnvFile, Line, LineKind, Quoting, is_key};
pub use crate::other::{OtherReading, key_as_written, other_readings};
pub use crate::parse::characters;
pub use crate::problem::{Problem, ProblemCode};
pub use crate::rotated::Rotated;
pub use crate::utf16::from_utf16;
