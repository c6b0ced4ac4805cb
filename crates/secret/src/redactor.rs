//! Replaces known secrets in a stream while it flows.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::SecretSet;
use crate::aside::{Aside, Found, Place, Sought, Spot};
use crate::logged;
use crate::piece::Piece;
use crate::search::SHORTEST_FIRST_RUN;
use crate::set::joins;
use crate::view::{self, View};

/// Replaces secrets in a stream of bytes by `[REDACTED:NAME]`; all other bytes stay as they are.
///
/// The output does not depend on how the stream is cut into chunks, with one exception: a value in which a letter was
/// corrected with a backspace is seen only as far as it is still held. Nothing is held back but the
/// beginning of what may become a secret: a prompt without a line break appears at once. What was said is looked back
/// at through 4 KiB of control sequences.
/// Overlapping places get one marker, under the name of the first and longest. A credential by
/// form is held back from its first secret byte until it ends, at most
/// [`LONGEST`](crate::form::LONGEST) bytes; what leads up to it must stand within
/// [`LONGEST_LEAD`](crate::form::LONGEST_LEAD) bytes.
///
/// ```
/// let mut builder = secret::SecretSet::builder();
/// builder.add("TOKEN", &secret::Secret::from("kq7Vw2xTzP".to_owned()));
/// let set = builder.build();
///
/// let mut redactor = secret::Redactor::new(&set);
/// let mut output = Vec::new();
/// redactor.push(b"token: kq7V", &mut output);
/// assert_eq!(output, b"token: ");
/// redactor.push(b"w2xTzP!", &mut output);
/// redactor.finish(&mut output);
/// assert_eq!(output, b"token: [REDACTED:TOKEN]!");
/// ```
pub struct Redactor<'set> {
    set: &'set SecretSet,
    with_forms: bool,
    /// What was said already and may be needed to judge what follows, then what was not said.
    buffer: Vec<u8>,
    /// How many bytes of `buffer` are only context.
    n_context: usize,
    /// How many bytes after the context are said by a marker that may yet grow.
    n_covered: usize,
    /// The name in the marker that ends where the covered bytes end.
    last_marker: Option<&'set str>,
    counts: BTreeMap<&'set str, u64>,
    aside: Aside<'set>,
    /// Whether the buffer may have control characters.
    has_controls: bool,
}

/// Whether a stream goes on.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// It does.
    None,
    /// All was written that was to be written.
    Whole,
    /// Its writer may have been stopped.
    Cut,
}

impl<'set> Redactor<'set> {
    /// A redactor for the values of `set`.
    pub fn new(set: &'set SecretSet) -> Self {
        Self {
            set,
            with_forms: false,
            buffer: Vec::new(),
            n_context: 0,
            n_covered: 0,
            last_marker: None,
            counts: BTreeMap::new(),
            aside: Aside::default(),
            has_controls: false,
        }
    }

    /// A redactor for the values of `set` and for every string that is a credential by form.
    pub fn with_forms(set: &'set SecretSet) -> Self {
        Self { with_forms: true, ..Self::new(set) }
    }

    /// Takes in `input` and appends to `output` all that can be said already.
    pub fn push(&mut self, input: &[u8], output: &mut Vec<u8>) {
        self.buffer.extend_from_slice(input);
        // One look tells of most text that it has none of what is looked through.
        let has_controls = view::has_controls(input);
        self.has_controls |= has_controls;
        self.aside.push(self.sought(), input, has_controls);
        self.advance(Ending::None, output);
    }

    /// Ends the stream and appends what was held back.
    pub fn finish(&mut self, output: &mut Vec<u8>) {
        self.end(Ending::Whole, output);
    }

    /// Ends a stream whose writer may have been stopped within a secret: where the beginning of one
    /// stands at the very end, it is replaced as well, if it tells [`SHORTEST`](crate::SHORTEST)
    /// bytes or more.
    pub fn finish_cut(&mut self, output: &mut Vec<u8>) {
        self.end(Ending::Cut, output);
    }

    fn end(&mut self, ending: Ending, output: &mut Vec<u8>) {
        self.aside.finish(self.sought(), ending);
        self.advance(ending, output);
        self.buffer.clear();
        (self.n_context, self.n_covered, self.last_marker) = (0, 0, None);
    }

