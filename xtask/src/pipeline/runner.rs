//! Runs a planned pipeline: open, each step under evidence, seal, tell the log.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Instant;

use duct::{Expression, cmd};
use evidence::Bundle;
use opsfile::{OnFailure, Ops};
use report::{Exit, Invocation, Palette, Streams};

use super::entry::{self, State, StepOutcome};
use super::plan::{Plan, PlannedStep};
use super::{Ended, Surroundings};
use crate::args::Run;
use crate::command_line::CommandWords;
use crate::error::Error;
use crate::tool::Binaries;

/// Lines of a failed step's output that its entry shows.
const MAX_EXCERPT: usize = 20;

/// What every command of a run is started with.
struct Ctx<'a> {
    folder: &'a Path,
    surroundings: &'a Surroundings,
    path: OsString,
    bundle: String,
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
    let path = search_path(&surroundings.binaries, invocation);
    let mut ctx = Ctx { folder: &ops.folder, surroundings, path, bundle: String::new() };
    ctx.bundle = capture(&ctx, &plan.open, streams)?;
    let palette = Palette::for_stderr(report::ColorWhen::Auto, invocation);
    let outcomes = run_steps(plan, &ctx, args, palette, invocation, streams)?;
    capture(&ctx, &plan.seal, streams)?;
    let entry = append_entry(plan, &ctx, &outcomes, streams)?;
    finish(plan, &outcomes, &ctx, &entry, streams)
}

/// The tools first, so that a step's `vault-check` is the one that belongs to this program.
fn search_path(binaries: &Binaries, invocation: &Invocation) -> OsString {
    let folders = binaries.folders().into_iter().map(PathBuf::into_os_string);
    let folders: Vec<OsString> = folders.chain(invocation.variable("PATH")).collect();
    folders.join(OsStr::new(":"))
}

fn run_steps(
    plan: &Plan,
    ctx: &Ctx<'_>,
    args: &Run,
    palette: Palette,
    invocation: &Invocation,
    streams: &mut Streams<'_>,
) -> Result<Vec<StepOutcome>, Error> {
    let mut outcomes: Vec<StepOutcome> = Vec::new();
    let mut halted = false;
    for (step, number) in plan.steps.iter().zip(1..) {
        let lacks = |id: &String| {
            !outcomes.iter().any(|outcome| outcome.id == *id && outcome.state == State::Succeeded)
        };
        let state = if halted || step.needs.iter().any(lacks) {
            State::NotRun
        } else {
            writeln!(
                streams.stderr,
                "{} {}",
                palette.bold(&format!("[{number}/{}] {}", plan.steps.len(), step.id)),
                step.own
            )?;
            run_step(step, ctx, args, invocation, streams)?
        };
        let failed = !matches!(state, State::Succeeded | State::NotRun);
        halted |= failed && step.on_failure == OnFailure::Halt;
        let excerpt = if failed { excerpt(ctx, &step.id) } else { Vec::new() };
        outcomes.push(StepOutcome { id: step.id.clone(), state, excerpt });
    }
    Ok(outcomes)
}

fn run_step(
    step: &PlannedStep,
    ctx: &Ctx<'_>,
    args: &Run,
    invocation: &Invocation,
    streams: &mut Streams<'_>,
) -> Result<State, Error> {
    if step.approve && !args.approve.contains(&step.id) && !ask(step, invocation, streams)? {
        return Ok(State::NotApproved);
    }
    let mut code = 0;
    for attempt in 1..=step.attempts.max(1) {
        if attempt > 1 {
            writeln!(streams.stderr, "  exit code {code}; attempt {attempt} of {}", step.attempts)?;
            thread::sleep(step.wait);
        }
        let started = Instant::now();
        code = exit_code(ctx, &step.command)?;
        let seconds = started.elapsed().as_secs_f64();
        if u8::try_from(code).is_ok_and(|code| step.expected.contains(&code)) {
            writeln!(streams.stderr, "  ok in {seconds:.1} s")?;
            return Ok(State::Succeeded);
        }
    }
    writeln!(streams.stderr, "  failed with exit code {code}")?;
    Ok(State::Failed(code))
}

/// Asks at the terminal; without one the answer is no.
fn ask(
    step: &PlannedStep,
    invocation: &Invocation,
    streams: &mut Streams<'_>,
) -> Result<bool, Error> {
    if !invocation.stdin_is_terminal || !invocation.stderr_is_terminal {
        writeln!(streams.stderr, "  needs an approval: --approve {}", step.id)?;
        return Ok(false);
    }
    write!(streams.stderr, "  run `{}`? [y/N] ", step.own)?;
    streams.stderr.flush()?;
    let mut answer = String::new();
    BufReader::new(&mut *streams.stdin).read_line(&mut answer)?;
    Ok(matches!(answer.trim(), "y" | "yes"))
}

