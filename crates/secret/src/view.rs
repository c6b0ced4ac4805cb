//! A text without the control sequences that colour it, and the way back to its own offsets.

use std::borrow::Cow;
use std::ops::Range;

use crate::aside::CONTEXT;

/// A text as a person sees it on a terminal: without CSI and character set sequences, or without anything that a
/// terminal does not show.
pub(crate) struct View<'text> {
    /// The text without the sequences; borrowed where there is none.
    pub(crate) text: Cow<'text, [u8]>,
    /// How many bytes of it are only context.
    pub(crate) from: usize,
    /// After which byte of `text` something was cut, and how much was cut up to there.
    cuts: Vec<(usize, usize)>,
}

/// The longest sequence that is taken for one.
const LONGEST_SEQUENCE: usize = 64;

/// The longest title, link or other string for the terminal itself that is taken for one.
const LONGEST_STRING: usize = 4096;

/// So many bytes of context are kept at most, with their sequences.
const LONGEST_CONTEXT: usize = CONTEXT * 16;

const ESCAPE: u8 = 0x1b;
const BACKSPACE: u8 = 0x08;
const BELL: u8 = 0x07;

/// Whether a text has a control character that is looked through, or a NUL, as text of two bytes a character has.
pub(crate) fn has_controls(text: &[u8]) -> bool {
    memchr::memchr3(0, ESCAPE, BACKSPACE, text).is_some()
}

impl<'text> View<'text> {
    /// The view of a text that has no control characters.
    pub(crate) fn plain(original: &'text [u8], from: usize) -> Self {
        Self { text: Cow::Borrowed(original), from, cuts: Vec::new() }
    }

    /// [`View::new`] and [`View::deep`], in one look at a text that has neither.
    pub(crate) fn both(original: &'text [u8], from: usize, is_end: bool) -> (Self, Option<Self>) {
        if memchr::memchr2(ESCAPE, BACKSPACE, original).is_none() {
            return (Self::plain(original, from), None);
        }
        (Self::new(original, from, is_end), Self::deep(original, from, is_end))
    }

    /// The view of `original`, whose first `from` bytes are only context. At the end of a
    /// stream (`is_end`) a cut-off sequence is just text; else the view ends before it.
    pub(crate) fn new(original: &'text [u8], from: usize, is_end: bool) -> Self {
        let places = memchr::memchr_iter(ESCAPE, original);
        Self::without(original, from, is_end, places, sequence)
    }

    /// The same without titles, links and all other sequences, and without letters that were taken back; none where
    /// [`View::new`] shows as much. What is cut out here is text for that view, so that both are to be searched.
    pub(crate) fn deep(original: &'text [u8], from: usize, is_end: bool) -> Option<Self> {
        let places = || memchr::memchr2_iter(ESCAPE, BACKSPACE, original);
        let is_deep = |at: usize| match original.get(at..) {
            Some([ESCAPE, next, ..]) => !matches!(next, b'[' | b'(' | b')'),
            Some([BACKSPACE, ..]) => true,
            _ => false,
        };
        places().any(is_deep).then(|| Self::without(original, from, is_end, places(), any_sequence))
    }

