//! Replacing a file by rename, so that no reader sees half of it and no other writer's save is lost.

mod copy;
mod leftover;
mod writers;

use std::fs::{File, Metadata, OpenOptions, Permissions};
use std::io::{self, Write};
use std::ops::Range;
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt, PermissionsExt, fchown};
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use rustix::fs::{CWD, RenameFlags, renameat_with};
use rustix::io::Errno;
use tempfile::NamedTempFile;

use crate::error::{Error, Still};
use crate::lock::{Lock, NO_FOLLOW, open_error};
use crate::write::{folder_of, sync_folder};
use copy::{bytes_of, copy, in_order, is_same, keep_lengths, overwrite, write_edited, write_first};
pub use leftover::set_aside;
pub use writers::Writer;

/// How long to wait for a program that has the file open for writing.
const WRITING: Duration = Duration::from_secs(3);

/// For how long a file that became shorter must stay as it is.
const RESTING: Duration = Duration::from_millis(100);

/// How often a file that someone else keeps saving is tried again.
const ATTEMPTS: u32 = 16;

/// Bytes of stack for a thread that closes a file or looks at others.
const STACK: usize = 64 * 1024;

/// What to do with the file.
#[derive(Debug)]
pub enum Change {
    /// Leave it as it is.
    Keep,
    /// Copy it with these edits, in order of their ranges and not overlapping, and this tail after its end.
    Edit {
        /// Byte ranges of the old file and what stands in their place.
        edits: Vec<Edit>,
        /// What is added after the last old byte.
        append: Vec<u8>,
    },
}

/// New bytes for a range of the old file; an empty range inserts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// Byte offsets in the old file.
    pub range: Range<u64>,
    /// What stands there afterwards.
    pub bytes: Vec<u8>,
}

/// The file as it was read under the lock.
#[derive(Debug)]
pub struct Snapshot {
    found: Option<Found>,
    /// A copy of a file that was saved a moment ago, so that a save in the meantime, which may leave its time as it is,
    /// changes nothing of what is seen here and is found byte by byte.
    copy: Option<NamedTempFile>,
}

#[derive(Debug)]
struct Found {
    file: File,
    before: Metadata,
}

/// A new file that is not in its place yet.
struct New {
    file: NamedTempFile,
    /// The old bytes of the edited ranges, where the old file is to be compared with the new one.
    seen: Option<Vec<Vec<u8>>>,
}

/// What [`replace`] did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Replaced {
    /// The caller asked for no change.
    Kept,
    /// The new content is at the path and on disk.
    Written,
}

impl Snapshot {
    /// The open file, read from wherever the caller likes; none when there is no file yet.
    pub fn file(&self) -> Option<&File> {
        let found = self.found.as_ref().map(|found| &found.file);
        self.copy.as_ref().map(NamedTempFile::as_file).or(found)
    }

    /// Bytes in the file; 0 when there is none.
    pub fn length(&self) -> u64 {
        self.found.as_ref().map_or(0, |found| found.before.len())
    }

    /// The whole content. Of a large file, better read parts of [`Snapshot::file`] instead.
    pub fn read(&self) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; usize::try_from(self.length()).map_err(io::Error::other)?];
        if let Some(file) = self.file() {
            file.read_exact_at(&mut bytes, 0)?;
        }
        Ok(bytes)
    }
}

