//! The files of a bundle's folder, and their digests, many at once.

use std::cmp::Ordering;
use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::panic::resume_unwind;
use std::path::{Component, Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{self, AtomicUsize};
use std::thread::{self, ScopedJoinHandle};

use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, RawDir, Stat, fstat, openat, statat};
use rustix::io::Errno;

use crate::digest::{Digest, Hasher};
use crate::error::Error;
use crate::record::FileEntry;

/// The size of one read; larger buffers gain nothing.
const BUFFER: usize = 64 * 1024;
/// Files that one thread takes at a time.
const FILES_A_BATCH: usize = 16;

/// What lies in a folder and is not a folder.
#[derive(Default)]
struct Paths {
    /// With `/`, sorted by their bytes.
    named: Vec<String>,
    /// What no record can name: files and folders whose names are not UTF-8, as they are.
    unnameable: Vec<PathBuf>,
    /// Folders with nothing in them, which no manifest can list.
    empty: Vec<String>,
}

/// The paths of everything in the folder that is not a folder, with `/`, sorted by their bytes. Fails where one is not
/// UTF-8.
pub(crate) fn files(folder: &Path) -> Result<Vec<String>, Error> {
    let Paths { named, unnameable, empty: _ } = paths(folder)?;
    match unnameable.into_iter().next() {
        Some(path) => Err(Error::Name { path }),
        None => Ok(named),
    }
}

/// The folders below this one that have nothing in them.
pub(crate) fn empty_folders(folder: &Path) -> Result<Vec<String>, Error> {
    Ok(paths(folder)?.empty)
}

fn paths(folder: &Path) -> Result<Paths, Error> {
    let mut paths = Paths::default();
    collect(folder, "", &mut Vec::with_capacity(BUFFER), &mut paths)?;
    paths.named.sort_unstable();
    paths.unnameable.sort_unstable();
    paths.empty.sort_unstable();
    Ok(paths)
}

/// Adds what is in the folder; `prefix` ends in `/` where there is one. Nothing is allocated for a file but its path:
/// who hashes thousands waits for this.
fn collect(
    folder: &Path,
    prefix: &str,
    buffer: &mut Vec<u8>,
    paths: &mut Paths,
) -> Result<(), Error> {
    let opened = open_folder(folder).map_err(Error::read(folder))?;
    let (mut below, mut is_empty) = (Vec::new(), true);
    let mut entries = RawDir::new(&opened, buffer.spare_capacity_mut());
    while let Some(entry) = entries.next() {
        let entry = entry.map_err(|failed| Error::read(folder)(failed.into()))?;
        let name = entry.file_name();
        if matches!(name.to_bytes(), b"." | b"..") {
            continue;
        }
        is_empty = false;
        let place = || folder.join(OsStr::from_bytes(name.to_bytes()));
        let Ok(text) = name.to_str() else {
            paths.unnameable.push(place());
            continue;
        };
        let kind = match entry.file_type() {
            // Some file systems do not say.
            FileType::Unknown => statat(&opened, name, AtFlags::SYMLINK_NOFOLLOW)
                .map(|found| FileType::from_raw_mode(found.st_mode))
                .map_err(|failed| Error::read(&place())(failed.into()))?,
            known => known,
        };
        let mut path = String::with_capacity(prefix.len() + text.len() + 1);
        path.push_str(prefix);
        path.push_str(text);
        if kind.is_dir() {
            path.push('/');
            below.push((place(), path));
        } else {
            paths.named.push(path);
        }
    }
    if is_empty {
        paths.empty.extend(prefix.strip_suffix('/').map(str::to_owned));
    }
    below.into_iter().try_for_each(|(folder, prefix)| collect(&folder, &prefix, buffer, paths))
}

/// The digest and size of a file, or why it has none.
pub(crate) type Hashed = io::Result<(Digest, u64)>;

