//! Adding to a long origin log against adding to one that has just begun.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use evidence::{Checkpoint, CompactRange, Digest};

use super::{Ctx, material, wall};
use crate::bench::measure::Row;
use crate::error::Error;

const N_RECORDS: usize = 100_000;

pub(super) fn rows(ctx: &Ctx<'_>) -> Result<Vec<Row>, Error> {
    let short = begun(ctx, "origin-short")?;
    let long = begun(ctx, "origin-long")?;
    let folder = evidence::origins(&long.join("artifacts")).pop().unwrap_or_default();
    let origin = folder.file_name().unwrap_or_default().to_string_lossy();
    let (lines, range) = log();
    material::file(&folder.join(evidence::LOG), lines)?;
    let checkpoint = Checkpoint::new(&origin, range.size(), range.root());
    material::file(&folder.join(evidence::CHECKPOINT), checkpoint.to_text())?;
    // The kept range is of the short log; the first run makes it anew.
    remove(&folder.join("range"))?;
    ctx.prepare("evidence-log", &["open", "bench"], &long)?;
    let args = ["open", "bench"];
    let mut peer = ctx.ours("evidence-log", &args, &short);
    peer.name.push_str(", a log that has just begun");
    Ok(vec![Row {
        tool: "evidence-log",
        work: "open, origin log of 100,000 records",
        ours: ctx.ours("evidence-log", &args, &long),
        peer: Ok(peer),
        goal: wall(1.1, None),
        max_rounds: usize::MAX,
    }])
}

/// A folder with an ops.toml and an origin log of one record.
fn begun(ctx: &Ctx<'_>, name: &str) -> Result<PathBuf, Error> {
    let folder = material::folder(&ctx.scratch.join(name))?;
    material::file(&folder.join("ops.toml"), "version = 1\n")?;
    ctx.prepare("evidence-log", &["open", "bench"], &folder)?;
    Ok(folder)
}

/// The lines of a long log, linked as they should be, and the tree over them.
fn log() -> (String, CompactRange) {
    let (mut text, mut previous) = (String::new(), "null".to_owned());
    let mut range = CompactRange::default();
    for index in 0..N_RECORDS {
        let line = format!(
            "{{\"v\":1,\"i\":{index},\"prev\":{previous},\"t\":\"2026-11-22T17:00:00.000000Z\",\
             \"kind\":\"seal\",\"bundle\":\"bench/check-{index}\",\"hash\":\"{}\"}}",
            Digest::of(&index.to_le_bytes())
        );
        previous = format!("\"{}\"", Digest::of(line.as_bytes()));
        range.push(line.as_bytes());
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{line}");
    }
    (text, range)
}

fn remove(path: &Path) -> Result<(), Error> {
    std::fs::remove_file(path).map_err(|source| Error::File {
        doing: "removing",
        path: path.to_path_buf(),
        source,
    })
}