/// Replaces the file by what `decide` makes of it.
///
/// Under a lock beside the file (waited for at most `wait`), `decide` sees the file and answers the edits. The rest
/// is copied inside the kernel, so a file of any size costs one copy and little memory. If someone who does not
/// take the lock, such as an editor, saves meanwhile, their save is put back and `decide` is asked again with it.
/// A file that does not exist is made, with mode 0644; an existing one keeps its mode and, where we may, its owner.
/// What a writer that was killed left half written is removed by the next.
pub fn replace<E: From<Error>>(
    path: &Path,
    wait: Duration,
    mut decide: impl FnMut(&Snapshot) -> Result<Change, E>,
) -> Result<Replaced, E> {
    let lock = Lock::beside(path, wait)?;
    let locked =
        lock.metadata().map_err(Error::io("look at the lock of", path, Still::Untouched))?;
    leftover::sweep(path);
    let mut length = 0;
    for _ in 0..ATTEMPTS {
        if !await_rest(path, length) {
            break;
        }
        let (decided, writer) = beside_a_look(path, || {
            let (snapshot, failed) = take(path, &locked)?;
            let is_emptied = snapshot.length() == 0 && length > 0;
            let change = (!is_emptied).then(|| decide(&snapshot));
            Ok::<_, E>((change, snapshot, failed))
        });
        let (change, mut snapshot, failed) = decided?;
        let Some(change) = change else { continue };
        length = snapshot.length();
        let (edits, append) = match change {
            Ok(Change::Keep) => return Ok(Replaced::Kept),
            Ok(Change::Edit { edits, append }) => (edits, append),
            // What does not suit a file that is another by now, or could not be read to its end, may suit this one.
            Err(_) if has_changed(path, snapshot.found.as_ref()) => continue,
            Err(refused) => return Err(refused),
        };
        if let Some(writer) = writer {
            wait_for(path, writer, wait.min(WRITING))?;
            continue;
        }
        if let Some(failed) = failed {
            return Err(failed.into());
        }
        let new = write_beside(path, &mut snapshot, &edits, &append);
        if has_changed(path, snapshot.found.as_ref()) {
            continue;
        }
        let is_written = match snapshot.found {
            Some(found) => exchange(path, new?, found, &edits)?,
            None => create(path, new?.file)?,
        };
        if is_written {
            return Ok(Replaced::Written);
        }
    }
    Err(Error::KeepsChanging { path: path.to_path_buf(), attempts: ATTEMPTS }.into())
}

/// Does something, and looks meanwhile who has the file open for writing: that takes as long as to read a small file.
fn beside_a_look<A>(path: &Path, work: impl FnOnce() -> A) -> (A, Option<Writer>) {
    thread::scope(|scope| {
        let looking = thread::Builder::new().stack_size(STACK);
        let looking = looking.spawn_scoped(scope, || writers::of(path));
        let done = work();
        let writer = match looking {
            Ok(looking) => looking.join().unwrap_or_else(|panicked| resume_unwind(panicked)),
            // Where no thread can be had, one comes after the other.
            Err(_) => writers::of(path),
        };
        (done, writer)
    })
}

/// Waits for who saves a file by emptying and writing it: one that has become shorter than it was in the round before
/// is left alone until it rests, with text in it. Answers whether it does before [`WRITING`] is over.
fn await_rest(path: &Path, length: u64) -> bool {
    let started = Instant::now();
    let mut last = None;
    while let Ok(found) = std::fs::symlink_metadata(path)
        && found.len() < length
        && (found.len() == 0 || last != Some(stamp(&found)))
    {
        if started.elapsed() > WRITING {
            return false;
        }
        last = Some(stamp(&found));
        thread::sleep(RESTING);
    }
    true
}

/// Waits until nobody has the file open for writing.
fn wait_for(path: &Path, mut writer: Writer, wait: Duration) -> Result<(), Error> {
    let started = Instant::now();
    while started.elapsed() < wait {
        thread::sleep(Duration::from_millis(20));
        match writers::of(path) {
            Some(still) => writer = still,
            None => return Ok(()),
        }
    }
    Err(Error::InUse { path: path.to_path_buf(), writer, waited: wait })
}

/// Opens the file, and copies it where its time would not tell of every change; why it could not be copied comes
/// beside it, as not every caller writes.
fn take(path: &Path, locked: &Metadata) -> Result<(Snapshot, Option<Error>), Error> {
    let file = match OpenOptions::new().read(true).custom_flags(NO_FOLLOW).open(path) {
        Ok(file) => file,
        Err(missing) if missing.kind() == io::ErrorKind::NotFound => {
            return Ok((Snapshot { found: None, copy: None }, None));
        }
        Err(refused) => return Err(open_error(path)(refused)),
    };
    let before = file.metadata().map_err(Error::io("look at", path, Still::Untouched))?;
    if !before.is_file() {
        return Err(Error::NotAFile { path: path.to_path_buf() });
    }
    let (mut whole, mut failed) = (None, None);
    if !is_settled(&before, locked) {
        let copied = temporary(path).and_then(|mut new| {
            copy(&file, 0, before.len(), new.as_file_mut())?;
            Ok(new)
        });
        match copied {
            Ok(new) => whole = Some(new),
            Err(error) => failed = Some(Error::io("write beside", path, Still::Untouched)(error)),
        }
    }
    Ok((Snapshot { found: Some(Found { file, before }), copy: whole }, failed))
}

