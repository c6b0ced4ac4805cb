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
    let mut choices: Vec<Choice> = choices.collect();
    run_behind(&plan.steps, &mut choices);
    for id in &args.repeat {
        let at = plan.steps.iter().position(|step| step.id == *id);
        if at.is_some_and(|at| choices[at] == Choice::Done) {
            return Err(Error::Setting {
                what: format!("the step `{id}` succeeded, and its evidence holds"),
                hint: format!(
                    "there is nothing to repeat; without --resume, `--only {id}` runs it anew"
                ),
            });
        }
    }
    Ok(choices)
}

/// What was done behind a step that runs now was done to a state that is gone: it runs again where it may, and with it
/// what it needs, which it may have undone.
fn run_behind(steps: &[PlannedStep], choices: &mut [Choice]) {
    let may_run =
        |at: usize, choices: &[Choice]| steps[at].repeatable && choices[at] == Choice::Done;
    loop {
        let Some(first) = choices.iter().position(|choice| *choice == Choice::Run) else { return };
        let Some(at) = (first..steps.len()).find(|at| may_run(*at, choices)) else { return };
        choices[at] = Choice::Run;
        for (needed, step) in steps.iter().enumerate() {
            if steps[at].needs.contains(&step.id) && may_run(needed, choices) {
                choices[needed] = Choice::Run;
            }
        }
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::plan::tests::step;

    /// Steps as `name`, with `!` where they are repeatable, `<other` for what they need, and `+` where they are done.
    fn check(steps: &str, expected: &str) {
        let (mut planned, mut choices) = (Vec::new(), Vec::new());
        for word in steps.split_whitespace() {
            let (name, needs) = word.split_once('<').unwrap_or((word, ""));
            let id = name.trim_end_matches(['!', '+']);
            planned.push(PlannedStep {
                repeatable: name.contains('!'),
                needs: needs.split_terminator('<').map(str::to_owned).collect(),
                ..step(id, &["true"])
            });
            choices.push(if name.contains('+') { Choice::Done } else { Choice::Run });
        }
        run_behind(&planned, &mut choices);
        let runs = planned.iter().zip(&choices).filter(|(_, choice)| **choice == Choice::Run);
        assert_eq!(runs.map(|(step, _)| step.id.as_str()).collect::<Vec<_>>().join(" "), expected);
    }

    #[test]
    fn what_was_done_behind_a_step_that_runs_runs_again_where_it_may() {
        check("a!+ b c!", "b c");
        check("a!+ b c!+ d+", "b c");
        check("a!+ b!+", "");
        // What a later step undid is done again before.
        check(
            "vault!+ away!+ deploy back!+<away memory!+<back health!",
            "away deploy back memory health",
        );
        check("away+ deploy back!+<away", "deploy back");
    }
}
