//! The front matter of a log, read losslessly and edited in place: other keys, order and comments stay to the byte.

pub(crate) mod yaml;

use std::borrow::Cow;
use std::ops::Range;

use memchr::memmem;

use crate::stamp;
use crate::text;

/// The keys that every log keeps, in the order in which a new log gets them.
pub const KEYS: [&str; 6] = ["epoch", "doc", "owner", "last_reviewed", "doc_hash", "expires"];

/// One block between `---` lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FrontMatter {
    /// The whole block with both its fences and their line breaks.
    pub range: Range<usize>,
    /// What lies between the fences.
    pub inner: Range<usize>,
    /// Its top-level keys in their order.
    pub fields: Vec<Field>,
}

/// One top-level key of a block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// The key.
    pub key: String,
    /// Where its line begins.
    pub offset: usize,
    /// The scalar as written, quotes included, without the comment behind it.
    pub value: Range<usize>,
    /// Whether the value goes on in further lines; such a value is never edited.
    pub continues: bool,
}

/// Finds the front matter at the head of a document; a byte order mark before it is allowed.
pub fn read(document: &str) -> Option<FrontMatter> {
    let start = if document.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    block_at(document, start)
}

/// Whether a document begins like front matter that is never closed: a rule stands before text, and this before keys.
pub fn is_unclosed(document: &str) -> bool {
    let bare = document.strip_prefix('\u{feff}').unwrap_or(document);
    let mut lines = text::lines(bare, 0);
    let is_open = lines.next().is_some_and(|(_, line)| line.trim_end() == "---");
    is_open
        && read(document).is_none()
        && lines.next().is_some_and(|(offset, line)| field_at(line, offset).is_some())
}

/// Finds blocks that look like front matter after the first one: what a careless prepend leaves behind. What stands in
/// code (`verbatim`) is an example, and what has other lines than YAML between two rules is text.
pub fn further_blocks(document: &str, from: usize, verbatim: &[Range<usize>]) -> Vec<FrontMatter> {
    let mut found = Vec::new();
    let mut reach = from;
    let bytes = document.as_bytes();
    for at in memmem::find_iter(&bytes[from..], b"---").map(|at| from + at) {
        let is_first = at == from || bytes[at - 1] == b'\n';
        // Only then is the line looked at, so that one of many such signs is looked at once.
        let is_rule = || document[at..].lines().next().is_some_and(|line| line.trim_end() == "---");
        if at < reach || !is_first || !is_rule() {
            continue;
        }
        let next = verbatim.partition_point(|code| code.end <= at);
        if verbatim.get(next).is_some_and(|code| code.start <= at) {
            continue;
        }
        let block = block_at(document, at);
        if let Some(block) = block.filter(|block| is_plausible(block) && is_yaml(document, block)) {
            reach = block.range.end;
            found.push(block);
        }
    }
    found
}

/// What a further block has beside the keys that every log keeps, so that nobody takes it out unseen.
pub fn remainder(document: &str, block: &FrontMatter) -> Option<String> {
    for (offset, line) in text::lines(&document[..block.inner.end], block.inner.start) {
        let Some(field) = field_at(line, offset) else {
            if line.trim().is_empty() {
                continue;
            }
            let is_comment = line.trim_start().starts_with('#');
            return Some(if is_comment { "a comment" } else { "other lines" }.to_owned());
        };
        if !KEYS.contains(&field.key.as_str()) {
            return Some(format!("`{}`", field.key));
        }
        if document[field.value.end..offset + line.len()].trim_start().starts_with('#') {
            return Some("a comment".to_owned());
        }
    }
    None
}

/// Why a key cannot be edited in its place.
pub fn obstacle(block: &FrontMatter, key: &str) -> Option<&'static str> {
    let mut named = block.fields.iter().filter(|field| field.key == key);
    match (named.next(), named.next()) {
        (Some(_), Some(_)) => Some("stands there twice"),
        (Some(field), None) if field.continues => Some("is no plain value on one line"),
        _ => None,
    }
}

/// Whether other programs find the values in the edited block, and nothing in it was spoilt: what is YAML stays YAML,
/// and what is none has at least no line that is no part of front matter.
pub fn holds(before: &str, block: &FrontMatter, after: &str, values: &[(&str, String)]) -> bool {
    let told = |document: &str| {
        let block = read(document)?;
        yaml::read(&document[block.inner])
    };
    let edited = values.iter().filter(|(key, _)| obstacle(block, key).is_none());
    match (told(before), told(after)) {
        (Some(old), Some(new)) => {
            (old.has_twice || !new.has_twice)
                && edited.into_iter().all(|(key, value)| new.text(key) == Some(value))
        }
        (Some(_), None) => false,
        (None, _) => is_yaml(before, block),
    }
}

