//! What would carry the vault away: recipes of container images and packages whose context has it.

mod build;
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
use crate::packing::build::Build;
use crate::packing::named::Named;
use crate::packing::npm::{Around, Npm};

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
    Image(Build),
    Npm(Npm),
    Cargo(cargo::Crate),
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
    /// The folder from which it would have to be built, where that is not certain.
    pub(crate) guess: Option<&'a str>,
    /// Whether the recipe names a folder that leads to the file.
    pub(crate) is_named: bool,
    /// Whether it may be carried or not; nobody can say.
    pub(crate) is_possible: bool,
}

/// What git says of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum GitSays {
    /// There is none here.
    NoRepository,
    /// It could not be asked.
    Unknown,
    /// It does not track the Cargo.toml of the crate, which then does not heed it.
    NoManifest,
    /// The file is ignored.
    Ignored,
    /// The file is not ignored, or is tracked all the same.
    Shown,
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
    let mut is_in_crate = false;
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
        if let Some(found) = text(&package).and_then(|text| npm(&text, folder, &above, vault)) {
            add(&package, Kind::Npm(found));
        }
        // A crate leaves out what lies in another one, published or not.
        let manifest = folder.join("Cargo.toml");
        if let Some(own) = text(&manifest)
            && !is_in_crate
        {
            is_in_crate = true;
            let outer =
                folder.ancestors().skip(1).filter_map(|folder| text_in(folder, "Cargo.toml"));
            if let Some(found) = cargo::read(&own, outer) {
                add(&manifest, Kind::Cargo(found));
            }
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
        let (path, context) = (named.path.clone(), named.context.clone());
        if let Some(build) = Build::read(named, ops, vault) {
            recipes.extend(Recipe::new(ops, vault, &context, &path, Kind::Image(build)));
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

    /// The folder of a crate.
    pub(crate) fn folder_of_crate(&self) -> Option<&Path> {
        matches!(self.kind, Kind::Cargo(_)).then_some(&self.packed)
    }

    /// Whether and how the recipe carries a file of the vault, by its path from the vault's root.
    /// `git` says what git has to say of the file.
    pub(crate) fn carries(&self, path: &str, git: GitSays) -> Option<Carries<'_>> {
        let path = self.vault.join(path);
        let path = path.strip_prefix(&self.packed).ok()?.to_str()?;
        let package = |thing, why, mend| Carries {
            line: None,
            thing,
            why: Cow::Borrowed(why),
            by: None,
            mend: Cow::Borrowed(mend),
            guess: None,
            is_named: false,
            is_possible: false,
        };
        match &self.kind {
            Kind::Image(build) => build.carries(path),
            Kind::Npm(npm) => {
                npm.packs(path).then(|| package("npm package", npm.why(), npm.mend()))
            }
            Kind::Cargo(found) => {
                found.packs(path, git).then(|| package("crate", found.why(git), found.mend(git)))
            }
        }
    }
}

/// The package of a folder; `above` are the folders that lead to the vault.
fn npm(text: &str, folder: &Path, above: &[&Path], vault: &Vault) -> Option<Npm> {
    let seen_from = |folder: &Path, path: &Path| -> Option<String> {
        path.strip_prefix(folder).ok()?.to_str().map(str::to_owned)
    };
    let is_workspace = |outer: &&&Path| {
        let own = seen_from(outer, folder).filter(|own| !own.is_empty());
        own.zip(text_in(outer, "package.json"))
            .is_some_and(|(own, text)| npm::has_member(&text, &own))
    };
    // From the workspace's folder down to the one that the package's own lies in.
    let mut ignored = Vec::new();
    if let Some(workspace) = above.iter().find(is_workspace) {
        let between = folder.ancestors().skip(1).take_while(|folder| folder.starts_with(workspace));
        let ignore =
            |folder: &Path| text_in(folder, ".npmignore").or_else(|| text_in(folder, ".gitignore"));
        ignored.extend(between.filter_map(ignore));
        ignored.reverse();
    }
    let around = Around {
        text: &|name| text_in(folder, name),
        kind: &|path| {
            let data = fs::symlink_metadata(folder.join(path)).ok()?;
            let kind = if data.is_dir() { npm::Kind::Folder } else { npm::Kind::File };
            (data.is_dir() || data.is_file()).then_some(kind)
        },
        above: ignored.join("\n"),
    };
    npm::read(text, &seen_from(folder, &vault.root)?, &around)
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
