//! One step's work: its tries, each under evidence, with every line it prints passed on.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::fs;
use std::io::{self, BufRead, BufReader, PipeReader, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::SyncSender;
use std::thread;
use std::time::{Duration, Instant};

use duct::{Expression, Handle, cmd};
use evidence::{Bundle, Outcome};

use super::entry::State;
use super::plan::PlannedStep;
use super::resume::last_run;
use super::stop::Stop;
use super::{Surroundings, outlived};
use crate::command_line::CommandWords;
use crate::error::Error;

/// How many of the last lines of a try are remembered.
const LAST_LINES: usize = 20;
/// A longer line is passed on in parts.
const LONGEST_LINE: u64 = 64 * 1024;

/// What every command of a run is started with.
pub(super) struct Ctx<'a> {
    pub(super) folder: &'a Path,
    pub(super) surroundings: &'a Surroundings,
    pub(super) path: OsString,
    /// Relative to the folder.
    pub(super) bundle: String,
}

/// What happens to a step that runs, by its place in the plan.
pub(super) enum Event {
    /// It printed a line.
    Line(usize, String),
    /// It failed in this way and is tried again; the number is that of the try.
    Again(usize, u32, String),
    /// It has ended.
    Ended(usize, Result<Worked, Error>),
}

/// How a step's work ended.
pub(super) struct Worked {
    pub(super) state: State,
    /// What was said where nothing of the last try was recorded, because it was never started.
    pub(super) unrecorded: Vec<String>,
}

/// How one try ended, as the bundle says.
enum Verdict {
    Succeeded,
    /// By itself, in this way.
    Failed(String),
    /// In this way, and it may have done half of its work.
    Cut(String),
    /// The recorder failed before the command was started.
    NotStarted(String),
}

impl Ctx<'_> {
    /// A command, ready to be started.
    pub(super) fn expression(&self, command: &CommandWords) -> (String, Expression) {
        let words = command.resolve(&self.bundle);
        let program = words.first().cloned().unwrap_or_default();
        let expression = cmd(&program, words.iter().skip(1))
            .dir(self.folder)
            .env("PATH", &self.path)
            .unchecked();
        let expression = self.surroundings.apply(expression);
        (program.to_string_lossy().into_owned(), expression)
    }

    /// Where the bundle is on this machine.
    pub(super) fn bundle_folder(&self) -> std::path::PathBuf {
        self.folder.join(&self.bundle)
    }
}

/// Runs the step to its end and says how that was; nobody listens any more where the runner has failed.
pub(super) fn work(
    at: usize,
    step: &PlannedStep,
    ctx: &Ctx<'_>,
    signals: &Stop,
    events: &SyncSender<Event>,
) {
    let ended = tries(at, step, ctx, signals, events);
    drop(events.send(Event::Ended(at, ended)));
}

fn tries(
    at: usize,
    step: &PlannedStep,
    ctx: &Ctx<'_>,
    signals: &Stop,
    events: &SyncSender<Event>,
) -> Result<Worked, Error> {
    let mut worked = Worked { state: State::NotRun, unrecorded: Vec::new() };
    for number in 1..=step.attempts.max(1) {
        if let (2.., State::Failed(how)) = (number, &worked.state) {
            drop(events.send(Event::Again(at, number, how.clone())));
            pause(step.wait, signals);
        }
        let mut verdict = None;
        if !signals.is_set() {
            let bundle = Bundle::open(&ctx.bundle_folder());
            let n_before = bundle.map_or(0, |bundle| n_runs(&bundle, step));
            let started = Instant::now();
            let (code, said) = one_try(at, step, ctx, signals, events)?;
            outlived::wait(at, step, ctx, started, signals, events)?;
            let judged = judge(step, ctx, n_before, code);
            worked.unrecorded =
                if matches!(judged, Verdict::NotStarted(_)) { said } else { Vec::new() };
            verdict = Some(judged);
        }
        let is_cut = matches!(verdict, Some(Verdict::Cut(_)));
        match verdict {
            Some(Verdict::Succeeded) => return Ok(Worked { state: State::Succeeded, ..worked }),
            Some(Verdict::Failed(how) | Verdict::Cut(how) | Verdict::NotStarted(how)) => {
                worked.state = State::Failed(how);
            }
            None => {}
        }
        if signals.is_set() {
            worked.state = State::Interrupted;
            break;
        }
        // It may have done half of its work, and nobody has looked.
        if is_cut && !step.repeatable {
            break;
        }
    }
    Ok(worked)
}

