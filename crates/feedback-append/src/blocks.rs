//! The block structure of a markdown body that matters here: headings, and the code and comments that hide them.

use std::ops::Range;

use crate::commonmark::{self, Kind, Line, Open, Reading, Structure};
use crate::stamp;
use crate::text;

/// What a body is made of.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Blocks {
    /// The headings that are neither code nor comment.
    pub headings: Vec<Heading>,
    /// Headings that a closed code block or comment hides.
    pub hidden: Vec<Heading>,
    /// Closed code blocks and comments, fences included.
    pub verbatim: Vec<Range<usize>>,
    /// Where a code block or comment begins that never ends; it hides nothing here.
    pub unclosed: Vec<usize>,
}

/// One `#` heading, or an underlined one that begins with a date.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heading {
    /// Its line, without the line break; where it is underlined, both lines.
    pub range: Range<usize>,
    /// 1 to 6.
    pub level: u8,
    /// What stands behind the `#` signs, trimmed.
    pub text: Range<usize>,
}

/// Reads the blocks of `document` from the offset `from` on, as their writers mean them.
pub fn read(document: &str, from: usize) -> Blocks {
    // A byte order mark is no part of the first line.
    let mark =
        if from == 0 && document.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let lines: Vec<(usize, &str)> = text::lines(document, from + mark).collect();
    let mut blocks = Blocks::default();
    let mut structure = Structure::new(Reading::Lenient);
    let mut hopeless = Hopeless::default();
    let mut at = 0;
    // The line in which the paragraph begins that is open.
    let mut paragraph = 0;
    while at < lines.len() {
        let (offset, line) = lines[at];
        let read = structure.feed(line.as_bytes());
        let start = || offset + line.find('<').unwrap_or(0);
        match (read, structure.block()) {
            (Line::Whole, _) => blocks.verbatim.push(start()..offset + line.len()),
            (Line::Opening, Some(open)) => {
                if let Some(end) = end(&lines, at, open.kind, &structure, &mut hopeless) {
                    let hidden = lines[at..=end].iter();
                    blocks.hidden.extend(hidden.filter_map(|(start, line)| heading(*start, line)));
                    let is_html = matches!(open.kind, Kind::Html(_));
                    let (last, text) = lines[end];
                    let start = if is_html { start() } else { offset };
                    blocks.verbatim.push(start..last + text.len());
                    structure.end_block((end - at) as u64);
                    at = end;
                } else {
                    structure.take_for_text();
                    blocks.unclosed.push(offset);
                }
            }
            (Line::Underline, _) if structure.is_at_top() && paragraph + 1 == at => {
                blocks.headings.extend(underlined(lines[paragraph], lines[at]));
            }
            _ => blocks.headings.extend(heading(offset, line)),
        }
        at += 1;
        if !structure.is_in_paragraph() {
            paragraph = at;
        }
    }
    blocks
}

/// The last line of the block that begins at this one; none where it goes on to the end of the document.
fn end(
    lines: &[(usize, &str)],
    start: usize,
    kind: Kind,
    structure: &Structure,
    hopeless: &mut Hopeless,
) -> Option<usize> {
    let behind = start + 1..lines.len();
    if structure.is_at_top() {
        if hopeless.knows(kind) {
            return None;
        }
        let end = behind.into_iter().find(|at| kind.is_ended_by(lines[*at].1.as_bytes()));
        if end.is_none() {
            hopeless.learn(kind);
        }
        return end;
    }
    // In a list the closing fence may stand at any indent, but not behind a heading of the log.
    if let Kind::Fence { .. } = kind
        && !hopeless.knows_inside(kind, start)
    {
        let marks = [' ', '\t', '>'];
        let is_end =
            |at: &usize| kind.is_ended_by(lines[*at].1.trim_start_matches(marks).as_bytes());
        let is_stop =
            |at: &usize| lines[*at].1.starts_with('#') && heading(0, lines[*at].1).is_some();
        let found = behind.clone().find(|at| is_end(at) || is_stop(at));
        match found.filter(is_end) {
            Some(end) => return Some(end),
            None => hopeless.learn_inside(kind, found.unwrap_or(lines.len())),
        }
    }
    let mut structure = structure.clone();
    let block = structure.block();
    for at in behind {
        let line = structure.feed(lines[at].1.as_bytes());
        if structure.block() != block {
            return Some(if line == Line::Verbatim && structure.block().is_none() {
                at
            } else {
                at - 1
            });
        }
    }
    Some(lines.len() - 1)
}

/// A heading of the document that viewers do not show as one, and the block that hides it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Concealed {
    /// Where its line begins.
    pub(crate) offset: usize,
    /// The block.
    pub(crate) open: Open,
}

