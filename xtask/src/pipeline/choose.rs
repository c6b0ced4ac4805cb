//! Which steps of a pipeline run this time, and why the others do not.

use crate::args::Run;
use crate::error::Error;

use super::plan::{Plan, PlannedStep};
use super::resume::{Earlier, Known};

/// What is done with one step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Choice {
    /// It runs, unless a step before it halts the pipeline.
    Run,
    /// `--from` or `--only` leaves it out; what needs it takes a person's word that it is done.
    LeftOut,
    /// The bundle that is resumed proves that it succeeded.
    Done,
    /// Nobody knows how far it came, and it may not run twice unseen.
    Unknown(String),
}

/// Chooses for each step, in order.
pub(super) fn choose(
    plan: &Plan,
    args: &Run,
    earlier: Option<&Earlier>,
) -> Result<Vec<Choice>, Error> {
    for id in args.from.iter().chain(&args.only).chain(&args.repeat).chain(&args.approve) {
        if !plan.steps.iter().any(|step| step.id == *id) {
            return Err(no_step(plan, id));
        }
    }
    let first = args
        .from
        .as_ref()
        .and_then(|from| plan.steps.iter().position(|step| step.id == *from))
        .unwrap_or(0);
    let choices = plan.steps.iter().enumerate().map(|(at, step)| {
        let is_wanted = at >= first && (args.only.is_empty() || args.only.contains(&step.id));
        if is_wanted { of_wanted(step, args, earlier) } else { Choice::LeftOut }
    });
    Ok(choices.collect())
}

fn of_wanted(step: &PlannedStep, args: &Run, earlier: Option<&Earlier>) -> Choice {
    match earlier.map(|earlier| earlier.known(step)) {
        Some(Known::Succeeded) => Choice::Done,
        Some(Known::Unknown(how)) if !step.repeatable && !args.repeat.contains(&step.id) => {
            Choice::Unknown(how)
        }
        _ => Choice::Run,
    }
}

fn no_step(plan: &Plan, id: &str) -> Error {
    let known: Vec<&str> = plan.steps.iter().map(|step| step.id.as_str()).collect();
    Error::Setting {
        what: format!("the pipeline `{}` has no step `{id}`", plan.name),
        hint: format!("its steps are {}", known.join(", ")),
    }
}
