//! A Dockerfile, as far as it takes files of its context into the image.

use std::path::Path;

use crate::packing::patterns::{Patterns, glob, prefixes};

/// What a Dockerfile copies, and what its ignore file keeps out of the context.
pub(crate) struct Image {
    copies: Vec<Copy>,
    ignore: Patterns,
    /// What flyctl's `ignorefile` keeps out, which a local Docker has in place of the other, and Fly's own builders
    /// pass over (superfly/flyctl#3870).
    ignorefile: Option<Patterns>,
}

/// One `COPY` or `ADD` from the context.
#[derive(Debug, PartialEq, Eq)]
struct Copy {
    line: u32,
    sources: Vec<String>,
    /// Patterns of `--exclude`.
    excluded: Vec<String>,
    /// Whether it is only shown to a command, which may copy it.
    is_mount: bool,
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
        Image { copies: copies(text), ignore: Patterns::docker(ignore), ignorefile: None }
    }

    /// The same image with the text of the `ignorefile` that its fly.toml names.
    pub(crate) fn with_ignorefile(self, text: &str) -> Image {
        Image { ignorefile: Some(Patterns::docker(text)), ..self }
    }

    /// How a file of the context comes into the image, if it does.
    pub(crate) fn copies(&self, path: &str) -> Option<Taken> {
        let is_kept_out = self.ignorefile.as_ref().map(|ignorefile| ignorefile.cover(path));
        let ignorefile = match (self.ignore.cover(path), is_kept_out) {
            (true, None | Some(true)) => return None,
            (true, Some(false)) => Ignorefile::Lacks,
            (false, Some(true)) => Ignorefile::Alone,
            (false, None | Some(false)) => Ignorefile::None,
        };
        let (line, how) = self.takes(path)?;
        Some(Taken { line, how, ignorefile })
    }

    /// The line that takes a file in which no ignore file keeps out, and how.
    fn takes(&self, path: &str) -> Option<(u32, How)> {
        let takes = |copy: &&Copy| {
            copy.sources.iter().any(|source| covers(source, path))
                && !copy.excluded.iter().any(|pattern| covers(pattern, path))
        };
        let names = |source: &String| covers(source, path) && !is_all(source);
        if let Some(copy) = self.copies.iter().filter(|copy| !copy.is_mount).find(takes) {
            let is_named = copy.sources.iter().any(names);
            return Some((copy.line, How::Copied { is_named }));
        }
        if let Some(copy) = self.copies.iter().filter(|copy| copy.is_mount).find(takes) {
            return Some((copy.line, How::Mounted));
        }
        // A variable that nobody gave a value.
        let is_open = |copy: &&Copy| copy.sources.iter().any(|source| source.contains('$'));
        let copy = self.copies.iter().find(is_open)?;
        Some((copy.line, How::Unknown))
    }
}

/// How a file comes into an image, and by which line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Taken {
    pub(crate) line: u32,
    pub(crate) how: How,
    pub(crate) ignorefile: Ignorefile,
}

/// What the `ignorefile` of a fly.toml has to do with a file that is taken in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ignorefile {
    /// Nothing.
    None,
    /// It alone keeps the file out.
    Alone,
    /// It alone does not.
    Lacks,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum How {
    /// It is copied; the flag says that a folder which leads to it is named, and not the whole context.
    Copied { is_named: bool },
    /// It is shown to a command, which may copy it.
    Mounted,
    /// A variable says what is copied.
    Unknown,
}

/// Whether a source is the whole context.
fn is_all(source: &str) -> bool {
    source.split('/').all(|part| matches!(part, "" | "."))
}

