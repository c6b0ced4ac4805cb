//! What would carry the vault away: recipes of container images and packages whose context has it.

mod cargo;
mod dockerfile;
mod npm;
mod patterns;

use std::fs;
use std::path::{Path, PathBuf};

use opsfile::Ops;
use vault::Vault;

use crate::examples;
use crate::packing::dockerfile::{How, Image, Taken};
use crate::packing::npm::Npm;

/// A file that says what an image or a package is made of.
pub(crate) struct Recipe {
    /// Where it lies, as findings show it.
    pub(crate) shown: String,
    /// The vault's root as seen from the folder that is packed, with `/`.
    prefix: String,
    kind: Kind,
}

enum Kind {
    /// A container image; the flag says that its context is certain, for the recipe lies in it.
    Image(Image, bool),
    Npm(Npm),
    Cargo(cargo::Crate),
}

/// How a recipe carries a file.
pub(crate) struct Carries {
    /// The line of the recipe that takes it in, where one does.
    pub(crate) line: Option<u32>,
    /// What would then have it.
    pub(crate) thing: &'static str,
    pub(crate) why: &'static str,
    /// What mends it.
    pub(crate) mend: &'static str,
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

/// Reads every recipe whose context has the vault: those in the folders above it, and those of images elsewhere
/// in the repo, which are built from its folder as a rule. Puts example files that are met into `examples`.
pub(crate) fn recipes(ops: &Ops, vault: &Vault, examples: &mut Vec<PathBuf>) -> Vec<Recipe> {
    let mut recipes = Vec::new();
    let above: Vec<&Path> = vault
        .root
        .ancestors()
        .skip(1)
        .take_while(|folder| folder.starts_with(&ops.folder))
        .collect();
    for folder in &above {
        let mut add = |path: &Path, kind: Kind| {
            recipes.extend(Recipe::new(ops, vault, folder, path, kind));
        };
        for path in files(folder).into_iter().filter(|path| dockerfile::is_recipe(path)) {
            if let Some(image) = image(folder, &path) {
                add(&path, Kind::Image(image, true));
            }
        }
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
    let mut elsewhere = Vec::new();
    let mut see = |path: PathBuf| {
        if !dockerfile::is_recipe(&path) {
            examples.push(path);
        } else if !above.contains(&path.parent().unwrap_or(&path)) {
            elsewhere.push(path);
        }
    };
    look_below(&ops.folder, DEEPEST, &vault.root, &mut see);
    for path in elsewhere {
        if let Some(image) = image(&ops.folder, &path) {
            recipes.extend(Recipe::new(ops, vault, &ops.folder, &path, Kind::Image(image, false)));
        }
    }
    recipes.sort_by(|one, other| one.shown.cmp(&other.shown));
    recipes
}

impl Recipe {
    fn new(ops: &Ops, vault: &Vault, folder: &Path, path: &Path, kind: Kind) -> Option<Recipe> {
        let prefix = vault.root.strip_prefix(folder).ok()?.to_str()?.to_owned();
        Some(Recipe { shown: ops.relative(path), prefix, kind })
    }

    /// Whether and how the recipe carries a file of the vault, by its path from the vault's root.
    /// `git_ignores` says whether git ignores the file, where git could be asked.
    pub(crate) fn carries(&self, path: &str, git_ignores: Option<bool>) -> Option<Carries> {
        let path = format!("{}/{path}", self.prefix);
        match &self.kind {
            Kind::Image(image, is_certain) => image.copies(&path).map(|Taken { line, how }| Carries {
                line: Some(line),
                thing: "image",
                why: match how {
                    How::Copied { .. } => "this line takes it in, and no ignore file keeps it out",
                    How::Mounted => {
                        "this line shows it to a command, and no ignore file keeps it out"
                    }
                    How::Unknown => {
                        "a variable says what this line takes in, and no ignore file keeps it out"
                    }
                },
                mend: "add the vault's folder to `.dockerignore`, or copy only what the image needs",
                is_certain: *is_certain,
                is_named: how == How::Copied { is_named: true },
                is_possible: matches!(how, How::Mounted | How::Unknown),
            }),
            Kind::Npm(npm) => npm.packs(&path).then_some(Carries {
                line: None,
                thing: "npm package",
                why: npm.why(),
                mend: "list in `files` what the package is made of, or set `\"private\": true`",
                is_certain: true,
                is_named: false,
                is_possible: false,
            }),
            Kind::Cargo(found) => found.packs(&path, git_ignores).then_some(Carries {
                line: None,
                thing: "crate",
                why: found.why(),
                mend: "add the vault's folder to `exclude`, or set `publish = false`",
                is_certain: true,
                is_named: false,
                is_possible: false,
            }),
        }
    }
}

fn image(context: &Path, path: &Path) -> Option<Image> {
    let name = path.file_name()?.to_str()?;
    // A file of the recipe's own comes before that of the context.
    let own = text(&path.with_file_name(format!("{name}.dockerignore")));
    let container = || name.contains("Containerfile").then(|| text_in(context, ".containerignore"));
    let ignore = own
        .or_else(|| container().flatten())
        .or_else(|| text_in(context, ".dockerignore"))
        .unwrap_or_default();
    Some(Image::read(&text(path)?, &ignore))
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

/// Calls `see` with every recipe of an image and every example file down to `depth` folders below; the vault, links, hidden
/// folders and those of other people's packages are left out.
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
