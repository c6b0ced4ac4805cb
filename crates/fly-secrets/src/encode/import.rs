//! What `fly secrets import` reads from a stream: the rules of flyctl 0.4.87, defects and all.

use secret::Secret;

use super::LONGEST_LINE;

/// How flyctl's parser fails; where it drops text without a word, so does [`read`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// A line without `=`; flyctl's message repeats the whole line.
    NoEquals,
    /// A value of one quote alone; flyctl crashes.
    Crash,
}

/// Reads a stream as flyctl does: names and values in the order of their lines.
pub fn read(stream: &[u8]) -> Result<Vec<(String, Secret)>, Failure> {
    let mut values: Vec<(String, Secret)> = Vec::new();
    let mut open: Option<(String, Vec<u8>)> = None;
    for line in lines(stream) {
        if let Some((name, mut text)) = open.take() {
            if let Some(rest) = line.strip_suffix(b"\"\"\"") {
                text.extend_from_slice(rest);
                values.push((name, Secret::new(text)));
            } else {
                text.extend_from_slice(line);
                text.push(b'\n');
                open = Some((name, text));
            }
            continue;
        }
        if line.starts_with(b"#") || line.trim_ascii().is_empty() {
            continue;
        }
        let equals = line.iter().position(|&byte| byte == b'=').ok_or(Failure::NoEquals)?;
        let name = String::from_utf8_lossy(line[..equals].trim_ascii()).into_owned();
        let value = without_comment(trim_start_spaces(&line[equals + 1..]));
        match quoted(value)? {
            Quoted::Whole(value) => values.push((name, Secret::new(value.to_vec()))),
            Quoted::Opened(rest) => {
                let mut text = rest.to_vec();
                text.push(b'\n');
                open = Some((name, text));
            }
        }
    }
    // A text that is still open at the end is dropped, as flyctl drops it.
    Ok(values)
}

enum Quoted<'a> {
    Whole(&'a [u8]),
    Opened(&'a [u8]),
}

fn quoted(value: &[u8]) -> Result<Quoted<'_>, Failure> {
    if let Some(rest) = value.strip_prefix(b"\"\"\"") {
        return Ok(match rest.strip_suffix(b"\"\"\"") {
            Some(inside) => Quoted::Whole(inside),
            None => Quoted::Opened(rest),
        });
    }
    for quote in [b"\"", b"'"] {
        if value == quote {
            return Err(Failure::Crash);
        }
        if let Some(inside) = value.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote)) {
            return Ok(Quoted::Whole(inside));
        }
    }
    Ok(Quoted::Whole(value))
}

/// Cuts at the first `#` where an even number of `"` stands before it.
fn without_comment(value: &[u8]) -> &[u8] {
    let Some(hash) = value.iter().position(|&byte| byte == b'#') else { return value };
    let before = &value[..hash];
    if before.iter().fold(false, |is_odd, &byte| is_odd ^ (byte == b'"')) {
        return value;
    }
    let end = before.iter().rposition(|&byte| byte != b' ').map_or(0, |last| last + 1);
    &before[..end]
}

fn trim_start_spaces(text: &[u8]) -> &[u8] {
    let start = text.iter().position(|&byte| byte != b' ').unwrap_or(text.len());
    &text[start..]
}

/// Go's `bufio.ScanLines`: one CR taken off each line; nothing from the first line that is too long on.
fn lines(stream: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut lines: Vec<&[u8]> = stream.split(|&byte| byte == b'\n').collect();
    if lines.last().is_some_and(|last| last.is_empty()) {
        lines.pop();
    }
    lines
        .into_iter()
        .take_while(|line| line.len() <= LONGEST_LINE)
        .map(|line| line.strip_suffix(b"\r").unwrap_or(line))
}
