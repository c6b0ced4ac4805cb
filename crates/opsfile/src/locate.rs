//! Finding the ops.toml that holds, and reading it.

use std::path::{Path, PathBuf};

use crate::FILE_NAME;
use crate::error::Error;
use crate::ops::{Ops, parse};

/// Returns the ops.toml that holds: the one that was named, else the nearest from `cwd` upward.
pub fn locate(explicit: Option<&Path>, cwd: &Path) -> Result<PathBuf, Error> {
    if let Some(path) = explicit {
        return absolute(&cwd.join(path));
    }
    cwd.ancestors()
        .map(|folder| folder.join(FILE_NAME))
        .find(|path| path.is_file())
        .ok_or_else(|| Error::NotFound { from: cwd.to_owned() })
}

/// Finds ops.toml and reads it; `program_exists` says whether a step's program is installed.
pub fn open(
    explicit: Option<&Path>,
    cwd: &Path,
    program_exists: &dyn Fn(&str) -> bool,
) -> Result<Ops, Error> {
    let path = locate(explicit, cwd)?;
    let text = std::fs::read_to_string(&path)
        .map_err(|source| Error::Unreadable { path: path.clone(), source })?;
    parse(&path, &text, program_exists)
}

/// Takes `.` and `..` out of the path of an existing file's folder, so that paths below it compare.
fn absolute(path: &Path) -> Result<PathBuf, Error> {
    let unreadable = |source| Error::Unreadable { path: path.to_owned(), source };
    let folder = path.parent().unwrap_or(path);
    let name =
        path.file_name().ok_or_else(|| unreadable(std::io::ErrorKind::IsADirectory.into()))?;
    Ok(folder.canonicalize().map_err(unreadable)?.join(name))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::{locate, open};
    use crate::Error;

    #[test]
    fn the_nearest_file_upward_holds() {
        let root = tempfile::tempdir().expect("a temporary folder");
        let root = root.path().canonicalize().expect("it is there");
        fs::create_dir_all(root.join("a/b/c")).expect("folders");
        fs::write(root.join("ops.toml"), "version = 1").expect("a file");
        fs::write(root.join("a/ops.toml"), "version = 1").expect("a file");
        assert_eq!(locate(None, &root.join("a/b/c")).ok(), Some(root.join("a/ops.toml")));
        assert_eq!(locate(None, &root).ok(), Some(root.join("ops.toml")));
        let ops = open(Some(Path::new("../../ops.toml")), &root.join("a/b"), &|_| true)
            .expect("it is right");
        assert_eq!((ops.folder, ops.path), (root.clone(), root.join("ops.toml")));
    }

    #[test]
    fn what_is_not_there_is_named() {
        let root = tempfile::tempdir().expect("a temporary folder");
        let missing =
            open(Some(Path::new("x.toml")), root.path(), &|_| true).expect_err("there is none");
        assert!(matches!(&missing, Error::Unreadable { path, .. } if path.ends_with("x.toml")));
        assert!(open(Some(Path::new("..")), root.path(), &|_| true).is_err());
        let nowhere = locate(None, Path::new("/nowhere/at/all")).expect_err("there is none");
        assert_eq!(nowhere.to_string(), "no ops.toml in /nowhere/at/all or any folder above it");
        assert!(nowhere.hint().is_some_and(|hint| hint.contains("--ops")));
    }

    #[test]
    fn a_file_that_is_no_text_is_refused() {
        let root = tempfile::tempdir().expect("a temporary folder");
        fs::write(root.path().join("ops.toml"), b"version = 1 # \xff").expect("a file");
        assert!(matches!(open(None, root.path(), &|_| true), Err(Error::Unreadable { .. })));
    }
}