/// Whether the path has another file by now, or the file was touched in any way since it was opened. A save that puts
/// length and modification time back cannot put back the time of the last change of either.
fn has_changed(path: &Path, found: Option<&Found>) -> bool {
    let now = std::fs::symlink_metadata(path);
    match (found, now) {
        (Some(Found { before, .. }), Ok(now)) => {
            stamp(&now) != stamp(before)
                || (now.ctime(), now.ctime_nsec()) != (before.ctime(), before.ctime_nsec())
        }
        (None, Err(missing)) => missing.kind() != io::ErrorKind::NotFound,
        (Some(_), Err(_)) | (None, Ok(_)) => true,
    }
}

fn temporary(path: &Path) -> io::Result<NamedTempFile> {
    tempfile::Builder::new()
        .prefix(&leftover::prefix(path))
        .suffix(leftover::SUFFIX)
        .tempfile_in(folder_of(path))
}

/// Writes the new content to a temporary file in the same folder and syncs it.
fn write_beside(
    path: &Path,
    snapshot: &mut Snapshot,
    edits: &[Edit],
    append: &[u8],
) -> Result<New, Error> {
    let failed = |doing| Error::io(doing, path, Still::Untouched);
    if !in_order(edits, snapshot.length()) {
        return Err(Error::BadEdit { path: path.to_path_buf() });
    }
    let New { file: mut new, seen } =
        edited(path, snapshot, edits).map_err(failed("write beside"))?;
    new.write_all(append).map_err(failed("write beside"))?;
    let mut mode = 0o644;
    if let Some(Found { before, .. }) = &snapshot.found {
        mode = before.mode() & 0o7777;
        let written = new.as_file().metadata().map_err(failed("look beside"))?;
        if (written.uid(), written.gid()) != (before.uid(), before.gid()) {
            drop(fchown(new.as_file(), Some(before.uid()), Some(before.gid())));
        }
    }
    new.as_file()
        .set_permissions(Permissions::from_mode(mode))
        .map_err(failed("set the mode beside"))?;
    new.as_file().sync_all().map_err(failed("sync beside"))?;
    Ok(New { file: new, seen })
}

/// The old content with the edits, which are in order, as a temporary file that is written at its end.
fn edited(path: &Path, snapshot: &mut Snapshot, edits: &[Edit]) -> io::Result<New> {
    let copy = snapshot.copy.take();
    let seen = copy.as_ref().map(|copy| bytes_of(copy.as_file(), edits)).transpose()?;
    if let Some(copy) = copy {
        if keep_lengths(edits) {
            overwrite(copy.as_file(), edits)?;
            return Ok(New { file: copy, seen });
        }
        let mut new = temporary(path)?;
        write_edited(copy.as_file(), snapshot.length(), edits, new.as_file_mut())?;
        return Ok(New { file: new, seen });
    }
    let mut new = temporary(path)?;
    match snapshot.file() {
        Some(old) => write_edited(old, snapshot.length(), edits, new.as_file_mut())?,
        None => write_first(edits, new.as_file_mut())?,
    }
    Ok(New { file: new, seen })
}

/// Puts the new file at a path where nothing was; answers whether still nothing was there.
fn create(path: &Path, new: NamedTempFile) -> Result<bool, Error> {
    match new.persist_noclobber(path) {
        Ok(_) => sync_folder(path).map(|()| true),
        Err(taken) if taken.error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(refused) => Err(Error::io("create", path, Still::Untouched)(refused.error)),
    }
}

/// Swaps the new file in and looks at what came out; answers whether that was the file we had read, else it is put back.
fn exchange(
    path: &Path,
    New { file: new, seen }: New,
    found: Found,
    edits: &[Edit],
) -> Result<bool, Error> {
    let ours =
        new.as_file().metadata().map_err(Error::io("look beside", path, Still::Untouched))?;
    let new =
        leftover::set_apart(new).map_err(Error::io("rename beside", path, Still::Untouched))?;
    match renameat_with(CWD, new.path(), CWD, path, RenameFlags::EXCHANGE) {
        Ok(()) => {}
        Err(Errno::NOENT) => return Ok(false),
        Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => {
            return rename_over(path, new, &found);
        }
        Err(refused) => return Err(Error::io("replace", path, Still::Untouched)(refused.into())),
    }
    let is_read = is_what_we_read(new.path(), &found, new.as_file(), edits, seen.as_deref());
    // The new file is the one at the path by now: who saved that has the edits too, and nothing is to be put back.
    let is_read = is_read.and_then(|is_read| {
        Ok(is_read
            || stamp(&std::fs::symlink_metadata(new.path())?) == stamp(&found.before)
                && stamp(&new.as_file().metadata()?) != stamp(&ours))
    });
    match is_read {
        Ok(true) => {
            drop(new);
            sync_and_free(path, found.file).map(|()| true)
        }
        Ok(false) => put_back(path, new, &ours).map(|()| false),
        Err(unreadable) => Err(leave_aside(path, new, unreadable)),
    }
}