/// Starts the command and passes on what it prints; answers its exit code, and the last lines.
fn one_try(
    at: usize,
    step: &PlannedStep,
    ctx: &Ctx<'_>,
    signals: &Stop,
    events: &SyncSender<Event>,
) -> Result<(i32, Vec<String>), Error> {
    let (program, expression) = ctx.expression(&step.command);
    let start_error = |source| Error::Start { program: program.clone(), source };
    let (reader, handle) = start(&expression).map_err(start_error)?;
    let handle = Arc::new(handle);
    signals.remember(&handle);
    let passed = pass_on(at, reader, events);
    let ended = handle.wait().map(|output| output.status.code().unwrap_or(1));
    signals.forget(&handle);
    let said = passed.map_err(start_error)?;
    Ok((ended.map_err(start_error)?, said))
}

/// Both streams in one pipe, whose other end is closed here, so that it ends with the command.
fn start(expression: &Expression) -> io::Result<(PipeReader, Handle)> {
    let (reader, writer) = io::pipe()?;
    let handle = expression.stderr_to_stdout().stdin_null().stdout_file(writer).start()?;
    Ok((reader, handle))
}

fn pass_on(at: usize, reader: PipeReader, events: &SyncSender<Event>) -> io::Result<Vec<String>> {
    let mut reader = BufReader::new(reader);
    let mut line = Vec::new();
    let mut last = VecDeque::new();
    while reader.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut line)? > 0 {
        let text = String::from_utf8_lossy(&line);
        let text = text.trim_end_matches(['\n', '\r']).to_owned();
        last.push_back(text.clone());
        if last.len() > LAST_LINES {
            last.pop_front();
        }
        drop(events.send(Event::Line(at, text)));
        line.clear();
    }
    Ok(last.into())
}

/// How many runs of the step the bundle has.
fn n_runs(bundle: &Bundle, step: &PlannedStep) -> usize {
    bundle.runs().iter().filter(|run| run.begin.label == step.id).count()
}

/// How the try ended whose run comes behind so many others of the step.
fn judge(step: &PlannedStep, ctx: &Ctx<'_>, n_before: usize, code: i32) -> Verdict {
    let bundle = Bundle::open(&ctx.bundle_folder()).ok();
    if bundle.as_ref().is_some_and(|bundle| n_runs(bundle, step) <= n_before) {
        return Verdict::NotStarted(format!("it was not started (exit code {code})"));
    }
    let run = bundle.as_ref().and_then(|bundle| last_run(bundle, &step.id));
    let Some((outcome, run)) = run.and_then(|run| Some((run.outcome()?, run))) else {
        return Verdict::Cut(format!("exit code {code}, and its end is not recorded"));
    };
    if run.succeeded() {
        return Verdict::Succeeded;
    }
    if !matches!(outcome, Outcome::Exited { .. } | Outcome::NotStarted { .. }) {
        return Verdict::Cut(format!("{outcome}"));
    }
    let unmet: Vec<String> =
        run.end.into_iter().flat_map(|end| &end.unmet).map(ToString::to_string).collect();
    let is_expected =
        u8::try_from(code).is_ok_and(|code| step.expect.exit.contains(&code)) || !unmet.is_empty();
    let is_listed = run.exit_code().is_some_and(|code| step.expect.exit.contains(&code));
    Verdict::Failed(if is_expected && is_listed {
        format!("{outcome}, but its output has not {}", unmet.join(" or "))
    } else {
        format!("{outcome}")
    })
}

/// Waits, but not longer than until a signal comes.
fn pause(wait: Duration, signals: &Stop) {
    let until = Instant::now() + wait;
    while !signals.is_set() {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return;
        }
        thread::sleep(left.min(Duration::from_millis(50)));
    }
}

/// The last lines that the step's last run printed, as the bundle keeps them: redacted.
pub(super) fn printed(ctx: &Ctx<'_>, id: &str) -> Vec<String> {
    let folder = ctx.bundle_folder();
    let Ok(bundle) = Bundle::open(&folder) else { return Vec::new() };
    let Some(run) = last_run(&bundle, id) else { return Vec::new() };
    let of = |role: &str| -> Vec<u8> {
        let files = run.files().iter().filter(|file| file.role == role);
        files.flat_map(|file| tail(&folder.join(&file.path)).unwrap_or_default()).collect()
    };
    let text = [of("stdout"), of("tty"), of("stderr")].concat();
    let text = String::from_utf8_lossy(&text).into_owned();
    let lines = text.split(['\n', '\r']).filter(|line| !line.trim().is_empty());
    lines.map(str::to_owned).collect()
}

/// The last part of a file of any size.
fn tail(path: &Path) -> io::Result<Vec<u8>> {
    use std::io::{Seek, SeekFrom};
    let mut file = fs::File::open(path)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(LONGEST_LINE)))?;
    let mut bytes = Vec::new();
    io::copy(&mut file, &mut bytes)?;
    Ok(bytes)
}
