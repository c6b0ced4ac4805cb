//! Where an export goes: a new file or a new folder, whole or not at all.

use std::fs::{File, Metadata};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};

use durable::folder_of;
use evidence::{CHECKPOINT, LOG, MANIFEST, ORIGINS, RECORDS, SIGNATURE};
use rustix::fs::{CWD, RenameFlags};
use tempfile::{NamedTempFile, TempDir};

use crate::error::Error;

/// Refuses a path inside a bundle or the folder of an origin log: nothing of ours is written there but evidence.
pub(crate) fn refuse_inside_evidence(path: &Path, root: &Path) -> Result<(), Error> {
    // Links on the way there are followed. Folders that are not there yet hold no evidence.
    let above = path.ancestors().skip(1).find_map(|folder| folder.canonicalize().ok());
    let logs = root.join(ORIGINS).canonicalize();
    let is_evidence = |folder: &Path| {
        let has = |name: &str| folder.join(name).symlink_metadata().is_ok();
        has_records(&folder.join(RECORDS))
            || (has(MANIFEST) && has(SIGNATURE))
            || (has(LOG) && has(CHECKPOINT))
            || logs.as_ref().is_ok_and(|logs| logs == folder)
    };
    match above.iter().flat_map(|folder| folder.ancestors()).find(|folder| is_evidence(folder)) {
        Some(folder) => {
            Err(Error::InEvidence { path: path.to_path_buf(), folder: folder.to_path_buf() })
        }
        None => Ok(()),
    }
}

/// Whether a file has records, and not only the name: an empty one may lie anywhere.
fn has_records(path: &Path) -> bool {
    let is_filled = |found: Metadata| found.is_file() && found.len() > 0;
    path.metadata().is_ok_and(is_filled)
}

/// Writes a page for people: it takes the place of an earlier one, goes into what is no file and no folder (a pipe, a
/// terminal), and nothing else is replaced.
pub(crate) fn write_page(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let failed = |source| Error::Output { path: path.to_path_buf(), source };
    let refused = |why| Err(Error::NotReplaced { path: path.to_path_buf(), why });
    let named = match path.symlink_metadata() {
        Ok(named) => named.file_type(),
        Err(_) => return Ok(durable::write_over(path, bytes, 0o644)?),
    };
    if named.is_file() {
        return Ok(durable::write_over(path, bytes, 0o644)?);
    }
    match path.metadata().map(|found| found.file_type()) {
        Ok(kind) if kind.is_fifo() || kind.is_char_device() => {
            let mut open = File::options().write(true).open(path).map_err(failed)?;
            open.write_all(bytes).and_then(|()| open.flush()).map_err(failed)
        }
        Ok(kind) if kind.is_dir() => refused("it is a folder"),
        _ if named.is_symlink() => refused("it is a symbolic link"),
        _ => refused("it is no regular file"),
    }
}

/// A file that appears when it is finished.
pub(crate) struct NewFile {
    file: BufWriter<NamedTempFile>,
    path: PathBuf,
}

/// A folder that appears when it is finished.
pub(crate) struct NewFolder {
    folder: TempDir,
    path: PathBuf,
}

impl NewFile {
    pub(crate) fn create(path: &Path) -> Result<Self, Error> {
        use std::os::unix::fs::PermissionsExt;
        let file = tempfile::Builder::new()
            .prefix(".")
            .suffix(".tmp")
            .permissions(std::fs::Permissions::from_mode(0o644))
            .tempfile_in(folder_of(path))
            .map_err(failed(path))?;
        Ok(Self { file: BufWriter::new(file), path: path.to_path_buf() })
    }

    pub(crate) fn finish(self) -> Result<(), Error> {
        let failed = failed(&self.path);
        let file = match self.file.into_inner() {
            Ok(file) => file,
            Err(unfinished) => return Err(failed(unfinished.into_error())),
        };
        file.as_file().sync_all().map_err(&failed)?;
        file.persist_noclobber(&self.path).map_err(|refused| failed(refused.error))?;
        Ok(durable::sync_folder(&self.path)?)
    }
}

impl Write for NewFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl NewFolder {
    pub(crate) fn create(path: &Path) -> Result<Self, Error> {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::Builder::new()
            .prefix(".")
            .suffix(".tmp")
            .permissions(std::fs::Permissions::from_mode(0o755))
            .tempdir_in(folder_of(path))
            .map_err(failed(path))?;
        Ok(Self { folder, path: path.to_path_buf() })
    }

    /// Where its files are written until it is finished.
    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Makes a file in it, and the folders above the file.
    pub(crate) fn file(&self, path: &str) -> Result<File, Error> {
        let full = self.folder.path().join(path);
        std::fs::create_dir_all(folder_of(&full)).map_err(failed(&self.path))?;
        File::create_new(&full).map_err(failed(&self.path))
    }

    /// Writes a file of it.
    pub(crate) fn write(&self, path: &str, bytes: &[u8]) -> Result<(), Error> {
        let mut file = self.file(path)?;
        file.write_all(bytes).and_then(|()| file.sync_all()).map_err(failed(&self.path))
    }

    /// Lets it appear, unless something has appeared there in the meantime.
    pub(crate) fn finish(self) -> Result<(), Error> {
        let made = self.folder.path();
        rustix::fs::renameat_with(CWD, made, CWD, &self.path, RenameFlags::NOREPLACE)
            .map_err(|refused| failed(&self.path)(refused.into()))?;
        // It is not there any more under its first name; there is nothing to remove.
        drop(self.folder.keep());
        Ok(durable::sync_folder(&self.path)?)
    }
}

fn failed(path: &Path) -> impl Fn(io::Error) -> Error {
    let path = path.to_path_buf();
    move |source| {
        if source.kind() == io::ErrorKind::AlreadyExists {
            Error::IsThere { path: path.clone() }
        } else {
            Error::Output { path: path.clone(), source }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn evidence_is_told_by_what_is_in_it() {
        let root = tempfile::tempdir().unwrap();
        let page = root.path().join("page.html");
        let refused = || refuse_inside_evidence(&page, root.path()).is_err();
        assert!(!refused());
        std::fs::write(root.path().join(RECORDS), "").unwrap();
        assert!(!refused());
        std::fs::write(root.path().join(RECORDS), "{}\n").unwrap();
        assert!(refused());
    }
}