/// A rule in markdown is a `---` line too; a block has at least two keys that logs keep.
fn is_plausible(block: &FrontMatter) -> bool {
    block.fields.iter().filter(|field| KEYS.contains(&field.key.as_str())).count() >= 2
}

/// Whether every line of a block is one that YAML has: a key, a comment, an item of a list, or the rest of a value.
fn is_yaml(document: &str, block: &FrontMatter) -> bool {
    text::lines(&document[..block.inner.end], block.inner.start).all(|(offset, line)| {
        let is_comment = line.starts_with('#') && !is_dated_heading(line);
        let goes_on = line.starts_with([' ', '\t', '-', ']', '}']);
        is_comment || goes_on || field_at(line, offset).is_some()
    })
}

/// A heading with a date is an entry of the log, and no comment of YAML.
fn is_dated_heading(line: &str) -> bool {
    let text = line.trim_start_matches('#');
    line.len() - text.len() >= 2 && text.starts_with([' ', '\t']) && stamp::find(text).is_some()
}

fn block_at(document: &str, start: usize) -> Option<FrontMatter> {
    let mut lines = text::lines(document, start);
    let (_, opening) = lines.next()?;
    if opening.trim_end() != "---" {
        return None;
    }
    let mut fields: Vec<Field> = Vec::new();
    let mut inner_start = None;
    for (at, line) in lines {
        let inner_start = *inner_start.get_or_insert(at);
        if matches!(line.trim_end(), "---" | "...") {
            let inner = &document[inner_start..at];
            if is_text(inner, &fields) {
                return None;
            }
            let end = document[at..].find('\n').map_or(document.len(), |found| at + found + 1);
            return Some(FrontMatter { range: start..end, inner: inner_start..at, fields });
        }
        // A rule, or a block that lost its closing line: what stands below is the log.
        if is_dated_heading(line) {
            return None;
        }
        if let Some(field) = field_at(line, at) {
            fields.push(field);
        } else if let Some(last) = fields.last_mut()
            && !line.trim().is_empty()
            && !line.trim_start().starts_with('#')
        {
            last.continues = true;
        }
    }
    None
}

/// Whether what stands between two rules is text: it has no key, or begins with an empty line and has none that logs
/// keep. A mapping in braces is front matter, even if its keys are not read.
fn is_text(inner: &str, fields: &[Field]) -> bool {
    let has_line = inner.lines().any(|line| !line.trim().is_empty() && !line.starts_with('#'));
    let is_known = |field: &Field| KEYS.contains(&field.key.as_str());
    let begins_empty = inner.lines().next().is_some_and(|line| line.trim().is_empty());
    if fields.is_empty() {
        return has_line && (begins_empty || yaml::read(inner).is_none());
    }
    begins_empty && !fields.iter().any(is_known)
}

fn field_at(line: &str, offset: usize) -> Option<Field> {
    let (named, rest) = line.split_once(':')?;
    // YAML allows blanks before the colon, and quotes around the key.
    let key = named.trim_end_matches([' ', '\t']);
    let unquoted = |quote: char| key.strip_prefix(quote).and_then(|key| key.strip_suffix(quote));
    let key = unquoted('"').or_else(|| unquoted('\'')).unwrap_or(key);
    let is_key = key.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && key.chars().all(|other| other.is_ascii_alphanumeric() || "_-.".contains(other));
    if !is_key || !(rest.is_empty() || rest.starts_with([' ', '\t'])) {
        return None;
    }
    let blank = rest.len() - rest.trim_start().len();
    let start = named.len() + 1 + blank;
    let length = scalar_length(&line[start..]);
    let continues = matches!(line[start..].bytes().next(), Some(b'|' | b'>' | b'&' | b'!'))
        || is_open(&line[start..start + length]);
    let value = offset + start..offset + start + length;
    Some(Field { key: key.to_owned(), offset, value, continues })
}

/// The length of the scalar at the start of `text`, up to a comment.
fn scalar_length(text: &str) -> usize {
    let quote = text.bytes().next().filter(|byte| matches!(byte, b'"' | b'\''));
    if let Some(quote) = quote {
        let mut escaped = false;
        for (at, byte) in text.bytes().enumerate().skip(1) {
            match byte {
                _ if escaped => escaped = false,
                // Two in a row are one sign of the text.
                b'\'' if quote == byte && text.as_bytes().get(at + 1) == Some(&byte) => {
                    escaped = true;
                }
                b'\\' if quote == b'"' => escaped = true,
                _ if byte == quote => return at + 1,
                _ => {}
            }
        }
        return text.trim_end().len();
    }
    let comment = text
        .match_indices('#')
        .find(|(at, _)| *at == 0 || text.as_bytes()[at - 1].is_ascii_whitespace())
        .map_or(text.len(), |(at, _)| at);
    text[..comment].trim_end().len()
}

