//! The commands of a pipeline, before any of them runs.

use std::time::Duration;

use opsfile::{OnFailure, Pipeline, Step};

use crate::command_line::CommandWords;

/// Everything a pipeline will start, in order.
#[derive(Debug)]
pub(super) struct Plan {
    /// The pipeline's name.
    pub(super) name: String,
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
#[derive(Debug)]
pub(super) struct PlannedStep {
    /// The step's id.
    pub(super) id: String,
    /// The step's own command, for reading.
    pub(super) own: CommandWords,
    /// The command under `evidence-log run`.
    pub(super) command: CommandWords,
    /// Exit codes that are a success.
    pub(super) expected: Vec<u8>,
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
}

impl Plan {
    /// Plans a pipeline as ops.toml declares it.
    pub(super) fn new(pipeline: &Pipeline) -> Self {
        let Pipeline { name, title, role, area, step } = pipeline;
        let mut open = CommandWords::new(["evidence-log", "open", name]);
        if let Some(area) = area {
            open.extend(["--area", area]);
        }
        let mut seal = CommandWords::new(["evidence-log", "seal"]);
        seal.push_bundle();
        let mut append =
            CommandWords::new(["feedback-append", "--role", role, "--title", title, "--evidence"]);
        append.push_bundle();
        Self { name: name.clone(), open, steps: step.iter().map(plan_step).collect(), seal, append }
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
    if step.expect.exit != [0] {
        let codes: Vec<String> = step.expect.exit.iter().map(u8::to_string).collect();
        command.extend(["--expect-exit", &codes.join(",")]);
    }
    command.extend(["--"]);
    command.extend(words());
    PlannedStep {
        id: step.id.clone(),
        own: CommandWords::new(words()),
        command,
        expected: step.expect.exit.clone(),
        attempts: step.attempts,
        wait: step.wait,
        approve: step.approve,
        on_failure: step.on_failure,
        needs: step.needs.clone(),
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
