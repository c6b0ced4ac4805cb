//! What the words of a Dockerfile say once their variables have values (moby/buildkit, `frontend/dockerfile/shell`).

use std::iter::Peekable;
use std::str::Chars;

use crate::packing::wildcard::UNKNOWN;

/// A word without quotes and escapes, and with the values of its variables. Where one has none, or where only its value
/// would say what is left of it, [`UNKNOWN`] stands in its place.
pub(super) fn expanded(word: &str, escape: char, value: &dyn Fn(&str) -> Option<String>) -> String {
    let mut reader = Reader { characters: word.chars().peekable(), escape, value };
    let expanded = reader.until(None, 0).filter(|expanded| expanded.len() <= LONGEST);
    expanded.unwrap_or_else(|| UNKNOWN.to_string())
}

/// A longer text names no file, and twice itself over and over would fill any memory.
const LONGEST: usize = 4096;
/// Defaults inside defaults beyond this depth are not followed.
const DEEPEST: usize = 16;

struct Reader<'a> {
    characters: Peekable<Chars<'a>>,
    escape: char,
    value: &'a dyn Fn(&str) -> Option<String>,
}

impl Reader<'_> {
    /// Reads up to a character, or to the end; none where Docker refuses the word.
    fn until(&mut self, stop: Option<char>, depth: usize) -> Option<String> {
        let mut text = String::new();
        loop {
            let Some(next) = self.characters.next() else {
                return stop.is_none().then_some(text);
            };
            match next {
                next if Some(next) == stop => return Some(text),
                '\'' => loop {
                    match self.characters.next()? {
                        '\'' => break,
                        within => text.push(within),
                    }
                },
                '"' => self.quoted(&mut text, depth)?,
                '$' => text.push_str(&self.variable(depth)?),
                next if next == self.escape => text.extend(self.characters.next()),
                next => text.push(next),
            }
            if text.len() > LONGEST {
                return None;
            }
        }
    }

    fn quoted(&mut self, text: &mut String, depth: usize) -> Option<()> {
        loop {
            match self.characters.next()? {
                '"' => return Some(()),
                '$' => text.push_str(&self.variable(depth)?),
                next if next == self.escape => match self.characters.peek() {
                    Some('"' | '$') => text.extend(self.characters.next()),
                    Some(again) if *again == self.escape => text.extend(self.characters.next()),
                    _ => text.push(next),
                },
                next => text.push(next),
            }
            if text.len() > LONGEST {
                return None;
            }
        }
    }

    /// The value of what a `$` begins.
    fn variable(&mut self, depth: usize) -> Option<String> {
        let unknown = || UNKNOWN.to_string();
        if self.characters.next_if_eq(&'{').is_none() {
            let name = self.name();
            let value = (!name.is_empty()).then(|| (self.value)(&name).unwrap_or_else(unknown));
            return Some(value.unwrap_or_else(|| "$".to_owned()));
        }
        let name = self.name();
        let value = (self.value)(&name);
        let mut operator = self.characters.next()?;
        if operator == '}' {
            return Some(value.unwrap_or_else(unknown));
        }
        let mut value = value;
        if operator == ':' {
            value = value.filter(|value| !value.is_empty());
            operator = self.characters.next()?;
        }
        if depth == DEEPEST {
            return None;
        }
        let word = self.until(Some('}'), depth + 1)?;
        Some(match (operator, value) {
            ('-', None) | ('+', Some(_)) => word,
            ('+', None) => String::new(),
            ('-' | '?', Some(value)) => value,
            // What a pattern would leave of it is not worth working out.
            _ => unknown(),
        })
    }

    fn name(&mut self) -> String {
        let mut name = String::new();
        while let Some(next) =
            self.characters.next_if(|next| next.is_ascii_alphanumeric() || *next == '_')
        {
            name.push(next);
        }
        name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The answers are those of moby/buildkit 0.26, but for what has no value.
    #[test]
    fn words_are_read_as_docker_does() {
        let value = |name: &str| match name {
            "A" => Some("a/b".to_owned()),
            "B" => Some(String::new()),
            _ => None,
        };
        let check = |word: &str, expected: &str| {
            assert_eq!(expanded(word, '\\', &value), expected, "{word}");
        };
        check("$A/x", "a/b/x");
        check("${A}x", "a/bx");
        check("$Ax", "\0");
        check("'$A'", "$A");
        check("\"$A c\"", "a/b c");
        check("\\$A", "$A");
        check("\"\\$A\\x\"", "$A\\x");
        check("a\\ b", "a b");
        check("$", "$");
        check("$/x", "$/x");
        check("${X:-src}", "src");
        check("${X-src}", "src");
        check("${B:-src}", "src");
        check("${B-src}", "");
        check("${A:-src}", "a/b");
        check("${X:-${Y:-.}}", ".");
        check("${X:-$A}", "a/b");
        check("${X:-'}'}", "}");
        check("${A:+x}${B:+y}${B+z}${X+w}", "xz");
        check("${A?no}", "a/b");
        check("${X?no}", "\0");
        check("${A#a/}", "\0");
        check("${A/a/b}", "\0");
        check("${X", "\0");
        check("'a", "\0");
    }

    #[test]
    fn no_word_is_without_end() {
        let long = "x".repeat(4000);
        assert_eq!(expanded("$A$A$A", '\\', &|_| Some(long.clone())), "\0");
        assert_eq!(expanded(&"${A:-".repeat(100_000), '\\', &|_| None), "\0");
    }
}
