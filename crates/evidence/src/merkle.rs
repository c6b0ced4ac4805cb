//! RFC 6962 tree hashes over the lines of a log, kept as a compact range so that adding a line reads nothing old.

use sha2::{Digest as _, Sha256};

use crate::digest::Digest;

/// The roots of the perfect subtrees of a log, largest first: all that is needed to add lines and to know the root.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CompactRange {
    size: u64,
    peaks: Vec<Digest>,
}

impl CompactRange {
    /// A range that was kept: its size and subtree roots; none when there are too many or too few of these.
    pub fn new(size: u64, peaks: Vec<Digest>) -> Option<Self> {
        (usize::try_from(size.count_ones()) == Ok(peaks.len())).then_some(Self { size, peaks })
    }

    /// How many lines there are.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The roots of the perfect subtrees, largest first.
    pub fn peaks(&self) -> &[Digest] {
        &self.peaks
    }

    /// Adds a line, without its line break.
    pub fn push(&mut self, line: &[u8]) {
        let mut node = leaf_hash(line);
        let mut rest = self.size;
        while rest & 1 == 1 {
            if let Some(left) = self.peaks.pop() {
                node = node_hash(left, node);
            }
            rest >>= 1;
        }
        self.peaks.push(node);
        self.size += 1;
    }

    /// The tree's root: of no lines, the hash of nothing (RFC 6962, section 2.1).
    pub fn root(&self) -> Digest {
        let mut peaks = self.peaks.iter().rev().copied();
        let Some(last) = peaks.next() else { return Digest::of(b"") };
        peaks.fold(last, |right, left| node_hash(left, right))
    }
}

/// The hash of one line, without its line break, as a leaf of the tree.
pub fn leaf_hash(line: &[u8]) -> Digest {
    let mut hasher = Sha256::new();
    hasher.update([0]);
    hasher.update(line);
    Digest::from_bytes(hasher.finalize().into())
}

/// The hash of two neighbouring subtrees.
pub fn node_hash(left: Digest, right: Digest) -> Digest {
    let mut hasher = Sha256::new();
    hasher.update([1]);
    hasher.update(left.as_bytes());
    hasher.update(right.as_bytes());
    Digest::from_bytes(hasher.finalize().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The definition of RFC 6962, section 2.1, word for word.
    fn tree_hash(lines: &[Vec<u8>]) -> Digest {
        match lines {
            [] => Digest::of(b""),
            [one] => leaf_hash(one),
            more => {
                let split = more.len().next_power_of_two() / 2;
                node_hash(tree_hash(&more[..split]), tree_hash(&more[split..]))
            }
        }
    }

    #[test]
    fn known_roots() {
        let mut range = CompactRange::default();
        assert_eq!(range.root(), Digest::of(b""));
        range.push(b"");
        assert_eq!(
            range.root().hex(),
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
        );
    }

    #[test]
    fn every_size_has_the_root_of_the_definition() {
        let lines: Vec<Vec<u8>> = (0..70_u8).map(|n| vec![n; usize::from(n)]).collect();
        let mut range = CompactRange::default();
        for (n, line) in lines.iter().enumerate() {
            assert_eq!(range.root(), tree_hash(&lines[..n]), "{n}");
            assert_eq!(
                CompactRange::new(range.size(), range.peaks().to_vec()).as_ref(),
                Some(&range)
            );
            range.push(line);
        }
        assert_eq!(CompactRange::new(3, vec![Digest::of(b"")]), None);
    }
}
