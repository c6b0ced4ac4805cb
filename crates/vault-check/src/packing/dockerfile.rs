//! A Dockerfile, as far as it takes files of a context into the image.

mod instruction;
mod stages;
mod variables;

use std::path::Path;
use std::rc::Rc;

use secret::Secret;

use crate::packing::ignorefile::{Ignored, cleaned};
use crate::packing::patterns::prefixes;
use crate::packing::wildcard::{UNKNOWN, Wildcard};

/// What a Dockerfile copies, and what its ignore file keeps out of the context.
pub(crate) struct Image {
    copies: Vec<Copy>,
    ignore: Ignored,
    /// What flyctl's `ignorefile` keeps out, which a local Docker has in place of the other, and Fly's own builders
    /// pass over (superfly/flyctl#3870).
    ignorefile: Option<Ignored>,
}

/// The name of an argument and the value that it gets, which may come from an env file.
pub(crate) type Argument = (String, Rc<Secret>);

/// What is known of how an image is built from its recipe.
#[derive(Clone, Copy, Default)]
pub(crate) struct Setting<'a> {
    /// The values that its arguments get.
    pub(crate) arguments: &'a [Argument],
    /// The name by which it knows the context, where that is another than the one it is built in.
    pub(crate) context: Option<&'a str>,
}

/// One `COPY` or `ADD` from the context.
#[derive(Debug)]
struct Copy {
    line: u32,
    sources: Vec<Source>,
    /// Patterns of `--exclude`, each seen from what is copied.
    excluded: Ignored,
    /// Whether it is only shown to a command, which may copy it.
    is_mount: bool,
}

/// What is copied from where.
#[derive(Debug)]
struct Source {
    /// As it is written, with the values of its variables.
    text: String,
    /// The folder or file of the context; none for all of it.
    from: Option<Wildcard>,
    /// What of it is taken, where `--parents` says so.
    only: Option<Wildcard>,
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
    pub(crate) fn read(text: &str, ignore: &str, setting: Setting<'_>) -> Image {
        let copies = stages::copies(text, setting);
        Image { copies, ignore: Ignored::read(ignore), ignorefile: None }
    }

    /// The same image with the text of the `ignorefile` that its fly.toml names.
    pub(crate) fn with_ignorefile(self, text: &str) -> Image {
        Image { ignorefile: Some(Ignored::read(text)), ..self }
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

    /// The line that takes a file in which no ignore file keeps out, and how. A line of any stage counts: what an
    /// earlier one has stays in the builder's cache, and is one `COPY --from` away.
    fn takes(&self, path: &str) -> Option<(u32, How)> {
        let taking = |copy: &Copy, is_open: bool| {
            let mut sources = copy.sources.iter().filter(|source| source.is_open() == is_open);
            sources.any(|source| source.takes(path, &copy.excluded))
        };
        let mut copied = self.copies.iter().filter(|copy| !copy.is_mount);
        if let Some(copy) = copied.find(|copy| taking(copy, false)) {
            let names = |source: &Source| {
                !source.is_open() && !source.is_all() && source.takes(path, &copy.excluded)
            };
            return Some((copy.line, How::Copied { is_named: copy.sources.iter().any(names) }));
        }
        let mut mounted = self.copies.iter().filter(|copy| copy.is_mount);
        if let Some(copy) = mounted.find(|copy| taking(copy, false)) {
            return Some((copy.line, How::Mounted));
        }
        // A variable that nobody gave a value.
        let copy = self.copies.iter().find(|copy| taking(copy, true))?;
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

impl Source {
    /// A source as it is written. With `--parents` it is a pattern from the context's root, or from where `/./` stands
    /// in it (moby/buildkit, `dispatchCopy`).
    fn read(text: String, has_parents: bool) -> Option<Source> {
        let (from, only) = match text.split_once("/./") {
            Some((from, only)) if has_parents => (from, Some(only)),
            None if has_parents => ("", Some(text.as_str())),
            _ => (text.as_str(), None),
        };
        // What leads out of the context is taken for its root.
        let rooted = |path: &str| cleaned(&format!("/{path}"))[1..].to_owned();
        let from = rooted(from);
        let from = if from.is_empty() { None } else { Some(Wildcard::of_source(&from)?) };
        let only = only.map(rooted).filter(|only| !only.is_empty());
        let only = match only {
            Some(only) => Some(Wildcard::of_folders(&only)?),
            None => None,
        };
        Some(Source { text, from, only })
    }

    /// Whether it takes in a file of the context.
    fn takes(&self, path: &str, excluded: &Ignored) -> bool {
        let below = match &self.from {
            None => path,
            Some(from) => {
                let Some(found) = prefixes(path).find(|prefix| from.fits(prefix)) else {
                    return false;
                };
                path[found.len()..].trim_start_matches('/')
            }
        };
        let is_meant =
            |only: &Wildcard| below.is_empty() || prefixes(below).any(|prefix| only.fits(prefix));
        self.only.as_ref().is_none_or(is_meant) && (below.is_empty() || !excluded.cover(below))
    }

    /// Whether it is the whole context, or everything in it.
    fn is_all(&self) -> bool {
        self.text.split('/').all(|part| matches!(part, "" | "." | "*" | "**"))
    }

    /// Whether nobody knows what it is.
    fn is_open(&self) -> bool {
        self.text.contains(UNKNOWN)
    }
}

#[cfg(test)]
mod tests;
