//! Finding the ops.toml that holds, and reading it.

use std::path::{Path, PathBuf};
use std::{fs, io};

use toml::de::DeTable;

use crate::FILE_NAME;
use crate::error::Error;
use crate::ops::{Ops, parse};
use crate::words::inside;

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
    OpsText::read(explicit, cwd)?.parse(program_exists)
}

/// An ops.toml that was read and not yet understood.
pub struct OpsText {
    path: PathBuf,
    text: String,
}

/// A shorter file is understood before anything could be done meanwhile.
const LONG: usize = 64 * 1024;

impl OpsText {
    /// Finds ops.toml and reads its text.
    pub fn read(explicit: Option<&Path>, cwd: &Path) -> Result<OpsText, Error> {
        let path = locate(explicit, cwd)?;
        match read(&path) {
            Ok(text) => Ok(OpsText { path, text }),
            Err(source) => Err(Error::Unreadable { path, source }),
        }
    }

    /// What it says; `program_exists` says whether a step's program is installed.
    pub fn parse(&self, program_exists: &dyn Fn(&str) -> bool) -> Result<Ops, Error> {
        parse(&self.path, &self.text, program_exists)
    }

    /// Where the vault most likely is, by the head of a long file alone, so that reading it can begin
    /// while the rest is parsed. Only [`OpsText::parse`] says where it is.
    pub fn likely_vault_root(&self) -> Option<PathBuf> {
        if self.text.len() < LONG {
            return None;
        }
        let head = &self.text[..=self.text.find("\n[[")?];
        let document = DeTable::parse(head).ok()?;
        let vault = document.get_ref().get("vault")?.get_ref().as_table()?;
        let root = vault.get("root")?.get_ref().as_str()?;
        let root = inside(root).ok().filter(|root| root != ".")?;
        Some(self.path.parent()?.join(root))
    }
}

/// Reads a file that must be one: a pipe would be waited for, and a device may never end.
fn read(path: &Path) -> io::Result<String> {
    let found = fs::metadata(path)?;
    if found.is_file() {
        return fs::read_to_string(path);
    }
    Err(if found.is_dir() {
        io::ErrorKind::IsADirectory.into()
    } else {
        io::Error::other("it is a pipe, a socket or a device, not a file")
    })
}

/// Takes `.` and `..` out of the path of an existing file's folder, so that paths below it compare.
fn absolute(path: &Path) -> Result<PathBuf, Error> {
    let unreadable = |source| Error::Unreadable { path: path.to_owned(), source };
    let folder = path.parent().unwrap_or(path);
    let name = path.file_name().ok_or_else(|| unreadable(io::ErrorKind::IsADirectory.into()))?;
    Ok(folder.canonicalize().map_err(unreadable)?.join(name))
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;
    use std::fs;
    use std::path::Path;

    use super::{OpsText, locate, open};
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
    fn the_vault_of_a_long_file_is_seen_before_the_rest() {
        let root = tempfile::tempdir().expect("a temporary folder");
        let check = |head: &str, n_files: usize, expected: Option<&str>| {
            let mut files = String::new();
            for at in 0..n_files {
                let _ = writeln!(
                    files,
                    "[[vault.file]]\npath = \"{at}.env\"\nkeys = {{ A = \"any\" }}"
                );
            }
            fs::write(root.path().join("ops.toml"), format!("{head}\n{files}")).expect("a file");
            let text = OpsText::read(None, root.path()).expect("it is there");
            let likely = text.likely_vault_root();
            assert_eq!(likely, expected.map(|path| root.path().join(path)), "{head}");
            if let (Some(likely), Ok(ops)) = (likely, text.parse(&|_| true)) {
                assert_eq!(Some(likely), ops.vault_root());
            }
        };
        let head = "version = 1\n[vault]\nroot = './v//w'";
        check(head, 2_000, Some("v/w"));
        check(head, 2, None);
        check("version = 1\n[vault]\nroot = '../v'", 2_000, None);
        check("version = 1", 2_000, None);
        check("version = ", 2_000, None);
    }

    #[test]
    fn what_is_no_file_is_refused_and_not_waited_for() {
        let root = tempfile::tempdir().expect("a temporary folder");
        let refused = open(Some(Path::new("/dev/zero")), root.path(), &|_| true)
            .expect_err("a device has no end");
        assert!(matches!(refused, Error::Unreadable { .. }));
        assert!(refused.hint().is_some_and(|hint| hint.contains("--ops")));
    }

    #[test]
    fn a_file_that_is_no_text_is_refused() {
        let root = tempfile::tempdir().expect("a temporary folder");
        fs::write(root.path().join("ops.toml"), b"version = 1 # \xff").expect("a file");
        assert!(matches!(open(None, root.path(), &|_| true), Err(Error::Unreadable { .. })));
    }
}
