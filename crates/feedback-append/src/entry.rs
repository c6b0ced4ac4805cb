//! The entries of a log, in every dialect in use: each dated section is one, and none is lost or merged.

mod head;

use std::ops::Range;

use chrono::NaiveDate;

use crate::blocks::{self, Blocks, Heading};
use crate::stamp::{Precision, Stamp};
use crate::text;
use head::Head;

/// One dated section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// From its heading to the next entry.
    pub range: Range<usize>,
    /// Its heading's line.
    pub heading: Range<usize>,
    /// The heading's level, 1 to 6.
    pub level: u8,
    /// Where its time is written.
    pub stamp_range: Range<usize>,
    /// Its time.
    pub stamp: Stamp,
    /// What the heading says beside the time.
    pub title: String,
    /// Whether the heading has the tool's own form: `## TIME — Title`.
    pub canonical: bool,
    /// The id in its `<!-- entry … -->` line.
    pub id: Option<String>,
}

/// A body as read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Entries {
    /// The entries, in the order of the file.
    pub entries: Vec<Entry>,
    /// Headings that only name the day of the entries below them, up to the first of these.
    pub days: Vec<Range<usize>>,
    /// Dated headings inside closed code blocks and comments, which are no entries.
    pub hidden: Vec<Range<usize>>,
    /// The blocks that were read on the way.
    pub blocks: Blocks,
}

/// How the line begins that carries an entry's id.
pub const MARKER: &str = "<!-- entry ";

/// Reads the entries of `document` from the offset `from` on. `day` is the one that the file is named for.
pub fn read(document: &str, from: usize, day: Option<NaiveDate>) -> Entries {
    let blocks = blocks::read(document, from);
    let mut reader = Reader { document, blocks: &blocks, day, starts: Vec::new() };
    reader.read();
    let starts = reader.starts;
    let mut entries = Vec::with_capacity(starts.len());
    let mut days = Vec::new();
    let mut starts = starts.into_iter().peekable();
    while let Some(Start { mut entry, is_clock: _, label_level: _, end: own }) = starts.next() {
        let next = starts.peek();
        let end = next.map_or(document.len(), |next| next.entry.range.start);
        entry.range.end = own.map_or(end, |own| own.min(end));
        let has_children = next.is_some_and(|next| next.is_clock && next.entry.level > entry.level);
        if has_children && is_day_header(document, &entry) {
            days.push(entry.range);
            continue;
        }
        entry.id = id(document, &entry.range, &blocks);
        entries.push(entry);
    }
    let hidden = blocks
        .hidden
        .iter()
        .filter(|heading| {
            matches!(head::read(&document[heading.text.clone()], None), Head::Dated { .. })
        })
        .map(|heading| heading.range.clone())
        .collect();
    Entries { entries, days, hidden, blocks }
}

/// An entry as its heading tells of it, and where it ends if not at the next one.
struct Start {
    entry: Entry,
    /// Whether it may stand below a heading that only names its day.
    is_clock: bool,
    /// The level of the heading with its time, where that is not its own heading.
    label_level: Option<u8>,
    end: Option<usize>,
}

struct Reader<'a> {
    document: &'a str,
    blocks: &'a Blocks,
    day: Option<NaiveDate>,
    starts: Vec<Start>,
}

