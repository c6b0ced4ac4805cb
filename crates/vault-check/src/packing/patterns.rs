//! Lists of patterns as Cargo's `include` and `exclude` have them, which are written like the lines of a `.gitignore`.

use fast_glob::glob_match;

/// An ordered list of patterns; the last that matches decides (the crate `ignore`).
#[derive(Default)]
pub(crate) struct Patterns {
    list: Vec<Pattern>,
}

struct Pattern {
    glob: String,
    is_negated: bool,
    only_folders: bool,
}

impl Patterns {
    pub(crate) fn read<'a>(lines: impl IntoIterator<Item = &'a str>) -> Patterns {
        Patterns { list: lines.into_iter().filter_map(Pattern::read).collect() }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Whether the list covers a file, by its path with `/`. The nearest to the file decides, of it and the folders
    /// above it that a pattern fits: what lies in a covered folder can be taken out again.
    pub(crate) fn cover(&self, path: &str) -> bool {
        self.nearest(path, false)
    }

    /// Whether the list covers a file or a folder above it, which is not looked into then.
    pub(crate) fn cover_on_the_way(&self, path: &str) -> bool {
        prefixes(path).any(|prefix| self.nearest(prefix, prefix.len() < path.len()))
    }

    fn nearest(&self, path: &str, is_folder: bool) -> bool {
        let mut parts: Vec<&str> = prefixes(path).collect();
        parts.reverse();
        let last = |part: &str| {
            let is_folder = is_folder || part.len() < path.len();
            self.list.iter().rfind(|pattern| pattern.fits(part, is_folder))
        };
        parts.into_iter().find_map(last).is_some_and(|pattern| !pattern.is_negated)
    }
}

impl Pattern {
    fn read(line: &str) -> Option<Pattern> {
        if line.starts_with('#') {
            return None;
        }
        // White space at the end counts where it is escaped.
        let line = if line.ends_with("\\ ") { line } else { line.trim_end() };
        let (is_negated, pattern) = negated(line);
        let only_folders = pattern.ends_with('/');
        let pattern = pattern.strip_suffix('/').unwrap_or(pattern);
        if pattern.is_empty() {
            return None;
        }
        let glob = if pattern.contains('/') {
            pattern.strip_prefix('/').unwrap_or(pattern).to_owned()
        } else {
            format!("**/{pattern}")
        };
        Some(Pattern { glob, is_negated, only_folders })
    }

    fn fits(&self, part: &str, is_folder: bool) -> bool {
        (is_folder || !self.only_folders) && glob_match(&self.glob, part)
    }
}

/// The folders that lead to a file, from the top, and the file itself.
pub(crate) fn prefixes(path: &str) -> impl Iterator<Item = &str> {
    path.match_indices('/').map(|(at, _)| &path[..at]).chain([path])
}

/// Whether a pattern begins with `!`, and what follows.
pub(crate) fn negated(line: &str) -> (bool, &str) {
    line.strip_prefix('!').map_or((false, line), |rest| (true, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_seen_anywhere_and_a_path_from_the_root() {
        let check = |text: &str, expected: bool| {
            let patterns = Patterns::read(text.lines());
            assert_eq!(patterns.cover("vault/occ/fly/a.env"), expected, "{text}");
        };
        for text in [
            "vault",
            "occ",
            "occ/",
            "/vault/",
            "*.env",
            "vault/**",
            "{vault,x}",
            "vault/{occ,x}/",
            "v[a-c]ult",
            "va**t",
            "\\vault ",
            "*\n!x",
            "*\n!vault/occ",
            "*.env\n!vault",
        ] {
            check(text, true);
        }
        for text in [
            "",
            "a.env/",
            "/occ",
            "fly/a.env",
            "./vault",
            "Vault",
            "*.env\n!a.env",
            "vault\n!vault/occ",
            "vault\n!*.env",
            "# vault",
        ] {
            check(text, false);
        }
    }
}
