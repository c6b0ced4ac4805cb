//! A `.dockerignore`, and what is written like one.

use crate::packing::patterns::{negated, prefixes};
use crate::packing::wildcard::Wildcard;

/// An ordered list of patterns, each seen from the context's root; the last that fits decides, and may take a file out
/// again whose folder is covered (moby/patternmatcher, `MatchesUsingParentResults`).
#[derive(Debug, Default)]
pub(crate) struct Ignored {
    list: Vec<Pattern>,
}

#[derive(Debug)]
struct Pattern {
    wildcard: Wildcard,
    is_negated: bool,
}

impl Ignored {
    /// Reads the lines of an ignore file (moby/patternmatcher, `ignorefile.ReadAll`): a comment begins in the first
    /// column, and white space at the ends does not count.
    pub(crate) fn read(text: &str) -> Ignored {
        let lines = text.strip_prefix('\u{feff}').unwrap_or(text).lines();
        let pattern = |line: &str| {
            let (is_negated, pattern) = negated(line.trim());
            Pattern::new(is_negated, pattern.trim())
        };
        Ignored { list: lines.filter(|line| !line.starts_with('#')).filter_map(pattern).collect() }
    }

    /// Reads the patterns of `--exclude`.
    pub(crate) fn listed<'a>(patterns: impl IntoIterator<Item = &'a str>) -> Ignored {
        let pattern = |pattern| {
            let (is_negated, pattern) = negated(pattern);
            Pattern::new(is_negated, pattern)
        };
        Ignored { list: patterns.into_iter().filter_map(pattern).collect() }
    }

    /// Whether the list covers a file, by its path from the context's root.
    pub(crate) fn cover(&self, path: &str) -> bool {
        let fits = |pattern: &&Pattern| prefixes(path).any(|prefix| pattern.wildcard.fits(prefix));
        self.list.iter().rfind(fits).is_some_and(|pattern| !pattern.is_negated)
    }
}

impl Pattern {
    fn new(is_negated: bool, pattern: &str) -> Option<Pattern> {
        if pattern.is_empty() {
            return None;
        }
        let pattern = cleaned(pattern);
        let pattern = pattern.strip_prefix('/').unwrap_or(&pattern).trim();
        let wildcard = Wildcard::of_folders(pattern)?;
        Some(Pattern { wildcard, is_negated })
    }
}

/// A path as Go's `filepath.Clean` leaves it: without `.`, empty parts, and what `..` takes back.
pub(crate) fn cleaned(path: &str) -> String {
    let is_rooted = path.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => drop(parts.pop()),
            ".." if is_rooted => {}
            part => parts.push(part),
        }
    }
    match (is_rooted, parts.join("/")) {
        (true, parts) => format!("/{parts}"),
        (false, parts) if parts.is_empty() => ".".to_owned(),
        (false, parts) => parts,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A `.dockerignore`, and whether it keeps `vault/occ/fly/a.env` out. The answers are those of moby/patternmatcher
    /// 0.6.0.
    const KEPT_OUT: [(&str, bool); 62] = [
        ("vault", true),
        ("/vault/", true),
        ("./vault", true),
        ("vault/*", true),
        ("vault/**", true),
        ("vault/**/", true),
        ("**/*.env", true),
        ("**/fly", true),
        ("**/fly/", true),
        ("**/occ/**", true),
        ("**/occ/*.env", false),
        ("**/vault", true),
        ("*", true),
        ("**", true),
        ("**/*", true),
        ("****", true),
        ("v*t", true),
        ("v**t", false),
        ("vau**", true),
        ("va**t/occ", false),
        ("va**occ", true),
        ("va**/fly", true),
        ("**.env", true),
        ("**env", true),
        ("**a*v", true),
        ("**nv?", false),
        ("**\\.env", false),
        ("vault**a.env", true),
        ("vault**.env", false),
        ("vault/**/**/a.env", true),
        ("vault/**/x/../a.env", true),
        ("!vault\nvault", true),
        ("vault/occ/fly/a.env", true),
        ("vault\n!vault/occ/fly/b.env", true),
        ("# x\n\nvault\r\n", true),
        ("\u{feff}vault", true),
        ("\u{feff}# x\nvault", true),
        ("  vault  ", true),
        ("\tvault\t", true),
        (" #x\nvault", true),
        ("x/../vault", true),
        ("/x/../../vault", true),
        ("vault//occ", true),
        ("vault/./occ", true),
        ("v[a-c]ult", true),
        ("v[^x]ult", true),
        ("v\\ault", false),
        ("vault/occ/fly/a\\.env", true),
        ("vault\n! vault/occ", false),
        ("", false),
        ("occ", false),
        ("*.env", false),
        ("vault/*.env", false),
        ("#vault", false),
        ("vault\n!vault/occ", false),
        ("*\n!vault", false),
        ("*\n!**/*.env", false),
        ("va{u,x}lt", false),
        ("v[!x]ult", false),
        ("../vault", false),
        ("/", false),
        (".", false),
    ];

    #[test]
    fn what_an_ignore_file_keeps_out_is_known() {
        for (text, expected) in KEPT_OUT {
            assert_eq!(Ignored::read(text).cover("vault/occ/fly/a.env"), expected, "{text:?}");
        }
        assert!(!Ignored::read("[").cover("vault"), "Docker refuses it");
    }
}
