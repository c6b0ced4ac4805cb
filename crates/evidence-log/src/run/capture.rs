//! The loop that reads a command's output, passes signals on, keeps its time, and sees it end.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, ExitStatus};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use evidence::Outcome;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, Signal, kill_process, pidfd_open};

use super::child::Spawned;
use super::pty::Keyboard;
use super::signals::{self, Signals, asks_to_end};
use super::stream::{Sink, Timing};
use super::tree::Tree;
use crate::clock;

/// The size of one read and of the pipe that is read from. Of a command that prints 500 MB, what it takes to keep
/// them falls by a quarter against the 64 KiB of a usual pipe; more gains nothing.
pub(super) const BUFFER: usize = 512 * 1024;

/// How long a command that was asked to end may take before it is killed.
const GRACE: Duration = Duration::from_secs(5);

/// What was killed is looked for once more after this time, and its last words are read for as long.
const LAST: Duration = Duration::from_millis(100);

/// How long a second interrupt of the operator must come after the first to be taken for impatience.
const PATIENCE: Duration = Duration::from_secs(5);

/// So many signals are named in the record; a line has no room for a storm of them.
const MOST_SIGNALS: usize = 100;

/// How often is looked for an end that nothing tells: of a child where the kernel has no pidfd, of what it started.
const LOOK: Duration = Duration::from_millis(20);

/// The times that end a capture.
pub(super) struct Limits {
    /// When the command and all it started are ended.
    pub(super) timeout: Option<Duration>,
    /// How long to read on after the command has ended.
    pub(super) drain: Duration,
}

/// What was seen.
pub(super) struct Captured {
    /// How the command ended.
    pub(super) outcome: Outcome,
    /// When the command itself ended, and how long after its start; later is what it left behind, and who reads it.
    pub(super) ended: (DateTime<Utc>, Duration),
    /// Something still held its output when we stopped reading.
    pub(super) still_open: bool,
    /// The signals that we passed on.
    pub(super) forwarded: Vec<String>,
    /// The signals that came to us and were not passed on.
    pub(super) received: Vec<String>,
}

impl Captured {
    /// For a command that was never started.
    pub(super) fn not_started(outcome: Outcome, started: Instant) -> Self {
        let ended = (clock::now(), started.elapsed());
        Self { outcome, ended, still_open: false, forwarded: Vec::new(), received: Vec::new() }
    }
}

/// Reads until the command has ended and its output is closed, or the drain time is over.
pub(super) fn capture(
    spawned: Spawned,
    sinks: &mut [Sink<'_>],
    timing: &mut Timing,
    started: Instant,
    limits: &Limits,
) -> Captured {
    let Spawned { child, tree, outputs, keyboard, signals } = spawned;
    let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    let mut ctx = Ctx {
        pidfd: pid.and_then(|pid| pidfd_open(pid, PidfdFlags::empty()).ok()),
        pid,
        child,
        tree,
        status: None,
        ended: None,
        outputs: outputs.into_iter().map(Some).collect(),
        keyboard,
        sinks,
        timing,
        signals,
        started,
        deadline: limits.timeout.map(|timeout| started + timeout),
        kill_at: None,
        drain: limits.drain,
        drained: None,
        read_after_end: [0; 2],
        timed_out: false,
        interrupted: None,
        forwarded: Vec::new(),
        received: Vec::new(),
    };
    let still_open = ctx.read_all();
    // The interrupt that ended the command may have come to us a moment after it.
    let late = ctx.signals.take();
    ctx.received_all(late);
    for sink in ctx.sinks.iter_mut() {
        let bytes = sink.finish();
        ctx.timing.note(started.elapsed(), sink.fd, bytes);
    }
    ctx.show_rest();
    let outcome = ctx.outcome(limits);
    let ended = ctx.ended.unwrap_or_else(|| (clock::now(), started.elapsed()));
    Captured { outcome, ended, still_open, forwarded: ctx.forwarded, received: ctx.received }
}

struct Ctx<'a, 'set> {
    child: Child,
    tree: Tree,
    pid: Option<Pid>,
    pidfd: Option<OwnedFd>,
    status: Option<ExitStatus>,
    ended: Option<(DateTime<Utc>, Duration)>,
    outputs: Vec<Option<File>>,
    keyboard: Option<Keyboard>,
    sinks: &'a mut [Sink<'set>],
    timing: &'a mut Timing,
    signals: Signals,
    started: Instant,
    deadline: Option<Instant>,
    kill_at: Option<Instant>,
    drain: Duration,
    drained: Option<Instant>,
    /// How many bytes of each output were read after the command had ended.
    read_after_end: [usize; 2],
    timed_out: bool,
    interrupted: Option<Instant>,
    forwarded: Vec<String>,
    received: Vec<String>,
}

