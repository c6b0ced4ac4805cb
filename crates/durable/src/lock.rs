//! An advisory lock with a deadline, which leaves no file behind.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::error::{Error, Still};

/// The right to change one file, held until it is dropped.
///
/// The lock is `flock` on a file of its own, so the kernel frees it when the holder dies. The file is removed on
/// release; whoever then gets a lock on the removed file sees that the path leads elsewhere and tries again.
#[derive(Debug)]
pub struct Lock {
    file: File,
    path: PathBuf,
}

impl Lock {
    /// Takes the lock that guards `target`: `.NAME.lock` in the same folder. Fails with [`Error::Busy`] when
    /// somebody else holds it for longer than `wait`.
    pub fn beside(target: &Path, wait: Duration) -> Result<Self, Error> {
        let mut name = std::ffi::OsString::from(".");
        name.push(target.file_name().unwrap_or_default());
        name.push(".lock");
        Self::at(&target.with_file_name(name), wait)
    }

    /// Takes the lock file at `path`, making it if it is not there.
    pub fn at(path: &Path, wait: Duration) -> Result<Self, Error> {
        let started = Instant::now();
        loop {
            let file = open(path).map_err(open_error(path))?;
            lock_within(&file, path, wait.saturating_sub(started.elapsed()))?;
            if !leads_to(path, &file) {
                continue;
            }
            let mut lock = Self { file, path: path.to_path_buf() };
            lock.sign();
            return Ok(lock);
        }
    }

    /// What the file system says of the lock file: its time is that of the folder's own clock when we took it.
    pub(crate) fn metadata(&self) -> io::Result<std::fs::Metadata> {
        self.file.metadata()
    }

    /// Leaves our process id in the lock for whoever has to wait; a failure costs only that courtesy.
    fn sign(&mut self) {
        let written =
            self.file.set_len(0).and_then(|()| writeln!(self.file, "{}", std::process::id()));
        drop(written);
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        drop(std::fs::remove_file(&self.path));
        drop(self.file.unlock());
    }
}

/// Opens the lock file. Another user's can be locked by who may read it: a writer that was killed must not keep
/// everybody else out, and one at work is waited for.
fn open(path: &Path) -> io::Result<File> {
    let mut read = OpenOptions::new();
    read.read(true).custom_flags(NO_FOLLOW);
    let mut write = read.clone();
    match write.write(true).create(true).truncate(false).mode(0o644).open(path) {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            read.open(path).map_err(|_| error)
        }
        other => other,
    }
}

/// `O_NOFOLLOW`: a symbolic link at the path is an error, not a way elsewhere.
pub(crate) const NO_FOLLOW: i32 = rustix::fs::OFlags::NOFOLLOW.bits().cast_signed();

/// Waits for the lock on an open file, at most `wait`; says how long, which is no time where nobody held it.
pub(crate) fn lock_within(file: &File, path: &Path, wait: Duration) -> Result<Duration, Error> {
    let started = Instant::now();
    let mut pause = Duration::from_micros(200);
    let mut waited = Duration::ZERO;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(waited),
            Err(TryLockError::Error(source)) => {
                return Err(Error::io("lock", path, Still::Untouched)(source));
            }
            Err(TryLockError::WouldBlock) if started.elapsed() >= wait => {
                return Err(Error::Busy {
                    path: path.to_path_buf(),
                    holder: holder(file),
                    waited: wait,
                });
            }
            Err(TryLockError::WouldBlock) => {
                sleep(pause.min(wait.saturating_sub(started.elapsed())));
                pause = (pause * 2).min(Duration::from_millis(20));
                waited = started.elapsed();
            }
        }
    }
}

/// Whether the path still names this open file.
pub(crate) fn leads_to(path: &Path, file: &File) -> bool {
    let (Ok(at_path), Ok(open)) = (std::fs::symlink_metadata(path), file.metadata()) else {
        return false;
    };
    (at_path.dev(), at_path.ino()) == (open.dev(), open.ino())
}

/// Names a symbolic link as such; every other refusal to open is passed on.
pub(crate) fn open_error(path: &Path) -> impl FnOnce(io::Error) -> Error {
    let path = path.to_path_buf();
    move |source| {
        if std::fs::symlink_metadata(&path).is_ok_and(|found| found.file_type().is_symlink()) {
            Error::Symlink { path }
        } else {
            Error::io("open", &path, Still::Untouched)(source)
        }
    }
}

fn holder(mut file: &File) -> Option<u32> {
    let mut text = String::new();
    file.seek(SeekFrom::Start(0)).ok()?;
    file.take(20).read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_held_lock_is_busy_and_names_its_holder() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("log.md");
        let held = Lock::beside(&target, Duration::ZERO).unwrap();
        match Lock::beside(&target, Duration::from_millis(5)) {
            Err(Error::Busy { holder, .. }) => assert_eq!(holder, Some(std::process::id())),
            other => panic!("expected busy, got {other:?}"),
        }
        drop(held);
        drop(Lock::beside(&target, Duration::ZERO).unwrap());
        assert_eq!(
            std::fs::read_dir(folder.path()).unwrap().count(),
            0,
            "a released lock leaves no file"
        );
    }

    #[test]
    fn only_one_of_many_holds_it() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("counter");
        std::fs::write(&target, "0").unwrap();
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..25 {
                        let _held = Lock::beside(&target, Duration::from_mins(1)).unwrap();
                        let count: u32 = std::fs::read_to_string(&target).unwrap().parse().unwrap();
                        std::fs::write(&target, (count + 1).to_string()).unwrap();
                    }
                });
            }
        });
        assert_eq!(std::fs::read_to_string(&target).unwrap(), "200");
    }

    #[test]
    fn who_may_read_a_lock_may_take_it() {
        use std::os::unix::fs::PermissionsExt;

        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        let lock = Lock::at(&path, Duration::ZERO).unwrap();
        assert_eq!(lock.metadata().unwrap().permissions().mode() & 0o444, 0o444);
        drop(lock);
        // What a killed writer of another user leaves: no flag to write, and still a lock.
        std::fs::write(&path, "1\n").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o444)).unwrap();
        drop(Lock::at(&path, Duration::ZERO).unwrap());
        assert!(!path.exists());
    }

    #[test]
    fn a_link_in_the_locks_place_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let elsewhere = folder.path().join("elsewhere");
        std::os::unix::fs::symlink(&elsewhere, folder.path().join(".log.lock")).unwrap();
        let refused = Lock::beside(&folder.path().join("log"), Duration::ZERO);
        assert!(matches!(refused, Err(Error::Symlink { .. })), "{refused:?}");
        assert!(!elsewhere.exists());
    }
}
