//! One line of an ignore file as npm reads it (minimatch, as the package `ignore-walk` sets it up).

use crate::packing::wildcard::Wildcard;

/// A pattern in which case does not count, and a name alone is seen in every folder.
pub(super) struct Rule {
    /// Whether it takes in again what others leave out.
    pub(super) is_negated: bool,
    /// Each of `{a,b}` is a way of its own.
    ways: Vec<Vec<Part>>,
}

enum Part {
    /// `**`: any number of folders.
    Folders,
    Name(Wildcard),
    /// What is before a slash at the beginning, or behind one at the end.
    Nothing,
}

/// A line with more of `{a,b}` than this is read as it stands.
const MOST_WAYS: usize = 64;

impl Rule {
    /// Reads a line; none for a comment or an empty one.
    pub(super) fn read(line: &str) -> Option<Rule> {
        let line = line.trim_matches(|around: char| around.is_whitespace() || around == '\u{feff}');
        if line.is_empty() || line.starts_with('#') {
            return None;
        }
        let pattern = line.trim_start_matches('!');
        let is_negated = (line.len() - pattern.len()) % 2 == 1;
        let pattern = pattern.to_lowercase().replace("[!", "[^");
        let ways = alternatives(&pattern).unwrap_or_else(|| vec![pattern]);
        Some(Rule { is_negated, ways: ways.iter().map(|way| parts(way)).collect() })
    }

    /// Whether it fits a path, or with `is_partial` may fit one below.
    pub(super) fn fits(&self, path: &str, is_partial: bool) -> bool {
        let path = path.to_lowercase();
        let parts: Vec<&str> = path.split('/').collect();
        let name = parts.iter().rfind(|part| !part.is_empty()).copied().unwrap_or_default();
        self.ways.iter().any(|way| match way.len() {
            1 => fits(way, &[name], is_partial),
            _ => fits(way, &parts, is_partial),
        })
    }

    /// Whether it is a name alone.
    pub(super) fn is_name(&self) -> bool {
        self.ways.iter().any(|way| match way.last() {
            Some(Part::Nothing) => way.len() <= 2,
            _ => way.len() <= 1,
        })
    }
}

/// Follows every place in the path that the pattern can have come to.
fn fits(pattern: &[Part], path: &[&str], is_partial: bool) -> bool {
    let end = path.len();
    let mut places = vec![0];
    for (at, part) in pattern.iter().enumerate() {
        if is_partial && places.contains(&end) {
            return true;
        }
        let Some(first) = places.first().copied() else { return false };
        places = match part {
            Part::Folders if at + 1 == pattern.len() => return first < end,
            Part::Folders if is_partial => return true,
            Part::Folders => (first..end).collect(),
            part => {
                let fits = |place: &usize| path.get(*place).is_some_and(|name| part.fits(name));
                places.into_iter().filter(fits).map(|place| place + 1).collect()
            }
        };
    }
    places.iter().any(|place| *place == end || (*place + 1 == end && path[*place].is_empty()))
}

impl Part {
    fn fits(&self, name: &str) -> bool {
        match self {
            Self::Nothing => name.is_empty(),
            Self::Name(wildcard) => !name.is_empty() && wildcard.fits(name),
            Self::Folders => false,
        }
    }
}

fn parts(pattern: &str) -> Vec<Part> {
    let mut parts: Vec<&str> = Vec::new();
    for part in pattern.split('/') {
        match (part, parts.last().copied()) {
            ("..", Some(last)) if !matches!(last, "" | "." | ".." | "**") => drop(parts.pop()),
            // Of several slashes in a row one counts.
            (part, Some("")) if parts.len() > 1 => {
                parts.pop();
                parts.push(part);
            }
            ("" | "**", Some(last)) if last == part => {}
            _ => parts.push(part),
        }
    }
    let read = |part: &str| match part {
        "" => Part::Nothing,
        "**" => Part::Folders,
        part => Part::Name(Wildcard::of_source(part).unwrap_or_else(|| Wildcard::of_name(part))),
    };
    parts.into_iter().map(read).collect()
}

/// A pattern for each of `{a,b}`; none where there are too many.
fn alternatives(pattern: &str) -> Option<Vec<String>> {
    let mut done = Vec::new();
    let mut open = vec![pattern.to_owned()];
    while let Some(pattern) = open.pop() {
        if done.len() + open.len() >= MOST_WAYS {
            return None;
        }
        match braces(&pattern) {
            Some((start, commas, end)) => {
                let mut from = start + 1;
                for to in commas.into_iter().chain([end]) {
                    let inner = &pattern[from..to];
                    open.push(format!("{}{inner}{}", &pattern[..start], &pattern[end + 1..]));
                    from = to + 1;
                }
            }
            None => done.push(pattern),
        }
    }
    Some(done)
}

/// The first braces that have a comma: where they begin, their commas, and where they end.
fn braces(pattern: &str) -> Option<(usize, Vec<usize>, usize)> {
    let mut open: Vec<(usize, Vec<usize>)> = Vec::new();
    let mut is_escaped = false;
    for (at, character) in pattern.char_indices() {
        match character {
            _ if is_escaped => {}
            '{' => open.push((at, Vec::new())),
            ',' => open.last_mut().into_iter().for_each(|(_, commas)| commas.push(at)),
            '}' => match open.pop() {
                Some((start, commas)) if !commas.is_empty() => return Some((start, commas, at)),
                _ => {}
            },
            _ => {}
        }
        is_escaped = character == '\\' && !is_escaped;
    }
    None
}
