//! How a run is told: in the log, and on stdout.

use std::path::Path;

use report::{Exit, Streams};

use super::entry::{self, Ask, State, StepOutcome};
use super::resume::Earlier;
use super::runner::Course;
use super::{Ended, asks, own};
use crate::command_line::CommandWords;
use crate::error::Error;

impl Course<'_> {
    pub(super) fn asks(&self, outcomes: &[StepOutcome]) -> Vec<Ask> {
        let failed = self.plan.steps.iter().zip(outcomes);
        let failed = failed.filter(|(_, outcome)| matches!(outcome.state, State::Failed(_)));
        let run = |words: &[&str]| self.ctx.expression(&CommandWords::new(words.iter().copied())).1;
        failed.flat_map(|(step, _)| asks::of_step(step, self.ops, &run)).collect()
    }

    /// Tells the log, and returns where the entry is.
    pub(super) fn append_entry(
        &self,
        outcomes: &[StepOutcome],
        asks: &[Ask],
        earlier: Option<&Earlier>,
        streams: &mut Streams<'_>,
    ) -> Result<String, Error> {
        let mut append = self.plan.append.clone();
        for (step, outcome) in self.plan.steps.iter().zip(outcomes) {
            let proof = earlier.filter(|_| outcome.state == State::Earlier);
            if let Some(proof) = proof.and_then(|earlier| earlier.citation(step)) {
                append.extend(["--evidence", &proof]);
            }
        }
        let blockers = entry::blockers(self.plan, outcomes, asks);
        if let Some(status) = entry::status(outcomes, !blockers.is_empty()) {
            append.extend(["--status", status]);
        }
        for blocker in &blockers {
            append.extend(["--blocked-by", blocker]);
        }
        let bundle = Path::new(&self.ctx.bundle);
        let id = bundle.file_name().map(|name| name.to_string_lossy().into_owned());
        append.extend(["--id", id.as_deref().unwrap_or(&self.plan.name)]);
        let body = |with_excerpts| entry::body(self.plan, outcomes, asks, with_excerpts);
        let refused = match own::answer(&self.ctx, &append, &body(true))? {
            Ok(told) => return Ok(told),
            Err(refused) if refused.code == Some(1) => refused,
            Err(refused) => return self.refused(refused, streams),
        };
        // A title that claims a success, or a credential in what a step printed: neither is a reason to tell nothing.
        append.replace_value("--title", &format!("Pipeline `{}`", self.plan.name));
        for with_excerpts in [true, false] {
            if let Ok(told) = own::answer(&self.ctx, &append, &body(with_excerpts))? {
                let how = if with_excerpts { "" } else { "without excerpts, " };
                let said =
                    format!("  told {how}under another title: the log refused the first text");
                writeln!(streams.stderr, "{said}")?;
                return Ok(told);
            }
        }
        self.refused(refused, streams)
    }

    pub(super) fn finish(
        &self,
        outcomes: &[StepOutcome],
        asks: &[Ask],
        entry: &str,
        streams: &mut Streams<'_>,
    ) -> Result<Ended, Error> {
        let n_done = outcomes.iter().filter(|outcome| outcome.state.is_done()).count();
        let is_halted = outcomes.iter().any(|outcome| outcome.state == State::NotRun);
        let is_failed = is_halted || outcomes.iter().any(|outcome| outcome.state.is_failure());
        let verdict = match (is_failed, n_done == outcomes.len()) {
            (true, _) if is_halted => "halted",
            (true, _) => "failed",
            (false, true) => "ok",
            (false, false) => "ok, in part",
        };
        let out = &mut *streams.stdout;
        let (name, n_steps) = (&self.plan.name, outcomes.len());
        writeln!(out, "{name}: {verdict}, {n_done} of {n_steps} steps succeeded")?;
        for ask in asks {
            writeln!(out, "ask: {} ({}) of {}", ask.what, ask.place, ask.who)?;
        }
        writeln!(out, "bundle: {}", self.ctx.bundle)?;
        // The tool says what it did, then on a line of its own where the entry is.
        writeln!(out, "entry: {}", entry.lines().last().unwrap_or_default())?;
        if is_failed {
            writeln!(out, "resume: cargo xtask run {name} --resume {}", self.ctx.bundle)?;
        }
        out.flush()?;
        let exit = if is_failed { Exit::FINDINGS } else { Exit::OK };
        Ok(Ended { exit, bundle: self.ctx.bundle.clone() })
    }
}
