//! Runs every test, and ends by saying what ran and what could not.

use std::io::{BufRead, BufReader};
use std::num::NonZero;
use std::path::Path;
use std::{fs, thread};

use duct::{Expression, cmd};
use report::{Exit, Invocation, Streams};
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT};

use crate::args::Test;
use crate::error::Error;
use crate::ignored::Ignored;
use crate::repo;
use crate::tool;

/// What libtest said in all of its closing lines.
#[derive(Debug, Default, PartialEq, Eq)]
struct Totals {
    passed: usize,
    failed: usize,
    ignored: usize,
    binaries: usize,
}

/// Runs `cargo test`, shows its output as it comes, then the totals and the tests that had no peer to talk to.
pub(crate) fn run(
    args: &Test,
    invocation: &Invocation,
    streams: &mut Streams<'_>,
) -> Result<Exit, Error> {
    let not_run = tool::target().join("not-run.txt");
    let _ = fs::remove_file(&not_run);
    let mut words = vec!["test", "--locked", "--no-fail-fast"];
    match &args.package {
        Some(package) => words.extend(["--package", package]),
        None => words.push("--workspace"),
    }
    // Pipeline tests run the tools as processes, so these come first.
    let binaries = tool::build()?;
    tool::build_stand_ins()?;
    let command = with_signals(env!("CARGO"), &words)
        .dir(repo::root())
        .env("OPSPROOF_NOT_RUN", &not_run)
        .env("OPSPROOF_TOOLS", &binaries.folder)
        .env("INSTA_UPDATE", "no")
        .env("RUST_TEST_THREADS", test_threads(invocation))
        .stderr_to_stdout()
        .unchecked();
    let start_error = |source| Error::Start { program: "cargo test".to_owned(), source };
    let reader = command.reader().map_err(start_error)?;
    let mut totals = Totals::default();
    for line in BufReader::new(&reader).lines() {
        let line = line.map_err(start_error)?;
        totals.add(&line);
        writeln!(streams.stdout, "{line}")?;
        streams.stdout.flush()?;
    }
    let succeeded =
        reader.try_wait().map_err(start_error)?.is_some_and(|output| output.status.success());
    summarize(&totals, &not_run, streams)?;
    Ok(if succeeded && totals.failed == 0 && totals.passed > 0 { Exit::OK } else { Exit::FINDINGS })
}

/// The program with the signals that tests send to what they start, where our caller has us ignore some.
fn with_signals(program: &str, words: &[&str]) -> Expression {
    let ignored = Ignored::by_caller();
    if [SIGHUP, SIGINT, SIGQUIT].iter().any(|signal| ignored.has(*signal)) {
        return cmd("env", ["--default-signal=HUP,INT,QUIT", program].iter().chain(words));
    }
    cmd(program, words)
}

/// How many tests of a program run at once. Most wait for a program that they have started, so there are more than
/// cores; who sets the variable decides.
fn test_threads(invocation: &Invocation) -> String {
    invocation.variable("RUST_TEST_THREADS").map_or_else(
        || {
            let n_cores = thread::available_parallelism().map_or(1, NonZero::get);
            (2 * n_cores).to_string()
        },
        |named| named.to_string_lossy().into_owned(),
    )
}

fn summarize(totals: &Totals, not_run: &Path, streams: &mut Streams<'_>) -> Result<(), Error> {
    let Totals { passed, failed, ignored, binaries } = totals;
    writeln!(streams.stdout, "\nran {binaries} test programs; {ignored} tests are marked ignored")?;
    let missing = fs::read_to_string(not_run).unwrap_or_default();
    let mut missing: Vec<&str> = missing.lines().collect();
    missing.sort_unstable();
    missing.dedup();
    if missing.is_empty() {
        writeln!(streams.stdout, "every test found the programs it compares with")?;
    } else {
        writeln!(streams.stdout, "could not run, and why:")?;
        for line in missing {
            writeln!(streams.stdout, "  {line}")?;
        }
    }
    writeln!(streams.stdout, "{passed} passed, {failed} failed")?;
    Ok(())
}

impl Totals {
    /// Adds a line such as `test result: ok. 14 passed; 0 failed; 0 ignored; …`.
    fn add(&mut self, line: &str) {
        let Some(rest) = line.strip_prefix("test result: ") else { return };
        let count = |word: &str| {
            rest.split([';', '.'])
                .filter_map(|part| part.trim().strip_suffix(word))
                .find_map(|number| number.trim().parse::<usize>().ok())
                .unwrap_or(0)
        };
        self.passed += count("passed");
        self.failed += count("failed");
        self.ignored += count("ignored");
        self.binaries += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closing_lines_add_up() {
        let mut totals = Totals::default();
        totals.add("test result: ok. 14 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.02s");
        totals.add("test a ... ok");
        totals
            .add("test result: FAILED. 2 passed; 3 failed; 0 ignored; 0 measured; 0 filtered out");
        assert_eq!(totals, Totals { passed: 16, failed: 3, ignored: 1, binaries: 2 });
    }
}
