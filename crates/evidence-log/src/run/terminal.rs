//! Our own stdout or stderr while a command's output flows through it: unbuffered, and allowed to close.

use std::fs::File;
use std::io::{self, ErrorKind, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver, SyncSender};
use std::thread;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;

/// So many pieces may wait to be shown; a piece is what was read at once, at most 64 KiB.
const WAITING: usize = 16;

/// What a pipe with any room takes without blocking (`PIPE_BUF`), so that what was shown is known to the byte.
const AT_ONCE: usize = 4096;

/// One of our own streams.
pub(super) enum Terminal {
    /// Written at once: a slow reader holds the command up, as in any pipeline. None when nobody reads any more.
    Waiting(Option<File>),
    /// Written by a thread of its own: a slow reader misses something.
    Skipping(Queue),
}

/// What waits to be shown.
pub(super) struct Queue {
    /// None when nothing more comes.
    pieces: Option<SyncSender<Vec<u8>>>,
    given: u64,
    shown: Arc<Shown>,
    /// Disconnected when the thread has ended.
    alive: Receiver<()>,
}

/// What the thread has come to.
#[derive(Default)]
struct Shown {
    bytes: AtomicU64,
    is_closed: AtomicBool,
}

impl Terminal {
    /// Our stdout for the command's 1, our stderr for its 2.
    pub(super) fn of(fd: u8, may_skip: bool) -> Self {
        let ours: BorrowedFd<'_> =
            if fd == 2 { rustix::stdio::stderr() } else { rustix::stdio::stdout() };
        match ours.try_clone_to_owned().ok().map(File::from) {
            Some(file) if may_skip => Self::Skipping(Queue::to(file)),
            file => Self::Waiting(file),
        }
    }

    /// Whether nobody reads it any more, or it is full.
    pub(super) fn is_closed(&self) -> bool {
        match self {
            Self::Waiting(file) => file.is_none(),
            Self::Skipping(queue) => queue.shown.is_closed.load(Ordering::Acquire),
        }
    }

    /// How many bytes its reader had no time for. To be asked when it is finished.
    pub(super) fn not_shown(&self) -> u64 {
        match self {
            Self::Waiting(_) => 0,
            Self::Skipping(queue) => queue.given - queue.shown.bytes.load(Ordering::Acquire),
        }
    }

    /// Writes everything, or what there is time for. When the reader is gone the rest is dropped, and the command
    /// does not notice.
    pub(super) fn write(&mut self, bytes: &[u8]) {
        match self {
            Self::Waiting(file) => {
                if file.as_ref().is_some_and(|file| write_all(file, bytes).is_err()) {
                    *file = None;
                }
            }
            Self::Skipping(queue) => queue.put(bytes),
        }
    }

    /// Nothing more comes: what still waits is shown in this time, or not at all.
    pub(super) fn finish(&mut self, patience: Duration) {
        if let Self::Skipping(queue) = self {
            queue.pieces = None;
            let _ = queue.alive.recv_timeout(patience);
        }
    }
}

impl Queue {
    fn to(file: File) -> Self {
        let (pieces, coming) = mpsc::sync_channel(WAITING);
        let (life, alive) = mpsc::channel();
        let shown = Arc::new(Shown::default());
        let theirs = Arc::clone(&shown);
        // Nobody waits for it longer than `finish` does: a reader that has stopped would hold us for ever.
        thread::spawn(move || {
            show(&file, &coming, &theirs);
            drop(life);
        });
        Self { pieces: Some(pieces), given: 0, shown, alive }
    }

    fn put(&mut self, bytes: &[u8]) {
        self.given += bytes.len() as u64;
        if let Some(pieces) = &self.pieces {
            drop(pieces.try_send(bytes.to_vec()));
        }
    }
}

fn show(file: &File, coming: &Receiver<Vec<u8>>, shown: &Shown) {
    for piece in coming {
        for part in piece.chunks(AT_ONCE) {
            if wait_for_room(file).and_then(|()| write_all(file, part)).is_err() {
                shown.is_closed.store(true, Ordering::Release);
                return;
            }
            shown.bytes.fetch_add(part.len() as u64, Ordering::Release);
        }
    }
}

fn write_all(mut file: &File, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match file.write(bytes) {
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            Ok(written) => bytes = &bytes[written..],
            Err(again) if again.kind() == ErrorKind::Interrupted => {}
            // Whoever shares the terminal with us may have made it non-blocking.
            Err(full) if full.kind() == ErrorKind::WouldBlock => wait_for_room(file)?,
            Err(gone) => return Err(gone),
        }
    }
    Ok(())
}

fn wait_for_room(file: &File) -> io::Result<()> {
    loop {
        match poll(&mut [PollFd::from_borrowed_fd(file.as_fd(), PollFlags::OUT)], None) {
            Err(Errno::INTR) => {}
            done => return Ok(done.map(drop)?),
        }
    }
}
