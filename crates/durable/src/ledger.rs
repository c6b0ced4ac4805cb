//! A file of lines that only grows: one locked, synced write a line, and a torn tail kept aside.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::error::{Error, Still};
use crate::lock::{NO_FOLLOW, leads_to, lock_within, open_error};
use crate::write::sync_folder;

/// An open, locked ledger whose tail is whole. The lock is on the file itself and ends when this is dropped.
#[derive(Debug)]
pub struct Ledger {
    file: File,
    path: PathBuf,
    length: u64,
    waited: Duration,
    torn: Option<Torn>,
}

/// The bytes after the last line break, which a writer that died or ran out of space left there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Torn {
    /// Where in the ledger they began.
    pub offset: u64,
    /// How many there were.
    pub bytes: u64,
    /// The file that keeps them, beside the ledger.
    pub kept: PathBuf,
}

impl Ledger {
    /// Opens the ledger, making it if it is not there, waits at most `wait` for the lock, and moves a torn tail to
    /// `NAME.torn-OFFSET` beside it. Symbolic links and anything but a regular file are refused.
    pub fn open(path: &Path, wait: Duration) -> Result<Self, Error> {
        let known = path.symlink_metadata().is_ok();
        let file = OpenOptions::new()
            .read(true)
            .append(true)
            .create(true)
            .mode(0o644)
            .custom_flags(NO_FOLLOW)
            .open(path)
            .map_err(open_error(path))?;
        let found = file.metadata().map_err(Error::io("look at", path, Still::Untouched))?;
        if !found.is_file() {
            return Err(Error::NotAFile { path: path.to_path_buf() });
        }
        let waited = lock_within(&file, path, wait)?;
        if !leads_to(path, &file) {
            let moved = io::Error::new(
                io::ErrorKind::NotFound,
                "it was moved or replaced while we waited for it",
            );
            return Err(Error::io("open", path, Still::Untouched)(moved));
        }
        if !known {
            sync_folder(path)?;
        }
        let length = file.metadata().map_err(Error::io("look at", path, Still::Untouched))?.len();
        let mut ledger = Self { file, path: path.to_path_buf(), length, waited, torn: None };
        ledger.put_torn_tail_aside()?;
        Ok(ledger)
    }

    /// Appends one line; the line break is added here. One write and one `fdatasync`: when this returns, the line
    /// is on disk.
    pub fn append(&mut self, line: &[u8]) -> Result<(), Error> {
        self.append_all(&[line])
    }

    /// Appends lines with one write and one `fdatasync` for all of them. No lines, nothing done.
    pub fn append_all(&mut self, lines: &[impl AsRef<[u8]>]) -> Result<(), Error> {
        let mut whole = Vec::with_capacity(lines.iter().map(|line| line.as_ref().len() + 1).sum());
        for line in lines {
            if line.as_ref().contains(&b'\n') {
                return Err(Error::BrokenLine { path: self.path.clone() });
            }
            whole.extend_from_slice(line.as_ref());
            whole.push(b'\n');
        }
        if whole.is_empty() {
            return Ok(());
        }
        self.write_whole(&whole).map_err(Error::io("append to", &self.path, Still::TornTail))?;
        self.file.sync_data().map_err(Error::io("sync", &self.path, Still::Unsynced))?;
        self.length += whole.len() as u64;
        Ok(())
    }

    /// The last line without its line break; none when the ledger is empty.
    pub fn last_line(&self) -> Result<Option<Vec<u8>>, Error> {
        let Some(end) = self.length.checked_sub(1) else { return Ok(None) };
        let start = self.after_last_break(end)?;
        let mut line = vec![0; usize::try_from(end - start).unwrap_or(usize::MAX)];
        self.file.read_exact_at(&mut line, start).map_err(Error::io(
            "read",
            &self.path,
            Still::Untouched,
        ))?;
        Ok(Some(line))
    }

    /// Everything in the ledger.
    pub fn read(&self) -> Result<Vec<u8>, Error> {
        let mut bytes = Vec::new();
        let mut from_start = &self.file;
        from_start
            .seek(SeekFrom::Start(0))
            .and_then(|_| from_start.take(self.length).read_to_end(&mut bytes))
            .map_err(Error::io("read", &self.path, Still::Untouched))?;
        Ok(bytes)
    }

