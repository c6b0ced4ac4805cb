//! One word of a shell: quotes, backslashes, and what would be expanded.

use secret::Secret;

use crate::dialect::{NotKnown, Reading, Understood};

/// A word and what is known of its value.
pub(super) struct Word {
    pub(super) value: Secret,
    /// A command would be run.
    pub(super) runs: bool,
    /// More than the file decides the value.
    pub(super) is_unclear: bool,
    pub(super) is_quoted: bool,
}

impl Word {
    /// Whether nothing is left of it, as of a reference to what is not set: then it is no word of the command.
    pub(super) fn is_gone(&self) -> bool {
        self.value.is_empty() && !self.is_quoted && !self.runs && !self.is_unclear
    }
}

/// Reads a word; none where a quote or a bracket is never closed.
pub(super) fn read_word(
    source: &[u8],
    start: usize,
    is_assignment: bool,
    visible: &[(Vec<u8>, Word)],
    reading: &Reading,
) -> Option<(Word, usize)> {
    let mut ctx = Ctx {
        source,
        at: start,
        value: Vec::new(),
        runs: false,
        is_unclear: false,
        is_quoted: false,
        visible,
        reading,
    };
    // A tilde is a home folder at the beginning, and in an assignment after each colon.
    let mut is_tilde_place = true;
    while let Some(byte) = source.get(ctx.at).copied() {
        match byte {
            b' ' | b'\t' | b'\n' | b';' | b'&' | b'|' | b'<' | b'>' | b'(' | b')' => break,
            b'\'' => ctx.single()?,
            b'"' => ctx.double()?,
            b'\\' => ctx.backslash(),
            b'$' => ctx.dollar(false)?,
            b'`' => ctx.backquote()?,
            b'~' if is_tilde_place => {
                ctx.is_unclear = true;
                ctx.push(byte);
            }
            byte => ctx.push(byte),
        }
        is_tilde_place = is_assignment && byte == b':';
    }
    let next = ctx.at;
    Some((
        Word {
            value: Secret::new(ctx.value),
            runs: ctx.runs,
            is_unclear: ctx.is_unclear,
            is_quoted: ctx.is_quoted,
        },
        next,
    ))
}

struct Ctx<'a> {
    source: &'a [u8],
    at: usize,
    value: Vec<u8>,
    runs: bool,
    is_unclear: bool,
    is_quoted: bool,
    visible: &'a [(Vec<u8>, Word)],
    reading: &'a Reading,
}

