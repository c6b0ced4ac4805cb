//! Lists of patterns as `.gitignore` and package.json have them.

use globset::{GlobBuilder, GlobMatcher};

/// An ordered list of patterns; the last that matches decides.
#[derive(Default)]
pub(crate) struct Patterns {
    list: Vec<Pattern>,
    /// Whether what lies in a covered folder is covered whatever later patterns say, as git has it.
    is_final_for_folders: bool,
}

/// What a list says of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Nothing.
    None,
    /// It is covered.
    Covered,
    /// A folder above it is covered, so nobody looks further.
    FolderCovered,
    /// It is taken out again.
    Negated,
}

struct Pattern {
    glob: GlobMatcher,
    is_negated: bool,
    only_folders: bool,
}

impl Patterns {
    /// Reads the lines of a `.gitignore` or of what is written like one.
    pub(crate) fn git<'a>(lines: impl IntoIterator<Item = &'a str>) -> Patterns {
        let lines = lines.into_iter().filter(|line| !line.starts_with('#'));
        let read = |line: &str| {
            let (is_negated, pattern) = negated(line.trim_end());
            let pattern = pattern.strip_prefix("./").unwrap_or(pattern);
            let only_folders = pattern.ends_with('/');
            let pattern = pattern.trim_end_matches('/');
            let anchored = if pattern.contains('/') {
                pattern.trim_start_matches('/').to_owned()
            } else {
                format!("**/{pattern}")
            };
            let is_empty = pattern.is_empty();
            (!is_empty).then(|| glob(&anchored)).flatten().map(|glob| Pattern {
                glob,
                is_negated,
                only_folders,
            })
        };
        Patterns { list: lines.filter_map(read).collect(), is_final_for_folders: true }
    }

    /// Reads the `files` of a package.json: each is seen from the package's folder, and the last counts.
    pub(crate) fn listed<'a>(entries: impl IntoIterator<Item = &'a str>) -> Patterns {
        let read = |entry: &str| {
            let (is_negated, entry) = negated(entry.trim());
            // `/` and `./` are the package's folder; of `.` npm makes nothing.
            let pattern = straight(entry.strip_prefix("./").unwrap_or(entry));
            let is_all = !entry.is_empty() && pattern.trim_matches('/').is_empty();
            let pattern = if is_all { "**" } else { pattern.trim_matches('/') };
            Some(Pattern { glob: glob(pattern)?, is_negated, only_folders: false })
        };
        let list = entries.into_iter().filter_map(read).collect();
        Patterns { list, is_final_for_folders: false }
    }

    /// What a list that git would read says of a file, where another list may say more.
    pub(crate) fn verdict(&self, path: &str) -> Verdict {
        let mut verdict = Verdict::None;
        for prefix in prefixes(path) {
            let is_file = prefix.len() == path.len();
            verdict = match self.last_for(prefix, is_file).map(|pattern| pattern.is_negated) {
                Some(false) if is_file => Verdict::Covered,
                Some(false) => return Verdict::FolderCovered,
                Some(true) => Verdict::Negated,
                None => verdict,
            };
        }
        verdict
    }

    fn last_for(&self, prefix: &str, is_file: bool) -> Option<&Pattern> {
        let fits = |pattern: &&Pattern| {
            pattern.glob.is_match(prefix) && !(is_file && pattern.only_folders)
        };
        self.list.iter().rfind(fits)
    }

    /// Whether the list covers a file, by its path with `/`.
    pub(crate) fn cover(&self, path: &str) -> bool {
        if !self.is_final_for_folders {
            let last = self.list.iter().rfind(|pattern| pattern.is_above(path));
            return last.is_some_and(|pattern| !pattern.is_negated);
        }
        prefixes(path).any(|prefix| {
            let is_file = prefix.len() == path.len();
            self.last_for(prefix, is_file).is_some_and(|pattern| !pattern.is_negated)
        })
    }
}

impl Pattern {
    /// Whether it matches the path or a folder above it.
    fn is_above(&self, path: &str) -> bool {
        prefixes(path).any(|prefix| self.glob.is_match(prefix))
    }
}

/// The folders that lead to a file, from the top, and the file itself.
pub(crate) fn prefixes(path: &str) -> impl Iterator<Item = &str> {
    path.match_indices('/').map(|(at, _)| &path[..at]).chain([path])
}

/// A path or pattern without what `..` takes back; what leads out of its folder is left as it is.
pub(crate) fn straight(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match parts.last() {
            Some(last) if part == ".." && !matches!(*last, "" | "..") => drop(parts.pop()),
            _ => parts.push(part),
        }
    }
    parts.join("/")
}

/// One pattern in which `*` stays within a folder's name; git does not know `{a,b}`.
fn glob(pattern: &str) -> Option<GlobMatcher> {
    let plain = pattern.replace('{', "\\{").replace('}', "\\}");
    let glob = GlobBuilder::new(&plain).literal_separator(true).backslash_escape(true).build();
    glob.ok().filter(|_| !pattern.is_empty()).map(|glob| glob.compile_matcher())
}

/// Whether a pattern begins with `!`, and what follows.
pub(crate) fn negated(line: &str) -> (bool, &str) {
    line.strip_prefix('!').map_or((false, line), |rest| (true, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn git_sees_a_name_anywhere_and_a_path_from_the_root() {
        let check = |text: &str, expected: bool| {
            let patterns = Patterns::git(text.lines());
            assert_eq!(patterns.cover("vault/occ/fly/a.env"), expected, "{text}");
        };
        for text in
            ["vault", "occ", "occ/", "/vault/", "*.env", "vault/**", "vault\n!vault/occ", "*\n!x"]
        {
            check(text, true);
        }
        for text in ["", "a.env/", "/occ", "fly/a.env", "*.env\n!a.env", "# vault"] {
            check(text, false);
        }
    }
}