impl Ctx<'_, '_> {
    /// Answers whether the output was still held by something when we stopped.
    fn read_all(&mut self) -> bool {
        let mut buffer = vec![0; BUFFER];
        loop {
            self.keep_time();
            let reading = self.outputs.iter().any(Option::is_some);
            if self.status.is_some() {
                let is_ending = self.is_ending();
                if !reading && !is_ending {
                    return false;
                }
                if self.drained.is_some_and(|until| Instant::now() >= until) {
                    if self.timed_out {
                        self.give_up();
                    }
                    if !is_ending && self.is_all_read() {
                        return true;
                    }
                }
            }
            let ready = self.wait();
            self.attend(&ready);
            if ready.keyboard
                && let Some(keyboard) = &mut self.keyboard
            {
                for signal in keyboard.pass_on() {
                    self.interrupt(signal);
                }
            }
            // Output that is there is read before the end is looked at, so that none of it counts as late.
            for n in 0..self.outputs.len() {
                if ready.outputs[n] {
                    self.read_once(n, &mut buffer);
                }
            }
            if ready.ended || self.pidfd.is_none() {
                self.look_for_end();
            }
        }
    }

    /// Shows what is still waiting for its reader. Without an end only where the operator would wait as long: not
    /// beyond a time limit, and not where they asked to end or to hold nobody up.
    fn show_rest(&mut self) {
        self.outputs.fill_with(|| None);
        self.drained = Some(Instant::now() + self.drain);
        while self.sinks.iter().any(|sink| sink.terminal.waits_for().is_some()) {
            self.keep_time();
            if self.is_held_up() && !self.timed_out {
                self.drained = None;
            } else if self.drained.is_some_and(|until| Instant::now() >= until) {
                self.give_up();
            }
            let ready = self.wait();
            self.attend(&ready);
        }
    }

    fn attend(&mut self, ready: &Ready) {
        if ready.signals {
            self.pass_signals_on();
        }
        for (sink, is_ready) in self.sinks.iter_mut().zip(&ready.terminals) {
            if *is_ready {
                sink.terminal.write_on();
            }
        }
    }

    /// Whether a reader of ours is waited for.
    fn is_held_up(&self) -> bool {
        self.sinks.iter().any(|sink| sink.terminal.holds_up())
    }

    /// Whether a stream is read on although its reader holds us up: once the command has ended, what it printed itself
    /// is still in the pipe, and is read at once. What comes behind may be left behind, and print without end.
    fn is_rest(&self, n: usize) -> bool {
        self.status.is_some() && self.read_after_end[n] <= BUFFER
    }

    /// Whether all that the command itself printed was read: nothing is there, or more came than a pipe takes.
    fn is_all_read(&self) -> bool {
        let is_there = |output: &File| {
            let mut fds = [PollFd::new(output, PollFlags::IN)];
            poll(&mut fds, Some(&Timespec::default())).is_ok_and(|n_ready| n_ready > 0)
        };
        let is_left = |n: usize| self.is_rest(n) && self.outputs[n].as_ref().is_some_and(is_there);
        !(0..self.outputs.len()).any(is_left)
    }

    fn give_up(&mut self) {
        for sink in self.sinks.iter_mut() {
            sink.terminal.give_up();
        }
    }