/// Everything in a folder that is not a folder, sorted by path, each with its digest if that was wanted.
pub(crate) struct Listed {
    /// The paths, with `/`.
    pub(crate) paths: Vec<String>,
    /// Files and folders that no record can name, as their names are not UTF-8.
    pub(crate) unnameable: Vec<PathBuf>,
    /// Folders with nothing in them.
    pub(crate) empty: Vec<String>,
    found: Vec<Option<Hashed>>,
}

impl Listed {
    /// The digest and size of the file at this path; none where there is no such file, or where it was not wanted.
    pub(crate) fn get(&self, path: &str) -> Option<&Hashed> {
        self.at(self.position(path, &mut 0)?)
    }

    /// The same for the file at this place among the paths.
    pub(crate) fn at(&self, position: usize) -> Option<&Hashed> {
        self.found.get(position)?.as_ref()
    }

    /// The first file that is one and could not be read, and why.
    pub(crate) fn unreadable(&mut self) -> Option<(&str, io::Error)> {
        let is_unreadable =
            |failed: &io::Error| !is_irregular(failed) && failed.kind() != io::ErrorKind::NotFound;
        let at = self.found.iter().position(|found| {
            found.as_ref().is_some_and(|found| found.as_ref().is_err_and(is_unreadable))
        })?;
        Some((&self.paths[at], self.found[at].take()?.err()?))
    }

    /// Where among the paths this one is; see [`seek`].
    pub(crate) fn position(&self, path: &str, next: &mut usize) -> Option<usize> {
        seek(&self.paths, next, |known| known.as_str().cmp(path))
    }

    /// The digests and sizes that were wanted.
    pub(crate) fn hashed(&self) -> impl Iterator<Item = &Hashed> {
        self.found.iter().flatten()
    }

    /// The same with their paths.
    pub(crate) fn into_hashed(self) -> impl Iterator<Item = (String, Hashed)> {
        self.paths.into_iter().zip(self.found).filter_map(|(path, found)| Some((path, found?)))
    }
}

/// Looks for an item in a sorted list, first behind the one that was found last: what is asked for is most often in
/// order too.
pub(crate) fn seek<T>(
    list: &[T],
    next: &mut usize,
    compare: impl Fn(&T) -> Ordering,
) -> Option<usize> {
    let is_next = list.get(*next).is_some_and(|item| compare(item).is_eq());
    let found = if is_next { *next } else { list.binary_search_by(compare).ok()? };
    *next = found + 1;
    Some(found)
}

/// Lists a folder and hashes those of its files that are `wanted`, on all processors, while this thread does `first`
/// before it takes part. Where that fails the rest is left. Of `many` files the listing is not waited for either.
pub(crate) fn list_beside<T, E: From<Error>>(
    folder: &Path,
    many: bool,
    wanted: impl Fn(&str) -> bool + Sync,
    first: impl FnOnce() -> Result<T, E>,
) -> Result<(Listed, T), E> {
    let listed = OnceLock::new();
    if !many {
        let _ = listed.set(Ok(paths(folder)?));
    }
    let opened = open_folder(folder).map_err(Error::read(folder))?;
    let next = AtomicUsize::new(0);
    let work = || {
        let (mut buffers, mut done) = ([vec![0; BUFFER], vec![0; BUFFER]], Vec::new());
        let paths = match listed.wait() {
            Ok(paths) => paths.named.as_slice(),
            Err(_) => &[],
        };
        loop {
            let from = next.fetch_add(FILES_A_BATCH, atomic::Ordering::Relaxed);
            if from >= paths.len() {
                return done;
            }
            let batch = paths.iter().enumerate().skip(from).take(FILES_A_BATCH);
            let mut batch = batch.filter(|(_, path)| wanted(path));
            while let Some((n, path)) = batch.next() {
                let Some((other, other_path)) = batch.next() else {
                    done.push((n, hash(opened.as_fd(), Path::new(path), &mut buffers[0])));
                    break;
                };
                let both = [path, other_path].map(Path::new);
                let [hashed, other_hashed] = hash_pair(opened.as_fd(), both, &mut buffers);
                done.extend([(n, hashed), (other, other_hashed)]);
            }
        }
    };
    let n_others = match listed.get().and_then(|listed| listed.as_ref().ok()) {
        None => processors(),
        Some(paths) => processors().min(paths.named.len().div_ceil(FILES_A_BATCH)),
    };
    let (done, answer) = thread::scope(|scope| {
        if many {
            scope.spawn(|| listed.set(paths(folder)));
        }
        let others: Vec<_> = (1..n_others).map(|_| scope.spawn(work)).collect();
        let answer = first();
        if answer.is_err() {
            next.store(usize::MAX / 2, atomic::Ordering::Relaxed);
        }
        let mut done = work();
        let join = |other: ScopedJoinHandle<'_, _>| {
            other.join().unwrap_or_else(|panicked| resume_unwind(panicked))
        };
        done.extend(others.into_iter().flat_map(join));
        (done, answer)
    });
    let answer = answer?;
    let Paths { named: paths, unnameable, empty } =
        listed.into_inner().unwrap_or_else(|| Ok(Paths::default()))?;
    let mut found: Vec<Option<Hashed>> = paths.iter().map(|_| None).collect();
    for (n, hashed) in done {
        found[n] = Some(hashed);
    }
    Ok((Listed { paths, unnameable, empty, found }, answer))
}

