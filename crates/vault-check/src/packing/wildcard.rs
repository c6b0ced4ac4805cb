//! Wildcards as Docker reads them: those of ignore files, and those of the sources that `COPY` names.

/// What may stand for a text that nobody knows: no path has it.
pub(crate) const UNKNOWN: char = '\0';

/// A pattern for a whole path.
#[derive(Debug)]
pub(crate) struct Wildcard {
    parts: Vec<Part>,
}

#[derive(Debug)]
enum Part {
    Literal(char),
    /// `?`: one character of a name.
    One,
    /// `*`: any text within a name.
    Name,
    /// `**/`: nothing, or any text that ends with a slash.
    Folders,
    /// Any text.
    Any,
    /// `[a-z]`, which takes a slash too, as Go has it.
    Class {
        is_negated: bool,
        ranges: Vec<(char, char)>,
    },
}

/// A longer pattern fits no path.
const LONGEST: usize = 4096;

impl Wildcard {
    /// A pattern of an ignore file, of `--exclude` or of `COPY --parents`, in which `**` is any number of folders
    /// (moby/patternmatcher, `Pattern.compile`); none where Docker refuses it.
    pub(crate) fn of_folders(pattern: &str) -> Option<Wildcard> {
        let mut wildcard = Wildcard::read(pattern, true)?;
        // `**name` is whatever ends so, but for a pattern that has more than letters.
        let is_plain = |part: &Part| matches!(part, Part::Literal(_));
        if let [first @ Part::Folders, rest @ ..] = wildcard.parts.as_mut_slice()
            && !pattern.starts_with("**/")
            && rest.iter().all(is_plain)
            && !pattern.contains('\\')
        {
            *first = Part::Any;
        }
        Some(wildcard)
    }

    /// A source of `COPY`, as Go's `filepath.Match` reads it; what nobody knows may be any text.
    pub(crate) fn of_source(pattern: &str) -> Option<Wildcard> {
        Wildcard::read(pattern, false)
    }

    /// A name in which nothing is a wildcard.
    pub(crate) fn of_name(name: &str) -> Wildcard {
        Wildcard { parts: name.chars().map(Part::Literal).collect() }
    }

    fn read(pattern: &str, knows_folders: bool) -> Option<Wildcard> {
        if pattern.is_empty() || pattern.len() > LONGEST {
            return None;
        }
        let mut parts = Vec::new();
        let mut rest = pattern;
        while let Some(first) = rest.chars().next() {
            rest = &rest[first.len_utf8()..];
            let part = match first {
                '*' if knows_folders && rest.starts_with('*') => {
                    rest = rest[1..].strip_prefix('/').unwrap_or(&rest[1..]);
                    if rest.is_empty() { Part::Any } else { Part::Folders }
                }
                '*' => Part::Name,
                '?' => Part::One,
                '[' => class(&mut rest)?,
                '\\' => {
                    let escaped = rest.chars().next()?;
                    // A letter that is escaped means something else to Go's regular expressions.
                    if knows_folders && escaped.is_ascii_alphanumeric() {
                        return None;
                    }
                    rest = &rest[escaped.len_utf8()..];
                    Part::Literal(escaped)
                }
                UNKNOWN => Part::Any,
                first => Part::Literal(first),
            };
            parts.push(part);
        }
        Some(Wildcard { parts })
    }

    /// Whether the pattern fits the whole text. Every place that the text can have come to is followed at once, so that
    /// no pattern takes long.
    pub(crate) fn fits(&self, text: &str) -> bool {
        // Most patterns begin with another name.
        if let Some(Part::Literal(first)) = self.parts.first()
            && !text.starts_with(*first)
        {
            return false;
        }
        let (mut now, mut next) = (Places::new(self), Places::new(self));
        now.enter(0);
        for character in text.chars() {
            next.clear();
            for (at, part) in self.parts.iter().enumerate() {
                let (is_here, is_within) = (now.here[at], now.within[at]);
                match part {
                    Part::Folders if is_here || is_within => {
                        next.within[at] = true;
                        if character == '/' {
                            next.enter(at + 1);
                        }
                    }
                    Part::Any if is_here => next.enter(at),
                    Part::Name if is_here && character != '/' => next.enter(at),
                    part if is_here && part.takes(character) => next.enter(at + 1),
                    _ => {}
                }
            }
            if next.is_empty() {
                return false;
            }
            std::mem::swap(&mut now, &mut next);
        }
        now.here[self.parts.len()]
    }
}

