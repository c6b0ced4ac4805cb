//! How a run is told: in the log, and on stdout.

use std::fs;
use std::path::Path;

use report::{Exit, Streams};

use super::entry::{self, Ask, State, StepOutcome};
use super::resume::Earlier;
use super::runner::Course;
use super::{Ended, asks, own};
use crate::command_line::{CommandWords, shell_quote};
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
        let (name, n_steps) = (&self.plan.name, outcomes.len());
        let mut lines = vec![format!("{name}: {verdict}, {n_done} of {n_steps} steps succeeded")];
        lines.extend(
            asks.iter().map(|ask| format!("ask: {} ({}) of {}", ask.what, ask.place, ask.who)),
        );
        lines.push(format!("bundle: {}", self.ctx.bundle));
        // The tool says what it did, then on a line of its own where the entry is.
        lines.push(format!("entry: {}", entry.lines().last().unwrap_or_default()));
        lines.extend(entry::left_behind(self.plan, outcomes).map(|(step, need)| {
            let (left, done, again) = (&step.id, &need.id, self.again());
            format!("not run: {left}, though {done} was; by itself: {again} --only {left}")
        }));
        if is_failed {
            lines.push(format!("resume: {}", self.again()));
        }
        writeln!(streams.stdout, "{}", lines.join("\n"))?;
        streams.stdout.flush()?;
        let exit = if is_failed { Exit::FINDINGS } else { Exit::OK };
        Ok(Ended { exit, bundle: self.ctx.bundle.clone() })
    }

    /// Whether nothing is left to run behind a bundle that is sealed and told.
    pub(super) fn is_told(&self, earlier: &Earlier) -> bool {
        let is_sealed = !earlier.is_open() && !earlier.is_half_sealed();
        let name = Path::new(earlier.path()).file_name().unwrap_or_default().to_string_lossy();
        let marker = format!("<!-- entry {name} -->");
        let log = || self.plan.log.as_ref().and_then(|log| fs::read_to_string(log).ok());
        self.nothing_runs() && is_sealed && log().is_some_and(|log| log.contains(&marker))
    }

    /// Says that there is nothing to do, which is no failure.
    pub(super) fn nothing_left(
        &self,
        earlier: &Earlier,
        streams: &mut Streams<'_>,
    ) -> Result<Ended, Error> {
        let bundle = earlier.path().to_owned();
        let name = &self.plan.name;
        writeln!(streams.stdout, "{name}: nothing is left to run; what was asked for is proved")?;
        writeln!(streams.stdout, "bundle: {bundle}")?;
        streams.stdout.flush()?;
        Ok(Ended { exit: Exit::OK, bundle })
    }

    /// What goes on behind this run, as it is typed where this one was.
    pub(super) fn again(&self) -> String {
        let nearest = |from: &Path| {
            let folder = from.ancestors().find(|folder| folder.join("ops.toml").is_file());
            folder.and_then(|folder| folder.canonicalize().ok())
        };
        let (cwd, ours) = (&self.invocation.cwd, self.ops.folder.canonicalize().ok());
        let typed = self.args.repo.as_ref().filter(|repo| nearest(&cwd.join(repo)) == ours);
        let repo = match typed {
            Some(repo) => Some(repo),
            None if nearest(cwd) == ours => None,
            None => Some(&self.ops.folder),
        };
        let repo = repo.map(|repo| format!(" --repo {}", shell_quote(&repo.to_string_lossy())));
        let (name, bundle) = (&self.plan.name, shell_quote(&self.ctx.bundle));
        format!("cargo xtask run {name}{} --resume {bundle}", repo.unwrap_or_default())
    }
}