/// Makes the new file's name durable, and frees the old file meanwhile: a file system that gives freed blocks back to
/// the device at once takes as long for that as for the sync.
fn sync_and_free(path: &Path, old: File) -> Result<(), Error> {
    thread::scope(|scope| {
        // Where no thread can be had, the file is closed at once.
        let freeing = thread::Builder::new().stack_size(STACK);
        drop(freeing.spawn_scoped(scope, move || drop(old)));
        sync_folder(path)
    })
}

/// Without an exchange (some network and overlay file systems) a save between this look and the rename is lost;
/// the window is a few microseconds.
fn rename_over(path: &Path, new: NamedTempFile, found: &Found) -> Result<bool, Error> {
    if has_changed(path, Some(found)) {
        return Ok(false);
    }
    new.persist(path)
        .map_err(|refused| Error::io("replace", path, Still::Untouched)(refused.error))?;
    sync_folder(path).map(|()| true)
}

/// Whether the file that was swapped out is the one we read, unchanged. A modification time that is well before
/// the moment we took the lock settles it; a save within the clock's granularity is found by comparing bytes.
fn is_what_we_read(
    swapped: &Path,
    found: &Found,
    new: &File,
    edits: &[Edit],
    seen: Option<&[Vec<u8>]>,
) -> io::Result<bool> {
    let now = std::fs::symlink_metadata(swapped)?;
    if stamp(&now) != stamp(&found.before) {
        return Ok(false);
    }
    match seen {
        Some(seen) => is_same(&found.file, found.before.len(), new, edits, seen),
        None => Ok(true),
    }
}

/// Whether a file was last saved so long before the lock was taken that any later save has another time. Kernels
/// step a file system's clock every 10 ms at most; where the times show whole milliseconds only, the file system
/// itself may be as coarse as 2 s.
fn is_settled(before: &Metadata, locked: &Metadata) -> bool {
    let nanoseconds = |found: &Metadata| {
        i128::from(found.mtime()) * 1_000_000_000 + i128::from(found.mtime_nsec())
    };
    let is_fine = [before, locked].iter().all(|found| found.mtime_nsec() % 1_000_000 != 0);
    let step = if is_fine { 30_000_000 } else { 3_000_000_000 };
    nanoseconds(locked) - nanoseconds(before) > step
}

/// Brings another's save back to the path. If yet another save landed on top of our file in that moment, the
/// newest stays at the path.
fn put_back(path: &Path, new: NamedTempFile, ours: &Metadata) -> Result<(), Error> {
    for _ in 0..ATTEMPTS {
        if let Err(refused) = renameat_with(CWD, new.path(), CWD, path, RenameFlags::EXCHANGE) {
            return Err(leave_aside(path, new, refused.into()));
        }
        let out = std::fs::symlink_metadata(new.path()).map_err(Error::io(
            "look beside",
            path,
            Still::Untouched,
        ))?;
        if stamp(&out) == stamp(ours) {
            return Ok(());
        }
    }
    Err(leave_aside(path, new, io::Error::other("the file is being saved again and again")))
}

fn leave_aside(path: &Path, new: NamedTempFile, source: io::Error) -> Error {
    let aside: PathBuf = new.path().to_path_buf();
    match new.keep() {
        Ok(_) => Error::LeftAside { path: path.to_path_buf(), aside, source },
        Err(failed) => Error::io("keep a file beside", path, Still::Unsynced)(failed.error),
    }
}

fn stamp(found: &Metadata) -> (u64, u64, u64, i64, i64) {
    (found.dev(), found.ino(), found.len(), found.mtime(), found.mtime_nsec())
}

#[cfg(test)]
mod tests;
