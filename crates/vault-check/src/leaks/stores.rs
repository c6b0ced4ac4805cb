//! The histories of other repositories below the folder of ops.toml: nested ones, submodules, bare ones.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use opsfile::Ops;

/// The store of one repository.
pub(crate) struct Store {
    /// Where git keeps it, without links in the path.
    pub(crate) dir: PathBuf,
    /// What paths in it begin with, as findings show them.
    pub(crate) label: String,
}

/// Every store below the folder of ops.toml but `own`, each once, and none in the vault.
pub(crate) fn below(ops: &Ops, vault: &Path, own: Option<&Path>) -> Vec<Store> {
    let mut seen: HashSet<PathBuf> =
        own.and_then(|own| fs::canonicalize(own).ok()).into_iter().collect();
    let mut stores = Vec::new();
    let mut candidates = Vec::new();
    let mut folders = vec![ops.folder.clone()];
    while let Some(folder) = folders.pop() {
        look_into(&folder, vault, &mut folders, &mut candidates);
    }
    // A submodule is known by where it is checked out, if it is.
    candidates.sort_by_key(|candidate| (!candidate.is_checked_out, candidate.dir.clone()));
    for Candidate { dir, place, .. } in candidates {
        let Ok(dir) = fs::canonicalize(dir) else { continue };
        if seen.insert(dir.clone()) {
            stores.push(Store { dir, label: ops.relative(&place) });
        }
    }
    stores.sort_by(|one, other| one.label.cmp(&other.label));
    stores
}

/// What may be a store.
struct Candidate {
    dir: PathBuf,
    /// The work tree, or the store itself where it has none.
    place: PathBuf,
    is_checked_out: bool,
}

/// Looks into one folder, for stores and for folders to go on with; links are not followed.
fn look_into(
    folder: &Path,
    vault: &Path,
    folders: &mut Vec<PathBuf>,
    candidates: &mut Vec<Candidate>,
) {
    let mut below = Vec::new();
    let mut has = [false; 3];
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let (path, name) = (entry.path(), entry.file_name());
        let Ok(kind) = entry.file_type() else { continue };
        for (has, part) in has.iter_mut().zip(["HEAD", "objects", "refs"]) {
            *has |= name == part;
        }
        if kind.is_dir() && path != vault {
            below.push(path);
        } else if kind.is_file() && name == ".git" {
            let place = folder.to_owned();
            candidates.extend(pointed_to(&path).map(|dir| Candidate {
                dir,
                place,
                is_checked_out: true,
            }));
        }
    }
    if has != [true; 3] {
        folders.extend(below);
        return;
    }
    // Of what git keeps itself only the stores of submodules are others.
    folders.extend(below.into_iter().filter(|path| path.ends_with("modules")));
    let is_checked_out = folder.ends_with(".git");
    let place = if is_checked_out { folder.parent().unwrap_or(folder) } else { folder };
    candidates.push(Candidate { dir: folder.to_owned(), place: place.to_owned(), is_checked_out });
}

/// The store that a file `.git` leads to: `gitdir: PATH`, and from there `commondir`.
fn pointed_to(file: &Path) -> Option<PathBuf> {
    let text = fs::read_to_string(file).ok()?;
    let dir = file.parent()?.join(text.strip_prefix("gitdir:")?.trim());
    match fs::read_to_string(dir.join("commondir")) {
        Ok(common) => Some(dir.join(common.trim())),
        Err(_) => Some(dir),
    }
}
