//! Lines that show words as numbers in fields of one width: the octal words of `od` without options, decimal ones as
//! `od -d` and `od -i` print them, both as `hexdump -o` and `hexdump -d` do, and the bits of `xxd -b`.

use super::likely::LONG_GAP;
use super::line::{Column, Group, Run, SoFar, exact_column, n_hex};

/// What a line shows, if it has nothing but an offset, fields and, behind bits, characters.
pub(super) fn run(line: &[u8]) -> Option<Run> {
    let fields = read(line, true)?;
    let is_all = line[fields.end..].trim_ascii().is_empty();
    let column =
        if fields.is_bits { exact_column(line, fields.end, fields.groups.len()) } else { None };
    let column = column.map(|range| Column { range, is_exact: true });
    (is_all || column.is_some()).then(|| Run { column, ..fields.run() })
}

/// The same of a line that is not yet whole.
pub(super) fn run_so_far(line: &[u8]) -> SoFar {
    let Some(fields) = read(line, false) else { return SoFar::default() };
    let rest = &line[fields.end..];
    let n_blanks = rest.iter().take_while(|byte| **byte == b' ').count();
    let number = &rest[n_blanks..];
    let is_number = number.iter().all(|byte| byte.is_ascii_hexdigit() || *byte == b'-');
    if !is_number && !fields.is_bits {
        return SoFar::default();
    }
    let word = (n_blanks > 0 && is_number && !number.is_empty()).then_some(fields.end + n_blanks);
    SoFar { runs: vec![fields.run()], word }
}

struct Fields {
    groups: Vec<Group>,
    is_bits: bool,
    start: usize,
    /// Where the last field ends.
    end: usize,
}

impl Fields {
    fn run(self) -> Run {
        Run { may_turn: !self.is_bits, ..Run::of_cells(self.groups, self.start) }
    }
}

/// Reads the fields that a line begins with.
fn read(line: &[u8], is_whole: bool) -> Option<Fields> {
    let n_offset = n_hex(line);
    if !matches!(n_offset, 0 | 6..=16) {
        return None;
    }
    let start = n_offset + usize::from(n_offset > 0 && line[n_offset..].starts_with(b":"));
    let mut fields = Fields { groups: Vec::new(), is_bits: false, start: 0, end: start };
    let mut shape: Option<(usize, Shape)> = None;
    loop {
        let rest = &line[fields.end..];
        let n_blanks = rest.iter().take_while(|byte| **byte == b' ').count();
        let digits = &rest[n_blanks..];
        let is_negative = digits.starts_with(b"-");
        let n_digits = digits.iter().skip(usize::from(is_negative));
        let n_digits =
            n_digits.take_while(|byte| byte.is_ascii_hexdigit()).count() + usize::from(is_negative);
        let width = n_blanks + n_digits;
        let is_end = !matches!(digits.get(n_digits), Some(b' ' | b'\r' | b'\n'));
        let is_cut = n_blanks + n_digits == rest.len();
        if n_digits == 0 || n_blanks == 0 || (is_end && !is_cut) || (is_cut && !is_whole) {
            break;
        }
        let number = &digits[..n_digits];
        let (expected, shape) = match shape {
            Some(known) => known,
            None => *shape.insert((width, Shape::of(number, width)?)),
        };
        let Some(value) = shape.value(number).filter(|_| width == expected) else {
            if shape.radix == 2 {
                break;
            }
            return None;
        };
        fields.is_bits = shape.radix == 2;
        let from = fields.end + n_blanks;
        if fields.groups.is_empty() || n_blanks >= LONG_GAP.len() {
            fields.start = from;
        }
        fields.groups.push(Group::number(from, n_digits, shape.n_bytes, value));
        fields.end = from + n_digits;
    }
    Some(fields)
}

/// How the numbers of a line are printed.
#[derive(Clone, Copy)]
struct Shape {
    n_bytes: usize,
    radix: u32,
    /// How many digits each has, where all have as many.
    n_digits: Option<usize>,
}

impl Shape {
    /// The shape of a number in a field of so many characters, with the blanks before it.
    fn of(number: &[u8], width: usize) -> Option<Shape> {
        let is_octal = number.iter().all(|digit| matches!(digit, b'0'..=b'7'));
        let is_bits = number.iter().all(|digit| matches!(digit, b'0' | b'1'));
        let n_digits = number.len();
        let (n_bytes, radix) = match (width, n_digits) {
            (9, 8) if is_bits => (1, 2),
            (7 | 8, 6) if is_octal => (2, 8),
            (12, 11) if is_octal => (4, 8),
            (23, 22) if is_octal => (8, 8),
            (8, 4) => (2, 16),
            (4 | 5, _) => (1, 10),
            (6..=8, _) => (2, 10),
            (11 | 12, _) => (4, 10),
            (21, _) => (8, 10),
            _ => return None,
        };
        Some(Shape { n_bytes, radix, n_digits: (radix != 10).then_some(n_digits) })
    }

    fn value(self, number: &[u8]) -> Option<u64> {
        if self.n_digits.is_some_and(|n_digits| n_digits != number.len()) {
            return None;
        }
        let digits = number.strip_prefix(b"-").unwrap_or(number);
        let mut value = 0_u64;
        for digit in digits {
            let digit = char::from(*digit).to_digit(self.radix)?;
            value = value.checked_mul(u64::from(self.radix))?.checked_add(u64::from(digit))?;
        }
        let most = u64::MAX >> (64 - self.n_bytes * 8);
        let value = if digits.len() < number.len() { value.wrapping_neg() & most } else { value };
        (!digits.is_empty() && value <= most).then_some(value)
    }
}