impl Ctx<'_> {
    fn push(&mut self, byte: u8) {
        self.value.push(byte);
        self.at += 1;
    }

    fn single(&mut self) -> Option<()> {
        let start = self.at + 1;
        let end = start + memchr::memchr(b'\'', &self.source[start..])?;
        self.value.extend_from_slice(&self.source[start..end]);
        self.is_quoted = true;
        self.at = end + 1;
        Some(())
    }

    fn double(&mut self) -> Option<()> {
        self.is_quoted = true;
        self.at += 1;
        loop {
            match *self.source.get(self.at)? {
                b'"' => {
                    self.at += 1;
                    return Some(());
                }
                b'\\' => match self.source.get(self.at + 1) {
                    Some(b'\n') => self.at += 2,
                    Some(byte @ (b'$' | b'`' | b'"' | b'\\')) => {
                        self.value.push(*byte);
                        self.at += 2;
                    }
                    _ => self.push(b'\\'),
                },
                b'$' => self.dollar(true)?,
                b'`' => self.backquote()?,
                byte => self.push(byte),
            }
        }
    }

    fn backslash(&mut self) {
        match self.source.get(self.at + 1) {
            Some(b'\n') => self.at += 2,
            Some(byte) => {
                self.value.push(*byte);
                self.is_quoted = true;
                self.at += 2;
            }
            None => self.push(b'\\'),
        }
    }

    fn backquote(&mut self) -> Option<()> {
        let mut at = self.at + 1;
        loop {
            match self.source.get(at)? {
                b'`' => break,
                b'\\' => at += 2,
                _ => at += 1,
            }
        }
        self.runs = true;
        self.at = at + 1;
        Some(())
    }

    fn dollar(&mut self, in_double: bool) -> Option<()> {
        let rest = &self.source[self.at + 1..];
        match rest.first() {
            Some(b'(') => {
                self.runs = true;
                self.at = parenthesis_end(self.source, self.at + 1)?;
            }
            Some(b'{') => self.braced()?,
            // `$'…'` has escapes of its own; `$"…"` is translated.
            Some(b'\'') if !in_double => {
                self.is_unclear = true;
                self.at += 1;
                self.ansi_c()?;
            }
            Some(b'"') if !in_double => {
                self.is_unclear = true;
                self.at += 1;
            }
            Some(byte) if byte.is_ascii_alphabetic() || *byte == b'_' => {
                let length = rest
                    .iter()
                    .take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_')
                    .count();
                self.reference(&rest[..length]);
                self.at += 1 + length;
            }
            // No arguments are given to the file.
            Some(b'1'..=b'9' | b'@' | b'*') => self.at += 2,
            Some(b'0' | b'#' | b'?' | b'$' | b'!' | b'-') => {
                self.is_unclear = true;
                self.at += 2;
            }
            _ => self.push(b'$'),
        }
        Some(())
    }

    fn ansi_c(&mut self) -> Option<()> {
        self.at += 1;
        loop {
            match *self.source.get(self.at)? {
                b'\'' => {
                    self.at += 1;
                    return Some(());
                }
                b'\\' => self.at += 2,
                byte => self.push(byte),
            }
        }
    }

    /// `${NAME}`; with an operator in it only its end is looked for.
    fn braced(&mut self) -> Option<()> {
        let start = self.at + 2;
        let length = self.source[start..]
            .iter()
            .take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_')
            .count();
        if length > 0
            && !self.source[start].is_ascii_digit()
            && self.source.get(start + length) == Some(&b'}')
        {
            self.reference(&self.source[start..start + length]);
            self.at = start + length + 1;
            return Some(());
        }
        self.is_unclear = true;
        let end = brace_end(self.source, start)?;
        // What is in it may run a command as well.
        let inner = &self.source[start..end];
        self.runs |= inner.contains(&b'`') || memchr::memmem::find(inner, b"$(").is_some();
        self.at = end + 1;
        Some(())
    }

    fn reference(&mut self, name: &[u8]) {
        if super::OWN.iter().any(|own| own.as_bytes() == name) {
            self.is_unclear = true;
            return;
        }
        if let Some((_, word)) = self.visible.iter().rev().find(|(key, _)| *key == name) {
            self.bring(&word.value);
            self.is_unclear |= word.is_unclear;
            self.runs |= word.runs;
            return;
        }
        match self.reading.get(name) {
            None | Some(Understood::Nothing) => {}
            Some(Understood::Value(value)) => self.bring(value),
            Some(Understood::Runs) => self.runs = true,
            Some(Understood::Perhaps(_) | Understood::Unclear) => self.is_unclear = true,
        }
    }

    fn bring(&mut self, value: &Secret) {
        match self.reading.bring(value) {
            Ok(value) => self.value.extend_from_slice(value),
            Err(NotKnown) => self.is_unclear = true,
        }
    }
}

/// Where `(…)` closes, quotes taken into account; the place after it.
fn parenthesis_end(source: &[u8], open: usize) -> Option<usize> {
    let mut depth = 0_usize;
    let mut at = open;
    loop {
        match *source.get(at)? {
            b'(' => depth += 1,
            b')' => {
                depth -= 1;
                if depth == 0 {
                    return Some(at + 1);
                }
            }
            b'\\' => at += 1,
            quote @ (b'\'' | b'"' | b'`') => at = quote_end(source, at, quote)?,
            _ => {}
        }
        at += 1;
    }
}

/// Where the brace that opened before `start` closes.
fn brace_end(source: &[u8], start: usize) -> Option<usize> {
    let mut depth = 1_usize;
    let mut at = start;
    loop {
        match *source.get(at)? {
            b'{' if source.get(at.wrapping_sub(1)) == Some(&b'$') => depth += 1,
            b'}' => {
                depth -= 1;
                if depth == 0 {
                    return Some(at);
                }
            }
            b'\\' => at += 1,
            quote @ (b'\'' | b'"' | b'`') => at = quote_end(source, at, quote)?,
            _ => {}
        }
        at += 1;
    }
}

fn quote_end(source: &[u8], open: usize, quote: u8) -> Option<usize> {
    let mut at = open + 1;
    loop {
        match *source.get(at)? {
            byte if byte == quote => return Some(at),
            b'\\' if quote != b'\'' => at += 2,
            _ => at += 1,
        }
    }
}
