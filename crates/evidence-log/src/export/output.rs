//! Where an export goes: a new file or a new folder, whole or not at all.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, RenameFlags};
use tempfile::{NamedTempFile, TempDir};

use crate::error::Error;

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
            .tempfile_in(parent(path))
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
            .tempdir_in(parent(path))
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
        std::fs::create_dir_all(parent(&full)).map_err(failed(&self.path))?;
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

fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
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
