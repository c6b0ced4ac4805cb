//! `export`: a bundle, or an origin log, for other people's tools.

mod cast;
pub(crate) mod log;
mod masked;
pub(crate) mod output;
mod statements;

use std::path::{Path, PathBuf};

use evidence::{Bundle, Problem, Rule, Trust, Verification, Weight};
use report::{Common, Exit, Format, Invocation, Streams};
use serde_json::json;

use crate::args::{self, Form};
use crate::error::{self, Error};
use crate::redaction::load;
use crate::setting::{Setting, read_signers};

/// What was written.
struct Exported {
    /// How many files.
    files: usize,
    /// Whether all of it carries a signature that others can check.
    signed: bool,
    /// What a person should know, if anything.
    note: Option<String>,
}

/// What all forms start from.
struct Ctx<'a> {
    setting: &'a Setting,
    args: &'a args::Export,
    /// The bundle, or the origin log.
    folder: PathBuf,
    output: PathBuf,
}

/// Verifies, then writes the form that was asked for; never over what is there.
pub(crate) fn export(
    args: &args::Export,
    common: &Common,
    invocation: &Invocation,
    streams: &mut Streams<'_>,
) -> Result<Exit, Error> {
    let is_of_runs = matches!(args.form, Form::InToto | Form::Witness | Form::Asciicast);
    if args.run.is_some() && !is_of_runs {
        return Err(Error::NoRuns { form: args.form.word() });
    }
    let setting = Setting::find(common, invocation)?;
    let folder = setting.bundle(&args.bundle)?;
    let output = invocation.cwd.join(&args.output);
    if output.symlink_metadata().is_ok() {
        return Err(Error::IsThere { path: args.output.clone() });
    }
    output::refuse_inside_evidence(&output, &setting.root)?;
    let ctx = Ctx { setting: &setting, args, folder, output };
    let (exported, intact) = match args.form {
        Form::TlogTiles => log::tiles(&ctx)?,
        _ => bundle(&ctx, streams)?,
    };
    let (shown, output) = (setting.shown(&ctx.folder), setting.shown(&ctx.output));
    if args.answer.format == Format::Json {
        let answer = json!({
            "schema": "evidence-log/export/1",
            "as": args.form.word(),
            "bundle": shown,
            "output": output,
            "files": exported.files,
            "signed": exported.signed,
            "intact": intact,
        });
        report::json(streams.stdout, &answer).map_err(error::answer)?;
    } else {
        writeln!(streams.stdout, "{output}").map_err(error::answer)?;
    }
    if !intact {
        writeln!(streams.stderr, "warning: {shown} is NOT intact, and was exported all the same")
            .map_err(error::answer)?;
    }
    if let Some(note) = exported.note {
        writeln!(streams.stderr, "note: {note}").map_err(error::answer)?;
    }
    Ok(if intact { Exit::OK } else { Exit::FINDINGS })
}

fn bundle(ctx: &Ctx<'_>, streams: &mut Streams<'_>) -> Result<(Exported, bool), Error> {
    let verified = verified(ctx.setting, &ctx.folder)?;
    let fault = first_fault(&verified);
    if let Some(fault) = fault.clone().filter(|_| !ctx.args.anyway) {
        return Err(Error::NotIntact { path: ctx.setting.shown(&ctx.folder), first: fault });
    }
    if verified.verdict() == Some(Weight::Undecided) {
        writeln!(streams.stderr, "note: the bundle is signed, and no allowed signers are declared")
            .map_err(error::answer)?;
    }
    let bundle = &verified.bundle;
    let exported = match ctx.args.form {
        Form::InToto => statements::in_toto(ctx, bundle)?,
        Form::Witness => statements::witness(ctx, bundle)?,
        Form::Asciicast => {
            let (set, given) = load(ctx.setting, &[])?;
            given.warn(streams)?;
            cast::asciicast(ctx, bundle, &set)?
        }
        Form::TlogProof => log::proof(ctx, bundle)?,
        Form::TlogTiles => log::tiles(ctx)?.0,
    };
    Ok((exported, fault.is_none()))
}

/// The bundle held against what is declared here.
pub(crate) fn verified(setting: &Setting, folder: &Path) -> Result<Verification, Error> {
    let path = setting.allowed_signers().filter(|path| path.exists());
    let signers = path.as_deref().map(read_signers).transpose()?;
    let trust = Trust { signers: signers.as_ref(), ..Trust::default() };
    let mut verified = evidence::verify(folder, &trust)?;
    crate::ssh_keygen::settle(&mut verified, path.as_deref());
    Ok(verified)
}

/// The first fault that makes a bundle not intact. That nobody signed it is none, where nothing was taken away.
pub(crate) fn first_fault(verified: &Verification) -> Option<String> {
    faults(verified).next().map(ToString::to_string)
}

/// The faults that make a bundle something else than what was recorded.
pub(crate) fn alterations(verified: &Verification) -> impl Iterator<Item = &Problem> {
    faults(verified).filter(|fault| fault.rule != Rule::Incomplete)
}

/// The first fault that makes a bundle something else than what was recorded. That a run was cut short is none: what is
/// left of it is evidence too.
pub(crate) fn first_alteration(verified: &Verification) -> Option<String> {
    alterations(verified).next().map(ToString::to_string)
}

fn faults(verified: &Verification) -> impl Iterator<Item = &Problem> {
    let promised = verified.bundle.seal().is_some_and(|seal| seal.signer.is_some());
    let errors = verified.problems.iter().filter(|problem| problem.weight == Weight::Error);
    errors.filter(move |problem| problem.rule != Rule::Unsigned || promised)
}

/// The runs that were asked for: all, or the one that `--run` names.
fn runs<'a>(ctx: &Ctx<'_>, bundle: &'a Bundle) -> Result<Vec<evidence::Run<'a>>, Error> {
    let all = bundle.runs();
    let runs: Vec<_> = match ctx.args.run {
        Some(number) => all.into_iter().filter(|run| run.number() == number).collect(),
        None => all,
    };
    let ended: Vec<_> = runs.into_iter().filter(|run| run.end.is_some()).collect();
    if ended.is_empty() { Err(Error::NoRun { run: ctx.args.run }) } else { Ok(ended) }
}
