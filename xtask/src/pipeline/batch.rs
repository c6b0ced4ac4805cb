//! Steps that may run at the same time, and which of them can start now.

use std::ops::Range;

use super::entry::State;
use super::plan::PlannedStep;

/// Cuts the steps into batches: neighbours that all may run beside each other, and every other step alone.
pub(super) fn batches(steps: &[PlannedStep]) -> Vec<Range<usize>> {
    let mut batches: Vec<Range<usize>> = Vec::new();
    for (at, step) in steps.iter().enumerate() {
        match batches.last_mut() {
            Some(last) if step.parallel && steps[last.start].parallel => last.end = at + 1,
            _ => batches.push(at..at + 1),
        }
    }
    batches
}

/// Whether a step can start, given how the others ended so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Readiness {
    /// What it needs is done.
    Ready,
    /// What it needs still runs, or has yet to start.
    Waits,
    /// What it needs failed or did not run.
    Never,
}

/// Looks at what `step` needs; a step that was left out counts as done, since a person said so.
pub(super) fn readiness(
    step: &PlannedStep,
    steps: &[PlannedStep],
    states: &[Option<State>],
) -> Readiness {
    let mut readiness = Readiness::Ready;
    for (other, state) in steps.iter().zip(states) {
        if !step.needs.contains(&other.id) {
            continue;
        }
        match state {
            None => readiness = Readiness::Waits,
            Some(state) if state.is_done() || *state == State::LeftOut => {}
            Some(_) => return Readiness::Never,
        }
    }
    readiness
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::plan::tests::step;

    fn steps(flags: &[bool]) -> Vec<PlannedStep> {
        let of = |(at, flag): (usize, &bool)| PlannedStep {
            parallel: *flag,
            ..step(&format!("s{at}"), &["true"])
        };
        flags.iter().enumerate().map(of).collect()
    }

    #[test]
    fn neighbours_that_may_run_beside_each_other_are_one_batch() {
        assert_eq!(batches(&steps(&[false, false])), [0..1, 1..2]);
        assert_eq!(batches(&steps(&[true, true, false, true])), [0..2, 2..3, 3..4]);
        assert_eq!(batches(&steps(&[false, true, true])), [0..1, 1..3]);
        assert!(batches(&[]).is_empty());
    }

    #[test]
    fn a_step_waits_for_what_it_needs() {
        let mut steps = steps(&[true, true]);
        steps[1].needs = vec!["s0".to_owned()];
        let ready = |state: Option<State>| readiness(&steps[1], &steps, &[state, None]);
        assert_eq!(ready(None), Readiness::Waits);
        assert_eq!(ready(Some(State::Succeeded)), Readiness::Ready);
        assert_eq!(ready(Some(State::LeftOut)), Readiness::Ready);
        assert_eq!(ready(Some(State::Failed("exit 1".to_owned()))), Readiness::Never);
        assert_eq!(ready(Some(State::NotRun)), Readiness::Never);
    }
}
