//! Our own stdout or stderr while a command's output flows through it: unbuffered, and allowed to close.

use std::fs::File;
use std::io::{self, ErrorKind, Write};
use std::os::fd::{AsFd, BorrowedFd};

use rustix::event::{PollFd, PollFlags, poll};

/// One of our own streams.
pub(super) struct Terminal {
    file: Option<File>,
}

impl Terminal {
    /// Our stdout for the command's 1, our stderr for its 2.
    pub(super) fn of(fd: u8) -> Self {
        let ours: BorrowedFd<'_> =
            if fd == 2 { rustix::stdio::stderr() } else { rustix::stdio::stdout() };
        Self { file: ours.try_clone_to_owned().ok().map(File::from) }
    }

    /// Whether nobody reads it any more, or it is full.
    pub(super) fn is_closed(&self) -> bool {
        self.file.is_none()
    }

    /// Writes everything, waiting for a slow reader. When the reader is gone the rest is dropped, and the command
    /// does not notice.
    pub(super) fn write(&mut self, bytes: &[u8]) {
        if let Some(file) = &mut self.file
            && write_all(file, bytes).is_err()
        {
            self.file = None;
        }
    }
}

fn write_all(file: &mut File, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match file.write(bytes) {
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            Ok(written) => bytes = &bytes[written..],
            Err(again) if again.kind() == ErrorKind::Interrupted => {}
            // Whoever shares the terminal with us may have made it non-blocking.
            Err(full) if full.kind() == ErrorKind::WouldBlock => {
                poll(&mut [PollFd::from_borrowed_fd(file.as_fd(), PollFlags::OUT)], None)?;
            }
            Err(gone) => return Err(gone),
        }
    }
    Ok(())
}
