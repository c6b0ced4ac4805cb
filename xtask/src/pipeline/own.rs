//! Our own commands, which open, note, seal and tell: no signal that is meant for a step ends them half-way.

use std::io;

use crate::command_line::CommandWords;
use crate::error::Error;

use super::work::Ctx;

/// Starts the command that follows with the signals ignored that a terminal sends to all that run in it.
const SHIELD: [&str; 4] = ["sh", "-c", "trap '' HUP INT QUIT TERM; exec \"$@\"", "sh"];

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
    let output = expression.stdin_bytes(input).stdout_capture().stderr_capture().run();
    let output = output.map_err(|source| Error::Start { program: program.clone(), source })?;
    if !output.status.success() {
        return Ok(Err(Refused { program, code: output.status.code(), stderr: output.stderr }));
    }
    let text = String::from_utf8(output.stdout).map_err(|_| {
        Error::Write(io::Error::new(io::ErrorKind::InvalidData, "an answer that is not UTF-8"))
    })?;
    Ok(Ok(text.trim_end().to_owned()))
}
