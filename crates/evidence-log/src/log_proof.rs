//! A proof that one line is in a log, which needs nothing else of the log: C2SP's `tlog-proof`.

use std::fmt::Write as _;

use data_encoding::BASE64;
use evidence::{Checkpoint, Digest, leaf_hash, node_hash};

const HEAD: &str = "c2sp.org/tlog-proof@v1";

/// One line of a log, and the hashes that lead from it to a checkpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogProof {
    /// The line's place, from 0.
    pub index: u64,
    /// The line itself, which the format carries as extra data: nothing but the hashes vouches for it.
    pub line: Vec<u8>,
    /// From the line's sibling to the child of the root.
    pub hashes: Vec<Digest>,
    /// What the log looked like.
    pub checkpoint: Checkpoint,
}

impl LogProof {
    /// The file.
    pub fn to_text(&self) -> String {
        let mut text =
            format!("{HEAD}\nextra {}\nindex {}\n", BASE64.encode(&self.line), self.index);
        for hash in &self.hashes {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{}", BASE64.encode(hash.as_bytes()));
        }
        text.push('\n');
        text.push_str(&self.checkpoint.to_text());
        text
    }

    /// Reads the file; none when it is not such a proof, or one without the line.
    pub fn read(text: &str) -> Option<Self> {
        let (head, checkpoint) = text.split_once("\n\n")?;
        let mut lines = head.split('\n');
        if lines.next() != Some(HEAD) {
            return None;
        }
        let line = BASE64.decode(lines.next()?.strip_prefix("extra ")?.as_bytes()).ok()?;
        let index = lines.next()?.strip_prefix("index ")?;
        let is_number = !index.is_empty() && index.bytes().all(|byte| byte.is_ascii_digit());
        if !is_number || (index.starts_with('0') && index != "0") {
            return None;
        }
        let hash = |line: &str| {
            let bytes = BASE64.decode(line.as_bytes()).ok()?.try_into().ok()?;
            Some(Digest::from_bytes(bytes))
        };
        Some(Self {
            index: index.parse().ok()?,
            line,
            hashes: lines.map(hash).collect::<Option<_>>()?,
            checkpoint: Checkpoint::read(checkpoint)?,
        })
    }

    /// Whether the hashes lead from the line to the checkpoint's root. Who signed that, the caller asks.
    pub fn holds(&self) -> bool {
        let size = self.checkpoint.size;
        if self.index >= size {
            return false;
        }
        // RFC 9162, section 2.1.3.2.
        let (mut node, mut last, mut hash) = (self.index, size - 1, leaf_hash(&self.line));
        for &other in &self.hashes {
            if last == 0 {
                return false;
            }
            if node & 1 == 1 || node == last {
                hash = node_hash(other, hash);
                while node & 1 == 0 && node != 0 {
                    node >>= 1;
                    last >>= 1;
                }
            } else {
                hash = node_hash(hash, other);
            }
            node >>= 1;
            last >>= 1;
        }
        last == 0 && hash == self.checkpoint.root
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tiles::inclusion;
    use evidence::CompactRange;

    fn proof(count: usize, index: usize) -> LogProof {
        let lines: Vec<Vec<u8>> = (0..count).map(|n| format!("line {n}").into_bytes()).collect();
        let mut range = CompactRange::default();
        for line in &lines {
            range.push(line);
        }
        let refs: Vec<&[u8]> = lines.iter().map(Vec::as_slice).collect();
        LogProof {
            index: index as u64,
            line: lines[index].clone(),
            hashes: inclusion(&refs, index).unwrap(),
            checkpoint: Checkpoint::new("host-1a2b", range.size(), range.root()),
        }
    }

    #[test]
    fn every_line_of_every_size_is_proved_and_no_other() {
        for count in 1..40 {
            for index in 0..count {
                let good = proof(count, index);
                assert!(good.holds(), "{index} of {count}");
                assert_eq!(LogProof::read(&good.to_text()).as_ref(), Some(&good));
                assert!(!LogProof { line: b"another".to_vec(), ..good.clone() }.holds());
                assert!(!LogProof { index: good.index + 1, ..good.clone() }.holds());
                let mut longer = good.clone();
                longer.hashes.push(Digest::of(b""));
                assert!(!longer.holds());
                let mut shorter = good.clone();
                if shorter.hashes.pop().is_some() {
                    assert!(!shorter.holds());
                }
            }
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read_without_a_fall(text in "(c2sp.org/tlog-proof@v1\nextra YQ==\nindex [0-9]{1,3}\n)?[a-zA-Z0-9=\n ]{0,120}") {
            if let Some(read) = LogProof::read(&text) {
                let _ = read.holds();
                proptest::prop_assert_eq!(LogProof::read(&read.to_text()), Some(read));
            }
        }
    }
}