/// What viewers hide of a document from the offset `from` on, and the block that never ends, if there is one.
pub(crate) fn concealed(document: &str, from: usize) -> (Vec<Concealed>, Option<Open>) {
    let mut structure = Structure::new(Reading::Strict);
    structure.skip(memchr::memchr_iter(b'\n', &document.as_bytes()[..from]).count() as u64);
    let mut found = Vec::new();
    for (offset, line) in text::lines(document, from) {
        let read = structure.feed(line.as_bytes());
        let block = structure.block().filter(|_| read == Line::Verbatim);
        if let (Some(open), true) = (block, heading(offset, line).is_some()) {
            found.push(Concealed { offset, open });
        }
    }
    (found, structure.open())
}

fn heading(offset: usize, line: &str) -> Option<Heading> {
    let indent = line.len() - line.trim_start_matches(' ').len();
    let rest = &line[indent..];
    let level = rest.len() - rest.trim_start_matches('#').len();
    let text = &rest[level..];
    if indent > 3
        || !(1..=6).contains(&level)
        || !(text.is_empty() || text.starts_with([' ', '\t']))
    {
        return None;
    }
    let start = offset + indent + level + (text.len() - text.trim_start().len());
    let trimmed = without_closing_signs(text.trim());
    Some(Heading {
        range: offset..offset + line.len(),
        level: u8::try_from(level).ok()?,
        text: start..start + trimmed.len(),
    })
}

/// A heading of one line with a line of `=` or `-` below it, if it begins with a date. Others are left for text: what
/// many logs have between their entries is meant for a rule.
fn underlined((start, line): (usize, &str), (end, rule): (usize, &str)) -> Option<Heading> {
    let text = line.trim();
    let bare = text.trim_start_matches(|first: char| !first.is_alphanumeric());
    stamp::read(bare)?;
    let indent = line.len() - line.trim_start().len();
    Some(Heading {
        range: start..end + rule.len(),
        level: if rule.trim_start().starts_with('=') { 1 } else { 2 },
        text: start + indent..start + indent + text.len(),
    })
}

/// `## x ##` is written by some; the signs behind are no text.
pub(crate) fn without_closing_signs(text: &str) -> &str {
    let bare = text.trim_end_matches('#');
    if bare.is_empty() || bare.ends_with([' ', '\t']) { bare.trim_end() } else { text }
}

/// Finds in one pass, line by line, whether a viewer would hide what comes next, and whether the log is one in which
/// its writers may have meant something else than the viewer shows.
#[derive(Debug)]
pub(crate) struct Ending {
    structure: Structure,
    simple: Option<Kind>,
    is_doubtful: bool,
}

impl Default for Ending {
    fn default() -> Self {
        Self { structure: Structure::new(Reading::Strict), simple: None, is_doubtful: false }
    }
}

impl Ending {
    /// Counts lines that are no part of the body.
    pub(crate) fn skip(&mut self, lines: u64) {
        self.structure.skip(lines);
    }

    /// Takes the next lines, each with its line break.
    pub(crate) fn feed_lines(&mut self, mut lines: &[u8]) {
        let has_returns = memchr::memchr(b'\r', lines).is_some();
        while !lines.is_empty() {
            if self.simple.is_none() && !has_returns {
                lines = &lines[self.structure.skip_plain(lines)..];
            }
            let end = memchr::memchr(b'\n', lines).map_or(lines.len(), |at| at + 1);
            let (line, behind) = lines.split_at(end);
            if !line.is_empty() {
                self.feed(line);
            }
            lines = behind;
        }
    }

    /// Takes the next line.
    pub(crate) fn feed(&mut self, line: &[u8]) {
        self.structure.feed(line);
        let text = line.trim_ascii_start();
        self.simple = match self.simple {
            Some(kind) if kind.is_ended_by(line) => None,
            None if text.first().is_some_and(|first| b"`~<".contains(first)) => {
                commonmark::lasting_block(text).filter(|kind| match kind {
                    Kind::Fence { .. } => true,
                    Kind::Html(_) => !kind.is_ended_by(text),
                })
            }
            unchanged => unchanged,
        };
        let block = self.structure.block();
        self.is_doubtful |= self.simple.is_some() != block.is_some()
            || block.is_some_and(|open| open.kind.is_ended_by_letter(line));
    }

    /// The block that would hide what comes next.
    pub(crate) fn open(&self) -> Option<Open> {
        self.structure.open()
    }

    /// Whether the blocks may be read in more than one way.
    pub(crate) fn is_doubtful(&self) -> bool {
        self.is_doubtful
    }
}

/// Openers known to stay open, so that a hostile document costs no more than a few passes.
#[derive(Default)]
struct Hopeless {
    open: Vec<Kind>,
    inside: Option<(Kind, usize)>,
}

impl Hopeless {
    fn knows(&self, kind: Kind) -> bool {
        self.open.iter().any(|known| is_as_hopeless(*known, kind))
    }

