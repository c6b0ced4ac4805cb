//! The block structure of markdown as its specification has it, line by line, so that a log of any size is read in one pass.
//!
//! Only what decides where code and HTML begin and end is kept: the containers (block quotes, list items) and the
//! leaf that is open in them. Rules are from version 0.31 of that of `CommonMark`, its appendix on parsing first of all.

mod cursor;
mod definition;
mod html;
mod plain;

use cursor::Cursor;
pub(crate) use html::ENDS;
use html::End;

/// What a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Line {
    /// An ATX heading.
    Heading,
    /// What makes a heading of the paragraph above it.
    Underline,
    /// The first line of a code block or HTML block that goes on.
    Opening,
    /// Inside of one, or its last line.
    Verbatim,
    /// A block of HTML that is no longer than this line.
    Whole,
    /// Anything else.
    Other,
}

/// A code block or HTML block that hides what stands in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Open {
    /// What it is.
    pub(crate) kind: Kind,
    /// The line where it begins, from 1.
    pub(crate) line: u64,
}

/// What hides text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Code between fences.
    Fence {
        /// A backtick or a tilde.
        sign: u8,
        /// How many of them the opening fence has.
        length: usize,
    },
    /// HTML up to its end.
    Html(End),
}

impl Kind {
    /// The line that ends it.
    pub(crate) fn closing_line(self) -> String {
        match self {
            Self::Fence { sign, length } => char::from(sign).to_string().repeat(length),
            Self::Html(end) => end.text().to_owned(),
        }
    }

