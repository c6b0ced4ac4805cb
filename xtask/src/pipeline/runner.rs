//! Runs a planned pipeline: open or go on, each step under evidence, seal, tell the log.

use std::ffi::{OsStr, OsString};
use std::io::{self, Write};
use std::ops::Range;
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use opsfile::{OnFailure, Ops};
use report::{Invocation, Streams};

use super::batch::{self, Readiness};
use super::choose::{Choice, choose};
use super::entry::{State, StepOutcome};
use super::kept::Kept;
use super::live::Live;
use super::lock::AppLock;
use super::own::{self, Refused};
use super::plan::Plan;
use super::resume::Earlier;
use super::stop::Stop;
use super::work::{self, Ctx, Event, Worked};
use super::{Ended, Surroundings, approval, excerpt, history, known, resume};
use crate::args::Run;
use crate::command_line::CommandWords;
use crate::error::Error;

/// How often the last line on a terminal is drawn, and a signal is looked for.
const TICK: Duration = Duration::from_millis(100);

/// What a run is about, unchanged while it goes on.
pub(super) struct Course<'a> {
    pub(super) plan: &'a Plan,
    pub(super) ops: &'a Ops,
    pub(super) args: &'a Run,
    pub(super) invocation: &'a Invocation,
    pub(super) ctx: Ctx<'a>,
    choices: Vec<Choice>,
    stop: Stop,
    who: String,
}

/// What happened while steps run.
enum Happened {
    /// Nothing that changes which steps run.
    Nothing,
    /// A step has ended.
    Ended,
    /// A step could not even be run.
    Broke(Error),
}

/// How far a run has come.
struct Progress {
    /// How each step ended; none while it has not.
    states: Vec<Option<State>>,
    started: Vec<Option<Instant>>,
    /// What a step beside others printed, kept apart until it has ended.
    kept: Vec<Kept>,
    /// What was said of a step that could not even be started.
    unrecorded: Vec<Vec<String>>,
    halted: bool,
    live: Live,
}

/// Runs the plan; 0 where every step succeeded, else 1.
pub(super) fn run(
    plan: &Plan,
    ops: &Ops,
    surroundings: &Surroundings,
    args: &Run,
    invocation: &Invocation,
    streams: &mut Streams<'_>,
) -> Result<Ended, Error> {
    let earlier = args.resume.as_ref();
    let earlier =
        earlier.map(|named| Earlier::read(named, &invocation.cwd, plan, ops)).transpose()?;
    let choices = choose(plan, args, earlier.as_ref())?;
    // What is shown matters least: a terminal that is gone does not end the run.
    let mut shown = Deaf(&mut *streams.stderr);
    let streams = &mut Streams {
        stdin: &mut *streams.stdin,
        stdout: &mut *streams.stdout,
        stderr: &mut shown,
    };
    let mut lock =
        plan.lock.as_ref().map(|app| AppLock::take(app, &plan.name, invocation)).transpose()?;
    let path = search_path(surroundings, invocation);
    let ctx = Ctx { folder: &ops.folder, surroundings, path, bundle: String::new() };
    let needs_who = plan.steps.iter().any(|step| step.approve) || !args.repeat.is_empty();
    let who = if needs_who { approval::who(&ops.folder, invocation) } else { String::new() };
    let stop = Stop::watch()
        .map_err(|source| Error::Start { program: "the watch for signals".to_owned(), source })?;
    let mut course = Course { plan, ops, args, invocation, ctx, choices, stop, who };
    if let Some(earlier) = earlier.as_ref().filter(|earlier| course.is_told(earlier)) {
        return course.nothing_left(earlier, streams);
    }
    course.open(earlier.as_ref(), streams)?;
    let is_same = earlier.as_ref().is_some_and(|earlier| earlier.path() == course.ctx.bundle);
    let _held = if is_same { None } else { resume::hold(&course.ctx.bundle_folder())? };
    if let Some(lock) = &mut lock {
        lock.works_in(&ops.folder.join(&course.ctx.bundle))?;
    }
    let outcomes = course.steps(earlier.as_ref(), streams)?;
    course.capture(&plan.seal, streams)?;
    let asks = course.asks(&outcomes);
    let entry = course.append_entry(&outcomes, &asks, earlier.as_ref(), streams)?;
    course.finish(&outcomes, &asks, &entry, streams)
}

