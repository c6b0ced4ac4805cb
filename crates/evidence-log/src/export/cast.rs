//! The output of the runs as one asciicast, a marker before each.

use std::io::{self, BufReader, ErrorKind, Read};

use evidence::{Bundle, Mode, Run};
use secret::SecretSet;

use super::masked::{Masked, places};
use super::output::NewFile;
use super::{Ctx, Exported, runs};
use crate::asciicast::{Cast, Gap, Header, Stream, Streams};
use crate::error::Error;

/// Between two runs a player waits no longer than this.
const PAUSE_US: u64 = 1_000_000;

/// Where no terminal was, lines are laid out as on a usual one.
const SIZE: (u16, u16) = (100, 30);

/// Writes the runs one after the other. What only comes together in a terminal is masked.
pub(super) fn asciicast(
    ctx: &Ctx<'_>,
    bundle: &Bundle,
    set: &SecretSet,
) -> Result<Exported, Error> {
    let runs = runs(ctx, bundle)?;
    let name = bundle.opened().map_or("evidence", |open| open.name.as_str());
    let line = match runs.as_slice() {
        [one] => Some(one.command_line(report::quoted)),
        _ => None,
    };
    let started = bundle.records().first().map_or(0, |record| record.time.timestamp());
    let header = Header { size: SIZE, started, command: line.as_deref(), title: name };
    let failed = |source| Error::Output { path: ctx.output.clone(), source };
    let mut cast = Cast::new(NewFile::create(&ctx.output)?, &header).map_err(failed)?;
    let mut from_us = 0;
    for run in &runs {
        let label = format!(
            "{:03} {}: {}",
            run.number(),
            run.begin.label,
            run.command_line(report::quoted)
        );
        cast.marker(from_us, &label).map_err(failed)?;
        play(ctx, run, from_us, &mut cast, set)?;
        // What a command left behind may have printed later.
        let ended_us = from_us + run.end.map_or(0, |end| end.duration_us);
        from_us = cast.last_us().max(ended_us) + PAUSE_US;
    }
    if let Some(code) = runs.last().and_then(Run::exit_code) {
        cast.exit(from_us.saturating_sub(PAUSE_US), code).map_err(failed)?;
    }
    cast.finish().finish()?;
    let exact = runs.iter().all(|run| run.begin.mode != Mode::Pipe);
    let note = (!exact).then(|| {
        "stdout and stderr came through two pipes: their order is that of reading".to_owned()
    });
    Ok(Exported { files: 1, signed: false, note })
}

fn play(
    ctx: &Ctx<'_>,
    run: &Run<'_>,
    from_us: u64,
    cast: &mut Cast<NewFile>,
    set: &SecretSet,
) -> Result<(), Error> {
    let find = |roles: &[&str]| {
        let entry = run.files().iter().find(|file| roles.contains(&file.role.as_str()));
        entry.map(|entry| ctx.folder.join(&entry.path))
    };
    let open = |roles: &[&str]| -> Result<Box<dyn Read>, Error> {
        match find(roles) {
            None => Ok(Box::new(io::empty())),
            Some(path) => match evidence::open_inside(&ctx.folder, &path) {
                Ok(file) => Ok(Box::new(BufReader::new(file))),
                Err(source) => Err(Error::Read { path, source }),
            },
        }
    };
    let masked = |roles: &[&str]| {
        let failed = |source| {
            let path = find(roles).unwrap_or_else(|| ctx.folder.clone());
            Error::Read { path, source }
        };
        Ok::<_, Error>(Masked::new(open(roles)?, places(open(roles)?, set).map_err(failed)?))
    };
    let (mut out, mut err) = (masked(&["stdout", "tty"])?, masked(&["stderr"])?);
    let mut timing = BufReader::new(open(&["timing"])?);
    let is_raw = run.begin.mode == Mode::Pty;
    let mut streams = Streams {
        out: Stream { bytes: &mut out, gap: gap(run, &["stdout", "tty"]) },
        err: Stream { bytes: &mut err, gap: gap(run, &["stderr"]) },
        is_raw,
    };
    cast.run(from_us, &mut timing, &mut streams).map_err(|source| match source.kind() {
        // Only what is written has no room.
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => {
            Error::Output { path: ctx.output.clone(), source }
        }
        _ => Error::Read { path: find(&["timing"]).unwrap_or_else(|| ctx.folder.clone()), source },
    })
}

/// What was left out of a stream, as the record of its run says. The line in its place is what is more in the file.
fn gap(run: &Run<'_>, roles: &[&str]) -> Option<Gap> {
    let file = run.files().iter().find(|file| roles.contains(&file.role.as_str()))?;
    let cut = run.end?.truncated.iter().find(|cut| cut.path == file.path)?;
    let line = file.bytes.saturating_sub(cut.head.saturating_add(cut.tail));
    Some(Gap { from: cut.head, to: cut.of.saturating_sub(cut.tail), line })
}