    /// How long it was waited for until no other writer had it.
    pub fn waited(&self) -> Duration {
        self.waited
    }

    /// How many bytes of whole lines it holds.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// What was put aside when it was opened, so that the caller can record it.
    pub fn torn(&self) -> Option<&Torn> {
        self.torn.as_ref()
    }

    /// One write in the common case; a short write is continued, and what an error leaves is a torn tail.
    fn write_whole(&self, bytes: &[u8]) -> io::Result<()> {
        (&self.file).write_all(bytes)
    }

    fn put_torn_tail_aside(&mut self) -> Result<(), Error> {
        let offset = self.after_last_break(self.length)?;
        let bytes = self.length - offset;
        if bytes == 0 {
            return Ok(());
        }
        let kept = self.keep_aside(offset)?;
        self.file.set_len(offset).map_err(Error::io(
            "cut the torn tail of",
            &self.path,
            Still::TornTail,
        ))?;
        self.file.sync_all().map_err(Error::io("sync", &self.path, Still::Unsynced))?;
        self.length = offset;
        self.torn = Some(Torn { offset, bytes, kept });
        Ok(())
    }

    fn keep_aside(&self, offset: u64) -> Result<PathBuf, Error> {
        let tail = self.tail(offset).map_err(Error::io("read", &self.path, Still::TornTail))?;
        for number in 1_u32.. {
            let mut name = self.path.file_name().unwrap_or_default().to_os_string();
            name.push(format!(".torn-{offset}"));
            if number > 1 {
                name.push(format!("-{number}"));
            }
            let kept = self.path.with_file_name(name);
            let opened = OpenOptions::new()
                .write(true)
                .create_new(true)
                .mode(0o644)
                .custom_flags(NO_FOLLOW)
                .open(&kept);
            let mut copy = match opened {
                Err(taken) if taken.kind() == io::ErrorKind::AlreadyExists && number < 1000 => {
                    // Whoever tried this before us and was killed left its beginning, or all of it.
                    let is_ours = std::fs::read(&kept).is_ok_and(|part| tail.starts_with(&part));
                    if !is_ours {
                        continue;
                    }
                    OpenOptions::new().write(true).custom_flags(NO_FOLLOW).open(&kept)
                }
                other => other,
            }
            .map_err(Error::io("keep the torn tail in", &kept, Still::TornTail))?;
            copy.write_all(&tail).and_then(|()| copy.sync_all()).map_err(Error::io(
                "keep the torn tail in",
                &kept,
                Still::TornTail,
            ))?;
            sync_folder(&kept)?;
            return Ok(kept);
        }
        Err(Error::NotAFile { path: self.path.clone() })
    }

    fn tail(&self, offset: u64) -> io::Result<Vec<u8>> {
        let length = usize::try_from(self.length - offset).unwrap_or(usize::MAX);
        let mut tail = vec![0; length];
        self.file.read_exact_at(&mut tail, offset)?;
        Ok(tail)
    }

    /// The offset just after the last line break before `end`.
    fn after_last_break(&self, end: u64) -> Result<u64, Error> {
        let mut buffer = [0; 4096];
        let mut until = end;
        while until > 0 {
            let from = until.saturating_sub(buffer.len() as u64);
            let part = &mut buffer[..usize::try_from(until - from).unwrap_or(4096)];
            self.file.read_exact_at(part, from).map_err(Error::io(
                "read",
                &self.path,
                Still::Untouched,
            ))?;
            if let Some(at) = part.iter().rposition(|&byte| byte == b'\n') {
                return Ok(from + at as u64 + 1);
            }
            until = from;
        }
        Ok(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ledger(content: &str) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("evidence.jsonl");
        std::fs::write(&path, content).unwrap();
        (folder, path)
    }

    #[test]
    fn lines_are_added_whole() {
        let (_folder, path) = ledger("");
        let mut open = Ledger::open(&path, Duration::ZERO).unwrap();
        assert_eq!(open.last_line().unwrap(), None);
        open.append(b"one").unwrap();
        open.append(b"two").unwrap();
        assert_eq!(open.last_line().unwrap().unwrap(), b"two");
        assert_eq!(open.read().unwrap(), b"one\ntwo\n");
        assert!(matches!(open.append(b"a\nb"), Err(Error::BrokenLine { .. })));
        assert!(matches!(Ledger::open(&path, Duration::ZERO), Err(Error::Busy { .. })));
    }

    #[test]
    fn a_torn_tail_is_kept_aside_and_the_rest_goes_on() {
        let (_folder, path) = ledger("one\n{\"half");
        let mut open = Ledger::open(&path, Duration::ZERO).unwrap();
        let torn = open.torn().unwrap().clone();
        assert_eq!((torn.offset, torn.bytes), (4, 6));
        assert_eq!(std::fs::read(&torn.kept).unwrap(), b"{\"half");
        open.append(b"two").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"one\ntwo\n");
    }

