//! A log as read: its text, front matter, entries and citations, and findings at places in it.

use std::path::{Path, PathBuf};

use evidence::Digest;
use report::{Finding, Level};

use crate::citation::{self, Citation, Citations, Roots};
use crate::commonmark::Structure;
use crate::entry::{self, Entries, Entry};
use crate::front_matter::{self, FrontMatter};
use crate::stamp;
use crate::text::{self, LineIndex};

/// A log.
pub(crate) struct Log {
    /// Where it is.
    pub(crate) path: PathBuf,
    /// As findings name it.
    pub(crate) shown: String,
    /// Its text.
    pub(crate) text: String,
    /// The front matter at its head.
    pub(crate) block: Option<FrontMatter>,
    /// What looks like front matter further down.
    pub(crate) further: Vec<FrontMatter>,
    /// Its entries.
    pub(crate) entries: Entries,
    /// The paths that it names.
    pub(crate) citations: Citations,
    /// The hash of the body as it lies on disk.
    pub(crate) body_hash: Digest,
    index: LineIndex,
}

impl Log {
    /// Reads a log from its bytes; whatever they are, there is a log.
    pub(crate) fn read(path: &Path, shown: &str, bytes: &[u8], roots: &Roots) -> Self {
        let text = text::readable(bytes).into_owned();
        let block = front_matter::read(&text);
        let start = block.as_ref().map_or(0, |block| block.range.end);
        let name = path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
        let entries = entry::read(&text, start, stamp::day_of_file_name(&name));
        Self {
            path: path.to_path_buf(),
            shown: shown.to_owned(),
            further: front_matter::further_blocks(&text, start, &entries.blocks.verbatim),
            citations: citation::find(&text, start, &entries.blocks, roots),
            body_hash: Digest::of(&bytes[start..]),
            index: LineIndex::new(&text),
            text,
            block,
            entries,
        }
    }

    /// The same without the paths that only the folders of a repo make one.
    pub(crate) fn plain(path: &Path, shown: &str, bytes: &[u8]) -> Self {
        Self::read(path, shown, bytes, &Roots::default())
    }

    /// A finding at an offset of this log.
    pub(crate) fn finding(
        &self,
        rule: &'static str,
        level: Level,
        offset: usize,
        message: impl Into<String>,
    ) -> Finding {
        let (line, column) = self.index.position(&self.text, offset);
        Finding::new(rule, level, message).path(self.shown.clone()).line(line).column(column)
    }

    /// The line of an offset, from 1.
    pub(crate) fn line(&self, offset: usize) -> u32 {
        self.index.line(offset)
    }

    /// How its lines end.
    pub(crate) fn line_break(&self) -> &'static str {
        let first = self.text.find('\n').unwrap_or(0);
        if self.text[..first].ends_with('\r') { "\r\n" } else { "\n" }
    }

    /// Whether this is the hash of the body, with the line ends that it has or with those that git would give it.
    pub(crate) fn is_body_hash(&self, hex: &str) -> bool {
        let start = self.block.as_ref().map_or(0, |block| block.range.end);
        hex.eq_ignore_ascii_case(&self.body_hash.hex()) || {
            let body = self.text[start..].replace("\r\n", "\n");
            let other = if self.line_break() == "\n" { body.replace('\n', "\r\n") } else { body };
            hex.eq_ignore_ascii_case(&Digest::of(other.as_bytes()).hex())
        }
    }

    /// The citations of an entry.
    pub(crate) fn citations_of(&self, entry: &Entry) -> &[Citation] {
        let paths = &self.citations.paths;
        let start = paths.partition_point(|citation| citation.range.start < entry.range.start);
        let end = paths.partition_point(|citation| citation.range.start < entry.range.end);
        &paths[start..end]
    }

    /// An entry's text without the empty lines behind it.
    pub(crate) fn text_of(&self, entry: &Entry) -> &str {
        self.text[entry.range.clone()].trim_end()
    }

    /// The same, without a second front matter that somebody left in it and without a last line that ends what the entry
    /// left open: taking out the one and adding the other is no rewriting.
    pub(crate) fn own_text_of(&self, entry: &Entry) -> String {
        let mut text = String::new();
        let mut at = entry.range.start;
        let inside = |block: &&FrontMatter| {
            entry.range.start <= block.range.start && block.range.end <= entry.range.end
        };
        for block in self.further.iter().filter(inside) {
            text.push_str(&self.text[at..block.range.start]);
            at = block.range.end;
        }
        text.push_str(&self.text[at..entry.range.end]);
        text.truncate(text.trim_end().len());
        // git may write either line end into a work tree.
        if text.contains('\r') {
            text = text.replace("\r\n", "\n");
        }
        // A rule that was put behind it parts it from the next entry.
        while let Some(end) = without_rule(&text).or_else(|| without_closing_line(&text)) {
            text.truncate(end);
        }
        text
    }
}

fn without_rule(text: &str) -> Option<usize> {
    let (before, last) = text.rsplit_once('\n')?;
    let is_rule = ["---", "***", "___"].contains(&last.trim_end());
    (is_rule && before.trim_end_matches([' ', '\t', '\r']).ends_with('\n'))
        .then_some(before.trim_end().len())
}

/// Where a text ends without its last line, if that only ends a block which the lines before it leave open.
fn without_closing_line(text: &str) -> Option<usize> {
    let (before, last) = text.rsplit_once('\n')?;
    if last.len() > 16 || last.trim().is_empty() {
        return None;
    }
    let open = Structure::behind(before).open()?;
    (open.kind.closing_line() == last.trim_end()).then_some(before.trim_end().len())
}
