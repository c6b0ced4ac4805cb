//! What must be known of a chain to add to it, read in a fraction of the time that all its records take.

use serde::Deserialize;

use super::Chain;
use crate::digest::Digest;
use crate::record::{Body, Record};

/// The end of a chain whose links hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tail {
    /// The digest of the last line.
    pub head: Option<Digest>,
    /// How many lines there are.
    pub lines: u64,
    /// The number of the run that was begun last; 0 before the first.
    pub last_run: u32,
    /// Whether the last record is a seal, behind which nothing may stand.
    pub is_sealed: bool,
}

/// What links a line to the one before it, and the number of its run.
#[derive(Deserialize)]
struct Link<'a> {
    v: u64,
    i: u64,
    prev: Option<Digest>,
    kind: &'a str,
    run: Option<u32>,
}

impl Tail {
    /// Follows the links of whole lines. Where one does not hold, or the last line is no record, the first problem.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, String> {
        Self::follow(bytes).ok_or_else(|| {
            let chain = Chain::read(bytes);
            chain.problems.first().map_or_else(|| "a line is no record".into(), ToString::to_string)
        })
    }

    fn follow(bytes: &[u8]) -> Option<Self> {
        let mut tail = Self::default();
        let Some(whole) = bytes.strip_suffix(b"\n") else {
            return bytes.is_empty().then_some(tail);
        };
        let mut last = &whole[..0];
        for line in whole.split(|&byte| byte == b'\n') {
            let link: Link<'_> = serde_json::from_slice(line).ok()?;
            if (link.v, link.i, link.prev) != (1, tail.lines, tail.head) {
                return None;
            }
            if link.kind == "begin" {
                tail.last_run = link.run?;
            }
            (tail.head, tail.lines) = (Some(Digest::of(line)), tail.lines + 1);
            last = line;
        }
        // A line before the last is held by the link of the next.
        tail.is_sealed = matches!(Record::from_line(last).ok()?.body, Body::Seal(_));
        Some(tail)
    }
}