    #[test]
    fn a_second_torn_tail_at_the_same_place_does_not_hide_the_first() {
        let (_folder, path) = ledger("aaa");
        drop(Ledger::open(&path, Duration::ZERO).unwrap());
        std::fs::write(&path, "bbb").unwrap();
        let open = Ledger::open(&path, Duration::ZERO).unwrap();
        assert!(open.torn().unwrap().kept.ends_with("evidence.jsonl.torn-0-2"));
    }

    #[test]
    fn keeping_aside_that_was_cut_short_is_finished() {
        for part in ["", "{\"ha", "{\"half"] {
            let (folder, path) = ledger("one\n{\"half");
            let kept = folder.path().join("evidence.jsonl.torn-4");
            std::fs::write(&kept, part).unwrap();
            let open = Ledger::open(&path, Duration::ZERO).unwrap();
            assert_eq!(open.torn().map(|torn| &torn.kept), Some(&kept));
            assert_eq!(std::fs::read(&kept).unwrap(), b"{\"half");
        }
    }

    #[test]
    fn a_ledger_that_is_replaced_while_it_is_waited_for_is_not_opened() {
        let (folder, path) = ledger("one\n");
        let path = path.canonicalize().unwrap();
        let held = Ledger::open(&path, Duration::ZERO).unwrap();
        let n_open = || {
            let files = std::fs::read_dir("/proc/self/fd").unwrap().flatten();
            files.filter(|file| std::fs::read_link(file.path()).is_ok_and(|to| to == path)).count()
        };
        let opened = std::thread::scope(|scope| {
            let waiting = scope.spawn(|| Ledger::open(&path, Duration::from_mins(1)));
            while n_open() < 2 && !waiting.is_finished() {
                std::thread::sleep(Duration::from_millis(1));
            }
            std::fs::rename(&path, folder.path().join("aside")).unwrap();
            std::fs::write(&path, "two\n").unwrap();
            drop(held);
            waiting.join().unwrap()
        });
        let said = opened.unwrap_err();
        let source = std::error::Error::source(&said).unwrap().to_string();
        assert_eq!(source, "it was moved or replaced while we waited for it");
    }

    #[test]
    fn links_are_refused() {
        let (folder, path) = ledger("one\n");
        let link = folder.path().join("link");
        std::os::unix::fs::symlink(&path, &link).unwrap();
        assert!(matches!(Ledger::open(&link, Duration::ZERO), Err(Error::Symlink { .. })));
    }

    proptest::proptest! {
        #[test]
        fn any_tail_is_cut_at_the_last_line_break(content in "[a\n]{0,9000}") {
            let (_folder, path) = ledger(&content);
            let open = Ledger::open(&path, Duration::ZERO).unwrap();
            let whole = content.rfind('\n').map_or("", |at| &content[..=at]);
            proptest::prop_assert_eq!(open.read().unwrap(), whole.as_bytes());
            let kept = open.torn().map(|torn| std::fs::read_to_string(&torn.kept).unwrap()).unwrap_or_default();
            proptest::prop_assert_eq!(format!("{whole}{kept}"), content.clone());
            let last = whole.strip_suffix('\n').map(|lines| lines.rsplit('\n').next().unwrap_or(""));
            let found = open.last_line().unwrap();
            proptest::prop_assert_eq!(found.as_deref(), last.map(str::as_bytes));
        }
    }
}
