//! Starting the command: its streams, its environment, its place among the processes.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command};

use evidence::Mode;
use rustix::io::Errno;

use super::Plan;
use super::capture::BUFFER;
use super::pty::Keyboard;
use super::signals::{Ignored, Signals};
use super::tree::Tree;

/// A command that runs.
pub(super) struct Spawned {
    /// The process.
    pub(super) child: Child,
    /// What it starts.
    pub(super) tree: Tree,
    /// Its output: stdout and stderr, or one for both.
    pub(super) outputs: Vec<File>,
    /// Our side of its terminal, if it has one.
    pub(super) keyboard: Option<Keyboard>,
    /// The signals that were sent to us since just before it started.
    pub(super) signals: Signals,
}

/// Starts it in the caller's process group, with the caller's stdin, so that a terminal treats it as if we were not
/// there. Signal handlers stand before it starts, and are not inherited.
#[expect(
    clippy::disallowed_methods,
    reason = "this module owns the recorded command, whose streams duct would read"
)]
pub(super) fn spawn(plan: &Plan<'_>, program: &Path, ignored: Ignored) -> io::Result<Spawned> {
    let tree = Tree::before_start();
    let signals = Signals::catch(plan.mode == Mode::Pty, ignored)?;
    if plan.args.timeout.is_some() {
        // What the command leaves behind becomes our child, so that the whole tree can be found and ended.
        rustix::process::set_child_subreaper(Some(rustix::process::getpid()))?;
    }
    if plan.mode == Mode::Pty {
        return in_terminal(plan, program, tree, signals);
    }
    let (first, first_end) = pipe()?;
    let mut outputs = vec![first.into()];
    let second_end = if plan.mode == Mode::Pipe {
        let (second, second_end) = pipe()?;
        outputs.push(second.into());
        second_end
    } else {
        first_end.try_clone()?
    };
    let start = |mut command: Command| {
        command.args(&plan.args.command[1..]).envs(variables(plan));
        command.stdout(first_end.try_clone()?).stderr(second_end.try_clone()?).spawn()
    };
    let mut command = Command::new(program);
    command.arg0(&plan.args.command[0]);
    let child = start(command).or_else(|failed| {
        // As shells and `execvp` do it, and so a command in a terminal.
        if !is_script_without_interpreter(&failed, program) {
            return Err(failed);
        }
        let mut shell = Command::new("/bin/sh");
        shell.arg(program);
        start(shell)
    })?;
    Ok(Spawned { child, tree, outputs: files(outputs), keyboard: None, signals })
}

/// A pipe that takes as much as is read at once, so that a command that prints a lot is waited for less often. Where
/// the system gives no more than usual, that does.
fn pipe() -> io::Result<(io::PipeReader, io::PipeWriter)> {
    let (reader, writer) = io::pipe()?;
    let _ = rustix::pipe::fcntl_setpipe_size(&reader, BUFFER);
    Ok((reader, writer))
}

/// Whether what could not be started is a text that begins with no `#!`.
fn is_script_without_interpreter(failed: &io::Error, program: &Path) -> bool {
    let is_text = || {
        let mut head = Vec::new();
        File::open(program)?.take(256).read_to_end(&mut head)?;
        // What was read may end within a letter.
        let is_utf8 = str::from_utf8(&head).map_or_else(|bad| bad.error_len().is_none(), |_| true);
        Ok::<_, io::Error>(is_utf8 && !head.contains(&0))
    };
    Errno::from_io_error(failed) == Some(Errno::NOEXEC) && is_text().unwrap_or(false)
}

/// Starts it as the leader of a session of its own, whose terminal is ours to read.
fn in_terminal(
    plan: &Plan<'_>,
    program: &Path,
    tree: Tree,
    signals: Signals,
) -> io::Result<Spawned> {
    let (master, slave) = pty_process::blocking::open().map_err(io::Error::other)?;
    let master = OwnedFd::from(master);
    let keyboard = Keyboard::of(master.try_clone()?)?;
    let child = pty_process::blocking::Command::new(program)
        .arg0(&plan.args.command[0])
        .args(&plan.args.command[1..])
        .envs(variables(plan))
        .spawn(slave)
        .map_err(|failed| match failed {
            pty_process::Error::Io(failed) => failed,
            pty_process::Error::Rustix(failed) => failed.into(),
        })?;
    Ok(Spawned { child, tree, outputs: files(vec![master]), keyboard: Some(keyboard), signals })
}

/// The values go into the environment of this one child, and nowhere else.
fn variables<'a>(plan: &'a Plan<'_>) -> impl Iterator<Item = (&'a str, &'a OsStr)> {
    plan.given
        .variables
        .iter()
        .map(|(name, value)| (name.as_str(), OsStr::from_bytes(value.expose())))
}

fn files(outputs: Vec<OwnedFd>) -> Vec<File> {
    outputs.into_iter().map(File::from).collect()
}