fn processors() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

/// Hashes a regular file below a folder; a symbolic link or anything else is refused, so that a bundle cannot vouch
/// for bytes that lie outside it.
fn hash(folder: BorrowedFd<'_>, path: &Path, buffer: &mut [u8]) -> Hashed {
    begin(folder, path, buffer)?.finish(buffer)
}

/// The same for two files. Most are read whole at once, and then both are hashed together.
fn hash_pair(
    folder: BorrowedFd<'_>,
    paths: [&Path; 2],
    [buffer, other_buffer]: &mut [Vec<u8>; 2],
) -> [Hashed; 2] {
    match [begin(folder, paths[0], buffer), begin(folder, paths[1], other_buffer)] {
        [Ok(Begun::Whole(length)), Ok(Begun::Whole(other_length))] => {
            let digests = Digest::of_pair([&buffer[..length], &other_buffer[..other_length]]);
            [Ok((digests[0], length as u64)), Ok((digests[1], other_length as u64))]
        }
        [begun, other] => [
            begun.and_then(|begun| begun.finish(buffer)),
            other.and_then(|begun| begun.finish(other_buffer)),
        ],
    }
}

/// A file of which one buffer was read.
enum Begun {
    /// There is no more of it; so many bytes.
    Whole(usize),
    /// There may be more than these bytes.
    Part(File, usize),
}

fn begin(folder: BorrowedFd<'_>, path: &Path, buffer: &mut [u8]) -> io::Result<Begun> {
    let (file, found) = open_regular(folder, path, OFlags::NOFOLLOW)?;
    let n_read = (&file).read(buffer)?;
    let is_whole = u64::try_from(found.st_size) == Ok(n_read as u64);
    Ok(if is_whole { Begun::Whole(n_read) } else { Begun::Part(file, n_read) })
}

impl Begun {
    /// The digest of what was read, which is in the buffer, and of what follows.
    fn finish(self, buffer: &mut [u8]) -> Hashed {
        let (file, n_read) = match self {
            Self::Whole(length) => return Ok((Digest::of(&buffer[..length]), length as u64)),
            Self::Part(file, n_read) => (file, n_read),
        };
        let mut hasher = Hasher::default();
        hasher.update(&buffer[..n_read]);
        let mut bytes = n_read as u64;
        loop {
            match (&file).read(buffer) {
                Ok(0) => return Ok((hasher.finish(), bytes)),
                Ok(n_read) => {
                    hasher.update(&buffer[..n_read]);
                    bytes += n_read as u64;
                }
                Err(again) if again.kind() == io::ErrorKind::Interrupted => {}
                Err(failed) => return Err(failed),
            }
        }
    }
}

