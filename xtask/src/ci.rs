//! What a merge needs, in one command.

use report::{Exit, Invocation, Palette, Streams};

use crate::args::{Ci, Demo, Docs, Fuzz, Test};
use crate::demo;
use crate::docs;
use crate::error::Error;
use crate::fuzz;
use crate::test;
use crate::tidy;
use crate::tool;

/// Inputs for each fuzz target in a merge: the same ones each time, so that no merge fails by chance.
const FUZZ_RUNS: u64 = 50_000;

/// What reads a vault's files and what hides their values is fed for longer.
const FUZZED_LONGER: &[&str] = &["envfile", "redactor"];
/// For so many seconds.
const FUZZ_SECONDS: u64 = 20;

/// Runs every check in order and stops at the first that fails.
pub(crate) fn run(
    args: &Ci,
    invocation: &Invocation,
    palette: Palette,
    streams: &mut Streams<'_>,
) -> Result<Exit, Error> {
    type Check<'a> = Box<dyn Fn(&mut Streams<'_>) -> Result<Exit, Error> + 'a>;
    let checks: [(&str, Check<'_>); 7] = [
        ("format", Box::new(|_| cargo(&["fmt", "--all", "--check"]))),
        (
            "lints",
            Box::new(|_| {
                cargo(&[
                    "clippy",
                    "--workspace",
                    "--all-targets",
                    "--locked",
                    "--",
                    "--deny",
                    "warnings",
                ])
            }),
        ),
        ("tidy", Box::new(|streams| tidy::run(palette, streams))),
        ("test", Box::new(|streams| test::run(&Test { package: None }, invocation, streams))),
        ("docs", Box::new(|streams| docs::run(&Docs { check: true }, streams))),
        ("demo", Box::new(|streams| demo::run(&Demo { without: None }, invocation, streams))),
        ("fuzz", Box::new(fuzz_all)),
    ];
    for (name, check) in checks {
        if args.skip.iter().any(|skipped| skipped == name) {
            writeln!(streams.stderr, "== {name}: skipped, as asked")?;
            continue;
        }
        writeln!(streams.stderr, "== {name}")?;
        let exit = check(streams)?;
        streams.stdout.flush()?;
        if exit != Exit::OK {
            writeln!(streams.stderr, "== {name} failed")?;
            return Ok(exit);
        }
    }
    Ok(Exit::OK)
}

fn fuzz_all(streams: &mut Streams<'_>) -> Result<Exit, Error> {
    let (runs, seed) = (Some(FUZZ_RUNS), Some(1));
    let exit = fuzz::run(&Fuzz { targets: Vec::new(), seconds: 0, runs, seed }, streams)?;
    if exit != Exit::OK {
        return Ok(exit);
    }
    let targets = fuzz::targets_of(FUZZED_LONGER)?;
    fuzz::run(&Fuzz { targets, seconds: FUZZ_SECONDS, runs: None, seed }, streams)
}

fn cargo(args: &[&str]) -> Result<Exit, Error> {
    tool::cargo(args).map(|()| Exit::OK)
}
