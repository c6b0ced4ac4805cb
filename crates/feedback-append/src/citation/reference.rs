//! Links by reference: `[text][ref]`, `[ref][]` and `[ref]`, with `[ref]: path` somewhere in the log.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use crate::text;

/// The most bytes of a name, as `CommonMark` has it.
const LONGEST_LABEL: usize = 999;

/// The definitions of a log that lead to a path.
#[derive(Debug, Default)]
pub(super) struct References<'a> {
    paths: HashMap<String, &'a str>,
    lines: HashSet<usize>,
}

impl<'a> References<'a> {
    /// Reads the definitions of `document` from the offset `from` on; the first of a name counts.
    pub(super) fn read(document: &'a str, from: usize) -> Self {
        let mut all = Self::default();
        if memchr::memmem::find(&document.as_bytes()[from..], b"]:").is_none() {
            return all;
        }
        for (offset, line) in text::lines(document, from) {
            let Some((label, path)) = definition(line) else { continue };
            all.paths.entry(label).or_insert(path);
            all.lines.insert(offset);
        }
        all
    }

    pub(super) fn is_empty(&self) -> bool {
        self.paths.is_empty()
    }

    /// Whether the line that begins here is a definition.
    pub(super) fn defines(&self, offset: usize) -> bool {
        self.lines.contains(&offset)
    }

    /// Where a line refers to a path, and to which.
    pub(super) fn in_line(&self, line: &str) -> Vec<(Range<usize>, &'a str)> {
        let mut found = Vec::new();
        let mut at = 0;
        let closings = closings(line);
        let closing = |start: usize| closings.get(&start).copied();
        while let Some(start) = line[at..].find('[').map(|open| at + open) {
            at = start + 1;
            let Some(text_end) = closing(start) else { continue };
            let behind = &line[text_end..];
            // `[text](path)` says itself where it leads.
            if behind.starts_with('(') {
                at = text_end;
                continue;
            }
            let second = behind.starts_with('[').then(|| closing(text_end)).flatten();
            let label = match second {
                Some(end) if end > text_end + 2 => &line[text_end + 1..end - 1],
                _ => &line[start + 1..text_end - 1],
            };
            if label.len() > LONGEST_LABEL {
                continue;
            }
            if let Some(path) = self.paths.get(&folded(label)) {
                let end = second.unwrap_or(text_end);
                found.push((start..end, *path));
                at = end;
            }
        }
        found
    }
}

/// Where each bracket that opens is closed, if it is; found in one pass.
fn closings(line: &str) -> HashMap<usize, usize> {
    let mut open = Vec::new();
    let mut closings = HashMap::new();
    for (at, sign) in line.bytes().enumerate() {
        match sign {
            b'[' => open.push(at),
            b']' => closings.extend(open.pop().map(|start| (start, at + 1))),
            _ => {}
        }
    }
    closings
}

/// The name and the path of `[name]: path "title"`; an address is no path.
fn definition(line: &str) -> Option<(String, &str)> {
    let bare = line.trim_start_matches(' ');
    if line.len() - bare.len() > 3 || !bare.starts_with('[') || bare.starts_with("[^") {
        return None;
    }
    let end = *closings(bare).get(&0)?;
    let target = bare[end..].strip_prefix(':')?.trim();
    let path = match target.strip_prefix('<') {
        Some(inner) => &inner[..inner.find('>')?],
        None => target.split_whitespace().next()?,
    };
    let label = folded(&bare[1..end - 1]);
    let is_path =
        !path.contains("://") && !path.starts_with(['#', '@']) && !path.contains("mailto:");
    (is_path && !label.is_empty()).then_some((label, path))
}

/// A name as names are compared.
fn folded(label: &str) -> String {
    label.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(line: &str) -> String {
        let document = "[log]: ../artifacts/a.log 'title'\n  [The Run]: <artifacts/b c/>\n[web]: https://x/y\n[^1]: note\n";
        let references = References::read(document, 0);
        let told = references.in_line(line).into_iter();
        told.map(|(range, path)| format!("{} -> {path}", &line[range]))
            .collect::<Vec<_>>()
            .join(", ")
    }

    #[test]
    fn every_form_of_a_reference_is_followed() {
        insta::assert_snapshot!(check("see [the log][Log], [log][] and [log]"), @"[the log][Log] -> ../artifacts/a.log, [log][] -> ../artifacts/a.log, [log] -> ../artifacts/a.log");
        insta::assert_snapshot!(check("[x [y]][the  run]"), @"[x [y]][the  run] -> artifacts/b c/");
        assert_eq!(check("[log](other.md) [web] [nope] [^1] [open"), "");
    }

    proptest! {
        #[test]
        fn any_line_is_read_without_a_fault(line in "([\\[\\]()<>:! ]|[a-zé/]){0,24}") {
            let references = References::read(&line, 0);
            for (range, _) in references.in_line(&line) {
                prop_assert!(line.get(range).is_some());
            }
        }
    }
}
