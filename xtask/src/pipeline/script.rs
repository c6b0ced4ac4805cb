//! `--dry-run`: the same commands as a person types them in a POSIX shell.

use std::fmt::Write as _;
use std::io::{self, Write};

use opsfile::{OnFailure, Ops};
use report::Invocation;

use super::choose::{Choice, choose};
use super::plan::{Plan, PlannedStep};
use super::resume::Earlier;
use super::{approval, batch, entry, lock};
use crate::args::Run;
use crate::command_line::shell_quote;
use crate::error::Error;
use crate::tool::Binaries;

/// Who pastes the script, and what a step's own input and files are.
struct Typist {
    who: String,
    input: &'static str,
}

/// Writes the script; pasted in a shell, it does what the runner does.
pub(super) fn write(
    plan: &Plan,
    ops: &Ops,
    binaries: &Binaries,
    args: &Run,
    invocation: &Invocation,
    out: &mut dyn Write,
) -> Result<(), Error> {
    let resume = args.resume.as_ref();
    let earlier =
        resume.map(|named| Earlier::read(named, &invocation.cwd, plan, ops)).transpose()?;
    let choices = choose(plan, args, earlier.as_ref())?;
    let typist = Typist {
        who: approval::who(&ops.folder, invocation),
        // What a step leaves running must not hold the lock.
        input: if plan.lock.is_some() { "</dev/null 9>&-" } else { "</dev/null" },
    };
    writeln!(out, "cd {}", shell_quote(&ops.folder.display().to_string()))?;
    let folders: Vec<String> =
        binaries.folders().iter().map(|folder| folder.display().to_string()).collect();
    writeln!(out, "PATH={}:$PATH", shell_quote(&folders.join(":")))?;
    let mut holds = String::new();
    if let Some(app) = &plan.lock {
        let path = lock::path(app, invocation)?;
        let folder = path.parent().unwrap_or(&path).display().to_string();
        let path = shell_quote(&path.display().to_string());
        writeln!(out, "mkdir -p {} && exec 9>>{path}", shell_quote(&folder))?;
        writeln!(out, "if flock --nonblock 9; then")?;
        let holder =
            format!("printf 'pipeline `%s`, process %s, since %s\\n%s\\n' {} $$", plan.name);
        let now = "\"$(date -u +%Y-%m-%dT%H:%M:%SZ)\"";
        holds = format!("{holder} {now} \"$PWD/$bundle\" >|{path}");
    }
    match &earlier {
        Some(earlier) if earlier.is_open() => {
            let path = shell_quote(earlier.path());
            writeln!(out, "bundle={path}; outcome=0; halted=0; failed=; succeeded=' '")?;
        }
        earlier => {
            writeln!(
                out,
                "bundle=$({}); outcome=$?; halted=$outcome; failed=; succeeded=' '",
                plan.open
            )?;
            if let Some(earlier) = earlier {
                let note = shell_quote(&earlier.note());
                writeln!(out, "evidence-log note \"$bundle\" {note}")?;
            }
        }
    }
    if !holds.is_empty() {
        writeln!(out, "{holds}")?;
    }
    for id in &args.repeat {
        let (id, who) = (shell_quote(id), shell_quote(&typist.who));
        let by = shell_quote("the flag --repeat");
        writeln!(out, "evidence-log gate \"$bundle\" {id} --approved --by {by} --who {who}")?;
    }
    let approved = |step: &PlannedStep| args.approve.contains(&step.id);
    for steps in batch::batches(&plan.steps) {
        let steps: Vec<(&PlannedStep, &Choice)> =
            plan.steps[steps.clone()].iter().zip(&choices[steps]).collect();
        write_batch(&steps, &approved, &typist, out)?;
    }
    writeln!(out, "{}", plan.seal)?;
    let message = shell_quote(&entry::planned(plan));
    // The runs alone do not tell what did not run, or could not be started.
    writeln!(out, "status=; if [ $outcome -ne 0 ]; then status=${{failed:-halted}}; fi")?;
    writeln!(
        out,
        "{} --id \"$(basename \"$bundle\")\" ${{status:+--status}} ${{status:+\"$status\"}} --message {message}",
        plan.append
    )?;
    if let Some(app) = &plan.lock {
        writeln!(
            out,
            "else echo {} >&2; outcome=2; fi; exec 9>&-",
            shell_quote(&format!("somebody else works on the app {app}"))
        )?;
    }
    writeln!(out, "(exit $outcome)")?;
    Ok(())
}

