//! `recover`: what a recorder that was killed left behind is recorded as such, and the bundle stays open.

use std::path::Path;

use evidence::{Bundle, Recovery};
use report::{Common, Exit, Invocation, Streams};

use crate::error::{self, Error};
use crate::setting::Setting;
use crate::{args, clock, seal};

/// Recovers each bundle and says what was found. Runs that are still being recorded are named, and left alone: the
/// answer is then 1. A seal whose manifest or signature a crash prevented is finished.
pub(crate) fn recover(
    args: &args::Recover,
    common: &Common,
    invocation: &Invocation,
    streams: &mut Streams<'_>,
) -> Result<Exit, Error> {
    let setting = Setting::find(common, invocation)?;
    let mut exit = Exit::OK;
    for named in &args.bundles {
        let folder = setting.bundle_to_write(named)?;
        let shown = setting.shown(&folder);
        let bundle = Bundle::open(&folder)?;
        if bundle.seal().is_some() {
            let was_whole = bundle.is_sealed();
            let sealed = seal::close(&setting, &folder, streams)?;
            let said =
                if was_whole { "sealed; nothing to recover" } else { "its seal is finished" };
            writeln!(streams.stdout, "{shown}: {said} ({})", sealed.manifest)
                .map_err(error::answer)?;
            continue;
        }
        let recovery = evidence::recover(&folder, clock::now())?;
        let after = Bundle::open(&folder)?;
        for line in lines(&recovery, &after) {
            writeln!(streams.stdout, "{shown}: {line}").map_err(error::answer)?;
        }
        if !recovery.running.is_empty() {
            exit = Exit::FINDINGS;
        }
    }
    if args.origin && origin(&setting, streams)? {
        exit = Exit::FINDINGS;
    }
    Ok(exit)
}

/// Where origin logs are put that are not what their checkpoints say.
pub(crate) const ASIDE: &str = ".log-aside";

/// Signs the origin log as it is, or puts it aside when it is not what its checkpoint says; answers whether it did.
fn origin(setting: &Setting, streams: &mut Streams<'_>) -> Result<bool, Error> {
    let Some(folder) = setting.origin().filter(|folder| folder.is_dir()) else {
        writeln!(streams.stdout, "there is no origin log").map_err(error::answer)?;
        return Ok(false);
    };
    let shown = setting.shown(&folder);
    let (signer, why_none) = match setting.signer() {
        Ok(signer) => (signer, None),
        Err(why) => (None, Some(why)),
    };
    let outcome =
        setting.with_hands(signer.as_deref(), |hands| Ok(evidence::sign_origin(&folder, hands)?));
    let mut is_aside = false;
    let said = match outcome {
        Ok((checkpoint, why)) => {
            let state = format!("{}:{}", checkpoint.size, checkpoint.root);
            match why.or(why_none) {
                Some(why) => format!("{shown}: it holds together at {state}, UNSIGNED: {why}"),
                None if checkpoint.is_signed() => format!("{shown}: signed at {state}"),
                None => format!("{shown}: it holds together at {state}; no key is declared"),
            }
        }
        Err(Error::Evidence(evidence::Error::BrokenLog { first, .. })) => {
            let aside = put_aside(setting, &folder)?;
            is_aside = true;
            format!(
                "{shown}: {first}; it is kept in {aside}, and a new one begins, which does not list the bundles of the old one"
            )
        }
        Err(failed) => return Err(failed),
    };
    writeln!(streams.stdout, "{said}").map_err(error::answer)?;
    Ok(is_aside)
}

/// Moves an origin log out of the way: it says what happened to it, and no new line belongs in it.
fn put_aside(setting: &Setting, folder: &Path) -> Result<String, Error> {
    let failed = |source| Error::Write { what: "the origin log that is put aside", source };
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    let parent = setting.root.join(ASIDE);
    std::fs::create_dir_all(&parent).map_err(failed)?;
    let aside = parent.join(format!("{name}-{}", evidence::name_time(clock::now())));
    std::fs::rename(folder, &aside).map_err(failed)?;
    durable::sync_folder(&aside)?;
    durable::sync_folder(folder)?;
    Ok(setting.shown(&aside))
}

fn lines(recovery: &Recovery, bundle: &Bundle) -> Vec<String> {
    let label = |number: u32| {
        let run = bundle.run(number);
        run.map_or_else(String::new, |run| format!(" ({})", run.begin.label))
    };
    let mut lines = Vec::new();
    if let Some(torn) = &recovery.torn {
        let (bytes, path) = (torn.bytes, &torn.path);
        lines.push(format!("a record was cut short; its {bytes} bytes are kept in {path}"));
    }
    for &run in &recovery.cut_short {
        lines.push(format!(
            "run {run}{} was cut short, and that is recorded; how it ended is not known",
            label(run)
        ));
    }
    for &run in &recovery.running {
        lines.push(format!("run {run}{} is still being recorded", label(run)));
    }
    if lines.is_empty() {
        lines.push("nothing to recover".into());
    }
    lines
}
