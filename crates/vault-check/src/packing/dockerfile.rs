//! A Dockerfile, as far as it takes files of its context into the image.

use std::path::Path;

use crate::packing::patterns::{Patterns, glob, prefixes};

/// What a Dockerfile copies, and what its ignore file keeps out of the context.
pub(crate) struct Image {
    copies: Vec<Copy>,
    ignore: Patterns,
}

/// One `COPY` or `ADD` from the context.
#[derive(Debug, PartialEq, Eq)]
struct Copy {
    line: u32,
    sources: Vec<String>,
    /// Patterns of `--exclude`.
    excluded: Vec<String>,
}

/// Whether a file is a recipe by its name: `Dockerfile`, `Dockerfile.web`, `web.Dockerfile`, `Containerfile`.
pub(crate) fn is_recipe(path: &Path) -> bool {
    let name = path.file_name().map(|name| name.to_string_lossy().to_lowercase());
    name.is_some_and(|name| {
        ["dockerfile", "containerfile"].iter().any(|word| {
            name.strip_prefix(word).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
                || name.strip_suffix(word).is_some_and(|rest| rest.ends_with('.'))
        }) && !name.ends_with("ignore")
    })
}

impl Image {
    /// Reads a Dockerfile and the text of its ignore file.
    pub(crate) fn read(text: &str, ignore: &str) -> Image {
        Image { copies: copies(text), ignore: Patterns::docker(ignore) }
    }

    /// The line that takes a file of the context into the image, if any does; and whether it names
    /// a folder that leads to the file, and not the whole context.
    pub(crate) fn copies(&self, path: &str) -> Option<(u32, bool)> {
        if self.ignore.cover(path) {
            return None;
        }
        let copy = self.copies.iter().find(|copy| {
            copy.sources.iter().any(|source| covers(source, path))
                && !copy.excluded.iter().any(|pattern| covers(pattern, path))
        });
        let names = |source: &String| covers(source, path) && !is_all(source);
        copy.map(|copy| (copy.line, copy.sources.iter().any(names)))
    }
}

/// Whether a source is the whole context.
fn is_all(source: &str) -> bool {
    source.split('/').all(|part| matches!(part, "" | "."))
}

/// Whether a source, seen from the context's root, is the file or a folder above it.
fn covers(source: &str, path: &str) -> bool {
    let parts: Vec<&str> = source.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
    if is_all(source) {
        return true;
    }
    glob(&parts.join("/")).is_some_and(|glob| prefixes(path).any(|prefix| glob.is_match(prefix)))
}

fn copies(text: &str) -> Vec<Copy> {
    let escape =
        if text.lines().take(3).any(|line| line.replace(' ', "").to_lowercase() == "#escape=`") {
            '`'
        } else {
            '\\'
        };
    let mut copies = Vec::new();
    let mut lines = text.lines().zip(1_u32..);
    while let Some((first, line)) = lines.next() {
        let mut instruction = String::new();
        let mut part = first.trim();
        loop {
            let is_comment = part.starts_with('#');
            let kept = part.strip_suffix(escape);
            if !is_comment {
                instruction.push_str(kept.unwrap_or(part));
                instruction.push(' ');
            }
            let goes_on = kept.is_some() || (is_comment && !instruction.is_empty());
            match goes_on.then(|| lines.next()).flatten() {
                Some((next, _)) => part = next.trim(),
                None => break,
            }
        }
        for end in here_documents(&instruction) {
            lines.by_ref().find(|(line, _)| line.trim_start_matches('\t') == end);
        }
        copies.extend(copy(&instruction, line));
    }
    copies
}

/// The words that end the texts which an instruction has in place: `<<EOF`, `<<-"EOF"`.
fn here_documents(instruction: &str) -> Vec<String> {
    let words = instruction.split_ascii_whitespace().filter_map(|word| word.strip_prefix("<<"));
    words
        .map(|word| word.trim_start_matches('-').trim_matches(['"', '\'']).to_owned())
        .filter(|word| {
            word.chars().next().is_some_and(|first| first.is_ascii_alphabetic() || first == '_')
        })
        .collect()
}

