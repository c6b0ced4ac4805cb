//! Our own commands, which open, note, seal and tell: no signal that is meant for a step ends them half-way.

use std::io;
use std::os::unix::process::ExitStatusExt;

use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};

use crate::command_line::CommandWords;
use crate::error::Error;

use super::work::Ctx;

/// Starts the command that follows with the signals ignored that a terminal sends to all that run in it.
const SHIELD: [&str; 4] = ["sh", "-c", "trap '' HUP INT QUIT TERM; exec \"$@\"", "sh"];

/// The signals that it ignores.
const SHIELDED: [i32; 4] = [SIGHUP, SIGINT, SIGQUIT, SIGTERM];
/// How often it is started again under a key that is held; one in two gets through.
const TRIES: usize = 200;

/// A command that did not succeed.
pub(super) struct Refused {
    pub(super) program: String,
    /// None where a signal ended it.
    pub(super) code: Option<i32>,
    /// What it said.
    pub(super) stderr: Vec<u8>,
}

/// Runs the command with this standard input, and returns what it prints where it succeeds.
pub(super) fn answer(
    ctx: &Ctx<'_>,
    command: &CommandWords,
    input: &str,
) -> Result<Result<String, Refused>, Error> {
    let (program, _) = ctx.expression(command);
    let mut shielded = CommandWords::new(SHIELD);
    shielded.0.extend(command.0.iter().cloned());
    let (_, expression) = ctx.expression(&shielded);
    let expression = expression.stdin_bytes(input).stdout_capture().stderr_capture();
    let run =
        || expression.run().map_err(|source| Error::Start { program: program.clone(), source });
    let mut output = run()?;
    for _ in 0..TRIES {
        // The shell was not ready yet to ignore it, so that the command has not begun.
        if !output.status.signal().is_some_and(|signal| SHIELDED.contains(&signal)) {
            break;
        }
        output = run()?;
    }
    if !output.status.success() {
        return Ok(Err(Refused { program, code: output.status.code(), stderr: output.stderr }));
    }
    let text = String::from_utf8(output.stdout).map_err(|_| {
        Error::Write(io::Error::new(io::ErrorKind::InvalidData, "an answer that is not UTF-8"))
    })?;
    Ok(Ok(text.trim_end().to_owned()))
}
