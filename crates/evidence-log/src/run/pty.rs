//! The operator's side of a pseudo-terminal: what they type, and how large their window is.

use std::fs::File;
use std::io::{self, ErrorKind, Read, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::process::Signal;
use rustix::termios::{
    LocalModes, OptionalActions, SpecialCodeIndex, Termios, Winsize, tcgetattr, tcgetwinsize,
    tcsetattr, tcsetwinsize,
};

/// A window's size where there is none.
const NO_WINDOW: Winsize = Winsize { ws_row: 24, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0 };

/// What a terminal sends for the end of input.
const END_OF_INPUT: u8 = 4;

/// Passes our standard input on to a pseudo-terminal.
pub(super) struct Keyboard {
    master: File,
    stdin: Option<File>,
    /// What was typed and not taken yet.
    pending: Vec<u8>,
    at_line_start: bool,
    /// How our own terminal was set before; it is set back when this is dropped.
    before: Option<Termios>,
}

impl Keyboard {
    /// Makes our terminal raw, so that every key reaches the command. Input that comes from elsewhere is not echoed:
    /// it would be kept as if it were output.
    pub(super) fn of(master: OwnedFd) -> io::Result<Self> {
        let master = File::from(master);
        rustix::io::ioctl_fionbio(&master, true)?;
        let stdin = rustix::stdio::stdin();
        let before = tcgetattr(stdin).ok();
        if let Some(before) = &before {
            let mut raw = before.clone();
            raw.make_raw();
            tcsetattr(stdin, OptionalActions::Now, &raw)?;
        } else if let Ok(mut quiet) = tcgetattr(&master) {
            quiet.local_modes.remove(LocalModes::ECHO);
            tcsetattr(&master, OptionalActions::Now, &quiet)?;
        }
        let stdin = stdin.try_clone_to_owned().ok().map(File::from);
        let keyboard = Self { master, stdin, pending: Vec::new(), at_line_start: true, before };
        keyboard.resize();
        Ok(keyboard)
    }

    /// Gives the pseudo-terminal the size of our window.
    pub(super) fn resize(&self) {
        let ours = [rustix::stdio::stdout(), rustix::stdio::stderr(), rustix::stdio::stdin()];
        let size =
            ours.into_iter().find_map(|stream| tcgetwinsize(stream).ok()).unwrap_or(NO_WINDOW);
        // A window of an odd size is no reason to stop.
        let _ = tcsetwinsize(&self.master, size);
    }

    /// What to wait for: room for what is pending, else something typed; nothing when the input has ended.
    pub(super) fn waits_for(&self) -> Option<(BorrowedFd<'_>, bool)> {
        if self.pending.is_empty() {
            self.stdin.as_ref().map(|stdin| (stdin.as_fd(), false))
        } else {
            Some((self.master.as_fd(), true))
        }
    }

    /// Moves what can be moved; answers the signals that the pseudo-terminal sends to the command for it.
    pub(super) fn pass_on(&mut self) -> Vec<Signal> {
        let signals = if self.pending.is_empty() { self.read() } else { Vec::new() };
        match self.master.write(&self.pending) {
            Ok(written) => drop(self.pending.drain(..written)),
            Err(full) if matches!(full.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {}
            Err(_) => (self.stdin, self.pending) = (None, Vec::new()),
        }
        signals
    }

    fn read(&mut self) -> Vec<Signal> {
        let Some(stdin) = &mut self.stdin else { return Vec::new() };
        let mut buffer = [0; 1024];
        match stdin.read(&mut buffer) {
            Ok(0) | Err(_) => {
                // The first one ends a line that was begun, the second one the input.
                let count = if self.at_line_start { 1 } else { 2 };
                self.pending.resize(count, END_OF_INPUT);
                self.stdin = None;
                Vec::new()
            }
            Ok(length) => {
                let typed = &buffer[..length];
                self.at_line_start = typed.ends_with(b"\n");
                self.pending.extend_from_slice(typed);
                self.signals_of(typed)
            }
        }
    }

    /// What is a signal by the command's own settings; one that draws its screen takes keys as they are.
    fn signals_of(&self, typed: &[u8]) -> Vec<Signal> {
        let settings = tcgetattr(&self.master).ok();
        let Some(settings) = settings.filter(|now| now.local_modes.contains(LocalModes::ISIG))
        else {
            return Vec::new();
        };
        let keys =
            [(SpecialCodeIndex::VINTR, Signal::INT), (SpecialCodeIndex::VQUIT, Signal::QUIT)];
        let is_typed = |key: &(SpecialCodeIndex, _)| typed.contains(&settings.special_codes[key.0]);
        keys.into_iter().filter(is_typed).map(|(_, signal)| signal).collect()
    }
}

impl Drop for Keyboard {
    fn drop(&mut self) {
        if let Some(before) = &self.before {
            let _ = tcsetattr(rustix::stdio::stdin(), OptionalActions::Now, before);
        }
    }
}
