//! The block structure of a markdown body that matters here: headings, and the code and comments that hide them.

use std::ops::Range;

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

/// One `#` heading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heading {
    /// Its line, without the line break.
    pub range: Range<usize>,
    /// 1 to 6.
    pub level: u8,
    /// What stands behind the `#` signs, trimmed.
    pub text: Range<usize>,
}

/// Reads the blocks of `document` from the offset `from` on.
pub fn read(document: &str, from: usize) -> Blocks {
    let lines: Vec<(usize, &str)> = text::lines(document, from).collect();
    let mut blocks = Blocks::default();
    let mut hopeless = Hopeless::default();
    let mut at = 0;
    while at < lines.len() {
        let (offset, line) = lines[at];
        if let Some(opener) = Opener::read(line) {
            let end = if hopeless.knows(opener) { None } else { opener.end(&lines, at) };
            if let Some(end) = end {
                let hidden =
                    lines[at..=end].iter().filter_map(|(start, line)| heading(*start, line));
                blocks.hidden.extend(hidden);
                let (last, text) = lines[end];
                blocks.verbatim.push(offset..last + text.len());
                at = end + 1;
                continue;
            }
            hopeless.learn(opener);
            blocks.unclosed.push(offset);
        } else if let Some(heading) = heading(offset, line) {
            blocks.headings.push(heading);
        }
        at += 1;
    }
    blocks
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

/// `## x ##` is written by some; the signs behind are no text.
fn without_closing_signs(text: &str) -> &str {
    let bare = text.trim_end_matches('#');
    if bare.is_empty() || bare.ends_with([' ', '\t']) { bare.trim_end() } else { text }
}

/// What begins a stretch that hides headings.
#[derive(Debug, Clone, Copy)]
enum Opener {
    Fence { sign: char, length: usize },
    Comment,
    Preformatted,
}

impl Opener {
    /// A fence counts at any indent, as it may stand in a list.
    fn read(line: &str) -> Option<Self> {
        let start = line.trim_start();
        for sign in ['`', '~'] {
            let length = start.len() - start.trim_start_matches(sign).len();
            if length >= 3 && !(sign == '`' && start[length..].contains('`')) {
                return Some(Self::Fence { sign, length });
            }
        }
        if line.len() - start.len() > 3 {
            return None;
        }
        if start.starts_with("<!--") {
            return Some(Self::Comment);
        }
        let tag = start.get(..4).unwrap_or_default();
        let is_tag = tag.eq_ignore_ascii_case("<pre")
            && !start[4..].starts_with(|next: char| next.is_ascii_alphanumeric() || next == '-');
        is_tag.then_some(Self::Preformatted)
    }

    /// The line that ends it, if any does.
    fn end(self, lines: &[(usize, &str)], start: usize) -> Option<usize> {
        let same_line = match self {
            Self::Fence { .. } => 1,
            Self::Comment | Self::Preformatted => 0,
        };
        let found =
            lines[start + same_line..].iter().position(|(_, line)| self.is_ended_by(line))?;
        Some(start + same_line + found)
    }

    fn is_ended_by(self, line: &str) -> bool {
        match self {
            Self::Fence { sign, length } => {
                let line = line.trim();
                line.len() >= length && line.chars().all(|other| other == sign)
            }
            Self::Comment => line.contains("-->"),
            Self::Preformatted => line.to_ascii_lowercase().contains("</pre>"),
        }
    }
}

/// Finds in one pass, line by line, where the first block begins that never ends.
#[derive(Debug, Default)]
pub(crate) struct OpenBlock {
    open: Option<(Opener, u64)>,
    line: u64,
}

impl OpenBlock {
    /// Counts lines that are no part of the body.
    pub(crate) fn skip(&mut self, lines: u64) {
        self.line += lines;
    }

    /// Takes the next line; what is no text in it does not matter here.
    pub(crate) fn feed(&mut self, line: &[u8]) {
        self.line += 1;
        let first = line.iter().find(|byte| !byte.is_ascii_whitespace());
        if self.open.is_none() && !first.is_some_and(|first| b"`~<\xC2\xE1\xE2\xE3".contains(first))
        {
            return;
        }
        let line = text::readable(line);
        let line = text::trim_break(&line);
        self.open = match self.open {
            Some((opener, _)) if opener.is_ended_by(line) => None,
            Some(open) => Some(open),
            None => Opener::read(line).and_then(|opener| {
                let ends_at_once =
                    !matches!(opener, Opener::Fence { .. }) && opener.is_ended_by(line);
                (!ends_at_once).then_some((opener, self.line))
            }),
        };
    }

    /// The line of the block that is open, from 1.
    pub(crate) fn line(&self) -> Option<u64> {
        self.open.map(|(_, line)| line)
    }
}

/// Openers known to stay open, so that a hostile document costs no more than a few passes.
#[derive(Default)]
struct Hopeless {
    backticks: Option<usize>,
    tildes: Option<usize>,
    comment: bool,
    preformatted: bool,
}

impl Hopeless {
    fn knows(&self, opener: Opener) -> bool {
        match opener {
            Opener::Fence { sign: '`', length } => {
                self.backticks.is_some_and(|known| length >= known)
            }
            Opener::Fence { length, .. } => self.tildes.is_some_and(|known| length >= known),
            Opener::Comment => self.comment,
            Opener::Preformatted => self.preformatted,
        }
    }

    fn learn(&mut self, opener: Opener) {
        match opener {
            Opener::Fence { sign: '`', length } => self.backticks = Some(length),
            Opener::Fence { length, .. } => self.tildes = Some(length),
            Opener::Comment => self.comment = true,
            Opener::Preformatted => self.preformatted = true,
        }
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
            @"[1:a 2:c 1:g] hidden [1:b 1:e -->] unclosed []"
        );
    }

    #[test]
    fn what_is_never_closed_hides_nothing() {
        insta::assert_snapshot!(check("## a\n```\n## b\n<!-- open\n## c\n~~~~\n## d\n~~~\n## e\n~~~~\n"), @"[2:a 2:b 2:c] hidden [2:d 2:e] unclosed [5, 14]");
    }

    #[test]
    fn inline_code_is_no_fence() {
        insta::assert_snapshot!(check("``` a ``` b\n## c\n"), @"[2:c] hidden [] unclosed []");
    }

    proptest! {
        #[test]
        fn one_pass_finds_the_first_open_block(document in "((#{1,7} ?[a-z]{0,3}|`{3,5}[a-z]?|~{3,4}|<!--|-->|<!-- x -->| {0,5}|<pre>|</pre>)\r?\n){0,24}") {
            let mut open = OpenBlock::default();
            document.split_inclusive('\n').for_each(|line| open.feed(line.as_bytes()));
            let first = read(&document, 0).unclosed.first().map(|at| document[..*at].matches('\n').count() as u64 + 1);
            prop_assert_eq!(open.line(), first);
        }

        #[test]
        fn no_heading_is_lost(document in "((#{1,7} ?[a-z]{0,3}|`{3,5}[a-z]?|~{3,4}|<!--|-->| {0,5}|<pre>|</pre>)\r?\n){0,24}") {
            let blocks = read(&document, 0);
            let alone = text::lines(&document, 0).filter(|(at, line)| heading(*at, line).is_some()).count();
            prop_assert_eq!(blocks.headings.len() + blocks.hidden.len(), alone);
        }
    }
}
