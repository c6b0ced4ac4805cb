//! How large the programs are, and how long a clean build of them takes.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::error::Error;
use crate::repo;
use crate::tool::{self, Binaries};

/// The largest size of each program, in MiB.
const GOAL_MIB: f64 = 6.0;
/// evidence-log speaks to object stores.
const GOAL_MIB_WITH_STORES: f64 = 14.0;
const GOAL_BUILD: Duration = Duration::from_mins(4);

/// A table of the programs' sizes.
pub(super) fn table(binaries: &Binaries) -> Result<String, Error> {
    let mut table = "| program | MiB | goal | met |\n| --- | --- | --- | --- |\n".to_owned();
    for name in repo::TOOLS {
        let path = binaries.path(name);
        let data =
            fs::metadata(&path).map_err(|source| Error::File { doing: "reading", path, source })?;
        #[expect(clippy::cast_precision_loss, reason = "a size in MiB with one digit")]
        let size = data.len() as f64 / (1024.0 * 1024.0);
        let goal = if name == "evidence-log" { GOAL_MIB_WITH_STORES } else { GOAL_MIB };
        let met = if size <= goal { "yes" } else { "no" };
        let _ = writeln!(table, "| {name} | {size:.1} | {goal:.0} | {met} |");
    }
    Ok(table)
}

/// Builds the tools from nothing in a folder of its own, and says how long that took.
pub(super) fn build(scratch: &Path) -> Result<String, Error> {
    let folder = scratch.join("build");
    let started = Instant::now();
    tool::build_in(&folder)?;
    let took = started.elapsed();
    let _ = fs::remove_dir_all(folder);
    let met = if took <= GOAL_BUILD { "met" } else { "not met" };
    Ok(format!(
        "A clean build of the five tools took {:.0} s (goal {} s: {met}).",
        took.as_secs_f64(),
        GOAL_BUILD.as_secs()
    ))
}
