//! What the log says of a pipeline, beside what the tool itself lists from the bundle.

use super::excerpt;
use super::plan::{Plan, PlannedStep};

/// How one step ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct StepOutcome {
    /// The step's id.
    pub(super) id: String,
    /// How.
    pub(super) state: State,
    /// What a failed step printed, already redacted.
    pub(super) excerpt: Vec<String>,
    /// What is known about that failure.
    pub(super) explanation: Option<String>,
    /// How often the step failed since it last succeeded, as the bundles say.
    pub(super) failures: usize,
}

/// The ways a step can end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum State {
    /// As it was expected to.
    Succeeded,
    /// In a bundle that this one goes on behind.
    Earlier,
    /// After all its attempts, in this way.
    Failed(String),
    /// Nobody approved it.
    NotApproved,
    /// It was cut short earlier, in this way, and may not run twice unseen.
    Unknown(String),
    /// A signal ended the pipeline while it ran.
    Interrupted,
    /// An earlier step halted the pipeline, or one it needs failed.
    NotRun,
    /// The command line leaves it out.
    LeftOut,
}

/// What a person must provide before the pipeline can go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ask {
    /// What is missing.
    pub(super) what: String,
    /// Where it belongs.
    pub(super) place: String,
    /// Who has it.
    pub(super) who: String,
}

impl StepOutcome {
    /// An outcome of which nothing more is to be said.
    pub(super) fn new(id: &str, state: State) -> Self {
        Self { id: id.to_owned(), state, excerpt: Vec::new(), explanation: None, failures: 0 }
    }

    /// Whether this was the second documented failure, or a later one.
    pub(super) fn is_escalated(&self) -> bool {
        self.failures >= 2
    }
}

impl State {
    /// Whether what it was for is done.
    pub(super) fn is_done(&self) -> bool {
        matches!(self, Self::Succeeded | Self::Earlier)
    }

    /// Whether the pipeline has failed by it.
    pub(super) fn is_failure(&self) -> bool {
        !self.is_done() && !matches!(self, Self::NotRun | Self::LeftOut)
    }
}

/// What can be said before anything has run.
pub(super) fn planned(plan: &Plan) -> String {
    let ids: Vec<&str> = plan.steps.iter().map(|step| step.id.as_str()).collect();
    format!("Pipeline `{}`, steps: {}.", plan.name, ids.join(", "))
}

/// The body of the entry; without excerpts it has no word that is not ours.
pub(super) fn body(
    plan: &Plan,
    outcomes: &[StepOutcome],
    asks: &[Ask],
    with_excerpts: bool,
) -> String {
    let name = &plan.name;
    let ids = |wanted: &dyn Fn(&State) -> bool| -> Vec<&str> {
        let wanted = outcomes.iter().filter(|outcome| wanted(&outcome.state));
        wanted.map(|outcome| outcome.id.as_str()).collect()
    };
    let mut paragraphs = Vec::new();
    if outcomes.iter().all(|outcome| outcome.state.is_done()) {
        paragraphs
            .push(format!("Pipeline `{name}`: {}, each ended as expected.", steps(outcomes.len())));
    } else if !outcomes.iter().any(|outcome| outcome.state.is_failure()) {
        let done = ids(&State::is_done);
        paragraphs
            .push(format!("Pipeline `{name}`, in part: {} ended as expected.", done.join(", ")));
    }
    for outcome in outcomes.iter().filter(|outcome| outcome.state.is_failure()) {
        paragraphs.push(format!("Pipeline `{name}`: step `{}` {}.", outcome.id, how(outcome)));
        if with_excerpts && !outcome.excerpt.is_empty() {
            paragraphs.push(excerpt::block(&outcome.excerpt));
        }
        paragraphs.extend(outcome.explanation.clone());
        if outcome.is_escalated() {
            paragraphs.push(format!(
                "Escalation to {}: step `{}` has failed {} times in a row, each with evidence. Somebody has to look before it is tried again.",
                plan.escalate_to, outcome.id, outcome.failures
            ));
        }
    }
    if !asks.is_empty() {
        let lines = asks
            .iter()
            .map(|ask| format!("- what: {}; where: {}; who: {}", ask.what, ask.place, ask.who));
        paragraphs.push(format!("Asks:\n{}", lines.collect::<Vec<_>>().join("\n")));
    }
    for (words, found) in [
        ("From the earlier bundle", ids(&|state| *state == State::Earlier)),
        ("Left out", ids(&|state| *state == State::LeftOut)),
        ("Not run", ids(&|state| *state == State::NotRun)),
    ] {
        if !found.is_empty() {
            paragraphs.push(format!("{words}: {}.", found.join(", ")));
        }
    }
    paragraphs.extend(left_undone(plan, outcomes));
    paragraphs.join("\n\n")
}

