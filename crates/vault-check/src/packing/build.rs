//! An image as it is built: its recipe, its context, and the ignore file that counts.

use std::borrow::Cow;
use std::path::Path;

use opsfile::Ops;
use vault::Vault;

use crate::packing::dockerfile::{How, Ignorefile, Image, Setting, Taken};
use crate::packing::named::Named;
use crate::packing::{Carries, text};

/// An image, and how it is built.
pub(super) struct Build {
    image: Image,
    /// The file that says so, as findings show it; none where the recipe is known by its name.
    by: Option<String>,
    /// The name that the recipe has for the context, where that is a further one.
    alias: Option<String>,
    /// The ignore file that counts, or the one that would, as hints show it.
    ignored_by: String,
    /// What keeps the vault out there.
    pattern: String,
    /// The context, as findings show it.
    context: String,
    /// Whether the context is certain: the recipe lies in it, or another file says which it is.
    is_certain: bool,
    /// Whether the recipe is a text in the file that has it built, and has no lines of its own.
    is_inline: bool,
}

impl Build {
    /// Reads the recipe and the ignore file; none where there is no recipe.
    pub(super) fn read(named: Named, ops: &Ops, vault: &Vault) -> Option<Build> {
        let name = named.path.file_name()?.to_str()?;
        let recipe = match &named.inline {
            Some(inline) => inline.clone(),
            None => text(&named.path)?,
        };
        let mut ignorefiles = Vec::new();
        if named.alias.is_none() {
            // A file of the recipe's own comes before that of the context.
            if named.inline.is_none() {
                ignorefiles.push(named.path.with_file_name(format!("{name}.dockerignore")));
            }
            if name.contains("Containerfile") {
                ignorefiles.push(named.context.join(".containerignore"));
            }
        }
        let last = named.context.join(".dockerignore");
        let own = ignorefiles.into_iter().find(|path| path.is_file());
        let ignored_by = own.unwrap_or(last);
        let ignore = text(&ignored_by).unwrap_or_default();
        let setting = Setting { arguments: &named.arguments, context: named.alias.as_deref() };
        let image = Image::read(&recipe, &ignore, setting);
        Some(Build {
            image: match named.ignorefile.as_deref().and_then(text) {
                Some(ignorefile) => image.with_ignorefile(&ignorefile),
                None => image,
            },
            pattern: pattern(&named.context, &vault.root),
            ignored_by: ops.relative(&ignored_by),
            by: named.by.filter(|by| *by != named.path).map(|by| ops.relative(&by)),
            alias: named.alias,
            context: match ops.relative(&named.context) {
                folder if named.context == ops.folder || folder.is_empty() => {
                    "the repo's folder".to_owned()
                }
                folder => folder,
            },
            is_certain: named.is_certain,
            is_inline: named.inline.is_some(),
        })
    }

    /// Whether and how it carries a file, by its path from the context.
    pub(super) fn carries(&self, path: &str) -> Option<Carries<'_>> {
        let Taken { line, how, ignorefile } = self.image.copies(path)?;
        let by = if self.is_inline { "a line of `dockerfile_inline`" } else { "this line" };
        let from = match &self.alias {
            Some(alias) => format!(" from the additional context `{alias}`"),
            None => String::new(),
        };
        let what = match how {
            How::Copied { .. } => format!("{by} takes it in{from}"),
            How::Mounted => format!("{by} shows it to a command{from}"),
            How::Unknown => format!("a variable says what {by} takes in{from}"),
        };
        let kept = match ignorefile {
            Ignorefile::None => "no ignore file keeps it out",
            Ignorefile::Alone => {
                "the `ignorefile` of fly.toml, which keeps it out, is not read by Fly's builders"
            }
            Ignorefile::Lacks => {
                "the `ignorefile` of fly.toml, which a local Docker has in place of `.dockerignore`, does not keep it out"
            }
        };
        Some(Carries {
            line: (!self.is_inline).then_some(line),
            thing: "image",
            why: Cow::Owned(format!("{what}, and {kept}")),
            by: self.by.as_deref(),
            mend: match ignorefile {
                Ignorefile::Lacks => {
                    Cow::Owned(format!("add `{}` to the `ignorefile` too", self.pattern))
                }
                _ => Cow::Owned(format!(
                    "add `{}` to `{}`, or copy only what the image needs",
                    self.pattern, self.ignored_by
                )),
            },
            guess: (!self.is_certain).then_some(&self.context),
            is_named: how == How::Copied { is_named: true },
            is_possible: matches!(how, How::Mounted | How::Unknown)
                || ignorefile == Ignorefile::Lacks,
        })
    }
}

/// The vault's folder as an ignore file of the context names it; all there is where the context lies in the vault.
fn pattern(context: &Path, vault: &Path) -> String {
    let folder = vault.strip_prefix(context).ok().and_then(Path::to_str);
    folder.filter(|folder| !folder.is_empty()).unwrap_or("*").to_owned()
}
