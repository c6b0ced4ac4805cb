//! The citations of a log: every path it names, wherever in the markdown it stands, with the hash it is tied to.

pub(crate) mod exact;
mod exit;
mod hash;
mod reference;
mod token;

use std::ops::Range;

use crate::blocks::Blocks;
use crate::field::{self, Topic};
use crate::text;
pub use hash::CitedHash;
use reference::References;
use token::Token;

/// Folders at the root of a machine.
const MACHINE: [&str; 15] = [
    "tmp", "var", "home", "root", "etc", "usr", "opt", "mnt", "srv", "run", "proc", "dev", "Users",
    "Volumes", "private",
];

/// A path that a log names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Citation {
    /// Where it stands.
    pub range: Range<usize>,
    /// The path as written, without markup around it.
    pub path: String,
    /// How many bytes at the end of `path` may be a line number (`:12`) instead of a part of it.
    pub suffix: usize,
    /// Whether the path was written in the form that carries any name, so that no sign in it means anything.
    pub is_exact: bool,
    /// Whether it stands as proof, and not as a mere mention.
    pub is_evidence: bool,
    /// The hash it is tied to.
    pub hash: Option<CitedHash>,
    /// Whether a hash stands with it that is not compared: of another kind, or without its name and not whole.
    pub has_other_hash: bool,
    /// The exit code that stands behind it.
    pub exit: Option<u8>,
}

/// The citations of a body.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Citations {
    /// The paths, in order.
    pub paths: Vec<Citation>,
    /// The values of evidence lines that name no path at all.
    pub prose: Vec<Range<usize>>,
}

/// The folders whose names make a word a path.
#[derive(Debug, Clone, Default)]
pub struct Roots {
    /// Folders of evidence, as `artifacts`.
    pub evidence: Vec<String>,
    /// Other folders at the top of the repo.
    pub others: Vec<String>,
}

/// Finds the citations of `document` from the offset `from` on, in everything but comments.
pub fn find(document: &str, from: usize, blocks: &Blocks, roots: &Roots) -> Citations {
    let mut found = Citations::default();
    let mut section = None;
    let mut after_blank = false;
    let mut waiting: Option<Waiting> = None;
    let references = References::read(document, from);
    let mut exits = exit::Lines::default();
    let mut last_paths = 0..0;
    for (offset, line) in text::lines(document, from) {
        let in_block = blocks.verbatim.partition_point(|block| block.end <= offset);
        let in_block = blocks.verbatim.get(in_block).filter(|block| block.contains(&offset));
        if in_block.is_some_and(|block| document[block.clone()].starts_with("<!--")) {
            continue;
        }
        if line.trim().is_empty() {
            after_blank = true;
            continue;
        }
        let label = if in_block.is_some() { None } else { field::read(line) };
        let is_item =
            field::list_marker(line.trim_start()) > 0 || line.starts_with([' ', '\t', '|']);
        if !is_item && (after_blank || label.is_some() || line.starts_with('#')) {
            section = None;
            close(waiting.take(), &mut found);
        }
        after_blank = false;
        let topic = label.as_ref().map(|label| label.topic);
        let stand = Stand {
            topic: topic.or(section),
            in_code: in_block.is_some(),
            value: label.as_ref().map_or(0, |label| label.value.start),
        };
        let before = found.paths.len();
        // A definition stands for nothing where it stands; what refers to it does.
        if !references.defines(offset) {
            find_in_line(line, offset, &stand, roots, &references, &mut found.paths);
        }
        let has_path = found.paths.len() > before;
        exits.read(line, before, &mut found.paths);
        if !has_path && let Some(hash) = hash::alone(line) {
            // A line with nothing but a hash belongs to the path above it.
            let above = found.paths.get_mut(last_paths.clone()).unwrap_or_default();
            for path in above.iter_mut().filter(|path| path.is_evidence && path.hash.is_none()) {
                path.hash = Some(hash.clone());
            }
        }
        if has_path {
            last_paths = before..found.paths.len();
        } else if line.starts_with('#') {
            last_paths = 0..0;
        }
        if let Some(label) = label {
            if label.value.is_empty() && !label.is_item {
                section = Some(label.topic);
            }
            let belongs_to_list = label.is_item && waiting.is_some();
            if label.topic == Topic::Evidence && !belongs_to_list && !line.starts_with('|') {
                close(waiting.take(), &mut found);
                let value = if label.value.is_empty() { 0..line.len() } else { label.value };
                let alone = Waiting { range: offset + value.start..offset + value.end, has_path };
                if label.is_item {
                    close(Some(alone), &mut found);
                } else {
                    waiting = Some(alone);
                }
                continue;
            }
        }
        if let Some(waiting) = &mut waiting {
            waiting.has_path |= has_path;
        }
    }
    close(waiting, &mut found);
    found
}

/// An evidence line whose list below may still name a path.
struct Waiting {
    range: Range<usize>,
    has_path: bool,
}

fn close(waiting: Option<Waiting>, found: &mut Citations) {
    found.prose.extend(waiting.filter(|waiting| !waiting.has_path).map(|waiting| waiting.range));
}

/// How a line stands in its entry.
struct Stand {
    topic: Option<Topic>,
    in_code: bool,
    value: usize,
}