/// Each step that did not run though all that it needs did, with the first of those: it may be what undoes it.
pub(super) fn left_behind<'a>(
    plan: &'a Plan,
    outcomes: &'a [StepOutcome],
) -> impl Iterator<Item = (&'a PlannedStep, &'a PlannedStep)> {
    let steps = move || plan.steps.iter().zip(outcomes);
    let done = move |id: &String| {
        let mut found = steps().filter(|(step, outcome)| step.id == *id && outcome.state.is_done());
        found.next().map(|(step, _)| step)
    };
    let not_run = steps().filter(|(_, outcome)| outcome.state == State::NotRun);
    not_run
        .filter(move |(step, _)| step.needs.iter().all(|need| done(need).is_some()))
        .filter_map(move |(step, _)| Some((step, step.needs.first().and_then(done)?)))
}

/// What was begun with a person's approval and not ended, as a worker that was taken away and not brought back. Nobody
/// should have to look for how.
fn left_undone(plan: &Plan, outcomes: &[StepOutcome]) -> Option<String> {
    let begun = left_behind(plan, outcomes).filter(|(_, need)| need.approve);
    let lines: Vec<String> = begun
        .map(|(step, need)| {
            let id = &step.id;
            let approval = if step.approve { format!(" --approve {id}") } else { String::new() };
            format!(
                "- `{id}` follows `{}`, which has run: `cargo xtask run {} --only {id}{approval}`",
                need.id, plan.name
            )
        })
        .collect();
    let head = "Left undone, and what to type for it alone:";
    (!lines.is_empty()).then(|| format!("{head}\n{}", lines.join("\n")))
}

fn how(outcome: &StepOutcome) -> String {
    match &outcome.state {
        State::Failed(how) => format!("failed: {how}"),
        State::NotApproved => "was not approved".to_owned(),
        State::Unknown(how) => {
            format!(
                "was cut short earlier ({how}) and is not marked repeatable, so it was not run again"
            )
        }
        State::Interrupted => "was interrupted by a signal".to_owned(),
        State::Succeeded | State::Earlier | State::NotRun | State::LeftOut => String::new(),
    }
}

fn steps(count: usize) -> String {
    if count == 1 { "1 step".to_owned() } else { format!("{count} steps") }
}

/// What the work waits for, as the entry's `Blocked by` lines.
pub(super) fn blockers(plan: &Plan, outcomes: &[StepOutcome], asks: &[Ask]) -> Vec<String> {
    let asked = asks.iter().map(|ask| format!("{}: {} in {}", ask.who, ask.what, ask.place));
    let escalated = outcomes.iter().filter(|outcome| outcome.is_escalated()).map(|outcome| {
        let (id, failures) = (&outcome.id, outcome.failures);
        format!("{}: step `{id}` failed {failures} times", plan.escalate_to)
    });
    asked.chain(escalated).collect()
}

/// The status where the runs alone would not tell: something failed, was not recorded, or did not run.
pub(super) fn status(outcomes: &[StepOutcome], is_blocked: bool) -> Option<&'static str> {
    let ran_badly = outcomes.iter().any(|outcome| matches!(outcome.state, State::Failed(_)));
    let is_short = outcomes.iter().any(|outcome| !outcome.state.is_done());
    let left_out = outcomes
        .iter()
        .all(|outcome| outcome.state.is_done() || matches!(outcome.state, State::LeftOut));
    match (ran_badly, is_short) {
        _ if is_blocked => Some("blocked"),
        (true, _) => Some("failed"),
        (_, false) => None,
        _ if left_out => Some("in-progress"),
        _ => Some("halted"),
    }
}
