//! The lines of `evidence.jsonl` as a chain: each names the digest of the one before it.

mod tail;

use std::cell::LazyCell;
use std::collections::HashMap;

use crate::digest::Digest;
use crate::problem::{Problem, Rule};
use crate::record::{Malformed, Record};
pub use tail::Tail;

/// The name of the file of records in a bundle.
pub const RECORDS: &str = "evidence.jsonl";

/// The records of a file, and where its links do not hold.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Chain {
    /// The lines that are records, in file order.
    pub records: Vec<Record>,
    /// The digest of the last whole line.
    pub head: Option<Digest>,
    /// How many whole lines there are.
    pub lines: u64,
    /// What does not hold, in file order.
    pub problems: Vec<Problem>,
}

struct Line {
    digest: Digest,
    /// Boxed, for a file may have very many lines that are no record.
    record: Result<Box<Record>, Malformed>,
}

/// Where lines are, for what does not follow on the one before it.
struct Places {
    first_by_digest: HashMap<Digest, usize>,
    last_by_digest: HashMap<Digest, usize>,
    last_by_index: HashMap<u64, usize>,
}

impl Places {
    fn of(lines: &[Line]) -> Places {
        let digests = lines.iter().enumerate().map(|(n, line)| (line.digest, n));
        let index_of = |line: &Line| line.record.as_ref().ok().map(|record| record.index);
        let indexes = lines.iter().enumerate().filter_map(|(n, line)| Some((index_of(line)?, n)));
        Places {
            first_by_digest: digests.clone().rev().collect(),
            last_by_digest: digests.collect(),
            last_by_index: indexes.collect(),
        }
    }
}

impl Chain {
    /// Reads a file of records. Nothing in it makes this fail: what is wrong is in [`Chain::problems`].
    pub fn read(bytes: &[u8]) -> Self {
        let (whole, torn) = match bytes.iter().rposition(|&byte| byte == b'\n') {
            Some(last) => bytes.split_at(last + 1),
            None => (&bytes[..0], bytes),
        };
        let lines: Vec<Line> = whole
            .strip_suffix(b"\n")
            .map(|text| text.split(|&byte| byte == b'\n'))
            .into_iter()
            .flatten()
            .map(|line| Line {
                digest: Digest::of(line),
                record: Record::from_line(line).map(Box::new),
            })
            .collect();
        let mut problems = check_links(&lines);
        if !torn.is_empty() {
            let message = format!("the last line was never finished ({} bytes)", torn.len());
            problems
                .push(Problem::new(Rule::Torn, RECORDS, message).at_line(lines.len() as u64 + 1));
        }
        Self {
            head: lines.last().map(|line| line.digest),
            lines: lines.len() as u64,
            records: lines
                .into_iter()
                .filter_map(|line| line.record.ok().map(|record| *record))
                .collect(),
            problems,
        }
    }
}

/// Follows the links. After a broken one it goes on with what is there, so that each break is named once and at
/// its place.
fn check_links(lines: &[Line]) -> Vec<Problem> {
    let places = LazyCell::new(|| Places::of(lines));
    let mut problems = Vec::new();
    let mut expected = 0;
    let mut broken_before = false;
    for (n, line) in lines.iter().enumerate() {
        let number = n as u64 + 1;
        let record = match &line.record {
            Ok(record) => record,
            Err(why) => {
                problems
                    .push(Problem::new(Rule::Altered, RECORDS, why.to_string()).at_line(number));
                expected += 1;
                broken_before = true;
                continue;
            }
        };
        let before = n.checked_sub(1).map(|n| lines[n].digest);
        if record.previous != before || record.index != expected {
            let (rule, message) = name_break(lines, &places, n, record, expected);
            let already_said = broken_before && rule == Rule::Altered;
            if !already_said {
                let named = if rule == Rule::Altered && successor_agrees(lines, n) {
                    number.max(2) - 1
                } else {
                    number
                };
                problems.push(Problem::new(rule, RECORDS, message).at_line(named));
            }
        }
        broken_before = false;
        expected = record.index.saturating_add(1);
    }
    problems
}

/// Says what happened just before line `n`, whose index or link is not what the line before it promises.
fn name_break(
    lines: &[Line],
    places: &Places,
    n: usize,
    record: &Record,
    expected: u64,
) -> (Rule, String) {
    let index = record.index;
    if index > expected {
        let gone = if index == expected + 1 {
            format!("record {expected} is gone")
        } else {
            format!("records {expected} to {} are gone", index - 1)
        };
        let later = places.last_by_index.get(&expected).is_some_and(|last| *last > n);
        return if later {
            (Rule::Reordered, format!("record {index} stands where record {expected} should"))
        } else {
            (Rule::Missing, gone)
        };
    }
    if index < expected {
        let twice = places.first_by_digest.get(&lines[n].digest).is_some_and(|first| *first < n);
        return if twice {
            (Rule::Added, format!("record {index} stands here a second time"))
        } else {
            (Rule::Reordered, format!("record {index} stands where record {expected} should"))
        };
    }
    match record.previous.and_then(|previous| places.last_by_digest.get(&previous)) {
        Some(&elsewhere) if elsewhere + 1 != n => {
            (Rule::Reordered, format!("record {index} follows line {} by its link", elsewhere + 1))
        }
        _ if n == 0 => (Rule::Missing, "the first record names one before it".into()),
        _ if successor_agrees(lines, n) => (
            Rule::Altered,
            format!("record {} is not what record {index} was written after", index - 1),
        ),
        _ => (
            Rule::Altered,
            format!("record {index}, or the one before it, was changed after it was written"),
        ),
    }
}

/// Whether the line after `n` was written after `n` as it is now, so that `n` itself is unchanged.
fn successor_agrees(lines: &[Line], n: usize) -> bool {
    matches!(lines.get(n + 1).map(|line| &line.record), Some(Ok(next)) if next.previous == Some(lines[n].digest))
}

#[cfg(test)]
mod tests;
