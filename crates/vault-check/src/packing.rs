//! What would carry the vault away: recipes of container images and packages whose context has it.

mod cargo;
mod compose;
mod dockerfile;
mod ignorefile;
mod named;
mod npm;
mod patterns;
mod wildcard;
mod yaml;

use std::borrow::Cow;
use std::fs;
use std::path::{Path, PathBuf};

use opsfile::Ops;
use vault::Vault;

use crate::examples;
use crate::packing::dockerfile::{How, Ignorefile, Image, Setting, Taken};
use crate::packing::named::Named;
use crate::packing::npm::Npm;

/// A file that says what an image or a package is made of.
pub(crate) struct Recipe {
    /// Where it lies, as findings show it.
    pub(crate) shown: String,
    /// The folder that is packed.
    packed: PathBuf,
    vault: PathBuf,
    kind: Kind,
}

enum Kind {
    Image(Image, Build),
    Npm(Npm),
    Cargo(cargo::Crate),
}

/// How an image is built.
struct Build {
    /// The file that says so, as findings show it; none where the recipe is known by its name.
    by: Option<String>,
    /// The name that the recipe has for the context, where that is a further one.
    alias: Option<String>,
    /// The ignore file that counts, or the one that would, as hints show it.
    ignored_by: String,
    /// What keeps the vault out there.
    pattern: String,
    /// Whether the context is certain: the recipe lies in it, or another file says which it is.
    is_certain: bool,
    /// Whether the recipe is a text in the file that has it built, and has no lines of its own.
    is_inline: bool,
}

/// How a recipe carries a file.
pub(crate) struct Carries<'a> {
    /// The line of the recipe that takes it in, where one does.
    pub(crate) line: Option<u32>,
    /// What would then have it.
    pub(crate) thing: &'static str,
    pub(crate) why: Cow<'a, str>,
    /// The file that has it built, where another than the recipe says so.
    pub(crate) by: Option<&'a str>,
    /// What mends it.
    pub(crate) mend: Cow<'a, str>,
    /// Whether what is packed is certainly the folder that has the vault.
    pub(crate) is_certain: bool,
    /// Whether the recipe names a folder that leads to the file.
    pub(crate) is_named: bool,
    /// Whether it may be carried or not; nobody can say.
    pub(crate) is_possible: bool,
}

/// Folders below that of ops.toml are looked through for recipes so deep.
const DEEPEST: usize = 3;
/// Larger files are no recipes.
const LARGEST: u64 = 1024 * 1024;

/// Reads every recipe whose context has the vault: those in the folders above it, those of images elsewhere in the
/// repo, which are built from its folder as a rule, and those that fly.toml and compose files name. Puts example files
/// that are met into `examples`.
pub(crate) fn recipes(ops: &Ops, vault: &Vault, examples: &mut Vec<PathBuf>) -> Vec<Recipe> {
    let mut recipes = Vec::new();
    let mut images = Vec::new();
    let mut naming: Vec<PathBuf> = ops
        .fly
        .app
        .iter()
        .filter_map(|app| Some(named::joined(&ops.folder, app.config.as_ref()?)))
        .collect();
    let above: Vec<&Path> = vault
        .root
        .ancestors()
        .skip(1)
        .take_while(|folder| folder.starts_with(&ops.folder))
        .collect();
    for folder in &above {
        for path in files(folder) {
            if dockerfile::is_recipe(&path) {
                images.push(Named::new(path, (*folder).to_owned(), true));
            } else if named::names_images(&path) {
                naming.push(path);
            }
        }
        let mut add = |path: &Path, kind: Kind| {
            recipes.extend(Recipe::new(ops, vault, folder, path, kind));
        };
        let package = folder.join("package.json");
        let prefix =
            vault.root.strip_prefix(folder).ok().and_then(Path::to_str).unwrap_or_default();
        if let Some(npm) =
            text(&package).and_then(|text| npm::read(&text, prefix, |name| text_in(folder, name)))
        {
            add(&package, Kind::Npm(npm));
        }
        let manifest = folder.join("Cargo.toml");
        if let Some(found) = text(&manifest).and_then(|text| cargo::read(&text)) {
            add(&manifest, Kind::Cargo(found));
        }
    }
    let mut see = |path: PathBuf| {
        if named::names_images(&path) {
            naming.push(path);
        } else if !dockerfile::is_recipe(&path) {
            examples.push(path);
        } else if !above.contains(&path.parent().unwrap_or(&path)) {
            images.push(Named::new(path, ops.folder.clone(), false));
        }
    };
    look_below(&ops.folder, DEEPEST, &vault.root, &mut see);
    naming.sort_unstable();
    naming.dedup();
    for path in naming {
        let is_above = path.parent().is_some_and(|folder| above.contains(&folder));
        images.extend(named::read(&path, &ops.folder, is_above, &text));
    }
    for named in named::each_once(images) {
        if let Some((image, ignored_by)) = image(&named) {
            let build = Build {
                by: named.by.filter(|by| *by != named.path).map(|by| ops.relative(&by)),
                alias: named.alias,
                ignored_by: ops.relative(&ignored_by),
                pattern: pattern(&named.context, &vault.root),
                is_certain: named.is_certain,
                is_inline: named.inline.is_some(),
            };
            let kind = Kind::Image(image, build);
            recipes.extend(Recipe::new(ops, vault, &named.context, &named.path, kind));
        }
    }
    recipes.sort_by(|one, other| one.shown.cmp(&other.shown));
    recipes
}

