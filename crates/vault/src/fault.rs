//! Whether a value may be used: not empty, not a stand-in, and of its shape.

use std::fmt;

use opsfile::Shape;
use secret::Secret;

use crate::members;
use crate::placeholder::{may_be_setting, placeholder};
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

/// Judges a value under its key by the shape that is declared for it; one that is declared `public` may be a setting
/// or a text.
pub fn judge(key: &str, value: &Secret, shape: &Shape, is_public: bool) -> Option<Fault> {
    // The bytes are looked at here and go nowhere.
    match judge_bytes(key, value.expose(), shape) {
        Some(Fault::Placeholder(_)) if is_public && may_be_setting(value) => {
            shape::fits(shape, value.expose()).err().map(Fault::BadShape)
        }
        fault => fault,
    }
}

/// Judges a file that is one credential as a whole: editors and key generators end it in a line break, which is no
/// part of the value.
pub fn judge_whole(value: &Secret, shape: &Shape) -> Option<Fault> {
    // Looked at here as well, and sent nowhere.
    let bytes = value.expose();
    let line = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    if *shape == Shape::Json && members::is_without_any(line) {
        return Some(Fault::Placeholder("has neither a member nor an item"));
    }
    judge_bytes("", line.strip_suffix(b"\r").unwrap_or(line), shape)
}

fn judge_bytes(key: &str, bytes: &[u8], shape: &Shape) -> Option<Fault> {
    if bytes.is_empty() {
        return Some(Fault::Empty);
    }
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Some(Fault::Blank);
    }
    if !is_number(shape, bytes)
        && let Some(reason) = placeholder(key, bytes)
    {
        return Some(Fault::Placeholder(reason));
    }
    if matches!(shape, Shape::Json | Shape::Any)
        && let Some(reason) = members::fault(bytes)
    {
        return Some(Fault::Placeholder(reason));
    }
    if repeats_key(key, bytes) {
        return Some(Fault::BadShape(
            "begins with the key's own name and `=`: a whole line was taken for the value",
        ));
    }
    shape::fits(shape, bytes).err().map(Fault::BadShape)
}

/// Whether it is the number that is asked for: `8888` is a port like another, and `0000` is not written so.
fn is_number(shape: &Shape, bytes: &[u8]) -> bool {
    matches!(shape, Shape::Port | Shape::Integer)
        && bytes.first() != Some(&b'0')
        && shape::fits(shape, bytes).is_ok()
}

/// `KEY=value` for a value, as `gh secret set KEY < file.env` makes it.
fn repeats_key(key: &str, bytes: &[u8]) -> bool {
    let line = bytes.strip_prefix(b"export ").unwrap_or(bytes);
    !key.is_empty()
        && line.strip_prefix(key.as_bytes()).is_some_and(|rest| rest.first() == Some(&b'='))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(text: &str, shape: &Shape) -> String {
        let fault = judge_whole(&Secret::from(text.to_owned()), shape);
        fault.map_or_else(|| "ok".to_owned(), |fault| fault.to_string())
    }

    #[test]
    fn a_line_for_a_value_is_told() {
        let fault =
            |key: &str, text: &str| judge(key, &Secret::from(text.to_owned()), &Shape::Any, false);
        for text in ["TOKEN=CANARYkq7Vw2xTzP", "export TOKEN=CANARYkq7Vw2xTzP", "TOKEN="] {
            let Some(Fault::BadShape(reason)) = fault("TOKEN", text) else { panic!("{text}") };
            assert!(reason.starts_with("begins with the key's own name"), "{reason}");
        }
        assert_eq!(fault("TOKEN", "TOKENS=CANARYkq7Vw2xTzP"), None);
        assert_eq!(fault("TOKE", "TOKEN=CANARYkq7Vw2xTzP"), None);
    }

    #[test]
    fn a_json_file_is_judged_by_the_members_that_hold_a_secret() {
        let told = "the value is a placeholder: it has";
        for text in ["{}\n", "{\"client_secret\":null}\n", "{\"api_key\":\"YOUR_API_KEY\"}"] {
            assert!(whole(text, &Shape::Json).starts_with(told), "{text}");
        }
        assert_eq!(whole("{\"client_secret\":\"CANARYkq7Vw2x\"}\n", &Shape::Json), "ok");
        // As a key's value it may be a setting.
        assert_eq!(judge("OPTIONS", &Secret::from("{}".to_owned()), &Shape::Json, false), None);
        let empty = Secret::from("{\"password\":\"\"}".to_owned());
        assert!(judge("LOGIN", &empty, &Shape::Any, false).is_some());
    }

    #[test]
    fn a_setting_that_is_declared_public_is_no_placeholder() {
        let fault = |text: &str, shape: &Shape, is_public: bool| {
            judge("VERIFY_MODE", &Secret::from(text.to_owned()), shape, is_public).is_some()
        };
        assert!(fault("none", &Shape::Any, false));
        assert!(!fault("none", &Shape::Any, true));
        assert!(fault("none", &Shape::Port, true));
        assert!(fault("changeme", &Shape::Any, true));
        assert!(fault("Hi {{name}}", &Shape::Any, false));
        assert!(!fault("Hi {{name}}", &Shape::Any, true));
        assert!(fault("{{name}}", &Shape::Any, true));
    }

    #[test]
    fn a_number_of_one_digit_again_and_again_is_a_number() {
        let fault = |text: &str, shape: &Shape| {
            judge("X", &Secret::from(text.to_owned()), shape, false).is_some()
        };
        assert!(!fault("8888", &Shape::Port));
        assert!(!fault("999", &Shape::Integer));
        assert!(fault("0000", &Shape::Port));
        assert!(fault("0000", &Shape::Integer));
        assert!(fault("8888", &Shape::Any));
    }

    #[test]
    fn one_line_break_ends_a_file_and_more_is_white_space() {
        for text in ["CANARYkey7f3", "CANARYkey7f3\n", "CANARYkey7f3\r\n"] {
            assert_eq!(whole(text, &Shape::Any), "ok");
        }
        assert_eq!(whole("c0ffee0ddba11\n", &Shape::Hex), whole("c0ffee0ddba11", &Shape::Hex));
        for text in ["CANARYkey7f3\n\n", "CANARYkey7f3 \n", "\nCANARYkey7f3"] {
            assert_eq!(whole(text, &Shape::Any), "the value begins or ends with white space");
        }
        assert_eq!(whole("changeme\n", &Shape::Any), whole("changeme", &Shape::Any));
        assert_ne!(whole("changeme\n", &Shape::Any), "ok");
        assert_eq!(whole("", &Shape::Any), "the value is empty");
        assert_eq!(whole("\n\n", &Shape::Any), "the value is only white space");
        // In an env file the line break would be inside quotes, and part of the value.
        let quoted = judge("KEY", &Secret::from("CANARYkey7f3\n".to_owned()), &Shape::Any, false);
        assert_eq!(quoted, Some(Fault::BadShape("begins or ends with white space")));
    }
}