fn copy(instruction: &str, line: u32) -> Option<Copy> {
    let (word, mut rest) = instruction.trim().split_once(char::is_whitespace)?;
    if !["copy", "add"].contains(&word.to_ascii_lowercase().as_str()) {
        return None;
    }
    let mut excluded = Vec::new();
    loop {
        rest = rest.trim_start();
        if !rest.starts_with("--") {
            break;
        }
        let (flag, after) = rest.split_once(char::is_whitespace)?;
        if flag.starts_with("--from=") {
            return None;
        }
        excluded.extend(flag.strip_prefix("--exclude=").map(str::to_owned));
        rest = after;
    }
    let mut words: Vec<String> = match serde_json::from_str(rest.trim()) {
        Ok(words) => words,
        Err(_) => {
            rest.split_ascii_whitespace().map(|word| word.trim_matches('"').to_owned()).collect()
        }
    };
    words.pop();
    let sources: Vec<String> = words
        .into_iter()
        .filter(|source| !source.starts_with("<<") && !source.contains("://"))
        .collect();
    (!sources.is_empty()).then_some(Copy { line, sources, excluded })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_copied_from_the_context_is_read() {
        let text = "# syntax=docker/dockerfile:1\nFROM a AS b\nCOPY --from=b /x /y\ncopy --chown=1:1 \\\n  # why\n  a b \\\n  /z\nRUN <<EOF\nCOPY . .\nEOF\nADD [\"c d\", \"/\"]\nADD https://example.com/x /\nCOPY <<-'X' /y\n\tCOPY . .\n\tX\nCOPY --exclude=vault . /app\nCOPY one\n";
        let read: Vec<_> = copies(text)
            .into_iter()
            .map(|copy| (copy.line, copy.sources.join(" "), copy.excluded.join(" ")))
            .collect();
        let expected = [(4, "a b", ""), (11, "c d", ""), (16, ".", "vault")];
        assert_eq!(
            read,
            expected.map(|(line, sources, out)| (line, sources.to_owned(), out.to_owned()))
        );
    }

    #[test]
    fn a_source_covers_what_lies_in_it() {
        let check = |text: &str, ignore: &str, expected: Option<u32>| {
            assert_eq!(
                Image::read(text, ignore).copies("vault/occ/a.env").map(|copy| copy.0),
                expected,
                "{text}"
            );
        };
        check("COPY . .", "", Some(1));
        check("COPY ./ /app", "", Some(1));
        check("COPY / /app", "", Some(1));
        check("COPY v*/occ /app", "", Some(1));
        check("COPY vault/occ/a.env /", "node_modules", Some(1));
        check("COPY src /app", "", None);
        check("COPY . .", "vault", None);
        check("COPY . .", "*\n!src", None);
        check("COPY --exclude=vault . .", "", None);
        check("FROM x\nRUN --mount=type=bind,target=. make", "", None);
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read(text in "([a-zA-Z#<\\[\\]\"\\\\* .!/\\-=\n]|COPY |--from=|<<EOF|\\\\\n){0,60}", ignore in "[a-z*!/\\[\\]{}\\\\#\n]{0,30}") {
            Image::read(&text, &ignore).copies("vault/occ/a.env");
        }
    }

    #[test]
    fn recipes_are_known_by_name() {
        let is_recipe = |name: &str| is_recipe(Path::new(name));
        for name in ["Dockerfile", "Dockerfile.web", "web.dockerfile", "Containerfile"] {
            assert!(is_recipe(name), "{name}");
        }
        for name in ["Dockerfile.dockerignore", "dockerfiles", "x.md", "mydockerfile"] {
            assert!(!is_recipe(name), "{name}");
        }
    }
}