impl Part {
    /// Whether it stands for one character, and for this one.
    fn takes(&self, character: char) -> bool {
        match self {
            Part::Literal(literal) => *literal == character,
            Part::One => character != '/',
            Part::Class { is_negated, ranges } => {
                let is_in = |(from, to): &(char, char)| (*from..=*to).contains(&character);
                ranges.iter().any(is_in) != *is_negated
            }
            Part::Name | Part::Folders | Part::Any => false,
        }
    }
}

/// The parts of a pattern that may come next.
struct Places<'a> {
    parts: &'a [Part],
    here: Vec<bool>,
    /// Those of [`Part::Folders`] that have begun, and end with a slash alone.
    within: Vec<bool>,
}

impl Places<'_> {
    fn new(wildcard: &Wildcard) -> Places<'_> {
        let n_places = wildcard.parts.len() + 1;
        let (here, within) = (vec![false; n_places], vec![false; n_places]);
        Places { parts: &wildcard.parts, here, within }
    }

    /// Comes to a place, and to those behind what may be nothing.
    fn enter(&mut self, mut at: usize) {
        loop {
            self.here[at] = true;
            match self.parts.get(at) {
                Some(Part::Name | Part::Any | Part::Folders) => at += 1,
                _ => return,
            }
        }
    }

    fn clear(&mut self) {
        self.here.fill(false);
        self.within.fill(false);
    }

    fn is_empty(&self) -> bool {
        !self.here.iter().chain(&self.within).any(|is_place| *is_place)
    }
}

/// Reads a class behind its `[`; none where Go calls it malformed.
fn class(rest: &mut &str) -> Option<Part> {
    let is_negated = rest.starts_with('^');
    let mut behind = rest.strip_prefix('^').unwrap_or(rest);
    let mut ranges = Vec::new();
    loop {
        if let Some(after) = behind.strip_prefix(']').filter(|_| !ranges.is_empty()) {
            *rest = after;
            return Some(Part::Class { is_negated, ranges });
        }
        let from = class_character(&mut behind)?;
        let to = match behind.strip_prefix('-') {
            Some(after) => {
                behind = after;
                class_character(&mut behind)?
            }
            None => from,
        };
        ranges.push((from, to));
    }
}

fn class_character(rest: &mut &str) -> Option<char> {
    let mut characters = rest.chars();
    let character = match characters.next()? {
        '-' | ']' => return None,
        '\\' => characters.next()?,
        character => character,
    };
    *rest = characters.as_str();
    Some(character)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn go_has_its_own_wildcards() {
        let check = |pattern: &str, text: &str, expected: Option<bool>| {
            let fits = Wildcard::of_source(pattern).map(|wildcard| wildcard.fits(text));
            assert_eq!(fits, expected, "{pattern}");
        };
        for pattern in
            ["va?lt", "v*", "*", "**", "vault", "v[a-c]ult", "v[^x]ult", "v\\ault", "[v]*[t]"]
        {
            check(pattern, "vault", Some(true));
        }
        for pattern in ["v", "aul", "v[!x]ult", "vault/", "v[^a]ult", "?", "va{u,x}lt"] {
            check(pattern, "vault", Some(false));
        }
        for pattern in ["", "v[", "v[]", "v[a", "v[-a]", "v\\", "[]a]"] {
            check(pattern, "vault", None);
        }
        check("**/a", "vault/occ/a", Some(false));
        check("**/a", "vault/a", Some(true));
        check("\0/a", "vault/occ/a", Some(true));
        check("src/\0", "vault/occ/a", Some(false));
    }

    #[test]
    fn no_pattern_takes_long() {
        let pattern = Wildcard::of_folders(&"**/*a".repeat(700)).unwrap();
        assert!(!pattern.fits(&"a/".repeat(500)));
    }
}