/// Whether a source, seen from the context's root, is the file or a folder above it.
fn covers(source: &str, path: &str) -> bool {
    let mut parts: Vec<&str> = Vec::new();
    for part in source.split('/') {
        match part {
            "" | "." => {}
            // What leads out of the context is taken for its root.
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    if parts.is_empty() {
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
    let mut arguments = Vec::new();
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
        if let Some((name, default)) = argument(&instruction) {
            arguments.push((name, default));
        }
        let instruction = filled_in(&instruction, &arguments);
        copies.extend(copy(&instruction, line).or_else(|| mount(&instruction, line)));
    }
    copies
}

/// The name and the default of an `ARG` or `ENV`, which count where nobody says otherwise.
fn argument(instruction: &str) -> Option<(String, String)> {
    let (word, rest) = instruction.trim().split_once(char::is_whitespace)?;
    let is_one = ["arg", "env"].contains(&word.to_ascii_lowercase().as_str());
    let (name, default) = rest.trim().split_once('=').filter(|_| is_one)?;
    let default = default.split_ascii_whitespace().next().unwrap_or_default();
    Some((name.to_owned(), default.trim_matches(['"', '\'']).to_owned()))
}

/// An instruction with the defaults of its variables.
fn filled_in(instruction: &str, arguments: &[(String, String)]) -> String {
    let mut text = instruction.to_owned();
    // The longest name first, for `$D` begins `$DIR`; of two of a name the last counts.
    let mut arguments: Vec<_> =
        arguments.iter().rev().filter(|_| instruction.contains('$')).collect();
    arguments.sort_by_key(|(name, _)| usize::MAX - name.len());
    for (name, default) in arguments {
        text = text.replace(&format!("${{{name}}}"), default).replace(&format!("${name}"), default);
    }
    // What has a default of its own, `${NAME:-default}`.
    while let Some((start, end, default)) = default_in_place(&text) {
        text.replace_range(start..end, &default);
    }
    text
}

/// The first variable that has its default beside it: where it stands, and the default.
fn default_in_place(text: &str) -> Option<(usize, usize, String)> {
    text.match_indices("${").find_map(|(start, _)| {
        let end = start + text[start..].find('}')?;
        let (_, default) = text[start..end].split_once(":-")?;
        (!default.contains("${")).then(|| (start, end + 1, default.to_owned()))
    })
}

/// What a `RUN --mount=type=bind` shows of the context; a command may copy all of it.
fn mount(instruction: &str, line: u32) -> Option<Copy> {
    let (word, rest) = instruction.trim().split_once(char::is_whitespace)?;
    if !word.eq_ignore_ascii_case("run") {
        return None;
    }
    let flags = rest.split_ascii_whitespace().take_while(|word| word.starts_with("--"));
    let mounts = flags.filter_map(|flag| flag.strip_prefix("--mount="));
    let sources: Vec<String> = mounts
        .filter_map(|mount| {
            let get = |keys: &[&str]| {
                let mut fields = mount.split(',').filter_map(|field| field.split_once('='));
                fields.find(|(key, _)| keys.contains(key)).map(|(_, value)| value.to_owned())
            };
            let is_bind = get(&["type"]).is_none_or(|kind| kind == "bind");
            let is_context = is_bind && get(&["from"]).is_none();
            is_context.then(|| get(&["source", "src"]).unwrap_or_else(|| ".".to_owned()))
        })
        .collect();
    (!sources.is_empty()).then_some(Copy { line, sources, excluded: Vec::new(), is_mount: true })
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
    let unquoted = |word: &str| word.trim_matches(['"', '\'']).to_owned();
    let mut words: Vec<String> = serde_json::from_str(rest.trim())
        .unwrap_or_else(|_| rest.split_ascii_whitespace().map(unquoted).collect());
    words.pop();
    let sources: Vec<String> = words
        .into_iter()
        .filter(|source| !source.starts_with("<<") && !source.contains("://"))
        .collect();
    (!sources.is_empty()).then_some(Copy { line, sources, excluded, is_mount: false })
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
                Image::read(text, ignore).copies("vault/occ/a.env").map(|taken| taken.line),
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
        check("ARG D=.\nCOPY $D /x", "", Some(2));
        check("ARG D=vault\nARG DIR=src\nCOPY ${DIR} $D/occ /x", "", Some(3));
        check("ARG D=src\nCOPY $D /x", "", None);
        check("COPY ${D:-src} /x", "", None);
        check("COPY ${A:-${D:-.}} /x", "", Some(1));
        check("COPY 'vault' /x", "", Some(1));
        check("ARG D\nCOPY $D /x", "", Some(2));
        check("COPY ./src/../vault /x", "", Some(1));
        check("FROM x\nRUN --mount=type=bind,target=. make", "", Some(2));
        check("RUN --mount=type=bind,target=. make", "vault", None);
        check("RUN --mount=type=bind,source=src,target=/s make", "", None);
        check("RUN --mount=type=bind,from=b,target=/s make", "", None);
        check("RUN --mount=type=cache,target=/s make", "", None);
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
