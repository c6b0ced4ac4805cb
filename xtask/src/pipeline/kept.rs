//! What a step beside others printed, kept apart until it has ended: the last of it, as its evidence has all.

use std::collections::VecDeque;

/// How many bytes are kept, at least of the last line.
const MOST: usize = 1 << 20;

/// The last lines.
#[derive(Debug, Default, Clone)]
pub(super) struct Kept {
    lines: VecDeque<String>,
    n_bytes: usize,
    n_left_out: usize,
}

impl Kept {
    /// Keeps a line, and gives up the first ones where there are too many.
    pub(super) fn push(&mut self, line: String) {
        self.n_bytes += line.len();
        self.lines.push_back(line);
        while self.n_bytes > MOST && self.lines.len() > 1 {
            let first = self.lines.pop_front().unwrap_or_default();
            self.n_bytes -= first.len();
            self.n_left_out += 1;
        }
    }

    /// What is kept, with a word on what is not.
    pub(super) fn into_lines(self) -> impl Iterator<Item = String> {
        let left_out = (self.n_left_out > 0)
            .then(|| format!("(lines before it, in the evidence alone: {})", self.n_left_out));
        left_out.into_iter().chain(self.lines)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_lines_are_kept_within_bounds() {
        let mut kept = Kept::default();
        kept.push("a".to_owned());
        kept.push("b".to_owned());
        assert_eq!(kept.clone().into_lines().collect::<Vec<_>>(), ["a", "b"]);
        kept.push("c".repeat(MOST - 1));
        let said: Vec<String> = kept.clone().into_lines().collect();
        assert_eq!(said[..2], ["(lines before it, in the evidence alone: 1)", "b"]);
        kept.push("d".repeat(2 * MOST));
        let said: Vec<String> = kept.into_lines().collect();
        assert_eq!((said.len(), said[1].len()), (2, 2 * MOST));
    }
}
