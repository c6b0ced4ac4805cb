//! One step's work: its tries, each under evidence, with every line it prints passed on.

use std::ffi::OsString;
use std::fs;
use std::io::{self, BufRead, BufReader, PipeReader, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::SyncSender;
use std::thread;
use std::time::{Duration, Instant};

use duct::{Expression, Handle, cmd};
use evidence::Bundle;

use super::Surroundings;
use super::entry::State;
use super::plan::PlannedStep;
use super::resume::last_run;
use super::stop::Stop;
use crate::command_line::CommandWords;
use crate::error::Error;

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
    Ended(usize, Result<State, Error>),
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
) -> Result<State, Error> {
    let mut how = String::new();
    for number in 1..=step.attempts.max(1) {
        if number > 1 {
            drop(events.send(Event::Again(at, number, how.clone())));
            pause(step.wait, signals);
        }
        if !signals.is_set() {
            let code = one_try(at, step, ctx, signals, events)?;
            match judge(step, ctx, code) {
                None => return Ok(State::Succeeded),
                Some(failed) => how = failed,
            }
        }
        if signals.is_set() {
            return Ok(State::Interrupted);
        }
    }
    Ok(State::Failed(how))
}

/// Starts the command and passes on what it prints; answers its exit code.
fn one_try(
    at: usize,
    step: &PlannedStep,
    ctx: &Ctx<'_>,
    signals: &Stop,
    events: &SyncSender<Event>,
) -> Result<i32, Error> {
    let (program, expression) = ctx.expression(&step.command);
    let start_error = |source| Error::Start { program: program.clone(), source };
    let (reader, handle) = start(&expression).map_err(start_error)?;
    let handle = Arc::new(handle);
    signals.remember(&handle);
    let passed = pass_on(at, reader, events);
    let ended = handle.wait().map(|output| output.status.code().unwrap_or(1));
    signals.forget(&handle);
    passed.and(ended).map_err(start_error)
}

/// Both streams in one pipe, whose other end is closed here, so that it ends with the command.
fn start(expression: &Expression) -> io::Result<(PipeReader, Handle)> {
    let (reader, writer) = io::pipe()?;
    let handle = expression.stderr_to_stdout().stdin_null().stdout_file(writer).start()?;
    Ok((reader, handle))
}

fn pass_on(at: usize, reader: PipeReader, events: &SyncSender<Event>) -> io::Result<()> {
    let mut reader = BufReader::new(reader);
    let mut line = Vec::new();
    while reader.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut line)? > 0 {
        let text = String::from_utf8_lossy(&line);
        drop(events.send(Event::Line(at, text.trim_end_matches(['\n', '\r']).to_owned())));
        line.clear();
    }
    Ok(())
}

/// Whether the try succeeded, as the bundle says; else how it failed.
fn judge(step: &PlannedStep, ctx: &Ctx<'_>, code: i32) -> Option<String> {
    let bundle = Bundle::open(&ctx.bundle_folder()).ok();
    let run = bundle.as_ref().and_then(|bundle| last_run(bundle, &step.id));
    let Some((outcome, run)) = run.and_then(|run| Some((run.outcome()?, run))) else {
        return Some(format!("exit code {code}, and its end is not recorded"));
    };
    if run.succeeded() {
        return None;
    }
    let unmet: Vec<String> =
        run.end.into_iter().flat_map(|end| &end.unmet).map(ToString::to_string).collect();
    let is_expected =
        u8::try_from(code).is_ok_and(|code| step.expect.exit.contains(&code)) || !unmet.is_empty();
    Some(if is_expected && run.exit_code().is_some_and(|code| step.expect.exit.contains(&code)) {
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
