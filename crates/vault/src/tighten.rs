//! Taking away what others may do with a file or folder of the vault.

use std::ffi::OsStr;
use std::io;
use std::path::{Component, Path};

use rustix::fs::{CWD, Mode, OFlags};

/// Clears permission bits of a file or folder, by its path from the vault's root.
///
/// No link is followed on the way down, so what changes is what was looked at.
pub fn tighten(root: &Path, path: &str, forbidden: u32) -> io::Result<()> {
    let flags =
        OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC | OFlags::NOCTTY;
    let mut handle = rustix::fs::openat(CWD, root, flags, Mode::empty())?;
    for component in Path::new(path).components() {
        let Component::Normal(name) = component else {
            return Err(io::ErrorKind::InvalidInput.into());
        };
        let name: &OsStr = name;
        handle = rustix::fs::openat(&handle, name, flags, Mode::empty())?;
    }
    let mode = rustix::fs::fstat(&handle)?.st_mode & 0o7777;
    rustix::fs::fchmod(&handle, Mode::from_raw_mode(mode & !forbidden))?;
    Ok(())
}
