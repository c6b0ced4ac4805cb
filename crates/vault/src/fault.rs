//! Whether a value may be used: not empty, not a stand-in, and of its shape.

use std::fmt;

use opsfile::Shape;
use secret::Secret;

use crate::placeholder::placeholder;
use crate::shape;

/// What is wrong with a value, without a byte of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// There is nothing.
    Empty,
    /// There is nothing but white space.
    Blank,
    /// It is a stand-in for a value; the reason completes "the value …".
    Placeholder(&'static str),
    /// It is not of its shape; the reason completes "the value …".
    BadShape(&'static str),
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::Empty => formatter.write_str("the value is empty"),
            Fault::Blank => formatter.write_str("the value is only white space"),
            Fault::Placeholder(reason) => {
                write!(formatter, "the value is a placeholder: it {reason}")
            }
            Fault::BadShape(reason) => write!(formatter, "the value {reason}"),
        }
    }
}

/// Judges a value under its key by the shape that is declared for it.
pub fn judge(key: &str, value: &Secret, shape: &Shape) -> Option<Fault> {
    // The bytes are looked at here and go nowhere.
    let bytes = value.expose();
    if bytes.is_empty() {
        return Some(Fault::Empty);
    }
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Some(Fault::Blank);
    }
    if let Some(reason) = placeholder(key, bytes) {
        return Some(Fault::Placeholder(reason));
    }
    shape::fits(shape, bytes).err().map(Fault::BadShape)
}
