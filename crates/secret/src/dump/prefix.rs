//! What stands before a dump in each of its lines: the name of a container, a time, marks of a diff or of a quoted mail.

use super::line::{self, BAR, is_like};

/// How long that is. It depends on nothing behind it, so that it is known as soon as the first number is.
pub(super) fn len(line: &[u8]) -> usize {
    before_offset(line).unwrap_or_else(|| marks(line))
}

/// Nothing longer stands before a dump.
const LONGEST: usize = 160;

/// What stands before the offset that a line has, whatever it is. Behind anything an offset begins with a zero.
fn before_offset(line: &[u8]) -> Option<usize> {
    let n_digits = |from: usize| line::n_hex(&line[from..]);
    let is_offset = |at: usize, n_digits: usize| {
        let after = &line[at + n_digits..];
        (6..=16).contains(&n_digits) && is_behind_offset(after)
    };
    if is_offset(0, n_digits(0)) {
        return Some(0);
    }
    let zeros = memchr::memchr_iter(b'0', &line[..line.len().min(LONGEST)]);
    let mut offsets = zeros.filter(|at| *at > 0 && b" \t+->|]".contains(&line[*at - 1]));
    let at = offsets.find(|at| is_offset(*at, n_digits(*at)))?;
    let n_digits = n_digits(at);
    is_prefix(&line[..at], n_digits, &line[at + n_digits..]).then_some(at)
}

fn is_behind_offset(after: &[u8]) -> bool {
    after.starts_with(b" ") || after.starts_with(b": ") || after.starts_with(BAR)
}

/// Whether an offset of so many digits may stand behind this, and before that. Words of bytes stand behind blanks and
/// other prefixes too.
fn is_prefix(prefix: &[u8], n_digits: usize, after: &[u8]) -> bool {
    let is_blank = |byte: &u8| matches!(byte, b' ' | b'\t');
    let is_told = [b":", &b"  "[..], BAR].iter().any(|told| after.starts_with(told));
    if n_digits != 7 && !is_told {
        return false;
    }
    let word = prefix.trim_ascii_end().rsplit(is_blank).next().unwrap_or_default();
    let is_number = line::is_group(word.len()) && word.iter().all(u8::is_ascii_hexdigit);
    !is_number && !has_bytes(prefix)
}

/// Whether something is a dump itself.
fn has_bytes(text: &[u8]) -> bool {
    line::runs(text, false).iter().any(line::Run::is_wide)
}

/// All marks that a line begins with.
fn marks(line: &[u8]) -> usize {
    let mut at = 0;
    while let Some(n) = mark(&line[at..], at == 0) {
        at += n;
    }
    at
}

/// How long the first mark of a line is.
fn mark(line: &[u8], is_first: bool) -> Option<usize> {
    match line {
        [b'\t', ..] | [b'>', b'>', ..] => return Some(1),
        [b'+' | b'-', ..] if is_first => return Some(1),
        [b'>', b' ', ..] => return Some(2),
        [b'[', ..] => {
            let end = memchr::memmem::find(&line[..line.len().min(LONGEST)], b"] ")? + 2;
            return (!has_bytes(&line[..end])).then_some(end);
        }
        _ => {}
    }
    let n_word = line.iter().take_while(|byte| byte.is_ascii_graphic()).count();
    let word = &line[..n_word];
    let rest = &line[n_word..];
    let n_blanks = rest.iter().take_while(|byte| **byte == b' ').count();
    if word.is_empty() || n_blanks == 0 {
        return None;
    }
    if rest[n_blanks..].starts_with(b"| ") {
        return Some(n_word + n_blanks + 2);
    }
    if is_like(word, b"0000-00-00T00:00:00") {
        return Some(n_word + 1);
    }
    if is_like(word, b"0000-00-00") && word.len() == 10 {
        let time = &rest[n_blanks..];
        let n_time = time.iter().take_while(|byte| byte.is_ascii_graphic()).count();
        return (is_like(time, b"00:00:00") && n_time < time.len())
            .then(|| n_word + n_blanks + n_time + 1);
    }
    if is_like(line, b"Aaa 00 00:00:00 ") || is_like(line, b"Aaa  0 00:00:00 ") {
        let end = memchr::memmem::find(&line[..line.len().min(LONGEST)], b": ")? + 2;
        return Some(end);
    }
    // A level, a component or a target, as `INFO` and `build:`.
    let is_name = !word.iter().all(|byte| byte.is_ascii_hexdigit() || byte.is_ascii_punctuation());
    let is_told = word.ends_with(b":") || (!is_first && word.iter().all(u8::is_ascii_uppercase));
    (is_name && is_told && word.len() > 1).then_some(n_word + 1)
}
