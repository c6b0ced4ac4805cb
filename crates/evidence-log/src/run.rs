//! `run`: starts a command, shows its output, keeps it redacted, and records how it ended, whatever happened.

mod arguments;
mod begin;
mod capture;
mod child;
mod end;
pub(crate) mod expect;
mod git;
mod kept;
mod pointer;
mod program;
mod pty;
mod signals;
mod stream;
pub(crate) mod suspect;
mod terminal;
mod tree;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Instant;

use evidence::{Expectation, Mode, Outcome, Signer};
use report::{Common, Exit, Invocation, Streams};
use secret::SecretSet;

use self::git::Asked;
use crate::error::{self, Error};
use crate::redaction::{Cleaner, Given, load};
use crate::setting::{Setting, word};
use crate::{args, clock, open, seal};

/// What is known before the command starts.
struct Plan<'a> {
    args: &'a args::Run,
    setting: &'a Setting,
    invocation: &'a Invocation,
    set: &'a SecretSet,
    given: &'a Given,
    folder: PathBuf,
    /// The name of a bundle that is made for this run alone.
    fresh: Option<String>,
    label: String,
    mode: Mode,
}

/// Begins to look at the repository, which goes on while the vault is read, the beginning is recorded and the command
/// runs. None outside of one.
pub(crate) fn look(invocation: &Invocation) -> Option<Asked> {
    git::look(&invocation.cwd, invocation)
}

/// Runs a command; answers its own exit code.
pub(crate) fn run(
    args: &args::Run,
    common: &Common,
    git: Option<Asked>,
    invocation: &Invocation,
    streams: &mut Streams<'_>,
) -> Result<Exit, Error> {
    let not_started = |failed: Error| failed.while_recording("the command was not started");
    let setting = Setting::find(common, invocation).map_err(not_started)?;
    let (set, given) = load(&setting, &args.env_from).map_err(not_started)?;
    given.warn(streams)?;
    let mut cleaner = Cleaner::new(&set);
    for expected in args.expect_output() {
        // Held against what is kept, which is redacted: it could never be met.
        let (Expectation::Match(text) | Expectation::Json(text)) = &expected;
        cleaner.refuse("expectation", text).map_err(not_started)?;
    }
    let label = label(args, &mut cleaner);
    let (folder, fresh) = place(args, &setting, &label, &mut cleaner).map_err(not_started)?;
    let mode = match (args.pty, args.merge) {
        (true, _) => Mode::Pty,
        (false, true) => Mode::Merged,
        (false, false) => Mode::Pipe,
    };
    let plan = Plan {
        args,
        setting: &setting,
        invocation,
        set: &set,
        given: &given,
        folder,
        fresh,
        label,
        mode,
    };

    let ignored = signals::Ignored::of_caller();
    let mut begun = begin::begin(&plan, &mut cleaner).map_err(not_started)?;
    let clock_start = clock::now();
    let started = Instant::now();
    let (captured, program) = match program::find(&args.command[0], invocation) {
        Err(refused) => (capture::Captured::not_started(refused, started), None),
        Ok(path) => {
            // Opened before the command could put another in its place, and read while it runs.
            let opened = File::open(&path).ok();
            let spawned = child::spawn(&plan, &path, ignored);
            let hashing = program::Hashing::begin(opened);
            let captured = match spawned {
                Ok(spawned) => {
                    let limits = capture::Limits { timeout: args.timeout, drain: args.drain };
                    capture::capture(
                        spawned,
                        &mut begun.streams,
                        &mut begun.timing,
                        started,
                        &limits,
                    )
                }
                Err(refused) => capture::Captured::not_started(program::refusal(&refused), started),
            };
            (captured, Some((path, hashing)))
        }
    };

    if let Outcome::NotStarted { reason, .. } = &captured.outcome {
        let name = cleaner.text(&args.command[0]);
        writeln!(streams.stderr, "evidence-log: {name}: {reason}").map_err(error::answer)?;
    }
    let code = captured.outcome.exit_code();
    // Whatever is done from here on is the record's end, and is done whole; only signatures are not waited for.
    drop(signals::call_off(&setting.called_off, ignored));
    let (signer, why_unsigned) = match setting.signer() {
        Ok(signer) => (signer, None),
        Err(why) => (None, Some(why)),
    };
    let facts = end::Facts { clock_start, program, git };
    let ended = end::end(&plan, begun, captured, facts, &mut cleaner, signer.as_deref());
    let end::Ended { unmet, not_shown } = ended.map_err(|failed| {
        failed.while_recording("its beginning is recorded, and its output as far as it was written")
    })?;
    if not_shown > 0 {
        drop(writeln!(streams.stderr, "evidence-log: {not_shown} bytes were kept and not shown"));
    }
    for expectation in &unmet {
        let said = writeln!(streams.stderr, "evidence-log: its output has not {expectation}");
        // The command's own stderr may be closed; that must not change its exit code.
        drop(said);
    }
    let is_expected = expect::is_expected(&args.expect_exit, code);
    if !is_expected && code == 0 {
        drop(writeln!(streams.stderr, "evidence-log: exit code 0 is not what was expected"));
    }
    // Nobody takes a run for a success that was none.
    let is_odd = if is_expected { !unmet.is_empty() } else { code == 0 };
    let exit = Exit::code(if is_odd { expect::NOT_AS_EXPECTED } else { code });
    finish(&plan, why_unsigned.as_deref(), signer.as_deref(), exit, streams)?;
    Ok(exit)
}

