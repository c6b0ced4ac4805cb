//! Whether a step may run: asked before it, and recorded in the bundle as a gate.

use std::io::{self, BufRead, BufReader};
use std::path::Path;

use duct::cmd;
use report::{Invocation, Streams};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::termios::{QueueSelector, tcflush};

use super::plan::PlannedStep;
use super::stop::Stop;
use crate::args::Run;
use crate::command_line::CommandWords;
use crate::error::Error;

/// How long a signal can go unseen.
const LOOK_AGAIN: Timespec = Timespec { tv_sec: 0, tv_nsec: 100_000_000 };

/// An answer, and how it came.
pub(super) struct Answer {
    /// Whether the step may run.
    pub(super) approved: bool,
    by: &'static str,
}

/// Finds the answer: the flag, else the person at the terminal, else nobody.
pub(super) fn ask(
    step: &PlannedStep,
    args: &Run,
    invocation: &Invocation,
    signals: &Stop,
    streams: &mut Streams<'_>,
) -> Result<Answer, Error> {
    if args.approve.contains(&step.id) {
        return Ok(Answer { approved: true, by: "the flag --approve" });
    }
    if !invocation.stdin_is_terminal || !invocation.stderr_is_terminal {
        writeln!(streams.stderr, "  needs an approval: --approve {}", step.id)?;
        return Ok(Answer { approved: false, by: "nobody at a terminal" });
    }
    // Somebody agrees to what is shown, and not to what was not there yet when they typed. What cannot be dropped, at
    // a terminal that is gone, cannot be read either.
    let _ = tcflush(io::stdin(), QueueSelector::IFlush);
    write!(streams.stderr, "  {}: run `{}`? [y/N] ", step.id, step.own)?;
    streams.stderr.flush()?;
    if !line_came(signals)? {
        writeln!(streams.stderr)?;
        return Ok(Answer { approved: false, by: "a signal at the prompt" });
    }
    let mut answer = String::new();
    // A terminal that is gone says nothing.
    if BufReader::new(&mut *streams.stdin).read_line(&mut answer).unwrap_or(0) == 0 {
        writeln!(streams.stderr)?;
    }
    Ok(Answer { approved: matches!(answer.trim(), "y" | "yes"), by: "the prompt" })
}

/// Waits until the terminal has a line, or its end; not where a signal comes first, which ends no read by itself.
fn line_came(stop: &Stop) -> io::Result<bool> {
    let stdin = io::stdin();
    while !stop.is_set() {
        let mut waiting = [PollFd::new(&stdin, PollFlags::IN)];
        match poll(&mut waiting, Some(&LOOK_AGAIN)) {
            Ok(0) | Err(Errno::INTR) => {}
            Ok(_) => return Ok(true),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(false)
}

/// The command that records the answer.
pub(super) fn record(step: &PlannedStep, answer: &Answer, who: &str) -> CommandWords {
    let mut command = CommandWords::new(["evidence-log", "gate"]);
    command.push_bundle();
    let verdict = if answer.approved { "--approved" } else { "--refused" };
    command.extend([&step.id, verdict, "--by", answer.by, "--who", who]);
    command
}

/// Who sits here, as git knows them, else as the system does.
pub(super) fn who(folder: &Path, invocation: &Invocation) -> String {
    let git = |key: &str| {
        let read = cmd!("git", "config", "--get", key).dir(folder).stderr_null().unchecked().read();
        read.ok().map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
    };
    let variable = |name: &str| {
        let value = invocation.variable(name).and_then(|value| value.into_string().ok());
        value.filter(|value| !value.is_empty())
    };
    match (git("user.name"), git("user.email")) {
        (Some(name), Some(email)) => format!("{name} <{email}>"),
        (Some(one), None) | (None, Some(one)) => one,
        (None, None) => variable("USER")
            .or_else(|| variable("LOGNAME"))
            .unwrap_or_else(|| format!("user {}", rustix::process::getuid().as_raw())),
    }
}