/// Steps beside each other run in the background, and are waited for before those that need them.
fn write_batch(
    steps: &[(&PlannedStep, &Choice)],
    approved: &dyn Fn(&PlannedStep) -> bool,
    typist: &Typist,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut left: Vec<&PlannedStep> = Vec::new();
    for (step, choice) in steps {
        let id = &step.id;
        match choice {
            Choice::Run => left.push(step),
            Choice::Done | Choice::LeftOut => writeln!(out, "succeeded=\"${{succeeded}}{id} \"")?,
            Choice::Unknown(how) => writeln!(
                out,
                "echo {} >&2; outcome=1; halted=1",
                shell_quote(&format!("{id} was cut short earlier ({how}); look what it did first"))
            )?,
        }
    }
    while !left.is_empty() {
        let needs_other =
            |step: &&PlannedStep| left.iter().any(|other| step.needs.contains(&other.id));
        let (later, now): (Vec<_>, Vec<_>) = left.iter().copied().partition(needs_other);
        // What needs itself in a circle cannot be declared; were it, it would be written as it stands.
        let now = if now.is_empty() { left.clone() } else { now };
        let is_alone = steps.len() == 1;
        for step in &now {
            write_step(step, is_alone, approved(step), typist, out)?;
        }
        for step in now.iter().filter(|_| !is_alone) {
            write_wait(step, out)?;
        }
        left = if now.len() == left.len() { Vec::new() } else { later };
    }
    Ok(())
}

/// A step runs where no earlier one has halted the pipeline and those that it needs have succeeded.
fn write_step(
    step: &PlannedStep,
    is_alone: bool,
    approved: bool,
    typist: &Typist,
    out: &mut dyn Write,
) -> io::Result<()> {
    let input = typist.input;
    let PlannedStep { id, command, expect, attempts, wait, needs, .. } = step;
    let needed: Vec<String> = needs
        .iter()
        .map(|need| format!(" && [ \"${{succeeded#* {need} }}\" != \"$succeeded\" ]"))
        .collect();
    let needed = needed.concat();
    let codes = expect.exit.iter().map(u8::to_string).collect::<Vec<_>>().join("|");
    let tries = (1..=*attempts).map(|number| number.to_string()).collect::<Vec<_>>().join(" ");
    let pause =
        if wait.is_zero() { String::new() } else { format!("sleep {}; ", wait.as_secs().max(1)) };
    writeln!(out, "if [ $halted -eq 0 ]{needed}; then")?;
    if step.approve {
        write_gate(step, approved, typist, out)?;
        writeln!(out, "  if [ $verdict = --approved ]; then")?;
    }
    let (begin, end) = if is_alone { ("", "") } else { ("( ", " ) & started=$!") };
    if *attempts <= 1 {
        writeln!(out, "  {begin}{command} {input}; code=$?")?;
    } else {
        writeln!(out, "  {begin}for try in {tries}; do\n    {command} {input}; code=$?")?;
        writeln!(out, "    case $code in {codes}) break ;; esac")?;
        if !step.repeatable {
            // It was cut short: a time that was up, a recorder that failed, a signal.
            writeln!(out, "    if [ $code -ge 124 ]; then break; fi")?;
        }
        writeln!(out, "    if [ $try -lt {attempts} ]; then {pause}:; fi\n  done")?;
    }
    if is_alone {
        write_judgement(step, &codes, out)?;
    } else {
        let name = variable(id);
        writeln!(out, "  exit $code{end}; {name}=$started")?;
    }
    if step.approve {
        writeln!(out, "  fi")?;
    }
    writeln!(out, "fi")
}

/// Somebody is asked, and the answer recorded.
fn write_gate(
    step: &PlannedStep,
    approved: bool,
    typist: &Typist,
    out: &mut dyn Write,
) -> io::Result<()> {
    let by = if approved {
        writeln!(out, "  verdict=--approved")?;
        "the flag --approve"
    } else {
        let question = shell_quote(&format!("{}: run `{}`? [y/N] ", step.id, step.own));
        let refused = match step.on_failure {
            OnFailure::Halt => "outcome=1; halted=1",
            OnFailure::Continue => "outcome=1",
        };
        writeln!(
            out,
            "  printf %s {question}; read -r answer </dev/tty; case $answer in y|yes) verdict=--approved ;; *) verdict=--refused; {refused} ;; esac"
        )?;
        "the prompt"
    };
    let (id, by, who) = (&step.id, shell_quote(by), shell_quote(&typist.who));
    writeln!(out, "  evidence-log gate \"$bundle\" {id} $verdict --by {by} --who {who}")
}