    fn wait(&self) -> Ready {
        let can_be_read = |n: &usize| {
            self.outputs[*n].is_some() && (!self.sinks[*n].terminal.holds_up() || self.is_rest(*n))
        };
        let open: Vec<usize> = (0..self.outputs.len()).filter(can_be_read).collect();
        let mut fds = vec![PollFd::from_borrowed_fd(self.signals.as_fd(), PollFlags::IN)];
        let pidfd = self.pidfd.as_ref().filter(|_| self.status.is_none());
        fds.extend(pidfd.map(|pidfd| PollFd::from_borrowed_fd(pidfd.as_fd(), PollFlags::IN)));
        let first_output = fds.len();
        for &n in &open {
            if let Some(output) = &self.outputs[n] {
                fds.push(PollFd::from_borrowed_fd(output.as_fd(), PollFlags::IN));
            }
        }
        let first_terminal = fds.len();
        let full: Vec<(usize, _)> = (0..)
            .zip(self.sinks.iter())
            .filter_map(|(n, sink)| Some((n, sink.terminal.waits_for()?)))
            .collect();
        fds.extend(full.iter().map(|(_, fd)| PollFd::from_borrowed_fd(*fd, PollFlags::OUT)));
        let keyboard = self.keyboard.as_ref().filter(|_| self.status.is_none());
        let typed = fds.len();
        if let Some((fd, for_room)) = keyboard.and_then(Keyboard::waits_for) {
            let flags = if for_room { PollFlags::OUT } else { PollFlags::IN };
            fds.push(PollFd::from_borrowed_fd(fd, flags));
        }
        let timeout =
            self.next_deadline().map(|time| time.saturating_duration_since(Instant::now()));
        let timeout = timeout.and_then(|time| Timespec::try_from(time).ok());
        let mut ready = Ready {
            signals: false,
            ended: false,
            keyboard: false,
            outputs: vec![false; self.outputs.len()],
            terminals: vec![false; self.sinks.len()],
        };
        match poll(&mut fds, timeout.as_ref()) {
            Ok(_) => {
                let is_ready = |n: usize| !fds[n].revents().is_empty();
                ready.signals = is_ready(0);
                ready.ended = first_output == 2 && is_ready(1);
                ready.keyboard = typed < fds.len() && is_ready(typed);
                for (position, &n) in open.iter().enumerate() {
                    ready.outputs[n] = is_ready(first_output + position);
                }
                for (position, (n, _)) in full.iter().enumerate() {
                    ready.terminals[*n] = is_ready(first_terminal + position);
                }
            }
            // A signal interrupted the wait: the flags are looked at, the rest in the next round.
            Err(_) => ready.signals = true,
        }
        ready
    }

    fn next_deadline(&self) -> Option<Instant> {
        let is_ending = self.status.is_some() && self.kill_at.is_some();
        let is_looking = is_ending || (self.status.is_none() && self.pidfd.is_none());
        let look = is_looking.then(|| Instant::now() + LOOK);
        let deadline = self.deadline.filter(|_| self.status.is_none());
        let drained = self.drained.filter(|_| !is_ending);
        [deadline, self.kill_at, drained, look].into_iter().flatten().min()
    }

    /// Ends the command and all it started when its time is up: first asks, then kills.
    fn keep_time(&mut self) {
        let now = Instant::now();
        if self.status.is_none() && self.deadline.is_some_and(|deadline| now >= deadline) {
            self.deadline = None;
            self.timed_out = true;
            self.kill_at = Some(now + GRACE);
            self.signal_all(Signal::TERM);
            // What was stopped hears of it only so.
            self.signal_all(Signal::CONT);
        }
        if self.kill_at.is_some_and(|kill_at| now >= kill_at) {
            self.kill_at = None;
            self.signal_all(Signal::KILL);
            self.hear_out();
            if !self.timed_out {
                self.forwarded.push(signals::name(Signal::KILL.as_raw()));
            }
        }
    }

    fn signal_all(&self, signal: Signal) {
        // The number of one that has ended may be another's by now.
        self.tree.signal(self.pid.filter(|_| self.status.is_none()), signal);
    }

    /// Whether something of a command that ran out of time, and has ended, still has time to do so too.
    fn is_ending(&mut self) -> bool {
        if self.kill_at.is_some() && !self.tree.is_any_left() {
            self.kill_at = None;
            self.hear_out();
        }
        self.kill_at.is_some()
    }

    /// Leaves time to read the last words of what has ended by now.
    fn hear_out(&mut self) {
        self.drained = self.drained.map(|until| until.max(Instant::now() + LAST));
    }

    /// A terminal sends its interrupt to the command as well, so it is not doubled. What comes from elsewhere is
    /// passed on; an operator who interrupts again after some seconds means it, and what does not end then is killed.
    fn pass_signals_on(&mut self) {
        for signal in self.signals.take() {
            if self.status.is_some() {
                // Only something that the command left behind is being waited for.
                if asks_to_end(signal) {
                    self.drained = Some(Instant::now());
                    self.kill_at = self.kill_at.and(self.drained);
                    self.give_up();
                }
                self.received_all([signal]);
                continue;
            }
            if signal == Signal::WINCH {
                if let Some(keyboard) = &self.keyboard {
                    keyboard.resize();
                }
                continue;
            }
            // A command in a terminal of its own is not in our group.
            let from_terminal = self.keyboard.is_none()
                && matches!(signal, Signal::INT | Signal::QUIT)
                && is_in_foreground();
            if from_terminal {
                self.interrupt(signal);
            } else {
                self.pass_on(signal);
            }
        }
    }