    fn learn(&mut self, kind: Kind) {
        self.open.retain(|known| !is_as_hopeless(kind, *known));
        self.open.push(kind);
    }

    /// Whether there is known to be no such closing fence before the next heading.
    fn knows_inside(&self, kind: Kind, line: usize) -> bool {
        self.inside.is_some_and(|(known, until)| line < until && is_as_hopeless(known, kind))
    }

    fn learn_inside(&mut self, kind: Kind, until: usize) {
        self.inside = Some((kind, until));
    }
}

/// Whether a block surely never ends where another one, further up, does not.
fn is_as_hopeless(known: Kind, kind: Kind) -> bool {
    match (known, kind) {
        (Kind::Fence { sign, length }, Kind::Fence { sign: other, length: longer }) => {
            sign == other && longer >= length
        }
        (known, kind) => known == kind,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(document: &str) -> String {
        let blocks = read(document, 0);
        let words = |headings: &[Heading]| {
            let texts: Vec<_> = headings
                .iter()
                .map(|heading| format!("{}:{}", heading.level, &document[heading.text.clone()]))
                .collect();
            texts.join(" ")
        };
        format!(
            "[{}] hidden [{}] unclosed {:?}",
            words(&blocks.headings),
            words(&blocks.hidden),
            blocks.unclosed
        )
    }

    #[test]
    fn code_and_comments_hide_headings() {
        insta::assert_snapshot!(
            check("# a\n```sh\n# b\n```\n   ## c ##\n    ## code\n<!-- ## d\n# e -->\n#f\n- ~~~\n  # g\n"),
            @"[1:a 2:c] hidden [1:b 1:e --> 1:g] unclosed []"
        );
    }

    #[test]
    fn what_is_never_closed_hides_nothing() {
        insta::assert_snapshot!(check("## a\n```\n## b\n<!-- open\n## c\n~~~~\n## d\n~~~\n## e\n~~~~\n"), @"[2:a 2:b 2:c] hidden [2:d 2:e] unclosed [5, 14]");
    }

    #[test]
    fn a_block_in_a_list_ends_with_it() {
        // The closing fence of an item is no opening one, and what follows the list is not in its code.
        insta::assert_snapshot!(check("- ```\n  # b\n  ```\n## c\n"), @"[2:c] hidden [1:b] unclosed []");
        insta::assert_snapshot!(check("- ```\n  # b\n\n## c\n```\n# d\n```\n"), @"[2:c] hidden [1:b 1:d] unclosed []");
        insta::assert_snapshot!(check("> ```\n> # b\n## c\n"), @"[2:c] hidden [] unclosed []");
        // Closed at another indent, as people do, it is closed all the same.
        insta::assert_snapshot!(check("- a\n  ```\n  # b\n```\n## c\n"), @"[2:c] hidden [1:b] unclosed []");
        insta::assert_snapshot!(check("    ```\n## c\n"), @"[2:c] hidden [] unclosed []");
    }

    #[test]
    fn what_viewers_hide_is_told() {
        let check = |document: &str| {
            let (concealed, endless) = concealed(document, 0);
            let lines: Vec<_> = concealed
                .iter()
                .map(|hidden| {
                    format!(
                        "{} in {}, ",
                        &document[hidden.offset + 3..hidden.offset + 4],
                        hidden.open.line
                    )
                })
                .collect();
            format!("{}endless {:?}", lines.concat(), endless.map(|open| open.line))
        };
        insta::assert_snapshot!(check("## a\n- x\n  ```\n```\n## b\n```\n## c\n"), @"b in 4, endless None");
        insta::assert_snapshot!(check("## a\n<div>\n## b\n\n<script>\n## c\n"), @"b in 2, c in 5, endless Some(5)");
    }

    #[test]
    fn inline_code_is_no_fence() {
        insta::assert_snapshot!(check("\r~~~~\r!\n\n## c\n<!-- d -->\n"), @"[2:c] hidden [] unclosed []");
        insta::assert_snapshot!(check("\r<?\r\r?\n\n## c\n"), @"[2:c] hidden [] unclosed []");
        insta::assert_snapshot!(check("<!---\r1\n\n## c\n"), @"[2:c] hidden [] unclosed [0]");
        insta::assert_snapshot!(check("``` a ``` b\n## c\n"), @"[2:c] hidden [] unclosed []");
    }

    proptest! {
        #[test]
        fn no_heading_is_lost(document in "((#{1,7} ?[a-z]{0,3}|`{3,5}[a-z]?|~{3,4}|<!--|-->| {0,5}|<pre>|</pre>)\r?\n){0,24}") {
            let blocks = read(&document, 0);
            let alone = text::lines(&document, 0).filter(|(at, line)| heading(*at, line).is_some()).count();
            prop_assert_eq!(blocks.headings.len() + blocks.hidden.len(), alone);
        }
    }
}
