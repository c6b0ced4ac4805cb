//! What a stream shows in another form than a needle has, such as a dump of bytes: the same bytes as they are, and
//! where in the stream each of them is shown.

use std::ops::Range;

use crate::dump::Dumps;
use crate::form::FormMatch;
use crate::redactor::Ending;
use crate::wide::Wide;
use crate::{SecretSet, dump, form};

/// A place in a stream that a marker must cover.
pub(crate) struct Spot<'set> {
    /// Counted from the stream's beginning.
    pub(crate) range: Range<u64>,
    pub(crate) name: &'set str,
}

/// What is searched for.
#[derive(Clone, Copy)]
pub(crate) struct Sought<'set> {
    pub(crate) set: &'set SecretSet,
    pub(crate) with_forms: bool,
}

/// A place in a text where something stands that is sought.
pub(crate) struct Place<'set> {
    pub(crate) range: Range<usize>,
    pub(crate) name: &'set str,
    /// Whether it is a credential by its form alone.
    pub(crate) is_form: bool,
}

/// What was found, known values first, and from where on, in the text, more must be known.
pub(crate) struct Found<'set> {
    pub(crate) places: Vec<Place<'set>>,
    pub(crate) settled: usize,
    /// Whether some part of a value stands somewhere without the rest right beside it.
    pub(crate) has_part: bool,
}

/// So many bytes are kept for a judgement on what follows.
pub(crate) const CONTEXT: usize = form::LONGEST_LEAD;

/// All that a stream shows in another form.
#[derive(Default)]
pub(crate) struct Aside<'set> {
    dumps: Dumps,
    wide: Wide,
    /// What was found and is not yet said, by name.
    pub(crate) spots: Vec<Spot<'set>>,
    /// From where on the stream must not be said yet.
    pub(crate) keep: Option<u64>,
    /// How long the stream is so far.
    pub(crate) n_bytes: u64,
}

impl<'set> Aside<'set> {
    /// Takes in what comes next, in which there may be control characters or not.
    pub(crate) fn push(&mut self, sought: Sought<'set>, input: &[u8], has_controls: bool) {
        let base = self.n_bytes;
        self.n_bytes += input.len() as u64;
        let in_dump = self.dumps.push(sought, (input, has_controls), base, &mut self.spots);
        let in_wide = self.wide.push(sought, (input, has_controls), base, &mut self.spots);
        self.keep = in_dump.into_iter().chain(in_wide).min();
        self.sort();
    }

    /// Adds what was found, which may be known already.
    pub(crate) fn add(&mut self, spot: Spot<'set>) {
        if !self.spots.iter().any(|known| known.range == spot.range) {
            self.spots.push(spot);
        }
    }

    /// Ends the stream.
    pub(crate) fn finish(&mut self, sought: Sought<'set>, ending: Ending) {
        self.dumps.finish(sought, ending, &mut self.spots);
        self.wide.finish(sought, ending, &mut self.spots);
        self.keep = None;
        self.sort();
    }

    /// Where two names have one place chunks are not to tell which is shown.
    fn sort(&mut self) {
        self.spots.sort_by_key(|spot| spot.name);
    }
}

impl<'set> Sought<'set> {
    /// Whether the byte that these digits begin with, or may begin with, is one of those that are sought.
    pub(crate) fn holds_digits(self, digits: &[u8]) -> bool {
        let bytes = self.set.search.bytes(self.with_forms);
        if let [digit] = digits {
            let first = usize::from(dump::byte(&[b'0', *digit])) * 16;
            bytes[first..first + 16].contains(&true)
        } else {
            bytes[usize::from(dump::byte(digits))]
        }
    }

    /// Whether a value begins with this byte.
    pub(crate) fn begins_with(self, byte: u8) -> bool {
        self.set.search.begins_with(byte)
    }

    pub(crate) fn begins_with_digit(self, digit: u8) -> bool {
        self.set.search.begins_with_digit(digit, self.with_forms)
    }

    /// All that is sought in `text` and begins at `from` or later; the rest is context.
    pub(crate) fn find(self, text: &[u8], from: usize, ending: Ending) -> Found<'set> {
        let Self { set, with_forms } = self;
        let search = &set.search;
        let is_end = ending != Ending::None;
        let ((known, has_part), forms, open) = if !with_forms {
            (search.find_with_parts(text, from), Vec::new(), text.len())
        } else if search.is_worth_a_sieve(text) {
            let found = search.find_with_forms(text, from, is_end, |_| {});
            ((found.hits, found.has_part), found.forms, found.settled)
        } else {
            let (forms, open) = form::scan(text, from, is_end);
            (search.find_with_parts(text, from), forms, open)
        };
        let live = if is_end { text.len() } else { search.live_from(text, from) };
        let cut = if ending == Ending::Cut { search.cut_at_end(text, from) } else { None };
        let known = known.into_iter().chain(cut).map(|hit| set.place(hit));
        let forms = forms.into_iter();
        let forms =
            forms.map(|FormMatch { range, rule }| Place { range, name: rule, is_form: true });
        Found { places: known.chain(forms).collect(), settled: live.min(open), has_part }
    }
}
