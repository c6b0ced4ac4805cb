//! Starting the command: its streams, its environment, its place among the processes.

use std::io::{self, PipeReader};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command};

use evidence::Mode;

use super::Plan;
use super::signals::Signals;

/// A command that runs.
pub(super) struct Spawned {
    /// The process.
    pub(super) child: Child,
    /// Its output: stdout and stderr, or one for both.
    pub(super) outputs: Vec<PipeReader>,
    /// The signals that were sent to us since just before it started.
    pub(super) signals: Signals,
}

/// Starts it in the caller's process group, with the caller's stdin, so that a terminal treats it as if we were not
/// there. Signal handlers stand before it starts, and are not inherited.
#[expect(
    clippy::disallowed_methods,
    reason = "this module owns the recorded command, whose streams duct would read"
)]
pub(super) fn spawn(plan: &Plan<'_>, program: &Path) -> io::Result<Spawned> {
    let signals = Signals::catch()?;
    if plan.args.timeout.is_some() {
        // What the command leaves behind becomes our child, so that the whole tree can be found and ended.
        rustix::process::set_child_subreaper(Some(rustix::process::getpid()))?;
    }
    let mut command = Command::new(program);
    command
        .arg0(&plan.args.command[0])
        .args(&plan.args.command[1..])
        .current_dir(&plan.invocation.cwd);
    for (name, value) in &plan.given.variables {
        // The value goes into the environment of this one child, and nowhere else.
        command.env(name, std::ffi::OsStr::new(as_os_str(value.expose())));
    }
    let (first, first_end) = io::pipe()?;
    let mut outputs = vec![first];
    if plan.mode == Mode::Pipe {
        let (second, second_end) = io::pipe()?;
        outputs.push(second);
        command.stdout(first_end).stderr(second_end);
    } else {
        command.stdout(first_end.try_clone()?).stderr(first_end);
    }
    let child = command.spawn()?;
    Ok(Spawned { child, outputs, signals })
}

fn as_os_str(bytes: &[u8]) -> &std::ffi::OsStr {
    std::os::unix::ffi::OsStrExt::from_bytes(bytes)
}
