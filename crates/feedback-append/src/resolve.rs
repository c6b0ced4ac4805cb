//! What each cited path leads to: one class for each, and the hash of each cited file, read once.

pub(crate) mod class;

use std::borrow::Cow;
use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};

use evidence::MANIFEST;

use crate::citation::Citation;
use crate::error::Error;
use crate::git::Git;
use crate::parallel::in_parallel;
use crate::regular;
use crate::repo::{self, Repo};
pub(crate) use class::{Class, lexical};

/// Files that one thread takes at a time, so that it makes one buffer for them.
const FILES_A_BATCH: usize = 16;

/// Where one cited path leads.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Resolved<'a> {
    /// What it is.
    pub(crate) class: &'a Class,
    /// The file or folder, where there is one.
    pub(crate) path: Option<&'a Path>,
    /// Whether it is a folder.
    pub(crate) is_folder: bool,
    /// Whether it lies in the vault, whose files are ignored on purpose.
    pub(crate) in_vault: bool,
}

/// What a path leads to, whatever hash is cited with it.
struct Place {
    class: Class,
    path: Option<PathBuf>,
    is_folder: bool,
    in_vault: bool,
}

impl Place {
    fn none(class: Class) -> Self {
        Self { class, path: None, is_folder: false, in_vault: false }
    }

    /// The file whose hash is cited; a folder is cited by its manifest.
    fn hashed_file(&self) -> Option<PathBuf> {
        let path = self.path.as_ref()?;
        Some(if self.is_folder { path.join(MANIFEST) } else { path.clone() })
    }
}

/// The paths that the logs of one folder cite.
type Places = HashMap<String, Place>;

/// Answers for all the citations of a set of logs.
pub(crate) struct Resolver<'a> {
    repo: &'a Repo,
    git: Option<&'a Git>,
    folders: HashMap<OsString, Places>,
    hashes: HashMap<PathBuf, Option<String>>,
}

impl<'a> Resolver<'a> {
    /// Looks at every citation (with the folder of its log) once.
    pub(crate) fn new<'c>(
        repo: &'a Repo,
        git: Option<&'a Git>,
        citations: impl Iterator<Item = (&'c Path, &'c Citation)>,
    ) -> Result<Self, Error> {
        let mut all = Self { repo, git, folders: HashMap::new(), hashes: HashMap::new() };
        let mut disk = Disk::of(repo);
        let mut to_hash = Vec::new();
        for (folder, citation) in citations {
            if !all.folders.contains_key(folder.as_os_str()) {
                all.folders.insert(folder.as_os_str().to_owned(), Places::new());
            }
            let Some(places) = all.folders.get_mut(folder.as_os_str()) else { continue };
            if !places.contains_key(key(citation).as_ref()) {
                places.insert(
                    key(citation).into_owned(),
                    look(repo, git, &mut disk, folder, citation),
                );
            }
            if citation.hash.is_some() {
                to_hash.extend(places.get(key(citation).as_ref()).and_then(Place::hashed_file));
            }
        }
        all.mark_ignored()?;
        to_hash.sort_unstable();
        to_hash.dedup();
        all.hashes = hash_all(&to_hash);
        Ok(all)
    }

    /// What a citation leads to, its hash compared where it has one.
    pub(crate) fn resolve(&self, folder: &Path, citation: &Citation) -> Resolved<'_> {
        let places = self.folders.get::<OsStr>(folder.as_os_str());
        let Some(place) = places.and_then(|places| places.get(key(citation).as_ref())) else {
            let class = &Class::Missing;
            return Resolved { class, path: None, is_folder: false, in_vault: false };
        };
        let Place { class, path, is_folder, in_vault } = place;
        let mut class = class;
        if let (Some(cited), Some(file)) = (&citation.hash, place.hashed_file()) {
            let now = self.hashes.get(&file).and_then(Option::as_ref);
            if !now.is_some_and(|now| cited.agrees(now)) {
                class = &Class::Changed;
            }
        }
        let (is_folder, in_vault) = (*is_folder, *in_vault);
        Resolved { class, path: path.as_deref(), is_folder, in_vault }
    }

    /// Tells ignored files from those that are only not added yet.
    fn mark_ignored(&mut self) -> Result<(), Error> {
        let Some(git) = self.git else { return Ok(()) };
        let repo = self.repo;
        let shown = |place: &Place| place.path.as_ref().map(|path| repo.shown(path));
        let untracked = |place: &&Place| place.class == Class::Untracked;
        let all = self.folders.values().flat_map(Places::values);
        let mut paths: Vec<String> = all.filter(untracked).filter_map(shown).collect();
        paths.sort_unstable();
        paths.dedup();
        let ignored = git.ignored(&paths)?;
        for place in self.folders.values_mut().flat_map(Places::values_mut) {
            if place.class == Class::Untracked
                && shown(place).is_some_and(|path| ignored.contains(&path))
            {
                place.class = Class::Gitignored;
            }
        }
        Ok(())
    }
}

