//! The operator's repo as this tool needs it: its folder, and what ops.toml declares.

use std::path::{Component, Path, PathBuf};

use opsfile::Ops;
use report::Invocation;

use crate::error::Error;
use crate::secrets::Secrets;

/// A repo, with or without an ops.toml.
pub(crate) struct Repo {
    /// The folder that paths are relative to: that of ops.toml, else of `.git`, else where we stand.
    pub(crate) folder: PathBuf,
    /// What is declared.
    pub(crate) ops: Option<Ops>,
}

impl Repo {
    /// Finds the repo: by the ops.toml that was named, else the nearest upward of the first of these folders
    /// that has one.
    fn open(
        explicit: Option<&Path>,
        folders: &[&Path],
        invocation: &Invocation,
    ) -> Result<Self, Error> {
        let is_program = |name: &str| invocation.find_program(name).is_some();
        if explicit.is_some() {
            let ops = opsfile::open(explicit, &invocation.cwd, &is_program).map_err(Error::Ops)?;
            return Ok(Self { folder: ops.folder.clone(), ops: Some(ops) });
        }
        for folder in folders {
            match opsfile::open(None, folder, &is_program) {
                Ok(ops) => return Ok(Self { folder: ops.folder.clone(), ops: Some(ops) }),
                Err(opsfile::Error::NotFound { .. }) => {}
                Err(error) => return Err(Error::Ops(error)),
            }
        }
        let start = folders.first().copied().unwrap_or(&invocation.cwd);
        let has_git = |folder: &&Path| folder.join(".git").exists();
        let folder = start.ancestors().find(has_git).unwrap_or(start).to_path_buf();
        Ok(Self { folder, ops: None })
    }

    /// Finds the repo for work on these files: where the first of them lies, else where we stand.
    pub(crate) fn around(
        explicit: Option<&Path>,
        files: &[PathBuf],
        invocation: &Invocation,
    ) -> Result<Self, Error> {
        let beside = files.first().and_then(|file| file.parent());
        let mut folders: Vec<&Path> =
            beside.into_iter().chain([invocation.cwd.as_path()]).collect();
        folders.dedup();
        Self::open(explicit, &folders, invocation)
    }

    /// A path as people and answers see it: relative to the repo, with `/`, else as it is.
    pub(crate) fn shown(&self, path: &Path) -> String {
        let Ok(inside) = path.strip_prefix(&self.folder) else { return path.display().to_string() };
        let parts: Vec<_> =
            inside.components().map(|part| part.as_os_str().to_string_lossy()).collect();
        if parts.is_empty() { ".".to_owned() } else { parts.join("/") }
    }

    /// The folders in which evidence is kept, relative to the repo.
    pub(crate) fn evidence_roots(&self) -> Vec<String> {
        let mut roots = vec!["artifacts".to_owned(), "reports".to_owned()];
        let declared =
            self.ops.iter().map(|ops| ops.evidence.root.trim_end_matches('/').to_owned());
        for root in declared {
            if !roots.contains(&root) {
                roots.push(root);
            }
        }
        roots
    }

    /// The folder of the vault, if one is declared.
    pub(crate) fn vault_root(&self) -> Option<PathBuf> {
        self.ops.as_ref().and_then(Ops::vault_root)
    }

    /// Whether a path is one of the files that ops.toml declares in the vault, or a folder of them, there or not.
    pub(crate) fn is_declared_in(&self, vault: &Path, path: &Path) -> bool {
        let files = self.ops.iter().filter_map(|ops| ops.vault.as_ref()).flat_map(|own| &own.file);
        let mut paths = files.map(|file| vault.join(&file.path));
        paths.any(|declared| declared.starts_with(path) && path.starts_with(vault))
    }

    /// The secrets that must not get into a log; none where no vault is declared.
    pub(crate) fn secrets(&self) -> Result<Secrets, Error> {
        Secrets::of(self.ops.as_ref())
    }
}

/// Whether a path has the name of a markdown file.
pub(crate) fn is_markdown(path: &Path) -> bool {
    path.extension().is_some_and(|extension| {
        ["md", "markdown"].iter().any(|known| extension.eq_ignore_ascii_case(known))
    })
}

/// Takes `.` and `..` out of a path without asking the file system.
pub(crate) fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir
                if matches!(plain.components().next_back(), Some(Component::Normal(_))) =>
            {
                plain.pop();
            }
            other => plain.push(other),
        }
    }
    plain
}

/// A path whose folder is free of symbolic links, so that paths compare; the last part is kept as it is.
pub(crate) fn resolved(path: &Path) -> PathBuf {
    let path = plain(path);
    let folder = path.parent().and_then(|folder| folder.canonicalize().ok());
    match (folder, path.file_name()) {
        (Some(folder), Some(name)) => folder.join(name),
        _ => path,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dots_are_taken_out() {
        assert_eq!(plain(Path::new("/a/./b/../c")), Path::new("/a/c"));
        assert_eq!(plain(Path::new("../x")), Path::new("../x"));
        assert_eq!(plain(Path::new("/a/../../b")), Path::new("/../b"));
    }
}