impl Reader<'_> {
    fn read(&mut self) {
        let mut taken = None;
        // A date in the one title is that of the file; where there are several, each begins an entry.
        let is_title = |heading: &&Heading| {
            let text = &self.document[heading.text.clone()];
            heading.level == 1 && matches!(head::read(text, None), Head::Mentions { .. })
        };
        let n_titles = self.blocks.headings.iter().filter(is_title).take(2).count();
        for (at, heading) in self.blocks.headings.iter().enumerate() {
            if taken == Some(at) {
                continue;
            }
            let open = self.starts.last().filter(|start| start.end.is_none());
            let level = open.map(|start| start.entry.level);
            let label_level = open.and_then(|start| start.label_level);
            let is_inside = level.is_some_and(|level| heading.level > level);
            let in_day = open.is_some_and(|start| start.entry.stamp.precision == Precision::Day);
            let below_day_title = in_day && level == Some(1);
            let in_bare_day =
                is_inside && in_day && open.is_some_and(|start| start.entry.title.is_empty());
            match head::read(&self.document[heading.text.clone()], self.day) {
                Head::Dated { stamp, range, title, canonical } => {
                    self.remember(&stamp);
                    let is_own = heading.level == 2
                        && self.document[heading.range.clone()].trim_start().starts_with('#');
                    self.start(heading, stamp, range, title, false);
                    if let Some(last) = self.starts.last_mut() {
                        last.entry.canonical = canonical && is_own;
                    }
                }
                Head::Labelled { stamp, range }
                    if !is_inside
                        || label_level.is_some_and(|level| heading.level <= level)
                        || self.follows_bare_heading(at) =>
                {
                    self.remember(&stamp);
                    self.start(heading, stamp, range, String::new(), false);
                }
                Head::Clock { stamp, range, title } if !is_inside || in_day => {
                    self.start(heading, stamp, range, title, true);
                }
                Head::Mentions { stamp, .. }
                    if heading.level == 1 && self.starts.is_empty() && n_titles < 2 =>
                {
                    self.remember(&stamp);
                }
                Head::Mentions { stamp, range, title }
                    if !is_inside || (below_day_title && stamp.precision != Precision::Day) =>
                {
                    self.remember(&stamp);
                    self.start(heading, stamp, range, title, is_inside);
                }
                Head::Plain if !is_inside || in_bare_day => {
                    if self.labelled_below(at, in_bare_day) {
                        taken = self.take_label_heading(at);
                    } else if !is_inside && level.is_some_and(|level| heading.level < level) {
                        self.close(heading.range.start);
                    }
                }
                _ => {}
            }
        }
    }

    fn remember(&mut self, stamp: &Stamp) {
        self.day = stamp.at.map(|at| at.date_naive()).or(self.day);
    }

    fn close(&mut self, offset: usize) {
        if let Some(last) = self.starts.last_mut() {
            last.end = Some(offset);
        }
    }

    /// Begins an entry with a heading; `range` is where its time stands in the heading's text.
    fn start(
        &mut self,
        heading: &Heading,
        stamp: Stamp,
        range: Range<usize>,
        title: String,
        is_clock: bool,
    ) {
        let base = heading.text.start;
        let entry = Entry {
            range: heading.range.clone(),
            heading: heading.range.clone(),
            level: heading.level,
            stamp_range: base + range.start..base + range.end,
            stamp,
            title,
            canonical: false,
            id: None,
        };
        self.starts.push(Start { entry, is_clock, label_level: None, end: None });
    }

    /// Whether the heading before this one is undated and has nothing under it: then the two are one head.
    fn follows_bare_heading(&self, at: usize) -> bool {
        at > 0 && {
            let before = &self.blocks.headings[at - 1];
            let between = &self.document[before.range.end..self.blocks.headings[at].range.start];
            between.trim().is_empty()
                && matches!(head::read(&self.document[before.text.clone()], self.day), Head::Plain)
        }
    }

    /// Whether a `Timestamp:` line or heading stands directly under this undated heading; if so, starts its entry.
    fn labelled_below(&mut self, at: usize, in_day: bool) -> bool {
        let heading = self.blocks.headings[at].clone();
        let next = self.blocks.headings.get(at + 1);
        let end = next.map_or(self.document.len(), |next| next.range.start);
        let mut found = None;
        let section = text::lines(&self.document[..end], heading.range.end)
            .filter(|(_, line)| !line.trim().is_empty());
        let mut is_empty = true;
        for (offset, line) in section.take(4) {
            is_empty = false;
            found =
                found.or_else(|| head::label(line).map(|(stamp, range)| (offset, stamp, range)));
        }
        if found.is_none()
            && is_empty
            && let Some(next) = next
            && let Head::Labelled { stamp, range } =
                head::read(&self.document[next.text.clone()], self.day)
        {
            found = Some((next.text.start, stamp, range));
        }
        let Some((offset, stamp, range)) = found else { return false };
        let label_level = next.filter(|next| next.text.start == offset).map(|next| next.level);
        self.remember(&stamp);
        let title = self.document[heading.text.clone()].to_owned();
        self.start(&heading, stamp, 0..0, title, in_day);
        if let Some(last) = self.starts.last_mut() {
            last.entry.stamp_range = offset + range.start..offset + range.end;
            last.label_level = label_level;
        }
        true
    }

    /// The `### Timestamp:` heading that the entry just started has used up, if it was a heading.
    fn take_label_heading(&self, at: usize) -> Option<usize> {
        let next = self.blocks.headings.get(at + 1)?;
        let stamp = &self.starts.last()?.entry.stamp_range;
        next.text.contains(&stamp.start).then_some(at + 1)
    }
}

/// A heading that only names the day over entries with clock times is not an entry itself.
fn is_day_header(document: &str, entry: &Entry) -> bool {
    entry.stamp.precision == Precision::Day
        && (entry.title.is_empty() || entry.level == 1)
        && document[entry.heading.end..entry.range.end].trim().is_empty()
}

/// The id is the tool's own line, so it is a comment block by itself; the last one counts.
fn id(document: &str, range: &Range<usize>, blocks: &Blocks) -> Option<String> {
    let first = blocks.verbatim.partition_point(|block| block.start < range.start);
    let inside = blocks.verbatim[first..].iter().take_while(|block| block.start < range.end);
    inside
        .filter_map(|block| {
            let line = document[block.clone()].trim_end();
            let id = line.strip_prefix(MARKER)?.strip_suffix("-->")?.trim();
            (!id.is_empty() && !id.contains(char::is_whitespace)).then(|| id.to_owned())
        })
        .last()
}

#[cfg(test)]
mod tests;
