//! A line on the terminal that says how far a long search or check has come.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use indicatif::{HumanBytes, HumanCount, ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Work that is done sooner shows nothing.
const PATIENCE: Duration = Duration::from_secs(2);
/// How often the line changes.
const PERIOD: Duration = Duration::from_millis(100);

/// What was read so far; any thread may add to it.
#[derive(Default)]
pub(crate) struct Counts {
    texts: AtomicU64,
    bytes: AtomicU64,
    /// How many texts there are; 0 where that is not known.
    expected: AtomicU64,
    /// What is done now, where it is no search.
    doing: Mutex<Option<&'static str>>,
}

/// Shows counts on a terminal's standard error for as long as it lives.
pub(crate) struct Progress {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Counts {
    /// Counts bytes that were read.
    pub(crate) fn read(&self, n_bytes: usize) {
        self.bytes.fetch_add(n_bytes as u64, Ordering::Relaxed);
    }

    /// Counts a file, an object or a member that was read to its end.
    pub(crate) fn finished(&self) {
        self.texts.fetch_add(1, Ordering::Relaxed);
    }

    /// Says what is done now; texts are then not counted.
    pub(crate) fn doing(&self, what: &'static str) {
        *self.doing.lock().unwrap_or_else(PoisonError::into_inner) = Some(what);
    }

    /// Says how many texts there are.
    pub(crate) fn expect(&self, n_texts: u64) {
        self.expected.store(n_texts, Ordering::Relaxed);
    }
}

impl Progress {
    /// Begins to watch; where standard error is no terminal, nothing is ever shown.
    pub(crate) fn watch(counts: &Arc<Counts>, is_terminal: bool) -> Progress {
        let counts = Arc::clone(counts);
        if !is_terminal {
            return Progress { stop: None, thread: None };
        }
        let (stop, stopped) = mpsc::channel();
        let thread = thread::spawn(move || {
            if stopped.recv_timeout(PATIENCE) != Err(RecvTimeoutError::Timeout) {
                return;
            }
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
            while stopped.recv_timeout(PERIOD) == Err(RecvTimeoutError::Timeout) {
                counts.show(&bar);
            }
            bar.finish_and_clear();
        });
        Progress { stop: Some(stop), thread: Some(thread) }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.stop = None;
        // The line is gone before the answer is written.
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

impl Counts {
    fn show(&self, bar: &ProgressBar) {
        if let Some(doing) = *self.doing.lock().unwrap_or_else(PoisonError::into_inner) {
            bar.set_style(style("{spinner} {msg}"));
            bar.set_message(doing);
            bar.tick();
            return;
        }
        let load = |count: &AtomicU64| count.load(Ordering::Relaxed);
        let (n_texts, n_all) = (load(&self.texts), load(&self.expected));
        let template =
            if n_all == 0 { "{spinner} searching: {msg}" } else { "searching {wide_bar} {msg}" };
        bar.set_style(style(template));
        if n_all > 0 {
            bar.set_length(n_all);
            bar.set_position(n_texts.min(n_all));
        }
        let bytes = HumanBytes(load(&self.bytes));
        bar.set_message(format!("{} read, {bytes}", HumanCount(n_texts)));
        bar.tick();
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}