/// Opens a regular file. A symbolic link is refused where `links` says `NOFOLLOW`, and a pipe is refused and not waited
/// for, as is everything else that is no file.
fn open_regular(folder: BorrowedFd<'_>, path: &Path, links: OFlags) -> io::Result<(File, Stat)> {
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC | links;
    let refused = |why| io::Error::new(io::ErrorKind::InvalidInput, why);
    let file = match openat(folder, path, flags, Mode::empty()) {
        Ok(opened) => File::from(opened),
        Err(Errno::LOOP) => return Err(refused("it is a symbolic link, not a regular file")),
        Err(Errno::NXIO) => return Err(refused("it is not a regular file")),
        Err(failed) => return Err(failed.into()),
    };
    let found = fstat(&file)?;
    if !FileType::from_raw_mode(found.st_mode).is_file() {
        return Err(refused("it is not a regular file"));
    }
    Ok((file, found))
}

/// Opens a file of a bundle for reading; what is not a regular file is refused, see [`is_irregular`].
pub fn open_file(path: &Path) -> io::Result<File> {
    open_regular(CWD, path, OFlags::NOFOLLOW).map(|(file, _)| file)
}

/// All bytes of a file of a bundle, opened as by [`open_file`].
pub fn read_file(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open_file(path)?.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// All bytes of a file that an operator named, as that of a key: links are followed, and a pipe is refused and not
/// waited for.
pub(crate) fn read_named(path: &Path) -> io::Result<Vec<u8>> {
    let (file, _) = open_regular(CWD, path, OFlags::empty())?;
    let mut bytes = Vec::new();
    (&file).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Opens a file that a record or a manifest names, by its path in the bundle or with the bundle's folder before that.
/// No link on the way is followed, so that whoever wrote the name cannot lead the reader to other files; what is
/// refused is refused as by [`open_file`].
pub fn open_inside(folder: &Path, path: &Path) -> io::Result<File> {
    let refused = |why| io::Error::new(io::ErrorKind::InvalidInput, why);
    let mut names = Vec::new();
    for part in path.strip_prefix(folder).unwrap_or(path).components() {
        match part {
            Component::Normal(name) => names.push(name),
            _ => return Err(refused("its path leads out of the bundle")),
        }
    }
    let Some((name, above)) = names.split_last() else {
        return Err(refused("it is not a regular file"));
    };
    let mut opened = open_folder(folder)?;
    for name in above {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        opened = match openat(&opened, *name, flags, Mode::empty()) {
            Ok(opened) => opened,
            // A symbolic link is no folder either, where both are asked for.
            Err(Errno::LOOP | Errno::NOTDIR) => {
                return Err(refused("what it lies in is not a folder"));
            }
            Err(failed) => return Err(failed.into()),
        };
    }
    open_regular(opened.as_fd(), Path::new(name), OFlags::NOFOLLOW).map(|(file, _)| file)
}

/// All bytes of a file of a bundle, opened as by [`open_inside`].
pub fn read_inside(folder: &Path, path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open_inside(folder, path)?.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Whether a file was refused for what it is, and not because it could not be read.
pub(crate) fn is_irregular(failed: &io::Error) -> bool {
    failed.kind() == io::ErrorKind::InvalidInput
}

/// Opens a folder, to open files below it by their short paths.
fn open_folder(folder: &Path) -> io::Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    Ok(rustix::fs::open(folder, flags, Mode::empty())?)
}

/// A file of the bundle as records have it.
pub(crate) fn entry(folder: &Path, path: &Path, role: &str) -> Result<FileEntry, Error> {
    let inside = path.strip_prefix(folder).unwrap_or(path);
    let hashed =
        open_folder(folder).and_then(|opened| hash(opened.as_fd(), inside, &mut vec![0; BUFFER]));
    let (sha256, bytes) = hashed.map_err(Error::read(path))?;
    let name = inside.to_str().ok_or_else(|| Error::Name { path: path.to_path_buf() })?;
    Ok(FileEntry { path: name.to_owned(), role: role.to_owned(), bytes, sha256 })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn everything_that_is_no_folder_is_listed_by_its_bytes() {
        let root = tempfile::tempdir().unwrap();
        let at = |path: &str| root.path().join(path);
        std::fs::create_dir_all(at("b/deep/er")).unwrap();
        std::fs::create_dir_all(at("empty")).unwrap();
        let long = "x".repeat(255);
        for path in ["b/deep/er/z", "b.txt", "b/é", ".hidden", &format!("b/{long}"), "B"] {
            std::fs::write(at(path), "").unwrap();
        }
        symlink(at("empty"), at("to-a-folder")).unwrap();
        // More than one read of the folder gives.
        let many: Vec<String> = (0..3000).map(|n| format!("many/{n:04}-{}", &long[..60])).collect();
        std::fs::create_dir(at("many")).unwrap();
        for path in &many {
            std::fs::write(at(path), "").unwrap();
        }
        let mut expected =
            [".hidden", "B", "b.txt", "b/deep/er/z", &format!("b/{long}"), "b/é", "to-a-folder"]
                .map(str::to_owned)
                .to_vec();
        expected.splice(6..6, many);
        assert_eq!(files(root.path()).unwrap(), expected);
        std::fs::write(root.path().join("b").join(OsStr::from_bytes(b"\xff")), "").unwrap();
        assert!(
            matches!(files(root.path()), Err(Error::Name { path }) if path.parent() == Some(&at("b")))
        );
        assert!(matches!(files(&at("gone")), Err(Error::Read { .. })));
    }

    #[test]
    fn a_file_of_any_size_is_hashed_to_its_end() {
        let root = tempfile::tempdir().unwrap();
        let sizes = [0, 1, BUFFER - 1, BUFFER, BUFFER + 1, 3 * BUFFER];
        let content = |n: usize| vec![b'x'; sizes[n]];
        for n in 0..sizes.len() {
            std::fs::write(root.path().join(n.to_string()), content(n)).unwrap();
        }
        let expected: Vec<_> =
            (0..sizes.len()).map(|n| (Digest::of(&content(n)), sizes[n] as u64)).collect();
        for many in [false, true] {
            let first = || Ok::<_, Error>(());
            let (listed, ()) = list_beside(root.path(), many, |_| true, first).unwrap();
            let found: Vec<_> = listed.into_hashed().map(|(_, found)| found.unwrap()).collect();
            assert_eq!(found, expected);
        }
    }

    #[test]
    fn a_name_leads_nowhere_but_into_the_folder() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("bundle");
        std::fs::create_dir_all(folder.join("sub")).unwrap();
        for path in ["sub/in", "in", "../out"] {
            std::fs::write(folder.join(path), path).unwrap();
        }
        symlink(root.path(), folder.join("link")).unwrap();
        symlink(root.path().join("out"), folder.join("file")).unwrap();
        let read =
            |path: &str| read_inside(&folder, Path::new(path)).map_err(|failed| failed.kind());
        assert_eq!(read("in").unwrap(), b"in");
        assert_eq!(read("sub/in").unwrap(), b"sub/in");
        assert_eq!(read_inside(&folder, &folder.join("sub/in")).unwrap(), b"sub/in");
        let out = root.path().join("out");
        for path in ["", "sub", "../out", "sub/../../out", "link/out", "file", "in/x"] {
            assert_eq!(read(path), Err(io::ErrorKind::InvalidInput), "{path}");
        }
        assert_eq!(read(out.to_str().unwrap()), Err(io::ErrorKind::InvalidInput));
        assert_eq!(read("gone"), Err(io::ErrorKind::NotFound));
    }
}