    /// The word for it in a message.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Fence { .. } => "a code block",
            Self::Html(End::Comment) => "a comment",
            Self::Html(_) => "an HTML block",
        }
    }

    /// Whether a line ends it; `line` begins where its container does.
    pub(crate) fn is_ended_by(self, line: &[u8]) -> bool {
        match self {
            Self::Fence { sign, length } => {
                // A form feed is no blank here.
                let is_blank = |byte: &u8| b" \t\r\n".contains(byte);
                let start = line.iter().position(|byte| !is_blank(byte)).unwrap_or(line.len());
                let end = line.iter().rposition(|byte| !is_blank(byte)).map_or(start, |at| at + 1);
                let line = &line[start..end];
                line.len() >= length && line.iter().all(|other| *other == sign)
            }
            Self::Html(end) => end.is_in(line),
        }
    }

    /// Whether a line that does not end it does so by the letter of the specification.
    pub(crate) fn is_ended_by_letter(self, line: &[u8]) -> bool {
        matches!(self, Self::Html(End::Raw(_))) && html::has_any_raw_end(line)
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Container {
    Quote,
    /// A list item: by how much its content is indented, and whether it has none yet.
    Item {
        width: usize,
        is_empty: bool,
    },
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Leaf {
    None,
    Paragraph { definitions: Option<Vec<u8>> },
    Indented,
    Block(Open),
}

/// How the lines are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reading {
    /// As a viewer does.
    Strict,
    /// As the viewers do that take `</style>` for the end of `<script>`, by the letter of the specification.
    Letter,
    /// As their writers mean them: in a list a fence counts at any indent, and HTML up to an empty line hides nothing.
    Lenient,
}

/// Where the reading of a document stands.
#[derive(Debug, Clone)]
pub(crate) struct Structure {
    containers: Vec<Container>,
    leaf: Leaf,
    line: u64,
    reading: Reading,
}

/// Lists and quotations are followed this deep; nobody writes deeper, and hostile lines would take time without end.
const DEEPEST: usize = 100;

/// A paragraph that begins like a link's definition is kept up to this many bytes.
const LONGEST_DEFINITIONS: usize = 8 * 1024;

impl Structure {
    pub(crate) fn new(reading: Reading) -> Self {
        Self { containers: Vec::new(), leaf: Leaf::None, line: 0, reading }
    }

    /// How it stands behind a text, as a viewer reads it.
    pub(crate) fn behind(text: &str) -> Self {
        let mut structure = Self::new(Reading::Strict);
        for line in text.split_inclusive('\n') {
            structure.feed(line.as_bytes());
        }
        structure
    }

    /// Counts lines that are no part of the document.
    pub(crate) fn skip(&mut self, lines: u64) {
        self.line += lines;
    }

    /// The block that would hide a heading which comes next, behind an empty line and not indented.
    pub(crate) fn open(&self) -> Option<Open> {
        match self.leaf {
            Leaf::Block(open) if self.containers.is_empty() && open.kind.is_lasting() => Some(open),
            _ => None,
        }
    }

    /// The block that the last line is in, wherever it stands.
    pub(crate) fn block(&self) -> Option<Open> {
        match self.leaf {
            Leaf::Block(open) => Some(open),
            _ => None,
        }
    }

    /// Whether the last line is text that the next one may go on with.
    pub(crate) fn is_in_paragraph(&self) -> bool {
        matches!(self.leaf, Leaf::Paragraph { .. })
    }

    /// Whether the last line stands in no list and no block quote.
    pub(crate) fn is_at_top(&self) -> bool {
        self.containers.is_empty()
    }

    /// Ends the block that is open, as if its last line had just been read.
    pub(crate) fn end_block(&mut self, lines: u64) {
        self.leaf = Leaf::None;
        self.line += lines;
    }

    /// Takes the line that opened a block as text.
    pub(crate) fn take_for_text(&mut self) {
        self.leaf = Leaf::Paragraph { definitions: None };
    }

    /// Takes lines for as long as nothing but the last of them decides how the structure stands, and says how many
    /// bytes they have; each of `lines` has its line break, and none a carriage return.
    pub(crate) fn skip_plain(&mut self, lines: &[u8]) -> usize {
        let is_at_rest = self.containers.is_empty()
            && matches!(self.leaf, Leaf::None | Leaf::Paragraph { definitions: None });
        let length = if is_at_rest { plain::length(lines) } else { 0 };
        let Some(skipped) = lines[..length].strip_suffix(b"\n") else { return 0 };
        let last = &skipped[memchr::memrchr(b'\n', skipped).map_or(0, |at| at + 1)..];
        self.line += memchr::memchr_iter(b'\n', &lines[..length]).count() as u64;
        self.leaf = if last.is_empty() || is_heading(last) {
            Leaf::None
        } else {
            Leaf::Paragraph { definitions: None }
        };
        length
    }

    /// Takes the next line, with or without its line break.
    pub(crate) fn feed(&mut self, line: &[u8]) -> Line {
        self.line += 1;
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        // A carriage return alone ends a line for viewers, and stands within one for who writes.
        if self.reading == Reading::Lenient || memchr::memchr(b'\r', line).is_none() {
            return self.take(line);
        }
        line.split(|byte| *byte == b'\r').map(|part| self.take(part)).last().unwrap_or(Line::Other)
    }

    fn take(&mut self, line: &[u8]) -> Line {
        if self.is_plain(line) {
            return Line::Other;
        }
        let mut cursor = Cursor::new(line);
        let n_matched =
            self.containers.iter().take_while(|container| container.goes_on(&mut cursor)).count();
        let is_all = n_matched == self.containers.len();
        if is_all && let Some(line) = self.go_on_in_leaf(&mut cursor) {
            return line;
        }
        self.start_blocks(&mut cursor, n_matched)
    }

    /// Most lines are text at the top, and need no more than a look at their first letter.
    fn is_plain(&mut self, line: &[u8]) -> bool {
        if !line.first().is_some_and(u8::is_ascii_alphabetic) || !self.containers.is_empty() {
            return false;
        }
        match &self.leaf {
            Leaf::Paragraph { definitions: None } => true,
            Leaf::None | Leaf::Indented => {
                self.leaf = Leaf::Paragraph { definitions: None };
                true
            }
            Leaf::Paragraph { .. } | Leaf::Block(_) => false,
        }
    }

    /// What the open leaf makes of a line of its own container.
    fn go_on_in_leaf(&mut self, cursor: &mut Cursor<'_>) -> Option<Line> {
        match &self.leaf {
            Leaf::Block(Open { kind, .. }) => {
                let is_ended = match kind {
                    Kind::Fence { .. } => cursor.indent() < 4 && kind.is_ended_by(cursor.rest()),
                    Kind::Html(End::EmptyLine) if cursor.is_blank() => {
                        self.leaf = Leaf::None;
                        return None;
                    }
                    Kind::Html(end) => self.ends(*end, cursor.rest()),
                };
                if is_ended {
                    self.leaf = Leaf::None;
                }
                Some(Line::Verbatim)
            }
            Leaf::Indented if cursor.is_blank() => Some(Line::Other),
            Leaf::Indented if cursor.indent() >= 4 => Some(Line::Verbatim),
            Leaf::Indented => {
                self.leaf = Leaf::None;
                None
            }
            Leaf::Paragraph { .. } if cursor.is_blank() => {
                self.leaf = Leaf::None;
                None
            }
            Leaf::Paragraph { .. } | Leaf::None => None,
        }
    }

    fn start_blocks(&mut self, cursor: &mut Cursor<'_>, n_matched: usize) -> Line {
        let mut in_paragraph =
            n_matched == self.containers.len() && matches!(self.leaf, Leaf::Paragraph { .. });
        if n_matched < self.containers.len() && !matches!(self.leaf, Leaf::Paragraph { .. }) {
            self.close(n_matched);
        }
        // Whether a line of text would go on in the paragraph of a container that it does not belong to.
        let mut may_be_lazy = n_matched < self.containers.len();
        while !cursor.is_blank() && self.containers.len() < DEEPEST {
            let rest = cursor.text();
            let is_lenient_fence = self.reading == Reading::Lenient
                && !self.containers.is_empty()
                && fence(rest).is_some();
            if cursor.indent() >= 4 && !is_lenient_fence {
                if matches!(self.leaf, Leaf::Paragraph { .. }) {
                    break;
                }
                self.leaf = Leaf::Indented;
                self.fill();
                return Line::Verbatim;
            }
            if rest[0] == b'>' {
                self.close_before(n_matched, &mut may_be_lazy);
                cursor.skip_quote_mark();
                self.fill();
                self.containers.push(Container::Quote);
            } else if is_heading(rest) {
                self.close_before(n_matched, &mut may_be_lazy);
                self.fill();
                return Line::Heading;
            } else if let Some(kind) = fence(rest) {
                self.close_before(n_matched, &mut may_be_lazy);
                return self.begin(kind);
            } else if let Some(end) = self.html(rest, in_paragraph || may_be_lazy) {
                self.close_before(n_matched, &mut may_be_lazy);
                let line = self.begin(Kind::Html(end));
                if end != End::EmptyLine && self.ends(end, rest) {
                    self.leaf = Leaf::None;
                    return Line::Whole;
                }
                return line;
            } else if in_paragraph && is_underline(rest) && self.has_text() {
                self.leaf = Leaf::None;
                return Line::Underline;
            } else if is_rule(rest) {
                self.close_before(n_matched, &mut may_be_lazy);
                self.fill();
                return Line::Other;
            } else if let Some(width) = cursor.list_item(in_paragraph) {
                self.close_before(n_matched, &mut may_be_lazy);
                self.fill();
                let is_empty = cursor.is_blank();
                self.containers.push(Container::Item { width, is_empty: true });
                if is_empty {
                    return Line::Other;
                }
            } else {
                break;
            }
            in_paragraph = false;
        }
        self.text(cursor, n_matched, may_be_lazy);
        Line::Other
    }

    fn text(&mut self, cursor: &Cursor<'_>, n_matched: usize, may_be_lazy: bool) {
        if cursor.is_blank() {
            if may_be_lazy {
                self.close(n_matched);
            }
            return;
        }
        let text = cursor.text();
        match &mut self.leaf {
            Leaf::Paragraph { definitions } => {
                if let Some(so_far) = definitions {
                    so_far.push(b'\n');
                    so_far.extend_from_slice(text);
                }
                if definitions.as_ref().is_some_and(|text| text.len() > LONGEST_DEFINITIONS) {
                    *definitions = None;
                }
            }
            Leaf::None | Leaf::Indented | Leaf::Block(_) => {
                let definitions = (text[0] == b'[').then(|| text.to_vec());
                self.leaf = Leaf::Paragraph { definitions };
                self.fill();
            }
        }
    }

    fn begin(&mut self, kind: Kind) -> Line {
        self.leaf = Leaf::Block(Open { kind, line: self.line });
        self.fill();
        Line::Opening
    }

    /// The innermost container has content now.
    fn fill(&mut self) {
        if let Some(Container::Item { is_empty, .. }) = self.containers.last_mut() {
            *is_empty = false;
        }
    }

    fn close(&mut self, n_kept: usize) {
        self.containers.truncate(n_kept);
        self.leaf = Leaf::None;
    }

    /// Ends what a new block ends.
    fn close_before(&mut self, n_matched: usize, may_be_lazy: &mut bool) {
        if *may_be_lazy {
            self.containers.truncate(n_matched);
            *may_be_lazy = false;
        }
        self.leaf = Leaf::None;
    }

    fn html(&self, rest: &[u8], in_paragraph: bool) -> Option<End> {
        let end = html::start(rest, in_paragraph)?;
        (self.reading != Reading::Lenient || end != End::EmptyLine).then_some(end)
    }

    fn ends(&self, end: End, line: &[u8]) -> bool {
        match (self.reading, end) {
            (Reading::Letter, End::Raw(_)) => html::has_any_raw_end(line),
            _ => end.is_in(line),
        }
    }

    /// Whether the paragraph is more than definitions of links.
    fn has_text(&self) -> bool {
        match &self.leaf {
            Leaf::Paragraph { definitions: Some(text) } => !definition::is_all(text),
            _ => true,
        }
    }
}

impl Kind {
    /// Whether it goes on behind an empty line.
    fn is_lasting(self) -> bool {
        self != Self::Html(End::EmptyLine)
    }
}

impl Container {
    /// Whether the line belongs to it; the cursor then stands behind its mark.
    fn goes_on(&self, cursor: &mut Cursor<'_>) -> bool {
        match self {
            Self::Quote => {
                let goes_on = cursor.indent() < 4 && cursor.text().first() == Some(&b'>');
                if goes_on {
                    cursor.skip_quote_mark();
                }
                goes_on
            }
            Self::Item { is_empty, .. } if cursor.is_blank() => !is_empty,
            Self::Item { width, .. } => {
                let goes_on = cursor.indent() >= *width;
                if goes_on {
                    cursor.skip_columns(*width);
                }
                goes_on
            }
        }
    }
}

fn is_heading(rest: &[u8]) -> bool {
    let level = rest.iter().take_while(|sign| **sign == b'#').count();
    (1..=6).contains(&level) && matches!(rest.get(level), None | Some(b' ' | b'\t'))
}

/// The block at the start of a text that would hide what follows it.
pub(crate) fn lasting_block(text: &[u8]) -> Option<Kind> {
    let html = || html::start(text, true).filter(|end| *end != End::EmptyLine).map(Kind::Html);
    fence(text).or_else(html)
}

fn fence(rest: &[u8]) -> Option<Kind> {
    let sign = *rest.first().filter(|sign| b"`~".contains(sign))?;
    let length = rest.iter().take_while(|other| **other == sign).count();
    let is_fence = length >= 3 && !(sign == b'`' && rest[length..].contains(&b'`'));
    is_fence.then_some(Kind::Fence { sign, length })
}

fn is_underline(rest: &[u8]) -> bool {
    let line = rest.trim_ascii_end();
    line.iter().all(|sign| *sign == b'=') || line.iter().all(|sign| *sign == b'-')
}

fn is_rule(rest: &[u8]) -> bool {
    let sign = rest[0];
    let mut signs = rest.iter().filter(|other| !b" \t".contains(other));
    b"-_*".contains(&sign) && signs.clone().count() >= 3 && signs.all(|other| *other == sign)
}

#[cfg(test)]
pub(crate) mod tests;
