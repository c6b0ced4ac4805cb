//! How much is taken of a value again and again.

/// How many bytes of what was taken already are taken once more. Of a row of names in a long value each would take all
/// that is behind it.
const MOST_AGAIN: usize = 64 * 1024;

/// What was taken, and how much may be taken again.
pub(super) struct Room {
    /// Up to where.
    reach: usize,
    again: usize,
}

impl Room {
    pub(super) fn new() -> Room {
        Room { reach: 0, again: MOST_AGAIN }
    }

    /// Nothing of the next line was taken.
    pub(super) fn begin_line(&mut self) {
        self.reach = 0;
    }

    /// Whether there is room for what begins at a place.
    pub(super) fn has(&self, start: usize) -> bool {
        start >= self.reach || self.again > 0
    }

    pub(super) fn take(&mut self, start: usize, end: usize) {
        self.again = self.again.saturating_sub(self.reach.min(end).saturating_sub(start));
        self.reach = self.reach.max(end);
    }
}