fn find_in_line(
    line: &str,
    offset: usize,
    stand: &Stand,
    roots: &Roots,
    references: &References<'_>,
    found: &mut Vec<Citation>,
) {
    let arrow = token::arrow(line);
    // Only where proof is told does a name without a folder count.
    // The form that carries any name has a slash always.
    let may_lack_slash = arrow.is_some() || stand.topic == Some(Topic::Evidence);
    let may_refer = !references.is_empty() && line.contains('[') && !stand.in_code;
    if memchr::memchr(b'/', line.as_bytes()).is_none() && !may_lack_slash && !may_refer {
        return;
    }
    let first = found.len();
    let mut tokens: Vec<(Token<'_>, bool)> =
        token::split(line).into_iter().map(|token| (token, false)).collect();
    if may_refer {
        let paths = references.in_line(line);
        // What a link is called is no path of its own.
        tokens.retain(|(token, _)| {
            !paths.iter().any(|(range, _)| range.contains(&token.range.start))
        });
        tokens.extend(paths.into_iter().map(|(range, path)| {
            (Token { range, path, in_command: false, is_exact: false }, true)
        }));
        tokens.sort_by_key(|(token, _)| token.range.start);
    }
    for (token, is_reference) in tokens {
        let after_arrow = arrow.is_some_and(|arrow| token.range.start > arrow);
        let is_command = stand.in_code
            || token.in_command
            || (stand.topic == Some(Topic::Command) && !after_arrow && arrow.is_some());
        let is_proof = after_arrow
            || (stand.topic == Some(Topic::Evidence) && token.range.start >= stand.value);
        let before = &line[..token.range.start];
        let is_link = is_reference || before.ends_with("](") || before.ends_with("](<");
        let Some(is_evidence) = judge(&token, is_command, is_proof, is_link, roots) else {
            continue;
        };
        let range = offset + token.range.start..offset + token.range.end;
        let is_exact = token.is_exact;
        let decoded = (is_exact || is_link).then(|| exact::decode(token.path)).flatten();
        let path = decoded.unwrap_or_else(|| token.path.to_owned());
        let path =
            if is_exact { path.strip_prefix("./").unwrap_or(&path).to_owned() } else { path };
        let suffix = if is_exact { 0 } else { token::line_suffix(&path) };
        found.push(Citation {
            range,
            path,
            suffix,
            is_exact,
            is_evidence,
            hash: None,
            has_other_hash: false,
            exit: None,
        });
    }
    // What stands between one path and the next belongs to the first, but for a list in which each hash stands before.
    let stands_before = found
        .get(first)
        .is_some_and(|citation| hash::before(&line[..citation.range.start - offset]).is_some());
    for at in first..found.len() {
        let start = found[at].range.end - offset;
        let end = found.get(at + 1).map_or(line.len(), |next| next.range.start - offset);
        let behind = &line[start..end];
        let before = || hash::before(&line[..found[at].range.start - offset]);
        // `a.txt#sha256=…` has it in the path itself.
        let suffix = &found[at].path[found[at].path.len() - found[at].suffix..];
        let own = if suffix.starts_with('#') { hash::behind(suffix) } else { None };
        found[at].hash = own.or_else(|| {
            if stands_before {
                before().or_else(|| hash::behind(behind))
            } else {
                hash::behind(behind).or_else(|| hash::bare(behind))
            }
        });
        found[at].has_other_hash = found[at].hash.is_none() && hash::is_other(behind);
    }
    exit::tie(line, offset, &mut found[first..]);
}

/// Whether a token is a citation, and if so whether it stands as proof.
fn judge(
    token: &Token<'_>,
    is_command: bool,
    is_proof: bool,
    is_link: bool,
    roots: &Roots,
) -> Option<bool> {
    let path = token.path;
    if token.is_exact {
        return Some(true);
    }
    let mut bare = path.trim_start_matches("./").trim_start_matches('/');
    // A link leads somewhere from the log's own folder.
    while let Some(below) = bare.strip_prefix("../").filter(|_| is_link) {
        bare = below;
    }
    let first = bare.split('/').next().unwrap_or_default();
    let has_slash = bare.contains('/');
    if has_slash && roots.evidence.iter().any(|root| under(bare, root)) {
        return Some(true);
    }
    if is_command {
        return None;
    }
    let has_extension = token::has_extension(path);
    if !has_slash {
        let is_file =
            is_proof && has_extension && token::is_evidence_file(path) && !path.starts_with('.');
        return is_file.then_some(true);
    }
    if path.starts_with('/') || path.starts_with("~/") {
        // `/api/v1` is a route; `/tmp/run.log` is a file, and so is what lies in a machine's own folders.
        let is_file = has_extension || path.starts_with('~') || MACHINE.contains(&first);
        return (is_file && bare.contains('/')).then_some(is_proof);
    }
    if roots.others.iter().any(|root| root == first) {
        return Some(is_proof);
    }
    let is_host = first.contains('.') && !path.starts_with('.');
    if is_host {
        return None;
    }
    (has_extension || (is_proof && path.ends_with('/'))).then_some(is_proof)
}

/// A line without the marks before its first word: of a list, a table, a quotation, emphasis.
fn undecorated(line: &str) -> &str {
    let text = line.trim_start();
    text[field::list_marker(text)..].trim_start_matches(['*', '_', '`', '(', '|', '>', ' '])
}

/// Whether a text begins with one of these words, whatever their case.
fn starts_with_any(text: &str, words: &[&str]) -> bool {
    words
        .iter()
        .any(|word| text.get(..word.len()).is_some_and(|head| head.eq_ignore_ascii_case(word)))
}

fn under(path: &str, root: &str) -> bool {
    path.strip_prefix(root).is_some_and(|rest| rest.starts_with('/'))
}

#[cfg(test)]
mod tests;
