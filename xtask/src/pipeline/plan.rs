//! The commands of a pipeline, before any of them runs.

use std::path::PathBuf;
use std::time::Duration;

use opsfile::{Expect, OnFailure, Ops, Pipeline, Step};

use crate::command_line::CommandWords;

/// Everything a pipeline will start, in order.
#[derive(Debug)]
pub(super) struct Plan {
    /// The pipeline's name.
    pub(super) name: String,
    /// Who is told when a step failed twice.
    pub(super) escalate_to: String,
    /// The log that is told.
    pub(super) log: Option<PathBuf>,
    /// The app that nobody else may work on meanwhile.
    pub(super) lock: Option<String>,
    /// Opens the bundle; its stdout is the bundle's path.
    pub(super) open: CommandWords,
    /// The steps.
    pub(super) steps: Vec<PlannedStep>,
    /// Seals the bundle.
    pub(super) seal: CommandWords,
    /// Appends the entry, but for its `--id` and its message.
    pub(super) append: CommandWords,
}

/// One step, wrapped in evidence.
#[derive(Debug, Clone)]
pub(super) struct PlannedStep {
    /// The step's id.
    pub(super) id: String,
    /// The step's own command, for reading.
    pub(super) own: CommandWords,
    /// The words of its own command.
    pub(super) words: Vec<String>,
    /// The command under `evidence-log run`.
    pub(super) command: CommandWords,
    /// What a success is.
    pub(super) expect: Expect,
    /// How often it is tried in all.
    pub(super) attempts: u32,
    /// How long to wait before each further try.
    pub(super) wait: Duration,
    /// Whether a person must agree first.
    pub(super) approve: bool,
    /// Whether later steps run although it failed.
    pub(super) on_failure: OnFailure,
    /// Steps without whose success it does not run.
    pub(super) needs: Vec<String>,
    /// Whether it may run beside its neighbours that may too.
    pub(super) parallel: bool,
    /// Whether it may run again although how it ended before is not known.
    pub(super) repeatable: bool,
    /// How long it may take.
    pub(super) timeout: Option<Duration>,
    /// The files of the vault whose variables it is given.
    pub(super) env_from: Vec<String>,
}

impl Plan {
    /// Plans a pipeline as ops.toml declares it.
    pub(super) fn new(pipeline: &Pipeline, ops: &Ops) -> Self {
        let Pipeline { name, title, role, area, lock, escalate_to, step } = pipeline;
        let mut open = CommandWords::new(["evidence-log", "open", name]);
        if let Some(area) = area {
            open.extend(["--area", area]);
        }
        let mut seal = CommandWords::new(["evidence-log", "seal"]);
        seal.push_bundle();
        let mut append =
            CommandWords::new(["feedback-append", "--role", role, "--title", title, "--evidence"]);
        append.push_bundle();
        let log = ops.feedback.roles.get(role);
        let log = log.map(|role| ops.absolute(&ops.feedback.root).join(&role.file));
        let owner = || ops.feedback.roles.get(role).map(|role| role.owner.clone());
        Self {
            name: name.clone(),
            escalate_to: escalate_to.clone().or_else(owner).unwrap_or_else(|| role.clone()),
            log,
            lock: lock.clone(),
            open,
            steps: step.iter().map(plan_step).collect(),
            seal,
            append,
        }
    }
}

fn plan_step(step: &Step) -> PlannedStep {
    let words = || step.run.iter().map(String::as_str);
    let mut command = CommandWords::new(["evidence-log", "run", "--into"]);
    command.push_bundle();
    command.extend(["--label", &step.id]);
    if let Some(timeout) = step.timeout {
        command.extend(["--timeout", &duration(timeout)]);
    }
    for file in &step.env_from {
        command.extend(["--env-from", file]);
    }
    expect(&step.expect, &mut command);
    command.extend(["--"]);
    command.extend(words());
    PlannedStep {
        id: step.id.clone(),
        own: CommandWords::new(words()),
        words: step.run.clone(),
        command,
        expect: step.expect.clone(),
        attempts: step.attempts,
        wait: step.wait,
        approve: step.approve,
        on_failure: step.on_failure,
        needs: step.needs.clone(),
        parallel: step.parallel,
        repeatable: step.repeatable,
        timeout: step.timeout,
        env_from: step.env_from.clone(),
    }
}

/// What is expected is recorded before the command starts.
fn expect(expect: &Expect, command: &mut CommandWords) {
    let Expect { exit, matches, json } = expect;
    if *exit != [0] {
        let codes: Vec<String> = exit.iter().map(u8::to_string).collect();
        command.extend(["--expect-exit", &codes.join(",")]);
    }
    for pattern in matches {
        command.extend(["--expect-match", pattern]);
    }
    for (pointer, value) in json {
        command.extend(["--expect-json", &format!("{pointer}={value}")]);
    }
}

/// A duration as the tools read it.
fn duration(duration: Duration) -> String {
    let seconds = duration.as_secs();
    if duration.subsec_millis() == 0 {
        format!("{seconds}s")
    } else {
        format!("{}ms", duration.as_millis())
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A step of this command, with nothing else said.
    pub(in crate::pipeline) fn step(id: &str, command: &[&str]) -> PlannedStep {
        let words = CommandWords::new(command.iter().copied());
        PlannedStep {
            id: id.to_owned(),
            own: words.clone(),
            words: command.iter().map(|word| (*word).to_owned()).collect(),
            command: words,
            expect: Expect::default(),
            attempts: 1,
            wait: Duration::ZERO,
            approve: false,
            on_failure: OnFailure::Halt,
            needs: Vec::new(),
            parallel: false,
            repeatable: false,
            timeout: None,
            env_from: Vec::new(),
        }
    }

    #[test]
    fn what_is_expected_is_said_before_the_command() {
        let mut command = CommandWords::new(["evidence-log", "run"]);
        let expected = Expect {
            exit: vec![0, 1],
            matches: vec!["^a b$".to_owned()],
            json: vec![("/status".to_owned(), "\"ok\"".to_owned())],
        };
        expect(&expected, &mut command);
        insta::assert_snapshot!(command, @r#"evidence-log run --expect-exit '0,1' --expect-match '^a b$' --expect-json '/status="ok"'"#);
    }
}
