//! Lists of numbers that are one byte each: arrays as `xxd -i` and programs in C, Go, Rust, Java and JavaScript have
//! them, lists as Python, Go and Node print them, and the decimal numbers of `od -tu1`.

use super::SHORTEST_SPAN;
use super::likely::{KINDS, LONG_GAP};
use super::line::{Group, Run, SoFar};

/// What the lists of a whole line, or of a part of one, show.
pub(super) fn runs(line: &[u8]) -> Vec<Run> {
    read(line, true).runs
}

/// The same of a line that is not yet whole.
pub(super) fn runs_so_far(line: &[u8]) -> SoFar {
    read(line, false)
}

/// Whether a number as `0x43` begins here and stands among others.
pub(super) fn is_hex_in_list(text: &[u8], at: usize) -> bool {
    let end = |at: usize| at + len(&text[at..text.len().min(at + LONGEST_HEX)]);
    let is_byte = |at: usize| is_hex(&text[at..]) && value(&text[at..end(at)]).is_some();
    let next = |at: usize| next(text, at, end(at)).map(|(next, _)| next);
    let before = |at: usize| {
        let mut near = at.saturating_sub(LONGEST_HEX)..at;
        near.find(|before| is_byte(*before) && next(*before) == Some(at))
    };
    let after = |at: &usize| next(*at).filter(|at| is_byte(*at));
    let n_after = std::iter::successors(Some(at), after).take(N_HEX).count();
    let n_before = || std::iter::successors(Some(at), |at| before(*at)).take(N_HEX).count() - 1;
    is_byte(at) && (n_after == N_HEX || n_after + n_before() >= N_HEX)
}

/// So many such numbers at least are in [`SHORTEST_HEX`] characters.
const N_HEX: usize = SHORTEST_HEX.div_ceil(LONGEST_HEX);

/// Where the numbers begin that a line ends with.
pub(super) fn end(line: &[u8]) -> usize {
    let is_other = |byte: &u8| !byte.is_ascii_hexdigit() && !b", \txXuU-".contains(byte);
    let from = line.iter().rposition(is_other).map_or(0, |other| other + 1);
    // A bracket or a quote before a number tells that one begins.
    from.saturating_sub(1)
}

/// Which numbers a decimal one of one or two digits may become.
pub(super) fn completions(number: &[u8]) -> impl Iterator<Item = u8> {
    let value = value(number).unwrap_or(0);
    let is_short = number.iter().all(u8::is_ascii_digit);
    let more = move |factor: u16| {
        let first = u16::from(value) * factor;
        (first..first + factor).filter_map(|number| u8::try_from(number).ok())
    };
    let tens = more(10).filter(move |_| is_short && value > 0);
    tens.chain(more(100).filter(move |_| is_short && value > 0))
}

fn read(line: &[u8], is_whole: bool) -> SoFar {
    let mut so_far = SoFar::default();
    let mut at = 0;
    while let Some(start) = first(line, at) {
        let (mut groups, mut number, mut is_negative) =
            (Vec::new(), start, line[..start].ends_with(b"-"));
        let mut n_certain = None;
        loop {
            at = number + len(&line[number..]);
            let is_cut = !is_whole && at == line.len();
            let value = value(&line[number..at]).filter(|_| is_followed(line, at));
            if is_cut {
                so_far.word = Some(number);
                n_certain = Some(groups.len());
            }
            let Some(value) = value else { break };
            let value = if is_negative { value.wrapping_neg() } else { value };
            groups.push(Group::number(number, at - number, 1, u64::from(value)));
            let Some(next) = next(line, number, at) else { break };
            let is_other = if is_whole {
                is_hex(&line[next.0..]) != is_hex(&line[number..])
            } else {
                // A number that is not yet whole may be written either way.
                is_hex(&line[number..]) && !may_be_hex(&line[next.0..])
                    || !is_hex(&line[number..]) && is_hex(&line[next.0..])
            };
            // What is written in two ways is two lists.
            if is_other {
                break;
            }
            (number, is_negative) = next;
        }
        let Some(last) = groups.last() else { continue };
        let rest = &line[last.end()..];
        let ends = if is_whole {
            rest.iter().all(|byte| matches!(byte, b' ' | b'\t' | b',' | b'\r' | b'\n'))
        } else {
            at == line.len()
                || rest.iter().all(|byte| matches!(byte, b' ' | b'\t' | b',' | b'-' | b'\r'))
        };
        let breaks = n_certain.filter(|n_certain| *n_certain < groups.len()).into_iter().collect();
        // So that such a list is known by a quick look, it is longer than others where a dump begins.
        let more = if is_hex(&line[start..]) { SHORTEST_HEX - SHORTEST_SPAN } else { 0 };
        so_far.runs.push(Run { ends, breaks, ..Run::of_cells(groups, start + more) });
    }
    so_far
}