/// Seals a bundle that was made for this run, and says where it is.
fn finish(
    plan: &Plan<'_>,
    why_unsigned: Option<&str>,
    signer: Option<&dyn Signer>,
    exit: Exit,
    streams: &mut Streams<'_>,
) -> Result<(), Error> {
    if plan.fresh.is_none() {
        return Ok(());
    }
    let not_sealed = |failed: Error| {
        let is_sealed = evidence::Bundle::open(&plan.folder).is_ok_and(|bundle| bundle.is_sealed());
        failed.while_recording(if is_sealed {
            "the run is recorded and its bundle sealed; the origin log does not list it"
        } else {
            "the run is recorded; its bundle is not sealed"
        })
    };
    let (sealed, unsigned_log) =
        seal::seal_and_enter(plan.setting, &plan.folder, signer).map_err(not_sealed)?;
    // The command's own stderr may be closed; that must not change its exit code.
    drop(seal::tell_unrecorded(&sealed, streams));
    if let Some(signer) = signer.filter(|_| sealed.signed) {
        drop(seal::tell_stranger(plan.setting, signer, streams));
    }
    let path = plan.setting.shown(&plan.folder);
    let how = if sealed.signed { "signed" } else { "UNSIGNED" };
    let said = if plan.args.quiet {
        Ok(())
    } else {
        writeln!(streams.stderr, "evidence: {path} (exit {}, sealed, {how})", exit.number())
    };
    let warned = match why_unsigned.or(sealed.why_unsigned.as_deref()) {
        Some(why) => writeln!(streams.stderr, "warning: the seal is UNSIGNED: {why}"),
        None => Ok(()),
    };
    drop(said.and(warned));
    if let Some(why) = unsigned_log.filter(|_| sealed.signed) {
        let warning = "warning: the origin log's checkpoint is UNSIGNED";
        drop(writeln!(streams.stderr, "{warning}: {why}"));
    }
    Ok(())
}

fn label(args: &args::Run, cleaner: &mut Cleaner<'_>) -> String {
    let text = args.label.clone().unwrap_or_else(|| {
        let program = Path::new(&args.command[0]).file_name().unwrap_or_default();
        program.to_string_lossy().into_owned()
    });
    word(&cleaner.words(&text))
}

fn place(
    args: &args::Run,
    setting: &Setting,
    label: &str,
    cleaner: &mut Cleaner<'_>,
) -> Result<(PathBuf, Option<String>), Error> {
    if let Some(into) = &args.into {
        return Ok((setting.bundle_to_write(into)?, None));
    }
    let name = args.name.clone().unwrap_or_else(|| label.to_owned());
    let folder = open::create(setting, &name, args.area.as_deref(), clock::now(), cleaner)?;
    Ok((folder, Some(name)))
}