/// Waits for a step in the background, if it was started.
fn write_wait(step: &PlannedStep, out: &mut dyn Write) -> io::Result<()> {
    let codes = step.expect.exit.iter().map(u8::to_string).collect::<Vec<_>>().join("|");
    let name = variable(&step.id);
    writeln!(out, "if [ \"${{{name}-}}\" ]; then wait ${name}; code=$?; unset {name}")?;
    write_judgement(step, &codes, out)?;
    writeln!(out, "fi")
}

fn write_judgement(step: &PlannedStep, codes: &str, out: &mut dyn Write) -> io::Result<()> {
    let failed = match step.on_failure {
        OnFailure::Halt => "outcome=1; halted=1; failed=failed",
        OnFailure::Continue => "outcome=1; failed=failed",
    };
    let id = &step.id;
    writeln!(
        out,
        "  case $code in {codes}) succeeded=\"${{succeeded}}{id} \" ;; *) {failed} ;; esac"
    )
}

/// The shell's variable for the process of a step; two ids have two.
fn variable(id: &str) -> String {
    let mut name = "started_".to_owned();
    for byte in id.bytes() {
        if byte.is_ascii_alphanumeric() {
            name.push(char::from(byte));
        } else {
            let _ = write!(name, "_{byte:x}");
        }
    }
    name
}

#[cfg(test)]
mod tests {
    use duct::cmd;

    use super::*;
    use crate::pipeline::plan::tests::step;

    fn check(steps: &[PlannedStep], expected: &str) {
        let typist = Typist { who: "somebody".to_owned(), input: "</dev/null" };
        let mut script = b"outcome=0; halted=0; succeeded=' '\n".to_vec();
        for batch in batch::batches(steps) {
            let batch: Vec<_> = steps[batch].iter().map(|step| (step, &Choice::Run)).collect();
            write_batch(&batch, &|_| false, &typist, &mut script).unwrap();
        }
        script.extend(b"echo \"outcome $outcome:$succeeded\"\n");
        let printed = cmd!("sh").stdin_bytes(script).read().unwrap();
        assert_eq!(printed, expected);
    }

    fn needing(id: &str, command: &[&str], needs: &[&str]) -> PlannedStep {
        let needs = needs.iter().map(|need| (*need).to_owned()).collect();
        PlannedStep { needs, ..step(id, command) }
    }

    #[test]
    fn a_failure_halts_what_follows() {
        let steps = [step("a", &["true"]), step("b", &["false"]), step("c", &["echo", "ran"])];
        check(&steps, "outcome 1: a ");
    }

    #[test]
    fn a_failure_that_may_continue_stops_only_what_needs_it() {
        let mut steps = [
            step("ab", &["true"]),
            step("b", &["false"]),
            needing("c", &["echo", "ran"], &["b"]),
            needing("d", &["true"], &["ab"]),
        ];
        steps[1].on_failure = OnFailure::Continue;
        check(&steps, "outcome 1: ab d ");
    }

    #[test]
    fn attempts_end_with_the_first_expected_code() {
        let mut twice = step("a", &["sh", "-c", "echo try; exit 3"]);
        twice.attempts = 2;
        check(std::slice::from_ref(&twice), "try\ntry\noutcome 1: ");
        twice.expect.exit = vec![0, 3];
        check(&[twice], "try\noutcome 0: a ");
    }

    #[test]
    fn a_step_that_was_cut_short_is_tried_again_only_where_it_is_repeatable() {
        let mut twice = step("a", &["sh", "-c", "echo try; exit 137"]);
        twice.attempts = 2;
        check(std::slice::from_ref(&twice), "try\noutcome 1: ");
        twice.repeatable = true;
        check(&[twice], "try\ntry\noutcome 1: ");
    }

    #[test]
    fn two_ids_have_two_variables() {
        assert_ne!(variable("a-1"), variable("a.1"));
        assert_eq!(variable("a-1"), "started_a_2d1");
    }

    #[test]
    fn steps_beside_each_other_are_waited_for_before_what_needs_them() {
        let mut steps = [
            step("a-1", &["true"]),
            step("b", &["false"]),
            needing("c", &["true"], &["a-1"]),
            needing("d", &["echo", "ran"], &["b"]),
        ];
        for step in &mut steps {
            step.parallel = true;
            step.on_failure = OnFailure::Continue;
        }
        check(&steps, "outcome 1: a-1 c ");
        let twice = PlannedStep { attempts: 2, parallel: true, ..step("t", &["false"]) };
        check(&[twice, steps[0].clone()], "outcome 1: a-1 ");
    }
}
