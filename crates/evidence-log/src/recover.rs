//! `recover`: what a recorder that was killed left behind is recorded as such, and the bundle stays open.

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
        let folder = setting.bundle(named)?;
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
    Ok(exit)
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
