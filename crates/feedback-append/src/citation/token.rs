//! Words of a line that may be paths, freed of the markdown around them.

use std::ops::Range;

use super::exact;

/// A word that may be a path.
pub(super) struct Token<'a> {
    /// Its offsets in the line.
    pub(super) range: Range<usize>,
    /// The word without markup.
    pub(super) path: &'a str,
    /// Whether it is one of several words in a code span, which is then a command.
    pub(super) in_command: bool,
    /// Whether it has the form that carries any name.
    pub(super) is_exact: bool,
}

/// Splits a line into words that have a slash or a dot.
pub(super) fn split(line: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut at = 0;
    let mut is_bold = false;
    let mut next_exact = exact::find(line, 0);
    while at < line.len() {
        let rest = &line[at..];
        if rest.starts_with('`') {
            let ticks = rest.len() - rest.trim_start_matches('`').len();
            let inner = at + ticks;
            if let Some(length) = line[inner..].find(&rest[..ticks]) {
                let span = inner..inner + length;
                let in_command = line[span.clone()].trim().contains(char::is_whitespace);
                words(line, span, in_command, &mut false, &mut tokens);
                at = inner + length + ticks;
                continue;
            }
            at = inner;
            continue;
        }
        let end = rest.find('`').map_or(line.len(), |tick| at + tick);
        if next_exact.as_ref().is_some_and(|(range, _)| range.start <= at) {
            next_exact = exact::find(line, at);
        }
        if let Some((range, is_exact)) = next_exact.clone().filter(|(range, _)| range.end < end) {
            words(line, at..range.start - 1, false, &mut is_bold, &mut tokens);
            at = range.end + 1;
            let path = &line[range.clone()];
            tokens.push(Token { range, path, in_command: false, is_exact });
        } else {
            words(line, at..end, false, &mut is_bold, &mut tokens);
            at = end;
        }
    }
    tokens
}

/// Where the first arrow is that leads from a command to its output.
pub(super) fn arrow(line: &str) -> Option<usize> {
    // Nearly all lines have none, and five searches each would cost more than the rest of the reading.
    if !line.bytes().any(|byte| byte == b'>' || byte == 0xE2) {
        return None;
    }
    ["→", "->", "=>", "⇒", "➜"].iter().filter_map(|arrow| line.find(arrow)).min()
}

/// How many bytes at the end may be a line number: `:12`, `:12:3`, `:12-15` or `#L12`.
pub(super) fn line_suffix(path: &str) -> usize {
    if let Some(hash) = path.rfind('#').filter(|hash| *hash > 0) {
        return path.len() - hash;
    }
    let mut end = path.len();
    loop {
        let bare =
            path[..end].trim_end_matches(|other: char| other.is_ascii_digit() || other == '-');
        match bare.strip_suffix(':') {
            Some(before) if bare.len() < end && !before.is_empty() => end = before.len(),
            _ => return path.len() - end,
        }
    }
}

/// Whether the last part of a path ends in something like `.log`, perhaps with a line number behind.
pub(super) fn has_extension(path: &str) -> bool {
    let path = &path[..path.len() - line_suffix(path)];
    let name = path.rsplit('/').next().unwrap_or_default();
    name.rsplit_once('.').is_some_and(|(stem, extension)| {
        (!stem.is_empty() || path.contains('/'))
            && (1..=8).contains(&extension.len())
            && extension.starts_with(|first: char| first.is_ascii_alphabetic())
            && extension.chars().all(|other| other.is_ascii_alphanumeric())
    })
}

/// Whether a name without a folder is one that evidence has; other dotted words are hosts and versions.
pub(super) fn is_evidence_file(path: &str) -> bool {
    const EXTENSIONS: [&str; 20] = [
        "log", "txt", "md", "json", "jsonl", "png", "jpg", "html", "csv", "xml", "yml", "yaml",
        "out", "err", "pdf", "har", "zip", "gz", "tty", "cast",
    ];
    path.rsplit_once('.').is_some_and(|(_, extension)| EXTENSIONS.contains(&extension))
}

fn words<'a>(
    line: &'a str,
    span: Range<usize>,
    in_command: bool,
    is_bold: &mut bool,
    tokens: &mut Vec<Token<'a>>,
) {
    const BREAKS: [char; 10] = ['|', '"', '“', '”', '‘', '’', '→', '⇒', '➜', ';'];
    let mut start = span.start;
    let mut depth = 0_i32;
    let text = &line[span.clone()];
    for (at, other) in text.char_indices() {
        let here = span.start + at;
        let is_break = match other {
            'a'..='z' | 'A'..='Z' | '0'..='9' | '/' | '.' | '-' | '_' => continue,
            '{' => {
                depth += 1;
                false
            }
            '}' => {
                depth -= 1;
                false
            }
            ',' => depth <= 0,
            '(' => here > start && line[..here].ends_with(']'),
            other => other.is_whitespace() || BREAKS.contains(&other),
        };
        if is_break {
            word(line, start..here, in_command, is_bold, tokens);
            start = here + other.len_utf8();
        }
    }
    word(line, start..span.end, in_command, is_bold, tokens);
}

