//! systemd's `EnvironmentFile=` (`src/basic/env-file.c` and `src/basic/env-util.c`, 254 and later).

use secret::Secret;

use super::{Reading, Understood};

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    PreKey,
    Key,
    PreValue,
    Value,
    ValueEscape,
    Single,
    Double,
    DoubleEscape,
    Comment,
    CommentEscape,
}

pub(super) fn read(source: &[u8]) -> Reading {
    if let Some(nul) = memchr::memchr(0, source) {
        return Reading::refused(source, nul);
    }
    let mut ctx =
        Ctx { reading: Reading::new(), key: Vec::new(), value: Vec::new(), blank_from: None };
    let mut state = State::PreKey;
    for (at, &byte) in source.iter().enumerate() {
        let is_break = matches!(byte, b'\n' | b'\r');
        let is_blank = is_break || matches!(byte, b' ' | b'\t');
        state = match state {
            State::PreKey if matches!(byte, b'#' | b';') => State::Comment,
            State::PreKey if is_blank => State::PreKey,
            State::PreKey => {
                ctx.key = vec![byte];
                State::Key
            }
            State::Key if is_break => State::PreKey,
            State::Key if byte == b'=' => {
                ctx.value.clear();
                ctx.blank_from = None;
                State::PreValue
            }
            State::Key => {
                ctx.key.push(byte);
                State::Key
            }
            State::PreValue | State::Value if is_break => {
                if ctx.finish().is_none() {
                    return Reading::refused(source, at);
                }
                State::PreKey
            }
            State::PreValue => match byte {
                b'\'' => State::Single,
                b'"' => State::Double,
                b'\\' => State::ValueEscape,
                b' ' | b'\t' => State::PreValue,
                _ => {
                    ctx.value.push(byte);
                    State::Value
                }
            },
            State::Value if byte == b'\\' => {
                ctx.blank_from = None;
                State::ValueEscape
            }
            State::Value => {
                if !is_blank {
                    ctx.blank_from = None;
                } else if ctx.blank_from.is_none() {
                    ctx.blank_from = Some(ctx.value.len());
                }
                ctx.value.push(byte);
                State::Value
            }
            State::ValueEscape => {
                if !is_break {
                    ctx.value.push(byte);
                }
                State::Value
            }
            State::Single if byte == b'\'' => State::PreValue,
            State::Double if byte == b'"' => State::PreValue,
            State::Double if byte == b'\\' => State::DoubleEscape,
            State::Single | State::Double => {
                ctx.value.push(byte);
                state
            }
            State::DoubleEscape => {
                match byte {
                    b'"' | b'\\' | b'`' | b'$' => ctx.value.push(byte),
                    b'\n' => {}
                    _ => ctx.value.extend([b'\\', byte]),
                }
                State::Double
            }
            State::Comment if byte == b'\\' => State::CommentEscape,
            State::Comment | State::CommentEscape if is_break => State::PreKey,
            State::Comment | State::CommentEscape => State::Comment,
        };
    }
    let has_entry =
        !matches!(state, State::PreKey | State::Key | State::Comment | State::CommentEscape);
    if has_entry && ctx.finish().is_none() {
        return Reading::refused(source, source.len());
    }
    ctx.reading
}

struct Ctx {
    reading: Reading,
    key: Vec<u8>,
    value: Vec<u8>,
    /// Where the white space at the end of an unquoted run begins.
    blank_from: Option<usize>,
}

impl Ctx {
    /// Takes the entry; none where the file is refused as a whole, since it is not UTF-8.
    fn finish(&mut self) -> Option<()> {
        if let Some(blank_from) = self.blank_from.take() {
            self.value.truncate(blank_from);
        }
        let end =
            self.key.len() - self.key.iter().rev().take_while(|byte| is_blank(**byte)).count();
        let key = &self.key[..end];
        let value = Secret::new(std::mem::take(&mut self.value));
        value.expose_text()?;
        std::str::from_utf8(key).ok()?;
        let is_name = key.first().is_some_and(|first| !first.is_ascii_digit())
            && key.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
        // What is no valid assignment is dropped with a warning.
        if is_name {
            self.reading.push(key, Understood::Value(value));
        }
        Some(())
    }
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}