/// Writes as long as somebody is there, and then goes on in silence.
struct Deaf<'a>(&'a mut dyn Write);

impl Write for Deaf<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(self.0.write(bytes).unwrap_or(bytes.len()))
    }

    fn flush(&mut self) -> io::Result<()> {
        drop(self.0.flush());
        Ok(())
    }
}

/// The tools first, so that a step's `vault-check` is the one that belongs to this program.
fn search_path(surroundings: &Surroundings, invocation: &Invocation) -> OsString {
    let tools = surroundings.binaries.folders();
    let folders = tools.iter().chain(&surroundings.folders).map(|folder| folder.clone().into());
    let folders: Vec<OsString> = folders.chain(invocation.variable("PATH")).collect();
    folders.join(OsStr::new(":"))
}

impl Course<'_> {
    /// Opens a bundle, or goes on in the one that is resumed: a sealed one is never added to, so a new one says
    /// which it goes on behind.
    fn open(&mut self, earlier: Option<&Earlier>, streams: &mut Streams<'_>) -> Result<(), Error> {
        let nothing_runs = self.nothing_runs();
        if let Some(earlier) = earlier.filter(|earlier| earlier.is_open() || nothing_runs) {
            earlier.path().clone_into(&mut self.ctx.bundle);
        } else {
            if let Some(earlier) = earlier.filter(|earlier| earlier.is_half_sealed()) {
                earlier.path().clone_into(&mut self.ctx.bundle);
                self.capture(&self.plan.seal, streams)?;
            }
            self.ctx.bundle = self.capture(&self.plan.open, streams)?;
            if let Some(earlier) = earlier {
                let mut note = CommandWords::new(["evidence-log", "note"]);
                note.push_bundle();
                note.extend([earlier.note().as_str()]);
                self.capture(&note, streams)?;
            }
        }
        for id in &self.args.repeat {
            let mut gate = CommandWords::new(["evidence-log", "gate"]);
            gate.push_bundle();
            gate.extend([id, "--approved", "--by", "the flag --repeat", "--who", &self.who]);
            self.capture(&gate, streams)?;
        }
        Ok(())
    }

    /// Whether everything that is asked for was done earlier.
    pub(super) fn nothing_runs(&self) -> bool {
        self.choices.iter().all(|choice| matches!(choice, Choice::Done | Choice::LeftOut))
    }

    fn steps(
        &self,
        earlier: Option<&Earlier>,
        streams: &mut Streams<'_>,
    ) -> Result<Vec<StepOutcome>, Error> {
        let n_steps = self.plan.steps.len();
        let palette = self.ctx.surroundings.palette;
        let columns = self.invocation.variable("COLUMNS").and_then(|text| text.into_string().ok());
        let width = columns.and_then(|text| text.parse().ok()).unwrap_or(80);
        let mut progress = Progress {
            states: vec![None; n_steps],
            started: vec![None; n_steps],
            kept: vec![Kept::default(); n_steps],
            unrecorded: vec![Vec::new(); n_steps],
            halted: false,
            live: Live::new(self.invocation.stderr_is_terminal, palette, width),
        };
        for batch in batch::batches(&self.plan.steps) {
            self.batch(&batch, &mut progress, streams)?;
        }
        progress.live.clear(streams.stderr)?;
        let same = earlier.filter(|earlier| earlier.path() == self.ctx.bundle);
        let n_failed = progress.states.iter().flatten().filter(|state| state.is_failure()).count();
        let most = excerpt::share(n_failed);
        let outcomes = self.plan.steps.iter().enumerate().map(|(at, step)| {
            let state = match progress.states[at].clone() {
                Some(State::Earlier) if same.is_some_and(|same| same.has_own(step)) => {
                    State::Succeeded
                }
                state => state.unwrap_or(State::NotRun),
            };
            self.outcome(at, state, most, &progress)
        });
        Ok(outcomes.collect())
    }

    /// Runs the steps of a batch, each as soon as it can.
    fn batch(
        &self,
        batch: &Range<usize>,
        progress: &mut Progress,
        streams: &mut Streams<'_>,
    ) -> Result<(), Error> {
        let (sender, events) = sync_channel(1024);
        let is_alone = batch.len() == 1;
        thread::scope(|scope| {
            // Moved in: where this ends early, whoever still sends is told so and does not wait.
            let events = events;
            let mut n_running = 0;
            let mut failed = None;
            loop {
                while let Some(at) = self.next(batch, progress, failed.is_some(), streams)? {
                    n_running += 1;
                    let (sender, step) = (sender.clone(), &self.plan.steps[at]);
                    let (ctx, signals) = (&self.ctx, &self.stop);
                    scope.spawn(move || work::work(at, step, ctx, signals, &sender));
                }
                if n_running == 0 {
                    return failed.map_or(Ok(()), Err);
                }
                match self.event(&events, is_alone, progress, streams)? {
                    Happened::Nothing => {}
                    Happened::Ended => n_running -= 1,
                    Happened::Broke(error) => {
                        n_running -= 1;
                        failed = failed.or(Some(error));
                    }
                }
            }
        })
    }

    /// The next step of the batch that is to start now; those that will not run are settled on the way.
    fn next(
        &self,
        batch: &Range<usize>,
        progress: &mut Progress,
        broken: bool,
        streams: &mut Streams<'_>,
    ) -> Result<Option<usize>, Error> {
        for at in batch.clone() {
            let step = &self.plan.steps[at];
            if progress.states[at].is_some() || progress.started[at].is_some() {
                continue;
            }
            let settled = match &self.choices[at] {
                Choice::LeftOut => State::LeftOut,
                Choice::Done => State::Earlier,
                _ if progress.halted || broken || self.stop.is_set() => State::NotRun,
                Choice::Unknown(how) => State::Unknown(how.clone()),
                Choice::Run => match batch::readiness(step, &self.plan.steps, &progress.states) {
                    Readiness::Waits => continue,
                    Readiness::Never => State::NotRun,
                    Readiness::Ready => {
                        progress.started[at] = Some(Instant::now());
                        if step.approve && !self.approved(at, progress, streams)? {
                            if self.stop.is_set() { State::Interrupted } else { State::NotApproved }
                        } else {
                            let head = self.head(at);
                            progress.live.start(streams.stderr, &head, &step.id)?;
                            return Ok(Some(at));
                        }
                    }
                },
            };
            self.settle(at, settled, progress, streams)?;
        }
        Ok(None)
    }

    fn head(&self, at: usize) -> String {
        let step = &self.plan.steps[at];
        format!("[{}/{}] {}  {}", at + 1, self.plan.steps.len(), step.id, step.own)
    }

    fn approved(
        &self,
        at: usize,
        progress: &mut Progress,
        streams: &mut Streams<'_>,
    ) -> Result<bool, Error> {
        progress.live.clear(streams.stderr)?;
        let step = &self.plan.steps[at];
        let answer = approval::ask(step, self.args, self.invocation, &self.stop, streams)?;
        self.capture(&approval::record(step, &answer, &self.who), streams)?;
        Ok(answer.approved)
    }

    /// Waits for the next thing to happen.
    fn event(
        &self,
        events: &Receiver<Event>,
        is_alone: bool,
        progress: &mut Progress,
        streams: &mut Streams<'_>,
    ) -> Result<Happened, Error> {
        match events.recv_timeout(TICK) {
            Ok(Event::Line(at, line)) => {
                if is_alone && !self.args.quiet {
                    progress.live.line(streams.stderr, &line)?;
                } else if !self.args.quiet {
                    progress.kept[at].push(line);
                }
            }
            Ok(Event::Again(at, number, how)) => {
                let step = &self.plan.steps[at];
                let said = format!("  {}: {how}; attempt {number} of {}", step.id, step.attempts);
                progress.live.line(streams.stderr, &said)?;
            }
            Ok(Event::Ended(at, ended)) => {
                progress.live.end(&self.plan.steps[at].id);
                for line in std::mem::take(&mut progress.kept[at]).into_lines() {
                    let line = format!("  {} | {line}", self.plan.steps[at].id);
                    progress.live.line(streams.stderr, &line)?;
                }
                return match ended {
                    Ok(worked) => {
                        self.note_unrecorded(at, &worked, streams)?;
                        progress.unrecorded[at] = worked.unrecorded;
                        self.settle(at, worked.state, progress, streams)?;
                        Ok(Happened::Ended)
                    }
                    Err(failed) => {
                        progress.states[at] = Some(State::NotRun);
                        Ok(Happened::Broke(failed))
                    }
                };
            }
            Err(RecvTimeoutError::Timeout) => progress.live.draw(streams.stderr)?,
            Err(RecvTimeoutError::Disconnected) => {}
        }
        self.stop.pass_on();
        Ok(Happened::Nothing)
    }

    fn settle(
        &self,
        at: usize,
        state: State,
        progress: &mut Progress,
        streams: &mut Streams<'_>,
    ) -> Result<(), Error> {
        let step = &self.plan.steps[at];
        let seconds = progress.started[at].map_or(0.0, |since| since.elapsed().as_secs_f64());
        let id = &step.id;
        let said = match &state {
            State::Succeeded => Some(format!("  {id}: ok in {seconds:.1} s")),
            State::Earlier => Some(format!("  {id}: done earlier, and its evidence holds")),
            State::Failed(how) => Some(format!("  {id}: failed in {seconds:.1} s: {how}")),
            State::Unknown(how) => Some(format!(
                "  {id}: was cut short earlier ({how}); look what it did, then --repeat {id} runs it again"
            )),
            State::Interrupted => Some(format!("  {id}: interrupted after {seconds:.1} s")),
            State::NotApproved => Some(format!("  {id}: not approved")),
            State::NotRun | State::LeftOut => None,
        };
        if let Some(said) = said {
            progress.live.line(streams.stderr, &said)?;
        }
        if self.args.quiet && matches!(state, State::Failed(_)) {
            for line in excerpt::last(&self.printed(at, progress), excerpt::share(1)) {
                progress.live.line(streams.stderr, &format!("    {line}"))?;
            }
        }
        let halts = step.on_failure == OnFailure::Halt || state == State::Interrupted;
        progress.halted |= state.is_failure() && halts;
        progress.states[at] = Some(state);
        Ok(())
    }

    fn outcome(&self, at: usize, state: State, most: usize, progress: &Progress) -> StepOutcome {
        let id = &self.plan.steps[at].id;
        let mut outcome = StepOutcome::new(id, state);
        if matches!(outcome.state, State::Failed(_) | State::Interrupted) {
            let lines = self.printed(at, progress);
            outcome.excerpt = excerpt::last(&lines, most);
            outcome.explanation = known::explain(&lines);
            if matches!(outcome.state, State::Failed(_)) {
                let bundle = self.ctx.bundle_folder();
                outcome.failures = history::failures(&bundle, &self.plan.name, id).count;
            }
        }
        outcome
    }

    /// What a step printed at last, or what was said of it where it could not be started.
    fn printed(&self, at: usize, progress: &Progress) -> Vec<String> {
        match &progress.unrecorded[at] {
            said if said.is_empty() => work::printed(&self.ctx, &self.plan.steps[at].id),
            said => said.clone(),
        }
    }

    /// A step that could not be started has no run, and is a documented failure all the same.
    fn note_unrecorded(
        &self,
        at: usize,
        worked: &Worked,
        streams: &mut Streams<'_>,
    ) -> Result<(), Error> {
        let Some(why) = worked.unrecorded.first() else { return Ok(()) };
        let mut note = CommandWords::new(["evidence-log", "note"]);
        note.push_bundle();
        let text = history::not_started(&self.plan.steps[at].id, why);
        own::answer(&self.ctx, &note, &text)?
            .map(drop)
            .or_else(|refused| self.refused(refused, streams).map(drop))
    }

    /// Runs one of our own commands, which must succeed for the pipeline to be told truly, and returns what it
    /// prints. What it says on stderr is shown only where it fails.
    pub(super) fn capture(
        &self,
        command: &CommandWords,
        streams: &mut Streams<'_>,
    ) -> Result<String, Error> {
        own::answer(&self.ctx, command, "")?.or_else(|refused| self.refused(refused, streams))
    }

    /// Shows why one of our own commands failed, which ends the run.
    pub(super) fn refused(
        &self,
        refused: Refused,
        streams: &mut Streams<'_>,
    ) -> Result<String, Error> {
        streams.stderr.write_all(&refused.stderr)?;
        let mut hint = "the lines above say why".to_owned();
        if !self.ctx.bundle.is_empty() {
            hint = format!("{hint}; what ran is kept, and goes on with: {}", self.again());
        }
        Err(Error::Failed { program: refused.program, code: refused.code, hint })
    }
}
