//! `toolchain`: the programs that steps call are there, in the versions that will do.

use std::path::{Path, PathBuf};
use std::time::Duration;

use duct::cmd;
use opsfile::{Version, VersionReq};
use report::{Exit, Format, Invocation, Palette, Streams};
use serde::Serialize;

use crate::args::Toolchain;
use crate::error::Error;

/// The schema of the JSON answer.
pub(crate) const SCHEMA: &str = "xtask/toolchain/1";

/// How long a program may take to say its version.
const PATIENCE: Duration = Duration::from_secs(20);

/// The answer of `toolchain`.
#[derive(Debug, Serialize)]
struct Answer {
    schema: &'static str,
    verdict: &'static str,
    programs: Vec<Program>,
}

/// One declared program.
#[derive(Debug, Serialize)]
struct Program {
    name: String,
    wanted: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<String>,
    ok: bool,
    /// What it says of itself, or what is wrong.
    said: String,
}

/// Looks for every program of `[toolchain]`.
pub(crate) fn run(
    args: &Toolchain,
    ops: Option<&Path>,
    invocation: &Invocation,
    palette: Palette,
    streams: &mut Streams<'_>,
) -> Result<Exit, Error> {
    let ops = opsfile::open(ops, &invocation.cwd, &|_| true)?;
    let programs: Vec<Program> = ops
        .toolchain
        .iter()
        .map(|(name, wanted)| look(name, wanted, invocation.find_program(name), &ops.folder))
        .collect();
    let is_ok = programs.iter().all(|program| program.ok);
    if args.answer.format == Format::Json {
        let verdict = if is_ok { "ok" } else { "findings" };
        report::json(streams.stdout, &Answer { schema: SCHEMA, verdict, programs })?;
    } else {
        if programs.is_empty() {
            writeln!(streams.stdout, "ops.toml declares no [toolchain]")?;
        }
        for Program { name, wanted, ok, said, .. } in &programs {
            let verdict = if *ok { palette.ok("ok") } else { palette.error("wrong") };
            writeln!(streams.stdout, "{verdict}: {name} {wanted}: {said}")?;
        }
    }
    Ok(if is_ok { Exit::OK } else { Exit::FINDINGS })
}

fn look(name: &str, wanted: &VersionReq, path: Option<PathBuf>, folder: &Path) -> Program {
    let mut program = Program {
        name: name.to_owned(),
        wanted: wanted.to_string(),
        path: path.as_ref().map(|path| path.display().to_string()),
        version: None,
        ok: false,
        said: "it is not installed, or not on PATH".to_owned(),
    };
    let Some(path) = path else { return program };
    let said = ["--version", "version"].into_iter().find_map(|word| {
        let said = ask(&path, word, folder)?;
        let line = said.lines().find(|line| version_in(line).is_some())?;
        Some(line.trim().to_owned())
    });
    if let Some(line) = said {
        let version = version_in(&line);
        program.ok = version.as_ref().is_some_and(|version| will_do(wanted, version));
        program.version = version.map(|version| version.to_string());
        program.said = line;
    } else {
        program.ok = *wanted == VersionReq::STAR;
        "it does not say its version".clone_into(&mut program.said);
    }
    program
}

/// A prerelease counts as the release that it leads to: flyctl's builds are named so.
fn will_do(wanted: &VersionReq, version: &Version) -> bool {
    wanted.matches(&Version::new(version.major, version.minor, version.patch))
}

fn ask(path: &Path, word: &str, folder: &Path) -> Option<String> {
    let handle = cmd!(path, word)
        .dir(folder)
        .stdin_null()
        .stdout_capture()
        .stderr_to_stdout()
        .unchecked()
        .start()
        .ok()?;
    let Ok(Some(output)) = handle.wait_timeout(PATIENCE) else {
        drop(handle.kill());
        return None;
    };
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The first version in a line: two or three numbers with dots between them.
fn version_in(line: &str) -> Option<Version> {
    line.split(|letter: char| !(letter.is_ascii_digit() || letter == '.')).find_map(|word| {
        let mut numbers = word.trim_matches('.').split('.').map(str::parse::<u64>);
        let (major, minor) = (numbers.next()?.ok()?, numbers.next()?.ok()?);
        let patch = numbers.next().and_then(Result::ok).unwrap_or_default();
        Some(Version::new(major, minor, patch))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, expected: Option<(u64, u64, u64)>) {
        let expected = expected.map(|(major, minor, patch)| Version::new(major, minor, patch));
        assert_eq!(version_in(line), expected, "{line}");
    }

    #[test]
    fn programs_say_their_version_in_many_ways() {
        check("git version 2.39.5", Some((2, 39, 5)));
        check("fly v0.4.87 linux/amd64 Commit: 1234", Some((0, 4, 87)));
        check("psql (PostgreSQL) 15.9 (Debian 15.9-0+deb12u1)", Some((15, 9, 0)));
        check("v20.11.1", Some((20, 11, 1)));
        check("go version go1.26.1 linux/amd64", Some((1, 26, 1)));
        check("Usage: nothing 7", None);
    }

    #[test]
    fn a_prerelease_will_do_where_its_release_does() {
        let wanted = VersionReq::parse(">=0.3").unwrap();
        assert!(will_do(&wanted, &Version::parse("0.4.87-dev.1").unwrap()));
        assert!(!will_do(&wanted, &Version::new(0, 2, 9)));
    }
}