/// Whether a quoted or bracketed value is not closed on its line.
fn is_open(value: &str) -> bool {
    let closer = match value.bytes().next() {
        Some(b'"') => '"',
        Some(b'\'') => '\'',
        Some(b'[') => ']',
        Some(b'{') => '}',
        _ => return false,
    };
    value.len() < 2 || !value.ends_with(closer)
}

impl FrontMatter {
    /// The first field of that name.
    pub fn field(&self, key: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.key == key)
    }

    /// A field's value without its quotes.
    pub fn value<'a>(&self, document: &'a str, key: &str) -> Option<Cow<'a, str>> {
        self.field(key).map(|field| field.text(document))
    }
}

impl Field {
    /// The value without its quotes.
    pub fn text<'a>(&self, document: &'a str) -> Cow<'a, str> {
        yaml::unquoted(&document[self.value.clone()])
    }
}

/// One replacement of bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// What is replaced; empty where text is put in.
    pub range: Range<usize>,
    /// What stands there afterwards.
    pub text: String,
}

impl From<Edit> for durable::Edit {
    fn from(edit: Edit) -> Self {
        let range = edit.range.start as u64..edit.range.end as u64;
        Self { range, bytes: edit.text.into_bytes() }
    }
}

/// The edits that give the keys these values. Keys that are missing, doubled or of several lines are left
/// alone unless `add` asks for the missing ones, which come last in the block.
pub fn set(document: &str, block: &FrontMatter, values: &[(&str, String)], add: bool) -> Vec<Edit> {
    let line_break = if document[block.range.clone()].contains("\r\n") { "\r\n" } else { "\n" };
    let mut edits = Vec::new();
    let mut missing = String::new();
    for (key, value) in values {
        let mut named = block.fields.iter().filter(|field| field.key == *key);
        let written = written(key, value);
        match (named.next(), named.next()) {
            (None, _) if add => missing.extend([*key, ": ", &written, line_break]),
            (Some(field), None) if !field.continues && field.text(document) != value.as_str() => {
                let before =
                    if document.as_bytes()[field.value.start - 1] == b':' { " " } else { "" };
                let after = if document[field.value.end..].starts_with('#') { " " } else { "" };
                let text = format!("{before}{written}{after}");
                edits.push(Edit { range: field.value.clone(), text });
            }
            _ => {}
        }
    }
    if !missing.is_empty() {
        edits.push(Edit { range: block.inner.end..block.inner.end, text: missing });
    }
    edits.sort_by_key(|edit| edit.range.start);
    edits
}

/// A value as it is written: a text so that YAML reads it as one; days and hashes need no quotes.
pub(crate) fn written<'a>(key: &str, value: &'a str) -> Cow<'a, str> {
    let is_text = matches!(key, "epoch" | "doc" | "owner");
    if is_text { yaml::scalar(value) } else { Cow::Borrowed(value) }
}

/// The document with its edits done; they are in order and do not overlap.
pub fn apply(document: &str, edits: &[Edit]) -> String {
    let mut result = String::with_capacity(document.len() + 128);
    let mut at = 0;
    for edit in edits {
        result.push_str(&document[at..edit.range.start]);
        result.push_str(&edit.text);
        at = edit.range.end;
    }
    result.push_str(&document[at..]);
    result
}

