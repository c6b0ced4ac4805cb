//! What the log says of a pipeline, beside what the tool itself lists from the bundle.

use super::plan::Plan;

/// How one step ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct StepOutcome {
    /// The step's id.
    pub(super) id: String,
    /// How.
    pub(super) state: State,
    /// What a failed step printed, already redacted.
    pub(super) excerpt: Vec<String>,
}

/// The ways a step can end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// With an exit code that the step expects.
    Succeeded,
    /// With another exit code, after all its attempts.
    Failed(i32),
    /// Nobody approved it.
    NotApproved,
    /// An earlier step halted the pipeline, or one it needs failed.
    NotRun,
}

/// What can be said before anything has run.
pub(super) fn planned(plan: &Plan) -> String {
    let ids: Vec<&str> = plan.steps.iter().map(|step| step.id.as_str()).collect();
    format!("Pipeline `{}`, steps: {}.", plan.name, ids.join(", "))
}

/// The body of the entry.
pub(super) fn body(plan: &Plan, outcomes: &[StepOutcome]) -> String {
    let failed: Vec<&StepOutcome> = outcomes
        .iter()
        .filter(|outcome| matches!(outcome.state, State::Failed(_) | State::NotApproved))
        .collect();
    let mut paragraphs = Vec::new();
    if failed.is_empty() {
        paragraphs.push(format!(
            "Pipeline `{}`: {}, all succeeded.",
            plan.name,
            steps(outcomes.len())
        ));
    }
    for outcome in failed {
        let how = match outcome.state {
            State::Failed(code) => format!("failed with exit code {code}"),
            _ => "was not approved".to_owned(),
        };
        paragraphs.push(format!("Pipeline `{}`: step `{}` {how}.", plan.name, outcome.id));
        if !outcome.excerpt.is_empty() {
            let lines: Vec<String> =
                outcome.excerpt.iter().map(|line| format!("    {line}")).collect();
            paragraphs.push(lines.join("\n"));
        }
    }
    let not_run: Vec<&str> = outcomes
        .iter()
        .filter(|outcome| outcome.state == State::NotRun)
        .map(|outcome| outcome.id.as_str())
        .collect();
    if !not_run.is_empty() {
        paragraphs.push(format!("Not run: {}.", not_run.join(", ")));
    }
    paragraphs.join("\n\n")
}

fn steps(count: usize) -> String {
    if count == 1 { "1 step".to_owned() } else { format!("{count} steps") }
}