/// Where from `from` on a number may begin.
fn first(line: &[u8], from: usize) -> Option<usize> {
    let is_start = |at: &usize| {
        let before = &line[..*at];
        let before = before.strip_suffix(b"-").unwrap_or(before);
        line[*at].is_ascii_digit()
            && before.last().is_none_or(|byte| b" \t,[({<|>=+\"'".contains(byte))
    };
    (from..line.len()).find(is_start)
}

/// How long the word is that a text begins with.
fn len(text: &[u8]) -> usize {
    text.iter().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_').count()
}

/// Whether what follows a number leaves it one.
fn is_followed(line: &[u8], at: usize) -> bool {
    line.get(at).is_none_or(|byte| b" \t,])}>;\"'\r\n".contains(byte))
}

/// Whether a number as `0x43` begins here.
fn is_hex(text: &[u8]) -> bool {
    matches!(text, [b'0', b'x' | b'X', digit, ..] if digit.is_ascii_hexdigit())
}

/// Whether a text that may go on begins such a number.
fn may_be_hex(text: &[u8]) -> bool {
    is_hex(text) || matches!(text, [b'0'] | [b'0', b'x' | b'X'])
}

/// The longest hexadecimal number with what stands between it and the next.
pub(super) const LONGEST_HEX: usize = 7;

/// A line that shows hexadecimal numbers in fewer characters begins no dump.
pub(super) const SHORTEST_HEX: usize = 39;

/// The longest gap between two decimal numbers, with what aligns them.
const LONGEST_GAP: usize = LONG_GAP.len() - 1;

/// Where the number begins that follows in a list on the one from `start` to `end`, and whether it is a negative one.
fn next(line: &[u8], start: usize, end: usize) -> Option<(usize, bool)> {
    let blanks = |from: usize| {
        let rest = line[from..].iter().take(LONGEST_GAP + 1);
        from + rest.take_while(|byte| matches!(byte, b' ' | b'\t')).count()
    };
    let mut next = blanks(end);
    if line.get(next) == Some(&b',') {
        next = blanks(next + 1);
    }
    let is_hex = is_hex(&line[start..]);
    let is_negative = !is_hex && line.get(next) == Some(&b'-') && next > end;
    next += usize::from(is_negative);
    let is_near = if is_hex { next - start <= LONGEST_HEX } else { next - end <= LONGEST_GAP };
    (next > end && is_near && line.get(next).is_some_and(u8::is_ascii_digit))
        .then_some((next, is_negative))
}

/// The byte that a number says: hexadecimal digits behind `0x`, where C may have a `U` behind it, or a
/// decimal number.
fn value(number: &[u8]) -> Option<u8> {
    let (digits, radix, most) = match number {
        [b'0', b'x' | b'X', digits @ ..] => (digits, 16, 2),
        _ => (number, 10, 3),
    };
    let n_digits = digits.iter().take_while(|digit| KINDS[usize::from(**digit)] < radix).count();
    let (digits, kind) = digits.split_at(n_digits);
    let is_kind = kind.is_empty() || (radix == 16 && matches!(kind, b"u" | b"U"));
    if !(1..=most).contains(&n_digits) || !is_kind {
        return None;
    }
    let add = |sum: u16, digit: &u8| sum * u16::from(radix) + u16::from(KINDS[usize::from(*digit)]);
    u8::try_from(digits.iter().fold(0, add)).ok()
}
