//! Ctrl-C and its kin: noticed once, passed on to what runs, and followed by something stronger.

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use duct::Handle;
use duct::unix::HandleExt;
use signal_hook::SigId;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

use super::below;
use crate::ignored::Ignored;

/// A terminal sends Ctrl-C to the commands too; they get this long before it is sent again.
const BY_THEMSELVES: Duration = Duration::from_secs(1);
/// After this they are told to end, after that what the recorders have started is ended, and at last they are too.
const TERMINATE: Duration = Duration::from_secs(10);
const KILL: Duration = Duration::from_secs(15);
const KILL_RECORDERS: Duration = Duration::from_secs(20);

/// Which signal came, and what runs.
pub(super) struct Stop {
    came: Arc<AtomicUsize>,
    registered: Vec<SigId>,
    running: Mutex<Vec<Arc<Handle>>>,
    /// When it was noticed, and how many signals were sent since.
    sent: Mutex<Option<(Instant, usize)>>,
}

impl Stop {
    /// Begins to notice signals; they no longer end this process. What our caller ignores, as `nohup` does, stays
    /// ignored.
    pub(super) fn watch() -> io::Result<Self> {
        let came = Arc::new(AtomicUsize::new(0));
        let ignored = Ignored::by_caller();
        let registered = [SIGINT, SIGTERM, SIGHUP]
            .into_iter()
            .filter(|signal| !ignored.has(*signal))
            .map(|signal| {
                let number = usize::try_from(signal).unwrap_or_default();
                signal_hook::flag::register_usize(signal, Arc::clone(&came), number)
            })
            .collect::<io::Result<_>>()?;
        Ok(Self { came, registered, running: Mutex::default(), sent: Mutex::default() })
    }

    /// Whether a signal came.
    pub(super) fn is_set(&self) -> bool {
        self.signal() != 0
    }

    fn signal(&self) -> i32 {
        i32::try_from(self.came.load(Ordering::Relaxed)).unwrap_or_default()
    }

    /// Remembers a command that runs until [`Stop::forget`].
    pub(super) fn remember(&self, handle: &Arc<Handle>) {
        self.running.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::clone(handle));
    }

    /// Forgets a command that has ended.
    pub(super) fn forget(&self, handle: &Arc<Handle>) {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        running.retain(|other| !Arc::ptr_eq(other, handle));
    }

    /// Passes the signal on where its time has come. A command that has ended already is no concern.
    pub(super) fn pass_on(&self) {
        let signal = self.signal();
        if signal == 0 {
            return;
        }
        let mut sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        let (noticed, n_sent) = sent.get_or_insert_with(|| (Instant::now(), 0));
        let first = if signal == SIGINT { BY_THEMSELVES } else { Duration::ZERO };
        let due = [first, TERMINATE, KILL, KILL_RECORDERS]
            .into_iter()
            .filter(|due| noticed.elapsed() >= *due);
        if due.count() <= *n_sent {
            return;
        }
        *n_sent += 1;
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        for handle in running.iter() {
            let passed = match *n_sent {
                1 => handle.send_signal(signal),
                2 => handle.send_signal(SIGTERM),
                3 => {
                    below::kill(&handle.pids());
                    Ok(())
                }
                _ => handle.kill(),
            };
            drop(passed);
        }
    }
}

impl Drop for Stop {
    fn drop(&mut self) {
        for id in self.registered.drain(..) {
            signal_hook::low_level::unregister(id);
        }
    }
}
