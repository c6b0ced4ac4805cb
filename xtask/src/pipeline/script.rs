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
    writeln!(out, "bundle=$({}); outcome=$?; halted=$outcome; succeeded=' '", plan.open)?;
    for step in &plan.steps {
        write_step(step, out)?;
    }
    writeln!(out, "{}", plan.seal)?;
    let message = shell_quote(&entry::planned(plan));
    writeln!(out, "{} --id \"$(basename \"$bundle\")\" --message {message}", plan.append)?;
    writeln!(out, "(exit $outcome)")
}

/// A step runs where no earlier one has halted the pipeline and those that it needs have succeeded.
fn write_step(step: &PlannedStep, out: &mut dyn Write) -> io::Result<()> {
    let PlannedStep { id, command, expected, attempts, wait, approve, on_failure, needs, .. } =
        step;
    if *approve {
        writeln!(out, "# {id}: a person must agree before this one")?;
    }
    let needed: Vec<String> = needs
        .iter()
        .map(|need| format!(" && [ \"${{succeeded#* {need} }}\" != \"$succeeded\" ]"))
        .collect();
    let needed = needed.concat();
    let codes = expected.iter().map(u8::to_string).collect::<Vec<_>>().join("|");
    let failed = match on_failure {
        OnFailure::Halt => "outcome=1; halted=1",
        OnFailure::Continue => "outcome=1",
    };
    let tries = (1..=*attempts).map(|number| number.to_string()).collect::<Vec<_>>().join(" ");
    let pause =
        if wait.is_zero() { String::new() } else { format!("sleep {}; ", wait.as_secs().max(1)) };
    writeln!(out, "if [ $halted -eq 0 ]{needed}; then")?;
    if *attempts <= 1 {
        writeln!(out, "  {command}")?;
        writeln!(
            out,
            "  case $? in {codes}) succeeded=\"${{succeeded}}{id} \" ;; *) {failed} ;; esac"
        )?;
    } else {
        writeln!(out, "  for try in {tries}; do\n    {command}")?;
        writeln!(out, "    case $? in {codes}) succeeded=\"${{succeeded}}{id} \"; break ;; esac")?;
        writeln!(out, "    if [ $try -lt {attempts} ]; then {pause}:; else {failed}; fi\n  done")?;
    }
    writeln!(out, "fi")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use duct::cmd;

    use super::*;
    use crate::command_line::CommandWords;

    fn step(id: &str, command: &[&str], on_failure: OnFailure, needs: &[&str]) -> PlannedStep {
        let command = CommandWords::new(command.iter().copied());
        PlannedStep {
            id: id.to_owned(),
            own: command.clone(),
            command,
            expected: vec![0],
            attempts: 1,
            wait: Duration::ZERO,
            approve: false,
            on_failure,
            needs: needs.iter().map(|need| (*need).to_owned()).collect(),
        }
    }

    fn check(steps: &[PlannedStep], expected: &str) {
        let mut script = b"outcome=0; halted=0; succeeded=' '\n".to_vec();
        for step in steps {
            write_step(step, &mut script).unwrap();
        }
        script.extend(b"echo \"outcome $outcome:$succeeded\"\n");
        let printed = cmd!("sh").stdin_bytes(script).read().unwrap();
        assert_eq!(printed, expected);
    }

    #[test]
    fn a_failure_halts_what_follows() {
        let steps = [
            step("a", &["true"], OnFailure::Halt, &[]),
            step("b", &["false"], OnFailure::Halt, &[]),
            step("c", &["echo", "ran"], OnFailure::Halt, &[]),
        ];
        check(&steps, "outcome 1: a ");
    }

    #[test]
    fn a_failure_that_may_continue_stops_only_what_needs_it() {
        let steps = [
            step("ab", &["true"], OnFailure::Halt, &[]),
            step("b", &["false"], OnFailure::Continue, &[]),
            step("c", &["echo", "ran"], OnFailure::Halt, &["b"]),
            step("d", &["true"], OnFailure::Halt, &["ab"]),
        ];
        check(&steps, "outcome 1: ab d ");
    }

    #[test]
    fn attempts_end_with_the_first_expected_code() {
        let mut twice = step("a", &["sh", "-c", "echo try; exit 3"], OnFailure::Halt, &[]);
        twice.attempts = 2;
        check(std::slice::from_ref(&twice), "try\ntry\noutcome 1: ");
        twice.expected = vec![0, 3];
        check(&[twice], "try\noutcome 0: a ");
    }
}
