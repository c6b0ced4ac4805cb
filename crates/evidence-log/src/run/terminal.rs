//! Our own stdout or stderr while a command's output flows through it: unbuffered, and allowed to close. A reader that
//! takes its time is never waited for here, so that signals and time limits are kept meanwhile.

use std::fs::File;
use std::io::{ErrorKind, Write};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{FileType, Mode, OFlags, fstat, open};

/// Where a reader may miss something, so much waits for it.
const MOST_WAITING: usize = 1024 * 1024;

/// What a pipe with any room takes without blocking (`PIPE_BUF`).
const PIPE_ROOM: usize = 4096;

/// One of our own streams.
pub(super) struct Terminal {
    /// None when nobody reads it any more.
    file: Option<File>,
    /// So much is written at once: all, where that cannot block.
    at_once: usize,
    /// What was not taken yet.
    waiting: Vec<u8>,
    may_skip: bool,
    not_shown: u64,
}

impl Terminal {
    /// Our stdout for the command's 1, our stderr for its 2. Who `may_skip` holds nobody up.
    pub(super) fn of(fd: u8, may_skip: bool) -> Self {
        let ours: BorrowedFd<'_> =
            if fd == 2 { rustix::stdio::stderr() } else { rustix::stdio::stdout() };
        let (file, at_once) = match own(ours) {
            Some(file) => (Some(file), usize::MAX),
            None => (ours.try_clone_to_owned().ok().map(File::from), at_once(ours)),
        };
        Self { file, at_once, waiting: Vec::new(), may_skip, not_shown: 0 }
    }

    /// Whether nobody reads it any more, or it is full.
    pub(super) fn is_closed(&self) -> bool {
        self.file.is_none()
    }

    /// How many bytes its reader had no time for.
    pub(super) fn not_shown(&self) -> u64 {
        self.not_shown
    }

    /// Whether the command has to wait for the reader.
    pub(super) fn holds_up(&self) -> bool {
        !self.may_skip && self.waits_for().is_some()
    }

    /// What to wait for until there is room for what is waiting.
    pub(super) fn waits_for(&self) -> Option<BorrowedFd<'_>> {
        self.file.as_ref().filter(|_| !self.waiting.is_empty()).map(AsFd::as_fd)
    }

    /// Shows what there is room for; the rest waits, or is left out. When the reader is gone it is dropped, and the
    /// command does not notice.
    pub(super) fn write(&mut self, bytes: &[u8]) {
        let written = if self.waiting.is_empty() { self.write_now(bytes) } else { 0 };
        let rest = &bytes[written..];
        if self.may_skip && self.waiting.len() + rest.len() > MOST_WAITING {
            self.not_shown += rest.len() as u64;
        } else if self.file.is_some() {
            self.waiting.extend_from_slice(rest);
        }
    }

    /// Shows of what is waiting what there is room for now.
    pub(super) fn write_on(&mut self) {
        let mut waiting = std::mem::take(&mut self.waiting);
        let written = self.write_now(&waiting);
        if self.file.is_some() {
            drop(waiting.drain(..written));
            self.waiting = waiting;
        }
    }

    /// What is waiting is not shown any more, and nobody is held up from here on.
    pub(super) fn give_up(&mut self) {
        self.may_skip = true;
        self.not_shown += self.waiting.len() as u64;
        self.waiting.clear();
    }

    fn write_now(&mut self, bytes: &[u8]) -> usize {
        let mut written = 0;
        while let Some(file) = &mut self.file
            && written < bytes.len()
        {
            let rest = &bytes[written..];
            if self.at_once < usize::MAX && !has_room(file.as_fd()) {
                break;
            }
            match file.write(&rest[..rest.len().min(self.at_once)]) {
                Ok(0) => self.file = None,
                Ok(n_bytes) => written += n_bytes,
                Err(again) if again.kind() == ErrorKind::Interrupted => {}
                Err(full) if full.kind() == ErrorKind::WouldBlock => break,
                Err(_) => self.file = None,
            }
        }
        written
    }
}

/// A pipe or terminal opened once more, so that it does not block for us alone, and not for those who share it.
fn own(ours: BorrowedFd<'_>) -> Option<File> {
    let kind = FileType::from_raw_mode(fstat(ours).ok()?.st_mode);
    if kind != FileType::Fifo && !rustix::termios::isatty(ours) {
        return None;
    }
    let path = format!("/proc/self/fd/{}", ours.as_raw_fd());
    let flags = OFlags::WRONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    open(path, flags, Mode::empty()).ok().map(File::from)
}

/// How much can be written at once without blocking: of a file all, of everything else as little as of a pipe.
fn at_once(ours: BorrowedFd<'_>) -> usize {
    let is_file = fstat(ours).is_ok_and(|found| {
        let kind = FileType::from_raw_mode(found.st_mode);
        let is_null = kind == FileType::CharacterDevice && !rustix::termios::isatty(ours);
        kind == FileType::RegularFile || is_null
    });
    if is_file { usize::MAX } else { PIPE_ROOM }
}

fn has_room(file: BorrowedFd<'_>) -> bool {
    let mut fds = [PollFd::from_borrowed_fd(file, PollFlags::OUT)];
    poll(&mut fds, Some(&Timespec::default())).is_ok_and(|n_ready| n_ready > 0)
}
