//! Who has a file open for writing, as far as `/proc` shows it: what they write later would go into a file without a
//! name, once the file at the path is another one.
//!
//! Processes of other users are seen by root alone, and those of other containers by nobody; nor is one that opens the
//! file between the look and the exchange, a few milliseconds later.

use std::ffi::CStr;
use std::fmt;
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use rustix::fs::{AtFlags, CWD, Mode, OFlags, RawDir, openat, readlinkat_raw, stat, statat};

/// Another process that may write to a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Writer {
    /// Its id.
    pub process: u32,
    /// What it runs, as `tee`; empty where that is not to be seen.
    pub program: String,
}

/// The first other process that has this file open for writing.
pub(super) fn of(path: &Path) -> Option<Writer> {
    let own = std::process::id();
    let name = path.file_name()?.as_bytes();
    let file = stat(path).ok()?;
    let proc = folder(CWD, c"/proc")?;
    let mut buffer = [MaybeUninit::uninit(); 8192];
    let mut processes = RawDir::new(&proc, &mut buffer);
    while let Some(Ok(entry)) = processes.next() {
        let Some(process) = number(entry.file_name()).filter(|process| *process != own) else {
            continue;
        };
        let Some(open) = folder(&proc, format!("{process}/fd").as_str()) else { continue };
        let mut buffer = [MaybeUninit::uninit(); 8192];
        let mut files = RawDir::new(&open, &mut buffer);
        while let Some(Ok(entry)) = files.next() {
            let mut link = [MaybeUninit::uninit(); 4096];
            // The name is looked at before the file itself, which may lie where nobody answers.
            let is_named =
                readlinkat_raw(&open, entry.file_name(), &mut link).is_ok_and(|(link, _)| {
                    link.strip_suffix(name).is_some_and(|to| to.ends_with(b"/"))
                });
            if is_named && is_writable(&open, entry.file_name(), &file) {
                let program = std::fs::read_to_string(format!("/proc/{process}/comm"));
                let program = program.unwrap_or_default().trim_end().to_owned();
                return Some(Writer { process, program });
            }
        }
    }
    None
}

fn folder(at: impl std::os::fd::AsFd, path: impl rustix::path::Arg) -> Option<OwnedFd> {
    openat(at, path, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty()).ok()
}

fn number(name: &CStr) -> Option<u32> {
    let digits = name.to_str().ok()?;
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?
}

/// Whether an open file is this one, and open for writing: the link's own mode says so.
fn is_writable(open: &OwnedFd, name: &CStr, file: &rustix::fs::Stat) -> bool {
    let is_same = statat(open, name, AtFlags::empty())
        .is_ok_and(|found| (found.st_dev, found.st_ino) == (file.st_dev, file.st_ino));
    is_same
        && statat(open, name, AtFlags::SYMLINK_NOFOLLOW)
            .is_ok_and(|link| Mode::from_raw_mode(link.st_mode).contains(Mode::WUSR))
}

impl fmt::Display for Writer {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.program.is_empty() {
            write!(out, "`{}`, ", self.program)?;
        }
        write!(out, "process {}", self.process)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_others_that_may_write_are_writers() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log.md");
        std::fs::write(&path, "x").unwrap();
        let _own = std::fs::File::options().append(true).open(&path).unwrap();
        assert_eq!(of(&path), None);
        assert_eq!(of(&folder.path().join("missing")), None);
    }
}