/// By what the place of a citation is known: the same letters may be a pattern in one form and a name in another.
fn key(citation: &Citation) -> Cow<'_, str> {
    if citation.is_exact {
        Cow::Owned(format!("\0{}", citation.path))
    } else {
        Cow::Borrowed(&citation.path)
    }
}

/// What is on disk, each folder freed of symbolic links once.
struct Disk {
    root: PathBuf,
    vault: Option<PathBuf>,
    real_folders: HashMap<OsString, Option<PathBuf>>,
}

impl Disk {
    fn of(repo: &Repo) -> Self {
        let root = repo.folder.canonicalize().unwrap_or_else(|_| repo.folder.clone());
        Self { root, vault: repo.vault_root(), real_folders: HashMap::new() }
    }

    /// Whether something is there, and then what; a link counts as what it leads to.
    fn find(&mut self, path: &Path) -> Option<Found> {
        let found = fs::symlink_metadata(path).ok()?;
        let is_folder = found.is_dir();
        if found.is_symlink() || path.file_name().is_none() {
            let real = path.canonicalize().ok()?;
            let is_folder = real.is_dir();
            return Some(Found { is_inside: real.starts_with(&self.root), is_folder });
        }
        let folder = path.parent().unwrap_or(path);
        if !self.real_folders.contains_key(folder.as_os_str()) {
            self.real_folders.insert(folder.as_os_str().to_owned(), folder.canonicalize().ok());
        }
        let real = self.real_folders.get(folder.as_os_str())?.as_ref();
        // The root itself lies in the repo, and its folder does not.
        let is_inside = real.is_some_and(|real| real.starts_with(&self.root)) || path == self.root;
        Some(Found { is_inside, is_folder })
    }
}

/// A file or folder, as found.
struct Found {
    /// Whether it lies in the repo.
    is_inside: bool,
    is_folder: bool,
}

fn look<'c>(
    repo: &Repo,
    git: Option<&Git>,
    disk: &mut Disk,
    folder: &Path,
    citation: &'c Citation,
) -> Place {
    let whole = citation.path.as_str();
    let bare = &whole[..whole.len() - citation.suffix];
    if let Some(class) = lexical(bare).filter(|_| !citation.is_exact) {
        return Place::none(match class {
            Class::Glob(_) => Class::Glob(git.map(|git| git.matches(bare))),
            other => other,
        });
    }
    let root = &repo.folder;
    let is_archive = folder.file_name().is_some_and(|name| name == "archive");
    let written = folder.parent().filter(|_| is_archive).unwrap_or(folder);
    let candidates = || {
        // Viewers read `/path` from the root of the repo.
        let at_root = |path: &'c str| path.strip_prefix('/').unwrap_or(path);
        let paths = [
            (root.as_path(), at_root(bare)),
            (root, at_root(whole)),
            (root, bare),
            (folder, bare),
            (folder, whole),
            // What was moved to an archive is cited from where it was written.
            (written, bare),
            (written, whole),
        ];
        paths.into_iter().map(|(from, path)| repo::plain(&from.join(path)))
    };
    let found = candidates().find_map(|path| disk.find(&path).map(|found| (path, found)));
    let Some((path, Found { is_inside, is_folder })) = found else {
        let is_outside =
            bare.starts_with('/') || candidates().all(|candidate| !candidate.starts_with(root));
        if is_outside {
            return Place::none(Class::Outside);
        }
        if let Some(vault) = &disk.vault
            && let Some(path) = candidates().find(|path| repo.is_declared_in(vault, path))
        {
            // A clone has no vault, and that is as it should be.
            let path = Some(path);
            return Place { class: Class::Gitignored, path, is_folder: false, in_vault: true };
        }
        let shown = || candidates().map(|path| repo.shown(&path));
        if let Some(deleted) = shown().find(|path| git.is_some_and(|git| git.is_tracked(path))) {
            return Place::none(Class::Deleted(deleted));
        }
        return Place::none(
            git.and_then(|git| git.namesake(bare)).map_or(Class::Missing, Class::Moved),
        );
    };
    let in_vault = disk.vault.as_ref().is_some_and(|vault| path.starts_with(vault));
    let class = if !is_inside {
        Class::Outside
    } else if git.is_some_and(|git| !git.is_tracked(&repo.shown(&path))) {
        Class::Untracked
    } else {
        Class::Ok
    };
    let path = (class != Class::Outside).then_some(path);
    Place { class, path, is_folder, in_vault }
}

/// Hashes files on all processors; none for a file that cannot be read.
fn hash_all(paths: &[PathBuf]) -> HashMap<PathBuf, Option<String>> {
    let batches: Vec<&[PathBuf]> = paths.chunks(FILES_A_BATCH).collect();
    let hashed = in_parallel(&batches, |batch| {
        let mut buffer = regular::buffer();
        let hashed = batch.iter().map(|path| (path.clone(), regular::hash(path, &mut buffer).ok()));
        hashed.collect::<Vec<_>>()
    });
    hashed.into_iter().flatten().collect()
}