    /// How many markers were written, by the name they show.
    pub fn counts(&self) -> &BTreeMap<&'set str, u64> {
        &self.counts
    }

    fn sought(&self) -> Sought<'set> {
        Sought { set: self.set, with_forms: self.with_forms }
    }

    fn advance(&mut self, ending: Ending, output: &mut Vec<u8>) {
        let buffer = std::mem::take(&mut self.buffer);
        let is_end = ending != Ending::None;
        let (view, deep) = if self.has_controls {
            View::both(&buffer, self.n_context, is_end)
        } else {
            (View::plain(&buffer, self.n_context), None)
        };
        let (places, settled) = self.places(&view, deep.as_ref(), &buffer, ending);
        let said_to = self.say(&places, &buffer, settled, output);
        let n_left = (buffer.len() - settled) as u64;
        let settled_in_stream = self.aside.n_bytes - n_left;
        self.aside.spots.retain(|spot| spot.range.start >= settled_in_stream);

        let context = view.context(settled);
        let context =
            deep.map_or(context, |deep| deep.start_of(context.min(deep.context(settled))));
        self.buffer = buffer;
        // The usual case moves a few bytes within the same memory; nothing is allocated.
        self.buffer.drain(..context);
        self.n_context = settled - context;
        self.has_controls = self.has_controls && view::has_controls(&self.buffer);
        self.n_covered = said_to - settled;
    }

    /// Every place that a marker must cover, and from where on more must be known.
    fn places(
        &mut self,
        view: &View<'_>,
        deep: Option<&View<'_>>,
        buffer: &[u8],
        ending: Ending,
    ) -> (Vec<Place<'set>>, usize) {
        let is_end = ending != Ending::None;
        let (from, search) = (self.n_context, &self.set.search);
        let Found { mut places, settled, has_part } =
            self.sought().find(&view.text, view.from, ending);
        for place in &mut places {
            place.range = view.original_range(place.range.clone());
        }
        let mut settled = view.original(settled);
        let mut keep = settled;
        if view.is_cut() {
            // What looks like the end of a sequence may be the beginning of a secret.
            let known = search.find(buffer, from).into_iter();
            places.extend(known.map(|hit| self.set.place(hit)));
            keep = keep.min(search.live_from(buffer, from));
        }
        if let Some(deep) = deep {
            let ending = if is_end { Ending::Whole } else { Ending::None };
            let found = self.sought().find(&deep.text, deep.from, ending);
            let original = |place: Place<'set>| Place {
                range: deep.original_range(place.range.clone()),
                ..place
            };
            places.extend(found.places.into_iter().map(original));
            // A string for the terminal is kept as a whole too.
            keep = deep.start_of(keep.min(deep.original(found.settled)));
        }
        if let Some(piece) = logged::unfinished(&view.text, view.from) {
            let live = search.live_from(
                &piece.text,
                piece.index(view.from).saturating_sub(SHORTEST_FIRST_RUN - 1),
            );
            let mut kept = waited_for(&piece, live..piece.text.len(), &view.text);
            keep = kept.next().map_or(keep, |kept| keep.min(view.original(kept.start)));
        }
        // Where something stands that was found aside.
        let stream_start = self.aside.n_bytes - (buffer.len() - from) as u64;
        if has_part {
            self.find_in_lines(view, stream_start);
        }
        let in_buffer = |at: u64| {
            from + usize::try_from(at.saturating_sub(stream_start)).unwrap_or(usize::MAX - from)
        };
        let aside = self.aside.spots.iter().filter(|spot| spot.range.end > stream_start);
        places.extend(aside.map(|spot| Place {
            range: in_buffer(spot.range.start)..in_buffer(spot.range.end),
            name: spot.name,
            is_form: false,
        }));
        keep = keep.min(self.aside.keep.map_or(keep, in_buffer));
        if !is_end && keep < settled {
            settled = view.start_of(keep);
        }
        places
            .sort_by_key(|place| (place.range.start, usize::MAX - place.range.end, place.is_form));
        (places, settled)
    }

    /// Adds what stands in lines of a log to what was found aside, line by line: of one the rest may be said later.
    fn find_in_lines(&mut self, view: &View<'_>, stream_start: u64) {
        let in_stream = |at: usize| stream_start + (at - self.n_context) as u64;
        for piece in logged::pieces(&view.text) {
            let from = piece.index(view.from).saturating_sub(SHORTEST_FIRST_RUN - 1);
            for hit in self.set.search.find_in_piece(&piece, from) {
                let name = self.set.place(hit.clone()).name;
                for range in waited_for(&piece, hit.range, &view.text) {
                    let range = view.original_range(range);
                    if range.start >= self.n_context {
                        let range = in_stream(range.start)..in_stream(range.end);
                        self.aside.add(Spot { range, name });
                    }
                }
            }
        }
    }

    /// Appends to `output` all up to `settled`, and says up to where that reaches: a place that
    /// begins before `settled` is covered to its end.
    fn say(
        &mut self,
        places: &[Place<'set>],
        buffer: &[u8],
        settled: usize,
        output: &mut Vec<u8>,
    ) -> usize {
        let mut said_to = self.n_context + self.n_covered;
        for place in places.iter().take_while(|place| place.range.start < settled) {
            let joins_last = self
                .last_marker
                .is_some_and(|name| joins(&(0..said_to), name, &place.range, place.name));
            if !joins_last {
                output.extend_from_slice(&buffer[said_to..place.range.start]);
                for part in ["[REDACTED:", place.name, "]"] {
                    output.extend_from_slice(part.as_bytes());
                }
                *self.counts.entry(place.name).or_default() += 1;
                self.last_marker = Some(place.name);
            }
            said_to = said_to.max(place.range.end);
        }
        if said_to < settled {
            output.extend_from_slice(&buffer[said_to..settled]);
            self.last_marker = None;
            said_to = settled;
        }
        said_to
    }
}

/// Where in `text` a range of a piece stands, line by line. As at the end of any line no stream waits for the first
/// bytes of a value.
fn waited_for(
    piece: &Piece,
    range: Range<usize>,
    text: &[u8],
) -> impl Iterator<Item = Range<usize>> {
    let is_let_go =
        |at: usize, stretch: &Range<usize>| at == 0 && stretch.len() < SHORTEST_FIRST_RUN;
    let stretches = piece.stretches(range).enumerate();
    let stretches = stretches.filter(move |(at, stretch)| !is_let_go(*at, stretch));
    stretches.map(|(_, stretch)| piece.in_text(&stretch, text.len()))
}

#[cfg(test)]
pub(crate) mod tests;
