//! A text without the control sequences that colour it, and the way back to its own offsets.

use std::borrow::Cow;
use std::ops::Range;

/// A text as a person sees it on a terminal: without CSI and character set sequences.
pub(crate) struct View<'text> {
    /// The text without the sequences; borrowed where there is none.
    pub(crate) text: Cow<'text, [u8]>,
    /// After which byte of `text` something was cut, and how much was cut up to there.
    cuts: Vec<(usize, usize)>,
}

/// The longest sequence that is taken for one.
const LONGEST_SEQUENCE: usize = 64;

const ESCAPE: u8 = 0x1b;

impl<'text> View<'text> {
    /// The view of `original`, whose first `from` bytes are taken as they are. At the end of a
    /// stream (`is_end`) a cut-off sequence is just text; else the view ends before it.
    pub(crate) fn new(original: &'text [u8], from: usize, is_end: bool) -> Self {
        let mut view = Self { text: Cow::Borrowed(original), cuts: Vec::new() };
        let mut text = Vec::new();
        let mut copied = 0;
        let mut end = original.len();
        for at in memchr::memchr_iter(ESCAPE, &original[from..]).map(|at| from + at) {
            if at < copied {
                continue;
            }
            match sequence(&original[at..]) {
                Sequence::Cut if !is_end => {
                    end = at;
                    break;
                }
                Sequence::Cut | Sequence::None => {}
                Sequence::Len(len) => {
                    text.extend_from_slice(&original[copied..at]);
                    copied = at + len;
                    view.cuts.push((text.len(), copied - text.len()));
                }
            }
        }
        if view.cuts.is_empty() {
            view.text = Cow::Borrowed(&original[..end]);
        } else {
            text.extend_from_slice(&original[copied..end]);
            view.text = Cow::Owned(text);
        }
        view
    }

    /// Where the byte at `at` of the view, or its end, stands in the original.
    pub(crate) fn original(&self, at: usize) -> usize {
        let n_before = self.cuts.partition_point(|cut| cut.0 <= at);
        at + n_before.checked_sub(1).map_or(0, |last| self.cuts[last].1)
    }

    /// Whether something was cut out.
    pub(crate) fn is_cut(&self) -> bool {
        !self.cuts.is_empty()
    }

    /// The place in the view and in the original from which on all is kept if `at` of the original
    /// is: a sequence is not torn apart.
    pub(crate) fn keep_from(&self, at: usize) -> (usize, usize) {
        let start_of = |cut: usize| {
            let before = cut.checked_sub(1).map_or(0, |before| self.cuts[before].1);
            self.cuts[cut].0 + before
        };
        let n_before = (0..self.cuts.len()).take_while(|&cut| start_of(cut) <= at).count();
        let Some(last) = n_before.checked_sub(1) else { return (at, at) };
        let (place, n_cut) = self.cuts[last];
        if at < place + n_cut { (place, start_of(last)) } else { (at - n_cut, at) }
    }

    /// A range of the view in the original, without sequences that stand at its borders.
    pub(crate) fn original_range(&self, range: Range<usize>) -> Range<usize> {
        if range.is_empty() {
            return self.original(range.start)..self.original(range.start);
        }
        self.original(range.start)..self.original(range.end - 1) + 1
    }
}

enum Sequence {
    None,
    Len(usize),
    /// It may be one, but the text ends first.
    Cut,
}

/// What the escape character at the head of `text` begins: `ESC [ … letter` or `ESC ( B`. None ends
/// in `[`, which may be a marker's own: cut out, it would join what stands before the marker to its
/// `REDACTED`, and that may be a secret.
fn sequence(text: &[u8]) -> Sequence {
    match text.get(1) {
        None => Sequence::Cut,
        Some(b'(' | b')') => match text.get(2) {
            None => Sequence::Cut,
            Some(b'[') => Sequence::None,
            Some(_) => Sequence::Len(3),
        },
        Some(b'[') => {
            let body = &text[2..text.len().min(LONGEST_SEQUENCE)];
            match body.iter().position(|byte| !(0x20..0x40).contains(byte)) {
                Some(end) if (0x40..0x7f).contains(&body[end]) && body[end] != b'[' => {
                    Sequence::Len(2 + end + 1)
                }
                None if text.len() < LONGEST_SEQUENCE => Sequence::Cut,
                _ => Sequence::None,
            }
        }
        Some(_) => Sequence::None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cuts_sequences_and_finds_back() {
        let original = b"a\x1b[1;31mbc\x1b(B\x1b[0md\x1b]x\x1b[0";
        let view = View::new(original, 0, false);
        assert_eq!(&*view.text, b"abcd\x1b]x");
        assert_eq!(view.original_range(0..1), 0..1);
        assert_eq!(view.original_range(1..3), 8..10);
        assert_eq!(view.original_range(0..4), 0..18);
        assert_eq!((view.original(3), view.original(7)), (17, 21));
        let keep_from = |at| view.keep_from(at);
        assert_eq!((keep_from(0), keep_from(1), keep_from(5)), ((0, 0), (1, 1), (1, 1)));
        assert_eq!((keep_from(8), keep_from(15), keep_from(17)), ((1, 8), (3, 13), (3, 17)));
        assert_eq!(&*View::new(original, 0, true).text, b"abcd\x1b]x\x1b[0");
        assert_eq!(&*View::new(original, 2, true).text, b"a\x1b[1;31mbcd\x1b]x\x1b[0");
        assert!(matches!(View::new(b"plain", 0, true).text, Cow::Borrowed(_)));
        assert_eq!(&*View::new(b"x\x1b", 0, false).text, b"x");
    }
}
