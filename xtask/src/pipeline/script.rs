//! `--dry-run`: the same commands as a person types them in a POSIX shell.

use std::io::{self, Write};

use opsfile::{OnFailure, Ops};

use super::entry;
use super::plan::{Plan, PlannedStep};
use crate::command_line::shell_quote;
use crate::tool::Binaries;

/// Writes the script; pasted in a shell, it does what the runner does.
pub(super) fn write(
    plan: &Plan,
    ops: &Ops,
    binaries: &Binaries,
    out: &mut dyn Write,
) -> io::Result<()> {
    writeln!(out, "cd {}", shell_quote(&ops.folder.display().to_string()))?;
    let folders: Vec<String> =
        binaries.folders().iter().map(|folder| folder.display().to_string()).collect();
    writeln!(out, "PATH={}:$PATH", shell_quote(&folders.join(":")))?;
    writeln!(out, "bundle=$({}); outcome=$?", plan.open)?;
    for step in &plan.steps {
        write_step(step, out)?;
    }
    writeln!(out, "{}", plan.seal)?;
    let message = shell_quote(&entry::planned(plan));
    writeln!(out, "{} --id \"$(basename \"$bundle\")\" --message {message}", plan.append)?;
    writeln!(out, "(exit $outcome)")
}

/// A step runs where no earlier one has halted the pipeline.
fn write_step(step: &PlannedStep, out: &mut dyn Write) -> io::Result<()> {
    let PlannedStep { id, command, expected, attempts, wait, approve, on_failure, .. } = step;
    if *approve {
        writeln!(out, "# {id}: a person must agree before this one")?;
    }
    let codes = expected.iter().map(u8::to_string).collect::<Vec<_>>().join("|");
    let failed = match on_failure {
        OnFailure::Halt => "outcome=1",
        OnFailure::Continue => "failed=\"$failed $bundle\"",
    };
    if *attempts <= 1 {
        return writeln!(
            out,
            "if [ $outcome -eq 0 ]; then\n  {command}\n  case $? in {codes}) ;; *) {failed} ;; esac\nfi"
        );
    }
    let tries = (1..=*attempts).map(|number| number.to_string()).collect::<Vec<_>>().join(" ");
    let pause =
        if wait.is_zero() { String::new() } else { format!("sleep {} && ", wait.as_secs().max(1)) };
    writeln!(
        out,
        "if [ $outcome -eq 0 ]; then\n  for try in {tries}; do\n    {command}\n    \
         case $? in {codes}) break ;; *) [ $try -lt {attempts} ] && {pause}true || {failed} ;; esac\n  done\nfi"
    )
}
