//! Finds values in the text of two bytes a character that a stream shows while it flows.

use super::{is_text, n_nuls};
use crate::aside::{CONTEXT, Place, Sought, Spot};
use crate::redactor::Ending;

/// The text that a stream is in, if its characters have two bytes.
#[derive(Default)]
pub(crate) struct Wide {
    /// The characters, as far as they may be needed yet, and where in the stream each begins.
    text: Vec<u8>,
    at: Vec<u64>,
    /// How many characters are only context.
    n_context: usize,
    /// The last byte, if it may be a character's first.
    last: Option<(u8, u64)>,
    /// Whether the last character has no NUL behind it.
    has_half: bool,
    /// How many characters were searched; more than these may be in `text`.
    n_searched: usize,
}

/// So many characters are searched at once while no chunk ends.
const MOST_UNSEARCHED: usize = 64 * 1024;

impl Wide {
    /// Takes in what stands in the stream at `base`. Adds what was found to `spots`, and answers from where on the
    /// stream must not be said yet.
    pub(crate) fn push<'set>(
        &mut self,
        sought: Sought<'set>,
        (input, may_have_nul): (&[u8], bool),
        base: u64,
        spots: &mut Vec<Spot<'set>>,
    ) -> Option<u64> {
        let mut from = 0;
        while from < input.len() {
            if self.text.is_empty() && self.last.is_none() && input[from] == 0 {
                from += n_nuls(&input[from..]);
                continue;
            }
            if self.text.is_empty() {
                // Characters that have one byte are passed over.
                let nul = if may_have_nul { memchr::memchr(0, &input[from..]) } else { None };
                let nul = nul.map_or(input.len(), |nul| from + nul);
                if let Some(before) = nul.checked_sub(1).filter(|before| *before >= from) {
                    self.last =
                        is_text(input[before]).then_some((input[before], base + before as u64));
                    from = nul;
                    continue;
                }
            }
            self.take(sought, input[from], base + from as u64, spots);
            from += 1;
        }
        if self.text.len() > self.n_searched {
            self.settle(sought, Ending::None, spots);
        }
        // The last byte may be a character, and the last of a value too.
        let settled = if self.last.is_some() || self.n_context < self.text.len() {
            let mut text = self.text.clone();
            text.extend(self.last.map(|(byte, _)| byte));
            let found = sought.find(&text, self.n_context, Ending::None);
            found.places.iter().map(|place| place.range.start).chain([found.settled]).min()
        } else {
            None
        };
        let last = self.last.map(|(_, at)| at);
        settled.and_then(|settled| {
            self.at.get(settled).copied().or(last.filter(|_| settled == self.text.len()))
        })
    }

    /// Ends the stream.
    pub(crate) fn finish<'set>(
        &mut self,
        sought: Sought<'set>,
        ending: Ending,
        spots: &mut Vec<Spot<'set>>,
    ) {
        self.end(sought, ending, spots);
        *self = Self::default();
    }

    fn take<'set>(&mut self, sought: Sought<'set>, byte: u8, at: u64, spots: &mut Vec<Spot<'set>>) {
        match self.last.take() {
            Some((character, start)) if byte == 0 => {
                self.text.push(character);
                self.at.push(start);
                if self.text.len() - self.n_searched >= MOST_UNSEARCHED {
                    self.settle(sought, Ending::None, spots);
                }
            }
            Some(last) => {
                self.last = Some(last);
                self.end(sought, Ending::Whole, spots);
                self.last = is_text(byte).then_some((byte, at));
            }
            None if is_text(byte) => self.last = Some((byte, at)),
            None => self.end(sought, Ending::Whole, spots),
        }
    }

    /// Ends the text. With the high byte first its last character has no NUL behind it.
    fn end<'set>(&mut self, sought: Sought<'set>, ending: Ending, spots: &mut Vec<Spot<'set>>) {
        let last = self.last.take();
        if self.text.is_empty() {
            return;
        }
        if let Some((character, start)) = last {
            self.text.push(character);
            self.at.push(start);
        }
        self.has_half = last.is_some();
        self.settle(sought, ending, spots);
        let last = std::mem::take(self).last;
        self.last = last;
    }

    fn settle<'set>(&mut self, sought: Sought<'set>, ending: Ending, spots: &mut Vec<Spot<'set>>) {
        let found = sought.find(&self.text, self.n_context, ending);
        for Place { range, name, .. } in found.places {
            if range.start < found.settled {
                let is_half = self.has_half && range.end == self.text.len();
                let end = self.at[range.end - 1] + if is_half { 1 } else { 2 };
                spots.push(Spot { range: self.at[range.start]..end, name });
            }
        }
        let n_gone = found.settled.saturating_sub(CONTEXT);
        self.text.drain(..n_gone);
        self.at.drain(..n_gone);
        self.n_context = found.settled - n_gone;
        self.n_searched = self.text.len();
    }
}