/// Whether a shell would have made something else of a value.
pub(crate) fn is_unexpanded(value: &str) -> bool {
    let is_variable = value.match_indices('$').any(|(at, _)| {
        value[at + 1..].starts_with(|next: char| next.is_ascii_alphabetic() || "_({".contains(next))
    });
    is_variable || value.contains("{{") || value.contains('`')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_line_of_rules_is_looked_at_once() {
        let document = format!("text\nx{}\n", "-".repeat(4_000_000));
        assert!(further_blocks(&document, 0, &[]).is_empty());
    }
    use proptest::prelude::*;

    const SEED: &str = "---\nepoch: 2025.10.E1\ndoc: feedback/chatwoot.md\nlast_reviewed: 2025-10-11\ndoc_hash: TBD\n---\n\n## x\n";

    fn check_set(document: &str, values: &[(&str, &str)], add: bool) -> String {
        let block = read(document).unwrap();
        let values: Vec<_> =
            values.iter().map(|(key, value)| (*key, (*value).to_owned())).collect();
        apply(document, &set(document, &block, &values, add))
    }

    #[test]
    fn the_block_ends_after_its_closing_line() {
        let block = read(SEED).unwrap();
        assert_eq!(&SEED[block.range.end..], "\n## x\n");
        assert_eq!(block.value(SEED, "doc_hash").as_deref(), Some("TBD"));
        assert_eq!(block.value(SEED, "expires"), None);
    }

    #[test]
    fn no_block_where_it_is_not_closed_or_not_first() {
        assert_eq!(read("---\na: b\n"), None);
        assert_eq!(read("\n---\na: b\n---\n"), None);
        assert_eq!(read(""), None);
    }

    #[test]
    fn comments_quotes_order_and_spacing_stay() {
        let document = "---\r\n# keep\r\ndoc_hash:   'TBD'   # why\r\nother: [a,\r\n  b]\r\nexpires:\r\n---\r\nbody";
        insta::assert_snapshot!(
            check_set(document, &[("doc_hash", "sha256:00"), ("expires", "2026-01-01"), ("other", "no")], false)
                .replace('\r', "␍"),
            @r"
        ---␍
        # keep␍
        doc_hash:   sha256:00   # why␍
        other: [a,␍
          b]␍
        expires: 2026-01-01␍
        ---␍
        body
        "
        );
    }

    #[test]
    fn missing_keys_are_added_only_when_asked() {
        assert_eq!(check_set(SEED, &[("expires", "2025-10-18")], false), SEED);
        assert!(
            check_set(SEED, &[("expires", "2025-10-18")], true)
                .contains("\nexpires: 2025-10-18\n---\n\n")
        );
    }

    #[test]
    fn a_comment_in_the_place_of_a_value_stays_one() {
        assert_eq!(
            check_set("---\ndoc_hash: # later\n---\n", &[("doc_hash", "c")], false),
            "---\ndoc_hash: c # later\n---\n"
        );
    }

    #[test]
    fn a_key_may_have_blanks_before_its_colon() {
        assert_eq!(
            check_set("---\nexpires : 2025-10-18\n---\n", &[("expires", "2026-01-01")], true),
            "---\nexpires : 2026-01-01\n---\n"
        );
    }

    #[test]
    fn doubled_keys_are_left_alone() {
        let document = "---\ndoc_hash: a\ndoc_hash: b\n---\n";
        assert_eq!(check_set(document, &[("doc_hash", "c")], true), document);
    }

    #[test]
    fn a_hash_sign_inside_a_value_is_no_comment() {
        let block = read("---\ndoc: a#b # c\n---\n").unwrap();
        assert_eq!(block.value("---\ndoc: a#b # c\n---\n", "doc"), Some("a#b".into()));
    }

    #[test]
    fn second_blocks_are_found_and_rules_are_not() {
        let document = format!("{SEED}\n---\n\ntext\n\n---\n\n{SEED}");
        let first = read(&document).unwrap();
        let further = further_blocks(&document, first.range.end, &[]);
        assert_eq!(further.len(), 1);
        assert!(document[further[0].range.clone()].starts_with("---\nepoch"));
    }

    #[test]
    fn examples_and_text_between_rules_are_no_blocks() {
        let example = format!("{SEED}\n```yaml\n---\nepoch: x\ndoc: a\n---\n```\n");
        let start = read(&example).unwrap().range.end;
        let code = example.find("```").unwrap()..example.len();
        assert_eq!(further_blocks(&example, start, &[code]), Vec::new());
        let rules =
            format!("{SEED}\n---\n\n## 2026-11-21T10:00:01Z — Handover\nowner: a\ndoc: b\n\n---\n");
        assert_eq!(further_blocks(&rules, start, &[]), Vec::new());
        let text = format!("{SEED}\n---\nowner: a\ndoc: b\n\nWe hand over.\n---\n");
        assert_eq!(further_blocks(&text, start, &[]), Vec::new());
    }

    #[test]
    fn a_rule_at_the_head_is_no_front_matter() {
        assert_eq!(read("---\n\n# Notes\n\n## 2026-11-26T10:00:01Z — First\nx\n\n---\n"), None);
        assert!(read("---\n# reviewed 2026-11-26\ndoc: a\n---\n").is_some());
    }

    proptest! {
        #[test]
        fn reading_never_fails_and_edits_keep_every_other_byte(
            head in "(---\r?\n)?([a-z_]{1,9}:[ -~]{0,12}\r?\n|#[ -~]{0,9}\n|  - [a-z]{0,5}\n){0,6}(---\r?\n)?",
            tail in "[ -~\n]{0,40}",
        ) {
            let document = format!("{head}{tail}");
            if let Some(block) = read(&document) {
                let edits = set(&document, &block, &[("doc_hash", "sha256:x".to_owned())], false);
                let edited = apply(&document, &edits);
                prop_assert!(edits.len() <= 1);
                if let [edit] = &edits[..] {
                    prop_assert_eq!(&edited[..edit.range.start], &document[..edit.range.start]);
                    prop_assert!(edited.ends_with(&document[edit.range.end..]));
                }
                let again = read(&edited).unwrap();
                prop_assert_eq!(&edited[again.range.end..], &document[block.range.end..]);
            }
        }
    }
}
