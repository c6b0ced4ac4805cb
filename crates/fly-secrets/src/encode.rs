//! The stream that `fly secrets import` reads, written so that it reads back exactly each value, or not at all.
//!
//! flyctl's parser has no escapes: it cuts values at `#`, strips quotes, and drops lines that are too long without
//! a word. Which form survives it is argued in [`one`]; what was written is read back by [`import`] all the same.

pub mod import;

use secret::Secret;
use zeroize::Zeroizing;

/// The longest line that Go's `bufio.Scanner` gives; longer ones end the reading, silently.
pub const LONGEST_LINE: usize = 65_535;

/// Why flyctl's parser cannot carry a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Uncarried {
    /// Its first line has an odd number of `"` before a `#`, and there are more lines.
    QuoteBeforeHash,
    /// A line but the last ends in `"""`.
    TripleQuote,
    /// A line is longer than [`LONGEST_LINE`] bytes.
    LongLine,
    /// It is not UTF-8.
    NotText,
    /// It has a NUL.
    Nul,
    /// The name is none that Fly takes.
    Name,
    /// It was written, but did not read back as it was.
    NotItself,
}

impl std::fmt::Display for Uncarried {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::QuoteBeforeHash => {
                "its first line has a `\"` before a `#`, and more lines follow; flyctl would cut it at the `#`"
            }
            Self::TripleQuote => "a line ends in `\"\"\"`, which flyctl takes for the end",
            Self::LongLine => "a line is longer than 65535 bytes; flyctl would drop it and all that follows",
            Self::NotText => "it is not UTF-8 text",
            Self::Nul => "it has a NUL byte",
            Self::Name => "its name has other characters than letters, digits and underscores",
            Self::NotItself => "it does not read back as it was written",
        })
    }
}

/// Writes the stream of all values; the names that cannot be carried are given instead where there are any.
pub fn stream(values: &[(&str, &Secret)]) -> Result<Secret, Vec<(String, Uncarried)>> {
    let mut refused = Vec::new();
    let lengths = values.iter().map(|(name, value)| name.len() + 2 * value.len() + 9);
    let mut stream = Zeroizing::new(Vec::with_capacity(lengths.sum()));
    for (name, value) in values {
        if let Err(why) = one(name, value, &mut stream) {
            refused.push(((*name).to_owned(), why));
        }
    }
    if refused.is_empty() {
        refused = unlike(&stream, values);
    }
    if refused.is_empty() { Ok(Secret::new(std::mem::take(&mut stream))) } else { Err(refused) }
}

/// Appends one assignment to the stream.
///
/// Let q(s) say that s has a `#` and an odd number of `"` before the first one.
/// One line, not q: `K="""v"""`. The three quotes make the number before a `#` odd, so nothing is cut, and the pair
/// of triple quotes is taken off. One line, q: `K='v'`. Odd, so nothing is cut, and the pair of `'` is taken off.
/// More lines: `K="""` and the lines and `"""`, where the first is not q and none but the last ends in `"""`. The
/// reader takes one CR off each line, so a line that ends in CR gets one more.
pub fn one(name: &str, value: &Secret, stream: &mut Vec<u8>) -> Result<(), Uncarried> {
    if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
        return Err(Uncarried::Name);
    }
    // Into the stream, which is itself a secret.
    let bytes = value.expose();
    if value.expose_text().is_none() {
        return Err(Uncarried::NotText);
    }
    if bytes.contains(&0) {
        return Err(Uncarried::Nul);
    }
    let start = stream.len();
    stream.extend_from_slice(name.as_bytes());
    stream.push(b'=');
    let written = write_value(bytes, stream);
    stream.push(b'\n');
    let is_long =
        stream[start..].split(|&byte| byte == b'\n').any(|line| line.len() > LONGEST_LINE);
    let outcome = if is_long { Err(Uncarried::LongLine) } else { written };
    if outcome.is_err() {
        stream.truncate(start);
    }
    outcome
}

fn write_value(value: &[u8], stream: &mut Vec<u8>) -> Result<(), Uncarried> {
    let lines: Vec<&[u8]> = value.split(|&byte| byte == b'\n').collect();
    let [first, .., last] = lines.as_slice() else {
        let quote: &[u8] = if has_quote_before_hash(value) { b"'" } else { b"\"\"\"" };
        for part in [quote, value, quote] {
            stream.extend_from_slice(part);
        }
        return Ok(());
    };
    if has_quote_before_hash(first) {
        return Err(Uncarried::QuoteBeforeHash);
    }
    stream.extend_from_slice(b"\"\"\"");
    for line in &lines[..lines.len() - 1] {
        if line.ends_with(b"\"\"\"") {
            return Err(Uncarried::TripleQuote);
        }
        stream.extend_from_slice(line);
        if line.ends_with(b"\r") {
            stream.push(b'\r');
        }
        stream.push(b'\n');
    }
    stream.extend_from_slice(last);
    stream.extend_from_slice(b"\"\"\"");
    Ok(())
}

/// Whether there is a `#` with an odd number of `"` before it.
fn has_quote_before_hash(text: &[u8]) -> bool {
    let Some(hash) = text.iter().position(|&byte| byte == b'#') else { return false };
    text[..hash].iter().fold(false, |is_odd, &byte| is_odd ^ (byte == b'"'))
}

/// The names that flyctl would not read as they are.
fn unlike(stream: &[u8], values: &[(&str, &Secret)]) -> Vec<(String, Uncarried)> {
    let read = import::read(stream);
    let is_itself = |name: &str, value: &Secret| {
        let read =
            read.as_ref().ok().and_then(|read| read.iter().rev().find(|(known, _)| known == name));
        read.is_some_and(|(_, read)| read.same_as(value))
    };
    let unlike = values.iter().filter(|(name, value)| !is_itself(name, value));
    unlike.map(|(name, _)| ((*name).to_owned(), Uncarried::NotItself)).collect()
}

#[cfg(test)]
mod tests;
