//! Coverage-guided fuzzing of everything that reads bytes from outside, with the stable compiler.
//!
//! The instrumentation flags are those of `cargo-fuzz`, `src/project.rs`, without a sanitizer: our code
//! has no `unsafe`, so a panic, an endless loop or a broken property is what there is to find.

use std::collections::VecDeque;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::thread;

use duct::cmd;
use report::{Exit, Streams};

use crate::args::Fuzz;
use crate::error::Error;
use crate::repo;
use crate::tool;

const INSTRUMENTATION: &str = "--cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
     -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
     -Cllvm-args=-sanitizer-coverage-trace-compares";
/// Targets at work at once.
const WORKERS: usize = 2;

/// How one target ended.
struct Outcome {
    target: String,
    succeeded: bool,
    log: String,
}

/// Builds the targets and runs each for the time given.
pub(crate) fn run(args: &Fuzz, streams: &mut Streams<'_>) -> Result<Exit, Error> {
    let all = targets()?;
    if let Some(unknown) = args.targets.iter().find(|name| !all.contains(name)) {
        return Err(Error::Setting {
            what: format!("there is no fuzz target `{unknown}`"),
            hint: format!("there are {}", all.join(", ")),
        });
    }
    let chosen = if args.targets.is_empty() { all } else { args.targets.clone() };
    let programs = build()?;
    let mut exit = Exit::OK;
    for outcome in run_all(&chosen, &programs, &effort(args)) {
        let Outcome { target, succeeded, log } = outcome;
        if succeeded {
            let runs = log.lines().rev().find(|line| line.starts_with("Done ")).unwrap_or("done");
            writeln!(streams.stdout, "{target}: ok, {runs}")?;
        } else {
            let tail: Vec<&str> = log.lines().rev().take(30).collect();
            writeln!(streams.stdout, "{target}: FAILED")?;
            for line in tail.iter().rev() {
                writeln!(streams.stdout, "  {line}")?;
            }
            exit = Exit::FINDINGS;
        }
        streams.stdout.flush()?;
    }
    Ok(exit)
}

/// How much each target is given.
struct Effort {
    /// libFuzzer's flags for it.
    flags: Vec<String>,
    /// The folder of the corpora that grow with each run, or of those that are made anew.
    corpora: PathBuf,
    /// Whether every run must be the same.
    is_fixed: bool,
}

fn effort(args: &Fuzz) -> Effort {
    let mut flags = vec![match args.runs {
        Some(runs) => format!("-runs={runs}"),
        None => format!("-max_total_time={}", args.seconds),
    }];
    flags.extend(args.seed.map(|seed| format!("-seed={seed}")));
    let is_fixed = args.seed.is_some();
    let corpora =
        if is_fixed { tool::target().join("fuzz/corpus") } else { folder().join("corpus") };
    Effort { flags, corpora, is_fixed }
}

fn folder() -> PathBuf {
    repo::root().join("xtask/fuzz")
}

/// The targets that one of these words begins.
pub(crate) fn targets_of(words: &[&str]) -> Result<Vec<String>, Error> {
    let begins = |name: &String| words.iter().any(|word| name.starts_with(word));
    Ok(targets()?.into_iter().filter(begins).collect())
}

/// The names of the targets, from their files.
fn targets() -> Result<Vec<String>, Error> {
    let sources = folder().join("src/bin");
    let listing = fs::read_dir(&sources).map_err(|source| Error::File {
        doing: "reading",
        path: sources.clone(),
        source,
    })?;
    let mut names: Vec<String> = listing
        .filter_map(Result::ok)
        .filter_map(|entry| {
            entry.path().file_stem().map(|stem| stem.to_string_lossy().into_owned())
        })
        .collect();
    names.sort();
    Ok(names)
}

/// Builds every target for an explicit triple, so that build scripts are left uninstrumented.
fn build() -> Result<PathBuf, Error> {
    let version = cmd!("rustc", "-vV")
        .read()
        .map_err(|source| Error::Start { program: "rustc -vV".to_owned(), source })?;
    let triple = version
        .lines()
        .find_map(|line| line.strip_prefix("host: "))
        .unwrap_or("x86_64-unknown-linux-gnu");
    let target = tool::target().join("fuzz");
    let output = cmd!(
        env!("CARGO"),
        "build",
        "--release",
        "--locked",
        "--bins",
        "--target",
        triple,
        "--target-dir",
        &target
    )
    .dir(folder())
    .env("RUSTFLAGS", INSTRUMENTATION)
    .stdout_to_stderr()
    .unchecked()
    .run()
    .map_err(|source| Error::Start { program: "cargo build".to_owned(), source })?;
    if !output.status.success() {
        return Err(Error::Failed {
            program: "cargo build of the fuzz targets".to_owned(),
            code: output.status.code(),
            hint: "libFuzzer needs a C++ compiler; the lines above say more".to_owned(),
        });
    }
    Ok(target.join(triple).join("release"))
}

fn run_all(targets: &[String], programs: &Path, effort: &Effort) -> Vec<Outcome> {
    let queue: Mutex<VecDeque<&String>> = Mutex::new(targets.iter().collect());
    let outcomes = Mutex::new(Vec::new());
    let next = || queue.lock().ok().and_then(|mut queue| queue.pop_front());
    thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| {
                while let Some(target) = next() {
                    let outcome = run_one(target, programs, effort);
                    if let Ok(mut outcomes) = outcomes.lock() {
                        outcomes.push(outcome);
                    }
                }
            });
        }
    });
    let mut outcomes = outcomes.into_inner().unwrap_or_default();
    outcomes.sort_by(|a, b| a.target.cmp(&b.target));
    outcomes
}

fn run_one(target: &str, programs: &Path, effort: &Effort) -> Outcome {
    let corpus = effort.corpora.join(target);
    if effort.is_fixed {
        let _ = fs::remove_dir_all(&corpus);
    }
    let artifacts = folder().join("artifacts").join(target);
    let _ = fs::create_dir_all(&corpus);
    let _ = fs::create_dir_all(&artifacts);
    let mut words =
        vec![corpus.display().to_string(), format!("-artifact_prefix={}/", artifacts.display())];
    words.extend(["-timeout=10", "-rss_limit_mb=2048"].map(str::to_owned));
    words.extend(effort.flags.iter().cloned());
    let output =
        cmd(programs.join(target), words).stderr_to_stdout().stdout_capture().unchecked().run();
    match output {
        Ok(output) => Outcome {
            target: target.to_owned(),
            succeeded: output.status.success(),
            log: String::from_utf8_lossy(&output.stdout).into_owned(),
        },
        Err(error) => {
            Outcome { target: target.to_owned(), succeeded: false, log: error.to_string() }
        }
    }
}