impl Recipe {
    fn new(ops: &Ops, vault: &Vault, packed: &Path, path: &Path, kind: Kind) -> Option<Recipe> {
        let has_some = vault.root.starts_with(packed) || packed.starts_with(&vault.root);
        let (packed, vault) = (packed.to_owned(), vault.root.clone());
        has_some.then(|| Recipe { shown: ops.relative(path), packed, vault, kind })
    }

    /// Whether and how the recipe carries a file of the vault, by its path from the vault's root.
    /// `git_ignores` says whether git ignores the file, where git could be asked.
    pub(crate) fn carries(&self, path: &str, git_ignores: Option<bool>) -> Option<Carries<'_>> {
        let path = self.vault.join(path);
        let path = path.strip_prefix(&self.packed).ok()?.to_str()?;
        let package = |thing, why, mend| Carries {
            line: None,
            thing,
            why: Cow::Borrowed(why),
            by: None,
            mend: Cow::Borrowed(mend),
            is_certain: true,
            is_named: false,
            is_possible: false,
        };
        match &self.kind {
            Kind::Image(image, build) => image.copies(path).map(|taken| build.carries(taken)),
            Kind::Npm(npm) => npm.packs(path).then(|| {
                let mend =
                    "list in `files` what the package is made of, or set `\"private\": true`";
                package("npm package", npm.why(), mend)
            }),
            Kind::Cargo(found) => found.packs(path, git_ignores).then(|| {
                let mend = "add the vault's folder to `exclude`, or set `publish = false`";
                package("crate", found.why(), mend)
            }),
        }
    }
}

impl Build {
    fn carries(&self, Taken { line, how, ignorefile }: Taken) -> Carries<'_> {
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
        Carries {
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
            is_certain: self.is_certain,
            is_named: how == How::Copied { is_named: true },
            is_possible: matches!(how, How::Mounted | How::Unknown)
                || ignorefile == Ignorefile::Lacks,
        }
    }
}

/// The image, and the ignore file that counts for it, or would.
fn image(named: &Named) -> Option<(Image, PathBuf)> {
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
    let known = ignorefiles.into_iter().find_map(|path| Some((text(&path)?, path)));
    let (ignore, path) = known.unwrap_or_else(|| (text(&last).unwrap_or_default(), last));
    let setting = Setting { arguments: &named.arguments, context: named.alias.as_deref() };
    let image = Image::read(&recipe, &ignore, setting);
    let image = match named.ignorefile.as_deref().and_then(text) {
        Some(ignorefile) => image.with_ignorefile(&ignorefile),
        None => image,
    };
    Some((image, path))
}

/// The vault's folder as an ignore file of the context names it; all there is where the context lies in the vault.
fn pattern(context: &Path, vault: &Path) -> String {
    let folder = vault.strip_prefix(context).ok().and_then(Path::to_str);
    folder.filter(|folder| !folder.is_empty()).unwrap_or("*").to_owned()
}

fn text_in(folder: &Path, name: &str) -> Option<String> {
    text(&folder.join(name))
}

fn text(path: &Path) -> Option<String> {
    let data = fs::metadata(path).ok()?;
    if !data.is_file() || data.len() > LARGEST {
        return None;
    }
    fs::read(path).ok().map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let is_file = |entry: &fs::DirEntry| entry.file_type().is_ok_and(|kind| kind.is_file());
    entries.filter(is_file).map(|entry| entry.path()).collect()
}

/// Calls `see` with every recipe of an image, every file that names some and every example file down to `depth` folders
/// below; the vault, links, hidden folders and those of other people's packages are left out.
fn look_below(folder: &Path, depth: usize, vault: &Path, see: &mut dyn FnMut(PathBuf)) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let is_foreign = || {
            name.as_encoded_bytes().starts_with(b".")
                || ["node_modules", "target", "vendor"].iter().any(|foreign| name == *foreign)
        };
        match entry.file_type() {
            Ok(kind) if kind.is_dir() && depth > 0 && !is_foreign() => {
                let below = entry.path();
                if below != vault {
                    look_below(&below, depth - 1, vault, see);
                }
            }
            Ok(kind)
                if kind.is_file()
                    && (dockerfile::is_recipe(Path::new(&name))
                        || named::names_images(Path::new(&name))
                        || name.to_str().is_some_and(examples::is_example)) =>
            {
                see(entry.path());
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests;