fn word<'a>(
    line: &'a str,
    mut range: Range<usize>,
    in_command: bool,
    is_bold: &mut bool,
    tokens: &mut Vec<Token<'a>>,
) {
    let raw = &line[range.clone()];
    let bold_before = *is_bold;
    if raw.as_bytes().contains(&b'*') {
        *is_bold ^= raw.matches("**").count() % 2 == 1;
    }
    if !raw.bytes().any(|byte| byte == b'/' || byte == b'.') || raw.contains("://") {
        return;
    }
    let was_bold = bold_before || raw.starts_with("**");
    range.start += leading(raw);
    let was_slanted = line[..range.start].ends_with('_');
    range.end -= trailing(&line[range.clone()], was_bold, was_slanted);
    let word = &line[range.clone()];
    // `LOG=artifacts/x.log` names the path behind the sign.
    if let Some(sign) = word.find('=').filter(|sign| !word[..*sign].contains('/')) {
        range.start += sign + 1;
    }
    let path = &line[range.clone()];
    let is_address =
        path.starts_with('@') || path.find('@').is_some_and(|at| !path[..at].contains('/'));
    if path.len() >= 3 && !is_address && path.contains(|other: char| other.is_alphanumeric()) {
        tokens.push(Token { range, path, in_command, is_exact: false });
    }
}

/// How much markup stands before a path.
fn leading(word: &str) -> usize {
    if word.starts_with("***REDACTED***") {
        return 0;
    }
    let mut bare = if word.starts_with("**/") { word } else { word.trim_start_matches('*') };
    // Where the last sign stands that makes a bracket a part of the path; looked for once.
    let last = |signs: &[&str]| signs.iter().filter_map(|sign| word.rfind(sign)).max();
    let (last_square, last_angle) = (last(&["].", "]-"]), last(&[">/", ">.", ">-"]));
    loop {
        let next = bare.trim_start_matches(['(', '\'', '>', '&', '!', ':', '=']);
        let next = match next.chars().next() {
            // A bracket that closes inside is part of the path, as in `[REDACTED].json`.
            Some('[') if last_square.is_none_or(|at| at < word.len() - next.len()) => &next[1..],
            Some('<') if last_angle.is_none_or(|at| at < word.len() - next.len()) => &next[1..],
            Some('_') if next.ends_with('_') => &next[1..],
            Some('*') if !next.starts_with("**/") => &next[1..],
            _ => next,
        };
        if next.len() == bare.len() {
            return word.len() - bare.len();
        }
        bare = next;
    }
}

/// How much markup and punctuation stands behind a path.
fn trailing(word: &str, is_bold: bool, is_slanted: bool) -> usize {
    let mut bare = word;
    // Counted once, however many go.
    let mut surplus = Surplus::of(word);
    loop {
        let Some(last) = bare.chars().next_back() else { return word.len() };
        let shorter = &bare[..bare.len() - last.len_utf8()];
        let goes = match last {
            ',' | ':' | '!' | '?' | '\'' | '\\' => true,
            '.' => !shorter.ends_with(['.', '/']),
            ')' | ']' | '}' | '>' => surplus.take(last),
            '*' => {
                (is_bold && bare.ends_with("**"))
                    || (!shorter.ends_with(['*', '/', '-', '.', '_']) && !is_glob_end(shorter))
            }
            '_' => is_slanted,
            _ => false,
        };
        if !goes {
            return word.len() - bare.len();
        }
        bare = if last == '*' && bare.ends_with("**") { &bare[..bare.len() - 2] } else { shorter };
    }
}

/// By how many a word has more closing brackets than opening ones, of each kind.
struct Surplus([(char, isize); 4]);

impl Surplus {
    fn of(word: &str) -> Self {
        let mut counts = [(')', 0), (']', 0), ('}', 0), ('>', 0)];
        for sign in word.bytes() {
            match sign {
                b')' => counts[0].1 += 1,
                b'(' => counts[0].1 -= 1,
                b']' => counts[1].1 += 1,
                b'[' => counts[1].1 -= 1,
                b'}' => counts[2].1 += 1,
                b'{' => counts[2].1 -= 1,
                b'>' => counts[3].1 += 1,
                b'<' => counts[3].1 -= 1,
                _ => {}
            }
        }
        Self(counts)
    }

    /// Whether a closing bracket at the end is one too many; it is taken off then.
    fn take(&mut self, sign: char) -> bool {
        let count = self.0.iter_mut().find(|(kind, count)| *kind == sign && *count > 0);
        count.map(|(_, count)| *count -= 1).is_some()
    }
}

/// `artifacts/run*` is a glob and stays one; a star right behind an extension closes emphasis.
fn is_glob_end(before: &str) -> bool {
    !has_extension(before.trim_end_matches('*'))
}
