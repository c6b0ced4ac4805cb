//! Signals that are sent to us while a command runs.

use std::io::{self, PipeReader, Read};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::process::Signal;
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};

/// What is caught: what asks to end, and what would end us for no reason of ours and may be meant for the command.
const CAUGHT: [Signal; 8] = [
    Signal::INT,
    Signal::QUIT,
    Signal::TERM,
    Signal::HUP,
    Signal::USR1,
    Signal::USR2,
    Signal::ALARM,
    Signal::WINCH,
];

/// Whether a signal asks to end.
pub(super) fn asks_to_end(signal: Signal) -> bool {
    matches!(signal, Signal::INT | Signal::QUIT | Signal::TERM | Signal::HUP)
}

/// Caught signals; each waits to be asked for.
pub(super) struct Signals {
    woken: PipeReader,
    caught: Vec<(Signal, Arc<AtomicBool>)>,
}

impl Signals {
    /// Catches them. What our caller ignores, as `nohup` does, stays ignored, for the command as well. A window that
    /// changes its size is told only where it matters.
    pub(super) fn catch(with_window: bool, ignored: Ignored) -> io::Result<Self> {
        let (woken, waker) = io::pipe()?;
        rustix::io::ioctl_fionbio(&waker, true)?;
        rustix::io::ioctl_fionbio(&woken, true)?;
        let mut caught = Vec::new();
        for signal in CAUGHT {
            let number = signal.as_raw();
            if ignored.has(number) || (signal == Signal::WINCH && !with_window) {
                continue;
            }
            let flag = Arc::new(AtomicBool::new(false));
            signal_hook::flag::register(number, Arc::clone(&flag))?;
            signal_hook::low_level::pipe::register(number, OwnedFd::from(waker.try_clone()?))?;
            caught.push((signal, flag));
        }
        Ok(Self { woken, caught })
    }

    /// What becomes readable when a signal came.
    pub(super) fn as_fd(&self) -> BorrowedFd<'_> {
        self.woken.as_fd()
    }

    /// The signals that came since the last call.
    pub(super) fn take(&mut self) -> Vec<Signal> {
        while matches!(self.woken.read(&mut [0; 64]), Ok(1..)) {}
        self.caught
            .iter()
            .filter(|(_, flag)| flag.swap(false, Ordering::SeqCst))
            .map(|(signal, _)| *signal)
            .collect()
    }
}

/// Sets a flag when a signal comes that asks us to end; what our caller ignores stays ignored.
pub(super) fn call_off(flag: &Arc<AtomicBool>, ignored: Ignored) -> io::Result<()> {
    for number in [SIGINT, SIGQUIT, SIGTERM, SIGHUP] {
        if !ignored.has(number) {
            signal_hook::flag::register(number, Arc::clone(flag))?;
        }
    }
    Ok(())
}

/// `SIGKILL` for 9, as records name signals.
pub(super) fn name(number: i32) -> String {
    let known = signal_hook::low_level::signal_name(number);
    known.map_or_else(|| format!("SIG{number}"), str::to_owned)
}

/// The signals that our caller wants ignored.
#[derive(Clone, Copy)]
pub(super) struct Ignored(u64);

impl Ignored {
    /// As `/proc` has them; none where there is no `/proc`. To be asked before any is caught.
    pub(super) fn of_caller() -> Self {
        // To its end: the groups stand before the mask, and who has a thousand has a long list.
        let status = std::fs::read("/proc/self/status").unwrap_or_default();
        let status = String::from_utf8_lossy(&status);
        let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:")).unwrap_or_default();
        Self(u64::from_str_radix(mask.trim(), 16).unwrap_or(0))
    }

    fn has(self, number: i32) -> bool {
        self.0 & (1 << (number - 1)) != 0
    }
}