    /// What the command was sent by its terminal. An operator who does so again after some seconds means it.
    fn interrupt(&mut self, signal: Signal) {
        if self.interrupted.is_some_and(|first| first.elapsed() >= PATIENCE) {
            self.kill_at.get_or_insert_with(|| Instant::now() + GRACE);
            self.pass_on(Signal::TERM);
        } else {
            self.interrupted.get_or_insert_with(Instant::now);
            self.received_all([signal]);
        }
    }

    fn pass_on(&mut self, signal: Signal) {
        if let Some(pid) = self.pid
            && kill_process(pid, signal).is_ok()
            && self.forwarded.len() < MOST_SIGNALS
        {
            self.forwarded.push(signals::name(signal.as_raw()));
        }
    }

    /// Notes signals that are not passed on: a terminal sent them to the command as well, or it had ended.
    fn received_all(&mut self, signals: impl IntoIterator<Item = Signal>) {
        let room = MOST_SIGNALS.saturating_sub(self.received.len());
        let signals = signals.into_iter().filter(|signal| *signal != Signal::WINCH);
        self.received.extend(signals.take(room).map(|signal| signals::name(signal.as_raw())));
    }

    fn read_once(&mut self, n: usize, buffer: &mut [u8]) {
        let Some(output) = &mut self.outputs[n] else { return };
        match output.read(buffer) {
            Ok(0) => self.outputs[n] = None,
            Ok(length) => {
                if self.status.is_some() {
                    self.read_after_end[n] = self.read_after_end[n].saturating_add(length);
                }
                let after = self.started.elapsed();
                let bytes = self.sinks[n].take(&buffer[..length]);
                self.timing.note(after, self.sinks[n].fd, bytes);
            }
            Err(again)
                if matches!(
                    again.kind(),
                    io::ErrorKind::Interrupted | io::ErrorKind::WouldBlock
                ) => {}
            Err(_) => self.outputs[n] = None,
        }
    }

    fn look_for_end(&mut self) {
        if self.status.is_none()
            && let Ok(Some(status)) = self.child.try_wait()
        {
            self.status = Some(status);
            self.ended = Some((clock::now(), self.started.elapsed()));
            self.drained = Some(Instant::now() + self.drain);
            // What was asked to end keeps its time for that, whoever of them ends first.
            let kill_at = self.kill_at.unwrap_or_else(|| Instant::now() + LAST);
            self.kill_at = self.timed_out.then_some(kill_at);
        }
    }

    fn outcome(&self, limits: &Limits) -> Outcome {
        let signal = self.status.and_then(|status| status.signal());
        if self.timed_out {
            let after_ms = limits
                .timeout
                .map_or(0, |time| u64::try_from(time.as_millis()).unwrap_or(u64::MAX));
            return Outcome::TimedOut { after_ms, signal: signal.map(signals::name) };
        }
        match (self.status.and_then(|status| status.code()), signal) {
            (Some(code), _) => Outcome::Exited { code: u8::try_from(code).unwrap_or(u8::MAX) },
            (None, Some(number)) => Outcome::Signaled {
                signal: signals::name(number),
                number: u8::try_from(number).unwrap_or(u8::MAX),
                core: self.status.is_some_and(|status| status.core_dumped()),
            },
            (None, None) => {
                Outcome::NotStarted { code: 125, reason: "its end was not seen".into() }
            }
        }
    }
}

struct Ready {
    signals: bool,
    keyboard: bool,
    ended: bool,
    outputs: Vec<bool>,
    terminals: Vec<bool>,
}

/// Whether a terminal's interrupt goes to our group, and so to the command too.
fn is_in_foreground() -> bool {
    let ours = rustix::process::getpgrp();
    [rustix::stdio::stdin(), rustix::stdio::stdout(), rustix::stdio::stderr()]
        .into_iter()
        .any(|stream| rustix::termios::tcgetpgrp(stream).is_ok_and(|group| group == ours))
}
