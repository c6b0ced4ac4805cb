//! Ours against a peer in the same run, on the same warm files, A B A B; medians as ratios in docs/bench.md.

mod launch;
mod measure;
mod page;
mod rows;
mod sizes;

use std::fs;

use chrono::{DateTime, Utc};
use report::{Exit, Streams};

use crate::args::Bench;
use crate::bench::measure::compare;
use crate::error::Error;
use crate::repo;
use crate::tool;

pub(crate) use launch::launched;

/// The group that builds everything from nothing, which is left out unless it is named.
const BUILD: &str = "build";

/// What may be asked for.
pub(crate) fn groups() -> Vec<&'static str> {
    rows::names().chain([BUILD]).collect()
}

/// Measures the rows asked for; a full run also writes docs/bench.md.
pub(crate) fn run(
    args: &Bench,
    now: DateTime<Utc>,
    streams: &mut Streams<'_>,
) -> Result<Exit, Error> {
    let built = tool::build()?;
    let scratch = tool::target().join("bench");
    let _ = fs::remove_dir_all(&scratch);
    fs::create_dir_all(&scratch).map_err(|source| Error::File {
        doing: "creating",
        path: scratch.clone(),
        source,
    })?;
    // As a person runs them, and as the peers lie here: what a linker wrote is cached in smaller pieces and starts slower.
    let binaries = built.install_in(&scratch.join("bin"))?;
    let mut measured = Vec::new();
    let rows::Chosen { rows, servers } = rows::chosen(&args.tools, &binaries, &scratch)?;
    for row in rows {
        let outcome = compare(&row, args.rounds);
        writeln!(streams.stdout, "{}", page::line(&row, &outcome))?;
        streams.stdout.flush()?;
        measured.push((row, outcome));
    }
    drop(servers);
    let sizes = sizes::table(&binaries)?;
    if args.tools.iter().any(|group| group == BUILD) {
        writeln!(streams.stdout, "{sizes}\n{}", sizes::build(&scratch)?)?;
    }
    if args.tools.is_empty() {
        let path = repo::root().join("docs/bench.md");
        fs::write(&path, page::render(&measured, &sizes, args.rounds, now))
            .map_err(|source| Error::File { doing: "writing", path: path.clone(), source })?;
        writeln!(streams.stdout, "wrote docs/bench.md")?;
    }
    Ok(Exit::OK)
}