/// The last lines that the step's last run printed, as the bundle keeps them: redacted.
fn excerpt(ctx: &Ctx<'_>, id: &str) -> Vec<String> {
    let folder = ctx.folder.join(&ctx.bundle);
    let Ok(bundle) = Bundle::open(&folder) else { return Vec::new() };
    let runs = bundle.runs();
    let Some(run) = runs.iter().rev().find(|run| run.begin.label == id) else { return Vec::new() };
    let printed = |role: &str| -> Vec<u8> {
        let files = run.files().iter().filter(|file| file.role == role);
        files.flat_map(|file| fs::read(folder.join(&file.path)).unwrap_or_default()).collect()
    };
    let text = [printed("stdout"), printed("stderr")].concat();
    let text = String::from_utf8_lossy(&text).into_owned();
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    let last = lines.len().saturating_sub(MAX_EXCERPT);
    lines.into_iter().skip(last).map(str::to_owned).collect()
}

/// Tells the log, and returns where the entry is.
fn append_entry(
    plan: &Plan,
    ctx: &Ctx<'_>,
    outcomes: &[StepOutcome],
    streams: &mut Streams<'_>,
) -> Result<String, Error> {
    let mut append = plan.append.clone();
    let id = Path::new(&ctx.bundle).file_name().map(|name| name.to_string_lossy().into_owned());
    let body = entry::body(plan, outcomes);
    append.extend(["--id", id.as_deref().unwrap_or(&plan.name), "--message", &body]);
    capture(ctx, &append, streams)
}

fn finish(
    plan: &Plan,
    outcomes: &[StepOutcome],
    ctx: &Ctx<'_>,
    entry: &str,
    streams: &mut Streams<'_>,
) -> Result<Ended, Error> {
    let n_succeeded = outcomes.iter().filter(|outcome| outcome.state == State::Succeeded).count();
    let all = n_succeeded == outcomes.len();
    let verdict = if all { "ok" } else { "halted" };
    writeln!(
        streams.stdout,
        "{}: {verdict}, {n_succeeded} of {} steps succeeded",
        plan.name,
        outcomes.len()
    )?;
    writeln!(streams.stdout, "bundle: {}", ctx.bundle)?;
    // The tool says what it did, then on a line of its own where the entry is.
    writeln!(streams.stdout, "entry: {}", entry.lines().last().unwrap_or_default())?;
    streams.stdout.flush()?;
    let exit = if all { Exit::OK } else { Exit::FINDINGS };
    Ok(Ended { exit, bundle: ctx.bundle.clone() })
}

fn expression(ctx: &Ctx<'_>, command: &CommandWords) -> (String, Expression) {
    let words = command.resolve(&ctx.bundle);
    let program = words.first().cloned().unwrap_or_default();
    let expression =
        cmd(&program, words.iter().skip(1)).dir(ctx.folder).env("PATH", &ctx.path).unchecked();
    let expression = ctx.surroundings.apply(expression);
    (program.to_string_lossy().into_owned(), expression)
}

fn exit_code(ctx: &Ctx<'_>, command: &CommandWords) -> Result<i32, Error> {
    let (program, expression) = expression(ctx, command);
    let output = expression.run().map_err(|source| Error::Start { program, source })?;
    Ok(output.status.code().unwrap_or(1))
}

/// Runs one of our own commands, which must succeed for the pipeline to be told truly, and returns what it prints.
///
/// What it says on stderr is shown only where it fails.
fn capture(
    ctx: &Ctx<'_>,
    command: &CommandWords,
    streams: &mut Streams<'_>,
) -> Result<String, Error> {
    let (program, expression) = expression(ctx, command);
    let output = expression.stdout_capture().stderr_capture().run();
    let output = output.map_err(|source| Error::Start { program: program.clone(), source })?;
    if !output.status.success() {
        streams.stderr.write_all(&output.stderr)?;
        let hint = "the lines above say why".to_owned();
        return Err(Error::Failed { program, code: output.status.code(), hint });
    }
    let text = String::from_utf8(output.stdout).map_err(|_| {
        Error::Write(io::Error::new(io::ErrorKind::InvalidData, "an answer that is not UTF-8"))
    })?;
    Ok(text.trim_end().to_owned())
}