    /// Without the sequences that begin at these places.
    fn without(
        original: &'text [u8],
        from: usize,
        is_end: bool,
        places: impl Iterator<Item = usize>,
        sequence: impl Fn(&[u8]) -> Sequence,
    ) -> Self {
        let mut view = Self::plain(original, from);
        let mut text = Vec::new();
        let mut copied = 0;
        let mut end = original.len();
        let mut is_context = true;
        for at in places {
            if at < copied {
                continue;
            }
            if is_context && at >= from {
                (is_context, view.from) = (false, text.len() + from.saturating_sub(copied));
            }
            let len = match sequence(&original[at..]) {
                Sequence::Cut if !is_end => {
                    end = at;
                    break;
                }
                Sequence::Cut | Sequence::None => continue,
                Sequence::Len(len) => len,
            };
            text.extend_from_slice(&original[copied..at]);
            copied = at;
            if original[at] == BACKSPACE {
                // What was said stays, although a letter of it is taken back.
                let letter = last_letter(&text[if is_context { 0 } else { view.from }..]);
                if letter == 0 {
                    continue;
                }
                text.truncate(text.len() - letter);
                view.cuts.truncate(view.cuts.partition_point(|cut| cut.0 <= text.len()));
            }
            copied = at + len;
            view.cuts.push((text.len(), copied - text.len()));
        }
        if is_context {
            view.from = text.len() + from.saturating_sub(copied);
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

    /// Where in the original the context begins of what is unsaid from `at` of the original on.
    pub(crate) fn context(&self, at: usize) -> usize {
        let before = self.place(at).0.checked_sub(CONTEXT + 1);
        let context = before.map_or(0, |before| self.original(before) + 1);
        context.max(self.start_of(at.saturating_sub(LONGEST_CONTEXT)))
    }

    /// Where in the original all begins that is kept if `at` is: a sequence is not torn apart.
    pub(crate) fn start_of(&self, at: usize) -> usize {
        self.place(at).1
    }

    /// The same, in the view and in the original.
    fn place(&self, at: usize) -> (usize, usize) {
        let n_ended = self.cuts.partition_point(|(place, n_cut)| place + n_cut <= at);
        let n_cut = n_ended.checked_sub(1).map_or(0, |last| self.cuts[last].1);
        match self.cuts.get(n_ended) {
            Some((place, _)) if place + n_cut <= at => (*place, place + n_cut),
            _ => (at - n_cut, at),
        }
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

/// The same for every sequence, and for a backspace.
fn any_sequence(text: &[u8]) -> Sequence {
    match *text {
        [BACKSPACE, ..] => Sequence::Len(1),
        [ESCAPE, b']' | b'P' | b'X' | b'^' | b'_', ..] => string_sequence(text),
        [ESCAPE, b'\x20'..=b'\'' | b'*'..=b'/', ref rest @ ..] => match rest.first() {
            None => Sequence::Cut,
            Some(b'[') => Sequence::None,
            Some(b'0'..=b'~') => Sequence::Len(3),
            Some(_) => Sequence::None,
        },
        [ESCAPE, b'0'..=b'Z' | b'\\' | b'`'..=b'~', ..] => Sequence::Len(2),
        _ => sequence(text),
    }
}

/// A string for the terminal itself, in one line: a title, a link, a setting. It ends with BEL or ESC and a backslash,
/// and another escape character ends it too.
fn string_sequence(text: &[u8]) -> Sequence {
    let body = &text[2..text.len().min(LONGEST_STRING)];
    match body.iter().position(u8::is_ascii_control).map(|at| (at + 2, body[at])) {
        Some((at, BELL)) => Sequence::Len(at + 1),
        Some((at, ESCAPE)) => match text.get(at + 1) {
            None => Sequence::Cut,
            Some(b'\\') => Sequence::Len(at + 2),
            Some(_) => Sequence::Len(at),
        },
        None if text.len() < LONGEST_STRING => Sequence::Cut,
        Some(_) | None => Sequence::None,
    }
}

/// How many bytes the letter at the end of a text has, which a backspace takes back; none at the beginning of a line.
fn last_letter(text: &[u8]) -> usize {
    match text.last() {
        None => 0,
        Some(last) if last.is_ascii_control() => 0,
        Some(_) => {
            let n_after = text.iter().rev().take_while(|byte| **byte & 0xc0 == 0x80).count();
            (n_after + 1).min(text.len())
        }
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
        let place = |at| view.place(at);
        assert_eq!((place(0), place(1), place(5)), ((0, 0), (1, 1), (1, 1)));
        assert_eq!((place(8), place(15), place(17)), ((1, 8), (3, 13), (3, 17)));
        assert_eq!(&*View::new(original, 0, true).text, b"abcd\x1b]x\x1b[0");
        let from = |from| View::new(original, from, true).from;
        assert_eq!((from(0), from(1), from(8), from(10), from(18), from(24)), (0, 1, 1, 3, 4, 10));
        assert!(matches!(View::new(b"plain", 0, true).text, Cow::Borrowed(_)));
        assert_eq!(&*View::new(b"x\x1b", 0, false).text, b"x");
    }

    #[test]
    fn a_deep_view_cuts_all_that_no_terminal_shows() {
        let check = |original: &str, expected: &str| {
            let view = View::deep(original.as_bytes(), 0, true).unwrap();
            assert_eq!(String::from_utf8_lossy(&view.text), expected, "{original:?}");
        };
        check("a\x1b]0;t\x07b", "ab");
        check("a\x1b]8;;http://x\x1b\\b\x1b]8;;\x1b\\c", "abc");
        check("a\x1bPq\x1b[0mb\x1b7c\x1b%Gd\x1b(Be", "abcde");
        check("aQ\x08\x1b[Kb", "ab");
        check("aQ\x08 \x08b", "ab");
        check("aXY\x08\x08b\n\x08cé\x08d", "ab\n\x08cd");
        check("a\x1b]open\nb\x1b]open", "a\x1b]open\nb\x1b]open");
        assert!(View::deep(b"a\x1b[0mb\x1b(Bc", 0, true).is_none());
    }

    #[test]
    fn a_deep_view_finds_back() {
        let original = b"a\x1b[1mbQR\x08\x1b[K\x08c\x1b]0;t\x07d\x1b]0;";
        let view = View::deep(original, 0, false).unwrap();
        assert_eq!(&*view.text, b"abcd");
        let places: Vec<usize> = (0..4).map(|at| view.original_range(at..at + 1).start).collect();
        assert!(places.iter().zip(b"abcd").all(|(at, letter)| original[*at] == *letter));
        let string = places[2] + 1;
        assert_eq!(view.place(string + 3), (3, string));
        assert_eq!(view.place(places[1] + 2).1, places[1] + 1);
        assert_eq!(view.original(4), original.len() - 4);
        // What is context stays, although a letter of it is taken back.
        assert_eq!(&*View::deep(b"ab\x08\x08c", 2, true).unwrap().text, b"ab\x08\x08c");
    }
}
