//! What each cited path leads to: one class for each, and the hash of each cited file, read once.

pub(crate) mod class;

use std::collections::HashMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use evidence::{Digest, MANIFEST};

use crate::citation::Citation;
use crate::error::Error;
use crate::git::Git;
use crate::repo::{self, Repo};
pub(crate) use class::{Class, lexical};

/// Where one cited path leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Resolved {
    /// What it is.
    pub(crate) class: Class,
    /// The file or folder, where there is one.
    pub(crate) path: Option<PathBuf>,
    /// Whether it lies in the vault, whose files are ignored on purpose.
    pub(crate) in_vault: bool,
}

/// Answers for all the citations of a set of logs.
pub(crate) struct Resolver<'a> {
    repo: &'a Repo,
    git: Option<&'a Git>,
    real_root: PathBuf,
    found: HashMap<(PathBuf, String), Resolved>,
    hashes: HashMap<PathBuf, Option<String>>,
}

impl<'a> Resolver<'a> {
    /// Looks at every citation (with the folder of its log) once.
    pub(crate) fn new<'c>(
        repo: &'a Repo,
        git: Option<&'a Git>,
        citations: impl Iterator<Item = (&'c Path, &'c Citation)>,
    ) -> Result<Self, Error> {
        let real_root = repo.folder.canonicalize().unwrap_or_else(|_| repo.folder.clone());
        let (found, hashes) = (HashMap::new(), HashMap::new());
        let mut all = Self { repo, git, real_root, found, hashes };
        let mut to_hash = Vec::new();
        for (folder, citation) in citations {
            let key = (folder.to_path_buf(), citation.path.clone());
            if !all.found.contains_key(&key) {
                let found = all.look(folder, citation);
                all.found.insert(key.clone(), found);
            }
            if citation.hash.is_some()
                && let Some(path) = &all.found[&key].path
            {
                to_hash.push(hashed_file(path));
            }
        }
        all.mark_ignored()?;
        to_hash.sort_unstable();
        to_hash.dedup();
        all.hashes = hash_all(&to_hash);
        Ok(all)
    }

    /// What a citation leads to, its hash compared where it has one.
    pub(crate) fn resolve(&self, folder: &Path, citation: &Citation) -> Resolved {
        let key = (folder.to_path_buf(), citation.path.clone());
        let Some(found) = self.found.get(&key) else {
            return Resolved { class: Class::Missing, path: None, in_vault: false };
        };
        let mut resolved = found.clone();
        if let (Some(cited), Some(path)) = (&citation.hash, &resolved.path) {
            let now = self.hashes.get(&hashed_file(path)).and_then(Option::as_ref);
            if !now.is_some_and(|now| cited.agrees(now)) {
                resolved.class = Class::Changed;
            }
        }
        resolved
    }

    fn look(&self, folder: &Path, citation: &Citation) -> Resolved {
        let none = |class| Resolved { class, path: None, in_vault: false };
        let whole = citation.path.as_str();
        let bare = &whole[..whole.len() - citation.suffix];
        if let Some(class) = lexical(bare) {
            let class = match class {
                Class::Glob(_) => Class::Glob(self.git.map(|git| git.matches(bare))),
                other => other,
            };
            return none(class);
        }
        let root = &self.repo.folder;
        let candidates = [root.join(bare), root.join(whole), folder.join(bare), folder.join(whole)];
        let candidates = candidates.map(|candidate| repo::plain(&candidate));
        let Some(path) = candidates.iter().find(|candidate| candidate.exists()) else {
            let is_outside = candidates.iter().all(|candidate| !candidate.starts_with(root));
            let class = if is_outside {
                Class::Outside
            } else {
                self.git.and_then(|git| git.namesake(bare)).map_or(Class::Missing, Class::Moved)
            };
            return none(class);
        };
        let real = path.canonicalize().unwrap_or_else(|_| path.clone());
        let in_vault = self.repo.vault_root().is_some_and(|vault| path.starts_with(vault));
        let class = if !real.starts_with(&self.real_root) {
            Class::Outside
        } else if self.git.is_some_and(|git| !git.is_tracked(&self.repo.shown(path))) {
            Class::Untracked
        } else {
            Class::Ok
        };
        let path = (class != Class::Outside).then(|| path.clone());
        Resolved { class, path, in_vault }
    }

    /// Tells ignored files from those that are only not added yet.
    fn mark_ignored(&mut self) -> Result<(), Error> {
        let Some(git) = self.git else { return Ok(()) };
        let repo = self.repo;
        let shown = |resolved: &Resolved| resolved.path.as_ref().map(|path| repo.shown(path));
        let mut untracked: Vec<String> = self
            .found
            .values()
            .filter(|resolved| resolved.class == Class::Untracked)
            .filter_map(shown)
            .collect();
        untracked.sort_unstable();
        untracked.dedup();
        let ignored = git.ignored(&untracked)?;
        for resolved in
            self.found.values_mut().filter(|resolved| resolved.class == Class::Untracked)
        {
            if shown(resolved).is_some_and(|path| ignored.contains(&path)) {
                resolved.class = Class::Gitignored;
            }
        }
        Ok(())
    }
}

/// A folder is cited by its manifest.
fn hashed_file(path: &Path) -> PathBuf {
    if path.is_dir() { path.join(MANIFEST) } else { path.to_path_buf() }
}

/// Hashes files on as many threads as there are processors; none for a file that cannot be read.
fn hash_all(paths: &[PathBuf]) -> HashMap<PathBuf, Option<String>> {
    let hash = |path: &Path, buffer: &mut [u8]| {
        let (digest, _) = Digest::of_reader(File::open(path).ok()?, buffer).ok()?;
        Some(digest.hex())
    };
    let n_threads = std::thread::available_parallelism()
        .map_or(1, std::num::NonZero::get)
        .min(paths.len() / 16 + 1);
    let next = Mutex::new(paths.iter());
    let done = Mutex::new(HashMap::with_capacity(paths.len()));
    let work = || {
        let mut buffer = vec![0; 64 * 1024];
        loop {
            let path = next.lock().ok().and_then(|mut paths| paths.next());
            let Some(path) = path else { return };
            let hashed = hash(path, &mut buffer);
            if let Ok(mut done) = done.lock() {
                done.insert(path.clone(), hashed);
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..n_threads {
            scope.spawn(work);
        }
        work();
    });
    done.into_inner().unwrap_or_default()
}
